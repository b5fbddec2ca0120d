//! What was deleted, replaced, revoked or removed is in no file of a store in SQLite once that is
//! rewritten.

mod common;

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use vcc_store::{
    Batch, Deletion, OnConflict, Remains, Sqlite, Store, StoreErrorKind, StoredRecord, TenantId,
    TokenHash, Vacuum, Waiting,
};
use vcc_types::{Field, Recording};

use common::wrong_counts;

/// The beginning of every value that must be nowhere.
const GHOST: &str = "ghost-";

/// How many records stay, and how many go.
const STAY: u32 = 3_000;
const GO: u32 = 250;

const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

/// A record whose texts all begin like that, apart from its keys.
fn record(number: u32, prefix: &str) -> StoredRecord {
    let mut recording = Recording::new();
    for field in StoredRecord::text_fields().filter(|field| *field != Field::Duration) {
        recording.set(field, &format!("{prefix}{}-{number}", field.wire_name()));
    }
    // One agent and one number for all, and keys out of order, so that pages are split.
    recording.set(Field::AgentId, &format!("{prefix}agent"));
    recording.set(Field::PhoneNumber, &format!("{prefix}phone"));
    recording.set(Field::TransactionId, &format!("{}", number.wrapping_mul(2_654_435_761)));
    recording.set(Field::Filename, &format!("{number}.wav"));
    let start = if prefix == GHOST { 1_000_000 } else { 2_000_000 };
    StoredRecord::with_start(&recording, NOW + TimeDelta::seconds(start + i64::from(number)))
        .unwrap()
}

/// Those that stay, with those that go among them.
fn records() -> Vec<StoredRecord> {
    let every = STAY / GO;
    let go = |number: u32| number.is_multiple_of(every).then(|| record(STAY + number, GHOST));
    (0..STAY).flat_map(|number| [Some(record(number, "plain-")), go(number)]).flatten().collect()
}

fn numbered(records: Vec<StoredRecord>) -> Vec<(u64, StoredRecord)> {
    (1..).zip(records).collect()
}

/// How often a text is in the files of a folder, and in which.
fn copies(folder: &Path, needle: &[u8]) -> Vec<(String, usize)> {
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let mut found: Vec<_> = files
        .map(|path| {
            let bytes = std::fs::read(&path).unwrap();
            let count = bytes.windows(needle.len()).filter(|window| *window == needle).count();
            (path.file_name().unwrap().to_string_lossy().into_owned(), count)
        })
        .filter(|(_, count)| *count > 0)
        .collect();
    found.sort();
    found
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Number,
    Agent,
    Purge,
    All,
    Tenant,
    Update,
    BulkLeftOut,
    BulkUpdate,
    BulkForgotten,
    BulkErased,
    Token,
}

/// Fills a store and deletes from it in some way, and checks that what remains is reported.
async fn delete(store: &Sqlite, tenant: TenantId, kind: Kind) -> Remains {
    if !matches!(
        kind,
        Kind::BulkLeftOut | Kind::BulkUpdate | Kind::BulkForgotten | Kind::BulkErased
    ) {
        for batch in records().chunks(1_000) {
            store.import(tenant, batch.to_vec().into()).await.unwrap();
        }
    }
    let field = |field: Field, text: &str| Deletion::Field(field, format!("{GHOST}{text}"));
    let deletion = match kind {
        Kind::Number => field(Field::PhoneNumber, "phone"),
        Kind::Purge => Deletion::Before(NOW + TimeDelta::seconds(2_000_000)),
        Kind::All | Kind::BulkForgotten => Deletion::All,
        _ => field(Field::AgentId, "agent"),
    };
    let go = u64::from(GO);
    match kind {
        Kind::Number | Kind::Agent | Kind::Purge => {
            assert_eq!(store.delete(tenant, &deletion).await.unwrap(), go);
        }
        Kind::All => {
            store.delete(tenant, &deletion).await.unwrap();
        }
        Kind::Tenant => {
            store.remove_tenant(tenant).await.unwrap();
        }
        Kind::Update => {
            let records = (0..STAY).map(|number| record(STAY + number, "plain-"));
            let on_conflict = OnConflict::Update;
            let batch = Batch { records: records.collect(), on_conflict, checkpoint: None };
            assert_eq!(store.import(tenant, batch).await.unwrap().updated, go);
        }
        Kind::BulkLeftOut | Kind::BulkUpdate => {
            // Each record that will go has a twin: after it, if it will be replaced.
            let (first, second, on_conflict) = match kind {
                Kind::BulkUpdate => (GHOST, "plain-", OnConflict::Update),
                _ => ("plain-", GHOST, OnConflict::Reject),
            };
            let of = |prefix: &'static str| (0..GO).map(move |number| record(number, prefix));
            let mut load = store.bulk(tenant, "file").await.unwrap();
            let all: Vec<_> = of(first).chain(of(second)).collect();
            load.load(numbered(all), u64::from(2 * GO)).await.unwrap();
            load.finish(on_conflict, |_, _| {}).await.unwrap();
        }
        Kind::BulkForgotten => {
            let mut load = store.bulk(tenant, "file").await.unwrap();
            load.load(numbered(records()), u64::from(STAY + GO)).await.unwrap();
            store.bulk(tenant, "other").await.unwrap();
        }
        Kind::BulkErased => {
            let mut load = store.bulk(tenant, "file").await.unwrap();
            load.load(numbered(records()), u64::from(STAY + GO)).await.unwrap();
            let reach = store.reach(tenant, &deletion).await.unwrap();
            assert_eq!((reach.records, reach.of), (go, u64::from(STAY + GO)));
            assert_eq!(store.delete(tenant, &deletion).await.unwrap(), go);
        }
        Kind::Token => {
            store.delete(tenant, &deletion).await.unwrap();
            let hash = TokenHash::of(b"secret");
            let token = store.add_token(tenant, hash, "ghost-label", NOW).await.unwrap();
            store.revoke_token(tenant, token.id).await.unwrap();
        }
    }
    let mut expected = Remains::default();
    match kind {
        Kind::Update | Kind::BulkUpdate => expected.replaced = go,
        Kind::All | Kind::BulkForgotten => expected.deleted = u64::from(STAY + GO),
        Kind::Tenant => (expected.deleted, expected.tenants) = (u64::from(STAY + GO), 1),
        _ => expected.deleted = go,
    }
    expected.tokens = u64::from(kind == Kind::Token);
    expected
}

