use chrono::TimeDelta;
use vcc_query::{Edge, Near, Selection, Zone};
use vcc_types::Row as _;

use crate::selftest::defect::Hook::{Ask, List, Refuse, Select};
use crate::selftest::defect::{Family, defect};
use crate::selftest::incoming::Incoming;
use crate::selftest::site::Site;
use crate::selftest::texts::parts;

pub(super) fn seconds(selection: &mut Selection, before: i64, after: i64) {
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

/// Whether the date of a look-up has no time.
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
    ],
};

/// Look-ups beside each other and beside other variables.
pub(super) const TOGETHER: Family = Family {
    name: "look-ups of ±5 s",
    defects: &[
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
