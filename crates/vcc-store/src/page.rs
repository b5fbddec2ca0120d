//! The answer to a selection.

use crate::{Rest, StoreError, StoreErrorKind, StoredRecord};

/// One page of records.
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use vcc_query::Query;
/// use vcc_store::{Sqlite, Store as _, StoredRecord};
/// # use vcc_query::{Context, Zone};
/// # use vcc_types::{Dialect, Field, Recording};
/// # let now = chrono::DateTime::from_timestamp(1_198_120_596, 0).unwrap();
/// # let context = Context { now, tenant_tz: Zone::UTC, dialect: Dialect::default() };
/// # let store = Sqlite::in_memory()?;
/// # let tenant = store.add_tenant("acme", Zone::UTC, now).await?;
/// # let recording = Recording::new().with(Field::StartDate, "2007-12-19T19:16:36Z");
/// # let record = StoredRecord::new(&recording).unwrap();
///
/// store.import(tenant.id, vec![record; 100].into()).await?;
/// // A page has 50 records, and `n` counts from 1. After a full last page there are no more.
/// for (query, records, more) in [("n=50", 50, true), ("n=51", 50, false), ("n=101", 0, false)] {
///     let selection = Query::parse(query).unwrap().resolve(&context).unwrap();
///     let page = store.page(tenant.id, &selection).await?;
///     assert_eq!((page.records.len(), page.more), (records, more), "{query}");
/// }
/// # Ok::<(), vcc_store::StoreError>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// The records, in the order of the selection.
    pub records: Vec<StoredRecord>,
    /// Whether there is a record after the last one of the page.
    pub more: bool,
    /// What is left of the page, if only its [beginning](crate::Store::begin) was read.
    pub rest: Option<Rest>,
}

impl Page {
    /// This piece of a page, if together with what is left it has `left` records; an error if one
    /// is missing.
    ///
    /// Many clients stop at a page with fewer records than the page size. A short page in the
    /// middle of a list would lose them the rest of it.
    pub(crate) fn complete(self, left: usize) -> Result<Self, StoreError> {
        let still_left = self.rest.as_ref().map_or(0, Rest::records);
        if self.records.len() + still_left < left {
            let message = "records of the page were deleted or changed while it was read in pieces: \
                           ask for it again";
            return Err(StoreError::new(StoreErrorKind::Unavailable, message));
        }
        Ok(self)
    }
}
