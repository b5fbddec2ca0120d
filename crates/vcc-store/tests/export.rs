//! Exports: which records they have, and that they leave nothing open.

mod common;
mod postgres_server;

use chrono::DateTime;
use vcc_query::{Filter, Selection, Wanted};
use vcc_store::{Deletion, Postgres, Sqlite, Store, StoredRecord, TenantId};
use vcc_types::{Field, Order, Recording};

use common::{everything, expected, exported};

/// More records than the pieces that an export reads ahead.
const MANY: i64 = 30_000;

fn record(second: i64, transaction: &str, long: usize) -> StoredRecord {
    let recording = Recording::new()
        .with(Field::AgentId, "bill")
        .with(Field::TransactionId, transaction)
        .with(Field::ExtVar2, &"x".repeat(long));
    StoredRecord::with_start(&recording, DateTime::from_timestamp(second, 0).unwrap()).unwrap()
}

async fn filled(store: &dyn Store, name: &str, records: &[StoredRecord]) -> TenantId {
    let zone = "UTC".parse().unwrap();
    let tenant = store.add_tenant(name, zone, DateTime::UNIX_EPOCH).await.unwrap().id;
    for batch in records.chunks(10_000) {
        store.import(tenant, batch.to_vec().into()).await.unwrap();
    }
    tenant
}

/// All records, of which `expected` gives a list.
fn all(selection: Selection) -> Selection {
    Selection { page_size: u32::MAX, ..selection }
}

/// Writes during an export do not show.
async fn it_shows_one_moment(store: &dyn Store) {
    let records: Vec<_> = (0..MANY).map(|n| record(n, &n.to_string(), 0)).collect();
    let tenant = filled(store, "moment", &records).await;
    let mut export = store.export(tenant, &everything()).await.unwrap();
    let middle = DateTime::from_timestamp(MANY / 2, 0).unwrap();
    assert_eq!(store.delete(tenant, &Deletion::Before(middle)).await.unwrap(), MANY as u64 / 2);
    let new: Vec<_> = (0..10).map(|n| record(MANY + n, &format!("new {n}"), 0)).collect();
    store.import(tenant, new.clone().into()).await.unwrap();
    let mut shown = Vec::new();
    while let Some(piece) = export.next().await.unwrap() {
        shown.extend(piece);
    }
    assert!(shown == records);
    assert!(export.next().await.unwrap().is_none());
    let now = [&records[MANY as usize / 2..], &new].concat();
    assert!(exported(store, tenant, &everything()).await == now);
}

/// An export that is dropped holds nothing up, however many there are.
async fn it_ends_where_nobody_takes_it(store: &dyn Store) {
    let records: Vec<_> = (0..MANY).map(|n| record(n, "", 0)).collect();
    let tenant = filled(store, "dropped", &records).await;
    for taken in 0..40 {
        let mut export = store.export(tenant, &everything()).await.unwrap();
        for _ in 0..taken % 3 {
            export.next().await.unwrap().unwrap();
        }
    }
    assert!(exported(store, tenant, &everything()).await == records);
    assert_eq!(store.remove_tenant(tenant).await.unwrap(), MANY as u64);
}

/// Ties are in the order of a list across the pieces, by every index and in both directions.
async fn it_has_the_order_of_the_list(store: &dyn Store) {
    let records: Vec<_> = (0..MANY)
        .map(|n| {
            let code = (n * 7_919 % MANY).to_string();
            let recording =
                Recording::new().with(Field::AgentId, "bill").with(Field::WrapUpCode, &code);
            let filename = format!("{}.wav", n % 13);
            let recording = match n % 5 {
                0 => recording,
                _ => recording.with(Field::Filename, &filename).with(Field::TransactionId, &code),
            };
            let start = DateTime::from_timestamp(n / 20_000, 0).unwrap();
            StoredRecord::with_start(&recording, start).unwrap()
        })
        .collect();
    let tenant = filled(store, "order", &records).await;
    for order in [Order::StartAscending, Order::StartDescending] {
        for agent in [None, Some("bill"), Some("mary")] {
            let filter =
                |text: &str| Filter { field: Field::AgentId, wanted: Wanted::Text(text.into()) };
            let filters = agent.map(filter).into_iter().collect();
            let selection = Selection { order, filters, ..everything() };
            let shown = exported(store, tenant, &selection).await;
            assert!(shown == expected(&records, &all(selection)).0, "{order:?} {agent:?}");
        }
    }
}

/// A piece has a limited size or one record, also if many records are long.
async fn long_records_come_one_by_one(store: &dyn Store) {
    let records: Vec<_> =
        (0..12).map(|n| record(n, &n.to_string(), if n < 6 { 1 << 20 } else { 9 })).collect();
    let tenant = filled(store, "long", &records).await;
    let mut export = store.export(tenant, &everything()).await.unwrap();
    let mut pieces = Vec::new();
    while let Some(piece) = export.next().await.unwrap() {
        pieces.push(piece);
    }
    let lengths: Vec<_> = pieces.iter().map(Vec::len).collect();
    assert_eq!(lengths, [1, 1, 1, 1, 1, 1, 6]);
    assert!(pieces.concat() == records);
}

async fn all_of_it(store: &dyn Store) {
    it_shows_one_moment(store).await;
    it_ends_where_nobody_takes_it(store).await;
    it_has_the_order_of_the_list(store).await;
    long_records_come_one_by_one(store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let store = Sqlite::create(folder.path().join("recordings.db")).unwrap();
    all_of_it(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_sqlite_in_memory() {
    // It has one connection, and so no other snapshot.
    let store = Sqlite::in_memory().unwrap();
    it_ends_where_nobody_takes_it(&store).await;
    long_records_come_one_by_one(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_postgres() {
    let Some(url) = postgres_server::database() else { return };
    all_of_it(&Postgres::open(&url).await.unwrap()).await;
}
