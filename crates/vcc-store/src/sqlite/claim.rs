//! The claim to a name that no file has yet. The content is written to another file beside it, by
//! one process at a time, which gets the name once it is whole and on the disk: nothing incomplete
//! ever has the name.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use super::files::{self, identity};
use crate::{StoreError, StoreErrorKind};

/// A name that is claimed until this is dropped. Meanwhile the file beside it, `NAME.partial`, is
/// locked: if it is not locked, a killed process has left it, and the next one removes it.
#[derive(Debug)]
pub(super) struct Claim {
    name: PathBuf,
    partial: PathBuf,
    lock: File,
    is_given: bool,
}

/// What to do if another process has claimed the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// Refuse.
    Refuse,
    /// Wait until the other process is done.
    Wait,
}

/// How often a file may vanish right after it was found, before that is an error.
const TRIES: usize = 100;

impl Claim {
    /// Claims a name, and makes an empty file beside it that nobody else can read. `failed` says
    /// what was being done.
    pub(super) fn take(
        name: &Path,
        taken: Taken,
        failed: &dyn Fn(io::Error) -> StoreError,
    ) -> Result<Self, StoreError> {
        is_free(name)?;
        // Before anything is changed.
        files::is_clear(name)?;
        let partial = files::partial(name);
        let lock = lock(name, &partial, taken, failed)?;
        let claim = Self { name: name.to_owned(), partial, lock, is_given: false };
        // The process before may have finished just now.
        is_free(name)?;
        files::clear(name)?;
        Ok(claim)
    }

    /// The file that will get the name.
    pub(super) fn partial(&self) -> &Path {
        &self.partial
    }

    /// Gives the name to the file, with both on the disk.
    pub(super) fn give(
        mut self,
        failed: &dyn Fn(io::Error) -> StoreError,
    ) -> Result<(), StoreError> {
        self.lock.sync_all().map_err(failed)?;
        // A program that does not know of the lock may have left something.
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
        // It is still locked: a later file of this name belongs to another process.
        if !self.is_given {
            let _ = files::remove_beside(&self.partial);
            let _ = files::remove(&self.partial);
        }
    }
}

/// Checks that no file or link has the name.
fn is_free(name: &Path) -> Result<(), StoreError> {
    if name.symlink_metadata().is_err() {
        return Ok(());
    }
    let message = format!("{} exists already", name.display());
    Err(StoreError::new(StoreErrorKind::Exists, message))
}

/// Makes a file that this process alone has, in the place of one that a killed process has left.
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
            // Without locks, only a new file is certain to be ours.
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
        // Between opening and locking it may have got its name, or been removed.
        let is_there = match (file.metadata(), partial.symlink_metadata()) {
            (Ok(held), Ok(named)) => identity(&held) == identity(&named),
            _ => false,
        };
        match (is_there, is_new) {
            (true, true) => return Ok(file),
            // Do not write to it: before it was killed, the process may have given it its name too.
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

/// Opens a new file, or an existing one.
fn open(path: &Path, is_new: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(is_new);
    // Nobody else may read recordings and the hashes of tokens. SQLite gives the files that it
    // makes beside this one the same mode.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Syncs the name of a file: it is in the folder, where folders can be opened.
pub(super) fn sync_folder(name: &Path) -> io::Result<()> {
    let folder = name.parent().filter(|folder| !folder.as_os_str().is_empty());
    match folder.unwrap_or(Path::new(".")) {
        folder if cfg!(unix) => File::open(folder)?.sync_all(),
        _ => Ok(()),
    }
}

/// Renames a file, if no other file has the new name.
pub(super) fn name_it(from: &Path, to: &Path) -> io::Result<()> {
    #[cfg(any(target_os = "linux", target_vendor = "apple"))]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        use rustix::io::Errno;

        match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
            // Not on this system, or not in this file system.
            Err(Errno::NOSYS | Errno::INVAL | Errno::NOTSUP) => {}
            named => return Ok(named?),
        }
    }
    match std::fs::hard_link(from, to) {
        Ok(()) => std::fs::remove_file(from),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
        // The file system has no hard links either. Others that make this file wait for the lock,
        // or are refused.
        Err(_) if to.symlink_metadata().is_err() => std::fs::rename(from, to),
        Err(_) => Err(io::ErrorKind::AlreadyExists.into()),
    }
}
