//! The cells of a row (RFC 4180), and what QUIRK-9 makes of quotes that are not where they belong.

use std::ops::Range;

use super::repair::Cells;
use crate::DeviationKind;

/// One cell. Spans count from the start of the row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    /// Its text, without the quotes around it.
    pub(super) start: u32,
    pub(super) end: u32,
    /// Whether `""` in it stands for `"`.
    pub(super) doubled: bool,
}

/// A row while it is read, so that reading can go on where the buffer ended.
#[derive(Debug, Default)]
pub(super) struct Row {
    pub(super) cells: Vec<Cell>,
    /// Where the present cell begins, and how far it was looked at; from the start of the row.
    start: usize,
    pos: usize,
    quoted: bool,
    doubled: bool,
    /// How far a quote was looked for that ends a cell, and whether more of the row may follow.
    scanned: usize,
    patient: bool,
    /// Quotes and CRs that are text after all.
    pub(super) bare: Vec<(DeviationKind, usize)>,
}

/// How a row ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The buffer ends inside it.
    More,
    /// With CR LF.
    CrLf(usize),
    /// With LF alone.
    Lf(usize),
    /// With the input.
    Input(usize),
}

impl Row {
    pub(super) fn clear(&mut self) {
        self.cells.clear();
        self.bare.clear();
        (self.start, self.pos, self.quoted, self.doubled) = (0, 0, false, false);
        self.scanned = 0;
    }

    /// Whether nothing of the row was read.
    #[inline]
    pub(super) fn is_fresh(&self) -> bool {
        self.pos == 0 && self.cells.is_empty()
    }

    /// Where the quote stands that was not closed, from the start of the row.
    pub(super) fn open_quote(&self) -> Option<usize> {
        self.quoted.then(|| self.start - 1)
    }

    /// Whether some quote is text after all.
    pub(super) fn has_bare_quote(&self) -> bool {
        self.bare.iter().any(|(kind, _)| *kind == DeviationKind::BareQuote)
    }

    /// Takes another reading of the row.
    pub(super) fn replace(&mut self, read: Cells) {
        self.clear();
        (self.cells, self.bare) = (read.cells, read.bare);
    }

    /// Whether there is nothing in the row.
    pub(super) fn is_blank(&self) -> bool {
        matches!(self.cells[..], [cell] if cell.start == 0 && cell.end == 0)
    }

    fn finish_cell(&mut self, range: Range<usize>, next: usize) {
        let (start, end) = (range.start as u32, range.end as u32);
        self.cells.push(Cell { start, end, doubled: self.doubled });
        (self.start, self.pos, self.quoted, self.doubled) = (next, next, false, false);
    }

    /// Reads on. `row` is the buffer from the start of the row; nothing follows it if the input
    /// `ended`, or nothing that is to be read if it was `cut`.
    pub(super) fn read(&mut self, row: &[u8], ended: bool, cut: bool) -> End {
        self.patient = !ended && !cut;
        loop {
            let end = if self.quoted { self.quoted(row, ended) } else { self.plain(row, ended) };
            if let Some(end) = end {
                return end;
            }
        }
    }

    /// A cell without quotes around it. `None`: there is another cell.
    fn plain(&mut self, row: &[u8], ended: bool) -> Option<End> {
        if self.pos == self.start && row.get(self.start) == Some(&b'"') {
            (self.start, self.pos, self.quoted) = (self.start + 1, self.start + 1, true);
            return None;
        }
        loop {
            let stop = row[self.pos..].iter().position(|byte| b",\"\r\n".contains(byte));
            let Some(distance) = stop else {
                self.pos = row.len();
                if !ended {
                    return Some(End::More);
                }
                self.finish_cell(self.start..row.len(), row.len());
                return Some(End::Input(row.len()));
            };
            let at = self.pos + distance;
            self.pos = at;
            match row[at] {
                b',' => {
                    self.finish_cell(self.start..at, at + 1);
                    return None;
                }
                b'\n' => {
                    self.finish_cell(self.start..at, at + 1);
                    return Some(End::Lf(at + 1));
                }
                b'"' => self.bare.push((DeviationKind::BareQuote, at)),
                _ => match carriage_return(row, at, ended) {
                    Some(End::More) => return Some(End::More),
                    Some(end) => {
                        self.finish_cell(self.start..at, at);
                        self.surplus(row, at);
                        return Some(end);
                    }
                    None => self.bare.push((DeviationKind::BareCarriageReturn, at)),
                },
            }
            self.pos = at + 1;
        }
    }

