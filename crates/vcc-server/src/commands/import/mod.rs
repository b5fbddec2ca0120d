//! `import`: a thread reads the file and makes batches, the store takes one batch a transaction.

mod ahead;
mod bulk;
mod compressed;
mod doubt;
mod ended;
mod kind;
mod names;
mod noted;
mod read;
mod records;
mod rejects;
mod source;
mod table;
mod tally;

use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Instant;

use clap::ValueEnum;
use tokio::sync::mpsc;
use vcc_store::{Batch, BulkLoad, Checkpoint, OnConflict, Store, StoredRecord, TenantId};
use vcc_types::Field;

use self::names::Names;
use self::read::{Batches, Ended, Event};
use self::rejects::Rejects;
use self::source::{Identity, Source};
use self::tally::Tally;
use super::failure::Failure;
use super::progress::Progress;
use super::store::{self, StoreArgs};
use super::words::{counted, grouped, whole};
use super::{note, rewrite, say};

/// What stands below the options.
static FIELDS: LazyLock<String> = LazyLock::new(table::help);

#[derive(clap::Args)]
#[command(after_help = FIELDS.as_str())]
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
          conflicts_with_all = ["file", "tenant", "format", "zone", "update", "reject", "bulk",
                                "again", "map", "ignore_column", "ignore_unknown", "strict",
                                "dry_run", "sample"])]
    dataset: Option<PathBuf>,
    /// What the file is, unpacked; without it, its first character tells
    #[arg(long, value_enum)]
    format: Option<FileFormat>,
    /// The zone of starts that are written without an offset
    #[arg(long, value_name = "ZONE")]
    zone: Option<String>,
    /// Replace a record that is there with other content, instead of leaving the new one out
    #[arg(long)]
    update: bool,
    /// Import a file again that was imported to its end, although it holds records without
    /// transactionID and filename: those are there twice then
    #[arg(long)]
    again: bool,
    /// Read this column, element or key as a field, such as startDate='Call Start'; may be given
    /// several times
    #[arg(long, value_name = "FIELD=NAME", value_parser = names::mapping)]
    map: Vec<(Field, String)>,
    /// Go on without the values of this column, element or key, which is none of the fifteen fields;
    /// may be given several times
    #[arg(long, value_name = "NAME")]
    ignore_column: Vec<String>,
    /// Go on without the values of any column, element or key that is none of the fifteen fields
    #[arg(long)]
    ignore_unknown: bool,
    /// End at the first thing that would be repaired, kept as it is or left out
    #[arg(long)]
    strict: bool,
    /// Read all of the file, store nothing, and say what would happen
    #[arg(long, conflicts_with = "bulk")]
    dry_run: bool,
    /// Show how the first records are understood, and store nothing
    #[arg(long, value_name = "COUNT", value_parser = sampled, conflicts_with_all = ["bulk", "dry_run"])]
    sample: Option<u64>,
    /// Write what is left out to this file, as JSON lines with the reason
    #[arg(long, value_name = "FILE")]
    reject: Option<PathBuf>,
    /// How many records go in one transaction; fewer where they are long
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

fn sampled(text: &str) -> Result<u64, String> {
    let count = whole(text).ok().filter(|count| (1..=1_000).contains(count));
    count.ok_or_else(|| "expected a number from 1 to 1000".to_owned())
}

/// Whether, and where, records are stored.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Store,
    Bulk,
    DryRun,
    Sample(u64),
}

