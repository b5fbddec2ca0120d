//! A page for people, at `/`: it composes queries, draws what they mean, and shows what the API
//! answers. The page asks the API as any other client does.

mod explain;
mod files;

use std::sync::Arc;

use axum::body::Body;
use axum::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, Uri};
use serde_json::{Value, json};
use vcc_query::{Zone, ZoneData};
use vcc_types::Dialect;

use self::files::Files;
use crate::{Clock, WebOrigin};

/// What a query means: the only path of the explorer that computes anything.
const EXPLAIN: &str = "/explorer/explain";

/// Who is signed in, and in which zone. It needs the credentials of a tenant.
const TENANT: &str = "/explorer/tenant";

/// The API request that answers this. It reads no record in any dialect, and limits, audit log and log
/// treat it like any other request.
const PROOF: &str = "/api/recordings/files?start-date=0001-01-01T00:00:00Z&transactionID=none";

/// Only the page's own files: nothing inline or from elsewhere, no form that the browser sends, no frame
/// around it. It connects only to named origins.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
                      connect-src 'self'";

/// The headers of every answer of the explorer, beside its policy.
const HEADERS: [(HeaderName, &str); 4] = [
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// The page, its files, and its own paths beside the API.
#[derive(Clone, Debug)]
pub(crate) struct Explorer {
    files: Arc<Files>,
    policy: HeaderValue,
}

/// What the explorer reads queries with, as the API does.
pub(crate) struct Means<'a> {
    pub(crate) clock: &'a Clock,
    pub(crate) dialect: &'a Dialect,
    pub(crate) zones: &'a (dyn ZoneData + Send + Sync),
}

/// A sign-in that the API is about to answer.
#[derive(Clone, Debug)]
pub(crate) struct SignedIn {
    pub(crate) tenant: String,
    pub(crate) zone: Zone,
}

impl Explorer {
    /// The page, which may ask this server and those of `origins`.
    pub(crate) fn new(origins: &[WebOrigin]) -> Self {
        let named = origins.iter().flat_map(|origin| [" ", origin.as_str()]);
        let policy = std::iter::once(POLICY).chain(named).collect::<String>();
        // An origin is ASCII without control characters, so this is a value; else no other is named.
        let policy = policy.parse().unwrap_or(HeaderValue::from_static(POLICY));
        Self { files: Arc::new(Files::new(origins)), policy }
    }

    /// The answer to a request of one of the paths that need no credentials; `None` for any other path.
    pub(crate) fn answer(&self, request: &Parts, means: &Means<'_>) -> Option<Response<Body>> {
        let path = request.uri.path();
        let file = self.files.get(path);
        if file.is_none() && path != EXPLAIN {
            return None;
        }
        let mut response = match file {
            _ if !matches!(request.method, Method::GET | Method::HEAD) => method_not_allowed(),
            Some(file) => file.answer(&request.headers),
            None => json(&explain::answer(request.uri.query().unwrap_or_default(), means)),
        };
        self.protect(response.headers_mut());
        Some(response)
    }

    /// The API request that proves a tenant, if the path is that of a sign-in.
    pub(crate) fn proof(&self, request: &Parts) -> Option<Uri> {
        let is_asked = matches!(request.method, Method::GET | Method::HEAD);
        (is_asked && request.uri.path() == TENANT).then(|| Uri::from_static(PROOF))
    }

    /// The answer to a sign-in, from the API's answer.
    pub(crate) fn signed_in(
        &self,
        mut response: Response<Body>,
        means: &Means<'_>,
    ) -> Response<Body> {
        let Some(SignedIn { tenant, zone }) = response.extensions_mut().remove() else {
            return response;
        };
        let mut response = json(&json!({
            "tenant": tenant,
            "zone": zone.name(),
            "zoneData": means.zones.version(),
        }));
        self.protect(response.headers_mut());
        response
    }

    fn protect(&self, headers: &mut HeaderMap) {
        headers.insert(CONTENT_SECURITY_POLICY, self.policy.clone());
        for (name, value) in HEADERS {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
}

/// Whether a browser shows the answer as a page of its own (Fetch Metadata Request Headers).
pub(crate) fn is_navigation(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-mode").is_some_and(|mode| mode == "navigate")
}

fn method_not_allowed() -> Response<Body> {
    let mut response = Response::new(Body::from("This page is read with GET.\n"));
    *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    let headers = response.headers_mut();
    headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

fn json(value: &Value) -> Response<Body> {
    let mut response = Response::new(Body::from(value.to_string()));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    response
}

#[cfg(test)]
mod tests {
    use vcc_query::{Context, Query};

    use super::*;

    /// A sign-in reads no record, whatever the dialect.
    #[test]
    fn the_proof_is_a_query_that_reads_nothing() {
        let dialect = Dialect::default();
        let query = Query::parse(PROOF.split_once('?').unwrap().1).unwrap();
        let now = "2007-12-19T00:00:00Z".parse().unwrap();
        let selection = query.resolve(&Context { now, tenant_tz: Zone::UTC, dialect }).unwrap();
        let latest = selection.near.unwrap().until;
        assert!(latest < vcc_types::StartDate::RANGE.start, "{latest}");
    }
}
