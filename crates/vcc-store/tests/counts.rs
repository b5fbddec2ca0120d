//! SQLite's counts stay right whatever happens to the records.

mod common;

use proptest::prelude::*;
use vcc_store::Sqlite;

use common::changes::{change, make};
use common::wrong_counts;

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
