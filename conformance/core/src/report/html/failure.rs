//! One case that is not as expected: what was asked, what was expected and what came, and how to
//! repeat the request.

use std::fmt::{self, Write};

use super::{class, excerpt, mark, prose};
use crate::judge::compare::Difference;
use crate::report::difference::SHOWN as TOLD;
use crate::report::difference_lines;
use crate::report::escape::escape;
use crate::report::timeline::timelines;
use crate::report::{curl, exchange_lines};
use crate::run::{Outcome, Planned, Problem};
use crate::setup::Setup;
use crate::spec::Spec;
use crate::words::counted;

/// Problems of one variant that are shown.
const SHOWN: usize = 4;
/// Records of a problem that are named in a short failure.
const SHORT: usize = 3;
/// Unexpected records that are named: there is no limit to records that the dataset does not have.
const NAMES: usize = 200;
/// Other variants that are shown.
const VARIANTS: usize = 12;

/// How much of a failure is shown.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Detail {
    /// The first finding of one variant, with its first records.
    Short,
    /// All but the drawing and the exchange.
    Told,
    /// Everything.
    Drawn,
}

pub(super) fn failure(
    out: &mut String,
    outcome: &Outcome,
    setup: &Setup,
    spec: &Spec,
    open: bool,
    detail: Detail,
) -> fmt::Result {
    let id = escape(&outcome.id);
    write!(
        out,
        "<details class=\"case {}\" data-verdict=\"{}\"{}><summary>{}<span class=\"title\">{}</span>\
         <span class=\"id\"><b>{}</b> {id}</span></summary><div class=\"inside\" id=\"{id}\">",
        class(outcome.verdict),
        outcome.verdict,
        if open { " open" } else { "" },
        mark(outcome.verdict),
        escape(&outcome.title),
        escape(outcome.blamed()),
    )?;
    for (word, line) in [("Known: ", &outcome.known), ("", &outcome.reason)] {
        if let Some(line) = line {
            write!(out, "<p>{word}{}</p>", excerpt(line))?;
        }
    }
    let written = outcome.problems.first().map_or("", |problem| problem.variant.as_str());
    let (whole, others): (Vec<&Problem>, Vec<&Problem>) =
        outcome.problems.iter().partition(|problem| problem.variant == written);
    let shown = if detail == Detail::Short { 1 } else { SHOWN };
    let mut last = "";
    for (index, problem) in whole.iter().take(shown).enumerate() {
        if problem.clause != last {
            let sentence = spec.sentence(&problem.clause);
            write!(
                out,
                "<p class=\"clause\"><b>{}</b> <span class=\"level\">{}</span> {}</p>",
                escape(&problem.clause),
                problem.level,
                prose(sentence)
            )?;
            last = &problem.clause;
        }
        one(out, problem, setup, if index == 0 { detail } else { detail.min(Detail::Told) })?;
    }
    if whole.len() > shown {
        write!(out, "<p class=\"soft\">and {} more</p>", whole.len() - shown)?;
    }
    variants(out, &others, whole.first().copied(), detail)?;
    out.push_str("</div></details>\n");
    Ok(())
}

/// One problem in full.
fn one(out: &mut String, problem: &Problem, setup: &Setup, detail: Detail) -> fmt::Result {
    let planned = &problem.exchange.planned;
    let place = problem.place().map_or_else(String::new, |place| format!(", {place}"));
    write!(
        out,
        "<div class=\"asked\"><span class=\"kicker\">Asked{}</span><code>{}</code></div>",
        escape(&place),
        target(planned)
    )?;
    found(out, &problem.finding.text)?;
    if let Some(difference) = &problem.finding.difference {
        if detail == Detail::Drawn {
            out.push_str(&timelines(difference, planned, setup));
        }
        out.push_str("<ul class=\"records\">");
        let mut lines = difference_lines(difference, planned, setup);
        if detail == Detail::Short && lines.len() > SHORT {
            let more = counted(lines.len() - SHORT, "more line");
            lines.truncate(SHORT);
            lines.push(format!("{:<11}{more}", "and"));
        }
        for line in lines {
            // A line begins with what the record is, in a column of its own.
            let (word, rest) = line.split_at_checked(11).unwrap_or(("", &line));
            let word = word.trim();
            write!(
                out,
                "<li><b class=\"{}\">{}</b> <span>{}</span></li>",
                escape(&word.replace(' ', "-")),
                escape(word),
                excerpt(rest)
            )?;
        }
        out.push_str("</ul>");
        if detail != Detail::Short {
            names(out, difference, planned, setup)?;
        }
    }
    write!(
        out,
        "<div class=\"again\"><span class=\"kicker\">To repeat</span><pre>{}</pre></div>",
        excerpt(&curl::line(planned, setup))
    )?;
    if detail == Detail::Drawn {
        let lines = exchange_lines(&problem.exchange, setup);
        write!(
            out,
            "<details><summary>What was sent and received</summary><div class=\"inside\"><pre>{}</pre></div></details>",
            lines.iter().map(|line| excerpt(line)).collect::<Vec<_>>().join("\n")
        )?;
    }
    Ok(())
}

