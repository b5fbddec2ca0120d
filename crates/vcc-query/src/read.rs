use core::ops::Range;

use vcc_types::{Dialect, Field, FutureConstants, IgnoredFinish, Plus, TimedSingle, ZeroOffset};

use crate::date;
use crate::decode::{Bytes, Scratch, Suspicion, control_character, decode};
use crate::error::found;
use crate::query::Span;
use crate::split::{Value, Values};
use crate::variable::Variable;
use crate::zone::{BuiltIn, Zone, ZoneData};
use crate::{Dates, Filter, Precision, Query, QueryError, QueryErrorKind, Wanted, Written};

/// Reads the values of variables.
pub(crate) struct Reader<'a> {
    pub(crate) raw: &'a [u8],
    pub(crate) dialect: &'a Dialect,
    pub(crate) zones: &'a dyn ZoneData,
    pub(crate) scratch: &'a mut Scratch,
}

const RANGE: &str = "a range has two ends, as in d=2007-08-05,2007-08-07";

impl Reader<'_> {
    pub(crate) fn query(&mut self, values: &Values, query: &mut Query) -> Result<(), QueryError> {
        for value in values.iter() {
            self.value(value, values, query).map_err(|error| error.of(value.variable.name()))?;
        }
        query.obey(self.dialect)
    }

    fn value(
        &mut self,
        value: Value,
        values: &Values,
        query: &mut Query,
    ) -> Result<(), QueryError> {
        let Value { variable, span, bytes } = value;
        match variable {
            Variable::D => self.dates(value, query)?,
            Variable::StartDate => {
                query.start_date = Some(self.near(span)?);
                query.origin.start_date = span;
            }
            Variable::FinishDate => {
                // NEAR-4: beside a start-date it counts for nothing.
                let unused = self.dialect.ignored_finish == IgnoredFinish::Unchecked
                    && values.has(Variable::StartDate);
                match self.near(span) {
                    Ok(date) => query.finish_date = Some(date),
                    Err(error) if unused && !is_undecodable(&error) => {}
                    Err(error) => return Err(error),
                }
                query.origin.finish_date = span;
            }
            Variable::Tz => query.tz = Some(self.zone(span, bytes)?),
            Variable::N => {
                query.n = Some(self.number(span, bytes)?);
                query.origin.n = span;
            }
            Variable::Filter(field) => self.filter(field, span, bytes, query)?,
        }
        Ok(())
    }

    /// The decoded text of a part of the query.
    fn text(&mut self, span: Span, bytes: Bytes, is_field: bool) -> Result<&str, QueryError> {
        let (text, suspicion) = decode(self.raw, span, bytes, self.dialect.plus, self.scratch)?;
        if suspicion == Suspicion::Controls {
            control_character(self.raw, span, text, is_field)?;
        }
        Ok(text)
    }

    /// REQ-11: the value of a date without the one line end, unencoded, at which the documentation
    /// breaks one of its URLs: right before the date.
    fn unbroken(&self, span: Span) -> Span {
        let Range { start, end } = span.range();
        match self.raw[start..end] {
            [b'\n', ..] => Span::new(start + 1, end),
            [b'\r', b'\n', ..] => Span::new(start + 2, end),
            _ => span,
        }
    }

    /// The value of `d`.
    fn dates(&mut self, value: Value, query: &mut Query) -> Result<(), QueryError> {
        let span = self.unbroken(value.span);
        let ends = if value.bytes.may_have_comma() { self.comma(span) } else { None };
        let Some((from, until)) = ends else {
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
        let text = self.text(span, Bytes::of(&raw[span.range()]), false)?;
        let written = date::written(text, dialect.plus == Plus::Space).map_err(|fault| {
            fault.into_error(text.len()).map_span(|decoded| span.part(raw, decoded))
        })?;
        // DATE-8: `today+0d` looks ahead as little as `today` does, but it is written so.
        if dialect.future_constants == FutureConstants::Rejected
            && matches!(written, Written::Today(0))
            && text.contains(['+', ' '])
        {
            return Err(ahead(span));
        }
        Ok(written)
    }

    /// The value of `tz`.
    fn zone(&mut self, span: Span, bytes: Bytes) -> Result<Zone, QueryError> {
        let (zones, plus) = (self.zones, self.dialect.plus);
        let name = self.text(span, bytes, false)?;
        // DATE-3
        if let Some(zone) = zones.zone(name) {
            return Ok(zone);
        }
        // REQ-6: a zone's name may hold a sign and never a space (`Etc/GMT 8`).
        if plus == Plus::Space
            && name.contains(' ')
            && let Some(zone) = zones.zone(&name.replace(' ', "+"))
        {
            return Ok(zone);
        }
        let hint = BuiltIn::zones()
            .find(|zone| zone.name().eq_ignore_ascii_case(name))
            .map(|zone| format!("names are case-sensitive: {zone}"));
        let expected = "a zone of the tz database, such as America/New_York";
        let kind = QueryErrorKind::Zone;
        Err(QueryError::new(kind, span.range(), "DATE-3", expected, found(name)).hinting(hint))
    }

    /// The value of `n`.
    fn number(&mut self, span: Span, bytes: Bytes) -> Result<u64, QueryError> {
        let text = self.text(span, bytes, false)?;
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
    fn filter(
        &mut self,
        field: Field,
        span: Span,
        bytes: Bytes,
        query: &mut Query,
    ) -> Result<(), QueryError> {
        let plus = self.dialect.plus;
        let text = self.text(span, bytes, true)?;
        let wanted = match field {
            // FIELD-4: any number of digits; what exceeds 2^64−1 is no record's.
            Field::Duration if is_number(text) => {
                text.parse().map_or(Wanted::Never, Wanted::Seconds)
            }
            Field::Duration if !text.is_empty() => {
                let expected = "a number of whole seconds, such as 27";
                let kind = QueryErrorKind::Number;
                return Err(QueryError::new(kind, span.range(), "FIELD-4", expected, found(text)));
            }
            _ => Wanted::Text(text.into()),
        };
        let filters = &mut query.filters;
        let at = filters.iter().rposition(|filter| filter.field < field).map_or(0, |at| at + 1);
        filters.insert(at, Filter { field, wanted });
        // REQ-6
        if plus == Plus::Space && bytes.have_plus() {
            query.origin.plus |= 1 << field.index();
        }
        Ok(())
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether an error is one of the query's encoding, whatever its variables are.
fn is_undecodable(error: &QueryError) -> bool {
    use QueryErrorKind::{ControlCharacter, Escape, Utf8};
    matches!(error.kind(), ControlCharacter | Escape | Utf8)
}

fn ahead(span: Span) -> QueryError {
    let expected = "today or a day before it";
    let kind = QueryErrorKind::Dialect;
    QueryError::new(kind, span.range(), "DATE-8", expected, "a day after it")
}

impl Query {
    /// Refuses what is well-formed and not read: by the dialect, or because it names no period.
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
