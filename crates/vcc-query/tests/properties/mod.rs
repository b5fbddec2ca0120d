//! The laws of the crate as functions of any bytes. The fuzz targets run them, and `tests/corpus.rs` runs
//! them on the corpora and on random bytes.

mod date;
mod naive;
mod resolve;
mod zone;

pub(crate) use date::date;
pub(crate) use naive::selection_vs_naive;
pub(crate) use resolve::resolve;
pub(crate) use zone::zone_table;

use vcc_query::{Dialect, Parser, Query, QueryError};
use vcc_types::{Plus, RepeatedVariable, UnknownVariable};

/// A query that parses also prints, and its text parses to an equal query that prints the same. If a query does
/// not parse, its error can be rendered.
pub(crate) fn query(raw: &[u8]) {
    let lenient = Dialect {
        plus: Plus::Literal,
        unknown_variable: UnknownVariable::Ignored,
        repeated_variable: RepeatedVariable::Last,
        ..Dialect::default()
    };
    for dialect in [Dialect::default(), lenient] {
        let parser =
            Parser::builder().dialect(dialect).max_length(1 << 20).max_variables(1 << 16).build();
        match parser.parse(raw) {
            Ok(query) => {
                let printed = query.to_string();
                // Canonical in every dialect, and portable ASCII.
                for other in [dialect, Dialect::default(), lenient] {
                    let again = Query::parse_with(&printed, &other);
                    if printed.len() <= Parser::MAX_LENGTH {
                        assert_eq!(again.as_ref(), Ok(&query), "{printed}");
                    }
                }
                assert!(printed.bytes().all(|byte| byte.is_ascii_graphic()), "{printed}");
            }
            Err(error) => shown(raw, &error),
        }
    }
}

/// An error is one line, points into the query, and can be rendered.
fn shown(raw: &[u8], error: &QueryError) {
    let span = error.span();
    assert!(span.start <= span.end && span.end <= raw.len(), "{error:?}");
    let line = error.to_string();
    assert!(!line.contains(['\n', '\r']) && line.len() < 1000, "{line}");
    assert!(error.render(raw).to_string().lines().count() >= 4);
    // STATUS-2: one variable at most. Rendering it with another query does not panic.
    let redacted = error.render_redacted(raw).to_string();
    let place = redacted.lines().find_map(|line| line.strip_prefix("  | "));
    assert!(place.is_none_or(|place| !place.contains('&') && place.len() < 1000), "{redacted}");
    assert!(!error.render_redacted(&raw[raw.len() / 2..]).to_string().is_empty());
}
