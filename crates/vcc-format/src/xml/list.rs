//! Around records: the root, unknown elements, and what may stand before and after.

use vcc_types::Field;

use super::blank::{Blank, blank};
use super::excerpt::{excerpt, shorten};
use super::machine::{Input, Machine, State};
use super::markup::{Token, token};
use super::tag::{Kind, Tag};
use crate::machine::{Step, Trouble};
use crate::{DeviationKind, ErrorKind};

impl Machine {
    /// One piece before, between or after records.
    pub(super) fn between(&mut self, input: Input<'_>) -> Result<Step, Trouble> {
        let Input { view, .. } = input;
        if self.pos >= view.len() {
            return self.more(input);
        }
        if self.pass_between(view) {
            return Ok(Step::Other);
        }
        let outside = !matches!(self.state, State::List);
        if outside || view[self.pos] == 0xEF {
            // In a list the others are text like any other.
            let mark = matches!(blank(view, self.pos, true), Blank::ByteOrderMark);
            let partial = view[self.pos] == 0xEF && view.len() < self.pos + 3;
            if (outside || mark || partial)
                && let Some(step) = self.blanks(input, self.pos, self.state)
            {
                return step;
            }
        }
        if matches!(self.state, State::List | State::Epilog) {
            match self.joins(input) {
                None => return self.more(input),
                Some(false) => {}
                Some(true) => {
                    self.seam(self.pos + b"<?xml".len());
                    self.state = State::Declaration;
                    return Ok(Step::Other);
                }
            }
        }
        match token(self, input)? {
            Token::More => self.more(input),
            Token::Ignored(end) => {
                self.pos = end;
                Ok(Step::Other)
            }
            Token::Doctype(end) if self.state == (State::Prolog { doctype: false }) => {
                self.pos = end;
                self.state = State::Prolog { doctype: true };
                Ok(Step::Other)
            }
            Token::Doctype(end) if self.state == State::Epilog => {
                self.seam(end);
                self.pos = end;
                self.state = State::Prolog { doctype: true };
                Ok(Step::Other)
            }
            Token::Doctype(_) => Err(self.unexpected("a document type declaration")),
            Token::Text(end) => match self.state {
                State::List => {
                    self.stray_text(view, end);
                    Ok(Step::Other)
                }
                // Whatever it is, it begins with text: an excerpt says more than a name.
                State::Epilog => Err(self.trailing()),
                _ => match excerpt(view, self.pos, input.cut || input.ended) {
                    Some(found) => {
                        let message = format!("expected <recordings>, found the text {found}");
                        Err(Trouble { kind: ErrorKind::NotRecordings, at: self.pos, message })
                    }
                    None => self.more(input),
                },
            },
            Token::Tag(tag) => match self.state {
                State::List => self.list_tag(view, tag),
                State::Epilog if view[tag.name.clone()] != *b"recordings" => Err(self.trailing()),
                State::Epilog if tag.kind == Kind::End => {
                    self.report(DeviationKind::StrayEndTag, tag.start..tag.end, "");
                    self.accept(view, &tag);
                    self.pos = tag.end;
                    Ok(Step::Other)
                }
                State::Epilog => {
                    self.seam(tag.end);
                    self.root(view, tag)
                }
                _ => self.root(view, tag),
            },
            Token::None => match self.state {
                State::Epilog => Err(self.trailing()),
                _ => Err(self.unexpected("a `<` that begins no tag")),
            },
        }
    }

    fn root(&mut self, view: &[u8], tag: Tag) -> Result<Step, Trouble> {
        let name = self.name(view, &tag);
        if name != "recordings" || tag.kind == Kind::End {
            let html = name.eq_ignore_ascii_case("html");
            let what = if html { "a page of HTML" } else { "another document" };
            let found = self.encoding.text(&view[tag.start..tag.end]);
            let found = shorten(&found);
            let message = format!("expected <recordings>, found {found}: this is {what}");
            return Err(Trouble { kind: ErrorKind::NotRecordings, at: tag.start, message });
        }
        self.accept(view, &tag);
        self.pos = tag.end;
        self.bom = false;
        self.state = State::Epilog;
        if tag.kind == Kind::Start {
            self.outer.push(name.as_bytes());
            self.state = State::List;
        }
        Ok(Step::Other)
    }

    fn list_tag(&mut self, view: &[u8], tag: Tag) -> Result<Step, Trouble> {
        let name = self.name(view, &tag);
        match (tag.kind, &*name) {
            (Kind::Start, "file") => {
                self.begin(tag.start);
                self.accept(view, &tag);
                self.pos = tag.end;
                // The record goes on with the next step, and its item stays where it is.
                Ok(Step::Other)
            }
            (Kind::Empty, "file") => {
                self.begin(tag.start);
                self.accept(view, &tag);
                Ok(self.end(tag.end))
            }
            (Kind::Start | Kind::Empty, "recordings") => {
                self.seam(tag.end);
                self.root(view, tag)
            }
            (Kind::Start | Kind::Empty, known) if Field::from_wire_name(known).is_some() => {
                Err(self.syntax(&tag, view, "<file> before a field"))
            }
            (Kind::Start | Kind::Empty, unknown) => {
                // QUIRK-6: nothing to keep it in, but the records inside it are read.
                self.check_name(&tag, unknown)?;
                self.report(DeviationKind::UnknownElement, tag.start..tag.end, "");
                self.accept(view, &tag);
                if tag.kind == Kind::Start {
                    self.outer.push(name.as_bytes());
                    self.check_depth(self.outer.len(), tag.start)?;
                }
                self.pos = tag.end;
                Ok(Step::Other)
            }
            (Kind::End, "") => {
                let place = self.outer.len().saturating_sub(1);
                let read_as = self.end_tags(place);
                self.outer.close(place);
                self.report(DeviationKind::EmptyEndTag, tag.start..tag.end, read_as);
                self.accept(view, &tag);
                Ok(self.after_outer(tag.end))
            }
            (Kind::End, name) => {
                self.accept(view, &tag);
                match self.outer.place(name.as_bytes()) {
                    Some(place) => {
                        if place + 1 < self.outer.len() {
                            let read_as = self.end_tags(place);
                            let span = tag.start..tag.end;
                            self.report(DeviationKind::UnclosedElement, span, read_as);
                        }
                        self.outer.close(place);
                    }
                    None => self.report(DeviationKind::StrayEndTag, tag.start..tag.end, ""),
                }
                Ok(self.after_outer(tag.end))
            }
        }
    }

    fn after_outer(&mut self, end: usize) -> Step {
        self.pos = end;
        if self.outer.is_empty() {
            self.state = State::Epilog;
        }
        Step::Other
    }
}
