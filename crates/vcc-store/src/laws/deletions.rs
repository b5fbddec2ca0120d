//! Deletions.

use chrono::TimeDelta;
use vcc_types::{Field, Recording, Row as _};

use super::samples::{NOW, acme, optional, record};
use crate::{Deletion, Store, StoredRecord, Vacuum};

pub(super) async fn deletions_take_what_they_say(store: &dyn Store) {
    let acme = acme(store).await;
    let other = store.add_tenant("other", "UTC".parse().unwrap(), NOW).await.unwrap();
    let many: Vec<_> = (0..6_000).map(|n| record(&n.to_string(), "f", "bill")).collect();
    store.import(acme.id, many.clone().into()).await.unwrap();
    store.import(other.id, many[..10].to_vec().into()).await.unwrap();
    store.import(acme.id, vec![record("x", "", "Bill")].into()).await.unwrap();
    let start = many[0].start().unwrap();
    for (deletion, deleted) in [
        (Deletion::Field(Field::CaseId, "x".into()), 0),
        (Deletion::Before(start), 0),
        (Deletion::Field(Field::AgentId, "bil%".into()), 0),
        (Deletion::Field(Field::StartDate, String::new()), 0),
        (Deletion::Field(Field::AgentId, "bill".into()), 6_000),
        (Deletion::Before(start + TimeDelta::microseconds(1)), 1),
        (Deletion::All, 0),
    ] {
        let reach = optional(store.reach(acme.id, &deletion).await);
        let (of, starts) = (store.count(acme.id).await.unwrap(), (deleted > 0).then_some(start));
        let reach = reach.map(|reach| (reach.records, reach.of, reach.starts));
        let would_be = Some((deleted, of, starts.zip(starts)));
        assert!(reach.is_none() || reach == would_be, "{deletion:?}: {reach:?}");
        assert_eq!(store.delete(acme.id, &deletion).await.unwrap(), deleted, "{deletion:?}");
    }
    assert_eq!(store.count(acme.id).await.unwrap(), 0);
    assert_eq!(store.count(other.id).await.unwrap(), 10);

    let instant = |seconds| start + TimeDelta::seconds(seconds);
    let spread = [("a", 5), ("b", 9), ("a", 7), ("a", -3), ("b", -9)].map(|(agent, seconds)| {
        let recording = Recording::new().with(Field::AgentId, agent);
        StoredRecord::with_start(&recording, instant(seconds)).unwrap()
    });
    store.import(acme.id, spread.to_vec().into()).await.unwrap();
    for (deletion, records, first, last) in [
        (Deletion::Field(Field::AgentId, "a".into()), 3, -3, 7),
        (Deletion::Before(start), 2, -9, -3),
        (Deletion::All, 5, -9, 9),
    ] {
        let Some(reach) = optional(store.reach(acme.id, &deletion).await) else { break };
        assert_eq!((reach.records, reach.of), (records, 5), "{deletion:?}");
        assert_eq!(reach.starts, Some((instant(first), instant(last))), "{deletion:?}");
    }
    // What is vacuumed is what it was.
    for full in [false, true] {
        assert!(store.vacuum(Vacuum { full }).await.unwrap().log_is_clean);
        assert_eq!(store.count(acme.id).await.unwrap(), 5);
        assert_eq!(store.count(other.id).await.unwrap(), 10);
    }
    assert_eq!(store.delete(acme.id, &Deletion::All).await.unwrap(), 5);
    assert_eq!(store.count(acme.id).await.unwrap(), 0);
    assert_eq!(store.count(other.id).await.unwrap(), 10);
}
