use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use tokio::net::{TcpListener, ToSocketAddrs};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use vcc_query::ZoneData;
use vcc_store::Store;
use vcc_types::Dialect;

use crate::connection::{Connections, Stop};
use crate::in_process::InProcess;
use crate::{Api, ApiBuilder, Audit, Clock, Limits, Metrics, Tls, WebOrigin, admin};

/// How many connections the operators' listener has at most.
const OPERATORS: usize = 32;

/// The API on a socket of this process.
///
/// ```
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use std::sync::Arc;
/// use vcc_server::Server;
/// use vcc_store::Sqlite;
///
/// let store = Arc::new(Sqlite::in_memory().unwrap());
/// let server = Server::builder(store).start("127.0.0.1:0").await.unwrap();
/// println!("http://{}/api/recordings/files", server.local_addr());
/// server.shutdown().await;
/// # });
/// ```
#[derive(Debug)]
pub struct Server {
    local_addr: SocketAddr,
    admin_addr: Option<SocketAddr>,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
    audit: Option<Audit>,
    grace: Duration,
}

/// A shutdown waits for the audit log for at least this long, even if requests took all of the time.
const LAST_LINES: Duration = Duration::from_secs(1);

impl Server {
    /// A server for this store, with the default dialect and the system's clock.
    pub fn builder(store: Arc<dyn Store>) -> ServerBuilder {
        ServerBuilder { api: Api::builder(store), wrap: None, tls: None, admin: None }
    }

    /// The address that the server listens on. For port 0 it has the port that the system chose.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// The address of the operators' listener, if there is one.
    #[must_use]
    pub fn admin_addr(&self) -> Option<SocketAddr> {
        self.admin_addr
    }

    /// Accepts no more connections, finishes running requests and writes the waiting lines of the audit
    /// log. It returns when that is done or the time is over. The log says how many lines of the audit
    /// log could not be written.
    pub async fn shutdown(self) {
        let began = Instant::now();
        let _ = self.stop.send(true);
        for task in self.tasks {
            let _ = task.await;
        }
        if let Some(audit) = self.audit {
            audit.end(self.grace.saturating_sub(began.elapsed()).max(LAST_LINES)).await;
        }
    }

    /// Serves until `signal` completes, then shuts down.
    pub async fn run_until(self, signal: impl Future<Output = ()>) {
        signal.await;
        self.shutdown().await;
    }
}

/// Settings of a [`Server`].
///
/// ```
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use axum::routing::get;
/// use std::io::ErrorKind;
/// use vcc_server::Server;
/// # let store = std::sync::Arc::new(vcc_store::Sqlite::in_memory()?);
///
/// let server = Server::builder(store.clone())
///     .wrap(|api| api.route("/about", get(|| async { "recordings of acme" })))
///     .admin("127.0.0.1:0".parse()?)
///     .start("127.0.0.1:0")
///     .await?;
/// // An operators' address that is taken is named by the error.
/// let taken = server.admin_addr().unwrap();
/// let error = Server::builder(store).admin(taken).start("127.0.0.1:0").await.unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::AddrInUse);
/// assert!(error.to_string().starts_with(&format!("{taken}: ")));
/// # server.shutdown().await;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[must_use]
pub struct ServerBuilder {
    api: ApiBuilder,
    wrap: Option<Box<dyn FnOnce(Router) -> Router + Send>>,
    tls: Option<Tls>,
    admin: Option<SocketAddr>,
}

impl fmt::Debug for ServerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { api, admin, .. } = self;
        f.debug_struct("ServerBuilder")
            .field("api", api)
            .field("is_https", &self.tls.is_some())
            .field("admin", admin)
            .finish_non_exhaustive()
    }
}

impl ServerBuilder {
    /// The clock that `today` is read from, once a request (DATE-8).
    pub fn clock(mut self, clock: Clock) -> Self {
        self.api = self.api.clock(clock);
        self
    }

    /// How the points that the documentation leaves open are read.
    pub fn dialect(mut self, dialect: Dialect) -> Self {
        self.api = self.api.dialect(dialect);
        self
    }

    /// The zone data that `tz` is looked up in, instead of the built-in one (DATE-13), such as what
    /// [`ZoneSource::read`](crate::ZoneSource::read) gives. The store reads the zones of tenants: it
    /// should be given the same.
    pub fn zones(mut self, zones: Arc<dyn ZoneData + Send + Sync>) -> Self {
        self.api = self.api.zones(zones);
        self
    }

