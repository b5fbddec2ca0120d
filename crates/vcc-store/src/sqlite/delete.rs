use std::collections::BTreeMap;

use rusqlite::{Connection, TransactionBehavior};

use super::page::{Snapshot, rows};
use super::{bulk, error, import, remains};
use crate::counts::{LEVELS, bucket};
use crate::plan::Plan;
use crate::{Deletion, Reach, Remains, StoreError, TenantId};

/// How many records go in one transaction.
const STEP: i64 = 5_000;

/// Deletes some of the records that are to go; 0 when none is left.
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
    let mut doomed = Vec::new();
    rows(transaction, &Plan::doomed_for_sqlite(tenant, deletion, STEP), |row| {
        doomed.push((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?));
        Ok(())
    })?;
    if doomed.is_empty() {
        let deleted = bulk::delete(transaction, tenant, deletion)?;
        remains::add(transaction, Remains { deleted, ..Remains::default() })?;
        return Ok(deleted);
    }
    let mut delete =
        transaction.prepare_cached("DELETE FROM recordings WHERE tenant = $1 AND id = $2")?;
    let mut moved: BTreeMap<i64, i64> = BTreeMap::new();
    for (id, start) in &doomed {
        delete.execute((tenant.0, id))?;
        *moved.entry(bucket(0, *start)).or_default() -= 1;
    }
    import::count(transaction, tenant, &moved)?;
    let deleted = doomed.len() as u64;
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
        let reach = read(Plan::reach_for_sqlite(tenant, deletion), counted(&snapshot, tenant)?)?;
        if !bulk::is_staged(&snapshot)? {
            return Ok(reach);
        }
        let all = read(Plan::reach_staged(tenant, &Deletion::All), 0)?.records;
        Ok(reach.and(read(Plan::reach_staged(tenant, deletion), all)?))
    };
    of(connection).map_err(failed)
}

/// How many records there are, by the coarsest counts.
pub(super) fn count(connection: &mut Connection, tenant: TenantId) -> Result<u64, StoreError> {
    counted(connection, tenant).map_err(error("cannot count the records of a tenant"))
}

fn counted(connection: &Connection, tenant: TenantId) -> rusqlite::Result<u64> {
    connection
        .query_row(
            "SELECT coalesce(sum(records), 0) FROM counts WHERE tenant = $1 AND level = $2",
            (tenant.0, LEVELS[LEVELS.len() - 1]),
            |row| row.get::<_, i64>(0),
        )
        .map(i64::cast_unsigned)
}
