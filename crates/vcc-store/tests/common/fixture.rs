//! The content of a fixture: a store as a version of the schema left it, with everything that a
//! later version might read differently.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use vcc_store::{Batch, Checkpoint, OnConflict, Sqlite, Store, StoredRecord, TokenHash};
use vcc_types::{Field, Recording, StartDate};

pub(crate) const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

/// Names that were taken once, and those that look like another.
pub(crate) const NAMES: [&str; 8] = [
    "acme",
    "Acme",
    " padded",
    "cafe\u{301}",
    "rtl\u{202e}evil",
    "zero\u{200b}width",
    "\u{ff21}CME",
    "plain",
];

/// The transactionID, start and duration of each recording of `acme`; the agent of each is `bill`.
pub(crate) const RECORDINGS: [(&str, &str, &str); 13] = [
    ("first-day", "0001-01-01T23:59:59.999999Z", "5"),
    ("second-day", "0001-01-02T00:00:00Z", "5"),
    ("plain", "2007-12-19T19:16:36-08:00", "27"),
    ("zeros", "2007-12-19T19:16:36-08:00", "00000000000000000000000027"),
    ("none", "2007-12-19T19:16:36-08:00", ""),
    ("word", "2007-12-19T19:16:36-08:00", "abc"),
    ("most", "2007-12-19T19:16:36-08:00", "9223372036854775807"),
    ("more", "2007-12-19T19:16:36-08:00", "9223372036854775808"),
    ("all-bits", "2007-12-19T19:16:36-08:00", "18446744073709551615"),
    ("digits", "2007-12-19T19:16:36-08:00", "18446744073709551616"),
    ("last-but-one", "9999-12-30T23:59:59.999999Z", "5"),
    ("last-day", "9999-12-31T00:00:00Z", "5"),
    ("last-second", "9999-12-31T23:59:59Z", "18446744073709551615"),
];

pub(crate) fn recording((transaction, start, duration): (&str, &str, &str)) -> Recording {
    Recording::new()
        .with(Field::StartDate, start)
        .with(Field::TransactionId, transaction)
        .with(Field::Duration, duration)
        .with(Field::AgentId, "bill")
}

/// Fills a store with the part of it that this version accepts.
pub(crate) async fn fill(store: &dyn Store) {
    for name in NAMES {
        let _ = store.add_tenant(name, "America/Denver".parse().unwrap(), NOW).await;
    }
    let acme = store.tenant("acme").await.unwrap().unwrap().id;
    for label in ["first", "second", "third"] {
        store.add_token(acme, TokenHash::of(label.as_bytes()), label, NOW).await.unwrap();
    }
    store.revoke_token(acme, 2).await.unwrap();
    let records: Vec<_> = RECORDINGS
        .into_iter()
        .filter_map(|known| {
            let recording = recording(known);
            let start = StartDate::parse(known.1).unwrap().instant().unwrap().to_utc();
            StoredRecord::with_start(&recording, start).ok()
        })
        .collect();
    let checkpoint = Some(Checkpoint { source: "calls.csv".into(), after: 0, records: 7 });
    let batch = Batch { records, on_conflict: OnConflict::Reject, checkpoint };
    store.import(acme, batch).await.unwrap();
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// The file of an engine's fixture.
pub(crate) fn path(name: &str) -> PathBuf {
    folder().join(name)
}

/// Puts the fixture of a version at a path.
pub(crate) fn unpack(version: u32, to: &Path) {
    let packed = std::fs::File::open(path(&format!("sqlite-{version}.db.gz"))).unwrap();
    let mut unpacked = Vec::new();
    flate2::read::GzDecoder::new(packed).read_to_end(&mut unpacked).unwrap();
    std::fs::write(to, unpacked).unwrap();
}

/// Writes the fixture of SQLite for the version of the schema that this program makes.
pub(crate) async fn make_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let store = Sqlite::create(folder.path().join("recordings.db")).unwrap();
    // A bulk load that has not ended; only an empty store can begin one.
    let plain = store.add_tenant("bulk", "UTC".parse().unwrap(), NOW).await.unwrap().id;
    let mut load = store.bulk(plain, "bulk.csv").await.unwrap();
    let records = RECORDINGS
        .into_iter()
        .zip(1..)
        .filter_map(|(known, number)| Some((number, StoredRecord::new(&recording(known)).ok()?)));
    load.load(records.collect(), 13).await.unwrap();
    fill(&store).await;
    let copy = folder.path().join("copy.db");
    store.backup(&copy).await.unwrap();
    let version: u32 = rusqlite::Connection::open(&copy)
        .unwrap()
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .unwrap();
    let to = std::fs::File::create(path(&format!("sqlite-{version}.db.gz"))).unwrap();
    let mut packed = flate2::write::GzEncoder::new(to, flate2::Compression::best());
    packed.write_all(&std::fs::read(copy).unwrap()).unwrap();
    packed.finish().unwrap();
}
