//! One window: read until it is known what it holds.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use chrono::{DateTime, DurationRound as _, Utc};
use vcc_client::{Client, Error, Http};
use vcc_query::{Query, Window};
use vcc_types::{Field, Recording};

use super::SECOND;
use crate::document::{Document, DocumentFormat, ends, spreadsheet_safe};
use crate::left_out::LeftOut;

/// How windows are read.
#[derive(Clone)]
pub(crate) struct Job {
    pub(crate) client: Client<Http>,
    pub(crate) filters: Query,
    pub(crate) format: DocumentFormat,
    /// The most pages that are read of a window before it is split.
    pub(crate) pages: u32,
    /// How often a window is read that changes.
    pub(crate) readings: u32,
    pub(crate) spreadsheet_safe: bool,
    /// Columns beside those of the fifteen fields.
    pub(crate) columns: Vec<String>,
}

/// How many names of extra values are counted of a window: a server may send another one each time.
const NAMES: usize = 50;

/// What a window holds.
pub(crate) struct Read {
    /// Where it ends, which may be before the end that was asked for.
    pub(crate) until: DateTime<Utc>,
    /// Its records, as they stand in the file, behind the beginning of a document.
    document: Vec<u8>,
    /// Where the records begin.
    begin: usize,
    pub(crate) records: u64,
    /// Records whose start cannot be read, a line of JSON each.
    pub(crate) apart: Vec<Vec<u8>>,
    /// Records that the format cannot carry, a line of JSON each.
    pub(crate) refused: Vec<Vec<u8>>,
    /// The names of values beside the fifteen fields, and how often they came.
    pub(crate) extra: BTreeMap<String, u64>,
    /// Those of them for which the format has no place.
    pub(crate) left_out: LeftOut,
    pub(crate) pages: u64,
    pub(crate) readings: u32,
    /// Whether two readings agreed, or one saw nothing change.
    pub(crate) settled: bool,
    pub(crate) outside: u64,
    pub(crate) deviations: BTreeMap<String, u64>,
    pub(crate) warnings: Vec<String>,
}

impl Read {
    /// Its records, as they stand in the file.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.document[self.begin..]
    }
}

/// The records of a window as a document.
struct Encoded {
    document: Vec<u8>,
    begin: usize,
    refused: Vec<Vec<u8>>,
    left_out: LeftOut,
}

/// One reading of a window.
struct Reading {
    until: DateTime<Utc>,
    /// In the order of time.
    records: Vec<Recording>,
    apart: Vec<Recording>,
    pages: u64,
    outside: u64,
    deviations: BTreeMap<String, u64>,
    warnings: Vec<String>,
    changed: bool,
}

/// Why a reading was given up.
enum Halt {
    /// The list is too long and not in ascending order, so that what was read tells nothing whole.
    Halve,
    Error(Error),
}

impl From<Error> for Halt {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl Job {
    /// Reads a window, or the first part of it where it is too long.
    pub(crate) async fn read(&self, mut window: Window) -> Result<Read, Error> {
        let mut first = loop {
            match self.once(window, Some(self.pages)).await {
                Ok(reading) => break reading,
                Err(Halt::Error(error)) => return Err(error),
                Err(Halt::Halve) => {
                    let half = (window.until - window.from) / 2;
                    let until = (window.from + half).duration_trunc(SECOND).unwrap_or(window.until);
                    if until <= window.from {
                        break self.whole(window).await?;
                    }
                    window.until = until;
                }
            }
        };
        // A list that changed while it was read is read again until two readings agree.
        let window = Window { from: window.from, until: first.until };
        let (mut readings, mut settled) = (1, !first.changed);
        let mut pages = first.pages;
        while !settled && readings < self.readings {
            let again = self.whole(window).await?;
            readings += 1;
            pages += again.pages;
            settled = sum(&again.records) == sum(&first.records);
            let mut warnings = std::mem::take(&mut first.warnings);
            warnings.extend(again.warnings.iter().cloned());
            warnings.sort();
            warnings.dedup();
            first = Reading { warnings, ..again };
        }
        Ok(self.encode(first, pages, readings, settled))
    }

    /// Reads a window however long it is.
    async fn whole(&self, window: Window) -> Result<Reading, Error> {
        match self.once(window, None).await {
            Ok(reading) => Ok(reading),
            Err(Halt::Error(error)) => Err(error),
            Err(Halt::Halve) => unreachable!("asked for only where pages are limited"),
        }
    }

    /// The query of a window: both ends by instants, so that no zone and no reading of days matters.
    fn query(&self, window: Window) -> Query {
        let text = |at: DateTime<Utc>| at.format("%Y-%m-%dT%H:%M:%S%.fZ").to_string();
        let filters = self.filters.to_string();
        let joined = if filters.is_empty() { "" } else { "&" };
        let query = format!("d={},{}{joined}{filters}", text(window.from), text(window.until));
        Query::parse(&query).expect("instants and a printed query parse")
    }

