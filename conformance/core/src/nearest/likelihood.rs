//! How well a defect explains what failed and what did not.

use super::observed::{Fate, Observed};
use super::table::{Table, likeness};
use crate::signatures::Signature;
use crate::symptom::Symptom;

/// At least one in this many of a signature's cases must have been judged.
pub(super) const TOLD: usize = 3;

/// The bonus, in nats, for a signature of at least three cases that fail without exception.
const WHOLE: f64 = 2.0;

/// How well a defect explains a run.
#[derive(Clone, Debug)]
pub(super) struct Fit {
    pub(super) signature: &'static Signature<'static>,
    /// The failures that it explains, by number, each with its worth in nats.
    pub(super) explains: Vec<(usize, f64)>,
    /// The cases of its signature that passed.
    pub(super) passed: usize,
    /// The cost of those passes, in nats.
    pub(super) cost: f64,
    /// The logarithm of how much likelier the run is with this defect than without any.
    pub(super) score: f64,
}

/// The worth of each failure by its number, 0 for what did not fail.
pub(super) fn surprises(observed: &Observed) -> Vec<f64> {
    let table = Table::embedded();
    let worth = |(number, fate): (usize, &Fate)| match fate {
        Fate::Failed(symptom) => table.surprise(number, *symptom),
        _ => 0.0,
    };
    observed.fates.iter().enumerate().map(worth).collect()
}

/// How well a defect explains a run; `None` if it explains nothing, or if too few of its cases were
/// judged to tell.
pub(super) fn fit(
    (signature, cases): &(&'static Signature<'static>, Vec<(usize, Symptom)>),
    observed: &Observed,
    surprises: &[f64],
) -> Option<Fit> {
    let table = Table::embedded();
    let mut explains = Vec::new();
    let (mut passed, mut relative) = (0, 0);
    for (number, symptom) in cases {
        match observed.fates[*number] {
            Fate::Unknown => {}
            Fate::Passed => {
                passed += 1;
                relative += usize::from(table.cases[*number].id.starts_with("today/"));
            }
            Fate::Failed(seen) => {
                // A case that fails in another way is hardly explained, but is never evidence
                // against the defect.
                let alike = (0.05 + 0.95 * likeness(seen, *symptom)).ln();
                explains.push((*number, (surprises[*number] + alike).max(0.0)));
            }
        }
    }
    if explains.is_empty() || (explains.len() + passed) * TOLD < cases.len() {
        return None;
    }
    // Whether a case that needs today fails also depends on the hour.
    let mut cost = cost(explains.len(), passed - relative + relative / 3);
    if passed == 0 && explains.len() >= 3 {
        cost -= WHOLE;
    }
    let score = explains.iter().map(|(_, worth)| worth).sum::<f64>() - cost;
    Some(Fit { signature, explains, passed, cost, score })
}

/// Minus the logarithm of the chance that this many cases of a signature fail and this many pass.
/// Another server may show any part of a signature, but mostly shows all of it: the share has a
/// beta distribution with its mean at 0.93.
fn cost(failed: usize, passed: usize) -> f64 {
    let (mut chance, mut seen) = (0.0, 0.0);
    for (count, prior) in [(failed, 4.0), (passed, 0.3)] {
        let mut weight = prior;
        for _ in 0..count {
            chance += f64::ln(weight / (4.0 + 0.3 + seen));
            weight += 1.0;
            seen += 1.0;
        }
    }
    -chance
}
