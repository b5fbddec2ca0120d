use core::fmt;
use std::error::Error as StdError;
use std::future::Future;

use bytes::Bytes;
use vcc_query::{Query, Resource, ResponseFormat};

/// A request: always a GET.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Request {
    /// The path below the root of a service: `/api/recordings/files.csv`.
    pub path: String,
    /// What stands behind `?`, percent-encoded; empty where there is no query.
    pub query: String,
}

impl Request {
    /// The request for a page.
    ///
    /// ```
    /// use vcc_client::Request;
    /// use vcc_query::{ResponseFormat, Query};
    ///
    /// let query = Query::parse("channel=#virtual_outbound#&n=51")?;
    /// let request = Request::new(&query, ResponseFormat::Csv);
    /// assert_eq!(request.path, "/api/recordings/files.csv");
    /// assert_eq!(request.query, "channel=%23virtual_outbound%23&n=51");
    /// # Ok::<(), vcc_query::QueryError>(())
    /// ```
    #[must_use]
    pub fn new(query: &Query, format: ResponseFormat) -> Self {
        let extension = match format {
            // The documented default (REQ-2).
            ResponseFormat::Xml => "",
            ResponseFormat::Csv => ResponseFormat::Csv.extension(),
        };
        let path = format!("{}{extension}", Resource::Files.path());
        Self { path, query: query.to_string() }
    }
}

impl fmt::Display for Request {
    /// Writes path and query, without host and without credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)?;
        if self.query.is_empty() { Ok(()) } else { write!(f, "?{}", self.query) }
    }
}

/// A response whose body has come whole, as far as the transport can tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers, names in any case.
    pub headers: Vec<(String, String)>,
    /// The body, without transfer and content codings.
    pub body: Bytes,
}

impl Answer {
    /// An answer. Its body is a `Vec<u8>`, a `String`, a text or bytes of the program, or `bytes::Bytes`.
    #[must_use]
    pub fn new(status: u16, body: impl Into<Bytes>) -> Self {
        Self { status, headers: Vec::new(), body: body.into() }
    }

    /// The same answer with one more header.
    #[must_use]
    pub fn with_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The first value of a header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value.as_str())
    }
}

/// How requests are sent. [`Http`](crate::Http) is one way; a test, a cache or another HTTP library is
/// another.
///
/// ```
/// use vcc_client::{Answer, Client, Request, Transport, TransportError};
/// use vcc_query::Query;
///
/// struct Canned(&'static str);
///
/// impl Transport for Canned {
///     async fn get(&self, _: &Request) -> Result<Answer, TransportError> {
///         Ok(Answer::new(200, self.0))
///     }
/// }
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let client = Client::over(Canned("<recordings><file><agentID>AT&T</agentID></file></recordings>"));
/// let page = client.page(&Query::default()).await?;
/// assert_eq!((page.recordings.len(), page.deviations.len()), (1, 1));
/// # Ok::<(), vcc_client::Error>(())
/// # }).unwrap();
/// ```
pub trait Transport: Send + Sync {
    /// Sends a request, with credentials, and takes the whole answer. It follows no redirection to
    /// another origin, and asks once: [`Client`](crate::Client) asks again.
    fn get(&self, request: &Request)
    -> impl Future<Output = Result<Answer, TransportError>> + Send;
}

/// Why there is no answer.
#[derive(Debug)]
pub struct TransportError {
    kind: TransportErrorKind,
    message: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// What kind of trouble a transport had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// No connection: refused, unreachable, unknown host.
    Connect,
    /// The connection broke before the answer was whole.
    Broken,
    /// An answer took too long.
    Timeout,
    /// The server's certificate is not trusted, or no version of TLS is spoken by both.
    Tls,
    /// What answers does not speak TLS.
    NoTls,
    /// A redirection that is not followed.
    Redirect,
    /// A body beyond the limit.
    TooLong,
    /// Anything else: asking again would not help.
    Other,
}

impl TransportError {
    /// An error of a kind, in words.
    pub fn new(kind: TransportErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), source: None }
    }

    /// The same error with its cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What kind of trouble it is.
    #[must_use]
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }

    /// Whether the same request may succeed at another time.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        use TransportErrorKind::{Broken, Connect, Timeout};
        matches!(self.kind, Connect | Broken | Timeout)
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for TransportError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
