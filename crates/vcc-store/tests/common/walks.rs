//! Walks over deep pages of a field, while the list changes.

use chrono::DateTime;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, TestRunner};
use vcc_query::{Filter, Selection, Wanted, Window};
use vcc_store::{Batch, OnConflict, Store, StoredRecord};
use vcc_types::{Field, Order, Recording};

use super::changes::{Change, apply, carry_out};
use super::{everything, expected};

const BASE: i64 = 1_198_120_596_000_000;

/// Records of two agents, two callers and two channels, of which many start at once: more than a
/// page at one instant, a few at another, and some that differ from another in one key only.
fn record() -> impl Strategy<Value = StoredRecord> {
    let start = prop_oneof![
        3 => Just(0_i64),
        2 => 0_i64..3,
        3 => (-60_i64..60).prop_map(|seconds| seconds * 1_000_000),
        2 => (-400_i64..400).prop_map(|days| days * 86_400_000_000),
    ];
    let pick = |texts: [&'static str; 2]| proptest::sample::select(texts.to_vec());
    let fields = (
        prop_oneof![5 => Just("bill"), 1 => Just("mary")],
        pick(["10", "9"]),
        prop_oneof![9 => Just("x".to_owned()), 1 => Just("y".repeat(1_001))],
        (pick(["a", "b"]), 0_u32..4_000, 0_u32..3),
    );
    (start, fields).prop_map(|(start, (agent, phone, channel, (transaction, file, seconds)))| {
        let recording = Recording::new()
            .with(Field::AgentId, agent)
            .with(Field::PhoneNumber, phone)
            .with(Field::Channel, &channel)
            .with(Field::Duration, &seconds.to_string())
            .with(Field::TransactionId, transaction)
            .with(Field::Filename, &format!("{:04}", file));
        let start = DateTime::from_timestamp_micros(BASE + start).unwrap();
        StoredRecord::with_start(&recording, start).unwrap()
    })
}

fn filters() -> impl Strategy<Value = Vec<Filter>> {
    let text = |field, text: String| Filter { field, wanted: Wanted::Text(text.as_str().into()) };
    let one = prop_oneof![
        4 => Just(text(Field::AgentId, "bill".to_owned())),
        2 => Just(text(Field::PhoneNumber, "10".to_owned())),
        2 => Just(text(Field::Channel, "x".to_owned())),
        1 => Just(text(Field::Channel, "y".repeat(1_001))),
        1 => Just(Filter { field: Field::Duration, wanted: Wanted::Seconds(1) }),
    ];
    prop_oneof![
        5 => one.clone().prop_map(|filter| vec![filter]),
        1 => one.prop_map(|filter| vec![filter.clone(), filter]),
        1 => Just(vec![
            text(Field::AgentId, "bill".to_owned()),
            text(Field::Channel, "x".to_owned()),
        ]),
    ]
}

/// What is walked over.
fn list() -> impl Strategy<Value = Selection> {
    let at = |micros| DateTime::from_timestamp_micros(BASE + micros).unwrap();
    let edge = prop_oneof![
        2 => -3_i64..4,
        1 => (-60_i64..60).prop_map(|seconds| seconds * 1_000_000),
        1 => (-500_i64..500).prop_map(|days| days * 86_400_000_000),
    ];
    let window = (edge.clone(), edge)
        .prop_map(move |(a, b)| Window { from: at(a.min(b)), until: at(a.max(b) + 1) });
    let order = prop_oneof![Just(Order::StartAscending), Just(Order::StartDescending)];
    let size = prop_oneof![Just(1_u32), Just(7), Just(50), Just(120)];
    (proptest::option::weighted(0.4, window), filters(), order, size).prop_map(
        |(window, filters, order, page_size)| Selection {
            window,
            filters,
            order,
            page_size,
            ..everything()
        },
    )
}

/// What happens between two pages.
#[derive(Clone, Debug)]
enum Step {
    /// The walk goes on.
    Next,
    /// Another list, or another position in it.
    Turn(Selection, u64),
    /// By this instance or the other, like another process.
    Change(Change, bool),
    /// Somebody else's records change.
    Others(Vec<StoredRecord>),
}

fn step() -> impl Strategy<Value = Step> {
    let purge = (-3_i64..2).prop_map(|micros| Change::Purge(BASE + micros));
    let import = (proptest::collection::vec(record(), 1..30), any::<bool>()).prop_map(
        |(records, updates)| {
            let on_conflict = if updates { OnConflict::Update } else { OnConflict::Reject };
            Change::Import(records, on_conflict)
        },
    );
    let change = prop_oneof![
        // An update moves a record to another agent, another channel or another start.
        16 => import,
        1 => (-300_i64..-100).prop_map(|days| Change::Purge(BASE + days * 86_400_000_000)),
        1 => Just(Change::Erase("mary")),
        1 => prop_oneof![9 => Just(Change::Import(Vec::new(), OnConflict::Reject)), 1 => purge],
    ];
    prop_oneof![
        12 => Just(Step::Next),
        3 => (list(), 0_u64..2_000).prop_map(|(list, at)| Step::Turn(list, at)),
        4 => (change, any::<bool>()).prop_map(|(change, here)| Step::Change(change, here)),
        1 => proptest::collection::vec(record(), 1..30).prop_map(Step::Others),
    ]
}

/// Walks over a few sets of records, by two instances of one store. Indexes come and go.
pub(crate) async fn stay_right([here, there]: [&dyn Store; 2], sets: u32, steps: usize) {
    let zone = "UTC".parse().unwrap();
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
    let others = here.add_tenant("others", zone, DateTime::UNIX_EPOCH).await.unwrap().id;
    let mut deep = 0;
    for set in 0..sets {
        let tenant = here.add_tenant(&format!("walk-{set}"), zone, DateTime::UNIX_EPOCH).await;
        let tenant = tenant.unwrap().id;
        let records = proptest::collection::vec(record(), 1_500).new_tree(&mut runner);
        let first = Change::Import(records.unwrap().current(), OnConflict::Update);
        let mut rows = Vec::new();
        carry_out(here, tenant, &first).await;
        apply(&mut rows, &first);
        for field in [Field::Channel, Field::Duration] {
            there.set_index(field, false).await.unwrap();
        }
        let mut selection = list().new_tree(&mut runner).unwrap().current();
        for number in 0..steps {
            match step().new_tree(&mut runner).unwrap().current() {
                Step::Next => selection.first += u64::from(selection.page_size),
                Step::Turn(list, at) => selection = Selection { first: at + 1, ..list },
                Step::Change(change, is_here) => {
                    carry_out(if is_here { here } else { there }, tenant, &change).await;
                    apply(&mut rows, &change);
                }
                Step::Others(records) => {
                    let batch = Batch { on_conflict: OnConflict::Update, ..records.into() };
                    there.import(others, batch).await.unwrap();
                }
            }
            if number % 40 == 20 {
                let wanted = number % 80 == 20;
                for field in [Field::Channel, Field::Duration] {
                    assert!(there.set_index(field, wanted).await.unwrap());
                }
                let fields = [Field::Channel, Field::Duration];
                let expected = if wanted { &fields[..] } else { &[] };
                assert_eq!(here.indexes().await.unwrap(), expected);
            }
            let (records, more) = expected(&rows, &selection);
            deep += u64::from(selection.first > 200 && !records.is_empty());
            for store in [here, there] {
                let page = store.page(tenant, &selection).await.unwrap();
                assert!(page.records == records, "{selection:#?}\n{:#?}", page.records);
                assert_eq!(page.more, more, "{selection:#?}");
            }
        }
    }
    // By chance: mostly a tenth or more of all pages are deep.
    assert!(deep > u64::from(sets) * steps as u64 / 40, "{deep} deep pages");
}
