//! Whether what the store's path names is still the file that is open, and can be read.

use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::{Connection, OpenFlags, OptionalExtension as _};
use tokio::sync::Semaphore;

use super::begin;
use super::error::error;
use super::migrate::APPLICATION_ID;
use super::pool::{Location, read_afresh};
use crate::store::anything;
use crate::{StoreError, StoreErrorKind, TenantId};

/// What is known of a store's file since it was opened.
pub(super) struct Opened {
    location: Location,
    /// The database, its log and the index of its log. The latter two stay what they are as long as a
    /// connection is open: whoever removes them parts this process from those that come later.
    files: Vec<(PathBuf, Identity)>,
    /// A disk that hangs holds one thread, however often it is asked.
    pub(super) one: Arc<Semaphore>,
}

/// Device and number of a file, where the system has them.
type Identity = Option<(u64, u64)>;

const NOT_READY: &str = "the store is not ready";

impl Opened {
    /// To be called when a connection has read: the log is there by then.
    pub(super) fn new(location: &Location) -> Self {
        let mut files = Vec::new();
        if let Some(path) = &location.path {
            // The log stands beside the file, not beside a link to it.
            let real = path.canonicalize().unwrap_or_else(|_| path.clone());
            let beside = |end: &str| {
                let mut name = real.clone().into_os_string();
                name.push(end);
                PathBuf::from(name)
            };
            for file in [path.clone(), beside("-wal"), beside("-shm")] {
                if let Ok(about) = file.metadata() {
                    files.push((file, identity(&about)));
                }
            }
        }
        Self { location: location.clone(), files, one: Arc::new(Semaphore::new(1)) }
    }

    /// Looks at the files and reads a record, with nothing of them in memory. It gives the name of a
    /// tenant, if there is one.
    pub(super) fn look(&self) -> Result<Option<String>, StoreError> {
        let Some(path) = &self.location.path else { return Ok(None) };
        for (file, opened) in &self.files {
            is_the_same(file, *opened)?;
        }
        is_headed(path)?;
        read_afresh(&self.location, |connection| {
            let failed = error(NOT_READY);
            let tenant: Option<(i64, String)> = connection
                .query_row("SELECT tenant, name FROM tenants ORDER BY tenant LIMIT 1", [], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })
                .optional()
                .map_err(failed)?;
            let Some((tenant, name)) = tenant else { return Ok(None) };
            begin(connection, TenantId(tenant), &anything())?;
            Ok(Some(name))
        })
    }
}

fn is_the_same(file: &Path, opened: Identity) -> Result<(), StoreError> {
    let name = file.display();
    let red = |message| Err(StoreError::new(StoreErrorKind::Unavailable, message));
    match file.metadata() {
        Err(failed) if failed.kind() == std::io::ErrorKind::NotFound => {
            red(format!("{name} is gone: what this process has open is read by nobody else"))
        }
        Err(failed) => {
            let error = StoreError::new(StoreErrorKind::Unavailable, "cannot look at the store");
            Err(error.with_source(failed).at(name))
        }
        Ok(about) if identity(&about) != opened => {
            red(format!("{name} was replaced: a restart opens the new file"))
        }
        Ok(_) => Ok(()),
    }
}

/// Whether the file itself begins as a store, whatever its log has. It must not be opened but by SQLite:
/// a file that is closed takes all locks with it that its process has on it.
fn is_headed(path: &Path) -> Result<(), StoreError> {
    if path.metadata().is_ok_and(|about| about.len() == 0) {
        let message = format!("{} is empty, and was a store", path.display());
        return Err(StoreError::new(StoreErrorKind::Internal, message));
    }
    let Some(url) = immutable(path) else { return Ok(()) };
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let head = Connection::open_with_flags(url, flags).and_then(|connection| {
        connection.pragma_query_value(None, "application_id", |row| row.get::<_, i64>(0))
    });
    match head {
        Ok(APPLICATION_ID) => Ok(()),
        Ok(_) => {
            let message = format!("{} was overwritten, and is no store", path.display());
            Err(StoreError::new(StoreErrorKind::Internal, message))
        }
        // What a checkpoint has written in part looks damaged without the log.
        Err(failed) if failed.sqlite_error_code() != Some(rusqlite::ErrorCode::NotADatabase) => {
            Ok(())
        }
        Err(failed) => Err(error(NOT_READY)(failed).at(path.display())),
    }
}

/// The URL by which SQLite reads a file alone, without its log and without locks.
#[cfg(unix)]
fn immutable(path: &Path) -> Option<String> {
    use std::fmt::Write as _;
    use std::os::unix::ffi::OsStrExt as _;

    let mut url = "file:".to_owned();
    for byte in path.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || b"/._-".contains(byte) {
            url.push(char::from(*byte));
        } else {
            let _ = write!(url, "%{byte:02X}");
        }
    }
    url.push_str("?immutable=1");
    Some(url)
}

#[cfg(not(unix))]
fn immutable(_: &Path) -> Option<String> {
    None
}

#[cfg(unix)]
fn identity(about: &Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt as _;

    Some((about.dev(), about.ino()))
}

#[cfg(not(unix))]
fn identity(_: &Metadata) -> Identity {
    None
}
