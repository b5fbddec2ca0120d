//! SQLite's counts stay right whatever happens to the records.

mod common;

use std::path::Path;

use proptest::prelude::*;
use vcc_store::Sqlite;

use common::changes::{change, make};

/// The counts that differ from what counting the records gives.
fn wrong_counts(path: &Path) -> i64 {
    let connection = rusqlite::Connection::open(path).unwrap();
    let counted = "SELECT tenant, level, (start - ((start % 1000000) + 1000000) % 1000000) / 1000000 >> level AS bucket,
            count(*) AS records
        FROM recordings, (SELECT 10 AS level UNION SELECT 16 UNION SELECT 22 UNION SELECT 28)
        GROUP BY 1, 2, 3";
    let kept = "SELECT tenant, level, bucket, records FROM counts";
    let differ = format!(
        "SELECT (SELECT count(*) FROM ({counted} EXCEPT {kept}))
             + (SELECT count(*) FROM ({kept} EXCEPT {counted}))"
    );
    connection.query_row(&differ, [], |row| row.get(0)).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..Default::default() })]
    #[test]
    fn counts_follow_imports_updates_and_deletions(
        changes in proptest::collection::vec(change(), 1..8)
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("recordings.db");
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let store = Sqlite::create(&path).unwrap();
            make(&store, "acme", &changes).await;
        });
        prop_assert_eq!(wrong_counts(&path), 0);
    }
}
