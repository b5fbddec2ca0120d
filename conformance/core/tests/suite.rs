//! The suite checks itself: names, coverage, and expectations against the naive evaluator.

use jiff::Timestamp;
use vcc_conformance_core::setup::Setup;
use vcc_conformance_core::spec::Spec;
use vcc_conformance_core::{check, dataset, fixture};

/// Instants that are hard for whatever is relative to today: around midnight in the tenants' zones,
/// on the days of both transitions, on a leap day; and an ordinary one.
const TIMES: [&str; 6] = [
    "2026-11-24T12:00:00Z",
    "2026-11-24T07:59:59Z",
    "2026-03-08T10:30:00Z",
    "2026-11-01T08:30:00Z",
    "2028-02-29T23:59:59Z",
    "2026-12-31T20:00:00Z",
];

#[test]
fn every_expectation_is_what_the_naive_evaluator_computes() {
    let (cases, spec) = (fixture::embedded().unwrap(), Spec::embedded());
    for time in TIMES {
        let now: Timestamp = time.parse().unwrap();
        let setup = Setup::new(dataset::embedded(now).unwrap(), now);
        let problems: Vec<_> =
            check::suite(&cases, &setup, &spec).iter().map(ToString::to_string).collect();
        assert!(problems.is_empty(), "at {time}:\n{}", problems.join("\n"));
    }
}
