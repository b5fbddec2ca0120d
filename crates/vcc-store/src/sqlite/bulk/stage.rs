//! Records of a load, in a table of their own.

use rusqlite::Transaction;

use crate::sql::columns::WRITTEN;
use crate::sqlite::import::bind;
use crate::sqlite::statements as s;
use crate::{StoredRecord, TenantId};

/// Writes records, each with its number in the source.
pub(super) fn insert(
    transaction: &Transaction<'_>,
    tenant: TenantId,
    records: &[(u64, StoredRecord)],
) -> rusqlite::Result<()> {
    let mut insert = transaction.prepare_cached(s::STAGE.text)?;
    for (number, record) in records {
        bind(&mut insert, tenant, record)?;
        // The order in the source is the order of arrival.
        insert.raw_bind_parameter(2 + WRITTEN.len(), number.cast_signed())?;
        insert.raw_execute()?;
    }
    Ok(())
}
