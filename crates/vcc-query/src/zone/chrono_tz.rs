use ::chrono_tz::{IANA_TZDB_VERSION, TZ_VARIANTS, Tz};
use chrono::{DateTime, Datelike, NaiveDate, Offset, TimeZone};

use super::{Stretch, Zone, ZoneData, ZoneRules};

/// The database of `chrono-tz` (feature `chrono-tz`): a second source of rules, for programs that
/// must agree with others that use it. It may be of an older release than [`BuiltIn`](crate::BuiltIn).
///
/// ```
/// use vcc_query::{ChronoTz, Parser, ZoneData};
///
/// let query = Parser::builder().zones(&ChronoTz).build().parse("d=2024-07-01&tz=Europe/Kyiv")?;
/// assert_eq!(query.tz().unwrap().name(), "Europe/Kyiv");
/// assert!(ChronoTz.version() >= Some("2025b"));
/// # Ok::<(), vcc_query::QueryError>(())
/// ```
///
/// It lists no changes from 2100 on; from then on the rules of its last twelve years are repeated.
#[derive(Clone, Copy, Debug, Default)]
pub struct ChronoTz;

impl ZoneData for ChronoTz {
    fn version(&self) -> Option<&str> {
        Some(IANA_TZDB_VERSION)
    }

    fn zone(&self, name: &str) -> Option<Zone> {
        let tz: Tz = name.parse().ok()?;
        RULES
            .get(TZ_VARIANTS.iter().position(|other| *other == tz)?)
            .map(|rules| Zone::from_rules(rules))
    }
}

/// The rules of each of `TZ_VARIANTS`.
static RULES: [TzRules; TZ_VARIANTS.len()] = {
    let mut rules = [TzRules(Tz::UTC); TZ_VARIANTS.len()];
    let mut i = 0;
    while i < rules.len() {
        rules[i] = TzRules(TZ_VARIANTS[i]);
        i += 1;
    }
    rules
};

#[derive(Clone, Copy, Debug)]
struct TzRules(Tz);

impl ZoneRules for TzRules {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn stretch(&self, at: i64) -> Stretch {
        stretch(self.0, at)
    }
}

/// How far a stretch looks ahead, in seconds. Two days cover every local text that could be meant
/// from a day before it on. `chrono-tz` tells an offset at an instant but not when it changes, so a
/// change is searched for between two instants, which finds it as long as there is only one: in no
/// zone do two changes come closer than six days (a test compares all zones with jiff's list).
const AHEAD: i64 = 2 * 86_400;

/// 2100-01-01T00:00:00Z: from here on `chrono-tz` has no changes.
pub(super) const TABLE_END: i64 = 4_102_444_800;

/// The years of the table that stand for those after it. The rules that follow no formula (Ramadan
/// in Morocco and Palestine) end in 2087. Twelve years in a row have every month begin on every day
/// of the week.
const LAST_YEARS: core::ops::Range<i32> = 2088..2100;

/// The offset at an instant, and how long it surely holds.
fn stretch(tz: Tz, at: i64) -> Stretch {
    if at < TABLE_END {
        return table_stretch(tz, at, TABLE_END.min(at + AHEAD));
    }
    let (shift, month_end) = beyond(at);
    let at = at - shift;
    let stretch = table_stretch(tz, at, month_end.min(at + AHEAD));
    Stretch { until: stretch.until + shift, ..stretch }
}

/// The offset at `at`, and the first change after it, or `end` if there is no change before that.
fn table_stretch(tz: Tz, at: i64, end: i64) -> Stretch {
    let offset = table_offset(tz, at);
    if table_offset(tz, end - 1) == offset {
        return Stretch { offset, until: end };
    }
    let (mut same, mut other) = (at, end - 1);
    while other - same > 1 {
        let middle = same + (other - same) / 2;
        if table_offset(tz, middle) == offset {
            same = middle;
        } else {
            other = middle;
        }
    }
    Stretch { offset, until: other }
}

fn table_offset(tz: Tz, at: i64) -> i32 {
    // Instants beyond chrono's calendar, far outside the years of this crate, read as its epoch.
    let utc = DateTime::from_timestamp(at, 0).unwrap_or_default().naive_utc();
    tz.offset_from_utc_datetime(&utc).fix().local_minus_utc()
}

/// For an instant after the table: how far to go back to a month of the table's last years that begins
/// on the same day of the week, and where that month ends.
///
/// Rules such as "the last Sunday of March" fall on the same dates in both, so those years stand
/// for all that come (DATE-13). No rule in force falls in February, whose length differs.
fn beyond(at: i64) -> (i64, i64) {
    let (year, month) = DateTime::from_timestamp(at, 0)
        .map_or((LAST_YEARS.start, 1), |instant| (instant.year(), instant.month()));
    let start = month_start(year, month);
    let length = month_start(year, month + 1) - start;
    let same_weekday = |year: &i32| (start - month_start(*year, month)) % (7 * 86_400) == 0;
    let same_length =
        |year: &i32| month_start(*year, month + 1) - month_start(*year, month) == length;
    let stands_for =
        LAST_YEARS.filter(same_weekday).max_by_key(same_length).unwrap_or(LAST_YEARS.end - 1);
    let shift = start - month_start(stands_for, month);
    (shift, start + length - shift)
}

/// The first second of a month in UTC; month 13 is the January after.
fn month_start(year: i32, month: u32) -> i64 {
    let (year, month) = if month == 13 { (year + 1, 1) } else { (year, month) };
    NaiveDate::from_ymd_opt(year, month, 1)
        .map_or(0, |day| i64::from(day.num_days_from_ce() - 719_163) * 86_400)
}
