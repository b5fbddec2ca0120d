//! A bar on a terminal while a document is read or written.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::words::{counted, grouped};

/// The bar that is shown now, if any. Other output goes above it.
static SHOWN: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// Writes to the terminal, above the bar if one is shown.
pub(super) fn above(write: impl FnOnce()) {
    let shown = SHOWN.lock().unwrap_or_else(PoisonError::into_inner).clone();
    match shown {
        Some(bar) => bar.suspend(write),
        None => write(),
    }
}

/// A rate of records per second.
pub(super) fn rate(records: u64, took: Duration) -> String {
    grouped((records as f64 / took.as_secs_f64().max(1e-3)) as u64)
}

/// A bar on a terminal, nothing elsewhere.
#[derive(Clone)]
pub(super) struct Progress(ProgressBar);

impl Progress {
    /// A bar for this many bytes, if that is known.
    pub(super) fn of_bytes(length: Option<u64>) -> Self {
        Self::new(length, "{spinner} {bytes}  {msg}")
    }

    /// A bar for this many records, if that is known.
    pub(super) fn of_records(count: Option<u64>) -> Self {
        Self::new(count, "{spinner} {msg}")
    }

    fn new(length: Option<u64>, without_length: &str) -> Self {
        let (bar, template) = match length {
            Some(length) => {
                (ProgressBar::new(length), "{bar:30} {percent:>3} %  {msg}  {eta} left")
            }
            None => (ProgressBar::new_spinner(), without_length),
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        *SHOWN.lock().unwrap_or_else(PoisonError::into_inner) = Some(bar.clone());
        Self(bar)
    }

    /// A bar that nobody sees.
    pub(super) fn hidden() -> Self {
        Self(ProgressBar::hidden())
    }

    /// This many more bytes are read.
    pub(super) fn bytes(&self, read: u64) {
        self.0.inc(read);
    }

    /// This many records are done, for a bar that counts something else.
    pub(super) fn records(&self, records: u64) {
        let rate = rate(records, self.0.elapsed());
        self.0.set_message(format!("{}, {rate}/s", counted(records, "record")));
    }

    /// This many of its records are done.
    pub(super) fn at_record(&self, records: u64) {
        if !self.0.is_hidden() {
            self.records(records);
            self.0.set_position(records);
        }
    }

    /// All records are read; the remaining work is not measured in records.
    pub(super) fn indexes(&self) {
        self.0.set_message("building the indexes");
        self.0.tick();
    }

    pub(super) fn finish(&self) {
        *SHOWN.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.0.finish_and_clear();
    }
}
