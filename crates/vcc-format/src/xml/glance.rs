//! What a `<` begins, told at a glance. What is not near its end is left to the scanner, which says
//! the same and can go on where the buffer ended.

use super::name::{is_name_byte, is_name_start_byte, is_space};
use super::tag::{Kind, Tag};
use crate::scan::{either, find_any, marked};
use crate::steps;

/// How far a glance goes.
const NEAR: usize = 128;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Glance {
    /// Only a closer look tells.
    Unsure,
    /// No tag.
    Text,
    Tag(Shape),
}

/// A tag. Places count from its `<`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) kind: Kind,
    /// Where the name ends.
    name: usize,
    /// Where what stands between the name and the end is over.
    rest: usize,
    /// The tag ends before this.
    end: usize,
}

impl Shape {
    /// Where the name begins.
    #[inline(always)]
    fn start(self) -> usize {
        1 + usize::from(self.kind == Kind::End)
    }

    #[inline(always)]
    pub(super) fn name(self) -> core::ops::Range<usize> {
        self.start()..self.name
    }

    /// How long the tag is.
    #[inline(always)]
    pub(super) fn len(self) -> usize {
        self.end
    }

    /// Whether `%gt;` stands for `>`: what ends it is longer.
    #[inline(always)]
    pub(super) fn percent_gt(self) -> bool {
        self.end - self.rest >= b"%gt;".len()
    }

    /// The same, for a tag that stands at `at`.
    pub(super) fn at(self, at: usize) -> Tag {
        Tag {
            kind: self.kind,
            start: at,
            name: at + self.start()..at + self.name,
            end: at + self.end,
            rest: at + self.name..at + self.rest,
            percent_gt: self.percent_gt(),
        }
    }
}

/// A tag whose name ends at `name`, and which `length` bytes from `rest` on end.
#[inline(always)]
fn tag(kind: Kind, name: usize, rest: usize, length: usize) -> Glance {
    Glance::Tag(Shape { kind, name, rest, end: rest + length })
}

/// Looks at the `<` at the start of `view`.
#[inline(always)]
pub(super) fn glance(view: &[u8]) -> Glance {
    // Most names are short, and nothing follows them.
    if let Some(word) = view.first_chunk() {
        let word = u64::from_le_bytes(*word);
        let end_tag = (word >> 8) as u8 == b'/';
        let mut name = 1 + usize::from(end_tag);
        let mut left = word >> (8 * name);
        if is_name_start_byte(left as u8) {
            // No name goes on behind the word.
            while is_name_byte(left as u8) {
                left >>= 8;
                name += 1;
            }
            steps::count(name);
            match left as u8 {
                b'>' if end_tag => return tag(Kind::End, name, name, 1),
                b'>' => return tag(Kind::Start, name, name, 1),
                b'/' if !end_tag && (left >> 8) as u8 == b'>' => {
                    return tag(Kind::Empty, name, name, 2);
                }
                b'<' => return Glance::Text,
                0 => {}
                byte if is_space(byte) => return spaced(view, left, name, end_tag),
                _ => return look_on(view, name, end_tag),
            }
        }
        // QUIRK-1: an end tag goes without a name.
        if end_tag && left as u8 == b'>' {
            return tag(Kind::End, name, name, 1);
        }
    }
    look(view)
}

/// A glance at white space behind a name. `left`: what is left of a word from there on.
#[inline(always)]
fn spaced(view: &[u8], mut left: u64, name: usize, end_tag: bool) -> Glance {
    let mut rest = name;
    loop {
        while is_space(left as u8) {
            left >>= 8;
            rest += 1;
        }
        // The next word, unless it is no white space that ended this one.
        match view.get(rest..).and_then(|view| view.first_chunk()) {
            Some(word) if left == 0 && word[0] != 0 && rest < NEAR => {
                left = u64::from_le_bytes(*word);
            }
            _ => break,
        }
    }
    match left as u8 {
        b'>' if end_tag => tag(Kind::End, name, rest, 1),
        b'>' => tag(Kind::Start, name, rest, 1),
        b'/' if !end_tag && (left >> 8) as u8 == b'>' => tag(Kind::Empty, name, rest, 2),
        b'<' => Glance::Text,
        // QUIRK-2: see [`ending`].
        b'%' if view.get(rest..rest + 4).is_some_and(|bytes| bytes != b"%gt;") => Glance::Text,
        _ => look_on(view, name, end_tag),
    }
}

