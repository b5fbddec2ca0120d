use core::fmt;

use chrono::{DateTime, TimeDelta, Utc};

use crate::{Window, Zone};

/// A change of the offset of a zone: where its wall clock jumps.
///
/// ```
/// use vcc_query::{Window, Zone};
///
/// let zone: Zone = "America/New_York".parse()?;
/// let window = Window {
///     from: "2007-11-04T04:00:00Z".parse().unwrap(),
///     until: "2007-11-05T05:00:00Z".parse().unwrap(),
/// };
/// let change = window.changes(zone).next().unwrap();
/// assert_eq!((change.before, change.after), (-4 * 3_600, -5 * 3_600));
/// assert_eq!(
///     change.to_string(),
///     "at 2007-11-04T06:00:00Z the clock goes back by 1 hour, from 2007-11-04 02:00:00 to \
///      2007-11-04 01:00:00: local times in between occur twice; the first counts"
/// );
/// assert_eq!(window.length().to_string(), "25 hours");
/// # Ok::<(), vcc_query::UnknownZone>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// The first instant of the new offset.
    pub at: DateTime<Utc>,
    /// The offset before it, in seconds east of UTC.
    pub before: i32,
    /// The offset from it on, in seconds east of UTC.
    pub after: i32,
}

/// The length of a [`Window`], in words: `1 day`, `23 hours`, `2 hours 30 minutes`, in no more units
/// than it needs. A day is 24 hours, and fractions of a second are left out.
///
/// ```
/// use vcc_query::Window;
///
/// let from = "2007-11-04T04:00:00Z".parse()?;
/// let day = Window { from, until: "2007-11-05T04:00:00Z".parse()? };
/// assert_eq!(day.length().to_string(), "1 day");
/// let longer = Window { from, until: "2007-11-05T05:00:00Z".parse()? };
/// assert_eq!(longer.length().to_string(), "25 hours");
/// # Ok::<(), chrono::ParseError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Length(TimeDelta);

impl Window {
    /// How long the window is.
    #[must_use]
    pub fn length(&self) -> Length {
        Length(self.until - self.from)
    }

    /// Every change of a zone's offset after the first instant of the window and before its end, in
    /// order. A window of thousands of years has thousands.
    pub fn changes(&self, zone: Zone) -> impl Iterator<Item = Change> + use<> {
        let until = self.until.timestamp();
        let mut stretch = zone.stretch(self.from.timestamp());
        core::iter::from_fn(move || {
            while stretch.until < until {
                let (at, before) = (stretch.until, stretch.offset);
                stretch = zone.stretch(at);
                // A stretch may end early, with the same offset after it.
                if stretch.offset != before {
                    let at = DateTime::from_timestamp(at, 0)?;
                    return Some(Change { at, before, after: stretch.offset });
                }
            }
            None
        })
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let by = self.after - self.before;
        let (direction, what) = if by > 0 {
            ("forward", "local times in between do not occur")
        } else {
            ("back", "local times in between occur twice; the first counts")
        };
        let local = |offset: i32| {
            let local = self.at.naive_utc() + TimeDelta::seconds(offset.into());
            local.format("%Y-%m-%d %H:%M:%S")
        };
        write!(
            f,
            "at {} the clock goes {direction} by {}, from {} to {}: {what}",
            self.at.format("%Y-%m-%dT%H:%M:%SZ"),
            Length(TimeDelta::seconds(by.abs().into())),
            local(self.before),
            local(self.after),
        )
    }
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.num_seconds();
        let days = seconds / 86_400;
        // A local day may have 23 or 25 hours: such a length is told in hours.
        let days = if days == 1 && seconds != 86_400 { 0 } else { days };
        let rest = seconds - days * 86_400;
        let parts = [
            (days, "day"),
            (rest / 3600, "hour"),
            (rest / 60 % 60, "minute"),
            (rest % 60, "second"),
        ];
        let mut separator = "";
        for (count, noun) in parts.into_iter().filter(|(count, _)| *count > 0) {
            let plural = if count == 1 { "" } else { "s" };
            write!(f, "{separator}{count} {noun}{plural}")?;
            separator = " ";
        }
        if separator.is_empty() { f.write_str("0 seconds") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_have_no_more_units_than_they_need() {
        let (hours, minutes) = (TimeDelta::hours, TimeDelta::minutes);
        let table = [
            (hours(24), "1 day"),
            (hours(23), "23 hours"),
            (hours(25), "25 hours"),
            (hours(72), "3 days"),
            (hours(73), "3 days 1 hour"),
            (minutes(150), "2 hours 30 minutes"),
            (minutes(24 * 60 + 30), "24 hours 30 minutes"),
            (TimeDelta::seconds(61), "1 minute 1 second"),
            (TimeDelta::milliseconds(10_001), "10 seconds"),
            (TimeDelta::zero(), "0 seconds"),
        ];
        for (length, words) in table {
            assert_eq!(Length(length).to_string(), words);
        }
    }

    #[test]
    fn changes_are_those_inside_the_window() {
        let zone: Zone = "Europe/Berlin".parse().unwrap();
        let changes = |from: &str, until: &str| {
            let window = Window { from: from.parse().unwrap(), until: until.parse().unwrap() };
            window.changes(zone).map(|change| change.at.to_rfc3339()).collect::<Vec<_>>()
        };
        let (spring, autumn) = ("2007-03-25T01:00:00+00:00", "2007-10-28T01:00:00+00:00");
        assert_eq!(changes("2007-01-01T00:00:00Z", "2008-01-01T00:00:00Z"), [spring, autumn]);
        assert_eq!(changes(spring, autumn), [""; 0]);
        assert_eq!(changes("2007-03-25T00:59:59Z", "2007-10-28T01:00:01Z"), [spring, autumn]);
        assert_eq!(changes("2007-07-01T00:00:00Z", "2007-07-01T00:00:00Z"), [""; 0]);
    }

    #[test]
    fn a_window_of_all_years_ends() {
        let zone: Zone = "America/New_York".parse().unwrap();
        let (from, until) = ("0001-01-01T00:00:00Z", "9999-12-31T00:00:00Z");
        let window = Window { from: from.parse().unwrap(), until: until.parse().unwrap() };
        assert!(window.changes(zone).count() > 15_000);
    }
}
