//! The few loops over bytes that decide the speed.

mod marks;
mod quotes;
mod rows;
mod runs;
mod xml;

use wide::u8x16;

use crate::steps;

pub(crate) use marks::Marks;
pub(crate) use quotes::{undoubled, unquote};
pub(crate) use rows::{csv_block, csv_marks, csv_quoting, is_plain_row, needs_quotes};
pub(crate) use xml::{
    escape_in_xml, forbidden_character, is_special_in_xml, may_be_forbidden, needs_escape_in_xml,
    special_in_xml_at,
};

pub(crate) const LANES: usize = 16;

#[inline(always)]
fn load(bytes: &[u8], at: usize) -> Option<u8x16> {
    let block: &[u8; LANES] = bytes.get(at..)?.first_chunk()?;
    Some(u8x16::new(*block))
}

/// The first `needle` at or after `from`, or the length of `bytes` if there is none. Fast for short
/// distances.
#[inline(always)]
pub(crate) fn find(bytes: &[u8], from: usize, needle: u8) -> usize {
    let wanted = u8x16::splat(needle);
    let mut at = from;
    for _ in 0..2 {
        let Some(block) = load(bytes, at) else { break };
        let mask = block.simd_eq(wanted).to_bitmask();
        if mask != 0 {
            let found = at + mask.trailing_zeros() as usize;
            steps::count(1 + found - from);
            return found;
        }
        at += LANES;
    }
    let found = match bytes.get(at..).and_then(|rest| memchr::memchr(needle, rest)) {
        Some(distance) => at + distance,
        None => bytes.len(),
    };
    steps::count(1 + found.saturating_sub(from));
    found
}

/// The first of either of two bytes. Most are near.
#[inline(always)]
pub(crate) fn either(one: u8, other: u8, bytes: &[u8]) -> Option<usize> {
    if let Some(block) = load(bytes, 0) {
        let is = |byte| block.simd_eq(u8x16::splat(byte));
        let mask = (is(one) | is(other)).to_bitmask();
        if mask != 0 {
            return Some(mask.trailing_zeros() as usize);
        }
        return Some(LANES + memchr::memchr2(one, other, &bytes[LANES..])?);
    }
    bytes.iter().position(|byte| *byte == one || *byte == other)
}

/// Where two bytes stand among the first [`LANES`]: bit `i` is the byte at `i`.
#[inline(always)]
pub(crate) fn marked(one: u8, other: u8, bytes: &[u8]) -> u32 {
    let block = load(bytes, 0).unwrap_or_else(|| u8x16::new(padded(bytes)));
    (block.simd_eq(u8x16::splat(one)) | block.simd_eq(u8x16::splat(other))).to_bitmask()
}

/// The first of any of four bytes at or after `from`, or the length of `bytes` if there is none.
#[inline(always)]
pub(crate) fn find_any(bytes: &[u8], from: usize, needles: [u8; 4]) -> usize {
    let wanted = needles.map(u8x16::splat);
    let mut at = from;
    while let Some(block) = load(bytes, at) {
        let is = |index: usize| block.simd_eq(wanted[index]);
        let mask = (is(0) | is(1) | is(2) | is(3)).to_bitmask();
        if mask != 0 {
            let found = at + mask.trailing_zeros() as usize;
            steps::count(1 + found - from);
            return found;
        }
        at += LANES;
    }
    let rest = bytes.get(at..).unwrap_or_default();
    let found = match rest.iter().position(|byte| needles.contains(byte)) {
        Some(distance) => at + distance,
        None => bytes.len(),
    };
    steps::count(1 + found.saturating_sub(from));
    found
}

/// The first place of a short byte string. Most are near.
pub(crate) fn find_bytes(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    const NEAR: usize = 24;
    let near = &bytes[..bytes.len().min(NEAR)];
    if let Some(place) = near.windows(wanted.len()).position(|there| there == wanted) {
        return Some(place);
    }
    // A match may begin near and end beyond.
    let from = (near.len() + 1).saturating_sub(wanted.len());
    memchr::memmem::find(&bytes[from..], wanted).map(|distance| from + distance)
}

/// A block with letters behind the end.
#[inline(always)]
fn padded<const SIZE: usize>(rest: &[u8]) -> [u8; SIZE] {
    let mut block = [b'x'; SIZE];
    block[..rest.len()].copy_from_slice(rest);
    block
}

/// Whether `test` finds anything in any block of the text.
#[inline(always)]
fn any(bytes: &[u8], test: impl Fn(u8x16) -> u8x16) -> bool {
    steps::count(1 + bytes.len());
    if bytes.len() < LANES {
        return test(u8x16::new(short(bytes))).to_bitmask() != 0;
    }
    let mut found = u8x16::splat(0);
    let mut blocks = bytes.chunks_exact(LANES);
    for block in &mut blocks {
        // A chunk of LANES bytes always loads.
        found |= load(block, 0).map_or(found, &test);
    }
    if !blocks.remainder().is_empty() {
        found |= load(bytes, bytes.len() - LANES).map_or(found, &test);
    }
    found.to_bitmask() != 0
}

/// The bytes of a text shorter than a block, some of them more than once, and letters.
#[inline(always)]
fn short(bytes: &[u8]) -> [u8; LANES] {
    let mut block = [b'x'; LANES];
    if let (Some(first), Some(last)) = (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        block[..8].copy_from_slice(first);
        block[8..].copy_from_slice(last);
    } else if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        block[..4].copy_from_slice(first);
        block[4..8].copy_from_slice(last);
    } else if let (Some(first), Some(last)) = (bytes.first(), bytes.last()) {
        (block[0], block[1], block[2]) = (*first, bytes[bytes.len() / 2], *last);
    }
    block
}

/// The first 16 bytes from `at` on, the first one lowest.
#[inline(always)]
pub(crate) fn word(bytes: &[u8], at: usize) -> Option<u128> {
    Some(u128::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// Whether each of the 16 bytes from `at` on is between the two at its place, inclusive.
#[inline(always)]
pub(crate) fn is_between(bytes: &[u8], at: usize, least: &[u8; LANES], most: &[u8; LANES]) -> bool {
    let (least, most) = (u8x16::new(*least), u8x16::new(*most));
    load(bytes, at).is_some_and(|lanes| {
        let distance = lanes - least;
        distance.min(most - least).simd_eq(distance).to_bitmask() == 0xFFFF
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finding_at_every_distance() {
        for length in 0..70 {
            for at in 0..length {
                let mut bytes = vec![b'x'; length];
                bytes[at] = b'<';
                for from in 0..=length {
                    let expected = if from <= at { at } else { length };
                    assert_eq!(find(&bytes, from, b'<'), expected, "{length} {at} {from}");
                }
            }
        }
    }

    #[test]
    fn finding_one_of_four_at_every_distance() {
        for length in 0..70 {
            for at in 0..length {
                let mut bytes = vec![b'x'; length];
                bytes[at] = b"abcd"[at % 4];
                for from in 0..=length {
                    let expected = if from <= at { at } else { length };
                    assert_eq!(find_any(&bytes, from, *b"abcd"), expected, "{length} {at} {from}");
                }
            }
        }
    }

    #[test]
    fn finding_a_few_bytes_at_every_distance() {
        for at in 0..60 {
            let bytes = format!("{}-->{}", "-".repeat(at), "->".repeat(at));
            assert_eq!(find_bytes(bytes.as_bytes(), b"-->"), Some(at));
            assert_eq!(find_bytes(&bytes.as_bytes()[..at + 2], b"-->"), None);
            assert_eq!(find_bytes(bytes.as_bytes(), b"?"), None);
        }
    }
}
