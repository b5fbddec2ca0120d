//! The report for people who look at it in a browser: one file, without network, readable without
//! scripts.

use std::fmt::{self, Write};

use super::escape::escape;
use super::timeline::timelines;
use super::{Fingerprint, curl, difference_lines, exchange_lines};
use crate::nearest::nearest;
use crate::run::{Holding, Outcome, Problem, Report, Verdict};
use crate::setup::Setup;
use crate::spec::Spec;

/// The style of a page for people.
pub const STYLE: &str = include_str!("html.css");
const SCRIPT: &str = include_str!("html.js");

/// The report as one HTML file.
#[must_use]
pub fn html(report: &Report, setup: &Setup, spec: &Spec) -> String {
    let mut page = String::new();
    // Writing to a String cannot fail.
    let _ = write_page(&mut page, report, setup, spec);
    page
}

/// A sentence in which what stands between back-ticks is code.
fn prose(text: &str) -> String {
    let parts = text.split('`').enumerate();
    parts
        .map(|(index, part)| match index % 2 {
            0 => escape(part),
            _ => format!("<code>{}</code>", escape(part)),
        })
        .collect()
}

/// The class that gives a verdict its colour.
fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "pass",
        Verdict::Warn => "warn",
        Verdict::Fail => "fail",
        Verdict::Error => "error",
        _ => "other",
    }
}

fn write_page(out: &mut String, report: &Report, setup: &Setup, spec: &Spec) -> fmt::Result {
    let conclusion = report.conclusion();
    let tone = match report.exit_code() {
        0 => "pass",
        1 | 4 | 6 => "fail",
        _ => "other",
    };
    write!(
        out,
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <title>{conclusion}: {}</title><style>{STYLE}</style></head><body><main>\n\
         <h1><span class=\"is-{tone}\">{conclusion}</span></h1>\
         <p class=\"mono\">{}</p>\
         <p class=\"soft\">Recordings API conformance · edition {} · zone data {} · {} · {} in {:.1} s{}</p>",
        escape(&report.target),
        escape(&report.target),
        crate::edition::EDITION,
        crate::zone::RELEASE,
        report.started.strftime("%Y-%m-%d %H:%M UTC"),
        crate::words::counted(report.requests, "request"),
        report.elapsed.as_secs_f64(),
        if report.strict { " · level should" } else { "" },
    )?;
    for line in report.handshake.precondition.iter().chain(&report.ended).chain(&report.stale) {
        write!(out, "<p class=\"is-fail\">{}</p>", escape(line))?;
    }
    summary(out, report)?;
    let found = nearest(report);
    if !found.is_empty() {
        out.push_str("<h2>Nearest known defects</h2><ul>");
        for found in found {
            write!(out, "<li>{}</li>", escape(&found.sentence()))?;
        }
        out.push_str("</ul>");
    }
    failures(out, report, setup, spec)?;
    chapters(out, report)?;
    fingerprint(out, report)?;
    data(out, report)?;
    writeln!(out, "</main><script>{SCRIPT}</script></body></html>")
}

fn bar(out: &mut String, outcomes: &[&Outcome]) -> fmt::Result {
    out.push_str("<div class=\"bar\" aria-hidden=\"true\">");
    for name in ["pass", "warn", "fail", "error", "other"] {
        let count = outcomes.iter().filter(|outcome| class(outcome.verdict) == name).count();
        if count > 0 {
            write!(out, "<i class=\"{name}\" style=\"flex:{count}\"></i>")?;
        }
    }
    out.push_str("</div>");
    Ok(())
}

