use core::ops::Range;

use vcc_types::{
    Dialect, DurationError, Field, FutureConstants, IgnoredFinish, Plus, TimedSingle, ZeroOffset,
    parse_duration,
};

use crate::date::{self, Spaces};
use crate::decode::{Bytes, Scratch, Suspicion, control_character, decode};
use crate::error::found;
use crate::span::Span;
use crate::split::Values;
use crate::variable::Variable;
use crate::zone::{BuiltIn, Source, UnknownZone, Zone};
use crate::{Dates, Filter, Precision, Query, QueryError, QueryErrorKind, Text, Wanted, Written};

/// Reads the values of variables.
pub(crate) struct Reader<'a> {
    pub(crate) raw: &'a [u8],
    pub(crate) dialect: &'a Dialect,
    pub(crate) zones: Source<'a>,
    pub(crate) scratch: &'a mut Scratch,
}

const RANGE: &str = "a range has two ends, as in d=2007-08-05,2007-08-07";

impl Reader<'_> {
    pub(crate) fn query(&mut self, values: &Values, query: &mut Query) -> Result<(), QueryError> {
        for (variable, span) in values.iter() {
            self.value(variable, span, values, query).map_err(|error| error.of(variable.name()))?;
        }
        query.obey(self.dialect)
    }

    fn value(
        &mut self,
        variable: Variable,
        span: Span,
        values: &Values,
        query: &mut Query,
    ) -> Result<(), QueryError> {
        match variable {
            Variable::D => self.dates(span, query)?,
            Variable::StartDate => {
                query.start_date = Some(self.near(span)?);
                query.origin.start_date = span;
            }
            Variable::FinishDate => {
                // NEAR-4: with a start-date it is not used.
                let unused = self.dialect.ignored_finish == IgnoredFinish::Unchecked
                    && values.has(Variable::StartDate);
                match self.near(span) {
                    Ok(date) => query.finish_date = Some(date),
                    // REQ-8: it must be well-formed all the same.
                    Err(_) if unused => drop(self.text(span, true)?),
                    Err(error) => return Err(error),
                }
                query.origin.finish_date = span;
            }
            Variable::Tz => query.tz = Some(self.zone(span)?),
            Variable::N => {
                query.n = Some(self.number(span)?);
                query.origin.n = span;
            }
            Variable::Filter(field) => self.filter(field, span, query)?,
        }
        Ok(())
    }

    /// The decoded text of a part of the query.
    fn text(&mut self, span: Span, is_field: bool) -> Result<&str, QueryError> {
        let bytes = Bytes::of(&self.raw[span.range()]);
        let (text, suspicion) = decode(self.raw, span, bytes, self.dialect.plus, self.scratch)?;
        if suspicion == Suspicion::Controls {
            control_character(self.raw, span, text, is_field)?;
        }
        Ok(text)
    }

    /// REQ-11: a date without the raw line end before it, which one of the documentation's URLs has.
    fn unbroken(&self, span: Span) -> Span {
        let Range { start, end } = span.range();
        match self.raw[start..end] {
            [b'\n', ..] => Span::new(start + 1, end),
            [b'\r', b'\n', ..] => Span::new(start + 2, end),
            _ => span,
        }
    }

    /// The value of `d`.
    fn dates(&mut self, span: Span, query: &mut Query) -> Result<(), QueryError> {
        let span = self.unbroken(span);
        let raw = &self.raw[span.range()];
        if let Some((first, last)) = date::one_or_two_raw(raw, self.dialect.plus) {
            let Range { start, end } = span.range();
            let (dates, length) = match last {
                Some((last, length)) => (Dates::Range(first, last), length),
                None => (Dates::One(first), 0),
            };
            query.origin.d = match length {
                0 => [span; 2],
                length => [Span::new(start, end - length - 1), Span::new(end - length, end)],
            };
            query.d = Some(dates);
            return Ok(());
        }
        let Some((from, until)) = self.comma(span) else {
            query.d = Some(Dates::One(self.date(span)?));
            query.origin.d = [span; 2];
            return Ok(());
        };
        // DATE-11
        let malformed = |span: Span, expected: &'static str, found| {
            let kind = QueryErrorKind::Range;
            Err(QueryError::new(kind, span.range(), "DATE-11", expected, found)
                .hinting(Some(RANGE)))
        };
        if from.is_empty() {
            return malformed(from, "a date before the comma", "nothing");
        }
        if until.is_empty() {
            return malformed(until, "a date after the comma", "nothing");
        }
        if let Some((second, _)) = self.comma(until) {
            let third = Span::new(second.range().end, until.range().end);
            return malformed(third, "the end of the range", "another comma");
        }
        let first = self.date(from)?;
        let last = self.date(until).map_err(|error| match first.precision() {
            // DATE-6
            Precision::Second if first.offset().is_none() && error.hint().is_some() => {
                error.hinting(Some("a fraction of a second follows a point, as in 13:15:30.5"))
            }
            _ => error,
        })?;
        query.d = Some(Dates::Range(first, last));
        query.origin.d = [from, until];
        Ok(())
    }

    /// The parts of a value before and after its first comma, which may be encoded.
    fn comma(&self, span: Span) -> Option<(Span, Span)> {
        let range = span.range();
        let raw = &self.raw[range.clone()];
        let is_encoded =
            |at: usize| raw[at..].get(..3).is_some_and(|code| code.eq_ignore_ascii_case(b"%2c"));
        let mut from = 0;
        loop {
            let at = from + memchr::memchr2(b',', b'%', &raw[from..])?;
            let length = match raw[at] {
                b',' => 1,
                _ if is_encoded(at) => 3,
                _ => {
                    from = at + 1;
                    continue;
                }
            };
            let (end, start) = (range.start + at, range.start + at + length);
            return Some((Span::new(range.start, end), Span::new(start, range.end)));
        }
    }

    /// The value of `start-date` or `finish-date`.
    fn near(&mut self, span: Span) -> Result<Written, QueryError> {
        let span = self.unbroken(span);
        // NEAR-5
        if let Some((first, _)) = self.comma(span) {
            let rest = first.range().end..span.range().end;
            let expected = "one date, and no range";
            return Err(QueryError::new(
                QueryErrorKind::Range,
                rest,
                "NEAR-5",
                expected,
                "a comma",
            )
            .hinting(Some("a range is asked for with d=")));
        }
        self.date(span)
    }

    /// One date or constant.
    fn date(&mut self, span: Span) -> Result<Written, QueryError> {
        let (raw, dialect) = (self.raw, self.dialect);
        if let Some(written) = date::written_raw(&raw[span.range()], dialect.plus) {
            return Ok(written);
        }
        let text = self.text(span, false)?;
        let spaces = match dialect.plus {
            Plus::Space => Spaces::Signs(&raw[span.range()]),
            Plus::Literal => Spaces::Themselves,
        };
        let written = date::written(text, spaces).map_err(|error| {
            error.into_error(text.len()).map_span(|decoded| span.part(raw, decoded))
        })?;
        // DATE-8: `today+0d` means today, but it is written as a future constant.
        if dialect.future_constants == FutureConstants::Rejected
            && matches!(written, Written::Today(0))
            && text.contains(['+', ' '])
        {
            return Err(ahead(span));
        }
        Ok(written)
    }

    /// The value of `tz`.
    fn zone(&mut self, span: Span) -> Result<Zone, QueryError> {
        let (zones, plus) = (self.zones, self.dialect.plus);
        // Undecoded: no zone's name has a `%`, or a space that a `+` could stand for.
        if let Some(zone) = zones.zone(&self.raw[span.range()]) {
            return Ok(zone);
        }
        let name = self.text(span, false)?;
        // DATE-3
        if let Some(zone) = zones.zone(name.as_bytes()) {
            return Ok(zone);
        }
        // REQ-6: a zone's name may hold a sign and never a space (`Etc/GMT 8`).
        if plus == Plus::Space
            && name.contains(' ')
            && let Some(zone) = zones.zone(name.replace(' ', "+").as_bytes())
        {
            return Ok(zone);
        }
        let underscored = name.replace(' ', "_");
        let hint = BuiltIn::respelled(&underscored).filter(|right| *right != name).map(|right| {
            match underscored == name {
                true => format!("names are case-sensitive: {right}"),
                false => format!("names have _ where a space would be: {right}"),
            }
        });
        let (kind, expected) = (QueryErrorKind::Zone, UnknownZone::EXPECTED);
        Err(QueryError::new(kind, span.range(), "DATE-3", expected, found(name)).hinting(hint))
    }

    /// The value of `n`.
    fn number(&mut self, span: Span) -> Result<u64, QueryError> {
        let raw = &self.raw[span.range()];
        if let Some(n) = short_number(raw) {
            return Ok(n);
        }
        let text = self.text(span, false)?;
        // PAGE-4: ASCII digits only; `u64` itself would read a leading `+`.
        let expected = match is_number(text) {
            true => match text.parse() {
                Ok(n) => return Ok(n),
                Err(_) => "a number up to 18446744073709551615",
            },
            false => "the number of the first record, such as 101",
        };
        let kind = QueryErrorKind::Number;
        Err(QueryError::new(kind, span.range(), "PAGE-4", expected, found(text)))
    }

    /// The value of a field.
    fn filter(&mut self, field: Field, span: Span, query: &mut Query) -> Result<(), QueryError> {
        let (raw, plus) = (&self.raw[span.range()], self.dialect.plus);
        let bytes = Bytes::of(raw);
        let wanted = match Text::short_ascii(raw) {
            Some(text) if field != Field::Duration && bytes.are_plain(plus) => Wanted::Text(text),
            _ => self.wanted(field, span)?,
        };
        query.filters.put(Filter { field, wanted });
        // REQ-6
        if plus == Plus::Space && bytes.have_plus() {
            query.origin.plus |= 1 << field.index();
        }
        Ok(())
    }

    /// What a field must hold.
    fn wanted(&mut self, field: Field, span: Span) -> Result<Wanted, QueryError> {
        let text = self.text(span, true)?;
        match field {
            Field::Duration if !text.is_empty() => match parse_duration(text) {
                Ok(seconds) => Ok(Wanted::Seconds(seconds)),
                // FIELD-4: any number of digits; no record has more than 2^63−1.
                Err(DurationError::TooLong) => Ok(Wanted::Never),
                Err(DurationError::NotANumber) => {
                    let expected = "a number of whole seconds, such as 27";
                    let kind = QueryErrorKind::Number;
                    Err(QueryError::new(kind, span.range(), "FIELD-4", expected, found(text)))
                }
            },
            _ => Ok(Wanted::Text(text.into())),
        }
    }
}

