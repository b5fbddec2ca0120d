//! The few loops over bytes that everything waits for.

use wide::u8x16;

const LANES: usize = 16;

#[inline(always)]
fn load(bytes: &[u8], at: usize) -> Option<u8x16> {
    let block: &[u8; LANES] = bytes.get(at..)?.first_chunk()?;
    Some(u8x16::new(*block))
}

/// Where `needle` first stands at or after `from`; the length of `bytes` where it does not.
/// Made for short distances.
#[inline(always)]
pub(crate) fn find(bytes: &[u8], from: usize, needle: u8) -> usize {
    let wanted = u8x16::splat(needle);
    let mut at = from;
    for _ in 0..2 {
        let Some(block) = load(bytes, at) else { break };
        let mask = block.simd_eq(wanted).to_bitmask();
        if mask != 0 {
            return at + mask.trailing_zeros() as usize;
        }
        at += LANES;
    }
    match bytes.get(at..).and_then(|rest| memchr::memchr(needle, rest)) {
        Some(distance) => at + distance,
        None => bytes.len(),
    }
}

/// Whether any byte asks for a closer look at XML text: `&`, `]`, CR, another control character,
/// or the first byte of U+F000–U+FFFF, among which are the two that XML excludes.
#[inline]
pub(crate) fn is_special_in_xml(bytes: &[u8]) -> bool {
    any(bytes, special_in_xml)
}

#[inline(always)]
fn special_in_xml(block: u8x16) -> u8x16 {
    let is = |byte| block.simd_eq(u8x16::splat(byte));
    let control = block.min(u8x16::splat(0x1F)).simd_eq(block);
    (control & !(is(b'\n') | is(b'\t'))) | is(b'&') | is(b']') | is(0xEF)
}

/// Whether any byte begins a character that XML cannot carry, or may begin one: a control
/// character but tab, LF and CR, or the first byte of U+F000–U+FFFF.
#[inline]
pub(crate) fn may_be_forbidden(bytes: &[u8]) -> bool {
    any(bytes, forbidden)
}

#[inline(always)]
fn forbidden(block: u8x16) -> u8x16 {
    let is = |byte| block.simd_eq(u8x16::splat(byte));
    let control = block.min(u8x16::splat(0x1F)).simd_eq(block);
    (control & !(is(b'\n') | is(b'\t') | is(b'\r'))) | is(0xEF)
}

/// Whether any byte of a value needs to be written otherwise in XML, or may not be written.
#[inline]
pub(crate) fn needs_escape_in_xml(bytes: &[u8]) -> bool {
    any(bytes, escaped_in_xml)
}

#[inline(always)]
fn escaped_in_xml(block: u8x16) -> u8x16 {
    let is = |byte| block.simd_eq(u8x16::splat(byte));
    let control = block.min(u8x16::splat(0x1F)).simd_eq(block);
    control | is(b'&') | is(b'<') | is(b'>') | is(0xEF)
}

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
    let control = lanes.min(u8x16::splat(0x1F)).simd_eq(lanes);
    control | lanes.simd_eq(u8x16::splat(b'"')) | lanes.simd_eq(u8x16::splat(0xEF))
}

/// A block with letters behind the end.
#[inline(always)]
fn padded<const SIZE: usize>(rest: &[u8]) -> [u8; SIZE] {
    let mut block = [b'x'; SIZE];
    block[..rest.len()].copy_from_slice(rest);
    block
}

/// Where commas and what would need quotes stand in a row of CSV.
pub(crate) fn csv_marks(bytes: &[u8]) -> impl Iterator<Item = usize> {
    (0..bytes.len()).step_by(64).flat_map(|at| {
        let block = csv_block(bytes, at);
        let mut left = block.commas | block.others;
        std::iter::from_fn(move || {
            let place = (left != 0).then(|| at + left.trailing_zeros() as usize);
            left &= left.wrapping_sub(1);
            place
        })
    })
}

