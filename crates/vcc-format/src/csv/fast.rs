//! The fast path for usual rows: fifteen cells, quoted or not, as in RFC 4180.

use vcc_types::Field;

use crate::parts::Span;
use crate::record::{SHORT, Short};
use crate::scan::{csv_block, csv_quoting};

/// A usual row.
pub(super) struct Usual {
    pub(super) length: usize,
    /// Whether it ends in CR LF, not in LF alone.
    pub(super) crlf: bool,
    /// Whether it may hold U+FFFE or U+FFFF.
    pub(super) high: bool,
}

const LAST: usize = Field::COUNT - 1;
/// How many commas are taken at once: most blocks have no more.
const BATCH: usize = 8;

/// Reads a row of fifteen cells. `None` for anything unusual, which the row reader then reads.
#[inline]
pub(super) fn row(view: &[u8], delimiter: u8, cells: &mut Cells) -> Option<Usual> {
    // QUIRK-17: headers, padding and the like begin with other bytes than these.
    let is_record = match view.first()? {
        b'"' => view.get(1)?.is_ascii_digit(),
        first => first.is_ascii_digit() || *first == delimiter,
    };
    if !is_record {
        return None;
    }
    // Longer ones are unusual.
    let view = view.get(..SHORT).unwrap_or(view);
    let mut count = 0;
    let mut quotes = Quotes::default();
    for base in (0..view.len()).step_by(64) {
        let block = csv_block(view, base, delimiter);
        let first = block.others.trailing_zeros();
        let (commas, end) = if quotes.open | quotes.after_quote {
            quotes.read(view, base, block.commas, delimiter, count)?
        } else if block.others == 0 {
            quotes.after_comma = block.commas >> 63;
            (block.commas, 64)
        } else if matches!(view.get(base + first as usize), Some(b'\r' | b'\n')) {
            (block.commas & ((1 << first) - 1), first)
        } else {
            quotes.read(view, base, block.commas, delimiter, count)?
        };
        cells.push(&mut count, commas, base)?;
        if end < 64 {
            let at = base + end as usize;
            let crlf = view[at] == b'\r';
            if count != LAST || (crlf && view.get(at + 1) != Some(&b'\n')) {
                return None;
            }
            cells.places[LAST + 1] = at as u32;
            (cells.quoted, cells.doubled) = (quotes.cells, quotes.doubled);
            let length = at + 1 + usize::from(crlf);
            return Some(Usual { length, crlf, high: quotes.high });
        }
    }
    None
}

/// The cells of a usual row.
#[derive(Debug)]
pub(super) struct Cells {
    /// Where each cell ends, after the place before the first one: each begins a byte later than
    /// the one before it ends.
    places: [u32; 1 + LAST + 1 + BATCH],
    /// Bit `i`: cell `i` stands in quotes, or has doubled quotes.
    quoted: u16,
    pub(super) doubled: u16,
}

impl Default for Cells {
    fn default() -> Self {
        let mut places = [0; 1 + LAST + 1 + BATCH];
        places[0] = u32::MAX;
        Self { places, quoted: 0, doubled: 0 }
    }
}

impl Cells {
    /// Adds the cells that commas end to `count` others. `None`: there are too many.
    #[inline(always)]
    fn push(&mut self, count: &mut usize, commas: u64, base: usize) -> Option<()> {
        let mut left = commas;
        let ends = &mut self.places[1..];
        // Always the same number, so that there is no branch on the count.
        for end in ends.get_mut(*count..*count + BATCH)? {
            *end = base as u32 + left.trailing_zeros();
            left &= left.wrapping_sub(1);
        }
        *count += commas.count_ones() as usize;
        if *count > LAST {
            return None;
        }
        if left != 0 {
            let from = *count - left.count_ones() as usize;
            for end in ends.get_mut(from..*count)? {
                *end = base as u32 + left.trailing_zeros();
                left &= left.wrapping_sub(1);
            }
        }
        Some(())
    }

    /// Where the texts of the cells begin and end, without the quotes around them.
    #[inline(always)]
    pub(super) fn short(&self) -> Short {
        let mut starts = core::array::from_fn(|index| self.places[index].wrapping_add(1) as u16);
        let mut ends = core::array::from_fn(|index| self.places[index + 1] as u16);
        if self.quoted != 0 {
            let bit = |index: usize| self.quoted >> index & 1;
            starts = core::array::from_fn(|index| starts[index] + bit(index));
            ends = core::array::from_fn(|index| ends[index] - bit(index));
        }
        [starts, ends]
    }

