//! HTTP/1.1 as bytes. A request is sent exactly as it was written, which ordinary clients do not do. The
//! result is a complete answer, or the reason why there is none.

mod body;
mod client;
mod endpoint;
mod link;
mod response;
mod scheme;

use std::fmt;
use std::time::Duration;

pub use body::Body;
pub use client::{Client, Limits};
pub use endpoint::{Endpoint, EndpointError, TlsOptions};
pub use link::{Dial, Link};
pub use scheme::other_scheme;

/// An answer of the target.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The headers in the order they came.
    pub headers: Vec<(String, String)>,
    /// The body, chunks put together.
    pub body: Vec<u8>,
    /// Bytes after it that nothing asked for: the answer gave a wrong length.
    pub surplus: usize,
}

impl Response {
    /// The value of the first header of this name, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value.as_str())
    }
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Nobody listens there.
    Refused(String),
    /// The name, the address or TLS failed.
    Connect(String),
    /// The connection ended before the answer did.
    Closed(String),
    /// The answer was not complete in time.
    TimedOut(Duration),
    /// The body exceeded the limit, in bytes.
    TooLarge(usize),
    /// The answer is not HTTP/1.1.
    Garbage(String),
    /// The run was stopped.
    Stopped,
    /// The run ended before an answer came, for this reason.
    Over(String),
    /// The saved run does not have it.
    NotSaved(String),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trouble::Refused(what) => write!(f, "the connection was refused: {what}"),
            Trouble::Connect(what) => write!(f, "no connection: {what}"),
            Trouble::Closed(what) => {
                write!(f, "the connection ended before the answer did: {what}")
            }
            Trouble::TimedOut(limit) => {
                write!(f, "no complete answer within {} s", limit.as_secs_f64())
            }
            Trouble::TooLarge(limit) => write!(f, "the answer exceeds {limit} bytes"),
            Trouble::Garbage(what) => write!(f, "the answer is not HTTP/1.1: {what}"),
            Trouble::NotSaved(what) => write!(f, "not in the transcript: {what}"),
            Trouble::Stopped => f.write_str("the run was stopped"),
            Trouble::Over(reason) => f.write_str(reason),
        }
    }
}

/// What came back for a request.
pub type Answer = Result<Response, Trouble>;
