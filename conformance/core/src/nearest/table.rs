//! The signatures as numbers, and how often, and how, known defects fail a case.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::signatures::{self, Signature};
use crate::symptom::Symptom;

/// The likeness of two symptoms if one of them is unknown.
const UNKNOWN: f64 = 0.5;

/// A case that known defects fail.
pub(super) struct Case {
    pub(super) id: &'static str,
    /// How many defects fail it, by the symptom.
    failures: BTreeMap<Symptom, u32>,
}

/// The signatures as numbers, so that a comparison walks lists.
pub(super) struct Table {
    /// The cases, in the order of their ids; the place of one is its number.
    pub(super) cases: Vec<Case>,
    /// Each defect with the numbers of its cases and how they fail.
    pub(super) defects: Vec<(&'static Signature<'static>, Vec<(usize, Symptom)>)>,
}

/// How alike two symptoms are, from 0 to 1.
pub(super) fn likeness(one: Symptom, other: Symptom) -> f64 {
    one.likeness(other).unwrap_or(UNKNOWN)
}

impl Table {
    pub(super) fn embedded() -> &'static Self {
        static TABLE: LazyLock<Table> = LazyLock::new(|| Table::new(signatures::embedded()));
        &TABLE
    }

    fn new(all: &'static [Signature<'static>]) -> Self {
        let mut failures: BTreeMap<&str, BTreeMap<Symptom, u32>> = BTreeMap::new();
        for (case, symptom) in all.iter().flat_map(|signature| &signature.symptoms) {
            *failures.entry(case).or_default().entry(*symptom).or_default() += 1;
        }
        let cases = failures.into_iter().map(|(id, failures)| Case { id, failures }).collect();
        let mut table = Table { cases, defects: Vec::new() };
        let numbered = |signature: &'static Signature<'static>| {
            let cases = signature.symptoms.iter();
            let numbers = cases.filter_map(|(id, symptom)| Some((table.number(id)?, *symptom)));
            (signature, numbers.collect())
        };
        table.defects = all.iter().map(numbered).collect();
        table
    }

    /// The number of a case; none where no known defect fails it.
    pub(super) fn number(&self, id: &str) -> Option<usize> {
        self.cases.binary_search_by_key(&id, |case| case.id).ok()
    }

    /// How much a failure tells, in nats: minus the logarithm of the share of known defects that
    /// fail the case in this way. The fewer do, the more it tells.
    pub(super) fn surprise(&self, number: usize, symptom: Symptom) -> f64 {
        let failures = self.cases[number].failures.iter();
        let alike: f64 = failures.map(|(of, n)| likeness(*of, symptom) * f64::from(*n)).sum();
        -((alike + 0.3) / (self.defects.len() as f64 + 1.0)).min(0.3).ln()
    }
}
