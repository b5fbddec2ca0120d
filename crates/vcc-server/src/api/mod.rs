mod builder;

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, State};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use vcc_format::WriteError;
use vcc_query::{Context, Parser, Query, Resource, ResponseFormat, Selection, ZoneData};
use vcc_store::{Rest, Store, StoreError, StoreErrorKind, Tenant, TenantId};
use vcc_types::{BadCredentials, Dialect, NoCredentials};

pub use self::builder::ApiBuilder;

use crate::audit::{self, Audit, Unwritten, Who};
use crate::auth::{self, Claim};
use crate::body::NoBody;
use crate::error_response::ErrorResponse;
use crate::gate::Gate;
use crate::metrics::GaugeGuard;
use crate::request_head::LONGEST_TARGET;
use crate::room::Caller;
use crate::sign_ins::SignIns;
use crate::unproven::{Backoff, Slot, Unproven};
use crate::{Clock, Limits, Metrics, body, pieces};

/// The API without a socket: what turns a request into a response.
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
/// // Who asks comes before what is asked: this is neither 404 nor 405.
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
    requests: Arc<AtomicU64>,
    sign_ins: SignIns,
    unproven: Arc<Unproven>,
}

/// The longest headers that are read, in bytes (REQ-13).
const LONGEST_HEADERS: usize = 32 * 1024;

/// What the log and the metrics show instead of a status if the client left: the number that other
/// servers use.
const CLIENT_LEFT: u16 = 499;

/// The header that says how a query was read.
const EXPLAIN: HeaderName = HeaderName::from_static("x-vcc-explain");

/// What a log line says about a request, as far as it is known. It never has a token or a value.
#[derive(Default)]
struct Trace {
    /// The address that the connection came from; behind a proxy, that of the proxy.
    peer: Option<IpAddr>,
    tenant: Option<String>,
    shape: Option<String>,
    records: usize,
    /// What the client is not told.
    failure: Option<ServerError>,
}

/// A request that gets a page.
struct PageRequest {
    tenant: String,
    /// The number of the token that opened it.
    token: i64,
    id: TenantId,
    format: ResponseFormat,
    query: Query,
    selection: Selection,
    context: Context,
}

/// What went wrong on the server's side.
enum ServerError {
    Store(StoreError),
    Write(WriteError),
    /// The audit log cannot be written; its own events say why.
    Audit,
}

