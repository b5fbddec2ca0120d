//! The cells of a row (RFC 4180), and how QUIRK-9 reads quotes in wrong places.

use std::ops::Range;

use super::cell::{Bare, Cell, End};
use super::line::Split;
use crate::DeviationKind;
use crate::scan::Marks;
use crate::steps;

/// A row that is being read. Reading can go on where the buffer ended.
#[derive(Debug)]
pub(super) struct Row {
    delimiter: u8,
    /// Whether every quote and CR that is text is reported.
    lists: bool,
    cells: Vec<Cell>,
    /// Where the present cell begins, and how far it was looked at; from the start of the row.
    start: usize,
    pos: usize,
    quoted: bool,
    doubled: bool,
    /// Set while looking for a quote that ends the cell in spite of a bare one.
    look: Option<Look>,
    /// Before this place no quote ends a cell. So no line is searched twice.
    hopeless: usize,
    /// Whether a quoted cell has a quote that RFC 4180 does not explain.
    broken: bool,
    /// Quotes and CRs that are text after all.
    bare: Vec<Bare>,
    /// Of how many.
    most: usize,
}

/// The look for the end of a cell behind its first bare quote.
#[derive(Clone, Copy, Debug)]
struct Look {
    /// How far it came.
    from: usize,
    /// The first bare quote, and how many of `bare` are before it.
    quote: usize,
    first: usize,
}

impl Row {
    pub(super) fn new(most: usize) -> Row {
        Row {
            delimiter: b',',
            lists: true,
            most,
            cells: Vec::new(),
            start: 0,
            pos: 0,
            quoted: false,
            doubled: false,
            look: None,
            hopeless: 0,
            broken: false,
            bare: Vec::new(),
        }
    }

