//! Everything that can happen to records.

use chrono::DateTime;
use proptest::prelude::*;
use vcc_store::{Batch, Deletion, OnConflict, Store, StoredRecord, TenantId};
use vcc_types::{Field, Row as _};

use super::{everything, expected, micros, record};

#[derive(Clone, Debug)]
pub(crate) enum Change {
    Import(Vec<StoredRecord>, OnConflict),
    Purge(i64),
    Erase(&'static str),
}

pub(crate) fn change() -> impl Strategy<Value = Change> {
    let conflict =
        proptest::sample::select(&[OnConflict::Reject, OnConflict::Update, OnConflict::Undo][..]);
    prop_oneof![
        4 => (proptest::collection::vec(record(), 0..40), conflict)
            .prop_map(|(records, conflict)| Change::Import(records, conflict)),
        1 => micros().prop_map(Change::Purge),
        1 => proptest::sample::select(&["bill", "Bill", "10", ""][..]).prop_map(Change::Erase),
    ]
}

/// What a change does to a list of records.
pub(crate) fn apply(rows: &mut Vec<StoredRecord>, change: &Change) {
    match change {
        Change::Import(records, conflict) => {
            let key = |record: &StoredRecord| {
                let text = |field| record.text(field).to_owned();
                (text(Field::TransactionId), text(Field::Filename))
            };
            let before = rows.clone();
            for record in records {
                let keyless = key(record) == (String::new(), String::new());
                match rows.iter_mut().find(|row| !keyless && key(row) == key(record)) {
                    None => rows.push(record.clone()),
                    Some(row) if *conflict == OnConflict::Update => *row = record.clone(),
                    Some(row) if *conflict == OnConflict::Undo && row != record => {
                        *rows = before;
                        return;
                    }
                    Some(_) => {}
                }
            }
        }
        Change::Purge(before) => rows.retain(|row| row.start_micros() >= *before),
        Change::Erase(agent) => rows.retain(|row| row.text(Field::AgentId) != *agent),
    }
}

/// Makes a change to a tenant's records.
pub(crate) async fn carry_out(store: &dyn Store, tenant: TenantId, change: &Change) {
    match change {
        Change::Import(records, on_conflict) => {
            let (records, on_conflict) = (records.clone(), *on_conflict);
            let batch = Batch { records, on_conflict, checkpoint: None };
            store.import(tenant, batch).await.unwrap();
        }
        Change::Purge(before) => {
            let before = DateTime::from_timestamp_micros(*before).unwrap();
            store.delete(tenant, &Deletion::Before(before)).await.unwrap();
        }
        Change::Erase(agent) => {
            let agent = Deletion::Field(Field::AgentId, (*agent).to_owned());
            store.delete(tenant, &agent).await.unwrap();
        }
    }
}

/// Makes changes to a new tenant's records, and checks what is there afterwards.
pub(crate) async fn make(store: &dyn Store, tenant: &str, changes: &[Change]) {
    let zone = "UTC".parse().unwrap();
    let tenant = store.add_tenant(tenant, zone, DateTime::UNIX_EPOCH).await.unwrap();
    let mut rows = Vec::new();
    for change in changes {
        carry_out(store, tenant.id, change).await;
        apply(&mut rows, change);
    }
    let page = store.page(tenant.id, &everything()).await.unwrap();
    assert_eq!(page.records, expected(&rows, &everything()).0);
    assert_eq!(store.count(tenant.id).await.unwrap(), rows.len() as u64);
}
