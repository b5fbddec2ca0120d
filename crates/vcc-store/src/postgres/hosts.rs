//! The servers of a replicated database, and which of them may be asked now.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::time::timeout;
use tokio_postgres::{Config, Error, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::session::{Prepared, Session};
use super::settings::{Reads, Settings};
use super::statements as s;
use super::tls;
use crate::StoreError;

/// The hosts of a store's URL, with what is known of each.
pub(super) struct Hosts {
    hosts: Vec<Host>,
    tls: Option<MakeRustlsConnect>,
    reads: Reads,
    max_lag: Duration,
    /// Where the next search begins, so that connections spread.
    next: AtomicUsize,
    latest: Mutex<Latest>,
}

impl fmt::Debug for Hosts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hosts")
            .field("hosts", &self.hosts)
            .field("reads", &self.reads)
            .field("latest", &self.latest)
            .finish_non_exhaustive()
    }
}

#[derive(Debug)]
struct Host {
    config: Config,
    known: Mutex<Standing>,
    /// Whether it is being asked because a caller has left before it answered.
    is_asked_again: AtomicBool,
}

/// The latest timeline, and when a server was last known to be on it. A promotion begins a new one;
/// a server on an older one follows a former primary.
#[derive(Debug)]
struct Latest {
    timeline: i32,
    heard: Instant,
}

#[derive(Clone, Copy, Debug, Default)]
struct Standing {
    /// When it could last not be reached.
    failed: Option<Instant>,
    /// When it last took a connection or a question and gave no answer.
    hung: Option<Instant>,
    /// When it was last asked where it stands.
    asked: Option<Instant>,
    /// As of when it is known to have the primary's data.
    fresh: Option<Instant>,
    is_primary: bool,
    timeline: i32,
    /// When the question was asked that gave this timeline.
    placed: Option<Instant>,
}

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Read,
    Write,
}

/// Why there is no connection.
#[derive(Debug)]
pub(super) enum NoSession {
    /// What the host at this position answered, or why it cannot be reached.
    Failed(usize, Error),
    /// The host at this position took a connection or a question, and said nothing.
    Silent(usize),
    /// Every server was reached or tried, and none of them may be asked.
    NoneFit,
}

/// How long a server that could not be reached is tried last.
const SHUNNED: Duration = Duration::from_secs(5);
/// How often a server is asked where it stands.
const ASKED: Duration = Duration::from_secs(1);
/// How long a server may take to say where it stands, including a new connection.
const ANSWERED: Duration = Duration::from_secs(2);

impl Hosts {
    pub(super) fn new(settings: Settings) -> Result<Self, StoreError> {
        let tls = settings.authorities.as_deref().map(tls::connector).transpose()?;
        let hosts = settings.hosts.into_iter();
        let hosts = hosts.map(|config| Host {
            config,
            known: Mutex::default(),
            is_asked_again: AtomicBool::new(false),
        });
        Ok(Self {
            hosts: hosts.collect(),
            tls,
            reads: settings.reads,
            max_lag: settings.max_lag,
            next: AtomicUsize::new(0),
            latest: Mutex::new(Latest { timeline: 0, heard: Instant::now() }),
        })
    }

    /// A connection to a server that fits the purpose.
    pub(super) async fn connect(self: &Arc<Self>, purpose: Purpose) -> Result<Session, NoSession> {
        let mut failure = NoSession::NoneFit;
        // The best so far: a primary where standbys are preferred, or the later of two primaries.
        let mut makeshift: Option<Session> = None;
        for host in self.order() {
            // With something usable at hand, do not wait again for hosts that failed lately.
            if makeshift.is_some() && self.is_shunned(host) {
                continue;
            }
            let asker = Asker::new(self, host);
            let reached = self.reach(host).await;
            asker.stays();
            let session = match reached {
                Ok(session) if self.hosts.len() == 1 => return Ok(session),
                Ok(session) => session,
                Err(NoSession::NoneFit) => continue,
                Err(failed) => {
                    failure = failed;
                    continue;
                }
            };
            if !self.may_answer(host, purpose) {
                continue;
            }
            let known = self.known(host);
            match (purpose, self.reads) {
                (Purpose::Write, _) | (Purpose::Read, Reads::Primary) => {
                    let later = makeshift
                        .as_ref()
                        .is_none_or(|other| known.timeline > self.known(other.host).timeline);
                    if later {
                        makeshift = Some(session);
                    }
                }
                (Purpose::Read, Reads::PreferStandby) if known.is_primary => {
                    makeshift = Some(Session { is_makeshift: true, ..session });
                }
                (Purpose::Read, _) => return Ok(session),
            }
        }
        makeshift.ok_or(failure)
    }

