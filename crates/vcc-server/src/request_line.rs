//! Request lines as clients write them.
//!
//! An HTTP stack refuses some bytes in a target that clients send all the same: `curl` sends the
//! stray `"` of the documentation's own URL as it is (REQ-11). It also cuts a target at a raw `#`,
//! which would silently widen a query. [`RequestLines`] percent-encodes such bytes on their way in;
//! a query means the same before and after (REQ-5).

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A connection whose HTTP/1 request targets are percent-encoded where they need it.
pub(crate) struct RequestLines<Io> {
    io: Io,
    place: Place,
    /// What was rewritten and did not fit where it was asked for.
    pending: Vec<u8>,
}

/// Where in the stream of requests the next byte stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// In the method, of which so many bytes are `PRI`, the beginning of HTTP/2.
    Method { preface: u8 },
    /// In the target.
    Target,
    /// After it, up to the end of the line.
    Version,
    /// At the start of a header line, or in its name.
    Name { length: u8, hash: u64 },
    /// In the rest of a header line.
    Value,
    /// In something that is none of our business: HTTP/2, or a body and whatever follows it.
    Other,
}

const METHOD: Place = Place::Method { preface: 0 };
const NAME: Place = Place::Name { length: 0, hash: FNV };

/// A hash of short names, so that none has to be kept over two reads. Whoever finds another name
/// of the same hash has his own targets left as they are.
const FNV: u64 = 0xcbf2_9ce4_8422_2325;
const CONTENT_LENGTH: u64 = hash(b"content-length");
const TRANSFER_ENCODING: u64 = hash(b"transfer-encoding");

const fn step(hash: u64, byte: u8) -> u64 {
    (hash ^ byte.to_ascii_lowercase() as u64).wrapping_mul(0x0100_0000_01b3)
}

const fn hash(name: &[u8]) -> u64 {
    let (mut hash, mut index) = (FNV, 0);
    while index < name.len() {
        hash = step(hash, name[index]);
        index += 1;
    }
    hash
}

impl Place {
    /// Moves over a byte, and says whether it must be percent-encoded.
    fn pass(&mut self, byte: u8) -> bool {
        *self = match (*self, byte) {
            (Place::Other, _) => Place::Other,
            // Empty lines before a request are nothing (RFC 9112).
            (Place::Method { preface: 0 }, b'\r' | b'\n') => METHOD,
            (Place::Method { preface: 3 }, b' ') => Place::Other,
            (Place::Method { .. }, b' ') => Place::Target,
            (Place::Method { preface }, byte) => Place::Method {
                preface: if b"PRI".get(usize::from(preface)) == Some(&byte) {
                    preface + 1
                } else {
                    u8::MAX
                },
            },
            (Place::Target, b' ') => Place::Version,
            (Place::Target | Place::Version | Place::Value, b'\n') => NAME,
            (Place::Target, b'"' | b'#' | b'<' | b'>' | 0x80..) => return true,
            // An empty line ends the headers.
            (Place::Name { length: 0, .. }, b'\n') => METHOD,
            (Place::Name { length: 0, .. }, b'\r') => NAME,
            (Place::Name { .. }, b'\n') => NAME,
            (Place::Name { hash: CONTENT_LENGTH | TRANSFER_ENCODING, .. }, b':') => Place::Other,
            (Place::Name { .. }, b':') => Place::Value,
            (Place::Name { length, hash }, byte) => {
                Place::Name { length: length.saturating_add(1), hash: step(hash, byte) }
            }
            (place, _) => place,
        };
        false
    }

    /// The bytes rewritten; `None` if they may stay as they are.
    fn rewrite(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        let first = bytes.iter().position(|byte| self.pass(*byte))?;
        let mut rewritten = bytes[..first].to_vec();
        encode(&mut rewritten, bytes[first]);
        for byte in &bytes[first + 1..] {
            if self.pass(*byte) {
                encode(&mut rewritten, *byte);
            } else {
                rewritten.push(*byte);
            }
        }
        Some(rewritten)
    }
}

fn encode(into: &mut Vec<u8>, byte: u8) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    into.extend([b'%', DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
}

impl<Io> RequestLines<Io> {
    pub(crate) fn new(io: Io) -> Self {
        Self { io, place: METHOD, pending: Vec::new() }
    }

    fn take_pending(&mut self, into: &mut ReadBuf<'_>) {
        let fits = self.pending.len().min(into.remaining());
        into.put_slice(&self.pending[..fits]);
        self.pending.drain(..fits);
    }
}

impl<Io: AsyncRead + Unpin> AsyncRead for RequestLines<Io> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.pending.is_empty() {
            let before = into.filled().len();
            ready!(Pin::new(&mut this.io).poll_read(context, into))?;
            if this.place != Place::Other
                && let Some(rewritten) = this.place.rewrite(&into.filled()[before..])
            {
                into.set_filled(before);
                this.pending = rewritten;
            }
        }
        this.take_pending(into);
        Poll::Ready(Ok(()))
    }
}

impl<Io: AsyncWrite + Unpin> AsyncWrite for RequestLines<Io> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt as _;

    use super::*;

    async fn pass(input: &[u8], chunk: usize) -> Vec<u8> {
        let (mut client, server) = tokio::io::duplex(chunk);
        let mut lines = RequestLines::new(server);
        let input = input.to_vec();
        let writer = tokio::spawn(async move {
            tokio::io::AsyncWriteExt::write_all(&mut client, &input).await.unwrap();
        });
        let mut output = Vec::new();
        let mut small = [0; 7];
        loop {
            match lines.read(&mut small).await.unwrap() {
                0 => break,
                read => output.extend_from_slice(&small[..read]),
            }
        }
        writer.await.unwrap();
        output
    }

    #[tokio::test]
    async fn targets_are_encoded_and_nothing_else() {
        let headers = "Host: \"x\"#<>\u{e9}\r\nX: 1\r\n";
        for (written, read) in [
            ("GET /a?b=\"#<>\u{e9} HTTP/1.1\r\n", "GET /a?b=%22%23%3C%3E%C3%A9 HTTP/1.1\r\n"),
            ("GET /a?b={|}\\^`'%20 HTTP/1.1\r\n", "GET /a?b={|}\\^`'%20 HTTP/1.1\r\n"),
            ("\r\nGET /\" HTTP/1.1\n", "\r\nGET /%22 HTTP/1.1\n"),
            ("P /\"\r\n", "P /%22\r\n"),
        ] {
            // Twice, as on a connection that stays open.
            let written = format!("{written}{headers}\r\n").repeat(2);
            let read = format!("{read}{headers}\r\n").repeat(2);
            for chunk in [1, 2, 5, 4096] {
                let passed = pass(written.as_bytes(), chunk).await;
                assert_eq!(String::from_utf8(passed).unwrap(), read, "in pieces of {chunk}");
            }
        }
    }

    #[tokio::test]
    async fn http2_and_bodies_are_left_alone() {
        for other in [
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nGET /\" HTTP/1.1\r\n",
            "GET / HTTP/1.1\r\nContent-Length: 4\r\n\r\nA /\"GET /\" HTTP/1.1\r\n",
            "GET / HTTP/1.1\r\nTRANSFER-ENCODING: chunked\r\n\r\nGET /\" HTTP/1.1\r\n",
        ] {
            assert_eq!(pass(other.as_bytes(), 3).await, other.as_bytes());
        }
    }
}
