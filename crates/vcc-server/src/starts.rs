//! The starts of a page's records as text (OUT-3). They lie close together, so the day and the offset
//! are found once for many of them.

use std::fmt::Write as _;

use chrono::{DateTime, FixedOffset, NaiveDate, Utc};
use vcc_query::Zone;
use vcc_types::{StartDate, UtcOffset};

/// Writes instants with the offset that a zone has then, as [`StartDate`] prints them.
#[derive(Debug)]
pub(crate) struct Starts {
    zone: Zone,
    utc: UtcOffset,
    /// The seconds in which `offset` holds.
    stretch: std::ops::Range<i64>,
    offset: i32,
    /// Such as `-08:00` or `Z`; `None` if the offset is not in whole minutes.
    suffix: Option<String>,
    /// The local day that `text` begins with, such as `2007-12-19T`, within the years 0001 to 9999.
    day: i64,
    text: String,
}

/// How long `2007-12-19T` is.
const DAY: usize = 11;

const SECONDS: i64 = 86_400;

/// OUT-3: the days whose year has four digits, 0001 to 9999, since 1970-01-01.
const DAYS: std::ops::Range<i64> = -719_162..2_932_897;

impl Starts {
    pub(crate) fn new(zone: Zone, utc: UtcOffset) -> Self {
        let text = String::with_capacity(40);
        Self { zone, utc, stretch: 0..0, offset: 0, suffix: None, day: i64::MIN, text }
    }

    /// The text of an instant in microseconds since 1970-01-01T00:00:00Z.
    pub(crate) fn text(&mut self, micros: i64) -> &str {
        let (seconds, micros) = (micros.div_euclid(1_000_000), micros.rem_euclid(1_000_000));
        if !self.stretch.contains(&seconds) {
            self.find_offset(seconds);
        }
        let local = seconds + i64::from(self.offset);
        let (day, second) = (local.div_euclid(SECONDS), local.rem_euclid(SECONDS));
        let Some(suffix) = self.suffix.as_ref().filter(|_| DAYS.contains(&day)) else {
            return self.any(seconds, micros);
        };
        if day != self.day {
            find_day(day, &mut self.text);
            self.day = day;
        }
        self.text.truncate(DAY);
        for (number, after) in [(second / 3_600, ":"), (second / 60 % 60, ":"), (second % 60, "")] {
            push_two(number, &mut self.text);
            self.text.push_str(after);
        }
        if micros > 0 {
            let (milli, micro) = (micros / 1_000, micros % 1_000);
            let _ = write!(self.text, ".{milli:03}");
            if micro > 0 {
                let _ = write!(self.text, "{micro:03}");
            }
        }
        self.text.push_str(suffix);
        &self.text
    }

    /// The offset and how long it holds. If possible from the beginning of the day, because a list may run
    /// backwards.
    fn find_offset(&mut self, seconds: i64) {
        let mut from = seconds - seconds.rem_euclid(SECONDS);
        let mut stretch = self.zone.stretch(from);
        if stretch.until <= seconds {
            from = seconds;
            stretch = self.zone.stretch(from);
        }
        self.stretch = from..stretch.until;
        self.offset = stretch.offset;
        let minutes = stretch.offset.unsigned_abs() / 60;
        self.suffix = (stretch.offset % 60 == 0).then(|| match (stretch.offset, self.utc) {
            (0, UtcOffset::Z) => "Z".to_owned(),
            (offset, _) => {
                let sign = if offset < 0 { '-' } else { '+' };
                format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
            }
        });
    }

    /// As [`StartDate`] prints it, for any instant.
    fn any(&mut self, seconds: i64, micros: i64) -> &str {
        let instant = DateTime::<Utc>::from_timestamp_micros(seconds * 1_000_000 + micros);
        let offset = FixedOffset::east_opt(self.offset);
        self.text.clear();
        self.day = i64::MIN;
        if let (Some(instant), Some(offset)) = (instant, offset) {
            let _ = write!(self.text, "{}", StartDate::Instant(instant.with_timezone(&offset)));
        }
        if self.utc == UtcOffset::Z && self.text.ends_with("+00:00") {
            self.text.truncate(self.text.len() - "+00:00".len());
            self.text.push('Z');
        }
        &self.text
    }
}

/// Such as `2007-12-19T`, of a day since 1970-01-01.
fn find_day(day: i64, into: &mut String) {
    let date = i32::try_from(day).ok().and_then(NaiveDate::from_epoch_days).unwrap_or_default();
    into.clear();
    let _ = write!(into, "{date}T");
}

fn push_two(number: i64, into: &mut String) {
    into.push_str(&DIGITS[number as usize * 2..][..2]);
}

/// The numbers from 00 to 99.
const DIGITS: &str = "\
    00010203040506070809101112131415161718192021222324\
    25262728293031323334353637383940414243444546474849\
    50515253545556575859606162636465666768697071727374\
    75767778798081828384858687888990919293949596979899";

#[cfg(test)]
mod tests {
    use super::*;

    /// As `StartDate` prints it.
    fn printed(zone: Zone, utc: UtcOffset, micros: i64) -> String {
        let start = DateTime::<Utc>::from_timestamp_micros(micros).unwrap();
        let text = StartDate::Instant(zone.local(start)).to_string();
        match (utc, text.strip_suffix("+00:00")) {
            (UtcOffset::Z, Some(text)) => format!("{text}Z"),
            _ => text,
        }
    }

    fn assert_printed(zone: &str, utc: UtcOffset, micros: impl Iterator<Item = i64>) {
        let zone = zone.parse().unwrap();
        let mut starts = Starts::new(zone, utc);
        for micros in micros {
            assert_eq!(starts.text(micros), printed(zone, utc, micros), "{zone} {micros}");
        }
    }

    /// Offsets of whole and of half hours, of seconds (until 1883 and the like), with and without
    /// summer time, and zero.
    const ZONES: [&str; 6] = [
        "UTC",
        "America/Los_Angeles",
        "Asia/Kathmandu",
        "Pacific/Chatham",
        "Africa/Monrovia",
        "Europe/London",
    ];

    #[test]
    fn starts_are_written_as_they_print() {
        for zone in ZONES {
            for utc in [UtcOffset::Numeric, UtcOffset::Z] {
                // The years from -10 to 10,000 and something, with every kind of fraction.
                let all = (0..2_100_i64).map(|step| {
                    let micros = -62_500_000_000_000_000 + step * 159_001_234_567_891;
                    micros - micros % [1, 1_000, 1_000_000][step as usize % 3]
                });
                assert_printed(zone, utc, all);
            }
        }
    }

    #[test]
    fn neighbours_share_a_day_and_an_offset_or_do_not() {
        for zone in ZONES {
            // A year by 25 minutes, there and back: every midnight and every change of the clocks.
            let year = (0..21_024_i64).map(|step| 1_167_609_600_000_000 + step * 1_500_000_000);
            assert_printed(zone, UtcOffset::Numeric, year.clone());
            assert_printed(zone, UtcOffset::Numeric, year.rev());
        }
    }
}
