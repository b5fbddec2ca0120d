//! QUIRK-17: what stands where one document ends and the next begins, and behind the last.

use std::ops::Range;

use super::forms::{DELIMITERS, Forms, begins_with_names};
use super::header::{Column, Header, NoHeader};
use super::machine::{Machine, State, column_name};
use super::names;
use super::repair::{Closing, split};
use super::row::End;
use crate::encoding::Encoding;
use crate::machine::Step;
use crate::{DeviationKind, steps};

const BOM: &[u8] = b"\xEF\xBB\xBF";

/// What old systems and preallocated files have behind the text.
pub(super) fn is_padding(byte: u8) -> bool {
    matches!(byte, 0 | 0x1A)
}

impl Machine {
    /// What is no part of a row although it stands where one begins. `None`: a row.
    pub(super) fn before_row(&mut self, view: &[u8], ended: bool) -> Option<Step> {
        match view.first()? {
            0xEF if view.starts_with(BOM) => {
                self.report(DeviationKind::StrayByteOrderMark, (0, BOM.len() as u32), "");
                self.pos = self.item + BOM.len();
                Some(Step::Other)
            }
            0xEF if !ended && BOM.starts_with(view) => Some(Step::More),
            first if is_padding(*first) => self.padding(view, ended),
            _ => None,
        }
    }

    /// Passes over rows without anything in them, when nobody is told of them. Whether there were any.
    pub(super) fn passes_blank_rows(&mut self, view: &[u8]) -> bool {
        let mut at = 0;
        loop {
            at += match view.get(at..) {
                Some([b'\r', b'\n', ..]) => 2,
                Some([b'\n', ..]) => 1,
                _ => break,
            };
        }
        steps::count(at);
        self.pos = self.item + at;
        at > 0
    }

    /// NUL and 0x1A up to the end of the line or of the input.
    fn padding(&mut self, view: &[u8], ended: bool) -> Option<Step> {
        let rest = &view[self.padding..];
        let more = rest.iter().position(|byte| !is_padding(*byte));
        let length = self.padding + more.unwrap_or(rest.len());
        steps::count(length - self.padding);
        self.padding = 0;
        match view.get(length) {
            None if !ended => {
                self.padding = length;
                return Some(Step::More);
            }
            None | Some(b'\r' | b'\n') => {}
            // Control characters of a value.
            Some(_) => return None,
        }
        self.report(DeviationKind::Padding, (0, length as u32), "");
        self.pos = self.item + length;
        Some(Step::Other)
    }

    /// Where a row ends before `end` says so: at padding behind the last row, or at a header that
    /// follows it without a line end.
    pub(super) fn seam(&self, view: &[u8], end: End) -> Option<usize> {
        let (length, last) = match end {
            End::More => return None,
            End::CrLf(length) | End::Lf(length) => (length, false),
            End::Input(length) => (length, true),
        };
        let text = view[..length].trim_suffix_of(|byte| matches!(byte, b'\r' | b'\n'));
        if last {
            let whole = view[..length].trim_suffix_of(is_padding);
            if whole.len() < length && !whole.is_empty() {
                return Some(whole.len());
            }
        }
        let before = match self.state {
            // A header with more columns may end as the present one does.
            State::Rows => self.without_headers(text).filter(|_| !self.is_header_row(view))?,
            _ => without_mark(&text[..self.header_twice(text)?]),
        };
        (!before.is_empty()).then_some(before.len())
    }

    /// What a row has before the headers at its end: one for each page that has no line end. How
    /// the quotes of such a row are read says nothing about it, and nor does what stands between its
    /// cells: each page may have a delimiter of its own.
    fn without_headers<'b>(&self, text: &'b [u8]) -> Option<&'b [u8]> {
        // One cell with a header behind it is a row of its own kind.
        let is_row = |text: &[u8]| {
            memchr::memchr(self.row.delimiter, text).is_some()
                || self.before_header(text).is_some_and(<[u8]>::is_empty)
        };
        let mut before = None;
        while let Some(rest) =
            self.before_header(before.unwrap_or(text)).filter(|rest| is_row(rest))
        {
            before = Some(rest);
        }
        before
    }

    fn before_header<'b>(&self, text: &'b [u8]) -> Option<&'b [u8]> {
        self.header.forms.before(text, self.row.delimiter).map(without_mark)
    }

    fn is_header_row(&self, view: &[u8]) -> bool {
        let keys: Vec<String> = self.names(view).iter().map(|name| names::key(name)).collect();
        self.header.is_repeated_by(&keys)
    }

    /// Where a header begins a second time, of a document that is a header without a line end. What
    /// stands between the names is not known yet.
    fn header_twice(&self, text: &[u8]) -> Option<usize> {
        let present = self.row.delimiter;
        let cell = self.row.cells.first()?;
        let twice = self.header_twice_with(text, present, cell.start as usize..cell.end as usize);
        twice.or_else(|| {
            DELIMITERS.into_iter().filter(|delimiter| *delimiter != present).find_map(|delimiter| {
                let end = memchr::memchr(delimiter, text)?;
                let quoted = end > 1 && text[0] == b'"' && text[end - 1] == b'"';
                let first = if quoted { 1..end - 1 } else { 0..end };
                self.header_twice_with(text, delimiter, first)
            })
        })
    }

    /// The same of a header with this delimiter. `first`: where its first name stands.
    fn header_twice_with(&self, text: &[u8], delimiter: u8, first: Range<usize>) -> Option<usize> {
        let name = text.get(first.clone()).filter(|name| !name.is_empty())?;
        steps::count(text.len());
        let place = first.end + memchr::memmem::find(text.get(first.end..)?, name)?;
        // The quote before it, if any, is one behind the last name or one before the first.
        [place, place - 1].into_iter().find(|place| {
            let before = without_mark(&text[..*place]);
            let cells = split(before, delimiter, Closing::First).cells;
            let names: Vec<&[u8]> =
                cells.iter().map(|c| &before[c.start as usize..c.end as usize]).collect();
            // One name may well hold another.
            names.len() > 1
                && (text[*place..].starts_with(before)
                    || begins_with_names(&text[*place..], &names, delimiter))
                // A row that is no header may repeat itself, and is refused as it stands.
                && is_header(&names, &self.options.columns)
        })
    }

    /// How the header may stand in the input again.
    pub(super) fn forms(&self, view: &[u8], length: usize, columns: &[Column]) -> Forms {
        let text = view[..length].trim_suffix_of(|byte| matches!(byte, b'\r' | b'\n'));
        let documented = columns.iter().map(column_name).collect();
        Forms::new(text, self.row.delimiter, [self.names(view), documented])
    }
}

fn is_header(names: &[&[u8]], also: &[String]) -> bool {
    let text = |name: &&[u8]| Encoding::Utf8.text(name).into_owned();
    let names: Vec<String> = names.iter().map(text).collect();
    !matches!(Header::read(&names, also), Err(NoHeader::Record | NoHeader::Other))
}

fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_suffix(BOM).unwrap_or(text)
}

trait TrimSuffix {
    fn trim_suffix_of(&self, is: impl Fn(u8) -> bool) -> &Self;
}

impl TrimSuffix for [u8] {
    fn trim_suffix_of(&self, is: impl Fn(u8) -> bool) -> &[u8] {
        let end = self.iter().rposition(|byte| !is(*byte)).map_or(0, |last| last + 1);
        &self[..end]
    }
}
