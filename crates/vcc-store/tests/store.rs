//! Tenants, tokens, imports and deletions in SQLite, and its files.

mod common;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use vcc_query::{Filter, Selection, Wanted};
use vcc_store::{Batch, Sqlite, Store, StoreErrorKind, StoredRecord, TenantId, TokenHash, laws};
use vcc_types::{Field, Recording};

const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

async fn in_memory() -> Option<Sqlite> {
    Some(Sqlite::in_memory().unwrap())
}

laws::tests!(in_memory);

#[tokio::test]
async fn what_is_refused_is_said() {
    common::messages::are_said(&Sqlite::in_memory().unwrap()).await;
}

#[tokio::test]
async fn zones_are_read_in_the_data_that_is_given() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("recordings.db");
    let with = Sqlite::builder().zones(laws::company_zones()).create(&path).unwrap();
    let without = Sqlite::open(&path).unwrap();
    laws::zones_are_read_in_the_data_that_is_given(&with, &without).await;
    common::messages::an_unknown_zone_is_said(&with, &without).await;
}

#[tokio::test]
async fn a_file_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("recordings.db");
    let missing = Sqlite::open(&path).err().unwrap();
    assert_eq!(missing.kind(), StoreErrorKind::NotFound);
    Sqlite::create(&path).unwrap().add_tenant("acme", "UTC".parse().unwrap(), NOW).await.unwrap();
    let store = Sqlite::open(&path).unwrap();
    store.ready().await.unwrap();
    assert_eq!(store.tenants().await.unwrap().len(), 1);
}

#[test]
fn what_is_no_store_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.db");
    std::fs::write(&path, "not a database, but long enough to look like one".repeat(20)).unwrap();
    assert_eq!(Sqlite::open(&path).err().unwrap().kind(), StoreErrorKind::Refused);

    let path = folder.path().join("foreign.db");
    let foreign = rusqlite::Connection::open(&path).unwrap();
    foreign.execute_batch("CREATE TABLE tenants (name)").unwrap();
    let error = Sqlite::create(&path).err().unwrap();
    assert!(error.to_string().ends_with("is a database of another program"), "{error}");

    let path = folder.path().join("later.db");
    drop(Sqlite::create(&path).unwrap());
    let later = rusqlite::Connection::open(&path).unwrap();
    later.pragma_update(None, "user_version", 99).unwrap();
    let error = Sqlite::open(&path).err().unwrap();
    assert_eq!(error.kind(), StoreErrorKind::Refused);
    let said = format!(
        "{} has schema version 99, and this program knows the versions up to 2: use the program \
         that upgraded the store, or a later one",
        path.display()
    );
    assert_eq!(error.to_string(), said);
}

#[tokio::test]
async fn a_backup_is_a_store() {
    let store = Sqlite::in_memory().unwrap();
    store.add_tenant("acme", "UTC".parse().unwrap(), NOW).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("backup.db");
    store.backup(&path).await.unwrap();
    assert_eq!(store.backup(&path).await.unwrap_err().kind(), StoreErrorKind::Exists);
    let nowhere = folder.path().join("nowhere").join("backup.db");
    let error = store.backup(&nowhere).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{error}");
    // Nothing else is left of either.
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    let copy = Sqlite::open(&path).unwrap();
    assert_eq!(copy.tenants().await.unwrap()[0].name, "acme");
}

#[test]
fn a_file_with_nothing_in_it_is_made_a_store_only_on_request() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cut-off.db");
    std::fs::write(&path, "").unwrap();
    let error = Sqlite::open(&path).err().unwrap();
    assert_eq!(error.kind(), StoreErrorKind::Refused);
    assert!(error.to_string().ends_with("is empty, and no store"), "{error}");
    assert_eq!(std::fs::metadata(&path).unwrap().len(), 0);
    drop(Sqlite::create(&path).unwrap());
    assert!(Sqlite::open(&path).is_ok());
}

#[test]
fn a_store_is_made_once_by_whoever_comes_first() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("recordings.db");
    std::thread::scope(|scope| {
        let made: Vec<_> =
            (0..8).map(|_| scope.spawn(|| Sqlite::create(&path).map(drop))).collect();
        for made in made {
            made.join().unwrap().unwrap();
        }
    });
}

fn batch(number: u32) -> Batch {
    let record = |of: u32| {
        let start = DateTime::from_timestamp(i64::from(number * 1_000 + of), 0).unwrap();
        StoredRecord::with_start(&Recording::new(), start).unwrap()
    };
    (0..100).map(record).collect::<Vec<_>>().into()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn imports_run_beside_each_other_and_beside_backups() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("recordings.db");
    // Like processes of their own.
    let open = || Arc::new(Sqlite::create(&path).unwrap());
    let store = open();
    let acme = store.add_tenant("acme", "UTC".parse().unwrap(), NOW).await.unwrap().id;
    let other = store.add_tenant("other", "UTC".parse().unwrap(), NOW).await.unwrap().id;
    let imports: Vec<_> = [acme, acme, other]
        .into_iter()
        .map(|tenant| {
            let store = open();
            tokio::spawn(async move {
                for number in 0..8 {
                    assert_eq!(store.import(tenant, batch(number)).await.unwrap().added, 100);
                }
            })
        })
        .collect();
    let backups = open();
    for number in 0..4 {
        let copy = folder.path().join(format!("{number}.db"));
        backups.backup(&copy).await.unwrap();
        // In one snapshot: whole batches, and the counts of exactly these.
        assert_eq!(common::wrong_counts(&copy), 0);
        let copied = Sqlite::open(&copy).unwrap();
        for tenant in [acme, other] {
            assert_eq!(copied.count(tenant).await.unwrap() % 100, 0);
        }
        copied.import(acme, batch(99)).await.unwrap();
    }
    for import in imports {
        import.await.unwrap();
    }
    assert_eq!(store.count(acme).await.unwrap(), 1_600);
    assert_eq!(store.count(other).await.unwrap(), 800);
    assert_eq!(common::wrong_counts(&path), 0);
}

