use super::outcome::Outcome;
use super::verdict::Verdict;
use crate::words::counted;

/// How many cases got which result. Each case is counted once, so that the sum is the number of
/// cases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// The cases that there are, run or not.
    pub all: usize,
    /// The cases that have a verdict.
    pub ran: usize,
    /// Those that pass.
    pub pass: usize,
    /// Clauses of level should that are broken.
    pub warn: usize,
    /// Failures that are not known.
    pub fail: usize,
    /// Failures that are known.
    pub known: usize,
    /// Those that cannot be judged on this target.
    pub skipped: usize,
    /// Those with nothing to judge them on.
    pub not_exercised: usize,
    /// Those that something other than the target kept from being judged.
    pub inconclusive: usize,
    /// Those whose recordings the target does not hold.
    pub precondition: usize,
    /// Faults of the suite.
    pub error: usize,
}

impl Tally {
    /// How many of these outcomes got which result.
    #[must_use]
    pub fn of<'a>(outcomes: impl IntoIterator<Item = &'a Outcome>) -> Self {
        let mut tally = Self::default();
        for outcome in outcomes {
            let kind = match outcome.verdict {
                Verdict::Pass => &mut tally.pass,
                Verdict::Warn => &mut tally.warn,
                Verdict::Fail if outcome.known.is_some() => &mut tally.known,
                Verdict::Fail => &mut tally.fail,
                Verdict::Skipped => &mut tally.skipped,
                Verdict::NotExercised => &mut tally.not_exercised,
                Verdict::Inconclusive => &mut tally.inconclusive,
                Verdict::Precondition => &mut tally.precondition,
                Verdict::Error => &mut tally.error,
            };
            *kind += 1;
            tally.ran += 1;
        }
        Self { all: tally.ran, ..tally }
    }

    /// Those that were not judged, faults of the suite aside.
    #[must_use]
    pub fn set_aside(&self) -> usize {
        self.skipped + self.not_exercised + self.inconclusive + self.precondition
    }

    /// Each kind with its name, in the order of a report.
    #[must_use]
    pub fn kinds(&self) -> [(&'static str, usize); 9] {
        [
            ("pass", self.pass),
            ("warn", self.warn),
            ("fail", self.fail),
            ("known", self.known),
            ("skipped", self.skipped),
            ("not exercised", self.not_exercised),
            ("inconclusive", self.inconclusive),
            ("precondition", self.precondition),
            ("error", self.error),
        ]
    }

    /// The counts above zero, without those named: `3 warnings`, `1 skipped`.
    pub(super) fn others(&self, but: &[&str]) -> Vec<String> {
        let kinds = self.kinds().into_iter();
        kinds
            .filter(|(name, count)| *count > 0 && !but.contains(name))
            .map(|(name, count)| match name {
                "error" => counted(count, "error"),
                "warn" => counted(count, "warning"),
                _ => format!("{count} {name}"),
            })
            .collect()
    }
}
