//! A file that gets its name when it is complete.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use super::failure::{Failure, cannot};
use super::owner::owned;

/// A new file, written as `NAME.partial`, readable only for its owner. A leftover of a killed process is
/// removed; a file that another process is writing is an error. It is removed unless it is
/// [given](Self::give) its name.
pub(super) struct Partial {
    name: PathBuf,
    partial: PathBuf,
    /// It is locked.
    file: File,
    is_given: bool,
}

/// How often a file may appear and vanish again before that is a failure.
const TRIES: usize = 100;

impl Partial {
    pub(super) fn take(name: &Path) -> Result<Self, Failure> {
        let mut partial = name.as_os_str().to_owned();
        partial.push(".partial");
        let partial = PathBuf::from(partial);
        let failed = |error| cannot("write", &partial, &error);
        for _ in 0..TRIES {
            is_free(name)?;
            let (file, is_new) = match open(&partial, true) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    match open(&partial, false) {
                        Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                        found => (found.map_err(failed)?, false),
                    }
                }
                made => (made.map_err(failed)?, true),
            };
            match file.try_lock() {
                Ok(()) => {}
                // Without locks, a new file belongs to nobody else.
                Err(TryLockError::Error(_)) if is_new => {}
                Err(TryLockError::Error(error)) => return Err(failed(error)),
                Err(TryLockError::WouldBlock) => {
                    let message = format!("another process is making {}", name.display());
                    return Err(
                        Failure::new(message).hint("wait until it is done, or name another file")
                    );
                }
            }
            // Between the two steps it may have got its name, or been removed.
            let named = partial.symlink_metadata();
            let is_there = named.and_then(|named| Ok(is_same(&named, &file.metadata()?)));
            match (is_there.unwrap_or(false), is_new) {
                (true, true) => {
                    return Ok(Self { name: name.to_owned(), partial, file, is_given: false });
                }
                // Do not write to it: a killed process may have linked it to its name already.
                (true, false) => std::fs::remove_file(&partial).map_err(failed)?,
                (false, _) => {}
            }
        }
        Err(Failure::new(format!("{} is made and removed again and again", partial.display())))
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    pub(super) fn name(&self) -> String {
        self.name.display().to_string()
    }

    /// Gives the file its name, once it is on the disk.
    pub(super) fn give(mut self) -> Result<(), Failure> {
        let failed = |error| cannot("write", &self.name, &error);
        self.file.sync_all().map_err(failed)?;
        match std::fs::hard_link(&self.partial, &self.name) {
            Ok(()) => std::fs::remove_file(&self.partial).map_err(failed)?,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return is_free(&self.name);
            }
            // The file system has no links.
            Err(_) => {
                is_free(&self.name)?;
                std::fs::rename(&self.partial, &self.name).map_err(failed)?;
            }
        }
        self.is_given = true;
        sync_folder(&self.name).map_err(failed)
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // It is still locked, so nobody else has the name yet.
        if !self.is_given {
            let _ = std::fs::remove_file(&self.partial);
        }
    }
}

fn is_free(name: &Path) -> Result<(), Failure> {
    match name.symlink_metadata() {
        Err(_) => Ok(()),
        Ok(_) => Err(Failure::new(format!("{} exists already", name.display()))
            .hint("name a file that does not exist")),
    }
}

/// Creates a file, or opens an existing one.
fn open(path: &Path, is_new: bool) -> io::Result<File> {
    owned(File::options().read(true).write(true).create_new(is_new)).open(path)
}

#[cfg(unix)]
fn is_same(one: &std::fs::Metadata, other: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;

    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

#[cfg(not(unix))]
fn is_same(_: &std::fs::Metadata, _: &std::fs::Metadata) -> bool {
    true
}

/// Makes a name durable: syncs its folder, on systems where folders can be opened.
fn sync_folder(name: &Path) -> io::Result<()> {
    let folder = name.parent().filter(|folder| !folder.as_os_str().is_empty());
    match folder.unwrap_or(Path::new(".")) {
        folder if cfg!(unix) => File::open(folder)?.sync_all(),
        _ => Ok(()),
    }
}
