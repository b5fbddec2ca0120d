use axum::body::Body;
use axum::http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderName, HeaderValue, Response, StatusCode};
use vcc_query::QueryError;

/// A response without recordings: a status, and a short text that says what would be accepted. It never
/// repeats credentials (STATUS-2).
#[derive(Debug)]
pub(crate) struct ErrorResponse {
    status: StatusCode,
    text: String,
    header: Option<(HeaderName, &'static str)>,
}

impl ErrorResponse {
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

    /// REQ-3: an unknown path.
    pub(crate) fn no_such_resource() -> Self {
        let text = "There is /api/recordings/files, also with .xml or .csv, and nothing else.";
        Self::new(StatusCode::NOT_FOUND, text)
    }

    /// REQ-1: a method that is not GET or HEAD.
    pub(crate) fn method() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "Queries are made with GET.")
            .with(ALLOW, "GET, HEAD")
    }

    /// REQ-13: a target that is too long.
    pub(crate) fn target_too_long() -> Self {
        Self::new(StatusCode::URI_TOO_LONG, "The URL is longer than 16384 bytes.")
    }

    /// RFC 9112: a request that names no host, or two.
    pub(crate) fn host() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "Host: expected the name of the server, once.")
    }

    /// REQ-13: headers that are too long.
    pub(crate) fn headers_too_long() -> Self {
        let text = "The headers are longer than 32768 bytes.";
        Self::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, text)
    }

    /// REQ-13: a head that is longer than the buffer for it.
    pub(crate) fn head_too_long(longest: usize) -> Self {
        let text = format!("The URL and the headers are longer than {longest} bytes together.");
        Self::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, text)
    }

    /// A query that cannot be read, with the place and what would be accepted. STATUS-2: only the value
    /// of the wrong variable is shown.
    pub(crate) fn query(error: &QueryError, raw: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error.render_redacted(raw).to_string())
    }

    /// REQ-13: too many headers.
    pub(crate) fn too_many_headers() -> Self {
        let text = "There are more than 100 headers.";
        Self::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, text)
    }

    /// RFC 9112, 3: a line that is not `METHOD TARGET VERSION`.
    pub(crate) fn request_line() -> Self {
        let text = "The request line: expected such as GET /api/recordings/files?n=1 HTTP/1.1, \
                    with one space before and one after the URL.";
        Self::new(StatusCode::BAD_REQUEST, text)
    }

    /// Another version of HTTP.
    pub(crate) fn version() -> Self {
        let text = "The version of HTTP: expected HTTP/1.1, or HTTP/1.0.";
        Self::new(StatusCode::BAD_REQUEST, text)
    }

    /// REQ-8: a space or a control character in a target as it is sent.
    pub(crate) fn raw_byte(byte: u8) -> Self {
        let name = match byte {
            b' ' => "a space".to_owned(),
            byte => format!("the control character U+{byte:04X}"),
        };
        let text = format!("The URL holds {name}: write %{byte:02X}.");
        Self::new(StatusCode::BAD_REQUEST, text)
    }

    /// A target that is neither a path nor an absolute URL.
    pub(crate) fn target() -> Self {
        let text = "The URL: expected a path such as /api/recordings/files.";
        Self::new(StatusCode::BAD_REQUEST, text)
    }

    /// RFC 9112, 5: a header that cannot be read.
    pub(crate) fn header_line() -> Self {
        let text = "A header cannot be read: expected NAME: VALUE on one line, with no space before \
                    the colon and no control character.";
        Self::new(StatusCode::BAD_REQUEST, text)
    }

    /// RFC 9112, 6.2: a malformed length, or two lengths.
    pub(crate) fn content_length() -> Self {
        let text = "Content-Length: expected one number of bytes, such as 0.";
        Self::new(StatusCode::BAD_REQUEST, text)
    }

    /// RFC 9112, 6.1: a transfer coding that is not `chunked`.
    pub(crate) fn transfer_encoding() -> Self {
        let text = "Transfer-Encoding: expected chunked, once, and HTTP/1.1. Queries need no body.";
        Self::new(StatusCode::BAD_REQUEST, text)
    }

    /// A client that left before its request was complete.
    pub(crate) fn unfinished() -> Self {
        let text = "The request ends before its headers do: expected an empty line after them.";
        Self::new(StatusCode::BAD_REQUEST, text)
    }

    /// The status and the text, for the log.
    pub(crate) fn said(&self) -> (u16, &str) {
        (self.status.as_u16(), &self.text)
    }

    /// STATUS-1: the same request may succeed later.
    pub(crate) fn busy() -> Self {
        let text = "The server is overloaded. Try again in a moment.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, text).with(RETRY_AFTER, "1")
    }

    /// STATUS-1: like [`busy`](Self::busy), while the line of the audit log that must precede the answer
    /// cannot be written.
    pub(crate) fn unaudited() -> Self {
        let text = "The server cannot keep its audit log now. Try again in a moment.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, text).with(RETRY_AFTER, "1")
    }

    /// STATUS-1: a defect of the server, without internals.
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
