//! QUIRK-17: where one document ends and the next begins, and what follows the last one.

use std::ops::Range;

use super::cell::{End, without_line_end, without_suffix};
use super::forms::{DELIMITERS, begins_with_names};
use super::header::{Header, NoHeader};
use super::line::{Closing, split};
use super::report::Report;
use super::row::Row;
use crate::encoding::Encoding;
use crate::{DeviationKind, steps};

pub(super) const BOM: &[u8] = b"\xEF\xBB\xBF";

/// The padding of old systems and preallocated files.
pub(super) fn is_padding(byte: u8) -> bool {
    matches!(byte, 0 | 0x1A)
}

/// How much of what stands where a row may begin is padding, as far as it was looked at.
#[derive(Debug, Default)]
pub(super) struct Padding {
    seen: usize,
}

/// What is no part of a row although a row could begin here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Before {
    /// This many bytes.
    Bytes(usize),
    /// The buffer ends inside it.
    More,
}

/// What is before a row, with its report. `None`: nothing.
pub(super) fn before_row(
    view: &[u8],
    ended: bool,
    padding: &mut Padding,
    report: &mut Report,
) -> Option<Before> {
    match view.first()? {
        0xEF if view.starts_with(BOM) => {
            report.say(DeviationKind::StrayByteOrderMark, (0, BOM.len() as u32), "");
            Some(Before::Bytes(BOM.len()))
        }
        0xEF if !ended && BOM.starts_with(view) => Some(Before::More),
        first if is_padding(*first) => padding.before_row(view, ended, report),
        _ => None,
    }
}

/// The length of the empty rows at the beginning of `view`.
pub(super) fn blank_rows(view: &[u8]) -> usize {
    let mut at = 0;
    loop {
        at += match view.get(at..) {
            Some([b'\r', b'\n', ..]) => 2,
            Some([b'\n', ..]) => 1,
            _ => break,
        };
    }
    steps::count(at);
    at
}

impl Padding {
    /// NUL and 0x1A up to the end of the line or of the input.
    fn before_row(&mut self, view: &[u8], ended: bool, report: &mut Report) -> Option<Before> {
        let rest = &view[self.seen..];
        let more = rest.iter().position(|byte| !is_padding(*byte));
        let length = self.seen + more.unwrap_or(rest.len());
        steps::count(length - self.seen);
        self.seen = 0;
        match view.get(length) {
            None if !ended => {
                self.seen = length;
                return Some(Before::More);
            }
            None | Some(b'\r' | b'\n') => {}
            // Control characters of a value.
            Some(_) => return None,
        }
        report.say(DeviationKind::Padding, (0, length as u32), "");
        Some(Before::Bytes(length))
    }
}

/// Where a row ends before its `end` says so: at padding behind the last row, or at a header that
/// follows it without a line end.
pub(super) fn behind_row(row: &Row, header: &Header, view: &[u8], end: End) -> Option<usize> {
    before_padding(view, end).or_else(|| {
        let text = without_line_end(&view[..end.length()?]);
        let before = without_headers(header, text, row.delimiter())?;
        // A header with other names would include the last value of this page.
        let is_header = || header.is_repeated_by(view, row.cells(), None);
        // A header with more columns may end as the present one does.
        (!before.is_empty() && !is_header()).then_some(before.len())
    })
}

/// The same of the first row, which is a header. `also`: the keys of names that tell one.
pub(super) fn behind_header(row: &Row, also: &[String], view: &[u8], end: End) -> Option<usize> {
    before_padding(view, end).or_else(|| {
        let text = without_line_end(&view[..end.length()?]);
        let before = without_mark(&text[..header_twice(row, also, text)?]);
        (!before.is_empty()).then_some(before.len())
    })
}

/// Where the padding begins that is behind the last row.
fn before_padding(view: &[u8], end: End) -> Option<usize> {
    let End::Input(length) = end else { return None };
    let whole = without_suffix(&view[..length], is_padding);
    (whole.len() < length && !whole.is_empty()).then_some(whole.len())
}

/// What a row has before the headers at its end: one for each page that has no line end. How the
/// quotes of such a row are read says nothing about it, and nor does what stands between its cells:
/// each page may have a delimiter of its own.
fn without_headers<'b>(header: &Header, text: &'b [u8], delimiter: u8) -> Option<&'b [u8]> {
    let first = memchr::memchr(delimiter, text).unwrap_or(text.len());
    steps::count(first);
    // One cell with a header behind it is a row of its own kind.
    let is_row = |text: &[u8]| {
        first < text.len() || before_header(header, text, delimiter).is_some_and(<[u8]>::is_empty)
    };
    let (mut before, mut form) = (None, None);
    loop {
        let text = before.unwrap_or(text);
        // Consecutive pages mostly have the same header.
        let rest = form.and_then(|form| text.strip_suffix(form));
        let Some(rest) = rest.or_else(|| header.forms().before(text, delimiter)) else {
            return before;
        };
        form = Some(&text[rest.len()..]);
        let rest = without_mark(rest);
        if !is_row(rest) {
            return before;
        }
        before = Some(rest);
    }
}

fn before_header<'b>(header: &Header, text: &'b [u8], delimiter: u8) -> Option<&'b [u8]> {
    header.forms().before(text, delimiter).map(without_mark)
}

/// Where a header begins a second time, of a document that is a header without a line end. What
/// stands between the names is not known yet.
fn header_twice(row: &Row, also: &[String], text: &[u8]) -> Option<usize> {
    let present = row.delimiter();
    let cell = row.cells().first()?;
    let first = cell.start as usize..cell.end as usize;
    header_twice_with(text, present, first, also).or_else(|| {
        DELIMITERS.into_iter().filter(|delimiter| *delimiter != present).find_map(|delimiter| {
            let end = memchr::memchr(delimiter, text)?;
            let quoted = end > 1 && text[0] == b'"' && text[end - 1] == b'"';
            let first = if quoted { 1..end - 1 } else { 0..end };
            header_twice_with(text, delimiter, first, also)
        })
    })
}

/// The same of a header with this delimiter. `first`: where its first name stands.
fn header_twice_with(
    text: &[u8],
    delimiter: u8,
    first: Range<usize>,
    also: &[String],
) -> Option<usize> {
    let name = text.get(first.clone()).filter(|name| !name.is_empty())?;
    steps::count(text.len());
    let place = first.end + memchr::memmem::find(text.get(first.end..)?, name)?;
    // The quote before it, if any, is one behind the last name or one before the first.
    [place, place - 1].into_iter().find(|place| {
        let before = without_mark(&text[..*place]);
        let cells = split(before, delimiter, Closing::First, 0).cells;
        let names: Vec<&[u8]> = cells.iter().map(|cell| cell.bytes(before)).collect();
        // One name may well hold another.
        names.len() > 1
            && (text[*place..].starts_with(before)
                || begins_with_names(&text[*place..], &names, delimiter))
            // A row that is no header may repeat itself, and is refused as it stands.
            && is_header(&names, also)
    })
}

fn is_header(names: &[&[u8]], also: &[String]) -> bool {
    let text = |name: &&[u8]| Encoding::Utf8.text(name).into_owned();
    let names: Vec<String> = names.iter().map(text).collect();
    !matches!(Header::read(&names, also), Err(NoHeader::Record | NoHeader::Other))
}

fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_suffix(BOM).unwrap_or(text)
}
