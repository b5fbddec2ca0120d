//! `--live`: laws that every server must obey, whatever it holds. Its answers are judged against
//! its own list. Only GET is used.

mod chapters;
mod lab;
mod laws;

use std::time::Instant;

use crate::fixture::{Auth, AuthName, Case, Expect, Status};
use crate::run::{Handshake, Options, Outcome, Report, Scope, Target, Verdict, run};
use crate::setup::Setup;
use crate::spec::Spec;
use chapters::chapters;
use lab::Lab;

/// The law that reads the whole list.
const SCAN: &str = "live/scan";

/// The settings of a live run.
#[derive(Clone, Copy, Debug)]
pub struct LiveOptions {
    /// Pages of the list that are read at most.
    pub pages: usize,
    /// Whether the zone of the tenant is known.
    pub zone_known: bool,
}

impl Default for LiveOptions {
    fn default() -> Self {
        Self { pages: 600, zone_known: false }
    }
}

/// The cases of the suite that need no data: a refusal does not depend on it.
#[must_use]
pub fn without_data(cases: &[Case]) -> Vec<Case> {
    let free = |expect: &Expect| {
        let listed = matches!(expect.status, Some(Status::One(200)) | None);
        !(expect.speaks_of_records() || listed && expect.body.is_some())
    };
    let asks_only = |case: &&Case| {
        let mut requests =
            std::iter::once(&case.request).chain(case.step.iter().map(|step| &step.request));
        requests.all(|request| {
            *request.auth() != Auth::Named(AuthName::OtherToken)
                && request.method() == "GET"
                && request.tenant.is_none()
                && request.raw.is_none()
                && request.payload.is_none()
        })
    };
    let expects = |case: &&Case| {
        case.expect.iter().all(free)
            && case.or.iter().all(|or| free(&or.expect))
            && case.reading.iter().all(|reading| free(&reading.expect))
            && case.step.iter().filter_map(|step| step.expect.as_ref()).all(free)
    };
    cases.iter().filter(asks_only).filter(expects).cloned().collect()
}

/// Checks the laws on the first tenant of `setup`, then runs the cases that need no data.
pub fn live(
    cases: &[Case],
    setup: &mut Setup,
    spec: &Spec,
    target: &dyn Target,
    options: &Options,
    live: LiveOptions,
    done: &(dyn Fn(&Outcome) + Sync),
) -> Report {
    let (started, before) = (crate::clock::now(), Instant::now());
    let mut worker = target.worker();
    let mut lab = Lab::new(setup, spec, worker.as_mut(), target, live, options.strict);
    let mut outcomes = laws::all(&mut lab);
    let unreachable = lab.unreachable.clone();
    let scanned = outcomes.iter().find(|outcome| outcome.id == SCAN);
    let empty = scanned.is_some_and(|scan| scan.verdict == Verdict::NotExercised);
    drop(worker);
    for outcome in &outcomes {
        done(outcome);
    }
    let mut handshake = Handshake::default();
    if let Some(trouble) = unreachable {
        handshake.unreachable = true;
        handshake.precondition = Some(trouble);
    } else {
        let quiet = Options { handshake: false, amplified: false, ..options.clone() };
        let rest = run(&without_data(cases), setup, spec, target, &quiet, done);
        outcomes.extend(rest.outcomes);
    }
    let scope = Scope {
        all: outcomes.len(),
        asked: vec!["--live".into()],
        nothing: empty.then(|| "the tenant holds no recording".into()),
        chapters: chapters(cases, &outcomes, spec),
    };
    Report {
        target: target.base(),
        started,
        elapsed: before.elapsed(),
        requests: target.requests(),
        handshake,
        outcomes,
        ended: target.ended(),
        strict: options.strict,
        stale: Vec::new(),
        scope,
    }
}
