//! Records and selections that collide wherever an engine could mix them up.

#![allow(dead_code, reason = "each test takes what it needs")]

pub(crate) mod changes;
pub(crate) mod differential;
pub(crate) mod fixture;
pub(crate) mod messages;
pub(crate) mod oracle;
pub(crate) mod walks;

use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use vcc_query::{Edge, Filter, Near, Selection, Wanted, Window};
pub(crate) use vcc_store::laws::{everything, expected};
use vcc_store::{Store, StoredRecord, TenantId};
use vcc_types::{Field, Order, Recording, Row as _};

/// Case, trailing spaces, numbers as texts, patterns, composed and decomposed letters, letters that
/// fold together, characters beyond the first plane, and one that sorts differently in UTF-16.
pub(crate) const TEXTS: [&str; 24] = [
    "",
    "bill",
    "Bill",
    "BILL",
    "bill ",
    " bill",
    "bil",
    "10",
    "9",
    "010",
    "0",
    "00",
    "%",
    "_",
    "b_ll",
    "b%",
    "*",
    "\\",
    "'",
    "é",
    "e\u{301}",
    "ß",
    "\u{fb00}",
    "\u{1f600}",
];

pub(crate) fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => proptest::sample::select(&TEXTS[..]).prop_map(str::to_owned),
        1 => "[a-cA-C ]{0,3}",
    ]
}

fn duration() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => (0_u32..20).prop_map(|seconds| seconds.to_string()),
        1 => (0_u32..20).prop_map(|seconds| format!("0{seconds}")),
        1 => proptest::sample::select(
            &["", "abc", "-5", "+5", "9223372036854775807", "00009223372036854775807"][..]
        ).prop_map(str::to_owned),
    ]
}

/// Instants that tie, that stand a microsecond apart, that share a bucket or lie ages apart.
pub(crate) fn micros() -> impl Strategy<Value = i64> {
    let base = 1_198_120_596_000_000_i64;
    prop_oneof![
        4 => (-12_i64..12).prop_map(move |seconds| base + seconds * 1_000_000),
        2 => (-3_i64..3).prop_map(move |micros| base + micros),
        2 => (-3_000_i64..3_000).prop_map(move |seconds| base + seconds * 1_000_000),
        1 => (-400_i64..400).prop_map(move |days| base + days * 86_400_000_000),
        1 => (-30_000_000_000_i64..60_000_000_000).prop_map(|seconds| seconds * 1_000_000),
    ]
}

pub(crate) fn record() -> impl Strategy<Value = StoredRecord> {
    (micros(), duration(), proptest::collection::vec(text(), 13), any::<u16>()).prop_map(
        |(start, duration, texts, keyed)| {
            let mut recording = Recording::new().with(Field::Duration, &duration);
            let others = StoredRecord::text_fields().filter(|field| *field != Field::Duration);
            for (field, text) in others.zip(&texts) {
                recording.set(field, text);
            }
            // Most have a key of their own, so that few are left out as known.
            if keyed % 4 != 0 {
                let name = format!("{}-{keyed}", recording.text(Field::Filename));
                recording.set(Field::Filename, &name);
            }
            let start = DateTime::from_timestamp_micros(start).unwrap();
            StoredRecord::with_start(&recording, start).unwrap()
        },
    )
}

fn instant() -> impl Strategy<Value = DateTime<Utc>> {
    // Also finer than what is stored.
    (micros(), prop_oneof![4 => Just(0_i64), 1 => -999_i64..999]).prop_map(|(micros, nanos)| {
        DateTime::from_timestamp_micros(micros).unwrap() + TimeDelta::nanoseconds(nanos)
    })
}

fn window() -> impl Strategy<Value = Window> {
    (instant(), instant()).prop_map(|(a, b)| Window { from: a.min(b), until: a.max(b) })
}

fn near() -> impl Strategy<Value = Near> {
    (any::<bool>(), instant()).prop_map(|(start, at)| Near {
        edge: if start { Edge::Start } else { Edge::Finish },
        at,
        tolerance: 5,
        from: at - TimeDelta::seconds(5),
        until: at + TimeDelta::seconds(5),
    })
}

