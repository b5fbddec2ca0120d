//! Long reads, kept apart from short ones.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::pool::Pool;
use crate::{StoreError, TenantId};

/// A pool for long reads, of which each tenant gets half: so many long reads of one tenant keep
/// neither its own short reads nor anything of other tenants waiting.
#[derive(Debug)]
pub(super) struct Scans {
    pool: Pool,
    /// How many a tenant may have at once.
    each: usize,
    tenants: Mutex<HashMap<TenantId, Arc<Semaphore>>>,
}

impl Scans {
    pub(super) fn new(pool: Pool, each: usize) -> Self {
        Self { pool, each, tenants: Mutex::default() }
    }

    pub(super) fn pool(&self) -> &Pool {
        &self.pool
    }

    /// [`Pool::run`], when it is the tenant's turn.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        tenant: TenantId,
        limit: Duration,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let turns = {
            let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
            // Tenants without a waiting read take no memory.
            tenants.retain(|_, turns| Arc::strong_count(turns) > 1);
            let new = || Arc::new(Semaphore::new(self.each));
            tenants.entry(tenant).or_insert_with(new).clone()
        };
        let turn = turns.acquire_owned().await.map_err(|_| StoreError::closed())?;
        let work = move |connection: &mut Connection| {
            // Kept also if nobody waits for the result any more.
            let _turn = turn;
            work(connection)
        };
        self.pool.run(Some(limit), work).await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;
    use crate::sqlite::location::Location;

    #[tokio::test]
    async fn one_tenant_has_half() {
        let location = Location { path: None, create: true, read_only: false, is_alone: false };
        let pool = Pool::open_with(&location, 4, |_| Ok(())).unwrap();
        let scans = Arc::new(Scans::new(pool, 2));
        let limit = Duration::from_secs(60);
        let (say, said) = mpsc::channel();
        let mut running = Vec::new();
        for number in 0..3 {
            let (let_go, held) = mpsc::channel::<()>();
            let (scans, say) = (scans.clone(), say.clone());
            let scan = tokio::spawn(async move {
                let work = move |_: &mut Connection| {
                    say.send(number).unwrap();
                    // Until the test lets go.
                    let _ = held.recv();
                    Ok(())
                };
                scans.run(TenantId(1), limit, work).await
            });
            running.push((let_go, scan));
            tokio::task::yield_now().await;
        }
        let first = tokio::task::spawn_blocking(move || {
            let first = [said.recv().unwrap(), said.recv().unwrap()];
            (first, said)
        });
        let (mut first, said) = first.await.unwrap();
        first.sort_unstable();
        assert_eq!(first, [0, 1]);
        // The third waits for its turn; another tenant does not.
        scans.run(TenantId(2), limit, |_| Ok(())).await.unwrap();
        assert!(said.try_recv().is_err());
        for (let_go, scan) in running {
            drop(let_go);
            scan.await.unwrap().unwrap();
        }
        assert_eq!(said.recv().unwrap(), 2);
        // Tenants without a waiting read take no memory.
        scans.run(TenantId(3), limit, |_| Ok(())).await.unwrap();
        assert_eq!(scans.tenants.lock().unwrap().len(), 1);
    }
}
