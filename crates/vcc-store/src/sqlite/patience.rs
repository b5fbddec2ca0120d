//! How a writer waits for others.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use super::error::is_busy;
use super::queue::Queue;
use crate::StoreError;
use crate::waiting::{HeldFor, Teller, Waiting};

/// How often a process looks whether the store is free: one that stands in line, and one that does
/// not. The one in line comes first.
const FIRST: Duration = Duration::from_millis(1);
const OTHERS: Duration = Duration::from_millis(5);

/// How long others go first. The process in line may have been stopped, or may wait for a third
/// one.
const COURTESY: Duration = Duration::from_secs(2);

/// The patience of the connection that writes.
#[derive(Debug)]
pub(super) struct Patience {
    /// How long a write waits for others.
    wait: Duration,
    teller: Teller,
    store: String,
    log: Option<PathBuf>,
    queue: OnceLock<Queue>,
    /// The current write.
    attempt: Mutex<Option<Attempt>>,
}

#[derive(Clone, Copy, Debug)]
struct Attempt {
    began: Instant,
    is_in_line: bool,
    /// Whether it waits for readers of the log.
    for_readers: bool,
}

impl Patience {
    /// For a store of this name and log.
    pub(super) fn new(wait: Duration, teller: Teller, store: String, log: Option<PathBuf>) -> Self {
        let (queue, attempt) = (OnceLock::new(), Mutex::new(None));
        Self { wait, teller, store, log, queue, attempt }
    }

    pub(super) fn wait(&self) -> Duration {
        self.wait
    }

    /// Does work that waits for others, and says so if it waited in vain.
    pub(super) fn during<T>(
        &self,
        work: impl FnOnce() -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.during_attempt(false, work)
    }

    /// [`during`](Self::during) for work that waits for readers of the log.
    pub(super) fn during_reads<T>(
        &self,
        work: impl FnOnce() -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.during_attempt(true, work)
    }

    fn during_attempt<T>(
        &self,
        for_readers: bool,
        work: impl FnOnce() -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let _end = self.begin(for_readers);
        self.let_others();
        work().map_err(|error| match is_busy(&error) {
            true => error.with_source(HeldFor(self.wait)),
            false => error,
        })
    }

    /// Whether to try again after the store was found locked; SQLite asks. Without a current write
    /// there is no waiting.
    pub(super) fn again(&self) -> bool {
        let Some(Attempt { began, is_in_line, for_readers }) = *self.attempt() else {
            return false;
        };
        let waited = began.elapsed();
        if waited >= self.wait {
            return false;
        }
        let is_in_line = is_in_line || self.queue().is_some_and(Queue::stand);
        *self.attempt() = Some(Attempt { began, is_in_line, for_readers });
        self.tell(waited, for_readers);
        let pause = if is_in_line { FIRST } else { OTHERS };
        std::thread::sleep(pause.min(self.wait - waited));
        true
    }

    /// Lets those in line go first.
    fn let_others(&self) {
        let Some(queue) = self.queue() else { return };
        let began = Instant::now();
        while !queue.is_free() {
            let waited = began.elapsed();
            if waited >= self.wait.min(COURTESY) {
                return;
            }
            self.tell(waited, false);
            std::thread::sleep(OTHERS);
        }
    }

    fn tell(&self, waited: Duration, for_readers: bool) {
        self.teller.tell(waited, || match for_readers {
            false => Waiting::writer(&self.store, self.wait),
            true => {
                let about = self.log.as_ref().and_then(|log| log.metadata().ok());
                let log = about.map_or(0, |about| about.len());
                Waiting::Reader { store: self.store.clone(), log, limit: self.wait }
            }
        });
    }

    fn begin(&self, for_readers: bool) -> End<'_> {
        let (began, is_in_line) = (Instant::now(), false);
        *self.attempt() = Some(Attempt { began, is_in_line, for_readers });
        End(self)
    }

    fn attempt(&self) -> MutexGuard<'_, Option<Attempt>> {
        self.attempt.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The queue, as soon as there is a log.
    fn queue(&self) -> Option<&Queue> {
        match self.queue.get() {
            Some(queue) => Some(queue),
            None => {
                let queue = Queue::at(self.log.as_deref()?)?;
                Some(self.queue.get_or_init(|| queue))
            }
        }
    }
}

