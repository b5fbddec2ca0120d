//! A table that fits a terminal.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

const HEAD: Style = Style::new().bold();
const DIM: Style = AnsiColor::BrightBlack.on_default();

/// A column by its title, its cells, and how far it may shrink.
pub(crate) struct Column {
    pub(crate) title: String,
    pub(crate) cells: Vec<String>,
    /// Numbers stand to the right.
    pub(crate) right: bool,
}

impl Column {
    fn width(&self) -> usize {
        let cells = self.cells.iter().map(|cell| cell.width());
        cells.chain([self.title.width()]).max().unwrap_or(0)
    }
}

/// The narrowest that a column is made, and what it is made where even that is too wide.
const NARROWEST: [usize; 3] = [6, 3, 1];

/// Writes a table. Where it is wider than `width`, the widest columns are cut, and `…` says so.
pub(crate) fn write(
    out: &mut impl Write,
    columns: &[Column],
    width: Option<usize>,
    header: bool,
) -> io::Result<()> {
    let mut widths: Vec<usize> = columns.iter().map(Column::width).collect();
    if let Some(width) = width {
        let gaps = 2 * columns.len().saturating_sub(1);
        for narrowest in NARROWEST {
            while widths.iter().sum::<usize>() + gaps > width {
                let widest = widths.iter_mut().max().filter(|widest| **widest > narrowest);
                let Some(widest) = widest else { break };
                *widest -= 1;
            }
        }
    }
    if header {
        let titles: Vec<_> = columns.iter().map(|column| column.title.as_str()).collect();
        row(out, &titles, columns, &widths, HEAD)?;
    }
    let rows = columns.first().map_or(0, |column| column.cells.len());
    for index in 0..rows {
        let cells: Vec<_> = columns.iter().map(|column| column.cells[index].as_str()).collect();
        row(out, &cells, columns, &widths, Style::new())?;
    }
    Ok(())
}

fn row(
    out: &mut impl Write,
    cells: &[&str],
    columns: &[Column],
    widths: &[usize],
    style: Style,
) -> io::Result<()> {
    let mut line = String::new();
    for (index, ((cell, column), width)) in cells.iter().zip(columns).zip(widths).enumerate() {
        if index > 0 {
            line.push_str("  ");
        }
        let (text, was_cut) = cut(cell, *width);
        let space = " ".repeat(width.saturating_sub(text.width() + usize::from(was_cut)));
        if column.right {
            line.push_str(&space);
        }
        line.push_str(&format!("{style}{text}{style:#}"));
        if was_cut {
            line.push_str(&format!("{DIM}…{DIM:#}"));
        }
        if !column.right && index + 1 < cells.len() {
            line.push_str(&space);
        }
    }
    writeln!(out, "{line}")
}

/// As much of a text as fits, with room for a sign that it was cut.
fn cut(text: &str, width: usize) -> (&str, bool) {
    if text.width() <= width {
        return (text, false);
    }
    let mut taken = 0;
    for (at, c) in text.char_indices() {
        taken += c.width().unwrap_or(0);
        if taken > width.saturating_sub(1) {
            return (&text[..at], true);
        }
    }
    (text, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(width: Option<usize>) -> String {
        let column = |title: &str, cells: [&str; 2], right| Column {
            title: title.into(),
            cells: cells.map(str::to_owned).into(),
            right,
        };
        let columns = [
            column("AGENT", ["bill", "東京"], false),
            column("LENGTH", ["27 s", "1 h"], true),
            column("FILE", ["a-very-long-name.wav", "b.wav"], false),
        ];
        let mut out = Vec::new();
        write(&mut anstream::StripStream::new(&mut out), &columns, width, true).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_table_is_as_wide_as_it_needs_or_may_be() {
        assert_eq!(
            table(None),
            "AGENT  LENGTH  FILE\nbill     27 s  a-very-long-name.wav\n東京      1 h  b.wav\n"
        );
        assert_eq!(
            table(Some(25)),
            "AGENT  LENGTH  FILE\nbill     27 s  a-very-lo…\n東京      1 h  b.wav\n"
        );
    }
}
