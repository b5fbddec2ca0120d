//! Characters that XML cannot carry as they are, or not at all.

use vcc_types::is_xml_character;

use wide::u8x16;

use super::{LANES, any, load, padded};
use crate::steps;

/// Whether any byte asks for a closer look at XML text: `&`, `]`, CR, another control character,
/// or the first byte of U+F000–U+FFFF, among which are the two that XML excludes.
#[inline]
pub(crate) fn is_special_in_xml(bytes: &[u8]) -> bool {
    any(bytes, special_in_xml)
}

/// Where the bytes stand of which [`is_special_in_xml`] tells, in order: so many places of those that
/// are given. `None`: there are more.
pub(crate) fn special_in_xml_at<'p>(bytes: &[u8], places: &'p mut [u32]) -> Option<&'p [u32]> {
    steps::count(1 + bytes.len());
    let (mut at, mut count) = (0, 0);
    while at < bytes.len() {
        let block = load(bytes, at).unwrap_or_else(|| u8x16::new(padded(&bytes[at..])));
        let mut marks = special_in_xml(block).to_bitmask();
        while marks != 0 {
            *places.get_mut(count)? = at as u32 + marks.trailing_zeros();
            count += 1;
            marks &= marks - 1;
        }
        at += LANES;
    }
    places.get(..count)
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

/// Whether a value has a byte that has to be escaped in XML, or may not be written.
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

/// Where the first character stands that XML 1.0 cannot carry, and which it is (OUT-6).
pub(crate) fn forbidden_character(text: &str) -> Option<(usize, char)> {
    if !may_be_forbidden(text.as_bytes()) {
        return None;
    }
    text.char_indices().find(|(_, character)| !is_xml_character(*character))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_at_every_place() {
        for byte in 0..=255_u8 {
            for length in (1..18).chain([31, 33]) {
                for at in 0..length {
                    let mut bytes = vec![b'x'; length];
                    bytes[at] = byte;
                    let special = matches!(byte, b'&' | b']' | 0xEF | 0..=8 | 11..=31);
                    assert_eq!(is_special_in_xml(&bytes), special, "{byte} {length} {at}");
                    let place = at as u32;
                    let places: &[u32] = if special { &[place] } else { &[] };
                    assert_eq!(special_in_xml_at(&bytes, &mut [0; 2]), Some(places));
                    bytes.push(b'&');
                    let places = [place, length as u32];
                    let places = if special { &places[..] } else { &places[1..] };
                    assert_eq!(special_in_xml_at(&bytes, &mut [0; 2]), Some(places));
                    assert_eq!(special_in_xml_at(&bytes, &mut [0; 1]).is_none(), special);
                    bytes.pop();
                    let forbidden = matches!(byte, 0xEF | 0..=8 | 11 | 12 | 14..=31);
                    assert_eq!(may_be_forbidden(&bytes), forbidden, "{byte} {length} {at}");
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
