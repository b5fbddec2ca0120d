//! A name that no file has yet. What is to have it is written beside it, by one process at a time, and
//! has the name once it is whole and on the disk: it is never that of less.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use super::files::{self, identity};
use crate::{StoreError, StoreErrorKind};

/// A name that is taken until this is dropped. So long the file beside it, `NAME.partial`, is locked:
/// one that is not is left of a process that was killed, and is removed by the next.
#[derive(Debug)]
pub(super) struct Claim {
    name: PathBuf,
    partial: PathBuf,
    lock: File,
    is_given: bool,
}

/// What becomes of who finds the name taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// It is told so.
    Refuse,
    /// It waits until the other is done.
    Wait,
}

/// How often a file is found and gone again before that is a failure.
const TRIES: usize = 100;

impl Claim {
    /// Takes a name, and makes an empty file beside it that nobody else can read. `failed` says what
    /// was being done.
    pub(super) fn take(
        name: &Path,
        taken: Taken,
        failed: &dyn Fn(io::Error) -> StoreError,
    ) -> Result<Self, StoreError> {
        is_free(name)?;
        // First of all: who is refused has changed nothing.
        files::is_clear(name)?;
        let partial = files::partial(name);
        let lock = lock(name, &partial, taken, failed)?;
        let claim = Self { name: name.to_owned(), partial, lock, is_given: false };
        // Whoever had it before may have been done just now.
        is_free(name)?;
        files::clear(name)?;
        Ok(claim)
    }

    /// The file that is to have the name.
    pub(super) fn partial(&self) -> &Path {
        &self.partial
    }

    /// Gives the name to the file, when both are on the disk.
    pub(super) fn give(
        mut self,
        failed: &dyn Fn(io::Error) -> StoreError,
    ) -> Result<(), StoreError> {
        self.lock.sync_all().map_err(failed)?;
        // Whoever does not know of the lock.
        files::clear(&self.name)?;
        match name_it(&self.partial, &self.name) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return is_free(&self.name);
            }
            named => named.map_err(failed)?,
        }
        self.is_given = true;
        sync_folder(&self.name).map_err(failed)
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        // Still locked: what has its name later is that of another.
        if !self.is_given {
            let _ = files::remove_beside(&self.partial);
            let _ = files::remove(&self.partial);
        }
    }
}

/// Whether no file has the name, nor a link.
fn is_free(name: &Path) -> Result<(), StoreError> {
    if name.symlink_metadata().is_err() {
        return Ok(());
    }
    let message = format!("{} exists already", name.display());
    Err(StoreError::new(StoreErrorKind::Exists, message))
}

/// Makes a file that this process alone has, in the place of one that nobody has any more.
fn lock(
    name: &Path,
    partial: &Path,
    taken: Taken,
    failed: &dyn Fn(io::Error) -> StoreError,
) -> Result<File, StoreError> {
    for _ in 0..TRIES {
        let (file, is_new) = match open(partial, true) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                match open(partial, false) {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                    found => (found.map_err(failed)?, false),
                }
            }
            made => (made.map_err(failed)?, true),
        };
        match (file.try_lock(), taken) {
            (Ok(()), _) => {}
            (Err(TryLockError::WouldBlock), Taken::Refuse) => {
                let message = format!(
                    "another process is making {}: it has {} open",
                    name.display(),
                    partial.display()
                );
                return Err(StoreError::new(StoreErrorKind::Exists, message));
            }
            (Err(TryLockError::WouldBlock), Taken::Wait) => file.lock().map_err(failed)?,
            // Without locks, what is new is nobody else's.
            (Err(TryLockError::Error(_)), _) if is_new => {}
            (Err(TryLockError::Error(error)), _) => {
                let message = format!(
                    "cannot tell whether another process has {} open: remove it if none has",
                    partial.display()
                );
                let error =
                    StoreError::new(StoreErrorKind::Unavailable, message).with_source(error);
                return Err(error);
            }
        }
        // Between the two it may have been given its name, or been removed.
        let is_there = match (file.metadata(), partial.symlink_metadata()) {
            (Ok(held), Ok(named)) => identity(&held) == identity(&named),
            _ => false,
        };
        match (is_there, is_new) {
            (true, true) => return Ok(file),
            // It is not written to: a process that was killed may have given it its name too.
            (true, false) => {
                files::remove_beside(partial)
                    .and_then(|()| files::remove(partial))
                    .map_err(failed)?;
            }
            (false, _) => {}
        }
        is_free(name)?;
    }
    let message = format!("{} is made and removed again and again", partial.display());
    Err(StoreError::new(StoreErrorKind::Unavailable, message))
}

/// Opens a file that is new, or one that is there.
fn open(path: &Path, is_new: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(is_new);
    // What recordings and hashes of tokens are in is for nobody else. SQLite gives what it lays beside a
    // file the mode of that file.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Has a name be on the disk: it is in the folder, where folders can be opened.
pub(super) fn sync_folder(name: &Path) -> io::Result<()> {
    let folder = name.parent().filter(|folder| !folder.as_os_str().is_empty());
    match folder.unwrap_or(Path::new(".")) {
        folder if cfg!(unix) => File::open(folder)?.sync_all(),
        _ => Ok(()),
    }
}

/// Gives a file another name, if no file has it.
pub(super) fn name_it(from: &Path, to: &Path) -> io::Result<()> {
    #[cfg(any(target_os = "linux", target_vendor = "apple"))]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        use rustix::io::Errno;

        match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
            // Not of this system, or not in this file system.
            Err(Errno::NOSYS | Errno::INVAL | Errno::NOTSUP) => {}
            named => return Ok(named?),
        }
    }
    match std::fs::hard_link(from, to) {
        Ok(()) => std::fs::remove_file(from),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
        // Without links too. The others that make this file wait for the lock, or are refused.
        Err(_) if to.symlink_metadata().is_err() => std::fs::rename(from, to),
        Err(_) => Err(io::ErrorKind::AlreadyExists.into()),
    }
}
