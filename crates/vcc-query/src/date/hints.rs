//! Guesses at what was meant by a text that is not a date.

use super::error::DateError;
use crate::written::{Date, Time};

pub(super) const DATE: &str = "a date such as 2007-08-05 or a constant such as today-1d";

const QUOTE: &str = "dates stand without quotes";

const DASHES: &str = "the parts of a date are separated by -, as in 2007-08-05";

const COMMA: &str = "the ends of a range are separated by a comma";

const NO_TIME: &str = "a constant takes no time and no offset";

/// The text begins with neither a digit nor `today`.
pub(super) fn no_date(text: &str) -> DateError<'_> {
    let error = DateError::syntax(text, DATE).over(text.len());
    let word = |word: &str| text.eq_ignore_ascii_case(word);
    if word("now") {
        error
            .clause("DATE-11")
            .hint("there is no constant for this moment; today is the day so far and to come")
    } else if word("yesterday") {
        error.clause("DATE-11").hint("yesterday is today-1d")
    } else if word("tomorrow") {
        error.clause("DATE-11").hint("tomorrow is today+1d, written today%2B1d")
    } else if text.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("today")) {
        error.clause("DATE-8").hint("constants are lower-case: today")
    } else if text.is_empty() {
        error.clause("REQ-8")
    } else if text.starts_with(' ') {
        error.over(1).hint("a date has no space before it, and the comma of a range none around it")
    } else if text.starts_with('"') {
        error.over(1).clause("REQ-11").hint(QUOTE)
    } else if text.starts_with(['-', '+']) {
        error.over(1).hint(match text.ends_with('d') {
            true => "days are counted from today, as in today-1d",
            false => "years are 0001 to 9999, without a sign",
        })
    } else {
        error
    }
}

pub(super) fn after_date<'a>(rest: &'a str, date: Date) -> DateError<'a> {
    let expected = match date {
        Date::Day(_) => "the end of the date, or T or a space before a time",
        _ => "the end of the date",
    };
    let error = DateError::syntax(rest, expected);
    match rest.bytes().next() {
        Some(b't') => error.hint("date and time are separated by a capital T"),
        _ if !matches!(date, Date::Day(_)) && are_parts(rest) => error.hint(DASHES),
        Some(b'/') => slash(error),
        Some(b'.' | b';' | b'|' | b'~') => error.hint(COMMA),
        Some(b'"') => error.clause("REQ-11").hint(QUOTE),
        Some(b'Z' | b'z' | b'+' | b'-') => {
            error.hint("only a time has an offset; for a zone use tz=")
        }
        _ => error,
    }
}

/// A time after a date that is longer than a day.
pub(super) fn reduced(rest: &str) -> DateError<'_> {
    DateError::syntax(rest, "the end of the date, since no time can follow it").hint(
        match are_parts(rest) && rest.get(3..).is_some_and(|rest| rest.starts_with(' ')) {
            true => DASHES,
            false => "a time needs a whole day before it, as in 2007-08-05T13:15",
        },
    )
}

/// Whether a month or a day follows, separated by something other than `-`.
fn are_parts(rest: &str) -> bool {
    let is_separator =
        |c: char| matches!(c, '/' | '.' | '_' | ' ' | '\u{2010}'..='\u{2015}' | '\u{2212}');
    let Some(rest) = rest.strip_prefix(is_separator) else { return false };
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    matches!(digits, 1 | 2)
}

/// REQ-6: a space between an hour and what may be minutes or an offset.
pub(super) fn after_hour(rest: &str) -> DateError<'_> {
    DateError::syntax(rest, "the end of the time, : before the minutes, Z, or an offset")
        .clause("REQ-6")
        .hint("minutes follow a colon, as in 13:15; the + of an offset is written %2B")
}

/// REQ-6: no offset follows the space that was read as its sign.
pub(super) fn space_as_sign(error: DateError<'_>) -> DateError<'_> {
    error.hint("a space here is read as the + of an offset, as in 13:15+01:00")
}

pub(super) fn after_time<'a>(rest: &'a str, time: &Time, offset: bool) -> DateError<'a> {
    let expected =
        if offset { "the end of the date" } else { "the end of the time, Z, or an offset" };
    let error = DateError::syntax(rest, expected);
    match rest.bytes().next() {
        // The dialect with `plus = literal` comes here with a space.
        Some(b' ') if !offset && time.minute.is_none() => after_hour(rest),
        Some(b'z') if !offset => error.hint("UTC is a capital Z"),
        Some(b'.') if time.second.is_none() => error.hint("only seconds have fractions"),
        Some(b'/') => slash(error),
        Some(b'"') => error.clause("REQ-11").hint(QUOTE),
        _ => error,
    }
}

/// Something that a constant cannot contain.
pub(super) fn after_today<'a>(rest: &'a str, expected: &'static str) -> DateError<'a> {
    let error = DateError::syntax(rest, expected).clause("DATE-8");
    match rest.bytes().next() {
        Some(b'T' | b' ' | b':' | b'Z') => error.over(rest.len()).hint(NO_TIME),
        Some(b'/') => slash(error),
        Some(b'"') => error.clause("REQ-11").hint(QUOTE),
        _ => error,
    }
}

fn slash(error: DateError<'_>) -> DateError<'_> {
    error.clause("DATE-11").hint(COMMA)
}