/// The names of all missing and unexpected records, if not every one was told above.
fn names(
    out: &mut String,
    difference: &Difference,
    planned: &Planned,
    setup: &Setup,
) -> fmt::Result {
    let key =
        |tenant: usize, index: usize| escape(&setup.tenants[tenant].tenant.records[index].key);
    let missing = difference.missing.iter().map(|index| key(planned.tenant, *index));
    let unexpected = difference.unexpected.iter().map(|record| match record.known {
        Some((tenant, index)) => key(tenant, index),
        None => escape(&format!("{:?}", cut(&record.shown.0))),
    });
    for (word, names) in
        [("missing", missing.collect::<Vec<_>>()), ("unexpected", unexpected.take(NAMES).collect())]
    {
        if names.len() > TOLD {
            write!(
                out,
                "<details><summary>The names of the {word}</summary><div class=\"inside\"><p class=\"mono\">{}</p></div></details>",
                names.join(", ")
            )?;
        }
    }
    Ok(())
}

/// The beginning of a name that came from the target.
fn cut(name: &str) -> String {
    let mut chars = name.chars();
    let short: String = chars.by_ref().take(60).collect();
    if chars.next().is_some() { short + "…" } else { short }
}

/// The method and the target of a request, which may be broken between its variables.
fn target(planned: &Planned) -> String {
    let text = match &planned.query {
        _ if planned.request().raw.is_some() => {
            let bytes = String::from_utf8_lossy(&planned.bytes);
            bytes.lines().next().unwrap_or_default().to_owned()
        }
        None => format!("{} {}", planned.method, planned.path),
        Some(query) => format!("{} {}?{query}", planned.method, planned.path),
    };
    excerpt(&text).replace('?', "?<wbr>").replace("&amp;", "<wbr>&amp;")
}

/// What was expected beside what came, where a finding says both.
fn found(out: &mut String, text: &str) -> fmt::Result {
    let Some((what, expected, came)) = parts(text) else {
        return write!(out, "<p class=\"finding\">{}</p>", excerpt(text));
    };
    let what = if what.is_empty() { String::new() } else { format!(" {}", excerpt(what)) };
    write!(
        out,
        "<dl class=\"pair\"><div class=\"expected\"><dt>Expected{what}</dt><dd>{}</dd></div>\
         <div class=\"received\"><dt>Received</dt><dd>{}</dd></div></dl>",
        excerpt(expected),
        excerpt(came)
    )
}

/// `status: expected 400, found 200` in its parts: what, expected, found.
fn parts(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once("expected ")?;
    let what = match before {
        "" => "",
        _ => before.strip_suffix(": ")?,
    };
    let (expected, came) = rest.split_once(", found ")?;
    Some((what, expected, came))
}

/// The other variants of the case that are not as expected: folded and short.
fn variants(
    out: &mut String,
    problems: &[&Problem],
    first: Option<&Problem>,
    detail: Detail,
) -> fmt::Result {
    if problems.is_empty() {
        return Ok(());
    }
    let mut names: Vec<&str> = problems.iter().map(|problem| problem.variant.as_str()).collect();
    names.dedup();
    let same = |problem: &&Problem| {
        first.is_some_and(|first| {
            (&first.finding.text, &first.clause) == (&problem.finding.text, &problem.clause)
        })
    };
    let word = if problems.iter().all(same) { "The same with" } else { "Also with" };
    if detail == Detail::Short {
        return write!(out, "<p class=\"soft\">{word} {}</p>", escape(&names.join(", ")));
    }
    write!(
        out,
        "<details class=\"variants\"><summary>{word} {}</summary><div class=\"inside\"><ul class=\"records\">",
        escape(&names.join(", "))
    )?;
    for problem in problems.iter().take(VARIANTS) {
        write!(
            out,
            "<li><b>{}</b> <span>{}: {}<br><code>{}</code></span></li>",
            escape(&problem.variant),
            escape(&problem.clause),
            excerpt(&problem.finding.text),
            target(&problem.exchange.planned)
        )?;
    }
    if problems.len() > VARIANTS {
        write!(out, "<li><span>and {} more</span></li>", problems.len() - VARIANTS)?;
    }
    out.push_str("</ul></div></details>");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::parts;

    #[test]
    fn a_finding_in_its_parts() {
        for (text, expected) in [
            (
                "expected 8 records, found 7 records: 1 missing",
                Some(("", "8 records", "7 records: 1 missing")),
            ),
            ("status: expected 400, found 200: <xml>", Some(("status", "400", "200: <xml>"))),
            ("page 1 holds 49 records, and more follow", None),
            ("as expected, found", None),
            ("expected XML", None),
        ] {
            assert_eq!(parts(text), expected, "{text}");
        }
    }
}
