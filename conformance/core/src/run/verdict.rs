use std::fmt;

/// What became of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// The target does what the clause says.
    Pass,
    /// It could not be judged on this target.
    Skipped,
    /// There was nothing to judge it on.
    NotExercised,
    /// The clause is a should, and the target does not do it.
    Warn,
    /// Something other than the target stood in the way.
    Inconclusive,
    /// The target does not hold what the case needs.
    Precondition,
    /// The target does not do what the clause says.
    Fail,
    /// The suite itself is at fault.
    Error,
}

impl Verdict {
    /// All of them, the best first.
    pub const ALL: [Verdict; 8] = [
        Verdict::Pass,
        Verdict::Skipped,
        Verdict::NotExercised,
        Verdict::Warn,
        Verdict::Inconclusive,
        Verdict::Precondition,
        Verdict::Fail,
        Verdict::Error,
    ];

    /// Whether it says what the target does.
    #[must_use]
    pub fn is_judged(self) -> bool {
        matches!(self, Verdict::Pass | Verdict::Warn | Verdict::Fail)
    }

    /// The verdict of this word.
    #[must_use]
    pub fn named(word: &str) -> Option<Verdict> {
        Self::ALL.into_iter().find(|verdict| verdict.as_str() == word)
    }

    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Pass => "pass",
            Verdict::Skipped => "skipped",
            Verdict::NotExercised => "not exercised",
            Verdict::Warn => "warn",
            Verdict::Inconclusive => "inconclusive",
            Verdict::Precondition => "precondition",
            Verdict::Fail => "fail",
            Verdict::Error => "error",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
