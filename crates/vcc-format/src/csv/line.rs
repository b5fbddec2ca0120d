//! One line on its own, and the two readings of its quotes.

use std::ops::Range;

use super::cell::{Bare, Cell, End};
use crate::DeviationKind;
use crate::scan::{find, find_any};
use crate::steps;

/// One line of the input: how long it is without its end, and how it ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    pub(super) text: usize,
    pub(super) end: End,
}

impl Line {
    /// The first line; `None` if no line of the input has an end.
    pub(super) fn first(view: &[u8]) -> Option<Line> {
        let lf = find(view, 0, b'\n');
        view.get(lf)?;
        Some(match view[..lf].strip_suffix(b"\r") {
            Some(text) => Line { text: text.len(), end: End::CrLf(lf + 1) },
            None => Line { text: lf, end: End::Lf(lf + 1) },
        })
    }

    /// The first line, which ends at the `seam` if not before.
    pub(super) fn before(view: &[u8], seam: Option<usize>) -> Option<Line> {
        match seam {
            None => Line::first(view),
            Some(seam) => {
                Line::first(&view[..seam]).or(Some(Line { text: seam, end: End::Input(seam) }))
            }
        }
    }

    pub(super) fn length(self) -> usize {
        self.end.length().unwrap_or(self.text)
    }
}

/// A line read as cells.
#[derive(Debug, Default)]
pub(super) struct Split {
    pub(super) cells: Vec<Cell>,
    /// Quotes and CRs that are text.
    pub(super) bare: Vec<Bare>,
}

/// Which quote ends a cell that begins with one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Closing {
    /// The first that is not doubled, if it stands at the end of a cell; otherwise none: `"5" disk`.
    First,
    /// The last at the end of a cell before another cell in quotes: `"say "hi", she said",`.
    Last,
}

/// How many cells a line has.
pub(super) fn count(line: &[u8], delimiter: u8, closing: Closing) -> usize {
    Cells::of(line, delimiter, closing).count()
}

/// The first cells of a line, up to so many.
pub(super) fn first(line: &[u8], delimiter: u8, closing: Closing, most: usize) -> Vec<Cell> {
    let cells = Cells::of(line, delimiter, closing).take(most);
    let cell = |(text, quoted): (Range<usize>, bool)| {
        let doubled = quoted && memchr::memmem::find(&line[text.clone()], b"\"\"").is_some();
        Cell { start: text.start as u32, end: text.end as u32, doubled }
    };
    cells.map(cell).collect()
}

/// Reads a line, without its end, as cells none of which goes on in the next line. `most`: how many bare
/// quotes and CRs are listed.
pub(super) fn split(line: &[u8], delimiter: u8, closing: Closing, most: usize) -> Split {
    let mut read = Split::default();
    for (text, quoted) in Cells::of(line, delimiter, closing) {
        let mut doubled = false;
        let mut at = text.start;
        loop {
            at = find_any(&line[..text.end], at, [b'"', b'"', b'\r', b'\r']);
            let kind = match line[..text.end].get(at) {
                None => break,
                Some(b'\r') if quoted => None,
                Some(b'\r') => Some(DeviationKind::BareCarriageReturn),
                _ if quoted && line[at + 1..text.end].starts_with(b"\"") => {
                    (at, doubled) = (at + 1, true);
                    None
                }
                _ => Some(DeviationKind::BareQuote),
            };
            let kind = kind.filter(|_| read.bare.len() < most);
            read.bare.extend(kind.map(|kind| (kind, at as u32)));
            at += 1;
        }
        // A line is part of a row, whose length fits.
        let (from, to) = (text.start as u32, text.end as u32);
        read.cells.push(Cell { start: from, end: to, doubled });
    }
    read
}

/// The text of each cell, and whether it stands in quotes.
struct Cells<'a> {
    ends: Ends<'a>,
    /// Where the next one begins.
    start: Option<usize>,
}

impl<'a> Cells<'a> {
    fn of(line: &'a [u8], delimiter: u8, closing: Closing) -> Cells<'a> {
        let ends = Ends { line, delimiter, closing, upto: 0, last: None };
        Cells { ends, start: Some(0) }
    }
}

impl Iterator for Cells<'_> {
    type Item = (Range<usize>, bool);

