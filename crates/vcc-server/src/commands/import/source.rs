use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek as _};
use std::path::{Path, PathBuf};

use chrono::{DateTime, NaiveDateTime, Utc};
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc;
use vcc_format::{Deviation, DeviationKind, Error, Limits, Options, Record, csv, jsonl, xml};
use vcc_query::{Context, Query, Zone};
use vcc_store::{OnConflict, Refusal, RefusalKind, StoredRecord};
use vcc_types::{Dialect, Field, Recording, Row, StartDate};

use super::FileFormat;
use super::progress::Progress;
use crate::commands::failure::{Failure, cannot};

/// How many bytes are read at once.
const BUFFER: usize = 256 * 1024;

/// The file or stdin.
pub(super) struct Source {
    path: PathBuf,
    file: Option<File>,
    length: Option<u64>,
}

impl Source {
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        let path = path.to_owned();
        if path.as_os_str() == "-" {
            return Ok(Self { path, file: None, length: None });
        }
        let file = File::open(&path).map_err(|error| cannot("read", &path, &error))?;
        let about = file.metadata().map_err(|error| cannot("read", &path, &error))?;
        let length = about.is_file().then_some(about.len());
        Ok(Self { path, file: Some(file), length })
    }

    pub(super) fn length(&self) -> Option<u64> {
        self.length
    }

    /// What tells this import from others, so that one that was broken off is known again: the
    /// hash of all of the file, since what comes before the place where it goes on must be the
    /// same, and what decides what becomes of its records. `None` for what cannot be read twice.
    pub(super) fn identity(
        &self,
        format: Option<FileFormat>,
        zone: Option<Zone>,
        on_conflict: OnConflict,
    ) -> Result<Option<String>, Failure> {
        let (Some(file), Some(_)) = (self.file.as_ref(), self.length) else {
            return Ok(None);
        };
        let read = || -> io::Result<String> {
            let mut reader = BufReader::with_capacity(BUFFER, file);
            // To name the format that is found anyway makes no other import.
            let format = match format {
                Some(format) => format,
                None => sniff(&mut reader)?,
            };
            let mut hash = Sha256::new();
            loop {
                let read = match reader.fill_buf()? {
                    [] => break,
                    bytes => {
                        hash.update(bytes);
                        bytes.len()
                    }
                };
                reader.consume(read);
            }
            reader.rewind()?;
            let mut identity: String =
                hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
            identity += match format {
                FileFormat::Csv => " csv",
                FileFormat::Xml => " xml",
                FileFormat::Jsonl => " jsonl",
            };
            if let Some(zone) = zone {
                identity = identity + " zone " + zone.name();
            }
            if on_conflict == OnConflict::Update {
                identity += " update";
            }
            Ok(identity)
        };
        read().map(Some).map_err(|error| cannot("read", &self.path, &error))
    }

    fn reader(&mut self, progress: Progress) -> BufReader<Counted> {
        let inner: Box<dyn Read> = match self.file.take() {
            Some(file) => Box::new(file),
            None => Box::new(io::stdin()),
        };
        BufReader::with_capacity(BUFFER, Counted { inner, progress })
    }
}

/// Tells the progress bar what is read.
struct Counted {
    inner: Box<dyn Read>,
    progress: Progress,
}

impl Read for Counted {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(into)?;
        self.progress.bytes(read as u64);
        Ok(read)
    }
}

/// A batch on its way to the store.
#[derive(Default)]
pub(super) struct Event {
    pub(super) records: Vec<StoredRecord>,
    /// The number of each record in the file, from 1.
    pub(super) numbers: Vec<u64>,
    pub(super) refused: Vec<Refused>,
    /// How many records of the file are dealt with after this batch.
    pub(super) until: u64,
}

/// A record that cannot be stored.
pub(super) struct Refused {
    pub(super) number: u64,
    pub(super) reason: String,
    pub(super) recording: Recording,
}

/// How often each quirk was met.
pub(super) type Deviations = BTreeMap<DeviationKindByName, u64>;

/// A kind of deviation, ordered by name.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct DeviationKindByName(pub(super) DeviationKind);

impl Ord for DeviationKindByName {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.name().cmp(other.0.name())
    }
}

