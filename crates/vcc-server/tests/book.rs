//! Compares the tables of the book with the code: every log event, setting and exit code is in its table, and
//! a table has no other. `.ci/book` checks the rest against the output of the programs.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The sources below a folder, without files of tests.
fn sources(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|kind| kind == "rs") && !path.ends_with("tests.rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            found.push((path, text));
        }
    }
}

/// The string literals of a piece of code, with `…` for inserted values.
fn literals(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = code;
    while let Some(at) = rest.find('"') {
        let mut text = String::new();
        let mut chars = rest[at + 1..].char_indices();
        let end = loop {
            match chars.next().unwrap() {
                (end, '"') => break at + 1 + end,
                (_, '\\') => match chars.next().unwrap().1 {
                    '\n' => {
                        let after = chars.as_str();
                        let skipped = after.len() - after.trim_start().len();
                        if skipped > 0 {
                            chars.nth(skipped - 1);
                        }
                    }
                    escaped => text.push(escaped),
                },
                (_, '{') => {
                    text.push('…');
                    chars.by_ref().find(|(_, c)| *c == '}').unwrap();
                }
                (_, c) => text.push(c),
            }
        };
        found.push(text);
        rest = &rest[end + 1..];
    }
    found
}

/// The code between the parentheses that open right before it.
fn arguments(code: &str) -> &str {
    let (mut depth, mut is_text, mut is_escaped) = (1, false, false);
    for (at, byte) in code.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_text => is_escaped = true,
            b'"' => is_text = !is_text,
            b'(' if !is_text => depth += 1,
            b')' if !is_text => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return &code[..at];
        }
    }
    panic!("no end: {code}");
}

/// Texts that are composed elsewhere: file, level, the text in the macro, and the results.
const PUT_TOGETHER: &[(&str, &str, &str, &[&str])] = &[
    ("sign_ins.rs", "warn", "…", &["… refused sign-ins in the last … s"]),
    (
        "connection/socket.rs",
        "warn",
        "…",
        &[
            "a client spoke TLS to this port of plain HTTP: its URL should begin with http://",
            "a client spoke plain HTTP to this port of HTTPS: its URL should begin with https://",
        ],
    ),
    (
        "connection/socket.rs",
        "info",
        "…",
        &[
            "a client spoke TLS to this port of plain HTTP: its URL should begin with http://",
            "a client spoke plain HTTP to this port of HTTPS: its URL should begin with https://",
        ],
    ),
    ("followed/mod.rs", "warn", "…", &["… is gone", "… …, and cannot be opened: …"]),
    ("upgrade.rs", "warn", "…", &["upgraded the store from schema version … to …"]),
];

/// The level and the text of every event that the server logs, except the one of each request.
fn events() -> BTreeSet<(String, String)> {
    let mut files = Vec::new();
    for folder in ["crates/vcc-server/src", "crates/vcc-store/src"] {
        sources(&root().join(folder), &mut files);
    }
    let mut found = BTreeSet::new();
    for (path, code) in &files {
        for (at, _) in code.match_indices("tracing::") {
            let call = &code[at + "tracing::".len()..];
            let Some((level, rest)) = call.split_once("!(") else { continue };
            if !["error", "warn", "info", "debug", "trace"].contains(&level) {
                continue;
            }
            let text = literals(arguments(rest)).pop();
            let text =
                text.unwrap_or_else(|| panic!("{}: an event without a text", path.display()));
            if text != "…" {
                found.insert((level.to_owned(), text));
                continue;
            }
            let known =
                PUT_TOGETHER.iter().filter(|known| path.ends_with(known.0) && known.1 == level);
            assert!(known.count() > 0, "{}: what does it say?", path.display());
        }
    }
    for (name, level, _, texts) in PUT_TOGETHER {
        let (_, code) = files.iter().find(|(path, _)| path.ends_with(name)).unwrap();
        let all = literals(code);
        for text in *texts {
            let is_there = all.iter().any(|literal| literal.starts_with(text));
            assert!(is_there, "{name} does not say {text:?}");
            found.insert(((*level).to_owned(), (*text).to_owned()));
        }
    }
    found
}

