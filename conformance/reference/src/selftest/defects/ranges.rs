use chrono::{DateTime, TimeDelta};
use vcc_query::{Window, Zone};

use crate::selftest::defect::Hook::{Ask, Refuse, Select};
use crate::selftest::defect::{Family, defect};
use crate::selftest::incoming::Incoming;
use crate::selftest::site::{Site, utc};
use crate::selftest::texts::parts;

/// The ends of a range.
fn ends(incoming: &Incoming) -> Option<(String, String)> {
    let d = incoming.get("d")?;
    let (from, until) = d.split_once(',')?;
    (!from.is_empty() && !until.is_empty() && !until.contains(','))
        .then(|| (from.into(), until.into()))
}

fn untimed(text: &str) -> bool {
    parts(text).time.is_empty() && !text.contains("today")
}

/// Both ends, each read in a zone of its own.
fn between(site: &Site, incoming: &Incoming, zones: [Zone; 2]) -> Option<Window> {
    let (from, until) = ends(incoming)?;
    let (from, until) = (site.instant(&from, zones[0])?, site.instant(&until, zones[1])?);
    (from < until).then_some(Window { from, until })
}

fn offset(zone: Zone, at: DateTime<chrono::Utc>) -> TimeDelta {
    TimeDelta::seconds(i64::from(zone.offset_at(at).local_minus_utc()))
}

