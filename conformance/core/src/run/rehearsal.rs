//! What is the same in many runs of the same cases is done once.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::driver::Options;
use super::exchange::{Exchange, Target};
use super::outcome::{Outcome, outcome};
use super::plan::{Variant, plan};
use super::play::play;
use crate::fixture::Case;
use crate::http::Answer;
use crate::setup::Setup;
use crate::spec::Spec;

/// Cases with their requests, the answers that a target gave, and how those were judged. A later run of
/// them, with [`Options::rehearsal`], plans nothing anew and judges what is answered in another way: a
/// verdict follows from the answers alone.
///
/// It is of use to such runs only that have the same setup, but for the time that a
/// [`handshake`](super::handshake()) finds, the same specification and the same [`Options`].
#[derive(Debug)]
pub struct Rehearsal {
    now: Timestamp,
    cases: BTreeMap<String, Rehearsed>,
}

#[derive(Debug)]
struct Rehearsed {
    variants: Vec<Variant>,
    /// Those of one variant after those of another.
    answers: Vec<Answer>,
    outcome: Outcome,
}

impl Rehearsal {
    /// Asks a target for every case on one connection. A case that cannot be planned or played has no
    /// place here.
    #[must_use]
    pub fn of(
        cases: &[Case],
        setup: &Setup,
        spec: &Spec,
        target: &dyn Target,
        options: &Options,
    ) -> Self {
        let mut transport = target.worker();
        let mut rehearse = |case: &Case| {
            let variants = plan(case, setup, options.amplified).ok()?;
            let play = |variant: Variant| {
                let exchanges = play(case, &variant, setup, transport.as_mut()).ok()?;
                Some((variant, exchanges))
            };
            let played: Vec<_> = variants.into_iter().map(play).collect::<Option<_>>()?;
            let outcome = outcome(case, &played, setup, spec, options.strict);
            let answers = answers(&played).cloned().collect();
            let variants = played.into_iter().map(|(variant, _)| variant).collect();
            Some((case.id.clone(), Rehearsed { variants, answers, outcome }))
        };
        Self { now: setup.now, cases: cases.iter().filter_map(&mut rehearse).collect() }
    }

    /// The requests of a case, where this setup has the same.
    pub(super) fn variants(&self, case: &Case, setup: &Setup) -> Option<Vec<Variant>> {
        let rehearsed = self.cases.get(&case.id).filter(|_| setup.now == self.now)?;
        Some(rehearsed.variants.clone())
    }

    /// The outcome of a case that is answered as it was, if it is.
    pub(super) fn outcome(
        &self,
        case: &Case,
        played: &[(Variant, Vec<Exchange>)],
        setup: &Setup,
    ) -> Option<Outcome> {
        let rehearsed = self.cases.get(&case.id).filter(|_| setup.now == self.now)?;
        let micros = played.iter().flat_map(|(_, exchanges)| exchanges).map(|one| one.micros).sum();
        answers(played)
            .eq(&rehearsed.answers)
            .then(|| Outcome { micros, ..rehearsed.outcome.clone() })
    }
}

fn answers(played: &[(Variant, Vec<Exchange>)]) -> impl Iterator<Item = &Answer> {
    played.iter().flat_map(|(_, exchanges)| exchanges).map(|exchange| &exchange.answer)
}
