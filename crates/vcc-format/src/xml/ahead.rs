//! What only the text behind a tag tells: whether a tag in a value is one or the mention of one.
//! However often that is asked, it takes a time that is linear in the record.

use vcc_types::Field;

use super::glance::{Glance, glance};
use super::name::is_space;
use super::scanner::Scanner;
use super::tag::{Kind, Scan, Tag};
use crate::scan::find;
use crate::steps;

/// How far to look for what tells a tag from the mention of one.
pub(super) const AHEAD: usize = 4096;

/// How far to look, in one record, for the place that a mentioned field has elsewhere.
const BUDGET: usize = 4 * AHEAD;

/// What was looked at behind the tags of a record.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    /// Behind the last tag that was asked about.
    look: Option<Look>,
    /// How many bytes were looked at to tell mentions.
    looked: usize,
    /// End tags before this place are text of the value.
    text_until: usize,
}

/// A tag in a value that is asked about.
pub(super) struct Question<'q> {
    pub(super) tag: &'q Tag,
    /// The name of the open element, and whether it is a field.
    pub(super) own: &'q [u8],
    pub(super) in_field: bool,
    /// The buffer, where the record begins in it, and whether nothing will follow.
    pub(super) view: &'q [u8],
    pub(super) item: usize,
    pub(super) whole: bool,
}

impl<'q> Question<'q> {
    fn name(&self) -> &'q [u8] {
        &self.view[self.tag.name.clone()]
    }

    /// What may be looked at, and whether more will never be.
    fn window(&self) -> (&'q [u8], bool) {
        let end = self.tag.end + AHEAD;
        let view = &self.view[..self.view.len().min(end)];
        (view, self.whole || view.len() == end)
    }
}

/// Looks from tag to tag, and goes on where the buffer ended. Places count from the start of the
/// item.
#[derive(Clone, Copy, Debug)]
struct Look {
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
            let tells = name == own || name.is_empty() || is_known(name);
            if tells || (self.stage == 0 && tag.kind != Kind::End) {
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

impl Ahead {
    /// Another record begins.
    pub(super) fn clear(&mut self) {
        (self.look, self.looked, self.text_until) = (None, 0, 0);
    }

    /// Another value begins.
    pub(super) fn next_value(&mut self) {
        self.text_until = 0;
    }

    /// What was found is no longer so: a part of the record is read again.
    pub(super) fn forget(&mut self) {
        self.look = None;
    }

    /// Whether an end tag that ends at this place of the record is known to be text of the value.
    #[inline(always)]
    pub(super) fn is_text(&self, end: usize) -> bool {
        end <= self.text_until
    }

    /// Says that end tags before this place of the record are text of the value.
    pub(super) fn is_text_until(&mut self, place: usize) {
        self.text_until = place;
    }

    /// Whether it was asked before what the tag at this place of the record is.
    pub(super) fn is_asked(&self, place: usize) -> bool {
        self.look.is_some_and(|look| look.asked == place)
    }

    /// Goes on looking from behind a tag, or begins.
    fn look(&mut self, question: &Question<'_>) -> Look {
        let (tag, item) = (question.tag, question.item);
        let asked = tag.start - item;
        match self.look.take() {
            Some(look) if look.asked == asked => look,
            _ => Look { asked, pos: tag.end - item, scanner: None, stage: 0 },
        }
    }

    /// Keeps what was looked at: more is needed.
    fn wait<T>(&mut self, look: Look) -> Option<T> {
        self.look = Some(look);
        None
    }

    /// Whether a start tag that would end the value is only mentioned in it (QUIRK-11), as in `open
    /// <file> now</agentID>`: the next tag is the end tag of the field. Since that could be one
    /// with another name (QUIRK-5), the tag of a field has to have its place elsewhere in the
    /// record, unless `has_place`. `None`: more is needed.
    pub(super) fn is_mention(&mut self, question: &Question<'_>, has_place: bool) -> Option<bool> {
        let (name, item) = (question.name(), question.item);
        let (view, whole) = question.window();
        let mut look = self.look(question);
        while look.stage == 0 {
            match look.next(view, item) {
                Next::Text => continue,
                Next::More if !whole => return self.wait(look),
                Next::More | Next::Other => return Some(false),
                Next::Tag(close) => {
                    if close.kind != Kind::End || view[close.name] != *question.own {
                        return Some(false);
                    }
                    let empty = question.tag.kind == Kind::Empty;
                    if has_place || name == question.own || empty {
                        return Some(true);
                    }
                    if self.looked > BUDGET {
                        return Some(false);
                    }
                }
            }
            look.stage = 1;
        }
        let found = loop {
            match look.next(view, item) {
                Next::Text => {}
                Next::More if !whole => return self.wait(look),
                Next::More | Next::Other => break false,
                Next::Tag(next) => match &view[next.name] {
                    // Not so an end tag: `<a><b></a></b>` are tags that cross.
                    found if found == name => break next.kind != Kind::End,
                    b"file" | b"recordings" => break false,
                    _ => {}
                },
            }
        };
        self.looked += look.pos - (question.tag.end - item);
        Some(found)
    }

    /// Whether an end tag with another name closes the value (QUIRK-5). It is text of the value
    /// (QUIRK-18) where more text follows, or the end tag of the field before anything that can
    /// only stand outside. `None`: more is needed.
    pub(super) fn closes(&mut self, question: &Question<'_>) -> Option<bool> {
        let item = question.item;
        if self.is_text(question.tag.end - item) {
            return Some(false);
        }
        let (view, whole) = question.window();
        let mut look = self.look(question);
        // Stage 0: nothing but end tags and white space so far, where text decides.
        let closes = loop {
            if look.stage == 0 && look.scanner.is_none() {
                let blank = |byte: &u8| is_space(*byte);
                let rest = &view[(item + look.pos).min(view.len())..];
                let spaces = rest.iter().take_while(|byte| blank(byte)).count();
                steps::count(spaces);
                look.pos += spaces;
                match rest.get(spaces) {
                    Some(b'<') | None => {}
                    Some(_) => break false,
                }
                // The end tag of a field that was open before, across this one.
                if spaces < rest.len() && Field::from_wire_bytes(question.name()).is_some() {
                    break true;
                }
            }
            if look.pass(view, item, question.own) {
                continue;
            }
            match look.next(view, item) {
                Next::Text if look.stage == 0 => break false,
                Next::Text => {}
                Next::More if !whole => return self.wait(look),
                // So far away, it is none of this value's concern: no text is lost.
                Next::More => break view.len() < question.tag.end + AHEAD,
                Next::Other => break true,
                Next::Tag(next) => {
                    let name = &view[next.name];
                    let known = Field::from_wire_bytes(name).is_some();
                    match next.kind {
                        _ if matches!(name, b"file" | b"recordings") => break true,
                        Kind::End if name.is_empty() => break false,
                        Kind::End if name == question.own => break false,
                        Kind::End => {}
                        _ if known || !question.in_field => break true,
                        _ => look.stage = 1,
                    }
                }
            }
        };
        if !closes {
            self.text_until = look.pos;
        }
        Some(closes)
    }
}

/// Whether it is the name of an element that is documented.
pub(super) fn is_known(name: &[u8]) -> bool {
    // None is shorter.
    name.len() >= 4
        && (matches!(name, b"file" | b"recordings") || Field::from_wire_bytes(name).is_some())
}
