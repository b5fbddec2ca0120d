//! `vcc export`: the whole of a range, so that nothing is lost or doubled.
//!
//! The range is cut into half-open windows in UTC. A server is asked for `[A,B]` by instants, and the
//! records whose own start lies in `[A,B)` are kept, which is right however a server reads the end of
//! a range. Windows are written in the order of time; a journal says which are.

mod identity;
mod journal;
mod manifest;
mod part;
mod plan;
mod window;

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::SystemTime;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use tokio::task::JoinHandle;
use vcc_query::{Context, Query, Window, Zone};
use vcc_types::Dialect;

use crate::connect::{ConnectArgs, Connected};
use crate::document::{DocumentFormat, check_columns};
use crate::failure::{Failure, note, warn};
use crate::progress::{Mode, Progress, State};
use crate::query::{Fields, date, joined, zone};
use crate::text::counted;
use identity::Identity;
use journal::{Done, Journal};
use manifest::Manifest;
use part::Part;
use plan::Plan;
use window::{Job, Read};

#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  vcc export --from 2024-01-01 --to 2025-01-01 --tz America/Denver --out 2024.csv
  vcc export --from 2024-01 --to 2024-02 --tz UTC --agent bill --out bill.jsonl --concurrency 4

The range begins at --from and ends before --to. Run again after a kill or a failure, the same command goes on \
where it was: FILE.part and FILE.journal hold what is done. The file has its name once it is whole, and \
FILE.manifest.json says how it was made. Records whose start cannot be read are kept apart, in FILE.apart.jsonl.

Exit codes: 0 whole, 3 partial (the message says what is missing), 4 whole but not settled: a window changed each \
time that it was read.")]
pub(crate) struct Args {
    /// The first date of the range: 2024-01-01, 2024-01-01T08:00:00Z, today-7d
    #[arg(long, value_name = "DATE")]
    from: String,
    /// The date before which the range ends
    #[arg(long, value_name = "DATE")]
    to: String,
    /// The zone of dates without an offset
    #[arg(long, value_name = "ZONE")]
    tz: Option<String>,
    /// The file: .csv, .jsonl or .xml
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// How it is written; by default as its name ends
    #[arg(long, value_enum)]
    format: Option<DocumentFormat>,
    /// Only recordings of this query, which has neither a date nor n: 'agentID=bill&channel=27'
    #[arg(long, value_name = "QUERY")]
    query: Option<String>,
    #[command(flatten)]
    fields: Fields,
    /// The most pages that are read of one window before it is split
    #[arg(long, value_name = "NUMBER", default_value_t = 40, value_parser = clap::value_parser!(u32).range(2..))]
    window_pages: u32,
    /// How often a window is read that changes while it is read
    #[arg(long, value_name = "NUMBER", default_value_t = 5, value_parser = clap::value_parser!(u32).range(2..))]
    readings: u32,
    /// Put ' before values that a spreadsheet would run as formulas
    #[arg(long)]
    spreadsheet_safe: bool,
    /// Further columns of a .csv: names of values that the service sends beside the fifteen fields
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    extra_columns: Vec<String>,
    /// Replace the file where it is there
    #[arg(long)]
    overwrite: bool,
    /// Throw away what an export that was broken off has done
    #[arg(long)]
    restart: bool,
    /// How progress is shown
    #[arg(long, value_enum, default_value_t = Mode::Auto)]
    progress: Mode,
    #[command(flatten)]
    connect: ConnectArgs,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode, Failure> {
    if let Some(problem) = no_file(&args.out) {
        return Err(Failure::usage(format!("--out {}: {problem}", args.out.display())));
    }
    let format = args.format.or_else(|| DocumentFormat::of_file(&args.out)).ok_or_else(|| {
        Failure::usage(format!(
            "--out {}: the name ends in none of .csv, .jsonl, .xml",
            args.out.display()
        ))
        .hint("--format says how it is written")
    })?;
    check_columns(format, &args.extra_columns)?;
    let dialect = args.connect.dialect.read()?;
    let filters = filters(args, &dialect)?;
    let Connected { client, tenant, tenant_zone } = args.connect.connect()?;
    let now = now();
    let range = range(args, tenant_zone, now)?;
    let identity = Identity {
        server: client.base().to_string(),
        tenant: tenant.unwrap_or_default(),
        query: filters.to_string(),
        from: range.from,
        until: range.until,
        format,
        dialect: dialect.to_string(),
        spreadsheet_safe: args.spreadsheet_safe,
        extra_columns: args.extra_columns.clone(),
    };
    let paths = Paths::of(&args.out);
    if args.restart {
        paths.forget()?;
    }
    let mut journal = Journal::open(&paths.journal, &identity, now)?;
    if journal.is_finished() && args.out.exists() && !paths.part.exists() {
        journal.remove()?;
        note(format_args!("{} is whole already", args.out.display()));
        return Ok(ExitCode::SUCCESS);
    }
    if args.out.exists() && !args.overwrite {
        journal.remove_if_empty()?;
        return Err(Failure::usage(format!("{} is there already", args.out.display()))
            .hint("--overwrite replaces it"));
    }
    let (part, windows) = Part::open(&paths, &identity, journal.done())?;
    journal.keep(windows)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(workers(args.connect.concurrency))
        .enable_all()
        .build()
        .map_err(|error| Failure::new(error.to_string()))?;
    let job = Job {
        client,
        filters,
        format,
        pages: args.window_pages,
        readings: args.readings,
        spreadsheet_safe: args.spreadsheet_safe,
        columns: args.extra_columns.clone(),
    };
    let mut export = Export {
        range,
        job,
        journal,
        part,
        progress: Progress::new(args.progress),
        state: State::default(),
        ahead: usize::from(args.connect.concurrency) * 2,
    };
    let ended = runtime.block_on(export.all());
    // What is still on its way is not waited for.
    runtime.shutdown_background();
    export.progress.finish();
    export.end(ended, &args.out, &identity)
}

/// How many threads read: one is enough for some connections, and none has to wake another one.
fn workers(concurrency: u16) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    usize::from(concurrency).div_ceil(8).min(cores)
}

