//! Copies of a store, and stores made from copies. Each gets its name once it is whole and checked.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OpenFlags};

use super::Sqlite;
use super::blocking::on_a_thread;
use super::claim::{Claim, Taken};
use super::error::{cannot_make, cannot_open, error};
use super::files::{self, Seen};
use super::location::Location;
use super::migrate::{self, migrate};
use super::open::PAGE_SIZE;
use super::statements as s;
use crate::{StoreError, StoreErrorKind};

impl Sqlite {
    /// Copies the store to a new file, as it is at one moment, while it is used.
    ///
    /// The file gets its name once it is whole, checked, and on the disk. Until then it is
    /// `NAME.partial`, which is locked: a second copy to the same name is refused, and what a
    /// killed process has left there is removed. Only its owner can read it.
    ///
    /// # Errors
    ///
    /// [`Exists`](StoreErrorKind::Exists) if the file exists, or is being made;
    /// [`Refused`](StoreErrorKind::Refused) if the log or the journal of an earlier store of this
    /// name is left; and those of any write.
    pub async fn backup(&self, path: impl AsRef<Path>) -> Result<(), StoreError> {
        let path = path.as_ref().to_owned();
        self.writer.copy(move |connection| write(connection, &path)).await
    }

    /// Makes a new store at a path from a copy that [`backup`](Self::backup) has written. The copy
    /// is only read: it may be on a read-only medium.
    ///
    /// The store gets its name once it is whole, checked (`PRAGMA integrity_check`, and the number
    /// of rows of each table against the copy), and on the disk; see [`backup`](Self::backup).
    ///
    /// ```
    /// # tokio::runtime::Runtime::new().unwrap().block_on(async {
    /// use vcc_store::{Sqlite, Store as _, StoreErrorKind};
    /// # let now = chrono::DateTime::from_timestamp(1_198_120_596, 0).unwrap();
    ///
    /// let folder = tempfile::tempdir()?;
    /// let (copy, path) = (folder.path().join("copy.db"), folder.path().join("calls.db"));
    /// let store = Sqlite::in_memory()?;
    /// store.add_tenant("acme", vcc_query::Zone::UTC, now).await?;
    /// store.backup(&copy).await?;
    ///
    /// // What is left of another store would be read as a part of this one.
    /// let log = folder.path().join("calls.db-wal");
    /// std::fs::write(&log, "of a store that is gone")?;
    /// let error = Sqlite::restore(&copy, &path).await.unwrap_err();
    /// assert_eq!(error.kind(), StoreErrorKind::Refused);
    /// std::fs::remove_file(log)?;
    /// Sqlite::restore(&copy, &path).await?;
    /// assert_eq!(Sqlite::open(&path)?.tenants().await?[0].name, "acme");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// As [`backup`](Self::backup); [`NotFound`](StoreErrorKind::NotFound) without a copy;
    /// [`Refused`](StoreErrorKind::Refused) if it is not a store, or has a log or a journal with
    /// content beside it; and [`Internal`](StoreErrorKind::Internal) if it is damaged.
    pub async fn restore(copy: impl AsRef<Path>, path: impl AsRef<Path>) -> Result<(), StoreError> {
        let (copy, path) = (copy.as_ref().to_owned(), path.as_ref().to_owned());
        on_a_thread(move || restore(&copy, &path)).await
    }
}

/// Writes a copy to a new file.
pub(super) fn write(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let failed = cannot_write(path);
    let claim = Claim::take(path, Taken::Refuse, &failed)?;
    copy(connection, claim.partial()).map_err(|error| error.at(path.display()))?;
    owes_nothing(claim.partial()).map_err(|error| error.at(path.display()))?;
    check(claim.partial(), Check::Pages).map_err(|error| error.at(path.display()))?;
    claim.give(&failed)
}

/// Makes a store from a copy, which is only read.
pub(super) fn restore(copy_at: &Path, path: &Path) -> Result<(), StoreError> {
    let failed = cannot_write(path);
    let source = Source::open(copy_at)?;
    let claim = Claim::take(path, Taken::Refuse, &failed)?;
    copy(&source.connection, claim.partial()).map_err(|error| error.at(path.display()))?;
    let counts = counts(&source.connection)
        .map_err(error("cannot read the backup"))
        .map_err(|error| error.at(copy_at.display()))?;
    source.is_unchanged()?;
    check(claim.partial(), Check::All(&counts)).map_err(|error| error.at(path.display()))?;
    claim.give(&failed)
}

/// Makes an empty store where no file is. It gets its name once it is whole.
pub(super) fn make(path: &Path) -> Result<(), StoreError> {
    if path.exists() {
        return Ok(());
    }
    let failed = |error| cannot_make(path, error);
    let made = Claim::take(&files::real(path), Taken::Wait, &failed).and_then(|claim| {
        let doing = error("cannot make the store");
        let mut connection = writable(claim.partial()).map_err(&doing)?;
        connection
            .pragma_update(None, "page_size", PAGE_SIZE)
            // It is synced as a whole at the end, and means nothing before.
            .and_then(|()| connection.pragma_update(None, "synchronous", "OFF"))
            .and_then(|()| connection.pragma_update(None, "journal_mode", "MEMORY"))
            .map_err(&doing)?;
        migrate(&mut connection, &path.display().to_string(), true)?;
        connection.close().map_err(|(_, error)| doing(error))?;
        claim.give(&failed)
    });
    match made {
        // Another process has made it.
        Err(error) if error.kind() == StoreErrorKind::Exists => Ok(()),
        made => made.map_err(|error| error.at(path.display())),
    }
}

