use chrono::{DateTime, TimeDelta, Utc};
use vcc_query::{Window, Zone};

use crate::selftest::defect::Hook::{Again, Answer, Ask, Refuse, Select};
use crate::selftest::defect::{Family, defect};
use crate::selftest::incoming::Incoming;
use crate::selftest::site::{Site, utc};

/// The number of days between a constant and today.
fn days(text: &str) -> Option<i64> {
    match text.strip_prefix("today")? {
        "" => Some(0),
        rest => rest.strip_suffix('d')?.parse().ok(),
    }
}

/// Other instants for constants; `None` leaves one as it was.
fn constants(incoming: &mut Incoming, change: impl Fn(i64) -> Option<DateTime<Utc>>) {
    incoming.dates(|text| days(text).and_then(&change).map(utc));
}

/// Another window for a single constant.
fn alone(incoming: &Incoming, window: &mut Option<Window>, change: impl Fn(i64) -> Option<Window>) {
    if let Some(other) = incoming.get("d").and_then(|d| days(&d)).and_then(change) {
        *window = Some(other);
    }
}

fn day(site: &Site, days: i64, zone: Zone) -> Option<Window> {
    match days {
        0 => site.window("today", zone),
        days => site.window(&format!("today{days:+}d"), zone),
    }
}

fn midnight(site: &Site, incoming: &Incoming, days: i64) -> Option<DateTime<Utc>> {
    day(site, days, site.zone(incoming)).map(|day| day.from)
}

/// Constants read as days of another zone, or as another number of days.
fn moved(incoming: &mut Incoming, window: impl Fn(i64) -> Option<Window>) {
    incoming.map_one("d", |d| match d.split_once(',') {
        None => {
            window(days(d)?).map(|window| format!("{},{}", utc(window.from), utc(window.until)))
        }
        Some((from, until)) => {
            let end = |text: &str| match days(text) {
                Some(days) => window(days).map(|window| utc(window.from)),
                None => Some(text.to_owned()),
            };
            let (one, other) = (end(from)?, end(until)?);
            (days(from).is_some() || days(until).is_some()).then(|| format!("{one},{other}"))
        }
    });
}

