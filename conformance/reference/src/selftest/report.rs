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
        // `null` if not every defect ran: then it is not known what a case catches.
        "idleCases": matrix.whole.then(|| matrix.idle()),
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

/// The matrix as one HTML file: a row a defect, a column a chapter, darker if more cases fail.
#[must_use]
pub fn matrix_html(matrix: &Matrix) -> String {
    let mut page = String::new();
    // Writing to a String cannot fail.
    let _ = write_page(&mut page, matrix);
    page
}

fn write_page(out: &mut String, matrix: &Matrix) -> fmt::Result {
    let escaped = matrix.escaped();
    // What a case catches is only known once it ran behind every defect.
    let idle = if matrix.whole { matrix.idle() } else { Vec::new() };
    let good = escaped.is_empty() && idle.is_empty() && matrix.unclean.is_empty();
    let caught = matrix.rows.len() - escaped.len();
    write!(
        out,
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <title>self-test: {caught} of {} defects caught</title><style>{STYLE}\
         td.cell{{text-align:center;min-width:2.4em}}body{{max-width:1500px}}</style></head><body><main>\n\
         <h1><span class=\"is-{}\">{caught} of {} defects caught</span></h1>\
         <p class=\"soft\">Recordings API conformance, self-test · edition {} · zone data {} · the suite against the reference \
         server behind one defect at a time. A cell counts the cases of a chapter that fail.</p>\
         <p>{}</p>",
        matrix.rows.len(),
        if good { "pass" } else { "fail" },
        matrix.rows.len(),
        vcc_conformance_core::edition::EDITION,
        vcc_conformance_core::zone::RELEASE,
        how_much(matrix, idle.len()),
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
    out.push_str("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"defects and chapters\"><table><tr><th>defect</th><th>caught by</th>");
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

/// What is known about the cases.
fn how_much(matrix: &Matrix, idle: usize) -> String {
    let (graded, ran, all) = (matrix.graded.len(), matrix.rows.len(), super::defects().count());
    if matrix.whole {
        format!("{} of {graded} graded cases catch at least one defect.", graded - idle)
    } else if ran < all {
        format!("{ran} of {all} defects ran: what the cases catch of the others is not known.")
    } else {
        "What the laws of a live run catch is not graded.".into()
    }
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
            // A case that was not judged is neither caught nor failed.
            let (class, reason) = match &row.precondition {
                Some(reason) => ("other", format!("not judged: {reason}")),
                None => ("fail", "no case of its clauses".into()),
            };
            write!(out, "<span class=\"is-{class}\">{}</span>", escape(&reason))?;
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
            let shade = 12 + cases.len().min(40) * 3 / 4;
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

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(whole: bool, precondition: Option<&str>) -> Matrix {
        let caught = [("paging/fifty".to_owned(), "PAGE-1".to_owned())];
        let row = Measured {
            defect: "page-of-49",
            family: "pages and n",
            caught: if precondition.is_none() { caught.into() } else { BTreeMap::new() },
            symptoms: BTreeMap::new(),
            precondition: precondition.map(Into::into),
            requests: 1,
        };
        let graded = vec!["paging/fifty".to_owned(), "dates/day".to_owned()];
        Matrix { graded, unclean: Vec::new(), rows: vec![row], whole }
    }

    /// That a case does not catch a defect which did not run is not its fault.
    #[test]
    fn what_did_not_run_is_not_painted_red() {
        let page = matrix_html(&matrix(false, None));
        assert!(!page.contains("class=\"is-fail\"") && !page.contains("catches nothing"), "{page}");
        assert!(page.contains("1 of ") && page.contains("of the others is not known"), "{page}");
        let json: Value = serde_json::from_str(&matrix_json(&matrix(false, None))).unwrap();
        assert_eq!(json["idleCases"], Value::Null);

        let page = matrix_html(&matrix(true, None));
        assert!(page.contains("<p class=\"is-fail\">catches nothing: dates/day</p>"), "{page}");
        let json: Value = serde_json::from_str(&matrix_json(&matrix(true, None))).unwrap();
        assert_eq!(json["idleCases"], serde_json::json!(["dates/day"]));

        let page = matrix_html(&matrix(false, Some("other data")));
        assert!(page.contains("<span class=\"is-other\">not judged: other data</span>"), "{page}");
    }
}
