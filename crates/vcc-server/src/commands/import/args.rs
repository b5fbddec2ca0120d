//! The arguments of `import`.

use std::path::PathBuf;
use std::sync::LazyLock;

use vcc_types::Field;

use super::file_format::FileFormat;
use super::{names, table};
use crate::commands::store::StoreArgs;
use crate::commands::words::whole;

/// The text below the options.
static FIELDS: LazyLock<String> = LazyLock::new(table::help);

#[derive(clap::Args)]
#[command(after_help = FIELDS.as_str())]
pub(in crate::commands) struct Args {
    /// The file to read; - is stdin. From a pipe with XML or JSON lines, the first 8 MiB are searched
    /// for unknown names before anything is stored. Only with --ignore-unknown are records of a slow
    /// pipe stored as they come
    #[arg(required_unless_present = "dataset")]
    pub(super) file: Option<PathBuf>,
    /// The tenant whose recordings they are
    #[arg(long, value_name = "NAME", required_unless_present = "dataset")]
    pub(super) tenant: Option<String>,
    /// Load a dataset of the conformance suite instead, as `vcc-conformance dataset export --dir DIR`
    /// writes it: tenants with their zones, tokens and recordings; creates the store if there is none
    #[arg(long, value_name = "DIR",
          conflicts_with_all = ["file", "tenant", "format", "zone", "update", "reject", "bulk",
                                "again", "map", "ignore_column", "ignore_unknown", "strict",
                                "dry_run", "sample"])]
    pub(super) dataset: Option<PathBuf>,
    /// The format of the file, once it is unpacked [default: recognized by its first character]
    #[arg(long, value_enum)]
    pub(super) format: Option<FileFormat>,
    /// The zone of starts that are written without an offset
    #[arg(long, value_name = "ZONE")]
    pub(super) zone: Option<String>,
    /// If a record is there with other content, replace it instead of leaving the new one out
    #[arg(long)]
    pub(super) update: bool,
    /// Import a file again that was imported to its end, or begun with other options, even if it has
    /// records without transactionID and filename: those are then stored twice
    #[arg(long)]
    pub(super) again: bool,
    /// Read this column, element or key as a field, such as startDate='Call Start'; may be given
    /// several times
    #[arg(long, value_name = "FIELD=NAME", value_parser = names::mapping)]
    pub(super) map: Vec<(Field, String)>,
    /// Continue without the values of this column, element or key, which is not one of the fifteen
    /// fields; may be given several times
    #[arg(long, value_name = "NAME")]
    pub(super) ignore_column: Vec<String>,
    /// Continue without the values of any column, element or key that is not one of the fifteen fields
    #[arg(long)]
    pub(super) ignore_unknown: bool,
    /// End at the first thing that would be repaired, kept as it is or left out. A file is read to its
    /// end first, so that nothing of it is stored; only a conflict with a record in the store is found
    /// later. From a pipe, the records before it are stored. With --bulk, a record with the keys of
    /// another is left out all the same
    #[arg(long)]
    pub(super) strict: bool,
    /// Read the whole file, store nothing, and say what would happen
    #[arg(long, conflicts_with = "bulk")]
    pub(super) dry_run: bool,
    /// Show how the first records are understood, and store nothing
    #[arg(long, value_name = "COUNT", value_parser = sampled, conflicts_with_all = ["bulk", "dry_run"])]
    pub(super) sample: Option<u64>,
    /// Write the records that are left out to this file, as JSON lines with the reason
    #[arg(long, value_name = "FILE")]
    pub(super) reject: Option<PathBuf>,
    /// How many records go into one transaction; fewer if they are long
    #[arg(long, value_name = "COUNT", default_value_t = 50_000,
          value_parser = batch)]
    pub(super) batch: u32,
    /// The first load of a store without recordings of any tenant. It is faster, because the indexes are
    /// built once, at the end; until then no query sees the records. Loading the same file again resumes
    /// an interrupted load. While an index is built, other writers of a SQLite store have to wait
    #[arg(long)]
    pub(super) bulk: bool,
    #[command(flatten)]
    pub(super) store: StoreArgs,
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
pub(super) enum Purpose {
    Store,
    Bulk,
    DryRun,
    Sample(u64),
}

impl Args {
    pub(super) fn purpose(&self) -> Purpose {
        match self.sample {
            Some(count) => Purpose::Sample(count),
            None if self.dry_run => Purpose::DryRun,
            None if self.bulk => Purpose::Bulk,
            None => Purpose::Store,
        }
    }
}