    /// The same of one cell.
    #[inline(always)]
    pub(super) fn span(&self, index: usize) -> Span {
        let quote = u32::from(self.quoted >> index & 1);
        let (before, end) = (self.places[index], self.places[index + 1]);
        (before.wrapping_add(1) + quote, end - quote)
    }

    /// How long the last cell is, with its quotes.
    #[inline(always)]
    pub(super) fn last_length(&self) -> usize {
        self.places[LAST + 1].wrapping_sub(self.places[LAST]).wrapping_sub(1) as usize
    }

    /// The same of all.
    pub(super) fn spans(&self) -> [Span; Field::COUNT] {
        core::array::from_fn(|index| self.span(index))
    }
}

/// The quotes of a row, block by block.
struct Quotes {
    /// Whether the block before ends inside quotes.
    open: bool,
    /// Whether it ends with a comma (1 or 0), or with a quote that closes.
    after_comma: u64,
    after_quote: bool,
    /// Bit `i`: cell `i` stands in quotes, or has doubled quotes.
    cells: u16,
    doubled: u16,
    high: bool,
}

impl Default for Quotes {
    fn default() -> Self {
        Self { open: false, after_comma: 1, after_quote: false, cells: 0, doubled: 0, high: false }
    }
}

impl Quotes {
    /// Reads a block that has more than commas and text: gives the commas that end cells, and where
    /// the row ends. `count`: how many cells are before. `None`: it is unusual.
    #[inline(never)]
    fn read(
        &mut self,
        view: &[u8],
        base: usize,
        commas: u64,
        delimiter: u8,
        count: usize,
    ) -> Option<(u64, u32)> {
        let block = csv_quoting(view, base, delimiter);
        // The bits from an odd quote up to the next even one.
        let inside = prefix_xor(block.quotes) ^ if self.open { u64::MAX } else { 0 };
        let ends = block.line_ends & !inside;
        // 64 if the row goes on.
        let end = ends.trailing_zeros();
        // Up to the end of the row, and with it.
        let below = (ends & ends.wrapping_neg()).wrapping_sub(1);
        let upto = below | (ends & ends.wrapping_neg());
        let commas = commas & !inside & below;
        let (opening, closing) = (block.quotes & inside & below, block.quotes & !inside & below);
        let after_quote = closing << 1 | u64::from(self.after_quote);
        let after_comma = commas << 1 | self.after_comma;
        let stray = opening & !(after_comma | after_quote);
        let unclosed = after_quote & upto & !(commas | ends | opening);
        if (stray | unclosed | (block.controls & below)) != 0 {
            return None;
        }
        self.high |= block.high & below != 0;
        mark(&mut self.doubled, opening & after_quote, commas, count)?;
        mark(&mut self.cells, opening & after_comma, commas, count)?;
        self.open = inside >> 63 != 0;
        (self.after_comma, self.after_quote) = (commas >> 63, closing >> 63 != 0);
        Some((commas, end))
    }
}

/// Sets the bits of the cells in which `places` are.
#[inline(always)]
fn mark(cells: &mut u16, mut places: u64, commas: u64, count: usize) -> Option<()> {
    while places != 0 {
        let place = places & places.wrapping_neg();
        let before = commas & (place - 1);
        let cell = count + before.count_ones() as usize;
        if cell > LAST {
            return None;
        }
        *cells |= 1 << cell;
        // The next one that is in another cell.
        let after = commas & !(place - 1);
        let next_cell = !(after & after.wrapping_neg()).wrapping_sub(1);
        places &= next_cell;
    }
    Some(())
}

