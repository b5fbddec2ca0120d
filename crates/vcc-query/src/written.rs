use core::cmp::Ordering;

use chrono::{Datelike, NaiveDate, Weekday};

use crate::Text;

/// A date as it was written in a query, before it has a meaning.
///
/// Spellings of the same date are equal: `2007-08-05`, `20070805`, `2007-217` and `2007-W31-7`.
///
/// ```
/// use vcc_query::{Dates, Precision, Query};
///
/// let query = Query::parse("d=2007-W31-7")?;
/// assert_eq!(query, Query::parse("d=20070805")?);
/// let Some(Dates::One(written)) = query.d() else { unreachable!() };
/// assert_eq!((written.precision(), written.offset()), (Precision::Day, None));
/// # Ok::<(), vcc_query::QueryError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Written {
    /// `today` plus this many days, which may be negative (DATE-8).
    Today(i32),
    /// A date without a time.
    Date(Date),
    /// A date with a time.
    Timed(Timed),
}

/// A date without a time, to the precision that was written (DATE-7).
///
/// ```
/// use vcc_query::Date;
///
/// // The week that the first of January is in may begin in the year before.
/// let week = Date::Week(2009, 1);
/// assert_eq!(week.first_day().to_string(), "2008-12-29");
/// assert_eq!(week.next_first_day().to_string(), "2009-01-05");
/// assert_eq!(Date::Month(2007, 12).next_first_day().to_string(), "2008-01-01");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Date {
    /// `2007`: from 1 to 9999.
    Year(i32),
    /// `2007-08`: a year and a month from 1 to 12.
    Month(i32, u32),
    /// `2007-W31`: a year of ISO weeks and a week from 1 to 53.
    Week(i32, u32),
    /// `2007-08-05`, `2007-217`, `2007-W31-7`.
    Day(NaiveDate),
}

/// A date with a time, and the offset if one was written.
///
/// ```
/// use vcc_query::{Query, Written};
///
/// let query = Query::parse("start-date=2007-08-05T24:00-07:00")?;
/// let Some(Written::Timed(timed)) = query.start_date() else { unreachable!() };
/// assert!(timed.is_end_of_day());
/// assert_eq!(timed.day().to_string(), "2007-08-05");
/// assert_eq!(query.start_date().unwrap().offset(), Some(-7 * 3_600));
/// # Ok::<(), vcc_query::QueryError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Timed {
    pub(crate) day: NaiveDate,
    pub(crate) time: Time,
    /// Minutes east of UTC: offsets are written without seconds.
    pub(crate) offset_minutes: Option<i16>,
}

/// A time of day, to the precision that was written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Time {
    /// 0 to 24.
    pub(crate) hour: u8,
    pub(crate) minute: Option<u8>,
    /// 0 to 60; only with a minute.
    pub(crate) second: Option<u8>,
    /// All the digits after the decimal point; only with a second. Fractions are rare, and a thin
    /// pointer keeps every query small.
    pub(crate) fraction: Option<Box<Text>>,
}

/// How precisely a date was written. Later ones are finer.
///
/// ```
/// use vcc_query::{Precision, Query};
///
/// let precision = |date: &str| {
///     let query = Query::parse(&format!("start-date={date}"))?;
///     Ok::<_, vcc_query::QueryError>(query.start_date().map(|date| date.precision()))
/// };
/// assert_eq!(precision("2007-08-05T13")?, Some(Precision::Hour));
/// assert_eq!(precision("2007-08-05T13:15:00.5")?, Some(Precision::Fraction));
/// assert!(Precision::Hour < Precision::Fraction);
/// # Ok::<(), vcc_query::QueryError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Precision {
    /// To the year.
    Year,
    /// To the month.
    Month,
    /// To the week.
    Week,
    /// To the day, as constants are.
    Day,
    /// To the hour.
    Hour,
    /// To the minute.
    Minute,
    /// To the second.
    Second,
    /// To a fraction of a second.
    Fraction,
}

impl Written {
    /// How precisely it was written.
    #[must_use]
    pub fn precision(&self) -> Precision {
        match self {
            Written::Today(_) | Written::Date(Date::Day(_)) => Precision::Day,
            Written::Date(Date::Year(_)) => Precision::Year,
            Written::Date(Date::Month(..)) => Precision::Month,
            Written::Date(Date::Week(..)) => Precision::Week,
            Written::Timed(Timed { time, .. }) => {
                match (&time.minute, &time.second, &time.fraction) {
                    (None, ..) => Precision::Hour,
                    (_, None, _) => Precision::Minute,
                    (_, _, None) => Precision::Second,
                    _ => Precision::Fraction,
                }
            }
        }
    }

    /// The day, where one was written.
    #[inline]
    pub(crate) fn day(&self) -> Option<NaiveDate> {
        match self {
            Written::Date(Date::Day(day)) => Some(*day),
            Written::Timed(timed) => Some(timed.day),
            _ => None,
        }
    }

    /// The offset that was written, in seconds east of UTC; 0 for `Z`.
    #[must_use]
    pub fn offset(&self) -> Option<i32> {
        match self {
            Written::Timed(timed) => timed.offset(),
            _ => None,
        }
    }
}

