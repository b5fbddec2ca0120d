//! What a deletion reaches, and what of it stays in the files of a store.

use std::fmt;
use std::path::PathBuf;

use chrono::{DateTime, Utc};

/// How many records of a tenant a [`Deletion`](crate::Deletion) would delete.
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use vcc_store::{Deletion, Sqlite, Store as _, StoredRecord};
/// # use vcc_types::{Field, Recording};
/// # let start = chrono::DateTime::from_timestamp(1_198_120_596, 0).unwrap();
/// # let store = Sqlite::in_memory()?;
/// # let tenant = store.add_tenant("acme", vcc_query::Zone::UTC, start).await?;
///
/// let record = |agent: &str| {
///     StoredRecord::with_start(&Recording::new().with(Field::AgentId, agent), start).unwrap()
/// };
/// store.import(tenant.id, vec![record("bill"), record("mary")].into()).await?;
/// let bill = Deletion::Field(Field::AgentId, "bill".into());
/// let reach = store.reach(tenant.id, &bill).await?;
/// assert_eq!((reach.records, reach.of, reach.starts), (1, 2, Some((start, start))));
/// # Ok::<(), vcc_store::StoreError>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reach {
    /// How many records would be deleted, with those of a bulk load that has not ended.
    pub records: u64,
    /// How many there are, counted in the same way.
    pub of: u64,
    /// When the first and the last of those that would be deleted start; `None` where there are none.
    pub starts: Option<(DateTime<Utc>, DateTime<Utc>)>,
}

impl Reach {
    /// Of some records, with the first and the last start in microseconds, and of others.
    #[cfg(any(feature = "sqlite", feature = "postgres"))]
    pub(crate) fn new(records: i64, of: u64, first: Option<i64>, last: Option<i64>) -> Self {
        let instant = |micros: Option<i64>| micros.and_then(DateTime::from_timestamp_micros);
        let (records, starts) = (records.cast_unsigned(), instant(first).zip(instant(last)));
        Self { records, of, starts }
    }

    /// Both together.
    #[cfg(any(feature = "sqlite", feature = "postgres"))]
    pub(crate) fn and(self, other: Self) -> Self {
        let starts = match (self.starts, other.starts) {
            (Some((a, b)), Some((c, d))) => Some((a.min(c), b.max(d))),
            (starts, None) | (None, starts) => starts,
        };
        Self { records: self.records + other.records, of: self.of + other.of, starts }
    }
}

/// What is in no answer any more, and has copies in the files of a store until
/// [`vacuum`](crate::Store::vacuum) has rewritten them.
///
/// `Display` is a list of it: `2 deleted recordings and 1 revoked token`.
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use vcc_store::{Deletion, Remains, Sqlite, Store as _, StoredRecord, Vacuum};
/// # let start = chrono::DateTime::from_timestamp(1_198_120_596, 0).unwrap();
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("recordings.db");
///
/// let store = Sqlite::create(&path)?;
/// let tenant = store.add_tenant("acme", vcc_query::Zone::UTC, start).await?;
/// let record = StoredRecord::with_start(&vcc_types::Recording::new(), start).unwrap();
/// store.import(tenant.id, vec![record].into()).await?;
/// store.delete(tenant.id, &Deletion::All).await?;
/// assert_eq!(store.remains().await?.to_string(), "1 deleted recording");
/// assert!(store.vacuum(Vacuum::default()).await?.log_is_clean);
/// assert_eq!(store.remains().await?, Remains::default());
/// # Ok::<(), vcc_store::StoreError>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Remains {
    /// Recordings that were deleted, or left out by a bulk load.
    pub deleted: u64,
    /// Recordings as they were before an import updated them.
    pub replaced: u64,
    /// Tokens that were revoked: their hashes and labels.
    pub tokens: u64,
    /// Tenants that were removed: their names.
    pub tenants: u64,
}

