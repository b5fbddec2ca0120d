use std::collections::BTreeMap;

use rusqlite::{Connection, TransactionBehavior};

use super::error::error;
use super::rows::rows;
use super::snapshot::Snapshot;
use super::{bulk, import, remains, statements as s};
use crate::counts::bucket;
use crate::{Deletion, Reach, Remains, StoreError, TenantId};

/// How many records go in one transaction.
const STEP: i64 = 5_000;

/// Deletes some of the records; 0 if none is left.
pub(super) fn step(
    connection: &mut Connection,
    tenant: TenantId,
    deletion: &Deletion,
) -> Result<u64, StoreError> {
    let failed = error("cannot delete records");
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(&failed)?;
    let deleted = delete(&transaction, tenant, deletion).map_err(&failed)?;
    transaction.commit().map_err(failed)?;
    Ok(deleted)
}

fn delete(
    transaction: &rusqlite::Transaction<'_>,
    tenant: TenantId,
    deletion: &Deletion,
) -> rusqlite::Result<u64> {
    let mut found = Vec::new();
    rows(transaction, &s::to_delete(tenant, deletion, STEP), |row| {
        found.push((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?));
        Ok(())
    })?;
    if found.is_empty() {
        let deleted = bulk::delete(transaction, tenant, deletion)?;
        remains::add(transaction, Remains { deleted, ..Remains::default() })?;
        return Ok(deleted);
    }
    let mut delete = transaction.prepare_cached(s::DELETE.text)?;
    let mut moved: BTreeMap<i64, i64> = BTreeMap::new();
    for (id, start) in &found {
        delete.execute((tenant.0, id))?;
        *moved.entry(bucket(0, *start)).or_default() -= 1;
    }
    import::count(transaction, tenant, &moved)?;
    let deleted = found.len() as u64;
    remains::add(transaction, Remains { deleted, ..Remains::default() })?;
    Ok(deleted)
}

/// What a deletion would delete.
pub(super) fn reach(
    connection: &mut Connection,
    tenant: TenantId,
    deletion: &Deletion,
) -> Result<Reach, StoreError> {
    let failed = error("cannot count what would be deleted");
    let of = |connection: &mut Connection| {
        let snapshot = Snapshot::new(connection)?;
        let read = |sql, of| {
            let mut reach = Reach::default();
            rows(&snapshot, &sql, |row| {
                reach = Reach::new(row.get(0)?, of, row.get(1)?, row.get(2)?);
                Ok(())
            })?;
            Ok::<_, rusqlite::Error>(reach)
        };
        let reach = read(s::reach(tenant, deletion), counted(&snapshot, tenant)?)?;
        if !bulk::is_staged(&snapshot)? {
            return Ok(reach);
        }
        let all = read(s::reach_staged(tenant, &Deletion::All), 0)?.records;
        Ok(reach.and(read(s::reach_staged(tenant, deletion), all)?))
    };
    of(connection).map_err(failed)
}

/// How many records a tenant has, from the coarsest counts.
pub(super) fn count(connection: &mut Connection, tenant: TenantId) -> Result<u64, StoreError> {
    counted(connection, tenant).map_err(error("cannot count the records of a tenant"))
}

fn counted(connection: &Connection, tenant: TenantId) -> rusqlite::Result<u64> {
    connection
        .query_row(s::RECORDS.text, [tenant.0], |row| row.get::<_, i64>(0))
        .map(i64::cast_unsigned)
}
