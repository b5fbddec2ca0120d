use core::fmt;
use std::error::Error as StdError;
use std::time::Duration;

use crate::{Request, TransportErrorKind, WalkError};

/// Why a client has no page, or no whole list. It never shows a token.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    message: String,
    request: Option<Request>,
    attempts: u32,
    took: Duration,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// What kind of error it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The client was built with something that cannot be: a URL, a certificate, plain HTTP unasked.
    Settings,
    /// There was no answer.
    Transport(TransportErrorKind),
    /// 401 or 403: the tenant or its token is not accepted.
    Credentials,
    /// 400: the server does not take the query.
    Query,
    /// 404: there is no such resource.
    NotFound,
    /// 503 or 429, for longer than was waited.
    Busy,
    /// 500, twice.
    Internal,
    /// Any other status.
    Status(u16),
    /// A body that is no list of recordings, or a cut one.
    Body,
    /// The server gives the same page whatever `n` says, so that the rest of its list cannot be had.
    PageIgnored,
    /// The walk was longer than the caller's limit.
    TooManyPages,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            request: None,
            attempts: 0,
            took: Duration::ZERO,
            source: None,
        }))
    }

    #[cfg(feature = "http")]
    pub(crate) fn settings(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Settings, message)
    }

    pub(crate) fn walk(error: &WalkError, request: Request) -> Self {
        let kind = match error {
            WalkError::PageIgnored { .. } => ErrorKind::PageIgnored,
            WalkError::TooManyPages { .. } => ErrorKind::TooManyPages,
        };
        let mut made = Self::new(kind, error.to_string());
        made.0.request = Some(request);
        made
    }

    pub(crate) fn with_source(
        mut self,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        self.0.source = Some(source.into());
        self
    }

    pub(crate) fn after(mut self, request: &Request, attempts: u32, took: Duration) -> Self {
        self.0.request = Some(request.clone());
        self.0.attempts = attempts;
        self.0.took = took;
        self
    }

    /// What kind of error it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What was asked, if anything was.
    #[must_use]
    pub fn request(&self) -> Option<&Request> {
        self.0.request.as_ref()
    }

    /// How often was asked.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// How long that took, waits included.
    #[must_use]
    pub fn took(&self) -> Duration {
        self.0.took
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        if self.0.attempts > 1 {
            let seconds = self.0.took.as_secs_f64();
            write!(f, "; asked {} times in {seconds:.1} s", self.0.attempts)?;
        }
        if let Some(request) = &self.0.request {
            write!(f, "; asked for {request}")?;
        }
        Ok(())
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}
