//! What every engine does alike: tenants, tokens, imports and deletions.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use vcc_query::{BuiltIn, Filter, Selection, Stretch, Wanted, Window, Zone, ZoneData, ZoneRules};
use vcc_store::{
    Batch, Checkpoint, Credentials, Deletion, Imported, OnConflict, Store, StoreErrorKind,
    StoredRecord, Tenant, Token, TokenHash, Vacuum,
};
use vcc_types::{Field, Order, Recording, Row as _};

#[allow(unused_imports, reason = "not every test has an engine of its own")]
pub(crate) use super::pieces::{
    a_long_page_comes_in_pieces, a_page_in_pieces_stays_the_page_that_it_was,
    the_rest_of_a_page_is_its_tenants,
};
#[allow(unused_imports, reason = "not every test has an engine of its own")]
pub(crate) use super::walks::begin_among_what_starts_at_once;

const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

async fn acme(store: &dyn Store) -> Tenant {
    store.add_tenant("acme", "America/Denver".parse().unwrap(), NOW).await.unwrap()
}

fn record(transaction: &str, filename: &str, agent: &str) -> StoredRecord {
    let recording = Recording::new()
        .with(Field::StartDate, "2007-12-19T19:16:36-08:00")
        .with(Field::TransactionId, transaction)
        .with(Field::Filename, filename)
        .with(Field::AgentId, agent);
    StoredRecord::new(&recording).unwrap()
}

/// A batch of an import that has dealt with so many records before it, and after it.
fn step(records: Vec<StoredRecord>, after: u64, at: u64) -> Batch {
    let checkpoint = Some(Checkpoint { source: "file".into(), after, records: at });
    Batch { records, checkpoint, ..Batch::default() }
}

pub(crate) async fn tenants_come_and_go(store: &dyn Store) {
    let acme = acme(store).await;
    store.add_tenant("Globex", "UTC".parse().unwrap(), NOW).await.unwrap();
    let again = store.add_tenant("acme", "UTC".parse().unwrap(), NOW).await.unwrap_err();
    assert_eq!(again.kind(), StoreErrorKind::Exists);
    for name in ["", "a:b", "a\nb", &"a".repeat(256)] {
        let error = store.add_tenant(name, "UTC".parse().unwrap(), NOW).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Refused, "{name:?}");
    }
    let listed = store.tenants().await.unwrap();
    let listed: Vec<_> =
        listed.iter().map(|tenant| (tenant.name.as_str(), tenant.zone.name())).collect();
    assert_eq!(listed, [("Globex", "UTC"), ("acme", "America/Denver")]);

    store.import(acme.id, vec![record("1", "a", "bill")].into()).await.unwrap();
    store.add_token(acme.id, TokenHash::of(b"x"), "", NOW).await.unwrap();
    assert_eq!(store.remove_tenant(acme.id).await.unwrap(), 1);
    assert!(store.credentials("acme", &TokenHash::of(b"x")).await.unwrap().is_none());
    let gone = [
        store.remove_tenant(acme.id).await.unwrap_err(),
        store.add_token(acme.id, TokenHash::of(b"x"), "", NOW).await.unwrap_err(),
        store.import(acme.id, vec![].into()).await.unwrap_err(),
    ];
    assert!(gone.iter().all(|error| error.kind() == StoreErrorKind::NotFound), "{gone:?}");
    assert_eq!(store.tenants().await.unwrap().len(), 1);
}

/// AUTH-7: what a new tenant is not called, and what is said of it.
pub(crate) async fn names_are_plain_and_look_like_no_other(store: &dyn Store) {
    acme(store).await;
    let zone = "UTC".parse().unwrap();
    for (name, said) in [
        (" globex", "begins or ends with white space, U+0020"),
        ("globex\u{2003}", "begins or ends with white space, U+2003"),
        ("glo\u{202e}bex", "has the format character U+202E"),
        ("glo\u{7}bex", "has the control character U+0007"),
        ("globe\u{301}x", "is not in Unicode's normal form NFC: expected \"\\u{67}"),
        ("ACME", "looks like that of the tenant \"acme\""),
        ("\u{ff41}cme", "looks like that of the tenant \"acme\""),
        ("acme\u{fe0f}", "looks like that of the tenant \"acme\""),
    ] {
        let error = store.add_tenant(name, zone, NOW).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Refused, "{name:?}");
        let begins = format!("the tenant name {name:?} {said}");
        assert!(error.to_string().starts_with(&begins), "{name:?}: {error}");
        assert!(error.to_string().contains("expected"), "{name:?}: {error}");
    }
    // Sign-in compares bytes.
    store.add_tenant("café", zone, NOW).await.unwrap();
    for name in ["cafe\u{301}", "Café", "ACME", "acme "] {
        assert!(store.credentials(name, &TokenHash::of(b"x")).await.unwrap().is_none(), "{name:?}");
    }
    // A name that is free again is free for what looks like it, too.
    let acme = store.tenant("acme").await.unwrap().unwrap().id;
    store.remove_tenant(acme).await.unwrap();
    store.add_tenant("ACME", zone, NOW).await.unwrap();
}

