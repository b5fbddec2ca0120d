//! A report of a run that fails, for the tests of its forms.

#![allow(dead_code, reason = "each test uses a part")]

pub(crate) mod json_schema;

use std::time::Duration;

use vcc_conformance_core::http::Response;
use vcc_conformance_core::run::{Exchange, Handshake, Planned, Report, Scope, outcome, plan};
use vcc_conformance_core::setup::Setup;
use vcc_conformance_core::spec::Spec;
use vcc_conformance_core::{dataset, fixture};

/// A case of the suite, answered with an empty list by a target that says something unusual in its
/// head.
pub(crate) fn report(spec: &Spec) -> (Report, Setup) {
    report_of("near/start-minus-5", 200, spec)
}

/// The same for another case and status.
pub(crate) fn report_of(id: &str, status: u16, spec: &Spec) -> (Report, Setup) {
    let body = "<?xml version=\"1.0\"?><recordings></recordings>\n<!-- \u{202e} & ]]> -->";
    answered(&|case| case == id, status, body, false, spec)
}

/// A report on these cases by a target that gives the same answer to each request.
pub(crate) fn answered(
    wanted: &dyn Fn(&str) -> bool,
    status: u16,
    body: &str,
    amplified: bool,
    spec: &Spec,
) -> (Report, Setup) {
    let now = "2026-11-24T12:00:00Z".parse().unwrap();
    let setup = Setup::new(dataset::embedded(now).unwrap(), now);
    let cases = fixture::embedded().unwrap();
    let outcomes = cases.iter().filter(|case| wanted(&case.id)).map(|case| {
        let variants = plan(case, &setup, amplified).unwrap();
        let exchange = |planned: &Planned| Exchange {
            planned: planned.clone(),
            answer: Ok(Response {
                status,
                headers: vec![("Server".into(), "<script>\u{1}".into())],
                body: body.into(),
                surplus: 0,
            }),
            started: now,
            micros: 1500,
            retried: 0,
        };
        let played: Vec<_> = variants
            .into_iter()
            .map(|variant| {
                let exchanges = variant.steps.iter().map(exchange).collect();
                (variant, exchanges)
            })
            .collect();
        outcome(case, &played, &setup, spec, false)
    });
    let report = Report {
        target: "http://127.0.0.1:8080".into(),
        started: now,
        elapsed: Duration::from_millis(1500),
        requests: 1,
        handshake: Handshake::default(),
        outcomes: outcomes.collect(),
        ended: None,
        strict: false,
        stale: Vec::new(),
        scope: Scope::default(),
    };
    (report, setup)
}
