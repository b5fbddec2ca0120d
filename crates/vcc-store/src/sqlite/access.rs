//! Whether a store can be written, and how to read it if not.

use std::io::{self, Read as _};
use std::path::Path;

use super::files::{beside, real};
use crate::{StoreError, StoreErrorKind};

/// What this process may do with a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// Read and write.
    Write,
    /// Read.
    Read {
        /// Whether nobody can write it now, so that SQLite may read the file without locks and
        /// without a log. Look again before trusting what was read: another user, or another
        /// machine, may begin to write.
        is_alone: bool,
        /// Why it cannot be written.
        why: String,
    },
}

/// The facts that decide.
#[derive(Clone, Debug)]
struct Facts {
    /// Whether the file can be written, and why not.
    file: Result<(), io::ErrorKind>,
    /// Whether its folder can be written, and why not.
    folder: Result<(), io::ErrorKind>,
    /// Whether the file says that it is used with a log.
    has_log_mode: bool,
    log: Beside,
    index: Beside,
    journal: Beside,
}

/// A file beside the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Beside {
    Absent,
    Empty,
    Filled,
}

/// Finds out what this process may do with the store at a path.
pub(super) fn of(path: &Path) -> Result<Access, StoreError> {
    let name = path.display();
    let path = real(path);
    let failed = |error| {
        StoreError::new(StoreErrorKind::Unavailable, "cannot open the store")
            .with_source(error)
            .at(&name)
    };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let (file, folder) = (writable(&path, false), writable(folder.unwrap_or(Path::new(".")), true));
    if file.is_ok() && folder.is_ok() {
        return Ok(Access::Write);
    }
    let look = |end| match beside(&path, end).metadata() {
        Ok(about) if about.len() == 0 => Ok(Beside::Empty),
        Ok(_) => Ok(Beside::Filled),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Beside::Absent),
        Err(error) => Err(failed(error)),
    };
    let facts = Facts {
        file: file.map_err(|error| error.kind()),
        folder: folder.map_err(|error| error.kind()),
        has_log_mode: has_log_mode(&path).map_err(failed)?,
        log: look("-wal")?,
        index: look("-shm")?,
        journal: look("-journal")?,
    };
    decide(&facts)
        .map_err(|message| StoreError::new(StoreErrorKind::Refused, format!("{name} {message}")))
}

/// Refuses a store that cannot be written.
pub(super) fn to_write(path: &Path) -> Result<(), StoreError> {
    match of(path)? {
        Access::Write => Ok(()),
        Access::Read { why, .. } => {
            let message = format!("{} is read-only: {why}", path.display());
            Err(StoreError::new(StoreErrorKind::Refused, message))
        }
    }
}

/// What the facts allow, or which of them is in the way.
fn decide(facts: &Facts) -> Result<Access, &'static str> {
    let why = |what: &str, kind: io::ErrorKind| match kind {
        io::ErrorKind::ReadOnlyFilesystem => {
            format!("{what} is in a file system that is read-only")
        }
        _ => format!("this user may not write {what}"),
    };
    let why = match (&facts.file, &facts.folder) {
        (Ok(()), Ok(())) => return Ok(Access::Write),
        // Another process has made all the files that are written.
        (Ok(()), Err(_)) if facts.has_log_mode && facts.index != Beside::Absent => {
            return Ok(Access::Write);
        }
        (Ok(()), Err(kind)) => why("its folder", *kind),
        (Err(kind), _) => why("it", *kind),
    };
    if facts.journal == Beside::Filled {
        return Err(
            "cannot be read: a write that was broken off is in its journal, and to undo it is \
                    to write",
        );
    }
    let is_alone = match (facts.log, facts.index) {
        // Without a log there are only locks, and nothing is made beside the file.
        _ if !facts.has_log_mode => false,
        (Beside::Filled | Beside::Empty, Beside::Filled | Beside::Empty) => false,
        (Beside::Filled, Beside::Absent) if facts.folder.is_ok() => false,
        (Beside::Filled, Beside::Absent) => {
            return Err(
                "cannot be read: its log holds a part of it, and the index of the log cannot \
                        be made in a folder that is read-only",
            );
        }
        (Beside::Absent | Beside::Empty, _) => true,
    };
    Ok(Access::Read { is_alone, why })
}

