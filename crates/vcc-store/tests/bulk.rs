//! A bulk load has the same result as imports, and is invisible until its end.

mod common;

use chrono::DateTime;
use proptest::prelude::*;
use vcc_query::{Filter, Selection, Wanted};
use vcc_store::{
    Batch, BulkLoaded, Deletion, OnConflict, Sqlite, Store, StoreErrorKind, StoredRecord, Tenant,
};
use vcc_types::{Field, Recording};

use common::{TEXTS, everything, record, wrong_counts};

async fn acme(store: &Sqlite) -> Tenant {
    store.add_tenant("acme", "UTC".parse().unwrap(), DateTime::UNIX_EPOCH).await.unwrap()
}

fn records(count: u32) -> Vec<StoredRecord> {
    (0..count)
        .map(|number| {
            let recording = Recording::new()
                .with(Field::StartDate, "2007-12-19T19:16:36-08:00")
                .with(Field::TransactionId, &number.to_string());
            StoredRecord::new(&recording).unwrap()
        })
        .collect()
}

fn numbered(records: Vec<StoredRecord>) -> Vec<(u64, StoredRecord)> {
    (1..).zip(records).collect()
}

/// The result of imports, and of a load of the same records.
async fn compare(records: Vec<StoredRecord>, on_conflict: OnConflict, pieces: usize) {
    let imports = Sqlite::in_memory().unwrap();
    let tenant = acme(&imports).await.id;
    let batch = Batch { on_conflict, ..records.clone().into() };
    let imported = imports.import(tenant, batch).await.unwrap();

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("recordings.db");
    let store = Sqlite::create(&path).unwrap();
    assert_eq!(acme(&store).await.id, tenant);
    store.set_index(Field::QueueName, true).await.unwrap();
    let mut load = store.bulk(tenant, "file").await.unwrap();
    // Also one that is given in the middle.
    store.set_index(Field::Channel, true).await.unwrap();
    for piece in numbered(records.clone()).chunks(pieces) {
        load.load(piece.to_vec(), piece.last().unwrap().0).await.unwrap();
    }
    let (sender, left_out) = std::sync::mpsc::channel();
    let finish = load.finish(on_conflict, move |number, record| {
        sender.send((number, record.clone())).unwrap();
    });
    let loaded = finish.await.unwrap();
    assert_eq!(
        loaded,
        BulkLoaded {
            added: imported.added,
            unchanged: imported.unchanged,
            updated: imported.updated,
            conflicts: imported.conflicts.len() as u64,
        }
    );
    let mut left_out: Vec<_> = left_out.into_iter().collect();
    left_out.sort_by_key(|(number, _)| *number);
    let conflicts = imported.conflicts.iter();
    let conflicts: Vec<_> = conflicts.map(|at| (*at as u64 + 1, records[*at].clone())).collect();
    assert_eq!(left_out, conflicts);

    for first in [1, 51, 201] {
        let selection = Selection { first, ..everything() };
        let page = store.page(tenant, &selection).await.unwrap();
        assert_eq!(page.records, imports.page(tenant, &selection).await.unwrap().records);
    }
    let given = store.indexes().await.unwrap();
    assert_eq!(given, [Field::Channel, Field::QueueName]);
    for (field, text) in given.iter().flat_map(|field| TEXTS.map(|text| (*field, text))) {
        let filters = vec![Filter { field, wanted: Wanted::Text(text.into()) }];
        let selection = Selection { filters, ..everything() };
        let page = store.page(tenant, &selection).await.unwrap();
        assert_eq!(page.records, imports.page(tenant, &selection).await.unwrap().records);
    }
    assert_eq!(wrong_counts(&path), 0);
    // Later imports add to what was loaded.
    let later = imports.import(tenant, records.clone().into()).await.unwrap();
    assert_eq!(store.import(tenant, records.into()).await.unwrap(), later);
    assert_eq!(wrong_counts(&path), 0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..Default::default() })]
    #[test]
    fn a_load_ends_where_imports_end(
        records in proptest::collection::vec(record(), 0..260),
        update: bool,
        pieces in 1_usize..100,
    ) {
        let on_conflict = if update { OnConflict::Update } else { OnConflict::Reject };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(compare(records, on_conflict, pieces));
    }
}