    pub(super) fn clear(&mut self) {
        self.cells.clear();
        self.bare.clear();
        (self.start, self.pos, self.quoted, self.doubled) = (0, 0, false, false);
        (self.look, self.hopeless, self.broken) = (None, 0, false);
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

    /// The delimiter.
    #[inline]
    pub(super) fn delimiter(&self) -> u8 {
        self.delimiter
    }

    /// Sets the delimiter for the next rows.
    pub(super) fn set_delimiter(&mut self, delimiter: u8) {
        self.delimiter = delimiter;
    }

    /// How many quotes and CRs that are text are listed.
    pub(super) fn most(&self) -> usize {
        self.most
    }

    /// Sets whether every quote and CR that is text is reported.
    #[inline]
    pub(super) fn list(&mut self, lists: bool) {
        self.lists = lists;
    }

    /// The cells that are read.
    pub(super) fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// Where the last of them ends.
    pub(super) fn last(&self) -> u32 {
        self.cells.last().map_or(0, |cell| cell.end)
    }

    /// The texts of the cells, for names.
    pub(super) fn names(&self, row: &[u8]) -> Vec<String> {
        self.cells.iter().map(|cell| cell.name(row)).collect()
    }

    /// Whether a quoted cell has a quote that RFC 4180 does not explain.
    pub(super) fn is_broken(&self) -> bool {
        self.broken
    }

    /// Where a CR stands that is text, before the end of the last cell.
    pub(super) fn bare_carriage_return_in_cells(&self) -> Option<u32> {
        let is =
            |(kind, at): &&Bare| *kind == DeviationKind::BareCarriageReturn && *at < self.last();
        self.bare.iter().find(is).map(|(_, at)| *at)
    }

    /// Gives the quotes and CRs that are text, each with how it was read, and clears them.
    pub(super) fn take_bare(&mut self) -> impl Iterator<Item = (Bare, &'static str)> + use<> {
        let last = self.last();
        std::mem::take(&mut self.bare).into_iter().map(move |bare| match bare {
            (DeviationKind::BareQuote, _) => (bare, "\""),
            (_, at) if at < last => (bare, "\r"),
            _ => (bare, ""),
        })
    }

    /// Keeps only this many cells.
    pub(super) fn truncate(&mut self, cells: usize) {
        self.cells.truncate(cells);
    }

    /// Takes another reading of the row.
    pub(super) fn replace(&mut self, read: Split) {
        self.clear();
        (self.cells, self.bare) = (read.cells, read.bare);
    }

    fn finish_cell(&mut self, range: Range<usize>, next: usize) {
        let (start, end) = (range.start as u32, range.end as u32);
        self.cells.push(Cell { start, end, doubled: self.doubled });
        (self.start, self.pos, self.quoted, self.doubled) = (next, next, false, false);
    }

    /// Reads on. `row` is the buffer from the start of the row; nothing follows it if the input
    /// `ended`.
    pub(super) fn read(&mut self, row: &[u8], ended: bool) -> End {
        let mut marks = Marks::new(row, self.pos, self.delimiter);
        loop {
            let end = match self.look {
                Some(look) => self.look(look, &mut marks, row, ended),
                None if self.quoted => self.quoted(&mut marks, row, ended),
                None => self.plain(&mut marks, row, ended),
            };
            if let Some(end) = end {
                return end;
            }
        }
    }

    /// A cell without quotes around it. `None`: there is another cell.
    fn plain(&mut self, marks: &mut Marks, row: &[u8], ended: bool) -> Option<End> {
        if self.pos == self.start && row.get(self.start) == Some(&b'"') {
            (self.start, self.pos, self.quoted) = (self.start + 1, self.start + 1, true);
            return None;
        }
        loop {
            // Quotes in here are text, as is a CR that ends no line: of interest where they are
            // listed.
            let at = match self.lists {
                true => marks.any(row, self.pos),
                false if self.bare.is_empty() => marks.end(row, self.pos),
                false => marks.end_of_cell(row, self.pos),
            };
            self.pos = at;
            match row.get(at) {
                None if !ended => return Some(End::More),
                None => {
                    self.finish_cell(self.start..at, at);
                    return Some(End::Input(at));
                }
                Some(byte) if *byte == self.delimiter => {
                    self.finish_cell(self.start..at, at + 1);
                    return None;
                }
                Some(b'\n') => {
                    self.finish_cell(self.start..at, at + 1);
                    return Some(End::Lf(at + 1));
                }
                Some(b'"') => self.bare_quote(at),
                // Most CRs that end no row can be told at once.
                Some(_) if row.get(at + 1).is_some_and(|next| !matches!(next, b'\r' | b'\n')) => {
                    self.bare_carriage_return(at);
                }
                Some(_) => match carriage_return(row, at, ended) {
                    Some(End::More) => return Some(End::More),
                    Some(end) => {
                        self.finish_cell(self.start..at, at);
                        self.surplus(row, at);
                        return Some(end);
                    }
                    None => self.bare_carriage_return(at),
                },
            }
            self.pos = at + 1;
        }
    }

    /// A cell in quotes, from after the opening one. `None`: there is another cell, or the cell
    /// goes on.
    fn quoted(&mut self, marks: &mut Marks, row: &[u8], ended: bool) -> Option<End> {
        let mut at = marks.quote(row, self.pos);
        if row.get(at + 1) == Some(&b'"') {
            // A cell may be full of quotes.
            self.doubled = true;
            at = marks.single_quote(row, at);
        }
        self.pos = at;
        if at == row.len() {
            // At the end of the input the quote was never closed: the caller says so.
            return Some(if ended { End::Input(at) } else { End::More });
        }
        match self.closes(row, at, ended) {
            None => Some(End::More),
            Some(Quote::Comma) => {
                self.finish_cell(self.start..at, at + 2);
                None
            }
            Some(Quote::End(end)) => {
                self.finish_cell(self.start..at, at);
                self.surplus(row, at + 1);
                Some(end)
            }
            Some(Quote::Bare) if at < self.hopeless => {
                self.unquote(at);
                None
            }
            Some(Quote::Bare) => {
                let first = self.bare.len();
                self.broken = true;
                self.bare_quote(at);
                self.look = Some(Look { from: at + 1, quote: at, first });
                None
            }
        }
    }

    /// What a quote inside a quoted cell is that is not one of two. `None`: more is needed.
    fn closes(&self, row: &[u8], at: usize, ended: bool) -> Option<Quote> {
        Some(match row.get(at + 1) {
            None if !ended => return None,
            None => Quote::End(End::Input(at + 1)),
            Some(byte) if *byte == self.delimiter => Quote::Comma,
            Some(b'\n') => Quote::End(End::Lf(at + 2)),
            Some(b'\r') => match carriage_return(row, at + 1, ended) {
                Some(End::More) => return None,
                Some(end) => Quote::End(end),
                None => Quote::Bare,
            },
            Some(_) => Quote::Bare,
        })
    }

    /// QUIRK-9: a quote inside a quoted cell that neither is doubled nor ends the cell. If some
    /// later quote of the same line ends the cell, this one is text: `"say "hi" now",`. If none
    /// does, the cell was not meant to be quoted, and all of it is text: `"5" disk,`.
    fn look(&mut self, mut look: Look, marks: &mut Marks, row: &[u8], ended: bool) -> Option<End> {
        loop {
            look.from = match self.lists {
                true => marks.single_quote_or_line_feed(row, look.from),
                false => marks.closing_quote_or_line_feed(row, look.from),
            };
            let quote = match row.get(look.from) {
                Some(b'"') => self.closes(row, look.from, ended),
                None if !ended => None,
                _ => break,
            };
            match quote {
                None => {
                    self.look = Some(look);
                    return Some(End::More);
                }
                Some(Quote::Comma | Quote::End(_)) => {
                    // All between is text.
                    (self.pos, self.look) = (look.from, None);
                    let between = &row[look.quote + 1..look.from];
                    steps::count(between.len());
                    self.doubled |= memchr::memmem::find(between, b"\"\"").is_some();
                    return None;
                }
                Some(Quote::Bare) => {
                    self.bare_quote(look.from);
                    look.from += 1;
                }
            }
        }
        (self.hopeless, self.look) = (look.from, None);
        self.bare.truncate(look.first);
        self.unquote(look.quote);
        None
    }

    /// The opening quote is text, as is the one `at`, and so is what follows up to the next comma
    /// or line end. Commas and line ends before this quote stay inside.
    fn unquote(&mut self, at: usize) {
        self.bare_quote(self.start - 1);
        self.bare_quote(at);
        (self.start, self.pos, self.quoted, self.doubled) = (self.start - 1, at + 1, false, false);
    }

    fn bare_quote(&mut self, at: usize) {
        if self.lists && self.bare.len() < self.most {
            self.bare.push((DeviationKind::BareQuote, at as u32));
        }
    }

    /// A CR that is text: the first one always, since a header may have none. A row is shorter than
    /// 4 GiB.
    fn bare_carriage_return(&mut self, at: usize) {
        if (self.lists && self.bare.len() < self.most) || self.bare.is_empty() {
            self.bare.push((DeviationKind::BareCarriageReturn, at as u32));
        }
    }

    /// A CR at the end of a row that belongs to no CR LF.
    fn surplus(&mut self, row: &[u8], at: usize) {
        if row.get(at) == Some(&b'\r') && row.get(at + 1) != Some(&b'\n') {
            self.bare_carriage_return(at);
        }
    }
}

enum Quote {
    Comma,
    End(End),
    Bare,
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
