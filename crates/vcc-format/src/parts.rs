//! A record as a list of spans, before it is packed.

use vcc_types::Field;

/// A part of a text, in bytes.
pub(crate) type Span = (u32, u32);

/// A span, and the text that it belongs to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece {
    pub(crate) span: Span,
    pub(crate) decoded: bool,
}

/// The values of a record, with room for spans of any length.
pub(crate) struct Parts<'a> {
    pub(crate) text: &'a str,
    pub(crate) spans: [Span; Field::COUNT],
    /// Bit `i`: field `i` is present.
    pub(crate) present: u16,
    /// Bit `i`: the span of field `i` is one of `scratch`, not of `text`.
    pub(crate) decoded: u16,
    pub(crate) scratch: String,
    pub(crate) extra: Vec<(Piece, Piece)>,
}

impl<'a> Parts<'a> {
    /// Values at these spans.
    pub(crate) fn new(text: &'a str, spans: [Span; Field::COUNT], present: u16) -> Self {
        Parts { text, spans, present, decoded: 0, scratch: String::new(), extra: Vec::new() }
    }

    /// The value of a field; `None` where it is absent.
    pub(crate) fn get(&self, field: Field) -> Option<&str> {
        let bit = 1 << field.index();
        let text = if self.decoded & bit == 0 { self.text } else { &self.scratch };
        (self.present & bit != 0).then(|| slice(text, self.spans[field.index()]))
    }

    /// Gives a field another value.
    pub(crate) fn replace(&mut self, field: Field, text: &str) {
        let start = self.scratch.len() as u32;
        self.scratch.push_str(text);
        self.spans[field.index()] = (start, self.scratch.len() as u32);
        self.decoded |= 1 << field.index();
    }
}

/// A part of a text. Spans come from the readers, which cut only at character boundaries.
#[inline(always)]
pub(crate) fn slice(text: &str, (from, to): Span) -> &str {
    text.get(from as usize..to as usize).unwrap_or_default()
}
