//! The text of a value: references, CDATA, line ends (QUIRK-4, QUIRK-8, QUIRK-13).

use std::borrow::Cow;

use super::tag::{Reference, is_name_start_byte, reference};
use crate::DeviationKind;
use crate::encoding::Encoding;
use crate::scan::{find_bytes, is_xml_char};
use crate::steps;

/// Bytes that say nothing but themselves, or are part of a character that does.
const PLAIN: [bool; 256] = {
    let mut plain = [true; 256];
    let mut byte = 0;
    while byte < 32 {
        plain[byte] = matches!(byte as u8, b'\t' | b'\n');
        byte += 1;
    }
    plain[b'&' as usize] = false;
    plain[b'<' as usize] = false;
    plain[b']' as usize] = false;
    // Perhaps U+FFFE or U+FFFF.
    plain[0xEF] = false;
    plain
};

/// Appends the text of a value to `out`. `encoding` is one that the value is valid in; `silent`:
/// nobody looks at what is said. What has to
/// be said about it is said with spans in `raw`.
pub(super) fn decode(
    raw: &[u8],
    encoding: Encoding,
    silent: bool,
    out: &mut String,
    mut report: impl FnMut(DeviationKind, core::ops::Range<usize>, Cow<'static, str>),
) {
    let mut pos = 0;
    let mut plain = 0;
    steps::count(raw.len());
    loop {
        while let Some(byte) = raw.get(pos)
            && (PLAIN[usize::from(*byte)] || is_text(&raw[pos..], silent))
        {
            pos += 1;
        }
        let Some(byte) = raw.get(pos) else { break };
        let rest = &raw[pos..];
        let (length, text): (usize, Option<char>) = match byte {
            b'&' => match refers(rest) {
                Reference::Is(character, length) => {
                    if !is_xml_char(character) {
                        let span = pos..pos + length;
                        report(DeviationKind::ControlCharacter, span, character.to_string().into());
                    }
                    (length, Some(character))
                }
                Reference::Pair(character, length) => {
                    let span = pos..pos + length;
                    report(DeviationKind::SurrogatePair, span, character.to_string().into());
                    (length, Some(character))
                }
                Reference::Unknown(length) => {
                    let text = match silent {
                        true => Cow::Borrowed(""),
                        false => encoding.text(&rest[..length]).into_owned().into(),
                    };
                    report(DeviationKind::UnknownReference, pos..pos + length, text);
                    pos += length;
                    continue;
                }
                Reference::Bare => {
                    report(DeviationKind::BareAmpersand, pos..pos + 1, "&".into());
                    pos += 1;
                    continue;
                }
            },
            b'<' => match markup(rest) {
                Some(Markup::Ignored(length)) => (length, None),
                Some(Markup::Cdata(inner, length)) => {
                    encoding.decode(&raw[plain..pos], out);
                    cdata(&rest[inner..length - 3], pos + inner, encoding, out, &mut report);
                    pos += length;
                    plain = pos;
                    continue;
                }
                // The tokenizer found, and reported, that it is text.
                None => {
                    pos += 1;
                    continue;
                }
            },
            b']' if rest.starts_with(b"]]>") => {
                report(DeviationKind::RawCdataEnd, pos..pos + 3, "]]>".into());
                pos += 3;
                continue;
            }
            b'\r' => (line_end(rest), Some('\n')),
            _ => {
                if let Some(character) = forbidden(rest, encoding) {
                    let span = pos..pos + character.len_utf8();
                    report(DeviationKind::ControlCharacter, span, character.to_string().into());
                }
                pos += 1;
                continue;
            }
        };
        if plain < pos {
            encoding.decode(&raw[plain..pos], out);
        }
        if let Some(character) = text {
            out.push(character);
        }
        pos += length;
        plain = pos;
    }
    encoding.decode(&raw[plain..], out);
}

/// Whether a `<` is text at a glance; or something else, of which there is something to say to those
/// who listen.
#[inline(always)]
fn is_text(rest: &[u8], silent: bool) -> bool {
    match rest[0] {
        b'<' => !matches!(rest.get(1), Some(b'!' | b'?')),
        b'&' if silent => {
            !rest.get(1).is_some_and(|byte| *byte == b'#' || is_name_start_byte(*byte))
        }
        // Control characters and what may be one.
        byte => silent && !matches!(byte, b'&' | b']' | b'\r'),
    }
}

/// [`reference`], with a glance first at the usual ones.
#[inline]
fn refers(rest: &[u8]) -> Reference {
    match rest {
        [b'&', b'a', b'm', b'p', b';', ..] => Reference::Is('&', 5),
        [b'&', b'l', b't', b';', ..] => Reference::Is('<', 4),
        [b'&', b'g', b't', b';', ..] => Reference::Is('>', 4),
        _ => reference(rest),
    }
}

/// XML 1.0 reads CR LF, and a CR on its own, as LF.
fn line_end(rest: &[u8]) -> usize {
    1 + usize::from(rest.get(1) == Some(&b'\n'))
}

fn cdata(
    raw: &[u8],
    at: usize,
    encoding: Encoding,
    out: &mut String,
    report: &mut impl FnMut(DeviationKind, core::ops::Range<usize>, Cow<'static, str>),
) {
    let mut plain = 0;
    let mut pos = 0;
    while let Some(byte) = raw.get(pos) {
        let rest = &raw[pos..];
        if *byte == b'\r' {
            encoding.decode(&raw[plain..pos], out);
            out.push('\n');
            pos += line_end(rest);
            plain = pos;
            continue;
        }
        if let Some(character) = forbidden(rest, encoding) {
            let span = at + pos..at + pos + character.len_utf8();
            report(DeviationKind::ControlCharacter, span, character.to_string().into());
        }
        pos += 1;
    }
    encoding.decode(&raw[plain..], out);
}

/// The character at the start of `rest` that XML cannot carry.
#[inline]
pub(crate) fn forbidden(rest: &[u8], encoding: Encoding) -> Option<char> {
    match rest {
        [0..=8 | 11 | 12 | 14..=31, ..] => Some(char::from(rest[0])),
        [0xEF, 0xBF, last @ (0xBE | 0xBF), ..] if encoding == Encoding::Utf8 => {
            Some(if *last == 0xBE { '\u{FFFE}' } else { '\u{FFFF}' })
        }
        _ => None,
    }
}

/// What a `<` in a value begins, if it is no text.
pub(super) enum Markup {
    /// A comment or a processing instruction, so many bytes long.
    Ignored(usize),
    /// A CDATA section: where its text begins, and how long it is with all brackets.
    Cdata(usize, usize),
}

/// Looks at a `<` in a value that the tokenizer has been through.
fn markup(rest: &[u8]) -> Option<Markup> {
    let until =
        |from: usize, end: &[u8]| Some(from + find_bytes(rest.get(from..)?, end)? + end.len());
    if rest.starts_with(b"<!--") {
        Some(Markup::Ignored(until(4, b"-->")?))
    } else if rest.starts_with(CDATA) {
        Some(Markup::Cdata(CDATA.len(), until(CDATA.len(), b"]]>")?))
    } else if rest.starts_with(b"<?") && rest.get(2).is_some_and(|b| is_name_start_byte(*b)) {
        Some(Markup::Ignored(until(2, b"?>")?))
    } else {
        None
    }
}

pub(super) const CDATA: &[u8] = b"<![CDATA[";