/// Ends a write, also in a panic.
#[derive(Debug)]
struct End<'a>(&'a Patience);

impl Drop for End<'_> {
    fn drop(&mut self) {
        let attempt = self.0.attempt().take();
        if attempt.is_some_and(|attempt| attempt.is_in_line)
            && let Some(queue) = self.0.queue()
        {
            queue.leave();
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::sqlite::error::error;
    use crate::{Sqlite, Store as _, StoreErrorKind};

    fn begin(connection: &rusqlite::Connection) -> Result<(), StoreError> {
        connection.execute_batch("BEGIN IMMEDIATE").map_err(error("cannot write"))
    }

    fn commit(connection: &rusqlite::Connection) -> Result<(), StoreError> {
        connection.execute_batch("COMMIT").map_err(error("cannot write"))
    }

    /// A connection with its patience, as a process has it.
    fn patient(path: &std::path::Path) -> (rusqlite::Connection, Arc<Patience>) {
        let teller = Teller::new(Arc::new(|_| ()));
        let log = path.with_file_name("s.db-wal");
        let patience = Patience::new(Sqlite::WAIT, teller, "s.db".to_owned(), Some(log));
        let patience = Arc::new(patience);
        let mut connection = rusqlite::Connection::open(path).unwrap();
        let asked = patience.clone();
        connection.busy_handler(Some(move |_| asked.again())).unwrap();
        (connection, patience)
    }

    /// A process that begins its next batch at once does not keep out one that has been waiting.
    #[test]
    fn who_stands_in_line_comes_before_the_next_batch() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.db");
        let _open = Sqlite::create(&path).unwrap();
        let order = Arc::new(Mutex::new(Vec::new()));
        let (say, began) = std::sync::mpsc::channel();
        let (of, into) = (path.clone(), order.clone());
        let importing = std::thread::spawn(move || {
            let (connection, patience) = patient(&of);
            let first = || {
                begin(&connection)?;
                say.send(()).unwrap();
                let queue = Queue::at(&of.with_file_name("s.db-wal")).unwrap();
                while queue.is_free() {
                    std::thread::yield_now();
                }
                into.lock().unwrap().push("batch");
                commit(&connection)
            };
            patience.during(first).unwrap();
            let next = || {
                begin(&connection)?;
                into.lock().unwrap().push("next batch");
                commit(&connection)
            };
            patience.during(next).unwrap();
        });
        began.recv().unwrap();
        let (connection, patience) = patient(&path);
        let small = || {
            begin(&connection)?;
            order.lock().unwrap().push("revoked");
            commit(&connection)
        };
        patience.during(small).unwrap();
        importing.join().unwrap();
        assert_eq!(*order.lock().unwrap(), ["batch", "revoked", "next batch"]);
    }

    /// A process that was stopped while it waited does not stop the others.
    #[tokio::test]
    async fn who_never_leaves_the_line_is_passed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.db");
        let wait = Duration::from_millis(10);
        let store = Sqlite::builder().wait(wait).create(&path).unwrap();
        let now = chrono::DateTime::UNIX_EPOCH;
        store.add_tenant("acme", vcc_query::Zone::UTC, now).await.unwrap();
        let queue = Queue::at(&folder.path().join("s.db-wal")).unwrap();
        assert!(queue.stand());
        store.set_zone("acme", vcc_query::Zone::UTC).await.unwrap();
    }

    #[tokio::test]
    async fn patience_has_an_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.db");
        let name = path.display();
        drop(Sqlite::create(&path).unwrap());
        let holder = rusqlite::Connection::open(&path).unwrap();
        begin(&holder).unwrap();
        for (wait, said) in [
            (Duration::ZERO, "another writer holds it"),
            (Duration::from_millis(20), "another writer has held it for 0.02 s"),
        ] {
            let store = Sqlite::builder().wait(wait).open(&path).unwrap();
            let error = store.set_zone("acme", vcc_query::Zone::UTC).await.unwrap_err();
            assert_eq!(error.kind(), StoreErrorKind::Unavailable);
            let said = format!("{name}: cannot set the zone of a tenant: {said}");
            assert_eq!(error.to_string(), said);
        }
        commit(&holder).unwrap();
    }
}
