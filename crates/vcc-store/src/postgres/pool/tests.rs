//! What is left in the middle, by a client that goes away, holds nothing up.

use std::future::Future;
use std::time::Duration;

use chrono::DateTime;
use tokio::time::timeout;
use tokio_postgres::NoTls;
use vcc_query::{Context, Query, Selection};
use vcc_types::Dialect;

use super::super::postgres_server::{database, with};
use crate::postgres::{Postgres, WRITERS};
use crate::{Batch, Checkpoint, OnConflict, Store as _, TenantId};

/// How long each step may take; none needs it.
const PATIENCE: Duration = Duration::from_secs(60);
/// What no statement of a test reaches: it ends because it is cancelled, or not at all.
const NEVER: Duration = Duration::from_secs(3_600);

async fn soon<T>(what: impl Future<Output = T>) -> T {
    timeout(PATIENCE, what).await.expect("it takes for ever")
}

async fn connect(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// Waits until so many statements of others on the same database wait for a lock.
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

/// A batch that writes: without a record, it keeps where its source is.
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
    let store = Postgres::open_with(&with(&url, "connections=1"), NEVER).await.unwrap();
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
    let store = Postgres::open_with(&url, NEVER).await.unwrap();
    let tenant = tenant(&store).await;
    let (holder, watcher) = (connect(&url).await, connect(&url).await);
    // In the middle of the transaction: the tenant is locked by then.
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

/// A connection that answered is used again, also when the answer was an error.
#[tokio::test]
async fn a_connection_that_answered_is_kept() {
    let Some(url) = database() else { return };
    let store = Postgres::open_with(&with(&url, "connections=1"), NEVER).await.unwrap();
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