impl Date {
    /// The first day of the period.
    #[must_use]
    pub fn first_day(&self) -> NaiveDate {
        // The grammar accepts only dates that exist.
        match *self {
            Date::Year(year) => NaiveDate::from_ymd_opt(year, 1, 1),
            Date::Month(year, month) => NaiveDate::from_ymd_opt(year, month, 1),
            Date::Week(year, week) => NaiveDate::from_isoywd_opt(year, week, Weekday::Mon),
            Date::Day(day) => Some(day),
        }
        .unwrap_or_default()
    }

    /// The first day after the period: the first day of the next text of the same precision.
    #[must_use]
    pub fn next_first_day(&self) -> NaiveDate {
        let first = self.first_day();
        match *self {
            Date::Year(year) => NaiveDate::from_ymd_opt(year + 1, 1, 1),
            Date::Month(year, 12) => NaiveDate::from_ymd_opt(year + 1, 1, 1),
            Date::Month(year, month) => NaiveDate::from_ymd_opt(year, month + 1, 1),
            Date::Week(..) => first.checked_add_days(chrono::Days::new(7)),
            Date::Day(_) => first.succ_opt(),
        }
        // chrono's calendar goes far beyond the year 9999.
        .unwrap_or(first)
    }
}

impl Timed {
    /// The day that was written. For `24:00` that is the day that ends.
    #[must_use]
    pub fn day(&self) -> NaiveDate {
        self.day
    }

    /// Whether the time is `24:00`, which ends the day (DATE-6).
    #[must_use]
    pub fn is_end_of_day(&self) -> bool {
        self.time.hour == 24
    }

    /// The offset that was written, in seconds east of UTC.
    #[inline]
    pub(crate) fn offset(&self) -> Option<i32> {
        self.offset_minutes.map(|minutes| i32::from(minutes) * 60)
    }

    /// The wall time that was written.
    pub(crate) fn wall_time(&self) -> WallTime<'_> {
        let time = &self.time;
        // DATE-6: `24:00` and `:60` carry over in the sum.
        let seconds = i64::from(time.hour) * 3600
            + i64::from(time.minute.unwrap_or(0)) * 60
            + i64::from(time.second.unwrap_or(0));
        let (nanos, more) = time.fraction.as_ref().map_or((0, ""), |digits| nanoseconds(digits));
        WallTime { seconds: day_seconds(self.day) + seconds, nanos, more }
    }

    /// The wall time of the next text of the same precision, rounded up to a nanosecond.
    pub(crate) fn next_wall_time(&self) -> WallTime<'static> {
        let WallTime { seconds, nanos, .. } = self.wall_time();
        let time = &self.time;
        let (seconds, nanos) = match (&time.minute, &time.second, &time.fraction) {
            (None, ..) => (seconds + 3600, 0),
            (_, None, _) => (seconds + 60, 0),
            (_, _, None) => (seconds + 1, 0),
            // DATE-7: one unit of its last digit.
            (_, _, Some(digits)) if digits.bytes().all(|digit| digit == b'9') => (seconds + 1, 0),
            (_, _, Some(digits)) => {
                // With more than nine digits the unit is less than a nanosecond, so the next
                // nanosecond is an upper bound.
                let unit = 10_u32.pow(9_u32.saturating_sub(digits.len() as u32));
                (seconds, nanos + unit)
            }
        };
        WallTime { seconds, nanos, more: "" }
    }
}

/// The first nine digits of a fraction as nanoseconds, and the digits after them.
fn nanoseconds(fraction: &str) -> (u32, &str) {
    let (first, more) = fraction.split_at(fraction.len().min(9));
    let nanos = first.bytes().fold(0, |value, digit| value * 10 + u32::from(digit - b'0'));
    (nanos * 10_u32.pow(9 - first.len() as u32), more)
}

/// What a wall clock reads, exactly: a fraction may have any number of digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WallTime<'a> {
    /// Seconds since 1970-01-01 00:00:00.
    pub(crate) seconds: i64,
    /// 0 to 999 999 999; 1 000 000 000 stands for what rounds up to the next second.
    pub(crate) nanos: u32,
    /// The digits after the ninth.
    pub(crate) more: &'a str,
}

impl WallTime<'_> {
    pub(crate) fn cmp_exactly(&self, other: &WallTime<'_>) -> Ordering {
        (self.seconds, self.nanos)
            .cmp(&(other.seconds, other.nanos))
            .then_with(|| self.more.trim_end_matches('0').cmp(other.more.trim_end_matches('0')))
    }
}

/// The seconds from 1970-01-01 00:00:00 to the beginning of a day on a wall clock.
pub(crate) fn day_seconds(day: NaiveDate) -> i64 {
    // 719 163 is the number of 1970-01-01, counted from 0001-01-01 as 1.
    i64::from(day.num_days_from_ce() - 719_163) * 86_400
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A query holds four of them, and is moved.
    #[test]
    fn size() {
        assert_eq!(size_of::<Written>(), 24);
        assert_eq!(size_of::<Option<Written>>(), 24);
    }
}
