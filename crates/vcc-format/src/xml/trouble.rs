//! What is wrong where nothing can be repaired, and what was expected there.

use super::excerpt::shorten;
use super::machine::{Input, Machine, State};
use super::name::{is_name, is_space};
use super::tag::Tag;
use super::value::CDATA;
use crate::ErrorKind;
use crate::machine::{Step, Trouble};

impl Machine {
    /// The view ends inside something: more is needed, or nothing more may or will come.
    #[cold]
    pub(super) fn more(&mut self, input: Input<'_>) -> Result<Step, Trouble> {
        if input.cut {
            let limit = self.options.limits.record_bytes;
            let what = if self.in_record { "a record" } else { "a piece of markup or text" };
            let message = format!("{what} is longer than the limit of {limit} bytes");
            return Err(Trouble { kind: ErrorKind::RecordTooLong, at: self.item, message });
        }
        if !input.ended {
            return Ok(Step::More);
        }
        let expected = match self.state {
            State::Start | State::Before | State::Prolog { .. } if self.pos >= input.view.len() => {
                let message = "expected <recordings>, found nothing".to_owned();
                return Err(Trouble { kind: ErrorKind::NotRecordings, at: self.pos, message });
            }
            State::Epilog if self.item >= input.view.len() => return Ok(Step::End),
            _ if let Some((what, end)) = unclosed(&input.view[self.pos..]) => {
                let message = format!(
                    "expected {end} after the {what} that begins here, found the end of the input"
                );
                return Err(Trouble { kind: ErrorKind::Truncated, at: self.pos, message });
            }
            State::Start | State::Before | State::Declaration | State::Prolog { .. } => {
                "<recordings>".to_owned()
            }
            State::List => "</recordings>".to_owned(),
            State::Record => "</file>".to_owned(),
            State::Value => match self.draft.opened() {
                Some(open) => {
                    format!("</{}>", self.encoding.text(self.bytes(input.view, open.name)))
                }
                None => "</file>".to_owned(),
            },
            State::Epilog => "nothing but comments".to_owned(),
        };
        let message = format!("expected {expected}, found the end of the input");
        Err(Trouble { kind: ErrorKind::Truncated, at: input.view.len(), message })
    }

    pub(super) fn trailing(&self) -> Trouble {
        let message = "expected the end of the input after </recordings>".to_owned();
        Trouble { kind: ErrorKind::TrailingContent, at: self.pos, message }
    }

    pub(super) fn unexpected(&self, found: &str) -> Trouble {
        let expected = match self.state {
            State::Start | State::Before | State::Declaration | State::Prolog { .. } => {
                "<recordings>"
            }
            State::List => "<file> or </recordings>",
            State::Record | State::Value => "a field or </file>",
            State::Epilog => "the end of the input",
        };
        let message = format!("expected {expected}, found {found}");
        Trouble { kind: ErrorKind::Syntax, at: self.pos, message }
    }

    pub(super) fn syntax(&self, tag: &Tag, view: &[u8], expected: &str) -> Trouble {
        let found = self.encoding.text(&view[tag.start..tag.end]);
        let message = format!("expected {expected}, found {}", shorten(&found));
        Trouble { kind: ErrorKind::Syntax, at: tag.start, message }
    }

    pub(super) fn check_name(&self, tag: &Tag, name: &str) -> Result<(), Trouble> {
        if is_name(name) {
            return Ok(());
        }
        let message = format!("expected a tag, found {name:?}, which is no name");
        Err(Trouble { kind: ErrorKind::Syntax, at: tag.start, message })
    }

    pub(super) fn check_depth(&self, depth: usize, at: usize) -> Result<(), Trouble> {
        let limit = self.options.limits.depth;
        if depth <= limit {
            return Ok(());
        }
        let message = format!("more than {limit} elements are open");
        Err(Trouble { kind: ErrorKind::TooDeep, at, message })
    }
}

/// The piece of markup that is unfinished at the position of a machine, if it is one that takes all
/// that follows with it, and how it would end.
fn unclosed(rest: &[u8]) -> Option<(&'static str, &'static str)> {
    let starts = |start: &[u8]| rest.starts_with(start);
    if starts(b"<!--") {
        Some(("comment", "-->"))
    } else if starts(CDATA) {
        Some(("CDATA section", "]]>"))
    } else if starts(b"<!DOCTYPE") {
        Some(("document type declaration", ">"))
    } else if starts(b"<?") {
        let declaration = starts(b"<?xml") && rest.get(5).is_some_and(|byte| is_space(*byte));
        Some((if declaration { "XML declaration" } else { "processing instruction" }, "?>"))
    } else {
        None
    }
}
