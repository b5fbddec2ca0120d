//! What can stand between tags: comments, processing instructions, document types, stray text.

use std::collections::HashSet;
use std::ops::Range;

use memchr::memmem;

use super::attributes::{Attributes, Piece};
use super::lead::{Lead, percent, starts_with};
use super::machine::{Input, Machine};
use super::name::{is_name, is_name_start_byte, is_space};
use super::reference::{Reference, reference};
use super::tag::{Kind, Scan, Tag};
use super::value::{CDATA, forbidden};
use crate::machine::Trouble;
use crate::scan::{either, find_bytes, is_xml_char, may_be_forbidden};
use crate::{DeviationKind, ErrorKind, steps};

/// What stands outside of a value.
pub(super) enum Token {
    /// The view ends before that is known.
    More,
    /// A comment or a processing instruction, up to here.
    Ignored(usize),
    Doctype(usize),
    /// Text, up to here.
    Text(usize),
    Tag(Tag),
    /// A `<` that begins nothing.
    None,
}

/// What stands at the position of the machine, which is not white space.
pub(super) fn token(machine: &mut Machine, input: Input<'_>) -> Result<Token, Trouble> {
    let Input { view, .. } = input;
    let at = machine.pos;
    let tag = match view[at] {
        b'<' => match view.get(at + 1) {
            Some(b'!') => return bang(machine, input),
            Some(b'?') => {
                return Ok(match view.get(at + 2) {
                    None => Token::More,
                    Some(byte) if is_name_start_byte(*byte) => {
                        instruction(machine, input)?.map_or(Token::More, Token::Ignored)
                    }
                    Some(_) => Token::None,
                });
            }
            _ => machine.tag(input, at, 1),
        },
        b'%' => match percent(view, at) {
            // QUIRK-2: only a tag that means something here is worth the repair.
            Lead::Is(lead) => match machine.tag(input, at, lead) {
                Scan::Tag(tag) if machine.may_stand(&view[tag.name.clone()]) => Scan::Tag(tag),
                Scan::More if !input.ended => Scan::More,
                _ => return Ok(text(machine, input)),
            },
            Lead::More if !input.ended => Scan::More,
            _ => return Ok(text(machine, input)),
        },
        _ => return Ok(text(machine, input)),
    };
    Ok(match tag {
        Scan::More => Token::More,
        Scan::None => Token::None,
        Scan::Tag(tag) => Token::Tag(tag),
    })
}

/// Text up to whatever may be a tag.
fn text(machine: &mut Machine, input: Input<'_>) -> Token {
    let Input { view, .. } = input;
    let mut from = machine.seen.max(machine.pos + 1);
    loop {
        match either(b'<', b'%', &view[from..]) {
            None if input.ended => return Token::Text(view.len()),
            None => {
                machine.seen = view.len();
                return Token::More;
            }
            Some(distance) if view[from + distance] == b'<' => {
                return Token::Text(from + distance);
            }
            Some(distance) => match percent(view, from + distance) {
                Lead::Is(_) => return Token::Text(from + distance),
                Lead::More if !input.ended => {
                    machine.seen = from + distance;
                    return Token::More;
                }
                _ => from += distance + 1,
            },
        }
    }
}

/// `<!`: a comment, a CDATA section (which is text here), a document type.
fn bang(machine: &mut Machine, input: Input<'_>) -> Result<Token, Trouble> {
    let Input { view, .. } = input;
    let at = machine.pos;
    let starts = |wanted| starts_with(view, at, wanted);
    match (starts(b"<!--"), starts(CDATA), starts(b"<!DOCTYPE")) {
        (Some(true), ..) => Ok(comment(machine, input).map_or(Token::More, Token::Ignored)),
        (_, Some(true), _) => {
            Ok(find(machine, view, CDATA.len(), b"]]>").map_or(Token::More, Token::Text))
        }
        (.., Some(true)) => doctype(machine, input),
        (Some(false), Some(false), Some(false)) => match excluded_doctype(view, at) {
            Some(true) => Err(html(machine.pos)),
            Some(false) => Ok(Token::None),
            None => Ok(Token::More),
        },
        _ => Ok(Token::More),
    }
}

/// HTML writes its document type in any case.
fn excluded_doctype(view: &[u8], at: usize) -> Option<bool> {
    let wanted = b"<!doctype html";
    let there = &view[at..];
    let length = there.len().min(wanted.len());
    if !there[..length].eq_ignore_ascii_case(&wanted[..length]) {
        return Some(false);
    }
    (length == wanted.len()).then_some(true)
}

fn html(at: usize) -> Trouble {
    let message = "expected <recordings>, found a page of HTML".to_owned();
    Trouble { kind: ErrorKind::NotRecordings, at, message }
}

