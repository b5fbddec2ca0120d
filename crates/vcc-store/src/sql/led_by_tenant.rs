//! AUTH-4: that statements are led by the tenant, for the tests of both engines, and that there are no
//! statements that these tests do not see.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use chrono::DateTime;
use vcc_query::{Edge, Filter, Near, Selection, Wanted, Window};
use vcc_types::{Field, Order};

use super::statement::Scope;
use super::statement::Statement;
use super::{Sql, Value};
use crate::selection::everything;
use crate::{Deletion, StoredRecord, TenantId};

/// The tenant of the statements that are built for the tests.
pub(crate) const TENANT: TenantId = TenantId(7);

/// The tables with rows of tenants. The last two are those of a bulk load.
const TABLES: [&str; 7] =
    ["tenants", "tokens", "recordings", "counts", "imports", "staged", "load"];

/// Every place where a statement names a table, with what follows it up to the next one.
fn uses(text: &str) -> Vec<(&'static str, String)> {
    // SQLite also numbers parameters as `?1`.
    let text = text.replace('?', "$");
    let words: Vec<_> = text
        .split(|character: char| !(character.is_alphanumeric() || "_.$=".contains(character)))
        .filter(|word| !word.is_empty())
        .collect();
    let named = |at: usize| {
        let before = words[at.checked_sub(1)?].to_ascii_uppercase();
        let table = TABLES.into_iter().find(|table| *table == words[at])?;
        ["FROM", "JOIN", "INTO", "UPDATE", "COPY"].contains(&before.as_str()).then_some(table)
    };
    let places: Vec<_> = (0..words.len()).filter_map(|at| Some((at, named(at)?))).collect();
    places
        .iter()
        .enumerate()
        .map(|(index, (at, table))| {
            let end = places.get(index + 1).map_or(words.len(), |(next, _)| *next);
            (*table, words[*at..end].join(" "))
        })
        .collect()
}

/// Each table that a statement names is kept to the tenant `$1` where it is named.
fn assert_led(text: &str) {
    assert_led_by(text, |rest| rest.contains("tenant = $1 "));
}

fn assert_led_by(text: &str, is_led: impl Fn(&str) -> bool) {
    let uses = uses(text);
    assert!(!uses.is_empty(), "names no table: {text}");
    for (table, rest) in uses {
        let rest = format!("{rest} ");
        let leads = is_led(&rest)
            || rest.starts_with(&format!("{table} tenant "))
                && ["VALUES $1 ", "SELECT $1 ", "STDIN "].iter().any(|how| rest.contains(how));
        assert!(leads, "{table} is not led by the tenant: {text}");
    }
}

/// The same of a statement that was put together for [`TENANT`], which may be bound several times.
pub(crate) fn assert_built(sql: &Sql) {
    assert_led_by(&sql.text, |rest| {
        let parameters = rest.split("tenant = $").skip(1);
        let bound = parameters.map(|rest| {
            let number: usize = rest.split(' ').next().unwrap().parse().unwrap();
            &sql.values[number - 1]
        });
        let bound: Vec<_> = bound.collect();
        !bound.is_empty() && bound.iter().all(|value| **value == Value::Integer(TENANT.0))
    });
}

/// Walks all statements of an engine that are written out. Those that are not led by the tenant are named
/// here, once more.
pub(crate) fn assert_table(
    statements: &[&[(&str, Statement)]],
    no_records: &[&str],
    everyone: &[&str],
) {
    let mut found = [Vec::new(), Vec::new()];
    for (name, statement) in statements.concat() {
        let data = ["recordings", "counts", "imports", "staged", "load"];
        let reaches = uses(statement.text).iter().any(|(table, _)| data.contains(table));
        match statement.scope {
            Scope::Tenant => assert_led(statement.text),
            Scope::NoRecords(reason) => {
                assert!(!reason.is_empty() && !reaches, "{name}");
                found[0].push(name);
            }
            Scope::Everyone(reason) => {
                assert!(!reason.is_empty() && reaches, "{name}");
                found[1].push(name);
            }
        }
    }
    assert_eq!(found, [no_records, everyone]);
}

/// The functions and texts of an engine's folder that are not in its tables: each is to be tested.
pub(crate) fn built_in(engine: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for file in files(&source().join(engine).join("statements")) {
        for line in code(&file).lines() {
            let words = line.strip_prefix("pub(in super::super) ").unwrap_or_default();
            for kind in ["fn ", "static "] {
                let name = words.strip_prefix(kind).map(|rest| rest.split(['(', ':', '<']).next());
                names.extend(name.flatten().map(str::to_owned));
            }
        }
    }
    names
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The files in a folder and in those below it.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => found.push(path),
        }
    }
    found
}

/// A file without its tests.
fn code(file: &Path) -> String {
    let text = fs::read_to_string(file).unwrap();
    let end = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
    text[..end].to_owned()
}

