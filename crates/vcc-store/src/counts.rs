//! Deep pages without walking what comes before them.
//!
//! `n` is an offset into a list (PAGE-2), and an engine reaches an offset by reading everything
//! before it. The table `counts` says how many records start in each bucket of 2^10, 2^16, 2^22 and
//! 2^28 seconds (17 minutes, 18 hours, 49 days, 8½ years). An engine goes from a place to the bucket
//! in which an offset ends: up through at most 64 buckets a level, then down again.

use std::collections::BTreeMap;
use std::ops::Range;

/// The bucket sizes as powers of two of a second, the finest first. The numbers are in the rows of every
/// store, so they never change.
pub(crate) const LEVELS: [i64; 4] = [10, 16, 22, 28];

/// A bucket has 2^6 buckets of the next finer level.
pub(crate) const FAN_OUT: u32 = 6;

/// The level of the largest buckets, of which there are few.
pub(crate) const COARSEST: i64 = LEVELS[LEVELS.len() - 1];

/// How many microseconds a bucket of the finest level has.
pub(crate) const WIDTH: i64 = MICROS << LEVELS[0];

const MICROS: i64 = 1_000_000;

const _: () = {
    let mut level = 1;
    while level < LEVELS.len() {
        assert!(
            LEVELS[level] - LEVELS[level - 1] == FAN_OUT as i64,
            "each level has the same step"
        );
        level += 1;
    }
};

/// The bucket that an instant in microseconds is in.
pub(crate) fn bucket(level: usize, micros: i64) -> i64 {
    micros.div_euclid(MICROS) >> LEVELS[level]
}

/// The instants of a bucket of the finest level, half-open, in microseconds.
pub(crate) fn instants(bucket: i64) -> Range<i64> {
    bucket * WIDTH..(bucket + 1) * WIDTH
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

#[cfg(test)]
mod tests {
    use super::*;

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
