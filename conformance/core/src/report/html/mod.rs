//! The report for people who look at it in a browser: one file, without network, readable without
//! scripts.

mod cases;
mod causes;
mod failure;
mod summary;

use std::fmt::{self, Write};

use super::escape::{escape, excerpt};
use crate::run::{Outcome, Report, Verdict};
use crate::setup::Setup;
use crate::spec::Spec;

/// The style of a page for people.
pub const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");
/// The digest of [`SCRIPT`]: the page lets this script run and no other. The test of the page in a
/// browser fails if it is wrong.
const SCRIPT_DIGEST: &str = include_str!("script.sha256");

/// The report as one HTML file.
#[must_use]
pub fn html(report: &Report, setup: &Setup, spec: &Spec) -> String {
    let mut page = String::new();
    // Writing to a String cannot fail.
    let _ = write_page(&mut page, report, setup, spec);
    page
}

/// A sentence with the text between back-ticks shown as code.
fn prose(text: &str) -> String {
    let parts = text.split('`').enumerate();
    parts
        .map(|(index, part)| match index % 2 {
            0 => escape(part),
            _ => format!("<code>{}</code>", escape(part)),
        })
        .collect()
}

/// The class that gives a verdict its colour and its mark.
fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "pass",
        Verdict::Warn => "warn",
        Verdict::Fail => "fail",
        Verdict::Error => "error",
        _ => "other",
    }
}

/// The mark of a verdict, which says it without colours too.
fn mark(verdict: Verdict) -> String {
    format!("<i class=\"mark {}\" role=\"img\" aria-label=\"{verdict}\"></i>", class(verdict))
}

/// Shares of a whole as a bar.
fn bar<'a>(out: &mut String, outcomes: impl Iterator<Item = &'a Outcome> + Clone) -> fmt::Result {
    let all = outcomes.clone().count().max(1) as f64;
    out.push_str("<svg class=\"bar\" width=\"100%\" height=\"8\" aria-hidden=\"true\">");
    let mut from = 0.0;
    for name in ["fail", "error", "warn", "other", "pass"] {
        let count = outcomes.clone().filter(|outcome| class(outcome.verdict) == name).count();
        if count > 0 {
            let width = count as f64 / all * 100.0;
            write!(
                out,
                "<rect class=\"{name}\" x=\"{from:.2}%\" width=\"{width:.2}%\" height=\"8\"/>"
            )?;
            from += width;
        }
    }
    out.push_str("</svg>");
    Ok(())
}

fn write_page(out: &mut String, report: &Report, setup: &Setup, spec: &Spec) -> fmt::Result {
    let sections = causes::by_cause(report);
    write!(
        out,
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; \
         script-src 'sha256-{}'; base-uri 'none'; form-action 'none'\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <title>{}: {}</title><style>{STYLE}</style></head><body>\
         <a class=\"skip\" href=\"#main\">Skip to the results</a>\n",
        SCRIPT_DIGEST.trim(),
        report.conclusion(),
        excerpt(&report.target),
    )?;
    // The pattern for times that a clock repeats or skips; all drawings share it.
    out.push_str(
        "<svg width=\"0\" height=\"0\" aria-hidden=\"true\" class=\"defs\"><defs>\
         <pattern id=\"hatch\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">\
         <rect class=\"hatch\" width=\"2.5\" height=\"6\"/></pattern></defs></svg>",
    );
    summary::header(out, report, &sections)?;
    summary::navigation(out, report)?;
    out.push_str("<main id=\"main\">\n");
    summary::chapters(out, report)?;
    causes::sections(out, report, setup, spec, &sections)?;
    cases::cases(out, report)?;
    cases::fingerprint(out, report)?;
    cases::data(out, report)?;
    writeln!(
        out,
        "</main><footer><p>vcc-conformance {} · edition {} · zone data {}. This page is one file and asks for nothing.</p></footer>\
         <script>{SCRIPT}</script></body></html>",
        env!("CARGO_PKG_VERSION"),
        crate::edition::EDITION,
        crate::zone::RELEASE,
    )
}
