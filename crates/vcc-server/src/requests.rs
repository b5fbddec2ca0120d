//! The requests of a connection, one after the other, as the HTTP stack is given them.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use crate::error_response::ErrorResponse;
use crate::request_head::{Head, LONGEST_HEAD, PartialHead};
use crate::room::Seat;
use crate::stall::Cut;

/// A connection that gives the HTTP stack one complete head at a time, with its target encoded. After a
/// request that may have a body, the stack gets no other head: only the stack knows where the body
/// ends, and it does not say.
pub(crate) struct Requests<Io> {
    io: Io,
    state: State,
    /// What was received of the next head, and perhaps more.
    came: Vec<u8>,
    begun: PartialHead,
    /// What the stack is given next.
    next: Vec<u8>,
    rulings: Rulings,
    cut: Cut,
    seat: Seat,
    /// Whether written bytes may still be unsent.
    is_writing: bool,
    /// Since when the next request is waited for.
    since: Instant,
    /// Whether the stack was told that the connection ended, so that it goes away while no head comes.
    is_put_away: bool,
    is_shut: bool,
}

/// Up to this many bytes of a head are collected without the stack, whose buffers are larger.
const PUT_AWAY: usize = 2 * 1024;

/// A head of this many bytes, as the stack reads it, is the last one of its connection, because the stack
/// keeps the buffers that it made for it.
const LONG: usize = 8 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// A request begins here, or has begun.
    Head,
    /// A body and what follows it: passed on unchanged, and never read as a request.
    Body,
    /// Nothing more is read.
    Over,
}

/// What becomes of a request that the stack was given.
#[derive(Debug)]
pub(crate) enum Ruling {
    /// It is answered.
    Serve,
    /// It is answered, and the connection ends.
    ServeLast,
    /// It is refused, and the connection ends. The stack sees another request in its place.
    Refuse(ErrorResponse),
}

/// The ruling on each head that the stack was given, in their order.
#[derive(Clone, Default)]
pub(crate) struct Rulings(Arc<Shared>);

#[derive(Default)]
struct Shared {
    queue: Mutex<VecDeque<Ruling>>,
    /// Requests that the stack was given and has not been given an answer for.
    unanswered: AtomicUsize,
    /// Whether a head has come in part.
    is_begun: AtomicBool,
}

/// A request that is being answered, until this is dropped with the body of its answer.
pub(crate) struct Answering(Arc<Shared>);

impl Rulings {
    /// The ruling on the next request; `None` for one that the stack was not given.
    pub(crate) fn next(&self) -> Option<(Ruling, Answering)> {
        let ruling = self.0.queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front()?;
        Some((ruling, Answering(self.0.clone())))
    }

    /// Whether a request has come in part. The stack does not know of it yet.
    pub(crate) fn is_begun(&self) -> bool {
        self.0.is_begun.load(Ordering::Relaxed)
    }

    fn push(&self, ruling: Ruling) {
        self.0.unanswered.fetch_add(1, Ordering::Relaxed);
        self.0.is_begun.store(false, Ordering::Relaxed);
        self.0.queue.lock().unwrap_or_else(PoisonError::into_inner).push_back(ruling);
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.unanswered.fetch_sub(1, Ordering::Relaxed);
    }
}

impl<Io> Requests<Io> {
    /// `cut` is set once the client may send something that is not read.
    pub(crate) fn new(io: Io, rulings: Rulings, cut: Cut, seat: Seat) -> Self {
        Self {
            io,
            state: State::Head,
            came: Vec::new(),
            begun: PartialHead::default(),
            next: Vec::new(),
            rulings,
            cut,
            seat,
            is_writing: false,
            since: Instant::now(),
            is_put_away: false,
            is_shut: false,
        }
    }

    /// Since when the next request is waited for.
    pub(crate) fn since(&self) -> Instant {
        self.since
    }

    /// Whether the stack ended only to free its memory until the next request.
    pub(crate) fn is_put_away(&self) -> bool {
        self.is_put_away
    }

    /// Whether our side of the connection is shut down.
    pub(crate) fn is_shut(&self) -> bool {
        self.is_shut
    }

    /// Prepares the next head if it is complete, or what the stack gets in its place.
    fn advance(&mut self) {
        match self.begun.read(&self.came) {
            Ok(None) => {}
            Ok(Some(Head { length, bytes, has_body, is_last })) => {
                let is_long = bytes.len() >= LONG;
                self.next = bytes;
                self.came.drain(..length);
                self.begun = PartialHead::default();
                let ends = has_body || is_long;
                self.rulings.push(if ends { Ruling::ServeLast } else { Ruling::Serve });
                if has_body {
                    self.end(State::Body);
                } else if is_long {
                    self.came = Vec::new();
                    self.end(State::Over);
                } else if is_last {
                    self.cut.set();
                }
            }
            Err(refusal) => self.refuse(refusal),
        }
    }

