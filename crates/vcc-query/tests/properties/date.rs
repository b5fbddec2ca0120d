//! ISO 8601 once more, written another way, by the shape of the text: an independent check of the grammar,
//! the calendar and the period that a text names.

use chrono::{DateTime, Utc};
use vcc_query::{Context, Dialect, Query, Written, Zone};

/// `d=TEXT` in UTC: accepted by both or by neither, and the same period.
pub(crate) fn date(text: &[u8]) {
    let Ok(text) = core::str::from_utf8(text) else { return };
    if text.starts_with("today") {
        return constant(text);
    }
    let expected = naive(text);
    let parsed = text.parse::<Written>();
    assert_eq!(parsed.is_ok(), expected.is_some(), "{text:?}: {parsed:?}");
    let (Ok(written), Some(expected)) = (parsed, expected) else { return };

    let printed = written.to_string();
    assert_eq!(printed.parse::<Written>().as_ref(), Ok(&written), "{printed}");
    let Ok(query) = Query::builder().d(written).build() else {
        assert!(expected.is_end_of_day, "{text}");
        return;
    };
    let now = DateTime::<Utc>::UNIX_EPOCH;
    let context = Context { now, tenant_tz: Zone::UTC, dialect: Dialect::default() };
    let window = query.resolve(&context).unwrap().window.unwrap();
    let nanos = |instant: DateTime<Utc>| {
        i128::from(instant.timestamp()) * 1_000_000_000
            + i128::from(instant.timestamp_subsec_nanos())
    };
    assert_eq!(
        (nanos(window.from), nanos(window.until)),
        (expected.from, expected.until),
        "{text}"
    );
}

/// `today`, or a number of days from it within the calendar.
fn constant(text: &str) {
    let sign = |rest: &str| rest.strip_prefix('+').map(|days| (1, days.to_owned()));
    let days = text.strip_prefix("today").and_then(|rest| {
        if rest.is_empty() {
            return Some(0);
        }
        let (sign, days) =
            sign(rest).or_else(|| rest.strip_prefix('-').map(|days| (-1, days.to_owned())))?;
        let days = days.strip_suffix('d')?;
        let digits = !days.is_empty() && days.bytes().all(|byte| byte.is_ascii_digit());
        let days = digits.then(|| format!("{days:0>8}"))?;
        let (high, low) = days.split_at(days.len() - 8);
        let days: i32 = low.parse().ok()?;
        (high.bytes().all(|byte| byte == b'0') && days < 3_652_059).then_some(sign * days)
    });
    assert_eq!(text.parse::<Written>().ok(), days.map(Written::Today), "{text}");
}

/// A period in nanoseconds since 1970, the ends rounded up.
struct Period {
    from: i128,
    until: i128,
    is_end_of_day: bool,
}

const SECOND: i128 = 1_000_000_000;
const DAY: i128 = 86_400 * SECOND;

