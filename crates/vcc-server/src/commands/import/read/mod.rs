//! Reads a file and passes its records on, batch by batch.

mod batch;
mod broken_off;
mod extra;
mod file;
mod keep;
mod lines;
pub(super) mod located;
mod maker;
mod unknown;

use std::cell::RefCell;
use std::rc::Rc;

use tokio::sync::mpsc;
use vcc_format::{Error, ErrorKind, Limits};
use vcc_query::Zone;
use vcc_store::StoredRecord;
use vcc_types::{Field, Recording};

use self::broken_off::BrokenOff;
use self::keep::bytes_of;
use self::maker::Maker;
use super::file_format::FileFormat;
use super::names::Names;
use super::report::{Noted, Report};
use super::source::{Source, digest};
use crate::commands::failure::Failure;
use crate::commands::progress::Progress;

/// How far to search for unknown names before anything is stored, in bytes. It is somewhat more than the
/// documentation promises, because the last record may end later.
const LOOKED_AT: u64 = (8 << 20) + (1 << 20);

/// The most bytes of a batch. Up to four batches are in memory: one that is being made, one that waits, and
/// one or two in the store.
const BATCH_BYTES: usize = 16 << 20;

/// The longest record that a store accepts, in bytes: ten values of 1 MiB and four of 1,000 bytes, with
/// room for names and delimiters.
const LONGEST: usize = (10 << 20) + 4 * 1_000 + 2_000;

/// The longest record in a document. Everything that a store exports can be imported again, however much
/// of it is escaped: CSV and JSON write a character as two, XML as up to five.
fn limits(format: FileFormat) -> Limits {
    let factor = if format == FileFormat::Xml { 5 } else { 2 };
    let mut limits = Limits::default();
    limits.record_bytes = (factor * LONGEST) as u32;
    limits.deviations = NOTED;
    limits
}

/// How many deviations of one record are kept, so that a record full of them takes no memory.
const NOTED: usize = 100_000;

/// From this many bytes on, a record is in a batch of its own, without others in memory.
const FAT: usize = 4 << 20;

/// The memory of a record in addition to its text, in bytes.
const OF_A_RECORD: usize = 160;

/// A batch on its way to the store.
#[derive(Default)]
pub(super) struct Event {
    pub(super) records: Vec<StoredRecord>,
    /// The number of each record in the file, from 1.
    pub(super) numbers: Vec<u64>,
    pub(super) refused: Vec<Refused>,
    /// Whether it has records without keys.
    pub(super) keyless: bool,
    /// How many records of the file are done after this batch.
    pub(super) until: u64,
    /// Dropped when the batch is done, if the reader waits for that.
    pub(super) done: Option<std::sync::mpsc::Sender<()>>,
}

impl Event {
    /// Whether its records are so long that no other batch should be in memory at the same time.
    fn is_fat(&self) -> bool {
        let stored = self.records.iter().map(|record| record.joined().len());
        let refused = self.refused.iter().map(|refused| bytes_of(&refused.recording));
        stored.chain(refused).any(|bytes| bytes >= FAT)
    }

    fn is_empty(&self) -> bool {
        self.records.is_empty() && self.refused.is_empty()
    }
}

/// A record that cannot be stored.
pub(super) struct Refused {
    pub(super) number: u64,
    pub(super) line: u64,
    pub(super) reason: String,
    /// The value that is refused.
    pub(super) found: Option<String>,
    pub(super) recording: Recording,
}

/// The result at the end of a file.
#[derive(Default)]
pub(super) struct Ended {
    pub(super) report: Report,
    /// Whether there are records without keys, also among those that an earlier import has done.
    pub(super) keyless: bool,
    /// How many values of ignored columns were left out.
    pub(super) ignored: u64,
    /// How many records came from a file of rejects.
    pub(super) reasons: u64,
    /// The fields that have no column.
    pub(super) absent: Vec<Field>,
    /// The names of `--map` and `--ignore-column` that were met.
    pub(super) met: Vec<String>,
    /// The digest of a file that cannot be read twice.
    pub(super) digest: Option<String>,
}

/// Why a file is not read to its end.
pub(super) struct Stopped {
    pub(super) failure: Failure,
    /// Whether there are unknown names.
    pub(super) at_names: bool,
}

