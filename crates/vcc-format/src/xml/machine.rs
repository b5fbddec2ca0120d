//! The state of the XML reader: where it is, and the parts that know the rest.

use std::borrow::Cow;
use std::ops::Range;

use vcc_types::Field;

use super::ahead::Ahead;
use super::doctype::Doctype;
use super::draft::Draft;
use super::lookup::Lookup;
use super::nested::Nested;
use super::notes::Notes;
use super::outer::Outer;
use super::tag::{Scan, Tag};
use super::unclosed::Unclosed;
use super::value::Room;
use crate::encoding::Encoding;
use crate::parts::Span;
use crate::{DeviationKind, Options};

#[derive(Debug)]
pub(crate) struct Machine {
    pub(super) options: Options,
    pub(super) state: State,
    /// Where the record, or the piece of markup between records, begins.
    pub(super) item: usize,
    /// Everything before is read.
    pub(super) pos: usize,
    /// How far an unfinished piece was searched for its end.
    pub(super) seen: usize,
    /// The number of the record that was begun last.
    pub(super) number: u64,
    /// Whether the item is a record.
    pub(super) in_record: bool,
    /// How the document is encoded, and what that is known from.
    pub(super) encoding: Encoding,
    /// Whether a byte order mark stands before the document.
    pub(super) bom: bool,
    /// Whether the buffer was UTF-16.
    pub(super) transcoded: bool,
    pub(super) notes: Notes,
    pub(super) lookup: Lookup,
    pub(super) doctype: Doctype,
    /// The elements that are open around records: the root, and unknown ones inside it.
    pub(super) outer: Outer,
    pub(super) draft: Draft,
    /// Of the open value: the tags in it that look like elements,
    pub(super) nested: Nested,
    /// what is behind a tag in it,
    pub(super) ahead: Ahead,
    /// and whether anything closes it.
    pub(super) unclosed: Unclosed,
    pub(super) room: Room,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Before anything.
    Start,
    /// Before the declaration.
    Before,
    /// In the declaration.
    Declaration,
    /// Before the root.
    Prolog { doctype: bool },
    /// In the root, between records.
    List,
    /// In a record, between fields.
    Record,
    /// In a field.
    Value,
    /// After the root.
    Epilog,
}

/// What a step looks at.
#[derive(Clone, Copy)]
pub(super) struct Input<'b> {
    /// The buffer, cut where the item becomes too long.
    pub(super) view: &'b [u8],
    /// Whether it was cut.
    pub(super) cut: bool,
    /// Whether the input ends with the view.
    pub(super) ended: bool,
}

impl<'b> Input<'b> {
    #[inline]
    pub(super) fn new(buf: &'b [u8], item: usize, options: &Options, ended: bool) -> Self {
        let limit = options.limits.record_bytes as usize;
        match buf.get(..item.saturating_add(limit)) {
            Some(view) if view.len() < buf.len() => Self { view, cut: true, ended: false },
            _ => Self { view: buf, cut: false, ended },
        }
    }
}

impl Machine {
    /// The view behind the position, from where on the tag is looked at whose `<` is `lead` bytes
    /// long.
    #[inline]
    pub(super) fn tag(&mut self, input: Input<'_>, lead: usize) -> Scan {
        self.lookup.tag(input.view, self.pos, lead)
    }

    pub(super) fn bytes<'b>(&self, buf: &'b [u8], span: Span) -> &'b [u8] {
        &buf[self.item + span.0 as usize..self.item + span.1 as usize]
    }

    /// Counts from the start of the item. Items are no longer than `Limits::record_bytes`, so that
    /// it fits.
    pub(super) fn span(&self, range: Range<usize>) -> Span {
        ((range.start - self.item) as u32, (range.end - self.item) as u32)
    }

    /// Notes a deviation of what stands at `range`.
    pub(super) fn report(
        &mut self,
        kind: DeviationKind,
        range: Range<usize>,
        read_as: impl Into<Cow<'static, str>>,
    ) {
        if !self.notes.is_silent() {
            let field = self.draft.opened().and_then(|open| open.field);
            self.notes.add(kind, self.span(range), field, read_as);
        }
    }

    pub(super) fn name<'b>(&self, view: &'b [u8], tag: &Tag) -> Cow<'b, str> {
        self.encoding.text(&view[tag.name.clone()])
    }

    /// The end tags of the elements from a place on, for those who listen.
    pub(super) fn end_tags(&self, place: usize) -> String {
        if self.notes.is_silent() {
            return String::new();
        }
        self.outer.end_tags(place)
    }

    /// Whether a tag of this name means something, so that one of `%lt;` can stand for a real one.
    pub(super) fn may_stand(name: &[u8]) -> bool {
        matches!(name, b"" | b"file" | b"recordings") || Field::from_wire_bytes(name).is_some()
    }
}
