//! `--live` on data that the suite has never seen: the reference obeys the laws, and a target that
//! does not is caught by its own answers.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use vcc_conformance_core::dataset::Tenant;
use vcc_conformance_core::http::{Endpoint, Limits, TlsOptions};
use vcc_conformance_core::live::{LiveOptions, live};
use vcc_conformance_core::run::{HttpTarget, Options, Report, Verdict};
use vcc_conformance_core::setup::Setup;
use vcc_conformance_core::spec::Spec;
use vcc_conformance_core::{clock, fixture};
use vcc_conformance_reference::Reference;
use vcc_conformance_reference::selftest::unseen;
use vcc_types::Field;

fn tenant(count: u32) -> Tenant {
    unseen(count, clock::now()).unwrap()
}

/// A live run against the reference with `there`, asked for as the tenant of `asked`.
fn report(there: &Tenant, tz: &str) -> Report {
    let reference = Reference::start(std::slice::from_ref(there)).unwrap();
    let endpoint = Endpoint::parse(&reference.url(), &TlsOptions::default()).unwrap();
    let mut tenant = there.clone();
    tenant.records.clear();
    tenant.zone = vcc_conformance_core::zone::named(tz).unwrap();
    let mut setup = Setup::new(vec![tenant], clock::now());
    setup.authority = endpoint.authority();
    let limits = Limits { deadline: Duration::from_secs(60), ..Limits::default() };
    let until = Instant::now() + Duration::from_secs(300);
    let shared = HttpTarget::new(endpoint, limits, Arc::new(AtomicBool::new(false)), until);
    let options = LiveOptions { zone_known: true, ..LiveOptions::default() };
    let cases = fixture::embedded().unwrap();
    live(&cases, &mut setup, &Spec::embedded(), &shared, &Options::default(), options, &|_| {})
}

#[test]
fn the_reference_obeys_the_laws_whatever_it_holds() {
    let mut there = tenant(700);
    for record in &mut there.records {
        record.values[Field::OutDialCode.index()] = None;
    }
    let report = report(&there, "Europe/Berlin");
    let bad: Vec<_> = report
        .outcomes
        .iter()
        .filter(|outcome| matches!(outcome.verdict, Verdict::Fail | Verdict::Warn | Verdict::Error))
        .map(|outcome| {
            (&outcome.id, &outcome.reason, outcome.problems.first().map(|p| &p.finding.text))
        })
        .collect();
    assert!(bad.is_empty(), "{bad:#?}");
    assert_eq!(report.exit_code(), 0);
    let evidence = |id: &str| {
        let outcome = report.outcomes.iter().find(|outcome| outcome.id == id).unwrap();
        (outcome.verdict, outcome.reason.clone().unwrap_or_default())
    };
    assert_eq!(evidence("live/scan"), (Verdict::Pass, "evidence: 700 records".into()));
    assert_eq!(evidence("live/iso-8601").0, Verdict::Pass);
    // Nothing to try a law on is no pass.
    assert_eq!(evidence("live/filter-outdialcode").0, Verdict::NotExercised);
    assert!(report.outcomes.iter().filter(|outcome| outcome.id.starts_with("live/")).count() > 70);
}

#[test]
fn a_day_in_another_zone_is_noticed() {
    let report = report(&tenant(300), "America/Los_Angeles");
    let failed: Vec<_> = report
        .outcomes
        .iter()
        .filter(|outcome| outcome.verdict == Verdict::Fail)
        .map(|outcome| outcome.id.as_str())
        .collect();
    assert_eq!(failed, ["live/day-of-tenant", "live/until-day-of-tenant"]);
}

#[test]
fn nothing_there_is_not_exercised() {
    let report = report(&tenant(0), "Europe/Berlin");
    let laws = report.outcomes.iter().filter(|outcome| outcome.id.starts_with("live/filter-"));
    assert!(laws.clone().count() == 14);
    assert!(laws.clone().all(|outcome| outcome.verdict == Verdict::NotExercised));
}
