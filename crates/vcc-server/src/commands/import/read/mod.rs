//! Reads a file and hands on its records, batch by batch.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::rc::Rc;

use tokio::sync::mpsc;
use vcc_format::{Deviation, Error, ErrorKind, Limits, Options, csv, jsonl, xml};
use vcc_query::Zone;
use vcc_store::{RefusalKind, StoredRecord};
use vcc_types::{Field, Recording, Row};

use super::FileFormat;
use super::doubt::doubt;
use super::kind;
use super::names::{self, Meaning, Names};
use super::noted::{Columns, Noted, Report};
use super::records::{Mapped, Readable, fields, is_keyless, local, reason, stored};
use super::source::{BUFFER, Counted, Source, digest};
use crate::commands::failure::Failure;
use crate::commands::progress::Progress;
use crate::commands::words::shorten;

/// How far names are looked for before anything is stored, in bytes; somewhat more than is promised,
/// for the last record may end behind it.
const LOOKED_AT: u64 = (8 << 20) + (1 << 20);

/// A batch has no more bytes than this, whatever its records are like. There are up to four of them in
/// memory: one that is being made, one that waits, and one or two in the store.
const BATCH_BYTES: usize = 16 << 20;

/// The text of the longest record that a store holds, in bytes: ten values of 1 MiB and four of 1,000
/// bytes, with room for names and delimiters.
const LONGEST: usize = (10 << 20) + 4 * 1_000 + 2_000;

/// What a record may be as it is written: what a store gives comes back, however much of it is escaped.
/// CSV and JSON write a character as two, XML as up to five.
fn limits(format: FileFormat) -> Limits {
    let factor = if format == FileFormat::Xml { 5 } else { 2 };
    let mut limits = Limits::default();
    limits.record_bytes = (factor * LONGEST) as u32;
    limits
}

/// What a record takes beside its text, in bytes.
const OF_A_RECORD: usize = 160;

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

impl Event {
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

/// What is known at the end of a file.
#[derive(Default)]
pub(super) struct Ended {
    pub(super) report: Report,
    /// Whether there are records that cannot be known again, also among those that are dealt with.
    pub(super) keyless: bool,
    /// How many values were left out with their columns.
    pub(super) ignored: u64,
    /// The fields that have no column.
    pub(super) absent: Vec<Field>,
    /// The names of `--map` and `--ignore-column` that were met.
    pub(super) met: Vec<String>,
    /// The digest of what cannot be read twice.
    pub(super) digest: Option<String>,
}

/// Reads a file and sends it batch by batch.
pub(super) struct Batches {
    pub(super) zone: Option<Zone>,
    pub(super) batch: usize,
    pub(super) names: Names,
    pub(super) strict: bool,
    /// How many records an earlier import has dealt with.
    pub(super) skip: u64,
    /// How many records are read.
    pub(super) most: Option<u64>,
    /// Whether the records are stored, rather than looked at.
    pub(super) stores: bool,
    pub(super) sender: mpsc::Sender<Event>,
    pub(super) progress: Progress,
}

impl Batches {
    pub(super) fn read(self, source: Source, format: Option<FileFormat>) -> Result<Ended, Failure> {
        let name = source.name();
        let noted = Rc::new(RefCell::new(Noted::new(self.zone.is_some())));
        let mut made = Maker::new(&self, name.clone(), noted.clone());
        let hash = match made.file(source, format, &self.progress) {
            Ok(hash) => hash,
            Err(BrokenOff::Stop(failure)) => return Err(*failure),
            Err(BrokenOff::Nothing) => return Ok(Ended::default()),
            Err(error) => {
                let hint = match &error {
                    BrokenOff::Format(error) if made.number == 0 => is_no_csv(error, made.format),
                    _ => None,
                };
                let failure = Failure::new(format!("{name}: {error}"));
                return Err(match hint.or(self.before(made.number)) {
                    Some(hint) => failure.hint(hint),
                    None => failure,
                });
            }
        };
        let Maker { keyless, ignored, absent, met, .. } = made;
        let report = std::mem::take(&mut noted.borrow_mut().report);
        Ok(Ended { report, keyless, ignored, absent, met, digest: digest(&hash) })
    }

