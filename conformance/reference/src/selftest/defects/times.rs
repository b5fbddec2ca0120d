use chrono::TimeDelta;
use vcc_query::Zone;

use crate::selftest::defect::Hook::Ask;
use crate::selftest::defect::{Family, defect};
use crate::selftest::incoming::Incoming;
use crate::selftest::site::{Site, utc};
use crate::selftest::texts::{Parts, parts};

/// Another text for each date whose time is an hour, a space and digits.
fn behind_an_hour(incoming: &mut Incoming, change: impl Fn(&Parts<'_>, &str) -> Option<String>) {
    incoming.dates(|text| {
        let parts = parts(text);
        let digits = parts.offset.strip_prefix(' ').filter(|_| parts.time.len() == 2)?;
        change(&parts, digits)
    });
}

/// The second after the first pass of second 59.
fn a_second_on(text: &str, site: &Site, zone: Zone) -> Option<String> {
    let parts = parts(text);
    let before = parts.time.strip_suffix(":60").filter(|_| parts.offset.is_empty())?;
    let text = [parts.date, parts.between, before, ":59"].concat();
    Some(utc(site.instant(&text, zone)? + TimeDelta::seconds(1)))
}

/// The zone whose rules another one had until 2025.
fn before_2026(name: &str) -> Option<&'static str> {
    Some(match name {
        "America/Vancouver" => "America/Los_Angeles",
        "America/Edmonton" => "America/Denver",
        "America/Winnipeg" => "America/Chicago",
        "America/Havana" => "Etc/GMT+5",
        "Africa/Casablanca" => "Etc/GMT-1",
        _ => return None,
    })
}

pub(super) const TIMES: Family = Family {
    name: "times that are easily misread",
    defects: &[
        defect(
            "space-behind-an-hour-is-a-sign",
            &["REQ-6c"],
            "that reads a space behind an hour as the sign of an offset",
            Ask(|incoming, _| {
                behind_an_hour(incoming, |parts, digits| {
                    Some([parts.date, parts.between, parts.time, "+", digits].concat())
                });
            }),
        ),
        defect(
            "space-behind-an-hour-is-a-colon",
            &["REQ-6c"],
            "that reads a space behind an hour as a colon",
            Ask(|incoming, _| {
                behind_an_hour(incoming, |parts, digits| {
                    let minutes = digits.get(..2)?;
                    Some([parts.date, parts.between, parts.time, ":", minutes].concat())
                });
            }),
        ),
        defect(
            "what-follows-an-hour-ignored",
            &["REQ-6c"],
            "that ignores what stands behind an hour and a space",
            Ask(|incoming, _| {
                behind_an_hour(incoming, |parts, _| {
                    Some([parts.date, parts.between, parts.time].concat())
                });
            }),
        ),
        defect(
            "second-60-of-the-first-pass",
            &["DATE-14"],
            "whose second 60 is the one after the first pass of second 59",
            Ask(|incoming, site| {
                let zone = site.zone(incoming);
                incoming.dates(|text| a_second_on(text, site, zone));
            }),
        ),
        defect(
            "zones-of-2025",
            &["DATE-13"],
            "whose zone data is of before 2026",
            Ask(|incoming, _| {
                if incoming.query.as_deref().is_some_and(|query| query.contains("2026-")) {
                    incoming.map_one("tz", |name| before_2026(name).map(str::to_owned));
                }
            }),
        ),
        defect(
            "zones-of-2026-for-all-years",
            &["DATE-3a"],
            "that uses the rules of 2026 for all years",
            Ask(|incoming, _| {
                incoming.map_one("tz", |name| {
                    (name == "America/Vancouver").then(|| "Etc/GMT+7".into())
                });
            }),
        ),
    ],
};
