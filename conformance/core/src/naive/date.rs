use super::{Nanos, SECOND};

/// A date as it was written, read without a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// `today`, and the number of days from it.
    Today {
        /// Negative for days gone by.
        shift: i64,
        /// Whether a `+` was written.
        ahead: bool,
    },
    /// A date or a date with a time.
    Text {
        /// What a wall clock shows at its start.
        local: Nanos,
        /// What a wall clock shows at the start of the next text of the same precision.
        next: Nanos,
        /// Whether it has a time.
        timed: bool,
        /// Its offset from UTC in nanoseconds, if it has one.
        offset: Option<Nanos>,
        /// Whether its time is 24:00.
        midnight_after: bool,
    },
}

const DAY: Nanos = 86_400 * SECOND;

/// Days from 1970-01-01, counted year by year, month by month.
pub(super) fn days(year: i64, month: i64, day: i64) -> i64 {
    let years: i64 = (1..year).map(|year| 365 + i64::from(leap(year))).sum();
    let months: i64 = (1..month).map(|month| month_length(year, month)).sum();
    years + months + day - 1 - 719_162
}

fn leap(year: i64) -> bool {
    (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
}

fn month_length(year: i64, month: i64) -> i64 {
    match month {
        2 => 28 + i64::from(leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Monday is 1.
fn weekday(days: i64) -> i64 {
    (days + 3).rem_euclid(7) + 1
}

/// The Monday of week 1, the week that holds 4 January.
fn first_monday(year: i64) -> i64 {
    let fourth = days(year, 1, 4);
    fourth - weekday(fourth) + 1
}

/// Reads a date, a date with a time, or a constant. `plain` is the same text with every `+` as it
/// was written.
pub(super) fn read(text: &str, plain: &str) -> Result<Written, String> {
    let error = || format!("{text:?} is not a date");
    if let Some(rest) = text.strip_prefix("today") {
        return constant(rest).ok_or_else(error);
    }
    let at = text.find(['T', ' ']);
    let (date, time) = match at {
        // The W of a week is no separator, and a date has none before its time.
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let (first, last, unit) = read_date(date).ok_or_else(error)?;
    let local = Nanos::from(first) * DAY;
    let Some(time) = time else {
        let next = Nanos::from(last) * DAY;
        return Ok(Written::Text {
            local,
            next,
            timed: false,
            offset: None,
            midnight_after: false,
        });
    };
    if unit != "day" {
        return Err(error());
    }
    let at = time.find(['Z', '+', '-', ' ']).unwrap_or(time.len());
    // REQ-6c: after a bare hour, a space that was written as one begins minutes, not an offset.
    let written = plain.as_bytes().get(text.len() - time.len() + at);
    if at == 2 && written == Some(&b' ') {
        return Err(error());
    }
    let offset = read_offset(&time[at..]).ok_or_else(error)?;
    let (since_midnight, precision) = read_time(&time[..at]).ok_or_else(error)?;
    let local = local + since_midnight;
    Ok(Written::Text {
        local,
        next: local + precision,
        timed: true,
        offset,
        midnight_after: since_midnight == DAY && time.starts_with("24"),
    })
}

fn constant(rest: &str) -> Option<Written> {
    if rest.is_empty() {
        return Some(Written::Today { shift: 0, ahead: false });
    }
    // REQ-6b: only a sign can stand here.
    let (sign, rest) = match rest.split_at_checked(1)? {
        ("-", rest) => (-1, rest),
        ("+" | " ", rest) => (1, rest),
        _ => return None,
    };
    let number = digits(rest.strip_suffix('d')?)?;
    Some(Written::Today { shift: sign * number, ahead: sign > 0 })
}

/// The number that these ASCII digits write.
fn digits(text: &str) -> Option<i64> {
    let fits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    fits.then(|| text.parse().ok()).flatten()
}

fn number(text: &str, length: usize) -> Option<i64> {
    (text.len() == length).then(|| digits(text)).flatten()
}

/// The first day, the first day of the next period, and the unit.
fn read_date(text: &str) -> Option<(i64, i64, &'static str)> {
    if !text.is_ascii() {
        return None;
    }
    let year = number(text.get(..4)?, 4).filter(|year| *year >= 1)?;
    let rest = &text[4..];
    let day = |days: i64| Some((days, days + 1, "day"));
    let month_day = |month: &str, of: &str| {
        let month = number(month, 2).filter(|month| (1..=12).contains(month))?;
        let of = number(of, 2).filter(|day| (1..=month_length(year, month)).contains(day))?;
        day(days(year, month, of))
    };
    let ordinal = |of: &str| {
        let of = number(of, 3).filter(|day| (1..=365 + i64::from(leap(year))).contains(day))?;
        day(days(year, 1, 1) + of - 1)
    };
    let week = |week: &str| {
        let weeks = (first_monday(year + 1) - first_monday(year)) / 7;
        let week = number(week, 2).filter(|week| (1..=weeks).contains(week))?;
        Some(first_monday(year) + 7 * (week - 1))
    };
    let week_day = |number_of_week: &str, of: &str| {
        let of = number(of, 1).filter(|day| (1..=7).contains(day))?;
        day(week(number_of_week)? + of - 1)
    };
    let parts: Vec<&str> = rest.split('-').collect();
    match parts[..] {
        [""] => Some((days(year, 1, 1), days(year + 1, 1, 1), "year")),
        ["", w] if w.len() == 3 && w.starts_with('W') => {
            week(&w[1..]).map(|monday| (monday, monday + 7, "week"))
        }
        ["", w, of] if w.starts_with('W') => week_day(&w[1..], of),
        ["", of] if of.len() == 3 => ordinal(of),
        ["", month] => {
            let month = number(month, 2).filter(|month| (1..=12).contains(month))?;
            let first = days(year, month, 1);
            Some((first, first + month_length(year, month), "month"))
        }
        ["", month, of] => month_day(month, of),
        [basic] if basic.starts_with('W') => match basic.len() {
            3 => week(&basic[1..]).map(|monday| (monday, monday + 7, "week")),
            4 => week_day(&basic[1..3], &basic[3..]),
            _ => None,
        },
        [basic] if basic.len() == 4 => month_day(&basic[..2], &basic[2..]),
        [basic] if basic.len() == 3 => ordinal(basic),
        _ => None,
    }
}

/// Nanoseconds since midnight, and the length of the precision.
fn read_time(text: &str) -> Option<(Nanos, Nanos)> {
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text, None),
    };
    if !whole.is_ascii() {
        return None;
    }
    let parts: Vec<&str> = match whole.contains(':') {
        true => whole.split(':').collect(),
        false => {
            (0..whole.len()).step_by(2).map(|at| whole.get(at..at + 2).unwrap_or("")).collect()
        }
    };
    let mut numbers = Vec::new();
    for part in &parts {
        numbers.push(number(part, 2)?);
    }
    let (hour, minute, second) = match numbers[..] {
        [hour] => (hour, 0, 0),
        [hour, minute] => (hour, minute, 0),
        [hour, minute, second] => (hour, minute, second),
        _ => return None,
    };
    let ends_the_day = hour == 24 && minute == 0 && second == 0;
    if (hour > 23 && !ends_the_day) || minute > 59 || second > 60 {
        return None;
    }
    // DATE-14: second 60 is the text of the next minute, and is looked for on the wall clock as such.
    let mut since = Nanos::from(hour * 3600 + minute * 60 + second) * SECOND;
    let mut precision = SECOND * [3600, 60, 1][numbers.len() - 1];
    if let Some(fraction) = fraction {
        let written = !fraction.is_empty() && fraction.bytes().all(|byte| byte.is_ascii_digit());
        if numbers.len() != 3
            || !written
            || (hour == 24 && fraction.bytes().any(|byte| byte != b'0'))
        {
            return None;
        }
        for digit in fraction.bytes().take(9) {
            precision /= 10;
            since += Nanos::from(digit - b'0') * precision;
        }
        // Finer than a nanosecond: the first nanosecond in the period, and the first after it.
        if fraction.len() > 9 {
            let begun = fraction.bytes().skip(9).any(|digit| digit != b'0');
            precision = Nanos::from(!begun);
            since += Nanos::from(begun);
        }
    }
    Some((since, precision))
}

/// `Some(None)` where nothing is written.
fn read_offset(text: &str) -> Option<Option<Nanos>> {
    if text.is_empty() {
        return Some(None);
    }
    if text == "Z" {
        return Some(Some(0));
    }
    // REQ-6b: only a sign can stand here.
    let (sign, rest) = match text.split_at_checked(1)? {
        ("-", rest) => (-1, rest),
        ("+" | " ", rest) => (1, rest),
        _ => return None,
    };
    if !rest.is_ascii() {
        return None;
    }
    let (hours, minutes) = match rest.len() {
        2 => (rest, "00"),
        4 => rest.split_at(2),
        5 => rest.split_once(':')?,
        _ => return None,
    };
    let hours = number(hours, 2).filter(|hours| *hours <= 23)?;
    let minutes = number(minutes, 2).filter(|minutes| *minutes <= 59)?;
    Some(Some(Nanos::from(sign * (hours * 3600 + minutes * 60)) * SECOND))
}