/// AUTH-7: of names that look alike, added at once, one is taken.
pub(crate) async fn of_two_names_that_look_alike_one_is_taken(store: &dyn Store) {
    let zone = "UTC".parse().unwrap();
    for round in 0..8 {
        let add = |name: String| async move { store.add_tenant(&name, zone, NOW).await };
        let name = |first: &str| format!("{first}cme {round}");
        let added =
            tokio::join!(add(name("a")), add(name("A")), add(name("\u{ff21}")), add(name("a")));
        let added = [added.0, added.1, added.2, added.3];
        assert_eq!(added.iter().filter(|added| added.is_ok()).count(), 1, "{added:?}");
    }
    assert_eq!(store.tenants().await.unwrap().len(), 8);
}

pub(crate) async fn an_overview_counts_what_tenants_have(store: &dyn Store) {
    let acme = acme(store).await;
    let other = store.add_tenant("Other", "UTC".parse().unwrap(), NOW).await.unwrap();
    let many: Vec<_> = (0..300).map(|n| record(&n.to_string(), "f", "bill")).collect();
    store.import(acme.id, many[..7].to_vec().into()).await.unwrap();
    store.import(other.id, many.into()).await.unwrap();
    let bill = Deletion::Field(Field::TransactionId, "7".into());
    store.delete(other.id, &bill).await.unwrap();
    for label in ["first", "second"] {
        store.add_token(acme.id, TokenHash::of(label.as_bytes()), label, NOW).await.unwrap();
    }
    store.revoke_token(acme.id, 1).await.unwrap();
    store.add_tenant("empty", "UTC".parse().unwrap(), NOW).await.unwrap();
    let overview = store.overview().await.unwrap();
    let found: Vec<_> = overview
        .iter()
        .map(|of| (of.tenant.name.as_str(), of.recordings, of.tokens, &of.problem))
        .collect();
    assert_eq!(found, [("Other", 299, 0, &None), ("acme", 7, 1, &None), ("empty", 0, 0, &None)]);
}

/// FIELD-4: whatever a duration looks like, it compares as a number.
pub(crate) async fn durations_compare_as_numbers(store: &dyn Store) {
    let acme = acme(store).await;
    let of = |(index, duration): (usize, &&str)| {
        let recording = Recording::new()
            .with(Field::TransactionId, &format!("{index:02}"))
            .with(Field::Duration, duration);
        StoredRecord::with_start(&recording, NOW).unwrap()
    };
    let zeros = format!("{}27", "0".repeat(2_000));
    let durations =
        ["27", "027", &zeros, "", "abc", "+27", "9223372036854775807", "09223372036854775807", "0"];
    let records: Vec<_> = durations.iter().enumerate().map(of).collect();
    store.import(acme.id, records.into()).await.unwrap();
    for (wanted, found) in [
        (Wanted::Seconds(27), &["27", "027", &zeros][..]),
        (Wanted::Seconds(0), &["0"]),
        (
            Wanted::Seconds(Recording::MAX_DURATION),
            &["9223372036854775807", "09223372036854775807"],
        ),
        (Wanted::Seconds(Recording::MAX_DURATION + 1), &[]),
        (Wanted::Seconds(u64::MAX), &[]),
        (Wanted::Never, &[]),
        (Wanted::Text("".into()), &[""]),
    ] {
        let filters = vec![Filter { field: Field::Duration, wanted: wanted.clone() }];
        let selection = Selection { filters, ..super::everything() };
        let page = store.page(acme.id, &selection).await.unwrap();
        let texts = page.records.iter().map(|record| record.text(Field::Duration));
        assert!(texts.eq(found.iter().copied()), "{wanted:?}: {:?}", page.records);
    }
}

