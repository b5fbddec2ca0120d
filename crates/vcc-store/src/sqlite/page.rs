use std::collections::HashMap;
use std::ops::Deref;

use rusqlite::{Connection, Rows, Statement};
use vcc_query::Selection;

use super::error;
use super::gather::{MOST, gathered};
use super::import::read;
use super::index::given;
use super::places::{self, List, Place};
use super::walk::{Step, Walk};
use crate::counts::{Direction, LEVELS, bucket, instants};
use crate::index::Index;
use crate::plan::{LOOK_BACK, Plan};
use crate::rest::{Left, in_order, whole};
use crate::sql::{Sql, Value};
use crate::{Page, Rest, StoreError, TenantId};

/// The beginning of a page. Whoever calls holds the snapshot that its statements read from.
pub(super) fn begin(
    snapshot: &Snapshot<'_>,
    tenant: TenantId,
    selection: &Selection,
) -> Result<Page, StoreError> {
    let Some(mut plan) = Plan::new(tenant, selection) else { return Ok(Page::default()) };
    let failed = error("cannot read a page");
    if plan.asks_for_given() {
        // At the same moment, so that no statement names an index that has just gone.
        plan.given = given(snapshot).map_err(&failed)?;
    }
    let reached = if plan.is_deep() {
        approach(snapshot, tenant, &mut plan).map_err(&failed)?
    } else if plan.is_deep_in().is_some_and(|field| plan.index() == Index::Of(field)) {
        go_on(snapshot, &mut plan).map_err(&failed)?
    } else {
        true
    };
    if !reached {
        return Ok(Page::default());
    }
    read_page(snapshot, &plan, selection).map_err(failed)
}

/// What comes next of a page that has begun.
pub(super) fn rest(
    snapshot: &Snapshot<'_>,
    tenant: TenantId,
    selection: &Selection,
    rest: Rest,
) -> Result<Page, StoreError> {
    let records = rest.records();
    let piece = read_next(snapshot, tenant, selection, rest, 1);
    whole(piece.map_err(error("cannot read a page"))?, records)
}

/// One moment of the database, for several statements, until this is dropped.
pub(super) struct Snapshot<'a>(&'a Connection);

impl<'a> Snapshot<'a> {
    pub(super) fn new(connection: &'a Connection) -> rusqlite::Result<Self> {
        // First, for a statement that is interrupted may have begun all the same.
        let snapshot = Self(connection);
        // Kept, unlike those of a transaction of rusqlite's.
        connection.prepare_cached("BEGIN")?.execute([])?;
        Ok(snapshot)
    }
}

impl Drop for Snapshot<'_> {
    fn drop(&mut self) {
        let end = |word| self.0.prepare_cached(word).and_then(|mut end| end.execute([]));
        // Nothing was written, so both mean the same; what fails in the one succeeds in the other.
        if !self.0.is_autocommit() && end("COMMIT").is_err() {
            let _ = end("ROLLBACK");
        }
    }
}

impl Deref for Snapshot<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.0
    }
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
        rows(connection, &plan.page_for_sqlite(true), |row| {
            places.push(row.get::<_, i64>(0)? as usize);
            Ok(())
        })?;
        Ok(places)
    })?;
    let Some(mut records) = records else { return read_long(connection, plan, selection) };
    // Of the record after the page nothing matters but that it is there.
    let more = records.len() > plan.size;
    records.truncate(plan.size);
    Ok(Page { records, more, rest: None })
}

