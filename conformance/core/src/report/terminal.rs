use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::{Fingerprint, curl, difference_lines, exchange_lines};
use crate::edition::EDITION;
use crate::nearest::nearest;
use crate::run::{Outcome, Problem, Report, Verdict};
use crate::setup::Setup;
use crate::spec::Spec;

/// How many problems of a case are shown.
const SHOWN: usize = 3;

/// Writes the report for people: a table by chapter, the failures, the fingerprint, one last line.
///
/// # Errors
///
/// Those of `out`.
pub fn terminal(
    out: &mut dyn Write,
    report: &Report,
    setup: &Setup,
    spec: &Spec,
) -> io::Result<()> {
    writeln!(out)?;
    table(out, report)?;
    for (index, found) in nearest(report).iter().enumerate() {
        if index == 0 {
            writeln!(out)?;
            heading(out, "nearest known defects")?;
        }
        writeln!(out, "  {}", found.sentence())?;
    }
    for verdict in [Verdict::Error, Verdict::Fail, Verdict::Warn] {
        for outcome in report.outcomes.iter().filter(|outcome| outcome.verdict == verdict) {
            case(out, outcome, setup, spec)?;
        }
    }
    for verdict in
        [Verdict::Precondition, Verdict::Inconclusive, Verdict::NotExercised, Verdict::Skipped]
    {
        reasons(out, report, verdict)?;
    }
    if report.outcomes.iter().any(|outcome| outcome.observed.is_some()) {
        let fingerprint = Fingerprint::of(report);
        let differs =
            fingerprint.points.iter().filter(|point| point.value() != Some(point.default)).count();
        writeln!(out)?;
        heading(
            out,
            &format!(
                "fingerprint: {differs} of {} readings differ from the reference, or are not known",
                fingerprint.points.len()
            ),
        )?;
        if differs > 0 {
            for line in fingerprint.to_string().lines() {
                writeln!(out, "  {line}")?;
            }
        }
    }
    let lines: Vec<_> =
        report.handshake.tenants.iter().filter_map(crate::run::Holding::line).collect();
    if !lines.is_empty() || report.handshake.stale != 0 {
        writeln!(out)?;
        heading(out, "the target's data")?;
        if report.handshake.stale != 0 {
            let days = report.handshake.stale;
            writeln!(
                out,
                "  loaded {days} days ago: what needs records relative to today is not judged"
            )?;
        }
        for line in lines {
            writeln!(out, "  {line}")?;
        }
    }
    writeln!(out)?;
    // DATE-13
    writeln!(out, "suite {}, zone data {}", crate::edition::EDITION, crate::zone::RELEASE)?;
    last_line(out, report)
}

fn style(verdict: Verdict) -> Style {
    let color = match verdict {
        Verdict::Pass => AnsiColor::Green,
        Verdict::Warn => AnsiColor::Yellow,
        Verdict::Fail | Verdict::Error => AnsiColor::Red,
        _ => AnsiColor::Cyan,
    };
    color.on_default()
}

fn heading(out: &mut dyn Write, text: &str) -> io::Result<()> {
    let bold = Style::new().bold();
    writeln!(out, "{bold}{text}{bold:#}")
}

fn table(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    heading(
        out,
        &format!(
            "{:<14}{:>7}{:>7}{:>7}{:>7}{:>10}",
            "chapter", "pass", "warn", "fail", "other", "requests"
        ),
    )?;
    for chapter in report.chapters() {
        let outcomes: Vec<_> =
            report.outcomes.iter().filter(|outcome| outcome.chapter() == chapter).collect();
        let count = |verdict| outcomes.iter().filter(|outcome| outcome.verdict == verdict).count();
        let (pass, warn, fail) = (count(Verdict::Pass), count(Verdict::Warn), count(Verdict::Fail));
        let requests: usize = outcomes.iter().map(|outcome| outcome.requests).sum();
        let cell = |number: usize, verdict: Verdict| {
            let style = if number == 0 { Style::new().dimmed() } else { style(verdict) };
            format!("{style}{number:>7}{style:#}")
        };
        writeln!(
            out,
            "{chapter:<14}{}{}{}{}{requests:>10}",
            cell(pass, Verdict::Pass),
            cell(warn, Verdict::Warn),
            cell(fail, Verdict::Fail),
            cell(outcomes.len() - pass - warn - fail, Verdict::Skipped),
        )?;
    }
    Ok(())
}

