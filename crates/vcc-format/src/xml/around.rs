//! What is passed over in one go around records, where [`pass`](super::pass) does so inside them.

use super::blank::{BOM, Blank, blank};
use super::glance::{Glance, glance};
use super::machine::{Machine, State};
use super::name::is_space;
use super::nested::{WHOLE, key};
use super::pass::{ignored, near_text, spaces, text};
use super::tag::Kind;
use crate::encoding::Encoding;
use crate::steps;

/// The highest bit of each byte.
const HIGH: u64 = u64::from_le_bytes([0x80; WHOLE]);

impl Machine {
    /// Around records. Whether there was anything.
    pub(super) fn pass_between(&mut self, view: &[u8]) -> bool {
        let begin = self.pos;
        if !self.may_pass() {
            return false;
        }
        let mut pos = begin;
        loop {
            let rest = view.get(pos..).unwrap_or_default();
            let in_list = self.state == State::List;
            let length = match rest {
                [b'<', b'!' | b'?', ..] if !in_list && rest.starts_with(b"<![") => None,
                [b'<', b'!' | b'?', ..] => ignored(rest),
                [b'<', ..] if in_list => self.pass_outer(rest),
                [b'<', ..] => self.pass_root(rest),
                [] => None,
                [byte, ..] if is_space(*byte) => Some(spaces(rest)),
                [0xEF, ..] if rest.starts_with(BOM) => {
                    self.bom = true;
                    Some(BOM.len())
                }
                [0xEF, ..] if BOM.starts_with(rest) => None,
                _ if in_list => near_text(rest).or_else(|| text(rest)),
                _ => match blank(rest, 0, false) {
                    Blank::Is(length) => Some(length),
                    _ => None,
                },
            };
            let Some(length) = length else { break };
            steps::count(length);
            pos += length;
        }
        self.pass_to(pos);
        pos > begin
    }

    /// The tag of an element around records: how long it is.
    #[inline(always)]
    fn pass_outer(&mut self, rest: &[u8]) -> Option<usize> {
        let Glance::Tag(tag) = glance(rest) else { return None };
        let name = &rest[tag.name()];
        let key = key(name);
        // Which bytes are a name, and which one, depends on the encoding.
        let is_ascii = if name.len() <= WHOLE { key & HIGH == 0 } else { name.is_ascii() };
        if !is_ascii {
            return None;
        }
        if tag.kind == Kind::End {
            let place = match name {
                // QUIRK-1
                b"" => Some(self.outer.len().saturating_sub(1)),
                _ => self.outer.place_of_key(key, name),
            };
            if let Some(place) = place {
                self.outer.close(place);
                if self.outer.is_empty() {
                    self.state = State::Epilog;
                }
            }
            return Some(tag.len());
        }
        // No name that means something here is shorter.
        if name.len() >= 4 && Self::may_stand(name) {
            return None;
        }
        if tag.kind == Kind::Start {
            if self.outer.len() >= self.options.limits.depth {
                return None;
            }
            // Most elements hold nothing but a word. Other text may be a byte order mark.
            let is_leaf = match &rest[tag.len()..] {
                [b'<', b'/', first, ..] => name.first() == Some(first),
                [byte, ..] => byte.is_ascii_alphanumeric(),
                [] => false,
            };
            if is_leaf && let Some(length) = leaf(rest, tag.len(), name) {
                return Some(length);
            }
            self.outer.push_key(key, name);
        }
        Some(tag.len())
    }

    /// The tag of another root, behind the end of one: how long it is.
    fn pass_root(&mut self, rest: &[u8]) -> Option<usize> {
        let Glance::Tag(tag) = glance(rest) else { return None };
        if self.state != State::Epilog || rest[tag.name()] != *b"recordings" {
            return None;
        }
        // QUIRK-17
        if tag.kind != Kind::End {
            self.encoding = Encoding::Utf8;
            self.bom = false;
        }
        if tag.kind == Kind::Start {
            self.outer.push(b"recordings");
            self.state = State::List;
        }
        Some(tag.len())
    }
}

/// How long an element is whose start tag `rest` begins with, `from` bytes long, if it holds nothing but
/// a few letters.
#[inline(never)]
fn leaf(rest: &[u8], from: usize, name: &[u8]) -> Option<usize> {
    let behind = &rest[from..];
    let end = &behind[near_text(behind)?..];
    let behind = end.strip_prefix(b"</")?.strip_prefix(name)?.strip_prefix(b">")?;
    Some(rest.len() - behind.len())
}

#[cfg(test)]
mod tests {
    use super::super::Reader;
    use crate::{Limits, Options};

    /// Around records, whether anybody listens decides which road is taken, and nothing else.
    #[test]
    fn elements_around_records_are_passed_as_they_are_read() {
        const PARTS: [&str; 11] = [
            "<a>",
            "</a>",
            "<longer-than-a-word>",
            "</longer-than-a-word>",
            "x",
            " ",
            "\u{FEFF}",
            "é",
            "<file><caseID>1</caseID></file>",
            "</recordings>",
            "<recordings>",
        ];
        let limits = Limits { depth: 3, ..Limits::default() };
        let options = Options::builder().limits(limits).build();
        let mut records = 0;
        for number in 0..PARTS.len().pow(4) {
            let mut left = number;
            let mut next = || {
                let part = PARTS[left % PARTS.len()];
                left /= PARTS.len();
                part
            };
            let list = [next(), next(), next(), next()].concat();
            let document =
                format!("<recordings>{list}<file><caseID>2</caseID></file></recordings>");
            let bytes = document.as_bytes();
            let all =
                |reader: &mut dyn Iterator<Item = Result<vcc_types::Recording, crate::Error>>| {
                    reader.map(|read| read.map_err(|error| error.to_string())).collect::<Vec<_>>()
                };
            let mut told = Vec::new();
            let expected = all(&mut Reader::with(bytes, options.clone(), &mut told).recordings());
            let found = all(&mut Reader::with(bytes, options.clone(), ()).recordings());
            assert_eq!(found, expected, "{document}");
            records += expected.iter().filter(|read| read.is_ok()).count();
        }
        assert!(records > 9_000, "{records}");
    }
}
