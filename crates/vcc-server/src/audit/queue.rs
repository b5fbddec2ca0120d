//! Lines on their way from the threads that answer to the thread that writes.

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use tokio::sync::oneshot;

use super::line::Gap;

/// If lines wait this long and none is written, the log counts as failing.
const STUCK: Duration = Duration::from_secs(1);

/// How often a failure that goes on is reported.
const TELL_EVERY: Duration = Duration::from_secs(10);

/// Roughly what a line takes in memory in addition to its text.
const OVERHEAD: usize = 64;

/// Notifies a waiter that its lines are written.
pub(super) type Done = oneshot::Sender<()>;

/// Something to be written.
#[derive(Debug)]
pub(super) enum Item {
    Line {
        text: Vec<u8>,
        done: Option<Done>,
    },
    Gap(Gap),
    /// A mark: everything before it is written.
    Mark(Done),
}

impl Item {
    /// Whether nobody waits for its answer any more, so that it needs no line.
    pub(super) fn is_withdrawn(&self) -> bool {
        matches!(self, Self::Line { done: Some(done), .. } if done.is_closed())
    }

    fn size(&self) -> usize {
        match self {
            Self::Line { text, .. } => text.len() + OVERHEAD,
            Self::Gap(_) => OVERHEAD,
            Self::Mark(_) => 0,
        }
    }
}

#[derive(Debug)]
pub(super) struct Queue {
    state: Mutex<State>,
    more: Condvar,
    /// How many bytes may wait.
    most: usize,
    pub(super) counts: Counts,
}

/// What has become of lines since the start.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) written: AtomicU64,
    pub(super) dropped: AtomicU64,
    pub(super) refused: AtomicU64,
    pub(super) errors: AtomicU64,
}

#[derive(Debug)]
struct State {
    items: VecDeque<Item>,
    /// The size of what waits, including what the writer has taken out of `items`.
    bytes: usize,
    /// The lines of requests among it.
    lines: u64,
    /// Whether the writer sleeps until it is woken.
    is_idle: bool,
    is_closed: bool,
    reopen: bool,
    /// Whether the last attempt failed.
    has_failed: bool,
    /// When the writer last made progress, or got something to do.
    moved: Instant,
    /// When the failure was last reported, while the log fails.
    told: Option<Instant>,
    /// How many lines had been dropped when the log last worked.
    dropped: u64,
    /// Whether the lines that are lost at the end were reported.
    has_ended: bool,
}

/// What the writer does next.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Turn {
    /// Open the file anew.
    pub(super) reopen: bool,
    /// The last [`Audit`](super::Audit) is gone.
    pub(super) is_closed: bool,
}

impl Queue {
    pub(super) fn new(most: usize) -> Self {
        let state = State {
            items: VecDeque::new(),
            bytes: 0,
            lines: 0,
            is_idle: false,
            is_closed: false,
            reopen: false,
            has_failed: false,
            moved: Instant::now(),
            told: None,
            dropped: 0,
            has_ended: false,
        };
        Self { state: Mutex::new(state), more: Condvar::new(), most, counts: Counts::default() }
    }

    /// Hands over a line, or counts it as lost if there is no room.
    pub(super) fn push_or_lose(&self, at: DateTime<Utc>, text: Vec<u8>) {
        let mut state = self.lock();
        if state.push(Item::Line { text, done: None }, self.most).is_err() {
            return self.lose_locked(state, at);
        }
        // The writer may hang in a `write`, and then it cannot report that.
        let (is_due, waiting) = (state.is_failing() && state.tell(), state.lines);
        self.wake(state);
        if is_due {
            tracing::error!(
                waiting,
                "the audit log cannot be written: its lines have waited for more than a second"
            );
        }
    }

    /// Hands over a line, if there is room and the log does not fail.
    pub(super) fn push_or_refuse(&self, text: Vec<u8>, done: Done) -> bool {
        let mut state = self.lock();
        let taken = !state.is_failing()
            && state.push(Item::Line { text, done: Some(done) }, self.most).is_ok();
        self.wake(state);
        taken
    }

    /// Counts an answer that left without a line.
    pub(super) fn lose(&self, at: DateTime<Utc>) {
        self.lose_locked(self.lock(), at);
    }

    fn lose_locked(&self, mut state: MutexGuard<'_, State>, at: DateTime<Utc>) {
        self.counts.dropped.fetch_add(1, Relaxed);
        state.add_gap(at, 1, 0);
        let is_due = state.tell();
        self.wake(state);
        if is_due {
            let dropped = self.counts.dropped.load(Relaxed);
            tracing::error!(
                dropped,
                "the audit log cannot be written: there is no room for more lines"
            );
        }
    }

    /// Counts a request that gets no answer because it would have no line.
    pub(super) fn refuse(&self, at: DateTime<Utc>) {
        self.counts.refused.fetch_add(1, Relaxed);
        let mut state = self.lock();
        state.add_gap(at, 0, 1);
        self.wake(state);
    }

    /// Asks for a notification when everything up to now is written.
    pub(super) fn mark(&self, done: Done) {
        let mut state = self.lock();
        state.items.push_back(Item::Mark(done));
        self.wake(state);
    }

