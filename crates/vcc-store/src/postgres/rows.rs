//! The records in the rows of statements.

use tokio_postgres::{Error, Row};

use crate::StoredRecord;

/// Reads a record from a row that begins with the [columns](crate::sql::columns) of the fields.
pub(super) fn record(row: &Row) -> Result<StoredRecord, Error> {
    let record = StoredRecord::from_texts(row.try_get(0)?, |index| text(row, index))?;
    // Text that PostgreSQL sent is UTF-8, and the texts of one record are short enough.
    Ok(record.expect("texts that can be stored"))
}

/// A text of such a row, by its position among them.
pub(super) fn text(row: &Row, index: usize) -> Result<&[u8], Error> {
    row.try_get::<_, &str>(index + 1).map(str::as_bytes)
}
