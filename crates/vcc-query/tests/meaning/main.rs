//! What queries mean, in tables of inputs and exact outputs.

mod clock_changes;
mod dates;
mod matching;
mod near;
mod pages;
mod today;
mod zones;

use chrono::{DateTime, Utc};
use vcc_query::{Context, Dialect, Field, Query, Selection};
use vcc_types::Recording;

fn context(now: &str) -> Context {
    Context {
        now: now.parse().unwrap(),
        tenant_tz: "America/Los_Angeles".parse().unwrap(),
        dialect: Dialect::default(),
    }
}

fn ask_at(now: &str, raw: &str) -> Selection {
    let query = Query::parse(raw).unwrap_or_else(|error| panic!("{raw}: {error}"));
    query.resolve(&context(now)).unwrap_or_else(|error| panic!("{raw}: {error}"))
}

fn ask(raw: &str) -> Selection {
    ask_at("2007-12-19T20:00:00Z", raw)
}

fn text(instant: DateTime<Utc>) -> String {
    instant.format("%Y-%m-%dT%H:%M:%S%.f").to_string()
}

fn window(raw: &str) -> (String, String) {
    let window = ask(raw).window.unwrap();
    (text(window.from), text(window.until))
}

/// Seconds from the first instant of the window to its end.
fn length(raw: &str) -> i64 {
    let window = ask(raw).window.unwrap();
    (window.until - window.from).num_seconds()
}

fn record(start: &str, duration: &str) -> Recording {
    Recording::new().with(Field::StartDate, start).with(Field::Duration, duration)
}
