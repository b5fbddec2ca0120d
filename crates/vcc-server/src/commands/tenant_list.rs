//! `tenant list`: the tenants, and what they have.

use std::io::IsTerminal as _;

use clap::builder::styling::Style;
use unicode_width::UnicodeWidthStr as _;
use vcc_store::{NameProblem, Overview, Store};

use super::failure::Failure;
use super::say;

const HEADER: Style = Style::new().bold();

pub(super) async fn list(store: &dyn Store) -> Result<(), Failure> {
    let rows: Vec<_> = store.overview().await?.iter().map(TenantLine::new).collect();
    let titled = std::io::stdout().is_terminal() && !rows.is_empty();
    let (title, lines) = lines(&rows, titled);
    if let Some(title) = title {
        // The stream drops the style if the terminal does not show it.
        say(format_args!("{HEADER}{title}{HEADER:#}"));
    }
    for line in lines {
        say(line);
    }
    Ok(())
}

/// What the list says about a tenant.
struct TenantLine {
    columns: [String; 4],
    problem: Option<String>,
}

impl TenantLine {
    fn new(of: &Overview) -> Self {
        let name = shown(&of.tenant.name, of.problem.as_ref());
        let (zone, recordings) = (of.tenant.zone.to_string(), of.recordings.to_string());
        let problem = |problem: &NameProblem| format!("would be refused today: the name {problem}");
        Self {
            columns: [name, zone, recordings, of.tokens.to_string()],
            problem: of.problem.as_ref().map(problem),
        }
    }
}

/// A name, with escapes for what a terminal would not show or would reverse.
fn shown(name: &str, problem: Option<&NameProblem>) -> String {
    match problem {
        None | Some(NameProblem::LooksLike(_)) => name.to_owned(),
        Some(_) => format!("{name:?}"),
    }
}

/// The lines of a table, with a title if one is given.
fn lines(rows: &[TenantLine], titled: bool) -> (Option<String>, Vec<String>) {
    let title = ["NAME", "ZONE", "RECORDINGS", "TOKENS"].map(str::to_owned);
    let widths: [usize; 4] = std::array::from_fn(|at| {
        let titles = titled.then_some(&title[at]);
        let cells = rows.iter().map(|row| &row.columns[at]).chain(titles);
        cells.map(|cell| cell.width()).max().unwrap_or_default()
    });
    let line = |columns: &[String; 4]| {
        let cells = std::iter::zip(columns, widths).enumerate().map(|(at, (cell, width))| {
            let gap = " ".repeat(width - cell.width());
            // Numbers are aligned on the right.
            if at < 2 { format!("{cell}{gap}") } else { format!("{gap}{cell}") }
        });
        cells.collect::<Vec<_>>().join("  ")
    };
    let lines = rows.iter().map(|row| match &row.problem {
        None => line(&row.columns),
        Some(problem) => format!("{}  {problem}", line(&row.columns)),
    });
    (titled.then(|| line(&title)), lines.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_by_what_is_seen() {
        let row = |columns: [&str; 4], problem: Option<&str>| TenantLine {
            columns: columns.map(str::to_owned),
            problem: problem.map(str::to_owned),
        };
        let rows = [
            row(["acme", "America/Los_Angeles", "1000000", "2"], None),
            row(["株式", "UTC", "7", "10"], Some("why")),
        ];
        let (title, plain) = lines(&rows, false);
        assert_eq!(title, None);
        assert_eq!(
            plain,
            [
                "acme  America/Los_Angeles  1000000   2",
                "株式  UTC                        7  10  why",
            ]
        );
        let (title, titled) = lines(&rows, true);
        assert_eq!(title.unwrap(), "NAME  ZONE                 RECORDINGS  TOKENS");
        assert_eq!(titled[0], "acme  America/Los_Angeles     1000000       2");
        assert_eq!(lines(&[], false), (None, vec![]));
    }
}