    pub(super) fn reopen(&self) {
        let mut state = self.lock();
        state.reopen = true;
        state.is_idle = false;
        drop(state);
        self.more.notify_one();
    }

    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.is_closed = true;
        drop(state);
        self.more.notify_one();
    }

    /// Says how many lines will not be written any more, once.
    pub(super) fn end(&self) {
        let mut state = self.lock();
        let lines = state.lines;
        let is_new = lines > 0 && !std::mem::replace(&mut state.has_ended, true);
        drop(state);
        if is_new {
            tracing::error!(lines, "the audit log ends without lines that should be in it");
        }
    }

    /// Whether the writer has taken all there is.
    pub(super) fn is_empty(&self) -> bool {
        self.lock().items.is_empty()
    }

    /// How many lines wait.
    pub(super) fn waiting(&self) -> u64 {
        self.lock().lines
    }

    pub(super) fn is_failing(&self) -> bool {
        self.lock().is_failing()
    }

    /// Waits until there is something to do, or until `retry` after a failed attempt. It takes more items
    /// only after the last ones are done, so that waiting gaps merge.
    pub(super) fn next(&self, items: &mut VecDeque<Item>, retry: Option<Instant>) -> Turn {
        let mut state = self.lock();
        loop {
            let reopen = std::mem::take(&mut state.reopen);
            let wait = retry.map(|at| at.saturating_duration_since(Instant::now()));
            let is_time = match wait {
                Some(wait) => wait.is_zero(),
                None => !items.is_empty() || !state.items.is_empty() || state.is_closed,
            };
            if reopen || is_time {
                if items.is_empty() {
                    items.append(&mut state.items);
                }
                return Turn { reopen, is_closed: state.is_closed };
            }
            state.is_idle = wait.is_none();
            state = match wait {
                Some(wait) => {
                    let woken = self.more.wait_timeout(state, wait);
                    woken.unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.more.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
            state.is_idle = false;
        }
    }

    /// These items are written.
    pub(super) fn written(&self, items: Vec<Item>) {
        let mut state = self.lock();
        let (lines, bytes) = (state.lines, state.bytes);
        state.forget(&items);
        if state.bytes < bytes {
            state.moved = Instant::now();
        }
        self.counts.written.fetch_add(lines - state.lines, Relaxed);
        drop(state);
        for item in items {
            if let Item::Line { done: Some(done), .. } | Item::Mark(done) = item {
                // The receiver may have given up waiting.
                let _ = done.send(());
            }
        }
    }

    /// These items need not be written.
    pub(super) fn withdrawn(&self, items: &[Item]) {
        self.lock().forget(items);
    }

    /// An attempt failed.
    pub(super) fn failed(&self, name: &str, error: &io::Error) {
        self.counts.errors.fetch_add(1, Relaxed);
        let mut state = self.lock();
        state.has_failed = true;
        self.tell_of(state, format_args!("{name}: {error}"));
    }

    /// The pipe is full.
    pub(super) fn blocked(&self, name: &str) {
        let state = self.lock();
        if state.is_failing() {
            self.tell_of(state, format_args!("{name}: nobody reads the pipe"));
        }
    }

    fn tell_of(&self, mut state: MutexGuard<'_, State>, error: std::fmt::Arguments<'_>) {
        let (is_due, waiting) = (state.tell(), state.lines);
        drop(state);
        if is_due {
            let dropped = self.counts.dropped.load(Relaxed);
            tracing::error!(waiting, dropped, "the audit log cannot be written: {error}");
        }
    }

    /// The file is open, and everything that the writer took is in it.
    pub(super) fn works(&self) {
        let mut state = self.lock();
        state.has_failed = false;
        state.moved = Instant::now();
        let was_told = state.told.take().is_some();
        let dropped = self.counts.dropped.load(Relaxed);
        let lost = dropped - std::mem::replace(&mut state.dropped, dropped);
        drop(state);
        if was_told {
            tracing::warn!(lost, "the audit log is written again");
        }
    }

    /// Pretends that this much time has passed.
    #[cfg(test)]
    pub(super) fn pass(&self, time: Duration) {
        let mut state = self.lock();
        state.moved = state.moved.checked_sub(time).unwrap();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes the writer if it sleeps.
    fn wake(&self, mut state: MutexGuard<'_, State>) {
        let was_idle = std::mem::take(&mut state.is_idle);
        drop(state);
        if was_idle {
            self.more.notify_one();
        }
    }
}

impl State {
    fn forget(&mut self, items: &[Item]) {
        let lines = items.iter().filter(|item| matches!(item, Item::Line { .. })).count() as u64;
        self.bytes -= items.iter().map(Item::size).sum::<usize>();
        self.lines -= lines;
    }

    fn push(&mut self, item: Item, most: usize) -> Result<(), Item> {
        let size = item.size();
        if self.bytes + size > most {
            return Err(item);
        }
        if self.bytes == 0 {
            self.moved = Instant::now();
        }
        self.bytes += size;
        self.lines += 1;
        self.items.push_back(item);
        Ok(())
    }

    /// Adds to the gap at the end of what waits.
    fn add_gap(&mut self, at: DateTime<Utc>, lost: u64, refused: u64) {
        let gap = match self.items.pop_back() {
            Some(Item::Gap(gap)) => gap,
            other => {
                self.items.extend(other);
                if self.bytes == 0 {
                    self.moved = Instant::now();
                }
                // Beyond the bound, but there is at most one of these for each line within it.
                self.bytes += OVERHEAD;
                Gap { at, lost: 0, refused: 0 }
            }
        };
        let (at, lost, refused) = (gap.at.max(at), gap.lost + lost, gap.refused + refused);
        self.items.push_back(Item::Gap(Gap { at, lost, refused }));
    }

    fn is_failing(&self) -> bool {
        self.has_failed || (self.bytes > 0 && self.moved.elapsed() > STUCK)
    }

    /// Whether it is time to say that the log fails.
    fn tell(&mut self) -> bool {
        let is_due = self.told.is_none_or(|told| told.elapsed() >= TELL_EVERY);
        if is_due {
            self.told = Some(Instant::now());
        }
        is_due
    }
}
