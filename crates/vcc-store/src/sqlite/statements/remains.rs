//! The note of what was deleted: numbers alone.

use crate::sql::{no_records, statements};

statements! {
    HAS_REMAINS = no_records(
        "asks whether there is a note",
        "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'remains'",
    );
    BEGIN_REMAINS = no_records(
        "begins the note of what was deleted",
        "INSERT INTO remains (mark, deleted, replaced, tokens, tenants)
         SELECT x'', 0, 0, 0, 0 WHERE NOT EXISTS (SELECT 1 FROM remains)",
    );
    // What a rewrite has read is told from what came later by the mark, which is never the same twice.
    ADD_REMAINS = no_records(
        "counts what was deleted",
        "UPDATE remains SET mark = randomblob(16), deleted = deleted + ?1,
         replaced = replaced + ?2, tokens = tokens + ?3, tenants = tenants + ?4",
    );
    REMAINS = no_records(
        "reads how much was deleted",
        "SELECT mark, deleted, replaced, tokens, tenants FROM remains",
    );
}
