//! Which records a deletion means, as conditions of a statement.

use vcc_types::Field;

use super::Sql;
use super::columns::column;
use crate::micros::ceil;
use crate::{Deletion, TenantId};

/// The records of a deletion, from `WHERE` on.
pub(crate) fn conditions(sql: &mut Sql, tenant: TenantId, deletion: &Deletion) {
    // AUTH-4
    sql.push(" WHERE tenant = ").integer(tenant.0);
    match deletion {
        Deletion::Before(instant) => {
            sql.push(" AND start < ").integer(ceil(*instant));
        }
        Deletion::All => {}
        Deletion::Field(Field::StartDate, _) => {
            sql.push(" AND start IS NULL");
        }
        Deletion::Field(field, value) => {
            sql.push(" AND ").push(column(*field)).push(" = ").text(value);
        }
    }
}

/// The next of them, from `WHERE` on: those that are deleted in one step.
pub(crate) fn step(sql: &mut Sql, tenant: TenantId, deletion: &Deletion, limit: i64) {
    conditions(sql, tenant, deletion);
    if matches!(deletion, Deletion::Before(_) | Deletion::All) {
        sql.push(" ORDER BY start");
    }
    sql.push(" LIMIT ").integer(limit);
}
