//! A fast path for the forms that people and programs write most. All other texts, and wrong ones, are
//! left to the grammar. A property test checks that the two agree.

use chrono::NaiveDate;

use crate::written::{Date, Time, Timed, Written};

/// How a text is encoded.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    /// It is decoded, or was never encoded.
    None,
    /// Percent-encoded, with `+` for itself.
    Percent,
    /// Percent-encoded, with `+` for a space.
    Form,
}

/// Reads a text that is one date. `None` means that the grammar has to decide.
#[inline]
pub(super) fn written(text: &[u8], coding: Coding) -> Option<Written> {
    match first(text, coding) {
        Some((plain, [])) => Some(plain.into()),
        _ => None,
    }
}

/// Reads one date, or two with a comma between them, the second with its length. `None` means that
/// the grammar has to decide.
#[inline]
pub(super) fn one_or_two(
    text: &[u8],
    coding: Coding,
) -> Option<(Written, Option<(Written, usize)>)> {
    match first(text, coding)? {
        (one, []) => Some((one.into(), None)),
        (one, [b',', rest @ ..]) => match first(rest, coding)? {
            (two, []) => Some((one.into(), Some((two.into(), rest.len())))),
            _ => None,
        },
        _ => None,
    }
}

/// One date of these forms: a few numbers, which stay in registers.
#[derive(Clone, Copy)]
struct Plain {
    day: NaiveDate,
    /// Hour, minute, second.
    time: Option<(u32, u32, Option<u32>)>,
    offset_minutes: Option<i16>,
}

impl From<Plain> for Written {
    #[inline(always)]
    fn from(Plain { day, time, offset_minutes }: Plain) -> Written {
        let Some((hour, minute, second)) = time else { return Written::Date(Date::Day(day)) };
        let time = Time {
            hour: hour as u8,
            minute: Some(minute as u8),
            second: second.map(|second| second as u8),
            fraction: None,
        };
        Written::Timed(Timed { day, time, offset_minutes })
    }
}

/// Reads `YYYY-MM-DD` and `YYYYMMDD`, alone or with `T` or a space and `hh:mm`, `hhmm`, `hh:mm:ss`
/// or `hhmmss`, and then nothing, `Z` or `±hh:mm`. Returns the rest of the text too.
#[inline(always)]
fn first(text: &[u8], coding: Coding) -> Option<(Plain, &[u8])> {
    let (year, month, day, rest) = match text {
        [a, b, c, d, b'-', e, f, b'-', g, h, rest @ ..] => {
            (number([*a, *b, *c, *d])?, number([*e, *f])?, number([*g, *h])?, rest)
        }
        [a, b, c, d, e, f, g, h, rest @ ..] => {
            (number([*a, *b, *c, *d])?, number([*e, *f])?, number([*g, *h])?, rest)
        }
        _ => return None,
    };
    if year == 0 {
        return None;
    }
    let day = NaiveDate::from_ymd_opt(year as i32, month, day)?;
    let rest = match rest {
        [] | [b',', ..] => return Some((Plain { day, time: None, offset_minutes: None }, rest)),
        [b'T' | b' ', rest @ ..] => rest,
        [b'%', b'2', b'0', rest @ ..] if coding != Coding::None => rest,
        [b'+', rest @ ..] if coding == Coding::Form => rest,
        _ => return None,
    };
    let (hour, minute, second, rest) = match rest {
        [a, b, b':', c, d, b':', e, f, rest @ ..]
        | [a, b, c @ b'0'..=b'9', d, e @ b'0'..=b'9', f, rest @ ..] => {
            (number([*a, *b])?, number([*c, *d])?, Some(number([*e, *f])?), rest)
        }
        [a, b, b':', c, d, rest @ ..] | [a, b, c, d, rest @ ..] => {
            (number([*a, *b])?, number([*c, *d])?, None, rest)
        }
        _ => return None,
    };
    if hour > 23 || minute > 59 || second.is_some_and(|second| second > 59) {
        return None;
    }
    let (offset_minutes, rest) = offset(rest, coding)?;
    Some((Plain { day, time: Some((hour, minute, second)), offset_minutes }, rest))
}

/// The offset after a time, in minutes, and the rest of the text.
#[inline(always)]
fn offset(text: &[u8], coding: Coding) -> Option<(Option<i16>, &[u8])> {
    // REQ-6: a `+` that stands for a space is read back, since only a sign can stand here.
    let (is_negative, rest) = match text {
        [] | [b',', ..] => return Some((None, text)),
        [b'Z', rest @ ..] => return Some((Some(0), rest)),
        [b'%', b'2', b'B', rest @ ..] if coding != Coding::None => (false, rest),
        [b'+', rest @ ..] => (false, rest),
        [b'-', rest @ ..] => (true, rest),
        _ => return None,
    };
    let [a, b, b':', c, d, rest @ ..] = rest else { return None };
    let (hours, minutes) = (number([*a, *b])?, number([*c, *d])?);
    if hours > 23 || minutes > 59 {
        return None;
    }
    let offset = (hours * 60 + minutes) as i16;
    Some((Some(if is_negative { -offset } else { offset }), rest))
}

/// The value of the digits; `None` if one of the bytes is not a digit.
#[inline(always)]
fn number<const N: usize>(digits: [u8; N]) -> Option<u32> {
    let mut value = 0;
    for digit in digits {
        let digit = digit.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value * 10 + u32::from(digit);
    }
    Some(value)
}
