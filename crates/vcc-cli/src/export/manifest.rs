//! What an export holds and how it was made.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use chrono::{DateTime, Utc};
use serde::Serialize;
use vcc_query::{BuiltIn, ZoneData as _};

use super::identity::Identity;
use super::instant;
use super::journal::Done;
use crate::document_format::DocumentFormat;
use crate::failure::Failure;
use crate::left_out::LeftOut;
use crate::text::counted;

#[derive(Serialize)]
pub(crate) struct Manifest<'e> {
    /// Of this format.
    version: u32,
    vcc: &'static str,
    #[serde(flatten)]
    export: &'e Identity,
    tz_release: Option<&'static str>,
    begun: DateTime<Utc>,
    ended: DateTime<Utc>,
    records: u64,
    /// Records whose start cannot be read, in a file of their own.
    apart: u64,
    /// Records that the format cannot carry, in the same file.
    refused: u64,
    /// The names of values beside the fifteen fields, and how often they came.
    extra: BTreeMap<String, u64>,
    /// Those of them for which the format has no place.
    left_out: LeftOut,
    bytes: u64,
    sha256: String,
    settled: bool,
    pages: u64,
    deviations: BTreeMap<String, u64>,
    windows: &'e [Done],
}

impl<'e> Manifest<'e> {
    pub(crate) fn of(
        export: &'e Identity,
        begun: DateTime<Utc>,
        ended: DateTime<Utc>,
        windows: &'e [Done],
        (bytes, sha256): (u64, String),
        apart: u64,
    ) -> Self {
        let deviations = totals(windows, |window| &window.deviations);
        let extra = totals(windows, |window| &window.extra);
        let refused = windows.iter().map(|window| window.refused).sum();
        let mut left_out = LeftOut::default();
        windows.iter().for_each(|window| left_out.extend(&window.left_out));
        Self {
            version: 1,
            vcc: env!("CARGO_PKG_VERSION"),
            export,
            tz_release: BuiltIn.version().map(|release| &*release.to_owned().leak()),
            begun,
            ended,
            records: windows.iter().map(|window| window.records).sum(),
            apart: apart.saturating_sub(refused),
            refused,
            extra,
            left_out,
            bytes,
            sha256,
            settled: windows.iter().all(|window| window.settled),
            pages: windows.iter().map(|window| window.pages).sum(),
            deviations,
            windows,
        }
    }

    pub(crate) fn write(&self, file: &Path) -> Result<(), Failure> {
        let written = File::create(file).and_then(|destination| {
            let mut destination = BufWriter::new(destination);
            serde_json::to_writer_pretty(&mut destination, self)?;
            destination.write_all(b"\n")?;
            destination.flush()
        });
        written.map_err(|error| Failure::new(format!("{}: {error}", file.display())))
    }

    /// Windows that changed each time that they were read.
    pub(crate) fn unsettled(&self) -> Vec<String> {
        let unsettled = self.windows.iter().filter(|window| !window.settled);
        unsettled
            .map(|window| format!("{} to {}", instant(window.from), instant(window.until)))
            .collect()
    }

    /// What is to be said about the whole.
    pub(crate) fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        if self.apart > 0 {
            remarks.push(format!(
                "{} whose start cannot be read are not in the file but in the one that ends in .apart.jsonl",
                counted(self.apart, "record")
            ));
        }
        if self.refused > 0 {
            remarks.push(format!(
                "{} that the format cannot carry are not in the file but in the one that ends in .apart.jsonl",
                counted(self.refused, "record")
            ));
        }
        let outside: u64 = self.windows.iter().map(|window| window.outside).sum();
        if outside > 0 {
            remarks.push(format!(
                "the server gave {} outside of what was asked for; they are left out",
                counted(outside, "record")
            ));
        }
        let repaired: u64 = self.deviations.values().sum();
        if repaired > 0 {
            let kinds: Vec<_> =
                self.deviations.iter().map(|(name, count)| format!("{name} {count}")).collect();
            remarks.push(format!(
                "the answers had {}: {}",
                counted(repaired, "deviation"),
                kinds.join(", ")
            ));
        }
        // QUIRK-6: what a server sends beside the fifteen fields is written back, where there is a place for it.
        let others = match self.export.format {
            DocumentFormat::Csv => ".jsonl and .xml keep them",
            DocumentFormat::Xml => ".jsonl keeps them",
            DocumentFormat::Jsonl => ".xml keeps a second one",
        };
        remarks.extend(self.left_out.warning(self.export.format, others));
        remarks
    }
}

/// What all windows counted, by name.
fn totals(
    windows: &[Done],
    counts: impl Fn(&Done) -> &BTreeMap<String, u64>,
) -> BTreeMap<String, u64> {
    let mut all = BTreeMap::new();
    for (name, count) in windows.iter().flat_map(counts) {
        *all.entry(name.clone()).or_default() += count;
    }
    all
}
