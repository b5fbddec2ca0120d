//! The first bytes of a document: what it is, and in which encoding.

use std::ops::Range;

use super::declaration;
use super::tag::is_space;
use crate::ErrorKind;
use crate::encoding::Encoding;

/// What was found before the root.
pub(super) struct Start {
    pub(super) encoding: Encoding,
    /// White space where a declaration follows, which it may not (QUIRK-8).
    pub(super) misplaced_space: Option<Range<usize>>,
    pub(super) end: usize,
}

const BOM: &[u8] = b"\xEF\xBB\xBF";

type Failure = (ErrorKind, usize, String);

/// Reads the byte order mark, white space and the declaration. `None`: more is needed; `all`:
/// there is no more.
pub(super) fn read(view: &[u8], all: bool) -> Result<Option<Start>, Failure> {
    if view.len() < 4 && !all {
        return Ok(None);
    }
    if let Some(name) = other_unicode(view) {
        return Err((ErrorKind::Encoding, 0, format!("the document is in {name}, not in UTF-8")));
    }
    let bom = view.starts_with(BOM);
    let space = if bom { BOM.len() } else { 0 };
    let at = space + view[space..].iter().take_while(|byte| is_space(**byte)).count();
    let rest = &view[at..];
    let none = Start { encoding: Encoding::Utf8, misplaced_space: None, end: at };
    if !rest.starts_with(b"<?xml") {
        let may_become = b"<?xml".starts_with(rest) && !all;
        return Ok(if may_become { None } else { Some(none) });
    }
    match rest.get(5) {
        None if all => return Ok(Some(none)),
        None => return Ok(None),
        // `<?xml-stylesheet` is a processing instruction.
        Some(byte) if !is_space(*byte) && *byte != b'?' => return Ok(Some(none)),
        Some(_) => {}
    }
    let Some(length) = memchr::memmem::find(rest, b"?>") else {
        return if all { Ok(Some(none)) } else { Ok(None) };
    };
    let end = at + length + 2;
    let declaration = declaration::read(view, at, end)
        .map_err(|(at, message)| (ErrorKind::Syntax, at, message.to_owned()))?;
    let mut encoding = Encoding::Utf8;
    if let Some(label) = declaration.encoding {
        let text = String::from_utf8_lossy(&view[label.clone()]);
        encoding = Encoding::from_label(&text).ok_or_else(|| {
            let message = format!(
                "the document is in {}; read are UTF-8, ISO-8859-1 and windows-1252",
                shorten(&text)
            );
            (ErrorKind::Encoding, label.start, message)
        })?;
        if bom && !matches!(encoding, Encoding::Utf8 | Encoding::Ascii) {
            let message = format!("a UTF-8 byte order mark, and encoding {}", shorten(&text));
            return Err((ErrorKind::Encoding, label.start, message));
        }
    }
    let misplaced_space = (at > space).then_some(space..at);
    Ok(Some(Start { encoding, misplaced_space, end }))
}

/// The names of UTF-16 and UTF-32, by a byte order mark or by the zeros in `<`.
pub(crate) fn other_unicode(view: &[u8]) -> Option<&'static str> {
    match view {
        [0xFF, 0xFE, 0, 0, ..] | [0, 0, 0xFE, 0xFF, ..] => Some("UTF-32"),
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] | [b'<', 0, ..] | [0, b'<', ..] => Some("UTF-16"),
        _ => None,
    }
}

/// The first characters from `at` on, quoted. `None`: more is needed to say as much.
pub(super) fn excerpt(view: &[u8], at: usize, all: bool) -> Option<String> {
    let rest = &view[at..];
    if rest.len() < EXCERPT && !all {
        return None;
    }
    let text = String::from_utf8_lossy(&rest[..rest.len().min(EXCERPT)]);
    Some(format!("{:?}", text.trim_end_matches('\u{FFFD}')))
}

const EXCERPT: usize = 40;

/// Text for a message, cut where it becomes long.
pub(crate) fn shorten(text: &str) -> String {
    match text.char_indices().nth(EXCERPT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
