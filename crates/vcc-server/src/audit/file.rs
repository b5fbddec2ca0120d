//! The open file of an audit log. No operation on it waits for a reader.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

/// How many bytes a regular file is given at once.
const FILE_AT_ONCE: usize = 64 * 1024;

/// A pipe takes this many bytes at once or none of them, so that those of another writer cannot come between:
/// `PIPE_BUF` of Linux.
const PIPE_AT_ONCE: usize = 4_096;

/// Where lines are written to.
pub(super) trait Target: Sized {
    /// Opens a file to append to it, and creates it if there is none. `is_cut` says whether its last
    /// line has no end, for pipes and for files that cannot be read to find out.
    fn open(path: &Path, is_cut: bool) -> io::Result<Self>;

    /// How many bytes are written at once, unless one line has more.
    fn at_once(&self) -> usize;

    /// Writes some of these bytes, at least one. They begin a line, or continue one that was begun here.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize>;

    /// Whether it was removed, so that nobody will read what has been written.
    fn is_removed(&self) -> bool;
}

pub(super) struct LogFile {
    file: File,
    is_regular: bool,
    /// Whether it had a name when it was opened. A file that never had one cannot lose it.
    had_name: bool,
    /// Whether its last line has no end.
    is_cut: bool,
}

impl Target for LogFile {
    fn open(path: &Path, is_cut: bool) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        let file = without_waiting(owned(&mut options)).open(path)?;
        let metadata = file.metadata()?;
        let is_regular = metadata.is_file();
        // A file that cannot be read may still be writable.
        let is_cut = match (is_regular, metadata.len()) {
            (true, 0) => false,
            (true, _) => ends_within_a_line(path).unwrap_or(is_cut),
            (false, _) => is_cut,
        };
        Ok(Self { file, is_regular, had_name: has_name(&metadata), is_cut })
    }

    fn at_once(&self) -> usize {
        if self.is_regular { FILE_AT_ONCE } else { PIPE_AT_ONCE }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.is_cut {
            self.file.write_all(b"\n")?;
            self.is_cut = false;
        }
        match self.file.write(bytes)? {
            0 => Err(io::ErrorKind::WriteZero.into()),
            written => Ok(written),
        }
    }

    fn is_removed(&self) -> bool {
        self.had_name && self.file.metadata().is_ok_and(|metadata| !has_name(&metadata))
    }
}

/// Whether the error means that nobody has opened the pipe to read.
pub(super) fn lacks_reader(error: &io::Error, path: &Path) -> bool {
    is_no_device(error) && std::fs::metadata(path).is_ok_and(|metadata| is_pipe(&metadata))
}

/// A new file is for its owner only; an existing one keeps its mode.
#[cfg(unix)]
fn owned(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;
    options.mode(0o600)
}

#[cfg(unix)]
fn without_waiting(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;
    options.custom_flags(libc::O_NONBLOCK)
}

#[cfg(unix)]
fn has_name(metadata: &std::fs::Metadata) -> bool {
    std::os::unix::fs::MetadataExt::nlink(metadata) > 0
}

#[cfg(unix)]
fn is_no_device(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::ENXIO)
}

#[cfg(unix)]
fn is_pipe(metadata: &std::fs::Metadata) -> bool {
    std::os::unix::fs::FileTypeExt::is_fifo(&metadata.file_type())
}

#[cfg(not(unix))]
fn owned(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

#[cfg(not(unix))]
fn without_waiting(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

#[cfg(not(unix))]
fn has_name(_: &std::fs::Metadata) -> bool {
    true
}

#[cfg(not(unix))]
fn is_no_device(_: &io::Error) -> bool {
    false
}

#[cfg(not(unix))]
fn is_pipe(_: &std::fs::Metadata) -> bool {
    false
}

/// Whether the last line of a file that has one has no end.
fn ends_within_a_line(path: &Path) -> io::Result<bool> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}
