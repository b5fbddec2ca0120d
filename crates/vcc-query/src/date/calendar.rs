//! Days and longer periods.

use chrono::{Datelike, NaiveDate, Weekday};
use nom::Parser;
use nom::bytes::complete::{take_while, take_while_m_n};
use nom::character::complete::char;
use nom::combinator::{opt, peek};

use super::digits::{Parsed, failure, is_digit, number, two_digits};
use super::error::DateError;
use crate::QueryErrorKind;
use crate::written::Date;

/// `date = year [ "-" ( week-extended / ordinal / calendar-extended ) / week-basic / ordinal
///         / calendar-basic ]`
pub(super) fn date(text: &str) -> Parsed<'_, Date> {
    let (rest, year) = year(text)?;
    if let Some(rest) = rest.strip_prefix('-') {
        let (_, digits) = peek(take_while(is_digit)).parse(rest)?;
        return match digits.len() {
            0 if rest.starts_with('W') => week_extended(rest, year),
            2 => calendar_extended(rest, year),
            3 => ordinal(rest, year),
            0 => failure(DateError::syntax(
                rest,
                "a month of two digits, a week such as W31, or a day of the year of three digits",
            )),
            1 => failure(
                DateError::syntax(rest, "a month of two digits")
                    .over(1)
                    .hint("write 08, not 8: 2007-08-05"),
            ),
            length => failure(
                DateError::syntax(rest, "a month of two digits or a day of the year of three")
                    .over(length)
                    .hint("either 2007-08-05 or 20070805"),
            ),
        };
    }
    if rest.starts_with('W') {
        return week_basic(rest, year);
    }
    let (_, digits) = peek(take_while(is_digit)).parse(rest)?;
    match digits.len() {
        1.. if rest[digits.len()..].starts_with('-') => failure(DateError {
            kind: QueryErrorKind::Calendar,
            ..DateError::syntax(text, "a year from 0001 to 9999").over(4 + digits.len())
        }),
        0 => Ok((rest, Date::Year(year))),
        3 => ordinal(rest, year),
        4 => calendar_basic(rest, year),
        2 => failure(
            DateError::syntax(text, "a date")
                .over(6)
                .hint("a month is written 2007-08, since 200708 could also be 2020-07-08"),
        ),
        length => failure(
            DateError::syntax(
                rest,
                "a month and a day of two digits each, or a day of the year of three",
            )
            .over(length),
        ),
    }
}

/// `year = 4DIGIT`, 0001 to 9999
fn year(text: &str) -> Parsed<'_, i32> {
    let (_, digits) = peek(take_while(is_digit)).parse(text)?;
    if digits.len() < 4 {
        return failure(
            DateError::syntax(text, "a year of four digits")
                .over(digits.len())
                .hint("dates are written year first, as in 2007-08-05"),
        );
    }
    let (rest, digits) = take_while_m_n(4, 4, is_digit).parse(text)?;
    match number(digits) {
        0 => failure(DateError {
            kind: QueryErrorKind::Calendar,
            ..DateError::impossible(text, 4, "a year from 0001 to 9999").clause("DATE-6")
        }),
        year => Ok((rest, year as i32)),
    }
}

/// `calendar-extended = month [ "-" day ]`
fn calendar_extended(text: &str, year: i32) -> Parsed<'_, Date> {
    let (rest, month) = month(text)?;
    let (rest, dash) = opt(char('-')).parse(rest)?;
    if dash.is_none() {
        return Ok((rest, Date::Month(year, month)));
    }
    let (rest, day) = day(rest, year, month)?;
    Ok((rest, Date::Day(day)))
}

/// `calendar-basic = month day`
fn calendar_basic(text: &str, year: i32) -> Parsed<'_, Date> {
    let (rest, month) = month(text)?;
    let (rest, day) = day(rest, year, month)?;
    Ok((rest, Date::Day(day)))
}

/// `month = 2DIGIT`, 01 to 12
fn month(text: &str) -> Parsed<'_, u32> {
    within(text, "a month", 12)
}

