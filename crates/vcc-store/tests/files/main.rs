//! A store in a file and the files beside it: what happens to them when a copy or a store is made,
//! who may read them, and names that are not UTF-8.

#![cfg(unix)]

#[path = "../common/mod.rs"]
mod common;

mod backup;
mod create;
mod names;
mod replaced;
mod restore;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use rusqlite::Connection;
use vcc_store::{Sqlite, Store as _, StoredRecord};
use vcc_types::{Field, Recording};

const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

/// A file beside a database, by its suffix.
fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

async fn fill(store: &Sqlite, tenant: &str, records: u32) {
    let tenant = store.add_tenant(tenant, "UTC".parse().unwrap(), NOW).await.unwrap().id;
    let record = |number: u32| {
        let recording = Recording::new()
            .with(Field::TransactionId, &number.to_string())
            .with(Field::AgentId, "bill");
        StoredRecord::with_start(&recording, NOW).unwrap()
    };
    store.import(tenant, (0..records).map(record).collect::<Vec<_>>().into()).await.unwrap();
}

/// Every row of every table.
fn rows(path: &Path) -> BTreeMap<String, Vec<String>> {
    let connection = Connection::open(path).unwrap();
    let names: Vec<String> = connection
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let rows = |name: &String| {
        let mut statement = connection.prepare(&format!("SELECT * FROM {name}")).unwrap();
        let columns = statement.column_count();
        let row = |row: &rusqlite::Row<'_>| {
            let values = (0..columns).map(|at| format!("{:?}", row.get_ref(at).unwrap()));
            Ok(values.collect::<Vec<_>>().join(","))
        };
        statement.query_map([], row).unwrap().map(Result::unwrap).collect()
    };
    names.iter().map(|name| (name.clone(), rows(name))).collect()
}

/// Every file of a folder, with its content.
fn folder(path: &Path) -> BTreeMap<OsString, Vec<u8>> {
    let entry = |entry: std::io::Result<std::fs::DirEntry>| {
        let entry = entry.unwrap();
        (entry.file_name(), std::fs::read(entry.path()).unwrap())
    };
    path.read_dir().unwrap().map(entry).collect()
}

/// What may be left of a store: its log with the index of it, and a journal, each with content.
async fn left_of_another(at: &Path) -> BTreeMap<&'static str, Vec<u8>> {
    let path = at.join("another.db");
    let store = Sqlite::create(&path).unwrap();
    fill(&store, "another", 100).await;
    let mut left = BTreeMap::new();
    for end in ["-wal", "-shm"] {
        left.insert(end, std::fs::read(beside(&path, end)).unwrap());
    }
    drop(store);
    let mut journaled = Connection::open(&path).unwrap();
    journaled.pragma_update(None, "journal_mode", "DELETE").unwrap();
    journaled.pragma_update(None, "cache_size", 1).unwrap();
    let transaction = journaled.transaction().unwrap();
    transaction.execute_batch("UPDATE recordings SET agent_id = 'mary'").unwrap();
    left.insert("-journal", std::fs::read(beside(&path, "-journal")).unwrap());
    left.insert(".partial", std::fs::read(&path).unwrap());
    drop(transaction);
    assert!(left.values().all(|bytes| bytes.len() > 512), "nothing is left");
    left
}
