//! The naive evaluator: what a query means, computed the slow way, from the clauses alone. It
//! shares no code with `vcc-query`, so that the two can contradict each other.

mod date;
mod query;
mod zone;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use vcc_types::{Dialect, EmptyValue, Field, Order};

use crate::dataset::Recording;
use query::Selection;

/// Everything that the answer to a query depends on.
#[derive(Debug)]
pub struct Context<'a> {
    /// The tenant's recordings.
    pub records: &'a [Recording],
    /// The tenant's zone.
    pub zone: &'a TimeZone,
    /// The time of the request.
    pub now: Timestamp,
    /// How to read the points that the documentation leaves open.
    pub dialect: &'a Dialect,
}

/// The answer to a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Evaluated {
    /// 400, with the reason.
    Refused(String),
    /// 200.
    List {
        /// Every record that matches, as positions in [`Context::records`], in the dialect's order.
        matches: Vec<usize>,
        /// The number of the first record asked for, from 1.
        first: u64,
    },
}

/// Nanoseconds since 1970 in UTC, or of a wall clock that stands in for it.
type Nanos = i128;

const SECOND: Nanos = 1_000_000_000;

/// Answers a query, its bytes as they stand after the `?`.
#[must_use]
pub fn evaluate(query: &[u8], context: &Context<'_>) -> Evaluated {
    let selection = match query::read(query, context) {
        Ok(selection) => selection,
        Err(reason) => return Evaluated::Refused(reason),
    };
    let mut matches: Vec<usize> = (0..context.records.len())
        .filter(|index| wanted(&context.records[*index], &selection, context.dialect))
        .collect();
    // PAGE-5b: start, then transactionID, then filename, by bytes.
    matches.sort_by_key(|index| {
        let record = &context.records[*index];
        let text = |field| record.text(field).as_bytes();
        (record.start, text(Field::TransactionId), text(Field::Filename))
    });
    if context.dialect.order == Order::StartDescending {
        matches.reverse();
    }
    Evaluated::List { matches, first: selection.first }
}

/// The times that a query asks for, for reports that draw them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// `d`: from the first instant to the one after the last.
    pub window: Option<(Timestamp, Timestamp)>,
    /// `start-date`: the start asked for.
    pub start: Option<Timestamp>,
    /// `finish-date`: the finish asked for.
    pub finish: Option<Timestamp>,
    /// The fields asked for, with their values.
    pub fields: Vec<(Field, String)>,
}

/// The times that a query asks for; none where it is refused.
#[must_use]
pub fn times(query: &[u8], context: &Context<'_>) -> Times {
    let Ok(selection) = query::read(query, context) else { return Times::default() };
    let at = |nanos: Nanos| Timestamp::from_nanosecond(nanos).ok();
    let window = selection.window.and_then(|window| Some((at(window.from)?, at(window.until)?)));
    let (start, finish) = (selection.near_start.and_then(at), selection.near_finish.and_then(at));
    Times { window, start, finish, fields: selection.fields }
}

fn wanted(record: &Recording, selection: &Selection, dialect: &Dialect) -> bool {
    let start = record.start.as_nanosecond();
    if let Some(window) = &selection.window {
        let before_end = start < window.until || (window.closed && start == window.until);
        if start < window.from || !before_end {
            return false;
        }
    }
    // NEAR-1, NEAR-2: both ends of the ten seconds belong to them.
    if let Some(instant) = selection.near_start
        && (start - instant).abs() > 5 * SECOND
    {
        return false;
    }
    if let Some(instant) = selection.near_finish {
        match record.duration() {
            Some(duration)
                if (start + Nanos::from(duration) * SECOND - instant).abs() <= 5 * SECOND => {}
            _ => return false,
        }
    }
    selection.fields.iter().all(|(field, value)| {
        if value.is_empty() && dialect.empty_value == EmptyValue::Ignored {
            return true;
        }
        // FIELD-4: digits of any number, compared without the zeros before them.
        if *field == Field::Duration && !value.is_empty() {
            let text = record.text(Field::Duration);
            return !text.is_empty()
                && text.trim_start_matches('0') == value.trim_start_matches('0');
        }
        record.text(*field) == value
    })
}

#[cfg(test)]
mod tests;
