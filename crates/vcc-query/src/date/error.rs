use std::borrow::Cow;

use nom::error::{ErrorKind, ParseError};

use crate::error::found;
use crate::{QueryError, QueryErrorKind};

/// Where and why a text is not a date. If several branches of the grammar fail, the error of the
/// branch that got furthest is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DateError<'a> {
    /// What was left of the text where it goes wrong.
    pub(crate) rest: &'a str,
    /// How many bytes of `rest` are wrong; 0 means the next character.
    pub(crate) length: usize,
    pub(crate) kind: QueryErrorKind,
    pub(crate) clause: &'static str,
    pub(crate) expected: Cow<'static, str>,
    pub(crate) hint: Option<Cow<'static, str>>,
}

impl<'a> DateError<'a> {
    /// The text goes on in a way that no date does.
    pub(crate) fn syntax(rest: &'a str, expected: impl Into<Cow<'static, str>>) -> DateError<'a> {
        DateError {
            rest,
            length: 0,
            kind: QueryErrorKind::Date,
            clause: "DATE-6",
            expected: expected.into(),
            hint: None,
        }
    }

    /// A number that does not exist on a calendar or a clock.
    pub(crate) fn impossible(
        rest: &'a str,
        length: usize,
        expected: impl Into<Cow<'static, str>>,
    ) -> DateError<'a> {
        DateError {
            length,
            kind: QueryErrorKind::ImpossibleDate,
            clause: "DATE-6b",
            ..DateError::syntax(rest, expected)
        }
    }

    pub(crate) fn over(self, length: usize) -> DateError<'a> {
        DateError { length, ..self }
    }

    pub(crate) fn clause(self, clause: &'static str) -> DateError<'a> {
        DateError { clause, ..self }
    }

    /// The error with its span, where the grammar was given a text of `length` bytes.
    pub(crate) fn into_error(self, length: usize) -> QueryError {
        let DateError { rest, length: over, kind, clause, expected, hint } = self;
        let start = length - rest.len();
        let over = match over {
            0 => rest.chars().next().map_or(0, char::len_utf8),
            over => over,
        };
        let found = found(&rest[..over]);
        QueryError::new(kind, start..start + over, clause, expected, found).hinting(hint)
    }

    pub(crate) fn hint(self, hint: impl Into<Cow<'static, str>>) -> DateError<'a> {
        DateError { hint: Some(hint.into()), ..self }
    }
}

impl<'a> ParseError<&'a str> for DateError<'a> {
    fn from_error_kind(rest: &'a str, _: ErrorKind) -> Self {
        DateError::syntax(rest, "a date")
    }

    fn append(_: &'a str, _: ErrorKind, other: Self) -> Self {
        other
    }

    fn or(self, other: Self) -> Self {
        if self.rest.len() <= other.rest.len() { self } else { other }
    }
}
