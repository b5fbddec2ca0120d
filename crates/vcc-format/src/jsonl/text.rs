//! The text of a JSON string, and its escapes.

use core::ops::Range;

use crate::DeviationKind;
use crate::encoding::Encoding;
use crate::xml::forbidden;
use vcc_types::is_xml_character;

/// Appends the text of a string to `out`, and reports deviations with spans in `raw`, unless `silent`.
pub(super) fn decode(
    raw: &[u8],
    encoding: Encoding,
    silent: bool,
    out: &mut String,
    mut report: impl FnMut(DeviationKind, Range<usize>, String),
) {
    let (mut pos, mut plain) = (0, 0);
    while let Some(byte) = raw.get(pos) {
        let (character, length) = match byte {
            b'\\' => match escape(&raw[pos..]) {
                (Some(character), length) => (character, length),
                (None, length) if silent => {
                    pos += length;
                    continue;
                }
                (None, length) => {
                    // QUIRK-18: half a surrogate pair, or no escape at all, stays as text.
                    let text = encoding.text(&raw[pos..pos + length]).into_owned();
                    report(DeviationKind::UnknownReference, pos..pos + length, text);
                    pos += length;
                    continue;
                }
            },
            _ => {
                if !silent && let Some(character) = forbidden(&raw[pos..], encoding) {
                    let span = pos..pos + character.len_utf8();
                    report(DeviationKind::ControlCharacter, span, character.to_string());
                }
                pos += 1;
                continue;
            }
        };
        if !silent && !is_xml_character(character) {
            // QUIRK-13
            let span = pos..pos + length;
            report(DeviationKind::ControlCharacter, span, character.to_string());
        }
        encoding.decode(&raw[plain..pos], out);
        out.push(character);
        pos += length;
        plain = pos;
    }
    encoding.decode(&raw[plain..], out);
}

/// The character of the escape at the start of `rest`, and how long it is.
fn escape(rest: &[u8]) -> (Option<char>, usize) {
    let character = match rest.get(1) {
        Some(b'u') => match (unit(rest), rest.get(6..).and_then(unit)) {
            (Some(high @ 0xD800..=0xDBFF), Some(low @ 0xDC00..=0xDFFF)) => {
                let number = 0x1_0000 + ((high - 0xD800) << 10 | (low - 0xDC00));
                return (char::from_u32(number), 12);
            }
            (Some(unit), _) => return (char::from_u32(unit), 6),
            (None, _) => None,
        },
        Some(byte @ (b'"' | b'\\' | b'/')) => Some(char::from(*byte)),
        Some(b'b') => Some('\u{8}'),
        Some(b'f') => Some('\u{C}'),
        Some(b'n') => Some('\n'),
        Some(b'r') => Some('\r'),
        Some(b't') => Some('\t'),
        _ => None,
    };
    match character {
        Some(character) => (Some(character), 2),
        None => (None, 1),
    }
}

/// `\\uXXXX`
fn unit(rest: &[u8]) -> Option<u32> {
    let digits: &[u8; 4] = rest.strip_prefix(b"\\u")?.first_chunk()?;
    digits.iter().try_fold(0, |number, digit| Some(number * 16 + char::from(*digit).to_digit(16)?))
}

/// Whether some bytes are `null`, `true`, `false` or a number of JSON.
pub(super) fn is_literal(text: &[u8]) -> bool {
    if matches!(text, b"null" | b"true" | b"false") {
        return true;
    }
    let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let text = text.strip_prefix(b"-").unwrap_or(text);
    let whole = digits(text);
    if whole == 0 || (whole > 1 && text[0] == b'0') {
        return false;
    }
    let mut rest = &text[whole..];
    if let Some(fraction) = rest.strip_prefix(b".") {
        let length = digits(fraction);
        if length == 0 {
            return false;
        }
        rest = &fraction[length..];
    }
    if let [b'e' | b'E', exponent @ ..] = rest {
        let exponent = match exponent {
            [b'+' | b'-', exponent @ ..] => exponent,
            _ => exponent,
        };
        return !exponent.is_empty() && digits(exponent) == exponent.len();
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes() {
        for (raw, text, said) in [
            (
                r#"a\"\\\/\b\f\n\r\tz"#,
                "a\"\\/\u{8}\u{C}\n\r\tz",
                "control-character control-character",
            ),
            (r"\u00e9\ud83d\ude00\u0001", "é😀\u{1}", "control-character"),
            (
                r"\ud83d \ude00\uD83Dx",
                r"\ud83d \ude00\uD83Dx",
                "unknown-reference unknown-reference unknown-reference",
            ),
            (r"C:\Users\u12", r"C:\Users\u12", "unknown-reference unknown-reference"),
        ] {
            let (mut out, mut kinds) = (String::new(), Vec::new());
            decode(raw.as_bytes(), Encoding::Utf8, false, &mut out, |kind, _, _| {
                kinds.push(kind.name());
            });
            assert_eq!((&*out, &*kinds.join(" ")), (text, said), "{raw}");
            let mut silent = String::new();
            decode(raw.as_bytes(), Encoding::Utf8, true, &mut silent, |kind, _, _| {
                panic!("{kind} is said to nobody");
            });
            assert_eq!(silent, text, "{raw}");
        }
    }

    #[test]
    fn literals() {
        for text in ["null", "true", "false", "0", "-1", "27", "1.5", "1e9", "-0.1E-2"] {
            assert!(is_literal(text.as_bytes()), "{text}");
        }
        for text in ["", "-", "027", "1.", ".5", "1e", "NaN", "nul", "1x", "+1"] {
            assert!(!is_literal(text.as_bytes()), "{text}");
        }
    }
}
