//! The dates of a query in spellings that mean the same and that every server must read.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};

use crate::escapes;

/// A way to spell dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spelling {
    /// `20070805T131530`.
    Basic,
    /// A `T` where there was a space, and the other way round.
    Separator,
    /// With the offset of the zone.
    Offset,
    /// In UTC with `Z`.
    Utc,
}

impl Spelling {
    /// All of them.
    pub const ALL: [Spelling; 4] =
        [Spelling::Basic, Spelling::Separator, Spelling::Offset, Spelling::Utc];

    /// The name of the variant.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Spelling::Basic => "basic dates",
            Spelling::Separator => "other separator",
            Spelling::Offset => "dates with offset",
            Spelling::Utc => "dates in UTC",
        }
    }

    /// The clause by which the spelling means the same.
    #[must_use]
    pub fn clause(self) -> &'static str {
        match self {
            Spelling::Basic | Spelling::Separator => "DATE-5",
            Spelling::Offset | Spelling::Utc => "DATE-4",
        }
    }
}

/// A date as a case writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct WrittenDate {
    date: Date,
    /// The time, with seconds or without, and what separated it.
    time: Option<(Time, bool, bool)>,
    /// Seconds east of UTC, and whether it is written `Z`.
    offset: Option<(i32, bool)>,
}

/// The query in every other spelling of its dates. A query with a date in a form that not every
/// server must read, or with a constant, has none.
#[must_use]
pub fn spellings(query: &str, zone: &TimeZone) -> Vec<(Spelling, String)> {
    let zone = match tz(query) {
        None => zone.clone(),
        Some(name) => match name.as_deref().map(crate::zone::named) {
            Some(Ok(zone)) => zone,
            _ => return Vec::new(),
        },
    };
    let mut found = Vec::new();
    for spelling in Spelling::ALL {
        let segments: Option<Vec<String>> = query
            .split('&')
            .map(|segment| match segment.split_once('=') {
                Some((name @ ("d" | "start-date" | "finish-date"), value)) => {
                    respell(value, name != "d", spelling, &zone)
                        .map(|value| format!("{name}={value}"))
                }
                _ => Some(segment.to_owned()),
            })
            .collect();
        if let Some(segments) = segments {
            let other = segments.join("&");
            if other != query && !found.iter().any(|(_, earlier)| *earlier == other) {
                found.push((spelling, other));
            }
        }
    }
    found
}

/// The value of `tz`, where there is one; `Some(None)` where it is not plain.
pub(crate) fn tz(query: &str) -> Option<Option<String>> {
    let value = query.split('&').find_map(|segment| segment.strip_prefix("tz="))?;
    Some(decode(value))
}

/// Percent-decodes; `None` for what is not ASCII or a broken escape.
fn decode(value: &str) -> Option<String> {
    let text = String::from_utf8(escapes::decode(value.as_bytes())?.into_owned()).ok()?;
    text.is_ascii().then_some(text)
}

fn respell(value: &str, near: bool, spelling: Spelling, zone: &TimeZone) -> Option<String> {
    let text = decode(value)?;
    let parts: Option<Vec<WrittenDate>> = text.split(',').map(parse).collect();
    let parts = parts?;
    let single = parts.len() == 1 && !near;
    let spelled: Option<Vec<String>> =
        parts.iter().map(|part| spell(part, near, single, spelling, zone)).collect();
    Some(spelled?.join(","))
}

/// The written form of a date: extended, or basic.
fn parse(text: &str) -> Option<WrittenDate> {
    let (date, rest) = match text.find(['T', ' ']) {
        Some(at) => (&text[..at], Some((&text[at..=at], &text[at + 1..]))),
        None => (text, None),
    };
    let digits = |text: &str, from: usize, to: usize| -> Option<i16> {
        let part = text.get(from..to)?;
        part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse().ok()).flatten()
    };
    let date = match date.len() {
        10 if &date[4..5] == "-" && &date[7..8] == "-" => {
            (digits(date, 0, 4)?, digits(date, 5, 7)?, digits(date, 8, 10)?)
        }
        8 => (digits(date, 0, 4)?, digits(date, 4, 6)?, digits(date, 6, 8)?),
        _ => return None,
    };
    let date = Date::new(date.0, i8::try_from(date.1).ok()?, i8::try_from(date.2).ok()?).ok()?;
    let Some((separator, rest)) = rest else {
        return Some(WrittenDate { date, time: None, offset: None });
    };
    let end = rest.find(['Z', '+', '-']).unwrap_or(rest.len());
    let (time, offset) = rest.split_at(end);
    let (hour, minute, second) = match time.len() {
        5 if &time[2..3] == ":" => (digits(time, 0, 2)?, digits(time, 3, 5)?, None),
        8 if &time[2..3] == ":" && &time[5..6] == ":" => {
            (digits(time, 0, 2)?, digits(time, 3, 5)?, Some(digits(time, 6, 8)?))
        }
        4 => (digits(time, 0, 2)?, digits(time, 2, 4)?, None),
        6 => (digits(time, 0, 2)?, digits(time, 2, 4)?, Some(digits(time, 4, 6)?)),
        _ => return None,
    };
    let small = |number: i16| i8::try_from(number).ok();
    let clock = Time::new(small(hour)?, small(minute)?, small(second.unwrap_or(0))?, 0).ok()?;
    let offset = match offset {
        "" => None,
        "Z" => Some((0, true)),
        _ => {
            let sign = if offset.starts_with('-') { -1 } else { 1 };
            let (hours, minutes) = match offset.len() {
                6 if &offset[3..4] == ":" => (digits(offset, 1, 3)?, digits(offset, 4, 6)?),
                5 => (digits(offset, 1, 3)?, digits(offset, 3, 5)?),
                _ => return None,
            };
            Some((sign * (i32::from(hours) * 3600 + i32::from(minutes) * 60), false))
        }
    };
    Some(WrittenDate { date, time: Some((clock, second.is_some(), separator == "T")), offset })
}

