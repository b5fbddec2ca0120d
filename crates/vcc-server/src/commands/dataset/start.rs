//! Starts as a dataset writes them.

use chrono::{DateTime, Datelike as _, Days, NaiveDate, TimeDelta, Utc};
use vcc_query::Zone;
use vcc_types::StartDate;

/// The forms of a start, for messages.
const EXPECTED: &str = "expected a start such as \"2007-08-05T00:00:00-07:00\", \"2007-08-05 00:00:00 \
                        Europe/Paris\" or \"today-1d 23:59:59 -6s\"";

/// The instant of `2007-08-05T00:00:00-07:00 -6s`, `2007-08-05 00:00:00 Europe/Paris` or `today-1d
/// 23:59:59`: a day, a time, an offset or a zone, and seconds to add. A local text means what it means in a
/// query (DATE-1), in the tenant's zone if none is named.
pub(super) fn instant(
    text: &str,
    tenant: Zone,
    zone: &dyn Fn(&str) -> Option<Zone>,
    now: DateTime<Utc>,
) -> Result<DateTime<Utc>, String> {
    read(text, tenant, zone, now).map_err(|why| format!("{text:?}: {why}"))
}

fn read(
    text: &str,
    tenant: Zone,
    zone: &dyn Fn(&str) -> Option<Zone>,
    now: DateTime<Utc>,
) -> Result<DateTime<Utc>, &'static str> {
    let (text, add) = match text.rsplit_once(' ') {
        Some((before, last)) if last.starts_with(['+', '-']) && last.ends_with('s') => {
            let seconds = last[..last.len() - 1].parse().map_err(|_| EXPECTED)?;
            (before, TimeDelta::try_seconds(seconds).ok_or(EXPECTED)?)
        }
        _ => (text, TimeDelta::zero()),
    };
    let (day, rest) = text.split_once(['T', ' ']).ok_or(EXPECTED)?;
    let end = rest.find(['+', '-', 'Z', ' ']).unwrap_or(rest.len());
    let (time, place) = rest.split_at(end);
    let zoned = place.starts_with(' ');
    let is_of_a_time = |byte: u8| byte.is_ascii_digit() || b":.+-Z".contains(&byte);
    if !time.bytes().chain(place.bytes().filter(|_| !zoned)).all(is_of_a_time) {
        return Err(EXPECTED);
    }
    let (at, offset) = match place.strip_prefix(' ') {
        Some(name) => (zone(name).ok_or("there is no such zone")?, ""),
        None => (tenant, place),
    };
    let day = match day.strip_prefix("today") {
        Some(days) => today(days, at, now)?,
        None => day.parse().map_err(|_| EXPECTED)?,
    };
    let start = StartDate::parse(&format!("{day}T{time}{offset}")).map_err(|_| EXPECTED)?;
    let instant = match start {
        StartDate::Instant(instant) => instant.to_utc(),
        StartDate::Local(local) => at.first_instant(local),
    };
    instant.checked_add_signed(add).ok_or("it is beyond the calendar")
}

/// The day that is this many days, such as `-1d`, from today on the zone's calendar.
fn today(days: &str, zone: Zone, now: DateTime<Utc>) -> Result<NaiveDate, &'static str> {
    let today = zone.local(now).date_naive();
    if days.is_empty() {
        return Ok(today);
    }
    let days: i32 = days.strip_suffix('d').and_then(|days| days.parse().ok()).ok_or(EXPECTED)?;
    let by = Days::new(days.unsigned_abs().into());
    let day = if days < 0 { today.checked_sub_days(by) } else { today.checked_add_days(by) };
    day.filter(|day| (1..=9_999).contains(&day.year())).ok_or("it is beyond the calendar")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_and_the_instants_they_mean() {
        let tenant: Zone = "America/Los_Angeles".parse().unwrap();
        let now = "2026-11-24T05:00:00Z".parse().unwrap();
        let zone = |name: &str| name.parse().ok();
        for (text, at) in [
            ("2007-08-05T00:00:00-07:00", "2007-08-05T07:00:00Z"),
            ("2007-08-05T00:00:00+05:30", "2007-08-04T18:30:00Z"),
            ("2007-08-05T00:00:00-07:00 -6s", "2007-08-05T06:59:54Z"),
            ("2007-08-05 00:00:00 America/New_York", "2007-08-05T04:00:00Z"),
            ("2007-08-05T00:00:00", "2007-08-05T07:00:00Z"),
            ("2007-08-05T00:00:00.25Z", "2007-08-05T00:00:00.250Z"),
            ("2007-12-05T00:00:00Z +6s", "2007-12-05T00:00:06Z"),
            // A gap: its end. A fold: the first of the two. A skipped day: the next one.
            ("2007-03-11T02:30:00", "2007-03-11T10:00:00Z"),
            ("2007-11-04T01:30:00", "2007-11-04T08:30:00Z"),
            ("2011-12-30 12:00:00 Pacific/Apia", "2011-12-30T10:00:00Z"),
            ("0001-01-02T00:00:00Z", "0001-01-02T00:00:00Z"),
            ("today 00:00:00", "2026-11-23T08:00:00Z"),
            ("today-1d 23:59:59 UTC -1s", "2026-11-23T23:59:58Z"),
            ("today+1d 00:00:00", "2026-11-24T08:00:00Z"),
        ] {
            let at: DateTime<Utc> = at.parse().unwrap();
            assert_eq!(instant(text, tenant, &zone, now), Ok(at), "{text}");
        }
        for text in [
            "",
            "2007-08-05",
            "today",
            "2007-08-05T00:00:00 -x1s",
            "2007-02-30T00:00:00Z",
            "tomorrow 00:00:00",
            "today-1 00:00:00",
            "2007-08-05T00:00:00Z&d=today",
        ] {
            let said = instant(text, tenant, &zone, now).unwrap_err();
            assert_eq!(said, format!("{text:?}: {EXPECTED}"));
        }
        for (text, why) in [
            ("2007-08-05 00:00:00 Mars/Base", "there is no such zone"),
            ("today+9999999d 00:00:00", "it is beyond the calendar"),
            ("2007-08-05T00:00:00Z +99999999999999s", "it is beyond the calendar"),
        ] {
            let said = instant(text, tenant, &zone, now).unwrap_err();
            assert_eq!(said, format!("{text:?}: {why}"));
        }
    }
}
