//! `vcc list`.

use std::io::{self, IsTerminal as _, Write};
use std::process::ExitCode;

use clap::ValueEnum;
use vcc_client::{Client, Http};
use vcc_query::{Query, Zone};
use vcc_types::{CallType, Field, Recording};

use crate::connect::{ConnectArgs, Connected, runtime};
use crate::document::{Document, Refused, check_columns, fitting};
use crate::document_format::DocumentFormat;
use crate::failure::{Failure, note, warn};
use crate::left_out::LeftOut;
use crate::output::stdout;
use crate::query::QueryArgs;
use crate::table::{self, Column};
use crate::text::{counted, printable};

/// How many recordings are shown where nothing else is said: a page.
const SHOWN: u64 = 50;

/// How many rows of a table are measured together.
const ROWS: usize = 1000;

#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  vcc list                                    recordings of today
  vcc list --day today-1d --agent bill        yesterday's of an agent
  vcc list 'd=2007-08-05&tz=America/Denver' --all --format csv > day.csv
  vcc list --all '' --columns transactionID --no-header")]
pub(crate) struct Args {
    #[command(flatten)]
    query: QueryArgs,
    /// The most recordings that are shown
    #[arg(long, value_name = "NUMBER", conflicts_with = "all")]
    limit: Option<u64>,
    /// All recordings of the query
    #[arg(long)]
    all: bool,
    /// How they are written
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// The columns of a table: names of fields, and kind
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = Shown::parse)]
    columns: Option<Vec<Shown>>,
    /// Further columns of CSV: names of values that the service sends beside the fifteen fields
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    extra_columns: Vec<String>,
    /// Leave the titles of a table out
    #[arg(long)]
    no_header: bool,
    /// Say on stderr what was repaired in the answers
    #[arg(long, short)]
    verbose: bool,
    #[command(flatten)]
    connect: ConnectArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A table that fits the terminal; not cut elsewhere
    Table,
    /// Comma-separated values with a header row
    Csv,
    /// The service's XML
    Xml,
    /// One JSON object a line
    Jsonl,
    /// One JSON array
    Json,
}

impl Format {
    /// The document that it is, or whose rules it keeps.
    fn document(self) -> Option<DocumentFormat> {
        match self {
            Self::Table => None,
            Self::Csv => Some(DocumentFormat::Csv),
            Self::Xml => Some(DocumentFormat::Xml),
            Self::Jsonl | Self::Json => Some(DocumentFormat::Jsonl),
        }
    }
}

/// What a column shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    Field(Field),
    Kind,
}

impl Shown {
    fn parse(name: &str) -> Result<Self, String> {
        let is = |other: &str| other.eq_ignore_ascii_case(name);
        if is("kind") {
            return Ok(Self::Kind);
        }
        let field = Field::ALL.into_iter().find(|field| is(field.wire_name()));
        field.map(Self::Field).ok_or_else(|| {
            let names = Field::ALL.map(Field::wire_name).join(", ");
            format!("expected one of kind, {names}")
        })
    }

    fn title(self) -> String {
        match self {
            Self::Kind => "kind".into(),
            Self::Field(field) => field.wire_name().into(),
        }
    }

    fn cell(self, recording: &Recording, zone: Option<Zone>) -> String {
        match self {
            Self::Kind => match recording.call_type() {
                CallType::Other(name) => printable(&name),
                kind => kind.to_string(),
            },
            Self::Field(Field::StartDate) => start(recording, zone),
            Self::Field(Field::Duration) => recording
                .duration()
                .map_or_else(|| printable(recording.text(Field::Duration)), length),
            Self::Field(field) => printable(recording.text(field)),
        }
    }
}

/// The columns where none are named.
const COLUMNS: [Shown; 7] = [
    Shown::Field(Field::StartDate),
    Shown::Field(Field::Duration),
    Shown::Kind,
    Shown::Field(Field::AgentId),
    Shown::Field(Field::PhoneNumber),
    Shown::Field(Field::QueueName),
    Shown::Field(Field::TransactionId),
];

