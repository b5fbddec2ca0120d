use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use rusqlite::config::DbConfig;
use tokio::sync::Semaphore;

use super::error::{cannot_open, error, is_damage};
use super::location::Location;
use super::{deep, gather};
use crate::{StoreError, StoreErrorKind};

/// A few connections to one database, each used by one thread at a time.
#[derive(Debug)]
pub(super) struct Pool {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    idle: Mutex<Vec<Guarded>>,
    /// As many permits as connections, so that whoever holds one finds a connection.
    permits: Arc<Semaphore>,
    /// The file, for errors; memory has no name.
    place: Option<String>,
    /// What the instants of the pool are measured from.
    epoch: Instant,
    /// Until when, in milliseconds after the epoch, nothing is run where it was asked.
    slow_until: AtomicU64,
    /// The first error that said that the file is damaged.
    damage: OnceLock<String>,
}

impl Inner {
    /// Names the file in an error of its database, and remembers that it is damaged.
    fn failed(&self, error: StoreError) -> StoreError {
        let error = at(self.place.as_deref(), error);
        if is_damage(&error) {
            self.damage.get_or_init(|| error.to_string());
        }
        error
    }
}

/// A connection with what its progress handler watches.
#[derive(Debug)]
struct Guarded {
    connection: Connection,
    watch: Arc<Watch>,
}

#[derive(Debug, Default)]
struct Watch {
    /// Milliseconds after the pool's epoch; 0 is none.
    deadline: AtomicU64,
    /// How many looks are left until work that should be brief is cut; 0 for any other work.
    brief: AtomicU32,
    /// Whether it was.
    cut: AtomicBool,
    /// When a read is old, in milliseconds after the pool's epoch, and how large the log may be then; 0
    /// is never.
    old: AtomicU64,
    log: AtomicU64,
}

/// How many steps of SQLite's machine pass between two looks at the watch: some tens of
/// microseconds, and three times what a page of fifty takes from an index.
const STEPS: i32 = 4_000;

/// At which look brief work is cut. A statement goes on counting where its last run ended, so the
/// first look of each says nothing, and a deep page takes a few statements.
const LOOKS: u32 = 4;

/// What takes longer than this, though it took few steps, waits for a disk.
const SLOW: Duration = Duration::from_millis(50);

/// How long nothing is run where it was asked, after something was slow.
const PAUSE: Duration = Duration::from_millis(200);

/// How long a read may see one moment of the database. What has been written since cannot be written
/// back from the log before it ends.
pub(super) const SNAPSHOT: Duration = Duration::from_secs(600);

/// Why a read was ended that was older.
pub(super) fn too_old() -> String {
    format!(
        "it has read for {} minutes, and a longer read would keep the log from being written back",
        SNAPSHOT.as_secs() / 60
    )
}

/// What became of work that should be brief.
#[derive(Debug)]
pub(super) enum Brief<T> {
    /// It is done.
    Done(Result<T, StoreError>),
    /// It is long, and was cut.
    Long,
    /// It was not begun: every connection is in use, or the disk is slow.
    Busy,
}

impl Pool {
    /// Opens `size` connections, and readies each by `prepare`.
    pub(super) fn open_with(
        location: &Location,
        size: usize,
        prepare: impl Fn(&mut Connection) -> Result<(), StoreError>,
    ) -> Result<Self, StoreError> {
        let epoch = Instant::now();
        let place = location.path.as_ref().map(|path| path.display().to_string());
        let mut idle = Vec::with_capacity(size);
        for _ in 0..size {
            let opened = connect(location, epoch)
                .map_err(|error| cannot_open(location, error))
                .and_then(|mut opened| prepare(&mut opened.connection).map(|()| opened));
            idle.push(opened.map_err(|error| at(place.as_deref(), error))?);
        }
        let permits = Arc::new(Semaphore::new(size));
        let slow_until = AtomicU64::new(0);
        let (idle, damage) = (Mutex::new(idle), OnceLock::new());
        Ok(Self { inner: Arc::new(Inner { idle, permits, place, epoch, slow_until, damage }) })
    }

    /// What the first said that found the file damaged.
    pub(super) fn damage(&self) -> Option<&str> {
        self.inner.damage.get().map(String::as_str)
    }

