//! Pages and exports.

use vcc_query::Wanted;
use vcc_types::{Field, Order};

use crate::index::{Index, SHORT as SHORT_TEXT, has_short_texts_only};
use crate::plan::{LOOK_BACK, Plan};
use crate::record::{TEXTS, limit};
use crate::sql::columns::{ALL, BYTES, TEXT_COLUMNS, column};
use crate::sql::text::{number, text, written};
use crate::sql::{Sql, statements, tenant};

statements! {
    /// Records of a page by their numbers, sorted by the caller.
    PICK = tenant(text!("SELECT ", ALL, ", id FROM recordings WHERE tenant = $1 AND id = ANY($2)"));
}

/// How many bytes a record has at most that comes with a guarded page. A longer one is read by itself.
pub(in super::super) const SHORT: usize = 8 * 1024;

/// What is read of a guarded page: the columns of each record, its number and how many bytes its texts
/// have, around what gives the records. The texts that may be long are left out if the record has more
/// than [`SHORT`].
///
/// `OFFSET 0`: the bytes are counted once, and after the page has been cut out of its list. No text is
/// read to be counted; still a guarded page takes PostgreSQL half as long again as a plain one.
pub(super) const GUARDED: [&str; 2] = [
    text!(
        "SELECT start, ",
        written!(each_column(&TEXT_COLUMNS, &GUARDS, ", ", 0)),
        ", id, bytes FROM (SELECT *, ",
        BYTES,
        " AS bytes FROM (",
    ),
    ") AS page OFFSET 0) AS page",
];

/// How each text is read. Those in an index are short, and decide the place of a record.
const GUARDS: [&str; TEXTS] = {
    let mut guards = ["%"; TEXTS];
    let mut at = 0;
    while at < TEXTS {
        if limit(Field::ALL[at + 1]) > SHORT {
            guards[at] = text!("CASE WHEN bytes <= ", number!(SHORT as i64), " THEN % END");
        }
        at += 1;
    }
    guards
};

/// Reads a page, and one record more to tell whether there is one.
///
/// A key or ten seconds of finishes leave few rows, which are sorted; otherwise the list is read in its
/// order until the page is full. PostgreSQL knows neither of them for sure, so the few rows are found by
/// a part of the statement that the rest of it does not reach into.
pub(in super::super) fn page(plan: &Plan<'_>, guarded: bool) -> Sql {
    let mut sql = Sql::default();
    let index = plan.index();
    let found = matches!(index, Index::Finish | Index::Of(Field::TransactionId));
    let leaps = plan.is_deep_in().is_some();
    if found {
        sql.push("WITH found AS MATERIALIZED (SELECT * FROM recordings WHERE tenant = ");
        sql.integer(plan.tenant.0);
        match index {
            Index::Finish => plan.finish_condition(&mut sql),
            _ => plan.field_condition(&mut sql, Field::TransactionId),
        }
        sql.push(") ");
    } else if leaps {
        place(plan, &mut sql);
    }
    match guarded {
        true => sql.push(GUARDED[0]).push("SELECT *"),
        false => sql.push(text!("SELECT ", ALL)),
    };
    sql.push(if found { " FROM found" } else { " FROM recordings" });
    plan.conditions(&mut sql);
    if !found {
        short_conditions(plan, &mut sql);
    }
    if leaps {
        sql.push(match plan.order {
            Order::StartAscending => " AND start >= (SELECT start FROM place)",
            Order::StartDescending => " AND start <= (SELECT start FROM place)",
        });
    }
    plan.order_by(&mut sql);
    // A constant where it can be one, so that the plan is made for a short list.
    match plan.size {
        50 => sql.push(" LIMIT 51"),
        size => sql.push(" LIMIT ").integer(size as i64 + 1),
    };
    if leaps {
        ties(plan, &mut sql);
    } else if plan.skip > 0 {
        sql.push(" OFFSET ").integer(plan.skip.cast_signed());
    }
    if guarded {
        sql.push(GUARDED[1]);
    }
    sql
}

/// `WITH` the place of a deep page by one field: when its first record starts, and how many of the
/// [`LOOK_BACK`] before it start at the same time. An index of the field tells it without a look at the
/// records before; without one this takes as long as an `OFFSET`. If the list ends before, there is no
/// place, and a comparison with NULL finds nothing.
fn place(plan: &Plan<'_>, sql: &mut Sql) {
    sql.push("WITH edge AS MATERIALIZED (SELECT start FROM recordings");
    plan.conditions(sql);
    short_conditions(plan, sql);
    plan.order_by_start(sql);
    sql.push(text!(" LIMIT ", number!(LOOKED_AT), " OFFSET "));
    sql.integer((plan.skip - LOOK_BACK).cast_signed());
    sql.push(match plan.order {
        Order::StartAscending => "), last AS MATERIALIZED (SELECT max(start) AS start",
        Order::StartDescending => "), last AS MATERIALIZED (SELECT min(start) AS start",
    });
    sql.push(text!(
        " FROM edge HAVING count(*) = ",
        number!(LOOKED_AT),
        "), place AS MATERIALIZED (SELECT last.start,
        (SELECT count(*) - 1 FROM edge WHERE edge.start = last.start) AS ties FROM last) ",
    ));
}

/// How many records are looked at to find a place: its own, and those before.
const LOOKED_AT: i64 = LOOK_BACK.cast_signed() + 1;

/// `OFFSET`, from what starts at the place on. If all that was looked at starts then, there may be more of
/// it: how many come before is known from how many do not.
fn ties(plan: &Plan<'_>, sql: &mut Sql) {
    sql.push(text!(
        " OFFSET (SELECT CASE WHEN ties < ",
        number!(LOOK_BACK.cast_signed()),
        " THEN ties ELSE ",
    ));
    sql.integer(plan.skip.cast_signed()).push(" - (SELECT count(*) FROM recordings");
    plan.conditions(sql);
    short_conditions(plan, sql);
    sql.push(match plan.order {
        Order::StartAscending => " AND start < (SELECT start FROM place)) END FROM place)",
        Order::StartDescending => " AND start > (SELECT start FROM place)) END FROM place)",
    });
}

/// The condition of an index that a field may be given: that the texts of its entries are short. It follows
/// from the other conditions, but PostgreSQL does not see that.
fn short_conditions(plan: &Plan<'_>, sql: &mut Sql) {
    for filter in plan.filters {
        let Wanted::Text(wanted) = &filter.wanted else { continue };
        if has_short_texts_only(filter.field) && wanted.len() <= SHORT_TEXT {
            sql.push(" AND octet_length(").push(column(filter.field));
            sql.push(text!(") <= ", number!(SHORT_TEXT as i64)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_guarded_is_every_text_that_can_be_long() {
        let guard = "CASE WHEN bytes <= 8192 THEN ";
        let (columns, bytes) = GUARDED[0].split_once(", id, bytes FROM (SELECT *, ").unwrap();
        assert_eq!(columns.replace(guard, "").replace(" END", ""), format!("SELECT {ALL}"));
        let plain = columns.split(", ").filter(|column| !column.starts_with(guard));
        let plain: Vec<_> = plain.collect();
        assert_eq!(
            plain,
            ["SELECT start", "agent_id", "phone_number", "filename", "transaction_id"]
        );
        assert_eq!(bytes, format!("{BYTES} AS bytes FROM ("));
    }
}
