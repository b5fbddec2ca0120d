use axum::body::Body;
use axum::http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderName, HeaderValue, Response, StatusCode};
use vcc_query::QueryError;

/// A response that gives no recordings: a status, and a short text that says what would be
/// accepted and never repeats credentials (STATUS-2).
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    text: String,
    header: Option<(HeaderName, &'static str)>,
}

impl Refusal {
    fn new(status: StatusCode, text: impl Into<String>) -> Self {
        Self { status, text: text.into(), header: None }
    }

    fn with(mut self, name: HeaderName, value: &'static str) -> Self {
        self.header = Some((name, value));
        self
    }

    /// AUTH-2: no credentials, by the dialect with a challenge or forbidden.
    pub(crate) fn no_credentials(status: StatusCode) -> Self {
        Self::new(status, "Send your tenant name as the user name and a token as the password.")
            .challenge()
    }

    /// AUTH-3: a wrong token or an unknown tenant; nothing here says which.
    pub(crate) fn bad_credentials(status: StatusCode) -> Self {
        Self::new(status, "The tenant name or the token is wrong.").challenge()
    }

    /// AUTH-3: Basic credentials that cannot be read.
    pub(crate) fn broken_authorization() -> Self {
        let text = "Authorization: expected Basic and the base64 form of TENANT:TOKEN, once.";
        Self::new(StatusCode::BAD_REQUEST, text)
    }

    /// REQ-3: another path than that of the resource.
    pub(crate) fn no_such_resource() -> Self {
        let text = "There is /api/recordings/files, also with .xml or .csv, and nothing else.";
        Self::new(StatusCode::NOT_FOUND, text)
    }

    /// REQ-1: another method than GET or HEAD.
    pub(crate) fn method() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "Queries are made with GET.")
            .with(ALLOW, "GET, HEAD")
    }

    /// REQ-13: a target that nobody reads to its end.
    pub(crate) fn target_too_long() -> Self {
        Self::new(StatusCode::URI_TOO_LONG, "The URL is longer than 16384 bytes.")
    }

    /// RFC 9112: a request that names no host, or two.
    pub(crate) fn host() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "Host: expected the name of the server, once.")
    }

    /// REQ-13: headers that nobody reads to their end.
    pub(crate) fn headers_too_long() -> Self {
        let text = "The headers are longer than 32768 bytes.";
        Self::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, text)
    }

    /// A query that says nothing, with the place and what would be accepted.
    pub(crate) fn query(error: &QueryError, raw: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error.render(raw).to_string())
    }

    /// STATUS-1: the same request may succeed later.
    pub(crate) fn busy() -> Self {
        let text = "The server is overloaded. Try again in a moment.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, text).with(RETRY_AFTER, "1")
    }

    /// STATUS-1: a defect, without internals.
    pub(crate) fn internal() -> Self {
        let text = "The server met a condition that it did not expect.";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, text)
    }

    /// A 401 names the scheme.
    fn challenge(self) -> Self {
        match self.status {
            StatusCode::UNAUTHORIZED => {
                self.with(WWW_AUTHENTICATE, "Basic realm=\"recordings\", charset=\"UTF-8\"")
            }
            _ => self,
        }
    }

    pub(crate) fn into_response(self) -> Response<Body> {
        let mut text = self.text;
        if !text.ends_with('\n') {
            text.push('\n');
        }
        let mut response = Response::new(Body::from(text));
        *response.status_mut() = self.status;
        let plain = HeaderValue::from_static("text/plain; charset=utf-8");
        response.headers_mut().insert(CONTENT_TYPE, plain);
        if let Some((name, value)) = self.header {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        response
    }
}
