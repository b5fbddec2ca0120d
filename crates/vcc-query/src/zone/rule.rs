use super::Stretch;
use super::years::{KINDS, Kind, Year};

/// What holds after the last change that a zone's data lists: standard time and daylight saving time
/// in turn, on the same dates each year, for ever.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    /// The two changes of a year of each kind, the earlier one first.
    years: [[Change; 2]; KINDS],
    /// Whether both changes lie in their year, in the same order in all years. That is true for every
    /// rule in force, but the format allows others.
    is_plain: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct Change {
    /// Seconds after the year's 1 January 00:00 in UTC.
    at: i32,
    /// The offset from then on.
    offset: i32,
}

/// The day and the time of a yearly change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Yearly {
    pub(super) day: Day,
    /// Seconds after 00:00 of that day on the clock as it runs before the change; from −167 hours to
    /// 167 hours.
    pub(super) time: i32,
}

/// A day of any year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Day {
    /// `Jn`, 1 to 365: 29 February is not counted.
    Julian(u16),
    /// `n`, 0 to 365: 29 February is counted.
    Counted(u16),
    /// `Mm.w.d`: in month m (1 to 12), the w-th (1 to 5, where 5 is the last) of the weekday d (0 to 6,
    /// where 0 is Sunday).
    Weekday(u8, u8, u8),
}

impl Rule {
    /// Daylight saving time, with its offset, from `start` to `end`.
    pub(super) fn new(standard: i32, saving: i32, start: Yearly, end: Yearly) -> Rule {
        let mut years = [[Change::default(); 2]; KINDS];
        for kind in Kind::all() {
            let start = Change { at: start.seconds(kind) - standard, offset: saving };
            let end = Change { at: end.seconds(kind) - saving, offset: standard };
            years[kind.index()] = if end.at < start.at { [end, start] } else { [start, end] };
        }
        let is_plain = Kind::all().all(|kind| {
            let [first, last] = years[kind.index()];
            0 <= first.at
                && first.at < last.at
                && i64::from(last.at) < kind.seconds()
                && first.offset == years[0][0].offset
        });
        Rule { years, is_plain }
    }

    #[cfg(test)]
    pub(super) fn is_plain(&self) -> bool {
        self.is_plain
    }

    #[inline]
    pub(super) fn stretch(&self, at: i64) -> Stretch {
        let (year, passed) = Year::of(at);
        if !self.is_plain {
            return self.search(year, passed, at);
        }
        let [first, last] = self.years[year.kind().index()];
        let (offset, end) = if passed < i64::from(first.at) {
            (last.offset, i64::from(first.at))
        } else if passed < i64::from(last.at) {
            (first.offset, i64::from(last.at))
        } else {
            let [next, _] = self.years[year.next().kind().index()];
            (last.offset, year.kind().seconds() + i64::from(next.at))
        };
        Stretch { offset, until: at.saturating_add(end - passed) }
    }

    /// Changes may lie up to nine days outside their year. The latest one before an instant is then
    /// of the two years before, of its own or of the next; of changes at one instant that of the later
    /// year counts, and in a year the later one.
    #[cold]
    fn search(&self, year: Year, passed: i64, at: i64) -> Stretch {
        let mut before = (i64::MIN, 0);
        let mut after = year.kind().seconds();
        for years in -2..=1 {
            let (other, distance) = year.step(years);
            for change in self.years[other.kind().index()] {
                let time = distance + i64::from(change.at);
                if time > passed {
                    after = after.min(time);
                } else if time >= before.0 {
                    before = (time, change.offset);
                }
            }
        }
        Stretch { offset: before.1, until: at.saturating_add(after - passed) }
    }
}

impl Yearly {
    /// Seconds from the beginning of a year of this kind, on the clock.
    fn seconds(self, kind: Kind) -> i32 {
        self.day.of(kind) * 86_400 + self.time
    }
}

impl Day {
    /// The day of the year, 0 for 1 January; 365 is the first day of the next in a common year.
    fn of(self, kind: Kind) -> i32 {
        let leap = i32::from(kind.is_leap());
        match self {
            Day::Julian(day) => i32::from(day) - 1 + if day > 59 { leap } else { 0 },
            Day::Counted(day) => i32::from(day),
            Day::Weekday(month, week, weekday) => {
                let mut lengths =
                    [31, 28 + leap, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31].into_iter();
                let first: i32 = lengths.by_ref().take(usize::from(month) - 1).sum();
                let length = lengths.next().unwrap_or(31);
                let ahead = (i32::from(weekday) - kind.first_weekday() - first).rem_euclid(7);
                let day = ahead + 7 * (i32::from(week) - 1);
                first + if day < length { day } else { day - 7 }
            }
        }
    }
}
