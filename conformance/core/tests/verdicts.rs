//! The line that a run ends in: how much was judged and what was set aside, in every report the same.

mod common;

use common::json_schema::check;
use common::report;
use vcc_conformance_core::fixture;
use vcc_conformance_core::report::{
    Baseline, Detail, badge, html, json, junit, markdown, terminal_with,
};
use vcc_conformance_core::run::{Chapter, Outcome, Report, Verdict, apply, known_failures};
use vcc_conformance_core::setup::Setup;
use vcc_conformance_core::spec::{Level, Spec};

const GREEN: &str = "#2da44e";

/// This many outcomes of each verdict: `8 pass, 1 skipped`; `probe` and `known` are a pass and a
/// failure.
fn outcomes(of: &Outcome, text: &str) -> Vec<Outcome> {
    let mut all = Vec::new();
    for part in text.split(", ").filter(|part| !part.is_empty()) {
        let (count, word) = part.split_once(' ').unwrap();
        for _ in 0..count.parse().unwrap() {
            let mut outcome = of.clone();
            outcome.id = format!("dates/case-{}", all.len());
            outcome.verdict = match word {
                "probe" => Verdict::Pass,
                "known" => Verdict::Fail,
                word => Verdict::named(word).unwrap(),
            };
            if outcome.verdict != Verdict::Fail && outcome.verdict != Verdict::Warn {
                outcome.problems.clear();
                outcome.reason = Some("why".into());
            }
            outcome.known = (word == "known").then(|| "issue 7".into());
            outcome.level = if word == "probe" { Level::Probe } else { Level::Must };
            all.push(outcome);
        }
    }
    all
}

struct Bench {
    spec: Spec,
    report: Report,
    setup: Setup,
}

impl Bench {
    fn new() -> Self {
        let spec = Spec::embedded();
        let (report, setup) = report(&spec);
        Self { spec, report, setup }
    }

    /// A run with these verdicts, of a suite of ten cases.
    fn run(&self, text: &str, asked: &[&str]) -> Report {
        let mut report = self.report.clone();
        report.outcomes = outcomes(&self.report.outcomes[0], text);
        report.scope.all = 10;
        report.scope.asked = asked.iter().map(|text| (*text).to_owned()).collect();
        report
    }

    fn terminal(&self, report: &Report) -> String {
        let mut text = Vec::new();
        terminal_with(&mut text, report, &self.setup, &self.spec, Detail::default()).unwrap();
        let text = String::from_utf8(text).unwrap();
        // Without colours.
        let plain = regex_lite::Regex::new("\u{1b}\\[[0-9;]*m").unwrap();
        plain.replace_all(&text, "").into_owned()
    }
}

/// What a run was, what was asked for, the line, the exit code, and whether the badge is green.
const LINES: &[(&str, &[&str], &str, u8, bool)] = &[
    ("10 pass", &[], "conforms: 10 of 10 cases", 0, true),
    ("9 pass, 1 skipped", &[], "conforms: 9 of 10 cases (1 skipped)", 0, true),
    ("7 pass, 2 warn, 1 probe", &[], "conforms: 8 of 10 cases (2 warnings)", 0, true),
    (
        "7 pass, 2 precondition, 1 skipped",
        &[],
        "conforms so far as judged: 7 of 10 cases (1 skipped, 2 precondition)",
        0,
        false,
    ),
    (
        "6 pass, 4 not exercised",
        &[],
        "conforms so far as judged: 6 of 10 cases (4 not exercised)",
        0,
        false,
    ),
    (
        "3 pass",
        &["--filter auth"],
        "conforms so far as asked: 3 of 10 cases (--filter auth)",
        0,
        false,
    ),
    (
        "2 pass, 1 skipped",
        &["--filter auth", "--filter near"],
        "conforms so far as asked: 2 of 10 cases (--filter auth, --filter near; 1 skipped)",
        0,
        false,
    ),
    // Fewer cases than there are is never the whole suite.
    ("3 pass", &[], "conforms so far as asked: 3 of 10 cases", 0, false),
    (
        "6 pass, 4 not exercised",
        &["--live"],
        "conforms so far as asked: 6 of 10 cases (--live; 4 not exercised)",
        0,
        false,
    ),
    ("7 pass, 3 known", &[], "known failures only: 7 pass, 3 known, 0 new", 0, false),
    (
        "6 pass, 2 known, 1 warn, 1 skipped",
        &[],
        "known failures only: 6 pass, 2 known, 0 new, 1 warning, 1 skipped",
        0,
        false,
    ),
    (
        "1 pass, 2 known",
        &["--filter auth"],
        "known failures only: 1 pass, 2 known, 0 new (--filter auth; 3 of 10 cases)",
        0,
        false,
    ),
    ("10 known", &[], "known failures only: 0 pass, 10 known, 0 new", 0, false),
    ("10 fail", &[], "does not conform: 10 of 10 cases fail (0 pass)", 1, false),
    ("9 pass, 1 fail", &[], "does not conform: 1 of 10 cases fails (9 pass)", 1, false),
    (
        "5 pass, 3 known, 2 fail",
        &[],
        "does not conform: 2 of 10 cases fail and are not known (5 pass, 3 known)",
        1,
        false,
    ),
    (
        "1 pass, 1 fail",
        &["--filter auth"],
        "does not conform: 1 of 10 cases fails (--filter auth; 1 pass)",
        1,
        false,
    ),
    (
        "2 warn",
        &["--filter should"],
        "nothing passes: 0 of 10 cases (--filter should; 2 warnings)",
        0,
        false,
    ),
    ("6 pass, 4 inconclusive", &[], "not decided: 4 of 10 cases are open (6 pass)", 3, false),
    ("9 known, 1 inconclusive", &[], "not decided: 1 of 10 cases is open (9 known)", 3, false),
    (
        "1 pass, 9 inconclusive",
        &["--filter x"],
        "not decided: 9 of 10 cases are open (--filter x; 1 pass)",
        3,
        false,
    ),
    ("", &["--filter x"], "nothing to judge: 0 of 10 cases could be judged (--filter x)", 5, false),
    (
        "1 skipped",
        &["--filter x"],
        "nothing to judge: 0 of 10 cases could be judged (--filter x; 1 skipped)",
        5,
        false,
    ),
    (
        "3 probe",
        &["--filter probe"],
        "nothing to judge: 3 of 10 cases are only observed, and none is graded (--filter probe)",
        5,
        false,
    ),
    ("4 precondition, 2 probe", &[], "not decided: 4 of 10 cases are open (2 pass)", 3, false),
    (
        "9 pass, 1 error",
        &[],
        "the suite is at fault: 1 of 10 cases cannot be judged (9 pass)",
        6,
        false,
    ),
];

