//! A database of PostgreSQL of an earlier version.

use std::path::PathBuf;

use vcc_store::{Postgres, Store as _};

use crate::common::fixture;
use crate::postgres_server::{database, psql, restore};
use crate::{FIXTURES, WRITES_OF_1, beside, holds, said};

fn dump(version: u32) -> PathBuf {
    fixture::path(&format!("postgres-{version}.sql"))
}

#[tokio::test]
async fn every_version_of_a_database_is_opened() {
    for (version, all) in FIXTURES {
        let Some(url) = database() else { return };
        restore(&url, &dump(version));
        said(version, Postgres::open(&url).await.unwrap().upgraded());
        let store = Postgres::open(&url).await.unwrap();
        assert_eq!(store.upgraded(), None);
        let negative = "SELECT count(*) FROM recordings WHERE seconds < 0";
        assert_eq!(psql(&url, negative).unwrap(), "0");
        holds(&store, all).await;
    }
}

#[tokio::test]
async fn a_program_of_version_1_goes_on_beside_this_one() {
    let Some(url) = database() else { return };
    restore(&url, &dump(1));
    let store = Postgres::open(&url).await.unwrap();
    assert!(store.upgraded().is_some());
    psql(&url, &WRITES_OF_1.replace("'x', 'old'", "'x'::bytea, 'old'")).unwrap();
    beside(&store).await;
}

#[tokio::test]
async fn a_database_is_upgraded_once() {
    let Some(url) = database() else { return };
    restore(&url, &dump(1));
    let open = || async { Postgres::open(&url).await.unwrap().upgraded() };
    let (one, two, three) = tokio::join!(open(), open(), open());
    assert_eq!([one, two, three].iter().flatten().count(), 1);
}

/// Recordings are read once, while others can add a tenant: nothing is updated if no duration
/// is out of range.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upgrade_reads_the_recordings_once_and_keeps_nothing_locked_meanwhile() {
    let Some(url) = database() else { return };
    restore(&url, &dump(1));
    psql(
        &url,
        "DELETE FROM recordings WHERE seconds < 0;
         CREATE FUNCTION never() RETURNS trigger LANGUAGE plpgsql
             AS 'BEGIN RAISE EXCEPTION ''read again''; END';
         CREATE TRIGGER never BEFORE UPDATE ON recordings EXECUTE FUNCTION never()",
    )
    .unwrap();
    let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
    let connection = tokio::spawn(connection);
    client.batch_execute("BEGIN; LOCK recordings IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let opened = {
        let url = url.clone();
        tokio::spawn(async move { Postgres::open(&url).await })
    };
    let waits = "SELECT count(*) FROM pg_locks
        WHERE relation = 'recordings'::regclass AND NOT granted";
    while psql(&url, waits).unwrap() == "0" {
        assert!(!opened.is_finished());
    }
    let advisory = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    let held = psql(&url, advisory).unwrap();
    client.batch_execute("COMMIT").await.unwrap();
    let upgraded = opened.await.unwrap().unwrap().upgraded();
    assert_eq!(upgraded.map(|upgrade| upgrade.from), Some(1));
    assert_eq!(held, "0");
    drop(client);
    connection.await.unwrap().unwrap();
}

/// An import of version 1 locks the row of its tenant for a whole batch: the upgrade waits for
/// it, and those who sign in meanwhile do not wait for the upgrade for long.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upgrade_waits_for_a_batch_that_is_being_imported() {
    let Some(url) = database() else { return };
    restore(&url, &dump(1));
    let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
    let connection = tokio::spawn(connection);
    client.batch_execute("BEGIN; SELECT 1 FROM tenants WHERE tenant = 1 FOR UPDATE").await.unwrap();
    let opened = {
        let url = url.clone();
        tokio::spawn(async move { Postgres::open(&url).await })
    };
    // It has begun, and waits.
    let waits =
        "SELECT count(*) FROM pg_locks WHERE relation = 'tenants'::regclass AND NOT granted";
    while psql(&url, waits).unwrap() == "0" {
        assert!(!opened.is_finished());
    }
    let names = psql(&url, "SET statement_timeout = '5s'; SELECT count(*) FROM tenants");
    assert_eq!(names.unwrap(), "8");
    client.batch_execute("COMMIT").await.unwrap();
    assert!(opened.await.unwrap().unwrap().upgraded().is_some());
    drop(client);
    connection.await.unwrap().unwrap();
}
