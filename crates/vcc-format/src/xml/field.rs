//! The value of a field: where it ends, and which tags in it are text (QUIRK-1, QUIRK-5, QUIRK-11).

use vcc_types::Field;

use super::machine::{Input, Machine, State};
use super::markup::{comment, find, instruction};
use super::tag::{Kind, Scan, Tag, is_name_start_byte, scan, starts_with};
use super::value::CDATA;
use crate::DeviationKind;
use crate::machine::Trouble;
use crate::record::Span;

/// How far to look for what tells a tag from the mention of one.
const AHEAD: usize = 4096;

/// The first tag from `from` on, `Some(None)` where a comment or the like comes first; `None` where
/// the view ends before.
fn next_tag(view: &[u8], from: usize) -> Option<Option<Tag>> {
    let mut at = from;
    loop {
        at += memchr::memchr(b'<', &view[at..])?;
        match scan(view, at, 1) {
            Scan::More => return None,
            Scan::Tag(tag) => return Some(Some(tag)),
            Scan::None if matches!(view.get(at + 1), Some(b'!' | b'?')) => return Some(None),
            Scan::None => at += 1,
        }
    }
}

impl Machine {
    /// Reads on in the value of the open field. `false`: the view ends inside it.
    pub(super) fn value(&mut self, input: Input<'_>) -> Result<bool, Trouble> {
        let Input { view, .. } = input;
        while self.state == State::Value {
            match memchr::memchr(b'<', &view[self.pos..]) {
                Some(distance) => self.pos += distance,
                None => {
                    self.pos = view.len();
                    return Ok(false);
                }
            }
            let ignored = match view.get(self.pos + 1) {
                None => return Ok(false),
                Some(b'!') => match starts_with(view, self.pos, b"<!--") {
                    None => return Ok(false),
                    Some(true) => comment(self, input),
                    Some(false) => match starts_with(view, self.pos, CDATA) {
                        None => return Ok(false),
                        Some(true) => find(self, view, CDATA.len(), b"]]>"),
                        Some(false) => Some(0),
                    },
                },
                Some(b'?') => match view.get(self.pos + 2) {
                    None => return Ok(false),
                    Some(byte) if is_name_start_byte(*byte) => instruction(self, input)?,
                    Some(_) => Some(0),
                },
                Some(b'/') => match self.tag(input, self.pos, 1) {
                    Scan::More => return Ok(false),
                    Scan::None => Some(0),
                    Scan::Tag(tag) => {
                        self.end_tag_in_value(view, &tag)?;
                        continue;
                    }
                },
                Some(byte) if is_name_start_byte(*byte) => match self.tag(input, self.pos, 1) {
                    Scan::More => return Ok(false),
                    Scan::None => Some(0),
                    Scan::Tag(tag) => match self.is_mention(input, &tag) {
                        None => return Ok(false),
                        Some(mention) => {
                            self.start_tag_in_value(view, &tag, mention)?;
                            continue;
                        }
                    },
                },
                Some(_) => Some(0),
            };
            match ignored {
                None => return Ok(false),
                // QUIRK-11: no tag, so text.
                Some(0) => {
                    self.report(DeviationKind::RawLessThan, self.pos..self.pos + 1, "<");
                    self.pos += 1;
                }
                Some(end) => {
                    if let Some(open) = &mut self.draft.open {
                        open.marked = true;
                    }
                    self.pos = end;
                }
            }
        }
        Ok(true)
    }

    fn end_tag_in_value(&mut self, view: &[u8], tag: &Tag) -> Result<(), Trouble> {
        let Some(open) = self.draft.open else { return Ok(()) };
        let name = &view[tag.name.clone()];
        let nested = if name.is_empty() {
            // QUIRK-1. In a known field there are no elements, only text that looks like some.
            let innermost = self.draft.nested.len().checked_sub(1);
            innermost.filter(|_| open.field.is_none())
        } else {
            let item = &view[self.item..];
            let is_name = |span: &Span| &item[span.0 as usize..span.1 as usize] == name;
            self.draft.nested.iter().rposition(is_name)
        };
        if let Some(place) = nested {
            self.draft.nested.truncate(place);
            self.pos = tag.end;
            return Ok(());
        }
        let own = self.bytes(view, open.name);
        let read_as = |tag: &Tag| {
            let own = self.encoding.text(own);
            if tag.percent_gt || name != own.as_bytes() {
                format!("</{own}>")
            } else {
                String::new()
            }
        };
        let (span, read_as) = (tag.start..tag.end, read_as(tag));
        if name == own {
            self.accept(view, tag)?;
        } else if name.is_empty() {
            self.report(DeviationKind::EmptyEndTag, span, read_as);
            self.accept(view, tag)?;
        } else if matches!(name, b"file" | b"recordings") {
            // QUIRK-5: it closes what is open inside, and is read again after that.
            self.report(DeviationKind::UnclosedElement, span, read_as);
            self.pos = tag.start;
            return self.close(tag.start);
        } else {
            // QUIRK-5
            self.report(DeviationKind::MismatchedEndTag, span, read_as);
            self.accept(view, tag)?;
        }
        self.pos = tag.end;
        self.close(tag.start)
    }

