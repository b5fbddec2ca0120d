mod answer;
mod builder;
mod explanation;
mod in_flight;
mod next_page;
mod read;
mod trace;

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderValue, Request, Response, header};
use vcc_query::ZoneData;
use vcc_store::{Store, StoreError, StoreErrorKind};
use vcc_types::Dialect;

pub use self::builder::ApiBuilder;

use self::in_flight::InFlight;
use crate::audit::Audit;
use crate::cors::Cors;
use crate::error_response::ErrorResponse;
use crate::explorer::{Explorer, Means};
use crate::gate::Gate;
use crate::sign_ins::SignIns;
use crate::unproven::Unproven;
use crate::{Clock, Limits, Metrics};

/// The API without a socket: it turns a request into a response.
///
/// [`router`](Api::router) gives a tower service, to be served by [`Server`](crate::Server), by a
/// server of your own, or called in a test. The log and the [`Audit`] name the peer of a request that
/// has a [`ConnectInfo`] of its [`SocketAddr`], as `Server` gives it. A server of your own has to
/// percent-encode a raw `#` in a target before its HTTP stack cuts the target there (REQ-14);
/// `Server` does.
///
/// ```
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use axum::http::Request;
/// use std::sync::Arc;
/// use tower::ServiceExt as _;
/// use vcc_server::Api;
/// use vcc_store::Sqlite;
/// # use axum::body::Body;
///
/// let router = Api::new(Arc::new(Sqlite::in_memory()?)).router();
/// // Credentials are checked first: this is neither 404 nor 405.
/// let request = Request::post("/nowhere").body(Body::empty())?;
/// let response = router.oneshot(request).await?;
/// assert_eq!(response.status(), 401);
/// let challenge = "Basic realm=\"recordings\", charset=\"UTF-8\"";
/// assert_eq!(response.headers()["www-authenticate"], challenge);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct Api {
    store: Arc<dyn Store>,
    clock: Clock,
    dialect: Dialect,
    zones: Arc<dyn ZoneData + Send + Sync>,
    limits: Limits,
    gate: Gate,
    metrics: Arc<Metrics>,
    audit: Option<Audit>,
    explain: bool,
    explorer: Option<Explorer>,
    cors: Option<Cors>,
    requests: Arc<AtomicU64>,
    sign_ins: SignIns,
    unproven: Arc<Unproven>,
}

impl Api {
    /// The API over a store, with the default dialect, the system's clock and the default limits.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self::builder(store).build()
    }

    /// The API over a store, with settings of your own.
    pub fn builder(store: Arc<dyn Store>) -> ApiBuilder {
        ApiBuilder::new(store)
    }

    /// The metrics of this API.
    #[must_use]
    pub fn metrics(&self) -> Arc<Metrics> {
        self.metrics.clone()
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(crate) fn zones(&self) -> &Arc<dyn ZoneData + Send + Sync> {
        &self.zones
    }

    pub(crate) fn audit(&self) -> Option<&Audit> {
        self.audit.as_ref()
    }

    pub(crate) fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// The API as a tower service. It answers every path and every method, and reads whole paths. In
    /// your own application, mount it as a `fallback_service`, or as a `route_service` by
    /// `router().into_service()`. `nest` would cut off the beginning of the path.
    pub fn router(self) -> Router {
        if let Some(audit) = &self.audit {
            self.metrics.watch(audit.watch());
        }
        Router::new().fallback(handle).with_state(Arc::new(self))
    }

    /// What the explorer reads queries with.
    fn means(&self) -> Means<'_> {
        Means { clock: &self.clock, dialect: &self.dialect, zones: &*self.zones }
    }
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api").field("clock", &self.clock).field("limits", &self.limits).finish()
    }
}

async fn handle(State(api): State<Arc<Api>>, request: Request<Body>) -> Response<Body> {
    let mut in_flight = InFlight::begin(&api.metrics, &api.requests, &api.sign_ins);
    // The body of a request is not read; the connection drops it.
    let (mut request, _) = request.into_parts();
    let trace = &mut in_flight.trace;
    let peer = request.extensions.get::<ConnectInfo<SocketAddr>>();
    trace.peer = peer.map(|ConnectInfo(peer)| peer.ip().to_canonical());
    let proof = api.explorer.as_ref().and_then(|explorer| explorer.proof(&request));
    let is_proof = proof.is_some();
    request.uri = proof.unwrap_or(request.uri);
    let answer = tokio::time::timeout(api.limits.deadline, api.answer(&request, trace)).await;
    let answer = answer.unwrap_or_else(|_| {
        let late = StoreError::new(StoreErrorKind::Deadline, "the request took too long");
        Err(trace.refuse(late))
    });
    let mut response = answer.unwrap_or_else(ErrorResponse::into_response);
    if is_proof && let Some(explorer) = &api.explorer {
        response = explorer.signed_in(response, &api.means());
    }
    if let Some(cors) = &api.cors {
        cors.mark(cors.origin(&request.headers), response.headers_mut());
    }
    if !api.clock.is_system() {
        // The HTTP stack takes `Date` from the system's clock; here it is the caller's.
        let date = api.clock.now().format("%a, %d %b %Y %H:%M:%S GMT").to_string();
        if let Ok(date) = HeaderValue::from_str(&date) {
            response.headers_mut().insert(header::DATE, date);
        }
    }
    in_flight.end(response.status().as_u16());
    // Requests that have come already are answered before this answer is sent, so a client that waits for
    // several answers is woken once. If there are none, this costs one look at the sockets.
    tokio::task::yield_now().await;
    response
}
