//! What an export is asked for.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use vcc_query::{Context, Query, Window, Zone};
use vcc_types::Dialect;

use super::instant;
use crate::connect::ConnectArgs;
use crate::document_format::DocumentFormat;
use crate::failure::Failure;
use crate::progress::Mode;
use crate::query::{Fields, date, joined, zone};

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
    pub(super) from: String,
    /// The date before which the range ends
    #[arg(long, value_name = "DATE")]
    pub(super) to: String,
    /// The zone of dates without an offset
    #[arg(long, value_name = "ZONE")]
    pub(super) tz: Option<String>,
    /// The file: .csv, .jsonl or .xml
    #[arg(long, value_name = "FILE")]
    pub(super) out: PathBuf,
    /// How it is written; by default as its name ends
    #[arg(long, value_enum)]
    pub(super) format: Option<DocumentFormat>,
    /// Only recordings of this query, which has neither a date nor n: 'agentID=bill&channel=27'
    #[arg(long, value_name = "QUERY")]
    pub(super) query: Option<String>,
    #[command(flatten)]
    pub(super) fields: Fields,
    /// The most pages that are read of one window before it is split
    #[arg(long, value_name = "NUMBER", default_value_t = 40, value_parser = clap::value_parser!(u32).range(2..))]
    pub(super) window_pages: u32,
    /// How often a window is read that changes while it is read
    #[arg(long, value_name = "NUMBER", default_value_t = 5, value_parser = clap::value_parser!(u32).range(2..))]
    pub(super) readings: u32,
    /// Put ' before values that a spreadsheet would run as formulas
    #[arg(long)]
    pub(super) spreadsheet_safe: bool,
    /// Further columns of a .csv: names of values that the service sends beside the fifteen fields
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(super) extra_columns: Vec<String>,
    /// Replace the file where it is there
    #[arg(long)]
    pub(super) overwrite: bool,
    /// Throw away what an export that was broken off has done
    #[arg(long)]
    pub(super) restart: bool,
    /// How progress is shown
    #[arg(long, value_enum, default_value_t = Mode::Auto)]
    pub(super) progress: Mode,
    #[command(flatten)]
    pub(super) connect: ConnectArgs,
}

impl Args {
    /// The query beside the range.
    pub(super) fn filters(&self, dialect: &Dialect) -> Result<Query, Failure> {
        let (query, _) = joined(self.query.as_deref(), &self.fields.query()?, dialect)?;
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
    pub(super) fn range(
        &self,
        tenant_zone: Option<Zone>,
        now: DateTime<Utc>,
    ) -> Result<Window, Failure> {
        let given = self.tz.as_deref().map(|name| zone("--tz", name)).transpose()?;
        let (from, to) = (date("--from", &self.from)?, date("--to", &self.to)?);
        if from == to {
            // As `d` it would be the whole of that period.
            return Err(Failure::usage(format!(
                "the range is empty: it begins at {0} and ends before {0}",
                self.from
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
        let Some(range) = range else {
            return Err(Failure::usage("--from and --to give no range"));
        };
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
}
