use chrono::TimeDelta;
use vcc_query::Edge;
use vcc_types::{Field, Row as _};

use super::near::seconds;
use crate::selftest::defect::Hook::{List, Select};
use crate::selftest::defect::{Family, defect};
use crate::selftest::site::finish_or_start;

/// What a finish is, and which end a look-up is about.
pub(super) const FINISHES: Family = Family {
    name: "look-ups of ±5 s",
    defects: &[
        defect(
            "finish-of-4-seconds",
            &["NEAR-2"],
            "that looks up finishes within ±4 s",
            Select(|s, _, _| {
                if s.near.is_some_and(|near| near.edge == Edge::Finish) {
                    seconds(s, 4, 4);
                }
            }),
        ),
        defect(
            "finish-is-start",
            &["NEAR-2"],
            "whose finish-date looks at the start",
            Select(|s, _, _| {
                if let Some(near) = &mut s.near {
                    near.edge = Edge::Start;
                }
            }),
        ),
        defect(
            "start-is-finish",
            &["NEAR-1"],
            "whose start-date looks at the finish",
            Select(|s, _, _| {
                if let Some(near) = &mut s.near {
                    near.edge = Edge::Finish;
                }
            }),
        ),
        defect(
            "start-is-either",
            &["NEAR-1"],
            "whose start-date finds finishes too",
            List(|s, incoming, site| {
                let other = |row: &vcc_store::StoredRecord| {
                    let mut s = s.clone();
                    if let Some(near) = &mut s.near {
                        near.edge = Edge::Finish;
                    }
                    s.matches(row)
                };
                site.page(s, incoming, |row| s.matches(row) || other(row))
            }),
        ),
        defect(
            "finish-of-the-same-day",
            &["NEAR-2"],
            "whose finish-date finds recordings of the same day only",
            List(|s, incoming, site| {
                let zone = site.zone(incoming);
                site.page(s, incoming, |row| {
                    let day = |at: chrono::DateTime<chrono::Utc>| zone.local(at).date_naive();
                    let finish = s.near.is_some_and(|near| near.edge == Edge::Finish);
                    s.matches(row) && (!finish || row.start().map(day) == row.finish().map(day))
                })
            }),
        ),
        defect(
            "finish-in-whole-minutes",
            &["NEAR-2"],
            "whose durations count whole minutes",
            List(|s, incoming, site| {
                let (near, mut others) = (s.near, s.clone());
                others.near = s.near.filter(|near| near.edge == Edge::Start);
                site.page(s, incoming, |row| {
                    let minutes = row.duration().map(|seconds| seconds / 60 * 60);
                    let finish = minutes.and_then(|seconds| {
                        let length = TimeDelta::try_seconds(i64::try_from(seconds).ok()?)?;
                        row.start()?.checked_add_signed(length)
                    });
                    let near = near.filter(|near| near.edge == Edge::Finish);
                    others.matches(row)
                        && near.is_none_or(|near| finish.is_some_and(|at| near.contains(at)))
                })
            }),
        ),
        defect(
            "finish-in-another-zone",
            &["NEAR-2", "NEAR-3"],
            "that computes the finish an hour late",
            Select(|s, _, _| {
                if let Some(near) = s.near.as_mut().filter(|near| near.edge == Edge::Finish) {
                    near.from -= TimeDelta::hours(1);
                    near.until -= TimeDelta::hours(1);
                }
            }),
        ),
        defect(
            "absent-duration-is-zero",
            &["FIELD-7"],
            "that takes an absent duration for zero",
            List(|s, incoming, site| {
                let near = s.near.filter(|near| near.edge == Edge::Finish);
                let mut others = s.clone();
                if near.is_some() {
                    others.near = None;
                }
                let zero = |row: &vcc_store::StoredRecord| {
                    let mut others = others.clone();
                    let wanted = others.filters.len();
                    others.filters.retain(|filter| {
                        !(filter.field == Field::Duration
                            && filter.wanted == vcc_query::Wanted::Seconds(0))
                    });
                    others.filters.len() < wanted
                        && row.text(Field::Duration).is_empty()
                        && others.matches(row)
                };
                site.page(s, incoming, |row| {
                    (others.matches(row) || zero(row))
                        && near.is_none_or(|near| near.contains(finish_or_start(row)))
                })
            }),
        ),
        defect(
            "zero-duration-is-none",
            &["NEAR-2"],
            "that takes a duration of zero for none",
            List(|s, incoming, site| {
                let finish = s.near.is_some_and(|near| near.edge == Edge::Finish);
                site.page(s, incoming, |row| {
                    s.matches(row) && !(finish && row.duration() == Some(0))
                })
            }),
        ),
    ],
};
