//! The log beside the file. Writes go into it, and from there into the file, but not what came
//! after the snapshot of a read; and it starts over only when nobody reads from it. Reads that
//! overlap without a gap would let it grow for as long as there is a writer: so the writer pauses
//! before the log has more than a limit. While nobody writes, all of it can be written back as soon
//! as the earlier reads have ended, and later reads do not use it any more.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rusqlite::Connection;

use super::error::error;
use super::pool::SNAPSHOT;
use crate::waiting::{Teller, Waiting};
use crate::{StoreError, StoreErrorKind};

/// How large the log may be, and how long a writer then waits for readers.
#[derive(Clone, Copy, Debug)]
pub(super) struct LogLimits {
    /// In bytes, before a batch. After it, the log may have an eighth more, or what that one batch
    /// writes by itself.
    pub(super) bytes: u64,
    pub(super) pause: Duration,
}

impl Default for LogLimits {
    fn default() -> Self {
        // By then, a read of this program has ended.
        Self { bytes: 256 << 20, pause: SNAPSHOT.saturating_add(Duration::from_secs(10)) }
    }
}

impl LogLimits {
    /// How many bytes the log may have after a batch.
    fn most(self) -> u64 {
        self.bytes + self.bytes / 8
    }
}

/// The expected size of a first batch in bytes.
const FIRST: u64 = 32 << 20;

#[derive(Debug)]
pub(super) struct Log {
    path: Option<PathBuf>,
    store: String,
    limits: LogLimits,
    /// The expected size of the next batch in bytes: that of the batches before it, or less.
    expected: AtomicU64,
    teller: Teller,
}

/// The outcome of a checkpoint.
#[derive(Clone, Copy, Debug)]
struct WriteBack {
    /// Whether it could not do everything.
    is_busy: bool,
    /// The bytes in the log, and how many of them are in the file too; `None` if another connection
    /// is at work.
    state: Option<(u64, u64)>,
}

impl Log {
    pub(super) fn new(
        path: Option<PathBuf>,
        store: String,
        limits: LogLimits,
        teller: Teller,
    ) -> Self {
        let expected = AtomicU64::new(FIRST.min(limits.bytes / 4));
        Self { path, store, limits, expected, teller }
    }

    /// How many bytes the log may have.
    pub(super) fn limit(&self) -> u64 {
        self.limits.bytes
    }

    /// Whether the log may have no room for another batch, judged by its length alone.
    pub(super) fn may_be_full(&self) -> bool {
        !self.fits(self.length())
    }

    /// Whether a batch has to wait for readers; `waited` is how long it has. SQLite must not wait
    /// for a lock meanwhile.
    pub(super) fn must_wait(
        &self,
        connection: &Connection,
        waited: Duration,
    ) -> Result<bool, StoreError> {
        let Some(bytes) = self.is_full(connection)? else { return Ok(false) };
        if waited >= self.limits.pause {
            let why = format!(
                "a read has lasted for {} s, and keeps {} MB of the log from being written back",
                self.limits.pause.as_secs_f64(),
                bytes / 1_000_000,
            );
            let error = StoreError::new(StoreErrorKind::Unavailable, "cannot write any more");
            return Err(error.with_source(why));
        }
        self.teller.tell(waited, || Waiting::Reader {
            store: self.store.clone(),
            log: bytes,
            limit: self.limits.pause,
        });
        Ok(true)
    }

    /// How many bytes the log has.
    pub(super) fn length(&self) -> u64 {
        let about = self.path.as_ref().and_then(|path| path.metadata().ok());
        about.map_or(0, |about| about.len())
    }

    fn fits(&self, bytes: u64) -> bool {
        let after = bytes + self.expected.load(Ordering::Relaxed);
        bytes == 0 || bytes <= self.limits.bytes && after <= self.limits.most()
    }

    /// How many bytes the log has, if another batch does not fit.
    fn is_full(&self, connection: &Connection) -> Result<Option<u64>, StoreError> {
        let length = self.length();
        if self.fits(length) {
            return Ok(None);
        }
        let failed = error("cannot write back the log");
        let WriteBack { state, .. } = checkpoint(connection, "PASSIVE").map_err(&failed)?;
        let Some((bytes, written_back)) = state else { return Ok(Some(length)) };
        // Others cannot write during this, so it comes when nothing is left to be written back.
        if bytes == written_back && !checkpoint(connection, "TRUNCATE").map_err(failed)?.is_busy {
            return Ok(None);
        }
        Ok((!self.fits(bytes)).then_some(bytes))
    }

