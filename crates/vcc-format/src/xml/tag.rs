//! Tags, names and references: what they look like, not what they mean.

use core::ops::Range;

use super::glance::{Ending, ending};
use crate::scan::either;
use crate::steps;

/// What stands at a `<`.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Scan {
    /// The buffer ends before that is known.
    More,
    /// No tag.
    None,
    Tag(Tag),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `<name>`
    Start,
    /// `<name/>`
    Empty,
    /// `</name>`; also `</>`, whose name is empty.
    End,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tag {
    pub(super) kind: Kind,
    /// The tag begins here,
    pub(super) start: usize,
    /// its name is this,
    pub(super) name: Range<usize>,
    /// and it ends before this.
    pub(super) end: usize,
    /// What stands between the name and the end.
    pub(super) rest: Range<usize>,
    /// `%gt;` for `>`.
    pub(super) percent_gt: bool,
}

impl Tag {
    /// The buffer lost its first bytes.
    pub(super) fn discarded(&mut self, bytes: usize) {
        let moved = |place: usize| place.saturating_sub(bytes);
        self.name = moved(self.name.start)..moved(self.name.end);
        self.rest = moved(self.rest.start)..moved(self.rest.end);
        (self.start, self.end) = (moved(self.start), moved(self.end));
    }
}

/// Whether a byte can stand in a name. Of the bytes beyond ASCII all can: [`is_name`] decides.
pub(super) const fn is_name_byte(byte: u8) -> bool {
    NAME[byte as usize] & OTHER != 0
}

/// Whether a byte can begin a name.
pub(super) const fn is_name_start_byte(byte: u8) -> bool {
    NAME[byte as usize] & FIRST != 0
}

const NAME: [u8; 256] = {
    let mut name = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        name[byte] = match byte as u8 {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | b':' | 0x80.. => FIRST | OTHER,
            b'0'..=b'9' | b'-' | b'.' => OTHER,
            _ => 0,
        };
        byte += 1;
    }
    name
};
const FIRST: u8 = 1;
const OTHER: u8 = 2;

pub(super) const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// `Name` of XML 1.0.
pub(super) fn is_name(text: &str) -> bool {
    if text.is_ascii() {
        let bytes = text.as_bytes();
        return bytes.first().is_some_and(|byte| is_name_start_byte(*byte))
            && bytes.iter().all(|byte| is_name_byte(*byte));
    }
    let start = |c: char| {
        matches!(c, ':' | 'A'..='Z' | '_' | 'a'..='z' | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}'
            | '\u{F8}'..='\u{2FF}' | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}'
            | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}' | '\u{2C00}'..='\u{2FEF}'
            | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}'
            | '\u{10000}'..='\u{EFFFF}')
    };
    let other = |c: char| matches!(c, '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}');
    let mut characters = text.chars();
    characters.next().is_some_and(start) && characters.all(|c| start(c) || other(c))
}

/// A tag that is being looked at, so that looking goes on where the buffer ended: whatever the size
/// of the pieces, each byte is looked at once. Places count from the first byte of the tag.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scanner {
    pos: usize,
    phase: Phase,
    kind: Kind,
    name: (usize, usize),
    /// Where the name of an attribute or a value in quotes begins.
    from: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Lead,
    Name,
    /// Between attributes.
    Between,
    AttributeName,
    BeforeEquals,
    BeforeValue,
    Quoted(u8),
    /// In quotes, after a `<`, which no value can hold.
    QuotedMarkup(u8),
    Unquoted,
}

/// What ends a tag.
enum End {
    More,
    /// So many bytes, and whether they are `%gt;`.
    Is(usize, bool),
    /// None, and no tag either.
    NoTag,
    /// None.
    Other,
}

impl Scanner {
    /// A tag whose `<` is `lead` bytes long.
    pub(super) fn new(lead: usize) -> Self {
        Self { pos: lead, phase: Phase::Lead, kind: Kind::Start, name: (lead, lead), from: 0 }
    }