/// DATE-3: the zone of a tenant is another from the next request on. Nothing else of it changes, and
/// nothing of others.
pub(crate) async fn the_zone_of_a_tenant_can_be_set(store: &dyn Store) {
    let acme = acme(store).await;
    let other = store.add_tenant("Globex", "UTC".parse().unwrap(), NOW).await.unwrap();
    store.add_token(acme.id, TokenHash::of(b"x"), "", NOW).await.unwrap();
    store.import(acme.id, vec![record("1", "a", "bill")].into()).await.unwrap();
    let before = store.page(acme.id, &super::everything()).await.unwrap().records;

    // The same zone too is no failure.
    for zone in ["Asia/Tokyo", "Asia/Tokyo", "US/Pacific"] {
        let set = store.set_zone("acme", zone.parse().unwrap()).await.unwrap();
        assert_eq!((set.id, set.name.as_str(), set.zone.name()), (acme.id, "acme", zone));
        let mut asked = None;
        let mut decide = |credentials: Option<Credentials>| {
            asked = credentials;
            None
        };
        store.answer("acme", &TokenHash::of(b"x"), &mut decide).await.unwrap();
        let asked = asked.unwrap();
        assert_eq!((asked.tenant.zone.name(), asked.token.is_some()), (zone, true));
        let credentials = store.credentials("acme", &TokenHash::of(b"x")).await.unwrap().unwrap();
        assert_eq!(credentials.tenant.zone.name(), zone);
        assert_eq!(store.tenant("acme").await.unwrap().unwrap().zone.name(), zone);
    }
    // Instants are kept as instants.
    assert_eq!(store.page(acme.id, &super::everything()).await.unwrap().records, before);
    assert_eq!(store.tenant("Globex").await.unwrap().unwrap().zone, other.zone);
    for nobody in ["ACME", "", "ac\0me"] {
        let error = store.set_zone(nobody, other.zone).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::NotFound, "{nobody:?}");
    }
    assert_eq!(store.tenants().await.unwrap().len(), 2);
}

/// One zone that nobody else has, beside the built-in ones.
#[derive(Debug)]
struct Company;

impl ZoneRules for Company {
    fn name(&self) -> &str {
        "Company/Office"
    }

    fn stretch(&self, at: i64) -> Stretch {
        Stretch { offset: 1_234, until: at + 86_400 }
    }
}

impl ZoneData for Company {
    fn version(&self) -> Option<&str> {
        None
    }

    fn zone(&self, name: &str) -> Option<Zone> {
        match name {
            "Company/Office" => Some(Zone::from_rules(&Company)),
            _ => BuiltIn.zone(name),
        }
    }
}

pub(crate) fn company() -> Arc<dyn ZoneData + Send + Sync> {
    Arc::new(Company)
}

/// DATE-13: of a store that reads zones in the data of [`company`], and of one on the same database
/// that does not.
pub(crate) async fn zones_are_read_in_the_data_that_is_given(
    store: &dyn Store,
    without: &dyn Store,
) {
    store.add_tenant("acme", Zone::from_rules(&Company), NOW).await.unwrap();
    let zones = [
        store.tenant("acme").await.unwrap().unwrap().zone,
        store.credentials("acme", &TokenHash::of(b"x")).await.unwrap().unwrap().tenant.zone,
        store.tenants().await.unwrap()[0].zone,
    ];
    for zone in zones {
        assert_eq!(zone.offset_at(NOW).local_minus_utc(), 1_234);
    }
    let mut asked = None;
    let mut decide = |credentials: Option<Credentials>| {
        asked = credentials;
        None
    };
    store.answer("acme", &TokenHash::of(b"x"), &mut decide).await.unwrap();
    assert_eq!(asked.unwrap().tenant.zone.offset_at(NOW).local_minus_utc(), 1_234);

    let error = without.tenant("acme").await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::UnknownZone);
    without.ready().await.unwrap();
    assert_eq!(
        error.to_string(),
        format!(
            "the tenant \"acme\" has the zone \"Company/Office\", which the zone data {} does not have",
            BuiltIn.version().unwrap()
        )
    );
    // AUTH-3: that is nobody else's trouble, whatever is read for an unknown name.
    assert!(without.credentials("nobody", &TokenHash::of(b"x")).await.unwrap().is_none());
    // The way out of it.
    without.set_zone("acme", Zone::UTC).await.unwrap();
    assert_eq!(without.tenant("acme").await.unwrap().unwrap().zone, Zone::UTC);
}