/// Whether a text fits a pattern, in which `…` stands for any text.
fn fits(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('…');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let parts: Vec<_> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

/// The rows of the table below a heading of a page: its cells.
fn table(page: &str, heading: &str) -> Vec<Vec<String>> {
    let text = read(page);
    let after = text.split(&format!("\n## {heading}\n")).nth(1).unwrap_or(&text).to_owned();
    let rows = after.lines().skip_while(|line| !line.starts_with('|')).skip(2);
    rows.take_while(|line| line.starts_with('|'))
        .map(|line| {
            let cells = line.trim_matches('|').replace("\\|", "\u{1}");
            cells.split('|').map(|cell| cell.trim().replace('\u{1}', "|")).collect()
        })
        .collect()
}

#[test]
fn every_event_of_the_log_is_in_the_book_and_no_other() {
    let events = events();
    assert!(events.len() > 25, "{events:?}");
    let rows: Vec<_> = table("docs/reference/metrics.md", "Log events")
        .into_iter()
        .filter(|row| row[1].starts_with('`'))
        .map(|row| (row[0].trim_matches('`').to_owned(), row[1].trim_matches('`').to_owned()))
        .collect();
    for (level, event) in &events {
        let is_told = rows.iter().any(|row| row.0 == *level && fits(event, &row.1));
        assert!(is_told, "docs/reference/metrics.md does not have: {level} {event}");
    }
    for (level, row) in &rows {
        let is_logged = events.iter().any(|event| event.0 == *level && fits(&event.1, row));
        assert!(is_logged, "docs/reference/metrics.md has what nothing logs: {level} {row}");
    }
}

#[test]
fn every_metric_is_in_the_book_and_no_other() {
    let page = read("docs/reference/metrics.md");
    let told: BTreeSet<_> = page
        .lines()
        .filter(|line| line.starts_with("vcc_"))
        .filter_map(|line| line.split(' ').next())
        .collect();
    let code = read("crates/vcc-server/src/metrics.rs");
    let code = code.split("#[cfg(test)]").next().unwrap();
    let all = literals(code);
    let counted: BTreeSet<_> = all
        .iter()
        .filter(|text| {
            let is_name = |c: char| c.is_ascii_lowercase() || c == '_';
            text.starts_with("vcc_") && text.chars().all(is_name)
        })
        .map(String::as_str)
        .collect();
    assert_eq!(told, counted);
}

#[test]
fn every_setting_of_serve_is_explained_in_the_readme_and_no_other() {
    let page = read("crates/vcc-server/README.md");
    let serve = page.split("\n## Serve\n").nth(1).unwrap().split("\n## ").next().unwrap();
    let flags = |text: &str| -> BTreeSet<String> {
        let words = text.split(|c: char| !(c.is_ascii_lowercase() || c == '-'));
        words.filter(|word| word.starts_with("--") && word.len() > 2).map(Into::into).collect()
    };
    let cells = serve.lines().filter(|line| line.starts_with("| `--"));
    let told: BTreeSet<_> =
        cells.flat_map(|line| flags(line.split(" | ").next().unwrap_or_default())).collect();
    let help = std::process::Command::new(env!("CARGO_BIN_EXE_vcc-server"))
        .args(["serve", "--help"])
        .output()
        .unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let options = help.lines().map(str::trim_start).filter(|line| line.starts_with('-'));
    let known: BTreeSet<_> = options
        .flat_map(|line| flags(line.split("  ").next().unwrap_or_default()))
        .filter(|flag| !["--help", "--version"].contains(&flag.as_str()))
        .collect();
    assert_eq!(told, known);
}

#[test]
fn every_exit_code_is_in_the_book_and_no_other() {
    let rows = table("docs/reference/exit-codes.md", "");
    for (column, source) in
        [(1, "crates/vcc-cli/src/failure.rs"), (2, "crates/vcc-server/src/commands/failure.rs")]
    {
        let told: BTreeSet<u8> = rows
            .iter()
            .filter(|row| !row[column].is_empty())
            .map(|row| row[0].parse().unwrap())
            .collect();
        let code = read(source);
        let ends = code.split("code: ").skip(1).filter_map(|rest| {
            rest.split(|c: char| !c.is_ascii_digit()).next().and_then(|digits| digits.parse().ok())
        });
        let known: BTreeSet<u8> = ends.chain([0]).collect();
        assert_eq!(told, known, "{source}");
    }
}
