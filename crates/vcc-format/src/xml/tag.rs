//! Tags, names and references: what they look like, not what they mean.

use core::ops::Range;

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

#[derive(Debug, PartialEq, Eq)]
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

/// Whether a byte can stand in a name. Of the bytes beyond ASCII all can: [`is_name`] decides.
const fn is_name_byte(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b':' | b'-' | b'.' | 0x80..)
}

pub(super) const fn is_name_start_byte(byte: u8) -> bool {
    is_name_byte(byte) && !matches!(byte, b'0'..=b'9' | b'-' | b'.')
}

pub(super) const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// `Name` of XML 1.0.
pub(super) fn is_name(text: &str) -> bool {
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

/// Looks at the tag at `at`, whose `<` is `lead` bytes long.
pub(super) fn scan(view: &[u8], at: usize, lead: usize) -> Scan {
    let mut pos = at + lead;
    let end_tag = view.get(pos) == Some(&b'/');
    pos += usize::from(end_tag);
    let name_start = pos;
    while view.get(pos).is_some_and(|byte| is_name_byte(*byte)) {
        pos += 1;
    }
    let name = name_start..pos;
    let Some(&next) = view.get(pos) else { return Scan::More };
    let named = !name.is_empty() && is_name_start_byte(view[name_start]);
    // QUIRK-1: `</>` and nothing else goes without a name.
    let nameless = end_tag && name.is_empty() && matches!(next, b'>' | b'%');
    if !named && !nameless {
        return Scan::None;
    }
    let mut kind = if end_tag { Kind::End } else { Kind::Start };
    let rest_start = pos;
    loop {
        let spaces = pos;
        while view.get(pos).is_some_and(|byte| is_space(*byte)) {
            pos += 1;
        }
        let tag = |kind, rest: usize, end, percent_gt| {
            let (name, rest) = (name.clone(), rest_start..rest);
            Scan::Tag(Tag { kind, start: at, name, end, rest, percent_gt })
        };
        match view.get(pos) {
            None => return Scan::More,
            Some(b'>') => return tag(kind, pos, pos + 1, false),
            // QUIRK-2: `%gt;` where only `>` can stand.
            Some(b'%') => match starts_with(view, pos, b"%gt;") {
                Some(true) => return tag(kind, pos, pos + 4, true),
                Some(false) => return Scan::None,
                None => return Scan::More,
            },
            Some(_) if end_tag => return Scan::None,
            Some(b'/') => {
                kind = Kind::Empty;
                match view.get(pos + 1) {
                    None => return Scan::More,
                    Some(b'>') => return tag(kind, pos, pos + 2, false),
                    Some(b'%') => match starts_with(view, pos + 1, b"%gt;") {
                        Some(true) => return tag(kind, pos, pos + 5, true),
                        Some(false) => return Scan::None,
                        None => return Scan::More,
                    },
                    Some(_) => return Scan::None,
                }
            }
            Some(byte) if is_name_start_byte(*byte) && pos > spaces => match attribute(view, pos) {
                Attribute::More => return Scan::More,
                Attribute::None => return Scan::None,
                Attribute::Is { end, .. } => pos = end,
            },
            Some(_) => return Scan::None,
        }
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
    /// It has the form of a reference, but nothing is known by that name or number.
    Unknown(usize),
    /// It has not even that form.
    Bare,
}

/// Looks at the reference at the start of `text`, which is the whole rest of a value.
pub(super) fn reference(text: &[u8]) -> Reference {
    let body = &text[1..];
    if body.first() == Some(&b'#') {
        let (radix, digits) = match body.get(1) {
            Some(b'x') => (16, &body[2..]),
            _ => (10, &body[1..]),
        };
        let length = digits.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
        if length == 0 || digits.get(length) != Some(&b';') {
            return Reference::Bare;
        }
        let total = text.len() - digits.len() + length + 1;
        let number = digits[..length].iter().try_fold(0_u32, |number, byte| {
            let digit = char::from(*byte).to_digit(radix)?;
            // Saturates beyond all characters, however many digits there are.
            Some(number.saturating_mul(radix).saturating_add(digit))
        });
        return match number.and_then(char::from_u32) {
            Some(character) => Reference::Is(character, total),
            None => Reference::Unknown(total),
        };
    }
    let length = body.iter().take_while(|byte| is_name_byte(**byte)).count();
    let name = &body[..length];
    if !name.first().is_some_and(|byte| is_name_start_byte(*byte))
        || body.get(length) != Some(&b';')
    {
        return Reference::Bare;
    }
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
        match scan(text.as_bytes(), 0, 1) {
            Scan::More => "more".into(),
            Scan::None => "none".into(),
            Scan::Tag(tag) => format!("{:?} {:?} {}", tag.kind, &text[tag.name], tag.end),
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
            ("</a b='1'>", "none"),
            ("<a b>", "none"),
            ("<a b='1'c='2'>", "none"),
            ("<a b=1>", "none"),
            ("<a / >", "none"),
            ("<a b='<'>", "none"),
            ("<a <b>", "none"),
            ("<a%lt;", "none"),
        ] {
            assert_eq!(form(text), expected, "{text}");
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
