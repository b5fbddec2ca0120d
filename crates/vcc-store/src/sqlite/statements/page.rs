//! Pages and exports.

use crate::plan::Plan;
use crate::sql::columns::{ALL, BYTES};
use crate::sql::text::text;
use crate::sql::{Sql, statements, tenant};

statements! {
    /// A record of a page, by its number.
    PICK = tenant(text!("SELECT ", ALL, " FROM recordings WHERE tenant = $1 AND id = $2"));
}

/// Reads a page, and one record more to tell whether there is one: the positions of records that it
/// gathers, or the numbers, starts and lengths of records. It names the index that it reads, so its plan
/// needs no statistics and never changes.
pub(in super::super) fn page(plan: &Plan<'_>, gathers: bool) -> Sql {
    let mut sql = Sql::default();
    sql.push(match gathers {
        true => text!("SELECT gather(", ALL, ")"),
        false => text!("SELECT id, start, ", BYTES),
    });
    index_and_conditions(plan, &mut sql);
    plan.order_by(&mut sql);
    sql.push(" LIMIT ").integer(plan.size as i64 + 1);
    if plan.skip > 0 {
        sql.push(" OFFSET ").integer(plan.skip.cast_signed());
    }
    sql
}

/// Reads all of a list. By the index of the starts nothing is sorted; by another, records that tie are,
/// for which SQLite uses a file if they are many.
pub(in super::super) fn list(plan: &Plan<'_>) -> Sql {
    let mut sql = Sql::default();
    sql.push(text!("SELECT ", ALL));
    index_and_conditions(plan, &mut sql);
    plan.order_by(&mut sql);
    sql
}

/// `FROM` the index of the plan, and the conditions.
pub(super) fn index_and_conditions(plan: &Plan<'_>, sql: &mut Sql) {
    sql.push(" FROM recordings INDEXED BY ").push(plan.index().name());
    plan.conditions(sql);
}