fn cannot_write(path: &Path) -> impl Fn(io::Error) -> StoreError {
    move |error| {
        StoreError::new(StoreErrorKind::Unavailable, "cannot write the copy")
            .with_source(error)
            .at(path.display())
    }
}

/// Copies the snapshot of a connection into an empty file. The copy has no free pages, so nothing
/// that was deleted is in it.
fn copy(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    // A name that begins with `file:` would be a URL.
    let path = std::path::absolute(path).map_err(cannot_write(path))?;
    connection
        .execute("VACUUM INTO $1", [text(&path)])
        .map_err(error("cannot copy the store"))
        .map(drop)
}

/// Removes the note of what was deleted from a copy, which does not have that.
fn owes_nothing(path: &Path) -> Result<(), StoreError> {
    let failed = error("cannot copy the store");
    let connection = writable(path).map_err(&failed)?;
    connection
        .pragma_update(None, "journal_mode", "MEMORY")
        .and_then(|()| connection.execute_batch("DROP TABLE IF EXISTS remains"))
        .map_err(&failed)?;
    connection.close().map_err(|(_, error)| failed(error))
}

/// A path as SQLite takes it, also if it is not UTF-8.
#[cfg(unix)]
fn text(path: &Path) -> ToSqlOutput<'_> {
    use std::os::unix::ffi::OsStrExt as _;

    ToSqlOutput::Borrowed(ValueRef::Text(path.as_os_str().as_bytes()))
}

#[cfg(not(unix))]
fn text(path: &Path) -> ToSqlOutput<'_> {
    ToSqlOutput::from(path.display().to_string())
}

fn writable(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_EXRESCODE;
    Connection::open_with_flags(path, flags)
}

/// Opens a file that nobody writes, so that nothing is made beside it.
fn readable(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_EXRESCODE;
    match files::alone(path) {
        Some(url) => Connection::open_with_flags(url, flags | OpenFlags::SQLITE_OPEN_URI),
        None => Connection::open_with_flags(path, flags),
    }
}

/// How much of a copy is checked before it gets its name.
#[derive(Debug)]
enum Check<'a> {
    /// Each page, in the time of reading them.
    Pages,
    /// Each index against its table, and the numbers of rows against the copy.
    All(&'a BTreeMap<String, u64>),
}

fn check(path: &Path, check: Check<'_>) -> Result<(), StoreError> {
    let doing = error("cannot check the copy");
    let connection = readable(path).map_err(&doing)?;
    let pragma = match check {
        Check::Pages => "PRAGMA quick_check(1)",
        Check::All(_) => "PRAGMA integrity_check(1)",
    };
    let found: String = connection.query_row(pragma, [], |row| row.get(0)).map_err(&doing)?;
    let wrong = |what: String| Err(StoreError::new(StoreErrorKind::Internal, what));
    if found != "ok" {
        return wrong(format!("the copy is damaged: {found}"));
    }
    if let Check::All(expected) = check {
        let copied = counts(&connection).map_err(&doing)?;
        if copied != *expected {
            return wrong(format!(
                "the copy has other rows than the backup: {copied:?} for {expected:?}"
            ));
        }
    }
    Ok(())
}

/// How many rows each table has.
fn counts(connection: &Connection) -> rusqlite::Result<BTreeMap<String, u64>> {
    let tables = connection
        .prepare(s::TABLES.text)?
        .query_map([], |row| row.get::<_, String>(0))?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    let count = |table: String| {
        let rows =
            connection.query_row(&s::count_of_all(&table), [], |row| row.get::<_, i64>(0))?;
        Ok((table, rows.cast_unsigned()))
    };
    tables.into_iter().map(count).collect()
}

/// A copy to be read, as `backup` has written it: one file, which nobody writes.
#[derive(Debug)]
struct Source {
    path: PathBuf,
    connection: Connection,
    was: Seen,
}

impl Source {
    fn open(path: &Path) -> Result<Self, StoreError> {
        let name = path.display();
        let refused = |message| Err(StoreError::new(StoreErrorKind::Refused, message));
        let cannot = |error: io::Error| {
            StoreError::new(StoreErrorKind::Unavailable, "cannot open the store")
                .with_source(error)
                .at(path.display())
        };
        let real = files::real(path);
        match real.metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let message = format!("there is no store at {name}");
                return Err(StoreError::new(StoreErrorKind::NotFound, message));
            }
            found => found.map_err(cannot)?,
        };
        if real.is_dir() {
            return refused(format!("{name} is a folder, and no store"));
        }
        // Reading them would mean to write, into the copy or beside it.
        if let [beside, ..] = &files::filled(&real).map_err(cannot)?[..] {
            return refused(format!(
                "{name} is not alone: {} holds a part of it, so it is in use, or was not written by \
                 `backup`",
                beside.display()
            ));
        }
        let was = Seen::of(&real);
        let location =
            Location { path: Some(real.clone()), create: false, read_only: true, is_alone: true };
        let connection = readable(&real)
            .map_err(|error| cannot_open(&location, error))
            .and_then(|connection| {
                migrate::version(&connection, &name.to_string(), false).map(|_| connection)
            })
            .map_err(|error| error.at(path.display()))?;
        Ok(Self { path: real, connection, was })
    }

    /// Checks that nobody has written the copy meanwhile: nothing prevents that.
    fn is_unchanged(&self) -> Result<(), StoreError> {
        if Seen::of(&self.path) == self.was {
            return Ok(());
        }
        let message = format!("{} was written to while it was read", self.path.display());
        Err(StoreError::new(StoreErrorKind::Unavailable, message))
    }
}
