//! The lines of an audit log.

use std::fmt::Write as _;
use std::net::IpAddr;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use vcc_query::Query;

/// Who got recordings.
#[derive(Clone, Copy)]
pub(crate) struct Who<'a> {
    pub(crate) tenant: &'a str,
    /// The number of the token that opened the tenant.
    pub(crate) token: i64,
    pub(crate) peer: Option<IpAddr>,
}

#[derive(Serialize)]
struct Line<'a> {
    at: String,
    tenant: &'a str,
    token: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    peer: Option<IpAddr>,
    asked: &'a str,
    records: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    query: Option<String>,
}

/// What is missing from the log, written where it would be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Gap {
    /// When the last missing answer was.
    pub(super) at: DateTime<Utc>,
    /// Answers that left without a line.
    pub(super) lost: u64,
    /// Requests that got no answer because they would have had no line.
    pub(super) refused: u64,
}

/// The line of a request that got so many records.
///
/// # Errors
///
/// Every name and value in it can be written as JSON.
pub(super) fn line(
    at: DateTime<Utc>,
    who: Who<'_>,
    query: &Query,
    records: usize,
    with_values: bool,
) -> serde_json::Result<Vec<u8>> {
    let Who { tenant, token, peer } = who;
    let (at, asked) = (time(at), shape(query));
    let query = with_values.then(|| query.to_string());
    let line = Line { at, tenant, token, peer, asked: &asked, records, query };
    let mut text = serde_json::to_vec(&line)?;
    text.push(b'\n');
    Ok(text)
}

impl Gap {
    pub(super) fn line(&self) -> Vec<u8> {
        let mut text = format!("{{\"at\":\"{}\"", time(self.at));
        for (name, count) in [("lost", self.lost), ("refused", self.refused)] {
            if count > 0 {
                let _ = write!(text, ",\"{name}\":{count}");
            }
        }
        text.push_str("}\n");
        text.into_bytes()
    }
}

fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// The names of the variables of a query, in the order in which it prints them.
pub(crate) fn shape(query: &Query) -> String {
    let printed = query.to_string();
    let mut shape = String::new();
    for variable in printed.split('&').filter(|variable| !variable.is_empty()) {
        let name = variable.split('=').next().unwrap_or_default();
        let comma = if shape.is_empty() { "" } else { "," };
        let _ = write!(shape, "{comma}{name}");
    }
    shape
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_has_names_and_no_values() {
        let query = Query::parse("phoneNumber=4155551234&d=2007-08-05&tz=UTC&n=51").unwrap();
        assert_eq!(shape(&query), "d,tz,phoneNumber,n");
        assert_eq!(shape(&Query::parse("").unwrap()), "");
    }

    #[test]
    fn a_gap_has_a_line_of_its_own() {
        let at = DateTime::UNIX_EPOCH;
        for (lost, refused, said) in [(3, 0, "\"lost\":3"), (0, 2, "\"refused\":2")] {
            let line = Gap { at, lost, refused }.line();
            let expected = format!("{{\"at\":\"1970-01-01T00:00:00.000Z\",{said}}}\n");
            assert_eq!(String::from_utf8(line).unwrap(), expected);
        }
    }
}