/// When a recording started, on the clocks of a zone, or as it was written.
fn start(recording: &Recording, zone: Option<Zone>) -> String {
    let Some(start) = recording.start() else { return printable(recording.text(Field::StartDate)) };
    let local = match zone {
        Some(zone) => zone.local(start.to_utc()),
        None => start,
    };
    local.format("%Y-%m-%d %H:%M:%S %:z").to_string()
}

/// Seconds as a clock shows them: `0:27`, `1:02:03`.
fn length(seconds: u64) -> String {
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{rest:02}")
    } else {
        format!("{minutes}:{rest:02}")
    }
}

pub(crate) fn run(args: &Args) -> Result<ExitCode, Failure> {
    if args.columns.is_some() && args.format != Format::Table {
        return Err(Failure::usage(
            "--columns: the other formats have all fields; it is for tables",
        ));
    }
    match args.format.document() {
        Some(format) => check_columns(format, &args.extra_columns)?,
        None if args.extra_columns.is_empty() => {}
        None => return Err(Failure::usage("--extra-columns: it is for --format csv")),
    }
    let dialect = args.connect.dialect.read()?;
    let (mut query, _) = args.query.read(&dialect)?;
    if args.query.is_empty() {
        query = today(&query)?;
    }
    let Connected { client, tenant_zone, .. } = args.connect.connect()?;
    let zone = query.tz().or(tenant_zone);
    let limit = if args.all { u64::MAX } else { args.limit.unwrap_or(SHOWN) };
    let mut out = Output::new(args, zone)?;
    let more = runtime()?.block_on(take(&client, &query, limit, args.verbose, &mut out))?;
    let refused = out.finish()?;
    if more && !args.all && args.limit.is_none() {
        note(format_args!("there are more than {limit}; --all or --limit NUMBER shows them"));
    }
    match refused.failure() {
        Some(failure) => Err(failure.hint("--format json has every value")),
        None => Ok(ExitCode::SUCCESS),
    }
}

/// The same query, of today.
fn today(query: &Query) -> Result<Query, Failure> {
    let text = query.to_string();
    let text = if text.is_empty() { "d=today".to_owned() } else { format!("d=today&{text}") };
    Query::parse(&text).map_err(|error| Failure::query(&error, &text))
}

/// Takes so many recordings, and says whether there are more.
async fn take(
    client: &Client<Http>,
    query: &Query,
    limit: u64,
    verbose: bool,
    out: &mut Output,
) -> Result<bool, Failure> {
    let mut left = limit;
    let mut pages = client.pages(query);
    let mut said = 0;
    let mut repaired = 0;
    let mut more = false;
    'walk: while let Some(page) = pages.next().await {
        let page = match page {
            Ok(page) => page,
            Err(error) => {
                // What came is shown, so that it is not lost.
                out.flush()?;
                return Err(error.into());
            }
        };
        repaired += page.deviations.len() as u64;
        if verbose {
            for deviation in &page.deviations {
                warn(format_args!("{}: {deviation}", page.request));
            }
        }
        for recording in page.recordings {
            if left == 0 {
                more = true;
                break 'walk;
            }
            left -= 1;
            out.write(recording)?;
        }
        for warning in &pages.warnings()[said..] {
            warn(warning);
        }
        said = pages.warnings().len();
        // A whole page may be all there is; whether there is more is not worth another request.
        if left == 0 {
            more = page.evidence.next.is_some() || limit == SHOWN;
            break;
        }
    }
    for warning in &pages.warnings()[said..] {
        warn(warning);
    }
    if repaired > 0 && !verbose {
        note(format_args!(
            "the answers had {}; --verbose shows each",
            counted(repaired, "deviation")
        ));
    }
    Ok(more)
}

/// Where recordings go.
struct Output {
    sink: Sink,
    format: Format,
    zone: Option<Zone>,
    columns: Vec<Shown>,
    header: bool,
    left_out: LeftOut,
    refused: Refused,
}

enum Sink {
    Table(Vec<Recording>),
    Document(Box<Document<Box<dyn Write>>>),
    Json { out: Box<dyn Write>, any: bool },
}

