//! The first load of a store, the same for every engine.

use async_trait::async_trait;

use crate::{OnConflict, StoreError, StoredRecord};

/// A bulk load. Its records are visible once [`finish`](Self::finish) has returned. If it is
/// dropped earlier, [`Store::bulk`](crate::Store::bulk) continues it.
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use vcc_store::{OnConflict, Sqlite, Store as _, StoredRecord};
/// # let now = chrono::DateTime::from_timestamp(1_198_120_596, 0).unwrap();
/// # let store = Sqlite::in_memory()?;
/// # let tenant = store.add_tenant("acme", vcc_query::Zone::UTC, now).await?;
/// # let record = StoredRecord::with_start(&vcc_types::Recording::new(), now).unwrap();
///
/// // The first 3 records are dealt with. Two of them were refused.
/// let mut load = store.bulk(tenant.id, "calls.csv").await?;
/// load.load(vec![(3, record)], 3).await?;
/// drop(load);
/// // After an interruption it continues. Nothing is visible before its end.
/// let load = store.bulk(tenant.id, "calls.csv").await?;
/// assert_eq!((load.done(), store.count(tenant.id).await?), (3, 0));
/// load.finish(OnConflict::Reject, |_, _| ()).await?;
/// assert_eq!(store.count(tenant.id).await?, 1);
/// # Ok::<(), vcc_store::StoreError>(())
/// # }).unwrap();
/// ```
pub struct BulkLoad {
    engine: Box<dyn Engine>,
    done: u64,
}

/// The outcome of a bulk load.
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use vcc_store::{BulkLoaded, OnConflict, Sqlite, Store as _, StoredRecord};
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
/// let mut load = store.bulk(tenant.id, "calls.csv").await?;
/// load.load(vec![(1, record("bill")), (2, record("bill")), (3, record("mary"))], 3).await?;
/// // The same keys three times: first the same content again, then other content.
/// let loaded = load.finish(OnConflict::Reject, |number, _| assert_eq!(number, 3)).await?;
/// assert_eq!(loaded, BulkLoaded { added: 1, unchanged: 1, updated: 0, conflicts: 1 });
/// # Ok::<(), vcc_store::StoreError>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BulkLoaded {
    /// How many records there are.
    pub added: u64,
    /// How many had the keys and the content of an earlier one.
    pub unchanged: u64,
    /// How many replaced an earlier one with the same keys.
    pub updated: u64,
    /// How many were left out because an earlier one has the same keys and other content.
    pub conflicts: u64,
}

/// Called with each record that is left out, and its number. It may block.
pub(crate) type LeftOut = dyn FnMut(u64, &StoredRecord) + Send;

/// A bulk load in an engine.
#[async_trait]
pub(crate) trait Engine: Send {
    /// Adds records, and records that the load is at `done`, if it was at `before`.
    async fn load(
        &mut self,
        records: Vec<(u64, StoredRecord)>,
        before: u64,
        done: u64,
    ) -> Result<(), StoreError>;

    /// Makes the loaded records those of the store.
    async fn finish(
        self: Box<Self>,
        done: u64,
        on_conflict: OnConflict,
        left_out: Box<LeftOut>,
    ) -> Result<BulkLoaded, StoreError>;
}

impl BulkLoad {
    pub(crate) fn new(engine: Box<dyn Engine>, done: u64) -> Self {
        Self { engine, done }
    }

    /// How many records of the source have been dealt with.
    #[must_use]
    pub fn done(&self) -> u64 {
        self.done
    }

    /// Adds records, each with its number in the source, in one transaction; after it the first
    /// `done` records of the source are dealt with.
    ///
    /// # Errors
    ///
    /// [`Refused`](crate::StoreErrorKind::Refused) if another load has begun meanwhile, and those
    /// of any write.
    pub async fn load(
        &mut self,
        records: Vec<(u64, StoredRecord)>,
        done: u64,
    ) -> Result<(), StoreError> {
        self.engine.load(records, self.done, done).await?;
        self.done = done;
        Ok(())
    }

    /// Ends the load: its records become those of the store, with the indexes. `left_out` is called
    /// with each record that is left out and its number; it may block. In a file, other writers
    /// wait while an index is built; on a server, they wait only for the moment in which the tables
    /// are swapped.
    ///
    /// # Errors
    ///
    /// [`Refused`](crate::StoreErrorKind::Refused) if recordings were added in another way
    /// meanwhile, and those of any write. What was loaded is kept, apart from the records that were
    /// left out.
    pub async fn finish(
        self,
        on_conflict: OnConflict,
        left_out: impl FnMut(u64, &StoredRecord) + Send + 'static,
    ) -> Result<BulkLoaded, StoreError> {
        self.engine.finish(self.done, on_conflict, Box::new(left_out)).await
    }
}

impl std::fmt::Debug for BulkLoad {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BulkLoad").field("done", &self.done).finish_non_exhaustive()
    }
}