    /// Whether a connection may be used (again).
    pub(super) async fn check(
        self: &Arc<Self>,
        session: &Session,
        purpose: Purpose,
    ) -> Result<bool, Error> {
        if self.hosts.len() == 1 {
            return Ok(true);
        }
        let known = self.known(session.host);
        if known.hung.is_some_and(|hung| hung >= session.born && hung.elapsed() < SHUNNED) {
            return Ok(false);
        }
        if known.asked.is_none_or(|asked| asked.elapsed() >= ASKED) {
            // Mark it at once, so that others who come meanwhile do not ask too.
            self.know(session.host, |known| known.asked = Some(Instant::now()));
            let asker = Asker::new(self, session.host);
            let answered = timeout(ANSWERED, self.ask(session)).await;
            asker.stays();
            match answered {
                Ok(answered) => answered?,
                Err(_) => {
                    self.shun(session.host);
                    return Ok(false);
                }
            }
        }
        Ok(self.may_answer(session.host, purpose))
    }

    /// Opens a connection to a server and asks where it stands, or learns that it cannot be reached.
    async fn reach(&self, host: usize) -> Result<Session, NoSession> {
        let reached = async {
            let session = self.open(host).await?;
            // A single host is taken as it is: it may well be a balancer.
            if self.hosts.len() > 1 {
                self.ask(&session).await?;
            }
            Ok(session)
        };
        match timeout(self.patience(host), reached).await {
            Ok(Ok(session)) => Ok(session),
            Ok(Err(error)) => {
                self.know(host, |known| known.failed = Some(Instant::now()));
                Err(NoSession::Failed(host, error))
            }
            Err(_) => {
                self.shun(host);
                Err(NoSession::Silent(host))
            }
        }
    }

    /// Finds out whether a server answers, while no caller waits for it.
    pub(super) fn find_out(self: &Arc<Self>, host: usize) {
        let Ok(runtime) = Handle::try_current() else { return };
        // Once at a time, however many callers leave. A single host is not asked.
        if self.hosts.len() > 1 && !self.hosts[host].is_asked_again.swap(true, Ordering::Relaxed) {
            let hosts = self.clone();
            runtime.spawn(async move {
                drop(hosts.reach(host).await);
                hosts.hosts[host].is_asked_again.store(false, Ordering::Relaxed);
            });
        }
    }

    /// Tells a server to stop the statement of a connection that was left; closing the connection
    /// does not stop it. The server may not get the message.
    pub(super) fn cancel(&self, session: &Session) {
        let Ok(runtime) = Handle::try_current() else { return };
        let (token, tls) = (session.client.cancel_token(), self.tls.clone());
        let patience = self.patience(session.host);
        runtime.spawn(timeout(patience, async move {
            match tls {
                Some(tls) => token.cancel_query(tls).await,
                None => token.cancel_query(NoTls).await,
            }
        }));
    }

    /// Avoids a server that does not answer for a while: its connections do not answer either.
    fn shun(&self, host: usize) {
        let now = Some(Instant::now());
        self.know(host, |known| (known.failed, known.hung) = (now, now));
    }

    /// A host by its name and its port, as an error names it.
    pub(super) fn name(&self, host: usize) -> String {
        let config = &self.hosts[host].config;
        let port = config.get_ports().first().copied().unwrap_or(5432);
        match (config.get_hosts().first(), config.get_hostaddrs().first()) {
            (Some(tokio_postgres::config::Host::Tcp(name)), _) => format!("{name}:{port}"),
            #[cfg(unix)]
            (Some(tokio_postgres::config::Host::Unix(folder)), _) => {
                format!("{}/.s.PGSQL.{port}", folder.display())
            }
            (None, Some(address)) => std::net::SocketAddr::new(*address, port).to_string(),
            (None, None) => format!("port {port}"),
        }
    }

    /// How long a new connection may take.
    fn patience(&self, host: usize) -> Duration {
        let connect = self.hosts[host].config.get_connect_timeout().copied();
        connect.unwrap_or_default() + ANSWERED
    }

    /// How many attempts a read is worth: each server once, and one more.
    pub(super) fn attempts(&self) -> usize {
        self.hosts.len() + 1
    }

    /// The hosts in the order in which they are tried: round robin, with those that failed lately
    /// at the end.
    fn order(&self) -> Vec<usize> {
        let first = self.next.fetch_add(1, Ordering::Relaxed);
        let mut order: Vec<_> =
            (0..self.hosts.len()).map(|index| (first + index) % self.hosts.len()).collect();
        order.sort_by_key(|host| self.is_shunned(*host));
        order
    }

