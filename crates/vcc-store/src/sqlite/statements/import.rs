//! Imports: what is there, what is written, and the counts.

use std::fmt::Write as _;
use std::sync::LazyLock;

use crate::counts::COARSEST;
use crate::sql::columns::{ALL, ALL_WRITTEN, WRITTEN};
use crate::sql::text::{each, number, text};
use crate::sql::{statements, tenant};

statements! {
    FIND = tenant(text!(
        "SELECT ", ALL, ", id FROM recordings INDEXED BY recordings_transaction
         WHERE tenant = $1 AND transaction_id = $2 AND filename = $3 ORDER BY id LIMIT 1",
    ));
    /// Whether any record has a transactionID in a range. Usually none of a batch is known, and this one
    /// question tells so for all of them.
    IN_RANGE = tenant(
        "SELECT 1 FROM recordings INDEXED BY recordings_transaction
         WHERE tenant = $1 AND transaction_id >= $2 AND transaction_id <= $3 LIMIT 1",
    );
    // OR FAIL: a failure ends the transaction, so SQLite need not note how to undo the statement.
    ADD = tenant(text!(
        "INSERT OR FAIL INTO recordings (tenant, ", ALL_WRITTEN, ") VALUES ($1, ",
        each!(WRITTEN, "$#", 2), ")",
    ));
    // Numbered by `?`: SQLite numbers `$1` by where it first stands.
    UPDATE = tenant(text!(
        "UPDATE recordings SET ", each!(WRITTEN, "% = ?#", 2), " WHERE tenant = ?1 AND id = ?",
        number!(WRITTEN.len() as i64 + 2),
    ));
    COUNT = tenant(
        "INSERT INTO counts (tenant, level, bucket, records) VALUES ($1, $2, $3, $4)
         ON CONFLICT (tenant, level, bucket) DO UPDATE SET records = records + excluded.records",
    );
    DROP_EMPTY_COUNT = tenant(
        "DELETE FROM counts WHERE tenant = $1 AND level = $2 AND bucket = $3 AND records = 0",
    );
    RECORDS = tenant(text!(
        "SELECT coalesce(sum(records), 0) FROM counts WHERE tenant = $1 AND level = ",
        number!(COARSEST),
    ));
    CHECKPOINT = tenant("SELECT records FROM imports WHERE tenant = $1 AND source = $2");
    KEEP_CHECKPOINT = tenant(
        "INSERT INTO imports (tenant, source, records) VALUES ($1, $2, $3)
         ON CONFLICT (tenant, source) DO UPDATE SET records = excluded.records",
    );
    FORGET_CHECKPOINT = tenant("DELETE FROM imports WHERE tenant = $1 AND source = $2");
}

/// How many records [`ADD_TOGETHER`] writes: it opens the table and its indexes once, and in those that
/// grow at their end it goes on where it was.
pub(in super::super) const TOGETHER: usize = 64;

/// [`ADD`] for many records. The tenant is the first parameter, for all of them.
pub(in super::super) static ADD_TOGETHER: LazyLock<String> = LazyLock::new(|| {
    let mut text = ADD.text.to_owned();
    for record in 1..TOGETHER {
        text += ", ($1";
        for parameter in 2..2 + WRITTEN.len() {
            write!(text, ", ${}", record * WRITTEN.len() + parameter).unwrap_or_default();
        }
        text += ")";
    }
    text
});
