//! A record that is being read: its values, and which part comes next.

use vcc_types::Field;

use crate::encoding::Encoding;
use crate::parts::{Span, slice};
use crate::scan::may_be_forbidden;
use crate::{Options, Record, check};

/// Where the machine stands in a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    NameOrEnd,
    Name,
    Colon,
    Value,
    Text,
    Literal,
    /// In an array or an object; so many are open, and whether a string is.
    Nested(usize, bool),
    CommaOrEnd,
}

impl Part {
    /// Whether a name was read, and its value was not.
    pub(super) fn is_value(self) -> bool {
        !matches!(self, Part::NameOrEnd | Part::Name | Part::CommaOrEnd)
    }

    pub(super) fn expected(self) -> &'static str {
        match self {
            Part::NameOrEnd => "a name in quotes or }",
            Part::Name => "the quote that ends a name",
            Part::Colon => "a : after a name",
            Part::Value | Part::Literal => "a value",
            Part::Text => "the quote that ends a value",
            Part::Nested(_, true) => "the quote that ends a text",
            Part::Nested(..) => "the end of a value in brackets",
            Part::CommaOrEnd => "a , or }",
        }
    }
}

/// A record that is being read. Spans count from the start of the item.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) values: [Span; Field::COUNT],
    pub(super) present: u16,
    /// Bit `i`: there are escapes in the value of field `i`.
    pub(super) escaped: u16,
    pub(super) fields: usize,
    pub(super) extra: Vec<Extra>,
    /// What is read now: the name, and whether there are escapes in it; the same of the value.
    pub(super) name: Span,
    pub(super) name_escaped: bool,
    pub(super) start: usize,
    pub(super) value_escaped: bool,
    /// A comma that nothing has followed yet.
    pub(super) comma: Option<usize>,
    /// Whether it was reported that the record goes on in another line.
    pub(super) lines: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Extra {
    pub(super) name: Span,
    pub(super) name_escaped: bool,
    pub(super) value: Span,
    pub(super) escaped: bool,
}

impl Draft {
    pub(super) fn clear(&mut self) {
        (self.present, self.escaped, self.fields) = (0, 0, 0);
        (self.comma, self.lines) = (None, false);
        self.extra.clear();
    }

    pub(super) fn is_plain(&self, raw: &[u8], text: &str, options: &Options) -> bool {
        let value = |field: Field| match self.present & (1 << field.index()) {
            0 => "",
            _ => slice(text, self.values[field.index()]),
        };
        self.escaped == 0
            && self.extra.is_empty()
            && !may_be_forbidden(raw)
            && check::start(value(Field::StartDate), options).is_none()
            && check::duration(value(Field::Duration)).is_none()
    }

    pub(super) fn plain<'b>(&mut self, text: &'b str) -> Record<'b> {
        Record::plain(text, &self.values, self.present)
    }

    pub(super) fn open_name(&self, item: &[u8]) -> Option<String> {
        let (from, to) = (self.name.0 as usize, self.name.1 as usize);
        let name = item.get(from..to).filter(|name| !name.is_empty())?;
        Some(Encoding::Utf8.text(name).into_owned())
    }
}