fn summary(out: &mut String, report: &Report) -> fmt::Result {
    out.push_str("<div class=\"cards\">");
    for verdict in Verdict::ALL {
        let count = report.count(verdict);
        if count > 0 || matches!(verdict, Verdict::Pass | Verdict::Warn | Verdict::Fail) {
            let tone = if count == 0 { "" } else { class(verdict) };
            write!(out, "<div class=\"card\"><b class=\"is-{tone}\">{count}</b>{verdict}</div>")?;
        }
    }
    out.push_str("</div>");
    let all: Vec<_> = report.outcomes.iter().collect();
    bar(out, &all)?;
    out.push_str(
        "<h2>Chapters</h2><div class=\"scroll\"><table><tr><th>chapter</th><th class=\"n\">pass</th>\
         <th class=\"n\">warn</th><th class=\"n\">fail</th><th class=\"n\">other</th><th></th></tr>",
    );
    for chapter in report.chapters() {
        let outcomes: Vec<_> =
            report.outcomes.iter().filter(|outcome| outcome.chapter() == chapter).collect();
        write!(out, "<tr><td><a href=\"#{chapter}\">{chapter}</a></td>")?;
        for name in ["pass", "warn", "fail", "other"] {
            let fits = |outcome: &&&Outcome| {
                let class = class(outcome.verdict);
                class == name || name == "fail" && class == "error"
            };
            let count = outcomes.iter().filter(fits).count();
            let tone = if count == 0 { "other" } else { name };
            write!(out, "<td class=\"n is-{tone}\">{count}</td>")?;
        }
        out.push_str("<td style=\"width:40%\">");
        bar(out, &outcomes)?;
        out.push_str("</td></tr>");
    }
    out.push_str("</table></div>");
    Ok(())
}

fn failures(out: &mut String, report: &Report, setup: &Setup, spec: &Spec) -> fmt::Result {
    write!(
        out,
        "<div id=\"tools\"><input id=\"text\" type=\"search\" placeholder=\"filter: id, clause, words\" aria-label=\"filter\"><select id=\"verdict\" aria-label=\"verdict\"><option value=\"\">every verdict</option>"
    )?;
    for verdict in Verdict::ALL.into_iter().filter(|verdict| report.count(*verdict) > 0) {
        write!(out, "<option>{verdict}</option>")?;
    }
    out.push_str("</select><span id=\"count\" class=\"soft\"></span></div>");
    for (verdict, title) in [
        (Verdict::Error, "Errors of the suite"),
        (Verdict::Fail, "Failures"),
        (Verdict::Warn, "Warnings"),
    ] {
        let outcomes: Vec<_> =
            report.outcomes.iter().filter(|outcome| outcome.verdict == verdict).collect();
        if outcomes.is_empty() {
            continue;
        }
        write!(out, "<h2>{title}</h2>")?;
        // The first ones stand open; a page of hundreds opened ones helps nobody.
        for (index, outcome) in outcomes.into_iter().enumerate() {
            failure(out, outcome, setup, spec, index < 3)?;
        }
    }
    Ok(())
}

fn search_text(outcome: &Outcome) -> String {
    let clauses = outcome.clauses.join(" ");
    escape(
        &format!(
            "{} {} {clauses} {} {}",
            outcome.id,
            outcome.title,
            outcome.blamed(),
            outcome.level
        )
        .to_lowercase(),
    )
}

fn failure(
    out: &mut String,
    outcome: &Outcome,
    setup: &Setup,
    spec: &Spec,
    open: bool,
) -> fmt::Result {
    write!(
        out,
        "<details data-verdict=\"{}\" data-text=\"{}\"{}><summary><span class=\"dot {}\"></span><b>{}</b> {}<span class=\"id\">{}</span></summary><div class=\"inside\">",
        outcome.verdict,
        search_text(outcome),
        if open { " open" } else { "" },
        class(outcome.verdict),
        outcome.blamed(),
        escape(&outcome.title),
        outcome.id,
    )?;
    for (word, line) in [("known: ", &outcome.known), ("", &outcome.reason)] {
        if let Some(line) = line {
            write!(out, "<p>{word}{}</p>", escape(line))?;
        }
    }
    let mut last = "";
    for (index, problem) in outcome.problems.iter().enumerate() {
        if problem.clause != last {
            let sentence = spec.find(&problem.clause).map_or("", |clause| clause.sentence.as_str());
            write!(
                out,
                "<p class=\"clause\"><b>{}</b> ({}) {}</p>",
                problem.clause,
                problem.level,
                prose(sentence)
            )?;
            last = &problem.clause;
        }
        one(out, problem, setup, index == 0)?;
    }
    out.push_str("</div></details>\n");
    Ok(())
}

