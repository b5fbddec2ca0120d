//! What only the text behind a tag tells: whether a tag in a value is one or the mention of one.
//! However often that is asked, it takes a time that is linear in the record.

use vcc_types::Field;

use super::glance::{Glance, glance};
use super::machine::{Input, Machine};
use super::name::is_space;
use super::scanner::Scanner;
use super::tag::{Kind, Scan, Tag};
use crate::scan::find;
use crate::steps;

/// How far to look for what tells a tag from the mention of one.
const AHEAD: usize = 4096;

/// How far to look, in one record, for the place that a mentioned field has elsewhere.
const BUDGET: usize = 4 * AHEAD;

/// How often a record is read again because nothing closed an unknown element.
const AGAIN: u32 = 3;

/// Looks from tag to tag, and goes on where the buffer ended. Places count from the start of the
/// item.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    /// The tag that is asked about.
    asked: usize,
    pos: usize,
    scanner: Option<Scanner>,
    /// What was found so far; what it means is up to who asks.
    stage: u8,
}

/// What comes next.
enum Next {
    More,
    Tag(Tag),
    /// A `<` that begins nothing.
    Text,
    /// A comment or the like.
    Other,
}

impl Look {
    /// Passes over tags of elements that nobody knows, which tell nothing: in the first stage only
    /// end tags without anything between them. Whether there were any.
    fn pass(&mut self, view: &[u8], item: usize, own: &[u8]) -> bool {
        if self.scanner.is_some() {
            return false;
        }
        let start = (item + self.pos).min(view.len());
        let mut rest = &view[start..];
        let begin = rest.len();
        loop {
            if self.stage > 0 && rest.first() != Some(&b'<') {
                rest = &rest[find(rest, 0, b'<')..];
            }
            if rest.first() != Some(&b'<') {
                break;
            }
            let Glance::Tag(tag) = glance(rest) else { break };
            let name = &rest[tag.name()];
            if (self.stage == 0 && tag.kind != Kind::End) || name == own || is_known(name) {
                break;
            }
            rest = &rest[tag.len()..];
        }
        let passed = begin - rest.len();
        steps::count(passed);
        self.pos += passed;
        passed > 0
    }

    fn next(&mut self, view: &[u8], item: usize) -> Next {
        let at = item + self.pos;
        let distance = match view.get(at) {
            Some(b'<') => Some(0),
            _ => memchr::memchr(b'<', &view[at.min(view.len())..]),
        };
        let Some(distance) = distance else {
            steps::count(view.len().saturating_sub(at));
            self.pos = view.len().max(at) - item;
            return Next::More;
        };
        steps::count(distance + 1);
        let at = at + distance;
        self.pos = at - item;
        let glance = match self.scanner {
            None => glance(&view[at..]),
            Some(_) => Glance::Unsure,
        };
        let mut scanner = self.scanner.take().unwrap_or_else(|| Scanner::new(1));
        let found = match glance {
            Glance::Tag(tag) => Scan::Tag(tag.at(at)),
            Glance::Text => Scan::None,
            Glance::Unsure => scanner.scan(&view[at..], at),
        };
        match found {
            Scan::More => {
                self.scanner = Some(scanner);
                Next::More
            }
            Scan::Tag(tag) => {
                self.pos = tag.end - item;
                Next::Tag(tag)
            }
            Scan::None if matches!(view.get(at + 1), Some(b'!' | b'?')) => Next::Other,
            Scan::None => {
                self.pos += 1;
                Next::Text
            }
        }
    }
}

impl Machine {
    /// Goes on looking from behind a tag, or begins.
    fn look(&mut self, tag: &Tag) -> Look {
        let asked = tag.start - self.item;
        match self.look.take() {
            Some(look) if look.asked == asked => look,
            _ => Look { asked, pos: tag.end - self.item, scanner: None, stage: 0 },
        }
    }

    /// Keeps what was looked at, and the tag. `None`: more is needed.
    fn wait<T>(&mut self, look: Look, tag: &Tag) -> Option<T> {
        (self.look, self.held) = (Some(look), Some(tag.clone()));
        None
    }

    /// Whether it was asked before what this tag is.
    pub(super) fn is_asked(&self, tag: &Tag) -> bool {
        self.look.is_some_and(|look| look.asked == tag.start - self.item)
    }

    /// Whether the tag cannot stand in the open field, but around it.
    pub(super) fn ends_value(&self, name: &[u8]) -> bool {
        let in_field = self.draft.open.is_some_and(|open| open.field.is_some());
        name == b"file" || (in_field && Field::from_wire_bytes(name).is_some())
    }