fn case(out: &mut dyn Write, outcome: &Outcome, setup: &Setup, spec: &Spec) -> io::Result<()> {
    let style = style(outcome.verdict);
    writeln!(out)?;
    writeln!(out, "{style}{}{style:#} {}: {}", outcome.verdict, outcome.id, outcome.title)?;
    if let Some(known) = &outcome.known {
        writeln!(out, "  known: {known}")?;
        return Ok(());
    }
    if let Some(reason) = &outcome.reason {
        writeln!(out, "  {reason}")?;
    }
    let mut last = "";
    for problem in outcome.problems.iter().take(SHOWN) {
        if problem.clause != last {
            let sentence = spec.find(&problem.clause).map_or("", |clause| clause.sentence.as_str());
            writeln!(out, "  {} ({}): {sentence}", problem.clause, problem.level)?;
            last = &problem.clause;
        }
        one(out, problem, setup, outcome.problems[0].variant == problem.variant)?;
    }
    if outcome.problems.len() > SHOWN {
        let mut variants: Vec<_> =
            outcome.problems[SHOWN..].iter().map(|problem| problem.variant.as_str()).collect();
        variants.dedup();
        writeln!(
            out,
            "  and {} more, with {}",
            outcome.problems.len() - SHOWN,
            variants.join(", ")
        )?;
    }
    Ok(())
}

fn one(out: &mut dyn Write, problem: &Problem, setup: &Setup, whole: bool) -> io::Result<()> {
    let place = match (problem.variant.as_str(), problem.step) {
        ("", None) => String::new(),
        ("", Some(step)) => format!("step {step}: "),
        (variant, _) => format!("{variant}: "),
    };
    writeln!(out, "  {place}{}", problem.finding.text)?;
    if let Some(difference) = &problem.finding.difference {
        for line in difference_lines(difference, &problem.exchange.planned, setup) {
            writeln!(out, "    {line}")?;
        }
    }
    writeln!(out, "    {}", curl::line(&problem.exchange.planned, setup))?;
    if whole {
        let dim = Style::new().dimmed();
        for line in exchange_lines(&problem.exchange, setup) {
            writeln!(out, "    {dim}{line}{dim:#}")?;
        }
    }
    Ok(())
}

fn reasons(out: &mut dyn Write, report: &Report, verdict: Verdict) -> io::Result<()> {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for outcome in report.outcomes.iter().filter(|outcome| outcome.verdict == verdict) {
        let reason = outcome.reason.as_deref().unwrap_or_default();
        match reasons.iter_mut().find(|(other, _)| *other == reason) {
            Some((_, ids)) => ids.push(&outcome.id),
            None => reasons.push((reason, vec![&outcome.id])),
        }
    }
    for (reason, ids) in reasons {
        let more =
            if ids.len() > 4 { format!(" and {} more", ids.len() - 4) } else { String::new() };
        let style = style(verdict);
        writeln!(out)?;
        writeln!(out, "{style}{verdict}{style:#} {}{more}", ids[..ids.len().min(4)].join(", "))?;
        writeln!(out, "  {reason}")?;
    }
    Ok(())
}

fn last_line(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    if let Some(reason) = &report.handshake.precondition {
        let style = style(Verdict::Precondition);
        let word = if report.handshake.unreachable { "unreachable" } else { "precondition" };
        return writeln!(out, "{style}{word}{style:#} {}: {reason}", report.target);
    }
    let counts: Vec<_> = Verdict::ALL
        .iter()
        .map(|verdict| (report.count(*verdict), verdict))
        .filter(|(count, _)| *count > 0)
        .map(|(count, verdict)| format!("{count} {verdict}"))
        .collect();
    let verdict = match report.exit_code() {
        0 => Verdict::Pass,
        1 | 4 | 6 => Verdict::Fail,
        _ => Verdict::Inconclusive,
    };
    let word = report.conclusion();
    let style = style(verdict);
    writeln!(
        out,
        "{style}{word}{style:#} {}: {} of edition {EDITION}: {}; {} in {:.1} s",
        report.target,
        crate::words::counted(report.outcomes.len(), "case"),
        counts.join(", "),
        crate::words::counted(report.requests, "request"),
        report.elapsed.as_secs_f64(),
    )?;
    for stale in &report.stale {
        writeln!(out, "stale known failure: {stale}")?;
    }
    if let Some(reason) = &report.ended {
        writeln!(out, "the run ended early: {reason}")?;
    }
    Ok(())
}
