//! What the laws are tried with.

use chrono::{DateTime, Utc};
use vcc_query::Selection;
use vcc_types::{Field, Order, Recording};

use crate::{Store, StoreError, StoreErrorKind, StoredRecord, Tenant};

pub(super) const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

pub(super) async fn acme(store: &dyn Store) -> Tenant {
    store.add_tenant("acme", "America/Denver".parse().unwrap(), NOW).await.unwrap()
}

pub(super) fn record(transaction: &str, filename: &str, agent: &str) -> StoredRecord {
    let recording = Recording::new()
        .with(Field::StartDate, "2007-12-19T19:16:36-08:00")
        .with(Field::TransactionId, transaction)
        .with(Field::Filename, filename)
        .with(Field::AgentId, agent);
    StoredRecord::new(&recording).unwrap()
}

/// The first page of all records, the oldest first: a selection to change for a test.
///
/// ```
/// use vcc_query::Selection;
/// use vcc_store::laws::everything;
///
/// let second_page = Selection { first: 51, ..everything() };
/// assert_eq!((second_page.page_size, second_page.filters), (50, vec![]));
/// ```
#[must_use]
pub fn everything() -> Selection {
    crate::selection::everything()
}

/// What a selection's page is by definition, over all records of a tenant in the order in which they were
/// added, and whether there are more.
///
/// ```
/// use vcc_query::Selection;
/// use vcc_store::StoredRecord;
/// use vcc_store::laws::{everything, expected};
/// # use vcc_types::{Field, Recording};
/// # let record = |start| {
/// #     StoredRecord::new(&Recording::new().with(Field::StartDate, start)).unwrap()
/// # };
///
/// let records = [record("2007-12-19T19:16:37Z"), record("2007-12-19T19:16:36Z")];
/// let first = Selection { page_size: 1, ..everything() };
/// assert_eq!(expected(&records, &first), (vec![records[1].clone()], true));
/// ```
#[must_use]
pub fn expected(records: &[StoredRecord], selection: &Selection) -> (Vec<StoredRecord>, bool) {
    let mut sorted: Vec<_> = records.iter().collect();
    // Records with the same keys are in the order of their arrival, reversed with the rest.
    if selection.order == Order::StartDescending {
        sorted.reverse();
    }
    sorted.sort_by(|a, b| selection.compare(a, b));
    let page: Vec<_> = selection.page(sorted.iter().copied()).cloned().collect();
    let next = Selection {
        first: selection.first.saturating_add(u64::from(selection.page_size)),
        ..selection.clone()
    };
    let more = selection.first < u64::MAX && next.page(sorted.iter().copied()).next().is_some();
    (page, more)
}

/// The answer to what a store need not do: `None` if it refuses.
pub(super) fn optional<T>(answer: Result<T, StoreError>) -> Option<T> {
    match answer {
        Err(error) if error.kind() == StoreErrorKind::Refused => None,
        answer => Some(answer.unwrap()),
    }
}
