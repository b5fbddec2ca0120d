//! Indexes of fields.

use vcc_query::{Filter, Selection, Wanted};
use vcc_types::{Field, Recording, Row as _};

use super::samples::{acme, everything, optional};
use crate::{Batch, OnConflict, Store, StoreErrorKind, StoredRecord};

pub(super) async fn indexes_come_and_go(store: &dyn Store) {
    let acme = acme(store).await;
    assert_eq!(store.indexes().await.unwrap(), []);
    let Some(_) = optional(store.set_index(Field::WrapUpCode, false).await) else { return };
    for (field, wanted, changes, there) in [
        (Field::WrapUpCode, true, true, &[Field::WrapUpCode][..]),
        (Field::Channel, true, true, &[Field::Channel, Field::WrapUpCode]),
        (Field::Channel, true, false, &[Field::Channel, Field::WrapUpCode]),
        (Field::WrapUpCode, false, true, &[Field::Channel]),
        (Field::WrapUpCode, false, false, &[Field::Channel]),
        (Field::Duration, true, true, &[Field::Channel, Field::Duration]),
    ] {
        assert_eq!(store.set_index(field, wanted).await.unwrap(), changes, "{field} {wanted}");
        assert_eq!(store.indexes().await.unwrap(), there, "{field} {wanted}");
    }
    // It holds what is imported and updated, and long texts too.
    let long = "x".repeat(1 << 20);
    let call = |number: &str, channel: &str| {
        let recording = Recording::new()
            .with(Field::StartDate, "2007-12-19T19:16:36-08:00")
            .with(Field::TransactionId, number)
            .with(Field::Duration, number)
            .with(Field::Channel, channel);
        StoredRecord::new(&recording).unwrap()
    };
    let records = vec![call("1", "a"), call("2", &long), call("3", "a"), call("4", "")];
    store.import(acme.id, records.into()).await.unwrap();
    let update = Batch { on_conflict: OnConflict::Update, ..vec![call("3", "b")].into() };
    store.import(acme.id, update).await.unwrap();
    let finds = async |field, wanted: Wanted| {
        let filters = vec![Filter { field, wanted }];
        let selection = Selection { filters, ..everything() };
        let page = store.page(acme.id, &selection).await.unwrap();
        let text = |record: &StoredRecord| record.text(Field::TransactionId).to_owned();
        page.records.iter().map(text).collect::<Vec<_>>().join(" ")
    };
    let text = |text: &str| Wanted::Text(text.into());
    for has_index in [true, false] {
        for (channel, found) in [("a", "1"), ("b", "3"), ("", "4"), (&long, "2"), ("A", "")] {
            assert_eq!(finds(Field::Channel, text(channel)).await, found);
        }
        assert_eq!(finds(Field::Duration, Wanted::Seconds(3)).await, "3");
        assert_eq!(finds(Field::Duration, text("")).await, "");
        if has_index {
            assert!(store.set_index(Field::Channel, false).await.unwrap());
            assert!(store.set_index(Field::Duration, false).await.unwrap());
        }
    }
    for field in [Field::StartDate, Field::AgentId, Field::PhoneNumber, Field::TransactionId] {
        for wanted in [true, false] {
            let error = store.set_index(field, wanted).await.unwrap_err();
            assert_eq!(error.kind(), StoreErrorKind::Refused);
        }
    }
}
