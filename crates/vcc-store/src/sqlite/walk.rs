//! The walk over counts, a step at a time. It does no I/O: it says which counts to read next, and is
//! told them.

use std::ops::Range;

use crate::counts::{Direction, LEVELS};

/// A bucket has 2^6 buckets of the next finer level.
const FAN_OUT: u32 = 6;

/// The way from a place to the bucket that an offset ends in.
///
/// Downwards is upwards in a mirror: `!bucket` reverses the order of buckets and commutes with the
/// shift from a bucket to its parent.
#[derive(Debug)]
pub(super) struct Walk {
    direction: Direction,
    skip: u64,
    level: usize,
    /// The next bucket to look at, mirrored if descending.
    at: i64,
    descending_levels: bool,
}

/// What a [`Walk`] needs next, or where it ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The counts of these buckets of this level, in the walk's direction.
    Read { level: usize, buckets: Range<i64> },
    /// The offset ends in this finest bucket, so many records after its first one.
    Found { bucket: i64, skip: u64 },
    /// There are not that many records.
    End,
}

impl Walk {
    /// From the first bucket there is.
    pub(super) fn from_the_beginning(direction: Direction, skip: u64) -> Self {
        let level = LEVELS.len() - 1;
        // Far enough from the ends of i64 for every sum and shift.
        Self { direction, skip, level, at: i64::MIN >> 30, descending_levels: false }
    }

    /// From a bucket of the finest level on, that one included.
    pub(super) fn from_bucket(direction: Direction, bucket: i64, skip: u64) -> Self {
        let at = mirror(direction, bucket);
        Self { direction, skip, level: 0, at, descending_levels: false }
    }

    /// What to read first.
    pub(super) fn first(&self) -> Step {
        self.read()
    }

    /// What to do after the counts that were asked for, given as (bucket, records) in the walk's
    /// direction. Empty buckets may be left out.
    pub(super) fn next(&mut self, counts: impl IntoIterator<Item = (i64, u64)>) -> Step {
        for (bucket, records) in counts {
            if self.skip < records {
                if self.level == 0 {
                    return Step::Found { bucket, skip: self.skip };
                }
                self.level -= 1;
                self.at = mirror(self.direction, bucket) << FAN_OUT;
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
        let buckets = match self.direction {
            Direction::Ascending => self.at..end,
            Direction::Descending => !(end - 1)..!self.at + 1,
        };
        Step::Read { level: self.level, buckets }
    }
}

fn mirror(direction: Direction, bucket: i64) -> i64 {
    match direction {
        Direction::Ascending => bucket,
        Direction::Descending => !bucket,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    /// Walks over counts made from a list of finest buckets, and where a plain count ends.
    fn walk(direction: Direction, from: Option<i64>, skip: u64, buckets: &[i64]) -> (Step, Step) {
        let mut counts: BTreeMap<(usize, i64), u64> = BTreeMap::new();
        for bucket in buckets {
            for level in 0..LEVELS.len() {
                *counts.entry((level, bucket >> (FAN_OUT * level as u32))).or_default() += 1;
            }
        }
        let mut walk = match from {
            Some(from) => Walk::from_bucket(direction, from, skip),
            None => Walk::from_the_beginning(direction, skip),
        };
        let mut step = walk.first();
        let mut reads = 0;
        while let Step::Read { level, buckets } = &step {
            reads += 1;
            assert!(*level == LEVELS.len() - 1 || buckets.end - buckets.start <= 64);
            let mut found: Vec<_> = counts
                .range((*level, buckets.start)..(*level, buckets.end))
                .map(|((_, bucket), records)| (*bucket, *records))
                .collect();
            if direction == Direction::Descending {
                found.reverse();
            }
            step = walk.next(found);
        }
        assert!(reads <= 2 * LEVELS.len());

        let mut sorted = buckets.to_vec();
        sorted.sort_unstable();
        if direction == Direction::Descending {
            sorted.reverse();
        }
        let reached = sorted
            .iter()
            .filter(|bucket| match (from, direction) {
                (None, _) => true,
                (Some(from), Direction::Ascending) => **bucket >= from,
                (Some(from), Direction::Descending) => **bucket <= from,
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
        fn a_walk_ends_where_counting_ends(
            descending: bool,
            from in proptest::option::of(-5_000_i64..5_000),
            skip in 0_u64..80,
            buckets in proptest::collection::vec(
                prop_oneof![-70_i64..70, -5_000_i64..5_000, -300_000_000_i64..300_000_000], 0..80),
        ) {
            let direction =
                if descending { Direction::Descending } else { Direction::Ascending };
            let (walked, counted) = walk(direction, from, skip, &buckets);
            prop_assert_eq!(walked, counted);
        }
    }
}
