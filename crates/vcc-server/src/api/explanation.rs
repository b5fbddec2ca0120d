use axum::http::{HeaderName, HeaderValue};
use vcc_query::Selection;

/// The header that says how a query was read.
pub(super) const EXPLAIN: HeaderName = HeaderName::from_static("x-vcc-explain");

/// How a selection was read, by which zone data (DATE-13), in one line that a header can carry.
pub(super) fn explanation(selection: &Selection, zones: Option<&str>) -> HeaderValue {
    let zones = zones.unwrap_or("of unknown release");
    let text = format!("{}\nzone data {zones}", selection.explain());
    let lines: Vec<_> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let visible = |character: char| if (' '..='~').contains(&character) { character } else { '?' };
    let line: String = lines.join("; ").chars().map(visible).collect();
    HeaderValue::from_str(&line).unwrap_or(HeaderValue::from_static(""))
}
