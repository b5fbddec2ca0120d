//! An end tag in a value that closes nothing is taken for text until what follows decides
//! (QUIRK-18), so that the tags behind it are looked at once. Only where nobody is told.

use super::ahead::{AHEAD, is_known};
use super::glance::{Glance, glance};
use super::machine::Machine;
use super::name::is_space;
use super::tag::Kind;
use crate::scan::find;

/// The open element, as far as what stands in it is concerned.
#[derive(Clone, Copy)]
pub(super) struct Around<'v> {
    pub(super) own: &'v [u8],
    pub(super) in_field: bool,
    /// How many elements may be open in it.
    pub(super) room: usize,
}

impl Machine {
    /// The end tag at `start`, of so many bytes, and what follows it up to where that is known to be
    /// text: as [`closes`](super::ahead::Ahead::closes) has it. `None`: it is none, or only a closer
    /// look tells, and nothing was read.
    pub(super) fn try_as_text(
        &mut self,
        view: &[u8],
        start: usize,
        length: usize,
        around: Around<'_>,
    ) -> Option<usize> {
        let until = start + length + AHEAD;
        if view.len() < until {
            return None;
        }
        self.nested.try_on();
        let end = self.text_until(view, start + length, until, around);
        match end {
            Some(end) => {
                self.nested.keep();
                self.ahead.is_text_until(end - self.item);
            }
            None => self.nested.take_back(),
        }
        end
    }

    fn text_until(
        &mut self,
        view: &[u8],
        from: usize,
        until: usize,
        around: Around<'_>,
    ) -> Option<usize> {
        let mut rest = view.get(from..)?;
        // Whether there was any tag but end tags, after which text decides nothing.
        let mut opened = false;
        loop {
            if rest.first() != Some(&b'<') {
                let next = || rest.iter().find(|byte| !is_space(**byte));
                if !opened && next().is_some_and(|byte| *byte != b'<') {
                    return Some(view.len() - rest.len());
                }
                rest = &rest[find(rest, 0, b'<')..];
            }
            let at = view.len() - rest.len();
            if matches!(rest.get(1)?, b'!' | b'?') {
                return None;
            }
            let tag = match glance(rest) {
                Glance::Unsure => return None,
                Glance::Text if !opened => return Some(at),
                Glance::Text => {
                    rest = &rest[1..];
                    continue;
                }
                Glance::Tag(tag) => tag,
            };
            let name = &rest[tag.name()];
            if at + tag.len() > until {
                return Some(at);
            }
            match tag.kind {
                Kind::End if name == around.own || name.is_empty() => return Some(at),
                Kind::End if matches!(name, b"file" | b"recordings") => return None,
                // It closes one in the value, or is text as well.
                Kind::End => {
                    self.nested.close(&view[self.item..], name);
                }
                _ if !around.in_field || is_known(name) => return None,
                kind => {
                    opened = true;
                    if kind == Kind::Start && self.nested.len() < around.room {
                        let from = at - self.item + tag.name().start;
                        self.nested.push((from as u32, (from + name.len()) as u32), name);
                    }
                }
            }
            rest = &rest[tag.len()..];
        }
    }
}
