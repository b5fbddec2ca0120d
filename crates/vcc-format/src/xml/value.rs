//! The text of a value: references, CDATA, line ends (QUIRK-4, QUIRK-8, QUIRK-13).

use std::borrow::Cow;
use std::ops::Range;

use super::name::{is_name_byte, is_name_start_byte};
use super::reference::{Reference, reference};
use crate::DeviationKind;
use crate::encoding::Encoding;
use crate::scan::find_bytes;
use crate::steps;
use vcc_types::is_xml_character;

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

/// Room that a value is decoded in. It is kept from one to the next.
#[derive(Debug, Default)]
pub(super) struct Room(Vec<u8>);

impl Room {
    /// Decodes the text of a value, as UTF-8. `encoding` is one that the value is valid in; `silent`:
    /// nobody looks at what is said. What has to be said about it is said with spans in `raw`.
    pub(super) fn decode(
        &mut self,
        raw: &[u8],
        encoding: Encoding,
        silent: bool,
        report: impl FnMut(DeviationKind, Range<usize>, Cow<'static, str>),
    ) -> Cow<'_, str> {
        // No reference is shorter than its character. Of a byte beyond ASCII come up to three.
        let wide = !matches!(encoding, Encoding::Utf8 | Encoding::Ascii);
        let length = if wide { raw.len() * 3 } else { raw.len() };
        if self.0.len() < length {
            self.0.resize(length, 0);
        }
        let mut out = Out { buf: &mut self.0, len: 0, encoding, wide };
        decode(raw, silent, &mut out, report);
        let written = out.len;
        let text = &self.0[..written];
        match simdutf8::basic::from_utf8(text) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => String::from_utf8_lossy(text),
        }
    }
}

/// Where the text of a value goes. The length is kept here since it changes with every byte.
struct Out<'o> {
    buf: &'o mut [u8],
    len: usize,
    encoding: Encoding,
    /// Whether a byte can become more than one.
    wide: bool,
}

impl Out<'_> {
    #[inline(always)]
    fn byte(&mut self, byte: u8) {
        if let Some(place) = self.buf.get_mut(self.len) {
            *place = byte;
            self.len += 1;
        }
    }

    #[inline(always)]
    fn character(&mut self, character: char) {
        match u8::try_from(character) {
            Ok(byte) if byte.is_ascii() => self.byte(byte),
            _ => {
                for byte in character.encode_utf8(&mut [0; 4]).bytes() {
                    self.byte(byte);
                }
            }
        }
    }

    /// Copies what means itself.
    #[inline(always)]
    fn copy(&mut self, raw: &[u8], range: Range<usize>) {
        // Most parts are short, and a block is copied faster than they are.
        const BLOCK: usize = 16;
        let length = range.len();
        if self.wide {
            self.translate(&raw[range]);
        } else if length == 1 {
            self.byte(raw[range.start]);
        } else if length <= BLOCK
            && let Some(block) = raw[range.start..].first_chunk::<BLOCK>()
            && let Some(place) = self.buf.get_mut(self.len..).and_then(<[u8]>::first_chunk_mut)
        {
            *place = *block;
            self.len += length;
        } else if let Some(place) = self.buf.get_mut(self.len..self.len + length) {
            place.copy_from_slice(&raw[range]);
            self.len += length;
        }
    }

    fn translate(&mut self, raw: &[u8]) {
        for byte in raw {
            self.character(self.encoding.character(*byte));
        }
    }
}

