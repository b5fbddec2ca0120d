use core::ops::Range;

use vcc_types::{Dialect, RepeatedVariable, TrailingQuote, UnknownVariable};

use crate::decode::{Bytes, Scratch, Suspicion, control_character, decode};
use crate::error::found;
use crate::scan::first_of;
use crate::span::Span;
use crate::variable::{Variable, hint};
use crate::{QueryError, QueryErrorKind};

/// The variables of a query with their raw values, in the order in which they were given. Those that
/// the dialect ignores are left out.
#[derive(Default)]
pub(crate) struct Values {
    /// By the index of the variable.
    spans: [Span; Variable::COUNT],
    /// The indices, in the order of the query.
    order: [u8; Variable::COUNT],
    count: usize,
    /// Bit `i`: the variable of index `i` is given.
    seen: u32,
}

impl Values {
    /// The variables with their raw values.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Variable, Span)> {
        let at = |index: &u8| (Variable::ALL[usize::from(*index)], self.spans[usize::from(*index)]);
        self.order[..self.count].iter().map(at)
    }

    pub(crate) fn has(&self, variable: Variable) -> bool {
        self.has_index(variable.index())
    }

    fn has_index(&self, index: usize) -> bool {
        self.seen & 1 << index != 0
    }

    fn put(&mut self, index: usize, span: Span) {
        self.seen |= 1 << index;
        self.spans[index] = span;
        // Less than twenty.
        self.order[self.count] = index as u8;
        self.count += 1;
    }

    fn remove(&mut self, index: usize) {
        let at = self.order[..self.count].iter().position(|other| usize::from(*other) == index);
        if let Some(at) = at {
            self.order.copy_within(at + 1..self.count, at);
            self.count -= 1;
        }
    }

    /// The value of the variable that was given last, if that is a date.
    fn last_date(&mut self) -> Option<&mut Span> {
        let index = usize::from(*self.order[..self.count].last()?);
        Variable::ALL[index].is_date().then_some(&mut self.spans[index])
    }
}

/// Splits a raw query into its variables.
pub(crate) struct Splitter<'a> {
    pub(crate) raw: &'a [u8],
    pub(crate) dialect: &'a Dialect,
    pub(crate) max_variables: usize,
}

