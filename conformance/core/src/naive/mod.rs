//! The naive evaluator: what a query means, computed the slow way, from the clauses alone. It
//! shares no code with `vcc-query`, so that the two can contradict each other.

mod date;
mod query;
mod zone;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use vcc_types::{Dialect, EmptyValue, Field, Order};

use crate::dataset::Record;
use query::Asked;

/// What a query is answered from.
#[derive(Debug)]
pub struct World<'a> {
    /// The tenant's recordings.
    pub records: &'a [Record],
    /// The tenant's zone.
    pub zone: &'a TimeZone,
    /// The time of the request.
    pub now: Timestamp,
    /// How open points are read.
    pub dialect: &'a Dialect,
}

/// What a query is answered with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// 400, with the reason.
    Refused(String),
    /// 200.
    List {
        /// Every record that matches, as positions in [`World::records`], in the dialect's order.
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
pub fn evaluate(query: &[u8], world: &World<'_>) -> Answer {
    let asked = match query::read(query, world) {
        Ok(asked) => asked,
        Err(reason) => return Answer::Refused(reason),
    };
    let mut matches: Vec<usize> = (0..world.records.len())
        .filter(|index| wanted(&world.records[*index], &asked, world.dialect))
        .collect();
    // PAGE-5b: start, then transactionID, then filename, by bytes.
    matches.sort_by_key(|index| {
        let record = &world.records[*index];
        let text = |field| record.text(field).as_bytes();
        (record.start, text(Field::TransactionId), text(Field::Filename))
    });
    if world.dialect.order == Order::StartDescending {
        matches.reverse();
    }
    Answer::List { matches, first: asked.first }
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
pub fn times(query: &[u8], world: &World<'_>) -> Times {
    let Ok(asked) = query::read(query, world) else { return Times::default() };
    let at = |nanos: Nanos| Timestamp::from_nanosecond(nanos).ok();
    let window = asked.window.and_then(|window| Some((at(window.from)?, at(window.until)?)));
    let (start, finish) = (asked.near_start.and_then(at), asked.near_finish.and_then(at));
    Times { window, start, finish, fields: asked.fields }
}

fn wanted(record: &Record, asked: &Asked, dialect: &Dialect) -> bool {
    let start = record.start.as_nanosecond();
    if let Some(window) = &asked.window {
        let before_end = start < window.until || (window.closed && start == window.until);
        if start < window.from || !before_end {
            return false;
        }
    }
    // NEAR-1, NEAR-2: both ends of the ten seconds belong to them.
    if let Some(instant) = asked.near_start
        && (start - instant).abs() > 5 * SECOND
    {
        return false;
    }
    if let Some(instant) = asked.near_finish {
        match record.duration() {
            Some(duration)
                if (start + Nanos::from(duration) * SECOND - instant).abs() <= 5 * SECOND => {}
            _ => return false,
        }
    }
    asked.fields.iter().all(|(field, value)| {
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
