use rusqlite::Connection;
use vcc_query::Selection;

use super::error;
use super::import::read;
use crate::counts::{Direction, LEVELS, Step, Walk, bucket, instants};
use crate::plan::Plan;
use crate::sql::{Sql, Value};
use crate::{Page, StoreError, TenantId};

pub(super) fn page(
    connection: &mut Connection,
    tenant: TenantId,
    selection: &Selection,
) -> Result<Page, StoreError> {
    let Some(mut plan) = Plan::new(tenant, selection) else { return Ok(Page::default()) };
    let failed = error("cannot read a page");
    if !plan.is_deep() {
        return read_page(connection, &plan).map_err(failed);
    }
    // One snapshot for the counts and for the records.
    let transaction = connection.transaction().map_err(&failed)?;
    let page = if approach(&transaction, tenant, &mut plan).map_err(&failed)? {
        read_page(&transaction, &plan).map_err(&failed)?
    } else {
        Page::default()
    };
    transaction.commit().map_err(failed)?;
    Ok(page)
}

fn read_page(connection: &Connection, plan: &Plan<'_>) -> rusqlite::Result<Page> {
    let mut page = Page { records: Vec::with_capacity(plan.size), more: false };
    rows(connection, &plan.page_for_sqlite(), |row| {
        // Of the record after the page nothing matters but that it is there.
        if page.records.len() == plan.size {
            page.more = true;
        } else {
            page.records.push(read(row)?);
        }
        Ok(())
    })?;
    Ok(page)
}

/// Narrows a plan by start alone to begin in the bucket in which its offset ends; `false` where
/// there are not that many records.
fn approach(
    connection: &Connection,
    tenant: TenantId,
    plan: &mut Plan<'_>,
) -> rusqlite::Result<bool> {
    let (from, until) = (plan.start.start, plan.start.end);
    // The end that the list begins with, if it has one, may lie inside a bucket: the rest of that
    // bucket is counted by itself.
    let mut walk = match plan.direction {
        Direction::Ascending if from == i64::MIN => {
            Walk::from_the_beginning(plan.direction, plan.skip)
        }
        Direction::Descending if until == i64::MAX => {
            Walk::from_the_beginning(plan.direction, plan.skip)
        }
        Direction::Ascending => {
            let first = bucket(0, from);
            let rest = from..instants(first).end.min(until);
            let Some(skip) = plan.skip.checked_sub(count(connection, tenant, rest)?) else {
                return Ok(true);
            };
            Walk::from_bucket(plan.direction, first + 1, skip)
        }
        Direction::Descending => {
            let first = bucket(0, until - 1);
            let rest = instants(first).start.max(from)..until;
            let Some(skip) = plan.skip.checked_sub(count(connection, tenant, rest)?) else {
                return Ok(true);
            };
            Walk::from_bucket(plan.direction, first - 1, skip)
        }
    };
    let mut step = walk.first();
    loop {
        match step {
            Step::Read { level, buckets } => {
                let sql = Plan::counts(tenant, LEVELS[level], buckets, plan.direction);
                let mut counts = Vec::new();
                rows(connection, &sql, |row| {
                    counts.push((row.get(0)?, row.get::<_, i64>(1)?.cast_unsigned()));
                    Ok(())
                })?;
                step = walk.next(counts);
            }
            Step::Found { bucket, skip } => {
                let instants = instants(bucket);
                // The far end stays what it was: the bucket may lie beyond it, and then the list
                // ends before the page.
                plan.start = match plan.direction {
                    Direction::Ascending => instants.start..until,
                    Direction::Descending => from..instants.end,
                };
                plan.skip = skip;
                return Ok(!plan.start.is_empty());
            }
            Step::End => return Ok(false),
        }
    }
}

fn count(
    connection: &Connection,
    tenant: TenantId,
    start: std::ops::Range<i64>,
) -> rusqlite::Result<u64> {
    let mut count = 0_i64;
    rows(connection, &Plan::count(tenant, start), |row| {
        count = row.get(0)?;
        Ok(())
    })?;
    Ok(count.cast_unsigned())
}

/// Runs a statement, and hands over its rows one after another.
pub(super) fn rows(
    connection: &Connection,
    sql: &Sql,
    mut each: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(&sql.text)?;
    for (index, value) in sql.values.iter().enumerate() {
        match value {
            Value::Integer(value) => statement.raw_bind_parameter(index + 1, value)?,
            Value::Text(value) => statement.raw_bind_parameter(index + 1, value.as_str())?,
        }
    }
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next()? {
        each(row)?;
    }
    Ok(())
}
