//! QUIRK-9: the cells of a row whose quotes cannot be meant as they stand. The number of columns
//! decides between the readings there are.

use super::cell::End;
use super::line::{Closing, Line, count, split};
use super::row::Row;

/// Whether the quotes of a row may be meant otherwise. `cut`: the rest of the row is not read.
pub(super) fn is_needed(row: &Row, end: End, cut: bool) -> bool {
    let open = row.open_quote().is_some();
    match end {
        End::More => cut && open,
        // What is well quoted stays as it is, whatever the number of values.
        _ => open || row.is_broken(),
    }
}

/// Reads a row again that has a quote inside of quotes where none belongs, or one that nothing
/// closes. `view` begins with it, another page may begin at a `seam`, and `end` is how the row ended
/// so far. `None`: it stays as it was read.
#[cold]
pub(super) fn repair(
    row: &mut Row,
    columns: usize,
    view: &[u8],
    seam: Option<usize>,
    end: End,
) -> Option<End> {
    let line = Line::before(view, seam)?;
    let delimiter = row.delimiter();
    let open = row.open_quote().is_some();
    let (cells, text) = (row.cells().len(), &view[..line.text]);
    let goes_on = open || line.end != end;
    if cells == columns && !goes_on {
        return None;
    }
    let next = &view[line.length()..];
    let next = Line::first(next).map_or(next, |line| &next[..line.text]);
    for closing in [Closing::First, Closing::Last] {
        if count(text, delimiter, closing) != columns {
            continue;
        }
        // A value may go on in the next line. That it does not is shown by the commas: those of this
        // line behind the quote, or those of the next line.
        let shown = if open { cells + 2 < columns } else { cells != columns };
        if !goes_on || shown || count(next, delimiter, closing) == columns {
            row.replace(split(text, delimiter, closing, row.most()));
            return Some(line.end);
        }
    }
    None
}