#[inline(always)]
fn decode(
    raw: &[u8],
    silent: bool,
    out: &mut Out<'_>,
    mut report: impl FnMut(DeviationKind, Range<usize>, Cow<'static, str>),
) {
    let mut pos = 0;
    let mut plain = 0;
    steps::count(raw.len());
    loop {
        while let Some(byte) = raw.get(pos)
            && (PLAIN[usize::from(*byte)] || (*byte != b'\r' && is_text(&raw[pos..], silent)))
        {
            pos += 1;
        }
        let Some(byte) = raw.get(pos) else { break };
        if *byte == b'\r' {
            out.copy(raw, plain..pos);
            pos += line_ends(&raw[pos..], out);
            plain = pos;
            continue;
        }
        let rest = &raw[pos..];
        let (length, text) = match byte {
            b'&' => match refers(rest) {
                Reference::Is(character, length) => {
                    if !silent && !is_xml_character(character) {
                        let span = pos..pos + length;
                        report(DeviationKind::ControlCharacter, span, character.to_string().into());
                    }
                    (length, Some(character))
                }
                Reference::Pair(character, length) => {
                    if !silent {
                        let span = pos..pos + length;
                        report(DeviationKind::SurrogatePair, span, character.to_string().into());
                    }
                    (length, Some(character))
                }
                Reference::Unknown(length) => {
                    if !silent {
                        let text = out.encoding.text(&rest[..length]).into_owned().into();
                        report(DeviationKind::UnknownReference, pos..pos + length, text);
                    }
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
                    out.copy(raw, plain..pos);
                    cdata(raw, pos + inner..pos + length - 3, silent, out, &mut report);
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
            b']' => {
                // Of a run of them, the last two count.
                let run = rest.iter().take_while(|byte| **byte == b']').count();
                if run >= 2 && rest.get(run) == Some(&b'>') {
                    let span = pos + run - 2..pos + run + 1;
                    report(DeviationKind::RawCdataEnd, span, "]]>".into());
                }
                pos += run;
                continue;
            }
            _ => {
                if let Some(character) = forbidden(rest, out.encoding) {
                    let span = pos..pos + character.len_utf8();
                    report(DeviationKind::ControlCharacter, span, character.to_string().into());
                }
                pos += 1;
                continue;
            }
        };
        out.copy(raw, plain..pos);
        if let Some(character) = text {
            out.character(character);
        }
        pos += length;
        plain = pos;
    }
    out.copy(raw, plain..raw.len());
}

/// Whether a `<` is text at a glance; or something else, of which there is something to say to those
/// who listen.
#[inline(always)]
fn is_text(rest: &[u8], silent: bool) -> bool {
    match rest[0] {
        b'<' => !matches!(rest.get(1), Some(b'!' | b'?')),
        b'&' if silent => {
            let mut name = 1;
            while rest.get(name).is_some_and(|byte| is_name_byte(*byte)) {
                name += 1;
            }
            // Without a semicolon it refers to nothing.
            !matches!(rest.get(name), Some(b';' | b'#'))
        }
        b']' if !silent => rest.get(1) != Some(&b']'),
        // References, or what there is nothing but a word to say about.
        byte => silent && byte != b'&',
    }
}

/// [`reference`], with a glance first at the usual ones.
#[inline(always)]
fn refers(rest: &[u8]) -> Reference {
    match rest {
        [b'&', b'a', b'm', b'p', b';', ..] => Reference::Is('&', 5),
        [b'&', b'l', b't', b';', ..] => Reference::Is('<', 4),
        [b'&', b'g', b't', b';', ..] => Reference::Is('>', 4),
        _ => reference(rest),
    }
}

/// XML 1.0 reads CR LF, and a CR on its own, as LF. How many bytes there are of such line ends.
#[inline(always)]
fn line_ends(rest: &[u8], out: &mut Out<'_>) -> usize {
    let mut at = 0;
    while rest.get(at) == Some(&b'\r') {
        out.byte(b'\n');
        at += 1;
        if rest.get(at) == Some(&b'\n') {
            at += 1;
        }
    }
    at
}

/// The text of a CDATA section, which stands at `range`.
#[inline(always)]
fn cdata(
    raw: &[u8],
    range: Range<usize>,
    silent: bool,
    out: &mut Out<'_>,
    report: &mut impl FnMut(DeviationKind, Range<usize>, Cow<'static, str>),
) {
    let section = &raw[..range.end];
    let mut plain = range.start;
    let mut pos = range.start;
    while let Some(byte) = section.get(pos) {
        if PLAIN[usize::from(*byte)] {
            pos += 1;
            continue;
        }
        let rest = &section[pos..];
        if *byte == b'\r' {
            out.copy(raw, plain..pos);
            pos += line_ends(rest, out);
            plain = pos;
            continue;
        }
        if !silent && let Some(character) = forbidden(rest, out.encoding) {
            let span = pos..pos + character.len_utf8();
            report(DeviationKind::ControlCharacter, span, character.to_string().into());
        }
        pos += 1;
    }
    out.copy(raw, plain..range.end);
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
