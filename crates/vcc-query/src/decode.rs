use vcc_types::Plus;

use crate::error::found;
use crate::span::Span;
use crate::{QueryError, QueryErrorKind};

/// Room for decoded text that differs from the raw text. Dates and names fit into `stack`, so decoding
/// them allocates nothing.
pub(crate) struct Scratch {
    stack: [u8; Scratch::STACK],
    heap: Vec<u8>,
}

impl Scratch {
    const STACK: usize = 64;

    pub(crate) fn new() -> Scratch {
        Scratch { stack: [0; Scratch::STACK], heap: Vec::new() }
    }
}

/// Which kinds of bytes a raw name or value contains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bytes(u8);

impl Bytes {
    const PERCENT: u8 = 1;
    const PLUS: u8 = 2;
    /// Not printable ASCII.
    const STRANGE: u8 = 4;

    const CLASSES: [u8; 256] = {
        let mut classes = [Bytes::STRANGE; 256];
        let mut byte = b' ';
        while byte <= b'~' {
            classes[byte as usize] = 0;
            byte += 1;
        }
        classes[b'%' as usize] = Bytes::PERCENT;
        classes[b'+' as usize] = Bytes::PLUS;
        classes
    };

    /// The kinds of bytes in a part of the raw query.
    pub(crate) fn of(raw: &[u8]) -> Bytes {
        // Four at a time: each look-up is independent of the others.
        let (fours, rest) = raw.as_chunks::<4>();
        let class = |byte: u8| Bytes::CLASSES[usize::from(byte)];
        let classes = fours.iter().fold(0, |classes, [a, b, c, d]| {
            classes | class(*a) | class(*b) | class(*c) | class(*d)
        });
        Bytes(rest.iter().fold(classes, |classes, byte| classes | class(*byte)))
    }

    /// Whether all are printable ASCII and stand for themselves.
    pub(crate) fn are_plain(self, plus: Plus) -> bool {
        self.0 & Bytes::STRANGE == 0 && !self.are_coded(plus)
    }

    /// Whether one is a `+`.
    pub(crate) fn have_plus(self) -> bool {
        self.0 & Bytes::PLUS != 0
    }

    /// Whether some bytes stand for others.
    fn are_coded(self, plus: Plus) -> bool {
        self.0 & Bytes::PERCENT != 0 || (plus == Plus::Space && self.0 & Bytes::PLUS != 0)
    }
}

/// Whether a text can hold control characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Suspicion {
    /// It cannot: it is printable ASCII.
    None,
    /// It can.
    Controls,
}

/// Percent-decodes a name or a value as UTF-8 (REQ-5, REQ-6). What needs no decoding is borrowed.
#[inline]
pub(crate) fn decode<'a>(
    raw: &'a [u8],
    span: Span,
    bytes: Bytes,
    plus: Plus,
    scratch: &'a mut Scratch,
) -> Result<(&'a str, Suspicion), QueryError> {
    let coded = &raw[span.range()];
    let (decoded, bytes) = match bytes.are_coded(plus) {
        false => (coded, bytes),
        true => {
            let room = if coded.len() <= Scratch::STACK {
                &mut scratch.stack[..coded.len()]
            } else {
                scratch.heap.clear();
                scratch.heap.resize(coded.len(), 0);
                &mut scratch.heap[..]
            };
            match decode_into(coded, plus, room) {
                Ok(length) => (&room[..length], Bytes::of(&room[..length])),
                Err(at) => return Err(broken_escape(raw, span, at)),
            }
        }
    };
    let suspicion =
        if bytes.0 & Bytes::STRANGE == 0 { Suspicion::None } else { Suspicion::Controls };
    match core::str::from_utf8(decoded) {
        Ok(text) => Ok((text, suspicion)),
        Err(error) => {
            let start = error.valid_up_to();
            let end = start + error.error_len().unwrap_or(decoded.len() - start);
            let span = span.part(raw, start..end);
            Err(QueryError::new(
                QueryErrorKind::Utf8,
                span,
                "REQ-8",
                "UTF-8",
                "bytes that are none",
            ))
        }
    }
}

/// Decodes into `room`, which is as long as `coded`, and returns the length of the text.
///
/// # Errors
///
/// The place of a `%` that is not followed by two hexadecimal digits.
fn decode_into(coded: &[u8], plus: Plus, room: &mut [u8]) -> Result<usize, usize> {
    let (mut at, mut to) = (0, 0);
    while let Some(&byte) = coded.get(at) {
        room[to] = match byte {
            b'+' if plus == Plus::Space => b' ',
            b'%' => {
                let digit = |at: usize| coded.get(at).and_then(|byte| (*byte as char).to_digit(16));
                let (Some(high), Some(low)) = (digit(at + 1), digit(at + 2)) else {
                    return Err(at);
                };
                at += 2;
                (high * 16 + low) as u8
            }
            byte => byte,
        };
        at += 1;
        to += 1;
    }
    Ok(to)
}

/// REQ-8
#[cold]
fn broken_escape(raw: &[u8], span: Span, at: usize) -> QueryError {
    let span = span.range();
    let start = span.start + at;
    let span = start..span.end.min(start + 3);
    let text = String::from_utf8_lossy(&raw[span.clone()]);
    QueryError::new(
        QueryErrorKind::Escape,
        span,
        "REQ-8",
        "two hexadecimal digits after %",
        found(&text),
    )
    .hinting(Some("a % itself is written %25"))
}

/// REQ-8: refuses control characters. In the value of a field tab, CR and LF may stand, and the
/// characters from U+007F to U+009F (FIELD-8): records hold them where a text in another encoding
/// was misread.
pub(crate) fn control_character(
    raw: &[u8],
    span: Span,
    text: &str,
    is_field: bool,
) -> Result<(), QueryError> {
    let forbidden = |c: char| match is_field {
        true => c < ' ' && !matches!(c, '\t' | '\r' | '\n'),
        false => c.is_control(),
    };
    let Some((at, c)) = text.char_indices().find(|(_, c)| forbidden(*c)) else {
        return Ok(());
    };
    Err(QueryError::new(
        QueryErrorKind::ControlCharacter,
        span.part(raw, at..at + c.len_utf8()),
        "REQ-8",
        "no control character",
        format!("U+{:04X}", u32::from(c)),
    ))
}

impl Span {
    /// The raw bytes of a part of the decoded text of this span.
    #[cold]
    pub(crate) fn part(
        self,
        raw: &[u8],
        decoded: core::ops::Range<usize>,
    ) -> core::ops::Range<usize> {
        let text = &raw[self.range()];
        let at = |offset| self.range().start + raw_offset(text, offset);
        at(decoded.start)..at(decoded.end)
    }
}

/// The place in the raw text of the byte at `decoded` in the decoded text.
pub(crate) fn raw_offset(raw: &[u8], decoded: usize) -> usize {
    let mut at = 0;
    for _ in 0..decoded {
        at += if raw.get(at) == Some(&b'%') { 3 } else { 1 };
    }
    at.min(raw.len())
}