    /// What is said of the records before the one at which the reading ends, where there are any.
    fn before(&self, records: u64) -> Option<&'static str> {
        let said = if self.stores {
            "what came before is imported"
        } else {
            "what came before could be read"
        };
        (records > 0).then_some(said)
    }
}

/// What helps where a file that was taken to be CSV has no header.
fn is_no_csv(error: &Error, format: Option<FileFormat>) -> Option<&'static str> {
    let is = error.kind() == ErrorKind::NotRecordings && format == Some(FileFormat::Csv);
    is.then_some(
        "the first row has to be a header with startDate among its names; \
         --map startDate='Call Start' reads another column as it",
    )
}

/// In which lines the records of these numbers begin; fewer where the file cannot be read again.
pub(super) fn lines(
    path: &Path,
    format: Option<FileFormat>,
    numbers: Vec<u64>,
) -> BTreeMap<u64, u64> {
    let Some(source) = Source::again(path) else { return BTreeMap::new() };
    let (sender, _events) = mpsc::channel(1);
    let batches = Batches {
        zone: None,
        batch: usize::MAX,
        names: Names { ignore_unknown: true, ..Names::default() },
        strict: false,
        skip: u64::MAX,
        most: numbers.iter().copied().max(),
        stores: false,
        sender,
        progress: Progress::hidden(),
    };
    let noted = Rc::new(RefCell::new(Noted::new(false)));
    let mut made = Maker::new(&batches, source.name(), noted);
    made.wanted = numbers;
    // What was found before is right whatever comes after.
    let _ = made.file(source, format, &batches.progress);
    made.lines
}

/// JSON lines, each read by itself: one that cannot be read is left out, and the next is another.
struct Lines<R> {
    reader: R,
    line: Vec<u8>,
    number: u64,
}

impl<R: BufRead> Lines<R> {
    fn next(&mut self, made: &mut Maker<'_>) -> Result<bool, BrokenOff> {
        self.line.clear();
        self.number += 1;
        let limits = limits(FileFormat::Jsonl);
        let limit = u64::from(limits.record_bytes) + 1;
        let read = Read::take(&mut self.reader, limit).read_until(b'\n', &mut self.line)?;
        if read == 0 {
            return Ok(false);
        }
        let (number, noted) = (self.number, made.noted.clone());
        let note = |mut deviation: Deviation| {
            deviation.line = number;
            noted.borrow_mut().take(deviation);
        };
        let records: Result<Vec<_>, _> =
            jsonl::Reader::with(&self.line[..], Options::builder().limits(limits).build(), note)
                .recordings()
                .collect();
        match records {
            // None in a blank line, more than one where they are joined.
            Ok(records) => {
                for record in &records {
                    made.take(record)?;
                    made.locate(|| number);
                }
            }
            Err(error) => {
                if !self.line.ends_with(b"\n") {
                    self.reader.skip_until(b'\n')?;
                }
                made.leave_out(&self.line, format!("not JSON of a record: {}", error.message()))?;
                made.locate(|| number);
            }
        }
        Ok(true)
    }
}

/// Why a file is not read to its end.
#[derive(Debug)]
enum BrokenOff {
    Format(Error),
    Io(io::Error),
    Stop(Box<Failure>),
    /// Nobody takes the batches any more.
    Nothing,
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

impl From<Failure> for BrokenOff {
    fn from(failure: Failure) -> Self {
        Self::Stop(Box::new(failure))
    }
}

impl std::fmt::Display for BrokenOff {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Format(error) => error.fmt(f),
            Self::Io(error) => error.fmt(f),
            Self::Stop(failure) => failure.fmt(f),
            Self::Nothing => f.write_str("the import has ended"),
        }
    }
}

/// Fills one batch after another.
struct Maker<'a> {
    batches: &'a Batches,
    name: String,
    noted: Rc<RefCell<Noted>>,
    format: Option<FileFormat>,
    event: Event,
    bytes: usize,
    number: u64,
    /// What was made while names are still looked for.
    held: Option<Vec<Event>>,
    /// The names that were found, and how many bytes were read.
    unknown: Vec<String>,
    read: Rc<Cell<u64>>,
    /// Whether the first row was taken to be a record.
    headless: bool,
    keyless: bool,
    ignored: u64,
    absent: Vec<Field>,
    met: Vec<String>,
    /// Whether the file cannot be read twice.
    once: bool,
    /// The line of the record that was taken last is asked for.
    unlocated: bool,
    /// The records whose lines are looked for, and those lines.
    wanted: Vec<u64>,
    lines: BTreeMap<u64, u64>,
}