impl PartialOrd for DeviationKindByName {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// Reads a file and sends it batch by batch.
pub(super) struct Batches {
    pub(super) zone: Option<Zone>,
    pub(super) batch: usize,
    /// How many records an earlier import has dealt with.
    pub(super) skip: u64,
    pub(super) sender: mpsc::Sender<Event>,
    pub(super) progress: Progress,
}

impl Batches {
    pub(super) fn read(
        self,
        mut source: Source,
        format: Option<FileFormat>,
    ) -> Result<Deviations, Failure> {
        let name = source.path.display().to_string();
        let mut reader = source.reader(self.progress.clone());
        let format = match format {
            Some(format) => format,
            None => sniff(&mut reader).map_err(|error| cannot("read", &source.path, &error))?,
        };
        let mut deviations = Deviations::new();
        let count = |deviation: Deviation| {
            *deviations.entry(DeviationKindByName(deviation.kind)).or_default() += 1;
        };
        let mut made = Maker { batches: &self, event: Event::default(), number: 0 };
        let outcome = match format {
            FileFormat::Csv => {
                let mut records = csv::StreamReader::with(reader, Options::tolerant(), count);
                made.all(|made| Ok(records.read()?.map(|record| made.take(&record)).is_some()))
            }
            FileFormat::Xml => {
                let mut records = xml::StreamReader::with(reader, Options::tolerant(), count);
                made.all(|made| Ok(records.read()?.map(|record| made.take(&record)).is_some()))
            }
            // An array has no lines, and neither have the bytes of UTF-16 (QUIRK-16, QUIRK-19).
            FileFormat::Jsonl
                if !has_lines(&mut reader).map_err(|e| cannot("read", &source.path, &e))? =>
            {
                let mut records = jsonl::StreamReader::with(reader, Options::tolerant(), count);
                made.all(|made| Ok(records.read()?.map(|record| made.take(&record)).is_some()))
            }
            FileFormat::Jsonl => {
                let mut lines = Lines::new(reader);
                made.all(|made| lines.next(made))
            }
        };
        outcome.map_err(|error| {
            Failure::new(format!("{name}: {error}")).hint("what came before is imported")
        })?;
        Ok(deviations)
    }
}

/// JSON lines, each read by itself: one that cannot be read is left out, and the next is another.
struct Lines<R> {
    reader: R,
    line: Vec<u8>,
}

impl<R: BufRead> Lines<R> {
    fn new(reader: R) -> Self {
        Self { reader, line: Vec::new() }
    }

    fn next(&mut self, made: &mut Maker<'_>) -> Result<bool, BrokenOff> {
        self.line.clear();
        let limit = u64::from(Limits::default().record_bytes) + 1;
        let read = Read::take(&mut self.reader, limit).read_until(b'\n', &mut self.line)?;
        let records: Result<Vec<_>, _> = jsonl::Reader::new(&self.line[..])
            .map(|record| record.map(|record| record.to_owned()))
            .collect();
        match records {
            // None in a blank line, more than one where they are joined.
            Ok(records) => records.iter().for_each(|record| made.take(record)),
            Err(error) => {
                if !self.line.ends_with(b"\n") {
                    self.reader.skip_until(b'\n')?;
                }
                made.leave_out(&self.line, format!("not JSON of a record: {}", error.message()));
            }
        }
        Ok(read > 0)
    }
}

/// Why a file is not read to its end.
#[derive(Debug)]
enum BrokenOff {
    Format(Error),
    Io(io::Error),
}

impl From<Error> for BrokenOff {
    fn from(error: Error) -> Self {
        Self::Format(error)
    }
}

impl From<io::Error> for BrokenOff {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl std::fmt::Display for BrokenOff {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Format(error) => error.fmt(f),
            Self::Io(error) => error.fmt(f),
        }
    }
}

/// The first byte that shows something: white space, byte order marks and NUL say nothing about
/// what a file is, nor does UTF-16 (QUIRK-17).
fn first(reader: &mut impl BufRead) -> io::Result<Option<u8>> {
    let shows = |byte: &&u8| {
        !byte.is_ascii_whitespace() && !matches!(byte, 0 | 0xEF | 0xBB | 0xBF | 0xFE | 0xFF)
    };
    Ok(reader.fill_buf()?.iter().find(shows).copied())
}

/// What a file is, by its first character.
fn sniff(reader: &mut impl BufRead) -> io::Result<FileFormat> {
    Ok(match first(reader)? {
        Some(b'<') => FileFormat::Xml,
        Some(b'{' | b'[') => FileFormat::Jsonl,
        _ => FileFormat::Csv,
    })
}