fn naive(text: &str) -> Option<Period> {
    if !text.is_ascii() {
        return None;
    }
    let (date, rest) = match text.find(['T', ' ']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let (first, days) = day(date)?;
    let Some(rest) = rest else {
        return Some(Period {
            from: first * DAY,
            until: (first + days) * DAY,
            is_end_of_day: false,
        });
    };
    // Only a whole day can have a time.
    if !matches!(
        shape(date).as_str(),
        "9999-99-99" | "99999999" | "9999-999" | "9999999" | "9999-W99-9" | "9999W999"
    ) {
        return None;
    }
    let at = rest.find(['Z', '+', '-']).unwrap_or(rest.len());
    let (time, offset) = (&rest[..at], &rest[at..]);
    let (clock, fraction) = match time.split_once('.') {
        Some((clock, fraction)) => (clock, Some(fraction)),
        None => (time, None),
    };
    let numbers = digits(clock);
    let unit = match shape(clock).as_str() {
        "99" => 3600 * SECOND,
        "99:99" | "9999" => 60 * SECOND,
        "99:99:99" | "999999" => SECOND,
        _ => return None,
    };
    let part = |index: usize| numbers.get(2 * index..2 * index + 2).map_or(0, number);
    let (hour, minute, second) = (part(0), part(1), part(2));
    if hour > 24 || minute > 59 || second > 60 {
        return None;
    }
    let (mut nanos, mut exact, mut unit) = (0, true, unit);
    if let Some(fraction) = fraction {
        let all_digits = fraction.bytes().all(|byte| byte.is_ascii_digit());
        if unit != SECOND || fraction.is_empty() || !all_digits {
            return None;
        }
        let first = &fraction[..fraction.len().min(9)];
        unit = 10_i128.pow(9 - first.len() as u32);
        nanos = number(first) * unit;
        if fraction.len() > 9 {
            exact = fraction[9..].bytes().all(|byte| byte == b'0');
            unit = 0;
        }
    }
    let of_day = (hour * 3600 + minute * 60 + second) * SECOND + nanos;
    if hour == 24 && (of_day != DAY || !exact) {
        return None;
    }
    let sign = match offset.chars().next() {
        Some('-') => -1,
        _ => 1,
    };
    let offset = match (shape(offset).as_str(), digits(offset)) {
        ("" | "Z", _) => 0,
        ("+99" | "-99" | "+9999" | "-9999" | "+99:99" | "-99:99", digits) => {
            let (hours, minutes) = (number(&digits[..2]), number(&format!("0{}", &digits[2..])));
            if hours > 23 || minutes > 59 {
                return None;
            }
            sign * (hours * 3600 + minutes * 60) * SECOND
        }
        _ => return None,
    };
    let from = first * DAY + of_day - offset;
    // A unit of less than a nanosecond: the end rounds up to the next one.
    let until = if unit == 0 { from + 1 } else { from + unit };
    Some(Period { from: if exact { from } else { from + 1 }, until, is_end_of_day: hour == 24 })
}

/// The first day of a date, since 1970, and how many days it has.
fn day(text: &str) -> Option<(i128, i128)> {
    let shape = shape(text);
    let numbers = digits(text);
    let year = number(numbers.get(..4)?);
    if year == 0 {
        return None;
    }
    let january = days_before(year);
    let length = 365 + i128::from(is_leap(year));
    match shape.as_str() {
        "9999" => Some((january, length)),
        "9999-99" | "9999-99-99" | "99999999" => {
            let month = number(&numbers[4..6]);
            if !(1..=12).contains(&month) {
                return None;
            }
            let first = january + (1..month).map(|month| month_length(year, month)).sum::<i128>();
            let length = month_length(year, month);
            match numbers.get(6..).filter(|day| !day.is_empty()).map(number) {
                None => Some((first, length)),
                Some(day) => (1..=length).contains(&day).then_some((first + day - 1, 1)),
            }
        }
        "9999-999" | "9999999" => {
            let day = number(&numbers[4..]);
            (1..=length).contains(&day).then_some((january + day - 1, 1))
        }
        "9999-W99" | "9999W99" | "9999-W99-9" | "9999W999" => {
            let week = number(&numbers[4..6]);
            let monday = week_one(year) + (week - 1) * 7;
            if week == 0 || monday >= week_one(year + 1) {
                return None;
            }
            match numbers.get(6..).filter(|day| !day.is_empty()).map(number) {
                None => Some((monday, 7)),
                Some(day) if (1..=7).contains(&day) => {
                    let first = monday + day - 1;
                    (first < days_before(10_000)).then_some((first, 1))
                }
                Some(_) => None,
            }
        }
        _ => None,
    }
}

/// The text with each digit as 9.
fn shape(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_digit() { '9' } else { c }).collect()
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

fn number(digits: &str) -> i128 {
    digits.parse().unwrap()
}

fn is_leap(year: i128) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn month_length(year: i128, month: i128) -> i128 {
    match month {
        2 => 28 + i128::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The days from 1970-01-01 to the first of January.
fn days_before(year: i128) -> i128 {
    let years = year - 1;
    365 * years + years / 4 - years / 100 + years / 400 - 719_162
}

/// The Monday of the week with the fourth of January.
fn week_one(year: i128) -> i128 {
    let fourth = days_before(year) + 3;
    // 1970-01-01 was a Thursday.
    fourth - (fourth + 3).rem_euclid(7)
}
