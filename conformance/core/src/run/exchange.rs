use jiff::{SignedDuration, Timestamp};

use super::plan::Planned;
use crate::http::{Answer, Trouble};

/// A request that was sent and what came back.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// What was sent.
    pub planned: Planned,
    /// What came back.
    pub answer: Answer,
    /// When it was sent.
    pub started: Timestamp,
    /// How long it took, in microseconds.
    pub micros: u64,
    /// How often it was sent before, because the connection was refused or the target was busy.
    pub retried: u32,
}

impl Exchange {
    /// The time at which it ended.
    #[must_use]
    pub fn finished(&self) -> Timestamp {
        let micros = i64::try_from(self.micros).unwrap_or(i64::MAX);
        self.started.checked_add(SignedDuration::from_micros(micros)).unwrap_or(self.started)
    }

    /// Why there is no answer, if the run ended before one came: that says nothing about the
    /// target.
    pub(crate) fn cut(&self) -> Option<String> {
        match &self.answer {
            Err(trouble @ (Trouble::Stopped | Trouble::Over(_))) => Some(trouble.to_string()),
            _ => None,
        }
    }
}

/// Which request of a run it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key<'a> {
    /// The case.
    pub case: &'a str,
    /// The variant, empty for the case as it is written.
    pub variant: &'a str,
    /// The number of the request in the variant, from 0.
    pub index: usize,
}

/// Gives an answer to a request: a target, or a saved run.
pub trait Transport {
    /// Sends a request and waits for what comes back.
    fn exchange(&mut self, key: Key<'_>, planned: &Planned) -> Exchange;

    /// Sends several requests at once, and waits for what comes back for each.
    fn exchange_all(&mut self, requests: &[(Key<'_>, &Planned)]) -> Vec<Exchange>;
}

/// What cases are run against.
pub trait Target: Sync {
    /// A way to send requests, for one worker.
    fn worker(&self) -> Box<dyn Transport + '_>;
    /// Its base URL.
    fn base(&self) -> String;
    /// Requests sent so far.
    fn requests(&self) -> u64;
    /// Why no more requests are sent; `None` while they are.
    fn ended(&self) -> Option<String>;
}
