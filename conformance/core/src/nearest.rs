//! Which known defect a target is nearest to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use crate::run::{Report, Verdict};
use crate::signatures::{self, Signature};

/// How alike a target and a defect have to be for the one to be named: the share of what the two
/// fail together in all that either fails.
const ALIKE: f64 = 0.4;

/// A known defect that a target behaves like.
#[derive(Clone, Debug, PartialEq)]
pub struct Match {
    /// The defect.
    pub defect: &'static str,
    /// The name of its family.
    pub family: &'static str,
    /// What it does; goes on after "a server".
    pub says: &'static str,
    /// Cases of its signature that the target fails.
    pub agree: usize,
    /// Cases of its signature that the target was judged on.
    pub signature: usize,
    /// Failures of the target that are not in the signature.
    pub others: usize,
    /// The weighted share of what both fail in what either fails, from 0 to 1.
    pub likeness: f64,
}

impl Match {
    /// What a report says.
    #[must_use]
    pub fn sentence(&self) -> String {
        let others = match self.others {
            0 => String::new(),
            1 => ", 1 failure is not explained by it".into(),
            others => format!(", {others} failures are not explained by it"),
        };
        format!(
            "behaves as a server {}: {} of {} signature cases agree{others} ({}: {})",
            self.says, self.agree, self.signature, self.family, self.defect
        )
    }
}

/// The known defects that explain the failures of a report, the best first; none where it has no
/// failure, or where nothing is like it.
#[must_use]
pub fn nearest(report: &Report) -> Vec<Match> {
    let mut failed: BTreeSet<&str> = BTreeSet::new();
    let mut judged: BTreeSet<&str> = BTreeSet::new();
    for outcome in &report.outcomes {
        let fails = !outcome.problems.is_empty()
            && matches!(outcome.verdict, Verdict::Fail | Verdict::Warn);
        if fails {
            failed.insert(&outcome.id);
        }
        if fails || outcome.verdict == Verdict::Pass {
            judged.insert(&outcome.id);
        }
    }
    closest(&failed, &judged)
}

/// The signatures as numbers, so that a comparison of two sets of cases walks a list.
struct Table {
    /// The number of each case that a defect fails.
    numbers: BTreeMap<&'static str, usize>,
    /// The weight of the case with this number: one that few defects fail says more than one that
    /// half of them do. A case that no defect fails weighs 1.
    weights: Vec<f64>,
    /// Each defect with the numbers of its cases.
    defects: Vec<(&'static Signature<'static>, Vec<usize>)>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let all = signatures::embedded();
    let mut breaks: BTreeMap<&str, u32> = BTreeMap::new();
    for case in all.iter().flat_map(|signature| &signature.cases) {
        *breaks.entry(case).or_default() += 1;
    }
    let weights = breaks.values().map(|breaks| 1.0 / (1.0 + f64::from(*breaks))).collect();
    let numbers: BTreeMap<_, _> =
        breaks.into_keys().enumerate().map(|(number, case)| (case, number)).collect();
    let of = |signature: &'static Signature<'static>| {
        let numbers = signature.cases.iter().filter_map(|case| numbers.get(case.as_str()).copied());
        (signature, numbers.collect())
    };
    let defects = all.iter().map(of).collect();
    Table { numbers, weights, defects }
});

fn closest(failed: &BTreeSet<&str>, judged: &BTreeSet<&str>) -> Vec<Match> {
    if failed.is_empty() {
        return Vec::new();
    }
    let Table { numbers, weights, defects } = &*TABLE;
    let marks = |ids: &BTreeSet<&str>| {
        let mut marks = vec![false; numbers.len()];
        ids.iter().filter_map(|id| numbers.get(id)).for_each(|number| marks[*number] = true);
        marks
    };
    let (fails, known) = (marks(failed), marks(judged));
    let weight = |id: &&str| numbers.get(id).map_or(1.0, |number| weights[*number]);
    let failures: f64 = failed.iter().map(weight).sum();
    let mut matches: Vec<Match> = defects
        .iter()
        .map(|(signature, cases)| {
            let (mut agree, mut of_them) = (0, 0);
            let (mut both, mut own) = (0.0, 0.0);
            for case in cases.iter().copied().filter(|case| known[*case]) {
                of_them += 1;
                own += weights[case];
                if fails[case] {
                    agree += 1;
                    both += weights[case];
                }
            }
            Match {
                defect: signature.defect,
                family: signature.family,
                says: signature.says,
                agree,
                signature: of_them,
                others: failed.len() - agree,
                likeness: both / (failures + (own - both)),
            }
        })
        .filter(|found| found.likeness >= ALIKE)
        .collect();
    matches.sort_by(|a, b| b.likeness.total_cmp(&a.likeness));
    matches.truncate(3);
    matches
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server that fails just what a defect fails is told to have it, or one that no case tells
    /// from it.
    #[test]
    fn every_defect_is_recognised() {
        let all = signatures::embedded();
        let judged: BTreeSet<&str> =
            all.iter().flat_map(|signature| &signature.cases).map(String::as_str).collect();
        for Signature { defect, cases, .. } in all {
            let failed: BTreeSet<&str> = cases.iter().map(String::as_str).collect();
            let found = closest(&failed, &judged);
            let best = found.first().unwrap_or_else(|| panic!("{defect}: nothing is like it"));
            assert!(best.likeness > 0.999, "{defect}: {best:?}");
            let twin = all.iter().find(|other| other.defect == best.defect).unwrap();
            assert_eq!(&twin.cases, cases, "{defect} is taken for {}", best.defect);
        }
    }

    /// With one case in five not judged, and one failure in ten missed, the family is still told.
    #[test]
    fn the_family_is_recognised_from_less() {
        let all = signatures::embedded();
        let ids: BTreeSet<&str> =
            all.iter().flat_map(|signature| &signature.cases).map(String::as_str).collect();
        let number = |text: &str| {
            text.bytes().fold(7_u32, |sum, byte| sum.wrapping_mul(31) ^ u32::from(byte))
        };
        let judged: BTreeSet<&str> = ids.into_iter().filter(|id| number(id) % 5 != 0).collect();
        let (mut right, mut tried) = (0, 0);
        for Signature { family, cases, .. } in all {
            let failed: BTreeSet<&str> = cases
                .iter()
                .map(String::as_str)
                .filter(|id| judged.contains(id) && number(id) % 10 != 1)
                .collect();
            if failed.is_empty() {
                continue;
            }
            tried += 1;
            let found = closest(&failed, &judged);
            right += usize::from(found.iter().any(|found| found.family == *family));
        }
        assert!(tried > 200 && right * 100 >= tried * 95, "{right} of {tried}");
    }
}
