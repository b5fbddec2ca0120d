//! What is compared of a store and a copy of it.

use crate::sql::{no_records, statements};

statements! {
    TABLES = no_records(
        "lists which tables there are",
        "SELECT name FROM sqlite_schema WHERE type = 'table'",
    );
}

/// How many rows a table of everybody has: a copy must have as many. A name cannot be bound.
pub(in super::super) fn count_of_all(table: &str) -> String {
    format!("SELECT count(*) FROM \"{}\"", table.replace('"', "\"\""))
}
