//! Stores of every earlier version of the schema are opened, and keep their content. Programs of
//! the version before go on working meanwhile.

#[path = "../common/mod.rs"]
mod common;
#[cfg(feature = "postgres")]
#[path = "../postgres_server/mod.rs"]
mod postgres_server;

#[cfg(feature = "postgres")]
mod postgres;
mod sqlite;

use chrono::{DateTime, Utc};
use vcc_query::{Filter, Selection, Wanted};
use vcc_store::{NameProblem, Store, StoreErrorKind, StoredRecord, TokenHash, Upgrade};
use vcc_types::{Field, Recording, Row as _, StartDate};

use common::fixture::{self, NAMES, NOW, RECORDINGS};

/// The version that this program makes.
const VERSION: u32 = 2;

/// Every version that can be opened, and whether its fixture has what would be refused today.
const FIXTURES: [(u32, bool); 2] = [(1, true), (2, false)];

/// Writes the fixtures of this version of the schema: see the README.
#[tokio::test]
#[ignore = "writes into tests/fixtures"]
async fn make_fixtures() {
    fixture::make_sqlite().await;
    #[cfg(feature = "postgres")]
    {
        let url = postgres_server::database().unwrap();
        let store = vcc_store::Postgres::open(&url).await.unwrap();
        fixture::fill(&store).await;
        let version = postgres_server::psql(&url, "SELECT version FROM vcc_schema").unwrap();
        let dump = postgres_server::dump(&url).unwrap();
        std::fs::write(fixture::path(&format!("postgres-{version}.sql")), dump).unwrap();
    }
}

fn instant(text: &str) -> DateTime<Utc> {
    StartDate::parse(text).unwrap().instant().unwrap().to_utc()
}

/// Whether this version would take the recording.
fn is_taken((_, start, duration): (&str, &str, &str)) -> bool {
    let too_long = Recording::new().with(Field::Duration, duration).is_too_long();
    StartDate::RANGE.contains(&instant(start)) && !too_long
}

/// The transactionIDs of what a duration finds, in the order of the list.
async fn found(store: &dyn Store, filters: Vec<Filter>) -> Vec<String> {
    let acme = store.tenant("acme").await.unwrap().unwrap().id;
    let selection = Selection { filters, ..common::everything() };
    let records = store.page(acme, &selection).await.unwrap().records;
    records.iter().map(|record| record.text(Field::TransactionId).to_owned()).collect()
}

async fn of_seconds(store: &dyn Store, seconds: u64) -> Vec<String> {
    let wanted = Wanted::Seconds(seconds);
    found(store, vec![Filter { field: Field::Duration, wanted }]).await
}

/// The content of the fixture of a version, as this version sees it.
async fn holds(store: &dyn Store, all: bool) {
    let acme = store.tenant("acme").await.unwrap().unwrap();
    assert_eq!(acme.zone.name(), "America/Denver");
    let mut expected: Vec<_> =
        RECORDINGS.into_iter().filter(|known| all || is_taken(*known)).collect();
    expected.sort_by_key(|(transaction, start, _)| (instant(start), *transaction));
    let page = store.page(acme.id, &common::everything()).await.unwrap();
    let listed: Vec<_> = page
        .records
        .iter()
        .map(|record| {
            assert_eq!(record.text(Field::AgentId), "bill");
            (
                record.text(Field::TransactionId),
                record.start().unwrap(),
                record.text(Field::Duration),
            )
        })
        .collect();
    let expected: Vec<_> =
        expected.into_iter().map(|(key, start, text)| (key, instant(start), text)).collect();
    assert_eq!(listed, expected);
    let count = expected.len() as u64;
    assert_eq!(store.count(acme.id).await.unwrap(), count);

    // FIELD-4
    assert_eq!(of_seconds(store, 27).await, ["plain", "zeros"]);
    assert_eq!(of_seconds(store, Recording::MAX_DURATION).await, ["most"]);
    for seconds in [Recording::MAX_DURATION + 1, u64::MAX] {
        assert_eq!(of_seconds(store, seconds).await, [""; 0]);
    }
    let wanted = Wanted::Text("".into());
    assert_eq!(found(store, vec![Filter { field: Field::Duration, wanted }]).await, ["none"]);

    // AUTH-5; and the number of a revoked token is not given again.
    for (label, opens) in [("first", true), ("second", false), ("third", true)] {
        let hash = TokenHash::of(label.as_bytes());
        let known = store.credentials("acme", &hash).await.unwrap().unwrap().token;
        let number = hash.find_among(known.as_slice());
        assert_eq!(number.is_some(), opens, "{label}");
    }
    let numbers: Vec<_> = store
        .tokens(acme.id)
        .await
        .unwrap()
        .into_iter()
        .map(|token| (token.id, token.label))
        .collect();
    assert_eq!(numbers, [(1, "first".to_owned()), (3, "third".to_owned())]);
    let next = store.add_token(acme.id, TokenHash::of(b"next"), "next", NOW).await.unwrap();
    assert_eq!(next.id, 4);
    store.revoke_token(acme.id, 4).await.unwrap();

    assert_eq!(store.checkpoint(acme.id, "calls.csv").await.unwrap(), 7);
    names(store, all).await;
    known_again(store, count).await;
}