fn staged(path: &std::path::Path) -> i64 {
    let file = rusqlite::Connection::open(path).unwrap();
    file.query_row("SELECT count(*) FROM staged", [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn what_is_erased_goes_from_a_load_that_was_broken_off_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("recordings.db");
    let store = Sqlite::create(&path).unwrap();
    let tenant = acme(&store).await.id;
    let recording = |agent| {
        let recording = Recording::new().with(Field::AgentId, agent);
        StoredRecord::with_start(&recording, DateTime::UNIX_EPOCH).unwrap()
    };
    let mut load = store.bulk(tenant, "file").await.unwrap();
    let records = ["bill", "anna", "bill"].map(recording).to_vec();
    load.load(numbered(records), 3).await.unwrap();
    drop(load);
    store.import(tenant, vec![recording("bill")].into()).await.unwrap();
    let bill = Deletion::Field(Field::AgentId, "bill".into());
    assert_eq!(store.delete(tenant, &bill).await.unwrap(), 3);
    assert_eq!(staged(&path), 1);
    let all = Deletion::Before(DateTime::UNIX_EPOCH + chrono::TimeDelta::seconds(1));
    assert_eq!(store.delete(tenant, &all).await.unwrap(), 1);
    assert_eq!(staged(&path), 0);
    assert_eq!(wrong_counts(&path), 0);
}

#[tokio::test]
async fn a_load_that_was_broken_off_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("recordings.db");
    let records = records(30);
    let tenant = {
        let store = Sqlite::create(&path).unwrap();
        let tenant = acme(&store).await.id;
        let mut load = store.bulk(tenant, "file").await.unwrap();
        load.load(numbered(records.clone())[..20].to_vec(), 20).await.unwrap();
        assert!(store.page(tenant, &everything()).await.unwrap().records.is_empty());
        tenant
    };
    let store = Sqlite::open(&path).unwrap();
    let mut load = store.bulk(tenant, "file").await.unwrap();
    assert_eq!(load.done(), 20);
    load.load(numbered(records)[20..].to_vec(), 30).await.unwrap();
    assert_eq!(store.count(tenant).await.unwrap(), 0);
    let loaded = load.finish(OnConflict::Reject, |_, _| {}).await.unwrap();
    assert_eq!(loaded.added, 30);
    assert_eq!(store.count(tenant).await.unwrap(), 30);
    let agent = Deletion::Field(Field::AgentId, String::new());
    assert_eq!(store.delete(tenant, &agent).await.unwrap(), 30);
    assert_eq!(wrong_counts(&path), 0);
    // Nothing of the load is left, so another may begin.
    assert_eq!(store.bulk(tenant, "file").await.unwrap().done(), 0);
}

#[tokio::test]
async fn a_load_is_the_first_and_one_at_a_time() {
    let store = Sqlite::in_memory().unwrap();
    let tenant = acme(&store).await.id;
    let refused = |error: vcc_store::StoreError, message: &str| {
        assert_eq!((error.kind(), error.to_string().as_str()), (StoreErrorKind::Refused, message));
    };
    let meanwhile = "another bulk load has begun or ended meanwhile";
    let mut one = store.bulk(tenant, "one").await.unwrap();
    one.load(numbered(records(3)), 3).await.unwrap();
    let mut other = store.bulk(tenant, "other").await.unwrap();
    assert_eq!(other.done(), 0);
    refused(one.load(vec![], 3).await.unwrap_err(), meanwhile);
    refused(one.finish(OnConflict::Reject, |_, _| {}).await.unwrap_err(), meanwhile);
    other.load(numbered(records(2)), 2).await.unwrap();

    // Recordings that were added in another way are not lost, and neither is what was loaded.
    store.import(tenant, records(1).into()).await.unwrap();
    let first = "the store holds recordings, and a bulk load is the first of all";
    refused(other.finish(OnConflict::Reject, |_, _| {}).await.unwrap_err(), first);
    refused(store.bulk(tenant, "other").await.err().unwrap(), first);
    store.delete(tenant, &Deletion::Field(Field::AgentId, String::new())).await.unwrap();
    let other = store.bulk(tenant, "other").await.unwrap();
    assert_eq!(other.done(), 2);

    // The load of a tenant is removed with the tenant.
    assert_eq!(store.remove_tenant(tenant).await.unwrap(), 0);
    let gone = store.bulk(tenant, "other").await.err().unwrap();
    assert_eq!(gone.kind(), StoreErrorKind::NotFound);
    refused(other.finish(OnConflict::Reject, |_, _| {}).await.unwrap_err(), meanwhile);
    let tenant = acme(&store).await.id;
    assert_eq!(store.bulk(tenant, "other").await.unwrap().done(), 0);
}

#[tokio::test]
async fn a_load_leaves_out_what_an_import_would_be_undone_for() {
    let store = Sqlite::in_memory().unwrap();
    let tenant = acme(&store).await.id;
    let other = Recording::new()
        .with(Field::StartDate, "2007-12-19T19:16:37-08:00")
        .with(Field::TransactionId, "0");
    let records = [records(1), vec![StoredRecord::new(&other).unwrap()]].concat();
    let mut load = store.bulk(tenant, "file").await.unwrap();
    load.load(numbered(records), 2).await.unwrap();
    let loaded = load.finish(OnConflict::Undo, |number, _| assert_eq!(number, 2)).await.unwrap();
    assert_eq!(loaded, BulkLoaded { added: 1, conflicts: 1, ..BulkLoaded::default() });
}
