//! The HTML report: what it holds, that nothing from a target becomes markup, and its size. How it
//! looks is measured in a browser: `.ci/browser/report.py`.

mod common;

use common::answered;
use vcc_conformance_core::dataset::{self, ExportFormat};
use vcc_conformance_core::report::html;
use vcc_conformance_core::run::{Report, Verdict};
use vcc_conformance_core::spec::Spec;

const EMPTY: &str = "<?xml version=\"1.0\"?><recordings></recordings>";

/// The page without its style and script, a line an element.
fn body(page: &str) -> String {
    let (_, body) = page.split_once("<body>").unwrap();
    let (body, _) = body.rsplit_once("<script>").unwrap();
    body.replace("><", ">\n<")
}

/// A window of 25 hours, an instant, and what is not a list of records.
#[test]
fn a_small_report() {
    let spec = Spec::embedded();
    let cases = ["zones/hour-before-midnight-twice", "near/start-minus-5", "status/ok"];
    let (report, setup) = answered(&|id| cases.contains(&id), 200, EMPTY, false, &spec);
    insta::assert_snapshot!(body(&html(&report, &setup, &spec)));
}

/// Recordings of the tenant.
fn recordings() -> String {
    let tenants = dataset::embedded("2026-11-24T12:00:00Z".parse().unwrap()).unwrap();
    dataset::text(&tenants[0], ExportFormat::Xml).unwrap()
}

/// A full page of them, whatever is asked for: no other answer gives more to draw.
fn page_of_recordings() -> String {
    let all = recordings();
    let (end, _) = all.match_indices("<file>").nth(50).unwrap();
    format!("{}</recordings>", &all[..end])
}

fn wrong(report: &Report) -> usize {
    report.count(Verdict::Fail) + report.count(Verdict::Warn)
}

#[test]
fn a_report_of_a_hundred_failures_is_under_two_megabytes() {
    let spec = Spec::embedded();
    for (name, body) in [("nothing", EMPTY.to_owned()), ("a page", page_of_recordings())] {
        let dated =
            |id: &str| ["dates/", "near/", "zones/"].iter().any(|chapter| id.starts_with(chapter));
        let (mut report, setup) = answered(&dated, 200, &body, name == "nothing", &spec);
        assert!(wrong(&report) > 200, "{name}: {}", wrong(&report));
        let page = html(&report, &setup, &spec);
        assert!(page.len() < 4_000_000, "{name}: all in {} bytes", page.len());
        // Those with a drawing, which are the largest.
        report.outcomes.retain(|outcome| {
            outcome.verdict == Verdict::Fail
                && outcome.problems.first().is_some_and(|first| first.finding.difference.is_some())
        });
        report.outcomes.truncate(100);
        assert_eq!(report.outcomes.len(), 100, "{name}");
        let page = html(&report, &setup, &spec);
        assert!(page.len() < 2_000_000, "{name}: a hundred in {} bytes", page.len());
        let drawings = page.matches("<figure").count();
        assert!(drawings >= 80, "{name}: {drawings} drawings");
    }
}

#[test]
fn a_report_of_a_whole_suite_that_fails_is_under_two_megabytes() {
    let spec = Spec::embedded();
    let (report, setup) = answered(&|_| true, 200, EMPTY, true, &spec);
    assert!(wrong(&report) > 800, "{}", wrong(&report));
    let page = html(&report, &setup, &spec);
    assert!(page.len() < 2_000_000, "{} bytes", page.len());
    // Each is there with its request, and the page says once that some are short.
    let findings = page.matches("<details class=\"case ").count();
    assert_eq!(findings, wrong(&report));
    assert!(page.matches("To repeat").count() >= findings);
    assert_eq!(page.matches("from here on, the first finding of each").count(), 1);
}

#[test]
fn variants_are_folded_into_their_case() {
    let spec = Spec::embedded();
    let id = "dates/day-documented";
    let (report, setup) = answered(&|case| case == id, 200, EMPTY, true, &spec);
    assert!(report.outcomes[0].problems.len() > 2, "{:?}", report.outcomes[0].problems.len());
    let page = html(&report, &setup, &spec);
    assert_eq!(page.matches("<figure").count(), 1);
    assert_eq!(page.matches("To repeat").count(), 1);
    // An empty list in XML is not one in CSV, which is another finding.
    assert!(
        page.contains("<summary>Also with .xml, .csv, basic dates</summary>"),
        "{}",
        body(&page)
    );
    let mut xml = report;
    xml.outcomes[0].problems.retain(|problem| problem.variant != ".csv");
    let page = html(&xml, &setup, &spec);
    assert!(page.contains("<summary>The same with .xml, basic dates</summary>"), "{}", body(&page));
}

#[test]
fn what_a_target_sends_is_no_markup_and_is_cut() {
    let spec = Spec::embedded();
    let script = "<script>alert(1)</script>\u{202e}\u{2066}\" onload=\"alert(1)";
    let escaped = script.replace('&', "&amp;").replace('<', "&lt;");
    let long = format!("{escaped}{}", "A".repeat(1 << 20));
    let body = format!(
        "<recordings><file><startDate>2007-06-01T12:00:06-07:00</startDate><agentID>{escaped}</agentID>\
         <transactionID>{long}</transactionID></file></recordings>"
    );
    let known = recordings();
    let altered = known.replace("<extVar1>x1</extVar1>", &format!("<extVar1>{long}</extVar1>"));
    let near = known.find("<transactionID>near+6<").unwrap();
    let first = altered[..near].rfind("<file>").unwrap_or_default();
    let altered = format!("<recordings>{}</recordings>", &altered[first..][..2 << 20]);
    for body in [body, altered, format!("<html>{escaped}"), long.clone()] {
        for status in [200, 500] {
            let (report, setup) =
                answered(&|id| id == "near/start-minus-5", status, &body, true, &spec);
            assert_eq!(wrong(&report), 1);
            let page = html(&report, &setup, &spec);
            assert_eq!(page.matches("<script>").count(), 1, "its own");
            assert!(!page.contains("\" onload"), "an attribute");
            assert!(!page.contains(['\u{202e}', '\u{2066}']), "the order is turned");
            assert!(page.len() < 150_000, "{} bytes", page.len());
        }
    }
}

/// Somebody typed the name of the target.
#[test]
fn a_target_with_any_name() {
    let spec = Spec::embedded();
    let (mut report, setup) = answered(&|id| id == "near/start-minus-5", 200, EMPTY, false, &spec);
    report.target = "http://x/</title><script>alert(1)</script>".into();
    report.outcomes[0].known = Some("</p><script>".into());
    report.stale.push("<img src=x>".into());
    report.ended = Some("<b>".into());
    let page = html(&report, &setup, &spec);
    assert_eq!(page.matches("<script>").count(), 1);
    assert!(!page.contains("<img") && !page.contains("</title><script"));
}
