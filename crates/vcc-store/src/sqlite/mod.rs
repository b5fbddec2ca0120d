//! The store inside the program: SQLite, compiled in, in a file or in memory.

mod access;
mod backup;
mod blocking;
mod builder;
mod bulk;
mod claim;
mod closed;
mod deep;
mod delete;
mod durable;
mod error;
#[cfg(test)]
mod explain;
mod export;
mod files;
pub(crate) mod followed;
mod gather;
mod held;
mod import;
mod index;
mod location;
mod log;
mod migrate;
mod open;
mod page;
mod patience;
mod pool;
mod queue;
mod ready;
mod remains;
mod rows;
mod scans;
mod snapshot;
mod statements;
mod store;
mod tenants;
mod vacuum;
mod writer;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

pub use self::builder::SqliteBuilder;
use self::pool::Pool;
use self::ready::Opened;
use self::scans::Scans;
use self::writer::Writer;
use crate::Upgrade;
use crate::tenant::Zones;

/// A store in one SQLite database.
///
/// A file is in WAL mode: readers do not wait for an import, nor an import for readers, also in
/// another process, as long as the log beside the file has at most 256 MiB. Writers wait for each
/// other: see [`builder`](Self::builder). In memory there is one connection, because a database in
/// memory belongs to its connection.
///
/// ```
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use vcc_store::{Sqlite, Store as _, StoreErrorKind};
/// # let now = chrono::DateTime::from_timestamp(1_198_120_596, 0).unwrap();
///
/// let directory = tempfile::tempdir()?;
/// let path = directory.path().join("calls.db");
/// // `open` does not make a file: `create` and `backup` do.
/// let error = Sqlite::open(&path).err().unwrap();
/// assert_eq!(error.kind(), StoreErrorKind::NotFound);
/// let store = Sqlite::in_memory()?;
/// store.add_tenant("acme", vcc_query::Zone::UTC, now).await?;
/// store.backup(&path).await?;
/// assert_eq!(Sqlite::open(&path)?.tenants().await?[0].name, "acme");
/// // A backup replaces nothing.
/// assert_eq!(store.backup(&path).await.unwrap_err().kind(), StoreErrorKind::Exists);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
pub struct Sqlite {
    readers: Pool,
    scans: Scans,
    writer: Writer,
    deadline: Duration,
    upgraded: Option<Upgrade>,
    zones: Zones,
    opened: Arc<Opened>,
    /// `None` in memory.
    file: Option<PathBuf>,
    /// Why it cannot be written.
    read_only: Option<String>,
}

impl Sqlite {
    /// Why the store can only be read; `None` if it can be written.
    #[must_use]
    pub fn read_only(&self) -> Option<&str> {
        self.read_only.as_deref()
    }
}

impl fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, read_only, deadline, .. } = self;
        f.debug_struct("Sqlite")
            .field("file", file)
            .field("read_only", read_only)
            .field("deadline", deadline)
            .finish_non_exhaustive()
    }
}