    /// Looks on: `view` begins with the tag, which stands at `at`.
    pub(super) fn scan(&mut self, view: &[u8], at: usize) -> Scan {
        let before = self.pos;
        let found = self.run(view, at);
        steps::count(self.pos - before + 1);
        found
    }

    fn run(&mut self, view: &[u8], at: usize) -> Scan {
        loop {
            match self.phase {
                Phase::Lead => {
                    let Some(first) = view.get(self.pos) else { return Scan::More };
                    if *first == b'/' {
                        self.kind = Kind::End;
                        self.pos += 1;
                    }
                    self.name = (self.pos, self.pos);
                    self.phase = Phase::Name;
                }
                Phase::Name => {
                    self.skip(view, is_name_byte);
                    let Some(&next) = view.get(self.pos) else { return Scan::More };
                    let name = &view[self.name.0..self.pos];
                    let named = name.first().is_some_and(|byte| is_name_start_byte(*byte));
                    // QUIRK-1: `</>` and nothing else goes without a name.
                    let nameless =
                        self.kind == Kind::End && name.is_empty() && matches!(next, b'>' | b'%');
                    if !named && !nameless {
                        return Scan::None;
                    }
                    self.name.1 = self.pos;
                    self.phase = Phase::Between;
                }
                Phase::Between => {
                    let (reached, found) = ending(view, self.pos, self.kind == Kind::End);
                    self.pos = reached;
                    match found {
                        Ending::Text => return Scan::None,
                        Ending::Tag => return self.tag(at, reached, 1, false),
                        Ending::Slash => {
                            if self.kind == Kind::Start {
                                self.kind = Kind::Empty;
                            }
                            return self.tag(at, reached, 2, false);
                        }
                        Ending::Unsure => {}
                    }
                    let Some(&next) = view.get(self.pos) else { return Scan::More };
                    match end(view, self.pos) {
                        End::More => return Scan::More,
                        End::NoTag => return Scan::None,
                        End::Is(length, percent_gt) => {
                            return self.tag(at, self.pos, length, percent_gt);
                        }
                        End::Other => {}
                    }
                    if next == b'/' {
                        match end(view, self.pos + 1) {
                            End::More => return Scan::More,
                            End::NoTag => return Scan::None,
                            End::Is(length, percent_gt) => {
                                if self.kind == Kind::Start {
                                    self.kind = Kind::Empty;
                                }
                                return self.tag(at, self.pos, length + 1, percent_gt);
                            }
                            End::Other => {}
                        }
                    }
                    // QUIRK-18: whatever is no attribute is passed over.
                    if is_name_start_byte(next) {
                        self.phase = Phase::AttributeName;
                    } else {
                        self.pos += 1;
                    }
                }
                Phase::AttributeName => {
                    self.skip(view, is_name_byte);
                    if self.pos == view.len() {
                        return Scan::More;
                    }
                    self.phase = Phase::BeforeEquals;
                }
                Phase::BeforeEquals => {
                    self.skip(view, is_space);
                    match view.get(self.pos) {
                        None => return Scan::More,
                        Some(b'=') => {
                            self.pos += 1;
                            self.phase = Phase::BeforeValue;
                        }
                        Some(_) => {
                            self.phase = Phase::Between;
                        }
                    }
                }
                Phase::BeforeValue => {
                    self.skip(view, is_space);
                    match view.get(self.pos) {
                        None => return Scan::More,
                        Some(quote @ (b'"' | b'\'')) => {
                            self.pos += 1;
                            self.from = self.pos;
                            self.phase = Phase::Quoted(*quote);
                        }
                        Some(_) => {
                            self.phase = Phase::Unquoted;
                        }
                    }
                }
                Phase::Quoted(quote) => match either(quote, b'<', &view[self.pos..]) {
                    None => {
                        self.pos = view.len();
                        return Scan::More;
                    }
                    Some(length) => {
                        self.pos += length;
                        if view[self.pos] == quote {
                            self.pos += 1;
                            self.phase = Phase::Between;
                            continue;
                        }
                        // A quote that nothing closes: the tag ends at its first `>`.
                        if let Some(length) = either(b'>', b'>', &view[self.from..self.pos]) {
                            let end = self.from + length;
                            let slash = end > self.from && view[end - 1] == b'/';
                            if slash && self.kind == Kind::Start {
                                self.kind = Kind::Empty;
                                return self.tag(at, end - 1, 2, false);
                            }
                            return self.tag(at, end, 1, false);
                        }
                        self.phase = Phase::QuotedMarkup(quote);
                    }
                },
                Phase::QuotedMarkup(quote) => match either(quote, b'>', &view[self.pos..]) {
                    None => {
                        self.pos = view.len();
                        return Scan::More;
                    }
                    Some(length) if view[self.pos + length] == quote => {
                        self.pos += length + 1;
                        self.phase = Phase::Between;
                    }
                    Some(_) => return Scan::None,
                },
                Phase::Unquoted => {
                    self.skip(view, |byte| {
                        !is_space(byte) && !matches!(byte, b'>' | b'<' | b'%' | b'/')
                    });
                    let Some(&next) = view.get(self.pos) else { return Scan::More };
                    let ahead = usize::from(next == b'/');
                    match end(view, self.pos + ahead) {
                        End::More => return Scan::More,
                        End::NoTag if next == b'<' => return Scan::None,
                        // `%lt;` begins another tag; any other `%` is part of the value.
                        End::NoTag if ahead == 0 => match starts_with(view, self.pos, b"%lt;") {
                            None => return Scan::More,
                            Some(true) => return Scan::None,
                            Some(false) => self.pos += 1,
                        },
                        End::Is(..) => self.phase = Phase::Between,
                        _ if is_space(next) => self.phase = Phase::Between,
                        _ => self.pos += 1,
                    }
                }
            }
        }
    }

