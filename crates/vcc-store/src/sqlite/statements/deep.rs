//! Where a deep page begins.

use super::page::index_and_conditions;
use crate::plan::{LOOK_BACK, Plan};
use crate::sql::{Sql, statements, tenant};

statements! {
    /// How many records start in a range, from the index alone.
    IN_START_RANGE = tenant(
        "SELECT count(*) FROM recordings WHERE tenant = $1 AND start >= $2 AND start < $3",
    );
    COUNTS_ASCENDING = tenant(
        "SELECT bucket, records FROM counts WHERE tenant = $1 AND level = $2 AND bucket >= $3
         AND bucket < $4 ORDER BY bucket",
    );
    COUNTS_DESCENDING = tenant(
        "SELECT bucket, records FROM counts WHERE tenant = $1 AND level = $2 AND bucket >= $3
         AND bucket < $4 ORDER BY bucket DESC",
    );
}

/// Reads, from an index alone, the starts of the records up to the first of a deep page: that one, and
/// [`LOOK_BACK`] before it.
pub(in super::super) fn starts(plan: &Plan<'_>) -> Sql {
    let mut sql = Sql::default();
    sql.push("SELECT start");
    index_and_conditions(plan, &mut sql);
    plan.order_by_start(&mut sql);
    sql.push(" LIMIT ").integer(LOOK_BACK.cast_signed() + 1);
    sql.push(" OFFSET ").integer((plan.skip - LOOK_BACK).cast_signed());
    sql
}

/// Counts what matches, from an index alone.
pub(in super::super) fn count(plan: &Plan<'_>) -> Sql {
    let mut sql = Sql::default();
    sql.push("SELECT count(*)");
    index_and_conditions(plan, &mut sql);
    sql
}
