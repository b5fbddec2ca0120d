//! `export`: all recordings that a query selects, as one document.

use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Instant;

use chrono::{DateTime, SecondsFormat};
use clap::ValueEnum;
use vcc_format::WriteError;
use vcc_query::{Context, Query, QueryError, Selection, Zone};
use vcc_server::{Clock, Document, DocumentFormat};
use vcc_store::{Export, StoreError, StoreErrorKind};
use vcc_types::Dialect;

use super::dialect::DialectArgs;
use super::failure::Failure;
use super::note;
use super::partial::Partial;
use super::progress::{Progress, rate};
use super::store::{self, StoreArgs};
use super::store_paths::is_of_store;
use super::words::counted;

#[derive(clap::Args)]
#[command(after_long_help = MOMENT)]
pub(super) struct Args {
    /// The tenant whose recordings they are
    #[arg(long, value_name = "NAME")]
    tenant: String,
    /// The format of the document
    #[arg(long, value_enum, default_value_t = ExportFormat::Csv)]
    format: ExportFormat,
    /// Which of them, written as the query of a request: 'd=2024-01&agentID=bill'; without it, all. An
    /// export has no pages, so n is refused
    #[arg(long, value_name = "QUERY", default_value = "", hide_default_value = true)]
    query: String,
    /// Write to this file, which must not exist, instead of stdout. It gets its name when it is complete
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    dialect: DialectArgs,
    #[command(flatten)]
    store: StoreArgs,
}

const MOMENT: &str = "\
An export shows one moment, which it says on stderr, however long it takes. Of a SQLite store it holds \
that moment: what others write meanwhile stays in the log beside the file. So it ends with an error when \
it has lasted for ten minutes and the log has more than 256 MiB; without a writer it has no limit. Of \
PostgreSQL it is one transaction without a limit, and on a standby the moment is that which the standby \
has come to.";

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ExportFormat {
    /// Comma-separated values with a header row
    Csv,
    /// The service's XML
    Xml,
    /// One JSON object a line
    Jsonl,
}

impl From<ExportFormat> for DocumentFormat {
    fn from(format: ExportFormat) -> Self {
        match format {
            ExportFormat::Csv => Self::Csv,
            ExportFormat::Xml => Self::Xml,
            ExportFormat::Jsonl => Self::JsonLines,
        }
    }
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let dialect = args.dialect.read(&args.store)?;
    let query =
        Query::parse_with(&args.query, &dialect).map_err(|error| refused(&error, &args.query))?;
    if query.n().is_some() {
        return Err(Failure::usage("--query: n: an export is whole, and has no pages")
            .hint("leave n out; d=2024-01 and the like make it shorter"));
    }
    let (store, file) = args.store.open_to_read_with_file().await?;
    if let Some(output) = &args.output
        && file.is_some_and(|file| is_of_store(output, &file))
    {
        let output = output.display();
        return Err(Failure::usage(format!("--output: {output} is a file of the store"))
            .hint("name a file that does not exist"));
    }
    let tenant = store::tenant(&*store, &args.tenant).await?;
    let context = Context { now: Clock::system().now(), tenant_tz: tenant.zone, dialect };
    let selection = query.resolve(&context).map_err(|error| refused(&error, &args.query))?;
    // The number of records, for a progress bar.
    let shown = match (&args.output, args.query.is_empty()) {
        (None, _) if io::IsTerminal::is_terminal(&io::stdout()) => None,
        (_, true) => Some(Some(store.count(tenant.id).await?)),
        (_, false) => Some(None),
    };
    let output = args.output.as_deref().map(Partial::take).transpose()?;
    let export = store.export(tenant.id, &selection).await?;
    let progress = shown.map_or_else(Progress::hidden, Progress::of_records);
    let moment = Clock::system().now();
    let begun = Instant::now();
    let made = match &output {
        Some(output) => {
            write(export, output.file(), args.format, &selection, &dialect, &progress).await
        }
        None => write(export, stdout(), args.format, &selection, &dialect, &progress).await,
    };
    progress.finish();
    let written = match made {
        Ok(written) => written,
        // The reader stopped early, as `head` does.
        Err(Broken::Output(error))
            if output.is_none() && error.kind() == io::ErrorKind::BrokenPipe =>
        {
            return Ok(());
        }
        Err(Broken::Output(error)) => {
            let to = output.map_or_else(|| "stdout".to_owned(), |output| output.name());
            return Err(Failure::new(format!("cannot write {to}: {error}")));
        }
        Err(Broken::Store(error)) => return Err(broken_off(error, output.is_some())),
    };
    if let Some(output) = output {
        output.give()?;
    }
    let (took, records) = (begun.elapsed(), written);
    note(format_args!(
        "exported {} of {} in {:.1} s ({}/s), as they were at {}",
        counted(records, "recording"),
        tenant.name,
        took.as_secs_f64(),
        rate(records, took),
        moment.to_rfc3339_opts(SecondsFormat::Secs, true),
    ));
    Ok(())
}

/// All recordings of a tenant, in the order of the list.
pub(super) fn everything(zone: Zone) -> Selection {
    let (now, dialect) = (DateTime::UNIX_EPOCH, Dialect::default());
    let context = Context { now, tenant_tz: zone, dialect };
    Query::default().resolve(&context).expect("a query without a date resolves")
}

/// Why an export is not complete.
enum Broken {
    Store(StoreError),
    Output(io::Error),
}

impl From<StoreError> for Broken {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<WriteError> for Broken {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Io(error) => Self::Output(error),
            error => Self::Output(io::Error::other(error)),
        }
    }
}

/// Writes an export, and gives the number of its recordings.
async fn write(
    mut export: Export,
    to: impl Write,
    format: ExportFormat,
    selection: &Selection,
    dialect: &Dialect,
    progress: &Progress,
) -> Result<u64, Broken> {
    let mut document = Document::new(to, format.into(), selection.response_zone, dialect);
    let mut written = 0;
    while let Some(piece) = export.next().await? {
        document.write(&piece)?;
        written += piece.len() as u64;
        progress.at_record(written);
    }
    document.finish()?;
    Ok(written)
}

/// stdout without its line buffer.
#[cfg(unix)]
fn stdout() -> impl Write {
    use std::os::fd::AsFd as _;

    let own = io::stdout().as_fd().try_clone_to_owned().map(std::fs::File::from);
    own.map_or_else(|_| Box::new(io::stdout()) as Box<dyn Write>, |file| Box::new(file))
}

#[cfg(not(unix))]
fn stdout() -> impl Write {
    io::stdout()
}

fn refused(error: &QueryError, query: &str) -> Failure {
    // The query with a mark at the mistake, and a hint, follow the message.
    Failure::usage(format!("--query: {}", error.render(query).to_string().trim_end()))
}

fn broken_off(error: StoreError, to_file: bool) -> Failure {
    let kind = error.kind();
    let failure = Failure::from(error);
    match (kind, to_file) {
        (StoreErrorKind::Deadline, _) => {
            failure.hint("export it part by part, such as --query 'd=2024-01', then 'd=2024-02'")
        }
        (_, false) => failure.hint("what was written is not the whole list"),
        (_, true) => failure,
    }
}