    /// Runs `work` on a connection, on a thread where it may block. What takes longer than
    /// `limit` is stopped, and so is what reads for longer than [`SNAPSHOT`].
    pub(super) async fn run<T: Send + 'static>(
        &self,
        limit: Option<Duration>,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.run_capped(limit, SNAPSHOT, work).await
    }

    async fn run_capped<T: Send + 'static>(
        &self,
        limit: Option<Duration>,
        cap: Duration,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let is_capped = limit.is_some_and(|limit| limit > cap);
        self.on_a_thread(move |lease| {
            lease.limit(limit.map(|limit| limit.min(cap)));
            let result = work(&mut lease.guarded()?.connection);
            lease.limit(None);
            match result {
                Err(error) if is_capped && error.kind() == StoreErrorKind::Deadline => {
                    Err(error.with_source(too_old()))
                }
                result => result,
            }
        })
        .await
    }

    /// Runs `work`, which reads, on a connection, on a thread where it may block. After so long it is
    /// stopped, if the log has more than so many bytes by then, or as soon as it has.
    pub(super) async fn run_while_fits<T: Send + 'static>(
        &self,
        limit: Duration,
        bytes: u64,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.on_a_thread(move |lease| {
            lease.limit_log(Some((limit, bytes)));
            let result = work(&mut lease.guarded()?.connection);
            lease.limit_log(None);
            result.map_err(|error| match error.kind() {
                StoreErrorKind::Deadline => error.with_source(too_old()),
                _ => error,
            })
        })
        .await
    }

    /// Runs `work` on a connection that nobody uses, if there is one, here and now.
    pub(super) fn at_last(&self, work: impl FnOnce(&mut Connection)) {
        if let Some(guarded) = &mut Lease::take(&self.inner).guarded {
            work(&mut guarded.connection);
        }
    }

    /// Runs `work` here and now, where it must not block for long: a hop to another thread and back
    /// costs as much as a page.
    pub(super) fn run_here<T>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError>,
    ) -> Brief<T> {
        let began = self.inner.epoch.elapsed();
        if millis(began) < self.inner.slow_until.load(Ordering::Relaxed) {
            return Brief::Busy;
        }
        let Ok(_permit) = self.inner.permits.try_acquire() else { return Brief::Busy };
        let outcome = Lease::take(&self.inner).brief(work);
        let ended = self.inner.epoch.elapsed();
        if ended - began > SLOW {
            self.inner.slow_until.store(millis(ended + PAUSE), Ordering::Relaxed);
        }
        outcome
    }

    /// [`run_here`](Self::run_here) on a thread where it may block; `None` if it is long.
    pub(super) async fn run_brief<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<Option<T>, StoreError> {
        self.on_a_thread(move |lease| match lease.brief(work) {
            Brief::Done(result) => result.map(Some),
            Brief::Long | Brief::Busy => Ok(None),
        })
        .await
    }

    async fn on_a_thread<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Lease<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let permit =
            self.inner.permits.clone().acquire_owned().await.map_err(|_| StoreError::closed())?;
        let inner = self.inner.clone();
        let task = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            work(&mut Lease::take(&inner)).map_err(|error| inner.failed(error))
        });
        task.await.unwrap_or_else(|ended| Err(StoreError::task(ended)))
    }
}

impl Clone for Pool {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone() }
    }
}

