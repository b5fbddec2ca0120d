//! The unambiguous part of ISO 8601, and the constants (DATE-5 to DATE-8). Here and in the modules
//! below, a function has the name of its grammar rule, and its comment is the rule.

use nom::bytes::complete::{tag, take_while};
use nom::character::complete::one_of;
use nom::combinator::{cut, opt};
use nom::{Err, Parser};

use super::calendar::date;
use super::clock::{offset, time};
use super::digits::{Parsed, failure, is_digit};
use super::error::DateError;
use super::hints::{
    DATE, after_date, after_hour, after_time, after_today, no_date, reduced, space_as_sign,
};
use super::spaces::{Spaces, sign};
use crate::QueryErrorKind;
use crate::decode::raw_offset;
use crate::written::{Date, Timed, Written};

/// The most days that a constant may name: those from 0001-01-01 to 9999-12-31.
const MAX_DAYS: i32 = 3_652_058;

/// `written = constant / date-time`
pub(super) fn written<'a>(text: &'a str, spaces: Spaces<'_>) -> Result<Written, DateError<'a>> {
    let parsed = match text.bytes().next() {
        Some(b'0'..=b'9') => date_time(spaces).parse(text),
        _ => constant(spaces).parse(text),
    };
    match parsed {
        Ok((_, written)) => Ok(written),
        Err(Err::Error(error) | Err::Failure(error)) => Err(error),
        // nom's `complete` parsers never ask for more input.
        Err(Err::Incomplete(_)) => Err(DateError::syntax(text, DATE)),
    }
}

/// `constant = %s"today" [ sign 1*DIGIT %s"d" ]`
fn constant<'a>(spaces: Spaces<'_>) -> impl FnMut(&'a str) -> Parsed<'a, Written> {
    move |text| {
        let Ok((rest, _)) = tag::<_, _, DateError<'_>>("today").parse(text) else {
            return failure(no_date(text));
        };
        // DATE-8
        let (rest, sign) = opt(|rest| sign(rest, spaces)).parse(rest)?;
        let (after, digits) = take_while(is_digit).parse(rest)?;
        match (sign, digits, after) {
            (None, "", "") => Ok((after, Written::Today(0))),
            (Some(_), "", _) => failure(after_today(rest, "a number of days, as in today-1d")),
            (Some(sign), _, "d") => days(rest, sign, digits),
            (Some(_), _, _) => match after.strip_prefix('d') {
                Some(after) => failure(after_today(after, "the end of the constant")),
                None => failure(after_today(after, "d after the number of days")),
            },
            (None, _, _) => {
                failure(after_today(rest, "the end, or a number of days as in today-1d"))
            }
        }
    }
}

/// `1*DIGIT %s"d"`, after the sign.
fn days<'a>(text: &'a str, sign: i32, digits: &str) -> Parsed<'a, Written> {
    let significant = digits.trim_start_matches('0');
    match significant.parse() {
        _ if significant.is_empty() => Ok(("", Written::Today(0))),
        Ok(days @ 0..=MAX_DAYS) => Ok(("", Written::Today(sign * days))),
        // DATE-8: beyond the calendar on any day.
        _ => failure(DateError {
            kind: QueryErrorKind::Calendar,
            ..DateError::syntax(text, "a number of days that stays in the years 0001 to 9999")
                .over(text.len())
                .clause("DATE-8")
        }),
    }
}

/// `date-time = date [ ("T" / SP) time [ offset ] ]`
fn date_time<'a>(spaces: Spaces<'_>) -> impl FnMut(&'a str) -> Parsed<'a, Written> {
    move |text| {
        let (rest, date) = date(text)?;
        let day = match (rest.bytes().next(), date) {
            (None, date) => return Ok((rest, Written::Date(date))),
            (Some(b'T' | b' '), Date::Day(day)) => day,
            (Some(b'T' | b' '), _) => return failure(reduced(rest)),
            _ => return failure(after_date(rest, date)),
        };
        let (rest, _) = one_of("T ").parse(rest)?;
        let (rest, time) = cut(time).parse(rest)?;
        let is_space = rest.starts_with(' ') && !is_plus(text, rest, spaces);
        // REQ-6: a person wrote this space before the minutes.
        if is_space && time.minute.is_none() {
            return failure(after_hour(rest));
        }
        let parsed = opt(|rest| offset(rest, spaces)).parse(rest);
        let (rest, offset_minutes) = match is_space {
            true => parsed.map_err(|error| error.map(space_as_sign))?,
            false => parsed?,
        };
        if !rest.is_empty() {
            return failure(after_time(rest, &time, offset_minutes.is_some()));
        }
        Ok((rest, Written::Timed(Timed { day, time, offset_minutes })))
    }
}

/// Whether the space at the beginning of `rest` is a `+` in the raw text.
fn is_plus(text: &str, rest: &str, spaces: Spaces<'_>) -> bool {
    match spaces {
        Spaces::Themselves => false,
        Spaces::Signs(raw) => raw.get(raw_offset(raw, text.len() - rest.len())) == Some(&b'+'),
    }
}
