use jiff::Timestamp;
use jiff::tz::TimeZone;
use vcc_types::Dialect;

use crate::dataset::{Recording, response_form};
use crate::naive::{self, Times};
use crate::run::Planned;
use crate::setup::Setup;

/// What ±5 s is measured in.
const TOLERANCE: i64 = 5_000;

/// Why a record belongs to an answer, or does not, in numbers.
pub(super) struct Arithmetic {
    pub(super) times: Times,
    pub(super) zone: TimeZone,
}

impl Arithmetic {
    /// The times that a request asks for.
    pub(super) fn of(planned: &Planned, setup: &Setup) -> Self {
        let tenant = &setup.tenants[planned.tenant].tenant;
        let dialect = Dialect::default();
        let asked = naive::Context {
            records: &tenant.records,
            zone: &tenant.zone,
            now: setup.now,
            dialect: &dialect,
        };
        let query = planned.query.as_deref().unwrap_or_default();
        let times = naive::times(query.as_bytes(), &asked);
        Self { times, zone: planned.tz().unwrap_or_else(|| tenant.zone.clone()) }
    }

    /// One line about a record; `None` where no time was asked for.
    pub(super) fn line(&self, record: &Recording) -> Option<String> {
        let near = |word: &str, at: Option<Timestamp>, asked: Timestamp| {
            let Some(at) = at else { return format!("has no {word}: not expected") };
            let millis = (at.as_millisecond() - asked.as_millisecond()).abs();
            let verdict = if millis <= TOLERANCE { "expected" } else { "not expected" };
            let verb = if word == "start" { "starts" } else { "finishes" };
            format!(
                "{verb} {}, asked {}, distance {}, window ±5 s: {verdict}",
                self.clock(at),
                self.clock(asked),
                span(millis)
            )
        };
        let mut parts = Vec::new();
        if let Some((from, until)) = self.times.window {
            let start = record.start;
            let away = |at: Timestamp| span((start.as_millisecond() - at.as_millisecond()).abs());
            parts.push(if start < from {
                format!(
                    "starts {} before the window [{}, {}): not expected",
                    away(from),
                    self.full(from),
                    self.full(until)
                )
            } else if start >= until {
                let word = if start == until {
                    "at the end of".to_owned()
                } else {
                    format!("{} after", away(until))
                };
                format!(
                    "starts {word} the window [{}, {}): not expected",
                    self.full(from),
                    self.full(until)
                )
            } else {
                format!(
                    "starts {} after the beginning and {} before the end of [{}, {}): expected",
                    away(from),
                    away(until),
                    self.full(from),
                    self.full(until)
                )
            });
        }
        if let Some(asked) = self.times.start {
            parts.push(near("start", Some(record.start), asked));
        }
        if let Some(asked) = self.times.finish {
            parts.push(near("finish", record.finish(), asked));
        }
        for (field, value) in &self.times.fields {
            if record.text(*field) != value && !parts.is_empty() {
                parts.push(format!("{field} is {:?}, asked {value:?}", record.text(*field)));
            }
        }
        (!parts.is_empty()).then(|| parts.join("; "))
    }

    fn clock(&self, at: Timestamp) -> String {
        self.zone.to_datetime(at).time().to_string()
    }

    fn full(&self, at: Timestamp) -> String {
        response_form(at, &self.zone)
    }
}

/// A length of time in the largest units that say it whole.
pub(super) fn span(millis: i64) -> String {
    let seconds = millis / 1000;
    if millis % 1000 != 0 {
        return format!("{} s", millis as f64 / 1000.0);
    }
    match seconds {
        0..120 => format!("{seconds} s"),
        _ if seconds % 3600 == 0 && seconds < 172_800 => format!("{} h", seconds / 3600),
        _ if seconds % 86_400 == 0 => format!("{} days", seconds / 86_400),
        _ if seconds < 7200 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => {
            let (hours, rest) = (seconds / 3600, seconds % 3600);
            format!("{hours} h {} min {} s", rest / 60, rest % 60)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time() {
        for (millis, text) in [
            (0, "0 s"),
            (5_000, "5 s"),
            (5_250, "5.25 s"),
            (90_000, "90 s"),
            (3_600_000, "1 h"),
            (3_661_000, "61 min 1 s"),
            (86_399_000, "23 h 59 min 59 s"),
            (604_800_000, "7 days"),
        ] {
            assert_eq!(span(millis), text);
        }
    }
}
