//! The way to an offset over the counts, a step at a time. It does no I/O: it says which counts to read
//! next, and is told them.

use std::ops::Range;

use vcc_types::Order;

use crate::counts::{FAN_OUT, LEVELS};

/// The way from where a list begins to the bucket in which an offset ends.
///
/// Downwards is upwards in a mirror: `!bucket` reverses the order of buckets and commutes with the
/// shift from a bucket to its parent.
#[derive(Debug)]
pub(super) struct Seek {
    order: Order,
    skip: u64,
    level: usize,
    /// The next bucket to look at, mirrored if descending.
    at: i64,
    descending_levels: bool,
}

/// What a [`Seek`] needs next, or where it ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The counts of these buckets of this level, in the order of the list.
    Read { level: usize, buckets: Range<i64> },
    /// The offset ends in this finest bucket, so many records after its first one.
    Found { bucket: i64, skip: u64 },
    /// There are not that many records.
    End,
}

impl Seek {
    /// From the first bucket there is.
    pub(super) fn from_the_beginning(order: Order, skip: u64) -> Self {
        let level = LEVELS.len() - 1;
        // Far enough from the ends of i64 for every sum and shift.
        Self { order, skip, level, at: i64::MIN >> 30, descending_levels: false }
    }

    /// From a bucket of the finest level on, that one included.
    pub(super) fn from_bucket(order: Order, bucket: i64, skip: u64) -> Self {
        let at = mirror(order, bucket);
        Self { order, skip, level: 0, at, descending_levels: false }
    }

    /// What to read first.
    pub(super) fn first(&self) -> Step {
        self.read()
    }

    /// What to do after the counts that were asked for, given as (bucket, records) in the order
    /// of the list. Empty buckets may be left out.
    pub(super) fn next(&mut self, counts: impl IntoIterator<Item = (i64, u64)>) -> Step {
        for (bucket, records) in counts {
            if self.skip < records {
                if self.level == 0 {
                    return Step::Found { bucket, skip: self.skip };
                }
                self.level -= 1;
                self.at = mirror(self.order, bucket) << FAN_OUT;
                self.descending_levels = true;
                return self.read();
            }
            self.skip -= records;
        }
        // On the way down the bucket is known to be there; if the counts were wrong, the list ends.
        if self.descending_levels || self.level == LEVELS.len() - 1 {
            return Step::End;
        }
        self.at = (self.at >> FAN_OUT) + 1;
        self.level += 1;
        self.read()
    }

    fn read(&self) -> Step {
        let top = self.level == LEVELS.len() - 1;
        let end = if top { i64::MAX >> 30 } else { ((self.at >> FAN_OUT) + 1) << FAN_OUT };
        let buckets = match self.order {
            Order::StartAscending => self.at..end,
            Order::StartDescending => !(end - 1)..!self.at + 1,
        };
        Step::Read { level: self.level, buckets }
    }
}

fn mirror(order: Order, bucket: i64) -> i64 {
    match order {
        Order::StartAscending => bucket,
        Order::StartDescending => !bucket,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    /// Seeks over counts made from a list of finest buckets, and where a plain count ends.
    fn seek(order: Order, from: Option<i64>, skip: u64, buckets: &[i64]) -> (Step, Step) {
        let mut counts: BTreeMap<(usize, i64), u64> = BTreeMap::new();
        for bucket in buckets {
            for level in 0..LEVELS.len() {
                *counts.entry((level, bucket >> (FAN_OUT * level as u32))).or_default() += 1;
            }
        }
        let mut seek = match from {
            Some(from) => Seek::from_bucket(order, from, skip),
            None => Seek::from_the_beginning(order, skip),
        };
        let mut step = seek.first();
        let mut reads = 0;
        while let Step::Read { level, buckets } = &step {
            reads += 1;
            assert!(*level == LEVELS.len() - 1 || buckets.end - buckets.start <= 64);
            let mut found: Vec<_> = counts
                .range((*level, buckets.start)..(*level, buckets.end))
                .map(|((_, bucket), records)| (*bucket, *records))
                .collect();
            if order == Order::StartDescending {
                found.reverse();
            }
            step = seek.next(found);
        }
        assert!(reads <= 2 * LEVELS.len());

        let mut sorted = buckets.to_vec();
        sorted.sort_unstable();
        if order == Order::StartDescending {
            sorted.reverse();
        }
        let reached = sorted
            .iter()
            .filter(|bucket| match (from, order) {
                (None, _) => true,
                (Some(from), Order::StartAscending) => **bucket >= from,
                (Some(from), Order::StartDescending) => **bucket <= from,
            })
            .copied()
            .collect::<Vec<_>>();
        let expected = match reached.get(skip as usize) {
            None => Step::End,
            Some(bucket) => {
                let before = reached[..skip as usize].iter().filter(|other| **other == *bucket);
                Step::Found { bucket: *bucket, skip: before.count() as u64 }
            }
        };
        (step, expected)
    }

    proptest! {
        #[test]
        fn a_seek_ends_where_counting_ends(
            descending: bool,
            from in proptest::option::of(-5_000_i64..5_000),
            skip in 0_u64..80,
            buckets in proptest::collection::vec(
                prop_oneof![-70_i64..70, -5_000_i64..5_000, -300_000_000_i64..300_000_000], 0..80),
        ) {
            let order =
                if descending { Order::StartDescending } else { Order::StartAscending };
            let (found, counted) = seek(order, from, skip, &buckets);
            prop_assert_eq!(found, counted);
        }
    }
}
