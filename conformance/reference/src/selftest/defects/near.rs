use chrono::TimeDelta;
use vcc_query::{Edge, Near, Selection, Zone};
use vcc_types::{Field, Row as _};

use crate::selftest::defect::Hook::{Ask, List, Refuse, Select};
use crate::selftest::defect::{Family, defect};
use crate::selftest::incoming::Incoming;
use crate::selftest::site::{Site, finish_or_start};
use crate::selftest::texts::parts;

fn seconds(selection: &mut Selection, before: i64, after: i64) {
    if let Some(near) = &mut selection.near {
        near.from = near.at - TimeDelta::seconds(before);
        near.until = near.at + TimeDelta::seconds(after);
    }
}

/// The look-up that a variable asks for.
fn look_up(incoming: &Incoming, site: &Site, name: &str, edge: Edge) -> Option<Near> {
    let at = site.instant(&incoming.get(name)?, site.zone(incoming))?;
    let wide = TimeDelta::seconds(5);
    Some(Near { edge, at, tolerance: 5, from: at - wide, until: at + wide })
}

/// The length of the period that a look-up names, if that is more than a second.
fn untimed(incoming: &Incoming, name: &str) -> bool {
    incoming.get(name).is_some_and(|text| parts(&text).time.is_empty())
}

pub(super) const NEAR: Family = Family {
    name: "look-ups of ±5 s",
    defects: &[
        defect(
            "within-4-seconds",
            &["NEAR-1", "NEAR-2"],
            "that looks up ±4 s",
            Select(|s, _, _| seconds(s, 4, 4)),
        ),
        defect(
            "within-6-seconds",
            &["NEAR-1", "NEAR-2"],
            "that looks up ±6 s",
            Select(|s, _, _| seconds(s, 6, 6)),
        ),
        defect(
            "within-10-seconds",
            &["NEAR-1", "NEAR-2"],
            "that looks up ±10 s",
            Select(|s, _, _| seconds(s, 10, 10)),
        ),
        defect(
            "within-5-minutes",
            &["NEAR-1", "NEAR-2"],
            "that looks up ±5 min",
            Select(|s, _, _| seconds(s, 300, 300)),
        ),
        defect(
            "exactly",
            &["NEAR-1", "NEAR-2"],
            "that looks up the instant alone",
            Select(|s, _, _| seconds(s, 0, 0)),
        ),
        defect(
            "after-only",
            &["NEAR-1", "NEAR-2"],
            "that looks up the 5 s after only",
            Select(|s, _, _| seconds(s, 0, 5)),
        ),
        defect(
            "before-only",
            &["NEAR-1", "NEAR-2"],
            "that looks up the 5 s before only",
            Select(|s, _, _| seconds(s, 5, 0)),
        ),
        defect(
            "edges-excluded",
            &["NEAR-1", "NEAR-2"],
            "whose ±5 s do not include their edges",
            Select(|s, _, _| {
                if let Some(near) = &mut s.near {
                    near.from += TimeDelta::microseconds(1);
                    near.until -= TimeDelta::microseconds(1);
                }
            }),
        ),
        defect(
            "upper-edge-excluded",
            &["NEAR-1", "NEAR-2"],
            "whose ±5 s do not include the upper edge",
            Select(|s, _, _| {
                if let Some(near) = &mut s.near {
                    near.until -= TimeDelta::microseconds(1);
                }
            }),
        ),
        defect(
            "lower-edge-excluded",
            &["NEAR-1", "NEAR-2"],
            "whose ±5 s do not include the lower edge",
            Select(|s, _, _| {
                if let Some(near) = &mut s.near {
                    near.from += TimeDelta::microseconds(1);
                }
            }),
        ),
        defect(
            "instant-excluded",
            &["NEAR-1", "NEAR-2"],
            "whose ±5 s do not include the instant itself",
            List(|s, incoming, site| {
                site.page(s, incoming, |row| {
                    let there = s.near.is_some_and(|near| match near.edge {
                        Edge::Start => row.start() == Some(near.at),
                        Edge::Finish => row.finish() == Some(near.at),
                    });
                    s.matches(row) && !there
                })
            }),
        ),
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
                    let day = |at: chrono::DateTime<chrono::Utc>| {
                        at.with_timezone(&zone.offset_at(at)).date_naive()
                    };
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
        defect(
            "start-date-ignored",
            &["NEAR-1", "NEAR-3"],
            "that ignores start-date",
            Select(|s, _, _| s.near = s.near.filter(|near| near.edge == Edge::Finish)),
        ),
        defect(
            "finish-date-ignored",
            &["NEAR-2", "NEAR-4a"],
            "that ignores finish-date",
            Select(|s, _, _| s.near = s.near.filter(|near| near.edge == Edge::Start)),
        ),
        defect(
            "both-are-used",
            &["NEAR-4a"],
            "that uses start-date and finish-date together",
            List(|s, incoming, site| {
                let finish = look_up(incoming, site, "finish-date", Edge::Finish);
                site.page(s, incoming, |row| {
                    let near = |near: Near| row.finish().is_some_and(|at| near.contains(at));
                    s.matches(row) && finish.is_none_or(near)
                })
            }),
        ),
        defect(
            "both-dates-500",
            &["NEAR-4a", "STATUS-1a"],
            "that answers 500 to start-date and finish-date together",
            Refuse(500, "internal error", |_, incoming, _| {
                incoming.has("start-date") && incoming.has("finish-date")
            }),
        ),
        defect(
            "either-is-used",
            &["NEAR-4a"],
            "that finds what fits start-date or finish-date",
            List(|s, incoming, site| {
                let mut other = s.clone();
                other.near = look_up(incoming, site, "finish-date", Edge::Finish).or(s.near);
                site.page(s, incoming, |row| s.matches(row) || other.matches(row))
            }),
        ),
        defect(
            "finish-date-wins",
            &["NEAR-4a"],
            "that uses only finish-date where both are given",
            Ask(|incoming, _| {
                if incoming.has("finish-date") {
                    incoming.retain(|name, _| name != "start-date");
                }
            }),
        ),
        defect(
            "the-last-date-wins",
            &["NEAR-4a"],
            "that uses the last of start-date and finish-date",
            Ask(|incoming, _| {
                let query = incoming.query.clone().unwrap_or_default();
                if let (Some(start), Some(finish)) =
                    (query.find("start-date="), query.find("finish-date="))
                    && finish > start
                {
                    incoming.retain(|name, _| name != "start-date");
                }
            }),
        ),
        defect(
            "the-first-date-wins",
            &["NEAR-4a"],
            "that uses the first of start-date and finish-date",
            Ask(|incoming, _| {
                let query = incoming.query.clone().unwrap_or_default();
                if let (Some(start), Some(finish)) =
                    (query.find("start-date="), query.find("finish-date="))
                    && finish < start
                {
                    incoming.retain(|name, _| name != "start-date");
                }
            }),
        ),
        defect(
            "both-are-a-range",
            &["NEAR-4a"],
            "that reads start-date and finish-date as a range",
            List(|s, incoming, site| {
                let ends = (
                    look_up(incoming, site, "start-date", Edge::Start),
                    look_up(incoming, site, "finish-date", Edge::Finish),
                );
                let (Some(start), Some(finish)) = ends else {
                    return site.page(s, incoming, |row| s.matches(row));
                };
                let others = Selection { near: None, ..s.clone() };
                site.page(s, incoming, |row| {
                    others.matches(row)
                        && row.start().is_some_and(|at| at >= start.at)
                        && row.finish().is_some_and(|at| at <= finish.at)
                })
            }),
        ),
        defect(
            "both-refused",
            &["NEAR-4a"],
            "that refuses start-date beside finish-date",
            Refuse(400, "finish-date: not beside start-date", |outgoing, incoming, _| {
                incoming.has("start-date") && incoming.has("finish-date") && outgoing.status == 200
            }),
        ),
        defect(
            "untimed-is-the-day",
            &["NEAR-3"],
            "whose look-ups without a time find the whole day",
            Select(|s, incoming, _| {
                if untimed(incoming, "start-date")
                    || !incoming.has("start-date") && untimed(incoming, "finish-date")
                {
                    seconds(s, 0, 86_399);
                }
            }),
        ),
        defect(
            "untimed-is-utc",
            &["NEAR-3"],
            "whose look-ups without a time mean midnight in UTC",
            Ask(|incoming, site| {
                incoming.map(|name, value| {
                    let near = ["start-date", "finish-date"].contains(&name);
                    let at = site.instant(value, Zone::UTC)?;
                    (near && parts(value).time.is_empty()).then(|| crate::selftest::site::utc(at))
                });
            }),
        ),
        defect(
            "midnight-is-exact",
            &["NEAR-3"],
            "whose look-ups without a time find midnight alone",
            Select(|s, incoming, _| {
                if untimed(incoming, "start-date") || untimed(incoming, "finish-date") {
                    seconds(s, 0, 0);
                }
            }),
        ),
        defect(
            "minutes-are-whole",
            &["NEAR-3"],
            "whose look-ups without seconds find the whole minute",
            Select(|s, incoming, _| {
                let minutes = |name: &str| {
                    incoming.get(name).is_some_and(|text| {
                        let digits = parts(&text).time.chars().filter(char::is_ascii_digit).count();
                        digits == 4
                    })
                };
                if minutes("start-date") || minutes("finish-date") {
                    seconds(s, 5, 65);
                }
            }),
        ),
        defect(
            "d-ignored-beside-look-ups",
            &["NEAR-5a"],
            "that ignores d beside start-date and finish-date",
            Select(|s, _, _| {
                if s.near.is_some() {
                    s.window = None;
                }
            }),
        ),
        defect(
            "look-ups-ignored-beside-d",
            &["NEAR-5a"],
            "that ignores start-date and finish-date beside d",
            Select(|s, _, _| {
                if s.window.is_some() {
                    s.near = None;
                }
            }),
        ),
        defect(
            "d-or-look-up",
            &["NEAR-5a"],
            "that finds what fits d or a look-up",
            List(|s, incoming, site| {
                let (mut one, mut other) = (s.clone(), s.clone());
                if s.window.is_some() && s.near.is_some() {
                    (one.window, other.near) = (None, None);
                }
                site.page(s, incoming, |row| one.matches(row) || other.matches(row))
            }),
        ),
        defect(
            "fields-ignored-beside-look-ups",
            &["NEAR-5a"],
            "that ignores fields beside start-date and finish-date",
            Select(|s, _, _| {
                if s.near.is_some() {
                    s.filters.clear();
                }
            }),
        ),
        defect(
            "one-field-beside-look-ups",
            &["NEAR-5a"],
            "that uses one field only beside start-date and finish-date",
            Select(|s, _, _| {
                if s.near.is_some() {
                    s.filters.truncate(1);
                }
            }),
        ),
        defect(
            "first-match-only",
            &["NEAR-1", "NEAR-2"],
            "whose look-ups find one recording at most",
            List(|s, incoming, site| {
                let mut page = site.page(s, incoming, |row| s.matches(row));
                if s.near.is_some() {
                    page.records.truncate(1);
                }
                page
            }),
        ),
    ],
};
