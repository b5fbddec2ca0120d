use chrono::{TimeDelta, Utc};
use vcc_query::{Selection, Window, Zone};
use vcc_types::Row as _;

use crate::selftest::defect::Hook::{Answer, Ask, List, Refuse, Select};
use crate::selftest::defect::{Family, defect};
use crate::selftest::incoming::Incoming;
use crate::selftest::site::{Site, finish_or_start};
use crate::selftest::texts::{Shape, date, ymd};

/// What a single `d` asks for, if it is not a constant.
fn single(incoming: &Incoming) -> Option<String> {
    incoming.get("d").filter(|d| !d.contains(',') && !d.contains("today"))
}

fn window(site: &Site, incoming: &Incoming, text: &str) -> Option<Window> {
    site.window(text, site.zone(incoming))
}

fn day_of(text: &str, days: i64) -> Option<String> {
    Some((ymd(text)? + TimeDelta::days(days)).to_string())
}

/// Computes the midnights of a single `d` with the zone's offset this many hours later.
fn by_another_noon(s: &mut Selection, incoming: &Incoming, site: &Site, hours: i64) {
    let zone = site.zone(incoming);
    if let Some(window) = &mut s.window
        && single(incoming).is_some()
    {
        let offset = |at: chrono::DateTime<Utc>| i64::from(zone.offset_at(at).local_minus_utc());
        for edge in [&mut window.from, &mut window.until] {
            let noon = *edge + TimeDelta::hours(hours);
            *edge += TimeDelta::seconds(offset(*edge) - offset(noon));
        }
        window.until = window.until.max(window.from);
    }
}

