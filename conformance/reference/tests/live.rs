//! `--live` on data that the suite has never seen: the reference obeys the laws, and a target that
//! does not is caught by its own answers.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::IntoResponse;
use vcc_conformance_core::dataset::Tenant;
use vcc_conformance_core::http::{Endpoint, Limits, TlsOptions};
use vcc_conformance_core::live::{LiveOptions, live};
use vcc_conformance_core::report::Fingerprint;
use vcc_conformance_core::run::{HttpTarget, Options, Report, Verdict};
use vcc_conformance_core::setup::Setup;
use vcc_conformance_core::spec::Spec;
use vcc_conformance_core::{clock, fixture};
use vcc_conformance_reference::Reference;
use vcc_conformance_reference::selftest::unseen;
use vcc_server::ServerBuilder;
use vcc_types::{Dialect, Field};

fn tenant(count: u32) -> Tenant {
    unseen(count, clock::now()).unwrap()
}

/// A live run against the reference with `there`, asked for as the tenant of `asked`.
fn report(there: &Tenant, tz: &str) -> Report {
    report_of(there, tz, |builder| builder)
}

/// The same of the reference with something around it.
fn report_of(
    there: &Tenant,
    tz: &str,
    build: impl FnOnce(ServerBuilder) -> ServerBuilder,
) -> Report {
    let tenants = std::slice::from_ref(there);
    let reference = Reference::start_with(tenants, |store| store, build).unwrap();
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
    assert_eq!(report.conclusion(), "conforms so far as asked");
    // How much of each chapter there was data for.
    let chapters = report.scope.chapters.iter();
    assert!(chapters.clone().all(|chapter| chapter.exercised <= chapter.clauses));
    let fields = report.scope.chapters.iter().find(|chapter| chapter.name == "fields").unwrap();
    assert!(fields.exercised > 2, "{fields:?}");
    assert_eq!(fields.wants, ["a recording with a value of outDialCode"]);
    let evidence = |id: &str| {
        let outcome = report.outcomes.iter().find(|outcome| outcome.id == id).unwrap();
        (outcome.verdict, outcome.reason.clone().unwrap_or_default())
    };
    assert_eq!(evidence("live/scan"), (Verdict::Pass, "evidence: 700 records".into()));
    assert_eq!(evidence("live/iso-8601").0, Verdict::Pass);
    // A law without data to try it on is not passed.
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
    // Refusals are still refused, and they are not the verdict.
    assert!(report.count(Verdict::Pass) > 50);
    assert_eq!(report.exit_code(), 5);
    let sentence = report.sentence();
    assert!(
        sentence.starts_with("nothing to judge: the tenant holds no recording (--live; "),
        "{sentence}"
    );
    let chapter = |name: &str| {
        report.scope.chapters.iter().find(|chapter| chapter.name == name).unwrap().clone()
    };
    let paging = chapter("paging");
    assert!(paging.wants.contains(&"more than 50 recordings".into()), "{paging:?}");
    let fields = chapter("fields");
    assert!(fields.wants.contains(&"a recording with a value of agentID".into()), "{fields:?}");
    // No reading could be told.
    let fingerprint = Fingerprint::of(&report);
    let of_statuses = ["no_credentials", "bad_credentials"];
    for point in fingerprint.points.iter().filter(|point| !of_statuses.contains(&point.switch)) {
        assert_eq!(point.value(), None, "{point:?}");
    }
}

/// A server that finds nothing by any date: its empty list tells no reading from another.
#[test]
fn an_empty_list_is_no_reading() {
    let there = tenant(300);
    let report = report_of(&there, "Europe/Berlin", |builder| {
        builder.wrap(|router| {
            let layer = async |request: Request, next: Next| {
                let query = request.uri().query().unwrap_or_default();
                if query.split('&').any(|part| part.starts_with("d=")) {
                    let head = [("content-type", "application/xml; charset=utf-8")];
                    return (head, "<?xml version=\"1.0\"?><recordings></recordings>")
                        .into_response();
                }
                next.run(request).await
            };
            router.layer(axum::middleware::from_fn(layer))
        })
    });
    let fingerprint = Fingerprint::of(&report);
    let point =
        |name: &str| fingerprint.points.iter().find(|point| point.switch == name).unwrap().clone();
    for name in ["timed_single", "range_end_instant", "future_constants", "range_end"] {
        let point = point(name);
        assert_eq!(point.value(), None, "{point:?}");
        assert!(point.other.iter().any(|seen| seen.contains("200 with 0 records")), "{point:?}");
    }
    // That is what it does with these.
    assert_eq!(point("reversed_range").value(), Some("empty"));
    assert_eq!(point("equal_ends").value(), Some("empty"));
    assert_eq!(point("order").value(), Some("start-ascending"));
    // What could not be told is a comment, and the file can be read.
    let text = fingerprint.to_string();
    assert!(text.contains("\n# timed_single: not told: d="), "{text}");
    let dialect: Dialect = text.parse().unwrap();
    let expected = "reversed_range = \"empty\"\nequal_ends = \"empty\"\n";
    let expected: Dialect = expected.parse().unwrap();
    assert_eq!(
        (dialect.reversed_range, dialect.equal_ends, dialect.timed_single),
        (expected.reversed_range, expected.equal_ends, Dialect::default().timed_single)
    );
}