    /// Whether a start tag that would end the value is only mentioned in it (QUIRK-11), as in `open
    /// <file> now</agentID>`: the next tag is the end tag of the field. Since that could be one
    /// with another name (QUIRK-5), the tag of a field has to have its place elsewhere in the
    /// record. `None`: more is needed.
    pub(super) fn is_mention(&mut self, input: Input<'_>, tag: &Tag) -> Option<bool> {
        let name = &input.view[tag.name.clone()];
        let Some(open) = self.draft.open else { return Some(false) };
        let (view, whole) = window(input, tag);
        let mut look = self.look(tag);
        while look.stage == 0 {
            match look.next(view, self.item) {
                Next::Text => continue,
                Next::More if !whole => return self.wait(look, tag),
                Next::More | Next::Other => return Some(false),
                Next::Tag(close) => {
                    let own = self.bytes(view, open.name);
                    if close.kind != Kind::End || view[close.name] != *own {
                        return Some(false);
                    }
                    let field = Field::from_wire_bytes(name);
                    let present = field.is_some_and(|f| self.draft.present & (1 << f.index()) != 0);
                    if present || field.is_none() || name == own || tag.kind == Kind::Empty {
                        return Some(true);
                    }
                    if self.draft.looked > BUDGET {
                        return Some(false);
                    }
                }
            }
            look.stage = 1;
        }
        let found = loop {
            match look.next(view, self.item) {
                Next::Text => {}
                Next::More if !whole => return self.wait(look, tag),
                Next::More | Next::Other => break false,
                Next::Tag(next) => match &view[next.name] {
                    // Not so an end tag: `<a><b></a></b>` are tags that cross.
                    found if found == name => break next.kind != Kind::End,
                    b"file" | b"recordings" => break false,
                    _ => {}
                },
            }
        };
        self.draft.looked += look.pos - (tag.end - self.item);
        Some(found)
    }

    /// Whether an end tag with another name closes the value (QUIRK-5). It is text of the value
    /// (QUIRK-18) where more text follows, or the end tag of the field before anything that can
    /// only stand outside. `None`: more is needed.
    pub(super) fn closes(&mut self, input: Input<'_>, tag: &Tag) -> Option<bool> {
        let Some(open) = self.draft.open else { return Some(true) };
        if tag.end - self.item <= self.draft.text_until {
            return Some(false);
        }
        let (view, whole) = window(input, tag);
        let mut look = self.look(tag);
        // Stage 0: nothing but end tags and white space so far, where text decides.
        let closes = loop {
            if look.stage == 0 && look.scanner.is_none() {
                let blank = |byte: &u8| is_space(*byte);
                let rest = &view[(self.item + look.pos).min(view.len())..];
                let spaces = rest.iter().take_while(|byte| blank(byte)).count();
                steps::count(spaces);
                look.pos += spaces;
                match rest.get(spaces) {
                    Some(b'<') | None => {}
                    Some(_) => break false,
                }
                // The end tag of a field that was open before, across this one.
                if spaces < rest.len() && Field::from_wire_bytes(&view[tag.name.clone()]).is_some()
                {
                    break true;
                }
            }
            if look.pass(view, self.item, self.bytes(view, open.name)) {
                continue;
            }
            match look.next(view, self.item) {
                Next::Text if look.stage == 0 => break false,
                Next::Text => {}
                Next::More if !whole => return self.wait(look, tag),
                // So far away, it is none of this value's concern: no text is lost.
                Next::More => break view.len() < tag.end + AHEAD,
                Next::Other => break true,
                Next::Tag(next) => {
                    let name = &view[next.name];
                    let known = Field::from_wire_bytes(name).is_some();
                    match next.kind {
                        _ if matches!(name, b"file" | b"recordings") => break true,
                        Kind::End if name.is_empty() => break false,
                        Kind::End if name == self.bytes(view, open.name) => break false,
                        Kind::End => {}
                        _ if known || open.field.is_none() => break true,
                        _ => look.stage = 1,
                    }
                }
            }
        };
        if !closes {
            self.draft.text_until = look.pos;
        }
        Some(closes)
    }

    /// Before the record ends: whether it is read again from the first field that an unknown
    /// element took with it, since nothing closed that.
    pub(super) fn reread_unclosed(&mut self) -> bool {
        let Some((place, pending)) = self.draft.swallowed.take() else { return false };
        let Some(open) = self.draft.open.filter(|open| open.field.is_none()) else { return false };
        if self.draft.again >= AGAIN {
            return false;
        }
        self.draft.again += 1;
        self.draft.unclosed = Some((open.start as usize, place));
        self.pos = self.item + place;
        self.pending.truncate(pending);
        self.draft.nested.clear();
        (self.scanning, self.held, self.look, self.seen) = (None, None, None, 0);
        true
    }

    /// Whether the open element, which is unknown, ends before the tag of a field: nothing closes
    /// it, or too much was read again already.
    /// `at` is the place of that tag in the record.
    pub(super) fn is_unclosed(&self, at: usize) -> bool {
        let start = self.draft.open.map_or(0, |open| open.start as usize);
        self.draft.again >= AGAIN || self.draft.unclosed == Some((start, at))
    }
}

/// Whether it is the name of an element that is documented.
fn is_known(name: &[u8]) -> bool {
    // None is shorter.
    name.len() >= 4
        && (matches!(name, b"file" | b"recordings") || Field::from_wire_bytes(name).is_some())
}

/// What may be looked at behind a tag, and whether more will never be.
fn window<'b>(input: Input<'b>, tag: &Tag) -> (&'b [u8], bool) {
    let end = tag.end + AHEAD;
    let view = &input.view[..input.view.len().min(end)];
    (view, input.ended || input.cut || view.len() == end)
}
