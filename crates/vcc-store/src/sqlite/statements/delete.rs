//! Deletions.

use vcc_types::Field;

use crate::sql::{Sql, deletion, statements, tenant};
use crate::{Deletion, TenantId};

statements! {
    DELETE = tenant("DELETE FROM recordings WHERE tenant = $1 AND id = $2");
}

/// Finds some records to be deleted: their numbers and starts.
pub(in super::super) fn to_delete(tenant: TenantId, deletion: &Deletion, limit: i64) -> Sql {
    let mut sql = Sql::default();
    sql.push("SELECT id, start FROM recordings");
    if matches!(deletion, Deletion::Before(_) | Deletion::All) {
        sql.push(" INDEXED BY recordings_start");
    }
    deletion::step(&mut sql, tenant, deletion, limit);
    sql
}

/// Tells how many records are to be deleted, and when the first and the last of them start: from an index
/// alone if there is one.
pub(in super::super) fn reach(tenant: TenantId, deletion: &Deletion) -> Sql {
    let mut sql = Sql::default();
    sql.push("SELECT count(*), min(start), max(start) FROM recordings").push(match deletion {
        Deletion::Before(_) | Deletion::All => " INDEXED BY recordings_start",
        Deletion::Field(Field::PhoneNumber, _) => " INDEXED BY recordings_phone",
        Deletion::Field(Field::AgentId, _) => " INDEXED BY recordings_agent",
        Deletion::Field(..) => "",
    });
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
