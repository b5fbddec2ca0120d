//! The page of a list by start alone that begins far from the list's own beginning, as one
//! statement: one round trip, and one snapshot for the counts and for the records.
//!
//! What the walk of SQLite's store does step by step is done here in one direction only. First, how
//! many records come before the list (`target` adds them to the offset): the sums of the counts
//! beside the list's first bucket, at most 63 a level, and the records of that bucket that are
//! outside. Then from the coarsest counts down to the bucket in which the offset ends.

use std::ops::Range;

use super::page::guarded;
use crate::counts::{Direction, LEVELS, bucket, instants};

/// The statements: a macro, since the pieces must be literals.
macro_rules! deep {
    ($order:literal, $bounds:literal, $kind:ident) => {
        concat!(
            "WITH target AS MATERIALIZED (SELECT $2::bigint
             + (SELECT count(*) FROM recordings WHERE tenant = $1 AND start >= $3 AND start < $4)",
            deep!(sum "10", "$5", "$6"),
            deep!(sum "16", "$7", "$8"),
            deep!(sum "22", "$9", "$10"),
            deep!(sum "28", "$11", "$12"),
            " AS skip), level28 AS MATERIALIZED (SELECT bucket, upto - records AS before FROM
             (SELECT bucket, records, sum(records) OVER (ORDER BY bucket", $order, ")::bigint AS upto
             FROM counts WHERE tenant = $1 AND level = 28) AS c
             WHERE upto > (SELECT skip FROM target) ORDER BY bucket", $order, " LIMIT 1)",
            deep!(level "22", "28", $order),
            deep!(level "16", "22", $order),
            deep!(level "10", "16", $order),
            deep!(from $kind), " FROM recordings WHERE tenant = $1", $bounds,
            " ORDER BY start", $order, ", transaction_id", $order, ", filename", $order, ", id",
            $order, " LIMIT $14 OFFSET (SELECT (SELECT skip FROM target) - before FROM level10)",
            deep!(to $kind),
        )
    };
    (from whole) => {
        " SELECT start, agent_id, phone_number, channel, case_id, duration, filename, queue_id,
         queue_name, account_number, transaction_id, ext_var1, ext_var2, out_dial_code, wrap_up_code"
    };
    (from guarded) => {
        concat!(" ", guarded!(from), "SELECT *")
    };
    (to whole) => {
        ""
    };
    (to guarded) => {
        guarded!(to)
    };
    (sum $level:literal, $from:literal, $until:literal) => {
        concat!(
            " + (SELECT coalesce(sum(records), 0)::bigint FROM counts WHERE tenant = $1
             AND level = ", $level, " AND bucket >= ", $from, " AND bucket < ", $until, ")",
        )
    };
    (level $level:literal, $above:literal, $order:literal) => {
        concat!(
            ", level", $level, " AS MATERIALIZED (SELECT bucket, upto - records AS before FROM
             (SELECT bucket, records, (SELECT before FROM level", $above, ")
             + sum(records) OVER (ORDER BY bucket", $order, ")::bigint AS upto
             FROM counts WHERE tenant = $1 AND level = ", $level,
            " AND bucket >= (SELECT bucket << 6 FROM level", $above,
            ") AND bucket < (SELECT (bucket + 1) << 6 FROM level", $above, ")) AS c
             WHERE upto > (SELECT skip FROM target) ORDER BY bucket", $order, " LIMIT 1)",
        )
    };
}

// $13 is the list's end in its direction, and $14 the size. 1024000000 are the microseconds of a finest bucket. Where the list ends before the offset does,
// there is no bucket, and nothing is on the right side of NULL.
macro_rules! both {
    ($kind:ident) => {
        [
            deep!(
                "",
                " AND start >= (SELECT bucket * 1024000000 FROM level10) AND start < $13",
                $kind
            ),
            deep!(
                " DESC",
                " AND start >= $13 AND start < (SELECT (bucket + 1) * 1024000000 FROM level10)",
                $kind
            ),
        ]
    };
}
/// Ascending and descending.
pub(super) const WHOLE: [&str; 2] = both!(whole);
pub(super) const GUARDED: [&str; 2] = both!(guarded);

/// What comes before a list, in its direction: the records of the list's first bucket that are
/// outside, and of each level, the finest first, the buckets up to the end of their parent.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Before {
    pub(super) records: Range<i64>,
    pub(super) levels: [Range<i64>; LEVELS.len()],
}

impl Before {
    /// What comes before a list of records that start in a range.
    pub(super) fn new(start: &Range<i64>, direction: Direction) -> Self {
        let edge = match direction {
            Direction::Ascending => start.start,
            Direction::Descending => start.end,
        };
        // Nothing comes before a list without an end there.
        if edge == i64::MIN || edge == i64::MAX {
            return Self::default();
        }
        let finest = instants(bucket(0, edge));
        let mut levels = [const { 0..0 }; LEVELS.len()];
        for (level, buckets) in levels.iter_mut().enumerate() {
            let at = bucket(level, edge);
            let parent = LEVELS.get(level + 1).map(|_| bucket(level + 1, edge) << 6);
            *buckets = match direction {
                Direction::Ascending => parent.unwrap_or(i64::MIN)..at,
                Direction::Descending => at + 1..parent.map_or(i64::MAX, |first| first + 64),
            };
        }
        let records = match direction {
            Direction::Ascending => finest.start..edge,
            Direction::Descending => edge..finest.end,
        };
        Self { records, levels }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EDGE: i64 = 1_198_120_596_000_001;

    /// Whether an instant is counted exactly once, or not at all.
    fn counted(before: &Before, micros: i64) -> usize {
        let levels = before.levels.iter().enumerate();
        let levels = levels.filter(|(level, buckets)| buckets.contains(&bucket(*level, micros)));
        levels.count() + usize::from(before.records.contains(&micros))
    }

    #[test]
    fn everything_before_a_list_is_counted_once() {
        let ascending = Before::new(&(EDGE..i64::MAX), Direction::Ascending);
        let descending = Before::new(&(i64::MIN..EDGE), Direction::Descending);
        let far = (0..58).flat_map(|power| [EDGE - (1 << power), EDGE + (1 << power)]);
        for micros in far.chain([EDGE, -62_135_596_800_000_000, 253_402_300_799_999_999]) {
            assert_eq!(counted(&ascending, micros), usize::from(micros < EDGE), "{micros}");
            assert_eq!(counted(&descending, micros), usize::from(micros >= EDGE), "{micros}");
        }
    }

    #[test]
    fn nothing_is_before_the_whole_list() {
        let whole = i64::MIN..i64::MAX;
        assert_eq!(Before::new(&whole, Direction::Ascending), Before::default());
        assert_eq!(Before::new(&whole, Direction::Descending), Before::default());
    }
}