impl<'a> Maker<'a> {
    fn new(batches: &'a Batches, name: String, noted: Rc<RefCell<Noted>>) -> Self {
        Self {
            batches,
            name,
            noted,
            format: None,
            event: Event::default(),
            bytes: 0,
            number: 0,
            held: None,
            unknown: Vec::new(),
            read: Rc::default(),
            headless: false,
            keyless: false,
            ignored: 0,
            absent: Vec::new(),
            met: Vec::new(),
            once: false,
            unlocated: false,
            wanted: Vec::new(),
            lines: BTreeMap::new(),
        }
    }

    /// Reads a file to its end.
    fn file(
        &mut self,
        source: Source,
        format: Option<FileFormat>,
        progress: &Progress,
    ) -> Result<super::source::Hash, BrokenOff> {
        let raw = source.reader(progress.clone());
        let hash = raw.hash.clone();
        self.once = hash.is_some();
        let opened = kind::open(Box::new(BufReader::with_capacity(BUFFER, raw)), format)
            .map_err(|error| error.failure(&self.name))?;
        let reader = Counted { inner: opened.reader, bytes: self.read.clone() };
        let reader = BufReader::with_capacity(BUFFER, reader);
        self.format = Some(opened.format);
        // The names of CSV stand in its header.
        let looks = opened.format != FileFormat::Csv && !self.batches.names.ignore_unknown;
        self.held = looks.then(Vec::new);
        let noted = self.noted.clone();
        let note = move |deviation: Deviation| noted.borrow_mut().take(deviation);
        macro_rules! read {
            ($Reader:path, $options:expr) => {{
                let mut records = <$Reader>::with(reader, $options, note);
                self.all(|made| {
                    let taken = match records.read()? {
                        None => return Ok(false),
                        Some(record) => made.take(&record),
                    };
                    made.locate(|| records.line());
                    taken.map(|()| true)
                })?;
            }};
        }
        let options = Options::builder().limits(limits(opened.format));
        match opened.format {
            FileFormat::Csv => {
                let Names { map, ignore, .. } = &self.batches.names;
                let names = map.iter().map(|(_, name)| name).chain(ignore);
                read!(csv::StreamReader<_, _>, options.columns(names).build());
            }
            FileFormat::Xml => read!(xml::StreamReader<_, _>, options.build()),
            FileFormat::Jsonl if !opened.has_lines => {
                read!(jsonl::StreamReader<_, _>, options.build());
            }
            FileFormat::Jsonl => {
                let mut lines = Lines { reader, line: Vec::new(), number: 0 };
                self.all(|made| lines.next(made))?;
            }
        }
        Ok(hash)
    }

    /// Takes records while there are any, and somebody takes the batches.
    fn all(
        &mut self,
        mut next: impl FnMut(&mut Self) -> Result<bool, BrokenOff>,
    ) -> Result<(), BrokenOff> {
        let outcome = loop {
            match next(self) {
                Err(error) => {
                    // The record at which it stops is not dealt with.
                    self.number -= u64::from(matches!(error, BrokenOff::Stop(_)));
                    break Err(error);
                }
                Ok(false) => break self.header().and_then(|()| self.check()),
                Ok(true) if self.batches.most.is_some_and(|most| self.number >= most) => {
                    break Ok(());
                }
                Ok(true) if self.is_full() => self.send()?,
                Ok(true) => {}
            }
        };
        // Names first: what was read before an error is whole, but would be dropped in part.
        self.release()?;
        self.send()?;
        outcome
    }

    fn is_full(&self) -> bool {
        let Event { records, refused, .. } = &self.event;
        records.len() + refused.len() >= self.batches.batch || self.bytes >= BATCH_BYTES
    }

