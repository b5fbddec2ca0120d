//! Connections to the database, each used by one thread at a time.

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
    /// As many permits as connections, so the holder of one finds a connection.
    permits: Arc<Semaphore>,
    /// The file, for errors; a database in memory has no name.
    place: Option<String>,
    /// The start of the pool's clock.
    epoch: Instant,
    /// Until when, in milliseconds of that clock, nothing is run on the caller's thread.
    slow_until: AtomicU64,
    /// The first error that said that the file is damaged.
    damage: OnceLock<String>,
}

impl Inner {
    /// Names the file in an error of its database, and remembers damage.
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
    /// In milliseconds of the pool's clock; 0 means none.
    deadline: AtomicU64,
    /// How many checks are left until brief work is cut; 0 for any other work.
    brief: AtomicU32,
    /// Whether it was cut.
    cut: AtomicBool,
    /// When a read is too old, in milliseconds of the pool's clock, and how large the log may be
    /// then; 0 means never.
    old: AtomicU64,
    log: AtomicU64,
}

/// How many steps of SQLite's machine pass between two checks: some tens of microseconds, and three
/// times what a page of fifty takes from an index.
const STEPS: i32 = 4_000;

/// At which check brief work is cut. A statement goes on counting where its last run ended, so its
/// first check says nothing, and a deep page takes a few statements.
const LOOKS: u32 = 4;

/// Work that takes longer than this, with few steps, waits for a disk.
const SLOW: Duration = Duration::from_millis(50);

/// How long nothing is run on the caller's thread after something was slow.
const PAUSE: Duration = Duration::from_millis(200);

/// How long a read may keep its snapshot. Until it ends, later writes cannot be written back from
/// the log.
pub(super) const SNAPSHOT: Duration = Duration::from_secs(600);

/// Why a read was ended that was too old.
pub(super) fn too_old() -> String {
    format!(
        "it has read for {} minutes, and a longer read would keep the log from being written back",
        SNAPSHOT.as_secs() / 60
    )
}

/// The outcome of work that should be brief.
#[derive(Debug)]
pub(super) enum Brief<T> {
    /// It is done.
    Done(Result<T, StoreError>),
    /// It turned out to be long, and was cut.
    Long,
    /// It has not begun: all connections are in use, or the disk is slow.
    Busy,
}

impl Pool {
    /// Opens `size` connections, and prepares each with `prepare`.
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

    /// The first error that found the file damaged.
    pub(super) fn damage(&self) -> Option<&str> {
        self.inner.damage.get().map(String::as_str)
    }

    /// Runs `work` on a connection, on a thread where it may block. It is stopped after `limit`,
    /// and if it reads for longer than [`SNAPSHOT`].
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

    /// Runs `work`, which reads, on a connection, on a thread where it may block. It is stopped if
    /// the log has more than `bytes` once `limit` has passed.
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

    /// Runs `work` here and now on an idle connection, if there is one.
    pub(super) fn at_last(&self, work: impl FnOnce(&mut Connection)) {
        if let Some(guarded) = &mut Lease::take(&self.inner).guarded {
            work(&mut guarded.connection);
        }
    }

    /// Runs `work` here and now, where it must not block for long: going to another thread and back
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

/// Runs `work` on a new connection, which has nothing of the file in memory.
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
    // Statements name the index that they read. Without this, each is planned again for its values,
    // which takes as long as reading a page.
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

/// A connection from the pool. It goes back when this is dropped, also in a panic.
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
mod tests;
