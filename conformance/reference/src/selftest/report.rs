//! The matrix of cases and defects, for programs and for people.

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use serde_json::{Value, json};

use vcc_conformance_core::report::{STYLE, escape};

use super::{Matrix, Measured, find};

/// The matrix in JSON.
#[must_use]
pub fn matrix_json(matrix: &Matrix) -> String {
    let rows: Vec<Value> = matrix.rows.iter().map(row).collect();
    let value = json!({
        "edition": vcc_conformance_core::edition::EDITION,
        "zoneData": vcc_conformance_core::zone::RELEASE,
        "gradedCases": matrix.graded,
        "defects": rows,
        "escaped": matrix.escaped().iter().map(|row| row.defect).collect::<Vec<_>>(),
        "idleCases": matrix.idle(),
        "unclean": matrix.unclean,
    });
    format!("{value:#}\n")
}

fn row(row: &Measured) -> Value {
    let (clauses, says) =
        find(row.defect).map_or((&[][..], ""), |(_, defect)| (defect.clauses, defect.says));
    json!({
        "name": row.defect, "family": row.family, "says": says, "clauses": clauses,
        "caught": row.caught, "caughtByItsClause": row.named().count(),
        "precondition": row.precondition, "requests": row.requests,
    })
}

/// The matrix as one HTML file: a row a defect, a column a chapter, darker where more cases fail.
#[must_use]
pub fn matrix_html(matrix: &Matrix) -> String {
    let mut page = String::new();
    // Writing to a String cannot fail.
    let _ = write_page(&mut page, matrix);
    page
}

fn write_page(out: &mut String, matrix: &Matrix) -> fmt::Result {
    let (escaped, idle) = (matrix.escaped(), matrix.idle());
    let good = escaped.is_empty() && idle.is_empty() && matrix.unclean.is_empty();
    let caught = matrix.rows.len() - escaped.len();
    write!(
        out,
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <title>self-test: {caught} of {} defects caught</title><style>{STYLE}\
         td.cell{{text-align:center;min-width:2.4em}}main{{max-width:1500px}}</style></head><body><main>\n\
         <h1><span class=\"is-{}\">{caught} of {} defects caught</span></h1>\
         <p class=\"soft\">Recordings API conformance, self-test · edition {} · zone data {} · the suite against the reference \
         server behind one defect at a time. A cell counts the cases of a chapter that fail.</p>\
         <p>{} of {} graded cases catch at least one defect.</p>",
        matrix.rows.len(),
        if good { "pass" } else { "fail" },
        matrix.rows.len(),
        vcc_conformance_core::edition::EDITION,
        vcc_conformance_core::zone::RELEASE,
        matrix.graded.len() - idle.len(),
        matrix.graded.len(),
    )?;
    for line in &matrix.unclean {
        write!(out, "<p class=\"is-fail\">the reference itself: {}</p>", escape(line))?;
    }
    for case in idle {
        write!(out, "<p class=\"is-fail\">catches nothing: {case}</p>")?;
    }
    let mut chapters: Vec<&str> = Vec::new();
    for case in &matrix.graded {
        let chapter = chapter(case);
        if !chapters.contains(&chapter) {
            chapters.push(chapter);
        }
    }
    out.push_str("<div class=\"scroll\"><table><tr><th>defect</th><th>caught by</th>");
    for chapter in &chapters {
        write!(out, "<th class=\"n\">{chapter}</th>")?;
    }
    out.push_str("</tr>");
    let mut family = "";
    for row in &matrix.rows {
        if row.family != family {
            family = row.family;
            let columns = chapters.len() + 2;
            write!(out, "<tr><th colspan=\"{columns}\">{}</th></tr>", escape(family))?;
        }
        line(out, row, &chapters)?;
    }
    out.push_str("</table></div></main></body></html>\n");
    Ok(())
}

fn line(out: &mut String, row: &Measured, chapters: &[&str]) -> fmt::Result {
    let says = find(row.defect).map_or("", |(_, defect)| defect.says);
    write!(
        out,
        "<tr><td><b>{}</b><br><span class=\"soft\">a server {}</span></td><td>",
        row.defect,
        escape(says)
    )?;
    match row.named().next() {
        Some((case, clause)) => write!(
            out,
            "<b>{clause}</b> <span class=\"soft\">{case}, {} in all</span>",
            row.caught.len()
        )?,
        None => {
            let reason = row.precondition.as_deref().unwrap_or("no case of its clauses");
            write!(out, "<span class=\"is-fail\">{}</span>", escape(reason))?;
        }
    }
    out.push_str("</td>");
    let mut counts: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for case in row.caught.keys() {
        counts.entry(chapter(case)).or_default().push(case);
    }
    for chapter in chapters {
        let cases = counts.get(chapter).map_or(&[][..], Vec::as_slice);
        if cases.is_empty() {
            out.push_str("<td class=\"cell soft\">·</td>");
        } else {
            let shade = 12 + cases.len().min(40) * 2;
            write!(
                out,
                "<td class=\"cell\" style=\"background:color-mix(in srgb,var(--fail) {shade}%,transparent)\" title=\"{}\">{}</td>",
                escape(&cases.join("\n")),
                cases.len()
            )?;
        }
    }
    out.push_str("</tr>\n");
    Ok(())
}

fn chapter(case: &str) -> &str {
    case.split_once('/').map_or("", |(chapter, _)| chapter)
}
