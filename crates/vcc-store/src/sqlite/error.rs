use std::fmt;
use std::fs::OpenOptions;
use std::io;
use std::path::Path;

use rusqlite::{Error, ErrorCode};

use super::location::Location;
use crate::{StoreError, StoreErrorKind};

/// Describes what failed, and sorts SQLite's reasons by what a caller can do.
pub(super) fn error(doing: &'static str) -> impl Fn(Error) -> StoreError {
    move |error| {
        let kind = match error.sqlite_error_code() {
            Some(ErrorCode::OperationInterrupted) => StoreErrorKind::Deadline,
            Some(
                ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::CannotOpen
                | ErrorCode::DiskFull
                | ErrorCode::SystemIoFailure,
            ) => StoreErrorKind::Unavailable,
            Some(ErrorCode::NotADatabase | ErrorCode::ReadOnly) => StoreErrorKind::Refused,
            _ => StoreErrorKind::Internal,
        };
        StoreError::new(kind, doing).with_source(Reason(error))
    }
}

/// Whether SQLite found the file damaged, which does not pass.
pub(super) fn is_damage(error: &StoreError) -> bool {
    matches!(code(error), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

/// Whether SQLite found the file locked.
pub(super) fn is_busy(error: &StoreError) -> bool {
    matches!(code(error), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

fn code(error: &StoreError) -> Option<ErrorCode> {
    let reason = std::error::Error::source(error)?.downcast_ref::<Reason>()?;
    reason.0.sqlite_error_code()
}

/// Why a file cannot be opened. SQLite does not pass on what the system said, so the system is
/// asked again.
pub(super) fn cannot_open(location: &Location, failed: Error) -> StoreError {
    let doing = "cannot open the store";
    match why(location) {
        Some(why) if failed.sqlite_error_code() == Some(ErrorCode::CannotOpen) => {
            StoreError::new(StoreErrorKind::Unavailable, doing).with_source(why)
        }
        _ => error(doing)(failed),
    }
}

/// Why a store cannot be made at a path.
pub(super) fn cannot_make(path: &Path, failed: io::Error) -> StoreError {
    let location =
        Location { path: Some(path.to_owned()), create: true, read_only: false, is_alone: false };
    StoreError::new(StoreErrorKind::Unavailable, "cannot open the store")
        .with_source(why(&location).unwrap_or(failed))
        .at(path.display())
}

fn why(location: &Location) -> Option<io::Error> {
    let path = location.path.as_deref()?;
    match OpenOptions::new().read(true).write(!location.read_only).open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            let folder = folder.unwrap_or(Path::new("."));
            match folder.metadata() {
                Err(error) => {
                    Some(io::Error::new(error.kind(), format!("{}: {error}", folder.display())))
                }
                Ok(about) if about.is_dir() => {
                    let message = format!("the folder {} cannot be written", folder.display());
                    Some(io::Error::new(io::ErrorKind::PermissionDenied, message))
                }
                Ok(_) => Some(io::Error::other(format!("{} is not a folder", folder.display()))),
            }
        }
        opened => opened.err(),
    }
}

/// What SQLite says, in words for the owner of the file.
#[derive(Debug)]
struct Reason(Error);

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => f.write_str("the file is not a SQLite database"),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                f.write_str("another process keeps it locked")
            }
            Some(ErrorCode::ReadOnly) => f.write_str("the file or its folder is read-only"),
            Some(ErrorCode::DiskFull) => f.write_str("the disk is full"),
            Some(ErrorCode::DatabaseCorrupt) => f.write_str("the file is damaged"),
            _ => match &self.0 {
                // Its own text would begin with a number.
                Error::SqliteFailure(error, None) => {
                    let text = error.to_string();
                    let words = text.split_once(": ").map_or(text.as_str(), |(_, words)| words);
                    f.write_str(words)
                }
                other => other.fmt(f),
            },
        }
    }
}

impl std::error::Error for Reason {}
