use serde_json::{Value, json};

use super::{Fingerprint, curl, difference_lines, exchange_lines};
use crate::nearest::{Match, nearest};
use crate::run::{Outcome, Problem, Report, Verdict};
use crate::setup::Setup;
use crate::spec::Spec;

/// The whole report as JSON, for programs.
#[must_use]
pub fn json(report: &Report, setup: &Setup, spec: &Spec) -> Value {
    let counts: serde_json::Map<String, Value> = Verdict::ALL
        .iter()
        .map(|verdict| (verdict.to_string(), report.count(*verdict).into()))
        .collect();
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
        "edition": crate::edition::EDITION,
        "zoneData": crate::zone::RELEASE,
        "version": env!("CARGO_PKG_VERSION"),
        "target": report.target,
        "started": report.started.to_string(),
        "seconds": report.elapsed.as_secs_f64(),
        "requests": report.requests,
        "level": if report.strict { "should" } else { "must" },
        "conclusion": report.conclusion(),
        "exitCode": report.exit_code(),
        "ended": report.ended,
        "counts": counts,
        "handshake": {
            "precondition": report.handshake.precondition, "daysStale": report.handshake.stale,
            "tenants": holdings,
        },
        "nearestDefects": nearest(report).iter().map(defect).collect::<Vec<_>>(),
        "staleKnownFailures": report.stale,
        "fingerprint": { "dialect": fingerprint.dialect().to_string(), "points": points },
        "cases": report.outcomes.iter().map(|outcome| case(outcome, setup, spec)).collect::<Vec<_>>(),
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
