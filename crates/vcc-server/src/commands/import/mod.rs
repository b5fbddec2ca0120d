//! `import`: a thread reads the file and makes batches, the store takes one batch a transaction.

mod ahead;
mod bulk;
mod progress;
mod rejects;
mod source;

use std::path::PathBuf;
use std::time::Instant;

use clap::ValueEnum;
use tokio::sync::mpsc;
use vcc_query::Zone;
use vcc_store::{Batch, BulkLoad, Checkpoint, OnConflict, Store, StoredRecord, TenantId};

pub(super) use self::progress::above;
use self::progress::{Progress, Tally};
use self::rejects::Rejects;
use self::source::{Batches, Event, Source};
use super::failure::Failure;
use super::store::{self, StoreArgs};
use super::words::{counted, grouped, whole};
use super::{note, rewrite};

#[derive(clap::Args)]
pub(super) struct Args {
    /// The file to read; - is stdin
    #[arg(required_unless_present = "dataset")]
    file: Option<PathBuf>,
    /// The tenant whose recordings they are
    #[arg(long, value_name = "NAME", required_unless_present = "dataset")]
    tenant: Option<String>,
    /// Load a dataset of the conformance suite instead, as `vcc-conformance dataset export --dir DIR`
    /// writes it: tenants with their zones, tokens and recordings, and the store where there is none
    #[arg(long, value_name = "DIR",
          conflicts_with_all = ["file", "tenant", "format", "zone", "update", "reject", "bulk"])]
    dataset: Option<PathBuf>,
    /// What the file is; without it, its first character tells
    #[arg(long, value_enum)]
    format: Option<FileFormat>,
    /// The zone of starts that are written without an offset
    #[arg(long, value_name = "ZONE")]
    zone: Option<String>,
    /// Replace a record that is there with other content, instead of leaving the new one out
    #[arg(long)]
    update: bool,
    /// Write what is left out to this file, as JSON lines with the reason
    #[arg(long, value_name = "FILE")]
    reject: Option<PathBuf>,
    /// How many records go in one transaction
    #[arg(long, value_name = "COUNT", default_value_t = 50_000,
          value_parser = batch)]
    batch: u32,
    /// The first load of a store that holds no recordings, of any tenant: faster, for the indexes are
    /// built once, at the end. Until then no query sees the records. Broken off, it goes on when the
    /// same file is loaded again. While an index is built, other writers of a SQLite store have to wait
    #[arg(long)]
    bulk: bool,
    #[command(flatten)]
    store: StoreArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum FileFormat {
    /// Comma-separated values with a header row
    Csv,
    /// The service's XML; what it repairs is counted
    Xml,
    /// One JSON object a line
    Jsonl,
}

fn batch(text: &str) -> Result<u32, String> {
    whole(text)
        .ok()
        .filter(|count| (1..=1_000_000).contains(count))
        .ok_or_else(|| "expected a number from 1 to 1000000".to_owned())
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let (file, tenant) = match (&args.dataset, &args.file, &args.tenant) {
        (Some(folder), ..) => return super::dataset::load(folder, &args.store).await,
        (None, Some(file), Some(tenant)) => (file, tenant),
        (None, ..) => return Err(Failure::usage("a FILE and --tenant are needed")),
    };
    let zone = args.zone.as_deref().map(|name| args.store.zone(name)).transpose()?;
    let store = args.store.open().await?;
    let tenant = store::tenant(&*store, tenant).await?;
    let source = Source::open(file)?;
    let on_conflict = if args.update { OnConflict::Update } else { OnConflict::Reject };
    let identity = source.identity(args.format, zone, on_conflict)?;
    let target = if args.bulk {
        Target::Bulk(bulk::begin(&*store, tenant.id, identity.as_deref()).await?)
    } else {
        Target::Store(&*store)
    };
    let done = match (&target, &identity) {
        (Target::Bulk(load), _) => load.done(),
        (Target::Store(store), Some(identity)) => store.checkpoint(tenant.id, identity).await?,
        (Target::Store(_), None) => 0,
    };
    // What the part before was left without stays in the file.
    let rejects = args.reject.as_deref().map(|path| Rejects::open(path, done > 0)).transpose()?;
    let started = Instant::now();
    let mut import = Import {
        target: Some(target),
        tenant: tenant.id,
        on_conflict,
        identity,
        done,
        tally: Tally::default(),
        progress: Progress::new(source.length()),
        rejects,
    };
    let outcome = import.run(source, args.format, zone, args.batch as usize).await;
    import.progress.finish();
    // Where nothing was read, why is all there is to say.
    if outcome.is_ok() || import.tally.records() > 0 || import.done > 0 {
        note(import.tally.summary(started.elapsed()));
    }
    if import.tally.leaves_copies() {
        rewrite::say_remains(&*store).await?;
    }
    outcome?;
    match import.tally.left_out() {
        0 => Ok(()),
        count => {
            let were = if count == 1 { "was" } else { "were" };
            let records = counted(count, "record");
            let failure = Failure::in_part(format!("{records} {were} left out"));
            Err(match &args.reject {
                Some(path) => failure.hint(format!("{} says why", path.display())),
                None => failure.hint("--reject FILE keeps what is left out with the reasons"),
            })
        }
    }
}

