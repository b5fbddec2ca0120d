//! Imports: what is known again, conflicts, and checkpoints.

use std::collections::BTreeMap;

use vcc_types::{Field, Row as _};

use super::samples::{NOW, acme, everything, record};
use crate::{Batch, Checkpoint, Imported, OnConflict, Store, StoreErrorKind, StoredRecord};

/// A batch of an import that has dealt with so many records before it, and after it.
fn step(records: Vec<StoredRecord>, after: u64, at: u64) -> Batch {
    let checkpoint = Some(Checkpoint { source: "file".into(), after, records: at });
    Batch { records, checkpoint, ..Batch::default() }
}

pub(super) async fn an_import_knows_what_is_there(store: &dyn Store) {
    let acme = acme(store).await;
    let batch = || {
        vec![
            record("1", "a", "bill"),
            record("1", "b", "bill"),
            record("", "", "bill"),
            record("", "", "bill"),
        ]
    };
    let first = store.import(acme.id, batch().into()).await.unwrap();
    assert_eq!((first.added, first.unchanged), (4, 0));
    // Without keys, every record is its own.
    let second = store.import(acme.id, batch().into()).await.unwrap();
    assert_eq!((second.added, second.unchanged), (2, 2));

    let changed = || vec![record("2", "c", "x"), record("1", "a", "anna")];
    let refused = store.import(acme.id, changed().into()).await.unwrap();
    assert_eq!((refused.added, refused.conflicts), (1, vec![1]));
    let updated = store
        .import(acme.id, Batch { on_conflict: OnConflict::Update, ..changed().into() })
        .await
        .unwrap();
    assert_eq!((updated.unchanged, updated.updated), (1, 1));

    let selection = everything();
    let page = store.page(acme.id, &selection).await.unwrap();
    let found: Vec<_> = page
        .records
        .iter()
        .map(|record| (record.text(Field::TransactionId), record.text(Field::AgentId)))
        .collect();
    let bare = ("", "bill");
    assert_eq!(found, [bare, bare, bare, bare, ("1", "anna"), ("1", "bill"), ("2", "x")]);
}

/// Against a map: many of a batch have the keys of others of it, near and far, before and after
/// what is written together.
pub(super) async fn a_batch_knows_its_own(store: &dyn Store) {
    let acme = acme(store).await;
    let batch = |from: u32, agents: u32| -> Vec<StoredRecord> {
        (from..from + 400)
            .map(|number| {
                let key = if number % 11 == 0 { number - number % 7 } else { number };
                record(&key.to_string(), "", &format!("agent{}", number % agents))
            })
            .collect()
    };
    let mut model: BTreeMap<String, StoredRecord> = BTreeMap::new();
    // The second batch repeats half of the first, the third changes it, the fourth is new.
    for (from, agents, on_conflict) in [
        (1_000, 1, OnConflict::Reject),
        (1_200, 1, OnConflict::Update),
        (1_000, 3, OnConflict::Reject),
        (1_100, 3, OnConflict::Update),
        (3_000, 2, OnConflict::Reject),
        (5_000, 2, OnConflict::Update),
    ] {
        let records = batch(from, agents);
        let mut expected = Imported::default();
        for (position, record) in records.iter().enumerate() {
            let key = record.text(Field::TransactionId).to_owned();
            match model.get_mut(&key) {
                None => {
                    expected.added += 1;
                    model.insert(key, record.clone());
                }
                Some(known) if known == record => expected.unchanged += 1,
                Some(known) if on_conflict == OnConflict::Update => {
                    expected.updated += 1;
                    known.clone_from(record);
                }
                Some(_) => expected.conflicts.push(position),
            }
        }
        let batch = Batch { on_conflict, ..records.into() };
        let imported = store.import(acme.id, batch).await.unwrap();
        assert_eq!(imported, expected, "{from} {agents} {on_conflict:?}");
    }
    let mut found = Vec::new();
    let mut selection = everything();
    loop {
        let page = store.page(acme.id, &selection).await.unwrap();
        found.extend(page.records);
        if !page.more {
            break;
        }
        selection.first += 50;
    }
    // All start at once, so that PAGE-5 orders them by their transaction.
    assert_eq!(found, model.into_values().collect::<Vec<_>>());
}

