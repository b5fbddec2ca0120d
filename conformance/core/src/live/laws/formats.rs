use vcc_types::Field;

use super::{Pages, keys};
use crate::judge::Finding;
use crate::judge::list::{self, Format, Record};
use crate::live::lab::Lab;
use crate::run::Exchange;

pub(super) fn formats(lab: &mut Lab<'_>, pages: &Pages) {
    same_list(lab, pages, ".csv", "csv", "OUT-4a");
    same_list(lab, pages, ".xml", "xml", "REQ-2");
    same_list(lab, pages, "/", "slash", "REQ-2");
    let first = lab.send("", Some("n=1"));
    documented_fields(lab, pages, &first);
    documented_order(lab, pages, &first);
    let (xml, csv) = (lab.send("", Some("n=1")), lab.send(".csv", Some("n=1")));
    media_type(lab, &xml, &csv);
    declaration(lab, &xml);
    header_row(lab, &csv);
}

fn same_list(lab: &mut Lab<'_>, pages: &Pages, suffix: &str, id: &str, clause: &str) {
    let title = format!("files{suffix} lists what files lists, in the same order");
    let mut law = lab.law(id, clause, &title);
    for (n, wanted) in pages {
        let (exchange, page) = lab.page(suffix, Some(&format!("n={n}")));
        law.tried += 1;
        match page {
            Ok(page) if keys(&page) == keys(wanted) => law.evidence += page.len(),
            Ok(page) => {
                let pairs = wanted.iter().zip(&page);
                let other = pairs
                    .flat_map(|(a, b)| {
                        Field::ALL.map(|field| {
                            (field, a.text(field).to_owned(), b.text(field).to_owned())
                        })
                    })
                    .find(|(_, a, b)| a != b);
                let text = match other {
                    Some((field, a, b)) if page.len() == wanted.len() => {
                        format!("n={n}: {field} is {b:?}, and {a:?} in XML")
                    }
                    _ => format!("n={n}: other records than in XML"),
                };
                law.problem(lab.spec, Finding::new(text), exchange);
            }
            Err(finding) => law.problem(lab.spec, finding, exchange),
        }
    }
    lab.end(law);
}

fn documented_names() -> [&'static str; Field::COUNT] {
    Field::ALL.map(Field::wire_name)
}

/// The documented names of a record, in the order they came.
fn known(seen: &Record) -> Vec<&str> {
    let documented = documented_names();
    seen.names.iter().map(String::as_str).filter(|name| documented.contains(name)).collect()
}

fn documented_fields(lab: &mut Lab<'_>, pages: &Pages, first: &Exchange) {
    let title = "A record has the fifteen fields by their documented names";
    let mut law = lab.law("fields", "OUT-1a", title);
    for seen in pages.values().flatten() {
        let names = known(seen);
        law.tried += 1;
        if let Some(field) = documented_names().iter().find(|field| !names.contains(field)) {
            let text = format!("a record has no {field}");
            law.problem(lab.spec, Finding::new(text), first.clone());
            break;
        }
        law.evidence += 1;
    }
    lab.end(law);
}

fn documented_order(lab: &mut Lab<'_>, pages: &Pages, first: &Exchange) {
    let mut law = lab.law("field-order", "OUT-1b", "The fields come in the documented order");
    for seen in pages.values().flatten() {
        let names = known(seen);
        law.tried += 1;
        // A missing field does not break the order.
        if documented_names().iter().any(|field| !names.contains(field)) {
            break;
        }
        if names != documented_names() {
            let text = format!("the fields come as {}", names.join(", "));
            law.problem(lab.spec, Finding::new(text), first.clone());
            break;
        }
        law.evidence += 1;
    }
    lab.end(law);
}

fn media_type(lab: &mut Lab<'_>, xml: &Exchange, csv: &Exchange) {
    let mut law = lab.law("media-type", "OUT-5", "The media type says XML or CSV, in UTF-8");
    for (suffix, exchange, kinds) in
        [("", xml, &["application/xml", "text/xml"][..]), (".csv", csv, &["text/csv"])]
    {
        let Ok(response) = &exchange.answer else { continue };
        let kind = response.header("content-type").unwrap_or_default().to_ascii_lowercase();
        law.tried += 1;
        law.evidence += 1;
        if !kinds.iter().any(|fits| kind.starts_with(fits)) || !kind.contains("utf-8") {
            let text = format!("files{suffix}: Content-Type: {kind:?}");
            law.problem(lab.spec, Finding::new(text), exchange.clone());
        }
    }
    lab.end(law);
}

fn declaration(lab: &mut Lab<'_>, xml: &Exchange) {
    let mut law = lab.law("declaration", "OUT-2", "XML begins with a declaration");
    if let Ok(response) = &xml.answer
        && let Ok(list) = list::read(Format::Xml, response)
    {
        law.tried += 1;
        law.evidence += 1;
        if !list.declared {
            law.problem(lab.spec, Finding::new("no declaration of XML 1.0"), xml.clone());
        }
    }
    lab.end(law);
}

fn header_row(lab: &mut Lab<'_>, csv: &Exchange) {
    let title = "CSV begins with a header row of the documented names";
    let mut law = lab.law("header-row", "OUT-4b", title);
    if let Ok(response) = &csv.answer
        && let Ok(list) = list::read(Format::Csv, response)
    {
        law.tried += 1;
        law.evidence += 1;
        if list.header.as_ref().is_none_or(|names| *names != documented_names()) {
            let text = "no header row of the documented names";
            law.problem(lab.spec, Finding::new(text), csv.clone());
        }
        let lines = response.body.split(|byte| *byte == b'\n').count() - 1;
        let ended = response.body.windows(2).filter(|pair| pair == b"\r\n").count();
        // In quotes a line feed alone is part of a value.
        if !response.body.contains(&b'"') && ended != lines {
            let text = "rows end in LF alone, expected CRLF";
            law.problem(lab.spec, Finding::new(text), csv.clone());
        }
    }
    lab.end(law);
}