impl Args {
    fn purpose(&self) -> Purpose {
        match self.sample {
            Some(count) => Purpose::Sample(count),
            None if self.dry_run => Purpose::DryRun,
            None if self.bulk => Purpose::Bulk,
            None => Purpose::Store,
        }
    }
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
    let name = source.name();
    let on_conflict = if args.update { OnConflict::Update } else { OnConflict::Reject };
    let purpose = args.purpose();
    let stores = matches!(purpose, Purpose::Store | Purpose::Bulk);
    let identity = source.identity(args.format, zone, on_conflict)?.filter(|_| stores);
    if let Some(identity) = &identity {
        once(&*store, tenant.id, identity, &name, args.again).await?;
    }
    let target = match purpose {
        Purpose::Store => Target::Store(&*store),
        Purpose::Bulk => {
            let source = identity.as_ref().map(|identity| &*identity.import);
            Target::Bulk(bulk::begin(&*store, tenant.id, source).await?)
        }
        Purpose::DryRun => Target::Nowhere,
        Purpose::Sample(_) => Target::Shown,
    };
    let done = match (&target, &identity) {
        (Target::Bulk(load), _) => load.done(),
        (Target::Store(store), Some(identity)) => {
            store.checkpoint(tenant.id, &identity.import).await?
        }
        _ => 0,
    };
    // What the part before was left without stays in the file.
    let rejects =
        args.reject.as_deref().map(|path| Rejects::open(path, file, done > 0)).transpose()?;
    let names = Names {
        map: args.map.clone(),
        ignore: args.ignore_column.clone(),
        ignore_unknown: args.ignore_unknown,
    };
    let (batch, most) = match purpose {
        Purpose::Sample(count) => (usize::try_from(count).unwrap_or(usize::MAX), Some(count)),
        _ => (args.batch as usize, None),
    };
    let started = Instant::now();
    let mut import = Import {
        target: Some(target),
        tenant: tenant.id,
        on_conflict,
        identity,
        done,
        tally: Tally::default(),
        progress: Progress::of_bytes(source.length()),
        rejects,
    };
    // One batch is stored, one waits, one is being made.
    let (sender, events) = mpsc::channel(1);
    let progress = import.progress.clone();
    let strict = args.strict;
    let batches = Batches {
        zone,
        batch,
        names: names.clone(),
        strict,
        skip: done,
        most,
        stores,
        sender,
        progress,
    };
    let outcome = import.run(source, args.format, batches, events).await;
    import.progress.finish();
    import.locate(file, args.format);
    // Where nothing was read, why is all there is to say.
    if outcome.is_ok() || import.tally.records() > 0 || import.done > 0 {
        note(import.tally.summary(started.elapsed()));
    }
    if let Some(ended) = outcome.as_ref().ok().filter(|ended| !ended.absent.is_empty()) {
        let fields = ended.absent.iter().map(|field| field.wire_name());
        let fields: Vec<_> = fields.collect();
        note(format_args!("no column: {}: absent from every record", fields.join(", ")));
    }
    // What was not read may have them.
    let all = done == 0 && most.is_none() && import.tally.records() > 0;
    if let Some(ended) = outcome.as_ref().ok().filter(|_| all) {
        for idle in names.idle(&ended.met) {
            note(format_args!(
                "{idle}: did nothing, for beside the fifteen fields no record has that name"
            ));
        }
    }
    if import.tally.leaves_copies() {
        rewrite::say_remains(&*store).await?;
    }
    let ended = outcome?;
    if stores {
        let digest = import.identity.as_ref().map(|identity| &identity.digest);
        if let (true, Some(digest)) = (ended.keyless, digest.or(ended.digest.as_ref())) {
            say_twice(&*store, tenant.id, &import, digest).await?;
            ended::note(&*store, tenant.id, digest).await?;
        }
    } else {
        note("nothing was stored; which of the records are there already was not looked up");
    }
    import.verdict(&args)
}

/// Refuses a file that was imported to its end, where it would add records twice.
async fn once(
    store: &dyn Store,
    tenant: TenantId,
    identity: &Identity,
    name: &str,
    again: bool,
) -> Result<(), Failure> {
    let Some(when) = ended::when(store, tenant, &identity.digest).await? else { return Ok(()) };
    if !again {
        let when = ended::written(when);
        let failure = Failure::new(format!(
            "{name} was imported to its end at {when}, and holds records without transactionID and \
             filename, which would be there twice"
        ));
        return Err(failure.hint(
            "what was left out then is added by importing the file of its rejects, once that is \
             mended (--dry-run --reject FILE makes it); --again adds all of this file again",
        ));
    }
    // It begins with its first record; from then on it goes on where it is broken off.
    let after = store.checkpoint(tenant, &identity.import).await?;
    let checkpoint = Some(Checkpoint { source: identity.import.clone(), after, records: 0 });
    store.import(tenant, Batch { checkpoint, ..Batch::default() }).await?;
    ended::forget(store, tenant, &identity.digest).await?;
    Ok(())
}

/// Of what cannot be read twice it is known at its end only that it was imported before.
async fn say_twice(
    store: &dyn Store,
    tenant: TenantId,
    import: &Import<'_>,
    digest: &str,
) -> Result<(), Failure> {
    if import.identity.is_some() {
        return Ok(());
    }
    if let Some(when) = ended::when(store, tenant, digest).await? {
        note(format_args!(
            "warning: the same bytes were imported at {}: their records without transactionID and \
             filename are there twice now",
            ended::written(when)
        ));
    }
    Ok(())
}

/// Where the records go.
enum Target<'a> {
    Store(&'a dyn Store),
    Bulk(BulkLoad),
    /// `--dry-run`, and `--sample`.
    Nowhere,
    Shown,
}