    /// A cell in quotes, from after the opening one. `None`: there is another cell, or the cell
    /// goes on.
    fn quoted(&mut self, row: &[u8], ended: bool) -> Option<End> {
        let Some(distance) = memchr::memchr(b'"', &row[self.pos..]) else {
            self.pos = row.len();
            // At the end of the input the quote was never closed: the caller says so.
            return Some(if ended { End::Input(row.len()) } else { End::More });
        };
        let at = self.pos + distance;
        self.pos = at;
        match closes(row, at, ended) {
            None => Some(End::More),
            Some(Quote::Doubled) => {
                self.doubled = true;
                self.pos = at + 2;
                None
            }
            Some(Quote::Comma) => {
                self.finish_cell(self.start..at, at + 2);
                None
            }
            Some(Quote::End(end)) => {
                self.finish_cell(self.start..at, at);
                self.surplus(row, at + 1);
                Some(end)
            }
            Some(Quote::Bare) => self.bare_quote(row, at, ended),
        }
    }

    /// A CR at the end of a row that belongs to no CR LF.
    fn surplus(&mut self, row: &[u8], at: usize) {
        if row.get(at) == Some(&b'\r') && row.get(at + 1) != Some(&b'\n') {
            self.bare.push((DeviationKind::BareCarriageReturn, at));
        }
    }

    /// QUIRK-9: a quote inside a quoted cell that neither is doubled nor ends the cell. If some
    /// later quote of the same line ends the cell, this one is text: `"say "hi" now",`. If none
    /// does, the cell was not meant to be quoted, and all of it is text: `"5" disk,`.
    fn bare_quote(&mut self, row: &[u8], at: usize, ended: bool) -> Option<End> {
        let mut from = at + 1;
        // What becomes long is looked at again only when it has grown by a part, or small pieces
        // would take a time that grows by the square.
        if self.patient
            && self.scanned > at + 256
            && row.len() - self.scanned < (self.scanned - at) / 8
        {
            return Some(End::More);
        }
        loop {
            let Some(distance) = memchr::memchr2(b'"', b'\n', &row[from..]) else {
                if !ended {
                    self.scanned = row.len();
                    return Some(End::More);
                }
                break;
            };
            from += distance;
            if row[from] == b'\n' {
                break;
            }
            match closes(row, from, ended) {
                None => return Some(End::More),
                Some(Quote::Comma | Quote::End(_)) => {
                    self.bare.push((DeviationKind::BareQuote, at));
                    self.pos = at + 1;
                    return None;
                }
                Some(Quote::Doubled) => from += 2,
                Some(Quote::Bare) => from += 1,
            }
        }
        // The opening quote is text; so is what follows up to the next comma or line end. Commas
        // and line ends before this quote stay inside.
        self.bare.push((DeviationKind::BareQuote, self.start - 1));
        self.bare.push((DeviationKind::BareQuote, at));
        (self.start, self.pos, self.quoted, self.doubled) = (self.start - 1, at + 1, false, false);
        None
    }
}

enum Quote {
    Doubled,
    Comma,
    End(End),
    Bare,
}

/// What a quote inside a quoted cell is. `None`: more is needed.
fn closes(row: &[u8], at: usize, ended: bool) -> Option<Quote> {
    Some(match row.get(at + 1) {
        None if !ended => return None,
        None => Quote::End(End::Input(at + 1)),
        Some(b'"') => Quote::Doubled,
        Some(b',') => Quote::Comma,
        Some(b'\n') => Quote::End(End::Lf(at + 2)),
        Some(b'\r') => match carriage_return(row, at + 1, ended) {
            Some(End::More) => return None,
            Some(end) => Quote::End(end),
            None => Quote::Bare,
        },
        Some(_) => Quote::Bare,
    })
}

/// How a CR ends the row: before LF, also as CR CR LF, which is CR LF written as text once more,
/// and as the last byte of the input, whose LF is cut off. `None`: it is text.
fn carriage_return(row: &[u8], at: usize, ended: bool) -> Option<End> {
    match (row.get(at + 1), row.get(at + 2)) {
        (Some(b'\n'), _) => Some(End::CrLf(at + 2)),
        (Some(b'\r'), Some(b'\n')) => Some(End::CrLf(at + 3)),
        (None, _) if ended => Some(End::Input(at + 1)),
        (None, _) => Some(End::More),
        (Some(b'\r'), None) if !ended => Some(End::More),
        _ => None,
    }
}
