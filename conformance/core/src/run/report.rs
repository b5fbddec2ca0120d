use std::time::Duration;

use jiff::Timestamp;

use super::handshake::Handshake;
use super::outcome::Outcome;
use super::verdict::Verdict;

/// A run that is over.
#[derive(Clone, Debug)]
pub struct Report {
    /// The base URL of the target.
    pub target: String,
    /// When it began.
    pub started: Timestamp,
    /// How long it took.
    pub elapsed: Duration,
    /// Requests sent.
    pub requests: u64,
    /// What the target holds.
    pub handshake: Handshake,
    /// What became of each case, in the order of the suite.
    pub outcomes: Vec<Outcome>,
    /// Why the run ended before its time.
    pub ended: Option<String>,
    /// Whether a should that is not done is a failure.
    pub strict: bool,
    /// Known failures that do not fail any more.
    pub stale: Vec<String>,
}

impl Report {
    /// The number of cases with a verdict.
    #[must_use]
    pub fn count(&self, verdict: Verdict) -> usize {
        self.outcomes.iter().filter(|outcome| outcome.verdict == verdict).count()
    }

    /// The code that the command ends with.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        let any = |verdict| self.count(verdict) > 0;
        let unknown = |outcome: &&Outcome| outcome.known.is_none();
        if self.outcomes.iter().filter(unknown).any(|outcome| outcome.verdict == Verdict::Fail) {
            1
        } else if !self.stale.is_empty() {
            4
        } else if self.handshake.precondition.is_some() {
            3
        } else if any(Verdict::Error) {
            6
        } else if !any(Verdict::Pass) && !any(Verdict::Warn) && !any(Verdict::Fail) {
            if any(Verdict::Inconclusive) || any(Verdict::Precondition) { 3 } else { 5 }
        } else if any(Verdict::Inconclusive) {
            3
        } else {
            0
        }
    }

    /// What the run ends in, in a word or two.
    #[must_use]
    pub fn conclusion(&self) -> &'static str {
        match self.exit_code() {
            0 => "conforms",
            1 => "does not conform",
            4 => "stale known failures",
            5 => "nothing was exercised",
            6 => "the suite is at fault",
            _ if self.handshake.unreachable => "unreachable",
            _ if self.handshake.precondition.is_some() => "precondition",
            _ => "not decided",
        }
    }

    /// The chapters in the order of the suite.
    #[must_use]
    pub fn chapters(&self) -> Vec<&str> {
        let mut chapters: Vec<&str> = Vec::new();
        for outcome in &self.outcomes {
            if !chapters.contains(&outcome.chapter()) {
                chapters.push(outcome.chapter());
            }
        }
        chapters
    }
}
