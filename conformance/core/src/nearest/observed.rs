//! What a run tells: which cases failed, how, and which passed.

use super::table::Table;
use crate::run::{Outcome, Report, Verdict};
use crate::symptom::Symptom;

/// What became of a case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Fate {
    /// It was not judged: it counts neither for a defect nor against it.
    #[default]
    Unknown,
    Passed,
    Failed(Symptom),
}

/// What a run tells.
#[derive(Clone, Debug)]
pub(super) struct Observed {
    /// The fate of each case that a known defect fails, by its number in the [`Table`].
    pub(super) fates: Vec<Fate>,
    /// All failures, also of cases that no known defect fails.
    pub(super) failures: usize,
}

/// Whether a case fails or warns, and that was not known before.
pub(super) fn fails(outcome: &Outcome) -> bool {
    outcome.known.is_none()
        && !outcome.problems.is_empty()
        && matches!(outcome.verdict, Verdict::Fail | Verdict::Warn)
}

impl Observed {
    pub(super) fn of(report: &Report) -> Self {
        let fate = |outcome: &Outcome| match outcome.verdict {
            _ if fails(outcome) => Fate::Failed(Symptom::of(outcome)),
            Verdict::Pass => Fate::Passed,
            _ => Fate::Unknown,
        };
        Self::new(report.outcomes.iter().map(|outcome| (outcome.id.as_str(), fate(outcome))))
    }

    pub(super) fn new<'a>(outcomes: impl Iterator<Item = (&'a str, Fate)>) -> Self {
        let table = Table::embedded();
        let mut observed = Self { fates: vec![Fate::Unknown; table.cases.len()], failures: 0 };
        for (id, fate) in outcomes {
            observed.failures += usize::from(matches!(fate, Fate::Failed(_)));
            if let Some(number) = table.number(id) {
                observed.fates[number] = fate;
            }
        }
        observed
    }
}
