//! Imports into PostgreSQL: several batches at once, server processes that are killed, and readers
//! at the same time.

#![cfg(all(feature = "postgres", feature = "sqlite"))]

mod common;
mod postgres_server;

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::task::Poll;
use std::time::Duration;

use chrono::DateTime;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, TestRunner};
use tokio_postgres::{Client, NoTls};
use vcc_query::Selection;
use vcc_store::{
    Batch, Checkpoint, Imported, OnConflict, Postgres, Sqlite, Store, StoreError, StoreErrorKind,
    StoredRecord, TenantId,
};
use vcc_types::{Field, Recording};

use common::{everything, record};
use postgres_server::{database, psql};

/// The counts that differ from what counting the records gives.
const WRONG_COUNTS: &str = "WITH counted AS (SELECT tenant, level,
        floor(start / 1000000::numeric)::bigint >> level::integer AS bucket, count(*) AS records
        FROM recordings, unnest('{10,16,22,28}'::bigint[]) AS level GROUP BY 1, 2, 3)
    SELECT (SELECT count(*) FROM (TABLE counted EXCEPT SELECT tenant, level, bucket, records
            FROM counts) AS a)
        + (SELECT count(*) FROM (SELECT tenant, level, bucket, records FROM counts
            EXCEPT TABLE counted) AS b)";

async fn tenant(store: &dyn Store, name: &str) -> TenantId {
    store.add_tenant(name, "UTC".parse().unwrap(), DateTime::UNIX_EPOCH).await.unwrap().id
}

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

type Import<'a> = Pin<Box<dyn Future<Output = Result<Imported, StoreError>> + Send + 'a>>;

