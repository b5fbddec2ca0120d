//! Digits, and the result type of every rule of the grammar.

use nom::bytes::complete::take_while_m_n;
use nom::combinator::peek;
use nom::{Err, IResult, Parser as _};

use super::error::DateError;

pub(super) type Parsed<'a, T> = IResult<&'a str, T, DateError<'a>>;

pub(super) fn two_digits<'a>(text: &'a str, expected: &'static str) -> Parsed<'a, u32> {
    let (_, digits) = peek(take_while_m_n(0, 2, is_digit)).parse(text)?;
    if digits.len() < 2 {
        return failure(DateError::syntax(text, expected).over(digits.len()));
    }
    Ok((&text[2..], number(digits)))
}

/// The value of at most nine digits.
pub(super) fn number(digits: &str) -> u32 {
    digits.bytes().fold(0, |value, digit| value * 10 + u32::from(digit - b'0'))
}

pub(super) fn failure<'a, T>(error: DateError<'a>) -> Parsed<'a, T> {
    Err(Err::Failure(error))
}

pub(super) fn is_digit(c: char) -> bool {
    c.is_ascii_digit()
}
