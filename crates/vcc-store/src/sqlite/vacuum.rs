//! The rewrite of a file, so that nothing is in it, nor in its log, but what the store holds. What was
//! deleted has copies until then: in free pages, in the free room of pages that were split, in the log.
//!
//! SQLite writes a new database to a temporary file that has no name, and its pages by way of the log to
//! the store. So a process that is killed at any point leaves the store as it was before or as it is
//! after, and no file with values beside it.

use std::fs::OpenOptions;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode};

use super::error::error;
use super::remains;
use crate::{StoreError, StoreErrorKind, VacuumNeeds, Vacuumed};

/// How often it is tried to empty the log.
const LOOK: Duration = Duration::from_millis(5);

/// What was rewritten.
#[derive(Debug)]
pub(super) struct Rewritten {
    /// The mark of what was to be rewritten, if anything was known to be.
    mark: Option<Vec<u8>>,
    before: u64,
    after: u64,
}

/// Writes the file anew, by way of the log.
pub(super) fn rewrite(connection: &mut Connection) -> Result<Rewritten, StoreError> {
    let failed = error("cannot rewrite the store");
    // Before the rewrite, so that it has all of this behind it.
    let mark = remains::marked(connection).map_err(&failed)?.map(|(mark, _)| mark);
    let before = pages(connection).map_err(&failed)?.0;
    connection.execute_batch("VACUUM").map_err(&failed)?;
    let after = pages(connection).map_err(failed)?.0;
    Ok(Rewritten { mark, before, after })
}

/// Has everything of the log in the file, on the disk, and the log empty there, if nobody reads from it
/// meanwhile; then what was to be rewritten is forgotten.
pub(super) fn empty_log(
    connection: &mut Connection,
    file: &Path,
    wait: Duration,
    rewritten: &Rewritten,
) -> Result<Vacuumed, StoreError> {
    let Rewritten { mark, before, after } = rewritten;
    let began = Instant::now();
    let log_is_clean = loop {
        match is_read(connection)? {
            false => break true,
            true if began.elapsed() >= wait => break false,
            // SQLite does not wait for one who writes the log back meanwhile.
            true => std::thread::sleep(LOOK),
        }
    };
    if log_is_clean {
        sync_log(file)?;
        if let Some(mark) = mark {
            remains::forget(connection, mark)?;
        }
    }
    Ok(Vacuumed { log_is_clean, before: *before, after: *after })
}

/// Empties the log, if it can be: whether others read from it.
fn is_read(connection: &Connection) -> Result<bool, StoreError> {
    connection
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))
        .or_else(|failed| match failed.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Ok(true),
            _ => Err(failed),
        })
        .map_err(error("cannot empty the log of the store"))
}

/// SQLite does not sync what it cuts off: after a loss of power the log would be what it was.
fn sync_log(file: &Path) -> Result<(), StoreError> {
    let mut log = file.canonicalize().unwrap_or_else(|_| file.to_owned()).into_os_string();
    log.push("-wal");
    match OpenOptions::new().write(true).open(&log).and_then(|log| log.sync_all()) {
        Err(failed) if failed.kind() != io::ErrorKind::NotFound => {
            let kind = StoreErrorKind::Unavailable;
            Err(StoreError::new(kind, "cannot sync the log of the store").with_source(failed))
        }
        _ => Ok(()),
    }
}

/// What a rewrite takes.
pub(super) fn needs(
    connection: &Connection,
    path: &Path,
) -> Result<Option<VacuumNeeds>, StoreError> {
    let (all, free) = pages(connection).map_err(error("cannot measure the store"))?;
    let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let beside = real.parent().map_or_else(PathBuf::new, Path::to_owned);
    Ok(Some(VacuumNeeds { bytes: all.saturating_sub(free), beside, temporary: temporary() }))
}

/// The bytes of all pages, and of those that are free.
fn pages(connection: &Connection) -> rusqlite::Result<(u64, u64)> {
    let number =
        |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
    let (size, all, free) =
        (number("page_size")?, number("page_count")?, number("freelist_count")?);
    Ok(((size * all).cast_unsigned(), (size * free).cast_unsigned()))
}

/// Where SQLite puts its temporary files: the first of these that is a folder.
fn temporary() -> PathBuf {
    if cfg!(not(unix)) {
        return std::env::temp_dir();
    }
    let named = ["SQLITE_TMPDIR", "TMPDIR"].into_iter().filter_map(std::env::var_os);
    let usual = ["/var/tmp", "/usr/tmp", "/tmp"].map(Into::into);
    let mut folders = named.chain(usual).map(PathBuf::from);
    folders.find(|folder| folder.is_dir()).unwrap_or_else(|| ".".into())
}
