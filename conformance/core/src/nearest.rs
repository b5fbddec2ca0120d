//! Which known defect a target is nearest to.

use std::collections::{BTreeMap, BTreeSet};

use crate::report::Report;
use crate::run::Verdict;
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

fn closest(failed: &BTreeSet<&str>, judged: &BTreeSet<&str>) -> Vec<Match> {
    if failed.is_empty() {
        return Vec::new();
    }
    let all = signatures::embedded();
    let mut breaks: BTreeMap<&str, usize> = BTreeMap::new();
    for case in all.iter().flat_map(|signature| &signature.cases) {
        *breaks.entry(case).or_default() += 1;
    }
    // A case that few defects fail says more than one that half of them do.
    let weight = |case: &str| 1.0 / (1.0 + breaks.get(case).copied().unwrap_or_default() as f64);
    let mut matches: Vec<Match> = all
        .iter()
        .map(|Signature { defect, family, says, cases }| {
            let cases: BTreeSet<&str> =
                cases.iter().map(String::as_str).filter(|case| judged.contains(case)).collect();
            let both: BTreeSet<&str> = cases.intersection(failed).copied().collect();
            let sum = |cases: &mut dyn Iterator<Item = &&str>| -> f64 {
                cases.map(|case| weight(case)).sum()
            };
            let either = sum(&mut cases.union(failed));
            let likeness = if either > 0.0 { sum(&mut both.iter()) / either } else { 0.0 };
            Match {
                defect,
                family,
                says,
                agree: both.len(),
                signature: cases.len(),
                others: failed.len() - both.len(),
                likeness,
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
        for Signature { defect, cases, .. } in &all {
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
        for Signature { family, cases, .. } in &all {
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
