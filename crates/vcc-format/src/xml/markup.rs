//! What can stand between tags: comments, processing instructions, document types, stray text.

use memchr::memmem;

use super::doctype::{self, Found};
use super::lead::{Lead, percent, starts_with};
use super::machine::{Input, Machine};
use super::name::{is_name, is_name_start_byte, is_space};
use super::tag::{Scan, Tag};
use super::value::CDATA;
use crate::machine::Trouble;
use crate::scan::{either, find_bytes};
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
            _ => machine.tag(input, 1),
        },
        b'%' => match percent(view, at) {
            // QUIRK-2: only a tag that means something here is worth the repair.
            Lead::Is(lead) => match machine.tag(input, lead) {
                Scan::Tag(tag) if Machine::may_stand(&view[tag.name.clone()]) => Scan::Tag(tag),
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
    match (starts(b"<!--"), starts(CDATA), starts(doctype::START)) {
        (Some(true), ..) => Ok(comment(machine, input).map_or(Token::More, Token::Ignored)),
        (_, Some(true), _) => {
            Ok(find(machine, view, CDATA.len(), b"]]>").map_or(Token::More, Token::Text))
        }
        (.., Some(true)) => match machine.doctype.read(view, at, machine.encoding) {
            Found::More => Ok(Token::More),
            Found::End(end) => {
                machine.check_text(view, at..end - 1);
                Ok(Token::Doctype(end))
            }
            Found::Html => Err(html(at)),
            Found::Wrong(what) => Err(machine.unexpected(what)),
        },
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
    if !machine.notes.is_silent()
        && let Some(dashes) = memmem::find(&input.view[inner.start..end - 1], b"--")
        && inner.start + dashes < inner.end
    {
        let dashes = inner.start + dashes;
        machine.report(DeviationKind::CommentDashes, dashes..dashes + 2, "");
    }
    machine.check_text(input.view, inner);
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
    machine.check_text(view, at + 2..end - 2);
    Ok(Some(end))
}

/// Where the piece of markup that `end` ends is over. Its text begins `skip` bytes after the
/// position of the machine.
pub(super) fn find(machine: &mut Machine, view: &[u8], skip: usize, end: &[u8]) -> Option<usize> {
    let start = machine.pos + skip;
    // What was searched already may hold all of `end` but its last byte.
    let from = start.max(machine.seen.saturating_sub(end.len() - 1)).min(view.len());
    let found = find_bytes(&view[from..], end).map(|distance| from + distance + end.len());
    steps::count(found.unwrap_or(view.len()) - from);
    if found.is_none() {
        machine.seen = view.len();
    }
    found
}
