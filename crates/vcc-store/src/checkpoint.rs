//! How far an import is.

use crate::{StoreError, StoreErrorKind};

/// How far an import is, stored in the transaction of its batch. If two imports of one source run
/// at the same time, one continues and the other is refused, so no record is imported twice. An
/// import that has ended is forgotten, and another may begin.
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use vcc_store::{Batch, Checkpoint, Sqlite, Store as _, StoreErrorKind};
/// # let now = chrono::DateTime::from_timestamp(1_198_120_596, 0).unwrap();
/// # let store = Sqlite::in_memory()?;
/// # let tenant = store.add_tenant("acme", vcc_query::Zone::UTC, now).await?;
///
/// let step = |after, records| {
///     let checkpoint = Some(Checkpoint { source: "calls.csv".into(), after, records });
///     store.import(tenant.id, Batch { checkpoint, ..Batch::default() })
/// };
/// // It need not grow by the size of its batch: others were refused. 0 means none.
/// for (after, records) in [(0, 5_000), (5_000, 7_000), (7_000, 0)] {
///     step(after, records).await?;
///     assert_eq!(store.checkpoint(tenant.id, "calls.csv").await?, records);
///     assert_eq!(store.checkpoint(tenant.id, "other.csv").await?, 0);
/// }
/// // Another import of the source would do the same again.
/// step(0, 5_000).await?;
/// assert_eq!(step(0, 5_000).await.unwrap_err().kind(), StoreErrorKind::Refused);
/// # Ok::<(), vcc_store::StoreError>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// What is imported, such as the hash of a file.
    pub source: String,
    /// How many of its records were dealt with before the batch: the number in the stored
    /// checkpoint, or 0 if there is none. If the stored number is another one, the batch is
    /// refused.
    pub after: u64,
    /// How many of its records have been dealt with. 0 forgets the source: it has ended.
    pub records: u64,
}

impl Checkpoint {
    /// Checks that this checkpoint follows the stored number.
    pub(crate) fn follows(&self, there: u64) -> Result<(), StoreError> {
        if self.after == there {
            return Ok(());
        }
        let message = "another import of the same source has gone on or ended meanwhile";
        Err(StoreError::new(StoreErrorKind::Refused, message))
    }
}
