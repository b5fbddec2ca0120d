//! Where something may end or begin in a row of CSV that is not a usual one.

use wide::u8x16;

use super::runs::behind_odd_runs;
use super::{LANES, load, padded};
use crate::steps;

/// The places in a row of CSV at which something may end or begin. Found 64 bytes at a time, since
/// a row may be full of them.
pub(crate) struct Marks {
    delimiter: u8,
    /// Where the present 64 bytes begin, and what stands in them, the first one lowest.
    base: usize,
    quotes: u64,
    line_feeds: u64,
    delimiters: u64,
    carriage_returns: u64,
}

impl Marks {
    #[inline(always)]
    pub(crate) fn new(bytes: &[u8], from: usize, delimiter: u8) -> Marks {
        let mut marks = Marks {
            delimiter,
            base: from,
            quotes: 0,
            line_feeds: 0,
            delimiters: 0,
            carriage_returns: 0,
        };
        marks.load(bytes, from);
        marks
    }

    /// The first quote at or after `from`; the length of `bytes` where there is none.
    #[inline(always)]
    pub(crate) fn quote(&mut self, bytes: &[u8], from: usize) -> usize {
        self.next(bytes, from, |marks, _| marks.quotes)
    }

    /// The first quote, delimiter, CR or LF.
    #[inline(always)]
    pub(crate) fn any(&mut self, bytes: &[u8], from: usize) -> usize {
        self.next(bytes, from, |marks, _| {
            marks.quotes | marks.line_feeds | marks.delimiters | marks.carriage_returns
        })
    }

    /// The first delimiter, CR or LF.
    #[inline(always)]
    pub(crate) fn end(&mut self, bytes: &[u8], from: usize) -> usize {
        self.next(bytes, from, |marks, _| {
            marks.line_feeds | marks.delimiters | marks.carriage_returns
        })
    }

    /// The first delimiter, LF, or CR that may belong to a line end.
    #[inline(always)]
    pub(crate) fn end_of_cell(&mut self, bytes: &[u8], from: usize) -> usize {
        self.next(bytes, from, |marks, left| {
            marks.line_feeds | marks.delimiters | marks.ending(left)
        })
    }

    /// The first quote that is not one of two; the length of `bytes` where there is none. `from` is
    /// not between the two.
    #[inline(always)]
    pub(crate) fn single_quote(&mut self, bytes: &[u8], from: usize) -> usize {
        self.single_quote_before(bytes, from, |_, _| u64::MAX, |_| 0)
    }

    /// The first quote that is not one of two, or the first LF; the length of `bytes` where there is
    /// neither.
    #[inline(always)]
    pub(crate) fn single_quote_or_line_feed(&mut self, bytes: &[u8], from: usize) -> usize {
        self.single_quote_before(bytes, from, |_, _| u64::MAX, |marks| marks.line_feeds)
    }

    /// The first quote that is not one of two and may end a cell, or the first LF; the length of
    /// `bytes` where there is neither.
    #[inline(always)]
    pub(crate) fn closing_quote_or_line_feed(&mut self, bytes: &[u8], from: usize) -> usize {
        let ends = |marks: &Marks, left: usize| {
            let end = if left < 64 { 1 << left } else { 0 };
            marks.line_feeds | marks.delimiters | marks.ending(left) | end
        };
        self.single_quote_before(bytes, from, ends, |marks| marks.line_feeds)
    }

    /// The CRs that may belong to a line end: before LF, before CR LF, and where what follows is not
    /// known. `left`: how much there is from the block on.
    #[inline(always)]
    fn ending(&self, left: usize) -> u64 {
        let line_end = self.line_feeds >> 1 | (self.carriage_returns >> 1 & self.line_feeds >> 2);
        let unknown = u64::MAX << left.saturating_sub(2).min(62);
        self.carriage_returns & (line_end | unknown)
    }

    #[inline(always)]
    fn next(&mut self, bytes: &[u8], from: usize, of: impl Fn(&Marks, usize) -> u64) -> usize {
        self.reach(bytes, from);
        let mut left = of(self, bytes.len() - self.base) & (u64::MAX << (from - self.base));
        while left == 0 {
            let next = self.base + 64;
            if next >= bytes.len() {
                steps::count(1 + bytes.len().saturating_sub(from));
                return bytes.len();
            }
            self.load(bytes, next);
            left = of(self, bytes.len() - next);
        }
        let found = self.base + left.trailing_zeros() as usize;
        steps::count(1 + found - from);
        found
    }

    /// The first single quote before one of `before`, where the end of `bytes` counts as a place, or
    /// the first of `others`.
    #[inline(always)]
    fn single_quote_before(
        &mut self,
        bytes: &[u8],
        from: usize,
        before: impl Fn(&Marks, usize) -> u64,
        others: impl Fn(&Marks) -> u64,
    ) -> usize {
        self.reach(bytes, from);
        let mut open = u64::MAX << (from - self.base);
        let mut odd = false;
        loop {
            let behind = behind_odd_runs(self.quotes & open, &mut odd);
            let single = behind & before(self, bytes.len() - self.base);
            let found = single | (others(self) & open);
            if found != 0 {
                let place = found.trailing_zeros();
                let found = self.base + place as usize - (single >> place & 1) as usize;
                steps::count(1 + found - from);
                return found;
            }
            let next = self.base + 64;
            if next > bytes.len() {
                steps::count(1 + bytes.len().saturating_sub(from));
                return bytes.len();
            }
            self.load(bytes, next);
            open = u64::MAX;
        }
    }