#[test]
fn the_line_says_how_much_was_judged_and_what_was_set_aside() {
    let bench = Bench::new();
    let schema = include_str!("../report.schema.json");
    let schema: serde_json::Value = serde_json::from_str(schema).unwrap();
    for (text, asked, line, code, green) in LINES {
        let report = bench.run(text, asked);
        assert_eq!(report.sentence(), *line, "{text}");
        assert_eq!(report.exit_code(), *code, "{text}");
        assert_eq!(badge(&report).contains(GREEN), *green, "{text}");
        // The same line in every report.
        let json = json(&report, &bench.setup, &bench.spec);
        assert_eq!(json["verdict"], *line);
        check(&json, &schema, &schema, text).unwrap();
        assert!(bench.terminal(&report).contains(&format!("\n{line}\n")), "{text}");
        let page = markdown(&report, &bench.setup, &bench.spec).replace("**", "");
        assert!(page.contains(line), "{text}: {page}");
        let rest = line.split_once(": ").unwrap().1;
        assert!(
            html(&report, &bench.setup, &bench.spec)
                .contains(&format!("<p class=\"verdict\">{rest}</p>"))
        );
        if !report.outcomes.is_empty() {
            assert!(junit(&report, &bench.setup, &bench.spec).unwrap().contains(line), "{text}");
        }
        // One count: each case once.
        let counts = json["counts"].as_object().unwrap().values();
        let sum: u64 = counts.map(|count| count.as_u64().unwrap()).sum();
        assert_eq!(sum, report.outcomes.len() as u64, "{text}");
    }
}

#[test]
fn what_is_said_of_a_run_that_ended_early_or_had_nothing_to_judge() {
    let bench = Bench::new();
    let mut report = bench.run("6 pass, 1 fail, 3 inconclusive", &[]);
    report.ended = Some("the time for the run is over (--deadline)".into());
    assert_eq!(
        report.sentence(),
        "does not conform: 1 of 10 cases fails (6 pass, 3 inconclusive; the run ended early: the time \
         for the run is over (--deadline))"
    );
    report.outcomes.retain(|outcome| outcome.verdict != Verdict::Fail);
    assert_eq!(
        report.sentence(),
        "not decided: 3 of 10 cases are open (6 pass; the run ended early: the time for the run is over \
         (--deadline))"
    );
    // An empty tenant: requests are refused as they should be, and nothing was listed.
    let mut report = bench.run("5 pass, 5 not exercised", &["--live"]);
    report.scope.nothing = Some("the tenant holds no recording".into());
    assert_eq!(
        report.sentence(),
        "nothing to judge: the tenant holds no recording (--live; 5 pass, 5 not exercised)"
    );
    assert_eq!(report.exit_code(), 5);
    // Chapters, problems and ways out are in the schema too; what is not in it is refused.
    report.scope.chapters = vec![Chapter {
        name: "dates".into(),
        clauses: 3,
        exercised: 1,
        wants: vec!["a recording".into()],
        dataset_only: 2,
    }];
    let schema = include_str!("../report.schema.json");
    let schema: serde_json::Value = serde_json::from_str(schema).unwrap();
    let mut json = json(&report, &bench.setup, &bench.spec);
    check(&json, &schema, &schema, "report").unwrap();
    json["cases"][0]["colour"] = "red".into();
    let problem = check(&json, &schema, &schema, "report").unwrap_err();
    assert_eq!(problem, "report.cases[0]: colour is no key");
    // A failure there is a failure.
    report.outcomes[0].verdict = Verdict::Fail;
    assert_eq!(report.exit_code(), 1);

    let mut report = bench.run("", &[]);
    report.handshake.precondition = Some("the target does not hold the dataset: acme: …".into());
    report.handshake.ways_out = vec!["check the data that is there: --live".into()];
    assert_eq!(report.sentence(), "precondition: the target does not hold the dataset: acme: …");
    assert!(bench.terminal(&report).ends_with("\n  * check the data that is there: --live\n"));
    report.handshake.unreachable = true;
    assert_eq!((report.conclusion(), report.exit_code()), ("unreachable", 3));
}