impl Remains {
    /// Whether there is nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl fmt::Display for Remains {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds = [
            (self.deleted, "deleted recording"),
            (self.replaced, "replaced recording"),
            (self.tokens, "revoked token"),
            (self.tenants, "removed tenant"),
        ];
        let there: Vec<_> = kinds.into_iter().filter(|(count, _)| *count > 0).collect();
        for (at, (count, noun)) in there.iter().enumerate() {
            let between = match at {
                0 => "",
                at if at + 1 == there.len() => " and ",
                _ => ", ",
            };
            let s = if *count == 1 { "" } else { "s" };
            write!(f, "{between}{count} {noun}{s}")?;
        }
        Ok(())
    }
}

/// How a store is rewritten by [`vacuum`](crate::Store::vacuum). It waits for others as every write does.
///
/// ```
/// use vcc_store::Vacuum;
///
/// // By default nobody is kept out.
/// assert_eq!(Vacuum::default(), Vacuum { full: false });
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Vacuum {
    /// Whether PostgreSQL writes the tables anew, for which nobody else may use them meanwhile. A
    /// store in SQLite is always written anew.
    pub full: bool,
}

/// What became of the files of a store that was rewritten.
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use vcc_store::{Sqlite, Store as _, Vacuum};
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("recordings.db");
///
/// let rewritten = Sqlite::create(&path)?.vacuum(Vacuum::default()).await?;
/// assert!(rewritten.log_is_clean && rewritten.after <= rewritten.before);
/// // There is nothing to be rewritten on a disk.
/// let rewritten = Sqlite::in_memory()?.vacuum(Vacuum::default()).await?;
/// assert_eq!((rewritten.before, rewritten.after), (0, 0));
/// # Ok::<(), vcc_store::StoreError>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Vacuumed {
    /// Whether the log beside the file is empty and on the disk. It is not while others read what it
    /// had before; then [`Store::remains`](crate::Store::remains) says what it did, and the rewrite is
    /// to be repeated.
    pub log_is_clean: bool,
    /// How many bytes the file had; 0 where the store has no file of its own.
    pub before: u64,
    /// How many it has.
    pub after: u64,
}

impl Vacuumed {
    /// Of a store that has no files.
    pub(crate) const NO_FILES: Self = Self { log_is_clean: true, before: 0, after: 0 };
}

/// What the rewrite of a file takes: the bytes that are in use, once beside it, as its log, and once
/// in the folder of temporary files.
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use vcc_store::{Sqlite, Store as _};
/// # let folder = tempfile::tempdir().unwrap();
///
/// let store = Sqlite::create(folder.path().join("recordings.db"))?;
/// let needs = store.vacuum_needs().await?.unwrap();
/// assert_eq!(needs.beside, folder.path());
/// assert!(needs.bytes > 0);
/// assert_eq!(Sqlite::in_memory()?.vacuum_needs().await?, None);
/// # Ok::<(), vcc_store::StoreError>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VacuumNeeds {
    /// How many bytes are written in each of the folders.
    pub bytes: u64,
    /// The folder of the store.
    pub beside: PathBuf,
    /// The folder in which SQLite puts what it needs for a while: that of `SQLITE_TMPDIR`, else of
    /// `TMPDIR`, else `/var/tmp`. What is there has no name, and goes with the process.
    pub temporary: PathBuf,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_remains_is_a_list() {
        let remains = |deleted, replaced, tokens, tenants| {
            Remains { deleted, replaced, tokens, tenants }.to_string()
        };
        assert_eq!(remains(0, 0, 0, 0), "");
        assert_eq!(remains(1, 0, 0, 0), "1 deleted recording");
        assert_eq!(remains(0, 2, 1, 0), "2 replaced recordings and 1 revoked token");
        assert_eq!(
            remains(7, 1, 2, 1),
            "7 deleted recordings, 1 replaced recording, 2 revoked tokens and 1 removed tenant"
        );
    }
}
