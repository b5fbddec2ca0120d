//! `import`: a thread reads the file and makes batches, the store takes one batch a transaction.

mod ambiguous;
mod args;
mod batches;
mod begun;
mod bulk;
mod compressed;
mod counted;
mod ended;
mod file_format;
mod kind;
mod left_out;
mod names;
mod read;
mod records;
mod rejects;
mod repeated;
mod report;
mod source;
mod table;
mod tally;

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::mpsc;
use vcc_store::{BulkLoad, OnConflict, Store, TenantId};

pub(super) use self::args::Args;
use self::args::Purpose;
use self::begun::Begun;
use self::file_format::FileFormat;
use self::names::Names;
use self::read::{Batches, Ended, Event, Stopped};
use self::rejects::Rejects;
use self::source::{Identity, Source};
use self::tally::Tally;
use super::failure::Failure;
use super::progress::Progress;
use super::store;
use super::words::grouped;
use super::{note, rewrite, say};

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let (file, tenant) = match (&args.dataset, &args.file, &args.tenant) {
        (Some(folder), ..) => return super::dataset::load(folder, &args.store).await,
        (None, Some(file), Some(tenant)) => (file, tenant),
        (None, ..) => return Err(Failure::usage("a FILE and --tenant are needed")),
    };
    let zone = args.zone.as_deref().map(|name| args.store.zone(name)).transpose()?;
    let (store, store_file) = args.store.open_with_file().await?;
    let tenant = store::tenant(&*store, tenant).await?;
    let source = Source::open(file)?;
    let name = source.name();
    if let Some(path) = &args.reject {
        rejects::may_be(path, file, store_file.as_deref())?;
    }
    let purpose = args.purpose();
    let stores = matches!(purpose, Purpose::Store | Purpose::Bulk);
    let (update, map) = (args.update, args.map.clone());
    let options = |format| begun::Options { format, zone, update, map };
    let identity = source.identity(args.format, options)?.filter(|_| stores);
    let begun = match &identity {
        Some(identity) => repeated::once(&*store, tenant.id, identity, &name, args.again).await?,
        None => None,
    };
    let target = match purpose {
        Purpose::Store => Target::Store(store.clone()),
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
    let names = Names {
        map: args.map.clone(),
        ignore: args.ignore_column.clone(),
        ignore_unknown: args.ignore_unknown,
    };
    let (batch, most) = match purpose {
        Purpose::Sample(count) => (usize::try_from(count).unwrap_or(usize::MAX), Some(count)),
        _ => (args.batch as usize, None),
    };
    let strict = args.strict;
    let batches = |stores, sender, progress| {
        let names = names.clone();
        Batches { zone, batch, names, strict, skip: done, most, stores, sender, progress }
    };
    if let Some(again) = Source::again(file).filter(|_| strict && stores) {
        look(again, args.format, batches).await?;
    }
    // The rejects of the part before stay in the file.
    let rejects = args.reject.as_deref().map(|path| Rejects::open(path, done > 0)).transpose()?;
    let started = Instant::now();
    let mut import = Import {
        target: Some(target),
        tenant: tenant.id,
        on_conflict: if args.update { OnConflict::Update } else { OnConflict::Reject },
        strict,
        identity,
        begun,
        done,
        tally: Tally::default(),
        progress: Progress::of_bytes(source.length()),
        rejects,
    };
    // One batch is stored, one waits, one is being made.
    let (sender, events) = mpsc::channel(1);
    let batches = batches(stores, sender, import.progress.clone());
    let outcome = import.run(&*store, source, args.format, batches, events).await;
    import.progress.finish();
    import.locate(file, args.format);
    // If nothing was read, there is only the reason to report.
    if outcome.is_ok() || import.tally.records() > 0 || import.done > 0 {
        note(import.tally.summary(started.elapsed()));
    }
    if outcome.is_err() && strict && stores {
        note(format_args!("{} stored before it", import.tally.stored()));
    }
    if let Some(ended) = outcome.as_ref().ok().filter(|ended| !ended.absent.is_empty()) {
        let fields = ended.absent.iter().map(|field| field.wire_name());
        let fields: Vec<_> = fields.collect();
        note(format_args!("no column: {}: absent from every record", fields.join(", ")));
    }
    // The part that was not read may have them.
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
    if !stores {
        note("nothing was stored; which of the records are there already was not looked up");
    } else if let (true, None, Some(digest)) = (ended.keyless, &import.identity, &ended.digest) {
        repeated::say(&*store, tenant.id, digest).await?;
        ended::note(&*store, tenant.id, digest).await?;
    }
    import.verdict(args.reject.as_deref())
}

/// `--strict`: reads a whole file before anything of it is stored.
async fn look(
    source: Source,
    format: Option<FileFormat>,
    batches: impl FnOnce(bool, mpsc::Sender<Event>, Progress) -> Batches,
) -> Result<(), Failure> {
    let (sender, mut events) = mpsc::channel(1);
    let progress = Progress::of_bytes(source.length());
    let batches = batches(false, sender, progress.clone());
    let reader = std::thread::spawn(move || batches.read(source, format));
    while events.recv().await.is_some() {}
    progress.finish();
    read(reader).map(drop).map_err(|stopped| {
        note("nothing of it was stored");
        stopped.failure
    })
}

/// What the thread has read.
fn read(reader: std::thread::JoinHandle<Result<Ended, Stopped>>) -> Result<Ended, Stopped> {
    reader.join().unwrap_or_else(|_| Err(Failure::new("the reader ended early").into()))
}

/// Where the records go.
enum Target {
    Store(Arc<dyn Store>),
    Bulk(BulkLoad),
    /// `--dry-run`, and `--sample`.
    Nowhere,
    Shown,
}

struct Import {
    /// Gone at the end of a bulk load.
    target: Option<Target>,
    tenant: TenantId,
    on_conflict: OnConflict,
    strict: bool,
    /// Identifies the import when it is resumed; `None` for stdin, and if nothing is stored.
    identity: Option<Identity>,
    /// How the import was begun, as the store keeps it.
    begun: Option<Begun>,
    /// How many records are done, also by an interrupted import before this one.
    done: u64,
    tally: Tally,
    progress: Progress,
    rejects: Option<Rejects>,
}

impl Import {
    async fn run(
        &mut self,
        store: &dyn Store,
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
        // A failure does not wait for the reader, which may itself be waiting for a producer that sends
        // nothing. The thread ends with the process.
        match self.target {
            Some(Target::Store(_)) => self.store(store, &mut events).await?,
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
        let mut ended = match read(reader) {
            Ok(ended) => ended,
            Err(Stopped { failure, at_names }) => {
                if at_names {
                    self.note_stop(store).await?;
                }
                return Err(failure);
            }
        };
        self.tally.read(&mut ended);
        self.end(store, ended.keyless).await?;
        Ok(ended)
    }

    /// Counts a batch that is not stored.
    fn pass(&mut self, event: &Event) -> Result<(), Failure> {
        self.refuse(event)?;
        self.tally.storable += event.records.len() as u64;
        if matches!(self.target, Some(Target::Shown)) {
            say(table::sample(event).trim_end());
        }
        self.dealt_with(event.until);
        Ok(())
    }

    /// Says how far the import is.
    fn dealt_with(&mut self, until: u64) {
        self.done = until;
        self.progress.records(self.tally.records());
    }
}