    /// How much is done at once, and for how long.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.api = self.api.limits(limits);
        self
    }

    /// Keeps a log of who asked what. [`AuditFailure`](crate::AuditFailure) says what becomes of
    /// answers while it cannot be written; `/readyz` is 503 then.
    pub fn audit(mut self, audit: Audit) -> Self {
        self.api = self.api.audit(audit);
        self
    }

    /// Counts in these metrics, which the program may share with its log.
    pub fn metrics(mut self, metrics: Arc<Metrics>) -> Self {
        self.api = self.api.metrics(metrics);
        self
    }

    /// Says in the header `X-Vcc-Explain` of each answer how its query was read.
    pub fn explain(mut self, explain: bool) -> Self {
        self.api = self.api.explain(explain);
        self
    }

    /// Serves a page for people at `/`, as [`ApiBuilder::explorer`] says.
    pub fn explorer(mut self, explorer: bool) -> Self {
        self.api = self.api.explorer(explorer);
        self
    }

    /// Other servers that this page may ask, as [`ApiBuilder::explorer_origins`] says.
    pub fn explorer_origins(mut self, origins: impl IntoIterator<Item = WebOrigin>) -> Self {
        self.api = self.api.explorer_origins(origins);
        self
    }

    /// The origins whose pages may ask this API, as [`ApiBuilder::allow_origins`] says.
    pub fn allow_origins(mut self, origins: impl IntoIterator<Item = WebOrigin>) -> Self {
        self.api = self.api.allow_origins(origins);
        self
    }

    /// Serves HTTPS, with HTTP/1.1, instead of plain HTTP.
    pub fn tls(mut self, tls: Tls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Serves `/healthz`, `/readyz` and `/metrics` on another address, without credentials and in
    /// plain HTTP, on up to 32 connections.
    pub fn admin(mut self, address: SocketAddr) -> Self {
        self.admin = Some(address);
        self
    }

    /// Wraps the API, in middleware or with further routes.
    pub fn wrap(mut self, wrap: impl FnOnce(Router) -> Router + Send + 'static) -> Self {
        self.wrap = Some(Box::new(wrap));
        self
    }

    /// Listens on an address, such as `127.0.0.1:0` for a free port on loopback, and serves there
    /// in the background. Dropping the [`Server`] without [`shutdown`](Server::shutdown) stops it
    /// too, without waiting.
    ///
    /// # Errors
    ///
    /// The address cannot be listened on, or the operators' address cannot; then the error names it.
    pub async fn start(self, address: impl ToSocketAddrs) -> io::Result<Server> {
        let listener = TcpListener::bind(address).await?;
        let local_addr = listener.local_addr()?;
        let operators = match self.admin {
            Some(address) => Some(TcpListener::bind(address).await.map_err(|error| {
                // The caller knows the other address.
                io::Error::new(error.kind(), format!("{address}: {error}"))
            })?),
            None => None,
        };
        let admin_addr = operators.as_ref().map(TcpListener::local_addr).transpose()?;

        let (stop, stopped) = watch::channel(false);
        let api = self.api.build();
        let (limits, metrics) = (*api.limits(), api.metrics());
        let (audit, grace) = (api.audit().cloned(), limits.grace);
        let mut tasks = Vec::new();
        if let Some(operators) = operators {
            let router = admin::router(&api);
            let limits = Limits { connections: limits.connections.min(OPERATORS), ..limits };
            let connections = Connections::new(router, limits, None, Arc::default());
            tasks.push(tokio::spawn(connections.accept(operators, Stop(stopped.clone()))));
        }
        let connections = Connections::new(wrapped(api, self.wrap), limits, self.tls, metrics);
        tasks.push(tokio::spawn(connections.accept(listener, Stop(stopped))));
        Ok(Server { local_addr, admin_addr, stop, tasks, audit, grace })
    }

    /// Serves within this process only, on connections without sockets or encryption: a certificate and an
    /// operators' address have no effect there.
    #[must_use]
    pub fn in_process(self) -> InProcess {
        let api = self.api.build();
        let (limits, metrics) = (*api.limits(), api.metrics());
        InProcess::new(Connections::new(wrapped(api, self.wrap), limits, None, metrics))
    }
}

/// The API with the caller's layers and routes around it.
fn wrapped(api: Api, wrap: Option<Box<dyn FnOnce(Router) -> Router + Send>>) -> Router {
    let router = api.router();
    match wrap {
        Some(wrap) => wrap(router),
        None => router,
    }
}