    /// Whether the tag cannot stand in the open field, but around it.
    fn ends_value(&self, name: &[u8]) -> bool {
        let in_field = self.draft.open.is_some_and(|open| open.field.is_some());
        name == b"file" || (in_field && Field::from_wire_bytes(name).is_some())
    }

    /// Whether a start tag that would end the value is only mentioned in it (QUIRK-11), as in `open
    /// <file> now</agentID>`: the next tag is the end tag of the field. Since that could be one
    /// with another name (QUIRK-5), the tag of a field has to have its place elsewhere in the
    /// record. `None`: more is needed.
    fn is_mention(&self, input: Input<'_>, tag: &Tag) -> Option<bool> {
        let name = &input.view[tag.name.clone()];
        let Some(open) = self.draft.open.filter(|_| self.ends_value(name)) else {
            return Some(false);
        };
        let view = &input.view[..input.view.len().min(tag.end + AHEAD)];
        let whole = input.ended || input.cut || view.len() == tag.end + AHEAD;
        let at_end = whole.then_some(false);
        let own = self.bytes(view, open.name);
        let mut next = next_tag(view, tag.end);
        let Some(Some(close)) = &next else {
            return if next.is_none() { at_end } else { Some(false) };
        };
        if close.kind != Kind::End || view[close.name.clone()] != *own {
            return Some(false);
        }
        let field = Field::from_wire_bytes(name);
        let present = field.is_some_and(|field| self.draft.present & (1 << field.index()) != 0);
        if present || field.is_none() || name == own || tag.kind == Kind::Empty {
            return Some(true);
        }
        while let Some(Some(tag)) = next {
            next = next_tag(view, tag.end);
            let Some(Some(tag)) = &next else { break };
            match &view[tag.name.clone()] {
                // Not so an end tag: `<a><b></a></b>` are tags that cross.
                found if found == name => return Some(tag.kind != Kind::End),
                b"file" | b"recordings" => return Some(false),
                _ => {}
            }
        }
        at_end
    }

    /// `mention`: see [`is_mention`](Self::is_mention).
    fn start_tag_in_value(&mut self, view: &[u8], tag: &Tag, mention: bool) -> Result<(), Trouble> {
        let Some(open) = self.draft.open else { return Ok(()) };
        if !mention && self.ends_value(&view[tag.name.clone()]) {
            // QUIRK-12 for the record, and the same for a field: the tag that can only stand
            // outside ends what is open.
            let read_as = format!("</{}>", self.encoding.text(self.bytes(view, open.name)));
            self.report(DeviationKind::UnclosedElement, tag.start..tag.end, read_as);
            self.pos = tag.start;
            return self.close(tag.start);
        }
        if tag.percent_gt {
            self.report(DeviationKind::RawLessThan, self.pos..self.pos + 1, "<");
            self.pos += 1;
            return Ok(());
        }
        // QUIRK-11: an element cannot stand in a field.
        let kind = match open.field {
            Some(_) => DeviationKind::RawLessThan,
            None => DeviationKind::NestedElement,
        };
        let read_as = self.encoding.text(&view[tag.start..tag.end]).into_owned();
        self.report(kind, tag.start..tag.end, read_as);
        if tag.kind == Kind::Start && !mention {
            let name = self.span(tag.name.clone());
            self.draft.nested.push(name);
            if open.field.is_none() {
                self.check_depth(self.outer.len() + 2 + self.draft.nested.len(), tag.start)?;
            }
        }
        self.pos = tag.end;
        Ok(())
    }
}
