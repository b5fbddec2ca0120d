//! `export` as a process: it writes what the API lists, and an import of that gives the same records.

#[path = "../common/mod.rs"]
mod common;
#[path = "../../../vcc-store/tests/postgres_server/mod.rs"]
mod postgres_server;

mod command;
mod listing;
mod output;
mod records;
mod round_trip;

use std::sync::Arc;

use chrono::DateTime;
use vcc_query::{Context, Query};
use vcc_store::{Postgres, Sqlite, Store, StoredRecord};
use vcc_types::Dialect;

use common::command::run;

/// A store for the test to fill and to query, while another process exports it.
async fn open(url: &str) -> Arc<dyn Store> {
    match url.strip_prefix("sqlite:") {
        Some(path) => Arc::new(Sqlite::open(path).unwrap()),
        None => Arc::new(Postgres::open(url).await.unwrap()),
    }
}

async fn add_tenant(store: &dyn Store, name: &str, zone: &str) {
    store.add_tenant(name, zone.parse().unwrap(), DateTime::UNIX_EPOCH).await.unwrap();
}

/// Everything that a tenant has, in the order of the list.
async fn held(store: &dyn Store, tenant: &str) -> Vec<StoredRecord> {
    let tenant = store.tenant(tenant).await.unwrap().unwrap();
    let dialect = Dialect::default();
    let context = Context { now: DateTime::UNIX_EPOCH, tenant_tz: tenant.zone, dialect };
    let selection = Query::parse("").unwrap().resolve(&context).unwrap();
    let mut export = store.export(tenant.id, &selection).await.unwrap();
    let mut records = Vec::new();
    while let Some(piece) = export.next().await.unwrap() {
        records.extend(piece);
    }
    records
}

fn exported(url: &str, tenant: &str, options: &[&str]) -> String {
    let ran = run(&[&["export", "--tenant", tenant, "--store", url], options].concat());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    ran.stdout
}

const FORMATS: [&str; 3] = ["csv", "xml", "jsonl"];
