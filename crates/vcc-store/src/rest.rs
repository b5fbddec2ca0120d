//! Pages that are read in pieces, and what is left of them.

use std::collections::{HashMap, VecDeque};

use vcc_query::Selection;

use crate::StoredRecord;

/// How many bytes of text of a page are read at a time. A longer record is read by itself.
pub(crate) const LIMIT: usize = 256 * 1024;

/// What is left of a page after its first pieces: which records, in their order, but not their
/// content.
///
/// [`Store::rest`](crate::Store::rest) reads the next of them. Which records the page has, and
/// their order, was decided when it began.
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
/// # let selection = Query::parse("").unwrap().resolve(&context).unwrap();
/// let recording = Recording::new()
///     .with(Field::StartDate, "2007-12-19T19:16:36Z")
///     .with(Field::ExtVar1, &"x".repeat(100_000));
/// let record = StoredRecord::new(&recording).unwrap();
/// store.import(tenant.id, vec![record; 5].into()).await?;
///
/// // At most 256 KiB of text are read at a time.
/// let page = store.begin(tenant.id, &selection).await?;
/// let rest = page.rest.unwrap();
/// assert_eq!((page.records.len(), rest.records()), (2, 3));
/// assert_eq!((rest.longest(), rest.longest_piece()), (100_000, 200_000));
/// let page = store.rest(tenant.id, &selection, rest).await?;
/// assert_eq!((page.records.len(), page.rest.map(|rest| rest.records())), (2, Some(1)));
/// # Ok::<(), vcc_store::StoreError>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct Rest {
    left: VecDeque<Pending>,
    /// Whether there is a record after the page.
    more: bool,
    /// The number of the file in which the page began, for a store whose file may be replaced.
    #[cfg(feature = "sqlite")]
    file: u64,
}

/// A record of a page that has not been read yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pending {
    pub(crate) id: i64,
    pub(crate) start: i64,
    /// How many bytes its texts had when the page began.
    pub(crate) bytes: usize,
}

impl Rest {
    /// A page whose records are known, but not read.
    pub(crate) fn new(left: impl Into<VecDeque<Pending>>, more: bool) -> Self {
        Self {
            left: left.into(),
            more,
            #[cfg(feature = "sqlite")]
            file: 0,
        }
    }

    /// How many records are left.
    #[must_use]
    pub fn records(&self) -> usize {
        self.left.len()
    }

    /// The length in bytes of the longest record that is left, as it was when the page began.
    #[must_use]
    pub fn longest(&self) -> usize {
        self.left.iter().map(|left| left.bytes).max().unwrap_or(0)
    }

    /// The length in bytes of the longest piece in which the rest is read.
    #[must_use]
    pub fn longest_piece(&self) -> usize {
        let (mut longest, mut rest) = (0, self.clone());
        while !rest.left.is_empty() {
            longest = longest.max(rest.next(1).iter().map(|left| left.bytes).sum());
        }
        longest
    }

    #[cfg(feature = "sqlite")]
    pub(crate) fn file(&self) -> u64 {
        self.file
    }

    #[cfg(feature = "sqlite")]
    pub(crate) fn set_file(&mut self, file: u64) {
        self.file = file;
    }

    pub(crate) fn more(&self) -> bool {
        self.more
    }

    /// What is left after the records that were taken; `None` if nothing is.
    pub(crate) fn left(self) -> Option<Self> {
        (!self.left.is_empty()).then_some(self)
    }

    /// Takes the records that are read next: as many as fit, and at least `at_least`.
    pub(crate) fn next(&mut self, at_least: usize) -> Vec<Pending> {
        let mut bytes = 0;
        let fit = self.left.iter().take_while(|left| {
            bytes += left.bytes;
            bytes <= LIMIT
        });
        let count = fit.count().max(at_least).min(self.left.len());
        self.left.drain(..count).collect()
    }
}

/// The records that were read, in the order of the list from which they were taken. Records are
/// left out that were deleted meanwhile, that have another start now and so another place in the
/// list, or that the selection no longer matches.
pub(crate) fn in_order(
    taken: &[Pending],
    mut read: HashMap<i64, StoredRecord>,
    selection: &Selection,
) -> Vec<StoredRecord> {
    let stays = |(left, record): &(&Pending, StoredRecord)| {
        record.start_micros() == left.start && selection.matches(record)
    };
    let read = taken.iter().filter_map(|left| Some((left, read.remove(&left.id)?)));
    read.filter(stays).map(|(_, record)| record).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_as_long_as_the_limit_or_one_record() {
        let sizes = [100_000, 162_144, 1, 300_000, 0, 262_144, 5];
        let left =
            |(id, bytes): (usize, &usize)| Pending { id: id as i64, start: 0, bytes: *bytes };
        let all: Vec<_> = sizes.iter().enumerate().map(left).collect();
        let mut rest = Rest::new(all, true);
        assert_eq!((rest.longest(), rest.longest_piece()), (300_000, 300_000));
        let mut pieces = Vec::new();
        while rest.records() > 0 {
            pieces.push(rest.next(1).iter().map(|left| left.id).collect::<Vec<_>>());
        }
        assert_eq!(pieces, [&[0, 1][..], &[2], &[3], &[4, 5], &[6]]);
        assert!(rest.left().is_none());
        let mut rest = Rest::new(vec![Pending { id: 1, start: 0, bytes: LIMIT + 1 }], false);
        assert!(rest.next(0).is_empty());
        assert_eq!(rest.next(1).len(), 1);
    }
}
