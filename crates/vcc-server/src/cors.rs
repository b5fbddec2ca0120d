//! Pages of other origins: a browser lets them read answers only if the server says so for their
//! origin (the Fetch standard, "CORS protocol").

use std::sync::Arc;

use axum::body::Body;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN,
    VARY,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode};

use crate::WebOrigin;

/// What a page may read beside the few headers that it may always read: the way to the next page, when to
/// ask again, and how a query was read.
const EXPOSED: HeaderValue = HeaderValue::from_static("Link, Retry-After, X-Vcc-Explain");

/// How long a browser may keep the answer to a preflight request, in seconds.
const KEPT: HeaderValue = HeaderValue::from_static("600");

/// The origins whose pages may ask.
#[derive(Clone, Debug)]
pub(crate) struct Cors {
    /// With the value of the header that lets each in.
    allowed: Arc<[HeaderValue]>,
}

impl Cors {
    /// `None` if no origin is named: then no answer mentions origins.
    pub(crate) fn new(origins: &[WebOrigin]) -> Option<Self> {
        // An origin is ASCII without control characters, so each is a value.
        let allowed = origins.iter().filter_map(|origin| origin.as_str().parse().ok());
        let allowed: Arc<[HeaderValue]> = allowed.collect();
        (!allowed.is_empty()).then_some(Self { allowed })
    }

    /// The answer to a preflight request of a named origin, which browsers send without credentials.
    /// `None` for any other request: it is answered as if no origin were named.
    pub(crate) fn preflight(&self, request: &Parts) -> Option<Response<Body>> {
        let headers = &request.headers;
        let is_preflight = request.method == Method::OPTIONS
            && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        if !is_preflight || self.origin(headers).is_none() {
            return None;
        }
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        let headers = response.headers_mut();
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, HEAD"));
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("Authorization"));
        headers.insert(ACCESS_CONTROL_MAX_AGE, KEPT);
        Some(response)
    }

    /// Says in an answer who may read it. Credentials of the browser's own are never allowed: a page
    /// sends those that its user gave to it.
    pub(crate) fn mark(&self, origin: Option<&HeaderValue>, answer: &mut HeaderMap) {
        // Also for other origins and for none: a cache must not give one the answer of another.
        answer.append(VARY, HeaderValue::from_static("Origin"));
        if let Some(origin) = origin {
            answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            answer.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        }
    }

    /// The origin that a request is from, if it is named.
    pub(crate) fn origin(&self, headers: &HeaderMap) -> Option<&HeaderValue> {
        let mut origins = headers.get_all(ORIGIN).iter();
        let origin = origins.next().filter(|_| origins.next().is_none())?;
        self.allowed.iter().find(|allowed| *allowed == origin)
    }
}
