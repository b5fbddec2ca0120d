//! A bulk load into PostgreSQL has the same result as imports, and is invisible until its end.

#![cfg(all(feature = "postgres", feature = "sqlite"))]

mod common;
mod postgres_server;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::DateTime;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, TestRunner};
use vcc_store::{
    Batch, BulkLoaded, Deletion, OnConflict, Postgres, Sqlite, Store, StoreError, StoreErrorKind,
    StoredRecord, TenantId,
};
use vcc_types::{Field, Recording};

use common::{everything, record};
use postgres_server::{database, psql};

async fn tenant(store: &dyn Store, name: &str) -> TenantId {
    store.add_tenant(name, "UTC".parse().unwrap(), DateTime::UNIX_EPOCH).await.unwrap().id
}

async fn open() -> Option<(String, Postgres)> {
    let url = database()?;
    let store = Postgres::open(&url).await.unwrap();
    Some((url, store))
}

fn records(count: u32) -> Vec<StoredRecord> {
    let record = |number: u32| {
        let recording = Recording::new().with(Field::TransactionId, &number.to_string());
        StoredRecord::with_start(&recording, DateTime::UNIX_EPOCH).unwrap()
    };
    (0..count).map(record).collect()
}

fn numbered(records: Vec<StoredRecord>) -> Vec<(u64, StoredRecord)> {
    (1..).zip(records).collect()
}

fn refused<T: std::fmt::Debug>(outcome: Result<T, StoreError>, message: &str) {
    let error = outcome.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Refused, "{error}");
    assert!(error.to_string().ends_with(message), "{error}");
}

const FIRST: &str = "the store holds recordings, and a bulk load is the first of all";
const MEANWHILE: &str = "another bulk load has begun or ended meanwhile";

/// What distinguishes one schema from another: columns, indexes, constraints and rights.
const SCHEMA: &str = "SELECT string_agg(what, E'\\n' ORDER BY what) FROM (
    SELECT pg_get_indexdef(indexrelid) AS what FROM pg_index WHERE indrelid = 'recordings'::regclass
    UNION ALL SELECT conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
        WHERE conrelid = 'recordings'::regclass
    UNION ALL SELECT attname || ' ' || attnum || ' ' || format_type(atttypid, atttypmod) || ' '
        || attnotnull || attidentity::text || ' ' || attcollation::text FROM pg_attribute
        WHERE attrelid = 'recordings'::regclass AND attnum > 0
    UNION ALL SELECT relname || ' ' || relowner::regrole || ' ' || coalesce(reloptions::text, '') || ' '
        || coalesce((SELECT string_agg(grantee || privilege_type, ',' ORDER BY grantee, privilege_type)
            FROM aclexplode(relacl) WHERE grantee <> relowner), '')
        FROM pg_class WHERE oid IN ('recordings'::regclass,
            pg_get_serial_sequence('recordings', 'id')::regclass)
    UNION ALL SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace
) AS s";

