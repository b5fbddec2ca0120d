//! What stands between the name of a tag and its end: white space, attributes, and whatever is passed over.

use super::name::{is_name_byte, is_name_start_byte, is_space};
use crate::scan::{either, find_any, marked};

/// How a tag ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// Only a closer look tells.
    Unsure,
    /// There is no tag.
    Text,
    /// With a `>`, which may be written `%gt;`, behind a `/` or not.
    Tag { slash: bool, percent_gt: bool },
}

impl Ending {
    /// How many bytes end the tag.
    pub(super) fn len(self) -> usize {
        match self {
            Ending::Tag { slash, percent_gt } => {
                usize::from(slash) + if percent_gt { b"%gt;".len() } else { 1 }
            }
            Ending::Unsure | Ending::Text => 0,
        }
    }
}

/// Looks at what stands between the name of a tag and its end, from a place between attributes on:
/// how it ends, and where that stands; or a place between attributes from which to look closer.
#[inline(always)]
pub(super) fn ending(view: &[u8], from: usize, end_tag: bool) -> (usize, Ending) {
    // Everything before is read.
    let mut read = from;
    loop {
        // Only these tell anything: a name is one of an attribute where `=` follows, and whatever
        // else stands here is passed over (QUIRK-18).
        let at = telling(view, read);
        let slash = at > read && view[at - 1] == b'/';
        let ends = |percent_gt| (at - usize::from(slash), Ending::Tag { slash, percent_gt });
        match view.get(at) {
            Some(b'=') => {}
            Some(b'<') => return (at, Ending::Text),
            Some(b'>') => return ends(false),
            // QUIRK-2: with any other `%` there is no tag.
            Some(b'%') if view.len() >= at + 4 => {
                return if view[at..].starts_with(b"%gt;") {
                    ends(true)
                } else {
                    (at, Ending::Text)
                };
            }
            _ if slash => return (at - 1, Ending::Unsure),
            _ => return (name_before(view, read, at).unwrap_or(at), Ending::Unsure),
        }
        let near = at > read && is_name_start_byte(view[at - 1]);
        if !near && name_before(view, read, at).is_none() {
            read = at + 1;
            continue;
        }
        let value = after(view, at + 1, is_space);
        let value = match view.get(value) {
            None => Value::Unsure,
            Some(quote @ (b'"' | b'\'')) => quoted(view, value + 1, *quote),
            Some(_) => unquoted(view, value),
        };
        match value {
            Value::Before(next) => read = next,
            Value::Unsure => return (name_before(view, read, at).unwrap_or(at), Ending::Unsure),
            Value::Text => return (at, Ending::Text),
            Value::Unclosed(end) => {
                let slash = !end_tag && view[end - 1] == b'/';
                let at = end - usize::from(slash);
                return (at, Ending::Tag { slash, percent_gt: false });
            }
        }
    }
}

/// Where the next byte is that tells anything. Most are near.
#[inline(always)]
fn telling(view: &[u8], from: usize) -> usize {
    const SHORT: usize = 12;
    let mut at = from;
    while at - from < SHORT {
        match view.get(at) {
            Some(byte) if !TELLING[usize::from(*byte)] => at += 1,
            _ => return at,
        }
    }
    find_any(view, at, *b"=<>%")
}

const TELLING: [bool; 256] = {
    let mut telling = [false; 256];
    (telling[b'=' as usize], telling[b'<' as usize]) = (true, true);
    (telling[b'>' as usize], telling[b'%' as usize]) = (true, true);
    telling
};

/// Where the name begins that stands before `end`, with white space behind it or none, if there is
/// one. Nothing before `start` is looked at.
#[inline(always)]
fn name_before(view: &[u8], start: usize, end: usize) -> Option<usize> {
    let mut at = end;
    while at > start && is_space(view[at - 1]) {
        at -= 1;
    }
    let mut name = None;
    while at > start && is_name_byte(view[at - 1]) {
        at -= 1;
        if is_name_start_byte(view[at]) {
            name = Some(at);
        }
    }
    name
}

/// What becomes of the value of an attribute.
enum Value {
    /// It ends, and the tag goes on here.
    Before(usize),
    Unsure,
    /// There is no tag.
    Text,
    /// Nothing closes the quote. The tag ends at this `>`.
    Unclosed(usize),
}

/// A value whose quote was opened before `from`.
#[inline(always)]
fn quoted(view: &[u8], from: usize, quote: u8) -> Value {
    let near = &view[from..];
    let (quotes, opens) = (marked(quote, quote, near), marked(b'<', b'<', near));
    let first = quotes | opens;
    if first & first.wrapping_neg() & quotes != 0 {
        return Value::Before(from + first.trailing_zeros() as usize + 1);
    }
    if first != 0 {
        let closes = marked(b'>', b'>', near);
        let before = (first & first.wrapping_neg()) - 1;
        if closes & before != 0 {
            return Value::Unclosed(from + closes.trailing_zeros() as usize);
        }
        // See below.
        let next = quotes | closes;
        if next & next.wrapping_neg() & quotes != 0 {
            return Value::Before(from + next.trailing_zeros() as usize + 1);
        }
        if next != 0 {
            return Value::Text;
        }
    }
    quoted_long(view, from, quote)
}

/// The same, of a value that takes more than a few bytes.
#[inline(never)]
fn quoted_long(view: &[u8], from: usize, quote: u8) -> Value {
    let Some(length) = either(quote, b'<', &view[from..]) else { return Value::Unsure };
    let at = from + length;
    if view[at] == quote {
        return Value::Before(at + 1);
    }
    if let Some(close) = either(b'>', b'>', &view[from..at]) {
        return Value::Unclosed(from + close);
    }
    // No value can hold a `<`, but one that is closed before any `>` is passed over.
    match either(quote, b'>', &view[at..]) {
        None => Value::Unsure,
        Some(length) if view[at + length] == quote => Value::Before(at + length + 1),
        Some(_) => Value::Text,
    }
}

#[inline]
fn unquoted(view: &[u8], from: usize) -> Value {
    let mut at = from;
    loop {
        match view.get(at) {
            None => return Value::Unsure,
            Some(b'%') => match view.get(at..at + 4) {
                None | Some(b"%gt;" | b"%lt;") => return Value::Unsure,
                Some(_) => {}
            },
            Some(b'<') => return Value::Text,
            Some(b'>') => return Value::Before(at),
            Some(byte) if is_space(*byte) => return Value::Before(at),
            Some(b'/') => match view.get(at + 1) {
                None | Some(b'%') => return Value::Unsure,
                Some(b'>') => return Value::Before(at),
                Some(_) => {}
            },
            Some(_) => {}
        }
        at += 1;
    }
}

/// The first place from `at` on where a byte is not as wanted.
#[inline(always)]
pub(super) fn after(view: &[u8], mut at: usize, wanted: impl Fn(u8) -> bool) -> usize {
    while view.get(at).is_some_and(|byte| wanted(*byte)) {
        at += 1;
    }
    at
}
