//! What a run says about a server with a single fault: one cause, on one screen or two.

#[path = "../../core/tests/common/json_schema.rs"]
mod json_schema;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use vcc_conformance_core::http::{Endpoint, Limits, TlsOptions};
use vcc_conformance_core::report::{
    Baseline, Detail, blocks, json, junit, markdown, terminal_with,
};
use vcc_conformance_core::run::{
    HttpTarget, Options, Outcome, Report, Verdict, depends_on_today, run,
};
use vcc_conformance_core::setup::Setup;
use vcc_conformance_core::spec::Spec;
use vcc_conformance_core::{dataset, fixture};
use vcc_conformance_reference::Reference;

/// A part of the suite without what depends on today, against a server whose tenants are all in UTC.
fn wrong_zone(spec: &Spec) -> (Report, Setup) {
    let now = "2026-11-24T12:00:00Z".parse().unwrap();
    let tenants = dataset::embedded(now).unwrap();
    let mut there = tenants.clone();
    for tenant in &mut there {
        tenant.tz = "UTC".into();
    }
    let reference = Reference::start(&there).unwrap();
    let endpoint = Endpoint::parse(&reference.url(), &TlsOptions::default()).unwrap();
    let mut setup = Setup::new(tenants, now);
    setup.authority = endpoint.authority();
    let until = Instant::now() + Duration::from_secs(300);
    let limits = Limits { deadline: Duration::from_secs(60), ..Limits::default() };
    let shared = HttpTarget::new(endpoint, limits, Arc::new(AtomicBool::new(false)), until);
    let mut cases = fixture::embedded().unwrap();
    // Some chapters that have nothing to do with zones are enough.
    cases.retain(|case| {
        !depends_on_today(case) && matches!(case.chapter(), "dates" | "near" | "zones" | "response")
    });
    let mut report = run(&cases, &mut setup, spec, &shared, &Options::default(), &|_| {});
    // What differs every time.
    report.target = "http://127.0.0.1:8080".into();
    let bytes = setup.authority.clone().into_bytes();
    for problem in report.outcomes.iter_mut().flat_map(|outcome| &mut outcome.problems) {
        let planned = &mut problem.exchange.planned;
        let text = String::from_utf8_lossy(&planned.bytes).into_owned();
        let host = String::from_utf8_lossy(&bytes).into_owned();
        planned.bytes = text.replace(&host, "127.0.0.1:8080").into_bytes();
        if let Ok(answer) = &mut problem.exchange.answer {
            answer.headers.retain(|(name, _)| name != "date");
        }
    }
    setup.authority = "127.0.0.1:8080".into();
    (report.elapsed, report.started, report.requests) = (Duration::from_millis(3200), now, 2000);
    (report, setup)
}

fn said(report: &Report, setup: &Setup, spec: &Spec, detail: Detail) -> String {
    let mut text = Vec::new();
    terminal_with(&mut text, report, setup, spec, detail).unwrap();
    anstream::adapter::strip_str(std::str::from_utf8(&text).unwrap()).to_string()
}

