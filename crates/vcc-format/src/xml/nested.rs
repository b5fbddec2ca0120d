//! The tags in a value that look like elements, and which of them an end tag closes.

use crate::parts::Span;
use crate::steps;

/// What is open in a value, the outermost first.
#[derive(Debug)]
pub(super) struct Nested {
    open: Vec<Name>,
    /// How many of the open ones have a hash of each kind: most end tags that close none have a
    /// kind of their own.
    kinds: [u32; KINDS],
}

const KINDS: usize = 64;

/// A name, as a part of the record.
#[derive(Clone, Copy, Debug)]
struct Name {
    span: Span,
    hash: u32,
}

impl Name {
    fn kind(self) -> usize {
        kind(self.hash)
    }
}

/// Tells most names apart at a glance.
pub(super) fn hash(name: &[u8]) -> u32 {
    steps::count(name.len());
    name.iter().fold(0, |hash: u32, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

fn kind(hash: u32) -> usize {
    (hash >> 26) as usize
}

impl Default for Nested {
    fn default() -> Self {
        Self { open: Vec::new(), kinds: [0; KINDS] }
    }
}

impl Nested {
    pub(super) fn len(&self) -> usize {
        self.open.len()
    }

    /// `text` is what stands at `span`.
    pub(super) fn push(&mut self, span: Span, text: &[u8]) {
        let name = Name { span, hash: hash(text) };
        self.kinds[name.kind()] += 1;
        self.open.push(name);
    }

    /// Closes the innermost with this name and what is open in it. `record` is what the spans are
    /// parts of. Whether there is one.
    #[inline]
    pub(super) fn close(&mut self, record: &[u8], name: &[u8]) -> bool {
        !self.open.is_empty() && self.close_one_of(record, name)
    }

    fn close_one_of(&mut self, record: &[u8], name: &[u8]) -> bool {
        let hash = hash(name);
        if self.kinds[kind(hash)] == 0 {
            return false;
        }
        steps::count(self.open.len() / 8);
        let place = self.open.iter().rposition(|open| {
            let (from, to) = open.span;
            open.hash == hash && record[from as usize..to as usize] == *name
        });
        if let Some(place) = place {
            self.truncate(place);
        }
        place.is_some()
    }

    /// Closes the innermost. Whether there is one.
    pub(super) fn close_innermost(&mut self) -> bool {
        let place = self.open.len().checked_sub(1);
        if let Some(place) = place {
            self.truncate(place);
        }
        place.is_some()
    }

    pub(super) fn clear(&mut self) {
        self.truncate(0);
    }

    fn truncate(&mut self, place: usize) {
        while self.open.len() > place
            && let Some(name) = self.open.pop()
        {
            self.kinds[name.kind()] -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_tag_closes_the_innermost_of_its_name_and_what_is_in_it() {
        let record = b"a bb a c";
        let mut nested = Nested::default();
        assert!(!nested.close(record, b"a") && !nested.close_innermost());
        for span in [(0, 1), (2, 4), (5, 6), (7, 8)] {
            nested.push(span, &record[span.0 as usize..span.1 as usize]);
        }
        assert!(!nested.close(record, b"b") && nested.len() == 4);
        assert!(nested.close(record, b"a") && nested.len() == 2);
        assert!(!nested.close(record, b"c") && nested.len() == 2);
        assert!(nested.close(record, b"a") && nested.len() == 0);
        nested.push((2, 4), b"bb");
        assert!(nested.close_innermost() && !nested.close(record, b"bb"));
        nested.push((7, 8), b"c");
        nested.clear();
        assert_eq!((nested.len(), nested.kinds), (0, [0; KINDS]));
    }
}