impl From<Failure> for Stopped {
    fn from(failure: Failure) -> Self {
        Self { failure, at_names: false }
    }
}

/// Reads a file and sends it batch by batch.
pub(super) struct Batches {
    pub(super) zone: Option<Zone>,
    pub(super) batch: usize,
    pub(super) names: Names,
    pub(super) strict: bool,
    /// How many records an earlier import has done.
    pub(super) skip: u64,
    /// How many records are read.
    pub(super) most: Option<u64>,
    /// Whether the records are stored, rather than looked at.
    pub(super) stores: bool,
    pub(super) sender: mpsc::Sender<Event>,
    pub(super) progress: Progress,
}

impl Batches {
    pub(super) fn read(self, source: Source, format: Option<FileFormat>) -> Result<Ended, Stopped> {
        let name = source.name();
        let noted = Rc::new(RefCell::new(Noted::new(self.zone.is_some())));
        let mut made = Maker::new(&self, name.clone(), noted.clone());
        let hash = match made.file(source, format, &self.progress) {
            Ok(hash) => hash,
            Err(BrokenOff::Stop(failure)) => return Err((*failure).into()),
            Err(BrokenOff::Names(failure)) => {
                return Err(Stopped { failure: *failure, at_names: true });
            }
            Err(BrokenOff::Nothing) => return Ok(Ended::default()),
            Err(error) => {
                let hint = match &error {
                    BrokenOff::Format(error) if made.number == 0 => is_no_csv(error, made.format),
                    _ => None,
                };
                let failure = Failure::new(format!("{name}: {error}"));
                return Err(match hint.or(self.before(made.number)) {
                    Some(hint) => failure.hint(hint).into(),
                    None => failure.into(),
                });
            }
        };
        let Maker { keyless, ignored, reasons, absent, met, .. } = made;
        let report = std::mem::take(&mut noted.borrow_mut().report);
        Ok(Ended { report, keyless, ignored, reasons, absent, met, digest: digest(&hash) })
    }

    /// What to say of the records before the one at which reading ends, if there are any.
    fn before(&self, records: u64) -> Option<&'static str> {
        let said = if self.stores {
            "what came before is imported"
        } else {
            "what came before could be read"
        };
        (records > 0).then_some(said)
    }
}

/// A hint if a file that was recognized as CSV has no header.
fn is_no_csv(error: &Error, format: Option<FileFormat>) -> Option<&'static str> {
    let is = error.kind() == ErrorKind::NotRecordings && format == Some(FileFormat::Csv);
    is.then_some(
        "the first row has to be a header with startDate among its names; \
         --map startDate='Call Start' reads another column as it",
    )
}

#[cfg(test)]
mod tests {
    use vcc_format::{csv, jsonl, xml};

    use super::*;

    /// The longest record of a store can be read again from every format.
    #[test]
    fn the_limits_hold_what_a_store_holds() {
        let start = || Recording::new().with(Field::StartDate, "2007-12-19T19:16:36.123456-08:00");
        let is_stored =
            |field: Field, text: &str| StoredRecord::new(&start().with(field, text)).is_ok();
        for escaped in ["&", "\""] {
            let mut recording = start();
            for field in StoredRecord::text_fields() {
                let (long, short) = (escaped.repeat(1 << 20), escaped.repeat(1_000));
                assert!(!is_stored(field, &format!("{long}x")), "{field}");
                recording.set(field, if is_stored(field, &long) { &long } else { &short });
            }
            let joined = StoredRecord::new(&recording).unwrap().joined().len();
            assert!(joined <= LONGEST, "{joined}");
            let mut rows = csv::Writer::new(Vec::new());
            rows.write(&recording).unwrap();
            let mut files = xml::Writer::new(Vec::new());
            files.write(&recording).unwrap();
            let mut lines = jsonl::Writer::new(Vec::new());
            lines.write(&recording).unwrap();
            for (format, written) in [
                (FileFormat::Csv, rows.finish().unwrap().len()),
                (FileFormat::Xml, files.finish().unwrap().len()),
                (FileFormat::Jsonl, lines.finish().unwrap().len()),
            ] {
                let limit = limits(format).record_bytes as usize;
                assert!(written <= limit, "{format:?} {escaped:?}: {written}, {limit}");
            }
        }
    }
}
