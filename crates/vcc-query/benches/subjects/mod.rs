//! The subjects and their peers, shared by both benchmarks.
#![allow(dead_code, unreachable_pub)]

use std::hint::black_box;

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeZone, Utc};
use vcc_query::{Context, Dialect, Field, Query, Selection, Written, Zone};
use vcc_types::Row;

pub const QUERY: &str =
    "d=2007-08-05%2013:15Z,2007-08-07%2014:30Z&tz=America/New_York&agentID=bill&n=101";

/// Queries with local dates, so that the zone's rules are read: where changes are listed (the first two),
/// and where the zone's final rule applies.
pub const LOCAL: [(&str, &str); 4] = [
    ("New_York", "d=2007-08-05,2007-08-07&tz=America/New_York&agentID=bill&n=101"),
    ("Casablanca", "d=2025-08-05,2025-08-07&tz=Africa/Casablanca&agentID=bill&n=101"),
    ("New_York, today", "d=2026-12-15,2026-12-17&tz=America/New_York&agentID=bill&n=101"),
    ("New_York in 2050", "d=2050-08-05,2050-08-07&tz=America/New_York&agentID=bill&n=101"),
];

pub const DATE_TIME: &str = "2007-08-05T13:15:30Z";

pub fn context() -> Context {
    Context {
        now: DateTime::from_timestamp(1_198_094_400, 0).unwrap(),
        tenant_tz: "America/Los_Angeles".parse::<Zone>().unwrap(),
        dialect: Dialect::default(),
    }
}

pub fn parse(raw: &str) -> Query {
    Query::parse(raw).unwrap()
}

pub fn parse_and_resolve(raw: &str, context: &Context) -> Selection {
    Query::parse(raw).unwrap().resolve(context).unwrap()
}

/// The minimum for any parser: splitting and decoding, without reading values.
pub fn form_urlencoded(raw: &str) -> usize {
    form_urlencoded::parse(raw.as_bytes())
        .fold(0, |length, (name, value)| length + black_box(name).len() + black_box(value).len())
}

#[derive(serde::Deserialize)]
struct Form {
    d: Option<String>,
    tz: Option<String>,
    #[serde(rename = "agentID")]
    agent_id: Option<String>,
    n: Option<u64>,
}

/// A window in absolute times and the other conditions, as a server might do it by hand.
pub type ByHand = (Option<(DateTime<Utc>, DateTime<Utc>)>, Option<String>, u64);

/// serde_urlencoded into a struct, then chrono and chrono-tz.
pub fn with_chrono(raw: &str) -> ByHand {
    let form: Form = serde_urlencoded::from_str(raw).unwrap();
    let zone: chrono_tz::Tz = form.tz.as_deref().unwrap_or("UTC").parse().unwrap();
    let read = |text: &str| -> DateTime<Utc> {
        if let Some(text) = text.strip_suffix('Z') {
            return NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap().and_utc();
        }
        let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").unwrap();
        let midnight = day.and_hms_opt(0, 0, 0).unwrap();
        zone.from_local_datetime(&midnight).earliest().unwrap().to_utc()
    };
    let window = form.d.as_deref().map(|d| {
        let (from, until) = d.split_once(',').unwrap();
        (read(from), read(until))
    });
    (window, form.agent_id, form.n.unwrap_or(1))
}

/// serde_urlencoded into a struct, then jiff.
pub fn with_jiff(raw: &str) -> (Option<(jiff::Timestamp, jiff::Timestamp)>, Option<String>, u64) {
    let form: Form = serde_urlencoded::from_str(raw).unwrap();
    let zone = jiff::tz::TimeZone::get(form.tz.as_deref().unwrap_or("UTC")).unwrap();
    let read = |text: &str| -> jiff::Timestamp {
        match text.parse() {
            Ok(timestamp) => timestamp,
            Err(_) => {
                let day: jiff::civil::Date = text.parse().unwrap();
                zone.to_timestamp(day.at(0, 0, 0, 0)).unwrap()
            }
        }
    };
    let window = form.d.as_deref().map(|d| {
        let (from, until) = d.split_once(',').unwrap();
        (read(from), read(until))
    });
    (window, form.agent_id, form.n.unwrap_or(1))
}

pub fn date_time(text: &str) -> Written {
    text.parse().unwrap()
}

pub fn date_time_chrono(text: &str) -> DateTime<chrono::FixedOffset> {
    DateTime::parse_from_rfc3339(text).unwrap()
}

pub fn date_time_jiff(text: &str) -> jiff::Timestamp {
    text.parse().unwrap()
}

pub fn date_time_iso8601(text: &str) -> iso8601::DateTime {
    iso8601::datetime(text).unwrap()
}

/// A row of an in-memory store.
pub struct MemoryRow {
    start: DateTime<Utc>,
    duration: u64,
    agent: String,
    channel: String,
}

impl Row for MemoryRow {
    fn start(&self) -> Option<DateTime<Utc>> {
        Some(self.start)
    }

    fn duration(&self) -> Option<u64> {
        Some(self.duration)
    }

    fn text(&self, field: Field) -> &str {
        match field {
            Field::AgentId => &self.agent,
            Field::Channel => &self.channel,
            _ => "",
        }
    }
}

/// Rows a minute apart, half of them in the window of [`selection`].
pub fn rows(count: usize) -> Vec<MemoryRow> {
    let agents = ["bill", "anna", "fernandez", "Bill"];
    let channels = ["8005551234", "#virtual_outbound#", "5027780"];
    (0..count)
        .map(|i| MemoryRow {
            start: DateTime::from_timestamp(1_186_000_000 + i as i64 * 60, 0).unwrap(),
            duration: i as u64 % 600,
            agent: agents[i % 4].to_owned(),
            channel: channels[i % 3].to_owned(),
        })
        .collect()
}

/// A window and two filters.
pub fn selection(rows: &[MemoryRow]) -> Selection {
    let from = rows[rows.len() / 4].start;
    let until = rows[rows.len() * 3 / 4].start;
    let query = Query::builder()
        .range(from, until)
        .filter(Field::AgentId, "bill")
        .filter(Field::Channel, "8005551234")
        .build()
        .unwrap();
    query.resolve(&context()).unwrap()
}

pub fn count(selection: &Selection, rows: &[MemoryRow]) -> usize {
    rows.iter().filter(|row| selection.matches(*row)).count()
}