/// Enough records with the same start and agent that a page of them takes long.
async fn one_moment(store: &Sqlite) -> TenantId {
    let acme = store.add_tenant("acme", "UTC".parse().unwrap(), NOW).await.unwrap().id;
    let record = |number: u32| {
        let recording = Recording::new()
            .with(Field::AgentId, "bill")
            .with(Field::TransactionId, &number.to_string());
        StoredRecord::with_start(&recording, NOW).unwrap()
    };
    store.import(acme, (0..5_000).map(record).collect::<Vec<_>>().into()).await.unwrap();
    acme
}

#[tokio::test]
async fn a_read_that_is_cut_leaves_its_connection_as_it_was() {
    // One connection for everything.
    let store = Sqlite::builder().deadline(std::time::Duration::ZERO).in_memory().unwrap();
    let acme = one_moment(&store).await;
    let filter = Filter { field: Field::AgentId, wanted: Wanted::Text("bill".into()) };
    let long = Selection { filters: vec![filter], ..common::everything() };
    for _ in 0..20 {
        let mut asked = 0;
        let mut decide = |_| {
            asked += 1;
            Some(long.clone())
        };
        let late = store.answer("acme", &TokenHash::of(b"x"), &mut decide).await.unwrap_err();
        assert_eq!((late.kind(), asked), (StoreErrorKind::Deadline, 1));
        let late = store.page(acme, &long).await.unwrap_err();
        assert_eq!(late.kind(), StoreErrorKind::Deadline);
        let page = store
            .answer("acme", &TokenHash::of(b"x"), &mut |_| Some(common::everything()))
            .await
            .unwrap();
        assert_eq!(page.unwrap().records.len(), 50);
        // No old snapshot is left open, in which it would not be visible.
        let record = StoredRecord::with_start(&Recording::new(), NOW).unwrap();
        store.import(acme, vec![record].into()).await.unwrap();
    }
    assert_eq!(store.page(acme, &common::everything()).await.unwrap().records.len(), 50);
}

/// Without an index, a field is compared in one recording after another, until the deadline.
/// Meanwhile pages of that tenant and of others are answered. With an index, no query runs out of time.
#[tokio::test]
async fn a_scan_ends_at_its_deadline_and_an_index_ends_the_scan() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("recordings.db");
    let store = Sqlite::builder().deadline(std::time::Duration::ZERO).create(&path).unwrap();
    let store = Arc::new(store);
    let mut tenants = Vec::new();
    for name in ["acme", "globex"] {
        let tenant = store.add_tenant(name, "UTC".parse().unwrap(), NOW).await.unwrap().id;
        let record = |number: u32| {
            let recording = Recording::new()
                .with(Field::TransactionId, &number.to_string())
                .with(Field::QueueId, "7");
            StoredRecord::with_start(&recording, NOW + chrono::TimeDelta::seconds(number.into()))
        };
        let records: Vec<_> = (0..20_000).map(|number| record(number).unwrap()).collect();
        store.import(tenant, records.into()).await.unwrap();
        tenants.push(tenant);
    }
    let of_queue = |queue: &str| {
        let wanted = Wanted::Text(queue.into());
        let filters = vec![Filter { field: Field::QueueId, wanted }];
        Selection { filters, ..common::everything() }
    };
    let scans: Vec<_> = (0..12)
        .map(|_| {
            let (store, selection, acme) = (store.clone(), of_queue("8"), tenants[0]);
            tokio::spawn(async move { store.page(acme, &selection).await })
        })
        .collect();
    for tenant in &tenants {
        let page = store.page(*tenant, &common::everything()).await.unwrap();
        assert_eq!(page.records.len(), 50);
        // A page that is full soon needs no index.
        assert_eq!(store.page(*tenant, &of_queue("7")).await.unwrap().records.len(), 50);
    }
    for scan in scans {
        assert_eq!(scan.await.unwrap().unwrap_err().kind(), StoreErrorKind::Deadline);
    }
    assert!(store.set_index(Field::QueueId, true).await.unwrap());
    assert!(store.page(tenants[0], &of_queue("8")).await.unwrap().records.is_empty());
    assert!(store.set_index(Field::QueueId, false).await.unwrap());
    let cut = store.page(tenants[0], &of_queue("8")).await.unwrap_err();
    assert_eq!(cut.kind(), StoreErrorKind::Deadline);
}

#[tokio::test]
async fn long_texts_are_read_too() {
    let store = Sqlite::in_memory().unwrap();
    let acme = store.add_tenant("acme", "UTC".parse().unwrap(), NOW).await.unwrap().id;
    let record = |number: u8| {
        let recording = Recording::new()
            .with(Field::ExtVar1, &char::from(b'a' + number).to_string().repeat(1 << 20));
        StoredRecord::with_start(&recording, NOW).unwrap()
    };
    let records: Vec<_> = (0..20).map(record).collect();
    store.import(acme, records.clone().into()).await.unwrap();
    let page = store.page(acme, &common::everything()).await.unwrap();
    assert!(page.records == records && !page.more);
}