/// Where the comment at the position of the machine ends.
pub(super) fn comment(machine: &mut Machine, input: Input<'_>) -> Option<usize> {
    let at = machine.pos;
    let end = find(machine, input.view, 4, b"-->")?;
    let inner = at + 4..end - 3;
    if !machine.silent
        && let Some(dashes) = memmem::find(&input.view[inner.start..end - 1], b"--")
        && inner.start + dashes < inner.end
    {
        let dashes = inner.start + dashes;
        machine.report(DeviationKind::CommentDashes, dashes..dashes + 2, "");
    }
    check_text(machine, input.view, inner);
    Some(end)
}

/// Where the processing instruction at the position of the machine ends.
pub(super) fn instruction(
    machine: &mut Machine,
    input: Input<'_>,
) -> Result<Option<usize>, Trouble> {
    let (at, view) = (machine.pos, input.view);
    let Some(end) = find(machine, view, 2, b"?>") else { return Ok(None) };
    let inner = &view[at + 2..end - 2];
    let target = inner.split(|byte| is_space(*byte)).next().unwrap_or_default();
    if target.eq_ignore_ascii_case(b"xml") {
        return Err(machine.unexpected("an XML declaration"));
    }
    if !is_name(&machine.encoding.text(target)) {
        return Err(machine.unexpected("a processing instruction without a name"));
    }
    check_text(machine, view, at + 2..end - 2);
    Ok(Some(end))
}

/// Skips a document type with its internal subset. Nothing in it is processed.
fn doctype(machine: &mut Machine, input: Input<'_>) -> Result<Token, Trouble> {
    let (at, view) = (machine.pos, input.view);
    let (mut pos, mut subset) = match machine.doctype.take() {
        Some(Doctype { read, part: Part::Body { subset } }) => (at + read, subset),
        begun => match doctype_name(machine, view, begun)? {
            Some(end) => (end, false),
            None => return Ok(Token::More),
        },
    };
    loop {
        let rest = &view[pos..];
        let distance = rest.iter().position(|byte| b"\"'<>[]".contains(byte));
        steps::count(1 + distance.unwrap_or(rest.len()));
        pos += distance.unwrap_or(rest.len());
        let rest = &view[pos..];
        let mut skip = |from: usize, end: &[u8]| find_from(machine, view, pos + from, end);
        let next = match rest.first() {
            None => None,
            Some(quote @ (b'"' | b'\'')) => skip(1, &[*quote]),
            Some(b'[') if !subset => {
                subset = true;
                Some(pos + 1)
            }
            Some(b']') if subset => {
                subset = false;
                Some(pos + 1)
            }
            Some(b'>') if !subset => {
                check_text(machine, view, at..pos);
                return Ok(Token::Doctype(pos + 1));
            }
            Some(b'>') => Some(pos + 1),
            Some(b'<') if !subset => {
                return Err(machine.unexpected("a `<` in the document type"));
            }
            Some(b'<') if rest.get(1).is_some_and(|byte| !b"!?".contains(byte)) => Some(pos + 1),
            _ if rest.starts_with(b"<!--") => skip(4, b"-->"),
            _ if rest.starts_with(b"<?") => skip(2, b"?>"),
            // It may become a comment or an instruction.
            _ if b"<!--".starts_with(rest) => None,
            Some(b'<') => Some(pos + 1),
            Some(_) => return Err(machine.unexpected("a bracket in the document type")),
        };
        match next {
            Some(next) => pos = next,
            None => {
                machine.doctype = Some(Doctype { read: pos - at, part: Part::Body { subset } });
                return Ok(Token::More);
            }
        }
    }
}

/// Where the name of a document type ends. `None`: more is needed.
fn doctype_name(
    machine: &mut Machine,
    view: &[u8],
    begun: Option<Doctype>,
) -> Result<Option<usize>, Trouble> {
    let at = machine.pos;
    let start = b"<!DOCTYPE".len();
    let (mut pos, mut name) = match begun {
        Some(Doctype { read, part: Part::Name(name) }) => (at + read, Some(name)),
        Some(Doctype { read, .. }) => (at + read, None),
        None => (at + start, None),
    };
    let from = pos;
    if name.is_none() {
        pos += view[pos..].iter().take_while(|byte| is_space(**byte)).count();
        name = (pos < view.len()).then_some(pos - at);
    }
    let is_end = |byte: &&u8| !is_space(**byte) && !matches!(**byte, b'>' | b'[');
    pos += view[pos..].iter().take_while(is_end).count();
    steps::count(pos - from);
    let part = name.map_or(Part::Space, Part::Name);
    if pos == view.len() {
        machine.doctype = Some(Doctype { read: pos - at, part });
        return Ok(None);
    }
    let name_at = name.unwrap_or(start);
    let name = &view[at + name_at..pos];
    if name.eq_ignore_ascii_case(b"html") {
        return Err(html(at));
    }
    if name_at == start || !is_name(&machine.encoding.text(name)) {
        return Err(machine.unexpected("a document type without a name"));
    }
    Ok(Some(pos))
}