/// Whether JSON lines are lines, so that one which cannot be read is left out by itself.
fn has_lines(reader: &mut impl BufRead) -> io::Result<bool> {
    let array = first(reader)? == Some(b'[');
    Ok(!array && !matches!(reader.fill_buf()?, [0xFE | 0xFF, ..]))
}

/// What the formats' records have in common here.
trait Readable: Row {
    fn to_recording(&self) -> Recording;
}

impl Readable for Record<'_> {
    fn to_recording(&self) -> Recording {
        self.to_owned()
    }
}

impl Readable for Recording {
    fn to_recording(&self) -> Recording {
        self.clone()
    }
}

/// Fills one batch after another.
struct Maker<'a> {
    batches: &'a Batches,
    event: Event,
    number: u64,
}

impl Maker<'_> {
    /// Takes records while there are any, and somebody takes the batches.
    fn all(
        &mut self,
        mut next: impl FnMut(&mut Self) -> Result<bool, BrokenOff>,
    ) -> Result<(), BrokenOff> {
        let outcome = loop {
            match next(self) {
                Ok(true)
                    if self.event.records.len() + self.event.refused.len() < self.batches.batch => {
                }
                Ok(more) => {
                    if !self.send() || !more {
                        break Ok(());
                    }
                }
                Err(error) => break Err(error),
            }
        };
        // What was read before an error is whole.
        self.send();
        outcome
    }

    fn send(&mut self) -> bool {
        let event = Event { until: self.number, ..std::mem::take(&mut self.event) };
        if event.records.is_empty() && event.refused.is_empty() {
            return !self.batches.sender.is_closed();
        }
        self.batches.sender.blocking_send(event).is_ok()
    }

    fn take(&mut self, record: &impl Readable) {
        self.number += 1;
        if self.number <= self.batches.skip {
            return;
        }
        match self.batches.stored(record) {
            Ok(record) => {
                self.event.records.push(record);
                self.event.numbers.push(self.number);
            }
            Err(refusal) => self.event.refused.push(Refused {
                number: self.number,
                reason: self.batches.reason(record, &refusal),
                recording: record.to_recording(),
            }),
        }
    }
}

impl Maker<'_> {
    /// Leaves out a line of which no record can be made.
    fn leave_out(&mut self, line: &[u8], reason: String) {
        self.number += 1;
        if self.number <= self.batches.skip {
            return;
        }
        let mut recording = Recording::new();
        recording.push_extra("rejectedLine", String::from_utf8_lossy(line).trim_end());
        self.event.refused.push(Refused { number: self.number, reason, recording });
    }
}

impl Batches {
    fn stored(&self, record: &impl Readable) -> Result<StoredRecord, Refusal> {
        StoredRecord::new(record).or_else(|refusal| match (refusal.kind(), local(record)) {
            // QUIRK-14: without an offset, in the zone that is given.
            (RefusalKind::NoUsableStart, Some(local)) => match self.instant(local) {
                Some(start) => StoredRecord::with_start(record, start),
                None => Err(refusal),
            },
            _ => Err(refusal),
        })
    }

    /// The first instant at which the zone's clocks read a text: what a query means by it too.
    fn instant(&self, local: NaiveDateTime) -> Option<DateTime<Utc>> {
        let tenant_tz = self.zone?;
        let context = Context { now: DateTime::UNIX_EPOCH, tenant_tz, dialect: Dialect::default() };
        let query = format!("start-date={}", local.format("%Y-%m-%dT%H:%M:%S%.f"));
        let selection = Query::parse(&query).ok()?.resolve(&context).ok()?;
        selection.near.map(|near| near.at)
    }

    fn reason(&self, record: &impl Readable, refusal: &Refusal) -> String {
        if refusal.kind() == RefusalKind::NoUsableStart
            && self.zone.is_none()
            && local(record).is_some()
        {
            return "startDate: no offset, and no --zone that would tell one".to_owned();
        }
        refusal.to_string()
    }
}

fn local(record: &impl Row) -> Option<NaiveDateTime> {
    match StartDate::parse(record.text(Field::StartDate)) {
        Ok(StartDate::Local(local)) => Some(local),
        _ => None,
    }
}