    /// Counts a record that comes into the batch next. Where it does not fit, what is there goes first.
    fn make_room(&mut self, bytes: usize) -> Result<(), BrokenOff> {
        if self.bytes > 0 && self.bytes + bytes > BATCH_BYTES {
            self.send_until(self.number - 1)?;
        }
        self.bytes += bytes;
        Ok(())
    }

    fn send(&mut self) -> Result<(), BrokenOff> {
        self.send_until(self.number)
    }

    /// Hands the batch on, or holds it back while names are looked for.
    fn send_until(&mut self, until: u64) -> Result<(), BrokenOff> {
        let event = Event { until, ..std::mem::take(&mut self.event) };
        self.bytes = 0;
        if let Some(held) = &mut self.held {
            held.push(event);
            return if self.read.get() < LOOKED_AT { Ok(()) } else { self.release() };
        }
        self.hand_on(event)
    }

    fn hand_on(&self, event: Event) -> Result<(), BrokenOff> {
        let sender = &self.batches.sender;
        let taken = if event.is_empty() {
            !sender.is_closed()
        } else {
            sender.blocking_send(event).is_ok()
        };
        taken.then_some(()).ok_or(BrokenOff::Nothing)
    }

    /// Hands on what was held back, if all names are known.
    fn release(&mut self) -> Result<(), BrokenOff> {
        let Some(held) = self.held.take() else { return Ok(()) };
        if !self.unknown.is_empty() {
            self.event = Event::default();
            self.held = Some(Vec::new());
            return Err(self.unknown_names().into());
        }
        held.into_iter().try_for_each(|event| self.hand_on(event))
    }

    fn unknown_names(&self) -> Failure {
        let what = match self.format {
            Some(FileFormat::Xml) => "element",
            Some(FileFormat::Jsonl) => "key",
            _ => "column",
        };
        names::unknown(&self.name, what, &self.unknown, self.held.is_none().then(|| self.goes_on()))
    }