pub(super) const DAYS: Family = Family {
    name: "days and periods",
    defects: &[
        defect(
            "d-ignored",
            &["DATE-1", "DATE-2a"],
            "that ignores d",
            Ask(|incoming, _| {
                incoming.retain(|name, value| name != "d" || !value.starts_with('2'))
            }),
        ),
        defect(
            "d-ignored-beside-fields",
            &["NEAR-5a", "FIELD-1a", "DATE-1", "DATE-2a", "PAGE-1"],
            "that ignores d beside fields",
            Select(|s, _, _| {
                if !s.filters.is_empty() {
                    s.window = None;
                }
            }),
        ),
        defect(
            "day-of-24-hours",
            &["DATE-1"],
            "whose days have 24 hours",
            Select(|s, _, _| {
                if let Some(window) = &mut s.window {
                    let length = window.until - window.from;
                    if (TimeDelta::hours(22)..TimeDelta::hours(27)).contains(&length) {
                        window.until = window.from + TimeDelta::hours(24);
                    }
                }
            }),
        ),
        defect(
            "day-in-utc",
            &["DATE-1", "DATE-3a"],
            "whose days are days of UTC",
            Select(|s, incoming, site| {
                if let Some(d) = single(incoming) {
                    s.window = site.window(&d, Zone::UTC).or(s.window);
                }
            }),
        ),
        defect(
            "day-in-the-tenants-zone",
            &["DATE-3a"],
            "whose days are those of the tenant although tz names another zone",
            Select(|s, incoming, site| {
                if let Some(d) = single(incoming) {
                    s.window = site.window(&d, site.resident(incoming).zone).or(s.window);
                }
            }),
        ),
        defect(
            "day-ends-early",
            &["DATE-1", "DATE-7a"],
            "whose days end with 23:59:58",
            Select(|s, incoming, _| {
                if single(incoming).is_some()
                    && let Some(window) = &mut s.window
                {
                    window.until -= TimeDelta::seconds(1);
                }
            }),
        ),
        defect(
            "day-ends-late",
            &["DATE-1", "DATE-7a"],
            "whose days include the first second of the next",
            Select(|s, incoming, _| {
                if single(incoming).is_some()
                    && let Some(window) = &mut s.window
                {
                    window.until += TimeDelta::seconds(1);
                }
            }),
        ),
        defect(
            "day-begins-late",
            &["DATE-1"],
            "whose days do not include their first instant",
            Select(|s, incoming, _| {
                if single(incoming).is_some()
                    && let Some(window) = &mut s.window
                {
                    window.from += TimeDelta::microseconds(1);
                }
            }),
        ),
        defect(
            "day-by-finish",
            &["DATE-1", "DATE-2a", "NEAR-5a"],
            "whose d looks at the finish",
            List(|s, incoming, site| {
                let mut others = s.clone();
                let window = others.window.take();
                site.page(s, incoming, |row| {
                    others.matches(row)
                        && window.is_none_or(|window| window.contains(finish_or_start(row)))
                })
            }),
        ),
        defect(
            "day-by-overlap",
            &["DATE-1", "DATE-2a", "NEAR-5a"],
            "whose d finds what was still running",
            List(|s, incoming, site| {
                let mut others = s.clone();
                let window = others.window.take();
                site.page(s, incoming, |row| {
                    let start = row.start().unwrap_or_default();
                    others.matches(row)
                        && window.is_none_or(|window| {
                            start < window.until && finish_or_start(row) >= window.from
                        })
                })
            }),
        ),
        defect(
            "skipped-day-is-the-next",
            &["DATE-1"],
            "that takes the day after for a day that a zone skipped",
            Select(|s, incoming, site| {
                if s.window.is_some_and(|window| window.is_empty())
                    && let Some(next) = single(incoming).and_then(|d| day_of(&d, 1))
                {
                    s.window = window(site, incoming, &next).or(s.window);
                }
            }),
        ),
        defect(
            "day-before",
            &["DATE-1"],
            "whose d is the day before",
            Select(|s, incoming, site| {
                if let Some(day) = single(incoming).and_then(|d| day_of(&d, -1)) {
                    s.window = window(site, incoming, &day).or(s.window);
                }
            }),
        ),
        defect(
            "hours-of-the-day-before",
            &["DATE-1"],
            "that computes midnight with the offset of the noon before",
            Select(|s, incoming, site| by_another_noon(s, incoming, site, -12)),
        ),
        defect(
            "hours-of-the-noon-after",
            &["DATE-1"],
            "that computes midnight with the offset of the noon after",
            Select(|s, incoming, site| by_another_noon(s, incoming, site, 12)),
        ),
        defect(
            "no-leap-days",
            &["DATE-1", "DATE-6b"],
            "without 29 February",
            Refuse(400, "d: no such day", |_, incoming, _| {
                incoming.get("d").is_some_and(|d| d.contains("-02-29") || d.contains("0229"))
            }),
        ),
        defect(
            "no-leap-day-in-2000",
            &["DATE-1"],
            "without 29 February 2000",
            Refuse(400, "d: no such day", |_, incoming, _| {
                incoming.get("d").is_some_and(|d| d.contains("2000-02-29"))
            }),
        ),
        defect(
            "leap-day-is-1-march",
            &["DATE-1"],
            "that takes 29 February for 1 March",
            Ask(|incoming, _| {
                incoming.dates(|text| {
                    text.contains("-02-29").then(|| text.replace("-02-29", "-03-01"))
                });
            }),
        ),
        defect(
            "march-begins-early",
            &["DATE-1"],
            "whose March begins on 29 February",
            Select(|s, incoming, site| {
                let first = single(incoming).filter(|d| d.ends_with("-03-01"));
                let before = first.and_then(|d| day_of(&d, -1));
                if let Some(before) = before.filter(|day| day.ends_with("-02-29"))
                    && let (Some(early), Some(window)) =
                        (window(site, incoming, &before), &mut s.window)
                {
                    window.from = early.from;
                }
            }),
        ),
        defect(
            "no-negative-times",
            &["DATE-1", "DATE-2a"],
            "that finds nothing from before 1970",
            List(|s, incoming, site| {
                site.page(s, incoming, |row| {
                    s.matches(row) && (row.start_micros() >= 0 || !incoming.has_date())
                })
            }),
        ),
        defect(
            "zero-is-no-time",
            &["DATE-1"],
            "that takes the start of 1970 for no start",
            List(|s, incoming, site| {
                site.page(s, incoming, |row| {
                    s.matches(row) && (row.start_micros() != 0 || !incoming.has_date())
                })
            }),
        ),
        defect(
            "seconds-in-32-bits",
            &["DATE-1"],
            "that finds nothing from 2038-01-19T03:14:08Z on",
            List(|s, incoming, site| {
                site.page(s, incoming, |row| {
                    s.matches(row)
                        && (row.start_micros() < 0x8000_0000 * 1_000_000 || !incoming.has_date())
                })
            }),
        ),
        defect(
            "year-is-its-first-day",
            &["DATE-7a"],
            "that reads a year as its first day",
            Ask(|incoming, _| {
                incoming
                    .map_one("d", |d| (Shape::of(d) == Shape::Year).then(|| format!("{d}-01-01")));
            }),
        ),
        defect(
            "month-is-its-first-day",
            &["DATE-7a"],
            "that reads a month as its first day",
            Ask(|incoming, _| {
                incoming
                    .map_one("d", |d| (Shape::of(d) == Shape::Month).then(|| format!("{d}-01")));
            }),
        ),
        defect(
            "month-of-30-days",
            &["DATE-7a"],
            "whose months have 30 days",
            Select(|s, incoming, _| {
                if single(incoming).is_some_and(|d| Shape::of(&d) == Shape::Month)
                    && let Some(window) = &mut s.window
                {
                    window.until = window.from + TimeDelta::days(30);
                }
            }),
        ),
        defect(
            "december-without-end",
            &["DATE-7a"],
            "that refuses December as a month",
            Refuse(400, "d: month 13", |_, incoming, _| {
                single(incoming).is_some_and(|d| d.ends_with("-12"))
            }),
        ),
        defect(
            "year-of-365-days",
            &["DATE-7a"],
            "whose years end with 30 December",
            Select(|s, incoming, _| {
                if single(incoming).is_some_and(|d| Shape::of(&d) == Shape::Year)
                    && let Some(window) = &mut s.window
                {
                    window.until -= TimeDelta::days(1);
                }
            }),
        ),
        defect(
            "year-ends-a-day-early",
            &["DATE-1", "DATE-6"],
            "that does not know 31 December",
            Answer(|outgoing, incoming, _| {
                if single(incoming).is_some_and(|d| d.ends_with("-12-31") || d.ends_with("-365")) {
                    outgoing.nothing(incoming);
                }
            }),
        ),
        defect(
            "year-begins-a-day-late",
            &["DATE-1"],
            "that does not know 1 January",
            Answer(|outgoing, incoming, _| {
                if single(incoming).is_some_and(|d| d.ends_with("-01-01")) {
                    outgoing.nothing(incoming);
                }
            }),
        ),
        defect(
            "week-is-its-monday",
            &["DATE-7a"],
            "that reads a week as its Monday",
            Ask(|incoming, _| {
                incoming.map_one("d", |d| match Shape::of(d) {
                    Shape::Week if d.contains('-') => Some(format!("{d}-1")),
                    Shape::Week => Some(format!("{d}1")),
                    _ => None,
                });
            }),
        ),
        defect(
            "week-from-sunday",
            &["DATE-7a", "DATE-6"],
            "whose weeks begin on Sunday",
            Select(|s, incoming, _| {
                if single(incoming).is_some_and(|d| date(&d).contains('W'))
                    && let Some(window) = &mut s.window
                {
                    window.from -= TimeDelta::days(1);
                    window.until -= TimeDelta::days(1);
                }
            }),
        ),
        defect(
            "week-1-has-1-january",
            &["DATE-6", "DATE-7a"],
            "whose week 1 is that of 1 January",
            Ask(|incoming, _| {
                incoming.dates(|text| {
                    let (year, rest) = text.split_once("-W")?;
                    let (week, day) = rest.split_once('-').unwrap_or((rest, ""));
                    let first = chrono::NaiveDate::from_ymd_opt(year.parse().ok()?, 1, 1)?;
                    let late = chrono::Datelike::iso_week(&first).week() > 50;
                    let week = week.parse::<u32>().ok()?.checked_sub(1).filter(|_| late)?;
                    let joint = if day.is_empty() { "" } else { "-" };
                    (week > 0).then(|| format!("{year}-W{week:02}{joint}{day}"))
                });
            }),
        ),
        defect(
            "weeks-of-seven-from-1-january",
            &["DATE-6", "DATE-7a"],
            "that counts weeks in sevens from 1 January",
            Ask(|incoming, _| {
                incoming.dates(|text| {
                    let (year, rest) = text.split_once("-W")?;
                    let (week, day) = rest.split_once('-')?;
                    let first = chrono::NaiveDate::from_ymd_opt(year.parse().ok()?, 1, 1)?;
                    let days = (week.parse::<i64>().ok()? - 1) * 7 + day.parse::<i64>().ok()? - 1;
                    Some((first + TimeDelta::days(days)).to_string())
                });
            }),
        ),
        defect(
            "ordinals-from-zero",
            &["DATE-6"],
            "whose days of the year count from zero",
            Ask(|incoming, _| {
                incoming.dates(|text| {
                    if Shape::of(text) != Shape::Ordinal {
                        return None;
                    }
                    let (year, day) = (&text[..4], text[4..].trim_start_matches('-'));
                    let next = day.parse::<u32>().ok()? + 1;
                    (next <= 365).then(|| format!("{year}-{next:03}"))
                });
            }),
        ),
        defect(
            "ordinals-without-leap-days",
            &["DATE-6"],
            "whose days of the year skip 29 February",
            Ask(|incoming, _| {
                incoming.dates(|text| {
                    if Shape::of(text) != Shape::Ordinal {
                        return None;
                    }
                    let (year, day) = (&text[..4], text[4..].trim_start_matches('-'));
                    let (year, day) = (year.parse::<i32>().ok()?, day.parse::<u32>().ok()?);
                    let leap = chrono::NaiveDate::from_ymd_opt(year, 2, 29).is_some();
                    (leap && (60..366).contains(&day)).then(|| format!("{year}-{:03}", day + 1))
                });
            }),
        ),
    ],
};
