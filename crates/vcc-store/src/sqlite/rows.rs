//! The rows of statements, and the records in them.

use rusqlite::types::Type;
use rusqlite::{Connection, Error, Row, Rows, Statement};

use crate::StoredRecord;
use crate::sql::{Sql, Value};

/// The rows of a statement with its values.
pub(super) fn bound<'a>(statement: &'a mut Statement<'_>, sql: &Sql) -> rusqlite::Result<Rows<'a>> {
    for (index, value) in sql.values.iter().enumerate() {
        match value {
            Value::Integer(value) => statement.raw_bind_parameter(index + 1, value)?,
            Value::Text(value) => statement.raw_bind_parameter(index + 1, value.as_str())?,
        }
    }
    Ok(statement.raw_query())
}

/// Runs a statement, and hands over its rows one after another.
pub(super) fn rows(
    connection: &Connection,
    sql: &Sql,
    mut each: impl FnMut(&Row<'_>) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(&sql.text)?;
    let mut rows = bound(&mut statement, sql)?;
    while let Some(row) = rows.next()? {
        each(row)?;
    }
    Ok(())
}

/// Reads a record from a row that begins with the [columns](crate::sql::columns) of the fields.
pub(super) fn record(row: &Row<'_>) -> rusqlite::Result<StoredRecord> {
    let text = |index| Ok::<_, Error>(row.get_ref(index + 1)?.as_bytes()?);
    let record = StoredRecord::from_texts(row.get(0)?, text)?;
    record.ok_or_else(|| Error::InvalidColumnType(0, "a text".into(), Type::Text))
}
