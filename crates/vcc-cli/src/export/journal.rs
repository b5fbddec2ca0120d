//! Which windows are done: a line of JSON each, behind a line that says of which export.
//!
//! A line is written as soon as its window is, so that a process that is killed loses no window. What a
//! loss of power leaves of both files may be anything: windows are compared with their digests when
//! an export goes on, and read again from the first that is not as the journal says.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::identity::Identity;
use crate::failure::Failure;
use crate::left_out::LeftOut;

/// How often what is written is made to last. What came since is read again after a loss of power.
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
    /// Of the file from its beginning to the end of the window.
    pub(crate) sha256: String,
    pub(crate) deviations: BTreeMap<String, u64>,
    pub(crate) warnings: Vec<String>,
    /// The length of the file behind it.
    pub(crate) bytes: u64,
    /// Records that the format cannot carry, in the file of those that are kept apart.
    #[serde(default)]
    pub(crate) refused: u64,
    /// The names of values beside the fifteen fields, and how often they came.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) extra: BTreeMap<String, u64>,
    /// Those of them for which the format has no place.
    #[serde(default, skip_serializing_if = "LeftOut::is_empty")]
    pub(crate) left_out: LeftOut,
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
    /// Where the line of each window begins.
    lines: Vec<u64>,
    length: u64,
    finished: bool,
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
            lines: Vec::new(),
            length: 0,
            finished: false,
            synced: Instant::now(),
        };
        // A line that was being written when the process was killed has no end.
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let mut lines = text[..whole].split_inclusive(|byte| *byte == b'\n');
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
                journal.length = line.len() as u64;
                for line in lines {
                    let at = journal.length;
                    journal.length += line.len() as u64;
                    if let Ok(end) = serde_json::from_slice::<End>(line) {
                        journal.finished = end.finished;
                        continue;
                    }
                    let done = serde_json::from_slice(line).map_err(|error| {
                        Failure::new(format!("{}: {error}", path.display()))
                            .hint("--restart begins anew")
                    })?;
                    journal.done.push(done);
                    journal.lines.push(at);
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

    /// Keeps the first so many windows: the others are not in the file as they were written.
    pub(crate) fn keep(&mut self, windows: usize) -> Result<(), Failure> {
        let Some(length) = self.lines.get(windows).copied() else { return Ok(()) };
        self.done.truncate(windows);
        self.lines.truncate(windows);
        self.length = length;
        self.finished = false;
        let path = &self.path;
        self.file
            .set_len(length)
            .and_then(|()| self.file.seek(SeekFrom::End(0)))
            .map(drop)
            .map_err(|error| Failure::new(format!("{}: {error}", path.display())))
    }

    fn line(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        let mut line =
            serde_json::to_vec(value).map_err(|error| Failure::new(error.to_string()))?;
        line.push(b'\n');
        let path = &self.path;
        // In one piece: what is not whole is left out when it is read.
        self.file
            .write_all(&line)
            .map_err(|error| Failure::new(format!("{}: {error}", path.display())))?;
        self.length += line.len() as u64;
        Ok(())
    }

    /// A window is written. Whether it is time to make last what was written.
    pub(crate) fn add(&mut self, done: Done) -> Result<bool, Failure> {
        self.lines.push(self.length);
        self.line(&done)?;
        self.done.push(done);
        Ok(self.synced.elapsed() >= EVERY)
    }

    /// Makes last what was written here.
    pub(crate) fn sync(&mut self) -> Result<(), Failure> {
        self.synced = Instant::now();
        let path = &self.path;
        self.file.sync_data().map_err(|error| Failure::new(format!("{}: {error}", path.display())))
    }

    /// The file is whole, and about to be given its name.
    pub(crate) fn finished(&mut self) -> Result<(), Failure> {
        self.line(&End { finished: true })?;
        self.sync()
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