    /// Writes back what can be written back, if it is much: after a batch, half of what the log may
    /// have; after anything else, more than batches ever leave, so that nobody waits for it.
    pub(super) fn write_back(&self, connection: &Connection, is_batch: bool) {
        let much = if is_batch { self.limits.bytes / 2 } else { 4 * self.limits.bytes };
        if self.bytes(connection).is_some_and(|bytes| bytes >= much) {
            // If it fails, the next one does it.
            let _ = checkpoint(connection, "PASSIVE");
        }
    }

    /// How many bytes the log has in use.
    fn bytes(&self, connection: &Connection) -> Option<u64> {
        self.path.as_ref()?;
        Some(checkpoint(connection, "NOOP").ok()?.state?.0)
    }

    /// Writes a batch, and notes how much that was.
    pub(super) fn watch<T>(
        &self,
        connection: &mut Connection,
        batch: impl FnOnce(&mut Connection) -> T,
    ) -> T {
        let before = self.bytes(connection);
        let written = batch(connection);
        self.has_grown(before, self.bytes(connection));
        written
    }

    fn has_grown(&self, before: Option<u64>, after: Option<u64>) {
        let (Some(before), Some(after)) = (before, after) else { return };
        // It may have started over.
        let by = after.checked_sub(before).unwrap_or(after);
        let expected = self.expected.load(Ordering::Relaxed);
        self.expected.store(by.max(expected - expected / 4), Ordering::Relaxed);
    }

    /// Gives back the space of the log, if nobody reads from it.
    pub(super) fn shrink(&self, connection: &Connection) {
        if let Ok(WriteBack { state: Some((bytes, written_back)), .. }) =
            checkpoint(connection, "PASSIVE")
            && bytes == written_back
        {
            let _ = checkpoint(connection, "TRUNCATE");
        }
    }
}

