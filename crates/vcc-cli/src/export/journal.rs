//! Which windows are done: a line of JSON each, behind a line that says of which export.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::identity::Identity;
use super::part::Part;
use crate::failure::Failure;

/// How often what is written is made to last. What came since is read again after a loss of power; a
/// process that is killed loses no more than the line that it was writing.
const EVERY: Duration = Duration::from_secs(1);

/// A window that is done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Done {
    pub(crate) from: DateTime<Utc>,
    pub(crate) until: DateTime<Utc>,
    pub(crate) records: u64,
    pub(crate) pages: u64,
    pub(crate) readings: u32,
    pub(crate) settled: bool,
    /// Records that the server gave and that are none of the window.
    pub(crate) outside: u64,
    /// Of the window's bytes in the file.
    pub(crate) sha256: String,
    pub(crate) deviations: BTreeMap<String, u64>,
    pub(crate) warnings: Vec<String>,
    /// The length of the file behind it.
    pub(crate) bytes: u64,
    /// Records whose start cannot be read, and the length of their file.
    pub(crate) apart: u64,
    pub(crate) apart_bytes: u64,
}

#[derive(Serialize, Deserialize)]
struct Head {
    vcc: String,
    begun: DateTime<Utc>,
    export: Identity,
}

#[derive(Serialize, Deserialize)]
struct End {
    finished: bool,
}

pub(crate) struct Journal {
    path: PathBuf,
    file: File,
    begun: DateTime<Utc>,
    done: Vec<Done>,
    finished: bool,
    /// Lines that wait for the file to be on the disk.
    waiting: Vec<u8>,
    synced: Instant,
}

impl Journal {
    /// Opens the journal of an export, or begins it.
    pub(crate) fn open(
        path: &Path,
        identity: &Identity,
        now: DateTime<Utc>,
    ) -> Result<Self, Failure> {
        let failed = |error: io::Error| Failure::new(format!("{}: {error}", path.display()));
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(path).map_err(failed)?;
        if file.try_lock().is_err() {
            return Err(Failure::new(format!(
                "{} is in use: another vcc export writes it",
                path.display()
            )));
        }
        let mut text = Vec::new();
        file.read_to_end(&mut text).map_err(failed)?;
        let mut journal = Self {
            path: path.to_owned(),
            file,
            begun: now,
            done: Vec::new(),
            finished: false,
            waiting: Vec::new(),
            synced: Instant::now(),
        };
        // A line that was being written when the process was killed has no end.
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let mut lines = text[..whole].split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        match lines.next() {
            None => {
                let head = Head {
                    vcc: env!("CARGO_PKG_VERSION").into(),
                    begun: now,
                    export: identity.clone(),
                };
                journal.file.set_len(0).map_err(failed)?;
                journal.file.rewind().map_err(failed)?;
                journal.line(&head)?;
                journal.file.write_all(&std::mem::take(&mut journal.waiting)).map_err(failed)?;
                journal.file.sync_data().map_err(failed)?;
            }
            Some(line) => {
                let head: Head = serde_json::from_slice(line).map_err(|error| {
                    Failure::new(format!(
                        "{}: it is no journal of an export: {error}",
                        path.display()
                    ))
                    .hint("--restart throws it away")
                })?;
                let differences = identity.differences(&head.export);
                if !differences.is_empty() {
                    return Err(Failure::usage(format!(
                        "{} is of another export that was broken off: {}",
                        path.display(),
                        differences.join("; ")
                    ))
                    .hint(
                        "give that one again, name another --out, or throw it away with --restart",
                    ));
                }
                journal.begun = head.begun;
                for line in lines {
                    if let Ok(end) = serde_json::from_slice::<End>(line) {
                        journal.finished = end.finished;
                        continue;
                    }
                    let done = serde_json::from_slice(line).map_err(|error| {
                        Failure::new(format!("{}: {error}", path.display()))
                            .hint("--restart begins anew")
                    })?;
                    journal.done.push(done);
                }
                journal.file.set_len(whole as u64).map_err(failed)?;
                journal.file.seek(SeekFrom::End(0)).map_err(failed)?;
            }
        }
        Ok(journal)
    }

    pub(crate) fn done(&self) -> &[Done] {
        &self.done
    }

    pub(crate) fn begun(&self) -> DateTime<Utc> {
        self.begun
    }

    pub(crate) fn is_finished(&self) -> bool {
        self.finished
    }

    fn line(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        serde_json::to_writer(&mut self.waiting, value)
            .map_err(|error| Failure::new(error.to_string()))?;
        self.waiting.push(b'\n');
        Ok(())
    }

    /// A window is written. Its line follows the file to the disk.
    pub(crate) fn add(&mut self, done: Done, part: &mut Part) -> Result<(), Failure> {
        self.line(&done)?;
        self.done.push(done);
        if self.synced.elapsed() >= EVERY { self.sync(part) } else { Ok(()) }
    }

    /// Makes what was written last: the file first, then the lines that speak of it.
    pub(crate) fn sync(&mut self, part: &mut Part) -> Result<(), Failure> {
        part.sync()?;
        let lines = std::mem::take(&mut self.waiting);
        let path = &self.path;
        let failed = |error: io::Error| Failure::new(format!("{}: {error}", path.display()));
        self.file.write_all(&lines).map_err(failed)?;
        self.file.sync_data().map_err(failed)?;
        self.synced = Instant::now();
        Ok(())
    }

    /// The file is whole, and about to be given its name.
    pub(crate) fn finished(&mut self) -> Result<(), Failure> {
        self.line(&End { finished: true })?;
        let lines = std::mem::take(&mut self.waiting);
        let path = &self.path;
        let failed = |error: io::Error| Failure::new(format!("{}: {error}", path.display()));
        self.file.write_all(&lines).map_err(failed)?;
        self.file.sync_data().map_err(failed)
    }

    pub(crate) fn remove(self) -> Result<(), Failure> {
        fs::remove_file(&self.path)
            .map_err(|error| Failure::new(format!("{}: {error}", self.path.display())))
    }

    /// Removes a journal that says nothing yet.
    pub(crate) fn remove_if_empty(self) -> Result<(), Failure> {
        if self.done.is_empty() { self.remove() } else { Ok(()) }
    }
}
