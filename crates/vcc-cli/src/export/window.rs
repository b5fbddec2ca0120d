//! One window: read until it is known what it holds.

use std::collections::BTreeMap;

use chrono::{DateTime, DurationRound as _, Utc};
use vcc_client::{Client, Error, Http};
use vcc_query::{Query, Window};
use vcc_types::Recording;

use super::SECOND;
use super::rows::{Encoded, Layout, Rows};

/// How windows are read.
#[derive(Clone)]
pub(crate) struct Job {
    pub(crate) client: Client<Http>,
    pub(crate) filters: Query,
    /// The most pages that are read of a window before it is split.
    pub(crate) pages: u32,
    /// How often a window is read that changes.
    pub(crate) readings: u32,
    pub(crate) layout: Layout,
}

/// What a window holds.
pub(crate) struct Read {
    /// Where it ends, which may be before the end that was asked for.
    pub(crate) until: DateTime<Utc>,
    /// Its records, as they stand in the file.
    pub(crate) rows: Encoded,
    /// Records whose start cannot be read, a line of JSON each.
    pub(crate) apart: Vec<Vec<u8>>,
    pub(crate) pages: u64,
    pub(crate) readings: u32,
    /// Whether two readings agreed, or one saw nothing change.
    pub(crate) settled: bool,
    pub(crate) outside: u64,
    pub(crate) deviations: BTreeMap<String, u64>,
    pub(crate) warnings: Vec<String>,
}

/// One reading of a window.
struct Reading {
    until: DateTime<Utc>,
    /// In the order of time.
    rows: Encoded,
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
            settled = again.rows.sum() == first.rows.sum();
            let mut warnings = std::mem::take(&mut first.warnings);
            warnings.extend(again.warnings.iter().cloned());
            warnings.sort();
            warnings.dedup();
            first = Reading { warnings, ..again };
        }
        Ok(first.end(pages, readings, settled))
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
        let mut rows = Rows::new(&self.layout);
        let (mut apart, mut outside, mut last) = (Vec::new(), 0, None);
        let (mut count, mut deviations) = (0, BTreeMap::new());
        let mut until = window.until;
        while let Some(page) = pages.next().await {
            let page = page?;
            count += 1;
            for deviation in &page.deviations {
                *deviations.entry(deviation.kind.name().to_owned()).or_default() += 1;
            }
            for recording in page.recordings {
                let Some(start) = recording.start().map(|start| start.to_utc()) else {
                    apart.push(recording);
                    continue;
                };
                last = Some(start);
                if window.contains(start) {
                    rows.add(start, &recording);
                } else if start != window.until {
                    // The end itself is the next window's.
                    outside += 1;
                }
            }
            if limit.is_some_and(|limit| count >= u64::from(limit)) {
                let disordered = pages.warnings().iter().any(vcc_client::Warning::is_change);
                if pages.is_descending() || disordered {
                    return Err(Halt::Halve);
                }
                // Everything before the second of the last start is whole.
                let cut = last.and_then(|last| last.duration_trunc(SECOND).ok());
                if let Some(cut) = cut.filter(|cut| *cut > window.from && *cut < window.until) {
                    until = cut;
                    break;
                }
            }
        }
        let changed = pages.warnings().iter().any(vcc_client::Warning::is_change);
        let warnings = pages.warnings().iter().map(ToString::to_string).collect();
        let is_descending = pages.is_descending();
        if is_descending {
            apart.reverse();
        }
        // What lies behind a cut is the next window's.
        let rows = rows.finish(until, is_descending);
        Ok(Reading { until, rows, apart, pages: count, outside, deviations, warnings, changed })
    }
}

impl Reading {
    fn end(self, pages: u64, readings: u32, settled: bool) -> Read {
        let mut warnings = self.warnings;
        warnings.extend(self.rows.why.clone());
        Read {
            until: self.until,
            apart: self.apart.iter().flat_map(serde_json::to_vec).collect(),
            rows: self.rows,
            pages,
            readings,
            settled,
            outside: self.outside,
            deviations: self.deviations,
            warnings,
        }
    }
}
