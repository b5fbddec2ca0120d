//! Whether the path of the store still names the file that is open, and whether that can be read.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::{Connection, OpenFlags, OptionalExtension as _};
use tokio::sync::Semaphore;

use super::error::error;
use super::files::{self, Identity, Seen, alone, beside, identity, real};
use super::held::Held;
use super::location::Location;
use super::migrate::APPLICATION_ID;
use super::page;
use super::pool::read_afresh;
use super::statements as s;
use crate::selection::any_record;
use crate::{StoreError, StoreErrorKind, TenantId};

/// What is known of a store's file since it was opened.
#[derive(Debug)]
pub(super) struct Opened {
    location: Location,
    /// The database, its log and the index of the log. The latter two stay the same while a
    /// connection is open: if somebody removes them, this process and later ones no longer share
    /// them.
    files: Vec<(PathBuf, Identity)>,
    /// The file itself, if `location` may be a link.
    real: Option<PathBuf>,
    /// The state of the files, if nobody should write them.
    seen: Option<Seen>,
    /// A disk that hangs blocks one thread, however often it is asked.
    pub(super) one: Arc<Semaphore>,
    _held: Held,
}

/// What the path of a store names now.
#[derive(Debug)]
pub(super) enum Now {
    /// The file that is open.
    Same,
    /// Another file.
    Other,
    /// The file that is open, but somebody has written to it who should not.
    Written,
    /// No file.
    Gone,
}

const NOT_READY: &str = "the store is not ready";

impl Opened {
    /// Call this after a connection has read: then there is a log.
    pub(super) fn new(location: &Location, held: Held) -> Self {
        let mut files = Vec::new();
        // The log is beside the file, not beside a link to it.
        let real = location.path.as_deref().map(real);
        if let (Some(path), Some(real)) = (&location.path, &real) {
            for file in [path.clone(), beside(real, "-wal"), beside(real, "-shm")] {
                if let Ok(about) = file.metadata() {
                    files.push((file, identity(&about)));
                }
            }
        }
        let seen = real.as_deref().filter(|_| location.is_alone).map(Seen::of);
        let (location, one) = (location.clone(), Arc::new(Semaphore::new(1)));
        Self { location, files, real, seen, one, _held: held }
    }

    /// Whether this file is open.
    pub(super) fn is(&self, file: Identity) -> bool {
        self.files.first().is_some_and(|(_, opened)| *opened == file)
    }

    /// Whether the path names the file that is open. Other failures are not reported here: the next
    /// read meets them too.
    pub(super) fn now(&self) -> Now {
        let Some((file, opened)) = self.files.first() else { return Now::Same };
        match file.metadata() {
            Ok(about) if identity(&about) != *opened => Now::Other,
            Ok(_) if self.was_written() => Now::Written,
            Err(failed) if failed.kind() == std::io::ErrorKind::NotFound => Now::Gone,
            _ => Now::Same,
        }
    }

    fn was_written(&self) -> bool {
        let (Some(seen), Some(real)) = (&self.seen, &self.real) else { return false };
        Seen::of(real) != *seen
    }

    /// If another file has taken the place of the open one, removes the log of the open file and
    /// the index of that log, because they would be read as a part of the new one. Returns what was
    /// removed.
    pub(super) fn clear_beside(&self) -> Result<Vec<PathBuf>, StoreError> {
        let mut removed = Vec::new();
        let mut files = self.files.iter();
        let (Some((_, opened)), Some(real)) = (files.next(), &self.real) else {
            return Ok(removed);
        };
        // If a link leads elsewhere now, they stay with their file.
        if real.metadata().is_ok_and(|about| identity(&about) == *opened) {
            return Ok(removed);
        }
        for (file, opened) in files {
            if file.metadata().is_ok_and(|about| identity(&about) == *opened) {
                files::remove(file).map_err(|error| {
                    StoreError::new(StoreErrorKind::Unavailable, "cannot remove it")
                        .with_source(error)
                        .at(file.display())
                })?;
                removed.push(file.clone());
            }
        }
        Ok(removed)
    }

    /// Looks at the files and reads a record, with nothing in memory. Returns the name of a tenant,
    /// if there is one.
    pub(super) fn look(&self) -> Result<Option<String>, StoreError> {
        let Some(path) = &self.location.path else { return Ok(None) };
        for (file, opened) in &self.files {
            is_the_same(file, *opened)?;
        }
        is_headed(path)?;
        read_afresh(&self.location, |connection| {
            let failed = error(NOT_READY);
            let tenant: Option<(i64, String)> = connection
                .query_row(s::READY.text, [], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()
                .map_err(failed)?;
            let Some((tenant, name)) = tenant else { return Ok(None) };
            page::begin(connection, TenantId(tenant), &any_record())?;
            Ok(Some(name))
        })
    }
}

fn is_the_same(file: &Path, opened: Identity) -> Result<(), StoreError> {
    let name = file.display();
    let unavailable = |message| Err(StoreError::new(StoreErrorKind::Unavailable, message));
    match file.metadata() {
        Err(failed) if failed.kind() == std::io::ErrorKind::NotFound => unavailable(format!(
            "{name} is gone: what this process has open is read by nobody else"
        )),
        Err(failed) => {
            let error = StoreError::new(StoreErrorKind::Unavailable, "cannot look at the store");
            Err(error.with_source(failed).at(name))
        }
        Ok(about) if identity(&about) != opened => {
            unavailable(format!("{name} was replaced: a restart opens the new file"))
        }
        Ok(_) => Ok(()),
    }
}

/// Whether the file itself begins like a store, whatever its log has. Only SQLite may open it:
/// closing a file drops all locks of the process on it.
fn is_headed(path: &Path) -> Result<(), StoreError> {
    if path.metadata().is_ok_and(|about| about.len() == 0) {
        let message = format!("{} is empty, and was a store", path.display());
        return Err(StoreError::new(StoreErrorKind::Internal, message));
    }
    let Some(url) = alone(path) else { return Ok(()) };
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let head = Connection::open_with_flags(url, flags).and_then(|connection| {
        connection.pragma_query_value(None, "application_id", |row| row.get::<_, i64>(0))
    });
    match head {
        Ok(APPLICATION_ID) => Ok(()),
        Ok(_) => {
            let message =
                format!("{} was overwritten, and is not a store any more", path.display());
            Err(StoreError::new(StoreErrorKind::Internal, message))
        }
        // A checkpoint that is half-way through looks like damage without the log.
        Err(failed) if failed.sqlite_error_code() != Some(rusqlite::ErrorCode::NotADatabase) => {
            Ok(())
        }
        Err(failed) => Err(error(NOT_READY)(failed).at(path.display())),
    }
}