pub(super) const TODAY: Family = Family {
    name: "today",
    defects: &[
        defect(
            "today-in-utc",
            &["DATE-8a", "DATE-3a"],
            "whose today is the day of UTC",
            Ask(|incoming, site| {
                moved(incoming, |days| day(site, days, Zone::UTC));
            }),
        ),
        defect(
            "today-is-24-hours",
            &["DATE-8a"],
            "whose today is the last 24 hours",
            Select(|s, incoming, site| {
                alone(incoming, &mut s.window, |days| {
                    let until = site.now() + TimeDelta::days(days);
                    Some(Window { from: until - TimeDelta::hours(24), until })
                });
            }),
        ),
        defect(
            "today-until-now",
            &["DATE-8a"],
            "whose constants alone run from their midnight until now",
            Select(|s, incoming, site| {
                alone(incoming, &mut s.window, |days| {
                    let from = midnight(site, incoming, days)?;
                    Some(Window { from, until: site.now().max(from) })
                });
            }),
        ),
        defect(
            "constant-is-an-instant",
            &["DATE-8a"],
            "whose constants alone name an instant and no day",
            Select(|s, incoming, site| {
                alone(incoming, &mut s.window, |days| {
                    let from = midnight(site, incoming, days)?;
                    Some(Window { from, until: from + TimeDelta::seconds(1) })
                });
            }),
        ),
        defect(
            "yesterday-is-now-less-24-hours",
            &["DATE-8a"],
            "whose today-1d is 24 hours before now",
            Ask(|incoming, site| {
                let now = site.now();
                incoming.map_one("d", |d| {
                    let (from, until) = d.split_once(',')?;
                    let days = days(from).filter(|days| *days < 0)?;
                    Some(format!("{},{until}", utc(now + TimeDelta::days(days))))
                });
            }),
        ),
        defect(
            "today-is-now",
            &["DATE-8a"],
            "whose today is the present in a range",
            Ask(|incoming, site| {
                let now = site.now();
                incoming.map_one("d", |d| {
                    let (from, until) = d.split_once(',')?;
                    let end = |text: &str| match days(text) {
                        Some(0) => utc(now),
                        _ => text.to_owned(),
                    };
                    Some(format!("{},{}", end(from), end(until))).filter(|other| other != d)
                });
            }),
        ),
        defect(
            "days-of-24-hours-back",
            &["DATE-8a"],
            "whose today-Nd is N times 24 hours before the midnight of today",
            Ask(|incoming, site| {
                let zone = site.zone(incoming);
                if let Some(today) = site.instant("today", zone) {
                    constants(incoming, |days| {
                        (days < -1).then(|| today.checked_add_signed(TimeDelta::try_days(days)?))?
                    });
                }
            }),
        ),
        defect(
            "today-off-by-one",
            &["DATE-8a"],
            "whose today-Nd is a day too late",
            Ask(|incoming, _| {
                incoming.dates(|text| {
                    days(text).filter(|days| *days < 0).map(|days| match days + 1 {
                        0 => "today".into(),
                        days => format!("today{days}d"),
                    })
                });
            }),
        ),
        defect(
            "documented-constants-only",
            &["DATE-8a"],
            "that knows today, today-1d and today-7d only",
            Refuse(400, "d: unknown constant", |_, incoming, _| {
                let d = incoming.get("d").unwrap_or_default();
                d.split(',').filter_map(days).any(|days| days < 0 && ![-1, -7].contains(&days))
            }),
        ),
        defect(
            "one-digit-constants",
            &["DATE-8a"],
            "whose constants have one digit",
            Refuse(400, "d: unknown constant", |outgoing, incoming, _| {
                let d = incoming.get("d").unwrap_or_default();
                d.split(',').filter_map(days).any(|days| days < -9) && outgoing.status == 200
            }),
        ),
        defect(
            "constants-without-number",
            &["DATE-8a"],
            "that takes any today-Nd for yesterday",
            Ask(|incoming, _| {
                incoming.dates(|text| {
                    days(text).filter(|days| *days < -1).map(|_| "today-1d".to_owned())
                });
            }),
        ),
        defect(
            "constants-alone-refused",
            &["DATE-8a"],
            "that reads constants in ranges only",
            Refuse(400, "d: expected a range", |_, incoming, _| {
                incoming.get("d").is_some_and(|d| days(&d).is_some())
            }),
        ),
        defect(
            "constants-in-ranges-refused",
            &["DATE-8a"],
            "that reads constants only alone",
            Refuse(400, "d: expected a date", |_, incoming, _| {
                let d = incoming.get("d").unwrap_or_default();
                d.contains(',') && d.split(',').any(|end| days(end).is_some())
            }),
        ),
        defect(
            "constants-refused-beside-dates",
            &["DATE-8a"],
            "that refuses a range of a date and a constant",
            Refuse(400, "d: expected two constants", |_, incoming, _| {
                let d = incoming.get("d").unwrap_or_default();
                let ends = d.split(',').filter(|end| days(end).is_some()).count();
                d.contains(',') && ends == 1
            }),
        ),
        defect(
            "constants-refused-by-look-ups",
            &["NEAR-3"],
            "whose start-date and finish-date read no constants",
            Refuse(400, "start-date: expected a date", |_, incoming, _| {
                let constant =
                    |name: &str| incoming.get(name).is_some_and(|text| days(&text).is_some());
                constant("start-date") || constant("finish-date")
            }),
        ),
        defect(
            "constants-with-a-time",
            &["DATE-8a", "REQ-8a"],
            "that reads a constant with something behind it",
            Ask(|incoming, _| {
                incoming.dates(|text| {
                    let end = text.find([' ', 'T', 'Z', '+', ':'])?;
                    days(&text[..end]).map(|_| text[..end].to_owned())
                });
            }),
        ),
        defect(
            "constants-in-any-case",
            &["DATE-8a", "DATE-11", "REQ-8a"],
            "that reads constants in any case",
            Ask(|incoming, _| {
                incoming.dates(|text| {
                    let lower = text.to_ascii_lowercase();
                    (lower != text && days(&lower).is_some()).then_some(lower)
                });
            }),
        ),
        defect(
            "constants-with-spaces",
            &["DATE-8a", "REQ-8a"],
            "that reads constants with spaces in them",
            Ask(|incoming, _| {
                incoming.dates(|text| {
                    let tight = text.replace(' ', "");
                    (tight != text && days(&tight).is_some()).then_some(tight)
                });
            }),
        ),
        defect(
            "units-guessed",
            &["DATE-8a", "REQ-8a"],
            "that guesses at constants with another unit, or none",
            Ask(|incoming, _| {
                incoming.dates(|text| {
                    let rest = text.strip_prefix("today")?;
                    days(text).is_none().then_some(())?;
                    let digits: String = rest.chars().filter(char::is_ascii_digit).collect();
                    Some(if digits.is_empty() {
                        "today".into()
                    } else {
                        format!("today-{digits}d")
                    })
                });
            }),
        ),
        defect(
            "today-beyond-the-calendar-500",
            &["DATE-8a", "STATUS-1a"],
            "that answers 500 to a constant beyond the calendar",
            Refuse(500, "internal error", |outgoing, incoming, _| {
                let d = incoming.get("d").unwrap_or_default();
                outgoing.status == 400 && d.starts_with("today-") && d.len() > 10
            }),
        ),
        defect(
            "today-beyond-the-calendar-empty",
            &["DATE-8a"],
            "that finds nothing for a constant beyond the calendar",
            Answer(|outgoing, incoming, _| {
                let d = incoming.get("d").unwrap_or_default();
                if outgoing.status == 400 && d.starts_with("today-") && d.len() > 10 {
                    outgoing.nothing(incoming);
                }
            }),
        ),
        defect(
            "words-read",
            &["DATE-11"],
            "that reads now, yesterday and tomorrow",
            Ask(|incoming, site| {
                let now = utc(site.now());
                incoming.dates(|text| match text {
                    "now" => Some(now.clone()),
                    "yesterday" => Some("today-1d".into()),
                    "tomorrow" => Some("today+1d".into()),
                    _ => None,
                });
            }),
        ),
        defect(
            "words-are-nothing",
            &["DATE-11", "REQ-8a"],
            "that ignores a d that is no date",
            Again(|outgoing, incoming, _| {
                let d = incoming.get("d").filter(|d| d.starts_with(char::is_alphabetic));
                (outgoing.status == 400 && d.is_some()).then(|| incoming.without(&["d"]))
            }),
        ),
    ],
};
