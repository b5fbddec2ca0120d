//! The value of a field: where it ends, and which tags in it are text (QUIRK-1, QUIRK-5, QUIRK-11,
//! QUIRK-18).

use vcc_types::Field;

use super::ahead::{Ahead, Question};
use super::lead::starts_with;
use super::machine::{Input, Machine, State};
use super::markup::{comment, find, instruction};
use super::name::is_name_start_byte;
use super::tag::{Kind, Scan, Tag};
use super::value::CDATA;
use crate::machine::Trouble;
use crate::scan::find as find_byte;
use crate::{DeviationKind, ErrorKind};

impl Machine {
    /// Reads on in the value of the open field. `false`: the view ends inside it.
    pub(super) fn value(&mut self, input: Input<'_>) -> Result<bool, Trouble> {
        let Input { view, .. } = input;
        while self.state == State::Value {
            self.pass_in_value(view);
            self.pos = find_byte(view, self.pos, b'<');
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
                Some(b'/') => match self.tag(input, 1) {
                    Scan::More => return Ok(false),
                    Scan::None => Some(0),
                    Scan::Tag(tag) => {
                        if !self.end_tag_in_value(input, &tag)? {
                            return Ok(false);
                        }
                        continue;
                    }
                },
                Some(byte) if is_name_start_byte(*byte) => match self.tag(input, 1) {
                    Scan::More => return Ok(false),
                    Scan::None => Some(0),
                    Scan::Tag(tag) => {
                        let ends = self.ends_value(&view[tag.name.clone()]);
                        let mention = if ends { self.is_mention(input, &tag) } else { Some(false) };
                        let Some(mention) = mention else { return Ok(false) };
                        self.start_tag_in_value(view, &tag, ends, mention)?;
                        continue;
                    }
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
                    self.draft.mark();
                    self.pos = end;
                }
            }
        }
        Ok(true)
    }

    /// An end tag in the value. `false`: the view ends before it is known what it is.
    fn end_tag_in_value(&mut self, input: Input<'_>, tag: &Tag) -> Result<bool, Trouble> {
        let view = input.view;
        let Some(open) = self.draft.opened() else { return Ok(true) };
        let name = &view[tag.name.clone()];
        let nested = if name.is_empty() {
            // QUIRK-1. In a known field there are no elements, only text that looks like some.
            open.field.is_none() && self.nested.close_innermost()
        } else {
            !self.ahead.is_asked(tag.start - self.item)
                && self.nested.close(&view[self.item..], name)
        };
        if nested {
            self.pos = tag.end;
            return Ok(true);
        }
        let own = self.bytes(view, open.name);
        let outer = matches!(name, b"file" | b"recordings");
        let other = name != own && !name.is_empty() && !outer;
        if other {
            match self.ask(input, tag, Ahead::closes) {
                None => return Ok(false),
                Some(true) => {}
                Some(false) => {
                    let read_as = self.text_of(view, tag);
                    let span = tag.start..tag.end;
                    self.report(DeviationKind::EndTagAsText, span, read_as);
                    self.pos = tag.end;
                    return Ok(true);
                }
            }
        }
        if outer && self.reread_unclosed() {
            return Ok(true);
        }
        let read_as = match !self.notes.is_silent() {
            true if tag.percent_gt || name != own => format!("</{}>", self.encoding.text(own)),
            _ => String::new(),
        };
        let span = tag.start..tag.end;
        if outer {
            // QUIRK-5: it closes what is open inside, and is read again after that.
            self.report(DeviationKind::UnclosedElement, span, read_as);
            self.pos = tag.start;
            self.close(tag.start)?;
            return Ok(true);
        }
        if name.is_empty() {
            self.report(DeviationKind::EmptyEndTag, span, read_as);
        } else if other {
            // QUIRK-5
            self.report(DeviationKind::MismatchedEndTag, span, read_as);
        }
        self.accept(view, tag);
        self.pos = tag.end;
        self.close(tag.start)?;
        Ok(true)
    }

    /// What a tag that is kept as text was read as.
    fn text_of(&self, view: &[u8], tag: &Tag) -> String {
        if self.notes.is_silent() {
            return String::new();
        }
        self.encoding.text(&view[tag.start..tag.end]).into_owned()
    }

    /// `ends`, `mention`: see [`ends_value`](Self::ends_value) and
    /// [`is_mention`](Self::is_mention).
    fn start_tag_in_value(
        &mut self,
        view: &[u8],
        tag: &Tag,
        ends: bool,
        mention: bool,
    ) -> Result<(), Trouble> {
        let Some(open) = self.draft.opened() else { return Ok(()) };
        let name = &view[tag.name.clone()];
        if ends && !mention {
            if name == b"file" && self.reread_unclosed() {
                return Ok(());
            }
            return self.cut_short(view, tag);
        }
        if tag.percent_gt {
            self.report(DeviationKind::RawLessThan, self.pos..self.pos + 1, "<");
            self.pos += 1;
            return Ok(());
        }
        if open.field.is_none() && Field::from_wire_bytes(name).is_some() {
            let place = tag.start - self.item;
            if self.unclosed.ends(open.start as usize, place) {
                return self.cut_short(view, tag);
            }
            // Should nothing close the unknown element, the field is none of its.
            self.unclosed.swallow(place, self.notes.len());
        }
        // QUIRK-11: an element cannot stand in a field.
        let kind = match open.field {
            Some(_) => DeviationKind::RawLessThan,
            None => DeviationKind::NestedElement,
        };
        let read_as = self.text_of(view, tag);
        self.report(kind, tag.start..tag.end, read_as);
        if tag.kind == Kind::Start && !mention {
            // In a field nothing is nested: a few are enough to tell which end tags are text.
            if open.field.is_none() || self.nested.len() < self.options.limits.depth {
                let span = self.span(tag.name.clone());
                self.nested.push(span, name);
            }
            if open.field.is_none() {
                self.check_depth(self.outer.len() + 2 + self.nested.len(), tag.start)?;
            }
        }
        self.pos = tag.end;
        Ok(())
    }

    /// QUIRK-12 for the record, and the same for a field: the tag that can only stand outside ends
    /// what is open.
    fn cut_short(&mut self, view: &[u8], tag: &Tag) -> Result<(), Trouble> {
        let read_as = match self.draft.opened() {
            Some(open) if !self.notes.is_silent() => {
                format!("</{}>", self.encoding.text(self.bytes(view, open.name)))
            }
            _ => String::new(),
        };
        self.report(DeviationKind::UnclosedElement, tag.start..tag.end, read_as);
        self.pos = tag.start;
        self.close(tag.start)
    }

    /// The value of the open field ends before `end`.
    pub(super) fn close(&mut self, end: usize) -> Result<(), Trouble> {
        self.state = State::Record;
        let limit = self.options.limits.extra;
        let end = (end - self.item) as u32;
        self.draft.close(end, limit).map_err(|name| {
            let message = format!("the record has more than {limit} extra values");
            let at = self.item + name.0 as usize;
            Trouble { kind: ErrorKind::TooManyExtra, at, message }
        })
    }

    /// Before the record ends: whether it is read again from the first field that an unknown
    /// element took with it, since nothing closed that.
    pub(super) fn reread_unclosed(&mut self) -> bool {
        let open = self.draft.opened().filter(|open| open.field.is_none());
        let Some((place, reported)) = self.unclosed.read_again(open.map(|open| open.start)) else {
            return false;
        };
        self.pos = self.item + place;
        self.seen = 0;
        self.notes.take_back(reported, self.transcoded);
        self.nested.clear();
        self.lookup.forget();
        self.ahead.forget();
        true
    }

    /// Whether the tag cannot stand in the open field, but around it.
    fn ends_value(&self, name: &[u8]) -> bool {
        let in_field = self.draft.opened().is_some_and(|open| open.field.is_some());
        name == b"file" || (in_field && Field::from_wire_bytes(name).is_some())
    }

    /// Whether the tag is only mentioned in the value: see [`Ahead`]. `None`: more is needed.
    fn is_mention(&mut self, input: Input<'_>, tag: &Tag) -> Option<bool> {
        let field = Field::from_wire_bytes(&input.view[tag.name.clone()]);
        let has_place = field.is_none_or(|field| self.draft.has(field.index()));
        self.ask(input, tag, |ahead, question| ahead.is_mention(question, has_place))
    }

    /// Asks about a tag in the open value; without an answer it is kept until more comes.
    fn ask(
        &mut self,
        input: Input<'_>,
        tag: &Tag,
        answer: impl FnOnce(&mut Ahead, &Question<'_>) -> Option<bool>,
    ) -> Option<bool> {
        let open = self.draft.opened()?;
        let question = Question {
            tag,
            own: self.bytes(input.view, open.name),
            in_field: open.field.is_some(),
            view: input.view,
            item: self.item,
            whole: input.ended || input.cut,
        };
        let answer = answer(&mut self.ahead, &question);
        if answer.is_none() {
            self.lookup.hold(tag.clone());
        }
        answer
    }
}