fn spell(
    written: &WrittenDate,
    near: bool,
    single: bool,
    spelling: Spelling,
    zone: &TimeZone,
) -> Option<String> {
    let instant = || {
        let (time, seconds, _) = match written.time {
            Some(time) => time,
            // Midnight ± 5 s may be written with its time; the day of `d` may not.
            None if near => (Time::midnight(), true, true),
            None => return None,
        };
        // A single `d` with a time names the period of its precision; a look-up is an instant, as
        // are the ends of a range.
        let keep_minutes = single && !seconds;
        let local = written.date.to_datetime(time);
        let offset = match written.offset {
            Some((seconds, _)) => jiff::tz::Offset::from_seconds(seconds).ok()?,
            None => match zone.to_ambiguous_timestamp(local).offset() {
                AmbiguousOffset::Unambiguous { offset } => offset,
                AmbiguousOffset::Fold { before, .. } => before,
                AmbiguousOffset::Gap { .. } => return None,
            },
        };
        Some((local, offset, keep_minutes))
    };
    match spelling {
        Spelling::Basic => {
            let date = written.date.to_string().replace('-', "");
            let Some((time, seconds, _)) = written.time else { return Some(date) };
            let time = clock(time, !seconds).replace(':', "");
            let offset = match written.offset {
                None => String::new(),
                Some((_, true)) => "Z".into(),
                Some((seconds, false)) => offset_text(seconds).replace(':', ""),
            };
            Some(format!("{date}T{time}{offset}"))
        }
        Spelling::Separator => {
            let date = written.date;
            let Some((time, seconds, t)) = written.time else { return Some(date.to_string()) };
            let separator = if t { "%20" } else { "T" };
            let offset = match written.offset {
                None => String::new(),
                Some((_, true)) => "Z".into(),
                Some((seconds, false)) => offset_text(seconds),
            };
            Some(format!("{date}{separator}{}{offset}", clock(time, !seconds)))
        }
        Spelling::Offset => {
            let Some((local, offset, minutes)) = instant() else {
                return written.time.is_none().then(|| written.date.to_string());
            };
            let time = clock(local.time(), minutes);
            (offset.seconds() % 60 == 0)
                .then(|| format!("{}T{time}{}", local.date(), offset_text(offset.seconds())))
        }
        Spelling::Utc => {
            let Some((local, offset, minutes)) = instant() else {
                return written.time.is_none().then(|| written.date.to_string());
            };
            let utc: DateTime = jiff::tz::Offset::UTC.to_datetime(offset.to_timestamp(local).ok()?);
            Some(format!("{}T{}Z", utc.date(), clock(utc.time(), minutes)))
        }
    }
}

fn clock(time: Time, minutes: bool) -> String {
    let text = format!("{:02}:{:02}", time.hour(), time.minute());
    if minutes { text } else { format!("{text}:{:02}", time.second()) }
}

/// `-07:00`, `%2B02:00`.
fn offset_text(seconds: i32) -> String {
    let minutes = seconds.unsigned_abs() / 60;
    let sign = if seconds < 0 { "-" } else { "%2B" };
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_dates_otherwise() {
        let zone = crate::zone::named("America/Los_Angeles").unwrap();
        let other = |query: &str| -> Vec<String> {
            spellings(query, &zone).into_iter().map(|(_, query)| query).collect()
        };
        for (query, expected) in [
            ("d=2007-08-05&n=1", &["d=20070805&n=1"][..]),
            (
                "d=2007-08-05%2013:15,2007-08-06&tz=America/New_York",
                &[
                    "d=20070805T1315,20070806&tz=America/New_York",
                    "d=2007-08-05T13:15,2007-08-06&tz=America/New_York",
                    "d=2007-08-05T13:15:00-04:00,2007-08-06&tz=America/New_York",
                    "d=2007-08-05T17:15:00Z,2007-08-06&tz=America/New_York",
                ],
            ),
            (
                "start-date=2007-08-05",
                &[
                    "start-date=20070805",
                    "start-date=2007-08-05T00:00:00-07:00",
                    "start-date=2007-08-05T07:00:00Z",
                ],
            ),
            (
                "finish-date=2007-11-04T01:30:00",
                &[
                    "finish-date=20071104T013000",
                    "finish-date=2007-11-04%2001:30:00",
                    "finish-date=2007-11-04T01:30:00-07:00",
                    "finish-date=2007-11-04T08:30:00Z",
                ],
            ),
            (
                "start-date=2007-03-11T02:30:00",
                &["start-date=20070311T023000", "start-date=2007-03-11%2002:30:00"],
            ),
            (
                "start-date=2007-08-05T13:15:30%2B05:45",
                &[
                    "start-date=20070805T131530%2B0545",
                    "start-date=2007-08-05%2013:15:30%2B05:45",
                    "start-date=2007-08-05T07:30:30Z",
                ],
            ),
            ("d=today", &[]),
            ("d=2007-W31", &[]),
            ("agentID=2007-08-05", &[]),
            ("d=2007-08-05&tz=Mars/Base", &[]),
        ] {
            assert_eq!(other(query), expected, "{query}");
        }
    }
}
