//! Records that are imported together, and what becomes of them.

use crate::{Checkpoint, StoredRecord};

/// Records to be added together.
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use vcc_store::{Batch, OnConflict, Sqlite, Store as _, StoredRecord};
/// use vcc_types::{Field, Recording};
/// # let now = chrono::DateTime::from_timestamp(1_198_120_596, 0).unwrap();
/// # let store = Sqlite::in_memory()?;
/// # let tenant = store.add_tenant("acme", vcc_query::Zone::UTC, now).await?;
///
/// let recording = Recording::new().with(Field::StartDate, "2007-12-19T19:16:36Z");
/// let batch = Batch::from(vec![StoredRecord::new(&recording).unwrap()]);
/// assert_eq!((batch.on_conflict, &batch.checkpoint), (OnConflict::Reject, &None));
/// // A record without transactionID and filename is never recognised: it is there twice.
/// store.import(tenant.id, batch.clone()).await?;
/// store.import(tenant.id, batch).await?;
/// assert_eq!(store.count(tenant.id).await?, 2);
/// # Ok::<(), vcc_store::StoreError>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// The records.
    pub records: Vec<StoredRecord>,
    /// What happens to a record that is stored already with other content.
    pub on_conflict: OnConflict,
    /// How far the import is after this batch, for an import that can be interrupted.
    pub checkpoint: Option<Checkpoint>,
}

impl From<Vec<StoredRecord>> for Batch {
    /// A batch that leaves out conflicts and keeps no checkpoint.
    fn from(records: Vec<StoredRecord>) -> Self {
        Self { records, ..Self::default() }
    }
}

/// What happens to a record that is stored already, by its transactionID and filename, with other
/// content.
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use vcc_store::{Batch, OnConflict, Sqlite, Store as _, StoredRecord};
/// use vcc_types::{Field, Recording};
/// # let now = chrono::DateTime::from_timestamp(1_198_120_596, 0).unwrap();
/// # let store = Sqlite::in_memory()?;
/// # let tenant = store.add_tenant("acme", vcc_query::Zone::UTC, now).await?;
///
/// let record = |agent: &str| {
///     let recording =
///         Recording::new().with(Field::TransactionId, "t1").with(Field::AgentId, agent);
///     StoredRecord::with_start(&recording, now).unwrap()
/// };
/// // Within a batch, too, a later record replaces an earlier one.
/// let records = vec![record("bill"), record("mary")];
/// let batch = Batch { records, on_conflict: OnConflict::Update, checkpoint: None };
/// let imported = store.import(tenant.id, batch).await?;
/// assert_eq!((imported.added, imported.updated), (1, 1));
/// assert_eq!(store.count(tenant.id).await?, 1);
///
/// // Conflicts are reported before anything is done.
/// let records = vec![StoredRecord::with_start(&Recording::new(), now).unwrap(), record("bill")];
/// let batch = Batch { records, on_conflict: OnConflict::Undo, checkpoint: None };
/// let imported = store.import(tenant.id, batch).await?;
/// assert_eq!((imported.added, imported.conflicts), (0, vec![1]));
/// assert_eq!(store.count(tenant.id).await?, 1);
/// # Ok::<(), vcc_store::StoreError>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnConflict {
    /// It is left out and counted.
    #[default]
    Reject,
    /// It replaces what was stored.
    Update,
    /// Nothing of the batch is done, and its checkpoint is not kept: [`Imported::conflicts`] says
    /// which records conflict. The caller can report them first, and give the batch again without
    /// them. A bulk load treats it as [`Reject`](Self::Reject).
    Undo,
}

/// The outcome of a batch.
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use vcc_store::{Imported, Sqlite, Store as _, StoredRecord};
/// use vcc_types::{Field, Recording};
/// # let now = chrono::DateTime::from_timestamp(1_198_120_596, 0).unwrap();
/// # let store = Sqlite::in_memory()?;
/// # let tenant = store.add_tenant("acme", vcc_query::Zone::UTC, now).await?;
///
/// let record = |filename: &str, agent: &str| {
///     let recording =
///         Recording::new().with(Field::Filename, filename).with(Field::AgentId, agent);
///     StoredRecord::with_start(&recording, now).unwrap()
/// };
/// let records = vec![record("a.wav", "bill"), record("a.wav", "bill"), record("a.wav", "mary")];
/// let imported = store.import(tenant.id, records.into()).await?;
/// assert_eq!(imported, Imported { added: 1, unchanged: 1, updated: 0, conflicts: vec![2] });
/// # Ok::<(), vcc_store::StoreError>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// How many records are new.
    pub added: u64,
    /// How many were stored already with the same content.
    pub unchanged: u64,
    /// How many replaced a stored record.
    pub updated: u64,
    /// The positions in the batch, ascending from 0, of the records that were left out because they
    /// are stored already with other content. Under [`OnConflict::Undo`] all others were left out
    /// too.
    pub conflicts: Vec<usize>,
}