/// Runs `work` on a connection of its own, which has nothing of the file in memory yet.
pub(super) fn read_afresh<T>(
    location: &Location,
    work: impl FnOnce(&mut Connection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let place = location.path.as_ref().map(|path| path.display().to_string());
    connect(location, Instant::now())
        .map_err(error("cannot open the store"))
        .and_then(|mut opened| work(&mut opened.connection))
        .map_err(|error| at(place.as_deref(), error))
}

fn connect(location: &Location, epoch: Instant) -> Result<Guarded, rusqlite::Error> {
    let mut connection = location.open()?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(64);
    connection.pragma_update(None, "foreign_keys", true)?;
    // Statements name the index that they read. Without this, each one is planned again for the
    // values that are bound to it, which takes as long as to read a page.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    gather::register(&connection)?;
    deep::register(&connection)?;
    let watch = Arc::new(Watch::default());
    let (watched, log) = (watch.clone(), location.log());
    connection.progress_handler(STEPS, Some(move || watched.is_over(epoch, log.as_deref())))?;
    Ok(Guarded { connection, watch })
}

impl Watch {
    fn is_over(&self, epoch: Instant, log: Option<&Path>) -> bool {
        match self.brief.load(Ordering::Relaxed) {
            0 => {}
            1 => {
                self.cut.store(true, Ordering::Relaxed);
                return true;
            }
            looks => {
                self.brief.store(looks - 1, Ordering::Relaxed);
                return false;
            }
        }
        let is_past = |at: &AtomicU64| match at.load(Ordering::Relaxed) {
            0 => false,
            at => millis(epoch.elapsed()) > at,
        };
        is_past(&self.deadline)
            || is_past(&self.old)
                && log
                    .and_then(|log| log.metadata().ok())
                    .is_some_and(|about| about.len() > self.log.load(Ordering::Relaxed))
    }
}

/// Names the file in an error of its database.
fn at(place: Option<&str>, error: StoreError) -> StoreError {
    match place {
        Some(place) => error.at(place),
        None => error,
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// A connection taken from the pool. It goes back when this is dropped, also in a panic.
#[derive(Debug)]
struct Lease<'a> {
    pool: &'a Inner,
    guarded: Option<Guarded>,
}

impl<'a> Lease<'a> {
    fn take(pool: &'a Inner) -> Self {
        let guarded = pool.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        Self { pool, guarded }
    }

    fn guarded(&mut self) -> Result<&mut Guarded, StoreError> {
        self.guarded.as_mut().ok_or_else(|| {
            StoreError::new(StoreErrorKind::Internal, "the pool has fewer connections than permits")
        })
    }

    fn limit(&self, limit: Option<Duration>) {
        if let Some(guarded) = &self.guarded {
            let deadline =
                limit.map_or(0, |limit| millis(self.pool.epoch.elapsed() + limit).max(1));
            guarded.watch.deadline.store(deadline, Ordering::Relaxed);
        }
    }

    fn limit_log(&self, limit: Option<(Duration, u64)>) {
        if let Some(guarded) = &self.guarded {
            let (after, bytes) = limit.unwrap_or_default();
            let old = limit.map_or(0, |_| millis(self.pool.epoch.elapsed() + after).max(1));
            guarded.watch.log.store(bytes, Ordering::Relaxed);
            guarded.watch.old.store(old, Ordering::Relaxed);
        }
    }

    fn brief<T>(
        &mut self,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError>,
    ) -> Brief<T> {
        let guarded = match self.guarded() {
            Ok(guarded) => guarded,
            Err(error) => return Brief::Done(Err(error)),
        };
        guarded.watch.brief.store(LOOKS, Ordering::Relaxed);
        let result = work(&mut guarded.connection);
        guarded.watch.brief.store(0, Ordering::Relaxed);
        if guarded.watch.cut.swap(false, Ordering::Relaxed) {
            Brief::Long
        } else {
            Brief::Done(result.map_err(|error| self.pool.failed(error)))
        }
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        if let Some(guarded) = self.guarded.take() {
            guarded.watch.brief.store(0, Ordering::Relaxed);
            self.pool.idle.lock().unwrap_or_else(PoisonError::into_inner).push(guarded);
        }
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;

    use super::*;

    fn pool() -> Pool {
        let location = Location { path: None, create: true, read_only: false, is_alone: false };
        Pool::open_with(&location, 1, |_| Ok(())).unwrap()
    }

    /// [`Pool::run_here`], also where the machine was so busy just now that the pool took it for a slow
    /// disk.
    fn run_here<T>(
        pool: &Pool,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError>,
    ) -> Brief<T> {
        pool.inner.slow_until.store(0, Ordering::Relaxed);
        pool.run_here(work)
    }

    fn count(connection: &mut Connection, to: i64) -> Result<i64, StoreError> {
        let sql = "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n LIMIT $1)
            SELECT count(*) FROM n";
        connection.query_row(sql, [to], |row| row.get(0)).map_err(error("cannot count"))
    }

    #[tokio::test]
    async fn what_is_long_is_cut_and_leaves_nothing_behind() {
        let pool = pool();
        for _ in 0..2 {
            assert!(matches!(run_here(&pool, |reader| count(reader, 10)), Brief::Done(Ok(10))));
            assert!(matches!(run_here(&pool, |reader| count(reader, 100_000)), Brief::Long));
            assert_eq!(pool.run_brief(|reader| count(reader, 100_000)).await.unwrap(), None);
            assert_eq!(pool.run_brief(|reader| count(reader, 10)).await.unwrap(), Some(10));
            assert_eq!(pool.run(None, |reader| count(reader, 100_000)).await.unwrap(), 100_000);
        }
        let limit = Some(Duration::from_millis(1));
        let late = pool.run(limit, |reader| count(reader, 1_000_000_000)).await.unwrap_err();
        assert_eq!(late.kind(), StoreErrorKind::Deadline);
    }

    #[tokio::test]
    async fn a_read_that_is_too_old_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.db");
        std::fs::write(folder.path().join("s.db-wal"), "").unwrap();
        let location =
            Location { path: Some(path.clone()), create: true, read_only: false, is_alone: false };
        let pool = Pool::open_with(&location, 1, |_| Ok(())).unwrap();
        let long = |reader: &mut Connection| count(reader, 1_000_000_000);
        let said = "cannot count: it has read for 10 minutes, and a longer read would keep the log \
                    from being written back";
        let moment = Duration::from_millis(1);
        let capped = pool.run_capped(Some(Duration::from_secs(60)), moment, long);
        assert_eq!(capped.await.unwrap_err().to_string(), format!("{}: {said}", path.display()));
        // A deadline that was set is another.
        let late = pool.run_capped(Some(moment), Duration::from_secs(60), long).await.unwrap_err();
        assert!(!late.to_string().contains("minutes"), "{late}");
        // A copy may take as long as it likes while the log is short.
        let copied = pool.run_while_fits(moment, 4, |reader| count(reader, 5_000_000)).await;
        assert_eq!(copied.unwrap(), 5_000_000);
        std::fs::write(folder.path().join("s.db-wal"), "a log").unwrap();
        let copied = pool.run_while_fits(moment, 4, long).await.unwrap_err();
        assert_eq!(copied.to_string(), format!("{}: {said}", path.display()));
        assert_eq!(copied.kind(), StoreErrorKind::Deadline);
    }

    #[tokio::test]
    async fn what_is_brief_is_brief_every_time() {
        let pool = pool();
        let brief = |reader: &mut Connection| {
            let sql = "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n LIMIT 200)
                SELECT count(*) FROM n";
            let mut statement = reader.prepare_cached(sql).map_err(error("cannot prepare"))?;
            statement.query_row([], |row| row.get::<_, i64>(0)).map_err(error("cannot count"))
        };
        // A statement that is kept goes on counting its steps.
        for _ in 0..100 {
            assert!(matches!(run_here(&pool, brief), Brief::Done(Ok(200))));
        }
    }

    #[tokio::test]
    async fn a_statement_is_planned_once_whatever_is_bound_to_it() {
        let pool = pool();
        let work = |connection: &mut Connection| {
            let sql = "CREATE TABLE recordings (tenant, start);
                CREATE INDEX i ON recordings (tenant, start)";
            connection.execute_batch(sql).map_err(error("cannot make a table"))?;
            let sql = "SELECT start FROM recordings INDEXED BY i
                WHERE tenant = $1 AND start >= $2 AND start < $3 ORDER BY start";
            let mut statement = connection.prepare(sql).map_err(error("cannot prepare"))?;
            for value in 0..9 {
                let rows = statement.query_map((value, value, value + 1), |_| Ok(()));
                assert_eq!(rows.map_err(error("cannot read"))?.count(), 0);
            }
            Ok(statement.get_status(StatementStatus::RePrepare))
        };
        assert_eq!(pool.run(None, work).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn a_connection_in_use_and_a_slow_disk_are_not_waited_for_here() {
        let pool = pool();
        let (let_go, held) = std::sync::mpsc::channel();
        let (say, said) = std::sync::mpsc::channel();
        let other = pool.clone();
        let holding = tokio::spawn(async move {
            let work = move |_: &mut Connection| {
                say.send(()).unwrap();
                held.recv().unwrap();
                Ok(())
            };
            other.run(None, work).await
        });
        tokio::task::spawn_blocking(move || said.recv().unwrap()).await.unwrap();
        assert!(matches!(run_here(&pool, |_| Ok(())), Brief::Busy));
        let_go.send(()).unwrap();
        holding.await.unwrap().unwrap();
        assert!(matches!(run_here(&pool, |_| Ok(())), Brief::Done(Ok(()))));
        let slow = millis(pool.inner.epoch.elapsed() + Duration::from_secs(60));
        pool.inner.slow_until.store(slow, Ordering::Relaxed);
        assert!(matches!(pool.run_here(|_| Ok(())), Brief::Busy));
        assert_eq!(pool.run_brief(|_| Ok(7)).await.unwrap(), Some(7));
    }
}
