//! A record: its fields, and the tags that end one or the other.

use vcc_types::Field;

use super::blank::{Blank, blank};
use super::fast;
use super::machine::{Input, Machine, State};
use super::markup::{Token, token};
use super::name::is_space;
use super::tag::{Kind, Tag};
use super::unclosed::Unclosed;
use crate::machine::{Step, Trouble};
use crate::{DeviationKind, ErrorKind};

impl Machine {
    /// Begins a record, whose item is the present one; the first field may follow at `pos`.
    #[inline]
    pub(super) fn begin(&mut self, pos: usize) {
        self.pos = pos;
        self.draft.clear();
        self.nested.clear();
        self.ahead.clear();
        self.unclosed = Unclosed::default();
        self.lookup.forget();
        self.number += 1;
        self.in_record = true;
        self.state = State::Record;
    }

    pub(super) fn end(&mut self, pos: usize) -> Step {
        self.pos = pos;
        // The end tag may have been found without looking on.
        self.lookup.forget();
        self.state = State::List;
        Step::Record
    }

    /// Ends the record, unless it has too many values.
    #[inline]
    fn end_record(&mut self, pos: usize) -> Result<Step, Trouble> {
        let limit = self.options.limits.fields;
        if self.draft.len() > limit {
            let message = format!("the record has more than {limit} values");
            return Err(Trouble { kind: ErrorKind::TooManyFields, at: self.item, message });
        }
        Ok(self.end(pos))
    }

    #[inline]
    pub(super) fn record_step(&mut self, input: Input<'_>) -> Result<Step, Trouble> {
        let Input { view, .. } = input;
        let shallow = self.outer.len() + 2 <= self.options.limits.depth;
        loop {
            if self.state == State::Value {
                if !self.value(input)? {
                    // What is whole of the record is not taken by an unknown element.
                    if input.ended && self.reread_unclosed() {
                        continue;
                    }
                    return self.more(input);
                }
                continue;
            }
            // No field begins with an end tag or the like.
            if shallow && !matches!(view.get(self.pos + 1), Some(b'/' | b'!' | b'?')) {
                self.pos = fast::fields(view, self.pos, self.item, &mut self.draft);
            }
            while view.get(self.pos).is_some_and(|byte| is_space(*byte)) {
                self.pos += 1;
            }
            if view[self.pos..].starts_with(b"</file>") {
                return self.end_record(self.pos + b"</file>".len());
            }
            if self.pos >= view.len() {
                return self.more(input);
            }
            if self.pass_in_record(view) {
                continue;
            }
            if view[self.pos] == 0xEF {
                match blank(view, self.pos, input.ended || input.cut) {
                    Blank::More => return self.more(input),
                    Blank::ByteOrderMark => {
                        // QUIRK-17
                        self.report(DeviationKind::StrayByteOrderMark, self.pos..self.pos + 3, "");
                        self.pos += 3;
                        continue;
                    }
                    _ => {}
                }
            }
            match token(self, input)? {
                Token::More => return self.more(input),
                Token::Ignored(end) => self.pos = end,
                Token::Text(end) => {
                    self.stray_text(view, end);
                }
                Token::Tag(tag) => {
                    if let Some(step) = self.record_tag(view, tag)? {
                        return Ok(step);
                    }
                }
                Token::Doctype(_) => {
                    return Err(self.unexpected("a document type declaration"));
                }
                Token::None => return Err(self.unexpected("a `<` that begins no tag")),
            }
        }
    }

    fn record_tag(&mut self, view: &[u8], tag: Tag) -> Result<Option<Step>, Trouble> {
        let name = self.name(view, &tag);
        match (tag.kind, &*name) {
            (Kind::Start | Kind::Empty, "file") | (Kind::End, "recordings") => {
                // QUIRK-12: the tag is read again, outside the record.
                self.report(DeviationKind::MissingRecordEnd, tag.start..tag.end, "</file>");
                return self.end_record(tag.start).map(Some);
            }
            (Kind::Start | Kind::Empty, "recordings") => {
                return Err(self.syntax(&tag, view, "a field or </file>"));
            }
            (Kind::Start | Kind::Empty, _) => self.field(view, &tag, &name)?,
            (Kind::End, "") => {
                self.report(DeviationKind::EmptyEndTag, tag.start..tag.end, "</file>");
                self.accept(view, &tag);
                return self.end_record(tag.end).map(Some);
            }
            (Kind::End, "file") => {
                self.accept(view, &tag);
                return self.end_record(tag.end).map(Some);
            }
            (Kind::End, _) => {
                self.report(DeviationKind::StrayEndTag, tag.start..tag.end, "");
                self.accept(view, &tag);
                self.pos = tag.end;
            }
        }
        Ok(None)
    }

    /// The start of a field, known or not.
    fn field(&mut self, view: &[u8], tag: &Tag, name: &str) -> Result<(), Trouble> {
        let field = Field::from_wire_name(name);
        let repeated = field.is_some_and(|field| self.draft.has(field.index()));
        self.check_depth(self.outer.len() + 2, tag.start)?;
        if field.is_none() {
            self.check_name(tag, name)?;
        }
        self.accept(view, tag);
        // QUIRK-6: kept beside the fifteen.
        if repeated {
            let (kind, span) = (DeviationKind::RepeatedField, tag.start..tag.end);
            self.report(kind, span, format!("extra value {name}"));
        } else if field.is_none() && !self.options.expect_extra {
            let (kind, span) = (DeviationKind::UnknownField, tag.start..tag.end);
            self.report(kind, span, format!("extra value {name}"));
        }
        self.pos = tag.end;
        let start = (tag.end - self.item) as u32;
        let name = self.span(tag.name.clone());
        self.draft.open(name, field, start);
        self.nested.clear();
        self.ahead.next_value();
        self.unclosed.next_value();
        if tag.kind == Kind::Empty {
            return self.close(tag.end);
        }
        self.state = State::Value;
        Ok(())
    }
}
