//! Where a page begins that is far down its list: found without reading the records before it.

mod landmarks;
mod seek;

use std::ops::Range;

use rusqlite::Connection;
use vcc_types::Order;

pub(super) use self::landmarks::register;
use self::landmarks::{Landmark, List};
use self::seek::{Seek, Step};
use super::rows::rows;
use super::statements as s;
use crate::counts::{LEVELS, bucket, instants};
use crate::index::Index;
use crate::plan::{LOOK_BACK, Plan};

/// Narrows the plan of a deep page, so that few records come before it; `false` if the list ends before
/// the page.
pub(super) fn approach(snapshot: &Connection, plan: &mut Plan<'_>) -> rusqlite::Result<bool> {
    if plan.is_deep() {
        by_counts(snapshot, plan)
    } else if plan.is_deep_in().is_some_and(|field| plan.index() == Index::Of(field)) {
        by_field(snapshot, plan)
    } else {
        Ok(true)
    }
}

/// Narrows a plan by start alone to begin in the bucket in which its offset ends.
fn by_counts(connection: &Connection, plan: &mut Plan<'_>) -> rusqlite::Result<bool> {
    let (from, until) = (plan.start.start, plan.start.end);
    // If the list has an end where it begins, that may lie inside a bucket. The part of the bucket that
    // belongs to the list is counted by itself.
    let mut seek = match plan.order {
        Order::StartAscending if from == i64::MIN => {
            Seek::from_the_beginning(plan.order, plan.skip)
        }
        Order::StartDescending if until == i64::MAX => {
            Seek::from_the_beginning(plan.order, plan.skip)
        }
        Order::StartAscending => {
            let first = bucket(0, from);
            let part = from..instants(first).end.min(until);
            let Some(skip) = plan.skip.checked_sub(in_range(connection, plan, part)?) else {
                return Ok(true);
            };
            Seek::from_bucket(plan.order, first + 1, skip)
        }
        Order::StartDescending => {
            let first = bucket(0, until - 1);
            let part = instants(first).start.max(from)..until;
            let Some(skip) = plan.skip.checked_sub(in_range(connection, plan, part)?) else {
                return Ok(true);
            };
            Seek::from_bucket(plan.order, first - 1, skip)
        }
    };
    let mut step = seek.first();
    loop {
        match step {
            Step::Read { level, buckets } => {
                step = seek.next(counts(connection, plan, level, buckets)?);
            }
            Step::Found { bucket, skip } => {
                let instants = instants(bucket);
                // The far end stays what it was: the bucket may lie beyond it, and then the list ends
                // before the page.
                plan.start = match plan.order {
                    Order::StartAscending => instants.start..until,
                    Order::StartDescending => from..instants.end,
                };
                plan.skip = skip;
                return Ok(!plan.start.is_empty());
            }
            Step::End => return Ok(false),
        }
    }
}

/// The counts of buckets of a level, in the order of the list.
fn counts(
    connection: &Connection,
    plan: &Plan<'_>,
    level: usize,
    buckets: Range<i64>,
) -> rusqlite::Result<Vec<(i64, u64)>> {
    let statement = match plan.order {
        Order::StartAscending => s::COUNTS_ASCENDING,
        Order::StartDescending => s::COUNTS_DESCENDING,
    };
    connection
        .prepare_cached(statement.text)?
        .query_map((plan.tenant.0, LEVELS[level], buckets.start, buckets.end), |row| {
            Ok((row.get(0)?, row.get::<_, i64>(1)?.cast_unsigned()))
        })?
        .collect()
}

/// [`leap`] from the last landmark of the list, and remembers where that led.
fn by_field(connection: &Connection, plan: &mut Plan<'_>) -> rusqlite::Result<bool> {
    let (list, skip) = (List::of(plan), plan.skip);
    let Some((list, landmarks)) = list.zip(landmarks::of(connection)?) else {
        return leap(connection, plan).map(|start| start.is_some());
    };
    let known = landmarks::lock(&landmarks).take(&list, skip);
    if let Some(Landmark { before, start }) = known {
        plan.begin_at(start);
        plan.skip -= before;
    }
    let start = match known {
        Some(landmark) if plan.skip < LOOK_BACK => Some(landmark.start),
        _ => leap(connection, plan)?,
    };
    let Some(start) = start else { return Ok(false) };
    landmarks::lock(&landmarks).add(list, Landmark { before: skip - plan.skip, start });
    Ok(true)
}

/// Narrows a plan by one field to begin with the records that start when the first record of its page
/// does. The index of the field tells when that is, which is returned; `None` if the list ends before.
fn leap(connection: &Connection, plan: &mut Plan<'_>) -> rusqlite::Result<Option<i64>> {
    let mut starts = Vec::with_capacity(LOOK_BACK as usize + 1);
    rows(connection, &s::starts(plan), |row| {
        starts.push(row.get::<_, i64>(0)?);
        Ok(())
    })?;
    let Some(&start) = starts.get(LOOK_BACK as usize) else { return Ok(None) };
    let ties = starts.iter().rev().skip(1).take_while(|other| **other == start).count() as u64;
    if ties == LOOK_BACK {
        // There may be more of them. How many come before is known from how many do not.
        let list = plan.start.clone();
        plan.start = match plan.order {
            Order::StartAscending => list.start..start,
            Order::StartDescending => start + 1..list.end,
        };
        let mut before = 0_i64;
        rows(connection, &s::count(plan), |row| {
            before = row.get(0)?;
            Ok(())
        })?;
        plan.skip -= before.cast_unsigned();
        plan.start = list;
    } else {
        plan.skip = ties;
    }
    plan.begin_at(start);
    Ok(Some(start))
}

/// How many records of a tenant start in a range.
fn in_range(connection: &Connection, plan: &Plan<'_>, start: Range<i64>) -> rusqlite::Result<u64> {
    connection
        .prepare_cached(s::IN_START_RANGE.text)?
        .query_row((plan.tenant.0, start.start, start.end), |row| row.get::<_, i64>(0))
        .map(i64::cast_unsigned)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use chrono::DateTime;
    use vcc_query::{Filter, Selection, Wanted};
    use vcc_types::{Field, Recording};

    use super::*;
    use crate::sqlite::location::Location;
    use crate::sqlite::page::begin_in;
    use crate::sqlite::pool::read_afresh;
    use crate::sqlite::snapshot::Snapshot;
    use crate::{Deletion, Sqlite, Store as _, StoredRecord};

    /// A walk goes on where its last page began, until something is written, for any tenant and by
    /// any connection; then the records before a page are counted again.
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
        // How many hundred steps of SQLite's machine a page takes, and the start of its first
        // record.
        let page = move |reader: &mut Connection, first, order| {
            let snapshot = Snapshot::new(reader).unwrap();
            let wanted = Wanted::Text("bill".into());
            let filters = vec![Filter { field: Field::AgentId, wanted }];
            let selection = Selection { filters, first, order, ..crate::selection::any_record() };
            steps.store(0, Ordering::Relaxed);
            let page = begin_in(&snapshot, tenant, &selection).unwrap();
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
                // Before it in one order, and after it in the other.
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
}