/// `day = 2DIGIT`, 01 to the length of the month
fn day(text: &str, year: i32, month: u32) -> Parsed<'_, NaiveDate> {
    let (rest, day) = two_digits(text, "a day of two digits")?;
    match NaiveDate::from_ymd_opt(year, month, day) {
        Some(day) => Ok((rest, day)),
        None => {
            let last =
                Date::Month(year, month).next_first_day().pred_opt().map_or(31, |last| last.day());
            failure(DateError::impossible(
                text,
                2,
                format!("a day of {year:04}-{month:02} from 01 to {last}"),
            ))
        }
    }
}

/// `ordinal = 3DIGIT`, 001 to 365 or 366
fn ordinal(text: &str, year: i32) -> Parsed<'_, Date> {
    let (rest, digits) = take_while_m_n(3, 3, is_digit).parse(text)?;
    match NaiveDate::from_yo_opt(year, number(digits)) {
        Some(day) => Ok((rest, Date::Day(day))),
        None => {
            let last = if Date::Year(year).first_day().leap_year() { 366 } else { 365 };
            failure(DateError::impossible(
                text,
                3,
                format!("a day of {year:04} from 001 to {last}"),
            ))
        }
    }
}

/// `week-extended = "W" week [ "-" weekday ]`
fn week_extended(text: &str, year: i32) -> Parsed<'_, Date> {
    let (rest, week) = week(text, year)?;
    let (rest, dash) = opt(char('-')).parse(rest)?;
    if dash.is_some() {
        return weekday(rest, year, week);
    }
    if rest.starts_with(|c: char| c.is_ascii_digit()) {
        return failure(
            DateError::syntax(rest, "- before the day of the week")
                .hint("either 2007-W31-7 or 2007W317"),
        );
    }
    Ok((rest, Date::Week(year, week)))
}

/// `week-basic = "W" week [ weekday ]`
fn week_basic(text: &str, year: i32) -> Parsed<'_, Date> {
    let (rest, week) = week(text, year)?;
    match rest.bytes().next() {
        Some(b'0'..=b'9') => weekday(rest, year, week),
        Some(b'-') => failure(
            DateError::syntax(rest, "a day of the week without - before it")
                .hint("either 2007-W31-7 or 2007W317"),
        ),
        _ => Ok((rest, Date::Week(year, week))),
    }
}

/// `week = 2DIGIT`, 01 to 52 or 53
fn week(text: &str, year: i32) -> Parsed<'_, u32> {
    let (text, _) = char('W').parse(text)?;
    let (rest, week) = two_digits(text, "a week of two digits")?;
    match NaiveDate::from_isoywd_opt(year, week, Weekday::Mon) {
        Some(_) => Ok((rest, week)),
        None => {
            let last =
                if NaiveDate::from_isoywd_opt(year, 53, Weekday::Mon).is_some() { 53 } else { 52 };
            failure(DateError::impossible(
                text,
                2,
                format!("a week of {year:04} from 01 to {last}"),
            ))
        }
    }
}

/// `weekday = DIGIT`, 1 (Monday) to 7 (Sunday)
fn weekday(text: &str, year: i32, week: u32) -> Parsed<'_, Date> {
    const EXPECTED: &str = "a day of the week from 1 (Monday) to 7 (Sunday)";
    let (rest, digit) = match text.bytes().next() {
        Some(digit @ b'1'..=b'7') => (&text[1..], digit),
        Some(b'0' | b'8' | b'9') => return failure(DateError::impossible(text, 1, EXPECTED)),
        _ => return failure(DateError::syntax(text, EXPECTED)),
    };
    let weekday = Weekday::try_from(digit - b'1').unwrap_or(Weekday::Mon);
    match NaiveDate::from_isoywd_opt(year, week, weekday) {
        Some(day) if day.year() <= 9999 => Ok((rest, Date::Day(day))),
        _ => failure(DateError {
            kind: QueryErrorKind::Calendar,
            ..DateError::impossible(text, 1, "a day until 9999-12-31").clause("DATE-6")
        }),
    }
}

/// Two digits from 01 to `last`.
fn within<'a>(text: &'a str, what: &str, last: u32) -> Parsed<'a, u32> {
    let (rest, value) = two_digits(text, "two digits")?;
    if value == 0 || value > last {
        return failure(DateError::impossible(text, 2, format!("{what} from 01 to {last}")));
    }
    Ok((rest, value))
}