    fn next(&mut self) -> Option<Self::Item> {
        let (start, line) = (self.start?, self.ends.line);
        let quoted = line.get(start) == Some(&b'"');
        let quote = if quoted { self.ends.after(start + 1) } else { None };
        let (cell, end) = match quote {
            Some(quote) => ((start + 1..quote, true), quote + 1),
            None => {
                let end = find(line, start, self.ends.delimiter);
                ((start..end, false), end)
            }
        };
        self.start = (end < line.len()).then_some(end + 1);
        Some(cell)
    }
}

/// Where the quoted cells of a line end.
struct Ends<'a> {
    line: &'a [u8],
    delimiter: u8,
    closing: Closing,
    /// How far [`Closing::Last`] has looked, and the last quote before that ends a cell: what one
    /// cell has looked through, the next one need not.
    upto: usize,
    last: Option<usize>,
}

impl Ends<'_> {
    /// The quote that ends a cell whose text begins at `from`.
    fn after(&mut self, from: usize) -> Option<usize> {
        let quotes = self.run(from);
        let at = from + quotes;
        if quotes % 2 == 1 {
            // Nothing but quotes; or one that is bare.
            if self.is_end(at - 1) {
                return Some(at - 1);
            }
            if self.closing == Closing::First {
                return None;
            }
        }
        if self.closing == Closing::First {
            let quote = self.single(at)?;
            return self.is_end(quote).then_some(quote);
        }
        if at >= self.upto {
            self.look(at);
        }
        self.last.filter(|last| *last >= at)
    }

    /// Looks for the last quote that ends a cell, up to where another cell in quotes begins.
    fn look(&mut self, from: usize) {
        (self.upto, self.last) = (self.line.len(), None);
        let mut at = from;
        while let Some(quote) = self.single(at) {
            at = quote + 1;
            if self.is_end(quote) {
                self.last = Some(quote);
            } else if quote > from && self.line[quote - 1] == self.delimiter {
                self.upto = quote;
                return;
            }
        }
    }

    /// The number of quotes at a place.
    fn run(&self, from: usize) -> usize {
        let quotes = self.line[from..].iter().take_while(|byte| **byte == b'"').count();
        steps::count(quotes);
        quotes
    }

    /// The first quote from `at` on that is not doubled.
    fn single(&self, mut at: usize) -> Option<usize> {
        loop {
            at = find(self.line, at, b'"');
            match self.run(at.min(self.line.len())) {
                0 => return None,
                quotes if quotes % 2 == 1 => return Some(at + quotes - 1),
                quotes => at += quotes,
            }
        }
    }

    fn is_end(&self, quote: usize) -> bool {
        self.line.get(quote + 1).is_none_or(|byte| *byte == self.delimiter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str, closing: Closing) -> (Vec<&str>, Vec<u32>) {
        let read = split(line.as_bytes(), b',', closing, usize::MAX);
        let cells = read.cells.iter().map(|c| &line[c.start as usize..c.end as usize]);
        (cells.collect(), read.bare.iter().map(|(_, at)| *at).collect())
    }

    #[test]
    fn two_readings_of_a_line() {
        let empty: [u32; 0] = [];
        for closing in [Closing::First, Closing::Last] {
            assert_eq!(read("", closing), (vec![""], empty.to_vec()));
            assert_eq!(read("\"a\",\"\",b,", closing), (vec!["a", "", "b", ""], empty.to_vec()));
            assert_eq!(
                read("\"a \"\"b\"\"\",c", closing),
                (vec!["a \"\"b\"\"", "c"], empty.to_vec())
            );
            assert_eq!(read("\"5 disk,,", closing), (vec!["\"5 disk", "", ""], vec![0]));
        }
        let line = "\"a \"b\", c\",\"\",\"\",d";
        assert_eq!(read(line, Closing::Last).0, ["a \"b\", c", "", "", "d"]);
        let line = "\"5\" disk,\"x, y\"";
        assert_eq!(read(line, Closing::First), (vec!["\"5\" disk", "x, y"], vec![0, 2]));
        let line = "\"say \"hi\", she said\",\"x, y\"";
        let cells = vec!["say \"hi\", she said", "x, y"];
        assert_eq!(read(line, Closing::Last), (cells, vec![5, 8]));
    }
}
