//! What goes on on a connection, and whether anything still does.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Buf, Frame, SizeHint};
use tokio::time::Instant;

/// What a connection is doing.
#[derive(Default)]
pub(crate) struct Activity {
    /// How often a request began or ended, or some of an answer was made or taken.
    moves: AtomicU64,
    /// What the client waits for: requests that are being answered, and bodies of which the next
    /// piece is not there yet.
    running: AtomicUsize,
    /// What waits for the client: pieces of answers.
    unsent: AtomicUsize,
    /// Whether the socket takes nothing. How long it may is watched there.
    blocked: AtomicBool,
}

impl Activity {
    pub(crate) fn set_blocked(&self, blocked: bool) {
        self.blocked.store(blocked, Relaxed);
    }

    /// Whether there are pieces of answers that the client has not taken.
    pub(crate) fn is_unsent(&self) -> bool {
        self.unsent.load(Relaxed) > 0
    }

    fn touch(&self) {
        self.moves.fetch_add(1, Relaxed);
    }
}

/// How long nothing has moved on a connection, and nobody but its client could change that.
pub(crate) struct Quiet<'a> {
    activity: &'a Activity,
    moves: u64,
    since: Instant,
}

impl<'a> Quiet<'a> {
    pub(crate) fn new(activity: &'a Activity) -> Self {
        Self { activity, moves: activity.moves.load(Relaxed), since: Instant::now() }
    }

    /// The time since this was asked first after something had moved.
    pub(crate) fn time(&mut self) -> Duration {
        let Activity { moves, running, blocked, .. } = self.activity;
        let moves = moves.load(Relaxed);
        if moves != self.moves || running.load(Relaxed) > 0 || blocked.load(Relaxed) {
            (self.moves, self.since) = (moves, Instant::now());
        }
        self.since.elapsed()
    }
}

/// Something that the client waits for, until this is dropped.
pub(crate) struct Running(Arc<Activity>);

impl Running {
    pub(crate) fn begin(activity: &Arc<Activity>) -> Self {
        activity.touch();
        activity.running.fetch_add(1, Relaxed);
        Self(activity.clone())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.touch();
        self.0.running.fetch_sub(1, Relaxed);
    }
}

/// The body of an answer. The HTTP stack takes pieces of it before the client has room for them, so
/// it is the pieces that know what has become of them.
pub(crate) struct Answer {
    body: Body,
    activity: Arc<Activity>,
    /// While the next piece is being made.
    running: Option<Running>,
}

impl Answer {
    pub(crate) fn new(body: Body, activity: Arc<Activity>) -> Self {
        Self { body, activity, running: None }
    }
}

impl HttpBody for Answer {
    type Data = Piece;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Piece>, axum::Error>>> {
        let Self { body, activity, running } = self.get_mut();
        let Poll::Ready(frame) = Pin::new(body).poll_frame(context) else {
            running.get_or_insert_with(|| Running::begin(activity));
            return Poll::Pending;
        };
        *running = None;
        let piece = |bytes| Piece::new(bytes, activity.clone());
        Poll::Ready(frame.map(|frame| frame.map(|frame| frame.map_data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A piece of an answer, until it has been sent and this is dropped.
pub(crate) struct Piece {
    bytes: Bytes,
    activity: Arc<Activity>,
}

impl Piece {
    fn new(bytes: Bytes, activity: Arc<Activity>) -> Self {
        activity.touch();
        activity.unsent.fetch_add(1, Relaxed);
        Self { bytes, activity }
    }
}

impl Buf for Piece {
    fn remaining(&self) -> usize {
        self.bytes.remaining()
    }

    fn chunk(&self) -> &[u8] {
        self.bytes.chunk()
    }

    fn advance(&mut self, count: usize) {
        self.activity.touch();
        self.bytes.advance(count);
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        self.activity.unsent.fetch_sub(1, Relaxed);
    }
}