    fn skip(&mut self, view: &[u8], wanted: impl Fn(u8) -> bool) {
        while view.get(self.pos).is_some_and(|byte| wanted(*byte)) {
            self.pos += 1;
        }
    }

    /// The tag, which `length` bytes from `rest` on end.
    fn tag(&self, at: usize, rest: usize, length: usize, percent_gt: bool) -> Scan {
        Scan::Tag(Tag {
            kind: self.kind,
            start: at,
            name: at + self.name.0..at + self.name.1,
            end: at + rest + length,
            rest: at + self.name.1..at + rest,
            percent_gt,
        })
    }
}

/// Whether a tag ends at `at`.
fn end(view: &[u8], at: usize) -> End {
    match view.get(at) {
        None => End::More,
        Some(b'>') => End::Is(1, false),
        Some(b'<') => End::NoTag,
        // QUIRK-2: `%gt;` where only `>` can stand.
        Some(b'%') => match starts_with(view, at, b"%gt;") {
            None => End::More,
            Some(true) => End::Is(4, true),
            Some(false) => End::NoTag,
        },
        Some(_) => End::Other,
    }
}

/// What stands between the name of a tag and its end.
pub(super) struct Attributes<'v> {
    rest: &'v [u8],
    pos: usize,
    end_tag: bool,
}

/// One attribute, or what is none. Places count from the start of what was given.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Attribute { name: Range<usize>, value: Range<usize>, all: Range<usize> },
    Malformed(Range<usize>),
}

impl<'v> Attributes<'v> {
    pub(super) fn new(rest: &'v [u8], end_tag: bool) -> Self {
        Self { rest, pos: 0, end_tag }
    }

    fn after(&self, mut pos: usize, wanted: impl Fn(u8) -> bool) -> usize {
        while self.rest.get(pos).is_some_and(|byte| wanted(*byte)) {
            pos += 1;
        }
        pos
    }