impl Api {
    /// The API over a store, in the default dialect, by the system's clock and within the default
    /// limits.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self::builder(store).build()
    }

    /// The API over a store, with settings of your own.
    pub fn builder(store: Arc<dyn Store>) -> ApiBuilder {
        ApiBuilder::new(store)
    }

    /// What is counted.
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

    /// The API as a tower service. It answers every path and every method, and reads whole paths: in an
    /// application of yours it is a `fallback_service`, or, as `router().into_service()`, a
    /// `route_service`. `nest` would take the beginning of the path away.
    pub fn router(self) -> Router {
        if let Some(audit) = &self.audit {
            self.metrics.watch(audit.watch());
        }
        Router::new().fallback(handle).with_state(Arc::new(self))
    }

    async fn answer(
        &self,
        request: &Parts,
        trace: &mut Trace,
    ) -> Result<Response<Body>, ErrorResponse> {
        // REQ-13: over-long headers are refused before anything in them is looked at.
        let fields = request.headers.iter();
        if fields.map(|(name, value)| name.as_str().len() + value.len()).sum::<usize>()
            > LONGEST_HEADERS
        {
            return Err(ErrorResponse::headers_too_long());
        }
        // REQ-13: authentication comes before the path and the query.
        let (name, token) = match Claim::read(&request.headers) {
            Claim::Basic { tenant, token } => (tenant, token),
            unnamed => {
                // STATUS-1: what is beyond the limits is turned away at once.
                let _running = self.gate.enter().ok_or_else(ErrorResponse::busy)?;
                let is_none = matches!(unnamed, Claim::None);
                let broken = ErrorResponse::broken_authorization;
                return Err(if is_none { self.no_credentials() } else { broken() });
            }
        };
        // AUTH-6: only requests that prove their tenant, or did so recently, use up its share.
        let was_proven = self.unproven.was_proven(&name, &token);
        let (mut slot, mut admitted) = if was_proven {
            (None, Some(self.gate.admit(&name).ok_or_else(ErrorResponse::busy)?))
        } else {
            (Some(self.enter_unproven(request, trace.peer).await?), None)
        };
        let mut asked = None;
        let mut decide = |credentials| {
            let tenant = auth::tenant(credentials, token);
            let read = match tenant {
                Some(tenant) => {
                    self.unproven.proved(&name, &token);
                    trace.tenant = Some(tenant.0.name.clone());
                    if let Some(caller) = request.extensions.get::<Caller>() {
                        caller.proved();
                    }
                    if admitted.is_none() {
                        admitted = self.gate.admit(&name);
                    }
                    let room = admitted.as_ref().ok_or_else(ErrorResponse::busy);
                    room.and_then(|_| self.read(request, tenant, trace))
                }
                None => {
                    if was_proven {
                        self.unproven.failed(&name, &token);
                    }
                    Err(self.bad_credentials())
                }
            };
            drop(slot.take());
            let selection = read.as_ref().ok().map(|read| read.selection.clone());
            asked = Some(read);
            selection
        };
        let page = self.store.answer(&name, &token, &mut decide).await;
        let page = page.map_err(|error| trace.refuse(error))?;
        let PageRequest { tenant, token, id, format, query, selection, context } =
            asked.ok_or_else(ErrorResponse::internal)??;
        let page = page.ok_or_else(ErrorResponse::internal)?;
        let admitted = admitted.ok_or_else(ErrorResponse::internal)?;
        let records = page.records.len() + page.rest.as_ref().map_or(0, Rest::records);
        let more = page.more;
        let (store, share) = (&self.store, admitted.share());
        let source = body::Source { store, tenant: id, selection: &selection, share };
        let body = body::of(page, &source, format, &self.dialect, &request.headers);
        let (body, zipped) = body.map_err(|error| match error {
            // STATUS-1: there is room again once clients have read their answers.
            NoBody::Full => ErrorResponse::busy(),
            NoBody::Write(error) => {
                trace.failure = Some(ServerError::Write(error));
                ErrorResponse::internal()
            }
        })?;
        if let Some(audit) = &self.audit {
            let who = Who { tenant: &tenant, token, peer: trace.peer };
            let recorded = audit.record(context.now, who, &query, records).await;
            recorded.map_err(|Unwritten| {
                trace.failure = Some(ServerError::Audit);
                ErrorResponse::unaudited()
            })?;
        }
        trace.records = records;

        let mut response = Response::new(body);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, pieces::content_type(format));
        // Answers depend on who asks and on the day, and hold personal data.
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
        // Also without compression: another client would have got another body.
        headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        if zipped {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        if more {
            let next = selection.first.saturating_add(u64::from(selection.page_size));
            // PAGE-6: a next page exists.
            if let Some(link) = link(request.uri.path(), &query, &context, next) {
                headers.insert(header::LINK, link);
            }
        }
        if self.explain {
            headers.insert(EXPLAIN, explanation(&selection, self.zones.version()));
        }
        Ok(response)
    }

    /// Lets a request that has not proven its tenant wait for its turn, or turns it away.
    async fn enter_unproven(
        &self,
        request: &Parts,
        peer: Option<IpAddr>,
    ) -> Result<Slot<'_>, ErrorResponse> {
        let backoff = request.extensions.get::<Backoff>();
        if let Some(backoff) = backoff {
            backoff.wait().await;
        }
        if let Some(slot) = self.unproven.enter(peer) {
            return Ok(slot.turn().await);
        }
        if let Some(backoff) = backoff {
            backoff.begin();
        }
        Err(ErrorResponse::busy())
    }

    /// What a request asks for, of the tenant that it has proven to come from, by the token of this
    /// number.
    fn read(
        &self,
        request: &Parts,
        (tenant, token): (Tenant, i64),
        trace: &mut Trace,
    ) -> Result<PageRequest, ErrorResponse> {
        let target = &request.uri;
        if target.path().len() + target.query().map_or(0, str::len) > LONGEST_TARGET {
            return Err(ErrorResponse::target_too_long());
        }
        let resource = Resource::parse(target.path());
        let (_, format) = resource.map_err(|_| ErrorResponse::no_such_resource())?;
        // REQ-1: only GET and HEAD; HEAD is a GET without the body.
        if !matches!(request.method, Method::GET | Method::HEAD) {
            return Err(ErrorResponse::method());
        }
        let raw = target.query().unwrap_or_default();
        let parser = Parser::builder().dialect(self.dialect).zones(&*self.zones).build();
        let query = parser.parse(raw).map_err(|error| ErrorResponse::query(&error, raw))?;
        // DATE-8: the clock is read once a request.
        let now = self.clock.now();
        let context = Context { now, tenant_tz: tenant.zone, dialect: self.dialect };
        let selection =
            query.resolve(&context).map_err(|error| ErrorResponse::query(&error, raw))?;
        if tracing::enabled!(tracing::Level::INFO) {
            trace.shape = Some(audit::shape(&query));
        }
        Ok(PageRequest {
            tenant: tenant.name,
            token,
            id: tenant.id,
            format,
            query,
            selection,
            context,
        })
    }

    /// AUTH-2: a browser prompts at a 401 with a challenge.
    fn no_credentials(&self) -> ErrorResponse {
        match self.dialect.no_credentials {
            NoCredentials::Unauthorized => ErrorResponse::no_credentials(StatusCode::UNAUTHORIZED),
            NoCredentials::Forbidden => ErrorResponse::no_credentials(StatusCode::FORBIDDEN),
        }
    }

    /// AUTH-3: the same answer for a wrong token and for an unknown tenant.
    fn bad_credentials(&self) -> ErrorResponse {
        match self.dialect.bad_credentials {
            BadCredentials::Forbidden => ErrorResponse::bad_credentials(StatusCode::FORBIDDEN),
            BadCredentials::Unauthorized => {
                ErrorResponse::bad_credentials(StatusCode::UNAUTHORIZED)
            }
        }
    }
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api").field("clock", &self.clock).field("limits", &self.limits).finish()
    }
}

