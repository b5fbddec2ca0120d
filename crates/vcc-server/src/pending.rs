//! The memory of answers that clients have not taken yet, counted for each tenant and for the server.
//!
//! Half of the limit is for answers that are made whole, as nearly all are. The other half is for those
//! that are made while they are sent. So slow readers of long pages leave room for short pages.

use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;

use axum::body::Bytes;

/// The two kinds of answers.
#[derive(Clone, Copy, Debug)]
pub(crate) enum AnswerKind {
    /// Made whole.
    Whole,
    /// Made while it is sent.
    Streamed,
}

/// How many bytes are held.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    whole: AtomicUsize,
    streamed: AtomicUsize,
}

impl Pending {
    fn held(&self, kind: AnswerKind) -> &AtomicUsize {
        match kind {
            AnswerKind::Whole => &self.whole,
            AnswerKind::Streamed => &self.streamed,
        }
    }

    /// Counts bytes within a limit for both kinds together. If nothing else is held, any number is
    /// accepted: a page that is longer than the limit is still sent.
    pub(crate) fn take(&self, kind: AnswerKind, bytes: usize, limit: usize) -> bool {
        let taken = |held: usize| {
            let all = held.saturating_add(bytes);
            (held == 0 || all <= limit / 2).then_some(all)
        };
        self.held(kind).try_update(Relaxed, Relaxed, taken).is_ok()
    }

    pub(crate) fn add(&self, kind: AnswerKind, bytes: usize) {
        self.held(kind).fetch_add(bytes, Relaxed);
    }

    pub(crate) fn give_back(&self, kind: AnswerKind, bytes: usize) {
        self.held(kind).fetch_sub(bytes, Relaxed);
    }

    /// The bytes of both kinds.
    pub(crate) fn bytes(&self) -> usize {
        self.whole.load(Relaxed) + self.streamed.load(Relaxed)
    }
}

/// A text that counts as long as any part of it is in use, such as in a full socket.
struct CountedText<H> {
    text: Vec<u8>,
    _held: H,
}

impl<H> AsRef<[u8]> for CountedText<H> {
    fn as_ref(&self) -> &[u8] {
        &self.text
    }
}

/// Bytes that keep their count until they are dropped.
pub(crate) fn counted(text: Vec<u8>, held: impl Send + 'static) -> Bytes {
    Bytes::from_owner(CountedText { text, _held: held })
}
