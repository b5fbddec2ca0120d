use std::fs::File;
use std::io::{self, BufWriter, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use vcc_store::StoredRecord;
use vcc_types::{Field, Recording, Row as _, StartDate};

use super::names;
use crate::commands::failure::{Failure, cannot};
use crate::commands::owner::owned;
use crate::commands::store_paths::{is_of_store, is_same_file};

/// The rejects as JSON lines: the record as it was, then its number and the reason. JSON can carry every
/// character. Once it is repaired, the file can be imported as it is.
pub(super) struct Rejects {
    path: PathBuf,
    file: BufWriter<File>,
}

impl Rejects {
    /// A new file, or the one that an earlier part of this import has begun.
    pub(super) fn open(path: &Path, goes_on: bool) -> Result<Self, Failure> {
        let open = || {
            let mut options = File::options();
            options.create(true).write(true).append(goes_on).truncate(!goes_on);
            let mut file = owned(&mut options).open(path)?;
            // If a full disk cut off the last line, the next one must not be appended to it.
            if goes_on && is_cut_off(path)? {
                file.write_all(b"\n")?;
            }
            Ok(file)
        };
        let file = open().map_err(|error| cannot("write", path, &error))?;
        Ok(Self { path: path.to_owned(), file: BufWriter::new(file) })
    }

    pub(super) fn recording(
        &mut self,
        number: u64,
        reason: &str,
        recording: &Recording,
    ) -> Result<(), Failure> {
        let mut recording = recording.clone();
        let [of_number, of_reason, ..] = names::REJECTED;
        recording.push_extra(of_number, number.to_string());
        recording.push_extra(of_reason, reason);
        serde_json::to_writer(&mut self.file, &recording)
            .map_err(io::Error::from)
            .and_then(|()| self.file.write_all(b"\n"))
            .map_err(|error| cannot("write", &self.path, &error))
    }

    pub(super) fn stored(
        &mut self,
        number: u64,
        reason: &str,
        record: &StoredRecord,
    ) -> Result<(), Failure> {
        let mut recording = Recording::new();
        if let Some(start) = record.start() {
            let start = StartDate::Instant(start.fixed_offset()).to_string();
            recording.set(Field::StartDate, &start);
        }
        for field in StoredRecord::text_fields() {
            recording.set(field, record.text(field));
        }
        self.recording(number, reason, &recording)
    }

    pub(super) fn flush(&mut self) -> Result<(), Failure> {
        self.file.flush().map_err(|error| cannot("write", &self.path, &error))
    }
}

/// Refuses a file that must not be overwritten: the imported file, or a file of the store.
pub(super) fn may_be(path: &Path, source: &Path, store: Option<&Path>) -> Result<(), Failure> {
    let shown = path.display();
    if is_same_file(path, source) {
        return Err(Failure::usage(format!("--reject: {shown} is the file that is imported"))
            .hint("another file keeps what is left out of it"));
    }
    if store.is_some_and(|store| is_of_store(path, store)) {
        return Err(Failure::usage(format!("--reject: {shown} is a file of the store"))
            .hint("another file keeps what is left out"));
    }
    Ok(())
}

/// Whether a file ends within a line. A pipe or the like has no end that could be read.
fn is_cut_off(path: &Path) -> io::Result<bool> {
    let about = path.metadata()?;
    if !about.is_file() || about.len() == 0 {
        return Ok(false);
    }
    let mut last = [0];
    let mut file = File::open(path)?;
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}
