//! Times of day and offsets.

use nom::Parser;
use nom::branch::alt;
use nom::bytes::complete::take_while;
use nom::character::complete::char;
use nom::combinator::opt;

use super::digits::{Parsed, failure, is_digit, two_digits};
use super::error::DateError;
use super::spaces::{Spaces, sign};
use crate::Text;
use crate::written::Time;

/// `time = hour [ ":" minute [ ":" second ] / minute [ second ] ]`
pub(super) fn time(text: &str) -> Parsed<'_, Time> {
    let (rest, hour) = two_digits(text, "an hour of two digits")?;
    if hour > 24 {
        return failure(DateError::impossible(text, 2, "an hour from 00 to 24"));
    }
    let mut time = Time { hour: hour as u8, minute: None, second: None, fraction: None };
    let (rest, extended) = match rest.bytes().next() {
        Some(b':') => (&rest[1..], true),
        Some(b'0'..=b'9') => (rest, false),
        _ => return end_of_day(text, rest, time),
    };
    let (rest, minute) = sixty(rest, "a minute", 59)?;
    time.minute = Some(minute);
    let rest = match (rest.bytes().next(), extended) {
        (Some(b':'), true) => &rest[1..],
        (Some(b'0'..=b'9'), false) => rest,
        (Some(b':'), false) => return failure(mixed(rest, "a second without : before it")),
        (Some(b'0'..=b'9'), true) => return failure(mixed(rest, ": before the second")),
        _ => return end_of_day(text, rest, time),
    };
    let (rest, second) = sixty(rest, "a second", 60)?;
    time.second = Some(second);
    let (rest, fraction) = opt(fraction).parse(rest)?;
    time.fraction = fraction;
    end_of_day(text, rest, time)
}

/// DATE-6: 24 is the hour of one instant, the end of the day.
fn end_of_day<'a>(text: &'a str, rest: &'a str, time: Time) -> Parsed<'a, Time> {
    let zero = |part: Option<u8>| part.unwrap_or(0) == 0;
    let none = time.fraction.iter().all(|digits| digits.bytes().all(|digit| digit == b'0'));
    if time.hour == 24 && !(zero(time.minute) && zero(time.second) && none) {
        let length = text.len() - rest.len();
        return failure(DateError::impossible(
            text,
            length,
            "24:00, which ends the day, or an earlier time",
        ));
    }
    Ok((rest, time))
}

/// `fraction = "." 1*DIGIT`
fn fraction(text: &str) -> Parsed<'_, Box<Text>> {
    let (rest, _) = char('.').parse(text)?;
    let (after, digits) = take_while(is_digit).parse(rest)?;
    if digits.is_empty() {
        return failure(DateError::syntax(rest, "digits after the decimal point"));
    }
    Ok((after, Box::new(digits.into())))
}

/// `offset = "Z" / sign 2DIGIT [ [":"] 2DIGIT ]`, up to ±23:59, in minutes
pub(super) fn offset<'a>(text: &'a str, spaces: Spaces<'_>) -> Parsed<'a, i16> {
    let (rest, sign) = alt((char('Z').map(|_| 0), |text| sign(text, spaces))).parse(text)?;
    if sign == 0 {
        return Ok((rest, 0));
    }
    let digits = rest;
    let (rest, hours) = two_digits(rest, "an offset such as +01:00 or -0800")?;
    if hours > 23 {
        return failure(DateError::impossible(digits, 2, "hours of an offset from 00 to 23"));
    }
    let (rest, colon) = opt(char(':')).parse(rest)?;
    if colon.is_none() && !rest.starts_with(|c: char| c.is_ascii_digit()) {
        return Ok((rest, sign as i16 * hours as i16 * 60));
    }
    let digits = rest;
    let (rest, minutes) = two_digits(rest, "the minutes of the offset, of two digits")?;
    if minutes > 59 {
        return failure(DateError::impossible(digits, 2, "minutes of an offset from 00 to 59"));
    }
    Ok((rest, sign as i16 * (hours * 60 + minutes) as i16))
}

/// Two digits from 00 to `last`.
fn sixty<'a>(text: &'a str, what: &str, last: u32) -> Parsed<'a, u8> {
    let expected = if last == 59 { "a minute of two digits" } else { "a second of two digits" };
    let (rest, value) = two_digits(text, expected)?;
    if value > last {
        return failure(DateError::impossible(text, 2, format!("{what} from 00 to {last}")));
    }
    Ok((rest, value as u8))
}

fn mixed<'a>(rest: &'a str, expected: &'static str) -> DateError<'a> {
    DateError::syntax(rest, expected).hint("either 13:15:30 or 131530")
}