    /// What becomes of the records before the one at which it stops.
    fn goes_on(&self) -> &'static str {
        match (self.batches.stores, self.once) {
            (false, _) => "what came before could be read",
            (true, false) => {
                "what came before is imported, and the same command with one of these goes on there"
            }
            (true, true) => {
                "what came before is imported; a pipe begins again with its first record, so that \
                 records without transactionID and filename are there twice then: keep it in a file"
            }
        }
    }

    /// Looks at what the header of CSV says, before any record behind it is taken.
    fn header(&mut self) -> Result<(), BrokenOff> {
        let Some(header) = self.noted.borrow_mut().header.take() else { return Ok(()) };
        if !self.wanted.is_empty() {
            return Ok(());
        }
        let Columns { line, unknown, missing, no_header } = header;
        self.headless |= no_header;
        let names = &self.batches.names;
        let place = format!("{}, line {line}", self.name);
        if missing.contains(&Field::StartDate) && !names.maps(Field::StartDate, &unknown) {
            let failure = Failure::new(format!("{place}: the header has no column startDate"));
            let nearest = unknown.iter().find(|n| names::nearest(n) == Some(Field::StartDate));
            let example = nearest.or(unknown.first()).map_or("Call Start", String::as_str);
            let hint = format!(
                "--map startDate={} reads another column as it",
                crate::commands::words::shell_word(example)
            );
            return Err(failure.hint(hint).into());
        }
        let is_unknown = |name: &&String| names.meaning(name) == Meaning::Unknown;
        let dropped: Vec<String> = unknown.iter().filter(is_unknown).cloned().collect();
        if !dropped.is_empty() {
            let late = (self.number > 1).then(|| self.goes_on());
            return Err(names::unknown(&place, "column", &dropped, late).into());
        }
        if self.number <= 1 {
            let is_absent = |field: &Field| !names.maps(*field, &unknown);
            self.absent = missing.into_iter().filter(is_absent).collect();
        }
        Ok(())
    }

    /// `--strict`: whether all is as it should be so far.
    fn check(&self) -> Result<(), BrokenOff> {
        match &self.noted.borrow().fault {
            Some(fault) if self.batches.strict => {
                let failure = Failure::new(format!("{}, {fault}", self.name));
                Err(failure.hint("without --strict it is repaired, or kept as it is").into())
            }
            _ => Ok(()),
        }
    }

    fn take<R: Readable>(&mut self, record: &R) -> Result<(), BrokenOff> {
        self.number += 1;
        if self.number <= self.batches.skip {
            self.header()?;
            self.keyless |= is_keyless(record);
            self.noted.borrow_mut().dealt_with(false);
            self.unlocated = self.wanted.contains(&self.number);
            return Ok(());
        }
        if self.noted.borrow().is_plain() && !record.has_extras() {
            // Something before it, such as a blank row.
            self.check()?;
            return self.keep(record, Vec::new(), None);
        }
        self.header()?;
        self.check()?;
        let extras = record.extras();
        let (mapped, left, because) = self.beside(record, &extras)?;
        if mapped.is_empty() {
            self.keep(record, left, because)
        } else {
            self.keep(&Mapped { record, values: mapped }, left, because)
        }
    }

    /// What stands beside the fields of a record: the values that `--map` makes fields, what a reject of
    /// it keeps, and why it is left out, if it is.
    #[allow(clippy::type_complexity, reason = "three things, each of them plain")]
    fn beside<'r, R: Readable>(
        &mut self,
        record: &'r R,
        extras: &[(&'r str, &'r str)],
    ) -> Result<(Vec<(Field, &'r str)>, Vec<(String, String)>, Option<String>), BrokenOff> {
        let noted = self.noted.clone();
        let noted = noted.borrow();
        let mut mapped: Vec<(Field, &'r str)> = Vec::new();
        let (mut left, mut because) = (Vec::new(), None);
        let named = extras.len().saturating_sub(noted.surplus);
        let mut unknown = Vec::new();
        for (index, (name, value)) in extras.iter().enumerate() {
            if index >= named || noted.nameless.iter().any(|nameless| nameless == name) {
                if !value.trim().is_empty() {
                    because.get_or_insert_with(|| {
                        format!("more cells than columns: {}", shorten(value))
                    });
                }
                continue;
            }
            let names = &self.batches.names;
            if names.lists(name) && !self.met.iter().any(|met| met == name) {
                self.met.push((*name).to_owned());
            }
            match names.meaning(name) {
                Meaning::Field(field) => {
                    let own = record.text(field);
                    let before = mapped.iter().find(|(mapped, _)| *mapped == field);
                    let before = before.map_or(own, |(_, value)| *value);
                    if before.is_empty() {
                        mapped.push((field, *value));
                    } else if before != *value && !value.is_empty() {
                        because = Some(format!("{field}: two values, the other in {name:?}"));
                    }
                }
                Meaning::Ignored => self.ignored += u64::from(!value.is_empty()),
                Meaning::Rejected if *name == names::ROW && !value.is_empty() => {
                    because = Some(format!(
                        "its cells could not be told apart: mend the fields, and take the key \
                         {name} away"
                    ));
                    left.push((name.to_string(), value.to_string()));
                }
                Meaning::Rejected if *name == "rejectedLine" => {
                    left.push((name.to_string(), value.to_string()));
                }
                Meaning::Rejected => {}
                Meaning::Unknown if self.unknown.len() >= names::MOST => {}
                Meaning::Unknown if self.unknown.iter().any(|known| known == name) => {}
                Meaning::Unknown => unknown.push(name.to_string()),
            }
        }
        if !unknown.is_empty() {
            self.unknown.append(&mut unknown);
            if self.held.is_none() {
                let failure = self.unknown_names();
                return Err(failure.into());
            }
        }
        if self.format == Some(FileFormat::Csv) {
            let own = Field::ALL.into_iter().map(|field| record.text(field));
            let values: Vec<&str> = own.chain(extras.iter().map(|(_, value)| *value)).collect();
            if because.is_none()
                && let Some(doubt) = doubt(&values, noted.short || noted.surplus > 0, noted.bare)
            {
                because = Some(format!("its cells cannot be told apart: {doubt}"));
            }
            if because.is_some() {
                let row = serde_json::to_string(&values).unwrap_or_default();
                left.push((names::ROW.to_owned(), row));
            }
        }
        Ok((mapped, left, because))
    }

    /// Adds a record to the batch, or to what is left out. `left`: what a reject of it keeps.
    fn keep(
        &mut self,
        row: &impl Row,
        left: Vec<(String, String)>,
        because: Option<String>,
    ) -> Result<(), BrokenOff> {
        let zone = self.batches.zone;
        let outcome = match because {
            Some(because) => Err((because, None)),
            None => stored(row, zone).map_err(|refusal| {
                let found = row.text(refusal.field());
                let start = refusal.kind() == RefusalKind::NoUsableStart && local(row).is_none();
                (reason(row, &refusal, zone), Some((shorten(found), start)))
            }),
        };
        let (because, found) = match outcome {
            Ok(stored) => {
                self.noted.borrow_mut().dealt_with(true);
                self.keyless |= is_keyless(&stored);
                self.make_room(stored.joined().len() + OF_A_RECORD)?;
                self.event.records.push(stored);
                self.event.numbers.push(self.number);
                return Ok(());
            }
            Err(refused) => refused,
        };
        if self.number == 1 && self.headless && found.as_ref().is_some_and(|(_, start)| *start) {
            let message = format!(
                "{}: the first row is no header with startDate among its names, and no record that \
                 begins with a startDate",
                self.name
            );
            let hint = "a header row names the columns; --map startDate='Call Start' reads another \
                        column as startDate";
            return Err(Failure::new(message).hint(hint).into());
        }
        let mut recording = fields(row);
        for (name, value) in left {
            recording.push_extra(name, value);
        }
        self.refuse(because, found.map(|(found, _)| found), recording)
    }

    fn refuse(
        &mut self,
        reason: String,
        found: Option<String>,
        mut recording: Recording,
    ) -> Result<(), BrokenOff> {
        self.noted.borrow_mut().dealt_with(false);
        if self.batches.strict {
            let found = found.map_or_else(String::new, |found| format!(", found {found}"));
            let (name, number) = (&self.name, self.number);
            let failure = Failure::new(format!("{name}, record {number}: {reason}{found}"));
            return Err(failure.hint("without --strict it is left out").into());
        }
        let mut bytes = bytes_of(&recording);
        if bytes > 2 * LONGEST {
            // No store holds so much, and no batch has room for it.
            recording = shortened(&recording);
            bytes = bytes_of(&recording);
        }
        self.make_room(bytes + reason.len() + 2 * OF_A_RECORD)?;
        let (number, line) = (self.number, 0);
        self.event.refused.push(Refused { number, line, reason, found, recording });
        self.unlocated = true;
        Ok(())
    }

    /// Leaves out a line of which no record can be made.
    fn leave_out(&mut self, line: &[u8], reason: String) -> Result<(), BrokenOff> {
        self.number += 1;
        if self.number <= self.batches.skip {
            self.noted.borrow_mut().dealt_with(false);
            self.unlocated = self.wanted.contains(&self.number);
            return Ok(());
        }
        let mut recording = Recording::new();
        recording.push_extra("rejectedLine", String::from_utf8_lossy(line).trim_end());
        self.refuse(reason, None, recording)
    }

    /// Says in which line the record begins that was taken last, where that is asked for.
    fn locate(&mut self, line: impl FnOnce() -> u64) {
        if !std::mem::take(&mut self.unlocated) {
            return;
        }
        if self.wanted.is_empty() {
            if let Some(refused) = self.event.refused.last_mut() {
                refused.line = line();
            }
        } else {
            self.lines.insert(self.number, line());
        }
    }
}

fn bytes_of(recording: &Recording) -> usize {
    let texts = recording.fields().map(|(_, text)| text.len());
    let extra = recording.extra().iter().map(|(_, value)| value.len());
    texts.chain(extra).sum()
}

/// A record with the beginnings of its longest values. They are too long to be stored still, so that
/// none is taken to be whole.
fn shortened(recording: &Recording) -> Recording {
    let mut short = Recording::new();
    for (field, text) in recording.fields() {
        short.set(field, beginning(text));
    }
    for (name, value) in recording.extra() {
        short.push_extra(name.clone(), beginning(value));
    }
    short
}

fn beginning(text: &str) -> &str {
    &text[..text.floor_char_boundary((1 << 20) + 4)]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// However the longest record of a store is written, it is read again.
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
