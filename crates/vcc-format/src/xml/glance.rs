//! What a `<` begins, told at a glance. What is not near its end is left to the scanner, which says
//! the same and can go on where the buffer ended.

use super::ending::{Ending, after, ending};
use super::name::{is_name_byte, is_name_start_byte, is_space};
use super::tag::{Kind, Tag};
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
