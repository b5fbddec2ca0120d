//! The file while it is made.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{self, BufRead as _, BufReader, Read, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::identity::Identity;
use super::journal::Done;
use super::paths::Paths;
use super::window;
use crate::document::ends;
use crate::failure::Failure;
use crate::text::hex;

pub(crate) struct Part {
    path: PathBuf,
    file: File,
    length: u64,
    digest: Sha256,
    tail: Vec<u8>,
    apart: Apart,
}

/// Records that cannot be in the file.
struct Apart {
    path: PathBuf,
    file: Option<File>,
    length: u64,
    /// How many records are in it.
    records: u64,
    /// How often each line is there.
    known: HashMap<u64, u64>,
}

impl Part {
    /// Opens the file behind the last window that is in it as the journal says, or begins it. The number
    /// of those windows is given too.
    pub(crate) fn open(
        paths: &Paths,
        identity: &Identity,
        done: &[Done],
    ) -> Result<(Self, usize), Failure> {
        let path = &paths.part;
        let failed = |error: io::Error| Failure::new(format!("{}: {error}", path.display()));
        let (head, tail) = ends(identity.format, &identity.extra_columns)?;
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(path).map_err(failed)?;
        let mut digest = Sha256::new();
        let (mut length, mut whole) = (0_u64, 0_usize);
        if !done.is_empty()
            && next_is(&mut file, head.len() as u64, |bytes| bytes == head).map_err(failed)?
        {
            length = head.len() as u64;
            digest.update(&head);
            for window in done {
                let mut own = digest.clone();
                let count = window.bytes.saturating_sub(length);
                let is_whole = next_is(&mut file, count, |bytes| {
                    own.update(bytes);
                    hex(&own.clone().finalize()) == window.sha256
                });
                if !is_whole.map_err(failed)? {
                    break;
                }
                digest = own;
                length = window.bytes;
                whole += 1;
            }
        }
        // What stands behind is read again.
        file.set_len(length).map_err(failed)?;
        file.seek(SeekFrom::Start(length)).map_err(failed)?;
        if length == 0 {
            file.write_all(&head).map_err(failed)?;
            digest.update(&head);
            length = head.len() as u64;
        }
        let apart_bytes = whole.checked_sub(1).map_or(0, |last| done[last].apart_bytes);
        let apart = Apart::open(&paths.apart, apart_bytes)?;
        Ok((Self { path: path.clone(), file, length, digest, tail, apart }, whole))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a window, and gives the lengths of both files behind it, and the digest of the file.
    pub(crate) fn write(&mut self, read: &window::Read) -> Result<(u64, u64, String), Failure> {
        self.add(read.rows.bytes())?;
        let apart = self.apart.write(&read.apart, &read.rows.refused)?;
        Ok((self.length, apart, hex(&self.digest.clone().finalize())))
    }

    /// How many records are kept apart.
    pub(crate) fn apart(&self) -> u64 {
        self.apart.records
    }

    fn add(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let path = &self.path;
        self.file
            .write_all(bytes)
            .map_err(|error| Failure::new(format!("{}: {error}", path.display())))?;
        self.digest.update(bytes);
        self.length += bytes.len() as u64;
        Ok(())
    }

    pub(crate) fn sync(&mut self) -> Result<(), Failure> {
        let path = &self.path;
        self.file
            .sync_data()
            .and_then(|()| self.apart.file.as_ref().map_or(Ok(()), File::sync_data))
            .map_err(|error| Failure::new(format!("{}: {error}", path.display())))
    }

    /// Ends the document; its length and digest.
    pub(crate) fn finish(&mut self) -> Result<(u64, String), Failure> {
        let tail = std::mem::take(&mut self.tail);
        self.add(&tail)?;
        self.sync()?;
        Ok((self.length, hex(&std::mem::take(&mut self.digest).finalize())))
    }

    /// Gives it its name.
    pub(crate) fn give(&mut self, out: &Path) -> Result<(), Failure> {
        fs::rename(&self.path, out)
            .map_err(|error| Failure::new(format!("{}: {error}", out.display())))?;
        // The name is to last too, where folders can be synced.
        let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty());
        if let Ok(folder) = File::open(folder.unwrap_or(Path::new("."))) {
            let _ = folder.sync_all();
        }
        Ok(())
    }
}

impl Apart {
    fn open(path: &Path, length: u64) -> Result<Self, Failure> {
        let failed = |error: io::Error| Failure::new(format!("{}: {error}", path.display()));
        let known = HashMap::new();
        let mut apart = Self { path: path.to_owned(), file: None, length, records: 0, known };
        match OpenOptions::new().read(true).write(true).open(path) {
            Ok(mut file) => {
                file.set_len(length).map_err(failed)?;
                for line in BufReader::new(&file).split(b'\n') {
                    apart.records += 1;
                    *apart.known.entry(hash(&line.map_err(failed)?)).or_default() += 1;
                }
                file.seek(SeekFrom::End(0)).map_err(failed)?;
                apart.file = Some(file);
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error)),
        }
        Ok(apart)
    }

    /// Writes records whose start cannot be read, which may come with every window: as often as one window
    /// has them. Those that the format cannot carry are written as often as they come.
    fn write(&mut self, lines: &[Vec<u8>], refused: &[Vec<u8>]) -> Result<u64, Failure> {
        let mut here: HashMap<u64, u64> = HashMap::new();
        let mut is_new = |line: &&Vec<u8>| {
            let hash = hash(line.trim_ascii_end());
            let (count, known) =
                (here.entry(hash).or_default(), self.known.entry(hash).or_default());
            *count += 1;
            let is_new = count > known;
            *known = *count.max(known);
            is_new
        };
        let new: Vec<_> = lines.iter().filter(|line| is_new(line)).collect();
        for line in new.into_iter().chain(refused) {
            let line = line.trim_ascii_end();
            let path = &self.path;
            let failed = |error: io::Error| Failure::new(format!("{}: {error}", path.display()));
            let file = match &mut self.file {
                Some(file) => file,
                none => none.insert(File::create(path).map_err(failed)?),
            };
            file.write_all(line).and_then(|()| file.write_all(b"\n")).map_err(failed)?;
            self.length += line.len() as u64 + 1;
            self.records += 1;
        }
        Ok(self.length)
    }
}

/// Whether the next bytes of a file are there, and as they should be.
fn next_is(file: &mut File, count: u64, is: impl FnOnce(&[u8]) -> bool) -> io::Result<bool> {
    // A window is bounded by its pages; a count that the file does not have is not reserved.
    let left = file.metadata()?.len().saturating_sub(file.stream_position()?);
    if count > left {
        return Ok(false);
    }
    let mut bytes = Vec::new();
    file.take(count).read_to_end(&mut bytes)?;
    Ok(is(&bytes))
}

fn hash(line: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    line.hash(&mut hasher);
    hasher.finish()
}
