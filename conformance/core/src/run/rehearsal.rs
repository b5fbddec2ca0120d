//! Work that many runs of the same cases have in common is done once.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::exchange::Exchange;
use super::outcome::Outcome;
use super::plan::Variant;
use crate::fixture::Case;
use crate::http::Answer;
use crate::setup::Setup;

/// Cases with their requests, the answers of a target, and how those were judged. A later run of
/// them, with [`Options::rehearsal`](super::Options::rehearsal), plans nothing again and judges
/// only what is answered differently: a verdict follows from the answers alone.
///
/// It is only of use to runs with the same setup, except for the time that a
/// [`handshake`](super::handshake()) finds, the same specification and the same
/// [`Options`](super::Options).
#[derive(Debug)]
pub struct Rehearsal {
    now: Timestamp,
    cases: BTreeMap<String, Rehearsed>,
}

/// A case of a rehearsal.
#[derive(Debug)]
pub(super) struct Rehearsed {
    pub(super) variants: Vec<Variant>,
    /// The answers of all variants, one variant after another.
    answers: Vec<Answer>,
    outcome: Outcome,
}

impl Rehearsal {
    /// An empty one, for runs at this time.
    pub(super) fn at(now: Timestamp) -> Self {
        Self { now, cases: BTreeMap::new() }
    }

    /// What a case asked, how it was answered, and what came of it.
    pub(super) fn keep(&mut self, played: Vec<(Variant, Vec<Exchange>)>, outcome: Outcome) {
        let answers = answers(&played).cloned().collect();
        let variants = played.into_iter().map(|(variant, _)| variant).collect();
        self.cases.insert(outcome.id.clone(), Rehearsed { variants, answers, outcome });
    }

    /// A case, if its requests are the same with this setup.
    pub(super) fn find(&self, case: &Case, setup: &Setup) -> Option<&Rehearsed> {
        self.cases.get(&case.id).filter(|_| setup.now == self.now)
    }
}

impl Rehearsed {
    /// The outcome, if the answers are the same as before.
    pub(super) fn outcome(&self, played: &[(Variant, Vec<Exchange>)]) -> Option<Outcome> {
        let micros = played.iter().flat_map(|(_, exchanges)| exchanges).map(|one| one.micros).sum();
        answers(played).eq(&self.answers).then(|| Outcome { micros, ..self.outcome.clone() })
    }
}

fn answers(played: &[(Variant, Vec<Exchange>)]) -> impl Iterator<Item = &Answer> {
    played.iter().flat_map(|(_, exchanges)| exchanges).map(|exchange| &exchange.answer)
}
