//! What a report names if no known defect fits.

use vcc_conformance_core::nearest::{Kind, nearest};
use vcc_conformance_core::run::Verdict;
use vcc_conformance_core::spec::Spec;

mod common;

/// A run of one case says too little for a defect or a family: what it failed with is named.
#[test]
fn something_is_always_named() {
    let spec = Spec::embedded();
    for (id, status, says) in [
        ("near/start-minus-5", 418, "that answers 418"),
        ("near/start-minus-5", 200, "that gets start-date wrong"),
        ("dates/day-documented", 500, "that answers 500"),
    ] {
        let (report, _) = common::report_of(id, status, &spec);
        let [found] = &nearest(&report)[..] else { panic!("{id}: one cause") };
        assert_eq!((found.kind, found.defect, found.agree), (Kind::Trait, "unknown", 1), "{id}");
        assert!(found.explains.iter().eq([id]));
        let sentence = format!("no known defect fits; behaves as a server {says}: 1 of 1 failures");
        assert_eq!(found.sentence(), sentence);
    }
}

/// Nothing is named for cases that did not fail.
#[test]
fn nothing_is_named_where_nothing_fails() {
    let (mut report, _) = common::report(&Spec::embedded());
    for verdict in [Verdict::Skipped, Verdict::Inconclusive, Verdict::Pass] {
        report.outcomes[0].verdict = verdict;
        assert_eq!(nearest(&report), [], "{verdict}");
    }
}