/// AUTH-7: older names stay valid and are marked; what looks like one of them is refused.
async fn names(store: &dyn Store, all: bool) {
    let overview = store.overview().await.unwrap();
    let problem = |name: &str| {
        let of = overview.iter().find(|of| of.tenant.name == name);
        of.map(|of| of.problem.clone())
    };
    let alike = || Some(NameProblem::LooksLike("acme".into()));
    for (name, expected) in NAMES.into_iter().zip([
        None,
        alike(),
        Some(NameProblem::OuterSpace(' ')),
        Some(NameProblem::NotComposed("café".into())),
        Some(NameProblem::Format('\u{202e}')),
        Some(NameProblem::Format('\u{200b}')),
        alike(),
        None,
    ]) {
        if all || expected.is_none() {
            assert_eq!(problem(name), Some(expected), "{name:?}");
            assert!(
                store.credentials(name, &TokenHash::of(b"x")).await.unwrap().is_some(),
                "{name:?}"
            );
        } else {
            assert_eq!(problem(name), None, "{name:?}");
        }
    }
    let zone = "UTC".parse().unwrap();
    for name in ["aCME", "PLAIN"].into_iter().chain(all.then_some("CAFÉ")) {
        let error = store.add_tenant(name, zone, NOW).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Refused, "{name}");
        assert!(error.to_string().contains("looks like that of the tenant"), "{error}");
    }
    assert_eq!(
        store.add_tenant("acme", zone, NOW).await.unwrap_err().kind(),
        StoreErrorKind::Exists
    );
}

/// An import recognises the records, and a deletion finds them.
async fn known_again(store: &dyn Store, count: u64) {
    let acme = store.tenant("acme").await.unwrap().unwrap().id;
    let again: Vec<_> = RECORDINGS
        .into_iter()
        .filter_map(|known| StoredRecord::new(&fixture::recording(known)).ok())
        .collect();
    let length = again.len() as u64;
    let imported = store.import(acme, again.into()).await.unwrap();
    assert_eq!((imported.added, imported.unchanged), (0, length));
    let bill = vcc_store::Deletion::Field(Field::AgentId, "bill".into());
    assert_eq!(store.delete(acme, &bill).await.unwrap(), count);
    assert_eq!(store.count(acme).await.unwrap(), 0);
    assert_eq!(store.page(acme, &common::everything()).await.unwrap().records, []);
    store.remove_tenant(acme).await.unwrap();
}

/// What is said of an upgrade.
fn said(version: u32, upgraded: Option<Upgrade>) {
    let said = upgraded.map(|upgrade| upgrade.to_string());
    let expected = (version == 1).then_some(
        "upgraded the store from schema version 1 to 2; 4 recordings with a duration beyond \
         9223372036854775807 seconds: kept and listed, but no number finds such a duration any \
         more; 3 recordings starting before 0001-01-02 or from 9999-12-31 on (UTC): kept and \
         listed, in UTC where the year would not have four digits",
    );
    assert_eq!(said.as_deref(), expected);
}