#[tokio::test]
async fn a_load_ends_where_imports_end() {
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
    for case in 0..12 {
        let Some((url, store)) = open().await else { return };
        let made = (proptest::collection::vec(record(), 0..260), 1_usize..100, any::<bool>());
        let (records, pieces, update) = made.new_tree(&mut runner).unwrap().current();
        let on_conflict = if update { OnConflict::Update } else { OnConflict::Reject };
        let imports = Sqlite::in_memory().unwrap();
        let (known, acme) = (tenant(&imports, "acme").await, tenant(&store, "acme").await);
        let other = tenant(&store, "other").await;
        let batch = Batch { on_conflict, ..records.clone().into() };
        let imported = imports.import(known, batch).await.unwrap();
        psql(
            &url,
            "ALTER TABLE recordings SET (fillfactor = 90); GRANT SELECT ON recordings TO PUBLIC",
        )
        .unwrap();
        let schema = psql(&url, SCHEMA).unwrap();
        // Its statements are prepared before the load, and still work after it.
        assert!(store.page(acme, &everything()).await.unwrap().records.is_empty());

        let mut load = store.bulk(acme, "file").await.unwrap();
        for piece in numbered(records.clone()).chunks(pieces) {
            load.load(piece.to_vec(), piece.last().unwrap().0).await.unwrap();
        }
        assert!(store.page(acme, &everything()).await.unwrap().records.is_empty());
        let (sender, left_out) = std::sync::mpsc::channel();
        let finish = load.finish(on_conflict, move |number, record| {
            sender.send((number, record.clone())).unwrap();
        });
        let loaded = finish.await.unwrap();
        let expected = BulkLoaded {
            added: imported.added,
            unchanged: imported.unchanged,
            updated: imported.updated,
            conflicts: imported.conflicts.len() as u64,
        };
        assert_eq!(loaded, expected, "case {case}");
        let mut left_out: Vec<_> = left_out.into_iter().collect();
        left_out.sort_by_key(|(number, _)| *number);
        let conflicts = imported.conflicts.iter();
        let conflicts: Vec<_> =
            conflicts.map(|at| (*at as u64 + 1, records[*at].clone())).collect();
        assert_eq!(left_out, conflicts);
        assert_eq!(psql(&url, SCHEMA).unwrap(), schema);

        for first in [1, 51, 201] {
            let selection = vcc_query::Selection { first, ..everything() };
            let page = store.page(acme, &selection).await.unwrap();
            assert_eq!(page.records, imports.page(known, &selection).await.unwrap().records);
        }
        // Later imports add to what was loaded, by this server and by another.
        let later = imports.import(known, records.clone().into()).await.unwrap();
        assert_eq!(store.import(acme, records.clone().into()).await.unwrap(), later);
        let again = Postgres::open(&url).await.unwrap();
        let later = imports.import(known, records.clone().into()).await.unwrap();
        assert_eq!(again.import(acme, records.clone().into()).await.unwrap(), later);
        again.import(other, records.into()).await.unwrap();
        let wrong = "SELECT count(*) FROM (SELECT tenant, count(*) AS n FROM recordings GROUP BY 1)
            AS r FULL JOIN (SELECT tenant, sum(records) AS n FROM counts WHERE level = 10 GROUP BY 1)
            AS c USING (tenant) WHERE r.n IS DISTINCT FROM c.n";
        assert_eq!(psql(&url, wrong).unwrap(), "0");
    }
}

/// More twins than are read at a time, of one key and of many.
#[tokio::test]
async fn twins_are_settled_however_many_they_are() {
    for on_conflict in [OnConflict::Reject, OnConflict::Update] {
        let Some((_, store)) = open().await else { return };
        let imports = Sqlite::in_memory().unwrap();
        let (known, acme) = (tenant(&imports, "acme").await, tenant(&store, "acme").await);
        let record = |number: u32| {
            // 2,500 of one key, then 1,500 keys of two records each.
            let key = if number < 2_500 { 0 } else { 1 + (number - 2_500) % 1_500 };
            let recording = Recording::new()
                .with(Field::TransactionId, &key.to_string())
                .with(Field::AgentId, &(number / 3).to_string());
            StoredRecord::with_start(&recording, DateTime::UNIX_EPOCH).unwrap()
        };
        let records: Vec<_> = (0..5_500).map(record).collect();
        let batch = Batch { on_conflict, ..records.clone().into() };
        let imported = imports.import(known, batch).await.unwrap();
        let mut load = store.bulk(acme, "file").await.unwrap();
        load.load(numbered(records), 5_500).await.unwrap();
        let loaded = load.finish(on_conflict, |_, _| {}).await.unwrap();
        assert_eq!(
            (loaded.added, loaded.unchanged, loaded.updated, loaded.conflicts),
            (imported.added, imported.unchanged, imported.updated, imported.conflicts.len() as u64)
        );
        for first in (1..1_600).step_by(50) {
            let selection = vcc_query::Selection { first, ..everything() };
            let page = store.page(acme, &selection).await.unwrap();
            assert_eq!(page.records, imports.page(known, &selection).await.unwrap().records);
        }
    }
}

