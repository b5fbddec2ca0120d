use std::fs::File;
use std::io::{self, BufWriter, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use vcc_store::StoredRecord;
use vcc_types::{Field, Recording, Row as _, StartDate};

use crate::commands::failure::{Failure, cannot};
use crate::commands::owner::owned;

/// What is left out, as JSON lines: the record as it was, then its number and the reason. JSON can
/// carry every character; once mended, the file can be imported as it is.
pub(super) struct Rejects {
    path: PathBuf,
    file: BufWriter<File>,
}

impl Rejects {
    /// A new file, or the one that an import of `source` which goes on has begun.
    pub(super) fn open(path: &Path, source: &Path, goes_on: bool) -> Result<Self, Failure> {
        if is_same(path, source) {
            let path = path.display();
            return Err(Failure::usage(format!("--reject: {path} is the file that is imported"))
                .hint("another file keeps what is left out of it"));
        }
        let open = || {
            let mut options = File::options();
            options.create(true).write(true).append(goes_on).truncate(!goes_on);
            let mut file = owned(&mut options).open(path)?;
            // A line that a full disk cut off takes no other with it.
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
        recording.push_extra("rejectedRecord", number.to_string());
        recording.push_extra("rejectedBecause", reason);
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

/// Whether two paths are one file, which writing to it would empty before it is read.
fn is_same(one: &Path, other: &Path) -> bool {
    #[cfg(unix)]
    if let (Ok(one), Ok(other)) = (one.metadata(), other.metadata()) {
        use std::os::unix::fs::MetadataExt as _;
        return one.is_file() && (one.dev(), one.ino()) == (other.dev(), other.ino());
    }
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

/// Whether a file ends within a line. What is no file, such as a pipe, has no end to be read.
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
