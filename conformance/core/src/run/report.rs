use std::time::Duration;

use jiff::Timestamp;

use super::handshake::Handshake;
use super::outcome::Outcome;
use super::scope::Scope;
use super::verdict::Verdict;

/// The result of a run.
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
    /// Why the run ended early.
    pub ended: Option<String>,
    /// Whether a should that is not done is a failure.
    pub strict: bool,
    /// Lines of known failures that are out of date, each with where it stands.
    pub stale: Vec<String>,
    /// How much of the suite it was asked for.
    pub scope: Scope,
}

impl Report {
    /// The number of cases with a verdict.
    #[must_use]
    pub fn count(&self, verdict: Verdict) -> usize {
        self.outcomes.iter().filter(|outcome| outcome.verdict == verdict).count()
    }

    /// The outcomes of a chapter.
    pub fn in_chapter<'a>(
        &'a self,
        chapter: &'a str,
    ) -> impl Iterator<Item = &'a Outcome> + Clone + 'a {
        self.outcomes.iter().filter(move |outcome| outcome.chapter() == chapter)
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
