//! What is wrong with a target, by what it fails: the known defects ranked by likelihood, else their
//! family, else what the failing cases have in common.

mod common;
mod likelihood;
mod observed;
mod rank;
mod table;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use crate::run::Report;
use observed::Observed;

/// How many causes are named at most.
const NAMED: usize = 3;

/// What a [`Match`] names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A known defect.
    Defect,
    /// A family of known defects, of which no single one fits.
    Family,
    /// What failing cases have in common, where no family fits.
    Trait,
}

/// A cause that explains failures of a target.
#[derive(Clone, Debug, PartialEq)]
pub struct Match {
    /// What is named.
    pub kind: Kind,
    /// The name of the defect; that of the family where none fits, and `unknown` for a trait.
    pub defect: &'static str,
    /// The name of its family; empty for a trait.
    pub family: &'static str,
    /// What it does; completes a sentence that begins with "a server".
    pub says: String,
    /// Failures that it explains: cases of its signature that the target fails.
    pub agree: usize,
    /// Cases of its signature that the target was judged on.
    pub signature: usize,
    /// Failures of the target that are not in the signature.
    pub others: usize,
    /// The share of what both fail in what either fails, from 0 to 1.
    pub likeness: f64,
    /// The ids of the failures that it explains.
    pub explains: BTreeSet<String>,
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
        let failures = self.agree + self.others;
        match self.kind {
            Kind::Defect => format!(
                "behaves as a server {}: {} of {} signature cases agree{others} ({}: {})",
                self.says, self.agree, self.signature, self.family, self.defect
            ),
            Kind::Family | Kind::Trait => format!(
                "no known defect fits; behaves as a server {}: {} of {failures} failures",
                self.says, self.agree
            ),
        }
    }
}

/// What explains the failures of a report, the likeliest first: known defects; if none fits, their
/// family; if none does, what the failing cases have in common. Empty if nothing fails.
///
/// Known failures and cases that were not judged count neither for nor against a defect, and a
/// defect is not named if too few of its cases were judged. If two defects together are likelier
/// than one, both are named, the one that explains more first.
#[must_use]
pub fn nearest(report: &Report) -> Vec<Match> {
    let observed = Observed::of(report);
    let mut found = rank::ranked(&observed);
    if found.is_empty() {
        found.extend(common::common(report));
    }
    found
}
