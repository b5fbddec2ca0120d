//! `fields`: which fields have an index, and what one more would cost.

use vcc_query::{Selection, Zone};
use vcc_store::{INDEXABLE, Store};
use vcc_types::{Field, Order, Row as _};

use super::failure::Failure;
use super::store::StoreArgs;
use super::words::{counted, grouped};
use super::{note, say};

#[derive(clap::Args)]
pub(super) struct Args {
    /// Give this field an index, which makes queries for it fast among many recordings, after saying what
    /// it costs; may be given several times
    #[arg(long, value_name = "FIELD", value_parser = field)]
    index: Vec<Field>,
    /// Take the index of this field away; may be given several times
    #[arg(long, value_name = "FIELD", value_parser = field)]
    drop_index: Vec<Field>,
    /// Say what would change and what it costs, and change nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    store: StoreArgs,
}

/// Reads the name of a field that may be given an index.
fn field(name: &str) -> Result<Field, String> {
    let names: Vec<_> = INDEXABLE.iter().map(|field| field.wire_name()).collect();
    let names = names.join(", ");
    match Field::from_wire_name(name) {
        Some(field) if INDEXABLE.contains(&field) => Ok(field),
        Some(_) => Err(format!("it has an index in every store: expected one of {names}")),
        None => Err(format!("expected one of {names}")),
    }
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let Args { mut index, mut drop_index, dry_run, store } = args;
    for fields in [&mut index, &mut drop_index] {
        fields.sort_unstable();
        fields.dedup();
    }
    if let Some(field) = index.iter().find(|field| drop_index.contains(field)) {
        let both = format!("{field} is named by --index and by --drop-index");
        return Err(Failure::usage(both).hint("name it by one of the two"));
    }
    let (store, file) = store.open_with_file().await?;
    let is_file = file.is_some();
    let engine = if is_file { &SQLITE } else { &POSTGRES };
    let given = store.indexes().await?;
    if index.is_empty() && drop_index.is_empty() {
        list(&given);
        return Ok(());
    }
    for field in index {
        if given.contains(&field) {
            note(format_args!("{field} has an index already"));
            continue;
        }
        note(engine.cost(field, &Sample::of(&*store, field).await?));
        if !dry_run {
            store.set_index(field, true).await?;
            note(format_args!("made the index by {field}"));
        }
    }
    for field in drop_index {
        match given.contains(&field) {
            false => note(format_args!("{field} has no index that could be taken away")),
            true if dry_run => note(format_args!("the index by {field} would be dropped")),
            true => {
                store.set_index(field, false).await?;
                note(format_args!("dropped the index by {field}"));
            }
        }
    }
    Ok(())
}

fn list(given: &[Field]) {
    for field in Field::ALL {
        let index = match (INDEXABLE.contains(&field), given.contains(&field)) {
            (false, _) => "an index in every store",
            (true, true) => "an index, given by --index",
            (true, false) => "no index",
        };
        say(format_args!("{field:<15}{index}"));
    }
}

/// The recordings that an index would cover.
struct Sample {
    recordings: u64,
    /// The mean length of the field's texts, in bytes.
    length: f64,
}

/// How many tenants are sampled (those with the most recordings), and how many recordings at a time.
const TENANTS: usize = 8;
const RECORDINGS: u32 = 200;

impl Sample {
    /// Samples recordings from the beginning, the middle and the end of the largest tenants.
    async fn of(store: &dyn Store, field: Field) -> Result<Self, Failure> {
        let mut tenants = store.overview().await?;
        tenants.sort_by_key(|of| std::cmp::Reverse(of.recordings));
        let recordings = tenants.iter().map(|of| of.recordings).sum();
        let (mut sum, mut weights) = (0.0, 0.0);
        for of in tenants.iter().take(TENANTS).filter(|of| of.recordings > 0) {
            let (mut bytes, mut seen) = (0, 0);
            for (part, order) in [
                (1, Order::StartAscending),
                (of.recordings / 2 + 1, Order::StartAscending),
                (1, Order::StartDescending),
            ] {
                let page = store.page(of.tenant.id, &looked_at(part, order)).await?;
                bytes += page.records.iter().map(|record| record.text(field).len()).sum::<usize>();
                seen += page.records.len();
            }
            let weight = of.recordings as f64;
            sum += weight * bytes as f64 / seen.max(1) as f64;
            weights += weight;
        }
        Ok(Self { recordings, length: if weights > 0.0 { sum / weights } else { 0.0 } })
    }
}

