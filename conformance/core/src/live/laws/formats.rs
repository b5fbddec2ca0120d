use std::collections::BTreeMap;

use vcc_types::Field;

use super::keys;
use crate::judge::Finding;
use crate::judge::list::{self, Format, Seen};
use crate::live::lab::Lab;

pub(super) fn formats(lab: &mut Lab<'_>, pages: &BTreeMap<usize, Vec<Seen>>) {
    for (suffix, id, clause) in
        [(".csv", "csv", "OUT-4a"), (".xml", "xml", "REQ-2"), ("/", "slash", "REQ-2")]
    {
        let mut law = lab.law(
            id,
            clause,
            &format!("files{suffix} lists what files lists, in the same order"),
        );
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
}

pub(super) fn forms(lab: &mut Lab<'_>, pages: &BTreeMap<usize, Vec<Seen>>) {
    let documented: Vec<_> = Field::ALL.iter().map(|field| field.wire_name()).collect();
    let mut all =
        lab.law("fields", "OUT-1a", "A record has the fifteen fields by their documented names");
    let mut order = lab.law("field-order", "OUT-1b", "The fields come in the documented order");
    let exchange = lab.send("", Some("n=1"));
    for seen in pages.values().flatten() {
        let names: Vec<&str> = seen
            .names
            .iter()
            .map(String::as_str)
            .filter(|name| documented.contains(name))
            .collect();
        all.tried += 1;
        order.tried += 1;
        if let Some(field) = documented.iter().find(|field| !names.contains(field)) {
            all.problem(
                lab.spec,
                Finding::new(format!("a record has no {field}")),
                exchange.clone(),
            );
            break;
        }
        if names != documented {
            let text = format!("the fields come as {}", names.join(", "));
            order.problem(lab.spec, Finding::new(text), exchange.clone());
            break;
        }
        all.evidence += 1;
        order.evidence += 1;
    }
    lab.end(all);
    lab.end(order);

    let mut media = lab.law("media-type", "OUT-5", "The media type says XML or CSV, in UTF-8");
    let mut declaration = lab.law("declaration", "OUT-2", "XML begins with a declaration");
    let mut header =
        lab.law("header-row", "OUT-4b", "CSV begins with a header row of the documented names");
    for suffix in ["", ".csv"] {
        let exchange = lab.send(suffix, Some("n=1"));
        let Ok(response) = &exchange.answer else { continue };
        let kind = response.header("content-type").unwrap_or_default().to_ascii_lowercase();
        let fits = if suffix.is_empty() {
            kind.starts_with("application/xml") || kind.starts_with("text/xml")
        } else {
            kind.starts_with("text/csv")
        };
        media.tried += 1;
        media.evidence += 1;
        if !fits || !kind.contains("utf-8") {
            media.problem(
                lab.spec,
                Finding::new(format!("files{suffix}: Content-Type: {kind:?}")),
                exchange.clone(),
            );
        }
        let Ok(list) = list::read(Format::of_path(suffix), response) else { continue };
        if suffix.is_empty() {
            declaration.tried += 1;
            declaration.evidence += 1;
            if !list.declared {
                declaration.problem(
                    lab.spec,
                    Finding::new("no declaration of XML 1.0"),
                    exchange.clone(),
                );
            }
        } else {
            header.tried += 1;
            header.evidence += 1;
            if list.header.as_ref().is_none_or(|names| *names != documented) {
                header.problem(
                    lab.spec,
                    Finding::new("no header row of the documented names"),
                    exchange.clone(),
                );
            }
            let lines = response.body.split(|byte| *byte == b'\n').count() - 1;
            let quoted = response.body.contains(&b'"');
            if !quoted
                && lines > 0
                && response.body.windows(2).filter(|pair| pair == b"\r\n").count() != lines
            {
                header.problem(
                    lab.spec,
                    Finding::new("rows end in LF alone, expected CRLF"),
                    exchange.clone(),
                );
            }
        }
    }
    lab.end(media);
    lab.end(declaration);
    lab.end(header);
}