#[tokio::test]
async fn nothing_that_was_deleted_is_in_a_file_that_was_rewritten() {
    for kind in [
        Kind::Number,
        Kind::Agent,
        Kind::Purge,
        Kind::All,
        Kind::Tenant,
        Kind::Update,
        Kind::BulkLeftOut,
        Kind::BulkUpdate,
        Kind::BulkForgotten,
        Kind::BulkErased,
        Kind::Token,
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("recordings.db");
        let store = Sqlite::create(&path).unwrap();
        let tenant = store.add_tenant("ghost-tenant", "UTC".parse().unwrap(), NOW).await.unwrap();
        let expected = delete(&store, tenant.id, kind).await;
        assert_eq!(store.remains().await.unwrap(), expected, "{kind:?}");
        // Otherwise the test would look for something that was never there.
        assert_ne!(copies(folder.path(), GHOST.as_bytes()), [], "{kind:?}");

        // A tenant keeps its name.
        if kind != Kind::Tenant {
            let sql = "UPDATE tenants SET name = 'acme', folded = 'acme'";
            rusqlite::Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        }
        let count = store.count(tenant.id).await.unwrap();
        let needs = store.vacuum_needs().await.unwrap().unwrap();
        let rewritten = store.vacuum(Vacuum::default()).await.unwrap();
        assert!(rewritten.log_is_clean, "{kind:?}");
        assert!(rewritten.after <= needs.bytes && needs.bytes <= rewritten.before, "{kind:?}");
        assert_eq!(copies(folder.path(), GHOST.as_bytes()), [], "{kind:?}");
        if kind == Kind::Token {
            let hash = TokenHash::of(b"secret");
            assert_eq!(copies(folder.path(), hash.as_bytes()), []);
        }
        assert_eq!(store.remains().await.unwrap(), Remains::default(), "{kind:?}");
        assert_eq!(store.count(tenant.id).await.unwrap(), count, "{kind:?}");
        assert_eq!(wrong_counts(&path), 0, "{kind:?}");
        // Everything else is there, also what is not visible yet.
        let kept = copies(folder.path(), b"plain-agent");
        let is_empty = matches!(kind, Kind::All | Kind::Tenant | Kind::BulkForgotten);
        assert_eq!(kept.is_empty(), is_empty, "{kind:?}");
        // And the store can be used.
        if let Ok(imported) = store.import(tenant.id, vec![record(1, "plain-")].into()).await {
            assert_eq!(imported.conflicts, [0_usize; 0], "{kind:?}");
        }
    }
}

#[tokio::test]
async fn a_log_that_is_read_stays_until_it_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("recordings.db");
    let store = Sqlite::builder().wait(Duration::ZERO).create(&path).unwrap();
    let acme = store.add_tenant("acme", "UTC".parse().unwrap(), NOW).await.unwrap();
    store.import(acme.id, records().into()).await.unwrap();
    let reader = rusqlite::Connection::open(&path).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM recordings").unwrap();
    let agent = Deletion::Field(Field::AgentId, format!("{GHOST}agent"));
    store.delete(acme.id, &agent).await.unwrap();

    assert!(!store.vacuum(Vacuum::default()).await.unwrap().log_is_clean);
    assert_eq!(store.remains().await.unwrap().deleted, u64::from(GO));
    // A backup has no copies, and no note of any.
    let elsewhere = tempfile::tempdir().unwrap();
    store.backup(elsewhere.path().join("copy.db")).await.unwrap();
    assert_eq!(copies(elsewhere.path(), GHOST.as_bytes()), []);
    let copy = Sqlite::open(elsewhere.path().join("copy.db")).unwrap();
    assert_eq!(copy.remains().await.unwrap(), Remains::default());
    let seen: i64 =
        reader.query_row("SELECT count(*) FROM recordings", [], |row| row.get(0)).unwrap();
    assert_eq!(seen, i64::from(STAY + GO));

    // The waiting process is told what it waits for.
    let told = Arc::new(Mutex::new(Vec::new()));
    let into = told.clone();
    let patient = Sqlite::builder()
        .wait(Duration::from_secs(2))
        .on_waiting(move |waiting| into.lock().unwrap().push(waiting.clone()))
        .open(&path)
        .unwrap();
    assert!(!patient.vacuum(Vacuum::default()).await.unwrap().log_is_clean);
    assert!(matches!(told.lock().unwrap()[..], [Waiting::Reader { log: 1.., .. }]), "{told:?}");
    drop(patient);

    reader.execute_batch("COMMIT").unwrap();
    assert!(store.vacuum(Vacuum::default()).await.unwrap().log_is_clean);
    assert_eq!(store.remains().await.unwrap(), Remains::default());
    assert_eq!(copies(folder.path(), GHOST.as_bytes()), []);

    // While another process writes, nothing can be rewritten.
    reader.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = store.vacuum(Vacuum::default()).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    let said = "cannot rewrite the store: another writer holds it";
    assert!(error.to_string().ends_with(said), "{error}");
}