async fn handle(State(api): State<Arc<Api>>, request: Request<Body>) -> Response<Body> {
    let mut in_flight = InFlight::begin(&api);
    // The body of a request is not read; the connection drops it.
    let (request, _) = request.into_parts();
    let trace = &mut in_flight.trace;
    let peer = request.extensions.get::<ConnectInfo<SocketAddr>>();
    trace.peer = peer.map(|ConnectInfo(peer)| peer.ip().to_canonical());
    let answer = tokio::time::timeout(api.limits.deadline, api.answer(&request, trace)).await;
    let answer = answer.unwrap_or_else(|_| {
        let late = StoreError::new(StoreErrorKind::Deadline, "the request took too long");
        Err(trace.refuse(late))
    });
    let mut response = answer.unwrap_or_else(ErrorResponse::into_response);
    if !api.clock.is_system() {
        // The HTTP stack takes `Date` from the system's clock; here it is the caller's.
        let date = api.clock.now().format("%a, %d %b %Y %H:%M:%S GMT").to_string();
        if let Ok(date) = HeaderValue::from_str(&date) {
            response.headers_mut().insert(header::DATE, date);
        }
    }
    in_flight.end(response.status().as_u16());
    // Requests that are there already are answered before this answer is sent, so that whoever waits
    // for them is woken once for several. Where there are none, it costs a look at the sockets.
    tokio::task::yield_now().await;
    response
}

/// A request that is being answered. It is counted and logged once, also if its client leaves before
/// there is an answer.
struct InFlight<'a> {
    api: &'a Api,
    began: Instant,
    trace: Trace,
    ended: bool,
    _running: GaugeGuard<'a>,
}

