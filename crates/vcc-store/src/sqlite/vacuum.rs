//! The rewrite of a file, after which it and its log have only what the store has. Until then there
//! are copies of what was deleted: in free pages, in the free space of pages that were split, in
//! the log.
//!
//! SQLite writes a new database to a temporary file without a name, and then its pages by way of
//! the log to the store. So if a process is killed at any point, the store is as it was before or
//! as it is after, and no file with values is left beside it.

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
    /// The mark of the note of what was deleted, if there was one.
    mark: Option<Vec<u8>>,
    before: u64,
    after: u64,
}

/// Rewrites the file, by way of the log.
pub(super) fn rewrite(connection: &mut Connection) -> Result<Rewritten, StoreError> {
    let failed = error("cannot rewrite the store");
    // Read before the rewrite, so that the rewrite covers all of it.
    let mark = remains::marked(connection).map_err(&failed)?.map(|(mark, _)| mark);
    let before = pages(connection).map_err(&failed)?.0;
    connection.execute_batch("VACUUM").map_err(&failed)?;
    let after = pages(connection).map_err(failed)?.0;
    Ok(Rewritten { mark, before, after })
}

/// Moves the log into the file, on the disk, and empties it there, if nobody reads from it
/// meanwhile; then forgets the note.
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
            // SQLite does not wait for another process that writes the log back.
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

/// Empties the log if possible, and returns whether others read from it.
fn is_read(connection: &Connection) -> Result<bool, StoreError> {
    connection
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))
        .or_else(|failed| match failed.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Ok(true),
            _ => Err(failed),
        })
        .map_err(error("cannot empty the log of the store"))
}

/// SQLite does not sync a truncation: after a loss of power the log would be back.
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

/// What a rewrite needs.
pub(super) fn needs(
    connection: &Connection,
    path: &Path,
) -> Result<Option<VacuumNeeds>, StoreError> {
    let (all, free) = pages(connection).map_err(error("cannot measure the store"))?;
    let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let beside = real.parent().map_or_else(PathBuf::new, Path::to_owned);
    Ok(Some(VacuumNeeds { bytes: all.saturating_sub(free), beside, temporary: temporary() }))
}

/// The bytes of all pages, and of the free ones.
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
