use chrono::{DateTime, NaiveDate, NaiveTime, Utc};

use crate::written::day_seconds;

/// The seconds of a day.
const DAY: i64 = 86_400;

/// One nanosecond, as two numbers. They are cheaper to compare and to pass on than chrono's three; only
/// the two results are converted.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Nanosecond {
    /// Since 1970-01-01T00:00:00Z.
    seconds: i64,
    /// 0 to 999 999 999.
    nanos: u64,
}

impl Nanosecond {
    /// Up to 1 000 000 000 nanoseconds after a second.
    #[inline]
    pub(crate) fn new(seconds: i64, nanos: u32) -> Nanosecond {
        match nanos {
            0..1_000_000_000 => Nanosecond { seconds, nanos: nanos.into() },
            _ => Nanosecond { seconds: seconds + 1, nanos: (nanos - 1_000_000_000).into() },
        }
    }

    pub(crate) fn next(self) -> Nanosecond {
        Nanosecond::new(self.seconds, self.nanos as u32 + 1)
    }

    /// Like [`utc`](Self::utc), but cheaper on this day and the days before and after it: chrono steps
    /// to the next day in less time than it computes a date.
    #[inline]
    pub(crate) fn utc_near(self, day: Option<NaiveDate>) -> DateTime<Utc> {
        let stepped = day.and_then(|day| {
            let passed = self.seconds - day_seconds(day);
            let (day, passed) = match passed {
                ..0 => (day.pred_opt()?, passed + DAY),
                0..DAY => (day, passed),
                DAY.. => (day.succ_opt()?, passed - DAY),
            };
            // Further away there is no such second.
            let second = u32::try_from(passed).ok()?;
            let time = NaiveTime::from_num_seconds_from_midnight_opt(second, self.nanos as u32)?;
            Some(day.and_time(time).and_utc())
        });
        stepped.unwrap_or_else(|| self.utc())
    }

    #[inline]
    pub(crate) fn utc(self) -> DateTime<Utc> {
        // Within the years 0000 to 10000, which chrono's calendar holds.
        DateTime::from_timestamp(self.seconds, self.nanos as u32).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// At the edges of the neighbouring days and of the calendar.
    #[test]
    fn near_a_day_is_the_same_instant() {
        for day in ["0001-01-01", "1969-12-31", "2007-08-05", "2008-02-29", "9999-12-31"] {
            let day: NaiveDate = day.parse().unwrap();
            for days in -3..=3 {
                for seconds in [0, 1, DAY / 2, DAY - 1] {
                    for nanos in [0, 999_999_999] {
                        let instant =
                            Nanosecond::new(day_seconds(day) + days * DAY + seconds, nanos);
                        assert_eq!(instant.utc_near(Some(day)), instant.utc());
                        assert_eq!(instant.utc_near(None), instant.utc());
                    }
                }
            }
        }
    }
}