impl Splitter<'_> {
    /// Adds them to `values`, which is too big to be returned.
    pub(crate) fn split(
        &self,
        values: &mut Values,
        scratch: &mut Scratch,
    ) -> Result<(), QueryError> {
        // Whether the variable that was read last is the last of the list.
        let mut last_counts = false;
        let mut count = 0;
        let mut start = 0;
        while start < self.raw.len() {
            // REQ-12
            if self.raw[start] == b'&' {
                start += 1;
                continue;
            }
            let rest = &self.raw[start..];
            let stop = first_of([b'=', b'&'], rest);
            let name = start..start + stop.unwrap_or(rest.len());
            count += 1;
            if count > self.max_variables {
                return Err(too_many(self.max_variables, start..self.raw.len()));
            }
            // REQ-8
            if self.raw.get(name.end) != Some(&b'=') {
                return Err(self.missing_equals(name, scratch));
            }
            let start_of_value = name.end + 1;
            let rest = &self.raw[start_of_value..];
            let rest = &rest[..first_of([b'&'], rest).unwrap_or(rest.len())];
            let end = start_of_value + rest.len();
            let value = Span::new(start_of_value, end);
            last_counts = self.variable(name, value, values, scratch)?;
            start = end + 1;
        }
        // REQ-11: exactly one quote at the very end, after a date.
        if last_counts
            && self.dialect.trailing_quote == TrailingQuote::Dropped
            && let Some(span) = values.last_date()
            && span.range().end == self.raw.len()
        {
            let Range { start, end } = span.range();
            let text = &self.raw[start..end];
            let quote = if text.ends_with(b"%22") { 3 } else { usize::from(text.ends_with(b"\"")) };
            *span = Span::new(start, end - quote);
        }
        Ok(())
    }

    /// Adds one variable. Returns whether it counts.
    fn variable(
        &self,
        name: Range<usize>,
        value: Span,
        values: &mut Values,
        scratch: &mut Scratch,
    ) -> Result<bool, QueryError> {
        // REQ-7: byte for byte. Names are seldom encoded.
        let Some(index) = Variable::index_of(&self.raw[name.clone()]) else {
            let text = self.decode_name(&name, scratch)?;
            if let Some(index) = Variable::index_of(text.as_bytes()) {
                return self.known(index, name, value, values, scratch);
            }
            // REQ-9
            if self.dialect.unknown_variable == UnknownVariable::Rejected {
                return Err(unknown_variable(name, text));
            }
            return self.ignored(value, scratch);
        };
        self.known(index, name, value, values, scratch)
    }

    fn known(
        &self,
        index: usize,
        name: Range<usize>,
        value: Span,
        values: &mut Values,
        scratch: &mut Scratch,
    ) -> Result<bool, QueryError> {
        // REQ-10
        if values.has_index(index) {
            match self.dialect.repeated_variable {
                RepeatedVariable::First => return self.ignored(value, scratch),
                RepeatedVariable::Last => {
                    self.ignored(values.spans[index], scratch)?;
                    values.remove(index);
                }
                RepeatedVariable::Rejected => {
                    let name_text = Variable::ALL[index].name();
                    return Err(QueryError::new(
                        QueryErrorKind::RepeatedVariable,
                        name,
                        "REQ-10",
                        "the variable only once",
                        "it again",
                    )
                    .of(name_text));
                }
            }
        }
        values.put(index, value);
        Ok(true)
    }

    /// REQ-8: a value that is ignored must be well-formed too.
    fn ignored(&self, value: Span, scratch: &mut Scratch) -> Result<bool, QueryError> {
        let bytes = Bytes::of(&self.raw[value.range()]);
        let (text, suspicion) = decode(self.raw, value, bytes, self.dialect.plus, scratch)?;
        if suspicion == Suspicion::Controls {
            control_character(self.raw, value, text, true)?;
        }
        Ok(false)
    }

    fn decode_name<'s>(
        &'s self,
        name: &Range<usize>,
        scratch: &'s mut Scratch,
    ) -> Result<&'s str, QueryError> {
        let span = Span::new(name.start, name.end);
        let bytes = Bytes::of(&self.raw[name.clone()]);
        let (text, suspicion) = decode(self.raw, span, bytes, self.dialect.plus, scratch)?;
        if suspicion == Suspicion::Controls {
            control_character(self.raw, span, text, false)?;
        }
        Ok(text)
    }

    fn missing_equals(&self, name: Range<usize>, scratch: &mut Scratch) -> QueryError {
        match self.decode_name(&name, scratch) {
            Err(error) => error,
            Ok(text) => {
                let kind = QueryErrorKind::MissingEquals;
                let known = Variable::from_name(text.as_bytes());
                let hint = match known.or_else(|| Variable::nearest(text)) {
                    // The query was encoded as a whole.
                    _ if text.contains('=') => {
                        Some("the = of a variable and the & after it are not encoded".to_owned())
                    }
                    Some(variable) => Some(format!("as in {}", variable.example())),
                    None => hint(text),
                };
                QueryError::new(kind, name, "REQ-8", "name=value", found(text)).hinting(hint)
            }
        }
    }
}

#[cold]
fn too_many(max_variables: usize, span: Range<usize>) -> QueryError {
    let expected = format!("at most {max_variables} variables");
    QueryError::new(QueryErrorKind::TooManyVariables, span, "REQ-13", expected, "more")
}

#[cold]
fn unknown_variable(span: Range<usize>, name: &str) -> QueryError {
    let clause = match Variable::nearest(name) {
        _ if name == "startDate" => "FIELD-2",
        Some(near) if name.eq_ignore_ascii_case(near.name()) => "REQ-7",
        _ => "REQ-9",
    };
    let kind = QueryErrorKind::UnknownVariable;
    let expected = format!("one of {}", Variable::NAMES);
    let error = QueryError::new(kind, span, clause, expected, found(name));
    match name {
        "" => error,
        name => error.of(name.chars().take(40).collect::<String>()).hinting(hint(name)),
    }
}
