//! Reports of a run that fails: every form holds what happened, and none holds a secret.

mod common;

use common::{report, report_of};
use vcc_conformance_core::report::{badge, html, json, junit, markdown, terminal};
use vcc_conformance_core::run::Verdict;
use vcc_conformance_core::spec::Spec;
use vcc_conformance_core::transcript::FirstLine;

#[test]
fn every_form_says_what_happened_and_no_secret() {
    let spec = Spec::embedded();
    let (report, setup) = report(&spec);
    assert_eq!((report.outcomes[0].verdict, report.exit_code()), (Verdict::Fail, 1));
    assert_eq!(report.outcomes[0].blamed(), "NEAR-1");
    let mut text = Vec::new();
    terminal(&mut text, &report, &setup, &spec).unwrap();
    let forms = [
        ("terminal", String::from_utf8(text).unwrap()),
        ("json", json(&report, &setup, &spec).to_string()),
        ("junit", junit(&report, &setup, &spec).unwrap()),
        ("markdown", markdown(&report, &setup, &spec)),
        ("html", html(&report, &setup, &spec)),
    ];
    let access = &setup.tenants[0];
    for (name, form) in &forms {
        for part in [
            "near/start-minus-5",
            "NEAR-1",
            // DATE-13
            "2026f",
            "distance 5 s, window ±5 s: expected",
            "does not conform",
        ] {
            // JUnit has no place for the conclusion.
            assert!(
                form.contains(part) || *name == "junit" && part == "does not conform",
                "{name} lacks {part}"
            );
        }
        assert!(form.contains("VCC_TOKEN"), "{name} lacks the curl line");
        assert!(!form.contains(&access.token), "{name} holds the token");
        assert!(!form.contains("YWNtZTph"), "{name} holds the credentials");
    }
    // What the target sent is text in every form.
    let page = &forms[4].1;
    assert!(page.contains("&lt;script&gt;") && !page.contains("Server: <script>"));
    // The page loads nothing, and its policy forbids it.
    assert!(page.contains("default-src 'none'") && page.matches("http-equiv").count() == 1);
    assert!(!page.contains("src=") && !page.contains("url(http"), "the page asks for nothing");
    let mut reader = quick_xml::Reader::from_str(&forms[2].1);
    while reader.read_event().unwrap() != quick_xml::events::Event::Eof {}
    assert!(badge(&report).contains("1 of 1 fail"));
}

/// DATE-13: a target that does not know a zone yet is older, not wrong.
#[test]
fn a_case_that_needs_recent_zone_data_warns_and_says_why() {
    let spec = Spec::embedded();
    let (report, setup) = report_of("zones/kyiv", 400, &spec);
    assert_eq!((report.outcomes[0].verdict, report.exit_code()), (Verdict::Warn, 0));
    let reason = "the target's rules of time zones may be older than the suite's, 2026f";
    assert_eq!(report.outcomes[0].reason.as_deref(), Some(reason));
    let mut text = Vec::new();
    terminal(&mut text, &report, &setup, &spec).unwrap();
    let text = String::from_utf8(text).unwrap();
    assert!(text.contains(&format!("\n  {reason}\n")), "{text}");
    assert_eq!(json(&report, &setup, &spec)["zoneData"], "2026f");
    // Another zone, which every release has.
    let (report, _) = report_of("zones/katmandu", 400, &spec);
    assert_eq!((report.outcomes[0].verdict, &report.outcomes[0].reason), (Verdict::Fail, &None));
}

#[test]
fn a_transcript_names_the_zone_data() {
    let (_, setup) = report(&Spec::embedded());
    let head = FirstLine::new(&setup, "http://127.0.0.1:1", false, true, Vec::new());
    let text = serde_json::to_string(&head).unwrap();
    assert!(text.contains(r#""zone_data":"2026f""#), "{text}");
    // Older ones do not, and can still be read.
    let before = text.replace(r#""zone_data":"2026f","#, "");
    assert_eq!(serde_json::from_str::<FirstLine>(&before).unwrap().zone_data, "");
}

/// What the schemas of Ant's JUnit task and of Jenkins have in common.
#[test]
fn junit_keeps_to_what_its_readers_know() {
    let spec = Spec::embedded();
    let (mut report, setup) = report(&spec);
    let mut warning = report.outcomes[0].clone();
    warning.verdict = Verdict::Warn;
    report.outcomes.push(warning);
    report.handshake.precondition = Some("other data".into());
    let text = junit(&report, &setup, &spec).unwrap();
    let mut reader = quick_xml::Reader::from_str(&text);
    let (mut open, mut children, mut suites) = (Vec::new(), Vec::new(), 0);
    loop {
        let (tag, empty) = match reader.read_event().unwrap() {
            quick_xml::events::Event::Start(tag) => (tag, false),
            quick_xml::events::Event::Empty(tag) => (tag, true),
            quick_xml::events::Event::End(_) => {
                if open.pop().as_deref() == Some("testsuite") {
                    children.dedup();
                    assert_eq!(children, ["properties", "testcase", "system-out", "system-err"]);
                    children.clear();
                }
                continue;
            }
            quick_xml::events::Event::Eof => break,
            _ => continue,
        };
        let name = tag.name().as_ref().to_owned();
        let attributes: Vec<_> =
            tag.attributes().map(|attribute| attribute.unwrap().key.as_ref().to_owned()).collect();
        let required: &[&str] = match name.as_str() {
            "testsuites" => &[],
            "testsuite" => {
                suites += 1;
                &[
                    "name",
                    "tests",
                    "failures",
                    "errors",
                    "skipped",
                    "time",
                    "package",
                    "id",
                    "timestamp",
                    "hostname",
                ]
            }
            "testcase" => &["name", "classname", "time"],
            "failure" | "error" => &["message", "type"],
            "property" => &["name", "value"],
            "properties" | "system-out" | "system-err" => &[],
            other => panic!("<{other}>"),
        };
        assert!(required.iter().all(|one| attributes.iter().any(|other| other == one)), "{text}");
        assert_eq!(attributes.len(), required.len(), "<{name}> has {attributes:?}");
        if open.last().map(String::as_str) == Some("testsuite") {
            children.push(name.clone());
        }
        if !empty {
            open.push(name);
        }
    }
    assert_eq!(suites, 2);
    assert!(text.contains("\n\nnear/start-minus-5: "), "a warning is told");
    assert_eq!(text.matches("does not conform: 1 of 2 cases fails (0 pass, 1 warning)").count(), 2);
}