/// The number of the token of `acme` that this is.
async fn opens(store: &dyn Store, token: &TokenHash) -> Option<i64> {
    let known = store.credentials("acme", token).await.unwrap().unwrap().token;
    token.find_among(known.as_slice())
}

pub(crate) async fn tokens_are_many_and_go_one_by_one(store: &dyn Store) {
    let acme = acme(store).await;
    let tokens = [Token::generate().unwrap(), Token::generate().unwrap()];
    for (token, label) in tokens.iter().zip(["first", "second"]) {
        store.add_token(acme.id, token.hash(), label, NOW).await.unwrap();
    }
    let listed = store.tokens(acme.id).await.unwrap();
    assert_eq!(listed[0].label, "first");
    // The number that a token is listed by is the one that a request by it is known by.
    for (token, listed) in tokens.iter().zip(&listed) {
        assert_eq!(opens(store, &token.hash()).await, Some(listed.id));
    }
    store.revoke_token(acme.id, listed[0].id).await.unwrap();
    assert_eq!(opens(store, &tokens[0].hash()).await, None);
    assert_eq!(opens(store, &tokens[1].hash()).await, Some(listed[1].id));
    let again = store.revoke_token(acme.id, listed[0].id).await.unwrap_err();
    assert_eq!(again.to_string(), "the tenant has no token 1");

    // A number is never given twice.
    store.revoke_token(acme.id, listed[1].id).await.unwrap();
    let third = store.add_token(acme.id, TokenHash::of(b"x"), "third", NOW).await.unwrap();
    assert_eq!(third.id, 3);
}

