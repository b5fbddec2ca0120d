//! Scans rows of CSV, 64 bytes at a time: where things are, and whether a row may be written as it is.

use wide::u8x16;

use super::{LANES, any, load, padded};
use crate::steps;

/// Whether any byte of a value needs quotes around it in CSV, or may not be written.
#[inline]
pub(crate) fn needs_quotes(bytes: &[u8]) -> bool {
    any(bytes, quoted)
}

#[inline(always)]
fn quoted(block: u8x16) -> u8x16 {
    unusual(block) | block.simd_eq(u8x16::splat(b','))
}

/// Whether a row of CSV has just so many commas, and nothing that would need quotes or may not be
/// written.
#[inline]
pub(crate) fn is_plain_row(bytes: &[u8], commas: usize) -> bool {
    let (mut counted, mut others) = (0, u8x16::splat(0));
    // As many bytes as a lane can count.
    for part in bytes.chunks(255 * LANES) {
        let mut in_lanes = u8x16::splat(0);
        let (blocks, rest) = part.as_chunks();
        for block in blocks {
            let lanes = u8x16::new(*block);
            in_lanes -= lanes.simd_eq(u8x16::splat(b','));
            others |= unusual(lanes);
        }
        counted += in_lanes.to_array().into_iter().map(usize::from).sum::<usize>();
        if !rest.is_empty() {
            // Some of a whole last block has been looked at.
            let (last, seen) = match part.last_chunk() {
                Some(last) => (*last, LANES - rest.len()),
                None => (padded(rest), 0),
            };
            let lanes = u8x16::new(last);
            let commas = lanes.simd_eq(u8x16::splat(b',')).to_bitmask() >> seen;
            counted += commas.count_ones() as usize;
            others |= unusual(lanes);
        }
    }
    counted == commas && others.to_bitmask() == 0
}

/// Quotes, control characters, and the first byte of U+F000–U+FFFF.
#[inline(always)]
fn unusual(lanes: u8x16) -> u8x16 {
    // With this bit turned, a quote is 0x20 and a space is not.
    let turned = lanes ^ u8x16::splat(0x02);
    turned.min(u8x16::splat(0x20)).simd_eq(turned) | lanes.simd_eq(u8x16::splat(0xEF))
}

/// Where commas and what would need quotes stand in a row of CSV.
pub(crate) fn csv_marks(bytes: &[u8]) -> impl Iterator<Item = usize> {
    (0..bytes.len()).step_by(64).flat_map(|at| {
        let block = csv_block(bytes, at, b',');
        let mut left = block.commas | block.others;
        std::iter::from_fn(move || {
            let place = (left != 0).then(|| at + left.trailing_zeros() as usize);
            left &= left.wrapping_sub(1);
            place
        })
    })
}

/// What stands in 64 bytes of CSV that may be in quotes, the first one lowest.
pub(crate) struct CsvQuoting {
    pub(crate) quotes: u64,
    /// CR and LF.
    pub(crate) line_ends: u64,
    /// Control characters but tab, CR, LF and the delimiter.
    pub(crate) controls: u64,
    /// The first byte of U+F000–U+FFFF.
    pub(crate) high: u64,
}

/// Looks at the 64 bytes from `at` on. What is behind the end counts as a letter.
#[inline(always)]
pub(crate) fn csv_quoting(bytes: &[u8], at: usize, delimiter: u8) -> CsvQuoting {
    let padding;
    let block = match bytes.get(at..).and_then(|rest| rest.first_chunk::<64>()) {
        Some(block) => block,
        None => {
            padding = padded(bytes.get(at..).unwrap_or_default());
            &padding
        }
    };
    let mut found = CsvQuoting { quotes: 0, line_ends: 0, controls: 0, high: 0 };
    for part in 0..4 {
        let Some(lanes) = load(block, part * LANES) else { break };
        let is = |byte| lanes.simd_eq(u8x16::splat(byte));
        let mask = |found: u8x16| u64::from(found.to_bitmask()) << (part * LANES);
        let control = lanes.min(u8x16::splat(0x1F)).simd_eq(lanes);
        let line_end = is(b'\r') | is(b'\n');
        found.quotes |= mask(is(b'"'));
        found.line_ends |= mask(line_end);
        found.controls |= mask(control & !(line_end | is(b'\t') | is(delimiter)));
        found.high |= mask(is(0xEF));
    }
    found
}

/// What stands in 64 bytes of CSV, the first one lowest.
pub(crate) struct CsvBlock {
    pub(crate) commas: u64,
    /// Quotes, control characters, and the first byte of U+F000–U+FFFF.
    pub(crate) others: u64,
}

/// Looks at the 64 bytes from `at` on. What is behind the end counts as a letter.
#[inline(always)]
pub(crate) fn csv_block(bytes: &[u8], at: usize, delimiter: u8) -> CsvBlock {
    steps::count(LANES);
    match bytes.get(at..).and_then(|rest| rest.first_chunk()) {
        Some(block) => csv_masks(block, delimiter),
        None => csv_masks(&padded(bytes.get(at..).unwrap_or_default()), delimiter),
    }
}

#[inline(always)]
fn csv_masks(block: &[u8; 64], delimiter: u8) -> CsvBlock {
    let (mut commas, mut others) = (0, 0);
    for part in 0..4 {
        let Some(lanes) = load(block, part * LANES) else { break };
        let comma = lanes.simd_eq(u8x16::splat(delimiter));
        commas |= u64::from(comma.to_bitmask()) << (part * LANES);
        others |= u64::from(unusual(lanes).to_bitmask()) << (part * LANES);
    }
    CsvBlock { commas, others }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_csv_of_every_length() {
        for length in 0..200 {
            let plain = vec![b'x'; length];
            assert!(is_plain_row(&plain, 0), "{length}");
            for at in 0..length {
                for (byte, commas) in [(b',', 1), (b'"', 0), (b'\n', 0), (0xEF, 0)] {
                    let mut row = plain.clone();
                    row[at] = byte;
                    assert!(csv_marks(&row).eq([at]), "{byte} {length} {at}");
                    assert!(!is_plain_row(&row, 1 - commas), "{byte} {length} {at}");
                    assert_eq!(is_plain_row(&row, commas), byte == b',', "{byte} {length} {at}");
                }
            }
        }
    }
}
