//! Rewriting a store, so that its files hold nothing that was deleted.

use std::path::PathBuf;

/// How [`vacuum`](crate::Store::vacuum) rewrites a store. It waits for others like any write.
///
/// ```
/// use vcc_store::Vacuum;
///
/// // By default others can use the store meanwhile.
/// assert_eq!(Vacuum::default(), Vacuum { full: false });
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Vacuum {
    /// Whether PostgreSQL rewrites the tables, which nobody else can use meanwhile. A store in
    /// SQLite is always rewritten.
    pub full: bool,
}

/// The files of a store after a rewrite.
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
/// // In memory there is nothing to rewrite.
/// let rewritten = Sqlite::in_memory()?.vacuum(Vacuum::default()).await?;
/// assert_eq!((rewritten.before, rewritten.after), (0, 0));
/// # Ok::<(), vcc_store::StoreError>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Vacuumed {
    /// Whether the log beside the file is empty and on the disk. It is not while others read its
    /// old content; [`Store::remains`](crate::Store::remains) then says the same as before, and the
    /// rewrite has to be repeated.
    pub log_is_clean: bool,
    /// How many bytes the file had; 0 if the store has no file of its own.
    pub before: u64,
    /// How many bytes it has now.
    pub after: u64,
}

impl Vacuumed {
    /// Of a store that has no files.
    pub(crate) const NO_FILES: Self = Self { log_is_clean: true, before: 0, after: 0 };
}

/// What a rewrite needs: the bytes that are in use, once beside the file, as its log, and once in
/// the folder of temporary files.
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
    /// The folder of SQLite's temporary files: that of `SQLITE_TMPDIR`, else of `TMPDIR`, else
    /// `/var/tmp`. The files there have no name, and vanish with the process.
    pub temporary: PathBuf,
}