    async fn once(&self, window: Window, limit: Option<u32>) -> Result<Reading, Halt> {
        let query = self.query(window);
        let mut pages = self.client.pages(&query).overlapping(true);
        let mut all: Vec<Recording> = Vec::new();
        let (mut count, mut deviations) = (0, BTreeMap::new());
        let mut until = window.until;
        while let Some(page) = pages.next().await {
            let page = page?;
            count += 1;
            for deviation in &page.deviations {
                *deviations.entry(deviation.kind.name().to_owned()).or_default() += 1;
            }
            all.extend(page.recordings);
            if limit.is_some_and(|limit| count >= u64::from(limit)) {
                let disordered = pages.warnings().iter().any(vcc_client::Warning::is_change);
                if pages.is_descending() || disordered {
                    return Err(Halt::Halve);
                }
                // Everything before the second of the last start is whole.
                let last = all.iter().rev().find_map(Recording::start);
                let cut = last.and_then(|last| last.to_utc().duration_trunc(SECOND).ok());
                if let Some(cut) = cut.filter(|cut| *cut > window.from && *cut < window.until) {
                    until = cut;
                    break;
                }
            }
        }
        let changed = pages.warnings().iter().any(vcc_client::Warning::is_change);
        let warnings = pages.warnings().iter().map(ToString::to_string).collect();
        if pages.is_descending() {
            all.reverse();
        }
        let (mut apart, mut outside) = (Vec::new(), 0);
        all.retain_mut(|recording| match recording.start().map(|start| start.to_utc()) {
            None => {
                apart.push(std::mem::take(recording));
                false
            }
            Some(start) if window.from <= start && start < until => true,
            // The end itself is the next window's, and so is what lies behind a cut.
            Some(start) if until <= start && start <= window.until => false,
            Some(_) => {
                outside += 1;
                false
            }
        });
        let records = all;
        Ok(Reading { until, records, apart, pages: count, outside, deviations, warnings, changed })
    }

    fn encode(&self, reading: Reading, pages: u64, readings: u32, settled: bool) -> Read {
        let mut warnings = reading.warnings;
        let Encoded { document, begin, refused, left_out } =
            self.document(&reading.records, &mut warnings);
        let apart: Vec<_> = reading.apart.iter().flat_map(serde_json::to_vec).collect();
        let mut extra: BTreeMap<String, u64> = BTreeMap::new();
        for (name, _) in reading.records.iter().flat_map(Recording::extra) {
            if let Some(count) = extra.get_mut(name) {
                *count += 1;
            } else if extra.len() < NAMES {
                extra.insert(name.clone(), 1);
            }
        }
        Read {
            until: reading.until,
            document,
            begin,
            records: (reading.records.len() - refused.len()) as u64,
            apart,
            refused,
            extra,
            left_out,
            pages,
            readings,
            settled,
            outside: reading.outside,
            deviations: reading.deviations,
            warnings,
        }
    }

    /// The records as they stand in the file, without what stands behind them, and those that the
    /// format cannot carry (OUT-6).
    fn document(&self, records: &[Recording], warnings: &mut Vec<String>) -> Encoded {
        // As CSV needs it, but for quotes.
        let length: usize = records.iter().map(|record| record.joined().len() + 2).sum();
        let buffer = Vec::with_capacity(length + 1024);
        let made = Document::new(buffer, self.format, &self.columns);
        let mut document = made.expect("the columns were looked at when the export began");
        let (head, tail) =
            ends(self.format, &self.columns).expect("an empty document is written to memory");
        let mut refused = Vec::new();
        for recording in records {
            let safe = self.spreadsheet_safe.then(|| spreadsheet_safe(recording));
            if let Err(error) = document.write(safe.as_ref().unwrap_or(recording)) {
                if refused.is_empty() {
                    let id = recording.text(Field::TransactionId);
                    warnings.push(format!(
                        "a record cannot be in the file (transactionID {id:?}): {error}"
                    ));
                }
                refused.extend(serde_json::to_vec(recording));
            }
        }
        let left_out = document.left_out().clone();
        let mut document = document.finish().expect("a document is written to memory");
        document.truncate(document.len() - tail.len());
        Encoded { document, begin: head.len(), refused, left_out }
    }
}

/// A number for a multiset of records: the same records in any order give the same.
fn sum(records: &[Recording]) -> (usize, u64, u64) {
    let (mut sum, mut mixed) = (0_u64, 0_u64);
    for recording in records {
        let mut hasher = DefaultHasher::new();
        for field in Field::ALL {
            recording.get(field).hash(&mut hasher);
        }
        recording.extra().hash(&mut hasher);
        let hash = hasher.finish();
        sum = sum.wrapping_add(hash);
        mixed = mixed.wrapping_add(hash.wrapping_mul(hash | 1).rotate_left(29));
    }
    (records.len(), sum, mixed)
}