#[test]
fn a_server_in_the_wrong_zone_is_told_on_a_screen_or_two() {
    let spec = Spec::embedded();
    let (mut report, setup) = wrong_zone(&spec);
    let text = said(&report, &setup, &spec, Detail::default());
    assert!(text.lines().count() <= 100, "{}", text.lines().count());
    insta::assert_snapshot!("wrong-zone-terminal", text);
    insta::assert_snapshot!("wrong-zone-quiet", said(&report, &setup, &spec, Detail::Quiet));
    let page = markdown(&report, &setup, &spec);
    insta::assert_snapshot!("wrong-zone-markdown", page);

    // Every failure in full, and each once.
    let all = said(&report, &setup, &spec, Detail::All);
    let bad = |outcome: &&Outcome| matches!(outcome.verdict, Verdict::Fail | Verdict::Warn);
    for outcome in report.outcomes.iter().filter(bad) {
        let head = format!("\n{} {}: ", outcome.verdict, outcome.id);
        assert_eq!(all.matches(&head).count(), 1, "{}", outcome.id);
    }
    assert_eq!(said(&report, &setup, &spec, Detail::Some(0)).matches("\nfail ").count(), 0);
    assert_eq!(said(&report, &setup, &spec, Detail::Some(7)).matches("\nfail ").count(), 7);

    // One testcase a case; the cause once.
    let cause = blocks(&report)[0].sentence().unwrap();
    let xml = junit(&report, &setup, &spec).unwrap();
    assert_eq!(xml.matches("<testcase ").count(), report.outcomes.len());
    assert_eq!(xml.matches(&cause).count(), 1);
    assert_eq!(page.matches(&cause).count(), 1);

    let json = json(&report, &setup, &spec);
    let schema = include_str!("../../core/report.schema.json");
    let schema: serde_json::Value = serde_json::from_str(schema).unwrap();
    json_schema::check(&json, &schema, &schema, "report").unwrap();
    assert_eq!(json["causes"][0]["defect"]["name"], "tenant-in-utc");

    // The run as its own baseline; then what got worse and better since.
    let baseline = Baseline::read(&json.to_string()).unwrap();
    let since = "the baseline of 2026-11-24T12:00:00Z";
    let lines = |report: &Report| baseline.changes(report).lines(2);
    let sentence = |report: &Report| baseline.changes(report).sentence(report);
    assert!(lines(&report).is_empty());
    assert_eq!(
        sentence(&report),
        format!("does not conform, but no worse than {since}: nothing changed (exit code 0)")
    );
    let place = |report: &Report, verdict| {
        report.outcomes.iter().position(|outcome| outcome.verdict == verdict).unwrap()
    };
    let (fails, passes) = (place(&report, Verdict::Fail), place(&report, Verdict::Pass));
    let other = report.outcomes[passes].clone();
    report.outcomes[fails].verdict = Verdict::Pass;
    report.outcomes[passes].verdict = Verdict::Fail;
    let gone = report.outcomes.pop().unwrap();
    assert_eq!(
        lines(&report),
        [
            format!("  better: {}: was fail, is pass", report.outcomes[fails].id),
            format!("  no longer judged: {}: was {}, did not run", gone.id, gone.verdict),
            format!("  worse: {}: was pass, is fail", other.id),
        ]
    );
    assert_eq!(
        sentence(&report),
        format!(
            "does not conform, and worse than {since}: 1 worse, 1 no longer judged, 1 better \
             (exit code 1)"
        )
    );
    for (text, problem) in [
        ("{}", "expected a report that --json wrote, of version 1"),
        (r#"{"report": 2}"#, "expected a report that --json wrote, of version 1; found version 2"),
    ] {
        assert_eq!(Baseline::read(text).unwrap_err(), problem);
    }
    filtered(report, &spec);
}

/// Of a part of the suite no defect is named if others would fit as well.
fn filtered(mut report: Report, spec: &Spec) {
    report.scope.asked = vec!["--filter response".into()];
    let all = report.outcomes.clone();
    report.outcomes.retain(|outcome| outcome.chapter() == "response");
    assert!(report.outcomes.iter().any(|outcome| outcome.verdict == Verdict::Fail));
    let found = blocks(&report);
    assert!(found.len() == 1 && found[0].cause.is_none(), "{found:?}");
    let now = "2026-11-24T12:00:00Z".parse().unwrap();
    let setup = Setup::new(dataset::embedded(now).unwrap(), now);
    let text = said(&report, &setup, spec, Detail::Quiet);
    let end = "no known defect explains them, or too few cases ran to tell one\n";
    assert!(text.ends_with(end), "{text}");
    // Half of the cases that tell it are enough.
    report.outcomes = all;
    report.outcomes.retain(|outcome| matches!(outcome.chapter(), "dates" | "zones"));
    assert_eq!(blocks(&report)[0].cause.as_ref().unwrap().defect, "tenant-in-utc");
}