/// Where the records go.
enum Target<'a> {
    Store(&'a dyn Store),
    Bulk(BulkLoad),
}

struct Import<'a> {
    /// Gone at the end of a bulk load.
    target: Option<Target<'a>>,
    tenant: TenantId,
    on_conflict: OnConflict,
    /// What the import is known by when it is resumed; `None` for stdin.
    identity: Option<String>,
    /// How many records are dealt with, also by an import before this one that was broken off.
    done: u64,
    tally: Tally,
    progress: Progress,
    rejects: Option<Rejects>,
}

impl Import<'_> {
    async fn run(
        &mut self,
        source: Source,
        format: Option<FileFormat>,
        zone: Option<Zone>,
        batch: usize,
    ) -> Result<(), Failure> {
        let skip = self.done;
        if skip > 0 {
            let skip = grouped(skip);
            note(format_args!(
                "this import was broken off after record {skip}, and goes on there; what it left \
                 out before that was said then, and is not counted again"
            ));
        }
        // One batch is stored, one waits, one is being made.
        let (sender, mut events) = mpsc::channel(1);
        let batches = Batches { zone, batch, skip, sender, progress: self.progress.clone() };
        let reader = std::thread::spawn(move || batches.read(source, format));
        // A failure does not wait for the reader, which may be waiting for a producer that has nothing
        // to say. It ends with the process.
        match self.target {
            Some(Target::Store(store)) => self.store(store, &mut events).await?,
            _ => {
                while let Some(event) = events.recv().await {
                    self.load(event).await?;
                }
            }
        }
        let read = reader.join().unwrap_or_else(|_| Err(Failure::new("the reader ended early")));
        self.tally.deviations = read?;
        match (self.target.take(), self.identity.clone()) {
            (Some(Target::Bulk(load)), _) => self.settle(load, self.on_conflict).await,
            // The file is dealt with: the next time it is read from its first record.
            (Some(Target::Store(store)), Some(source)) => {
                let checkpoint = Some(Checkpoint { source, after: self.done, records: 0 });
                store.import(self.tenant, Batch { checkpoint, ..Batch::default() }).await?;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Leaves out what cannot be stored, before the batch is dealt with for good.
    fn refuse(&mut self, event: &Event) -> Result<(), Failure> {
        for refused in &event.refused {
            self.leave_out(refused.number, &refused.reason, |rejects| {
                rejects.recording(refused.number, &refused.reason, &refused.recording)
            })?;
            self.tally.refused += 1;
        }
        self.flush()
    }

    /// Says how far the import is.
    fn dealt_with(&mut self, until: u64) {
        self.done = until;
        self.progress.records(self.tally.records());
    }

    /// Leaves out what has the keys of another record.
    fn conflict(&mut self, number: u64, record: Option<&StoredRecord>) -> Result<(), Failure> {
        let reason = "a record with this transactionID and filename is there with other content";
        self.leave_out(number, reason, |rejects| match record {
            Some(record) => rejects.stored(number, reason, record),
            None => Ok(()),
        })
    }

    fn flush(&mut self) -> Result<(), Failure> {
        self.rejects.as_mut().map_or(Ok(()), Rejects::flush)
    }

    /// Shows the first few, and keeps all of them where a file is given.
    fn leave_out(
        &mut self,
        number: u64,
        reason: &str,
        write: impl FnOnce(&mut Rejects) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        self.tally.shown += 1;
        match self.tally.shown {
            1..=5 => self.progress.note(format_args!("left out: record {number}: {reason}")),
            6 => self.progress.note(format_args!("left out: and more")),
            _ => {}
        }
        self.rejects.as_mut().map_or(Ok(()), write)
    }
}
