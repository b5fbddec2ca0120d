use std::time::Duration;

use quick_junit::{NonSuccessKind, Report as Junit, TestCase, TestCaseStatus, TestSuite};

use super::blocks::{blocks, folded};
use super::{curl, exchange_lines};
use crate::run::{Outcome, Report, Verdict};
use crate::setup::Setup;
use crate::spec::Spec;

/// The package that all suites belong to.
const PACKAGE: &str = "vcc-conformance";

/// The report as JUnit XML: a test suite a chapter, a test case a case. It uses only what the
/// schemas of Ant's JUnit task and of Jenkins have in common; so warnings, which are not failures,
/// go to the output of their suite. The verdict and the cause of failures are told once, in the
/// output of the first suite that has a failure, else of the first suite.
///
/// # Errors
///
/// None for a report of this crate; the writer has some for values that no XML can carry.
pub fn junit(report: &Report, setup: &Setup, spec: &Spec) -> Result<String, String> {
    let mut junit = Junit::new(PACKAGE);
    let chapters = report.chapters();
    let blocks = blocks(report);
    let failing = blocks.first().and_then(|block| block.outcomes.first());
    let telling = failing.map(|outcome| outcome.chapter()).or(chapters.first().copied());
    let mut told: Vec<String> = vec![report.sentence()];
    told.extend(report.handshake.ways_out.iter().chain(&report.stale).cloned());
    told.extend(blocks.iter().filter_map(|block| block.sentence()));
    for chapter in chapters {
        let mut suite = TestSuite::new(chapter);
        let mut time = Duration::ZERO;
        let mut warnings = Vec::new();
        for outcome in report.in_chapter(chapter) {
            time += Duration::from_micros(outcome.micros);
            suite.add_test_case(case(outcome, setup, spec));
            if outcome.verdict == Verdict::Warn {
                warnings.push(format!("{}: {}", outcome.id, details(outcome, setup, spec)));
            }
        }
        if telling == Some(chapter) {
            warnings.insert(0, told.join("\n"));
        }
        suite.set_system_out(clean(&warnings.join("\n\n")));
        suite.set_time(time);
        junit.add_test_suite(suite);
    }
    if let Some(reason) = &report.handshake.precondition {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_type("precondition").set_message(clean(reason));
        let mut suite = TestSuite::new("handshake");
        let mut case = TestCase::new("the target holds the dataset", status);
        case.set_classname("handshake").set_time(report.elapsed);
        suite.add_test_case(case);
        suite.set_time(report.elapsed).set_system_out(clean(&told.join("\n")));
        junit.add_test_suite(suite);
    }
    for (id, suite) in junit.test_suites.iter_mut().enumerate() {
        suite.add_property(("edition", crate::edition::EDITION));
        suite.add_property(("zoneData", crate::zone::RELEASE));
        suite.set_system_err("");
        for (name, value) in [
            ("package", PACKAGE.to_owned()),
            ("id", id.to_string()),
            ("timestamp", report.started.strftime("%Y-%m-%dT%H:%M:%S").to_string()),
            ("hostname", "localhost".to_owned()),
        ] {
            suite.extra.insert(name.into(), value.into());
        }
    }
    let text = junit.to_string().map_err(|problem| problem.to_string())?;
    // The library writes totals on the root element that not every schema allows.
    let (before, rest) = text.split_once("<testsuites").ok_or("no root element")?;
    let (_, rest) = rest.split_once('>').ok_or("no root element")?;
    Ok(format!("{before}<testsuites>{rest}"))
}

fn case(outcome: &Outcome, setup: &Setup, spec: &Spec) -> TestCase {
    let reason = || outcome.reason.clone().unwrap_or_default();
    let status = match outcome.verdict {
        Verdict::Fail if outcome.known.is_some() => {
            let mut status = TestCaseStatus::skipped();
            let known = outcome.known.clone().unwrap_or_default();
            status.set_message(clean(&format!("known failure: {known}")));
            status
        }
        Verdict::Pass | Verdict::Warn => TestCaseStatus::success(),
        Verdict::Fail => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            let text = outcome
                .problems
                .first()
                .map_or_else(reason, |problem| problem.finding.text.clone());
            status.set_type(outcome.blamed()).set_message(clean(&text));
            status.set_description(clean(&details(outcome, setup, spec)));
            status
        }
        Verdict::Error | Verdict::Inconclusive | Verdict::Precondition => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            status.set_type(outcome.verdict.as_str()).set_message(clean(&reason()));
            status
        }
        Verdict::Skipped | Verdict::NotExercised => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(clean(&reason()));
            status
        }
    };
    let mut case = TestCase::new(outcome.id.as_str(), status);
    case.set_classname(outcome.clauses[0].as_str());
    case.set_time(Duration::from_micros(outcome.micros));
    case
}

fn details(outcome: &Outcome, setup: &Setup, spec: &Spec) -> String {
    let mut lines = vec![outcome.title.clone()];
    lines.extend(outcome.reason.clone());
    for fold in folded(outcome, setup).into_iter().take(4) {
        let problem = fold.problem;
        let sentence = spec.sentence(&problem.clause);
        lines.push(format!("{} ({}): {sentence}", problem.clause, problem.level));
        let variant = if problem.variant.is_empty() { "as written" } else { &problem.variant };
        lines.push(format!("{variant}: {}", problem.finding.text));
        lines.extend(fold.same());
        lines.push(curl::line(&problem.exchange.planned, setup));
        lines.extend(exchange_lines(&problem.exchange, setup));
        lines.extend(fold.difference);
    }
    lines.join("\n")
}

/// Without the characters that XML 1.0 cannot carry.
fn clean(text: &str) -> String {
    text.chars()
        .map(|c| {
            if matches!(c, '\t' | '\n' | '\r')
                || (c >= ' ' && !matches!(c, '\u{fffe}' | '\u{ffff}'))
            {
                c
            } else {
                '\u{fffd}'
            }
        })
        .collect()
}
