//! Deletions.

use std::collections::BTreeMap;

use super::error::error;
use super::session::Session;
use super::statements as s;
use super::{bulk, import};
use crate::counts::bucket;
use crate::{Deletion, Reach, StoreError, TenantId};

/// How many records go in one transaction.
const STEP: i64 = 5_000;

/// Deletes some of the records; 0 if none is left.
pub(super) async fn step(
    session: &mut Session,
    tenant: TenantId,
    deletion: &Deletion,
) -> Result<u64, StoreError> {
    // No record has such a text (OUT-6), and PostgreSQL cannot read it.
    if matches!(deletion, Deletion::Field(_, text) if text.contains('\0')) {
        return Ok(0);
    }
    let failed = error("cannot delete records");
    let Session { client, prepared, .. } = session;
    let transaction = client.transaction().await.map_err(&failed)?;
    // The same lock as an import, so that neither waits for the other half-way.
    prepared.query(&transaction, s::LOCK_TENANT, &[&tenant.0]).await.map_err(&failed)?;
    let sql = s::delete(tenant, deletion, STEP);
    let rows = prepared.query_built(&transaction, &sql).await.map_err(&failed)?;
    let mut moved: BTreeMap<i64, i64> = BTreeMap::new();
    for row in &rows {
        let start: i64 = row.try_get(0).map_err(&failed)?;
        *moved.entry(bucket(0, start)).or_default() -= 1;
    }
    import::count(&transaction, prepared, tenant, &moved).await.map_err(&failed)?;
    transaction.commit().await.map_err(failed)?;
    Ok(rows.len() as u64)
}

/// What a deletion would delete.
pub(super) async fn reach(
    session: &Session,
    tenant: TenantId,
    deletion: &Deletion,
) -> Result<Reach, tokio_postgres::Error> {
    let of = count(session, tenant).await?;
    // No record has such a text (OUT-6), and PostgreSQL cannot read it.
    if matches!(deletion, Deletion::Field(_, text) if text.contains('\0')) {
        return Ok(Reach::new(0, of, None, None));
    }
    let sql = s::reach(tenant, deletion);
    let rows = session.prepared.query_built(&session.client, &sql).await?;
    let Some(row) = rows.first() else { return Ok(Reach::default()) };
    let reach = Reach::new(row.try_get(0)?, of, row.try_get(1)?, row.try_get(2)?);
    Ok(reach.and(bulk::reach(session, tenant, deletion).await?))
}

/// How many records a tenant has, from the coarsest counts.
pub(super) async fn count(
    session: &Session,
    tenant: TenantId,
) -> Result<u64, tokio_postgres::Error> {
    let rows = session.query(s::RECORDS, &[&tenant.0]).await?;
    let records: Option<i64> = rows.first().map(|row| row.try_get(0)).transpose()?;
    Ok(records.unwrap_or_default().cast_unsigned())
}
