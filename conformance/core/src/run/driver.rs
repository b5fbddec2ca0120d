use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Instant;

use super::exchange::{Target, Transport};
use super::handshake::{Handshake, handshake};
use super::outcome::{Outcome, outcome};
use super::plan::{Variant, plan};
use super::play::play;
use super::rehearsal::Rehearsal;
use super::report::Report;
use super::scope::Scope;
use super::verdict::Verdict;
use crate::fixture::Case;
use crate::setup::Setup;
use crate::spec::Spec;

/// How cases are run.
#[derive(Clone, Debug)]
pub struct Options {
    /// Workers, each with a connection of its own.
    pub jobs: usize,
    /// Whether a should that is not done is a failure.
    pub strict: bool,
    /// Whether variants are generated.
    pub amplified: bool,
    /// Whether the target is asked for everything first.
    pub handshake: bool,
    /// Faulty cases by id, with the reason.
    pub broken: BTreeMap<String, String>,
    /// What was planned and judged before, for runs of the same cases.
    pub rehearsal: Option<Arc<Rehearsal>>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            jobs: 4,
            strict: false,
            amplified: true,
            handshake: true,
            broken: BTreeMap::new(),
            rehearsal: None,
        }
    }
}

/// Runs cases against a target. `done` is told of every outcome as it comes.
pub fn run(
    cases: &[Case],
    setup: &mut Setup,
    spec: &Spec,
    target: &dyn Target,
    options: &Options,
    done: &(dyn Fn(&Outcome) + Sync),
) -> Report {
    let (started, before) = (crate::clock::now(), Instant::now());
    let greeting = if options.handshake {
        handshake(setup, target.worker().as_mut())
    } else {
        Handshake::default()
    };
    let setup = &*setup;
    let next = AtomicUsize::new(0);
    let outcomes = Mutex::new(Vec::with_capacity(cases.len()));
    if greeting.precondition.is_none() {
        thread::scope(|scope| {
            for _ in 0..options.jobs.clamp(1, 64) {
                scope.spawn(|| {
                    let mut transport = target.worker();
                    loop {
                        let index = next.fetch_add(1, Ordering::Relaxed);
                        let Some(case) = cases.get(index) else { break };
                        let outcome = one(case, setup, spec, target, options, transport.as_mut());
                        done(&outcome);
                        if let Ok(mut outcomes) = outcomes.lock() {
                            outcomes.push((index, outcome));
                        }
                    }
                });
            }
        });
    }
    let mut outcomes = outcomes.into_inner().unwrap_or_default();
    outcomes.sort_by_key(|(index, _)| *index);
    Report {
        target: target.base(),
        started,
        elapsed: before.elapsed(),
        requests: target.requests(),
        handshake: greeting,
        outcomes: outcomes.into_iter().map(|(_, outcome)| outcome).collect(),
        ended: target.ended(),
        strict: options.strict,
        stale: Vec::new(),
        scope: Scope::default(),
    }
}

/// Plays every case on one connection, so that later runs can be shorter. Cases that cannot be
/// planned or played are left out.
#[must_use]
pub fn rehearse(
    cases: &[Case],
    setup: &Setup,
    spec: &Spec,
    target: &dyn Target,
    options: &Options,
) -> Rehearsal {
    let mut transport = target.worker();
    let mut rehearsal = Rehearsal::at(setup.now);
    for case in cases {
        let Ok(variants) = plan(case, setup, options.amplified) else { continue };
        let play = |variant: Variant| {
            let exchanges = play(case, &variant, setup, transport.as_mut()).ok()?;
            Some((variant, exchanges))
        };
        let Some(played) = variants.into_iter().map(play).collect::<Option<Vec<_>>>() else {
            continue;
        };
        let outcome = outcome(case, &played, setup, spec, options.strict);
        rehearsal.keep(played, outcome);
    }
    rehearsal
}

fn one(
    case: &Case,
    setup: &Setup,
    spec: &Spec,
    target: &dyn Target,
    options: &Options,
    transport: &mut dyn Transport,
) -> Outcome {
    let stopped = |verdict, reason: &str| Outcome::without_requests(case, spec, verdict, reason);
    if let Some(fault) = options.broken.get(&case.id) {
        return stopped(Verdict::Error, fault);
    }
    let rehearsed = options.rehearsal.as_ref().and_then(|rehearsal| rehearsal.find(case, setup));
    let variants = match rehearsed {
        Some(rehearsed) => Ok(rehearsed.variants.clone()),
        None => plan(case, setup, options.amplified),
    };
    let variants = match variants {
        Ok(variants) => variants,
        Err(problem) => return stopped(Verdict::Error, &problem),
    };
    if !setup.https && variants.iter().flat_map(|variant| &variant.steps).any(|step| step.plain) {
        return stopped(Verdict::Skipped, "the target is not https://");
    }
    let mut played = Vec::with_capacity(variants.len());
    for variant in variants {
        if let Some(reason) = target.ended() {
            return stopped(Verdict::Inconclusive, &reason);
        }
        match play(case, &variant, setup, transport) {
            Ok(exchanges) => played.push((variant, exchanges)),
            Err(problem) => return stopped(Verdict::Error, &problem),
        }
    }
    let same = rehearsed.and_then(|rehearsed| rehearsed.outcome(&played));
    same.unwrap_or_else(|| outcome(case, &played, setup, spec, options.strict))
}
