use std::fmt::Write;

use super::{Fingerprint, curl, difference_lines};
use crate::nearest::nearest;
use crate::run::{Report, Verdict};
use crate::setup::Setup;
use crate::spec::Spec;

/// How many failures are shown in full.
const SHOWN: usize = 25;

/// The report in Markdown, for the summary of a CI job.
#[must_use]
pub fn markdown(report: &Report, setup: &Setup, spec: &Spec) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write(&mut text, report, setup, spec);
    text
}

fn write(out: &mut String, report: &Report, setup: &Setup, spec: &Spec) -> std::fmt::Result {
    writeln!(out, "## Recordings API: {}\n", report.conclusion())?;
    writeln!(
        out,
        "`{}` · edition {} · zone data {} · {} · {} · {:.1} s\n",
        report.target,
        crate::edition::EDITION,
        crate::zone::RELEASE,
        crate::words::counted(report.outcomes.len(), "case"),
        crate::words::counted(report.requests, "request"),
        report.elapsed.as_secs_f64()
    )?;
    if let Some(reason) = report.handshake.precondition.as_ref().or(report.ended.as_ref()) {
        writeln!(out, "{}\n", cell(reason))?;
    }
    for stale in &report.stale {
        writeln!(out, "* stale known failure: {}", cell(stale))?;
    }
    let nearest = nearest(report);
    for found in &nearest {
        writeln!(out, "* nearest known defect: {}", cell(&found.sentence()))?;
    }
    if !nearest.is_empty() {
        writeln!(out)?;
    }
    let used: Vec<_> =
        Verdict::ALL.into_iter().filter(|verdict| report.count(*verdict) > 0).collect();
    let names: Vec<_> = used.iter().map(|verdict| verdict.as_str()).collect();
    writeln!(out, "| chapter | {} |", names.join(" | "))?;
    writeln!(out, "|---|{}", "---:|".repeat(used.len()))?;
    for chapter in report.chapters() {
        let count = |verdict: &Verdict| {
            let outcomes = report.outcomes.iter().filter(|outcome| outcome.chapter() == chapter);
            outcomes.filter(|outcome| outcome.verdict == *verdict).count().to_string()
        };
        writeln!(
            out,
            "| {chapter} | {} |",
            used.iter().map(count).collect::<Vec<_>>().join(" | ")
        )?;
    }
    let bad = |verdict| {
        report
            .outcomes
            .iter()
            .filter(move |outcome| outcome.verdict == verdict && outcome.known.is_none())
    };
    for (verdict, title) in [(Verdict::Fail, "Failures"), (Verdict::Warn, "Warnings")] {
        if bad(verdict).count() == 0 {
            continue;
        }
        writeln!(out, "\n### {title}\n")?;
        for outcome in bad(verdict).take(SHOWN) {
            writeln!(
                out,
                "<details><summary><code>{}</code> {}: {}</summary>\n",
                outcome.id,
                outcome.blamed(),
                html(&outcome.title)
            )?;
            for problem in outcome.problems.iter().take(2) {
                let sentence =
                    spec.find(&problem.clause).map_or("", |clause| clause.sentence.as_str());
                writeln!(out, "{} ({}): {sentence}\n", problem.clause, problem.level)?;
                writeln!(out, "```text\n{}", fenced(&problem.finding.text))?;
                let planned = &problem.exchange.planned;
                if let Some(difference) = &problem.finding.difference {
                    for line in difference_lines(difference, planned, setup) {
                        writeln!(out, "{}", fenced(&line))?;
                    }
                }
                writeln!(out, "{}\n```\n", fenced(&curl::line(planned, setup)))?;
            }
            writeln!(out, "</details>")?;
        }
        if bad(verdict).count() > SHOWN {
            writeln!(out, "\nand {} more", bad(verdict).count() - SHOWN)?;
        }
    }
    if report.outcomes.iter().any(|outcome| outcome.observed.is_some()) {
        writeln!(out, "\n### Fingerprint\n\n```toml\n{}```", Fingerprint::of(report))?;
    }
    Ok(())
}

fn cell(text: &str) -> String {
    html(text).replace('|', "\\|").replace(['\r', '\n'], " ")
}

fn html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

/// A text that cannot end the block that it stands in.
fn fenced(text: &str) -> String {
    text.replace("```", "` ` `")
}