fn one(out: &mut String, problem: &Problem, setup: &Setup, first: bool) -> fmt::Result {
    let place = match (problem.variant.as_str(), problem.step) {
        ("", None) => String::new(),
        ("", Some(step)) => format!("step {step}: "),
        (variant, _) => format!("{variant}: "),
    };
    write!(out, "<p>{}{}</p>", escape(&place), escape(&problem.finding.text))?;
    let planned = &problem.exchange.planned;
    if let Some(difference) = &problem.finding.difference {
        if first {
            let drawn = timelines(difference, planned, setup);
            if !drawn.is_empty() {
                write!(
                    out,
                    "{drawn}<p class=\"legend\"><span class=\"is-pass\">●</span> in the window and there · <span class=\"is-fail\">○ missing ● unexpected</span> · grey: outside the window, rightly absent</p>"
                )?;
            }
        }
        let lines = difference_lines(difference, planned, setup);
        write!(out, "<pre>{}</pre>", escape(&lines.join("\n")))?;
    }
    write!(out, "<pre>{}</pre>", escape(&curl::line(planned, setup)))?;
    if first {
        let lines = exchange_lines(&problem.exchange, setup);
        write!(
            out,
            "<details><summary>exchange</summary><div class=\"inside\"><pre>{}</pre></div></details>",
            escape(&lines.join("\n"))
        )?;
    }
    Ok(())
}

fn chapters(out: &mut String, report: &Report) -> fmt::Result {
    out.push_str("<h2>All cases</h2>");
    for chapter in report.chapters() {
        let outcomes: Vec<_> =
            report.outcomes.iter().filter(|outcome| outcome.chapter() == chapter).collect();
        write!(
            out,
            "<details data-group id=\"{chapter}\"><summary><b>{chapter}</b> <span class=\"soft\">{}</span></summary>",
            crate::words::counted(outcomes.len(), "case")
        )?;
        for outcome in outcomes {
            let note = match (&outcome.observed, &outcome.reason) {
                (Some(observed), _) => {
                    format!(
                        " {} = {}",
                        observed.switch,
                        observed.value.as_deref().unwrap_or(&observed.seen)
                    )
                }
                (None, Some(reason)) => format!(" ({reason})"),
                _ => String::new(),
            };
            write!(
                out,
                "<div class=\"row\" data-verdict=\"{}\" data-text=\"{}\"><span class=\"dot {}\" title=\"{}\"></span><span>{} <span class=\"soft\">{}{}</span></span><span class=\"id\">{}</span></div>",
                outcome.verdict,
                search_text(outcome),
                class(outcome.verdict),
                outcome.verdict,
                escape(&outcome.title),
                outcome.clauses.join(" "),
                escape(&note),
                outcome.id,
            )?;
        }
        out.push_str("</details>\n");
    }
    Ok(())
}

fn fingerprint(out: &mut String, report: &Report) -> fmt::Result {
    let fingerprint = Fingerprint::of(report);
    if report.outcomes.iter().all(|outcome| outcome.observed.is_none()) {
        return Ok(());
    }
    out.push_str("<h2>Fingerprint</h2><p class=\"soft\">How the target reads what the documentation leaves open. Nothing here is graded.</p><div class=\"scroll\"><table><tr><th>switch</th><th>the target</th><th>the reference</th><th>clause</th></tr>");
    for point in &fingerprint.points {
        let value = match point.value() {
            Some(value) => value.to_owned(),
            None if point.values.is_empty() && point.other.is_empty() => "not exercised".into(),
            None => [&point.values[..], &point.other[..]].concat().join(" / "),
        };
        let value = if point.value() == Some(point.default) {
            escape(&value)
        } else {
            format!("<b>{}</b>", escape(&value))
        };
        write!(
            out,
            "<tr><td class=\"mono\">{}</td><td>{value}</td><td class=\"soft\">{}</td><td>{}</td></tr>",
            point.switch, point.default, point.clause
        )?;
    }
    out.push_str("</table></div>");
    Ok(())
}

fn data(out: &mut String, report: &Report) -> fmt::Result {
    let lines: Vec<_> = report.handshake.tenants.iter().filter_map(Holding::line).collect();
    if lines.is_empty() {
        return Ok(());
    }
    out.push_str("<h2>The target's data</h2>");
    for line in lines {
        write!(out, "<p>{}</p>", escape(&line))?;
    }
    Ok(())
}
