use core::fmt;

use crate::{Parser, Query, QueryError, QueryErrorKind};

/// A request to the Recordings API, without any I/O: what a server reads from a path and a query.
///
/// ```
/// use vcc_query::{Format, Request};
///
/// let request = Request::parse("/api/recordings/files.csv", "n=101")?;
/// assert_eq!(request.format, Format::Csv);
/// assert_eq!(request.query.n(), Some(101));
/// # Ok::<(), vcc_query::QueryError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Request {
    /// What is asked for.
    pub resource: Resource,
    /// What the response is written in.
    pub format: Format,
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
/// use vcc_query::{Format, Request};
///
/// assert_eq!(Request::parse("/api/recordings/files", "")?.format, Format::Xml);
/// assert_eq!(Format::Csv.extension(), ".csv");
/// assert_eq!(Format::default().to_string(), "XML");
/// # Ok::<(), vcc_query::QueryError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Format {
    /// `.xml`, and the default.
    #[default]
    Xml,
    /// `.csv`.
    Csv,
}

impl Format {
    /// What follows `files` in a path: `.xml` or `.csv`.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Format::Xml => ".xml",
            Format::Csv => ".csv",
        }
    }
}

impl fmt::Display for Format {
    /// Writes `XML` or `CSV`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Format::Xml => "XML",
            Format::Csv => "CSV",
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

    /// Reads a path, byte for byte: `/api/recordings/files`, then `.xml`, `.csv` or nothing, then
    /// `/` or nothing.
    ///
    /// # Errors
    ///
    /// Any other path: [`QueryErrorKind::Resource`], HTTP 404 (REQ-3). The span is one of the path.
    pub fn parse(path: &str) -> Result<(Resource, Format), QueryError> {
        // REQ-2
        let resource = Resource::Files;
        let extension =
            path.strip_prefix(resource.path()).map(|rest| rest.strip_suffix('/').unwrap_or(rest));
        match extension {
            Some("" | ".xml") => Ok((resource, Format::Xml)),
            Some(".csv") => Ok((resource, Format::Csv)),
            // REQ-3
            _ => Err(QueryError::new(
                QueryErrorKind::Resource,
                0..path.len(),
                "REQ-3",
                "the path /api/recordings/files, files.xml or files.csv",
                "another path",
            )),
        }
    }
}

impl Request {
    /// Reads a path and the raw query after the `?`, which is empty where there is none.
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
    /// Reads a path and the raw query after the `?`, which is empty where there is none.
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
    /// The HTTP status that says so: 404 for an unknown resource, else 400 (STATUS-1).
    #[must_use]
    pub fn status(&self) -> u16 {
        match self.kind() {
            QueryErrorKind::Resource => 404,
            _ => 400,
        }
    }
}