pub(crate) async fn an_import_knows_what_is_there(store: &dyn Store) {
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

    let selection = super::everything();
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
pub(crate) async fn a_batch_knows_its_own(store: &dyn Store) {
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
    let mut selection = super::everything();
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

pub(crate) async fn an_import_that_was_broken_off_is_known(store: &dyn Store) {
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

pub(crate) async fn of_two_imports_of_a_source_one_goes_on(store: &dyn Store) {
    let acme = acme(store).await;
    let other = store.add_tenant("other", "UTC".parse().unwrap(), NOW).await.unwrap();
    let one = || vec![record("", "", "a")];
    let meanwhile = "another import of the same source has gone on or ended meanwhile";
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
            assert_eq!(error.to_string(), meanwhile);
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

pub(crate) async fn a_batch_with_conflicts_can_be_undone(store: &dyn Store) {
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

pub(crate) async fn deletions_take_what_they_say(store: &dyn Store) {
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
        (Deletion::Before(start + chrono::TimeDelta::microseconds(1)), 1),
        (Deletion::All, 0),
    ] {
        let reach = store.reach(acme.id, &deletion).await.unwrap();
        let (of, starts) = (store.count(acme.id).await.unwrap(), (deleted > 0).then_some(start));
        assert_eq!((reach.records, reach.of), (deleted, of), "{deletion:?}");
        assert_eq!(reach.starts, starts.zip(starts), "{deletion:?}");
        assert_eq!(store.delete(acme.id, &deletion).await.unwrap(), deleted, "{deletion:?}");
    }
    assert_eq!(store.count(acme.id).await.unwrap(), 0);
    assert_eq!(store.count(other.id).await.unwrap(), 10);

    let instant = |seconds| start + chrono::TimeDelta::seconds(seconds);
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
        let reach = store.reach(acme.id, &deletion).await.unwrap();
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

pub(crate) async fn what_no_record_can_hold_finds_nothing(store: &dyn Store) {
    let acme = acme(store).await;
    store.import(acme.id, vec![record("1", "a", "bill")].into()).await.unwrap();
    assert!(store.credentials("ac\0me", &TokenHash::of(b"x")).await.unwrap().is_none());
    for field in StoredRecord::text_fields().filter(|field| *field != Field::Duration) {
        let wanted = Wanted::Text("\0".into());
        let filters = vec![Filter { field, wanted }];
        let selection = Selection { filters, ..super::everything() };
        assert_eq!(store.page(acme.id, &selection).await.unwrap().records, []);
    }
    let nul = Deletion::Field(Field::AgentId, "\0".into());
    assert_eq!(store.delete(acme.id, &nul).await.unwrap(), 0);
}

/// PAGE-4: any number up to 2^64−1 is read, and finds nothing past the end.
pub(crate) async fn a_number_that_no_list_reaches_finds_nothing(store: &dyn Store) {
    let acme = acme(store).await;
    store.import(acme.id, vec![record("1", "a", "bill")].into()).await.unwrap();
    let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
    // What is beside the window adds to the offset.
    let beside = [1_100_000_000, 1_189_999_999, 1_200_000_000, 1_300_000_000]
        .map(|seconds| StoredRecord::with_start(&Recording::new(), at(seconds)).unwrap());
    let beside = store.import(acme.id, beside.to_vec().into()).await.unwrap();
    assert_eq!(beside.added, 4);
    let window = Window { from: at(1_190_000_000), until: at(1_200_000_000) };
    let agent = Filter { field: Field::AgentId, wanted: Wanted::Text("bill".into()) };
    for order in [Order::StartAscending, Order::StartDescending] {
        for (window, filters, count) in
            [(None, vec![], 5), (Some(window), vec![], 1), (None, vec![agent.clone()], 1)]
        {
            let all = Selection { window, filters, order, ..super::everything() };
            assert_eq!(store.page(acme.id, &all).await.unwrap().records.len(), count);
            for power in 3..=64_u32 {
                let first = 1_u64.checked_shl(power).unwrap_or_default().wrapping_sub(1);
                for first in [first, first.saturating_add(1)] {
                    let selection = Selection { first, ..all.clone() };
                    let page = store.page(acme.id, &selection).await.unwrap();
                    assert!(page.records.is_empty() && !page.more, "{selection:?}");
                }
            }
        }
    }
}

pub(crate) async fn indexes_come_and_go(store: &dyn Store) {
    let acme = acme(store).await;
    assert_eq!(store.indexes().await.unwrap(), []);
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
        let selection = Selection { filters, ..super::everything() };
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
            assert_eq!(
                error.to_string(),
                format!(
                    "{field} has an index in every store: expected one of channel, caseID, duration, \
                     filename, queueID, queueName, accountNumber, extVar1, extVar2, outDialCode, \
                     wrapUpCode"
                )
            );
        }
    }
}

/// More records of one start than an engine may want to hold before it has sorted them.
pub(crate) async fn many_records_of_one_moment_are_pages_too(store: &dyn Store) {
    let acme = acme(store).await;
    // Every second one is another agent's; texts come in another order than they were added.
    let number = |index: u32| format!("{:05}", index * 7_919 % 5_003);
    let agent = |index: u32| if index.is_multiple_of(2) { "bill" } else { "mary" };
    let records: Vec<_> =
        (0..5_003).map(|index| record(&number(index), "a", agent(index))).collect();
    let mut numbers: Vec<_> = (0..5_003).step_by(2).map(number).collect();
    numbers.sort_unstable();
    store.import(acme.id, records.into()).await.unwrap();
    let bill = Filter { field: Field::AgentId, wanted: Wanted::Text("bill".into()) };
    for order in [Order::StartAscending, Order::StartDescending] {
        for first in [1, 2, 1_951, 2_001, 2_480, 2_502] {
            let filters = vec![bill.clone()];
            let selection = Selection { filters, order, first, ..super::everything() };
            let page = store.page(acme.id, &selection).await.unwrap();
            let answer = store
                .answer("acme", &TokenHash::of(b""), &mut |_| Some(selection.clone()))
                .await
                .unwrap();
            assert_eq!(answer.map(|answer| answer.records), Some(page.records.clone()));
            let found = page.records.iter().map(|record| record.text(Field::TransactionId));
            let size = selection.page_size as usize;
            let place = first as usize - 1;
            let expected: Vec<_> = match order {
                Order::StartAscending => numbers.iter().skip(place).take(size).collect(),
                Order::StartDescending => numbers.iter().rev().skip(place).take(size).collect(),
            };
            assert!(found.eq(expected.iter().copied()), "{order:?} {first}");
            assert_eq!(page.more, place + size < numbers.len(), "{order:?} {first}");
        }
    }
}

pub(crate) async fn a_request_is_decided_upon_once(store: &dyn Store) {
    let acme = acme(store).await;
    store.add_token(acme.id, TokenHash::of(b"x"), "", NOW).await.unwrap();
    store.import(acme.id, vec![record("1", "a", "bill")].into()).await.unwrap();
    for (name, selects, records) in
        [("acme", true, Some(1)), ("acme", false, None), ("globex", true, None)]
    {
        let mut asked = Vec::new();
        let mut decide = |credentials: Option<Credentials>| {
            asked.push(credentials.map(|Credentials { tenant, token }| {
                (tenant.id, TokenHash::of(b"x").find_among(token.as_slice()))
            }));
            selects.then(super::everything)
        };
        let page = store.answer(name, &TokenHash::of(b"x"), &mut decide).await.unwrap();
        assert_eq!(page.map(|page| page.records.len()), records, "{name} {selects}");
        let known = (name == "acme").then_some((acme.id, Some(1)));
        assert_eq!(asked, [known], "{name} {selects}");
    }
}

/// AUTH-3, AUTH-5: a token opens its own tenant, whatever others there are.
pub(crate) async fn a_token_opens_its_tenant_alone(store: &dyn Store) {
    let acme = acme(store).await;
    let globex = store.add_tenant("globex", "UTC".parse().unwrap(), NOW).await.unwrap();
    for number in 1..=300 {
        let hash = TokenHash::of(format!("token {number}").as_bytes());
        let made = store.add_token(acme.id, hash, "", NOW).await.unwrap();
        assert_eq!(made.id, number);
    }
    let theirs = TokenHash::of(b"theirs");
    store.add_token(globex.id, theirs, "", NOW).await.unwrap();
    for number in [1, 150, 300] {
        let hash = TokenHash::of(format!("token {number}").as_bytes());
        assert_eq!(opens(store, &hash).await, Some(number));
        let other = store.credentials("globex", &hash).await.unwrap().unwrap();
        assert!(other.tenant.name == "globex" && other.token.is_none());
        // The tenant that was added first is looked at for a name that nobody has.
        assert!(store.credentials("nobody", &hash).await.unwrap().is_none());
    }
    assert_eq!(opens(store, &theirs).await, None);
    // One that was taken twice goes by the number of the first, as long as that is valid.
    let twice = TokenHash::of(b"token 7");
    let again = store.add_token(acme.id, twice, "", NOW).await.unwrap();
    assert_eq!(opens(store, &twice).await, Some(7));
    store.revoke_token(acme.id, 7).await.unwrap();
    assert_eq!(opens(store, &twice).await, Some(again.id));
    store.revoke_token(acme.id, again.id).await.unwrap();
    assert_eq!(opens(store, &twice).await, None);
}

pub(crate) async fn a_label_is_one_line(store: &dyn Store) {
    let acme = acme(store).await;
    let hash = TokenHash::of(b"x");
    for label in ["a\nb", "a\0", "\u{202e}", &"x".repeat(101)] {
        let error = store.add_token(acme.id, hash, label, NOW).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Refused, "{label:?}");
    }
    let longest = "é".repeat(100);
    assert_eq!(store.add_token(acme.id, hash, &longest, NOW).await.unwrap().id, 1);
    assert_eq!(store.tokens(acme.id).await.unwrap()[0].label, longest);
}

/// The tests of an engine, given how a new, empty store of it is made, or `None` where it cannot.
macro_rules! laws {
    ($($law:ident),* $(,)?) => {
        #[allow(unused_macros, reason = "not every test has an engine of its own")]
        macro_rules! tests {
            ($open:path) => {
                $(#[tokio::test]
                async fn $law() {
                    if let Some(store) = $open().await {
                        crate::common::laws::$law(&store).await;
                    }
                })*
            };
        }
        #[allow(unused_imports, reason = "as above")]
        pub(crate) use tests;
    };
}

laws!(
    tenants_come_and_go,
    names_are_plain_and_look_like_no_other,
    of_two_names_that_look_alike_one_is_taken,
    an_overview_counts_what_tenants_have,
    durations_compare_as_numbers,
    the_zone_of_a_tenant_can_be_set,
    tokens_are_many_and_go_one_by_one,
    an_import_knows_what_is_there,
    a_batch_knows_its_own,
    an_import_that_was_broken_off_is_known,
    of_two_imports_of_a_source_one_goes_on,
    a_batch_with_conflicts_can_be_undone,
    deletions_take_what_they_say,
    what_no_record_can_hold_finds_nothing,
    a_number_that_no_list_reaches_finds_nothing,
    many_records_of_one_moment_are_pages_too,
    a_request_is_decided_upon_once,
    a_token_opens_its_tenant_alone,
    a_label_is_one_line,
    a_long_page_comes_in_pieces,
    a_page_in_pieces_stays_the_page_that_it_was,
    the_rest_of_a_page_is_its_tenants,
    begin_among_what_starts_at_once,
    indexes_come_and_go,
);
