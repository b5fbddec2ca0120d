//! Stores that nobody has open: such a store is one file, so it can be renamed and removed.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::blocking::on_a_thread;
use super::claim::{Claim, Taken, name_it, sync_folder};
use super::error::error;
use super::held::Held;
use super::{Sqlite, access, files, migrate};
use crate::{StoreError, StoreErrorKind};

impl Sqlite {
    /// Renames a store that nobody has open, with all that belongs to it: the content of its log is
    /// moved into the file first.
    ///
    /// ```
    /// # tokio::runtime::Runtime::new().unwrap().block_on(async {
    /// use vcc_store::{Sqlite, StoreErrorKind};
    ///
    /// let folder = tempfile::tempdir()?;
    /// let (from, to) = (folder.path().join("calls.db"), folder.path().join("old.db"));
    /// let store = Sqlite::create(&from)?;
    /// assert_eq!(Sqlite::rename(&from, &to).await.unwrap_err().kind(), StoreErrorKind::Unavailable);
    /// drop(store);
    /// Sqlite::rename(&from, &to).await?;
    /// assert!(!from.exists());
    /// Sqlite::remove(&to).await?;
    /// assert_eq!(folder.path().read_dir()?.count(), 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// [`NotFound`](StoreErrorKind::NotFound); [`Unavailable`](StoreErrorKind::Unavailable) if
    /// somebody has it open, and if the new name is in another file system;
    /// [`Refused`](StoreErrorKind::Refused) if it is not a store or cannot be written; and those of
    /// [`backup`](Self::backup) for the new name.
    pub async fn rename(from: impl AsRef<Path>, to: impl AsRef<Path>) -> Result<(), StoreError> {
        let (from, to) = (from.as_ref().to_owned(), to.as_ref().to_owned());
        on_a_thread(move || rename(&from, &to)).await
    }

    /// Removes a store that nobody has open, with all that belongs to it.
    ///
    /// # Errors
    ///
    /// As [`rename`](Self::rename).
    pub async fn remove(path: impl AsRef<Path>) -> Result<(), StoreError> {
        let path = path.as_ref().to_owned();
        on_a_thread(move || remove(&path)).await
    }
}

/// A store that only this connection has open, until it is dropped.
#[derive(Debug)]
struct Closed {
    real: PathBuf,
    _connection: Connection,
    _held: Held,
}

/// Renames a store, if no other file has the new name.
pub(super) fn rename(from: &Path, to: &Path) -> Result<(), StoreError> {
    let failed = |error: io::Error| {
        StoreError::new(StoreErrorKind::Unavailable, "cannot rename the store")
            .with_source(error)
            .at(to.display())
    };
    let closed = Closed::take(from)?;
    // Nothing is written there; this keeps others from making a file of this name.
    let _claim = Claim::take(to, Taken::Refuse, &failed)?;
    name_it(&closed.real, to).map_err(failed)?;
    files::remove_beside(&closed.real).map_err(failed)?;
    sync_folder(to).and_then(|()| sync_folder(&closed.real)).map_err(failed)
}

/// Removes a store, and all that belongs to it.
pub(super) fn remove(path: &Path) -> Result<(), StoreError> {
    let failed = |error: io::Error| {
        StoreError::new(StoreErrorKind::Unavailable, "cannot remove the store")
            .with_source(error)
            .at(path.display())
    };
    let closed = Closed::take(path)?;
    files::remove(&closed.real)
        .and_then(|()| files::remove_beside(&closed.real))
        .and_then(|()| sync_folder(&closed.real))
        .map_err(failed)
}

impl Closed {
    /// Moves the content of the log into the file, and removes the log.
    fn take(path: &Path) -> Result<Self, StoreError> {
        let name = path.display();
        let real = files::real(path);
        if !real.exists() {
            let message = format!("there is no store at {name}");
            return Err(StoreError::new(StoreErrorKind::NotFound, message));
        }
        if real.is_dir() {
            let message = format!("{name} is a folder, and no store");
            return Err(StoreError::new(StoreErrorKind::Refused, message));
        }
        access::to_write(path)?;
        let held = Held::take(path)?;
        let doing = error("cannot open the store");
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
            | OpenFlags::SQLITE_OPEN_EXRESCODE;
        let connection = Connection::open_with_flags(&real, flags)
            .map_err(&doing)
            .map_err(|error| error.at(&name))?;
        migrate::version(&connection, &name.to_string(), false).map_err(|error| error.at(&name))?;
        let alone = connection
            .pragma_update(None, "locking_mode", "EXCLUSIVE")
            .and_then(|()| connection.pragma_update(None, "journal_mode", "DELETE"))
            .and_then(|()| connection.execute_batch("BEGIN EXCLUSIVE"));
        match alone {
            Ok(()) => Ok(Self { real, _connection: connection, _held: held }),
            Err(failed) if is_busy(&failed) => {
                let message = format!("another process has {name} open");
                Err(StoreError::new(StoreErrorKind::Unavailable, message))
            }
            Err(failed) => Err(doing(failed).at(&name)),
        }
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}