/// What stands in 64 bytes of CSV, the first one lowest.
pub(crate) struct CsvBlock {
    pub(crate) commas: u64,
    /// Quotes, control characters, and the first byte of U+F000–U+FFFF.
    pub(crate) others: u64,
}

/// Looks at the 64 bytes from `at` on. What is behind the end counts as a letter.
#[inline(always)]
pub(crate) fn csv_block(bytes: &[u8], at: usize) -> CsvBlock {
    match bytes.get(at..).and_then(|rest| rest.first_chunk()) {
        Some(block) => csv_masks(block),
        None => csv_masks(&padded(bytes.get(at..).unwrap_or_default())),
    }
}

#[inline(always)]
fn csv_masks(block: &[u8; 64]) -> CsvBlock {
    let (mut commas, mut others) = (0, 0);
    for part in 0..4 {
        let Some(lanes) = load(block, part * LANES) else { break };
        let comma = lanes.simd_eq(u8x16::splat(b','));
        commas |= u64::from(comma.to_bitmask()) << (part * LANES);
        others |= u64::from(unusual(lanes).to_bitmask()) << (part * LANES);
    }
    CsvBlock { commas, others }
}

/// Writes a value so that every XML parser reads it back as it is: `>` for the sake of `]]>`, line
/// ends and tabs as references because XML or a formatter would change them (OUT-2, OUT-6).
pub(crate) fn escape_in_xml(text: &str, out: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    let mut plain = 0;
    for (at, byte) in bytes.iter().enumerate() {
        let reference: &[u8] = match byte {
            b'&' => b"&amp;",
            b'<' => b"&lt;",
            b'>' => b"&gt;",
            b'\t' => b"&#9;",
            b'\n' => b"&#10;",
            b'\r' => b"&#13;",
            _ => continue,
        };
        out.extend_from_slice(&bytes[plain..at]);
        out.extend_from_slice(reference);
        plain = at + 1;
    }
    out.extend_from_slice(&bytes[plain..]);
}

/// Whether `test` finds anything in any block of the text.
#[inline(always)]
fn any(bytes: &[u8], test: impl Fn(u8x16) -> u8x16) -> bool {
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

/// Where the first character stands that XML 1.0 cannot carry, and which it is (OUT-6).
pub(crate) fn forbidden_character(text: &str) -> Option<(usize, char)> {
    if !may_be_forbidden(text.as_bytes()) {
        return None;
    }
    text.char_indices().find(|(_, character)| !is_xml_char(*character))
}

/// `Char` of XML 1.0 for what a Rust `char` can be.
pub(crate) const fn is_xml_char(character: char) -> bool {
    !matches!(character, '\0'..='\x08' | '\x0B' | '\x0C' | '\x0E'..='\x1F' | '\u{FFFE}' | '\u{FFFF}')
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
    fn every_byte_at_every_place() {
        for byte in 0..=255_u8 {
            for length in (1..18).chain([31, 33]) {
                for at in 0..length {
                    let mut bytes = vec![b'x'; length];
                    bytes[at] = byte;
                    let special = matches!(byte, b'&' | b']' | 0xEF | 0..=8 | 11..=31);
                    assert_eq!(is_special_in_xml(&bytes), special, "{byte} {length} {at}");
                    let forbidden = matches!(byte, 0xEF | 0..=8 | 11 | 12 | 14..=31);
                    assert_eq!(may_be_forbidden(&bytes), forbidden, "{byte} {length} {at}");
                }
            }
        }
    }

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

    #[test]
    fn characters_that_xml_cannot_carry() {
        assert_eq!(forbidden_character("a\t\n\r\u{7f}\u{85}\u{ff5e}😀"), None);
        assert_eq!(forbidden_character("ab\u{1}"), Some((2, '\u{1}')));
        assert_eq!(forbidden_character("é\u{ffff}"), Some((2, '\u{ffff}')));
        assert_eq!(forbidden_character("\u{fffe}"), Some((0, '\u{fffe}')));
    }
}
