//! The indexes that fields were given.

use crate::sql::{no_records, statements};

statements! {
    INDEXES = no_records(
        "lists which indexes there are",
        "SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'recordings'",
    );
}
