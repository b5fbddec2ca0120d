use serde_json::{Value, json};

use super::blocks::{Block, blocks};
use super::{Fingerprint, curl, difference_lines, exchange_lines};
use crate::nearest::Match;
use crate::run::{Chapter, Outcome, Problem, Report};
use crate::setup::Setup;
use crate::spec::Spec;

/// The version of the JSON report, which `report.schema.json` describes. It changes when a member
/// changes its meaning or goes.
pub const JSON_VERSION: u32 = 1;

/// The whole report as JSON, for programs.
#[must_use]
pub fn json(report: &Report, setup: &Setup, spec: &Spec) -> Value {
    let tally = report.tally();
    let counts: serde_json::Map<String, Value> =
        tally.kinds().into_iter().map(|(name, count)| (name.to_owned(), count.into())).collect();
    let blocks = blocks(report);
    let causes = blocks.iter().filter_map(|block| block.cause.as_ref());
    let others = blocks.iter().flat_map(|block| &block.others);
    let nearest: Vec<Value> = causes.chain(others).map(defect).collect();
    let fingerprint = Fingerprint::of(report);
    let points: Vec<Value> = fingerprint
        .points
        .iter()
        .map(|point| {
            json!({
                "switch": point.switch, "clause": point.clause, "value": point.value(),
                "readings": point.values, "other": point.other, "reference": point.default,
            })
        })
        .collect();
    let holdings: Vec<Value> = report
        .handshake
        .tenants
        .iter()
        .map(|holding| {
            json!({
                "tenant": holding.tenant, "expected": holding.expected, "missing": holding.missing,
                "unexpected": holding.unexpected, "altered": holding.altered, "trouble": holding.trouble,
            })
        })
        .collect();
    json!({
        "report": JSON_VERSION,
        "edition": crate::edition::EDITION,
        "zoneData": crate::zone::RELEASE,
        "version": env!("CARGO_PKG_VERSION"),
        "target": report.target,
        "started": report.started.to_string(),
        "seconds": report.elapsed.as_secs_f64(),
        "requests": report.requests,
        "level": report.level().to_string(),
        "conclusion": report.conclusion(),
        "verdict": report.sentence(),
        "exitCode": report.exit_code(),
        "ended": report.ended,
        "suiteCases": tally.all,
        "asked": report.scope.asked,
        "counts": counts,
        "chapters": report.scope.chapters.iter().map(chapter).collect::<Vec<_>>(),
        "handshake": {
            "precondition": report.handshake.precondition, "waysOut": report.handshake.ways_out,
            "daysStale": report.handshake.stale,
            "tenants": holdings,
        },
        "nearestDefects": nearest,
        "causes": blocks.iter().map(cause).collect::<Vec<_>>(),
        "staleKnownFailures": report.stale,
        "fingerprint": { "dialect": fingerprint.to_string(), "points": points },
        "cases": report.outcomes.iter().map(|outcome| case(outcome, setup, spec)).collect::<Vec<_>>(),
    })
}

fn chapter(chapter: &Chapter) -> Value {
    json!({
        "name": chapter.name, "clauses": chapter.clauses, "exercised": chapter.exercised,
        "wants": chapter.wants, "datasetOnly": chapter.dataset_only,
    })
}

/// Failures with one cause, or without a known one.
fn cause(block: &Block<'_>) -> Value {
    json!({
        "defect": block.cause.as_ref().map(defect),
        "cases": block.outcomes.iter().map(|outcome| &outcome.id).collect::<Vec<_>>(),
    })
}

fn defect(found: &Match) -> Value {
    json!({
        "name": found.defect, "family": found.family, "sentence": found.sentence(),
        "agree": found.agree, "signature": found.signature, "others": found.others,
        "likeness": found.likeness,
    })
}

fn case(outcome: &Outcome, setup: &Setup, spec: &Spec) -> Value {
    json!({
        "id": outcome.id,
        "title": outcome.title,
        "clauses": outcome.clauses,
        "level": outcome.level.to_string(),
        "verdict": outcome.verdict.as_str(),
        "reason": outcome.reason,
        "known": outcome.known,
        "blamed": (!outcome.problems.is_empty()).then(|| outcome.blamed()),
        "observed": outcome.observed.as_ref().map(|observed| {
            json!({ "switch": observed.switch, "value": observed.value, "seen": observed.seen })
        }),
        "evidence": outcome.evidence,
        "requests": outcome.requests,
        "variants": outcome.variants,
        "milliseconds": outcome.micros as f64 / 1000.0,
        "problems": outcome.problems.iter().map(|each| problem(each, setup, spec)).collect::<Vec<_>>(),
    })
}

fn problem(problem: &Problem, setup: &Setup, spec: &Spec) -> Value {
    let planned = &problem.exchange.planned;
    let difference = problem.finding.difference.as_ref();
    json!({
        "clause": problem.clause,
        "level": problem.level.to_string(),
        "sentence": spec.find(&problem.clause).map(|clause| clause.sentence.clone()),
        "variant": problem.variant,
        "step": problem.step,
        "text": problem.finding.text,
        "difference": difference.map(|difference| difference_lines(difference, planned, setup)),
        "curl": curl::line(planned, setup),
        "exchange": exchange_lines(&problem.exchange, setup),
    })
}
