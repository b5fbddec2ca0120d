//! The connection that writes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::log::Log;
use super::patience::Patience;
use super::pool::{Pool, SNAPSHOT};
use crate::StoreError;

/// How often a writer that waits for readers looks whether it may go on.
const LOOK: Duration = Duration::from_millis(20);

/// The connection that writes, with how it waits for other writers and for readers.
#[derive(Clone, Debug)]
pub(super) struct Writer {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    pool: Pool,
    patience: Arc<Patience>,
    log: Log,
    has_written_much: AtomicBool,
}

impl Writer {
    pub(super) fn new(pool: Pool, patience: Arc<Patience>, log: Log) -> Self {
        let has_written_much = AtomicBool::new(false);
        Self { inner: Arc::new(Inner { pool, patience, log, has_written_much }) }
    }

    /// How long it waits for others.
    pub(super) fn wait(&self) -> Duration {
        self.inner.patience.wait()
    }

    pub(super) fn pool(&self) -> &Pool {
        &self.inner.pool
    }

    /// Does small work, such as revoking a token: it waits only for another writer.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let inner = self.inner.clone();
        let small = move |connection: &mut Connection| {
            let done = inner.patience.during(|| work(connection));
            inner.log.write_back(connection, false);
            done
        };
        self.inner.pool.run(None, small).await
    }

    /// Does work that waits for readers of the log.
    pub(super) async fn run_after_reads<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let patience = self.inner.patience.clone();
        let after = move |connection: &mut Connection| patience.during_reads(|| work(connection));
        self.inner.pool.run(None, after).await
    }

    /// Does a part of work that may be large: it also waits for readers, if the log would grow too
    /// large.
    pub(super) async fn run_batch<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        if self.inner.log.may_be_full() {
            self.make_room().await?;
        }
        let inner = self.inner.clone();
        let batch = move |connection: &mut Connection| {
            inner.has_written_much.store(true, Ordering::Relaxed);
            let done = inner
                .log
                .watch(connection, |connection| inner.patience.during(|| work(connection)));
            inner.log.write_back(connection, true);
            done
        };
        self.inner.pool.run(None, batch).await
    }

    /// How many bytes the log may have, and how many it has.
    pub(super) fn log_limit(&self) -> u64 {
        self.inner.log.limit()
    }

    pub(super) fn log_length(&self) -> u64 {
        self.inner.log.length()
    }

    /// Reads the whole store in one snapshot. That may take long, unless others write so much
    /// meanwhile that the log would grow too large.
    pub(super) async fn copy<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.inner.pool.run_while_fits(SNAPSHOT, self.inner.log.limit(), work).await
    }

    /// Waits until the log has room. Meanwhile others can have the connection.
    async fn make_room(&self) -> Result<(), StoreError> {
        let began = Instant::now();
        loop {
            let inner = self.inner.clone();
            let look =
                move |connection: &mut Connection| inner.log.must_wait(connection, began.elapsed());
            if !self.inner.pool.run(None, look).await? {
                return Ok(());
            }
            // The runtime may have no timer.
            let _ = tokio::task::spawn_blocking(|| std::thread::sleep(LOOK)).await;
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if self.has_written_much.load(Ordering::Relaxed) {
            // Other processes may have the store open for as long as they run.
            self.pool.at_last(|connection| self.log.shrink(connection));
        }
    }
}
