//! The rewriting of a store, after which its files hold nothing that was deleted.

use std::path::PathBuf;

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
