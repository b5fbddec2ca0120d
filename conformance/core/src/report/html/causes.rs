//! Failures by what explains them: one block a cause, the likeliest first, then what no known defect
//! explains.

use std::collections::BTreeSet;
use std::fmt::{self, Write};

use super::excerpt;
use super::failure::{Detail, failure};
use crate::nearest::Kind;
use crate::report::blocks::{Block, blocks};
use crate::report::escape::escape;
use crate::run::{Outcome, Report, Verdict};
use crate::setup::Setup;
use crate::spec::Spec;
use crate::words::counted;

/// Failures of a block that are visible at once; the others are folded.
const FIRST: usize = 3;
/// Failures that are shown with drawing and exchange: a page with a thousand of them helps nobody.
const DRAWN: usize = 200;
/// The size in bytes that a page should not exceed: from where only that is left which the shorter
/// forms of all other failures and the list of cases take, failures are short.
const PAGE: usize = 1_950_000;
/// About the bytes of a short failure.
const SHORT: usize = 1_500;
/// About the bytes of a case in the list of all cases.
const ROW: usize = 300;

/// Said before the first failure that is short.
const SHORTER: &str = "<p class=\"notice\">There are too many failures to show all of each: from \
                       here on, the first finding of each. --json has everything.</p>";

/// Failures that belong together, with their title.
pub(super) struct Section<'a> {
    title: String,
    pub(super) block: Block<'a>,
}

/// Failures by cause; then those without one, by verdict.
pub(super) fn by_cause(report: &Report) -> Vec<Section<'_>> {
    let mut sections: Vec<Section<'_>> = Vec::new();
    for block in blocks(report) {
        if let Some(found) = &block.cause {
            sections.push(Section { title: format!("A server {}", found.says), block });
        }
    }
    let explained: BTreeSet<&str> = sections
        .iter()
        .flat_map(|section| &section.block.outcomes)
        .map(|outcome| outcome.id.as_str())
        .collect();
    let is_left = |outcome: &&Outcome| {
        matches!(outcome.verdict, Verdict::Fail | Verdict::Warn | Verdict::Error)
            && !explained.contains(outcome.id.as_str())
    };
    let mut rest: Vec<&Outcome> = report.outcomes.iter().filter(is_left).collect();
    // Failures come before warnings.
    rest.sort_by_key(|outcome| std::cmp::Reverse(outcome.verdict));
    let unexplained =
        if sections.is_empty() { "Failures" } else { "Failures without a known cause" };
    for (title, fits) in [
        (
            "Errors of the suite",
            (|outcome| outcome.verdict == Verdict::Error) as fn(&Outcome) -> bool,
        ),
        (unexplained, |outcome| outcome.verdict == Verdict::Fail && outcome.known.is_none()),
        ("Warnings", |outcome| outcome.verdict == Verdict::Warn),
        ("Known failures", |outcome| outcome.known.is_some()),
    ] {
        let (outcomes, others): (Vec<_>, Vec<_>) =
            rest.into_iter().partition(|outcome| fits(outcome));
        rest = others;
        if !outcomes.is_empty() {
            let block = Block { cause: None, others: Vec::new(), outcomes };
            sections.push(Section { title: title.into(), block });
        }
    }
    sections
}

/// The blocks, and the field to search them.
pub(super) fn sections(
    out: &mut String,
    report: &Report,
    setup: &Setup,
    spec: &Spec,
    sections: &[Section<'_>],
) -> fmt::Result {
    out.push_str(
        "<div id=\"tools\" hidden><label>Filter <input id=\"text\" type=\"search\" placeholder=\"id, clause, words\"></label>\
         <label>Verdict <select id=\"verdict\"><option value=\"\">every verdict</option>",
    );
    for verdict in Verdict::ALL.into_iter().filter(|verdict| report.count(*verdict) > 0) {
        write!(out, "<option>{verdict}</option>")?;
    }
    out.push_str(
        "</select></label><span id=\"count\" class=\"soft\" role=\"status\"></span></div>\n",
    );
    if !sections.is_empty() {
        out.push_str("<h2 id=\"findings\">Findings</h2>\n");
    }
    let all: usize = sections.iter().map(|section| section.block.outcomes.len()).sum();
    let mut told = 0;
    let mut is_short = false;
    for (index, Section { title, block }) in sections.iter().enumerate() {
        let number = index + 1;
        write!(
            out,
            "<section class=\"block\" data-group aria-labelledby=\"cause-{number}\"><h3 id=\"cause-{number}\">{}</h3>",
            escape(title)
        )?;
        head(out, report, block)?;
        for (index, outcome) in block.outcomes.iter().enumerate() {
            if index == FIRST {
                let rest = block.outcomes.len() - FIRST;
                write!(
                    out,
                    "<details class=\"more\" data-group><summary>{rest} more</summary><div class=\"inside\">"
                )?;
            }
            let rest = (all - told) * SHORT + report.outcomes.len() * ROW;
            let detail = match told < DRAWN {
                _ if out.len() + rest > PAGE => Detail::Short,
                true => Detail::Drawn,
                false => Detail::Told,
            };
            if detail == Detail::Short && !is_short {
                out.push_str(SHORTER);
                is_short = true;
            }
            failure(out, outcome, setup, spec, number == 1 && index == 0, detail)?;
            told += 1;
        }
        if block.outcomes.len() > FIRST {
            out.push_str("</div></details>");
        }
        out.push_str("</section>\n");
    }
    Ok(())
}

fn head(out: &mut String, report: &Report, block: &Block<'_>) -> fmt::Result {
    let Some(found) = &block.cause else {
        return write!(out, "<p class=\"soft\">{}</p>", counted(block.outcomes.len(), "case"));
    };
    let wrong = |outcome: &&Outcome| {
        !outcome.problems.is_empty() && matches!(outcome.verdict, Verdict::Fail | Verdict::Warn)
    };
    let all = report.outcomes.iter().filter(wrong).count();
    let explains = format!("Explains <b>{} of {all}</b> findings.", block.outcomes.len());
    match found.kind {
        Kind::Defect => write!(
            out,
            "<p>{explains} Of {} that such a server fails, {} fail here. \
             <span class=\"soft\">{}: <code>{}</code></span></p>",
            counted(found.signature, "case"),
            found.agree,
            escape(found.family),
            escape(found.defect)
        )?,
        Kind::Family | Kind::Trait => {
            write!(out, "<p>{explains} <span class=\"soft\">No known defect fits.</span></p>")?;
        }
    }
    for also in &block.others {
        write!(out, "<p class=\"soft\">Or a server {}", excerpt(&also.says))?;
        if also.kind == Kind::Defect {
            let (agree, all, name) = (also.agree, also.signature, escape(also.defect));
            write!(out, ": {agree} of {all} agree (<code>{name}</code>)")?;
        }
        out.push_str("</p>");
    }
    Ok(())
}
