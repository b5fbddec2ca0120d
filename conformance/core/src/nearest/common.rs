//! What failing cases have in common, where no known defect explains them.

use std::collections::{BTreeMap, BTreeSet};

use super::observed::fails;
use super::{Kind, Match};
use crate::judge::list::Format;
use crate::run::{Outcome, Report};

/// What the failures of a report have in common: of the traits that most of them share, the one
/// that says most. `None` if nothing fails.
pub(super) fn common(report: &Report) -> Option<Match> {
    let failed: Vec<&Outcome> = report.outcomes.iter().filter(|outcome| fails(outcome)).collect();
    let mut shared: BTreeMap<(u8, String), Vec<&Outcome>> = BTreeMap::new();
    for outcome in &failed {
        for each in traits(outcome) {
            shared.entry(each).or_default().push(outcome);
        }
    }
    // Of the traits with the most cases, the narrowest.
    let ((_, says), of) =
        shared.into_iter().max_by_key(|((rank, _), of)| (of.len(), u8::MAX - rank))?;
    let share = |part: usize, whole: usize| part as f64 / whole.max(1) as f64;
    Some(Match {
        kind: Kind::Trait,
        defect: "unknown",
        family: "",
        says,
        agree: of.len(),
        signature: of.len(),
        others: failed.len() - of.len(),
        likeness: share(of.len(), failed.len()),
        explains: of.iter().map(|outcome| outcome.id.clone()).collect(),
    })
}

/// What can be said of a failing case, each with its rank: the lower, the more it says.
fn traits(outcome: &Outcome) -> BTreeSet<(u8, String)> {
    let mut traits = BTreeSet::new();
    let mut add = |rank: u8, says: String| {
        traits.insert((rank, says));
    };
    let status = outcome.problems.iter().find_map(|problem| problem.finding.status);
    if let Some(status) = status {
        add(0, format!("that answers {status}"));
    }
    for problem in &outcome.problems {
        let planned = &problem.exchange.planned;
        let query = planned.query.as_deref().unwrap_or_default();
        for variable in query.split('&').filter_map(|segment| segment.split_once('=')) {
            add(1, format!("that gets {} wrong", variable.0));
        }
    }
    add(2, format!("that breaks {}", outcome.blamed()));
    let formats =
        |format| outcome.problems.iter().all(|problem| problem.exchange.planned.format == format);
    if formats(Format::Csv) {
        add(3, "whose CSV is wrong".into());
    }
    add(4, format!("that is wrong in the chapter {}", outcome.chapter()));
    // True of every case, so that something can always be said.
    add(5, "that is wrong in several ways".into());
    traits
}
