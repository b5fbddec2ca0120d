use std::future::Future;
use std::ops::{Deref, DerefMut};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use deadpool::Runtime;
use deadpool::managed::{Manager, Metrics, Object, PoolError, RecycleError, RecycleResult};
use tokio::time::{Instant, timeout_at};
use tokio_postgres::Error;

use super::error::{Reason, error, is_held, is_passing, kind};
use super::hosts::{Hosts, NoSession, Purpose};
use super::session::Session;
use super::statements as s;
use crate::waiting::HeldFor;
use crate::{StoreError, StoreErrorKind};

/// Connections for one purpose.
#[derive(Clone, Debug)]
pub(super) struct Pool {
    pool: deadpool::managed::Pool<Sessions>,
    hosts: Arc<Hosts>,
    /// How long a caller waits for a connection, and how long a read may take.
    deadline: Duration,
}

/// A connection in use. If it is dropped before it is given back, its statement may still run: so
/// it leaves its pool, and the server is told to stop.
#[derive(Debug)]
pub(super) struct Lease {
    /// `None` once the lease has ended.
    object: Option<Object<Sessions>>,
    hosts: Arc<Hosts>,
}

impl Lease {
    /// Gives back a connection that has answered everything; any other is dropped, as above.
    pub(super) fn give_back(mut self) {
        if !self.is_left.load(Ordering::Relaxed) {
            drop(self.object.take());
        }
    }

    /// Names the host in an error of its own.
    pub(super) fn at(&self, error: StoreError) -> StoreError {
        let error = match is_held(&error) {
            true => error.with_source(HeldFor(self.wait)),
            false => error,
        };
        error.at(self.hosts.name(self.host))
    }

    /// Gives back the connection of a write, or closes it if the connection may be the reason of a
    /// failure.
    pub(super) fn settle<T>(self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        let result = result.map_err(|error| self.at(error));
        if result.as_ref().is_err_and(|error| error.kind() == StoreErrorKind::Unavailable) {
            self.close();
        } else {
            self.give_back();
        }
        result
    }

    /// Takes a useless connection out of its pool.
    pub(super) fn close(mut self) {
        drop(self.object.take().map(Object::take));
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(object) = self.object.take() {
            self.hosts.cancel(&Object::take(object));
        }
    }
}

impl Deref for Lease {
    type Target = Session;

    fn deref(&self) -> &Session {
        self.object.as_ref().expect("a lease that has not ended")
    }
}

impl DerefMut for Lease {
    fn deref_mut(&mut self) -> &mut Session {
        self.object.as_mut().expect("a lease that has not ended")
    }
}

/// The answer of a connection to a read; another connection may be asked again.
pub(super) type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

impl Pool {
    pub(super) fn new(
        hosts: Arc<Hosts>,
        purpose: Purpose,
        size: usize,
        deadline: Duration,
        wait: Duration,
    ) -> Result<Self, StoreError> {
        let manager = Sessions { hosts: hosts.clone(), purpose, deadline, wait };
        let pool = deadpool::managed::Pool::builder(manager)
            .max_size(size)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(deadline))
            .create_timeout(Some(CREATE))
            .recycle_timeout(Some(RECYCLE))
            .build()
            .map_err(|error| {
                StoreError::new(StoreErrorKind::Internal, "no pool").with_source(error)
            })?;
        Ok(Self { pool, hosts, deadline })
    }

    /// How many connections there may be.
    pub(super) fn max_size(&self) -> usize {
        self.pool.status().max_size
    }

    /// A host by its name and its port.
    pub(super) fn host(&self, host: usize) -> String {
        self.hosts.name(host)
    }

    /// A connection.
    pub(super) async fn get(&self) -> Result<Lease, StoreError> {
        let unavailable = |message| StoreError::new(StoreErrorKind::Unavailable, message);
        let object = self.pool.get().await.map_err(|failed| match failed {
            PoolError::Backend(failed) => self.no_session(failed),
            PoolError::Timeout(_) => unavailable("the store has no connection free"),
            PoolError::Closed | PoolError::NoRuntimeSpecified | PoolError::PostCreateHook(_) => {
                StoreError::closed()
            }
        })?;
        Ok(Lease { object: Some(object), hosts: self.hosts.clone() })
    }

    /// Whether the servers still let this user in. Open connections do not tell: they outlive a
    /// password and a role.
    ///
    /// # Errors
    ///
    /// They refuse. A server without room for another connection, or without an answer, is not an
    /// error here: a read would tell.
    pub(super) async fn log_in(&self) -> Result<(), StoreError> {
        match self.hosts.connect(Purpose::Read).await {
            Ok(_) => Ok(()),
            Err(failed) => match self.no_session(failed) {
                refused if refused.kind() == StoreErrorKind::Refused => Err(refused),
                _ => Ok(()),
            },
        }
    }

    fn no_session(&self, failed: NoSession) -> StoreError {
        let unavailable = |message| StoreError::new(StoreErrorKind::Unavailable, message);
        match failed {
            NoSession::Failed(host, failed) => {
                // The server starts, stops or is full; only a wrong configuration is permanent.
                let kind = match kind(&failed) {
                    StoreErrorKind::Refused => StoreErrorKind::Refused,
                    _ => StoreErrorKind::Unavailable,
                };
                StoreError::new(kind, "cannot connect")
                    .with_source(Reason(failed))
                    .at(self.hosts.name(host))
            }
            NoSession::Silent(host) => {
                unavailable("cannot connect").with_source("no answer").at(self.hosts.name(host))
            }
            NoSession::NoneFit => unavailable("no server of the store may answer now"),
        }
    }

    /// Reads by `ask`, and asks another server if one fails.
    pub(super) async fn read<W, T>(
        &self,
        doing: &'static str,
        what: &W,
        ask: impl for<'a> Fn(&'a Session, &'a W) -> Answer<'a, T>,
    ) -> Result<T, StoreError> {
        // The server stops a statement at the deadline; a server that hangs does not.
        let until = Instant::now() + self.deadline + Duration::from_secs(1);
        let mut attempts = self.hosts.attempts();
        loop {
            let lease = timeout_at(until, self.get()).await.map_err(|_| late(doing))??;
            let answer = timeout_at(until, ask(&lease, what)).await;
            attempts -= 1;
            match answer {
                Ok(Ok(answer)) => {
                    lease.give_back();
                    return Ok(answer);
                }
                Ok(Err(failed)) if is_passing(&failed) => {
                    let failed = lease.at(error(doing)(failed));
                    lease.close();
                    if attempts == 0 {
                        return Err(failed);
                    }
                }
                Ok(Err(failed)) => {
                    let failed = lease.at(error(doing)(failed));
                    // A role that was made anew has rights that a connection of the old role has
                    // not.
                    match failed.kind() {
                        StoreErrorKind::Refused => lease.close(),
                        _ => lease.give_back(),
                    }
                    return Err(failed);
                }
                Err(_) => {
                    // It may have been asked late, so this says little about the server.
                    self.hosts.find_out(lease.host);
                    return Err(late(doing));
                }
            }
        }
    }
}

