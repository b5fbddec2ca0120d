use std::fmt::Write;

use super::blocks::{blocks, folded, ids};
use super::{Fingerprint, curl};
use crate::nearest::Kind;
use crate::run::{Outcome, Report, Tally, Verdict};
use crate::setup::Setup;
use crate::spec::Spec;
use crate::words::counted;

/// How many failures of a block are shown in full.
const SHOWN: usize = 3;

/// The report in Markdown, for the summary of a CI job.
#[must_use]
pub fn markdown(report: &Report, setup: &Setup, spec: &Spec) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write(&mut text, report, setup, spec);
    text
}

fn write(out: &mut String, report: &Report, setup: &Setup, spec: &Spec) -> std::fmt::Result {
    let blocks = blocks(report);
    writeln!(out, "## Recordings API: {}\n", report.conclusion())?;
    writeln!(out, "**{}**: {}\n", report.conclusion(), cell(&report.rest()))?;
    for (index, block) in blocks.iter().enumerate() {
        if let Some(sentence) = block.sentence() {
            writeln!(out, "* {}", cell(&sentence))?;
            for other in &block.others {
                let text = format!("or a server {} ({})", other.says, other.defect);
                writeln!(out, "  * {}", cell(&text))?;
            }
        } else if index > 0 {
            writeln!(out, "* {}: no known defect explains them", block.counted())?;
        }
    }
    for line in report.handshake.ways_out.iter().chain(&report.stale) {
        writeln!(out, "* {}", cell(line))?;
    }
    writeln!(
        out,
        "\n`{}` · edition {} · zone data {} · level {} · {} · {:.1} s\n",
        report.target.replace('`', ""),
        crate::edition::EDITION,
        crate::zone::RELEASE,
        report.level(),
        counted(report.requests, "request"),
        report.elapsed.as_secs_f64()
    )?;
    table(out, report)?;
    for (index, block) in blocks.iter().enumerate() {
        let title = match &block.cause {
            Some(cause) if cause.kind == Kind::Trait => {
                format!("{}: cause {}", block.counted(), index + 1)
            }
            Some(cause) => format!("{}: cause {} ({})", block.counted(), index + 1, cause.defect),
            None => block.counted(),
        };
        writeln!(out, "\n### {title}\n")?;
        for outcome in block.outcomes.iter().take(SHOWN) {
            case(out, outcome, setup, spec)?;
        }
        let rest = block.outcomes.get(SHOWN..).unwrap_or_default();
        if !rest.is_empty() {
            writeln!(
                out,
                "\n<details><summary>and {}</summary>\n\n```text",
                counted(rest.len(), "other")
            )?;
            for line in ids(rest, 100) {
                writeln!(out, "{}", fenced(&line))?;
            }
            writeln!(out, "```\n\n</details>")?;
        }
    }
    let chapters = &report.scope.chapters;
    if !chapters.is_empty() {
        writeln!(out, "\n### What this data could exercise\n")?;
        writeln!(out, "| chapter | clauses | more with | with the dataset alone |")?;
        writeln!(out, "|---|---:|---|---:|")?;
        for chapter in chapters {
            let (here, all) = (chapter.exercised, chapter.clauses);
            let wants = cell(&chapter.wants.join(", "));
            let name = &chapter.name;
            writeln!(out, "| {name} | {here} of {all} | {wants} | {} |", chapter.dataset_only)?;
        }
    }
    if report.outcomes.iter().any(|outcome| outcome.observed.is_some()) {
        let fingerprint = Fingerprint::of(report).to_string();
        writeln!(out, "\n### Fingerprint\n\n```toml\n{}```", fenced(&fingerprint))?;
    }
    Ok(())
}

fn table(out: &mut String, report: &Report) -> std::fmt::Result {
    let kinds = report.tally().kinds();
    let used: Vec<&str> =
        kinds.iter().filter(|(_, count)| *count > 0).map(|(name, _)| *name).collect();
    let counts = |tally: Tally, mark: &str| -> Vec<String> {
        let kinds = tally.kinds().into_iter().filter(|(name, _)| used.contains(name));
        kinds.map(|(_, count)| format!("{mark}{count}{mark}")).collect()
    };
    writeln!(out, "| chapter | {} |", used.join(" | "))?;
    writeln!(out, "|---|{}", "---:|".repeat(used.len()))?;
    for chapter in report.chapters() {
        let tally = Tally::of(report.in_chapter(chapter));
        writeln!(out, "| {chapter} | {} |", counts(tally, "").join(" | "))?;
    }
    writeln!(out, "| **all** | {} |", counts(report.tally(), "**").join(" | "))
}

fn case(out: &mut String, outcome: &Outcome, setup: &Setup, spec: &Spec) -> std::fmt::Result {
    let word = if outcome.verdict == Verdict::Warn { "warning: " } else { "" };
    writeln!(
        out,
        "<details><summary>{word}<code>{}</code> {}: {}</summary>\n",
        outcome.id,
        outcome.blamed(),
        html(&outcome.title)
    )?;
    if let Some(reason) = &outcome.reason {
        writeln!(out, "{}\n", cell(reason))?;
    }
    for fold in folded(outcome, setup).into_iter().take(2) {
        let problem = fold.problem;
        let sentence = spec.sentence(&problem.clause);
        writeln!(out, "{} ({}): {sentence}\n", problem.clause, problem.level)?;
        writeln!(out, "```text\n{}", fenced(&fold.text()))?;
        for line in fold.difference.iter().cloned().chain(fold.same()) {
            writeln!(out, "{}", fenced(&line))?;
        }
        writeln!(out, "{}\n```\n", fenced(&curl::line(&problem.exchange.planned, setup)))?;
    }
    writeln!(out, "</details>")
}

fn cell(text: &str) -> String {
    html(text).replace('|', "\\|").replace(['\r', '\n'], " ")
}

fn html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

/// A text that cannot end the code block around it.
fn fenced(text: &str) -> String {
    text.replace("```", "` ` `")
}
