//! Reports of a run that fails: every form holds what happened, and none holds a secret.

mod common;

use common::report;
use vcc_conformance::report::{badge, html, json, junit, markdown, terminal};
use vcc_conformance::run::Verdict;
use vcc_conformance::spec::Spec;

#[test]
fn every_form_says_what_happened_and_no_secret() {
    let spec = Spec::embedded();
    let (report, world) = report(&spec);
    assert_eq!((report.outcomes[0].verdict, report.exit_code()), (Verdict::Fail, 1));
    assert_eq!(report.outcomes[0].blamed(), "NEAR-1");
    let mut text = Vec::new();
    terminal(&mut text, &report, &world, &spec).unwrap();
    let forms = [
        ("terminal", String::from_utf8(text).unwrap()),
        ("json", json(&report, &world, &spec).to_string()),
        ("junit", junit(&report, &world, &spec).unwrap()),
        ("markdown", markdown(&report, &world, &spec)),
        ("html", html(&report, &world, &spec)),
    ];
    let access = &world.tenants[0];
    for (name, form) in &forms {
        for part in [
            "near/start-minus-5",
            "NEAR-1",
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
    assert!(!page.contains("http-equiv") && !page.contains("src="), "the page asks for nothing");
    let mut reader = quick_xml::Reader::from_str(&forms[2].1);
    while reader.read_event().unwrap() != quick_xml::events::Event::Eof {}
    assert!(badge(&report).contains("0/1 pass"));
}
