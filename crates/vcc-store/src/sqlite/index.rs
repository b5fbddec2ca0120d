//! The indexes that fields are given.

use rusqlite::Connection;
use vcc_types::Field;

use super::error::error;
use super::statements as s;
use crate::StoreError;
use crate::index::{Given, INDEXABLE, Index, refused, searched};

/// The fields that were given an index. The schema is in memory, and short.
pub(super) fn given(connection: &Connection) -> rusqlite::Result<Given> {
    let mut statement = connection.prepare_cached(s::INDEXES.text)?;
    let mut rows = statement.query([])?;
    let mut names = Vec::new();
    while let Some(row) = rows.next()? {
        names.push(row.get::<_, String>(0)?);
    }
    Ok(Given::named(names.iter().map(String::as_str)))
}

/// Gives a field an index, or takes it away; `false` if nothing changes.
pub(super) fn set(
    connection: &mut Connection,
    field: Field,
    wanted: bool,
) -> Result<bool, StoreError> {
    if !INDEXABLE.contains(&field) {
        return Err(refused(field));
    }
    let (name, column) = (Index::Of(field).name(), searched(field));
    let change = match wanted {
        true => {
            format!("CREATE INDEX IF NOT EXISTS {name} ON recordings (tenant, {column}, start)")
        }
        false => format!("DROP INDEX IF EXISTS {name}"),
    };
    let failed = error(if wanted { "cannot make an index" } else { "cannot drop an index" });
    let transaction = connection
        .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)
        .map_err(&failed)?;
    if given(&transaction).map_err(&failed)?.has(field) == wanted {
        return Ok(false);
    }
    transaction.execute_batch(&change).map_err(&failed)?;
    transaction.commit().map_err(failed)?;
    Ok(true)
}
