//! A file of SQLite of an earlier version.

use vcc_store::{Sqlite, Store as _, StoreErrorKind};

use crate::common;
use crate::common::fixture::{self, RECORDINGS};
use crate::{FIXTURES, VERSION, WRITES_OF_1, beside, holds, is_taken, said};

#[tokio::test]
async fn every_version_of_a_file_is_opened() {
    assert_eq!(FIXTURES.last().unwrap().0, VERSION, "this version has no fixture");
    for (version, all) in FIXTURES {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("recordings.db");
        fixture::unpack(version, &path);
        let store = Sqlite::open(&path).unwrap();
        said(version, store.upgraded());
        assert_eq!(common::wrong_counts(&path), 0);
        // Once.
        drop(store);
        let store = Sqlite::open(&path).unwrap();
        assert_eq!(store.upgraded(), None);
        holds(&store, all).await;
        assert_eq!(common::wrong_counts(&path), 0);
        // The load that had not ended can end, now that nothing else is there.
        let bulk = store.tenant("bulk").await.unwrap().unwrap().id;
        let load = store.bulk(bulk, "bulk.csv").await.unwrap();
        assert_eq!(load.done(), 13);
        let loaded = load.finish(vcc_store::OnConflict::Reject, |_, _| ()).await.unwrap();
        let expected = RECORDINGS.into_iter().filter(|known| all || is_taken(*known)).count();
        assert_eq!(loaded.added, expected as u64);
        assert_eq!(common::wrong_counts(&path), 0);
    }
}

#[tokio::test]
async fn a_program_of_version_1_goes_on_beside_this_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("recordings.db");
    fixture::unpack(1, &path);
    // Prepared before, run after the upgrade.
    let old = rusqlite::Connection::open(&path).unwrap();
    let mut listed = old.prepare("SELECT tenant, name, zone FROM tenants ORDER BY name").unwrap();
    let mut page = old
        .prepare(
            "SELECT start, duration FROM recordings INDEXED BY recordings_start
             WHERE tenant = $1 ORDER BY start, transaction_id, filename, id LIMIT $2",
        )
        .unwrap();
    let store = Sqlite::open(&path).unwrap();
    assert!(store.upgraded().is_some());
    assert_eq!(listed.query_map([], |_| Ok(())).unwrap().count(), 9);
    assert_eq!(page.query_map([2, 51], |_| Ok(())).unwrap().count(), 13);
    old.execute_batch(WRITES_OF_1).unwrap();
    beside(&store).await;
}

/// Of several programs that start at once, one upgrades, and all work.
#[test]
fn a_file_is_upgraded_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("recordings.db");
    fixture::unpack(1, &path);
    let upgraded: Vec<_> = std::thread::scope(|scope| {
        let open = || Sqlite::open(&path).unwrap().upgraded();
        let opened: Vec<_> = (0..6).map(|_| scope.spawn(open)).collect();
        opened.into_iter().filter_map(|opened| opened.join().unwrap()).collect()
    });
    assert_eq!(upgraded.len(), 1, "{upgraded:?}");
}

/// A copy that `backup` wrote with an earlier version is a store of it.
#[tokio::test]
async fn a_backup_of_an_upgraded_store_is_one() {
    let folder = tempfile::tempdir().unwrap();
    let (path, copy) = (folder.path().join("recordings.db"), folder.path().join("copy.db"));
    fixture::unpack(1, &path);
    Sqlite::open(&path).unwrap().backup(&copy).await.unwrap();
    let copy = Sqlite::open(&copy).unwrap();
    assert_eq!(copy.upgraded(), None);
    holds(&copy, true).await;
}

/// The upgrade waits for other writers, but not for ever.
#[test]
fn a_file_that_another_program_goes_on_writing_is_not_upgraded() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("recordings.db");
    fixture::unpack(1, &path);
    let writer = rusqlite::Connection::open(&path).unwrap();
    writer.execute_batch("BEGIN IMMEDIATE").unwrap();
    let shortly = Sqlite::builder().wait(std::time::Duration::from_millis(100));
    let error = shortly.open(&path).err().unwrap();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    let said = format!(
        "{}: cannot upgrade the store from schema version 1 to 2: another writer has held it for \
         0.1 s",
        path.display()
    );
    assert_eq!(error.to_string(), said);
    drop(writer);
    assert!(Sqlite::open(&path).unwrap().upgraded().is_some());
}
