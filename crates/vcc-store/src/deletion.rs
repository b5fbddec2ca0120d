//! Which records are deleted, and how many that would be.

use chrono::{DateTime, Utc};
use vcc_types::Field;

/// Which records of a tenant are deleted.
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use chrono::{DateTime, TimeDelta};
/// use vcc_store::{Deletion, Sqlite, Store as _, StoredRecord};
/// # use vcc_types::{Field, Recording};
/// # let start = DateTime::from_timestamp(1_198_120_596, 0).unwrap();
/// # let store = Sqlite::in_memory()?;
/// # let tenant = store.add_tenant("acme", vcc_query::Zone::UTC, start).await?;
///
/// let record = StoredRecord::with_start(&Recording::new(), start).unwrap();
/// store.import(tenant.id, vec![record].into()).await?;
/// // What started at the instant itself stays.
/// assert_eq!(store.delete(tenant.id, &Deletion::Before(start)).await?, 0);
/// let after = start + TimeDelta::microseconds(1);
/// assert_eq!(store.delete(tenant.id, &Deletion::Before(after)).await?, 1);
/// # Ok::<(), vcc_store::StoreError>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Deletion {
    /// Those that started before an instant.
    Before(DateTime<Utc>),
    /// All of them.
    All,
    /// Those in which a field has exactly this text. The start is not a text: nothing is deleted.
    Field(Field, String),
}

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
    /// How many there are in all, counted in the same way.
    pub of: u64,
    /// The starts of the first and the last record that would be deleted; `None` if there are none.
    pub starts: Option<(DateTime<Utc>, DateTime<Utc>)>,
}

impl Reach {
    /// From what the engine counted; the starts are in microseconds.
    pub(crate) fn new(records: i64, of: u64, first: Option<i64>, last: Option<i64>) -> Self {
        let instant = |micros: Option<i64>| micros.and_then(DateTime::from_timestamp_micros);
        let (records, starts) = (records.cast_unsigned(), instant(first).zip(instant(last)));
        Self { records, of, starts }
    }

    /// Both together.
    pub(crate) fn and(self, other: Self) -> Self {
        let starts = match (self.starts, other.starts) {
            (Some((a, b)), Some((c, d))) => Some((a.min(c), b.max(d))),
            (starts, None) | (None, starts) => starts,
        };
        Self { records: self.records + other.records, of: self.of + other.of, starts }
    }
}