fn late(doing: &'static str) -> StoreError {
    StoreError::new(StoreErrorKind::Deadline, doing)
}

/// Makes the connections of a pool, and checks that each may still be used.
#[derive(Debug)]
pub(super) struct Sessions {
    hosts: Arc<Hosts>,
    purpose: Purpose,
    deadline: Duration,
    wait: Duration,
}

/// How long all servers together may take to give a connection.
const CREATE: Duration = Duration::from_secs(10);
/// How long a server may take to say where it stands.
const RECYCLE: Duration = Duration::from_secs(3);
/// How long a connection is kept, so that a server that is back gets connections again.
const LIFE: Duration = Duration::from_secs(120);
/// How long a connection is kept that is not to the best server.
const MAKESHIFT_LIFE: Duration = Duration::from_secs(5);

impl Manager for Sessions {
    type Type = Session;
    type Error = NoSession;

    async fn create(&self) -> Result<Session, NoSession> {
        let mut session = self.hosts.connect(self.purpose).await?;
        let (set, deadline) = match self.purpose {
            Purpose::Read => (READ, self.deadline.as_millis().to_string()),
            Purpose::Write => (WRITE, "0".to_owned()),
        };
        let host = session.host;
        let failed = |error| NoSession::Failed(host, error);
        session.client.batch_execute(set).await.map_err(failed)?;
        let rows = session.query(s::SET_UP, &[&deadline]).await.map_err(failed)?;
        let pid = rows.first().map_or(Ok(0), |row| row.try_get(2));
        session.pid = pid.map_err(failed)?;
        if self.purpose == Purpose::Write {
            session.wait = self.wait;
            // Zero would mean no limit.
            let wait = format!("SET lock_timeout = {}", self.wait.as_millis().max(1));
            session.client.batch_execute(&wait).await.map_err(failed)?;
        }
        Ok(session)
    }

    async fn recycle(&self, session: &mut Session, _: &Metrics) -> RecycleResult<NoSession> {
        let life = if session.is_makeshift { MAKESHIFT_LIFE } else { LIFE };
        if session.client.is_closed() || session.born.elapsed() > life {
            return Err(RecycleError::message("ended"));
        }
        match self.hosts.check(session, self.purpose).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(RecycleError::Backend(NoSession::NoneFit)),
            Err(error) => Err(RecycleError::Backend(NoSession::Failed(session.host, error))),
        }
    }
}

// Every statement is led by the tenant, and each has an index for that: a scan of a whole table
// would read everybody's rows. A list is read in its order until the page is full, not collected
// and sorted.
const READ: &str = "SET default_transaction_read_only = on; SET enable_seqscan = off;
    SET enable_bitmapscan = off; SET enable_sort = off; SET jit = off";
// With synchronous standbys, an acknowledged write is visible on them. An import looks up its keys
// one by one in the index, also before there are statistics.
const WRITE: &str = "SET synchronous_commit = remote_apply; SET enable_seqscan = off;
    SET enable_hashjoin = off; SET enable_mergejoin = off; SET jit = off;
    SET idle_in_transaction_session_timeout = '60s'";

#[cfg(test)]
mod tests;
