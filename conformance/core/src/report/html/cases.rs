//! Every case with its verdict, the fingerprint, and what the target holds.

use std::fmt::{self, Write};

use super::{class, excerpt, mark};
use crate::report::Fingerprint;
use crate::report::escape::escape;
use crate::run::{Holding, Report, Verdict};
use crate::words::counted;

/// Every case, by chapter.
pub(super) fn cases(out: &mut String, report: &Report) -> fmt::Result {
    out.push_str("<section aria-labelledby=\"cases\"><h2 id=\"cases\">All cases</h2>");
    for chapter in report.chapters() {
        let outcomes = report.in_chapter(chapter);
        let name = escape(chapter);
        write!(
            out,
            "<details data-group><summary><b>{name}</b> <span class=\"soft\">{}</span></summary><ul class=\"rows\" id=\"chapter-{name}\">",
            counted(outcomes.clone().count(), "case")
        )?;
        for outcome in outcomes {
            let note = match (&outcome.observed, &outcome.reason) {
                (Some(observed), _) => format!(
                    "{} = {}",
                    observed.switch,
                    observed.value.as_deref().unwrap_or(&observed.seen)
                ),
                (None, Some(reason)) => reason.clone(),
                _ => String::new(),
            };
            let id = escape(&outcome.id);
            // A link to its description above.
            let id = match outcome.verdict {
                Verdict::Fail | Verdict::Warn | Verdict::Error => {
                    format!("<a href=\"#{id}\">{id}</a>")
                }
                _ => id,
            };
            write!(
                out,
                "<li data-verdict=\"{}\" class=\"row {}\">{}<span>{} <small>{}</small></span><span class=\"id\">{} {id}</span></li>",
                outcome.verdict,
                class(outcome.verdict),
                mark(outcome.verdict),
                escape(&outcome.title),
                excerpt(&note),
                escape(&outcome.clauses.join(" ")),
            )?;
        }
        out.push_str("</ul></details>\n");
    }
    out.push_str("</section>\n");
    Ok(())
}

pub(super) fn has_fingerprint(report: &Report) -> bool {
    report.outcomes.iter().any(|outcome| outcome.observed.is_some())
}

/// How the target reads what the documentation leaves open.
pub(super) fn fingerprint(out: &mut String, report: &Report) -> fmt::Result {
    if !has_fingerprint(report) {
        return Ok(());
    }
    out.push_str(
        "<section aria-labelledby=\"fingerprint\"><h2 id=\"fingerprint\">Fingerprint</h2>\
         <p class=\"soft\">How the target reads what the documentation leaves open. Nothing here is graded.</p>\
         <div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-labelledby=\"fingerprint\"><table><thead><tr>\
         <th scope=\"col\">switch</th><th scope=\"col\">the target</th><th scope=\"col\">the reference</th>\
         <th scope=\"col\">clause</th></tr></thead><tbody>",
    );
    for point in &Fingerprint::of(report).points {
        let value = match point.value() {
            Some(value) => value.to_owned(),
            None if point.values.is_empty() && point.other.is_empty() => "not exercised".into(),
            None => [&point.values[..], &point.other[..]].concat().join(" / "),
        };
        let value = if point.value() == Some(point.default) {
            excerpt(&value)
        } else {
            format!("<b>{}</b>", excerpt(&value))
        };
        write!(
            out,
            "<tr><th scope=\"row\"><code>{}</code></th><td>{value}</td><td class=\"soft\">{}</td><td>{}</td></tr>",
            point.switch, point.default, point.clause
        )?;
    }
    out.push_str("</tbody></table></div></section>\n");
    Ok(())
}

/// What the target holds, if that is not the dataset.
pub(super) fn data(out: &mut String, report: &Report) -> fmt::Result {
    let lines: Vec<_> = report.handshake.tenants.iter().filter_map(Holding::line).collect();
    if lines.is_empty() {
        return Ok(());
    }
    out.push_str("<section aria-labelledby=\"data\"><h2 id=\"data\">The target’s data</h2>");
    for line in lines {
        write!(out, "<p>{}</p>", excerpt(&line))?;
    }
    out.push_str("</section>\n");
    Ok(())
}
