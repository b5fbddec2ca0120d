//! What is passed over in one go when nobody is told of it: text that looks like markup, comments,
//! tags that hold nothing. Whatever is not in sight to its end, or means something, is left to the
//! slow road, which says more and reads the same.

use vcc_types::Field;

use super::ahead::is_known;
use super::blank::{BOM, Blank, blank};
use super::glance::{Glance, glance};
use super::lead::{Lead, percent};
use super::machine::Machine;
use super::name::{is_name_byte, is_name_start_byte, is_space};
use super::tag::Kind;
use super::trial::Around;
use super::value::CDATA;
use crate::scan::{LANES, find, find_bytes, marked};
use crate::steps;

impl Machine {
    /// In a value, from its next `<` on.
    pub(super) fn pass_in_value(&mut self, view: &[u8]) {
        let Some(open) = self.draft.opened().filter(|_| self.may_pass()) else { return };
        let own = self.bytes(view, open.name);
        let in_field = open.field.is_some();
        let outer = if in_field { 0 } else { self.outer.len() + 2 };
        let room = self.options.limits.depth.saturating_sub(outer);
        let mut rest = &view[self.pos..];
        let mut marked = false;
        loop {
            if rest.first() != Some(&b'<') {
                rest = &rest[find(rest, 0, b'<')..];
            }
            let length = match rest.get(1) {
                None => break,
                Some(b'<') => 1,
                Some(b'!') if rest.get(2).is_some_and(|byte| !b"-[".contains(byte)) => 1,
                Some(b'!' | b'?') => match ignored(rest) {
                    None => break,
                    Some(length) => {
                        marked = true;
                        length
                    }
                },
                Some(_) => match glance(rest) {
                    Glance::Unsure => break,
                    Glance::Text => 1,
                    Glance::Tag(tag) => {
                        let name = &rest[tag.name()];
                        let start = view.len() - rest.len();
                        let at = start - self.item;
                        match tag.kind {
                            Kind::End if in_field && (name == own || name.is_empty()) => break,
                            Kind::End if name.is_empty() => {
                                if !self.nested.close_innermost() {
                                    break;
                                }
                                tag.len()
                            }
                            Kind::End if self.nested.close(&view[self.item..], name) => tag.len(),
                            Kind::End => {
                                if name == own || matches!(name, b"file" | b"recordings") {
                                    break;
                                }
                                // QUIRK-18: as [`closes`](Self::closes) has it, where text follows.
                                let next = rest.get(tag.len());
                                let text =
                                    next.is_some_and(|byte| *byte != b'<' && !is_space(*byte));
                                if text || self.ahead.is_text(at + tag.len()) {
                                    tag.len()
                                } else {
                                    let around = Around { own, in_field, room };
                                    if is_known(name) {
                                        break;
                                    }
                                    match self.try_as_text(view, start, tag.len(), around) {
                                        None => break,
                                        Some(end) => end - start,
                                    }
                                }
                            }
                            _ if is_file_or_field(name) && !self.swallows(name, open.start, at) => {
                                break;
                            }
                            // QUIRK-2 repairs tags that mean something.
                            _ if tag.percent_gt() => 1,
                            Kind::Empty => tag.len(),
                            Kind::Start if self.nested.len() < room => {
                                let from = (at + tag.name().start) as u32;
                                let to = (at + tag.name().end) as u32;
                                self.nested.push((from, to), name);
                                tag.len()
                            }
                            Kind::Start if in_field => tag.len(),
                            Kind::Start => break,
                        }
                    }
                },
            };
            rest = &rest[length..];
        }
        if marked {
            self.draft.mark();
        }
        self.pass_to(view.len() - rest.len());
    }

    /// Between fields. Whether there was anything.
    pub(super) fn pass_in_record(&mut self, view: &[u8]) -> bool {
        let (begin, mut pos) = (self.pos, self.pos);
        while self.may_pass() {
            let rest = view.get(pos..).unwrap_or_default();
            let length = match rest {
                [b'<', b'/', ..] => match glance(rest) {
                    Glance::Tag(tag)
                        if !matches!(&rest[tag.name()], b"" | b"file" | b"recordings") =>
                    {
                        Some(tag.len())
                    }
                    _ => None,
                },
                [b'<', b'!' | b'?', ..] => ignored(rest),
                [0xEF, ..] if rest.starts_with(BOM) => Some(BOM.len()),
                [0xEF, ..] if BOM.starts_with(rest) => None,
                [b'<', ..] | [] => None,
                [byte, ..] if is_space(*byte) => Some(spaces(rest)),
                _ => near_text(rest).or_else(|| text(rest)),
            };
            let Some(length) = length else { break };
            steps::count(length);
            pos += length;
        }
        self.pass_to(pos);
        pos > begin
    }

