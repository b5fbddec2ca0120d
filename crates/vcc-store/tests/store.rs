//! Tenants, tokens, imports and deletions in SQLite, and its files.

mod common;

use chrono::{DateTime, Utc};
use vcc_store::{Sqlite, Store, StoreErrorKind};

const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

async fn in_memory() -> Option<Sqlite> {
    Some(Sqlite::in_memory().unwrap())
}

common::laws::tests!(in_memory);

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
    assert!(error.to_string().contains("has schema version 99"), "{error}");
}

#[tokio::test]
async fn a_backup_is_a_store() {
    let store = Sqlite::in_memory().unwrap();
    store.add_tenant("acme", "UTC".parse().unwrap(), NOW).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("backup.db");
    store.backup(&path).await.unwrap();
    let copy = Sqlite::open(&path).unwrap();
    assert_eq!(copy.tenants().await.unwrap()[0].name, "acme");
    assert_eq!(store.backup(&path).await.unwrap_err().kind(), StoreErrorKind::Exists);
}