struct Import<'a> {
    /// Gone at the end of a bulk load.
    target: Option<Target<'a>>,
    tenant: TenantId,
    on_conflict: OnConflict,
    /// What the import is known by when it is resumed; `None` for stdin, and where nothing is stored.
    identity: Option<Identity>,
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
        batches: Batches,
        mut events: mpsc::Receiver<Event>,
    ) -> Result<Ended, Failure> {
        let skip = self.done;
        if skip > 0 {
            let skip = grouped(skip);
            note(format_args!(
                "this import was broken off after record {skip}, and goes on there; what it left \
                 out before that was said then, and is not counted again"
            ));
        }
        let reader = std::thread::spawn(move || batches.read(source, format));
        // A failure does not wait for the reader, which may be waiting for a producer that has nothing
        // to say. It ends with the process.
        match self.target {
            Some(Target::Store(store)) => self.store(store, &mut events).await?,
            Some(Target::Bulk(_)) => {
                while let Some(event) = events.recv().await {
                    self.load(event).await?;
                }
            }
            _ => {
                while let Some(event) = events.recv().await {
                    self.pass(&event)?;
                }
            }
        }
        let read = reader.join().unwrap_or_else(|_| Err(Failure::new("the reader ended early")));
        let mut ended = read?;
        self.tally.report = std::mem::take(&mut ended.report);
        self.tally.ignored = ended.ignored;
        match (self.target.take(), self.identity.clone()) {
            (Some(Target::Bulk(load)), _) => self.settle(load, self.on_conflict).await?,
            // The file is dealt with: the next time it is read from its first record.
            (Some(Target::Store(store)), Some(Identity { import: source, .. })) => {
                let checkpoint = Some(Checkpoint { source, after: self.done, records: 0 });
                store.import(self.tenant, Batch { checkpoint, ..Batch::default() }).await?;
            }
            _ => {}
        }
        Ok(ended)
    }

    /// Takes a batch that is not stored.
    fn pass(&mut self, event: &Event) -> Result<(), Failure> {
        self.refuse(event)?;
        self.tally.storable += event.records.len() as u64;
        if matches!(self.target, Some(Target::Shown)) {
            say(table::sample(event).trim_end());
        }
        self.dealt_with(event.until);
        Ok(())
    }

    /// Finds the lines of the records that the store has left out.
    fn locate(&mut self, path: &Path, format: Option<FileFormat>) {
        let unlocated = self.tally.unlocated();
        if !unlocated.is_empty() {
            self.tally.locate(&read::lines(path, format, unlocated));
        }
    }

    /// Whether all records are there.
    fn verdict(&self, args: &Args) -> Result<(), Failure> {
        let (records, texts) = (self.tally.left_out(), self.tally.report.left_out());
        let message = match (records, texts) {
            (0, 0) => return Ok(()),
            (0, texts) => format!("{} between records was left out", counted(texts, "text")),
            (1, _) => "1 record was left out".to_owned(),
            (records, _) => format!("{} were left out", counted(records, "record")),
        };
        let failure = Failure::in_part(message);
        Err(match &args.reject {
            Some(path) => failure.hint(format!(
                "{} says why: mend it, and import that file instead of this one",
                path.display()
            )),
            // Importing all of it once more would add records that have no keys twice.
            None => failure.hint(
                "--dry-run --reject FILE keeps what is left out with the reasons: mend that file, \
                 and import it instead of this one",
            ),
        })
    }

    /// Leaves out what cannot be stored, before the batch is dealt with for good.
    fn refuse(&mut self, event: &Event) -> Result<(), Failure> {
        for refused in &event.refused {
            let found = refused.found.as_ref().map_or_else(String::new, |f| format!(", found {f}"));
            let reason = format!("{}{found}", refused.reason);
            let line = Some(refused.line).filter(|line| *line > 0);
            self.leave_out(refused.number, line, reason, |rejects| {
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
        self.leave_out(number, None, reason.to_owned(), |rejects| match record {
            Some(record) => rejects.stored(number, reason, record),
            None => Ok(()),
        })
    }

    fn flush(&mut self) -> Result<(), Failure> {
        self.rejects.as_mut().map_or(Ok(()), Rejects::flush)
    }

    /// Notes the first few, which are shown at the end, and keeps all of them where a file is given.
    fn leave_out(
        &mut self,
        number: u64,
        line: Option<u64>,
        reason: String,
        write: impl FnOnce(&mut Rejects) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        self.tally.leave_out(number, line, reason);
        self.rejects.as_mut().map_or(Ok(()), write)
    }
}