fn filter() -> impl Strategy<Value = Filter> {
    (1..Field::COUNT, text(), any::<u64>()).prop_map(|(index, text, seconds)| {
        let field = Field::ALL[index];
        let wanted = match (field, seconds % 16) {
            (Field::Duration, 0) => Wanted::Never,
            (Field::Duration, 1) => Wanted::Seconds(u64::MAX - seconds % 3),
            (Field::Duration, 3) => Wanted::Seconds(i64::MAX as u64),
            (Field::Duration, 2) => Wanted::Text("".into()),
            (Field::Duration, _) => Wanted::Seconds(seconds % 20),
            _ => Wanted::Text(text.as_str().into()),
        };
        Filter { field, wanted }
    })
}

fn filters() -> impl Strategy<Value = Vec<Filter>> {
    proptest::collection::vec(filter(), 0..3).prop_map(|mut filters| {
        filters.sort_by_key(|filter| filter.field);
        filters.dedup_by_key(|filter| filter.field);
        filters
    })
}

pub(crate) fn selection() -> impl Strategy<Value = Selection> {
    let first =
        prop_oneof![4 => Just(1_u64), 4 => 1_u64..60, 3 => 200_u64..720, 1 => Just(u64::MAX)];
    let page_size = prop_oneof![Just(1_u32), Just(3), Just(50)];
    let order = prop_oneof![Just(Order::StartAscending), Just(Order::StartDescending)];
    (
        proptest::option::of(window()),
        proptest::option::weighted(0.3, near()),
        filters(),
        (first, page_size, order),
    )
        .prop_map(|(window, near, filters, (first, page_size, order))| Selection {
            window,
            near,
            filters,
            first,
            page_size,
            order,
            response_zone: "UTC".parse().unwrap(),
            notes: Vec::new(),
        })
}

/// What an export gives.
pub(crate) async fn exported(
    store: &dyn Store,
    tenant: TenantId,
    selection: &Selection,
) -> Vec<StoredRecord> {
    let mut export = store.export(tenant, selection).await.unwrap();
    let mut records = Vec::new();
    while let Some(piece) = export.next().await.unwrap() {
        assert!(!piece.is_empty());
        records.extend(piece);
    }
    records
}

/// Imports records, and returns those that were stored, in the order of the store.
pub(crate) async fn load(
    store: &dyn Store,
    tenant: TenantId,
    records: Vec<StoredRecord>,
) -> Vec<StoredRecord> {
    let mut taken: Vec<StoredRecord> = Vec::new();
    for record in &records {
        let key = |record: &StoredRecord| {
            (record.text(Field::TransactionId).to_owned(), record.text(Field::Filename).to_owned())
        };
        let known = key(record) != (String::new(), String::new())
            && taken.iter().any(|other| key(other) == key(record));
        if !known {
            taken.push(record.clone());
        }
    }
    let imported = store.import(tenant, records.into()).await.unwrap();
    assert_eq!(imported.added as usize, taken.len());
    taken
}

/// The counts of a store in SQLite that differ from what counting the records gives.
pub(crate) fn wrong_counts(path: &Path) -> i64 {
    let connection = rusqlite::Connection::open(path).unwrap();
    let counted = "SELECT tenant, level, (start - ((start % 1000000) + 1000000) % 1000000) / 1000000 >> level AS bucket,
            count(*) AS records
        FROM recordings, (SELECT 10 AS level UNION SELECT 16 UNION SELECT 22 UNION SELECT 28)
        GROUP BY 1, 2, 3";
    let kept = "SELECT tenant, level, bucket, records FROM counts";
    let differ = format!(
        "SELECT (SELECT count(*) FROM ({counted} EXCEPT {kept}))
             + (SELECT count(*) FROM ({kept} EXCEPT {counted}))"
    );
    connection.query_row(&differ, [], |row| row.get(0)).unwrap()
}
