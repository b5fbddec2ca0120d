//! Which cases each defect fails, as it was measured, and which defect a target is nearest to.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::defect::Defect;
use super::matrix::Matrix;
use crate::report::Report;
use crate::run::Verdict;

/// How alike a target and a defect have to be for the one to be named: the share of what the two
/// fail together in all that either fails.
const ALIKE: f64 = 0.4;

/// The failures of each defect: its name, then the cases.
#[must_use]
pub fn signatures(matrix: &Matrix) -> String {
    let mut text = String::from(
        "# The cases that each defect of `selftest` fails. Written by `vcc-conformance selftest --signatures FILE`.\n",
    );
    for row in &matrix.rows {
        // A folder is named once.
        let mut chapters: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for case in row.caught.keys() {
            let (chapter, name) = case.split_once('/').unwrap_or(("", case));
            chapters.entry(chapter).or_default().push(name);
        }
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}", row.defect);
        for (chapter, names) in chapters {
            let _ = writeln!(text, "  {chapter}/ {}", names.join(" "));
        }
    }
    text
}

/// The failures of each defect, read from their text.
fn read(text: &str) -> Vec<(&str, BTreeSet<String>)> {
    let mut all: Vec<(&str, BTreeSet<String>)> = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        match line.strip_prefix("  ").and_then(|rest| rest.split_once("/ ")) {
            None => all.push((line.trim(), BTreeSet::new())),
            Some((chapter, names)) => {
                if let Some((_, cases)) = all.last_mut() {
                    cases.extend(names.split(' ').map(|name| format!("{chapter}/{name}")));
                }
            }
        }
    }
    all
}

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
    let all = read(crate::embedded::SIGNATURES);
    let mut breaks: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, cases) in &all {
        for case in cases {
            *breaks.entry(case).or_default() += 1;
        }
    }
    // A case that few defects fail says more than one that half of them do.
    let weight = |case: &str| 1.0 / (1.0 + breaks.get(case).copied().unwrap_or_default() as f64);
    let mut matches: Vec<Match> = all
        .iter()
        .filter_map(|(name, cases)| {
            let (family, defect): (&'static str, &'static Defect) = super::find(name)?;
            let cases: BTreeSet<&str> =
                cases.iter().map(String::as_str).filter(|case| judged.contains(case)).collect();
            let both: BTreeSet<&str> = cases.intersection(failed).copied().collect();
            let sum = |cases: &mut dyn Iterator<Item = &&str>| -> f64 {
                cases.map(|case| weight(case)).sum()
            };
            let either = sum(&mut cases.union(failed));
            let likeness = if either > 0.0 { sum(&mut both.iter()) / either } else { 0.0 };
            Some(Match {
                defect: defect.name,
                family,
                says: defect.says,
                agree: both.len(),
                signature: cases.len(),
                others: failed.len() - both.len(),
                likeness,
            })
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
        let all = read(crate::embedded::SIGNATURES);
        let judged: BTreeSet<&str> =
            all.iter().flat_map(|(_, cases)| cases.iter().map(String::as_str)).collect();
        assert_eq!(all.len(), crate::selftest::defects().count());
        for (name, cases) in &all {
            let failed: BTreeSet<&str> = cases.iter().map(String::as_str).collect();
            let found = closest(&failed, &judged);
            let best = found.first().unwrap_or_else(|| panic!("{name}: nothing is like it"));
            assert!(best.likeness > 0.999, "{name}: {best:?}");
            let twin = all.iter().find(|(other, _)| *other == best.defect).unwrap();
            assert_eq!(&twin.1, cases, "{name} is taken for {}", best.defect);
        }
    }

    /// With one case in five not judged, and one failure in ten missed, the family is still told.
    #[test]
    fn the_family_is_recognised_from_less() {
        let all = read(crate::embedded::SIGNATURES);
        let ids: BTreeSet<&str> =
            all.iter().flat_map(|(_, cases)| cases.iter().map(String::as_str)).collect();
        let number = |text: &str| {
            text.bytes().fold(7_u32, |sum, byte| sum.wrapping_mul(31) ^ u32::from(byte))
        };
        let judged: BTreeSet<&str> = ids.into_iter().filter(|id| number(id) % 5 != 0).collect();
        let (mut right, mut tried) = (0, 0);
        for (name, cases) in &all {
            let failed: BTreeSet<&str> = cases
                .iter()
                .map(String::as_str)
                .filter(|id| judged.contains(id) && number(id) % 10 != 1)
                .collect();
            if failed.is_empty() {
                continue;
            }
            tried += 1;
            let family = super::super::find(name).unwrap().0;
            let found = closest(&failed, &judged);
            right += usize::from(found.iter().any(|found| found.family == family));
        }
        assert!(tried > 200 && right * 100 >= tried * 95, "{right} of {tried}");
    }

    #[test]
    fn a_text_of_signatures_is_read_as_it_was_written() {
        let row = crate::selftest::Row {
            defect: "page-of-49",
            family: "pages and n",
            caught: BTreeMap::from([
                ("near/start".to_owned(), "NEAR-1".to_owned()),
                ("paging/a".to_owned(), "PAGE-1".to_owned()),
                ("paging/b".to_owned(), "PAGE-1".to_owned()),
            ]),
            precondition: None,
            requests: 3,
        };
        let matrix = Matrix { graded: Vec::new(), unclean: Vec::new(), rows: vec![row] };
        let text = signatures(&matrix);
        let [(name, cases)] = &read(&text)[..] else { panic!("one defect") };
        assert_eq!(*name, "page-of-49");
        assert!(cases.iter().map(String::as_str).eq(["near/start", "paging/a", "paging/b"]));
    }
}