/// The statements of a program of version 1, copied from its source.
const WRITES_OF_1: &str = "
    INSERT INTO tenants (name, zone, created) VALUES ('ACME', 'UTC', 0) ON CONFLICT (name) DO NOTHING;

    UPDATE tenants SET last_token = last_token + 1 WHERE name = 'ACME';
    INSERT INTO tokens (tenant, token, hash, label, created)
        SELECT tenant, last_token, 'x', 'old', 0 FROM tenants WHERE name = 'plain' AND FALSE;
    INSERT INTO recordings (tenant, start, finish, seconds, agent_id, phone_number, channel, case_id,
        duration, filename, queue_id, queue_name, account_number, transaction_id, ext_var1, ext_var2,
        out_dial_code, wrap_up_code)
        SELECT tenant, 253402300799000000, NULL, -1, 'old', '', '', '', '18446744073709551615', '',
        '', '', '', 'by-1', '', '', '', '' FROM tenants WHERE name = 'acme';
    INSERT INTO counts (tenant, level, bucket, records)
        SELECT tenant, 10, 247463184, 1 FROM tenants WHERE name = 'acme'
        ON CONFLICT (tenant, level, bucket) DO UPDATE SET records = counts.records + excluded.records;
    INSERT INTO counts (tenant, level, bucket, records)
        SELECT tenant, 16, 3866612, 1 FROM tenants WHERE name = 'acme'
        ON CONFLICT (tenant, level, bucket) DO UPDATE SET records = counts.records + excluded.records;
    INSERT INTO counts (tenant, level, bucket, records)
        SELECT tenant, 22, 60415, 1 FROM tenants WHERE name = 'acme'
        ON CONFLICT (tenant, level, bucket) DO UPDATE SET records = counts.records + excluded.records;
    INSERT INTO counts (tenant, level, bucket, records)
        SELECT tenant, 28, 943, 1 FROM tenants WHERE name = 'acme'
        ON CONFLICT (tenant, level, bucket) DO UPDATE SET records = counts.records + excluded.records;
    INSERT INTO imports (tenant, source, records)
        SELECT tenant, 'calls.csv', 8 FROM tenants WHERE name = 'acme'
        ON CONFLICT (tenant, source) DO UPDATE SET records = excluded.records;
    DELETE FROM tenants WHERE name = 'plain';";

/// What it wrote, as this version sees it.
async fn beside(store: &dyn Store) {
    let acme = store.tenant("acme").await.unwrap().unwrap().id;
    assert_eq!(store.count(acme).await.unwrap(), 14);
    assert_eq!(store.checkpoint(acme, "calls.csv").await.unwrap(), 8);
    // FIELD-4: whatever number is in the table.
    assert_eq!(of_seconds(store, u64::MAX).await, [""; 0]);
    let old = Filter { field: Field::AgentId, wanted: Wanted::Text("old".into()) };
    assert_eq!(found(store, vec![old]).await, ["by-1"]);
    // AUTH-7: it took a name that looks like another; this version still refuses such a name.
    assert!(store.credentials("ACME", &TokenHash::of(b"x")).await.unwrap().is_some());
    let zone = "UTC".parse().unwrap();
    let error = store.add_tenant("acmE", zone, NOW).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Refused);
    store.remove_tenant(acme).await.unwrap();
    for name in NAMES {
        if let Some(tenant) = store.tenant(name).await.unwrap().filter(|_| name != "cafe\u{301}") {
            store.remove_tenant(tenant.id).await.unwrap();
        }
    }
    let error = store.add_tenant("acmE", zone, NOW).await.unwrap_err();
    assert!(error.to_string().contains("looks like that of the tenant \"ACME\""), "{error}");
    // And the name that it removed is free.
    store.add_tenant("Plain", zone, NOW).await.unwrap();
}
