//! How the records of an answer are written: fields, header row, ends of rows, quotes.

use vcc_types::Field;

use super::finding::Finding;
use super::list::{Format, List};
use super::message::excerpt;
use super::view::View;
use crate::fixture::{Expect, Fields};
use crate::http::Response;

pub(super) fn forms(
    expect: &Expect,
    view: &View<'_>,
    list: &List,
    response: &Response,
    findings: &mut Vec<Finding>,
) -> Result<(), String> {
    let documented: Vec<&str> = Field::ALL.iter().map(|field| field.wire_name()).collect();
    if let Some(fields) = expect.fields {
        for record in &list.records {
            let names: Vec<&str> = record
                .names
                .iter()
                .map(String::as_str)
                .filter(|name| documented.contains(name))
                .collect();
            if let Some(field) = documented.iter().find(|field| !names.contains(field)) {
                let transaction = record.text(Field::TransactionId);
                findings.push(Finding::new(format!("record {transaction:?} has no {field}")));
                break;
            }
            if fields == Fields::Ordered && names != documented {
                findings.push(Finding::new(format!("the fields come as {}", names.join(", "))));
                break;
            }
        }
    }
    if let Some(xml) = expect.xml
        && xml.declaration
        && view.format == Format::Xml
        && !list.declared
    {
        findings.push(Finding::new("expected a declaration of XML 1.0, found none"));
    }
    let Some(csv) = expect.csv.filter(|_| view.format == Format::Csv) else { return Ok(()) };
    if csv.header && list.header.as_ref().is_none_or(|header| *header != documented) {
        let found = list.header.as_ref().map_or("none".to_owned(), |header| header.join(","));
        findings.push(Finding::new(format!(
            "expected a header row of the documented names, found {found}"
        )));
    }
    if let Some(rows) = csv.rows
        && list.rows != rows
    {
        findings.push(Finding::new(format!(
            "expected {} below the header, found {}",
            crate::words::counted(rows, "row"),
            list.rows
        )));
    }
    if csv.crlf
        && let Some(problem) = row_ends(&response.body)
    {
        findings.push(Finding::new(problem));
    }
    if csv.quotes.is_some()
        && let Some(problem) = quotes(&String::from_utf8_lossy(&response.body))
    {
        findings.push(Finding::new(problem));
    }
    Ok(())
}

/// Why the rows do not all end in CRLF, or why they cannot be read. The last row may end with the
/// body (RFC 4180, 2.2).
fn row_ends(body: &[u8]) -> Option<String> {
    let mut quoted = false;
    let (mut before, mut row) = (0, 0);
    for (at, byte) in body.iter().enumerate() {
        match byte {
            b'\n' if !quoted && body[row..at].trim_ascii().is_empty() => {
                return Some(format!("the row that ends at byte {at} is empty"));
            }
            b'"' => quoted = !quoted,
            b'\n' if !quoted && before != b'\r' => {
                return Some(format!(
                    "the row that ends at byte {at} ends in LF alone, expected CRLF"
                ));
            }
            b'\n' if !quoted => row = at + 1,
            byte if before == b'\r' && !quoted && *byte != b'\n' => {
                let end = at - 1;
                return Some(format!("the row that ends at byte {end} ends in CR alone"));
            }
            _ => {}
        }
        before = *byte;
    }
    None
}

/// Why the quotes break RFC 4180 or stand where no value needs them.
fn quotes(text: &str) -> Option<String> {
    let mut rest = text;
    while !rest.is_empty() {
        let value;
        if let Some(after) = rest.strip_prefix('"') {
            let mut end = 0;
            loop {
                end += after[end..].find('"').map_or(after.len() - end, |at| at);
                if end >= after.len() {
                    return Some("a quote is not closed".into());
                }
                if after[end + 1..].starts_with('"') {
                    end += 2;
                } else {
                    break;
                }
            }
            value = &after[..end];
            rest = &after[end + 1..];
            if !rest.is_empty() && !rest.starts_with([',', '\r', '\n']) {
                return Some(format!(
                    "a quote in the middle of a value, near {:?}",
                    excerpt(rest.as_bytes(), 20)
                ));
            }
            if !value.contains([',', '"', '\r', '\n']) {
                return Some(format!("{value:?} is quoted without need"));
            }
        } else {
            let end = rest.find([',', '\r', '\n']).unwrap_or(rest.len());
            value = &rest[..end];
            rest = &rest[end..];
            if value.contains('"') {
                return Some(format!("{value:?} holds a quote and is not quoted"));
            }
        }
        rest = rest
            .strip_prefix("\r\n")
            .or_else(|| rest.strip_prefix([',', '\n', '\r']))
            .unwrap_or(rest);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_of_rfc_4180() {
        for (text, problem) in [
            ("a,b\r\n\"x,y\",\"say \"\"hi\"\"\"\r\n\"a\r\nb\",\r\n", None),
            ("a,\"b\"\r\n", Some("\"b\" is quoted without need")),
            ("a,b\"c\r\n", Some("\"b\\\"c\" holds a quote and is not quoted")),
            ("\"a,b\r\n", Some("a quote is not closed")),
            ("\"a,\"b\r\n", Some("a quote in the middle of a value, near \"b\"")),
        ] {
            assert_eq!(quotes(text).as_deref(), problem, "{text}");
        }
    }

    #[test]
    fn rows_end_in_crlf() {
        assert_eq!(row_ends(b"a\r\n\"b\nc\"\r\n"), None);
        assert!(row_ends(b"a\nb\r\n").unwrap().starts_with("the row that ends at byte 1"));
        assert_eq!(row_ends(b"a\r\nb"), None);
        assert_eq!(row_ends(b""), None);
        assert_eq!(row_ends(b"a\rb\r").unwrap(), "the row that ends at byte 1 ends in CR alone");
        assert_eq!(row_ends(b"a\r\n\"\r\n\r\n\"\r\n"), None);
        assert_eq!(row_ends(b"a\r\n\r\n").unwrap(), "the row that ends at byte 4 is empty");
    }
}