/// The value of one to eighteen digits.
fn short_number(raw: &[u8]) -> Option<u64> {
    let digit = |byte: &u8| byte.is_ascii_digit().then(|| u64::from(byte - b'0'));
    match raw.len() {
        1..=18 => raw.iter().try_fold(0, |value, byte| Some(value * 10 + digit(byte)?)),
        _ => None,
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn ahead(span: Span) -> QueryError {
    let expected = "today or a day before it";
    let kind = QueryErrorKind::Dialect;
    QueryError::new(kind, span.range(), "DATE-8", expected, "a day after it")
}

impl Query {
    /// Refuses what is well-formed but not accepted: by the dialect, or because it names no period.
    #[inline]
    pub(crate) fn obey(&self, dialect: &Dialect) -> Result<(), QueryError> {
        // DATE-8
        if dialect.future_constants == FutureConstants::Rejected {
            // NEAR-4
            let unused =
                self.start_date.is_some() && dialect.ignored_finish == IgnoredFinish::Unchecked;
            for (written, variable, span) in self.written() {
                let counts = variable != Variable::FinishDate || !unused;
                if counts && matches!(written, Written::Today(1..)) {
                    return Err(ahead(span).of(variable.name()));
                }
            }
        }
        if let Some(Dates::One(Written::Timed(timed))) = &self.d {
            let refused = |kind, expected: &'static str, found: &'static str| {
                let span = self.origin.d[0].range();
                Err(QueryError::new(kind, span, "DATE-7", expected, found).of("d"))
            };
            // DATE-7
            if timed.is_end_of_day() {
                let expected = "a period, or a range of two dates";
                return refused(QueryErrorKind::Date, expected, "the instant that ends a day");
            }
            if dialect.timed_single == TimedSingle::Rejected {
                let expected = "a day, or a range of two dates";
                return refused(QueryErrorKind::Dialect, expected, "a time");
            }
        }
        // PAGE-4
        if self.n == Some(0) && dialect.zero_offset == ZeroOffset::Rejected {
            let (kind, span) = (QueryErrorKind::Dialect, self.origin.n.range());
            return Err(QueryError::new(kind, span, "PAGE-4", "a number from 1", "0").of("n"));
        }
        Ok(())
    }

    /// Every date of the query.
    fn written(&self) -> impl Iterator<Item = (&Written, Variable, Span)> {
        let origin = &self.origin;
        let (first, second) = match &self.d {
            None => (None, None),
            Some(Dates::One(one)) => (Some(one), None),
            Some(Dates::Range(from, until)) => (Some(from), Some(until)),
        };
        [
            (first, Variable::D, origin.d[0]),
            (second, Variable::D, origin.d[1]),
            (self.start_date.as_ref(), Variable::StartDate, origin.start_date),
            (self.finish_date.as_ref(), Variable::FinishDate, origin.finish_date),
        ]
        .into_iter()
        .filter_map(|(written, variable, span)| Some((written?, variable, span)))
    }
}