/// Why no file can have this path.
fn no_file(out: &Path) -> Option<String> {
    if out.is_dir() {
        return Some("that is a folder; name a file in it".into());
    }
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty())?;
    (!folder.is_dir()).then(|| format!("there is no folder {}", folder.display()))
}

/// The time, read once.
fn now() -> DateTime<Utc> {
    #[allow(clippy::disallowed_methods, reason = "a command reads the clock")]
    let now = SystemTime::now();
    now.into()
}

/// An instant as it is asked for and written down.
fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// The query beside the range.
fn filters(args: &Args, dialect: &Dialect) -> Result<Query, Failure> {
    let (query, _) = joined(args.query.as_deref(), &args.fields.query()?, dialect)?;
    let has_date =
        query.d().is_some() || query.start_date().is_some() || query.finish_date().is_some();
    if has_date || query.n().is_some() || query.tz().is_some() {
        return Err(Failure::usage(
            "--query: an export has its range by --from and --to, its zone by --tz, and no pages",
        )
        .hint("leave d, start-date, finish-date, tz and n out"));
    }
    Ok(query)
}

/// The range in UTC, by the rules of dates.
fn range(args: &Args, tenant_zone: Option<Zone>, now: DateTime<Utc>) -> Result<Window, Failure> {
    let given = args.tz.as_deref().map(|name| zone("--tz", name)).transpose()?;
    let (from, to) = (date("--from", &args.from)?, date("--to", &args.to)?);
    if from == to {
        // As `d` it would be the whole of that period.
        return Err(Failure::usage(format!(
            "the range is empty: it begins at {0} and ends before {0}",
            args.from
        ))
        .hint("--to is the date after the last one"));
    }
    let query = Query::builder()
        .range(from, to)
        .build()
        .map_err(|error| Failure::usage(error.to_string()))?;
    let resolve = |zone| {
        let context = Context { now, tenant_tz: zone, dialect: Dialect::default() };
        query.resolve(&context)
    };
    let known = given.or(tenant_zone);
    let refused = |error: vcc_query::QueryError| Failure::query(&error, &query.to_string());
    let window = |zone| resolve(zone).map_err(refused).map(|selection| selection.window);
    let range = window(known.unwrap_or(Zone::UTC))?;
    let Some(range) = range else { return Err(Failure::usage("--from and --to give no range")) };
    if known.is_none() {
        // Where the zone makes a difference, it is not guessed.
        let elsewhere: Zone = zone("--tz", "Pacific/Kiritimati")?;
        if window(elsewhere)? != Some(range) {
            return Err(Failure::usage(
                "in which zone are --from and --to? --tz says it, or an offset in the dates",
            )
            .hint("--tz America/Denver, or --from 2024-01-01T00:00:00-07:00"));
        }
    }
    if range.is_empty() {
        return Err(Failure::usage(format!(
            "the range is empty: it begins and ends at {}",
            instant(range.from)
        )));
    }
    Ok(range)
}

/// The files beside the one that is made.
struct Paths {
    part: PathBuf,
    journal: PathBuf,
    apart: PathBuf,
    manifest: PathBuf,
}

impl Paths {
    fn of(out: &Path) -> Self {
        let beside = |end: &str| {
            let mut name = out.as_os_str().to_owned();
            name.push(end);
            PathBuf::from(name)
        };
        Self {
            part: beside(".part"),
            journal: beside(".journal"),
            apart: beside(".apart.jsonl"),
            manifest: beside(".manifest.json"),
        }
    }