/// [`read_page`] where a statement would gather too much: first which records the page has, then
/// those that are read at one go. So nothing long is sorted, nor read in vain.
fn read_long(
    connection: &Connection,
    plan: &Plan<'_>,
    selection: &Selection,
) -> rusqlite::Result<Page> {
    let mut left = Vec::with_capacity(plan.size + 1);
    rows(connection, &plan.page_for_sqlite(false), |row| {
        let bytes = row.get::<_, u32>(2)? as usize;
        left.push(Left { id: row.get(0)?, start: row.get(1)?, bytes });
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
    for Left { id, .. } in &taken {
        rows(connection, &Plan::record_for_sqlite(tenant, *id), |row| {
            found.insert(*id, read(row)?);
            Ok(())
        })?;
    }
    let more = rest.more();
    Ok(Page { records: in_order(&taken, found, selection), more, rest: rest.left() })
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

/// [`leap`] from the last place in the list that is remembered, and remembers this one.
fn go_on(connection: &Connection, plan: &mut Plan<'_>) -> rusqlite::Result<bool> {
    let (list, skip) = (List::of(plan), plan.skip);
    let Some((list, places)) = list.zip(places::of(connection)?) else {
        return leap(connection, plan).map(|place| place.is_some());
    };
    let known = places::lock(&places).take(&list, skip);
    if let Some(Place { before, start }) = known {
        plan.begin_at(start);
        plan.skip -= before;
    }
    let place = match known {
        Some(place) if plan.skip < LOOK_BACK => Some(place.start),
        _ => leap(connection, plan)?,
    };
    let Some(start) = place else { return Ok(false) };
    places::lock(&places).add(list, Place { before: skip - plan.skip, start });
    Ok(true)
}

/// Narrows a plan by one field to begin with what starts when the first record of its page does, out
/// of the field's index alone, and says when that is; `None` where there are not that many records.
fn leap(connection: &Connection, plan: &mut Plan<'_>) -> rusqlite::Result<Option<i64>> {
    let mut starts = Vec::with_capacity(LOOK_BACK as usize + 1);
    rows(connection, &plan.starts_for_sqlite(), |row| {
        starts.push(row.get::<_, i64>(0)?);
        Ok(())
    })?;
    let Some(&start) = starts.get(LOOK_BACK as usize) else { return Ok(None) };
    let ties = starts.iter().rev().skip(1).take_while(|other| **other == start).count() as u64;
    if ties == LOOK_BACK {
        // There may be more of them. How many come before is known from how many do not.
        let list = plan.start.clone();
        plan.start = match plan.direction {
            Direction::Ascending => list.start..start,
            Direction::Descending => start + 1..list.end,
        };
        plan.skip -= counted(connection, &plan.count_for_sqlite())?;
        plan.start = list;
    } else {
        plan.skip = ties;
    }
    plan.begin_at(start);
    Ok(Some(start))
}

fn count(
    connection: &Connection,
    tenant: TenantId,
    start: std::ops::Range<i64>,
) -> rusqlite::Result<u64> {
    counted(connection, &Plan::count(tenant, start))
}

fn counted(connection: &Connection, sql: &Sql) -> rusqlite::Result<u64> {
    let mut count = 0_i64;
    rows(connection, sql, |row| {
        count = row.get(0)?;
        Ok(())
    })?;
    Ok(count.cast_unsigned())
}

/// The rows of a statement with its values.
pub(super) fn bound<'a>(statement: &'a mut Statement<'_>, sql: &Sql) -> rusqlite::Result<Rows<'a>> {
    for (index, value) in sql.values.iter().enumerate() {
        match value {
            Value::Integer(value) => statement.raw_bind_parameter(index + 1, value)?,
            Value::Text(value) => statement.raw_bind_parameter(index + 1, value.as_str())?,
        }
    }
    Ok(statement.raw_query())
}

/// Runs a statement, and hands over its rows one after another.
pub(super) fn rows(
    connection: &Connection,
    sql: &Sql,
    mut each: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(&sql.text)?;
    let mut rows = bound(&mut statement, sql)?;
    while let Some(row) = rows.next()? {
        each(row)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use chrono::DateTime;
    use rusqlite::ErrorCode;
    use vcc_query::{Filter, Wanted};
    use vcc_types::{Field, Order, Recording};

    use super::*;
    use crate::sqlite::pool::{Location, read_afresh};
    use crate::{Deletion, Sqlite, Store as _, StoredRecord};

    /// A walk goes on where its last page began, until something is written, of whichever tenant and by
    /// whichever connection; and then what comes before a page is counted again.
    #[tokio::test]
    async fn a_walk_goes_on_as_long_as_nothing_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("recordings.db");
        let store = Sqlite::create(&path).unwrap();
        let zone = "UTC".parse().unwrap();
        let tenant = store.add_tenant("acme", zone, DateTime::UNIX_EPOCH).await.unwrap().id;
        let other = store.add_tenant("globex", zone, DateTime::UNIX_EPOCH).await.unwrap().id;
        let record = |second| {
            let start = DateTime::from_timestamp(second, 0).unwrap();
            let recording = Recording::new().with(Field::AgentId, "bill");
            StoredRecord::with_start(&recording, start).unwrap()
        };
        store.import(tenant, (0..9_000).map(record).collect::<Vec<_>>().into()).await.unwrap();
        let path = Some(path);
        let location = Location { path, create: false, read_only: true, is_alone: false };
        let steps = Arc::new(AtomicU32::new(0));
        let counted = steps.clone();
        // So many hundred steps of SQLite's machine, and the start of the page's first record.
        let page = move |reader: &mut Connection, first, order| {
            let snapshot = Snapshot::new(reader).unwrap();
            let wanted = Wanted::Text("bill".into());
            let filters = vec![Filter { field: Field::AgentId, wanted }];
            let selection = Selection { filters, first, order, ..crate::selection::any_record() };
            steps.store(0, Ordering::Relaxed);
            let page = begin(&snapshot, tenant, &selection).unwrap();
            let start = page.records[0].start_micros() / 1_000_000;
            (steps.load(Ordering::Relaxed), start)
        };
        let runtime = tokio::runtime::Handle::current();
        let walked = tokio::task::spawn_blocking(move || {
            read_afresh(&location, |reader| {
                let count = move || {
                    counted.fetch_add(1, Ordering::Relaxed);
                    false
                };
                reader.progress_handler(100, Some(count)).unwrap();
                for (order, from, shift) in
                    [(Order::StartAscending, 0, 1), (Order::StartDescending, 8_999, -1)]
                {
                    let begins = |at: i64| from + shift * at;
                    let (long, start) = page(reader, 8_001, order);
                    assert!(long > 100 && start == begins(8_000), "{long} {start}");
                    for first in [8_001, 8_051, 8_052, 8_101] {
                        let (short, start) = page(reader, first, order);
                        assert!(short < 25, "{short}");
                        assert_eq!(start, begins(first as i64 - 1));
                    }
                }
                // Before it in the one order, and after it in the other.
                let changes: [(&dyn Fn(), i64); 3] = [
                    (
                        &|| drop(runtime.block_on(store.import(other, vec![record(7)].into()))),
                        8_000,
                    ),
                    (
                        &|| drop(runtime.block_on(store.import(tenant, vec![record(7)].into()))),
                        7_999,
                    ),
                    (
                        &|| {
                            let seven = DateTime::from_timestamp(8, 0).unwrap();
                            let before = Deletion::Before(seven);
                            assert_eq!(runtime.block_on(store.delete(tenant, &before)).unwrap(), 9);
                        },
                        8_008,
                    ),
                ];
                for (change, expected) in changes {
                    page(reader, 8_001, Order::StartAscending);
                    change();
                    let (long, start) = page(reader, 8_001, Order::StartAscending);
                    assert!(long > 100 && start == expected, "{long} {start} {expected}");
                }
                Ok(())
            })
        });
        walked.await.unwrap().unwrap();
    }

    #[test]
    fn a_snapshot_that_is_interrupted_as_it_begins_leaves_none_open() {
        let mut connection = Connection::open_in_memory().unwrap();
        // What is prepared already is not interrupted by being prepared.
        drop(Snapshot::new(&connection).unwrap());
        let mut interrupted = 0;
        for steps in 1..=8 {
            let mut once = true;
            connection.progress_handler(steps, Some(move || std::mem::take(&mut once))).unwrap();
            if let Err(error) = Snapshot::new(&connection) {
                assert_eq!(error.sqlite_error_code(), Some(ErrorCode::OperationInterrupted));
                interrupted += 1;
            }
            assert!(connection.is_autocommit(), "after {steps} steps");
        }
        assert!(interrupted > 0);
    }
}