/// Polls imports in their order until all have ended.
async fn at_once(mut imports: Vec<Import<'_>>) -> Vec<Result<Imported, StoreError>> {
    let mut ended: Vec<_> = imports.iter().map(|_| None).collect();
    poll_fn(|context| {
        for (import, ended) in imports.iter_mut().zip(&mut ended) {
            if ended.is_none()
                && let Poll::Ready(outcome) = import.as_mut().poll(context)
            {
                *ended = Some(outcome);
            }
        }
        if ended.iter().all(Option::is_some) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    ended.into_iter().map(Option::unwrap).collect()
}

/// A batch of a source, after this many records of it.
fn step(records: &[StoredRecord], on_conflict: OnConflict, after: usize) -> Batch {
    let checkpoint = Checkpoint {
        source: "file".into(),
        after: after as u64,
        records: (after + records.len()) as u64,
    };
    Batch { records: records.to_vec(), on_conflict, checkpoint: Some(checkpoint) }
}

/// The records of a list, as all their texts.
async fn listed(store: &dyn Store, tenant: TenantId) -> Vec<StoredRecord> {
    let mut all = Vec::new();
    loop {
        let selection = Selection { first: all.len() as u64 + 1, ..everything() };
        let page = store.page(tenant, &selection).await.unwrap();
        if page.records.is_empty() {
            return all;
        }
        all.extend(page.records);
    }
}

#[tokio::test]
async fn batches_at_once_end_as_one_after_another() {
    let Some(url) = database() else { return };
    let store = Postgres::open(&url).await.unwrap();
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
    for case in 0..24 {
        let made = (proptest::collection::vec(record(), 1..240), 1_usize..60, any::<bool>());
        let (mut records, size, update) = made.new_tree(&mut runner).unwrap().current();
        if case % 2 == 0 {
            // As in a sorted file: no batch reaches into the range of another.
            for (number, record) in records.iter_mut().enumerate() {
                let texts = StoredRecord::text_fields().zip(record.texts());
                let recording = texts
                    .fold(Recording::new(), |recording, (field, text)| recording.with(field, text));
                let recording =
                    recording.with(Field::TransactionId, &format!("{:05}", number - number % 7));
                let start = DateTime::from_timestamp_micros(record.start_micros()).unwrap();
                *record = StoredRecord::with_start(&recording, start).unwrap();
            }
        }
        let on_conflict = if update { OnConflict::Update } else { OnConflict::Reject };
        let one = Sqlite::in_memory().unwrap();
        let (acme, other) =
            (tenant(&one, "acme").await, tenant(&store, &format!("case {case}")).await);
        let batches: Vec<_> = records.chunks(size).enumerate().collect();
        for group in batches.chunks(1 + case % 4) {
            let step = |(number, records): &(usize, &[StoredRecord])| {
                step(records, on_conflict, number * size)
            };
            let imports = group.iter().map(|batch| store.import(other, step(batch)) as Import<'_>);
            let outcomes = at_once(imports.collect()).await;
            for (batch, outcome) in group.iter().zip(outcomes) {
                assert_eq!(outcome.unwrap(), one.import(acme, step(batch)).await.unwrap());
            }
        }
        assert_eq!(listed(&store, other).await, listed(&one, acme).await);
    }
    assert_eq!(psql(&url, WRONG_COUNTS).unwrap(), "0");
}

fn numbered(number: usize, agent: &str) -> StoredRecord {
    let recording = Recording::new()
        .with(Field::TransactionId, &format!("{number:07}"))
        .with(Field::AgentId, agent);
    let start = DateTime::from_timestamp(number as i64 * 7, 0).unwrap();
    StoredRecord::with_start(&recording, start).unwrap()
}

/// Waits until a statement finds a row.
async fn until(url: &str, statement: &str) {
    for _ in 0..10_000 {
        if psql(url, statement).unwrap() == "t" {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("never: {statement}");
}

/// A batch writes before its turn, and then finds what has been added meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn what_comes_before_a_batch_that_is_written_ahead_is_known_to_it() {
    let Some(url) = database() else { return };
    let store = Arc::new(Postgres::open(&url).await.unwrap());
    let acme = tenant(&*store, "acme").await;
    let holder = connect(&url).await;
    holder.batch_execute("BEGIN; SELECT FROM tenants FOR UPDATE").await.unwrap();
    let import = {
        let store = store.clone();
        tokio::spawn(async move {
            let records: Vec<_> = (0..20).map(|number| numbered(number, "bill")).collect();
            let steps = [
                step(&records[..10], OnConflict::Reject, 0),
                step(&records[10..], OnConflict::Reject, 10),
            ];
            at_once(steps.map(|step| store.import(acme, step) as Import<'_>).into()).await
        })
    };
    // The second has written, while the first waits for the tenant.
    let written = "SELECT count(*) = 1 FROM pg_locks JOIN pg_stat_activity USING (pid)
        WHERE relation = 'recordings'::regclass AND mode = 'RowExclusiveLock' AND granted
        AND state = 'idle in transaction'";
    until(&url, written).await;
    // Records that the second batch has as well.
    holder
        .batch_execute(
            "INSERT INTO recordings (tenant, start, agent_id, phone_number, channel, case_id,
             duration, filename, queue_id, queue_name, account_number, transaction_id, ext_var1,
             ext_var2, out_dial_code, wrap_up_code) SELECT tenant, 0, 'other', '', '', '', '', '',
             '', '', '', '0000013', '', '', '', '' FROM tenants; COMMIT",
        )
        .await
        .unwrap();
    let outcomes: Vec<_> = import.await.unwrap().into_iter().map(Result::unwrap).collect();
    let imported = |added, conflicts: &[usize]| Imported {
        added,
        conflicts: conflicts.to_vec(),
        ..Imported::default()
    };
    assert_eq!(outcomes, [imported(10, &[]), imported(9, &[3])]);
    let rows = psql(&url, "SELECT count(*), count(DISTINCT transaction_id) FROM recordings");
    assert_eq!(rows.unwrap(), "20|20");
    assert_eq!(store.checkpoint(acme, "file").await.unwrap(), 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_one_fails_those_after_it_are_refused() {
    let Some(url) = database() else { return };
    let store = Arc::new(Postgres::open(&url).await.unwrap());
    let acme = tenant(&*store, "acme").await;
    let holder = connect(&url).await;
    holder.batch_execute("BEGIN; SELECT FROM tenants FOR UPDATE").await.unwrap();
    let import = {
        let store = store.clone();
        tokio::spawn(async move {
            let records: Vec<_> = (0..30).map(|number| numbered(number, "bill")).collect();
            let steps = records.chunks(10).enumerate();
            let steps = steps.map(|(at, records)| step(records, OnConflict::Reject, at * 10));
            at_once(steps.map(|step| store.import(acme, step) as Import<'_>).collect()).await
        })
    };
    let waiting = "pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%FOR UPDATE%'";
    until(&url, &format!("SELECT EXISTS (SELECT FROM {waiting})")).await;
    psql(&url, &format!("SELECT pg_terminate_backend(pid) FROM {waiting}")).unwrap();
    holder.batch_execute("ROLLBACK").await.unwrap();
    let kinds: Vec<_> =
        import.await.unwrap().into_iter().map(|outcome| outcome.unwrap_err().kind()).collect();
    let (gone, refused) = (StoreErrorKind::Unavailable, StoreErrorKind::Refused);
    assert_eq!(kinds, [gone, refused, refused]);
    assert_eq!(psql(&url, "SELECT count(*) FROM recordings").unwrap(), "0");
    assert_eq!(store.checkpoint(acme, "file").await.unwrap(), 0);
}

/// Imports a source, two batches at once, and continues until it is done.
async fn to_the_end(store: &dyn Store, tenant: TenantId, records: &[StoredRecord], size: usize) {
    loop {
        let mut done = match store.checkpoint(tenant, "file").await {
            Ok(done) => done as usize,
            Err(error) => {
                assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{error}");
                continue;
            }
        };
        loop {
            if done == records.len() {
                return;
            }
            let steps: Vec<_> = records[done..]
                .chunks(size)
                .take(2)
                .enumerate()
                .map(|(at, records)| step(records, OnConflict::Reject, done + at * size))
                .collect();
            let imports = steps.into_iter().map(|step| store.import(tenant, step) as Import<'_>);
            let outcomes = at_once(imports.collect()).await;
            match outcomes.iter().find_map(|outcome| outcome.as_ref().err()) {
                None => done = records.len().min(done + 2 * size),
                Some(error) => {
                    assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{error}");
                    break;
                }
            }
        }
    }
}

/// Records without keys at few instants, so that only their order tells whether one is missing or
/// doubled.
fn keyless(count: usize) -> Vec<StoredRecord> {
    let record = |number: usize| {
        let recording = Recording::new().with(Field::AgentId, &number.to_string());
        let start = DateTime::from_timestamp((number / 40) as i64, 0).unwrap();
        StoredRecord::with_start(&recording, start).unwrap()
    };
    (0..count).map(record).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_that_are_killed_lose_nothing_and_double_nothing() {
    let Some(url) = database() else { return };
    let store = Arc::new(Postgres::open(&url).await.unwrap());
    let records = Arc::new(keyless(6_000));
    let is_done = Arc::new(AtomicBool::new(false));
    let kills = Arc::new(AtomicU32::new(0));
    let killer = {
        let (url, is_done, kills) = (url.clone(), is_done.clone(), kills.clone());
        tokio::spawn(async move {
            let killer = connect(&url).await;
            // At any point of a batch: which statement runs, and how far it is, differ every time.
            let kill =
                "SELECT count(pg_terminate_backend(pid)) FROM (SELECT pid FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid()
                AND (xact_start IS NOT NULL OR state = 'active') ORDER BY random() LIMIT 1) AS one";
            // Longer and longer pauses, so that a slow machine finishes too.
            let mut wait = 2;
            while !is_done.load(Ordering::Relaxed) {
                let killed: i64 = killer.query_one(kill, &[]).await.unwrap().get(0);
                kills.fetch_add(killed as u32, Ordering::Relaxed);
                wait += 1;
                tokio::time::sleep(Duration::from_millis(wait)).await;
            }
        })
    };
    // A reader at the same time sees whole batches, and the counts of exactly these.
    let reader = {
        let (url, is_done) = (url.clone(), is_done.clone());
        tokio::spawn(async move {
            let snapshot = "SELECT t.tenant,
                (SELECT count(*) FROM recordings AS r WHERE r.tenant = t.tenant),
                (SELECT coalesce(sum(records), 0)::bigint FROM counts AS c
                    WHERE c.tenant = t.tenant AND level = 10),
                (SELECT coalesce(sum(records), 0)::bigint FROM counts AS c
                    WHERE c.tenant = t.tenant AND level = 28),
                (SELECT coalesce(sum(records), 0)::bigint FROM imports AS i
                    WHERE i.tenant = t.tenant) FROM tenants AS t";
            while !is_done.load(Ordering::Relaxed) {
                let reader = connect(&url).await;
                while let Ok(rows) = reader.query(snapshot, &[]).await {
                    for row in rows {
                        let [records, fine, coarse, done] =
                            [1, 2, 3, 4].map(|at| row.get::<_, i64>(at));
                        assert_eq!((records, fine, coarse), (done, done, done));
                    }
                    if is_done.load(Ordering::Relaxed) {
                        break;
                    }
                }
            }
        })
    };
    let one = Sqlite::in_memory().unwrap();
    let known = tenant(&one, "known").await;
    one.import(known, records.to_vec().into()).await.unwrap();
    let expected = listed(&one, known).await;
    let mut tenants = Vec::new();
    for number in 0..3 {
        let name = format!("tenant {number}");
        // The killer may hit this process too.
        while store.tenant(&name).await.ok().flatten().is_none() {
            let zone = "UTC".parse().unwrap();
            let _ = store.add_tenant(&name, zone, DateTime::UNIX_EPOCH).await;
        }
    }
    for name in ["tenant 0", "tenant 1", "tenant 2"] {
        loop {
            if let Ok(Some(tenant)) = store.tenant(name).await {
                tenants.push(tenant.id);
                break;
            }
        }
    }
    // Two tenants at once, then one after the other: a kill needs an import to hit.
    let imports = [(tenants[0], 50), (tenants[1], 400)].map(|(tenant, size)| {
        let (store, records) = (store.clone(), records.clone());
        tokio::spawn(async move { to_the_end(&*store, tenant, &records, size).await })
    });
    for import in imports {
        import.await.unwrap();
    }
    to_the_end(&*store, tenants[2], &records, 120).await;
    is_done.store(true, Ordering::Relaxed);
    killer.await.unwrap();
    reader.await.unwrap();
    assert!(kills.load(Ordering::Relaxed) > 20, "{kills:?}");
    for tenant in tenants {
        assert!(listed(&*store, tenant).await == expected);
    }
    assert_eq!(psql(&url, WRONG_COUNTS).unwrap(), "0");
}

/// Of two sources at once, each record is imported once, whichever has it first.
#[tokio::test(flavor = "multi_thread")]
async fn two_imports_into_one_tenant_know_each_other() {
    let Some(url) = database() else { return };
    let store = Arc::new(Postgres::open(&url).await.unwrap());
    let acme = tenant(&*store, "acme").await;
    let imports = [0, 500].map(|first| {
        let store = store.clone();
        tokio::spawn(async move {
            let mut sum = (0, 0);
            let records: Vec<_> = (first..first + 1_500).map(|n| numbered(n, "bill")).collect();
            let steps: Vec<_> = records.chunks(100).enumerate().collect();
            for pair in steps.chunks(2) {
                let batch = |(at, records): &(usize, &[StoredRecord])| {
                    let mut batch = step(records, OnConflict::Reject, at * 100);
                    batch.checkpoint.as_mut().unwrap().source = format!("file {first}");
                    batch
                };
                let imports = pair.iter().map(|step| store.import(acme, batch(step)) as Import<'_>);
                for imported in at_once(imports.collect()).await {
                    let Imported { added, unchanged, .. } = imported.unwrap();
                    sum = (sum.0 + added, sum.1 + unchanged);
                }
            }
            sum
        })
    });
    let mut sums = (0, 0);
    for import in imports {
        let (added, unchanged) = import.await.unwrap();
        sums = (sums.0 + added, sums.1 + unchanged);
    }
    assert_eq!(sums, (2_000, 1_000));
    assert_eq!(listed(&*store, acme).await.len(), 2_000);
    assert_eq!(psql(&url, WRONG_COUNTS).unwrap(), "0");
}

/// A role that may write recordings need not own the table, nor the sequence of its numbers.
#[tokio::test]
async fn a_role_without_the_sequence_imports_too() {
    let Some(url) = database() else { return };
    let owner = Postgres::open(&url).await.unwrap();
    let acme = tenant(&owner, "acme").await;
    let role = format!("writer_{}", std::process::id());
    psql(
        &url,
        &format!(
            "CREATE ROLE {role} LOGIN; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA
             public TO {role}"
        ),
    )
    .unwrap();
    let theirs = url.replacen("postgres@", &format!("{role}@"), 1);
    if theirs != url {
        let store = Postgres::open(&theirs).await.unwrap();
        let records: Vec<_> = (0..40).map(|number| numbered(number, "bill")).collect();
        let steps = records.chunks(20).enumerate();
        let steps = steps.map(|(at, records)| step(records, OnConflict::Reject, at * 20));
        let imports = steps.map(|step| store.import(acme, step) as Import<'_>);
        for imported in at_once(imports.collect()).await {
            assert_eq!(imported.unwrap().added, 20);
        }
        assert_eq!(store.count(acme).await.unwrap(), 40);
    }
    psql(&url, &format!("DROP OWNED BY {role}; DROP ROLE {role}")).unwrap();
}
