//! Connections that are no sockets.

use std::fmt;
use std::io::{self, Read, Write};
use std::time::Duration;

/// The client's end of a connection that is no socket. Like one, it gives
/// [`WouldBlock`](io::ErrorKind::WouldBlock) or [`TimedOut`](io::ErrorKind::TimedOut) once it has waited for
/// too long, and 0 bytes at the end.
pub trait Link: Read + Write + Send + fmt::Debug {
    /// How long one read or one write may block from now on.
    fn set_timeout(&mut self, timeout: Duration);
}

/// A target that no socket leads to, such as one in this process.
pub trait Dial: Send + Sync {
    /// Opens a connection.
    ///
    /// # Errors
    ///
    /// There is none to be had.
    fn dial(&self) -> io::Result<Box<dyn Link>>;
}