impl Output {
    fn new(args: &Args, zone: Option<Zone>) -> Result<Self, Failure> {
        let sink = match (args.format, args.format.document()) {
            (Format::Json, _) => Sink::Json { out: Box::new(stdout()), any: false },
            (_, Some(format)) => {
                let out: Box<dyn Write> = Box::new(stdout());
                Sink::Document(Box::new(Document::new(out, format, &args.extra_columns)?))
            }
            (_, None) => Sink::Table(Vec::new()),
        };
        let columns = args.columns.clone().unwrap_or_else(|| COLUMNS.to_vec());
        Ok(Self {
            sink,
            format: args.format,
            zone,
            columns,
            header: !args.no_header,
            left_out: LeftOut::default(),
            refused: Refused::default(),
        })
    }

    fn write(&mut self, recording: Recording) -> Result<(), Failure> {
        match &mut self.sink {
            Sink::Table(rows) => {
                rows.push(recording);
                if rows.len() >= ROWS {
                    self.flush()?;
                }
            }
            Sink::Document(document) => self.refused.count(document.write(&recording))?,
            Sink::Json { out, any } => {
                let fitting = fitting(&recording, DocumentFormat::Jsonl, &[], &mut self.left_out);
                let object = serde_json::to_string(&fitting)
                    .map_err(|error| Failure::new(error.to_string()))?;
                let before = if std::mem::replace(any, true) { ",\n" } else { "[\n" };
                write!(out, "{before}{object}")?;
            }
        }
        Ok(())
    }

    /// Shows what is collected of a table.
    fn flush(&mut self) -> Result<(), Failure> {
        let Sink::Table(rows) = &mut self.sink else { return Ok(()) };
        if rows.is_empty() {
            return Ok(());
        }
        let rows = std::mem::take(rows);
        let columns: Vec<_> = self
            .columns
            .iter()
            .map(|shown| Column {
                title: shown.title(),
                cells: rows.iter().map(|row| shown.cell(row, self.zone)).collect(),
                right: *shown == Shown::Field(Field::Duration),
            })
            .collect();
        let width = io::stdout()
            .is_terminal()
            .then(|| terminal_size::terminal_size().map(|(width, _)| usize::from(width.0)))
            .flatten();
        let mut out = anstream::AutoStream::auto(io::stdout()).lock();
        table::write(&mut out, &columns, width, std::mem::take(&mut self.header))?;
        out.flush()?;
        Ok(())
    }

    /// Ends it, and says what is not in it.
    fn finish(mut self) -> Result<Refused, Failure> {
        if let Sink::Table(rows) = &self.sink
            && rows.is_empty()
            && self.header
        {
            note("no recordings");
            return Ok(self.refused);
        }
        self.flush()?;
        if let Sink::Document(document) = &self.sink {
            self.left_out.extend(document.left_out());
        }
        if let Some(format) = self.format.document() {
            let others = match format {
                DocumentFormat::Csv | DocumentFormat::Xml => "--format jsonl keeps them",
                DocumentFormat::Jsonl => "--format xml keeps a second one",
            };
            if let Some(warning) = self.left_out.warning(format, others) {
                warn(warning);
            }
        }
        match self.sink {
            Sink::Table(_) => {}
            Sink::Document(document) => {
                document.finish()?;
            }
            Sink::Json { mut out, any } => {
                out.write_all(if any { b"\n]\n" } else { b"[]\n" })?;
                out.flush()?;
            }
        }
        Ok(self.refused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_shown_as_clocks_show_them() {
        assert_eq!([0, 27, 60, 3723].map(length), ["0:00", "0:27", "1:00", "1:02:03"]);
    }

    #[test]
    fn starts_are_local_where_a_zone_is_known() {
        let recording = Recording::new().with(Field::StartDate, "2007-12-19T19:16:36Z");
        assert_eq!(start(&recording, None), "2007-12-19 19:16:36 +00:00");
        let zone = "America/Los_Angeles".parse().ok();
        assert_eq!(start(&recording, zone), "2007-12-19 11:16:36 -08:00");
        assert_eq!(start(&Recording::new().with(Field::StartDate, "soon"), zone), "soon");
    }

    #[test]
    fn columns_are_fields_in_any_case() {
        assert_eq!(Shown::parse("transactionid"), Ok(Shown::Field(Field::TransactionId)));
        assert_eq!(Shown::parse("KIND"), Ok(Shown::Kind));
        assert!(
            Shown::parse("agent")
                .unwrap_err()
                .starts_with("expected one of kind, startDate, agentID")
        );
    }
}
