//! References: `&amp;`, `&#65;`, and what only looks like one (QUIRK-4, QUIRK-18).

use super::name::{is_name_byte, is_name_start_byte};

/// What stands at a `&`.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reference {
    /// A reference to a character, so many bytes long. XML may still not have the character.
    Is(char, usize),
    /// References to the two halves of a surrogate pair (QUIRK-18), so many bytes long together.
    Pair(char, usize),
    /// It has the form of a reference, but nothing is known by that name or number.
    Unknown(usize),
    /// It has not even that form.
    Bare,
}

/// The number of the reference to a character at the start of `text`, if it is one, and how long it
/// is with its semicolon; `None` where there is no such reference.
#[inline]
fn number(text: &[u8]) -> Option<(Option<u32>, usize)> {
    let (radix, start) = match text {
        [b'&', b'#', b'x', ..] => (16, 3),
        [b'&', b'#', ..] => (10, 2),
        _ => return None,
    };
    let (mut number, mut known, mut at) = (0_u32, true, start);
    loop {
        let byte = *text.get(at)?;
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'z' => byte - b'a' + 10,
            b'A'..=b'Z' => byte - b'A' + 10,
            b';' if at > start => return Some((known.then_some(number), at + 1)),
            _ => return None,
        };
        known &= u32::from(digit) < radix;
        // Saturates beyond all characters, however many digits there are.
        number = number.saturating_mul(radix).saturating_add(u32::from(digit));
        at += 1;
    }
}

/// Looks at the reference at the start of `text`, which is the whole rest of a value.
#[inline(always)]
pub(super) fn reference(text: &[u8]) -> Reference {
    let body = &text[1..];
    if body.first() == Some(&b'#') {
        let Some((number, total)) = number(text) else { return Reference::Bare };
        if let Some(character) = number.and_then(char::from_u32) {
            return Reference::Is(character, total);
        }
        let low = match number {
            Some(0xD800..=0xDBFF) => self::number(&text[total..]),
            _ => None,
        };
        if let (Some(high), Some((Some(low @ 0xDC00..=0xDFFF), length))) = (number, low)
            && let Some(character) =
                char::from_u32(0x1_0000 + ((high - 0xD800) << 10 | (low - 0xDC00)))
        {
            return Reference::Pair(character, total + length);
        }
        return Reference::Unknown(total);
    }
    if !body.first().is_some_and(|byte| is_name_start_byte(*byte)) {
        return Reference::Bare;
    }
    let mut length = 1;
    while body.get(length).is_some_and(|byte| is_name_byte(*byte)) {
        length += 1;
    }
    if body.get(length) != Some(&b';') {
        return Reference::Bare;
    }
    let name = &body[..length];
    let character = match name {
        b"amp" => '&',
        b"lt" => '<',
        b"gt" => '>',
        b"quot" => '"',
        b"apos" => '\'',
        // QUIRK-4: `&nbsp;`, `&AMP;`. Entities are never expanded.
        _ => return Reference::Unknown(length + 2),
    };
    Reference::Is(character, length + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references() {
        for (text, expected) in [
            ("&amp;x", Reference::Is('&', 5)),
            ("&lt;", Reference::Is('<', 4)),
            ("&gt;", Reference::Is('>', 4)),
            ("&quot;", Reference::Is('"', 6)),
            ("&apos;", Reference::Is('\'', 6)),
            ("&#65;", Reference::Is('A', 5)),
            ("&#x1F600;", Reference::Is('😀', 9)),
            ("&#x0000000000000041;", Reference::Is('A', 20)),
            ("&#0;", Reference::Is('\0', 4)),
            ("&#xD800;", Reference::Unknown(8)),
            ("&#xD83D;&#xDE00;x", Reference::Pair('😀', 16)),
            ("&#55357;&#xDE00;", Reference::Pair('😀', 16)),
            ("&#xD83D; &#xDE00;", Reference::Unknown(8)),
            ("&#xD83D;&#xD83D;", Reference::Unknown(8)),
            ("&#xDE00;&#xD83D;", Reference::Unknown(8)),
            ("&#xD83D;&#xDE00", Reference::Unknown(8)),
            ("&#99999999999999999999;", Reference::Unknown(23)),
            ("&#X41;", Reference::Unknown(6)),
            ("&#6A;", Reference::Unknown(5)),
            ("&AMP;", Reference::Unknown(5)),
            ("&nbsp;", Reference::Unknown(6)),
            ("&copy=2", Reference::Bare),
            ("&amp", Reference::Bare),
            ("&", Reference::Bare),
            ("&;", Reference::Bare),
            ("&#;", Reference::Bare),
            ("&#x;", Reference::Bare),
            ("& b;", Reference::Bare),
            ("&1;", Reference::Bare),
        ] {
            assert_eq!(reference(text.as_bytes()), expected, "{text}");
        }
    }
}