/// The texts between quotes, except those in comments.
fn literals(code: &str) -> Vec<String> {
    let mut literals = Vec::new();
    let mut rest = code.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '/' if rest.peek() == Some(&'/') => {
                rest.by_ref().find(|character| *character == '\n');
            }
            // A character, and not a lifetime.
            '\'' => {
                let mut ahead = rest.clone();
                let first = ahead.next();
                if first == Some('\\') || ahead.next() == Some('\'') {
                    rest.next();
                    rest.by_ref().find(|character| *character == '\'');
                }
            }
            '"' => {
                let mut literal = String::new();
                while let Some(character) = rest.next().filter(|character| *character != '"') {
                    literal.push(character);
                    if character == '\\' {
                        literal.extend(rest.next());
                    }
                }
                literals.push(literal);
            }
            _ => {}
        }
    }
    literals
}

/// Every kind of selection: windows, ±5 s, one or two fields, orders, and places in the list.
pub(crate) fn selections() -> Vec<Selection> {
    let at = DateTime::from_timestamp(1_198_120_596, 0).unwrap();
    let until = DateTime::from_timestamp(1_198_120_606, 0).unwrap();
    let near = |edge| Some(Near { edge, at, tolerance: 5, from: at, until });
    let windows = [None, Some(Window { from: at, until })];
    let nears = [None, near(Edge::Start), near(Edge::Finish)];
    let fields: Vec<_> =
        std::iter::once(None).chain(StoredRecord::text_fields().map(Some)).collect();
    let pairs = fields.iter().flat_map(|one| fields.iter().map(move |other| [*one, *other]));
    let mut selections = Vec::new();
    for pair in pairs {
        for (window, near) in windows.iter().flat_map(|w| nears.iter().map(move |n| (*w, *n))) {
            for (order, first, page_size) in [
                (Order::StartAscending, 1, 50),
                (Order::StartDescending, 9, 3),
                (Order::StartAscending, 1_001, 3),
                (Order::StartDescending, 1_001, 3),
            ] {
                for wanted in ["", "x"] {
                    let filter = |field: Field| Filter {
                        field,
                        wanted: match field {
                            Field::Duration => Wanted::Seconds(1),
                            _ => Wanted::Text(wanted.into()),
                        },
                    };
                    let mut filters: Vec<_> = pair.into_iter().flatten().map(filter).collect();
                    filters.dedup_by_key(|filter| filter.field);
                    let of = Selection { window, near, filters, ..everything() };
                    selections.push(Selection { first, page_size, order, ..of });
                }
            }
        }
    }
    assert!(selections.len() > 2_000, "{}", selections.len());
    selections
}

/// Every kind of deletion.
pub(crate) fn deletions() -> impl Iterator<Item = Deletion> {
    let field = |field| Deletion::Field(field, "x".into());
    let others = [Deletion::Before(DateTime::UNIX_EPOCH), Deletion::All];
    Field::ALL.into_iter().map(field).chain(others)
}

#[test]
fn what_is_not_led_is_found() {
    for text in [
        "SELECT 1 FROM recordings",
        "SELECT 1 FROM recordings WHERE start = $1",
        "SELECT 1 FROM recordings WHERE start = ?1",
        "SELECT 1 FROM recordings WHERE tenant = $10",
        "SELECT 1 FROM counts WHERE tenant = $1 AND bucket IN (SELECT id FROM recordings)",
        "DELETE FROM counts WHERE tenant = $2",
        "INSERT INTO counts (level, tenant) VALUES ($1, $2)",
    ] {
        let led = std::panic::catch_unwind(|| assert_led(text));
        assert!(led.is_err(), "{text}");
        let mut built = Sql::default();
        built.text.push_str(text);
        built.values.extend((11..=20).map(Value::Integer));
        let led = std::panic::catch_unwind(|| assert_built(&built));
        assert!(led.is_err(), "{text}");
    }
}

#[test]
fn texts_between_quotes_are_found() {
    let code = "let a = \"one\"; // \"two\"\nlet b: &'static str = \"th\\\"ree\"; f('\"', '\\'', \"four\")";
    assert_eq!(literals(code), ["one", "th\\\"ree", "four"]);
}

/// A statement that reads or writes rows is in a folder `statements`, where the tests see it.
#[test]
fn no_statement_is_written_anywhere_else() {
    let verbs = ["SELECT", "INSERT", "UPDATE", "DELETE", "COPY", "TRUNCATE", "MERGE"];
    let tests = ["tests.rs", "explain.rs", "led_by_tenant.rs"];
    let mut elsewhere = Vec::new();
    let mut in_their_place = 0;
    for file in files(&source()) {
        if tests.iter().any(|name| file.ends_with(name)) || file.extension().unwrap() != "rs" {
            continue;
        }
        let is_statement = |literal: &String| {
            // `DELETE` and `TRUNCATE` are also modes of SQLite's journal and log.
            let is_mode = literal.starts_with("PRAGMA") || verbs.contains(&literal.as_str());
            let mut words = literal.split(|at: char| !at.is_alphanumeric());
            !is_mode && words.any(|word| verbs.contains(&word))
        };
        let found = literals(&code(&file)).into_iter().filter(is_statement);
        match file.parent().unwrap().ends_with("statements") {
            true => in_their_place += found.count(),
            false => elsewhere.extend(found.map(|literal| (file.clone(), literal))),
        }
    }
    assert!(elsewhere.is_empty(), "{elsewhere:#?}");
    assert!(in_their_place > 100, "{in_their_place}");
}