    /// Removes what an export that was broken off has left.
    fn forget(&self) -> Result<(), Failure> {
        for file in [&self.journal, &self.part, &self.apart] {
            match std::fs::remove_file(file) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(Failure::new(format!("{}: {error}", file.display())));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// An export on its way.
struct Export {
    range: Window,
    job: Job,
    journal: Journal,
    part: Part,
    progress: Progress,
    state: State,
    /// How many windows are read before the first of them is written.
    ahead: usize,
}

/// A window that is being read.
struct Running {
    window: Window,
    reading: JoinHandle<Result<Read, vcc_client::Error>>,
}

impl Export {
    /// Reads and writes every window that is not done yet, in the order of time.
    async fn all(&mut self) -> Result<(), Failure> {
        let from = self.journal.done().last().map_or(self.range.from, |done| done.until);
        self.state.windows = self.journal.done().len() as u64;
        self.state.records = self.journal.done().iter().map(|done| done.records).sum();
        let mut plan = Plan::new(Window { from, until: self.range.until }, self.job.pages);
        let mut running: VecDeque<Running> = VecDeque::new();
        let mut stop = std::pin::pin!(tokio::signal::ctrl_c());
        loop {
            while running.len() < self.ahead
                && let Some(window) = plan.next()
            {
                running.push_back(self.start(window));
            }
            let Some(mut first) = running.pop_front() else { return Ok(()) };
            let read = tokio::select! {
                read = &mut first.reading => read,
                _ = &mut stop => {
                    for other in &running { other.reading.abort(); }
                    first.reading.abort();
                    return Err(Failure::stopped("stopped").hint("the same command goes on where it was"));
                }
            };
            let read =
                read.map_err(|error| Failure::new(format!("a window was not read: {error}")))?;
            let read = read.map_err(|error| {
                for other in &running {
                    other.reading.abort();
                }
                Failure::in_part(format!(
                    "the window from {} on: {error}",
                    instant(first.window.from)
                ))
            })?;
            let until = read.until;
            plan.learn(first.window.from, until, read.records);
            self.write(first.window.from, read)?;
            if until < first.window.until {
                running.push_front(self.start(Window { from: until, until: first.window.until }));
            }
        }
    }

    fn start(&self, window: Window) -> Running {
        let job = self.job.clone();
        Running { window, reading: tokio::spawn(async move { job.read(window).await }) }
    }

    fn write(&mut self, from: DateTime<Utc>, read: Read) -> Result<(), Failure> {
        for warning in &read.warnings {
            self.progress.above(|| warn(warning));
        }
        let (bytes, apart, sha256) = self.part.write(&read)?;
        let done = Done {
            from,
            until: read.until,
            records: read.records,
            pages: read.pages,
            readings: read.readings,
            settled: read.settled,
            outside: read.outside,
            sha256,
            deviations: read.deviations,
            warnings: read.warnings,
            bytes,
            refused: read.refused.len() as u64,
            extra: read.extra,
            left_out: read.left_out,
            apart: read.apart.len() as u64,
            apart_bytes: apart,
        };
        self.state.windows += 1;
        self.state.records += done.records;
        let range = (self.range.until - self.range.from).num_seconds().max(1);
        self.state.permille =
            ((done.until - self.range.from).num_seconds() * 1000 / range).unsigned_abs();
        if self.journal.add(done)? {
            self.sync()?;
        }
        self.progress.at(self.state);
        Ok(())
    }

    /// Makes what was written last: the file first, then the journal, which speaks of it.
    fn sync(&mut self) -> Result<(), Failure> {
        self.part.sync()?;
        self.journal.sync()
    }

    /// Gives the file its name, or says what is missing.
    fn end(
        mut self,
        ended: Result<(), Failure>,
        out: &Path,
        identity: &Identity,
    ) -> Result<ExitCode, Failure> {
        self.sync()?;
        if let Err(failure) = ended {
            let from = self.journal.done().last().map_or(self.range.from, |done| done.until);
            let done = counted(self.state.records, "record");
            note(format_args!(
                "{} is partial: {done} are done, {} to {} is missing",
                self.part.path().display(),
                instant(from),
                instant(self.range.until)
            ));
            return Err(failure.hint("the same command goes on where it was"));
        }
        let (bytes, sha256) = self.part.finish()?;
        let manifest = Manifest::of(
            identity,
            self.journal.begun(),
            now(),
            self.journal.done().to_vec(),
            bytes,
            sha256,
        );
        manifest.write(&Paths::of(out).manifest)?;
        self.journal.finished()?;
        self.part.give(out)?;
        self.journal.remove()?;
        let (records, windows) = (self.state.records, self.state.windows);
        note(format_args!(
            "{}: {} of {} to {}, in {}",
            out.display(),
            counted(records, "record"),
            instant(self.range.from),
            instant(self.range.until),
            counted(windows, "window"),
        ));
        for remark in manifest.remarks() {
            warn(remark);
        }
        let unsettled = manifest.unsettled();
        if unsettled.is_empty() {
            return Ok(ExitCode::SUCCESS);
        }
        Err(Failure::unsettled(format!(
            "{} changed each time that they were read, so that {} may lack or double some of their records: {}",
            counted(unsettled.len() as u64, "window"),
            out.display(),
            unsettled.join(", ")
        ))
        .hint("export the range again when it is quiet, or a closed one"))
    }
}

/// The least that a window is split to.
const SECOND: TimeDelta = TimeDelta::seconds(1);