    fn is_shunned(&self, host: usize) -> bool {
        self.known(host).failed.is_some_and(|failed| failed.elapsed() < SHUNNED)
    }

    async fn open(&self, host: usize) -> Result<Session, Error> {
        let config = &self.hosts[host].config;
        let client = match &self.tls {
            Some(tls) => {
                let (client, connection) = config.connect(tls.clone()).await?;
                run(connection);
                client
            }
            None => {
                let (client, connection) = config.connect(NoTls).await?;
                run(connection);
                client
            }
        };
        Ok(Session {
            client,
            prepared: Prepared::default(),
            host,
            born: Instant::now(),
            pid: 0,
            wait: Duration::ZERO,
            is_makeshift: false,
            is_left: AtomicBool::new(false),
        })
    }

    /// Asks a server where it stands.
    async fn ask(&self, session: &Session) -> Result<(), Error> {
        let asked = Instant::now();
        let rows = session.query(s::STANDING, &[]).await?;
        let Some(row) = rows.first() else { return Ok(()) };
        let (is_primary, timeline, age) =
            (row.try_get(0)?, row.try_get::<_, Option<i32>>(1)?, row.try_get::<_, Option<f64>>(2)?);
        if let Some(timeline) = timeline {
            self.place(session.host, asked, timeline);
        }
        let latest = self.latest().timeline;
        let age = age.and_then(|age| Duration::try_from_secs_f64(age.max(0.0)).ok());
        self.know(session.host, |known| {
            known.asked = Some(asked);
            known.failed = None;
            known.is_primary = is_primary;
            // A standby that receives nothing has no timeline now: it is as fresh as it was.
            if timeline == Some(latest) {
                let fresh = age.and_then(|age| asked.checked_sub(age));
                known.fresh = known.fresh.max(fresh);
            }
        });
        Ok(())
    }

    /// Learns on which timeline a server is, or was when it was asked.
    fn place(&self, host: usize, asked: Instant, timeline: i32) {
        let mut latest = self.latest();
        self.know(host, |known| (known.timeline, known.placed) = (timeline, Some(asked)));
        let known = (0..self.hosts.len()).map(|host| self.known(host));
        let is_elsewhere = |known: Standing| known.placed.is_some_and(|asked| asked > latest.heard);
        if timeline >= latest.timeline {
            *latest = Latest { timeline, heard: Instant::now() };
        } else if known.clone().all(is_elsewhere) {
            // Every server has been asked since, and none is on it: the promotion was undone. As
            // long as one of them cannot be reached, it may be the primary of that timeline.
            let timeline = known.map(|known| known.timeline).max().unwrap_or(timeline);
            *latest = Latest { timeline, heard: Instant::now() };
        }
    }

    fn may_answer(&self, host: usize, purpose: Purpose) -> bool {
        let known = self.known(host);
        // A server on an older timeline is a former primary, or follows one.
        let current = known.timeline == self.latest().timeline;
        let primary = current && known.is_primary;
        let standby = current
            && !known.is_primary
            && known.fresh.is_some_and(|fresh| fresh.elapsed() < self.max_lag);
        match (purpose, self.reads) {
            (Purpose::Write, _) | (Purpose::Read, Reads::Primary) => primary,
            (Purpose::Read, Reads::Any | Reads::PreferStandby) => primary || standby,
            (Purpose::Read, Reads::Standby) => standby,
        }
    }

    fn latest(&self) -> MutexGuard<'_, Latest> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn known(&self, host: usize) -> Standing {
        *self.hosts[host].known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn know(&self, host: usize, learn: impl FnOnce(&mut Standing)) {
        learn(&mut self.hosts[host].known.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// A caller that waits for a server's answer. If it leaves, a task finds out whether the answer
/// comes.
#[derive(Debug)]
struct Asker<'a> {
    hosts: &'a Arc<Hosts>,
    host: usize,
    stayed: bool,
}

impl<'a> Asker<'a> {
    fn new(hosts: &'a Arc<Hosts>, host: usize) -> Self {
        Self { hosts, host, stayed: false }
    }

    /// The answer has come, or the caller has waited long enough.
    fn stays(mut self) {
        self.stayed = true;
    }
}

impl Drop for Asker<'_> {
    fn drop(&mut self) {
        if !self.stayed {
            self.hosts.find_out(self.host);
        }
    }
}

/// Drives a connection until it ends. Its failure shows in the statements that it cut off.
fn run<S, T>(connection: tokio_postgres::Connection<S, T>)
where
    tokio_postgres::Connection<S, T>: Future<Output = Result<(), Error>> + Send + 'static,
{
    tokio::spawn(async move { drop(connection.await) });
}

#[cfg(test)]
mod tests;
