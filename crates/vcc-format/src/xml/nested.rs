//! The tags in a value that look like elements, and which of them an end tag closes.

use crate::parts::Span;
use crate::steps;

/// What is open in a value, the outermost first.
#[derive(Debug)]
pub(super) struct Nested {
    open: Vec<Name>,
    /// How many of the open ones have a key of each kind: most end tags that close none have a
    /// kind of their own.
    kinds: [u32; KINDS],
    /// How many of them were open before a trial and still are.
    kept: usize,
    /// Those that a trial closed, the innermost first.
    closed: Vec<Name>,
}

const KINDS: usize = 64;

/// A name, as a part of the record.
#[derive(Clone, Copy, Debug)]
struct Name {
    span: Span,
    key: u64,
}

/// How long a name is that its key holds.
pub(super) const WHOLE: usize = 8;

/// Tells names apart: the bytes of a name that is no longer than [`WHOLE`], the first one lowest; a
/// hash of another, whose lowest byte is zero, as that of no name is.
#[inline(always)]
pub(super) fn key(name: &[u8]) -> u64 {
    steps::count(name.len());
    let byte = |at: usize| u64::from(name[at]) << (8 * at);
    match name.len() {
        0 => 0,
        length @ ..4 => byte(0) | byte(length / 2) | byte(length - 1),
        length @ ..=WHOLE => match (name.first_chunk(), name.last_chunk()) {
            (Some(first), Some(last)) => {
                let last = u64::from(u32::from_le_bytes(*last)) << (8 * (length - 4));
                u64::from(u32::from_le_bytes(*first)) | last
            }
            _ => 0,
        },
        _ => {
            let mix = |key: u64, byte: &u8| (key ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3);
            name.iter().fold(0xCBF2_9CE4_8422_2325, mix) << 8
        }
    }
}

#[inline(always)]
fn kind(key: u64) -> usize {
    (key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 58) as usize
}

impl Default for Nested {
    fn default() -> Self {
        Self { open: Vec::new(), kinds: [0; KINDS], kept: 0, closed: Vec::new() }
    }
}

impl Nested {
    #[inline(always)]
    pub(super) fn len(&self) -> usize {
        self.open.len()
    }

    /// `text` is what stands at `span`.
    #[inline(always)]
    pub(super) fn push(&mut self, span: Span, text: &[u8]) {
        self.open(Name { span, key: key(text) });
    }

    #[inline(always)]
    fn open(&mut self, name: Name) {
        self.kinds[kind(name.key)] += 1;
        self.open.push(name);
    }

    /// Closes the innermost with this name and what is open in it. `record` is what the spans are
    /// parts of. Whether there is one.
    #[inline(always)]
    pub(super) fn close(&mut self, record: &[u8], name: &[u8]) -> bool {
        !self.open.is_empty() && self.close_one_of(record, name)
    }

    #[inline]
    fn close_one_of(&mut self, record: &[u8], name: &[u8]) -> bool {
        let key = key(name);
        if self.kinds[kind(key)] == 0 {
            return false;
        }
        steps::count(self.open.len() / 8);
        let place = self.open.iter().rposition(|open| {
            let (from, to) = open.span;
            open.key == key && (name.len() <= WHOLE || record[from as usize..to as usize] == *name)
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
        self.keep();
    }

    #[inline(always)]
    fn truncate(&mut self, place: usize) {
        while self.open.len() > place
            && let Some(name) = self.open.pop()
        {
            self.kinds[kind(name.key)] -= 1;
            if self.open.len() < self.kept {
                self.kept = self.open.len();
                self.closed.push(name);
            }
        }
    }

    /// Begins a trial: what is opened and closed from now on can be taken back.
    pub(super) fn try_on(&mut self) {
        self.kept = self.open.len();
    }

    /// Ends a trial: what was opened and closed stays so.
    pub(super) fn keep(&mut self) {
        self.kept = 0;
        self.closed.clear();
    }

    /// Ends a trial: what is open is what was before.
    pub(super) fn take_back(&mut self) {
        self.truncate(self.kept);
        while let Some(name) = self.closed.pop() {
            self.open(name);
        }
        self.kept = 0;
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

    #[test]
    fn a_key_tells_names_apart() {
        let letters = "abcdefghijklmnop";
        let names: Vec<&str> = (0..letters.len())
            .flat_map(|from| (from + 1..=letters.len()).map(move |to| &letters[from..to]))
            .collect();
        let keys: std::collections::HashSet<u64> =
            names.iter().map(|name| key(name.as_bytes())).collect();
        assert_eq!(keys.len(), names.len());
        for name in names.into_iter().filter(|name| name.len() <= WHOLE) {
            let bytes = key(name.as_bytes()).to_le_bytes();
            assert_eq!(&bytes[..name.len()], name.as_bytes());
        }
    }

    /// Whatever a trial opens and closes, taking it back leaves what was open before.
    #[test]
    fn a_trial_can_be_taken_back() {
        let record = b"a b c d longer-than-eight";
        let spans = [(0, 1), (2, 3), (4, 5), (6, 7), (8, 25)];
        let text = |span: Span| &record[span.0 as usize..span.1 as usize];
        let open = |nested: &Nested| nested.open.iter().map(|name| name.span).collect::<Vec<_>>();
        for numbers in 0..10_u32.pow(4) {
            let mut nested = Nested::default();
            for span in [spans[0], spans[4], spans[1]] {
                nested.push(span, text(span));
            }
            let (before, kinds) = (open(&nested), nested.kinds);
            let mut left = numbers;
            nested.try_on();
            for _ in 0..4 {
                let span = spans[left as usize % 5];
                if left % 10 < 5 {
                    nested.push(span, text(span));
                } else {
                    nested.close(record, text(span));
                }
                left /= 10;
            }
            let mut kept = Nested::default();
            for name in &nested.open {
                kept.push(name.span, text(name.span));
            }
            if numbers % 2 == 0 {
                nested.take_back();
                assert_eq!((open(&nested), nested.kinds), (before, kinds), "{numbers}");
            } else {
                nested.keep();
                assert_eq!((open(&nested), nested.kinds), (open(&kept), kept.kinds), "{numbers}");
            }
            assert!(nested.closed.is_empty() && nested.kept == 0);
        }
    }
}
