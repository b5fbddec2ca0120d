//! What a report says at a glance: the verdict, the numbers, the chapters.

use std::fmt::{self, Write};

use super::causes::Section;
use super::{bar, class, excerpt, mark};
use crate::report::escape::escape;
use crate::run::{Outcome, Report, Tally, Tone, Verdict};
use crate::words::counted;

/// The head of the page.
pub(super) fn header(out: &mut String, report: &Report, sections: &[Section<'_>]) -> fmt::Result {
    let tone = match report.ends_in().tone() {
        Tone::Good => "pass",
        Tone::Partial => "warn",
        Tone::Bad => "fail",
        Tone::Open => "other",
    };
    write!(
        out,
        "<header class=\"top {tone}\"><p class=\"kicker\">Recordings API conformance</p><h1>{}</h1>\
         <p class=\"verdict\">{}</p><p class=\"target\">{}</p><p class=\"soft\">{} · edition {} · zone data {} · {} in {:.1} s{}</p>",
        report.conclusion(),
        excerpt(&report.rest()),
        excerpt(&report.target),
        report.started.strftime("%Y-%m-%d %H:%M UTC"),
        crate::edition::EDITION,
        crate::zone::RELEASE,
        counted(report.requests, "request"),
        report.elapsed.as_secs_f64(),
        if report.strict { " · level should" } else { "" },
    )?;
    for line in report.handshake.ways_out.iter().chain(&report.stale) {
        write!(out, "<p class=\"notice\">{}</p>", excerpt(line))?;
    }
    if let Some(found) = sections.first().and_then(|section| section.block.cause.as_ref()) {
        write!(
            out,
            "<p class=\"cause\"><span class=\"kicker\">Most likely cause</span> <a href=\"#cause-1\">A server {}</a></p>",
            escape(&found.says)
        )?;
    }
    out.push_str("<ul class=\"counts\">");
    for (name, count) in report.tally().kinds() {
        // Known failures are failures under a name of their own.
        let verdict = Verdict::named(name).unwrap_or(Verdict::Warn);
        if count > 0 || matches!(verdict, Verdict::Pass | Verdict::Fail) {
            let none = if count == 0 { " none" } else { "" };
            write!(
                out,
                "<li class=\"is-{}{none}\"><b>{count}</b> <span>{}{name}</span></li>",
                class(verdict),
                mark(verdict)
            )?;
        }
    }
    out.push_str("</ul>");
    bar(out, report.outcomes.iter())?;
    out.push_str("</header>\n");
    Ok(())
}

/// Links to the parts that the page has.
pub(super) fn navigation(out: &mut String, report: &Report) -> fmt::Result {
    out.push_str("<nav aria-label=\"On this page\"><a href=\"#chapters\">Chapters</a>");
    let wrong = |outcome: &&Outcome| {
        matches!(outcome.verdict, Verdict::Fail | Verdict::Warn | Verdict::Error)
    };
    let wrong = report.outcomes.iter().filter(wrong).count();
    if wrong > 0 {
        write!(out, "<a href=\"#findings\">Findings <span>{wrong}</span></a>")?;
    }
    write!(out, "<a href=\"#cases\">All cases <span>{}</span></a>", report.outcomes.len())?;
    if super::cases::has_fingerprint(report) {
        out.push_str("<a href=\"#fingerprint\">Fingerprint</a>");
    }
    out.push_str("</nav>\n");
    Ok(())
}

/// A tile for each chapter with a problem, and one line for the others; if there is no problem, a
/// tile for each chapter.
pub(super) fn chapters(out: &mut String, report: &Report) -> fmt::Result {
    out.push_str("<section aria-labelledby=\"chapters\"><h2 id=\"chapters\">Chapters</h2>");
    let clean =
        |chapter: &&str| report.in_chapter(chapter).all(|outcome| outcome.verdict == Verdict::Pass);
    let (well, not): (Vec<&str>, Vec<&str>) = report.chapters().into_iter().partition(clean);
    let (tiles, line) = if not.is_empty() { (well, Vec::new()) } else { (not, well) };
    out.push_str("<ul class=\"tiles\">");
    for chapter in tiles {
        tile(out, report, chapter)?;
    }
    out.push_str("</ul>");
    if !line.is_empty() {
        out.push_str("<p class=\"chips\"><span class=\"soft\">All pass:</span>");
        for chapter in line {
            let cases = report.in_chapter(chapter).count();
            let name = escape(chapter);
            write!(out, " <a href=\"#chapter-{name}\">{name} <span>{cases}</span></a>")?;
        }
        out.push_str("</p>");
    }
    out.push_str("</section>\n");
    Ok(())
}

fn tile(out: &mut String, report: &Report, chapter: &str) -> fmt::Result {
    let outcomes = report.in_chapter(chapter);
    let name = escape(chapter);
    write!(out, "<li><a class=\"tile\" href=\"#chapter-{name}\"><b>{name}</b> <span>")?;
    let tally = Tally::of(outcomes.clone());
    let all = tally.ran;
    let mut parts = Vec::new();
    for (count, word, class) in [
        (tally.fail + tally.known + tally.error, "fail", "fail"),
        (tally.warn, "warn", "warn"),
        (tally.set_aside(), "not judged", "other"),
    ] {
        if count > 0 {
            parts.push(format!("<em class=\"is-{class}\">{count} {word}</em>"));
        }
    }
    if parts.is_empty() {
        write!(out, "all {all} pass")?;
    } else {
        write!(out, "{} of {all}", parts.join(", "))?;
    }
    out.push_str("</span>");
    bar(out, outcomes)?;
    out.push_str("</a></li>");
    Ok(())
}
