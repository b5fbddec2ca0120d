use std::fmt;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Span, Timestamp};

/// The start of a record as a dataset writes it: a day or `today±Nd`, a time, an offset or a zone,
/// then seconds to add.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenStart {
    day: Day,
    time: Time,
    place: WrittenZone,
    add: i64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Day {
    Date(Date),
    Today(i64),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum WrittenZone {
    Tenant,
    Zone(String),
    Offset(i32),
}

/// A text that is not the start of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartError(String);

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for StartError {}

impl WrittenStart {
    /// Reads `2007-08-05T00:00:00-07:00 -6s`, `2007-08-05 00:00:00 Europe/Paris`,
    /// `today-1d 23:59:59`.
    ///
    /// # Errors
    ///
    /// Any other form.
    pub fn parse(text: &str) -> Result<Self, StartError> {
        let error = || {
            StartError(format!(
                "{text:?}: expected a start such as \"2007-08-05T00:00:00-07:00\", \
                 \"2007-08-05 00:00:00 Europe/Paris\" or \"today-1d 23:59:59 -6s\""
            ))
        };
        let mut rest = text.trim();
        let mut add = 0;
        if let Some((before, seconds)) = rest.rsplit_once(' ')
            && let Some(seconds) = seconds.strip_suffix('s')
            && seconds.starts_with(['+', '-'])
        {
            add = seconds.parse().map_err(|_| error())?;
            rest = before;
        }
        let at = rest.find(['T', ' ']).ok_or_else(error)?;
        let (day, rest) = (&rest[..at], &rest[at + 1..]);
        let day = match day.strip_prefix("today") {
            Some("") => Day::Today(0),
            Some(days) => {
                Day::Today(days.strip_suffix('d').and_then(|d| d.parse().ok()).ok_or_else(error)?)
            }
            None => Day::Date(day.parse().map_err(|_| error())?),
        };
        let end = rest.find(['+', '-', 'Z', ' ']).unwrap_or(rest.len());
        let time = rest[..end].parse().map_err(|_| error())?;
        let place = match &rest[end..] {
            "" => WrittenZone::Tenant,
            "Z" => WrittenZone::Offset(0),
            zone if zone.starts_with(' ') => WrittenZone::Zone(zone[1..].into()),
            offset => WrittenZone::Offset(offset_seconds(offset).ok_or_else(error)?),
        };
        Ok(Self { day, time, place, add })
    }

    /// Whether it depends on the current day.
    #[must_use]
    pub fn is_relative(&self) -> bool {
        matches!(self.day, Day::Today(_))
    }

    /// The instant.
    ///
    /// # Errors
    ///
    /// An unknown zone, or a day beyond the calendar.
    pub fn resolve(&self, tenant: &TimeZone, now: Timestamp) -> Result<Timestamp, StartError> {
        let beyond = |_| StartError("beyond the calendar".into());
        let zone = match &self.place {
            WrittenZone::Tenant => tenant.clone(),
            WrittenZone::Zone(name) => crate::zone::named(name)
                .map_err(|_| StartError(format!("{name:?} is not a zone")))?,
            WrittenZone::Offset(seconds) => {
                let offset = jiff::tz::Offset::from_seconds(*seconds).map_err(beyond)?;
                TimeZone::fixed(offset)
            }
        };
        let date = match self.day {
            Day::Date(date) => date,
            Day::Today(days) => {
                let today = now.to_zoned_datetime(zone.clone()).date();
                let span = Span::new().try_days(days).map_err(beyond)?;
                today.checked_add(span).map_err(beyond)?
            }
        };
        let start = first_instant(date.to_datetime(self.time), &zone).map_err(beyond)?;
        start.checked_add(SignedDuration::from_secs(self.add)).map_err(beyond)
    }
}

/// The first instant at which the zone's wall clock reads this or later.
pub(crate) fn first_instant(local: DateTime, zone: &TimeZone) -> Result<Timestamp, jiff::Error> {
    let ambiguous = zone.to_ambiguous_timestamp(local);
    match ambiguous.offset() {
        AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Fold { .. } => ambiguous.earlier(),
        // In a gap: the instant of the transition. With the offset after the gap, the text is before the
        // transition, by at most the length of the gap.
        AmbiguousOffset::Gap { after, .. } => {
            let before = after.to_timestamp(local)?;
            match zone.following(before - SignedDuration::from_secs(1)).next() {
                Some(transition) => Ok(transition.timestamp()),
                None => Ok(before),
            }
        }
    }
}

fn offset_seconds(text: &str) -> Option<i32> {
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    (hours.len() == 2 && minutes.len() == 2).then_some(())?;
    Some(sign * (hours.parse::<i32>().ok()? * 3600 + minutes.parse::<i32>().ok()? * 60))
}

/// `2008-02-14T10:12:13-08:00`, in a zone.
pub(crate) fn response_form(start: Timestamp, zone: &TimeZone) -> String {
    let offset = zone.to_offset(start).seconds();
    // Offsets before about 1920 have seconds, which this form cannot express.
    let whole = offset.div_euclid(60) * 60;
    let local = jiff::tz::Offset::from_seconds(whole).map(|offset| offset.to_datetime(start));
    let local = local.unwrap_or_else(|_| jiff::tz::Offset::UTC.to_datetime(start));
    let sign = if whole < 0 { '-' } else { '+' };
    let minutes = whole.unsigned_abs() / 60;
    format!(
        "{}{sign}{:02}:{:02}",
        local.strftime("%Y-%m-%dT%H:%M:%S%.f"),
        minutes / 60,
        minutes % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_and_the_instants_they_mean() {
        let tenant = crate::zone::named("America/Los_Angeles").unwrap();
        let now = "2026-11-24T05:00:00Z".parse().unwrap();
        for (text, form) in [
            ("2007-08-05T00:00:00-07:00", "2007-08-05T00:00:00-07:00"),
            ("2007-08-05T00:00:00-07:00 -6s", "2007-08-04T23:59:54-07:00"),
            ("2007-08-05 00:00:00 America/New_York", "2007-08-04T21:00:00-07:00"),
            ("2007-08-05T00:00:00", "2007-08-05T00:00:00-07:00"),
            ("2007-08-05T00:00:00.25Z", "2007-08-04T17:00:00.25-07:00"),
            ("2007-12-05T00:00:00Z +6s", "2007-12-04T16:00:06-08:00"),
            // A gap: the end of it. A fold: the first.
            ("2007-03-11T02:30:00", "2007-03-11T03:00:00-07:00"),
            ("2007-11-04T01:30:00", "2007-11-04T01:30:00-07:00"),
            // A skipped day.
            ("2011-12-30 12:00:00 Pacific/Apia", "2011-12-30T02:00:00-08:00"),
            ("today 00:00:00", "2026-11-23T00:00:00-08:00"),
            ("today-1d 23:59:59 UTC -1s", "2026-11-23T15:59:58-08:00"),
            ("today+1d 00:00:00", "2026-11-24T00:00:00-08:00"),
        ] {
            let written = WrittenStart::parse(text).unwrap();
            let start = written.resolve(&tenant, now).unwrap();
            assert_eq!(response_form(start, &tenant), form, "{text}");
            assert_eq!(written.is_relative(), text.starts_with("today"));
        }
        for text in ["", "2007-08-05", "today", "2007-08-05T00:00:00-07", "tomorrow 00:00:00"] {
            assert!(WrittenStart::parse(text).is_err(), "{text}");
        }
        let mars = WrittenStart::parse("2007-08-05 00:00:00 Mars/Base").unwrap();
        assert_eq!(
            mars.resolve(&tenant, now).unwrap_err().to_string(),
            "\"Mars/Base\" is not a zone"
        );
    }
}