    /// Moves to the block of a place.
    #[inline(always)]
    fn reach(&mut self, bytes: &[u8], place: usize) {
        if place < self.base || place - self.base >= 64 {
            self.load(bytes, place);
        }
    }

    #[inline(always)]
    fn load(&mut self, bytes: &[u8], at: usize) {
        (self.base, self.quotes, self.line_feeds) = (at, 0, 0);
        (self.delimiters, self.carriage_returns) = (0, 0);
        match bytes.get(at..).and_then(|rest| rest.first_chunk()) {
            Some(block) => self.look(block),
            None => self.look(&padded(bytes.get(at..).unwrap_or_default())),
        }
    }

    #[inline(always)]
    fn look(&mut self, block: &[u8; 64]) {
        for part in 0..4 {
            let Some(lanes) = load(block, part * LANES) else { break };
            let is = |byte| lanes.simd_eq(u8x16::splat(byte));
            let mask = |found: u8x16| u64::from(found.to_bitmask()) << (part * LANES);
            self.quotes |= mask(is(b'"'));
            self.line_feeds |= mask(is(b'\n'));
            self.delimiters |= mask(is(self.delimiter));
            self.carriage_returns |= mask(is(b'\r'));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_at_every_distance() {
        for length in 0..200 {
            for at in 0..length {
                let mut bytes = vec![b'x'; length];
                for (index, byte) in b"\"\n\r;".iter().enumerate() {
                    bytes[at] = *byte;
                    for from in [0, at / 2, at, at + 1] {
                        let mut marks = Marks::new(&bytes, 0, b';');
                        let any = if from <= at { at } else { length };
                        let line_feed = if index < 2 { any } else { length };
                        let quote = if index < 1 { any } else { length };
                        assert_eq!(marks.any(&bytes, from), any, "{length} {at} {from}");
                        assert_eq!(marks.single_quote_or_line_feed(&bytes, from), line_feed);
                        assert_eq!(marks.quote(&bytes, from), quote);
                        let end = if index > 0 { any } else { length };
                        assert_eq!(marks.end(&bytes, from), end);
                        // Also where the last look went on to the end.
                        assert_eq!(marks.any(&bytes, from), any, "{length} {at} {from}");
                    }
                }
            }
        }
    }

    /// As they are found one by one.
    #[test]
    fn single_quotes_and_line_ends() {
        // Pseudo-random, and the same in each run.
        let mut state = 7_u64;
        let mut below = |n: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) % n
        };
        for length in (0..300).chain([64; 200]).chain([128; 200]) {
            let kinds = 1 + below(6);
            let bytes: Vec<u8> =
                (0..length).map(|_| b"\"\"x\r;\n"[below(kinds) as usize]).collect();
            let text = String::from_utf8_lossy(&bytes);
            let (mut from, mut marks) = (0, Marks::new(&bytes, 0, b';'));
            while from < length {
                let run = |at: usize| bytes[at..].iter().take_while(|b| **b == b'"').count();
                let ends = |at: usize| {
                    matches!(
                        bytes[at..],
                        [b';' | b'\n', ..]
                            | [b'\r', b'\n', ..]
                            | [b'\r', b'\r', b'\n', ..]
                            | []
                            | [b'\r']
                            | [b'\r', b'\r']
                    )
                };
                let (mut at, mut single, mut closing) = (from, length, length);
                while at < length && single.max(closing) == length {
                    let quotes = run(at);
                    if quotes % 2 == 1 {
                        single = single.min(at + quotes - 1);
                        if ends(at + quotes) {
                            closing = closing.min(at + quotes - 1);
                        }
                    } else if bytes[at] == b'\n' {
                        closing = closing.min(at);
                    }
                    at += quotes.max(1);
                }
                assert_eq!(marks.single_quote(&bytes, from), single, "{text:?} {from}");
                // Where a block ends, a CR is taken for one that may end a line.
                let mut found = marks.closing_quote_or_line_feed(&bytes, from);
                while found < closing && bytes[found] == b'"' && bytes[found + 1] == b'\r' {
                    found = marks.closing_quote_or_line_feed(&bytes, found + 1);
                }
                assert_eq!(found, closing, "{text:?} {from}");
                let end = (from..length).find(|at| !b"\"x".contains(&bytes[*at]) && ends(*at));
                let mut found = marks.end_of_cell(&bytes, from);
                while found < end.unwrap_or(length) && bytes[found] == b'\r' {
                    found = marks.end_of_cell(&bytes, found + 1);
                }
                assert_eq!(found, end.unwrap_or(length), "{text:?} {from}");
                // Not between two quotes.
                from += if run(from) > 1 { run(from) } else { 1 + below(3) as usize };
                while 0 < from && from < length && bytes[from - 1] == b'"' {
                    from += 1;
                }
            }
        }
    }
}
