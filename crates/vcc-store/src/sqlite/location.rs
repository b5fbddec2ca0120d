//! Where the database is.

use std::path::PathBuf;

use rusqlite::{Connection, OpenFlags};

use super::files::{alone, beside, real};

/// Where the database is, and who may write.
#[derive(Clone, Debug)]
pub(super) struct Location {
    /// A file, or `None` for memory.
    pub(super) path: Option<PathBuf>,
    pub(super) create: bool,
    pub(super) read_only: bool,
    /// Whether nobody writes it, so that it is read without its log and without locks.
    pub(super) is_alone: bool,
}

impl Location {
    /// The path of the log beside the file, whether it exists or not.
    pub(super) fn log(&self) -> Option<PathBuf> {
        let path = self.path.as_deref()?;
        // It is beside the file, not beside a link to it.
        Some(beside(&real(path), "-wal"))
    }

    pub(super) fn open(&self) -> Result<Connection, rusqlite::Error> {
        let mut flags = OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_EXRESCODE;
        flags |= match (self.read_only, self.create) {
            (true, _) => OpenFlags::SQLITE_OPEN_READ_ONLY,
            (false, true) => OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
            (false, false) => OpenFlags::SQLITE_OPEN_READ_WRITE,
        };
        let alone = self.path.as_deref().filter(|_| self.is_alone).and_then(alone);
        match (alone, &self.path) {
            (Some(url), _) => Connection::open_with_flags(url, flags | OpenFlags::SQLITE_OPEN_URI),
            (None, Some(path)) => Connection::open_with_flags(path, flags),
            (None, None) => Connection::open_in_memory_with_flags(flags),
        }
    }
}
