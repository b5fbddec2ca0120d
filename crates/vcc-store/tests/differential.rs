//! SQLite answers as matching every record in memory would.

mod common;

use std::sync::Arc;

use vcc_store::{Sqlite, Store};

use common::differential::differs;
use common::oracle::agrees;
use common::walks;

#[tokio::test]
async fn sqlite_in_memory() {
    differs(&Sqlite::in_memory().unwrap(), 8, 500).await;
}

#[tokio::test]
async fn sqlite_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("recordings.db");
    let store: Arc<dyn Store> = Arc::new(Sqlite::create(&path).unwrap());
    differs(&*store, 4, 200).await;
}

#[tokio::test]
async fn sqlite_agrees_with_an_oracle_that_shares_no_code() {
    let folder = tempfile::tempdir().unwrap();
    let store = Sqlite::create(folder.path().join("recordings.db")).unwrap();
    agrees(&store, &[0, 1, 51, 300, 900, 1_500], 700).await;
}

#[tokio::test]
async fn walks_over_a_file_stay_right() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("recordings.db");
    let stores = [Sqlite::create(&path).unwrap(), Sqlite::open(&path).unwrap()];
    let [here, there] = &stores;
    walks::stay_right([here, there], 3, 160).await;
}