/// A glance that takes its time.
#[inline(never)]
fn look(view: &[u8]) -> Glance {
    let end_tag = view.get(1) == Some(&b'/');
    let start = 1 + usize::from(end_tag);
    let Some(&first) = view.get(start) else { return Glance::Unsure };
    let near = &view[..view.len().min(NEAR)];
    let name = after(near, start, is_name_byte);
    steps::count(name);
    if is_name_start_byte(first) {
        return look_on(view, name, end_tag);
    }
    match first {
        b'>' if end_tag => tag(Kind::End, name, name, 1),
        b'%' if end_tag => Glance::Unsure,
        _ if name == near.len() => Glance::Unsure,
        _ => Glance::Text,
    }
}

/// A glance behind the name.
#[inline(never)]
fn look_on(view: &[u8], name: usize, end_tag: bool) -> Glance {
    let (at, ending) = ending(&view[..view.len().min(NEAR)], name, end_tag);
    let Ending::Tag { slash, .. } = ending else {
        return if ending == Ending::Text { Glance::Text } else { Glance::Unsure };
    };
    let kind = match slash {
        _ if end_tag => Kind::End,
        true => Kind::Empty,
        false => Kind::Start,
    };
    tag(kind, name, at, ending.len())
}

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

#[inline(always)]
fn after(view: &[u8], mut at: usize, wanted: impl Fn(u8) -> bool) -> usize {
    while view.get(at).is_some_and(|byte| wanted(*byte)) {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::super::scanner::Scanner;
    use super::super::tag::Scan;
    use super::*;

    /// All texts of up to five parts that mean something to a tag: what a glance tells is what the
    /// scanner tells.
    #[test]
    fn a_glance_tells_what_the_scanner_tells() {
        const PARTS: [&[u8]; 13] = [
            b"a", b"/", b">", b" ", b"=", b"'", b"<", b"%", b"\"", b"1", b"%gt;", b"%lt;", b"a%bc",
        ];
        let (mut tags, mut texts) = (0, 0);
        for length in 0..=5 {
            for number in 0..PARTS.len().pow(length) {
                let mut text = b"<".to_vec();
                let mut left = number;
                for _ in 0..length {
                    text.extend(PARTS[left % PARTS.len()]);
                    left /= PARTS.len();
                }
                // Attributes are reached by what stands before them.
                for before in [&b"<"[..], b"<a b=", b"</a b='"] {
                    let text = [before, &text[1..]].concat();
                    // Fed byte by byte, so that it takes its own road.
                    let mut scanner = Scanner::new(1);
                    let scanned = (1..=text.len())
                        .map(|end| scanner.scan(&text[..end], 7))
                        .find(|found| *found != Scan::More)
                        .unwrap_or(Scan::More);
                    match glance(&text) {
                        Glance::Unsure => continue,
                        Glance::Text => assert_eq!(Scan::None, scanned, "{}", text.escape_ascii()),
                        Glance::Tag(shape) => {
                            tags += 1;
                            assert_eq!(Scan::Tag(shape.at(7)), scanned, "{}", text.escape_ascii());
                            continue;
                        }
                    }
                    texts += 1;
                }
            }
        }
        assert!(tags > 20_000 && texts > 20_000, "{tags} {texts}");
    }

    #[test]
    fn most_tags_are_told_at_a_glance() {
        for text in [
            "<a>",
            "</a >",
            "<a b='1' c = \"2\"/>",
            "<a b=1 c>",
            "<é/>",
            "<a b='<'>",
            "<a b='1><c d='2'>",
            "</>",
            "<a b=1%20c>",
            "</a \t\r\n       >",
            "<a              />",
            "<a b='1'%gt;",
            "</a/%gt;",
        ] {
            assert!(matches!(glance(text.as_bytes()), Glance::Tag(_)), "{text}");
        }
        for text in
            ["< a", "<5>", "</ ", "<a<b>", "<a b='<a b='<", "<a b=1<", "<a %20>", "<a /%20>"]
        {
            assert!(matches!(glance(text.as_bytes()), Glance::Text), "{text}");
        }
        // What is not whole, and what is long.
        let long = format!("<{}>", "a".repeat(NEAR));
        for text in ["<a", "<a b='", "</", "</%gt;", "<a %gt", &long] {
            assert_eq!(glance(text.as_bytes()), Glance::Unsure, "{text}");
        }
    }
}
