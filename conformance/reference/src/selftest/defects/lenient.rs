use chrono::TimeDelta;

use crate::selftest::defect::Hook::{Again, Answer, Ask, Refuse};
use crate::selftest::defect::{Family, defect};
use crate::selftest::incoming::Incoming;
use crate::selftest::site::{Site, utc};
use crate::selftest::texts::{parts, rolled, ymd};

const DATES: [&str; 3] = ["d", "start-date", "finish-date"];

/// Another text for a date that is refused as it is.
fn mend(incoming: &mut Incoming, site: &Site, change: impl Fn(&str) -> Option<String>) {
    let zone = site.zone(incoming);
    incoming.dates(|text| {
        let good = site.instant(text, zone).is_some() || site.window(text, zone).is_some();
        if good { None } else { change(text) }
    });
}

/// Whether a request with a date was refused.
fn refused(outgoing: &crate::selftest::outgoing::Outgoing, incoming: &Incoming) -> bool {
    outgoing.status == 400 && incoming.has_date()
}

pub(super) const LENIENT: Family = Family {
    name: "dates that are none",
    defects: &[
        defect(
            "bad-dates-ignored",
            &["REQ-8a", "DATE-6b", "DATE-6", "DATE-11"],
            "that ignores a date that it cannot read",
            Again(|outgoing, incoming, _| {
                refused(outgoing, incoming).then(|| incoming.without(&DATES))
            }),
        ),
        defect(
            "bad-d-ignored",
            &["REQ-8a", "DATE-6b", "DATE-6"],
            "that ignores a d that it cannot read",
            Again(|outgoing, incoming, _| {
                (refused(outgoing, incoming) && incoming.has("d")).then(|| incoming.without(&["d"]))
            }),
        ),
        defect(
            "bad-look-ups-ignored",
            &["REQ-8a", "DATE-6b"],
            "that ignores a start-date or finish-date that it cannot read",
            Again(|outgoing, incoming, _| {
                (refused(outgoing, incoming) && !incoming.has("d"))
                    .then(|| incoming.without(&DATES))
            }),
        ),
        defect(
            "bad-dates-are-nothing",
            &["REQ-8a", "DATE-6b", "DATE-6", "DATE-11"],
            "that finds nothing for a date that it cannot read",
            Answer(|outgoing, incoming, _| {
                if refused(outgoing, incoming) {
                    outgoing.nothing(incoming);
                }
            }),
        ),
        defect(
            "bad-dates-500",
            &["REQ-8a", "STATUS-1a", "DATE-6b"],
            "that answers 500 to a date that it cannot read",
            Refuse(500, "internal error", |outgoing, incoming, _| refused(outgoing, incoming)),
        ),
        defect(
            "bad-dates-404",
            &["REQ-8a", "STATUS-1a", "DATE-6b"],
            "that answers 404 to a date that it cannot read",
            Refuse(404, "not found", |outgoing, incoming, _| refused(outgoing, incoming)),
        ),
        defect(
            "bad-dates-422",
            &["REQ-8a", "STATUS-1a", "DATE-6b"],
            "that answers 422 to a date that it cannot read",
            Refuse(422, "d: not a date", |outgoing, incoming, _| refused(outgoing, incoming)),
        ),
        defect(
            "empty-dates-ignored",
            &["REQ-8a"],
            "that takes an empty date for none",
            Ask(|incoming, _| {
                incoming.retain(|name, value| !DATES.contains(&name) || !value.is_empty());
            }),
        ),
        defect(
            "dates-roll-over",
            &["DATE-6b"],
            "that rolls impossible dates and times over",
            Ask(|incoming, site| mend(incoming, site, rolled)),
        ),
        defect(
            "days-clamped",
            &["DATE-6b"],
            "that takes a day beyond the end of its month for the last",
            Ask(|incoming, site| {
                mend(incoming, site, |text| {
                    let parts = parts(text);
                    let joint = if parts.date.contains('-') { "-" } else { "" };
                    let digits: String = parts.date.chars().filter(char::is_ascii_digit).collect();
                    let (year, month) = (digits.get(..4)?, digits.get(4..6)?);
                    if digits.len() != 8 || digits.get(6..)? < "29" {
                        return None;
                    }
                    (28..=31).rev().find_map(|day| {
                        let date = format!("{year}{joint}{month}{joint}{day}");
                        ymd(&date)?;
                        Some([&date, parts.between, parts.time, parts.offset].concat())
                    })
                });
            }),
        ),
        defect(
            "hours-clamped",
            &["DATE-6b"],
            "that takes a time beyond its end for the last second of the day",
            Ask(|incoming, site| {
                mend(incoming, site, |text| {
                    let parts = parts(text);
                    (!parts.time.is_empty())
                        .then(|| [parts.date, "T", "23:59:59", parts.offset].concat())
                });
            }),
        ),
        defect(
            "text-behind-ignored",
            &["REQ-8a", "DATE-6", "DATE-11"],
            "that ignores what stands behind a date",
            Ask(|incoming, site| {
                let zone = site.zone(incoming);
                mend(incoming, site, |text| {
                    let mut ends = text.char_indices().map(|(at, _)| at).rev();
                    ends.find(|at| *at > 3 && site.instant(&text[..*at], zone).is_some())
                        .map(|at| text[..at].to_owned())
                });
            }),
        ),
        defect(
            "dates-trimmed",
            &["REQ-8a"],
            "that trims dates",
            Ask(|incoming, site| {
                mend(incoming, site, |text| (text.trim() != text).then(|| text.trim().to_owned()));
            }),
        ),
        defect(
            "digits-optional",
            &["REQ-8a", "DATE-6"],
            "that reads months, days and hours of one digit",
            Ask(|incoming, site| {
                mend(incoming, site, |text| {
                    let mut out = String::new();
                    for part in text.split_inclusive(['-', ':', 'T', ' ', 'Z']) {
                        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
                        if digits == 1 {
                            out.push('0');
                        }
                        out.push_str(part);
                    }
                    (out != text).then_some(out)
                });
            }),
        ),
        defect(
            "dates-guessed",
            &["REQ-8a"],
            "that guesses at dates: slashes, names of months, seconds since 1970, 1 PM",
            Ask(|incoming, site| {
                mend(incoming, site, |text| {
                    let guess = text.contains('/') && text.len() == 10
                        || text.contains(['A', 'M']) && text.contains(char::is_whitespace)
                        || text.contains("Aug")
                        || text.len() >= 9 && text.bytes().all(|byte| byte.is_ascii_digit());
                    guess.then(|| "2007-08-05".to_owned())
                });
            }),
        ),
        defect(
            "lower-case-t",
            &["DATE-6"],
            "that reads a lower-case t",
            Ask(|incoming, site| {
                mend(incoming, site, |text| {
                    let mut parts = parts(text);
                    let lower = parts.between == "t";
                    parts.between = "T";
                    lower.then(|| parts.text())
                });
            }),
        ),
        defect(
            "lower-case-z",
            &["DATE-6"],
            "that reads a lower-case z",
            Ask(|incoming, site| {
                mend(incoming, site, |text| text.strip_suffix('z').map(|text| format!("{text}Z")));
            }),
        ),
        defect(
            "two-digit-years",
            &["DATE-6", "REQ-8a"],
            "that reads years of two digits",
            Ask(|incoming, site| {
                mend(incoming, site, |text| {
                    let (year, _) = text.split_once('-')?;
                    (year.len() == 2).then(|| format!("20{text}"))
                });
            }),
        ),
        defect(
            "basic-months",
            &["DATE-6"],
            "that reads 200708 as a month",
            Ask(|incoming, site| {
                mend(incoming, site, |text| {
                    let digits = text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit());
                    digits.then(|| format!("{}-{}", &text[..4], &text[4..]))
                });
            }),
        ),
        defect(
            "separators-anywhere",
            &["DATE-6"],
            "that reads forms half basic and half extended",
            Ask(|incoming, site| {
                mend(incoming, site, |text| {
                    let mut parts = parts(text);
                    let date = parts.date.replace('-', "");
                    let time = parts.time.replace(':', "");
                    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
                    let whole = date.len() == 8 && digits(&date) && digits(&time);
                    (parts.date, parts.time) = (&date, &time);
                    whole.then(|| parts.text())
                });
            }),
        ),
        defect(
            "fractions-of-anything",
            &["DATE-6"],
            "that reads fractions of minutes and hours",
            Ask(|incoming, site| {
                mend(incoming, site, |text| {
                    let mut parts = parts(text);
                    let (whole, _) = parts.time.split_once('.')?;
                    parts.time = whole;
                    (!whole.is_empty()).then(|| parts.text())
                });
            }),
        ),
        defect(
            "decimal-commas",
            &["DATE-6"],
            "that reads a decimal comma",
            Ask(|incoming, _| {
                incoming.map(|name, value| {
                    let (before, after) = value.rsplit_once(',')?;
                    let digits = after.trim_end_matches('Z');
                    let fraction =
                        digits.len() < 4 && digits.bytes().all(|byte| byte.is_ascii_digit());
                    (DATES.contains(&name) && fraction && !digits.is_empty())
                        .then(|| format!("{before}.{after}"))
                });
            }),
        ),
        defect(
            "offsets-on-dates",
            &["DATE-6", "REQ-8a"],
            "that reads an offset on a date without a time",
            Ask(|incoming, site| {
                let zone = site.zone(incoming);
                mend(incoming, site, |text| {
                    let date = text.get(..10)?;
                    let rest = text.get(10..)?;
                    let offset = rest == "Z" || rest.len() == 6 && rest.contains(':');
                    (offset && site.instant(date, zone).is_some())
                        .then(|| format!("{date}T00:00{rest}"))
                });
            }),
        ),
        defect(
            "times-on-reduced-dates",
            &["DATE-6"],
            "that reads a time behind a month, a year or a week",
            Ask(|incoming, site| {
                mend(incoming, site, |text| {
                    let parts = parts(text);
                    (!parts.time.is_empty()).then(|| parts.date.to_owned())
                });
            }),
        ),
        defect(
            "digits-of-any-script",
            &["DATE-6"],
            "that reads digits of any script",
            Ask(|incoming, site| {
                mend(incoming, site, |text| {
                    let ascii: String = text
                        .chars()
                        .map(|c| match u32::from(c) {
                            digit @ 0x660..=0x669 => char::from(b'0' + (digit - 0x660) as u8),
                            digit @ 0xff10..=0xff19 => char::from(b'0' + (digit - 0xff10) as u8),
                            _ => c,
                        })
                        .collect();
                    (ascii != text).then_some(ascii)
                });
            }),
        ),
        defect(
            "years-of-any-length",
            &["DATE-6", "REQ-8a"],
            "that reads year 0000, years of five digits and signs before years",
            Ask(|incoming, site| {
                mend(incoming, site, |text| {
                    let unsigned = text.trim_start_matches(['+', '-', ' ']);
                    let (year, _) = unsigned.split_once('-')?;
                    let zero = year == "0000";
                    (unsigned != text || zero || year.len() > 4).then(|| "2007-08-05".to_owned())
                });
            }),
        ),
        defect(
            "fractions-without-digits",
            &["DATE-6"],
            "that reads a point without digits behind it",
            Ask(|incoming, site| {
                mend(incoming, site, |text| {
                    text.contains('.')
                        .then(|| text.replace(".Z", "Z").trim_end_matches('.').to_owned())
                        .filter(|other| other != text)
                });
            }),
        ),
        defect(
            "hour-24-with-minutes",
            &["DATE-6", "DATE-6b"],
            "that reads 24:01 as a time of the next day",
            Ask(|incoming, site| {
                mend(incoming, site, |text| {
                    if parts(text).time.starts_with("24") { rolled(text) } else { None }
                });
            }),
        ),
        defect(
            "single-24-read",
            &["DATE-7a"],
            "that reads a single 24:00 as the first minute of the next day",
            Ask(|incoming, site| {
                let zone = site.zone(incoming);
                incoming.map_one("d", |d| {
                    (parts(d).time.starts_with("24") && !d.contains(',')).then(|| {
                        let from = site.instant(d, zone)?;
                        Some(format!("{},{}", utc(from), utc(from + TimeDelta::minutes(1))))
                    })?
                });
            }),
        ),
        defect(
            "intervals-read",
            &["DATE-11"],
            "that reads A/B and A..B as a range",
            Ask(|incoming, _| {
                incoming.map_one("d", |d| {
                    let (from, until) = d.split_once('/').or_else(|| d.split_once(".."))?;
                    (from.len() > 7).then(|| format!("{from},{until}"))
                });
            }),
        ),
        defect(
            "open-ranges-read",
            &["DATE-11", "REQ-8a"],
            "that reads a range without a beginning or an end",
            Ask(|incoming, _| {
                incoming.map_one("d", |d| match d.split_once(',')? {
                    ("", "") => Some("0001-01-01,9999-12-31".into()),
                    ("", until) => Some(format!("0001-01-01,{until}")),
                    (from, "") => Some(format!("{from},9999-12-31")),
                    _ => None,
                });
            }),
        ),
        defect(
            "third-dates-ignored",
            &["DATE-11"],
            "that ignores a third date of a range",
            Ask(|incoming, _| {
                incoming.map_one("d", |d| {
                    let mut parts = d.splitn(3, ',');
                    let (from, until) = (parts.next()?, parts.next()?);
                    parts.next().map(|_| format!("{from},{until}"))
                });
            }),
        ),
        defect(
            "ranges-in-look-ups",
            &["NEAR-5b"],
            "whose start-date and finish-date read a range as its first end",
            Ask(|incoming, _| {
                incoming.map(|name, value| {
                    let (first, _) = value.split_once(',')?;
                    ["start-date", "finish-date"].contains(&name).then(|| first.to_owned())
                });
            }),
        ),
    ],
};
