//! Importing an export gives the same records.

use chrono::DateTime;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, TestRunner};
use vcc_store::{Postgres, StoredRecord};
use vcc_types::{Field, Recording};

use crate::common::command::{Folder, run_with};
use crate::postgres_server;
use crate::records::record;
use crate::{FORMATS, add_tenant, exported, held, open};

/// Exports and imports odd records in each format, and finds them again, byte for byte and in order.
async fn there_and_back(url: &str, sets: usize) {
    let store = open(url).await;
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
    for set in 0..sets {
        let records = proptest::collection::vec(record(), 400);
        let records = records.new_tree(&mut runner).unwrap().current();
        let from = format!("from {set}");
        // In year 1 the offset of Amsterdam is not a whole number of minutes.
        add_tenant(&*store, &from, "Europe/Amsterdam").await;
        let tenant = store.tenant(&from).await.unwrap().unwrap().id;
        let added = store.import(tenant, records.into()).await.unwrap().added;
        let there = held(&*store, &from).await;
        assert_eq!(there.len() as u64, added);
        for format in FORMATS {
            let document = exported(url, &from, &["--format", format]);
            let to = format!("to {set} {format}");
            add_tenant(&*store, &to, "Asia/Kolkata").await;
            let import = ["import", "--tenant", &to, "--format", format, "-", "--store", url];
            let ran = run_with(&import, document.as_bytes());
            assert_eq!(ran.code, 0, "{format}: {}", ran.stderr);
            let back = held(&*store, &to).await;
            for (back, there) in back.iter().zip(&there) {
                assert_eq!(back, there, "{format}");
            }
            assert_eq!(back.len(), there.len(), "{format}");
            assert_eq!(exported(url, &to, &["--format", format]).len(), document.len(), "{format}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn there_and_back_in_sqlite() {
    let folder = Folder::new();
    there_and_back(&folder.store, 4).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn there_and_back_in_postgres() {
    let Some(url) = postgres_server::database() else { return };
    drop(Postgres::open(&url).await.unwrap());
    there_and_back(&url, 2).await;
}

/// The longest values that a store takes survive the round trip.
#[tokio::test]
async fn long_records_come_back() {
    let folder = Folder::new();
    let store = open(&folder.store).await;
    let tenant = store.tenant("acme").await.unwrap().unwrap().id;
    let plain = Recording::new().with(Field::ExtVar1, &"x".repeat(1 << 20));
    let escaped = Recording::new()
        .with(Field::ExtVar1, &"&\"".repeat(200 << 10))
        .with(Field::ExtVar2, &"\u{e9}\n".repeat(300 << 10))
        .with(Field::AgentId, &"\"".repeat(1_000));
    let records: Vec<_> = [plain, escaped]
        .iter()
        .map(|recording| StoredRecord::with_start(recording, DateTime::UNIX_EPOCH).unwrap())
        .collect();
    store.import(tenant, records.into()).await.unwrap();
    let there = held(&*store, "acme").await;
    for format in FORMATS {
        let document = exported(&folder.store, "acme", &["--format", format]);
        add_tenant(&*store, format, "UTC").await;
        let import = ["import", "--tenant", format, "-", "--store", &folder.store];
        let ran = run_with(&import, document.as_bytes());
        assert_eq!(ran.code, 0, "{format}: {}", ran.stderr);
        assert!(held(&*store, format).await == there, "{format}");
    }
}
