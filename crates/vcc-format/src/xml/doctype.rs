//! A document type with its internal subset. Nothing in it is processed.

use super::name::{is_name, is_space};
use crate::encoding::Encoding;
use crate::scan::find_bytes;
use crate::steps;

/// A document type that is read, as far as the buffer goes.
#[derive(Debug, Default)]
pub(super) struct Doctype {
    begun: Option<Begun>,
}

/// Places count from its start.
#[derive(Clone, Copy, Debug)]
struct Begun {
    /// Everything before is read,
    read: usize,
    /// and searched, too, for what ends the present piece.
    searched: usize,
    /// and this comes next.
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

/// What a document type is.
pub(super) enum Found {
    /// The buffer ends inside it.
    More,
    /// It ends before this place.
    End(usize),
    /// One of HTML.
    Html,
    /// None, since this stands in it.
    Wrong(&'static str),
}

pub(super) const START: &[u8] = b"<!DOCTYPE";

impl Doctype {
    /// Reads the one that begins at `at`, or reads it on.
    pub(super) fn read(&mut self, view: &[u8], at: usize, encoding: Encoding) -> Found {
        let view = &view[at..];
        let begun = self.begun.take();
        let begun = begun.unwrap_or(Begun { read: START.len(), searched: 0, part: Part::Space });
        let found = match begun.part {
            Part::Body { subset } => self.body(view, begun.read, begun.searched, subset),
            Part::Space => self.name(view, begun.read, None, encoding),
            Part::Name(name) => self.name(view, begun.read, Some(name), encoding),
        };
        match found {
            Found::End(end) => Found::End(at + end),
            found => found,
        }
    }

    /// The name, which begins at `name` if that is known, and what follows.
    fn name(
        &mut self,
        view: &[u8],
        from: usize,
        mut name: Option<usize>,
        encoding: Encoding,
    ) -> Found {
        let mut pos = from;
        if name.is_none() {
            pos += view[pos..].iter().take_while(|byte| is_space(**byte)).count();
            name = (pos < view.len()).then_some(pos);
        }
        let is_end = |byte: &&u8| !is_space(**byte) && !matches!(**byte, b'>' | b'[');
        pos += view[pos..].iter().take_while(is_end).count();
        steps::count(pos - from);
        if pos == view.len() {
            let part = name.map_or(Part::Space, Part::Name);
            self.begun = Some(Begun { read: pos, searched: 0, part });
            return Found::More;
        }
        let start = name.unwrap_or(START.len());
        let name = &view[start..pos];
        if name.eq_ignore_ascii_case(b"html") {
            return Found::Html;
        }
        if start == START.len() || !is_name(&encoding.text(name)) {
            return Found::Wrong("a document type without a name");
        }
        self.body(view, pos, 0, false)
    }

    fn body(&mut self, view: &[u8], from: usize, searched: usize, mut subset: bool) -> Found {
        let mut pos = from;
        loop {
            let rest = &view[pos..];
            let distance = rest.iter().position(|byte| b"\"'<>[]".contains(byte));
            steps::count(1 + distance.unwrap_or(rest.len()));
            pos += distance.unwrap_or(rest.len());
            let rest = &view[pos..];
            let skip = |from: usize, end: &[u8]| {
                // What was searched already may hold all of `end` but its last byte.
                let from = (pos + from).max(searched.saturating_sub(end.len() - 1)).min(view.len());
                let found = find_bytes(&view[from..], end).map(|there| from + there + end.len());
                steps::count(found.unwrap_or(view.len()) - from);
                found
            };
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
                Some(b'>') if !subset => return Found::End(pos + 1),
                Some(b'>') => Some(pos + 1),
                Some(b'<') if !subset => return Found::Wrong("a `<` in the document type"),
                Some(b'<') if rest.get(1).is_some_and(|byte| !b"!?".contains(byte)) => {
                    Some(pos + 1)
                }
                _ if rest.starts_with(b"<!--") => skip(4, b"-->"),
                _ if rest.starts_with(b"<?") => skip(2, b"?>"),
                // It may become a comment or an instruction.
                _ if b"<!--".starts_with(rest) => None,
                Some(b'<') => Some(pos + 1),
                Some(_) => return Found::Wrong("a bracket in the document type"),
            };
            match next {
                Some(next) => pos = next,
                None => {
                    let part = Part::Body { subset };
                    self.begun = Some(Begun { read: pos, searched: view.len(), part });
                    return Found::More;
                }
            }
        }
    }
}
