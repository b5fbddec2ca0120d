//! Deep pages without walking what comes before them.
//!
//! `n` is an offset into a list (PAGE-2), and an engine reaches an offset by reading everything
//! before it. The table `counts` says how many records start in each bucket of 2^10, 2^16, 2^22 and
//! 2^28 seconds (17 minutes, 18 hours, 49 days, 8½ years). [`Walk`] goes from a place to the
//! bucket in which an offset ends: up through at most 64 buckets a level, then down again.
//!
//! It does no I/O: it says which counts to read next, and is told them.

use std::collections::BTreeMap;
use std::ops::Range;

/// The bucket sizes as powers of two of a second, the finest first. Each is 64 of the one before.
pub(crate) const LEVELS: [i64; 4] = [10, 16, 22, 28];
const FAN_OUT: u32 = 6;
const MICROS: i64 = 1_000_000;

/// The bucket that an instant in microseconds is in.
pub(crate) fn bucket(level: usize, micros: i64) -> i64 {
    micros.div_euclid(MICROS) >> LEVELS[level]
}

/// The instants of a bucket of the finest level, half-open, in microseconds.
pub(crate) fn instants(bucket: i64) -> Range<i64> {
    let width = MICROS << LEVELS[0];
    bucket * width..(bucket + 1) * width
}

/// By how much the counts of every level change, as (level, bucket, records), when the finest
/// buckets change by so much.
pub(crate) fn changes(moved: &BTreeMap<i64, i64>) -> Vec<(i64, i64, i64)> {
    let mut changes = Vec::new();
    for level in LEVELS {
        let mut coarse: BTreeMap<i64, i64> = BTreeMap::new();
        for (bucket, by) in moved {
            *coarse.entry(bucket >> (level - LEVELS[0])).or_default() += by;
        }
        let changed = coarse.into_iter().filter(|(_, by)| *by != 0);
        changes.extend(changed.map(|(bucket, by)| (level, bucket, by)));
    }
    changes
}

/// The direction of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Ascending,
    Descending,
}

/// The way from a place to the bucket that an offset ends in.
///
/// Downwards is upwards in a mirror: `!bucket` reverses the order of buckets and commutes with the
/// shift from a bucket to its parent.
#[derive(Debug)]
pub(crate) struct Walk {
    direction: Direction,
    skip: u64,
    level: usize,
    /// The next bucket to look at, mirrored if descending.
    at: i64,
    descending_levels: bool,
}

/// What a [`Walk`] needs next, or where it ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The counts of these buckets of this level, in the walk's direction.
    Read { level: usize, buckets: Range<i64> },
    /// The offset ends in this finest bucket, so many records after its first one.
    Found { bucket: i64, skip: u64 },
    /// There are not that many records.
    End,
}

impl Walk {
    /// From the first bucket there is.
    pub(crate) fn from_the_beginning(direction: Direction, skip: u64) -> Self {
        let level = LEVELS.len() - 1;
        // Far enough from the ends of i64 for every sum and shift.
        Self { direction, skip, level, at: i64::MIN >> 30, descending_levels: false }
    }

    /// From a bucket of the finest level on, that one included.
    pub(crate) fn from_bucket(direction: Direction, bucket: i64, skip: u64) -> Self {
        let at = mirror(direction, bucket);
        Self { direction, skip, level: 0, at, descending_levels: false }
    }

    /// What to read first.
    pub(crate) fn first(&self) -> Step {
        self.read()
    }

    /// What to do after the counts that were asked for, given as (bucket, records) in the walk's
    /// direction. Empty buckets may be left out.
    pub(crate) fn next(&mut self, counts: impl IntoIterator<Item = (i64, u64)>) -> Step {
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

    #[test]
    fn buckets_and_their_instants() {
        assert_eq!(bucket(0, 0), 0);
        assert_eq!(bucket(0, -1), -1);
        assert_eq!(bucket(0, 1_023_999_999), 0);
        assert_eq!(bucket(0, 1_024_000_000), 1);
        assert_eq!(instants(1), 1_024_000_000..2_048_000_000);
        for micros in
            [-62_135_596_800_000_000, -1, 0, 1_198_120_596_000_000, 253_402_300_799_999_999]
        {
            assert!(instants(bucket(0, micros)).contains(&micros));
            for level in 1..LEVELS.len() {
                assert_eq!(bucket(level - 1, micros) >> FAN_OUT, bucket(level, micros));
            }
        }
    }
}
