//! `import`: a thread reads the file and makes batches, the store takes one batch a transaction.

mod progress;
mod rejects;
mod source;

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::ValueEnum;
use tokio::sync::mpsc;
use vcc_query::Zone;
use vcc_store::{Batch, Checkpoint, OnConflict, Store, StoredRecord, TenantId};

use self::progress::{Progress, Tally, grouped};
use self::rejects::Rejects;
use self::source::{Batches, Event, Source};
use super::failure::Failure;
use super::note;
use super::store::{self, StoreArgs};
use super::tenant::zone;

#[derive(clap::Args)]
pub(super) struct Args {
    /// The file to read; - is stdin
    file: PathBuf,
    /// The tenant whose recordings they are
    #[arg(long, value_name = "NAME")]
    tenant: String,
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
    #[arg(long, value_name = "COUNT", default_value_t = 10_000,
          value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    batch: u32,
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

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let zone = args.zone.as_deref().map(zone).transpose()?;
    let store = args.store.open().await?;
    let tenant = store::tenant(&*store, &args.tenant).await?;
    let source = Source::open(&args.file)?;
    let rejects = args.reject.as_deref().map(Rejects::create).transpose()?;
    let started = Instant::now();
    let mut import = Import {
        tenant: tenant.id,
        on_conflict: if args.update { OnConflict::Update } else { OnConflict::Reject },
        identity: source.identity()?,
        tally: Tally::default(),
        progress: Progress::new(source.length()),
        rejects,
        store: &*store,
    };
    let outcome = import.run(source, args.format, zone, args.batch as usize).await;
    import.progress.finish();
    note(import.tally.summary(started.elapsed()));
    if let Some(rejects) = import.rejects.take() {
        rejects.finish()?;
    }
    outcome?;
    match import.tally.left_out() {
        0 => Ok(()),
        count => Err(Failure::in_part(format!("{} records were left out", grouped(count))).hint(
            match &args.reject {
                Some(path) => format!("{} says why", path.display()),
                None => "--reject FILE keeps them with the reasons".to_owned(),
            },
        )),
    }
}

struct Import<'a> {
    store: &'a dyn Store,
    tenant: TenantId,
    on_conflict: OnConflict,
    /// What the file is known by when the import is resumed; `None` for stdin.
    identity: Option<String>,
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
        let skip = match &self.identity {
            Some(identity) => self.store.checkpoint(self.tenant, identity).await?,
            None => 0,
        };
        if skip > 0 {
            let skip = grouped(skip);
            note(format_args!("this file was broken off after record {skip}, and goes on there"));
        }
        // One batch is stored, one waits, one is being made.
        let (sender, mut events) = mpsc::channel(1);
        let batches = Batches { zone, batch, skip, sender, progress: self.progress.clone() };
        let reader = std::thread::spawn(move || batches.read(source, format));
        let mut outcome = Ok(());
        while let Some(event) = events.recv().await {
            outcome = self.take(event).await;
            if outcome.is_err() {
                break;
            }
        }
        // Nobody takes batches any more, so the reader ends.
        drop(events);
        let read = reader.join().unwrap_or_else(|_| Err(Failure::new("the reader ended early")));
        outcome?;
        self.tally.deviations = read?;
        // The file is dealt with: the next time it is read from its first record.
        if let Some(source) = self.identity.clone() {
            let checkpoint = Some(Checkpoint { source, records: 0 });
            self.store.import(self.tenant, Batch { checkpoint, ..Batch::default() }).await?;
        }
        Ok(())
    }

    async fn take(&mut self, event: Event) -> Result<(), Failure> {
        for refused in &event.refused {
            self.leave_out(refused.number, &refused.reason, |rejects| {
                rejects.recording(refused.number, &refused.reason, &refused.recording)
            })?;
            self.tally.refused += 1;
        }
        // Only a reject file needs what is in conflict.
        let kept: Vec<StoredRecord> =
            self.rejects.as_ref().map_or_else(Vec::new, |_| event.records.clone());
        let checkpoint =
            self.identity.clone().map(|source| Checkpoint { source, records: event.until });
        let batch = Batch { records: event.records, on_conflict: self.on_conflict, checkpoint };
        let imported = self.store.import(self.tenant, batch).await?;
        let reason = "a record with this transactionID and filename is there with other content";
        for position in &imported.conflicts {
            let number = event.numbers[*position];
            self.leave_out(number, reason, |rejects| match kept.get(*position) {
                Some(record) => rejects.stored(number, reason, record),
                None => Ok(()),
            })?;
        }
        self.tally.add(&imported);
        self.progress.records(self.tally.records());
        Ok(())
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

/// What is wrong with a file, with its name.
fn cannot(doing: &str, path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("cannot {doing} {}: {error}", path.display()))
}
