//! Connections without a socket.

use std::fmt;
use std::io::{self, Read, Write};
use std::time::Duration;

/// The client's end of a connection without a socket. Like a socket, it returns
/// [`WouldBlock`](io::ErrorKind::WouldBlock) or [`TimedOut`](io::ErrorKind::TimedOut) once it has
/// waited too long, and 0 bytes at the end.
pub trait Link: Read + Write + Send + fmt::Debug {
    /// How long one read or one write may block from now on.
    fn set_timeout(&mut self, timeout: Duration);
}

/// A target without a socket, such as one in this process.
pub trait Dial: Send + Sync {
    /// Opens a connection.
    ///
    /// # Errors
    ///
    /// No connection can be made.
    fn dial(&self) -> io::Result<Box<dyn Link>>;
}