#[tokio::test]
async fn a_load_that_was_broken_off_goes_on() {
    let Some((url, store)) = open().await else { return };
    let acme = tenant(&store, "acme").await;
    let records = records(30);
    let mut load = store.bulk(acme, "file").await.unwrap();
    load.load(numbered(records.clone())[..20].to_vec(), 20).await.unwrap();
    // One batch fails half-way.
    drop(load);
    drop(store);
    let store = Postgres::open(&url).await.unwrap();
    let mut load = store.bulk(acme, "file").await.unwrap();
    assert_eq!((load.done(), store.count(acme).await.unwrap()), (20, 0));
    load.load(numbered(records)[20..].to_vec(), 30).await.unwrap();
    let loaded = load.finish(OnConflict::Reject, |_, _| {}).await.unwrap();
    assert_eq!((loaded.added, store.count(acme).await.unwrap()), (30, 30));
    let agent = Deletion::Field(Field::AgentId, String::new());
    assert_eq!(store.delete(acme, &agent).await.unwrap(), 30);
    assert_eq!(psql(&url, "SELECT count(*) FROM counts").unwrap(), "0");
    // Nothing of the load is left, so another may begin.
    assert_eq!(store.bulk(acme, "file").await.unwrap().done(), 0);
}

/// Kills processes of the server while one is at work, after longer and longer pauses.
async fn kill(url: String, is_done: Arc<AtomicBool>) -> i64 {
    let (killer, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let kill = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL";
    let (mut killed, mut wait) = (0, 2);
    while !is_done.load(Ordering::Relaxed) {
        killed += killer.query_one(kill, &[]).await.unwrap().get::<_, i64>(0);
        wait += 1;
        tokio::time::sleep(Duration::from_millis(wait)).await;
    }
    killed
}

#[tokio::test(flavor = "multi_thread")]
async fn a_load_whose_processes_are_killed_loses_nothing_and_doubles_nothing() {
    let Some((url, store)) = open().await else { return };
    let acme = tenant(&store, "acme").await;
    let is_done = Arc::new(AtomicBool::new(false));
    let killer = tokio::spawn(kill(url.clone(), is_done.clone()));
    // Every key twice.
    let records = numbered([records(2_000), records(2_000)].concat());
    'again: loop {
        let mut load = match store.bulk(acme, "file").await {
            Ok(load) => load,
            // The answer to the end of the load was lost.
            Err(error) if error.kind() == StoreErrorKind::Refused => {
                assert!(error.to_string().ends_with(FIRST), "{error}");
                break;
            }
            Err(error) => {
                assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{error}");
                continue;
            }
        };
        while load.done() < records.len() as u64 {
            let done = load.done() as usize;
            let piece = records[done..records.len().min(done + 40)].to_vec();
            let until = piece.last().unwrap().0;
            if let Err(error) = load.load(piece, until).await {
                assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{error}");
                continue 'again;
            }
        }
        match load.finish(OnConflict::Reject, |_, _| {}).await {
            Ok(loaded) => {
                assert_eq!((loaded.added, loaded.unchanged), (2_000, 2_000));
                break;
            }
            Err(error) => assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{error}"),
        }
    }
    is_done.store(true, Ordering::Relaxed);
    assert!(killer.await.unwrap() > 5);
    let whole = "SELECT count(*), count(DISTINCT transaction_id), max(id),
        (SELECT sum(records) FROM counts WHERE level = 10), to_regclass('staged') IS NULL,
        (SELECT count(*) FROM pg_index WHERE indrelid = 'recordings'::regclass) FROM recordings";
    assert_eq!(psql(&url, whole).unwrap(), "2000|2000|2000|2000|t|6");
}

#[tokio::test]
async fn a_load_is_the_first_and_one_at_a_time() {
    let Some((url, store)) = open().await else { return };
    let acme = tenant(&store, "acme").await;
    let other_tenant = tenant(&store, "other").await;
    let mut one = store.bulk(acme, "one").await.unwrap();
    one.load(numbered(records(3)), 3).await.unwrap();
    let mut other = store.bulk(acme, "other").await.unwrap();
    assert_eq!(other.done(), 0);
    refused(one.load(vec![], 3).await, MEANWHILE);
    refused(one.finish(OnConflict::Reject, |_, _| {}).await, MEANWHILE);
    other.load(numbered(records(2)), 2).await.unwrap();

    // Recordings that were added in another way are not lost, and neither is what was loaded, for
    // any tenant.
    store.import(other_tenant, records(1).into()).await.unwrap();
    refused(other.finish(OnConflict::Reject, |_, _| {}).await, FIRST);
    refused(store.bulk(acme, "other").await, FIRST);
    store.delete(other_tenant, &Deletion::Field(Field::AgentId, String::new())).await.unwrap();
    let other = store.bulk(acme, "other").await.unwrap();
    assert_eq!(other.done(), 2);

    // The load of a tenant is removed with the tenant.
    assert_eq!(store.remove_tenant(acme).await.unwrap(), 0);
    assert_eq!(psql(&url, "SELECT to_regclass('staged') IS NULL").unwrap(), "t");
    assert_eq!(store.bulk(acme, "other").await.unwrap_err().kind(), StoreErrorKind::NotFound);
    refused(other.finish(OnConflict::Reject, |_, _| {}).await, MEANWHILE);
    let acme = tenant(&store, "acme").await;
    assert_eq!(store.bulk(acme, "other").await.unwrap().done(), 0);
}

