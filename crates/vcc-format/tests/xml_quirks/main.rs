//! QUIRK-1 to QUIRK-18 in XML, each as a table: what is read, what is reported, what strict mode says, and
//! the nearest neighbour, which is refused in both modes.

mod encodings;
mod fields;
#[path = "../properties/mod.rs"]
mod properties;
mod references;
mod seams;
mod tags;
mod values;

use properties::read_all;
use vcc_format::{ErrorKind, Options, xml};
use vcc_types::Recording;

/// One row: a document, the records in short, the deviations in short.
struct Row {
    document: &'static [u8],
    records: &'static [&'static str],
    deviations: &'static [&'static str],
}

const fn row(
    document: &'static [u8],
    records: &'static [&'static str],
    deviations: &'static [&'static str],
) -> Row {
    Row { document, records, deviations }
}

fn short(recording: &Recording) -> String {
    let fields = recording.fields().map(|(field, text)| format!("{field}={text:?}"));
    let extra = recording.extra().iter().map(|(name, text)| format!("+{name}={text:?}"));
    fields.chain(extra).collect::<Vec<_>>().join(" ")
}

fn check(rows: &[Row]) {
    for Row { document, records, deviations } in rows {
        let shown = String::from_utf8_lossy(document);
        let tolerant = read_all::<xml::Xml>(document, Options::tolerant());
        assert_eq!(tolerant.error, None, "{shown}");
        let read: Vec<String> = tolerant.records.iter().map(short).collect();
        assert_eq!(read, *records, "{shown}");
        let reported: Vec<String> = tolerant
            .deviations
            .iter()
            .map(|d| format!("{}..{} {} {:?}", d.span.start, d.span.end, d.kind, d.read_as))
            .collect();
        assert_eq!(reported, *deviations, "{shown}");
        let strict = read_all::<xml::Xml>(document, Options::strict());
        match tolerant.deviations.first() {
            None => assert_eq!(strict, tolerant, "{shown}"),
            Some(first) => {
                let (kind, offset, message, _) = strict.error.expect("strict mode refuses it");
                assert_eq!(kind, ErrorKind::Deviation(first.kind), "{shown}");
                assert_eq!(offset, first.span.start, "{shown}");
                assert!(message.contains(first.kind.name()), "{message}");
            }
        }
    }
}

/// Documents that no quirk explains, with what both modes say.
fn refused(rows: &[(&[u8], &str)]) {
    for (document, expected) in rows {
        let shown = String::from_utf8_lossy(document);
        let tolerant = read_all::<xml::Xml>(document, Options::tolerant());
        let (_, _, message, _) = tolerant.error.unwrap_or_else(|| panic!("it is read: {shown}"));
        assert_eq!(message, *expected, "{shown}");
        let strict = read_all::<xml::Xml>(document, Options::strict());
        assert!(strict.error.is_some(), "{shown}");
    }
}

#[test]
fn quirk_3_what_is_well_formed_is_no_deviation() {
    check(&[
        row(
            b"<?xml version='1.0' encoding='UTF-8' ?>\n<recordings>\n<file>\n<outDialCode />\n\
              <wrapUpCode></wrapUpCode><extVar1/></file>\n</recordings>\n",
            &["extVar1=\"\" outDialCode=\"\" wrapUpCode=\"\""],
            &[],
        ),
        row(b"<?xml  version='1.0'  encoding='UTF-8'  ?><recordings />", &[], &[]),
        row(b"<?xml version = \"1.0\" standalone = 'no'?><recordings></recordings >", &[], &[]),
    ]);
    refused(&[
        (
            b"<?xml encoding='UTF-8'?><recordings/>",
            "line 1, column 7 (byte 6): expected version=\"1.0\" in the XML declaration",
        ),
        (
            b"<?xml version='2.0'?><recordings/>",
            "line 1, column 16 (byte 15): expected version=\"1.0\" in the XML declaration",
        ),
        (
            b"<?xml version='1.0'encoding='UTF-8'?><recordings/>",
            "line 1, column 20 (byte 19): expected encoding or standalone in the XML declaration",
        ),
        (
            b"<?xml version='1.0' standalone='maybe'?><recordings/>",
            "line 1, column 33 (byte 32): expected standalone=\"yes\" or \"no\"",
        ),
        (
            b"<?xml version='1.0' standalone='yes' encoding='UTF-8'?><recordings/>",
            "line 1, column 38 (byte 37): expected the end of the XML declaration",
        ),
        (
            b"<?xml ?><recordings/>",
            "line 1, column 7 (byte 6): expected version=\"1.0\" in the XML declaration",
        ),
        (
            b"<!-- --><?xml version='1.0'?><recordings/>",
            "line 1, column 9 (byte 8): expected <recordings>, found an XML declaration",
        ),
    ]);
}

#[test]
fn what_is_no_list_of_recordings() {
    refused(&[
        (b"", "line 1, column 1 (byte 0): expected <recordings>, found nothing"),
        (b" \n", "line 2, column 1 (byte 2): expected <recordings>, found nothing"),
        (
            b"<?xml version='1.0'?>\n<!-- x -->",
            "line 2, column 11 (byte 32): expected <recordings>, found nothing",
        ),
        (
            b"<!DOCTYPE html>\n<html><body>Forbidden</body></html>",
            "line 1, column 1 (byte 0): expected <recordings>, found a page of HTML",
        ),
        (
            b"<!doctype HTML>",
            "line 1, column 1 (byte 0): expected <recordings>, found a page of HTML",
        ),
        (
            b"<HTML lang='en'>",
            "line 1, column 1 (byte 0): expected <recordings>, found <HTML lang='en'>: \
             this is a page of HTML",
        ),
        (
            b"<files></files>",
            "line 1, column 1 (byte 0): expected <recordings>, found <files>: \
             this is another document",
        ),
        (
            b"{\"error\": \"the requested resource was not found on this server\"}",
            "line 1, column 1 (byte 0): expected <recordings>, \
             found the text \"{\\\"error\\\": \\\"the requested resource was no\"",
        ),
        (
            b"<recordings/>junk",
            "line 1, column 14 (byte 13): expected the end of the input after </recordings>",
        ),
        (
            b"</recordings>",
            "line 1, column 1 (byte 0): expected <recordings>, found </recordings>: \
             this is another document",
        ),
    ]);
}
