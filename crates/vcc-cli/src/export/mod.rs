//! `vcc export`: the whole of a range, so that nothing is lost or doubled.
//!
//! The range is cut into half-open windows in UTC. A server is asked for `[A,B]` by instants, and the
//! records whose own start lies in `[A,B)` are kept, which is right however a server reads the end of
//! a range. Windows are written in the order of time; a journal says which are.

mod args;
mod identity;
mod journal;
mod manifest;
mod part;
mod paths;
mod plan;
mod rows;
mod window;

use std::collections::VecDeque;
use std::path::Path;
use std::process::ExitCode;
use std::time::SystemTime;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use tokio::task::JoinHandle;
use vcc_query::Window;

use crate::connect::Connected;
use crate::document::check_columns;
use crate::document_format::DocumentFormat;
use crate::failure::{Failure, note, warn};
use crate::progress::{Progress, State};
use crate::text::counted;
pub(crate) use args::Args;
use identity::Identity;
use journal::{Done, Journal};
use manifest::Manifest;
use part::Part;
use paths::{Paths, no_file};
use plan::Plan;
use rows::{Buffers, Layout};
use window::{Job, Read};

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
    let filters = args.filters(&dialect)?;
    let Connected { client, tenant, tenant_zone } = args.connect.connect()?;
    let now = now();
    let range = args.range(tenant_zone, now)?;
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
        pages: args.window_pages,
        readings: args.readings,
        layout: Layout {
            format,
            columns: args.extra_columns.clone(),
            spreadsheet_safe: args.spreadsheet_safe,
            buffers: Buffers::default(),
        },
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
            plan.learn(first.window.from, until, read.rows.len() as u64);
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

    fn write(&mut self, from: DateTime<Utc>, mut read: Read) -> Result<(), Failure> {
        for warning in &read.warnings {
            self.progress.above(|| warn(warning));
        }
        let (bytes, apart, sha256) = self.part.write(&read)?;
        let done = Done {
            from,
            until: read.until,
            records: read.rows.len() as u64,
            pages: read.pages,
            readings: read.readings,
            settled: read.settled,
            outside: read.outside,
            sha256,
            deviations: read.deviations,
            warnings: read.warnings,
            bytes,
            refused: read.rows.refused.len() as u64,
            extra: std::mem::take(&mut read.rows.extra),
            left_out: std::mem::take(&mut read.rows.left_out),
            apart: read.apart.len() as u64,
            apart_bytes: apart,
        };
        self.job.layout.buffers.give(read.rows.into_buffer());
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
        let whole = self.part.finish()?;
        let manifest = Manifest::of(
            identity,
            self.journal.begun(),
            now(),
            self.journal.done(),
            whole,
            self.part.apart(),
        );
        manifest.write(&Paths::of(out).manifest)?;
        let (remarks, unsettled) = (manifest.remarks(), manifest.unsettled());
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
        for remark in remarks {
            warn(remark);
        }
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