/// A document type that is unfinished: how much of it was read, and what comes next.
#[derive(Clone, Copy, Debug)]
pub(super) struct Doctype {
    read: usize,
    part: Part,
}

#[derive(Clone, Copy, Debug)]
enum Part {
    /// White space before the name.
    Space,
    /// The name, which begins here.
    Name(usize),
    Body {
        subset: bool,
    },
}

/// Where the piece of markup that `end` ends is over. Its text begins `skip` bytes after the
/// position of the machine.
pub(super) fn find(machine: &mut Machine, view: &[u8], skip: usize, end: &[u8]) -> Option<usize> {
    find_from(machine, view, machine.pos + skip, end)
}

fn find_from(machine: &mut Machine, view: &[u8], start: usize, end: &[u8]) -> Option<usize> {
    // What was searched already may hold all of `end` but its last byte.
    let from = start.max(machine.seen.saturating_sub(end.len() - 1)).min(view.len());
    let found = find_bytes(&view[from..], end).map(|distance| from + distance + end.len());
    steps::count(found.unwrap_or(view.len()) - from);
    if found.is_none() {
        machine.seen = view.len();
    }
    found
}

/// Looks at text that is ignored: nothing is to be wrong with it silently.
pub(super) fn check_text(machine: &mut Machine, view: &[u8], range: Range<usize>) {
    if machine.silent {
        return;
    }
    let bytes = &view[range.clone()];
    steps::count(bytes.len());
    let (encoding, invalid) = machine.encoding.of_value(bytes);
    if invalid {
        machine.report(DeviationKind::InvalidEncoding, range.clone(), "");
    }
    if may_be_forbidden(bytes) {
        let places = 0..bytes.len();
        let first = places.into_iter().find(|at| forbidden(&bytes[*at..], encoding).is_some());
        if let Some(first) = first {
            let at = range.start + first;
            machine.report(DeviationKind::ControlCharacter, at..at + 1, "");
        }
    }
}

/// Looks at attributes, which are ignored: each once, their references as in values.
pub(super) fn check_attributes(machine: &mut Machine, view: &[u8], tag: &Tag) {
    let rest = &view[tag.rest.clone()];
    let mut seen = Names::default();
    for piece in Attributes::new(rest, tag.kind == Kind::End) {
        let at = |range: Range<usize>| tag.rest.start + range.start..tag.rest.start + range.end;
        steps::count(1);
        let (name, value) = match piece {
            Piece::Attribute { name, value, .. }
                if is_name(&machine.encoding.text(&rest[name.clone()]))
                    && seen.insert(&rest[name.clone()], machine.options.limits.fields) =>
            {
                (at(name), at(value))
            }
            Piece::Attribute { all: range, .. } | Piece::Malformed(range) => {
                // QUIRK-18
                check_text(machine, view, at(range.clone()));
                machine.report(DeviationKind::MalformedAttribute, at(range), "");
                continue;
            }
        };
        check_text(machine, view, name);
        check_text(machine, view, value.clone());
        let mut at = value.start;
        while let Some(distance) = memchr::memchr(b'&', &view[at..value.end]) {
            at += distance;
            let (kind, length) = match reference(&view[at..value.end]) {
                Reference::Is(character, length) if is_xml_char(character) => {
                    at += length;
                    continue;
                }
                Reference::Is(_, length) => (DeviationKind::ControlCharacter, length),
                Reference::Pair(_, length) => (DeviationKind::SurrogatePair, length),
                Reference::Unknown(length) => (DeviationKind::UnknownReference, length),
                Reference::Bare => (DeviationKind::BareAmpersand, 1),
            };
            machine.report(kind, at..at + length, "");
            at += length;
        }
    }
}

/// The names of the attributes of a tag.
#[derive(Default)]
struct Names<'v> {
    few: Vec<&'v [u8]>,
    many: HashSet<&'v [u8]>,
}

impl<'v> Names<'v> {
    /// Adds a name; `false` where it is there already. Of more than `limit`, none is kept.
    fn insert(&mut self, name: &'v [u8], limit: usize) -> bool {
        const FEW: usize = 8;
        if self.few.len() < FEW {
            steps::count(self.few.len());
            let new = !self.few.contains(&name);
            self.few.push(name);
            return new;
        }
        steps::count(name.len());
        if self.many.len() >= limit {
            return !self.few.contains(&name) && !self.many.contains(name);
        }
        !self.few.contains(&name) && self.many.insert(name)
    }
}
