//! QUIRK-17: what stands where one document ends and the next begins, and behind the last.

use super::header::{Column, Header, NoHeader};
use super::machine::{Machine, State, column_name};
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
            State::Rows => self.without_headers(text)?,
            _ => without_mark(&text[..self.header_twice(text)?]),
        };
        (!before.is_empty()).then_some(before.len())
    }

    /// What a row has before the headers at its end: one for each page that has no line end. How
    /// the quotes of such a row are read says nothing about it.
    fn without_headers<'b>(&self, text: &'b [u8]) -> Option<&'b [u8]> {
        if self.header.columns.len() < 2 {
            return None;
        }
        let mut before = None;
        loop {
            let text = before.unwrap_or(text);
            let mut forms = self.header.forms.iter();
            let rest = forms.find_map(|form| text.strip_suffix(&form[..])).map(without_mark);
            // One cell with a header behind it is a row of its own kind.
            match rest.filter(|rest| memchr::memchr(self.row.delimiter, rest).is_some()) {
                Some(rest) => before = Some(rest),
                None => return before,
            }
        }
    }

    /// Where a header begins a second time, of a document that is a header without a line end.
    fn header_twice(&self, text: &[u8]) -> Option<usize> {
        let cell = self.row.cells.first().filter(|cell| cell.start < cell.end)?;
        let (start, end) = (cell.start as usize, cell.end as usize);
        steps::count(text.len());
        let place = end + memchr::memmem::find(text.get(end..)?, &text[start..end])?;
        // The quote before it, if any, is one behind the last name or one before the first.
        [place, place - 1].into_iter().find(|place| {
            let before = without_mark(&text[..*place]);
            let cells = split(before, self.row.delimiter, Closing::First).cells;
            let names: Vec<&[u8]> =
                cells.iter().map(|c| &before[c.start as usize..c.end as usize]).collect();
            let delimiter = [self.row.delimiter];
            let quoted = [&b"\""[..], &names.join(&[b'"', delimiter[0], b'"'][..]), b"\""].concat();
            // One name may well hold another.
            names.len() > 1
                && [before, &quoted, &names.join(&delimiter[..])]
                    .iter()
                    .any(|form| text[*place..].starts_with(form))
                // A row that is no header may repeat itself, and is refused as it stands.
                && is_header(&names, &self.options.columns)
        })
    }

    /// How the header may stand in the input again: as it did, or as it is documented; all in
    /// quotes, or without any.
    pub(super) fn forms(&self, view: &[u8], length: usize, columns: &[Column]) -> Vec<Vec<u8>> {
        let delimiter = char::from(self.row.delimiter).to_string();
        let text = view[..length].trim_suffix_of(|byte| matches!(byte, b'\r' | b'\n'));
        let mut forms = vec![text.to_vec()];
        for names in [self.names(view), columns.iter().map(column_name).collect()] {
            let quoted: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
            forms.push(quoted.join(&delimiter).into_bytes());
            forms.push(names.join(&delimiter).into_bytes());
        }
        forms
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