/// Bit `i` of it: whether the number of bits up to `i` is odd.
#[inline(always)]
fn prefix_xor(mut bits: u64) -> u64 {
    for shift in [1, 2, 4, 8, 16, 32] {
        bits ^= bits << shift;
    }
    bits
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::cell::End;
    use super::super::row::Row;
    use super::*;

    #[test]
    fn rows_of_every_length() {
        for length in 0..200 {
            let row = format!("{},é{}\r\nnext", "1".repeat(length), ",\t".repeat(13));
            let mut cells = Cells::default();
            let usual = super::row(row.as_bytes(), b',', &mut cells).unwrap();
            assert_eq!(&row[usual.length..], "next");
            assert!(usual.crlf && !usual.high);
            let spans = cells.spans();
            assert_eq!(spans[0], (0, length as u32));
            assert_eq!(spans[14], (length as u32 + 28, length as u32 + 29));
        }
    }

    #[test]
    fn rows_with_quotes() {
        for length in 0..200 {
            let text = "1".repeat(length);
            let row = format!("\"0{text}\"\",\t\r\n\",\"{text}\",\"\"{}\n", ",".repeat(12));
            let mut cells = Cells::default();
            let usual = super::row(row.as_bytes(), b',', &mut cells).unwrap();
            assert_eq!((usual.length, cells.doubled), (row.len(), 1), "{row:?}");
            assert!(!usual.crlf && !usual.high);
            let spans = cells.spans();
            let cell = |index: usize| &row[spans[index].0 as usize..spans[index].1 as usize];
            assert_eq!(cell(0), format!("0{text}\"\",\t\r\n"), "{row:?}");
            assert_eq!((cell(1), cell(2), cell(14)), (&*text, "", ""), "{row:?}");
        }
    }

    #[test]
    fn what_is_unusual() {
        let usual = format!("1{}\n", ",".repeat(14));
        let mut cells = Cells::default();
        assert!(super::row(usual.as_bytes(), b',', &mut cells).is_some());
        for row in [
            usual[..usual.len() - 1].to_owned(),
            usual.replacen(',', "", 1),
            usual.replacen(',', ",,", 1),
            usual.replacen('1', "\"", 1),
            usual.replacen('1', "\"1\"b", 1),
            usual.replacen('1', "1\"\"", 1),
            usual.replacen('1', "\"1\" ", 1),
            usual.replacen('1', "\r", 1),
            usual.replacen('1', "\u{1}", 1),
            usual.replacen('1', "startDate", 1),
            usual.replacen('1', "\"startDate\"", 1),
            usual.replacen('1', "\u{FEFF}1", 1),
        ] {
            assert!(super::row(row.as_bytes(), b',', &mut cells).is_none(), "{row:?}");
        }
    }

    /// A text of these pieces, some of which are as long as a block.
    fn rows() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            4 => Just(",".to_owned()),
            3 => "[\"\r\n\t]|\"\"|\",\"|\r\n|\u{1}|\u{FFFD}|é",
            3 => "x{0,70}",
        ];
        proptest::collection::vec(piece, 0..60).prop_map(|pieces| format!("1{}", pieces.concat()))
    }

    /// A row of fifteen cells, most of which are as they should be.
    fn cells() -> impl Strategy<Value = String> {
        let cell = prop_oneof![
            4 => "[a-zé]{0,40}",
            2 => "\"([a-z,\r\n]|\"\"){0,40}\"",
            1 => "\"[a-z\"]{0,3}\"{0,3}",
        ];
        (proptest::collection::vec(cell, Field::COUNT), "\r\n|\n|\r")
            .prop_map(|(cells, end)| format!("1{}{end}2,", cells.join(",")))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        /// The row reader reads whatever this path takes in the same way.
        #[test]
        fn the_row_reader_agrees(row in prop_oneof![rows(), cells()]) {
            let mut cells = Cells::default();
            let Some(usual) = super::row(row.as_bytes(), b',', &mut cells) else { return Ok(()) };
            let mut slow = Row::new(usize::MAX);
            let end = slow.read(row.as_bytes(), true);
            let expected =
                if usual.crlf { End::CrLf(usual.length) } else { End::Lf(usual.length) };
            prop_assert_eq!(end, expected);
            prop_assert!(slow.take_bare().next().is_none() && !slow.is_broken());
            let read: Vec<Span> = slow.cells().iter().map(|cell| (cell.start, cell.end)).collect();
            prop_assert_eq!(&read[..], &cells.spans()[..]);
            let doubled = slow.cells().iter().rev().fold(0, |bits, cell| bits << 1 | u16::from(cell.doubled));
            prop_assert_eq!(doubled, cells.doubled);
        }
    }

    /// This path takes well-quoted rows.
    #[test]
    fn how_much_is_usual() {
        for length in 0..130 {
            let fill = "x".repeat(length);
            for cell in ["\"\"", "\"a,b\"", "\"\"\"\"", "\"a\"\"\r\nb\"", "a\tb", "é"] {
                let row = format!("1{fill},{cell},{}\r\n", vec![cell; 13].join(","));
                let mut cells = Cells::default();
                assert!(super::row(row.as_bytes(), b',', &mut cells).is_some(), "{row:?}");
            }
        }
    }
}
