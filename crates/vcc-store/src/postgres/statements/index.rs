//! The indexes that fields were given.

use crate::sql::{no_records, statements};

statements! {
    INDEXES = no_records(
        "lists which indexes there are",
        "SELECT name.relname::text FROM pg_index JOIN pg_class AS name ON name.oid = indexrelid
         WHERE indrelid = 'recordings'::regclass AND indisvalid",
    );
    TRY_LOCK = no_records(
        "lets one server at a time make or drop an index",
        "SELECT pg_try_advisory_lock($1)",
    );
    UNLOCK = no_records("lets the next one", "SELECT pg_advisory_unlock($1)");
}