    /// A value that begins at `at`: where it ends, and its text if it is well-formed.
    fn value(&self, at: usize) -> (usize, Option<Range<usize>>) {
        let quote = match self.rest.get(at) {
            Some(quote @ (b'"' | b'\'')) => *quote,
            _ => return (self.after(at, |byte| !is_space(byte)), None),
        };
        match memchr::memchr(quote, &self.rest[at + 1..]) {
            None => (self.rest.len(), None),
            Some(length) => {
                let value = at + 1..at + 1 + length;
                let plain = memchr::memchr(b'<', &self.rest[value.clone()]).is_none();
                (value.end + 1, plain.then_some(value))
            }
        }
    }
}

impl Iterator for Attributes<'_> {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        let start = self.after(self.pos, is_space);
        let spaced = start > self.pos;
        let first = *self.rest.get(start)?;
        if !is_name_start_byte(first) {
            self.pos = self.after(start, |byte| !is_space(byte));
            return Some(Piece::Malformed(start..self.pos));
        }
        let name = start..self.after(start, is_name_byte);
        let equals = self.after(name.end, is_space);
        if self.rest.get(equals) != Some(&b'=') {
            self.pos = name.end;
            return Some(Piece::Malformed(name));
        }
        let (end, value) = self.value(self.after(equals + 1, is_space));
        self.pos = end;
        Some(match value {
            Some(value) if spaced && !self.end_tag => {
                Piece::Attribute { name, value, all: start..end }
            }
            _ => Piece::Malformed(start..end),
        })
    }
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Attribute {
    More,
    None,
    Is { name: Range<usize>, value: Range<usize>, end: usize },
}

/// `Name Eq AttValue` of XML 1.0. The value is not looked into but for `<`, which ends everything.
pub(super) fn attribute(view: &[u8], at: usize) -> Attribute {
    let skip = |mut pos: usize, wanted: fn(u8) -> bool| {
        while view.get(pos).is_some_and(|byte| wanted(*byte)) {
            pos += 1;
        }
        pos
    };
    let name_end = skip(at, is_name_byte);
    let equals = skip(name_end, is_space);
    match view.get(equals) {
        None => return Attribute::More,
        Some(b'=') => {}
        Some(_) => return Attribute::None,
    }
    let open = skip(equals + 1, is_space);
    let quote = match view.get(open) {
        None => return Attribute::More,
        Some(quote @ (b'"' | b'\'')) => *quote,
        Some(_) => return Attribute::None,
    };
    match memchr::memchr2(quote, b'<', &view[open + 1..]) {
        None => Attribute::More,
        Some(length) if view[open + 1 + length] == quote => {
            let value = open + 1..open + 1 + length;
            Attribute::Is { name: at..name_end, end: value.end + 1, value }
        }
        Some(_) => Attribute::None,
    }
}

/// Whether `wanted` stands at `at`; `None` where the buffer ends before that is known.
pub(super) fn starts_with(view: &[u8], at: usize, wanted: &[u8]) -> Option<bool> {
    let there = &view[at.min(view.len())..];
    let length = there.len().min(wanted.len());
    if there[..length] != wanted[..length] {
        Some(false)
    } else {
        (length == wanted.len()).then_some(true)
    }
}

/// What stands at a `&`.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reference {
    /// A reference to a character, so many bytes long. XML may still not have the character.
    Is(char, usize),
    /// References to the two halves of a surrogate pair (QUIRK-18), so many bytes long together.
    Pair(char, usize),
    /// It has the form of a reference, but nothing is known by that name or number.
    Unknown(usize),
    /// It has not even that form.
    Bare,
}

