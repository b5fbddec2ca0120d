//! QUIRK-16: finds the delimiter.

use super::cell::Cell;
use super::forms::DELIMITERS;
use super::header::Header;
use super::line::{Closing, Line, first};
use super::names;
use crate::scan::find_any;
use vcc_types::Field;

/// The delimiter of a line `sep=X`, and the length of the line without its end. Spreadsheets write such a
/// line before the header. `row` includes its line end.
pub(super) fn of_separator_line(row: &[u8]) -> Option<(u8, usize)> {
    if !matches!(row.first(), Some(b's' | b'S' | b'"')) {
        return None;
    }
    let text = row.trim_ascii_end();
    // `X` may be a tab.
    let text = if text.len() < 5 { &row[..row.len().min(5)] } else { text };
    let inner = text.strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\""));
    let (name, delimiter) = inner.unwrap_or(text).split_at_checked(4)?;
    let &[delimiter] = delimiter else { return None };
    let may_be = delimiter == b'\t' || (delimiter.is_ascii_punctuation() && delimiter != b'"');
    (name.eq_ignore_ascii_case(b"sep=") && may_be).then_some((delimiter, text.len()))
}

/// QUIRK-17: the byte that divides a row with too few values into the header of another page.
/// `present`: the one that is used so far. `most`: how many columns a header has at most.
pub(super) fn of_page(row: &[u8], present: u8, header: &Header, most: usize) -> Option<u8> {
    let line = first_line(row);
    // The first cell decides for most rows.
    let end = find_any(&line[..line.len().min(256)], 0, DELIMITERS);
    let delimiter = *line.get(end).filter(|byte| **byte != present)?;
    if !header.is_name(&line[..end]) {
        return None;
    }
    let cells = first(line, delimiter, Closing::First, most.saturating_add(1));
    let is_header = cells.len() >= 2 && cells.len() <= most;
    (is_header && header.is_repeated_by(line, &cells, Some(3))).then_some(delimiter)
}

/// Another delimiter that suits the first row better than `present`: it gives more names of fields or keys of
/// `also`, or, if there are no names at all, as many values as there are fields. No more than `most` cells say so.
pub(super) fn better(row: &[u8], present: u8, also: &[String], most: usize) -> Option<u8> {
    let line = first_line(row);
    let others = DELIMITERS.into_iter();
    let others = others.filter(|byte| *byte != present && memchr::memchr(*byte, line).is_some());
    let is_also = |text| !also.is_empty() && also.contains(&names::key(text));
    let is_name = |cell: &&Cell| {
        let text = cell.bytes(line);
        text.len() < 256
            && core::str::from_utf8(text)
                .is_ok_and(|text| names::field(text).is_some() || is_also(text))
    };
    let rank = |delimiter: u8| {
        // One more, so that no row of many cells has as many as there are fields.
        let cells =
            first(line, delimiter, Closing::First, most.max(Field::COUNT).saturating_add(1));
        (cells.iter().filter(is_name).count(), cells.len() == Field::COUNT)
    };
    let mut best = (None, None);
    for other in others {
        let least = best.1.unwrap_or_else(|| rank(present));
        let rank = rank(other);
        best = if rank > least { (Some(other), Some(rank)) } else { (best.0, Some(least)) };
    }
    best.0
}

fn first_line(row: &[u8]) -> &[u8] {
    &row[..Line::first(row).map_or(row.len(), |line| line.text)]
}
