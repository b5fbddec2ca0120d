//! QUIRK-9: the cells of a line whose quotes cannot be meant as they stand. The number of columns
//! decides between the readings there are.

use super::machine::Machine;
use super::row::{Cell, End};
use crate::DeviationKind;

impl Machine {
    /// Whether the quotes of a row may not be meant as they stand. `cut`: no more of it is read.
    pub(super) fn needs_repair(&self, view: &[u8], end: End, cut: bool) -> bool {
        let open = self.row.open_quote().is_some();
        let length = match end {
            End::More => return cut && open,
            End::CrLf(length) | End::Lf(length) | End::Input(length) => length,
        };
        let goes_on = || memchr::memchr(b'\n', &view[..length - 1]).is_some();
        let wrong = self.row.cells.len() != self.header.columns.len();
        open || self.row.has_bare_quote() || (wrong && goes_on())
    }

    /// Reads a row again that has a quote where none belongs, or whose quotes go on over lines and
    /// give another number of values than there are columns. `view` begins with it, and `end` is
    /// how it ended so far. `None`: it stays as it was read.
    #[cold]
    pub(super) fn repair(&mut self, view: &[u8], end: End) -> Option<End> {
        let line = Line::first(view)?;
        let columns = self.header.columns.len();
        let open = self.row.open_quote().is_some();
        let (cells, text) = (self.row.cells.len(), &view[..line.text]);
        let goes_on = open || line.end != end;
        if cells == columns && !goes_on {
            return None;
        }
        let next = &view[line.length()..];
        let next = Line::first(next).map_or(next, |line| &next[..line.text]);
        for closing in [Closing::First, Closing::Last] {
            let read = split(text, closing);
            if read.cells.len() != columns {
                continue;
            }
            // A value may go on in the next line. That it does not is shown by the commas: those
            // of this line behind the quote, or those of the next line.
            let shown = if open { cells + 2 < columns } else { cells != columns };
            if !goes_on || shown || split(next, closing).cells.len() == columns {
                self.row.replace(read);
                return Some(line.end);
            }
        }
        None
    }
}

/// One line of the input: how long it is without its end, and how it ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    pub(super) text: usize,
    pub(super) end: End,
}

impl Line {
    /// The first line. `None`: the input has none that is ended.
    pub(super) fn first(view: &[u8]) -> Option<Line> {
        let lf = memchr::memchr(b'\n', view)?;
        Some(match view[..lf].strip_suffix(b"\r") {
            Some(text) => Line { text: text.len(), end: End::CrLf(lf + 1) },
            None => Line { text: lf, end: End::Lf(lf + 1) },
        })
    }

    pub(super) fn length(self) -> usize {
        match self.end {
            End::CrLf(length) | End::Lf(length) | End::Input(length) => length,
            End::More => self.text,
        }
    }
}

/// What a line is read as.
#[derive(Debug, Default)]
pub(super) struct Cells {
    pub(super) cells: Vec<Cell>,
    /// Quotes and CRs that are text.
    pub(super) bare: Vec<(DeviationKind, usize)>,
}

/// Which quote ends a cell that begins with one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Closing {
    /// The first that is not doubled, if it stands at the end of a cell; otherwise none: `"5" disk`.
    First,
    /// The last at the end of a cell before another cell in quotes: `"say "hi", she said",`.
    Last,
}

/// Reads a line, without its end, as cells none of which goes on in the next line.
pub(super) fn split(line: &[u8], closing: Closing) -> Cells {
    let mut read = Cells::default();
    let mut start = 0;
    loop {
        let quoted = line.get(start) == Some(&b'"');
        let quote = if quoted { closing.find(line, start + 1) } else { None };
        let (text, end) = match quote {
            Some(quote) => (start + 1..quote, quote + 1),
            None => {
                let comma = memchr::memchr(b',', &line[start..]);
                let end = comma.map_or(line.len(), |distance| start + distance);
                (start..end, end)
            }
        };
        let mut doubled = false;
        let mut at = text.start;
        while let Some(distance) = memchr::memchr2(b'"', b'\r', &line[at..text.end]) {
            at += distance;
            let kind = match line[at] {
                b'\r' if quote.is_some() => None,
                b'\r' => Some(DeviationKind::BareCarriageReturn),
                _ if quote.is_some() && line[at + 1..text.end].starts_with(b"\"") => {
                    (at, doubled) = (at + 1, true);
                    None
                }
                _ => Some(DeviationKind::BareQuote),
            };
            read.bare.extend(kind.map(|kind| (kind, at)));
            at += 1;
        }
        // A line is part of a row, whose length fits.
        let (from, to) = (text.start as u32, text.end as u32);
        read.cells.push(Cell { start: from, end: to, doubled });
        if end >= line.len() {
            return read;
        }
        start = end + 1;
    }
}

impl Closing {
    /// The quote that ends a cell whose text begins at `from`.
    fn find(self, line: &[u8], from: usize) -> Option<usize> {
        let (mut at, mut found) = (from, None);
        while let Some(distance) = memchr::memchr(b'"', &line[at..]) {
            at += distance;
            let ends = matches!(line.get(at + 1), None | Some(b','));
            if line.get(at + 1) == Some(&b'"') {
                at += 2;
                continue;
            }
            if self == Closing::First {
                return ends.then_some(at);
            }
            if ends {
                found = Some(at);
            } else if at > from && line[at - 1] == b',' {
                break;
            }
            at += 1;
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str, closing: Closing) -> (Vec<&str>, Vec<usize>) {
        let read = split(line.as_bytes(), closing);
        let cells = read.cells.iter().map(|c| &line[c.start as usize..c.end as usize]);
        (cells.collect(), read.bare.iter().map(|(_, at)| *at).collect())
    }

    #[test]
    fn two_readings_of_a_line() {
        let empty: [usize; 0] = [];
        for closing in [Closing::First, Closing::Last] {
            assert_eq!(read("", closing), (vec![""], empty.to_vec()));
            assert_eq!(read("\"a\",\"\",b,", closing), (vec!["a", "", "b", ""], empty.to_vec()));
            assert_eq!(
                read("\"a \"\"b\"\"\",c", closing),
                (vec!["a \"\"b\"\"", "c"], empty.to_vec())
            );
            assert_eq!(read("\"5 disk,,", closing), (vec!["\"5 disk", "", ""], vec![0]));
        }
        let line = "\"5\" disk,\"x, y\"";
        assert_eq!(read(line, Closing::First), (vec!["\"5\" disk", "x, y"], vec![0, 2]));
        let line = "\"say \"hi\", she said\",\"x, y\"";
        let cells = vec!["say \"hi\", she said", "x, y"];
        assert_eq!(read(line, Closing::Last), (cells, vec![5, 8]));
    }
}
