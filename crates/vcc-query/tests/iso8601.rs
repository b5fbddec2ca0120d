//! ISO 8601 as the tests of other libraries have it, and texts that are almost ISO 8601. `iso8601.tsv` has a
//! line for each text: the text alone if it is refused, otherwise with the period that `d` names in New York.
//! The periods come from an evaluator in another language, written from the clauses alone (DATE-5, DATE-6,
//! DATE-6b).

use std::fmt::Write;

use chrono::{DateTime, Utc};
use vcc_query::{Context, Dialect, Query, QueryErrorKind, Window};

/// Percent-encodes every byte, so that the text arrives as it is.
fn window(text: &str) -> Result<Window, QueryErrorKind> {
    let raw = text.bytes().fold("d=".to_owned(), |mut raw, byte| {
        let _ = write!(raw, "%{byte:02X}");
        raw
    });
    let context = Context {
        now: DateTime::UNIX_EPOCH,
        tenant_tz: "America/New_York".parse().unwrap(),
        dialect: Dialect::default(),
    };
    Query::parse(&raw)
        .and_then(|query| query.resolve(&context))
        .map(|selection| selection.window.unwrap())
        .map_err(|error| error.kind())
}

#[test]
fn every_form() {
    let instant = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
    let (mut read, mut refused) = (0, 0);
    for line in include_str!("iso8601.tsv").lines() {
        let mut columns = line.split('\t');
        let text = columns.next().unwrap();
        let text = text.replace("\\t", "\t").replace("\\n", "\n").replace("\\0", "\0");
        match (columns.next(), columns.next()) {
            (Some(from), Some(until)) => {
                read += 1;
                let expected = Window { from: instant(from), until: instant(until) };
                assert_eq!(window(&text), Ok(expected), "{text:?}");
            }
            _ => {
                refused += 1;
                let kind = window(&text).expect_err(&text);
                assert!(
                    matches!(
                        kind,
                        QueryErrorKind::Date
                            | QueryErrorKind::ImpossibleDate
                            | QueryErrorKind::Calendar
                            | QueryErrorKind::ControlCharacter
                    ),
                    "{text:?}: {kind:?}"
                );
            }
        }
    }
    assert!(read >= 190 && refused >= 185, "{read} {refused}");
}
