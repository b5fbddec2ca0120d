//! The attributes of a tag, and what stands between them and is none (QUIRK-18).

use core::ops::Range;

use super::name::{is_name_byte, is_name_start_byte, is_space};

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

#[cfg(test)]
mod tests {
    use super::*;

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
}
