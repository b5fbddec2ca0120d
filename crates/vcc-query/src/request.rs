use core::fmt;

use crate::{Parser, Query, QueryError, QueryErrorKind};

/// A request to the Recordings API: what a server reads from a path and a query. No I/O is done.
///
/// ```
/// use vcc_query::{ResponseFormat, Request};
///
/// let request = Request::parse("/api/recordings/files.csv", "n=101")?;
/// assert_eq!(request.format, ResponseFormat::Csv);
/// assert_eq!(request.query.n(), Some(101));
/// # Ok::<(), vcc_query::QueryError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Request {
    /// What is asked for.
    pub resource: Resource,
    /// What the response is written in.
    pub format: ResponseFormat,
    /// Which records.
    pub query: Query,
}

/// What can be asked for.
///
/// ```
/// use vcc_query::{QueryErrorKind, Request, Resource};
///
/// assert_eq!(Request::parse("/api/recordings/files", "")?.resource, Resource::Files);
/// assert_eq!(Resource::Files.path(), "/api/recordings/files");
/// // REQ-3: any other path is HTTP 404.
/// let error = Request::parse("/api/recordings/calls", "").unwrap_err();
/// assert_eq!(error.kind(), QueryErrorKind::Resource);
/// # Ok::<(), vcc_query::QueryError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Resource {
    /// `/api/recordings/files`: the list of recordings.
    Files,
}

/// What a response is written in (REQ-2).
///
/// ```
/// use vcc_query::{ResponseFormat, Request};
///
/// assert_eq!(Request::parse("/api/recordings/files", "")?.format, ResponseFormat::Xml);
/// assert_eq!(ResponseFormat::Csv.extension(), ".csv");
/// assert_eq!(ResponseFormat::default().to_string(), "XML");
/// # Ok::<(), vcc_query::QueryError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ResponseFormat {
    /// `.xml`, and the default.
    #[default]
    Xml,
    /// `.csv`.
    Csv,
}

impl ResponseFormat {
    /// What follows `files` in a path: `.xml` or `.csv`.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            ResponseFormat::Xml => ".xml",
            ResponseFormat::Csv => ".csv",
        }
    }
}

impl fmt::Display for ResponseFormat {
    /// Writes `XML` or `CSV`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            ResponseFormat::Xml => "XML",
            ResponseFormat::Csv => "CSV",
        })
    }
}

impl Resource {
    /// The path without an extension.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Resource::Files => "/api/recordings/files",
        }
    }

    /// Reads a path: `/api/recordings/files`, then `.xml`, `.csv` or nothing, then `/` or nothing.
    ///
    /// Percent-escapes stand for the characters that they encode (RFC 3986), except that `%2F` does not
    /// separate. Nothing else is normalised: not `//`, not another case, not `..`.
    ///
    /// ```
    /// use vcc_query::{ResponseFormat, Resource};
    ///
    /// let read = |path| Resource::parse(path).ok();
    /// assert_eq!(read("/api/recordings/files.csv/"), Some((Resource::Files, ResponseFormat::Csv)));
    /// assert_eq!(read("/%61pi/recordings/files%2Exml"), Some((Resource::Files, ResponseFormat::Xml)));
    /// assert_eq!(read("/api%2Frecordings/files"), None);
    /// ```
    ///
    /// # Errors
    ///
    /// Any other path: [`QueryErrorKind::Resource`], HTTP 404 (REQ-3). The span is one of the path.
    pub fn parse(path: &str) -> Result<(Resource, ResponseFormat), QueryError> {
        format(path).map(|format| (Resource::Files, format)).ok_or_else(|| {
            // REQ-3
            QueryError::new(
                QueryErrorKind::Resource,
                0..path.len(),
                "REQ-3",
                "the path /api/recordings/files, files.xml or files.csv",
                "another path",
            )
        })
    }
}

/// The format that a path to the list of recordings asks for (REQ-2).
fn format(path: &str) -> Option<ResponseFormat> {
    let mut segments = path.strip_prefix('/')?.split('/');
    for expected in ["api", "recordings"] {
        if !stands_for(segments.next()?, expected) {
            return None;
        }
    }
    let files = segments.next()?;
    let named = [
        ("files", ResponseFormat::Xml),
        ("files.xml", ResponseFormat::Xml),
        ("files.csv", ResponseFormat::Csv),
    ];
    let (_, format) = named.into_iter().find(|(name, _)| stands_for(files, name))?;
    // Also with a trailing slash.
    matches!((segments.next(), segments.next()), (None | Some(""), None)).then_some(format)
}

/// Whether a segment of a path is this text, once its percent-escapes are decoded.
fn stands_for(segment: &str, text: &str) -> bool {
    let mut bytes = segment.bytes();
    let mut decoded = core::iter::from_fn(|| match bytes.next()? {
        b'%' => {
            let mut digit = || char::from(bytes.next()?).to_digit(16);
            // A broken escape is no byte at all.
            Some(digit().zip(digit()).map(|(high, low)| high << 4 | low))
        }
        byte => Some(Some(u32::from(byte))),
    });
    text.bytes().all(|byte| decoded.next() == Some(Some(u32::from(byte))))
        && decoded.next().is_none()
}

impl Request {
    /// Reads a path and the raw query after the `?`, which is empty if there is no query.
    ///
    /// # Errors
    ///
    /// An unknown path, and whatever [`Query::parse`] refuses; [`QueryError::status`] tells the
    /// HTTP status.
    pub fn parse(
        path: &str,
        raw_query: &(impl AsRef<[u8]> + ?Sized),
    ) -> Result<Request, QueryError> {
        Parser::new().parse_request(path, raw_query)
    }
}

impl Parser<'_> {
    /// Reads a path and the raw query after the `?`, which is empty if there is no query.
    ///
    /// # Errors
    ///
    /// As [`Request::parse`].
    pub fn parse_request(
        &self,
        path: &str,
        raw_query: &(impl AsRef<[u8]> + ?Sized),
    ) -> Result<Request, QueryError> {
        let (resource, format) = Resource::parse(path)?;
        Ok(Request { resource, format, query: self.parse(raw_query)? })
    }
}

impl QueryError {
    /// The HTTP status of the error: 404 for an unknown resource, else 400 (STATUS-1).
    #[must_use]
    pub fn status(&self) -> u16 {
        match self.kind() {
            QueryErrorKind::Resource => 404,
            _ => 400,
        }
    }
}
