use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use vcc_query::{BuiltIn, ZoneData};

use super::backup;
use super::log::LogLimits;
use crate::tenant::Zones;
use crate::waiting::{OnWaiting, Waiting};
use crate::{Sqlite, StoreError};

/// How a store in a file is opened, and how it is used then.
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
///     // A write that finds another writer at work waits for up to 5 minutes.
///     .wait(Duration::from_secs(300))
///     .on_waiting(|waiting| eprintln!("{waiting}"))
///     .create(&path)?;
/// store.add_tenant("acme", vcc_query::Zone::UTC, now).await?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct SqliteBuilder {
    pub(super) deadline: Duration,
    pub(super) zones: Zones,
    pub(super) wait: Duration,
    pub(super) on_waiting: OnWaiting,
    pub(super) log: LogLimits,
}

impl Sqlite {
    /// How long a write waits for other writers by default.
    pub const WAIT: Duration = Duration::from_secs(60);

    /// Begins with the defaults.
    #[must_use]
    pub fn builder() -> SqliteBuilder {
        SqliteBuilder {
            deadline: Self::DEADLINE,
            zones: Arc::new(BuiltIn),
            wait: Self::WAIT,
            on_waiting: Arc::new(|_| ()),
            log: LogLimits::default(),
        }
    }
}

impl SqliteBuilder {
    /// Sets how long a read may take: [`Sqlite::DEADLINE`] by default, and ten minutes at most, for the
    /// log beside the file grows while a read goes on.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Sets the zone data, as [`Sqlite::with_zones`] does.
    #[must_use]
    pub fn zones(mut self, zones: Arc<dyn ZoneData + Send + Sync>) -> Self {
        self.zones = zones;
        self
    }

    /// Sets how long a write waits for another program that writes: [`Sqlite::WAIT`] by default, and not
    /// at all for zero. That it may not be done by then is
    /// [`Unavailable`](crate::StoreErrorKind::Unavailable).
    #[must_use]
    pub fn wait(mut self, wait: Duration) -> Self {
        self.wait = wait;
        self
    }

    /// Has somebody told what a write waits for, when it has waited for a second. It is told from the
    /// thread that waits, and not more often than once a minute.
    #[must_use]
    pub fn on_waiting(mut self, tell: impl Fn(&Waiting) + Send + Sync + 'static) -> Self {
        self.on_waiting = Arc::new(tell);
        self
    }

    /// Opens a store, as [`Sqlite::open`] does.
    ///
    /// # Errors
    ///
    /// As [`Sqlite::open`].
    pub fn open(self, path: impl AsRef<Path>) -> Result<Sqlite, StoreError> {
        Sqlite::open_with(path.as_ref(), false, self)
    }

    /// Opens a store to be read where it cannot be written, as [`Sqlite::open_to_read`] does.
    ///
    /// # Errors
    ///
    /// As [`Sqlite::open_to_read`].
    pub fn open_to_read(self, path: impl AsRef<Path>) -> Result<Sqlite, StoreError> {
        Sqlite::read_with(path.as_ref(), self)
    }

    /// Opens a store, or makes it, as [`Sqlite::create`] does.
    ///
    /// # Errors
    ///
    /// As [`Sqlite::create`].
    pub fn create(self, path: impl AsRef<Path>) -> Result<Sqlite, StoreError> {
        backup::make(path.as_ref())?;
        Sqlite::open_with(path.as_ref(), true, self)
    }
}

impl std::fmt::Debug for SqliteBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { deadline, wait, log, .. } = self;
        f.debug_struct("SqliteBuilder")
            .field("deadline", deadline)
            .field("wait", wait)
            .field("log", log)
            .finish_non_exhaustive()
    }
}