fn looked_at(first: u64, order: Order) -> Selection {
    Selection {
        window: None,
        near: None,
        filters: Vec::new(),
        first,
        page_size: RECORDINGS,
        order,
        response_zone: Zone::UTC,
        notes: Vec::new(),
    }
}

/// What an index costs in a database.
struct Engine {
    /// How many bytes an entry has beside its text, in an index that was built at once.
    entry: f64,
    meanwhile: &'static str,
}

// BENCHMARKS.md has the measurements behind these.
const SQLITE: Engine = Engine { entry: 22.0, meanwhile: "nobody else can write until it is made" };
const POSTGRES: Engine = Engine { entry: 40.0, meanwhile: "others write while it is made" };
/// By how many percent one more index makes an import longer: with few distinct values, and with many.
const SLOWER: &str = "10 to 40";

impl Engine {
    fn cost(&self, field: Field, sample: &Sample) -> String {
        // A duration is a number here.
        let text = if field == Field::Duration { 2.0 } else { sample.length };
        let bytes = self.entry + text;
        let megabytes = (bytes * sample.recordings as f64 / 1e6).ceil() as u64;
        format!(
            "an index by {field} takes some {} MB on the disk ({bytes:.0} bytes for each of {}), up to twice \
             that as recordings are added, and imports take {SLOWER} % longer; {}",
            grouped(megabytes),
            counted(sample.recordings, "recording"),
            self.meanwhile
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cost_of_an_index_is_said() {
        let sample = Sample { recordings: 10_000_000, length: 5.0 };
        assert_eq!(
            SQLITE.cost(Field::CaseId, &sample),
            "an index by caseID takes some 270 MB on the disk (27 bytes for each of 10,000,000 \
             recordings), up to twice that as recordings are added, and imports take 10 to 40 % longer; \
             nobody else can write until it is made"
        );
        let none = Sample { recordings: 0, length: 0.0 };
        assert_eq!(
            POSTGRES.cost(Field::Duration, &none),
            "an index by duration takes some 0 MB on the disk (42 bytes for each of 0 recordings), up \
             to twice that as recordings are added, and imports take 10 to 40 % longer; others write \
             while it is made"
        );
    }

    #[tokio::test]
    async fn a_sample_sees_the_beginning_the_middle_and_the_end() {
        let store = vcc_store::Sqlite::in_memory().unwrap();
        let now = chrono::DateTime::UNIX_EPOCH;
        for (tenant, count, length) in [("a", 900, 30_usize), ("b", 100, 10), ("c", 0, 0)] {
            let tenant = store.add_tenant(tenant, Zone::UTC, now).await.unwrap().id;
            let record = |second: i64| {
                // The texts of the first half are twice as long.
                let length = if second < count / 2 { length * 2 } else { length };
                let recording =
                    vcc_types::Recording::new().with(Field::CaseId, &"x".repeat(length));
                let start = now + chrono::TimeDelta::seconds(second);
                vcc_store::StoredRecord::with_start(&recording, start).unwrap()
            };
            store.import(tenant, (0..count).map(record).collect::<Vec<_>>().into()).await.unwrap();
        }
        let sample = Sample::of(&store, Field::CaseId).await.unwrap();
        assert_eq!(sample.recordings, 1_000);
        // The larger tenant gives 200 long and 400 short ones. The smaller gives all, some of them twice.
        assert!((36.0..38.0).contains(&sample.length), "{}", sample.length);
        assert_eq!(Sample::of(&store, Field::ExtVar1).await.unwrap().length, 0.0);
    }
}
