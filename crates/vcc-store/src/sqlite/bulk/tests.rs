//! What happens beside a load, between its steps.

use vcc_types::Field;

use super::*;
use crate::selection::any_record;
use crate::sqlite::queue::Queue;
use crate::{Sqlite, Store as _};

const KEY: &str = "recordings_transaction";

/// It waits neither for the other indexes nor for the end.
#[tokio::test]
async fn a_token_is_revoked_between_the_indexes_of_a_load() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.db");
    let [store, other] = [(); 2].map(|()| Sqlite::create(&path).unwrap());
    let now = chrono::DateTime::UNIX_EPOCH;
    let acme = store.add_tenant("acme", vcc_query::Zone::UTC, now).await.unwrap().id;
    let token = crate::TokenHash::of(b"secret");
    let token = store.add_token(acme, token, "", now).await.unwrap();
    let record = |agent: &str| {
        let recording = vcc_types::Recording::new()
            .with(Field::TransactionId, "t1")
            .with(Field::AgentId, agent);
        StoredRecord::with_start(&recording, now).unwrap()
    };
    assert!(store.set_index(Field::QueueId, true).await.unwrap());
    let mut load = store.bulk(acme, "calls.csv").await.unwrap();
    load.load(vec![(1, record("bill")), (2, record("mary"))], 2).await.unwrap();
    let queue = Queue::at(&folder.path().join("s.db-wal")).unwrap();
    // After an interruption in the middle of the first index, it continues.
    let key = store.writer.run(|connection| {
        let indexes = schema(connection, "index", "recordings");
        Ok(indexes.map_err(error("cannot read"))?.into_iter().find(|index| name(index) == KEY))
    });
    drop(load);
    let load = Load { writer: store.writer.clone(), tenant: acme, source: "calls.csv".into() };
    load.index(2, &key.await.unwrap().unwrap()).await.unwrap();
    let load = store.bulk(acme, "calls.csv").await.unwrap();
    assert_eq!(other.page(acme, &any_record()).await.unwrap().records.len(), 0);
    let (begin, begun) = tokio::sync::oneshot::channel();
    let mut begin = Some(begin);
    // The record is left out when the first index is there, and the others are not.
    let finishing = load.finish(OnConflict::Reject, move |_, _| {
        begin.take().unwrap().send(()).unwrap();
        while queue.is_free() {
            std::thread::yield_now();
        }
    });
    let revoking = async {
        begun.await.unwrap();
        let revoke = move |connection: &mut Connection| {
            let failed = error("cannot revoke a token");
            let transaction = immediate(connection).map_err(&failed)?;
            let is_loading = is_staged(&transaction).map_err(&failed)?;
            transaction.commit().map_err(&failed)?;
            crate::sqlite::tenants::revoke(connection, acme, token.id)?;
            // An index that is given now is not lost, and one that is taken away does not come
            // back.
            crate::sqlite::index::set(connection, Field::Channel, true)?;
            crate::sqlite::index::set(connection, Field::QueueId, false)?;
            Ok(is_loading)
        };
        other.writer.run(revoke).await.unwrap()
    };
    let (loaded, is_loading) = tokio::join!(finishing, revoking);
    assert_eq!((loaded.unwrap().added, is_loading), (1, true));
    // Also by statements that were prepared before.
    assert_eq!(other.page(acme, &any_record()).await.unwrap().records, [record("bill")]);
    assert_eq!(other.indexes().await.unwrap(), [Field::Channel]);
    let wanted = vcc_query::Wanted::Text("".into());
    let filters = vec![vcc_query::Filter { field: Field::Channel, wanted }];
    let selection = vcc_query::Selection { filters, ..any_record() };
    assert_eq!(other.page(acme, &selection).await.unwrap().records, [record("bill")]);
    let sound = rusqlite::Connection::open(&path).unwrap();
    let sound = sound.query_row("PRAGMA integrity_check", [], |row| row.get::<_, String>(0));
    assert_eq!(sound.unwrap(), "ok");
}
