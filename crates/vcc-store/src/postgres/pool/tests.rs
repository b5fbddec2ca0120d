//! Calls that a client drops half-way hold nothing up.

use std::future::Future;
use std::time::Duration;

use chrono::DateTime;
use tokio::time::timeout;
use tokio_postgres::NoTls;
use vcc_query::{Context, Query, Selection};
use vcc_types::{Dialect, Field, Recording, Row as _};

use super::super::postgres_server::{database, with};
use crate::postgres::Postgres;
use crate::postgres::open::WRITERS;
use crate::{Batch, Checkpoint, OnConflict, Store as _, StoredRecord, TenantId};

/// A generous limit for each step.
const PATIENCE: Duration = Duration::from_secs(60);
/// A deadline that no statement of a test reaches: it ends because it is cancelled, or not at all.
const NEVER: Duration = Duration::from_secs(3_600);

async fn soon<T>(what: impl Future<Output = T>) -> T {
    timeout(PATIENCE, what).await.expect("it takes for ever")
}

async fn connect(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// Waits until this many statements of others on the same database wait for a lock.
async fn wait_for_waiting(watcher: &tokio_postgres::Client, expected: i64) {
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
        AND state = 'active' AND wait_event_type = 'Lock'";
    let all = async {
        while watcher.query_one(waiting, &[]).await.unwrap().get::<_, i64>(0) != expected {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    soon(all).await;
}

fn everything() -> Selection {
    let context = Context {
        now: DateTime::UNIX_EPOCH,
        tenant_tz: "UTC".parse().unwrap(),
        dialect: Dialect::default(),
    };
    Query::parse("").unwrap().resolve(&context).unwrap()
}

/// A batch that writes: it has no record, but a checkpoint.
fn batch(source: &str) -> Batch {
    Batch {
        records: Vec::new(),
        on_conflict: OnConflict::Reject,
        checkpoint: Some(Checkpoint { source: source.to_owned(), after: 0, records: 7 }),
    }
}

async fn tenant(store: &Postgres) -> TenantId {
    let zone = "UTC".parse().unwrap();
    store.add_tenant("acme", zone, DateTime::UNIX_EPOCH).await.unwrap().id
}

#[tokio::test]
async fn a_read_that_is_left_keeps_no_connection() {
    let Some(url) = database() else { return };
    let store =
        Postgres::builder().deadline(NEVER).open(&with(&url, "connections=1")).await.unwrap();
    let tenant = tenant(&store).await;
    let (holder, watcher) = (connect(&url).await, connect(&url).await);
    holder.batch_execute("BEGIN; LOCK recordings IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let selection = everything();
    for _ in 0..3 {
        tokio::select! {
            page = store.page(tenant, &selection) => panic!("not locked: {page:?}"),
            () = wait_for_waiting(&watcher, 1) => {}
        }
        // The lock is still held.
        assert_eq!(soon(store.tenants()).await.unwrap().len(), 1);
        wait_for_waiting(&watcher, 0).await;
        let status = store.readers.pool.status();
        assert_eq!((status.size, status.available, status.waiting), (1, 1, 0));
    }
    holder.batch_execute("ROLLBACK").await.unwrap();
    assert!(soon(store.page(tenant, &selection)).await.unwrap().records.is_empty());
}

#[tokio::test]
async fn a_write_that_is_left_is_undone_and_keeps_no_connection() {
    let Some(url) = database() else { return };
    let store = Postgres::builder().deadline(NEVER).open(&url).await.unwrap();
    let tenant = tenant(&store).await;
    let (holder, watcher) = (connect(&url).await, connect(&url).await);
    // In the middle of the transaction: the tenant is locked.
    holder.batch_execute("BEGIN; LOCK imports IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let writes = ["a", "b", "c", "d"];
    assert_eq!(writes.len(), WRITERS);
    let all = async {
        let [a, b, c, d] = writes.map(|source| store.import(tenant, batch(source)));
        tokio::join!(a, b, c, d)
    };
    tokio::select! {
        imported = all => panic!("not locked: {imported:?}"),
        () = wait_for_waiting(&watcher, 4) => {}
    }
    wait_for_waiting(&watcher, 0).await;
    assert_eq!(soon(store.count(tenant)).await.unwrap(), 0);
    holder.batch_execute("ROLLBACK").await.unwrap();
    for source in writes {
        assert_eq!(soon(store.checkpoint(tenant, source)).await.unwrap(), 0);
    }
    soon(store.import(tenant, batch("a"))).await.unwrap();
    assert_eq!(soon(store.checkpoint(tenant, "a")).await.unwrap(), 7);
    let transactions = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
        AND state LIKE 'idle in transaction%'";
    assert_eq!(watcher.query_one(transactions, &[]).await.unwrap().get::<_, i64>(0), 0);
}

/// A connection that answered is used again, also if the answer was an error.
#[tokio::test]
async fn a_connection_that_answered_is_kept() {
    let Some(url) = database() else { return };
    let store =
        Postgres::builder().deadline(NEVER).open(&with(&url, "connections=1")).await.unwrap();
    let watcher = connect(&url).await;
    let tenant = tenant(&store).await;
    let backends = "SELECT array_agg(pid ORDER BY pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()
        AND backend_type = 'client backend'";
    let backends = async || watcher.query_one(backends, &[]).await.unwrap().get::<_, Vec<i32>>(0);
    let before = backends().await;
    for source in ["a", "b", "c"] {
        store.tenants().await.unwrap();
        store.page(tenant, &everything()).await.unwrap();
        store.import(tenant, batch(source)).await.unwrap();
        store.revoke_token(tenant, 99).await.unwrap_err();
        store.import(TenantId(99), batch("a")).await.unwrap_err();
        store.remove_tenant(TenantId(99)).await.unwrap_err();
    }
    assert_eq!(backends().await, before);
    assert_eq!(before.len(), 2);
}

/// Of two standbys, the one that is asked for the rest of a page may be behind the one that began
/// it: the primary is asked for what it does not have yet.
#[tokio::test]
async fn the_rest_of_a_page_is_read_where_it_is_as_it_was_when_the_page_began() {
    let (Some(here), Some(behind)) = (database(), database()) else { return };
    let mut store = Postgres::open(&here).await.unwrap();
    let mut behind = Postgres::open(&behind).await.unwrap();
    let record = |number: i64, seconds: i64| {
        let recording = Recording::new()
            .with(Field::Filename, &number.to_string())
            .with(Field::ExtVar1, &"x".repeat(100_000));
        let start = DateTime::from_timestamp(seconds, 0).unwrap();
        StoredRecord::with_start(&recording, start).unwrap()
    };
    let records: Vec<_> = (0..5).map(|number| record(number, number)).collect();
    let acme = tenant(&store).await;
    assert_eq!(tenant(&behind).await, acme);
    for store in [&store, &behind] {
        store.import(acme, records.clone().into()).await.unwrap();
    }
    // The last but one moves to the end.
    let batch =
        Batch { records: vec![record(3, 9)], on_conflict: OnConflict::Update, checkpoint: None };
    assert_eq!(store.import(acme, batch).await.unwrap().updated, 1);

    let selection = everything();
    let mut page = store.begin(acme, &selection).await.unwrap();
    std::mem::swap(&mut store.readers, &mut behind.readers);
    let mut names = Vec::new();
    loop {
        names.extend(page.records.iter().map(|record| record.text(Field::Filename).to_owned()));
        let Some(rest) = page.rest else { break };
        page = store.rest(acme, &selection, rest).await.unwrap();
    }
    assert_eq!(names, ["0", "1", "2", "4", "3"]);
}
