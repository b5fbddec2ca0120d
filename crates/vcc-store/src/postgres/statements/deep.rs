//! The page of a list by start alone that begins far from the list's own beginning, as one statement: one
//! round trip, and one snapshot for the counts and for the records.
//!
//! SQLite seeks step by step, up and down through the counts. Here everything goes in one direction. First,
//! how many records come before the list (`target` adds them to the offset): the sums of the counts beside
//! the list's first bucket, at most 63 a level, and the records of that bucket that are outside. Then from
//! the coarsest counts down to the bucket in which the offset ends.
//!
//! The parameters: `$2` is the offset, `$3` and `$4` the records of the first bucket before the list, then
//! come two for the buckets of each level, the finest first, `$13` is the list's end in its direction, and
//! `$14` the size. Where the list ends before the offset does, there is no bucket, and a comparison with
//! NULL finds nothing.

use super::page::GUARDED;
use crate::counts::{FAN_OUT, LEVELS, WIDTH};
use crate::sql::columns::ALL;
use crate::sql::text::{number, text};
use crate::sql::{statements, tenant};

/// The statement: what is read, the order, and where in the list the bucket is.
macro_rules! deep {
    ($from:expr, $order:literal, $bounds:expr, $to:expr) => {
        text!(
            "WITH target AS MATERIALIZED (SELECT $2::bigint
             + (SELECT count(*) FROM recordings WHERE tenant = $1 AND start >= $3 AND start < $4)",
            before!(0), before!(1), before!(2), before!(3),
            " AS skip), ", name!(3), " AS MATERIALIZED (SELECT bucket, upto - records AS before FROM
             (SELECT bucket, records, sum(records) OVER (ORDER BY bucket", $order, ")::bigint AS upto
             FROM counts WHERE tenant = $1 AND level = ", number!(LEVELS[3]), ") AS c
             WHERE upto > (SELECT skip FROM target) ORDER BY bucket", $order, " LIMIT 1)",
            level!(2, $order), level!(1, $order), level!(0, $order),
            " ", $from, " FROM recordings WHERE tenant = $1", $bounds, " ORDER BY start", $order,
            ", transaction_id", $order, ", filename", $order, ", id", $order,
            " LIMIT $14 OFFSET (SELECT (SELECT skip FROM target) - before FROM ", name!(0), ")", $to,
        )
    };
}

/// What a level is called in the statement.
macro_rules! name {
    ($level:expr) => {
        text!("level", number!(LEVELS[$level]))
    };
}

/// How many records the buckets of a level have that come before the list.
macro_rules! before {
    ($level:literal) => {
        text!(
            " + (SELECT coalesce(sum(records), 0)::bigint FROM counts WHERE tenant = $1
             AND level = ",
            number!(LEVELS[$level]),
            " AND bucket >= $",
            number!(5 + 2 * $level),
            " AND bucket < $",
            number!(6 + 2 * $level),
            ")",
        )
    };
}

/// The bucket of a level in which the offset ends, among those of the bucket of the level above.
macro_rules! level {
    ($level:literal, $order:literal) => {
        text!(
            ", ",
            name!($level),
            " AS MATERIALIZED (SELECT bucket, upto - records AS before FROM
             (SELECT bucket, records, (SELECT before FROM ",
            name!($level + 1),
            ")
             + sum(records) OVER (ORDER BY bucket",
            $order,
            ")::bigint AS upto
             FROM counts WHERE tenant = $1 AND level = ",
            number!(LEVELS[$level]),
            " AND bucket >= (SELECT bucket << ",
            number!(FAN_OUT as i64),
            " FROM ",
            name!($level + 1),
            ") AND bucket < (SELECT (bucket + 1) << ",
            number!(FAN_OUT as i64),
            " FROM ",
            name!($level + 1),
            ")) AS c
             WHERE upto > (SELECT skip FROM target) ORDER BY bucket",
            $order,
            " LIMIT 1)",
        )
    };
}

/// From the bucket on, in either direction.
const BOUNDS: [&str; 2] = [
    text!(
        " AND start >= (SELECT bucket * ",
        number!(WIDTH),
        " FROM ",
        name!(0),
        ") AND start < $13",
    ),
    text!(
        " AND start >= $13 AND start < (SELECT (bucket + 1) * ",
        number!(WIDTH),
        " FROM ",
        name!(0),
        ")",
    ),
];

const PLAIN: &str = text!("SELECT ", ALL);
const GUARDED_ALL: &str = text!(GUARDED[0], "SELECT *");

statements! {
    DEEP_ASCENDING = tenant(deep!(PLAIN, "", BOUNDS[0], ""));
    DEEP_DESCENDING = tenant(deep!(PLAIN, " DESC", BOUNDS[1], ""));
    GUARDED_DEEP_ASCENDING = tenant(deep!(GUARDED_ALL, "", BOUNDS[0], GUARDED[1]));
    GUARDED_DEEP_DESCENDING = tenant(deep!(GUARDED_ALL, " DESC", BOUNDS[1], GUARDED[1]));
}
