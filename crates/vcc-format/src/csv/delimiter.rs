//! QUIRK-16: which byte stands between the cells.

use super::forms::DELIMITERS;
use super::machine::Machine;
use super::names;
use super::repair::{Closing, Line, split};
use super::row::Cell;
use crate::DeviationKind;
use crate::encoding::Encoding;
use crate::machine::Step;
use crate::scan::find_any;
use vcc_types::Field;

impl Machine {
    /// A line `sep=X` says which byte it is. Spreadsheets write it before the header.
    pub(super) fn separator_line(&mut self, view: &[u8], length: usize) -> Option<Step> {
        if !matches!(view.first(), Some(b's' | b'S' | b'"')) {
            return None;
        }
        let text = view[..length].trim_ascii_end();
        // `X` may be a tab.
        let text = if text.len() < 5 { view.get(..5.min(length))? } else { text };
        let inner = text.strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\""));
        let (name, delimiter) = inner.unwrap_or(text).split_at_checked(4)?;
        let &[delimiter] = delimiter else { return None };
        let may_be = delimiter == b'\t' || (delimiter.is_ascii_punctuation() && delimiter != b'"');
        if !name.eq_ignore_ascii_case(b"sep=") || !may_be {
            return None;
        }
        self.row.delimiter = delimiter;
        let read_as = char::from(delimiter).to_string();
        self.report(DeviationKind::SeparatorLine, (0, text.len() as u32), read_as);
        Some(Step::Other)
    }

    /// QUIRK-17: the byte that divides a row into the header of another page. The row has too few
    /// values as it stands, so that it is no plain one.
    pub(super) fn delimiter_of_page(&self, view: &[u8], length: usize) -> Option<u8> {
        if self.row.cells.len() >= self.header.columns.len() {
            return None;
        }
        let line = Line::first(&view[..length]).map_or(length, |line| line.text);
        let line = &view[..line];
        // Most rows are told by what stands first.
        let end = find_any(&line[..line.len().min(256)], 0, DELIMITERS);
        let delimiter = *line.get(end).filter(|byte| **byte != self.row.delimiter)?;
        let key = |text: &[u8]| names::key(&Encoding::Utf8.text(text));
        if !self.header.is_known(&key(&line[..end])) {
            return None;
        }
        let cells = split(line, delimiter, Closing::First).cells;
        let text = |cell: &Cell| key(&line[cell.start as usize..cell.end as usize]);
        let keys: Vec<String> = cells.iter().map(text).collect();
        (keys.len() >= 2 && self.header.is_repeated_by(&keys)).then_some(delimiter)
    }

    /// Another byte that divides a first row better than the present one does: into more names of
    /// fields, or, where there are no names at all, into as many values as there are fields.
    pub(super) fn better_delimiter(&self, view: &[u8], length: usize) -> Option<u8> {
        let line = Line::first(&view[..length]).map_or(length, |line| line.text);
        let line = &view[..line];
        let present = self.row.delimiter;
        let others = DELIMITERS.into_iter();
        let others =
            others.filter(|byte| *byte != present && memchr::memchr(*byte, line).is_some());
        let rank = |delimiter: u8| {
            let cells = split(line, delimiter, Closing::First).cells;
            let names = cells.iter().filter(|cell| {
                let text = &line[cell.start as usize..cell.end as usize];
                text.len() < 256
                    && core::str::from_utf8(text).is_ok_and(|text| {
                        names::field(text).is_some()
                            || self.options.columns.contains(&names::key(text))
                    })
            });
            (names.count(), cells.len() == Field::COUNT)
        };
        let mut best = (None, None);
        for other in others {
            let least = best.1.unwrap_or_else(|| rank(present));
            let rank = rank(other);
            best = if rank > least { (Some(other), Some(rank)) } else { (best.0, Some(least)) };
        }
        best.0
    }
}
