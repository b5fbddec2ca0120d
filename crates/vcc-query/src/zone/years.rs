//! What a yearly rule needs of the calendar: when years begin, and on which day of the week.

/// The seconds of a day.
pub(super) const DAY: i64 = 86_400;

/// After 400 years the calendar repeats, days of the week included.
const CYCLE: i64 = 146_097 * DAY;

/// How many different years there are: seven first weekdays, common or leap.
pub(super) const KINDS: usize = 14;

/// 1970 to 2370, each as the day on which it begins, counted from 1970-01-01, times 16, plus its kind.
static YEARS: [u32; 401] = {
    let mut years = [0; 401];
    let (mut i, mut day) = (0, 0);
    while i < 401 {
        let year = 1970 + i as u32;
        let is_leap = year.is_multiple_of(4) && !year.is_multiple_of(100) || year == 2000;
        // 1970-01-01 was a Thursday.
        years[i] = (day << 4) | ((day + 4) % 7 * 2) | is_leap as u32;
        day += 365 + is_leap as u32;
        i += 1;
    }
    years
};

/// One of the 400 years after which the calendar repeats.
#[derive(Clone, Copy)]
pub(super) struct Year(usize);

impl Year {
    /// The year that an instant is in, in UTC, and how many seconds of it have passed.
    #[inline]
    pub(super) fn of(at: i64) -> (Year, i64) {
        const AVERAGE: u64 = (CYCLE / 400) as u64;
        // No year begins so much later than it would if all years had the average length.
        const LATE: u64 = 3 * DAY as u64;
        let at = if (0..CYCLE).contains(&at) { at } else { at.rem_euclid(CYCLE) };
        let guess = Year(((at as u64).saturating_sub(LATE) / AVERAGE) as usize);
        let year = if at >= guess.next().start() { guess.next() } else { guess };
        (year, at - year.start())
    }

    /// Seconds from 1970-01-01 of its cycle.
    #[inline]
    fn start(self) -> i64 {
        i64::from(YEARS[self.0] >> 4) * DAY
    }

    #[inline]
    pub(super) fn next(self) -> Year {
        Year(self.0 + 1)
    }

    #[inline]
    pub(super) fn kind(self) -> Kind {
        Kind((YEARS[self.0] & 15) as u8)
    }

    /// The year this many years later, and the seconds between the beginnings of the two.
    pub(super) fn step(self, years: isize) -> (Year, i64) {
        let index = self.0 as isize + years;
        let other = Year(index.rem_euclid(400) as usize);
        let cycles = index.div_euclid(400) as i64;
        (other, other.start() + cycles * CYCLE - self.start())
    }
}

/// The first weekday and the length: all that the dates of a yearly rule depend on.
#[derive(Clone, Copy)]
pub(super) struct Kind(u8);

impl Kind {
    pub(super) fn all() -> impl Iterator<Item = Kind> {
        (0..KINDS as u8).map(Kind)
    }

    #[inline]
    pub(super) fn index(self) -> usize {
        usize::from(self.0)
    }

    pub(super) fn is_leap(self) -> bool {
        self.0 & 1 == 1
    }

    /// The day of the week of 1 January; 0 is Sunday.
    pub(super) fn first_weekday(self) -> i32 {
        i32::from(self.0 >> 1)
    }

    #[inline]
    pub(super) fn seconds(self) -> i64 {
        (365 + i64::from(self.0 & 1)) * DAY
    }
}