/// With a baseline the exit code is that of the comparison, and one sentence says both.
#[test]
fn a_comparison_says_the_verdict_and_the_exit_code() {
    let bench = Bench::new();
    for (before, now, sentence, code) in [
        ("10 pass", "10 pass", "conforms, and no worse than {}: nothing changed", 0),
        ("10 pass", "9 pass, 1 warn", "conforms, but worse than {}: 1 worse", 1),
        ("10 pass", "9 pass, 1 fail", "does not conform, and worse than {}: 1 worse", 1),
        (
            "9 pass, 1 fail",
            "9 pass, 1 fail",
            "does not conform, but no worse than {}: nothing changed",
            0,
        ),
        (
            "8 pass, 2 fail",
            "8 pass, 1 fail, 1 pass",
            "does not conform, but no worse than {}: 1 better",
            0,
        ),
        (
            "10 pass",
            "9 pass, 1 inconclusive",
            "not decided, but no worse than {}: 1 no longer judged",
            3,
        ),
    ] {
        let json = json(&bench.run(before, &[]), &bench.setup, &bench.spec);
        let baseline = Baseline::read(&json.to_string()).unwrap();
        let report = bench.run(now, &[]);
        let changes = baseline.changes(&report);
        let sentence = sentence.replace("{}", "the baseline of 2026-11-24T12:00:00Z");
        assert_eq!(changes.sentence(&report), format!("{sentence} (exit code {code})"));
        assert_eq!(changes.exit_code(&report), code, "{before} / {now}");
    }
}

/// The lines of a file of known failures, the verdicts of the cases, and what is out of date.
#[test]
fn a_line_of_known_failures_is_stale_when_nothing_that_it_fits_fails() {
    let bench = Bench::new();
    let suite: Vec<String> = (0..6).map(|number| format!("dates/case-{number}")).collect();
    let suite: Vec<&str> = suite.iter().map(String::as_str).chain(["auth/other"]).collect();
    let text = "# ours\n\
                dates/* # issue 1\n\
                dates/case-0 # issue 2\n\
                dates/case-1 # until 2026-11-23: issue 3\n\
                auth/other # not asked for\n\
                live/scan # of another run\n\
                page/gone # issue 4\n\
                dates/case-5 # a warning is not done either\n";
    let known = known_failures("known.txt", text).unwrap();
    let mut report = bench.run("1 pass, 2 fail, 2 pass, 1 warn", &[]);
    apply(&known, &mut report, &suite);
    assert_eq!(
        report.stale,
        [
            "known.txt:3: dates/case-0 passes (issue 2)",
            "known.txt:4: dates/case-1: it expired on 2026-11-23 (issue 3)",
            "known.txt:7: page/gone: no case has this name (issue 4)",
        ]
    );
    assert_eq!(report.sentence(), "stale known failures: 3 lines (3 pass, 1 warning, 2 known)");
    assert_eq!(report.exit_code(), 4);
    assert_eq!(report.outcomes[1].known.as_deref(), Some("issue 1"));
    // A target that cannot be reached says nothing about a line.
    let mut report = bench.run("", &[]);
    report.handshake.precondition = Some("the connection was refused".into());
    report.handshake.unreachable = true;
    apply(&known_failures("k", "dates/* # x\n").unwrap(), &mut report, &suite);
    assert_eq!((report.stale.len(), report.exit_code()), (0, 3));
}

/// A pattern can name every id of the suite.
#[test]
fn known_failures_know_the_whole_suite() {
    let bench = Bench::new();
    let cases = fixture::embedded().unwrap();
    let ids: Vec<&str> = cases.iter().map(|case| case.id.as_str()).collect();
    let mut report = bench.run("3 pass", &["--filter auth"]);
    apply(&known_failures("k", "near/start* # x\n").unwrap(), &mut report, &ids);
    assert!(report.stale.is_empty());
}
