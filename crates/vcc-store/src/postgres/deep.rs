//! Where a page begins that is far down its list: found without reading the records before it, by the
//! statement that reads the page.

use std::ops::Range;

use tokio_postgres::{Error, RowStream};
use vcc_types::Order;

use super::session::Session;
use super::statements as s;
use crate::counts::{FAN_OUT, LEVELS, bucket, instants};
use crate::plan::Plan;

/// Reads a deep page, with its long texts or, `guarded`, without them.
pub(super) async fn deep(
    session: &Session,
    plan: &Plan<'_>,
    guarded: bool,
) -> Result<RowStream, Error> {
    let [ascending, descending] = match guarded {
        false => [s::DEEP_ASCENDING, s::DEEP_DESCENDING],
        true => [s::GUARDED_DEEP_ASCENDING, s::GUARDED_DEEP_DESCENDING],
    };
    let Before { records, levels: [ten, sixteen, twenty_two, twenty_eight] } =
        Before::new(&plan.start, plan.order);
    let (statement, end) = match plan.order {
        Order::StartAscending => (ascending, plan.start.end),
        Order::StartDescending => (descending, plan.start.start),
    };
    session
        .stream(
            statement,
            &[
                &plan.tenant.0,
                &plan.skip.cast_signed(),
                &records.start,
                &records.end,
                &ten.start,
                &ten.end,
                &sixteen.start,
                &sixteen.end,
                &twenty_two.start,
                &twenty_two.end,
                &twenty_eight.start,
                &twenty_eight.end,
                &end,
                &(plan.size as i64 + 1),
            ],
        )
        .await
}

/// What comes before a list, in its order: the records of the list's first bucket that are
/// outside, and of each level, the finest first, the buckets up to the end of their parent.
#[derive(Debug, Default, PartialEq, Eq)]
struct Before {
    records: Range<i64>,
    levels: [Range<i64>; LEVELS.len()],
}

impl Before {
    /// What comes before a list of records that start in a range.
    fn new(start: &Range<i64>, order: Order) -> Self {
        let edge = match order {
            Order::StartAscending => start.start,
            Order::StartDescending => start.end,
        };
        // Nothing comes before a list without an end there.
        if edge == i64::MIN || edge == i64::MAX {
            return Self::default();
        }
        let finest = instants(bucket(0, edge));
        let mut levels = [const { 0..0 }; LEVELS.len()];
        for (level, buckets) in levels.iter_mut().enumerate() {
            let at = bucket(level, edge);
            let parent = LEVELS.get(level + 1).map(|_| bucket(level + 1, edge) << FAN_OUT);
            *buckets = match order {
                Order::StartAscending => parent.unwrap_or(i64::MIN)..at,
                Order::StartDescending => {
                    at + 1..parent.map_or(i64::MAX, |first| first + (1 << FAN_OUT))
                }
            };
        }
        let records = match order {
            Order::StartAscending => finest.start..edge,
            Order::StartDescending => edge..finest.end,
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
        let ascending = Before::new(&(EDGE..i64::MAX), Order::StartAscending);
        let descending = Before::new(&(i64::MIN..EDGE), Order::StartDescending);
        let far = (0..58).flat_map(|power| [EDGE - (1 << power), EDGE + (1 << power)]);
        for micros in far.chain([EDGE, -62_135_596_800_000_000, 253_402_300_799_999_999]) {
            assert_eq!(counted(&ascending, micros), usize::from(micros < EDGE), "{micros}");
            assert_eq!(counted(&descending, micros), usize::from(micros >= EDGE), "{micros}");
        }
    }

    #[test]
    fn nothing_is_before_the_whole_list() {
        let whole = i64::MIN..i64::MAX;
        assert_eq!(Before::new(&whole, Order::StartAscending), Before::default());
        assert_eq!(Before::new(&whole, Order::StartDescending), Before::default());
    }
}