pub(super) async fn an_import_that_was_broken_off_is_known(store: &dyn Store) {
    let acme = acme(store).await;
    assert_eq!(store.checkpoint(acme.id, "file").await.unwrap(), 0);
    store.import(acme.id, step(vec![record("", "", "a")], 0, 1)).await.unwrap();
    store.import(acme.id, step(vec![record("", "", "b")], 1, 2)).await.unwrap();
    assert_eq!(store.checkpoint(acme.id, "file").await.unwrap(), 2);
    assert_eq!(store.checkpoint(acme.id, "other").await.unwrap(), 0);
    store.import(acme.id, step(vec![], 2, 0)).await.unwrap();
    assert_eq!(store.checkpoint(acme.id, "file").await.unwrap(), 0);
    assert_eq!(store.count(acme.id).await.unwrap(), 2);
}

pub(super) async fn of_two_imports_of_a_source_one_goes_on(store: &dyn Store) {
    let acme = acme(store).await;
    let other = store.add_tenant("other", "UTC".parse().unwrap(), NOW).await.unwrap();
    let one = || vec![record("", "", "a")];
    let begin = || store.import(acme.id, step(one(), 0, 1));
    let (first, second) = tokio::join!(begin(), begin());
    assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
    // How many records and which checkpoint there are afterwards; `None` where it is refused.
    for (records, after, at, there) in [
        (one(), 1, 2, Some((2, 2))),
        // Behind, before, and at the end of another.
        (one(), 0, 1, None),
        (one(), 1, 2, None),
        (one(), 5, 6, None),
        (vec![], 1, 0, None),
        (vec![], 0, 0, None),
        (one(), 2, 3, Some((3, 3))),
        (vec![], 3, 0, Some((3, 0))),
        // It has ended.
        (one(), 3, 4, None),
        (vec![], 3, 0, None),
        // Of a source without records.
        (vec![], 0, 0, Some((3, 0))),
        (one(), 0, 1, Some((4, 1))),
    ] {
        let before = store.count(acme.id).await.unwrap();
        let kept = store.checkpoint(acme.id, "file").await.unwrap();
        let imported = store.import(acme.id, step(records, after, at)).await;
        if there.is_none() {
            let error = imported.unwrap_err();
            assert_eq!(error.kind(), StoreErrorKind::Refused, "{after} {at}");
        } else {
            imported.unwrap();
        }
        let (count, checkpoint) = there.unwrap_or((before, kept));
        assert_eq!(store.count(acme.id).await.unwrap(), count, "{after} {at}");
        assert_eq!(store.checkpoint(acme.id, "file").await.unwrap(), checkpoint, "{after} {at}");
    }
    // Another tenant's import of the same source is another.
    store.import(other.id, step(one(), 0, 1)).await.unwrap();
}

pub(super) async fn a_batch_with_conflicts_can_be_undone(store: &dyn Store) {
    let acme = acme(store).await;
    store.import(acme.id, vec![record("1", "a", "bill")].into()).await.unwrap();
    // More than are written together, so that some are written before the conflict is found.
    let mut records: Vec<_> = (100..300).map(|n| record(&n.to_string(), "a", "bill")).collect();
    records.extend([
        record("1", "a", "anna"),
        record("1", "a", "bill"),
        record("299", "a", "anna"),
        record("", "", "bill"),
    ]);
    let undo = |records| Batch { on_conflict: OnConflict::Undo, ..step(records, 0, 204) };
    let undone = store.import(acme.id, undo(records.clone())).await.unwrap();
    assert_eq!(undone, Imported { conflicts: vec![200, 202], ..Imported::default() });
    assert_eq!(store.count(acme.id).await.unwrap(), 1);
    assert_eq!(store.checkpoint(acme.id, "file").await.unwrap(), 0);
    // Without them it is done.
    records.remove(202);
    records.remove(200);
    let done = store.import(acme.id, undo(records)).await.unwrap();
    assert_eq!(done, Imported { added: 201, unchanged: 1, ..Imported::default() });
    assert_eq!(store.count(acme.id).await.unwrap(), 202);
    assert_eq!(store.checkpoint(acme.id, "file").await.unwrap(), 204);
}
