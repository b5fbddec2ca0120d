use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};
use tokio::sync::Semaphore;

use super::error;
use crate::{StoreError, StoreErrorKind};

/// A few connections to one database, each used by one blocking thread at a time.
pub(super) struct Pool {
    inner: Arc<Inner>,
}

struct Inner {
    idle: Mutex<Vec<Guarded>>,
    /// As many permits as connections, so that whoever holds one finds a connection.
    permits: Arc<Semaphore>,
    /// What the deadlines of the connections are measured from.
    epoch: Instant,
}

/// A connection with the deadline that its progress handler watches.
struct Guarded {
    connection: Connection,
    /// Milliseconds after the pool's epoch; 0 is none.
    deadline: Arc<AtomicU64>,
}

/// Where the database is, and who may write.
#[derive(Clone, Debug)]
pub(super) struct Location {
    /// A file, or `None` for memory.
    pub(super) path: Option<PathBuf>,
    pub(super) create: bool,
    pub(super) read_only: bool,
}

impl Location {
    fn open(&self) -> Result<Connection, rusqlite::Error> {
        let mut flags = OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_EXRESCODE;
        flags |= match (self.read_only, self.create) {
            (true, _) => OpenFlags::SQLITE_OPEN_READ_ONLY,
            (false, true) => OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
            (false, false) => OpenFlags::SQLITE_OPEN_READ_WRITE,
        };
        match &self.path {
            Some(path) => Connection::open_with_flags(path, flags),
            None => Connection::open_in_memory_with_flags(flags),
        }
    }
}

impl Pool {
    /// Opens `size` connections, and readies each by `prepare`.
    pub(super) fn open_with(
        location: &Location,
        size: usize,
        prepare: impl Fn(&mut Connection) -> Result<(), StoreError>,
    ) -> Result<Self, StoreError> {
        let epoch = Instant::now();
        let mut idle = Vec::with_capacity(size);
        for _ in 0..size {
            let mut opened = connect(location, epoch).map_err(error("cannot open the database"))?;
            prepare(&mut opened.connection)?;
            idle.push(opened);
        }
        let permits = Arc::new(Semaphore::new(size));
        Ok(Self { inner: Arc::new(Inner { idle: Mutex::new(idle), permits, epoch }) })
    }

    /// Runs `work` on a connection, on a thread where it may block. What takes longer than
    /// `limit` is stopped.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        limit: Option<Duration>,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let closed = |_| StoreError::new(StoreErrorKind::Unavailable, "the store is closed");
        let permit = self.inner.permits.clone().acquire_owned().await.map_err(closed)?;
        let inner = self.inner.clone();
        let task = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let mut lease = Lease::take(&inner)?;
            lease.limit(limit);
            let result = work(&mut lease.connection()?.connection);
            lease.limit(None);
            result
        });
        task.await.unwrap_or_else(|joined| {
            Err(StoreError::new(StoreErrorKind::Internal, "a task of the store ended early")
                .with_source(joined))
        })
    }
}

impl Clone for Pool {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone() }
    }
}

fn connect(location: &Location, epoch: Instant) -> Result<Guarded, rusqlite::Error> {
    let mut connection = location.open()?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(64);
    connection.pragma_update(None, "foreign_keys", true)?;
    let deadline = Arc::new(AtomicU64::new(0));
    let watched = deadline.clone();
    // Every 4,000 steps of SQLite's machine, some tens of microseconds.
    connection.progress_handler(
        4_000,
        Some(move || match watched.load(Ordering::Relaxed) {
            0 => false,
            deadline => epoch.elapsed().as_millis() > u128::from(deadline),
        }),
    )?;
    Ok(Guarded { connection, deadline })
}

/// A connection taken from the pool. It goes back when this is dropped, also in a panic.
struct Lease<'a> {
    pool: &'a Inner,
    guarded: Option<Guarded>,
}

impl<'a> Lease<'a> {
    fn take(pool: &'a Inner) -> Result<Self, StoreError> {
        let guarded = pool.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        Ok(Self { pool, guarded })
    }

    fn connection(&mut self) -> Result<&mut Guarded, StoreError> {
        self.guarded.as_mut().ok_or_else(|| {
            StoreError::new(StoreErrorKind::Internal, "the pool has fewer connections than permits")
        })
    }

    fn limit(&self, limit: Option<Duration>) {
        if let Some(guarded) = &self.guarded {
            let deadline = limit.map_or(0, |limit| {
                let millis = (self.pool.epoch.elapsed() + limit).as_millis();
                u64::try_from(millis).unwrap_or(u64::MAX).max(1)
            });
            guarded.deadline.store(deadline, Ordering::Relaxed);
        }
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        if let Some(guarded) = self.guarded.take() {
            self.pool.idle.lock().unwrap_or_else(PoisonError::into_inner).push(guarded);
        }
    }
}
