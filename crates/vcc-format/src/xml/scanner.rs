//! Tags of any length, in pieces: the scanner goes on where the buffer ended.

use super::ending::{Ending, ending};
use super::lead::starts_with;
use super::name::{is_name_byte, is_name_start_byte, is_space};
use super::tag::{Kind, Scan, Tag};
use crate::scan::either;
use crate::steps;

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
                        Ending::Tag { slash, percent_gt } => {
                            if slash && self.kind == Kind::Start {
                                self.kind = Kind::Empty;
                            }
                            return self.tag(at, reached, found.len(), percent_gt);
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
}