fn checkpoint(connection: &Connection, mode: &str) -> rusqlite::Result<WriteBack> {
    let page: u64 = connection.pragma_query_value(None, "page_size", |row| {
        row.get::<_, i64>(0).map(i64::cast_unsigned)
    })?;
    // Each page has a header there.
    let bytes = |frames: i64| u64::try_from(frames).ok().map(|frames| frames * (page + 24));
    connection.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |row| {
        let state = bytes(row.get(1)?).zip(bytes(row.get(2)?));
        Ok(WriteBack { is_busy: row.get::<_, i64>(0)? != 0, state })
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::atomic::AtomicBool;
    use std::sync::mpsc;

    use super::*;
    use crate::{Sqlite, Store as _, StoredRecord, TenantId, TokenHash};

    const BYTES: u64 = 2 << 20;
    const NOW: chrono::DateTime<chrono::Utc> = chrono::DateTime::UNIX_EPOCH;

    fn limits(pause: Duration) -> LogLimits {
        LogLimits { bytes: BYTES, pause }
    }

    fn length(path: &Path) -> u64 {
        path.with_file_name("s.db-wal").metadata().map_or(0, |about| about.len())
    }

    fn batch(number: i64) -> crate::Batch {
        let start = |second| NOW + chrono::TimeDelta::seconds(number * 1_000 + second);
        let record =
            |second| StoredRecord::with_start(&vcc_types::Recording::new(), start(second)).unwrap();
        (0..500).map(record).collect::<Vec<_>>().into()
    }

    /// Reads, and keeps its snapshot.
    fn snapshot(path: &Path) -> Connection {
        let reader = Connection::open(path).unwrap();
        reader.execute_batch("BEGIN; SELECT count(*) FROM tenants").unwrap();
        reader
    }

    async fn store(path: &Path, limits: LogLimits) -> (Sqlite, TenantId) {
        let mut builder = Sqlite::builder();
        builder.options.log = limits;
        let store = builder.create(path).unwrap();
        let tenant = store.add_tenant("acme", vcc_query::Zone::UTC, NOW).await.unwrap();
        (store, tenant.id)
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn an_import_waits_for_who_pins_the_log_and_a_revocation_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.db");
        let (say, said) = mpsc::channel();
        let mut builder = Sqlite::builder()
            .on_waiting(move |waiting| say.send(waiting.to_string()).unwrap_or_default());
        builder.options.log = limits(Duration::from_secs(3_600));
        let store = std::sync::Arc::new(builder.create(&path).unwrap());
        let acme = store.add_tenant("acme", vcc_query::Zone::UTC, NOW).await.unwrap().id;
        let token = store.add_token(acme, TokenHash::of(b"secret"), "", NOW).await.unwrap();
        let reader = snapshot(&path);
        let importer = store.clone();
        let import = tokio::spawn(async move {
            for number in 0..60 {
                importer.import(acme, batch(number)).await.unwrap();
            }
        });
        let (said, waited) = tokio::task::spawn_blocking(move || {
            let waited = said.recv().unwrap();
            (said, waited)
        })
        .await
        .unwrap();
        let name = path.display();
        let expected =
            format!("waiting for a long read of {name} to end, for up to 3600 s: its log");
        assert!(waited.starts_with(&expected), "{waited}");
        store.revoke_token(acme, token.id).await.unwrap();
        assert!(!import.is_finished());
        assert!(length(&path) <= limits(Duration::ZERO).most(), "{}", length(&path));
        drop(reader);
        import.await.unwrap();
        assert_eq!(store.count(acme).await.unwrap(), 30_000);
        assert!(length(&path) <= limits(Duration::ZERO).most(), "{}", length(&path));
        assert!(said.try_recv().is_err());
    }

    /// There is always a reader, but none that reads for long.
    #[tokio::test(flavor = "multi_thread")]
    async fn readers_that_follow_each_other_do_not_let_the_log_grow() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.db");
        let (store, acme) = store(&path, limits(Duration::from_secs(3_600))).await;
        let ended = std::sync::Arc::new(AtomicBool::new(false));
        let (until, of) = (ended.clone(), path.clone());
        let reading = std::thread::spawn(move || {
            let mut reader = snapshot(&of);
            while !until.load(Ordering::Relaxed) {
                reader = std::mem::replace(&mut reader, snapshot(&of));
                reader.execute_batch("SELECT count(*) FROM recordings; COMMIT").unwrap();
                reader = snapshot(&of);
            }
            drop(reader);
        });
        let mut longest = 0;
        for number in 0..60 {
            store.import(acme, batch(number)).await.unwrap();
            longest = longest.max(length(&path));
        }
        ended.store(true, Ordering::Relaxed);
        reading.join().unwrap();
        assert!(longest <= limits(Duration::ZERO).most(), "{longest}");
        assert_eq!(store.count(acme).await.unwrap(), 30_000);
    }

    #[tokio::test]
    async fn a_reader_that_never_ends_is_named_and_what_was_written_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.db");
        let (store, acme) = store(&path, limits(Duration::ZERO)).await;
        let reader = snapshot(&path);
        let mut imported = 0;
        let error = loop {
            match store.import(acme, batch(imported)).await {
                Ok(_) => imported += 1,
                Err(error) => break error,
            }
        };
        let said = format!(
            "{}: cannot write any more: a read has lasted for 0 s, and keeps 2 MB of the log from \
             being written back",
            path.display()
        );
        assert_eq!(error.to_string(), said);
        assert_eq!(error.kind(), StoreErrorKind::Unavailable);
        assert_eq!(store.count(acme).await.unwrap(), 500 * imported as u64);
        // Small writes still go through.
        store.set_zone("acme", vcc_query::Zone::UTC).await.unwrap();
        drop(reader);
        store.import(acme, batch(imported)).await.unwrap();
    }

    #[tokio::test]
    async fn who_has_written_much_leaves_no_long_log_to_others() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.db");
        let (store, acme) = store(&path, LogLimits::default()).await;
        let server = Sqlite::open(&path).unwrap();
        store.import(acme, batch(0)).await.unwrap();
        assert!(length(&path) > 0);
        drop(store);
        assert_eq!(length(&path), 0);
        assert_eq!(server.count(acme).await.unwrap(), 500);
    }
}