    /// Before the declaration. Whether there was anything.
    pub(super) fn pass_before(&mut self, view: &[u8]) -> bool {
        let begin = self.pos;
        let mut pos = begin;
        while self.may_pass() {
            let rest = view.get(pos..).unwrap_or_default();
            let length = match rest.first() {
                Some(byte) if is_space(*byte) => spaces(rest),
                _ => match blank(rest, 0, false) {
                    Blank::ByteOrderMark => {
                        self.bom = true;
                        BOM.len()
                    }
                    Blank::Is(length) => length,
                    _ => break,
                },
            };
            steps::count(length);
            pos += length;
        }
        self.pass_to(pos);
        pos > begin
    }

    /// Whether the open element, whose value begins at `start`, takes the field at `at` with it, as it
    /// did others before.
    fn swallows(&self, name: &[u8], start: u32, at: usize) -> bool {
        name != b"file" && self.unclosed.has_swallowed() && !self.unclosed.ends(start as usize, at)
    }

    /// Whether nobody is told anything, and nothing at the position was searched in vain.
    pub(super) fn may_pass(&self) -> bool {
        self.notes.is_silent() && self.seen <= self.pos
    }

    pub(super) fn pass_to(&mut self, pos: usize) {
        if pos > self.pos {
            self.pos = pos;
            self.lookup.forget();
        }
    }
}

/// How much white space `rest` begins with.
#[inline]
pub(super) fn spaces(rest: &[u8]) -> usize {
    rest.iter().take_while(|byte| is_space(**byte)).count()
}

/// Whether a name has nothing but ASCII. Most are short.
#[inline(always)]
fn is_ascii(name: &[u8]) -> bool {
    if name.len() <= 8 { name.iter().all(u8::is_ascii) } else { name.is_ascii() }
}

/// Whether a tag of this name means something in a value.
fn is_file_or_field(name: &[u8]) -> bool {
    // None is shorter.
    name.len() >= 4 && (name == b"file" || Field::from_wire_bytes(name).is_some())
}

/// How long the comment, the CDATA section or the processing instruction at the start of `rest` is,
/// if it is whole and one.
#[inline]
pub(super) fn ignored(rest: &[u8]) -> Option<usize> {
    let until =
        |from: usize, end: &[u8]| Some(from + find_bytes(rest.get(from..)?, end)? + end.len());
    match rest {
        [_, b'!', b'-', b'-', ..] => until(4, b"-->"),
        [_, b'!', ..] if rest.starts_with(CDATA) => until(CDATA.len(), b"]]>"),
        [_, b'?', first, ..] if is_name_start_byte(*first) => {
            let length = rest.iter().skip(2).take_while(|byte| is_name_byte(**byte)).count();
            let (target, behind) = rest[2..].split_at(length);
            if !is_ascii(target) || (length == 3 && target.eq_ignore_ascii_case(b"xml")) {
                return None;
            }
            match behind {
                [b'?', b'>', ..] => Some(2 + length + 2),
                [byte, ..] if is_space(*byte) => until(2 + length, b"?>"),
                _ => None,
            }
        }
        _ => None,
    }
}

/// How long the text at the start of `rest` is, if a `<` in the first bytes ends it.
#[inline(always)]
pub(super) fn near_text(rest: &[u8]) -> Option<usize> {
    let marks = marked(b'<', b'%', rest);
    let at = marks.trailing_zeros() as usize;
    (marks != 0 && rest[at] == b'<').then_some(at)
}

/// How long the text at the start of `rest` is, if it is in sight what ends it.
#[inline(never)]
pub(super) fn text(rest: &[u8]) -> Option<usize> {
    if rest[0] == b'%' {
        match percent(rest, 0) {
            Lead::More => return None,
            Lead::None => {}
            // QUIRK-2: only a tag that means something here is worth the repair.
            Lead::Is(lead) => match glance(rest.get(lead - 1..)?) {
                Glance::Unsure => return None,
                Glance::Text => {}
                Glance::Tag(tag) if Machine::may_stand(&rest[lead - 1..][tag.name()]) => {
                    return None;
                }
                Glance::Tag(_) => {}
            },
        }
    }
    let mut from = 1;
    loop {
        let mut marks = marked(b'<', b'%', rest.get(from..)?);
        if marks == 0 {
            from += LANES;
            from += memchr::memchr2(b'<', b'%', rest.get(from..)?)?;
            continue;
        }
        while marks != 0 {
            let at = from + marks.trailing_zeros() as usize;
            marks &= marks - 1;
            if rest[at] == b'<' {
                return Some(at);
            }
            match percent(rest, at) {
                Lead::Is(_) => return Some(at),
                Lead::More => return None,
                Lead::None => {}
            }
        }
        from += LANES;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_ends_at_the_first_tag() {
        for length in 1..70 {
            for percent in [None, Some(0), Some(length / 2), Some(length - 1)] {
                let mut bytes = vec![b'x'; length];
                if let Some(percent) = percent {
                    bytes[percent] = b'%';
                }
                let whole = [&bytes[..], &b"<b>".repeat(12)].concat();
                assert_eq!(text(&whole), Some(length));
                let near = near_text(&whole);
                assert_eq!(near, (length < LANES && percent.is_none()).then_some(length));
                assert_eq!((text(&bytes), near_text(&bytes)), (None, None));
            }
        }
    }
}
