//! Deletions.

use crate::sql::{Sql, deletion};
use crate::{Deletion, TenantId};

/// Deletes some records, and gives their starts.
pub(in super::super) fn delete(tenant: TenantId, deletion: &Deletion, limit: i64) -> Sql {
    let mut sql = Sql::default();
    sql.push("DELETE FROM recordings WHERE tenant = ").integer(tenant.0);
    sql.push(" AND id IN (SELECT id FROM recordings");
    deletion::step(&mut sql, tenant, deletion, limit);
    sql.push(") RETURNING start");
    sql
}

/// Tells how many records are to be deleted, and when the first and the last of them start.
pub(in super::super) fn reach(tenant: TenantId, deletion: &Deletion) -> Sql {
    let mut sql = Sql::default();
    sql.push("SELECT count(*), min(start), max(start) FROM recordings");
    deletion::conditions(&mut sql, tenant, deletion);
    sql
}

/// [`reach`] of a bulk load that has not ended.
pub(in super::super) fn reach_staged(tenant: TenantId, deletion: &Deletion) -> Sql {
    let mut sql = Sql::default();
    sql.push("SELECT count(*), min(start), max(start) FROM staged");
    deletion::conditions(&mut sql, tenant, deletion);
    sql
}

/// Deletes records of a bulk load that has not ended.
pub(in super::super) fn delete_staged(tenant: TenantId, deletion: &Deletion) -> Sql {
    let mut sql = Sql::default();
    sql.push("DELETE FROM staged");
    deletion::conditions(&mut sql, tenant, deletion);
    sql
}