pub(super) const RANGES: Family = Family {
    name: "ranges",
    defects: &[
        defect(
            "range-is-its-first-day",
            &["DATE-2a"],
            "that reads a range as its first day",
            Ask(|incoming, _| {
                incoming.map_one("d", |d| d.split_once(',').map(|(from, _)| from.into()));
            }),
        ),
        defect(
            "range-without-end",
            &["DATE-2a"],
            "that ignores the end of a range",
            Select(|s, incoming, _| {
                if let (Some(_), Some(window)) = (ends(incoming), &mut s.window) {
                    window.until = DateTime::from_timestamp(253_402_300_799, 0).unwrap_or_default();
                }
            }),
        ),
        defect(
            "range-without-beginning",
            &["DATE-2a"],
            "that ignores the beginning of a range",
            Select(|s, incoming, _| {
                if let (Some(_), Some(window)) = (ends(incoming), &mut s.window) {
                    window.from = DateTime::from_timestamp(-62_135_596_800, 0).unwrap_or_default();
                }
            }),
        ),
        defect(
            "range-start-excluded",
            &["DATE-2a"],
            "whose ranges do not include their first instant",
            Select(|s, incoming, _| {
                if let (Some(_), Some(window)) = (ends(incoming), &mut s.window) {
                    window.from += TimeDelta::microseconds(1);
                }
            }),
        ),
        defect(
            "untimed-end-included",
            &["DATE-2a", "DATE-8a"],
            "whose ranges include the midnight that they end with",
            Select(|s, incoming, _| {
                if let (Some((_, until)), Some(window)) = (ends(incoming), &mut s.window)
                    && parts(&until).time.is_empty()
                {
                    window.until += TimeDelta::microseconds(1);
                }
            }),
        ),
        defect(
            "range-ends-a-second-early",
            &["DATE-2a", "DATE-8a"],
            "whose ranges end a second early",
            Select(|s, incoming, _| {
                if let (Some(_), Some(window)) = (ends(incoming), &mut s.window) {
                    window.until = (window.until - TimeDelta::seconds(1)).max(window.from);
                }
            }),
        ),
        defect(
            "range-ends-a-second-late",
            &["DATE-2a", "DATE-8a"],
            "whose ranges end a second late",
            Select(|s, incoming, _| {
                if let (Some(_), Some(window)) = (ends(incoming), &mut s.window) {
                    window.until += TimeDelta::seconds(2);
                }
            }),
        ),
        defect(
            "seconds-dropped",
            &["DATE-2a", "DATE-5", "DATE-4", "DATE-6"],
            "that drops the seconds of dates",
            Ask(|incoming, _| {
                incoming.dates(|text| {
                    let mut parts = parts(text);
                    let keep = if parts.time.contains(':') { 5 } else { 4 };
                    if parts.time.len() <= keep || parts.time.contains(['.', ',', '6']) {
                        return None;
                    }
                    parts.time = parts.time.get(..keep)?;
                    Some(parts.text())
                });
            }),
        ),
        defect(
            "times-ignored",
            &["DATE-2a", "DATE-4", "DATE-5"],
            "that ignores the times of dates",
            Ask(|incoming, _| {
                incoming.map_one("d", |d| {
                    let ends = d.split(',').map(|end| parts(end).date);
                    Some(ends.collect::<Vec<_>>().join(",")).filter(|other| other != d)
                });
            }),
        ),
        defect(
            "tz-for-the-first-end",
            &["DATE-3a", "DATE-2a"],
            "whose tz is for the first end of a range only",
            Select(|s, incoming, site| {
                let zones = [site.zone(incoming), site.resident(incoming).zone];
                s.window = between(site, incoming, zones).or(s.window);
            }),
        ),
        defect(
            "tz-for-the-second-end",
            &["DATE-3a", "DATE-2a"],
            "whose tz is for the second end of a range only",
            Select(|s, incoming, site| {
                let zones = [site.resident(incoming).zone, site.zone(incoming)];
                s.window = between(site, incoming, zones).or(s.window);
            }),
        ),
        defect(
            "one-offset-for-both-ends",
            &["DATE-2a", "DATE-3a", "DATE-8a"],
            "that uses the offset of the first end of a range for both",
            Select(|s, incoming, site| {
                let zone = site.zone(incoming);
                if let (Some((_, until)), Some(window)) = (ends(incoming), &mut s.window)
                    && parts(&until).offset.is_empty()
                {
                    let wrong = offset(zone, window.until) - offset(zone, window.from);
                    window.until = (window.until + wrong).max(window.from);
                }
            }),
        ),
        defect(
            "range-with-one-time-refused",
            &["DATE-2a"],
            "that refuses a range of which one end has a time",
            Refuse(400, "d: expected two dates of one kind", |_, incoming, _| {
                ends(incoming).is_some_and(|(from, until)| untimed(&from) != untimed(&until))
            }),
        ),
        defect(
            "range-of-one-day-at-most",
            &["DATE-2a"],
            "that searches the day of the first end only",
            Select(|s, incoming, site| {
                let zone = site.zone(incoming);
                let day = ends(incoming).and_then(|(from, _)| site.window(parts(&from).date, zone));
                if let (Some(day), Some(window)) = (day, &mut s.window) {
                    window.until = window.until.min(day.until).max(window.from);
                }
            }),
        ),
        defect(
            "years-ignored",
            &["DATE-2a"],
            "that takes the year of the first end for both",
            Ask(|incoming, _| {
                incoming.map_one("d", |d| {
                    let (from, until) = d.split_once(',')?;
                    let (year, rest) = (from.get(..4)?, until.get(4..)?);
                    let digits = year.bytes().all(|byte| byte.is_ascii_digit());
                    let other = format!("{from},{year}{rest}");
                    (digits && !until.contains("today") && other != d).then_some(other)
                });
            }),
        ),
        defect(
            "comma-before-decoding",
            &["DATE-2a", "REQ-5"],
            "that looks for the comma of a range before it decodes",
            Refuse(400, "d: expected a date", |_, incoming, _| {
                let query = incoming.query.as_deref().unwrap_or_default().to_ascii_lowercase();
                query.split('&').any(|part| part.starts_with("d=") && part.contains("%2c"))
            }),
        ),
        defect(
            "gap-moved",
            &["DATE-2a", "NEAR-1", "DATE-1"],
            "that moves a time in a gap on by the length of the gap",
            Ask(|incoming, site| {
                let zone = site.zone(incoming);
                incoming.dates(|text| {
                    let parts = parts(text);
                    if parts.time.is_empty() || !parts.offset.is_empty() {
                        return None;
                    }
                    let at = site.instant(text, zone)?;
                    let local = site.instant(&format!("{text}Z"), Zone::UTC)?;
                    let end = at + offset(zone, at);
                    (end > local).then(|| utc(at + (local - (end - gap(zone, at)))))
                });
            }),
        ),
        defect(
            "gap-refused",
            &["DATE-2a", "NEAR-1", "DATE-1"],
            "that refuses a time in a gap",
            Refuse(400, "d: no such time", |_, incoming, site| {
                let zone = site.zone(incoming);
                let d =
                    incoming.get("d").or_else(|| incoming.get("start-date")).unwrap_or_default();
                let in_gap = |text: &str| {
                    let parts = parts(text);
                    let local = site.instant(&format!("{text}Z"), Zone::UTC)?;
                    let at = site.instant(text, zone)?;
                    Some(parts.offset.is_empty() && at + offset(zone, at) > local)
                };
                d.split(',').any(|end| in_gap(end) == Some(true))
            }),
        ),
        defect(
            "fold-is-its-second",
            &["DATE-2a", "NEAR-1"],
            "that takes the second of a time that occurs twice",
            Ask(|incoming, site| {
                let zone = site.zone(incoming);
                incoming.dates(|text| {
                    if !parts(text).offset.is_empty() || parts(text).time.is_empty() {
                        return None;
                    }
                    let at = site.instant(text, zone)?;
                    [30, 60, 120].into_iter().find_map(|minutes| {
                        let later = at + TimeDelta::minutes(minutes);
                        let same = later + offset(zone, later) == at + offset(zone, at);
                        same.then(|| utc(later))
                    })
                });
            }),
        ),
    ],
};

/// The length of the gap that ends at an instant.
fn gap(zone: Zone, at: DateTime<chrono::Utc>) -> TimeDelta {
    offset(zone, at) - offset(zone, at - TimeDelta::seconds(1))
}
