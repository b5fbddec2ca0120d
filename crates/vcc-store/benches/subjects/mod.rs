//! The recordings of the benchmarks: generated here, the same on every run.

#![allow(dead_code, unreachable_pub, reason = "each benchmark takes what it needs")]

use std::io::{self, Write};

use chrono::DateTime;
use vcc_query::{Filter, Selection, Wanted, Window};
use vcc_store::{Batch, Store, StoredRecord, Tenant, TenantId};
use vcc_types::{Field, Order, Recording};

/// The start of the first recording, 2024-01-01T00:00:00Z.
pub const FIRST: i64 = 1_704_067_200;
/// How many seconds lie between two starts: a million recordings fill 359 days.
pub const STEP: i64 = 31;

/// Numbers that look random and are the same every time (splitmix64).
fn mixed(seed: u64) -> u64 {
    let mut z = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The start of a recording by its number, in seconds.
pub fn start(number: u64) -> i64 {
    FIRST + number.cast_signed() * STEP
}

/// A recording by its number, in the order of the starts: 200 agents, 50,000 callers, 20 queues.
pub fn recording(number: u64) -> Recording {
    let random = mixed(number);
    let pick = |shift: u32, of: u64| (random >> shift) % of;
    let at = DateTime::from_timestamp(start(number), 0).unwrap();
    let queue = pick(8, 20);
    let filename = format!(
        "S{}/R{}{:06}.wav",
        at.format("%Y%m%d"),
        at.format("%Y%m%d%H%M%S"),
        pick(20, 1_000_000)
    );
    let wrap_up = if pick(13, 4) == 0 { String::new() } else { pick(15, 30).to_string() };
    [
        (Field::StartDate, at.format("%Y-%m-%dT%H:%M:%S+00:00").to_string()),
        (Field::AgentId, agent(pick(0, 200))),
        (Field::PhoneNumber, format!("1650{:07}", pick(3, 50_000) * 199)),
        (Field::Channel, format!("1408555{:04}", pick(30, 100))),
        (Field::CaseId, pick(5, 100_000).to_string()),
        (Field::Duration, (5 + pick(40, 600)).to_string()),
        (Field::Filename, filename),
        (Field::QueueId, (101 + queue).to_string()),
        (Field::QueueName, format!("phoneq{queue}")),
        (Field::AccountNumber, format!("acct-{:06}", pick(11, 80_000))),
        (Field::TransactionId, (10_000_000 + number).to_string()),
        (Field::ExtVar1, String::new()),
        (Field::ExtVar2, String::new()),
        (Field::OutDialCode, String::new()),
        (Field::WrapUpCode, wrap_up),
    ]
    .iter()
    .fold(Recording::new(), |recording, (field, text)| recording.with(*field, text))
}

/// [`recording`] with this many agents.
pub fn recording_of(number: u64, agents: u64) -> Recording {
    recording(number).with(Field::AgentId, &agent(mixed(!number) % agents))
}

/// The name of an agent by its number.
pub fn agent(number: u64) -> String {
    format!("agent{number:03}")
}

/// Writes this many recordings as CSV.
pub fn write_csv(into: impl Write, count: u64) -> io::Result<()> {
    let mut into = io::BufWriter::with_capacity(1 << 20, into);
    let names: Vec<_> = Field::ALL.iter().map(|field| field.wire_name()).collect();
    write!(into, "{}\r\n", names.join(","))?;
    for number in 0..count {
        let recording = recording(number);
        let values: Vec<_> = Field::ALL.iter().map(|field| recording.text(*field)).collect();
        write!(into, "{}\r\n", values.join(","))?;
    }
    into.flush()
}

/// Adds a tenant with this many recordings.
pub async fn fill(store: &dyn Store, name: &str, count: u64) -> TenantId {
    let zone = "UTC".parse().unwrap();
    let Tenant { id, .. } = store.add_tenant(name, zone, DateTime::UNIX_EPOCH).await.unwrap();
    let numbers: Vec<_> = (0..count).collect();
    for numbers in numbers.chunks(10_000) {
        let records = numbers.iter().map(|number| StoredRecord::new(&recording(*number)).unwrap());
        let batch: Batch = records.collect::<Vec<_>>().into();
        assert_eq!(store.import(id, batch).await.unwrap().added, numbers.len() as u64);
    }
    id
}

/// A selection of everything, in pages of 50.
pub fn everything() -> Selection {
    Selection {
        window: None,
        near: None,
        filters: Vec::new(),
        first: 1,
        page_size: 50,
        order: Order::StartAscending,
        response_zone: "UTC".parse().unwrap(),
        notes: Vec::new(),
    }
}

/// A selection of a text in a field.
pub fn filter(field: Field, text: &str) -> Filter {
    Filter { field, wanted: Wanted::Text(text.into()) }
}

/// The time from the start of one recording to that of another.
pub fn window(from: u64, until: u64) -> Window {
    let at = |number| DateTime::from_timestamp(start(number), 0).unwrap();
    Window { from: at(from), until: at(until) }
}

/// The median of some measurements.
pub fn median(times: &[f64]) -> f64 {
    let mut times = times.to_vec();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// Whether this was started by `cargo bench`: `cargo test --benches` asks only whether it runs.
pub fn in_earnest() -> bool {
    std::env::args().any(|argument| argument == "--bench")
}
