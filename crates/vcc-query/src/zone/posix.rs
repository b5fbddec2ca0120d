//! The text that says what a zone's clocks do after the last listed change (POSIX `TZ`, with the
//! extensions of RFC 9636, section 3.3.2). A function has the name of its grammar rule, and its comment
//! is the rule.

use nom::bytes::complete::{tag, take_while, take_while_m_n};
use nom::character::complete::one_of;
use nom::combinator::opt;
use nom::error::{ErrorKind, ParseError};
use nom::{Err, IResult, Parser};

use super::rule::{Day, Rule, Yearly};
use super::tail::Tail;

type Parsed<'a, T> = IResult<&'a [u8], T, RuleError<'a>>;

/// Where the text is wrong, and what was expected.
#[derive(Debug)]
pub(super) struct RuleError<'a> {
    pub(super) rest: &'a [u8],
    pub(super) expected: &'static str,
}

const OFFSET: &str = "an offset of less than 24 hours, such as 5 or -5:30";
const HOUR: i32 = 3_600;

/// `tz = name offset [ name [ offset ] "," change "," change ]`
pub(super) fn tz(text: &[u8]) -> Result<Tail, RuleError<'_>> {
    match standard(text) {
        Ok((_, tail)) => Ok(tail),
        Err(Err::Error(error) | Err::Failure(error)) => Err(error),
        // nom's `complete` parsers never ask for more input.
        Err(Err::Incomplete(_)) => Err(RuleError { rest: text, expected: "the rule of a zone" }),
    }
}

fn standard(text: &[u8]) -> Parsed<'_, Tail> {
    let (rest, ()) = name(text)?;
    let (rest, standard) = offset(rest)?;
    if rest.is_empty() {
        return Ok((rest, Tail::Fixed(standard)));
    }
    let (after_name, ()) = name(rest)?;
    let (rest, saving) = match after_name.first() {
        Some(b',') | None if in_day(standard + HOUR) => (after_name, standard + HOUR),
        _ => offset(after_name)?,
    };
    let (rest, start) = change(rest)?;
    let (rest, end) = change(rest)?;
    if !rest.is_empty() {
        return failure(rest, "the end of the rule");
    }
    Ok((rest, Tail::Yearly(Box::new(Rule::new(standard, saving, start, end)))))
}

/// `name = 3*ALPHA / "<" 3*( ALPHA / DIGIT / "+" / "-" ) ">"`
fn name(text: &[u8]) -> Parsed<'_, ()> {
    const EXPECTED: &str = "a name of three letters or more, such as EST or <-03>";
    let (rest, quote) = opt(tag::<_, _, RuleError<'_>>("<")).parse(text)?;
    let is_part = |byte: u8| match quote {
        Some(_) => byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-'),
        None => byte.is_ascii_alphabetic(),
    };
    let (rest, letters) = take_while(is_part).parse(rest)?;
    let rest = match quote {
        Some(_) => rest.strip_prefix(b">"),
        None => Some(rest),
    };
    match rest {
        Some(rest) if letters.len() >= 3 => Ok((rest, ())),
        _ => failure(text, EXPECTED),
    }
}

/// `offset = time`, at most 24 hours and positive in the west: seconds east of UTC.
fn offset(text: &[u8]) -> Parsed<'_, i32> {
    let (rest, west) = time(text, 24, OFFSET)?;
    if in_day(west) { Ok((rest, -west)) } else { failure(text, OFFSET) }
}

/// Whether an offset is less than a day.
pub(super) fn in_day(offset: i32) -> bool {
    offset.unsigned_abs() < 86_400
}

/// `change = "," day [ "/" time ]`
fn change(text: &[u8]) -> Parsed<'_, Yearly> {
    const EXPECTED: &str = "a comma and the day of a change, such as ,M3.2.0";
    let Some(rest) = text.strip_prefix(b",") else { return failure(text, EXPECTED) };
    let (rest, day) = day(rest)?;
    let (rest, time) = match rest.strip_prefix(b"/") {
        Some(rest) => time(rest, 167, "a time of at most 167 hours, such as 2 or -1:30")?,
        None => (rest, 2 * HOUR),
    };
    Ok((rest, Yearly { day, time }))
}

/// `day = "J" number / number / "M" number "." number "." number`
fn day(text: &[u8]) -> Parsed<'_, Day> {
    match text.first() {
        Some(b'J') => {
            let (rest, day) = number(&text[1..], 1..=365, "a day from 1 to 365")?;
            Ok((rest, Day::Julian(day)))
        }
        Some(b'M') => {
            let (rest, month) = number(&text[1..], 1..=12, "a month from 1 to 12")?;
            let (rest, week) = number(point(rest)?, 1..=5, "a week from 1 to 5")?;
            let (rest, weekday) = number(point(rest)?, 0..=6, "a day of the week from 0 to 6")?;
            Ok((rest, Day::Weekday(month as u8, week as u8, weekday as u8)))
        }
        _ => {
            let expected = "a day such as M3.2.0, J60 or a number from 0 to 365";
            let (rest, day) = number(text, 0..=365, expected)?;
            Ok((rest, Day::Counted(day)))
        }
    }
}

fn point(text: &[u8]) -> Result<&[u8], Err<RuleError<'_>>> {
    text.strip_prefix(b".").ok_or(Err::Failure(RuleError { rest: text, expected: "a point" }))
}

/// `time = [ "+" / "-" ] number [ ":" number [ ":" number ] ]`, in seconds
fn time<'a>(text: &'a [u8], hours: u16, expected: &'static str) -> Parsed<'a, i32> {
    let (rest, sign) = opt(one_of::<_, _, RuleError<'_>>("+-")).parse(text)?;
    let (mut rest, hours) = number(rest, 0..=hours, expected)?;
    let mut seconds = i32::from(hours) * HOUR;
    for (unit, expected) in [(60, "minutes from 00 to 59"), (1, "seconds from 00 to 59")] {
        let Some(after) = rest.strip_prefix(b":") else { break };
        let (after, part) = number(after, 0..=59, expected)?;
        seconds += i32::from(part) * unit;
        rest = after;
    }
    Ok((rest, if sign == Some('-') { -seconds } else { seconds }))
}

/// `number = 1*3DIGIT`
fn number<'a>(
    text: &'a [u8],
    range: core::ops::RangeInclusive<u16>,
    expected: &'static str,
) -> Parsed<'a, u16> {
    let digits = take_while_m_n::<_, _, RuleError<'_>>(0, 3, |byte: u8| byte.is_ascii_digit());
    let (rest, digits) = { digits }.parse(text)?;
    let value = digits.iter().fold(0, |value, digit| value * 10 + u16::from(digit - b'0'));
    if digits.is_empty() || !range.contains(&value) {
        return failure(text, expected);
    }
    Ok((rest, value))
}

fn failure<'a, T>(rest: &'a [u8], expected: &'static str) -> Parsed<'a, T> {
    Err(Err::Failure(RuleError { rest, expected }))
}

impl<'a> ParseError<&'a [u8]> for RuleError<'a> {
    fn from_error_kind(rest: &'a [u8], _: ErrorKind) -> Self {
        RuleError { rest, expected: "the rule of a zone" }
    }

    fn append(_: &'a [u8], _: ErrorKind, other: Self) -> Self {
        other
    }
}