#[tokio::test]
async fn what_is_erased_goes_from_a_load_that_was_broken_off_too() {
    let Some((url, store)) = open().await else { return };
    let acme = tenant(&store, "acme").await;
    let recording = |agent| {
        let recording = Recording::new().with(Field::AgentId, agent);
        StoredRecord::with_start(&recording, DateTime::UNIX_EPOCH).unwrap()
    };
    let mut load = store.bulk(acme, "file").await.unwrap();
    load.load(numbered(["bill", "anna", "bill"].map(recording).to_vec()), 3).await.unwrap();
    drop(load);
    store.import(acme, vec![recording("bill")].into()).await.unwrap();
    let bill = Deletion::Field(Field::AgentId, "bill".into());
    // The number is told beforehand.
    let reach = store.reach(acme, &bill).await.unwrap();
    assert_eq!((reach.records, reach.of), (3, 4));
    assert_eq!(reach.starts, Some((DateTime::UNIX_EPOCH, DateTime::UNIX_EPOCH)));
    assert_eq!(store.delete(acme, &bill).await.unwrap(), 3);
    assert_eq!(psql(&url, "SELECT agent_id FROM staged").unwrap(), "anna");
    // Its space is freed too.
    let file = "SELECT pg_relation_filenode('staged')";
    let before = psql(&url, file).unwrap();
    store.vacuum(vcc_store::Vacuum { full: true }).await.unwrap();
    assert_ne!(psql(&url, file).unwrap(), before);
}

// The rollback is sent by another thread than the one that waits for psql.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_load_would_not_keep_is_not_lost() {
    let Some((url, store)) = open().await else { return };
    let acme = tenant(&store, "acme").await;
    let said = "the table recordings has triggers, policies, publications or views, which a bulk load \
                would not keep";
    for (make, drop) in [
        ("CREATE VIEW agents AS SELECT agent_id FROM recordings", "DROP VIEW agents"),
        ("CREATE POLICY mine ON recordings USING (TRUE)", "DROP POLICY mine ON recordings"),
        (
            "CREATE TRIGGER t BEFORE INSERT ON recordings FOR EACH ROW EXECUTE FUNCTION
             suppress_redundant_updates_trigger()",
            "DROP TRIGGER t ON recordings",
        ),
    ] {
        psql(&url, make).unwrap();
        refused(store.bulk(acme, "file").await, said);
        psql(&url, drop).unwrap();
    }
    store.bulk(acme, "file").await.unwrap();
    let role = format!("loader_{}", std::process::id());
    let rights = format!(
        "CREATE ROLE {role} LOGIN; GRANT ALL ON ALL TABLES IN SCHEMA public TO {role};
         GRANT ALL ON SCHEMA public TO {role}"
    );
    psql(&url, &rights).unwrap();
    let theirs = url.replacen("postgres@", &format!("{role}@"), 1);
    if theirs != url {
        let store = Postgres::open(&theirs).await.unwrap();
        let said = "a bulk load needs the rights of the owner of the table recordings";
        refused(store.bulk(acme, "file").await, said);
    }
    psql(&url, &format!("DROP OWNED BY {role}; DROP ROLE {role}")).unwrap();
    psql(&url, "CREATE FUNCTION create_distributed_table() RETURNS void LANGUAGE sql AS 'SELECT'")
        .unwrap();
    let said = "the store is on Citus, and a bulk load is for one server";
    refused(store.bulk(acme, "file").await, said);
}
