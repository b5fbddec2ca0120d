//! What only HTTP/1.1 can carry.
//!
//! A client that has chosen HTTP/2 can write a target that HTTP/2 does not allow, such as the
//! documentation's own URL with its stray `"` (REQ-11): the stack resets the stream with
//! `PROTOCOL_ERROR`. [`Downgrade`] says `HTTP_1_1_REQUIRED` instead (RFC 9113, section 7), at which
//! `curl` asks again by HTTP/1.1, where [`RequestLines`](crate::request_line::RequestLines) reads it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A connection of HTTP/2 whose malformed streams are sent to HTTP/1.1.
pub(crate) struct Downgrade<Io> {
    io: Io,
    frames: Frames,
}

/// Where in the stream of frames the next byte stands.
#[derive(Clone, Copy, Default)]
struct Frames {
    /// The header of a frame, as far as it has come: three bytes of length, the type, and five more.
    header: [u8; 9],
    filled: usize,
    /// How much of the payload is still to come.
    left: usize,
}

const RST_STREAM: u8 = 3;
const PROTOCOL_ERROR: u8 = 0x1;
const HTTP_1_1_REQUIRED: u8 = 0xd;

impl Frames {
    /// Moves over some bytes, and tells where a stream is reset for a protocol error: the place of
    /// the last byte of the error code.
    fn pass(&mut self, bytes: &[u8], mut found: impl FnMut(usize)) {
        let mut at = 0;
        while at < bytes.len() {
            if self.left == 0 && self.filled < self.header.len() {
                self.header[self.filled] = bytes[at];
                self.filled += 1;
                at += 1;
                if self.filled == self.header.len() {
                    let [a, b, c, ..] = self.header;
                    self.left = usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c);
                }
            } else {
                let passed = self.left.min(bytes.len() - at);
                at += passed;
                self.left -= passed;
                if self.header[3] == RST_STREAM
                    && self.left == 0
                    && passed > 0
                    && bytes[at - 1] == PROTOCOL_ERROR
                {
                    found(at - 1);
                }
            }
            if self.left == 0 && self.filled == self.header.len() {
                self.filled = 0;
            }
        }
    }

    /// The bytes with the error codes changed; `None` if they may stay as they are.
    fn rewrite(mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        let mut rewritten = None;
        self.pass(bytes, |at| {
            rewritten.get_or_insert_with(|| bytes.to_vec())[at] = HTTP_1_1_REQUIRED;
        });
        rewritten
    }
}

impl<Io> Downgrade<Io> {
    pub(crate) fn new(io: Io) -> Self {
        Self { io, frames: Frames::default() }
    }
}

impl<Io: AsyncRead + Unpin> AsyncRead for Downgrade<Io> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(context, into)
    }
}

impl<Io: AsyncWrite + Unpin> AsyncWrite for Downgrade<Io> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let rewritten = this.frames.rewrite(bytes);
        let written =
            Pin::new(&mut this.io).poll_write(context, rewritten.as_deref().unwrap_or(bytes));
        if let Poll::Ready(Ok(written)) = written {
            this.frames.pass(&bytes[..written], |_| ());
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
        let length = u8::try_from(payload.len()).unwrap();
        [&[0, 0, length, kind, 0, 0, 0, 0, 1], payload].concat()
    }

    #[test]
    fn protocol_errors_of_streams_and_nothing_else() {
        let reset = |code| frame(RST_STREAM, &[0, 0, 0, code]);
        let around = [frame(4, &[]), frame(0, &[3; 40]), frame(7, &[0, 0, 0, 1, 0, 0, 0, 1])];
        for (before, after) in [
            (reset(PROTOCOL_ERROR), reset(HTTP_1_1_REQUIRED)),
            (reset(0), reset(0)),
            (reset(8), reset(8)),
            (frame(0, &[0, 0, 0, 1]), frame(0, &[0, 0, 0, 1])),
        ] {
            let around = around.concat();
            let before = [&around[..], &before, &around, &before].concat();
            let after = [&around[..], &after, &around, &after].concat();
            for piece in [1, 2, 7, 13, 1000] {
                let mut frames = Frames::default();
                let mut written = Vec::new();
                for bytes in before.chunks(piece) {
                    written.extend(frames.rewrite(bytes).unwrap_or_else(|| bytes.to_vec()));
                    frames.pass(bytes, |_| ());
                }
                assert_eq!(written, after, "in pieces of {piece}");
            }
        }
    }
}
