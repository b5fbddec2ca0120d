//! The requests of a connection, one after the other, as the HTTP stack is given them.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::refusal::Refusal;
use crate::request_head::{Begun, Head};
use crate::stall::Cut;

/// A connection of which the HTTP stack gets one whole head at a time, with its target encoded, and
/// never the beginning of another after a request that may have a body: where that ends is for the
/// stack alone to say, and nobody asks it.
pub(crate) struct Requests<Io> {
    io: Io,
    state: State,
    /// What has come of the next head, and perhaps more.
    came: Vec<u8>,
    begun: Begun,
    /// What the stack is given next.
    next: Vec<u8>,
    verdicts: Verdicts,
    cut: Cut,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// A request begins here, or has begun.
    Head,
    /// A body, and what follows it: left as it is, and never read as a request.
    Body,
    /// Nothing that comes is read.
    Over,
}

/// What becomes of a request that the stack was given.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// It is answered.
    Serve,
    /// It is answered, and the connection ends.
    ServeLast,
    /// It stands for one that the stack never sees, and the connection ends.
    Refuse(Refusal),
}

/// A verdict for each head that the stack was given, in their order.
#[derive(Clone, Default)]
pub(crate) struct Verdicts(Arc<Mutex<VecDeque<Verdict>>>);

impl Verdicts {
    /// That of the next request. `None` for one that the stack was not given as such.
    pub(crate) fn next(&self) -> Option<Verdict> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    fn push(&self, verdict: Verdict) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push_back(verdict);
    }
}

impl<Io> Requests<Io> {
    /// `cut` is set once the rest of what comes is not read.
    pub(crate) fn new(io: Io, verdicts: Verdicts, cut: Cut) -> Self {
        let (state, begun) = (State::Head, Begun::default());
        Self { io, state, came: Vec::new(), begun, next: Vec::new(), verdicts, cut }
    }

    /// Makes the next head ready, if it has come, or what is given in its place.
    fn advance(&mut self) {
        match self.begun.read(&self.came) {
            Ok(None) => {}
            Ok(Some(Head { length, bytes, has_body })) => {
                self.next = bytes;
                self.came.drain(..length);
                self.begun = Begun::default();
                self.verdicts.push(if has_body { Verdict::ServeLast } else { Verdict::Serve });
                if has_body {
                    self.end(State::Body);
                }
            }
            Err(refusal) => self.refuse(refusal),
        }
    }

    /// Gives the stack a request that it can read, so that the refusal is sent after the answers that
    /// come before it.
    fn refuse(&mut self, refusal: Refusal) {
        let is_head = self.came.trim_ascii_start().starts_with(b"HEAD ");
        let method = if is_head { "HEAD" } else { "GET" };
        self.next = format!("{method} / HTTP/1.1\r\nHost: x\r\n\r\n").into_bytes();
        self.came = Vec::new();
        self.end(State::Over);
        self.verdicts.push(Verdict::Refuse(refusal));
    }

    /// No request is read from here on.
    fn end(&mut self, state: State) {
        self.state = state;
        self.cut.set();
    }

    fn take_next(&mut self, into: &mut ReadBuf<'_>) {
        let fits = self.next.len().min(into.remaining());
        into.put_slice(&self.next[..fits]);
        if fits == self.next.len() {
            self.next = Vec::new();
        } else {
            self.next.drain(..fits);
        }
    }
}

impl<Io: AsyncRead + Unpin> AsyncRead for Requests<Io> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if into.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        loop {
            if this.next.is_empty() && this.state == State::Head && !this.came.is_empty() {
                this.advance();
            }
            if this.next.is_empty() && this.state == State::Body {
                this.next = std::mem::take(&mut this.came);
            }
            if !this.next.is_empty() {
                this.take_next(into);
                return Poll::Ready(Ok(()));
            }
            match this.state {
                State::Over => return Poll::Ready(Ok(())),
                State::Body => return Pin::new(&mut this.io).poll_read(context, into),
                State::Head => {}
            }
            let before = into.filled().len();
            ready!(Pin::new(&mut this.io).poll_read(context, into))?;
            let came = &into.filled()[before..];
            this.came.extend_from_slice(came);
            match came {
                [] if this.begun.is_any(&this.came) => this.refuse(Refusal::unfinished()),
                [] => return Poll::Ready(Ok(())),
                _ => into.set_filled(before),
            }
        }
    }
}

impl<Io: AsyncWrite + Unpin> AsyncWrite for Requests<Io> {
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
        if !self.came.is_empty() {
            self.cut.set();
        }
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
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    /// What the stack is given of some bytes that come in pieces, and what becomes of its requests.
    async fn pass(input: &[u8], piece: usize) -> (String, Vec<String>) {
        let (mut client, server) = tokio::io::duplex(piece);
        let verdicts = Verdicts::default();
        let mut requests = Requests::new(server, verdicts.clone(), Cut::default());
        let input = input.to_vec();
        let writer = tokio::spawn(async move {
            // What is not read any more cannot be written either.
            let _ = client.write_all(&input).await;
        });
        let mut output = Vec::new();
        let mut small = [0; 7];
        loop {
            match requests.read(&mut small).await.unwrap() {
                0 => break,
                read => output.extend_from_slice(&small[..read]),
            }
        }
        drop(requests);
        writer.await.unwrap();
        let said = |verdict| match verdict {
            Verdict::Refuse(refusal) => refusal.said().0.to_string(),
            verdict => format!("{verdict:?}"),
        };
        let verdicts = std::iter::from_fn(|| verdicts.next()).map(said).collect();
        (String::from_utf8(output).unwrap(), verdicts)
    }

    #[tokio::test]
    async fn every_request_is_read_alike_until_one_has_a_body() {
        let get = "GET /\" HTTP/1.1\r\nHost: x\r\n\r\n";
        let read = "GET /%22 HTTP/1.1\r\nHost: x\r\n\r\n";
        let empty = "POST /# HTTP/1.1\r\nContent-Length: 0\r\n\r\n";
        let empty_read = "POST /%23 HTTP/1.1\r\nContent-Length: 0\r\n\r\n";
        let body = "POST /# HTTP/1.1\r\nContent-Length: 5\r\n\r\nhel\"o";
        let body_read = "POST /%23 HTTP/1.1\r\nContent-Length: 5\r\n\r\nhel\"o";
        let instead = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
        for (input, output, verdicts) in [
            (format!("{get}{get}"), format!("{read}{read}"), &["Serve", "Serve"][..]),
            (
                format!("{empty}{get}{empty}"),
                format!("{empty_read}{read}{empty_read}"),
                &["Serve", "Serve", "Serve"],
            ),
            // The stack gets what follows, and it is no request of ours.
            (
                format!("{get}{body}{get}"),
                format!("{read}{body_read}{get}"),
                &["Serve", "ServeLast"],
            ),
            (format!("{get}GET /\0{get}{get}"), format!("{read}{instead}"), &["Serve", "400"]),
            (format!("{get}GET / HT"), format!("{read}{instead}"), &["Serve", "400"]),
            (format!("{get}\r\n\r"), read.to_owned(), &["Serve"]),
            ("\r\nHEAD /".to_owned(), instead.replace("GET", "HEAD"), &["400"]),
            ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(), instead.to_owned(), &["400"]),
        ] {
            for piece in [1, 2, 5, 4096] {
                let passed = pass(input.as_bytes(), piece).await;
                assert_eq!(passed.0, output, "{input:?} in pieces of {piece}");
                assert_eq!(passed.1, verdicts, "{input:?} in pieces of {piece}");
            }
        }
    }
}