/// Whether the first page says that there may be a log. Do not call it for a file that this process
/// may write: closing it would drop SQLite's locks on it.
fn has_log_mode(path: &Path) -> io::Result<bool> {
    let mut head = Vec::new();
    std::fs::File::open(path)?.take(20).read_to_end(&mut head)?;
    Ok(head.get(18..) == Some(&[2, 2]))
}

#[cfg(unix)]
fn writable(path: &Path, is_folder: bool) -> io::Result<()> {
    use rustix::fs::{Access, access};

    let how = if is_folder { Access::WRITE_OK | Access::EXEC_OK } else { Access::WRITE_OK };
    Ok(access(path, how)?)
}

#[cfg(not(unix))]
fn writable(path: &Path, is_folder: bool) -> io::Result<()> {
    match path.metadata()?.permissions().readonly() && !is_folder {
        true => Err(io::ErrorKind::PermissionDenied.into()),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::Beside::{Absent, Empty, Filled};
    use super::*;

    /// Whether it is read alone; `None` if it can be written.
    fn read(facts: &Facts) -> Result<Option<bool>, &'static str> {
        Ok(match decide(facts)? {
            Access::Write => None,
            Access::Read { is_alone, .. } => Some(is_alone),
        })
    }

    #[test]
    fn what_is_read_alone() {
        let denied = Err(io::ErrorKind::PermissionDenied);
        for (has_log_mode, log, index, folder, is_alone) in [
            // A backup: locks are enough.
            (false, Absent, Absent, denied, Ok(Some(false))),
            (false, Absent, Absent, Ok(()), Ok(Some(false))),
            // A store that was closed: nothing can be made beside it, or it would be in the way of
            // others.
            (true, Absent, Absent, denied, Ok(Some(true))),
            (true, Absent, Absent, Ok(()), Ok(Some(true))),
            (true, Empty, Absent, denied, Ok(Some(true))),
            (true, Absent, Filled, denied, Ok(Some(true))),
            // A store that another process has open, or that was not closed.
            (true, Empty, Filled, denied, Ok(Some(false))),
            (true, Filled, Filled, denied, Ok(Some(false))),
            (true, Filled, Absent, Ok(()), Ok(Some(false))),
            (true, Filled, Absent, denied, Err("cannot be read: its log holds")),
        ] {
            let facts = Facts { file: denied, folder, has_log_mode, log, index, journal: Absent };
            match (read(&facts), is_alone) {
                (Err(said), Err(start)) => assert!(said.starts_with(start), "{said}"),
                (found, wanted) => assert_eq!(found, wanted, "{facts:?}"),
            }
            let facts = Facts { journal: Filled, ..facts };
            assert!(read(&facts).unwrap_err().contains("in its journal"), "{facts:?}");
        }
    }

    #[test]
    fn what_cannot_be_written_is_said() {
        let (denied, read_only) =
            (Err(io::ErrorKind::PermissionDenied), Err(io::ErrorKind::ReadOnlyFilesystem));
        let (log, index, journal) = (Absent, Absent, Absent);
        for (file, folder, said) in [
            (denied, Ok(()), "this user may not write it"),
            (denied, denied, "this user may not write it"),
            (Ok(()), denied, "this user may not write its folder"),
            (read_only, read_only, "it is in a file system that is read-only"),
        ] {
            let facts = Facts { file, folder, has_log_mode: true, log, index, journal };
            let wanted = Access::Read { is_alone: true, why: said.to_owned() };
            assert_eq!(decide(&facts), Ok(wanted));
        }
        // What exists already need not be made.
        let facts = Facts { file: Ok(()), folder: denied, has_log_mode: true, log, index, journal };
        assert_eq!(decide(&Facts { log: Empty, index: Filled, ..facts }), Ok(Access::Write));
    }
}
