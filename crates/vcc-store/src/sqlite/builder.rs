//! How a store is opened, as its user says.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use vcc_query::{BuiltIn, ZoneData};

use super::backup;
use super::log::LogLimits;
use super::open::{self, Options};
use crate::waiting::Waiting;
use crate::{Sqlite, StoreError};

/// How a store in a file is opened and used.
///
/// ```
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use std::time::Duration;
/// use vcc_store::{Sqlite, Store as _};
/// # let now = chrono::DateTime::from_timestamp(1_198_120_596, 0).unwrap();
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("calls.db");
///
/// let store = Sqlite::builder()
///     .deadline(Duration::from_secs(2))
///     // A write waits up to 5 minutes for another writer.
///     .wait(Duration::from_secs(300))
///     .on_waiting(|waiting| eprintln!("{waiting}"))
///     .create(&path)?;
/// store.add_tenant("acme", vcc_query::Zone::UTC, now).await?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct SqliteBuilder {
    pub(super) options: Options,
}

impl Sqlite {
    /// How long a read may take by default, until it ends with
    /// [`Deadline`](crate::StoreErrorKind::Deadline).
    pub const DEADLINE: Duration = Duration::from_secs(10);

    /// How long a write waits for other writers by default.
    pub const WAIT: Duration = Duration::from_secs(60);

    /// Begins with the defaults.
    #[must_use]
    pub fn builder() -> SqliteBuilder {
        let options = Options {
            deadline: Self::DEADLINE,
            zones: Arc::new(BuiltIn),
            wait: Self::WAIT,
            on_waiting: Arc::new(|_| ()),
            log: LogLimits::default(),
        };
        SqliteBuilder { options }
    }

    /// An empty store in memory, gone when it is dropped.
    ///
    /// # Errors
    ///
    /// SQLite gives no memory.
    pub fn in_memory() -> Result<Self, StoreError> {
        Self::builder().in_memory()
    }

    /// Opens the store in a file, and brings its schema up to date:
    /// [`Store::upgraded`](crate::Store::upgraded) tells whether that was needed. Programs of the version
    /// before that have it open are not disturbed.
    ///
    /// # Errors
    ///
    /// There is no such file, it cannot be read or written, it is not a store of this program, or
    /// it is one of a later version.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        Self::builder().open(path)
    }

    /// [`open`](Self::open), but makes the file if there is none.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open), except for a missing file.
    pub fn create(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        Self::builder().create(path)
    }

    /// [`open`](Self::open), or, if the file, its folder or the file system cannot be written,
    /// opens the store only to read it: [`read_only`](Self::read_only) says why. Every call that
    /// writes is then [`Refused`](crate::StoreErrorKind::Refused).
    ///
    /// If another process has the store open, both read it together. Otherwise it is read as a file
    /// that does not change: [`FollowedSqlite`](crate::FollowedSqlite) notices a change, and opens it again.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open), and [`Refused`](crate::StoreErrorKind::Refused) for what cannot be
    /// read without writing: a store of an earlier version, one with the journal of an interrupted
    /// write, and one with a log in a folder in which the index of the log cannot be made.
    pub fn open_to_read(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        Self::builder().open_to_read(path)
    }
}

impl SqliteBuilder {
    /// Sets how long a read may take: [`Sqlite::DEADLINE`] by default, and ten minutes at most,
    /// because the log beside the file grows during a read.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.options.deadline = deadline;
        self
    }

    /// Sets the zone data in which the zones of tenants are looked up, instead of the built-in one
    /// (DATE-13). A tenant whose zone it does not have cannot be read.
    #[must_use]
    pub fn zones(mut self, zones: Arc<dyn ZoneData + Send + Sync>) -> Self {
        self.options.zones = zones;
        self
    }

    /// Sets how long a write waits for another program that writes: [`Sqlite::WAIT`] by default,
    /// and not at all for zero. A write that has waited in vain is
    /// [`Unavailable`](crate::StoreErrorKind::Unavailable).
    #[must_use]
    pub fn wait(mut self, wait: Duration) -> Self {
        self.options.wait = wait;
        self
    }

    /// Sets who is told what a write waits for, once it has waited for a second; at most once a
    /// minute. The callback runs on the thread that waits.
    #[must_use]
    pub fn on_waiting(mut self, tell: impl Fn(&Waiting) + Send + Sync + 'static) -> Self {
        self.options.on_waiting = Arc::new(tell);
        self
    }

    /// Makes an empty store in memory, as [`Sqlite::in_memory`] does.
    ///
    /// # Errors
    ///
    /// As [`Sqlite::in_memory`].
    pub fn in_memory(self) -> Result<Sqlite, StoreError> {
        open::in_memory(self.options)
    }

    /// Opens a store, as [`Sqlite::open`] does.
    ///
    /// # Errors
    ///
    /// As [`Sqlite::open`].
    pub fn open(self, path: impl AsRef<Path>) -> Result<Sqlite, StoreError> {
        open::write(path.as_ref(), false, self.options)
    }

    /// Opens a store to read it if it cannot be written, as [`Sqlite::open_to_read`] does.
    ///
    /// # Errors
    ///
    /// As [`Sqlite::open_to_read`].
    pub fn open_to_read(self, path: impl AsRef<Path>) -> Result<Sqlite, StoreError> {
        open::read(path.as_ref(), self.options)
    }

    /// Opens a store, or makes it, as [`Sqlite::create`] does.
    ///
    /// # Errors
    ///
    /// As [`Sqlite::create`].
    pub fn create(self, path: impl AsRef<Path>) -> Result<Sqlite, StoreError> {
        backup::make(path.as_ref())?;
        open::write(path.as_ref(), true, self.options)
    }
}