    /// Gives the stack a request that it can read, so that the refusal is sent after the answers that
    /// come before it.
    fn refuse(&mut self, refusal: ErrorResponse) {
        let is_head = self.came.trim_ascii_start().starts_with(b"HEAD ");
        let method = if is_head { "HEAD" } else { "GET" };
        self.next = format!("{method} / HTTP/1.1\r\nHost: x\r\n\r\n").into_bytes();
        self.came = Vec::new();
        self.end(State::Over);
        self.rulings.push(Ruling::Refuse(refusal));
    }

    /// From here on no request is read.
    fn end(&mut self, state: State) {
        self.state = state;
        self.cut.set();
    }

    /// Waits for the first request or the end of the connection, without the stack and its buffers.
    pub(crate) async fn first(&mut self) -> io::Result<()>
    where
        Io: AsyncRead + Unpin,
    {
        self.is_put_away = false;
        let next = poll_fn(|context| {
            let mut through = [const { MaybeUninit::uninit() }; 4 * 1024];
            self.poll_next(context, &mut ReadBuf::uninit(&mut through))
        });
        next.await
    }

    /// Completes once there is something for the stack, or nothing more to read.
    fn poll_next(
        &mut self,
        context: &mut Context<'_>,
        through: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>>
    where
        Io: AsyncRead + Unpin,
    {
        loop {
            if self.next.is_empty() && self.state == State::Head && !self.came.is_empty() {
                self.advance();
            }
            if self.next.is_empty() && self.state == State::Body {
                self.next = std::mem::take(&mut self.came);
            }
            if !self.next.is_empty() || self.state != State::Head {
                return Poll::Ready(Ok(()));
            }
            let Poll::Ready(read) = self.fill(context, through) else {
                let is_begun = self.begun.is_any(&self.came);
                self.rulings.0.is_begun.store(is_begun, Ordering::Relaxed);
                self.settle();
                return Poll::Pending;
            };
            match read? {
                0 if self.begun.is_any(&self.came) => self.refuse(ErrorResponse::unfinished()),
                0 => return Poll::Ready(Ok(())),
                _ => {}
            }
        }
    }

    /// Receives bytes, up to the longest head. The buffer grows in a few steps, and not beyond that.
    fn fill(
        &mut self,
        context: &mut Context<'_>,
        through: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<usize>>
    where
        Io: AsyncRead + Unpin,
    {
        let mut through = through.take(LONGEST_HEAD - self.came.len());
        ready!(Pin::new(&mut self.io).poll_read(context, &mut through))?;
        let came = through.filled();
        let (length, capacity) = (self.came.len() + came.len(), self.came.capacity());
        if length > capacity {
            let grown = if length > PUT_AWAY { LONGEST_HEAD } else { (2 * capacity).max(length) };
            self.came.reserve_exact(grown - self.came.len());
        }
        self.came.extend_from_slice(came);
        Poll::Ready(Ok(came.len()))
    }

    /// Marks the connection as idle once every complete request is answered and the answers are sent.
    fn settle(&mut self) {
        if !self.seat.is_idle() && self.rests() {
            self.seat.idle();
        }
    }

    /// Whether every complete request is answered and the answers are sent.
    pub(crate) fn rests(&self) -> bool {
        let has_more = !self.next.is_empty()
            || self.state == State::Head && !self.begun.has_seen(&self.came)
            || self.rulings.0.unanswered.load(Ordering::Relaxed) > 0;
        !self.is_writing && !has_more
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
        let next = this.poll_next(context, into);
        if next.is_pending() && this.came.len() >= PUT_AWAY && this.rests() {
            this.is_put_away = true;
            return Poll::Ready(Ok(()));
        }
        ready!(next)?;
        if !this.next.is_empty() {
            if !this.seat.busy() {
                return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
            }
            this.take_next(into);
        } else if this.state == State::Body {
            return Pin::new(&mut this.io).poll_read(context, into);
        }
        Poll::Ready(Ok(()))
    }
}

impl<Io: AsyncWrite + Unpin> AsyncWrite for Requests<Io> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.is_writing = true;
        Pin::new(&mut self.io).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.io).poll_flush(context))?;
        if std::mem::take(&mut self.is_writing) {
            self.since = Instant::now();
        }
        self.settle();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.is_put_away {
            return Poll::Ready(Ok(()));
        }
        self.is_shut = true;
        if !self.came.is_empty() && self.begun.is_any(&self.came) {
            self.cut.set();
        }
        self.settle();
        Pin::new(&mut self.io).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.is_writing = true;
        Pin::new(&mut self.io).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }
}

#[cfg(test)]
mod tests;