impl<'a> InFlight<'a> {
    fn begin(api: &'a Api) -> Self {
        let (began, trace) = (Instant::now(), Trace::default());
        Self { api, began, trace, ended: false, _running: api.metrics.begin() }
    }

    fn end(&mut self, status: u16) {
        self.ended = true;
        let took = self.began.elapsed();
        self.api.metrics.answered(status, self.trace.records as u64, took);
        let request = self.api.requests.fetch_add(1, Ordering::Relaxed) + 1;
        self.trace.log(request, status, took);
        if matches!(status, 401 | 403) {
            self.api.sign_ins.refused(self.trace.peer);
        }
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        if !self.ended {
            self.trace.records = 0;
            self.end(CLIENT_LEFT);
        }
    }
}

impl Trace {
    /// STATUS-1: a store that cannot be reached, or does not let this server in, is 503: an operator can
    /// change that. A store that is broken is 500 without internals. The log has the reason.
    fn refuse(&mut self, error: StoreError) -> ErrorResponse {
        let refusal = match error.kind() {
            StoreErrorKind::Unavailable | StoreErrorKind::Deadline | StoreErrorKind::Refused => {
                ErrorResponse::busy()
            }
            _ => ErrorResponse::internal(),
        };
        self.failure = Some(ServerError::Store(error));
        refusal
    }

    /// Logs one event for each request, however it ended.
    fn log(&self, request: u64, status: u16, took: Duration) {
        macro_rules! log {
            ($level:ident, $($failure:tt)*) => {
                tracing::$level!(
                    request,
                    peer = self.peer.map(tracing::field::display),
                    tenant = self.tenant.as_deref(),
                    asked = self.shape.as_deref(),
                    status,
                    records = self.records,
                    micros = took.as_micros() as u64,
                    $($failure)*
                )
            };
        }
        match &self.failure {
            None => log!(info,),
            Some(ServerError::Store(error)) if status == 503 => log!(warn, %error),
            Some(ServerError::Store(error)) => log!(error, %error),
            Some(ServerError::Write(error)) => log!(error, %error),
            Some(ServerError::Audit) => log!(warn, error = "the audit log cannot be written"),
        }
    }
}

/// The reference to the page that begins at `next`, relative to the server (RFC 8288). It says what
/// constants mean now, so that all pages belong to one list. `None` if the dialect has no way to say
/// that, or if the link would be longer than a target may be.
fn link(path: &str, query: &Query, context: &Context, next: u64) -> Option<HeaderValue> {
    let query = query.pinned(context)?.with_n(next).to_string();
    if query.len() > Parser::MAX_LENGTH || path.len() + query.len() > LONGEST_TARGET {
        return None;
    }
    HeaderValue::from_str(&format!("<{path}?{query}>; rel=\"next\"")).ok()
}

/// How a selection was read, by which zone data (DATE-13), in one line that a header can carry.
fn explanation(selection: &Selection, zones: Option<&str>) -> HeaderValue {
    let zones = zones.unwrap_or("of unknown release");
    let text = format!("{}\nzone data {zones}", selection.explain());
    let lines: Vec<_> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let visible = |character: char| if (' '..='~').contains(&character) { character } else { '?' };
    let line: String = lines.join("; ").chars().map(visible).collect();
    HeaderValue::from_str(&line).unwrap_or(HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use vcc_query::Zone;

    use super::*;

    /// PAGE-6: what is written in three bytes for one may be too long to be asked for.
    #[test]
    fn a_link_can_be_followed() {
        let dialect = Dialect::default();
        let context = Context { now: DateTime::UNIX_EPOCH, tenant_tz: Zone::UTC, dialect };
        for (length, is_linked) in [(2_726, true), (2_727, false)] {
            let query = Query::parse(&format!("extVar1={}", "!".repeat(length))).unwrap();
            let link = link("/api/recordings/files", &query, &context, 51);
            assert_eq!(link.is_some(), is_linked, "{length}");
            if let Some(link) = link {
                let (_, query) = link.to_str().unwrap().split_once('?').unwrap();
                assert!(Query::parse(query.split_once('>').unwrap().0).is_ok());
            }
        }
    }
}
