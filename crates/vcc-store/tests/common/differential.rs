use chrono::DateTime;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, TestRunner};
use vcc_query::Selection;
use vcc_store::{Batch, OnConflict, Store};
use vcc_types::Field;

use super::{expected, exported, load, record, selection};

/// Many selections over each of a few sets of records, in two tenants that hold much the same.
pub(crate) async fn differs(store: &dyn Store, sets: u32, selections: u32) {
    let now = DateTime::UNIX_EPOCH;
    let zone = "UTC".parse().unwrap();
    let other = store.add_tenant("other", zone, now).await.unwrap();
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
    for set in 0..sets {
        if set == sets / 2 {
            // The second half with an index for whatever can have one.
            for field in Field::ALL {
                let _ = store.set_index(field, true).await;
            }
            assert_eq!(store.indexes().await.unwrap().len(), Field::COUNT - 4);
        }
        let tenant = store.add_tenant(&format!("set-{set}"), zone, now).await.unwrap();
        let size = [0, 1, 60, 700][set as usize % 4];
        let records =
            proptest::collection::vec(record(), size).new_tree(&mut runner).unwrap().current();
        // AUTH-4: the records of another tenant show nowhere.
        let theirs = Batch { on_conflict: OnConflict::Update, ..records.clone().into() };
        store.import(other.id, theirs).await.unwrap();
        let rows = load(store, tenant.id, records).await;
        for _ in 0..selections {
            let selection = selection().new_tree(&mut runner).unwrap().current();
            let page = store.page(tenant.id, &selection).await.unwrap();
            let (records, more) = expected(&rows, &selection);
            assert!(page.records == records, "{selection:#?}\n{:#?}\n{records:#?}", page.records);
            assert_eq!(page.more, more, "{selection:#?}");
            // An export is the list without its pages.
            let whole = Selection { first: 1, page_size: u32::MAX, ..selection.clone() };
            let exported = exported(store, tenant.id, &selection).await;
            let (records, _) = expected(&rows, &whole);
            assert!(exported == records, "{selection:#?}\n{exported:#?}\n{records:#?}");
        }
    }
}
