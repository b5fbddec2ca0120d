//! Pages, and the rest of a page.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension as _};
use vcc_query::Selection;

use super::deep;
use super::error::error;
use super::gather::{MOST, gathered};
use super::index::given;
use super::rows::{record, rows};
use super::snapshot::Snapshot;
use super::statements as s;
use crate::plan::Plan;
use crate::rest::{Pending, in_order};
use crate::{Page, Rest, StoreError, TenantId};

/// The beginning of a page, as it is now.
pub(super) fn begin(
    reader: &Connection,
    tenant: TenantId,
    selection: &Selection,
) -> Result<Page, StoreError> {
    let snapshot = Snapshot::new(reader).map_err(error("cannot read a page"))?;
    begin_in(&snapshot, tenant, selection)
}

/// [`begin`] in a snapshot that has other uses too.
pub(super) fn begin_in(
    snapshot: &Snapshot<'_>,
    tenant: TenantId,
    selection: &Selection,
) -> Result<Page, StoreError> {
    let Some(mut plan) = Plan::new(tenant, selection) else { return Ok(Page::default()) };
    let failed = error("cannot read a page");
    if plan.wants_given() {
        // In the same snapshot, so that no statement names an index that has just gone.
        plan.given = given(snapshot).map_err(&failed)?;
    }
    if !deep::approach(snapshot, &mut plan).map_err(&failed)? {
        return Ok(Page::default());
    }
    read_page(snapshot, &plan, selection).map_err(failed)
}

/// The next piece of a page that has begun.
pub(super) fn rest(
    snapshot: &Snapshot<'_>,
    tenant: TenantId,
    selection: &Selection,
    rest: Rest,
) -> Result<Page, StoreError> {
    let records = rest.records();
    let piece = read_next(snapshot, tenant, selection, rest, 1);
    piece.map_err(error("cannot read a page"))?.complete(records)
}

fn read_page(
    connection: &Connection,
    plan: &Plan<'_>,
    selection: &Selection,
) -> rusqlite::Result<Page> {
    if plan.skip >= MOST as u64 {
        return read_long(connection, plan, selection);
    }
    let records = gathered(|| {
        let mut places = Vec::with_capacity(plan.size + 1);
        rows(connection, &s::page(plan, true), |row| {
            places.push(row.get::<_, i64>(0)? as usize);
            Ok(())
        })?;
        Ok(places)
    })?;
    let Some(mut records) = records else { return read_long(connection, plan, selection) };
    // Of the record after the page only its existence matters.
    let more = records.len() > plan.size;
    records.truncate(plan.size);
    Ok(Page { records, more, rest: None })
}

/// [`read_page`] if a statement would gather too much: first which records the page has, then those
/// that are read at one go. So nothing long is sorted, or read in vain.
fn read_long(
    connection: &Connection,
    plan: &Plan<'_>,
    selection: &Selection,
) -> rusqlite::Result<Page> {
    let mut left = Vec::with_capacity(plan.size + 1);
    rows(connection, &s::page(plan, false), |row| {
        let bytes = row.get::<_, u32>(2)? as usize;
        left.push(Pending { id: row.get(0)?, start: row.get(1)?, bytes });
        Ok(())
    })?;
    let more = left.len() > plan.size;
    left.truncate(plan.size);
    read_next(connection, plan.tenant, selection, Rest::new(left, more), 0)
}

fn read_next(
    connection: &Connection,
    tenant: TenantId,
    selection: &Selection,
    mut rest: Rest,
    at_least: usize,
) -> rusqlite::Result<Page> {
    let taken = rest.next(at_least);
    let mut found = HashMap::with_capacity(taken.len());
    let mut pick = connection.prepare_cached(s::PICK.text)?;
    for Pending { id, .. } in &taken {
        if let Some(record) = pick.query_row((tenant.0, id), record).optional()? {
            found.insert(*id, record);
        }
    }
    let more = rest.more();
    Ok(Page { records: in_order(&taken, found, selection), more, rest: rest.left() })
}
