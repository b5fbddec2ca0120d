use std::fmt;
use std::sync::Arc;

use vcc_query::{BuiltIn, ZoneData};
use vcc_store::Store;
use vcc_types::Dialect;

use crate::cors::Cors;
use crate::explorer::Explorer;
use crate::gate::Gate;
use crate::sign_ins::SignIns;
use crate::unproven::Unproven;
use crate::{Api, Audit, Clock, Limits, Metrics, WebOrigin};

/// Settings of an [`Api`].
///
/// ```
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use axum::http::Request;
/// use tower::ServiceExt as _;
/// use vcc_server::{Api, Limits};
/// # use axum::body::Body;
/// # let store = std::sync::Arc::new(vcc_store::Sqlite::in_memory()?);
///
/// let mut limits = Limits::default();
/// limits.requests_per_tenant = 8;
/// let dialect = "no_credentials = 403".parse()?;
/// let router = Api::builder(store).limits(limits).dialect(dialect).build().router();
/// let response = router.oneshot(Request::new(Body::empty())).await?;
/// assert_eq!(response.status(), 403);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[must_use]
pub struct ApiBuilder {
    store: Arc<dyn Store>,
    clock: Clock,
    dialect: Dialect,
    zones: Arc<dyn ZoneData + Send + Sync>,
    limits: Limits,
    metrics: Arc<Metrics>,
    audit: Option<Audit>,
    explain: bool,
    explorer: bool,
    explorer_origins: Vec<WebOrigin>,
    allowed_origins: Vec<WebOrigin>,
}

impl ApiBuilder {
    pub(super) fn new(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            clock: Clock::system(),
            dialect: Dialect::default(),
            zones: Arc::new(BuiltIn),
            limits: Limits::default(),
            metrics: Arc::default(),
            audit: None,
            explain: false,
            explorer: false,
            explorer_origins: Vec::new(),
            allowed_origins: Vec::new(),
        }
    }

    /// The clock that `today` is read from, once a request (DATE-8).
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// How the points that the documentation leaves open are read.
    pub fn dialect(mut self, dialect: Dialect) -> Self {
        self.dialect = dialect;
        self
    }

    /// The zone data that `tz` is looked up in, instead of the built-in one (DATE-13), such as what
    /// [`ZoneSource::read`](crate::ZoneSource::read) gives. The store reads the zones of tenants: it
    /// should be given the same.
    pub fn zones(mut self, zones: Arc<dyn ZoneData + Send + Sync>) -> Self {
        self.zones = zones;
        self
    }

    /// How much is done at once, and for how long.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Keeps a log of who asked what. [`AuditFailure`](crate::AuditFailure) says what happens to answers
    /// while it cannot be written. Keep a clone to watch the log or to reopen its file.
    pub fn audit(mut self, audit: Audit) -> Self {
        self.audit = Some(audit);
        self
    }

    /// Counts in these metrics, which the program may share with its log.
    pub fn metrics(mut self, metrics: Arc<Metrics>) -> Self {
        self.metrics = metrics;
        self
    }

    /// Says in the header `X-Vcc-Explain` of each answer how its query was read.
    pub fn explain(mut self, explain: bool) -> Self {
        self.explain = explain;
        self
    }

    /// Serves a page for people at `/`, where they compose queries and look at answers. The page, its
    /// files below `/explorer/`, and `/openapi.yaml` need no credentials. Everything else is answered as
    /// without it, except that wrong credentials from a browser that opens an address
    /// (`Sec-Fetch-Mode: navigate`) get 401 with a challenge in every dialect, so that the browser asks
    /// for them again (AUTH-3).
    ///
    /// ```
    /// # tokio::runtime::Runtime::new().unwrap().block_on(async {
    /// use axum::http::Request;
    /// use tower::ServiceExt as _;
    /// use vcc_server::Api;
    /// # use axum::body::Body;
    /// # let store = std::sync::Arc::new(vcc_store::Sqlite::in_memory()?);
    ///
    /// let router = Api::builder(store).explorer(true).build().router();
    /// let response = router.oneshot(Request::get("/?d=today").body(Body::empty())?).await?;
    /// assert_eq!(response.status(), 200);
    /// assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub fn explorer(mut self, explorer: bool) -> Self {
        self.explorer = explorer;
        self
    }

    /// Other servers that the page of [`explorer`](Self::explorer) may ask, beside this one: its policy
    /// lets it connect to them, and its form offers them. A server is asked only by those who choose it,
    /// and answers only if it allows the origin of this page, as
    /// [`allow_origins`](Self::allow_origins) does. Of an origin that is not
    /// [for policies](WebOrigin::is_for_policies), browsers ignore the name. This replaces those named
    /// before.
    pub fn explorer_origins(mut self, origins: impl IntoIterator<Item = WebOrigin>) -> Self {
        self.explorer_origins = origins.into_iter().collect();
        self
    }

    /// The origins whose pages may ask this API in a browser: its answers to them carry
    /// `Access-Control-Allow-Origin`, and so does the answer to a preflight request (`OPTIONS` with
    /// `Origin` and `Access-Control-Request-Method`), which needs no credentials. Requests of other
    /// origins, and of programs, which have none, are answered as without it. Who may ask what is
    /// decided by credentials as ever. This replaces those named before.
    ///
    /// ```
    /// # tokio::runtime::Runtime::new().unwrap().block_on(async {
    /// use axum::http::Request;
    /// use tower::ServiceExt as _;
    /// use vcc_server::Api;
    /// # use axum::body::Body;
    /// # let store = std::sync::Arc::new(vcc_store::Sqlite::in_memory()?);
    ///
    /// let origin = "https://explorer.example.com";
    /// let router = Api::builder(store).allow_origins([origin.parse()?]).build().router();
    /// let request = Request::get("/api/recordings/files").header("origin", origin);
    /// let response = router.oneshot(request.body(Body::empty())?).await?;
    /// assert_eq!(response.status(), 401);
    /// assert_eq!(response.headers()["access-control-allow-origin"], origin);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub fn allow_origins(mut self, origins: impl IntoIterator<Item = WebOrigin>) -> Self {
        self.allowed_origins = origins.into_iter().collect();
        self
    }

    /// The API.
    #[must_use]
    pub fn build(self) -> Api {
        let Self {
            store,
            clock,
            dialect,
            zones,
            limits,
            metrics,
            audit,
            explain,
            explorer,
            explorer_origins,
            allowed_origins,
        } = self;
        Api {
            gate: Gate::new(&limits, metrics.pending()),
            unproven: Arc::new(Unproven::new(&limits, store.readers())),
            store,
            clock,
            dialect,
            zones,
            limits,
            metrics,
            audit,
            explain,
            explorer: explorer.then(|| Explorer::new(&explorer_origins)),
            cors: Cors::new(&allowed_origins),
            requests: Arc::default(),
            sign_ins: SignIns::default(),
        }
    }
}

impl fmt::Debug for ApiBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { clock, dialect, limits, explain, explorer, .. } = self;
        f.debug_struct("ApiBuilder")
            .field("clock", clock)
            .field("dialect", dialect)
            .field("zones", &self.zones.version())
            .field("limits", limits)
            .field("explain", explain)
            .field("explorer", explorer)
            .field("explorer_origins", &self.explorer_origins)
            .field("allowed_origins", &self.allowed_origins)
            .finish_non_exhaustive()
    }
}
