use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use vcc_store::{BulkLoaded, Imported};

use super::names;
use super::read::Ended;
use super::report::Report;
use crate::commands::words::{counted, grouped};

/// What became of the records of a file.
#[derive(Default)]
pub(super) struct Tally {
    added: u64,
    unchanged: u64,
    updated: u64,
    conflicts: u64,
    pub(super) refused: u64,
    /// How many could be stored, if nothing is.
    pub(super) storable: u64,
    /// The first records that are left out, by their numbers.
    first: BTreeMap<u64, LeftOut>,
    /// How many records a bulk load has taken so far, and how long its end took.
    pub(super) loaded: u64,
    indexed: Option<Duration>,
    report: Report,
    /// How many values of ignored columns were left out.
    ignored: u64,
    /// How many records came from a file of rejects.
    reasons: u64,
}

/// Why a record is left out, and in which line it is, if that is known.
struct LeftOut {
    line: Option<u64>,
    reason: String,
}

/// How many of the records that are left out are shown.
const FIRST: usize = 10;

impl Tally {
    pub(super) fn add(&mut self, imported: &Imported) {
        self.added += imported.added;
        self.unchanged += imported.unchanged;
        self.updated += imported.updated;
        self.conflicts += imported.conflicts.len() as u64;
    }

    /// Adds the result of a bulk load.
    pub(super) fn bulk(&mut self, loaded: &BulkLoaded, took: Duration) {
        self.indexed = Some(took);
        self.added = loaded.added;
        self.unchanged = loaded.unchanged;
        self.updated = loaded.updated;
        self.conflicts = loaded.conflicts;
    }

    /// Adds what the reader has counted.
    pub(super) fn read(&mut self, ended: &mut Ended) {
        self.report = std::mem::take(&mut ended.report);
        self.ignored = ended.ignored;
        self.reasons = ended.reasons;
    }

    /// How many records are in the store for this import.
    pub(super) fn stored(&self) -> String {
        match self.added + self.updated {
            1 => "1 record was".to_owned(),
            many => format!("{} were", counted(many, "record")),
        }
    }

    /// How many records have been read.
    pub(super) fn records(&self) -> u64 {
        match self.loaded {
            0 => self.added + self.unchanged + self.updated + self.left_out() + self.storable,
            loaded => loaded + self.refused,
        }
    }

    /// How many texts that are not records were left out.
    pub(super) fn texts(&self) -> u64 {
        self.report.left_out()
    }

    pub(super) fn left_out(&self) -> u64 {
        self.conflicts + self.refused
    }

    /// Records why a record is left out.
    pub(super) fn leave_out(&mut self, number: u64, line: Option<u64>, reason: String) {
        self.first.insert(number, LeftOut { line, reason });
        if self.first.len() > FIRST {
            self.first.pop_last();
        }
    }

    /// The records that are shown without a line, and their lines when they are known.
    pub(super) fn unlocated(&self) -> Vec<u64> {
        let unlocated = self.first.iter().filter(|(_, left_out)| left_out.line.is_none());
        unlocated.map(|(number, _)| *number).collect()
    }

    pub(super) fn locate(&mut self, lines: &BTreeMap<u64, u64>) {
        for (number, left_out) in &mut self.first {
            left_out.line = left_out.line.or_else(|| lines.get(number).copied());
        }
    }

    /// Whether the file has something that the store does not.
    pub(super) fn leaves_copies(&self) -> bool {
        self.updated > 0 || self.indexed.is_some() && self.conflicts > 0
    }

    /// The summary at the end.
    pub(super) fn summary(&self, took: Duration) -> String {
        let read = took.saturating_sub(self.indexed.unwrap_or_default());
        let rate = self.records() as f64 / read.as_secs_f64().max(1e-3);
        let mut said = format!(
            "{} in {:.1} s ({}/s)",
            counted(self.records(), "record"),
            read.as_secs_f64(),
            grouped(rate as u64),
        );
        if let Some(indexed) = self.indexed {
            let _ = write!(said, ", the indexes in {:.1} s", indexed.as_secs_f64());
        }
        let _ = match (self.indexed, self.loaded) {
            _ if self.storable > 0 => {
                write!(said, ": {} could be stored", grouped(self.storable))
            }
            (None, 1..) => write!(said, ": {} loaded, and not seen yet", grouped(self.loaded)),
            _ => write!(said, ": {} added", grouped(self.added)),
        };
        let were = if self.unchanged == 1 { "was there already" } else { "were there already" };
        for (count, what) in [
            (self.unchanged, were),
            (self.updated, "updated"),
            (self.conflicts, "left out: there with other content"),
            (self.refused, "left out: cannot be stored"),
        ] {
            if count > 0 {
                let _ = write!(said, ", {} {what}", grouped(count));
            }
        }
        said += &self.report.describe();
        if self.ignored > 0 {
            let _ =
                write!(said, "\nleft out: {} of ignored columns", counted(self.ignored, "value"));
        }
        if self.reasons > 0 {
            let _ = write!(
                said,
                "\nleft out: {} and {} of {}, which are not stored",
                names::REJECTED[0],
                names::REJECTED[1],
                counted(self.reasons, "record"),
            );
        }
        if self.left_out() > 0 {
            let _ = write!(said, "\nleft out: {}", counted(self.left_out(), "record"));
        }
        for (number, LeftOut { line, reason }) in &self.first {
            let line = line.map(|line| format!("line {}: ", grouped(line))).unwrap_or_default();
            let _ = write!(said, "\n  {line}record {}: {reason}", grouped(*number));
        }
        let more = self.left_out().saturating_sub(self.first.len() as u64);
        if more > 0 && !self.first.is_empty() {
            let _ = write!(said, "\n  and {} more", grouped(more));
        }
        said
    }
}