/// The number of the reference to a character at the start of `text`, if it is one, and how long it
/// is with its semicolon; `None` where there is no such reference.
#[inline]
fn number(text: &[u8]) -> Option<(Option<u32>, usize)> {
    let (radix, start) = match text {
        [b'&', b'#', b'x', ..] => (16, 3),
        [b'&', b'#', ..] => (10, 2),
        _ => return None,
    };
    let (mut number, mut known, mut at) = (0_u32, true, start);
    loop {
        let byte = *text.get(at)?;
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'z' => byte - b'a' + 10,
            b'A'..=b'Z' => byte - b'A' + 10,
            b';' if at > start => return Some((known.then_some(number), at + 1)),
            _ => return None,
        };
        known &= u32::from(digit) < radix;
        // Saturates beyond all characters, however many digits there are.
        number = number.saturating_mul(radix).saturating_add(u32::from(digit));
        at += 1;
    }
}

/// Looks at the reference at the start of `text`, which is the whole rest of a value.
#[inline(always)]
pub(super) fn reference(text: &[u8]) -> Reference {
    let body = &text[1..];
    if body.first() == Some(&b'#') {
        let Some((number, total)) = number(text) else { return Reference::Bare };
        if let Some(character) = number.and_then(char::from_u32) {
            return Reference::Is(character, total);
        }
        let low = match number {
            Some(0xD800..=0xDBFF) => self::number(&text[total..]),
            _ => None,
        };
        if let (Some(high), Some((Some(low @ 0xDC00..=0xDFFF), length))) = (number, low)
            && let Some(character) =
                char::from_u32(0x1_0000 + ((high - 0xD800) << 10 | (low - 0xDC00)))
        {
            return Reference::Pair(character, total + length);
        }
        return Reference::Unknown(total);
    }
    if !body.first().is_some_and(|byte| is_name_start_byte(*byte)) {
        return Reference::Bare;
    }
    let mut length = 1;
    while body.get(length).is_some_and(|byte| is_name_byte(*byte)) {
        length += 1;
    }
    if body.get(length) != Some(&b';') {
        return Reference::Bare;
    }
    let name = &body[..length];
    let character = match name {
        b"amp" => '&',
        b"lt" => '<',
        b"gt" => '>',
        b"quot" => '"',
        b"apos" => '\'',
        // QUIRK-4: `&nbsp;`, `&AMP;`. Entities are never expanded.
        _ => return Reference::Unknown(length + 2),
    };
    Reference::Is(character, length + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(text: &str) -> String {
        match Scanner::new(1).scan(text.as_bytes(), 0) {
            Scan::More => "more".into(),
            Scan::None => "none".into(),
            Scan::Tag(tag) => {
                format!("{:?} {:?} {}", tag.kind, &text[tag.name], tag.end)
            }
        }
    }

    #[test]
    fn tags() {
        for (text, expected) in [
            ("<a>", "Start \"a\" 3"),
            ("<a >x", "Start \"a\" 4"),
            ("<a/>", "Empty \"a\" 4"),
            ("<a\n/>", "Empty \"a\" 5"),
            ("</a>", "End \"a\" 4"),
            ("</a\t>", "End \"a\" 5"),
            ("</>", "End \"\" 3"),
            ("</a%gt;", "End \"a\" 7"),
            ("<a b='1' c = \"'>\">", "Start \"a\" 18"),
            ("<é>", "Start \"é\" 4"),
            ("<a", "more"),
            ("<a b='", "more"),
            ("<a %g", "more"),
            ("<a/", "more"),
            ("</", "more"),
            ("< a>", "none"),
            ("<5>", "none"),
            ("</ a>", "none"),
            ("</ >", "none"),
            ("</a b='1'>", "End \"a\" 10"),
            ("<a b>", "Start \"a\" 5"),
            ("<a b='1'c='2'>", "Start \"a\" 14"),
            ("<a b=1>", "Start \"a\" 7"),
            ("<a b=1/>", "Empty \"a\" 8"),
            ("<a b=/x/y%20z />", "Empty \"a\" 16"),
            ("<a b=1%gt;", "Start \"a\" 10"),
            ("<a b=1%lt;", "none"),
            ("<a b=“1 2”>", "Start \"a\" 15"),
            ("<a / >", "Start \"a\" 6"),
            ("<a = \" ,>", "Start \"a\" 9"),
            ("<a b='<'>", "Start \"a\" 9"),
            ("<a b='1><c d='2'>", "Start \"a\" 8"),
            ("<a b='1/><c>", "Empty \"a\" 9"),
            ("<a b='1<c>", "none"),
            ("<a <b>", "none"),
            ("<a%lt;", "none"),
        ] {
            assert_eq!(form(text), expected, "{text}");
        }
    }

    /// Looking goes on where it stopped, byte for byte, and says the same.
    #[test]
    fn tags_in_pieces() {
        for text in
            ["<a b='1' c = \"'>\">", "<a b=1 c 'd%gt;", "</a%gt;", "<a b='1/><c>", "<a b='<'/>"]
        {
            let whole = Scanner::new(1).scan(text.as_bytes(), 0);
            let mut scanner = Scanner::new(1);
            let found = (0..=text.len())
                .map(|end| scanner.scan(&text.as_bytes()[..end], 0))
                .find(|found| *found != Scan::More);
            assert_eq!(found, Some(whole), "{text}");
        }
    }

    #[test]
    fn attributes_and_what_is_none() {
        let pieces = |rest: &str| {
            let text = |piece| match piece {
                Piece::Attribute { name, value, .. } => format!("{}:{}", &rest[name], &rest[value]),
                Piece::Malformed(range) => format!("!{}", &rest[range]),
            };
            Attributes::new(rest.as_bytes(), false).map(text).collect::<Vec<_>>().join(" ")
        };
        for (rest, expected) in [
            ("", ""),
            (" a='1' b = \"2\" ", "a:1 b:2"),
            (" a='1'b='2'", "a:1 !b='2'"),
            (" id=1 b='2'", "!id=1 b:2"),
            (" id=“1” b", "!id=“1” !b"),
            (" a='<' / =", "!a='<' !/ !="),
            (" a='1", "!a='1"),
        ] {
            assert_eq!(pieces(rest), expected, "{rest}");
        }
    }

    #[test]
    fn references() {
        for (text, expected) in [
            ("&amp;x", Reference::Is('&', 5)),
            ("&lt;", Reference::Is('<', 4)),
            ("&gt;", Reference::Is('>', 4)),
            ("&quot;", Reference::Is('"', 6)),
            ("&apos;", Reference::Is('\'', 6)),
            ("&#65;", Reference::Is('A', 5)),
            ("&#x1F600;", Reference::Is('😀', 9)),
            ("&#x0000000000000041;", Reference::Is('A', 20)),
            ("&#0;", Reference::Is('\0', 4)),
            ("&#xD800;", Reference::Unknown(8)),
            ("&#xD83D;&#xDE00;x", Reference::Pair('😀', 16)),
            ("&#55357;&#xDE00;", Reference::Pair('😀', 16)),
            ("&#xD83D; &#xDE00;", Reference::Unknown(8)),
            ("&#xD83D;&#xD83D;", Reference::Unknown(8)),
            ("&#xDE00;&#xD83D;", Reference::Unknown(8)),
            ("&#xD83D;&#xDE00", Reference::Unknown(8)),
            ("&#99999999999999999999;", Reference::Unknown(23)),
            ("&#X41;", Reference::Unknown(6)),
            ("&#6A;", Reference::Unknown(5)),
            ("&AMP;", Reference::Unknown(5)),
            ("&nbsp;", Reference::Unknown(6)),
            ("&copy=2", Reference::Bare),
            ("&amp", Reference::Bare),
            ("&", Reference::Bare),
            ("&;", Reference::Bare),
            ("&#;", Reference::Bare),
            ("&#x;", Reference::Bare),
            ("& b;", Reference::Bare),
            ("&1;", Reference::Bare),
        ] {
            assert_eq!(reference(text.as_bytes()), expected, "{text}");
        }
    }
}
