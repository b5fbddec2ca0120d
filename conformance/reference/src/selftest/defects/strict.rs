use crate::selftest::defect::Hook::{Answer, Ask, Refuse, Unread};
use crate::selftest::defect::{Family, defect};
use crate::selftest::texts::{Parts, Shape, date, parts};

fn shape(parts: &Parts<'_>) -> Shape {
    Shape::of(parts.date)
}

pub(super) const STRICT: Family = Family {
    name: "forms of dates that are not read",
    defects: &[
        defect(
            "basic-refused",
            &["DATE-5", "DATE-1"],
            "that does not read the basic form",
            Unread(|parts| {
                parts.date.len() == 8 && parts.date.bytes().all(|byte| byte.is_ascii_digit())
            }),
        ),
        defect(
            "basic-times-refused",
            &["DATE-5"],
            "that does not read times without colons",
            Unread(|parts| parts.time.len() >= 4 && !parts.time.contains(':')),
        ),
        defect(
            "t-refused",
            &["DATE-5"],
            "that reads no T between date and time",
            Unread(|parts| parts.between == "T"),
        ),
        defect(
            "space-refused",
            &["DATE-5", "REQ-5", "DATE-2a"],
            "that reads no space between date and time",
            Unread(|parts| parts.between == " "),
        ),
        defect(
            "offsets-refused",
            &["DATE-4", "DATE-5"],
            "that reads Z and no other offset",
            Unread(|parts| !["", "Z"].contains(&parts.offset)),
        ),
        defect(
            "offsets-required",
            &["DATE-2a", "DATE-3a", "NEAR-1"],
            "that reads no time without an offset",
            Unread(|parts| !parts.time.is_empty() && parts.offset.is_empty()),
        ),
        defect(
            "seconds-refused",
            &["DATE-5", "DATE-6", "NEAR-1"],
            "that reads no seconds",
            Unread(|parts| parts.time.chars().filter(char::is_ascii_digit).count() > 4),
        ),
        defect(
            "seconds-required",
            &["DATE-5", "DATE-2a", "NEAR-3"],
            "that reads no time without seconds",
            Unread(|parts| {
                (1..6).contains(&parts.time.chars().filter(char::is_ascii_digit).count())
            }),
        ),
        defect(
            "look-ups-read-basic-form-not",
            &["NEAR-1", "DATE-5"],
            "whose start-date reads no basic form",
            Refuse(400, "start-date: expected a date", |_, incoming, _| {
                let text = incoming.get("start-date").unwrap_or_default();
                !text.is_empty() && !date(&text).contains(['-', 't'])
            }),
        ),
        defect(
            "look-ups-read-no-offset",
            &["NEAR-1", "NEAR-2", "DATE-4", "DATE-5"],
            "whose start-date and finish-date read no offset but Z",
            Refuse(400, "start-date: expected a date", |_, incoming, _| {
                let offset = |name: &str| {
                    let text = incoming.get(name).unwrap_or_default();
                    !["", "Z"].contains(&parts(&text).offset)
                };
                offset("start-date") || offset("finish-date")
            }),
        ),
        defect(
            "fractions-refused",
            &["DATE-6"],
            "that reads no fraction of a second",
            Unread(|parts| parts.time.contains('.')),
        ),
        defect(
            "fractions-dropped",
            &["DATE-6"],
            "that drops fractions of a second",
            Ask(|incoming, _| {
                incoming.dates(|text| {
                    let mut parts = parts(text);
                    let (whole, fraction) = parts.time.split_once('.')?;
                    let digits = fraction.bytes().all(|byte| byte.is_ascii_digit());
                    parts.time = whole;
                    (digits && !fraction.is_empty()).then(|| parts.text())
                });
            }),
        ),
        defect(
            "fractions-rounded",
            &["DATE-6"],
            "that rounds fractions up to a whole second",
            Ask(|incoming, _| {
                incoming.dates(|text| {
                    let parts = parts(text);
                    let (whole, fraction) = parts.time.split_once('.')?;
                    let seconds = whole.get(whole.len() - 2..)?.parse::<u32>().ok()? + 1;
                    let good = !fraction.is_empty()
                        && fraction.bytes().all(|byte| byte.is_ascii_digit())
                        && seconds < 60;
                    let start = &whole[..whole.len() - 2];
                    good.then(|| {
                        format!(
                            "{}{}{start}{seconds:02}{}",
                            parts.date, parts.between, parts.offset
                        )
                    })
                });
            }),
        ),
        defect(
            "ordinals-refused",
            &["DATE-6"],
            "that reads no days of a year",
            Unread(|parts| shape(parts) == Shape::Ordinal),
        ),
        defect(
            "basic-ordinals-refused",
            &["DATE-6"],
            "that reads no days of a year in the basic form",
            Unread(|parts| shape(parts) == Shape::Ordinal && !parts.date.contains('-')),
        ),
        defect(
            "day-366-refused",
            &["DATE-6"],
            "that reads no day 366",
            Unread(|parts| parts.date.ends_with("-366")),
        ),
        defect(
            "weeks-refused",
            &["DATE-6", "DATE-7a"],
            "that reads no weeks",
            Unread(|parts| parts.date.contains('W')),
        ),
        defect(
            "basic-weeks-refused",
            &["DATE-6", "DATE-7a"],
            "that reads no weeks in the basic form",
            Unread(|parts| parts.date.contains('W') && !parts.date.contains('-')),
        ),
        defect(
            "week-53-refused",
            &["DATE-6"],
            "that reads no week 53",
            Unread(|parts| parts.date.contains("W53")),
        ),
        defect(
            "months-refused",
            &["DATE-6", "DATE-7a"],
            "that reads no month without a day",
            Unread(|parts| shape(parts) == Shape::Month),
        ),
        defect(
            "years-refused",
            &["DATE-6", "DATE-7a"],
            "that reads no year alone",
            Unread(|parts| shape(parts) == Shape::Year),
        ),
        defect(
            "reduced-ends-refused",
            &["DATE-7a", "DATE-6"],
            "that reads no reduced date in a range",
            Refuse(400, "d: expected a day", |outgoing, incoming, _| {
                let d = incoming.get("d").unwrap_or_default();
                let reduced =
                    |end: &str| matches!(Shape::of(end), Shape::Year | Shape::Month | Shape::Week);
                d.contains(',') && d.split(',').any(reduced) && outgoing.status == 200
            }),
        ),
        defect(
            "reduced-look-ups-refused",
            &["NEAR-3", "DATE-6"],
            "whose start-date reads no reduced date",
            Refuse(400, "start-date: expected a day", |_, incoming, _| {
                let shape = Shape::of(&incoming.get("start-date").unwrap_or_default());
                matches!(shape, Shape::Year | Shape::Month | Shape::Week)
            }),
        ),
        defect(
            "untimed-look-ups-refused",
            &["NEAR-3"],
            "whose start-date and finish-date need a time",
            Refuse(400, "start-date: expected a time", |outgoing, incoming, _| {
                let untimed = |name: &str| {
                    incoming.get(name).is_some_and(|text| parts(&text).time.is_empty())
                };
                (untimed("start-date") || untimed("finish-date")) && outgoing.status == 200
            }),
        ),
        defect(
            "hours-alone-refused",
            &["DATE-6", "NEAR-3"],
            "that reads no hour without minutes",
            Unread(|parts| parts.time.len() == 2),
        ),
        defect(
            "short-offsets-refused",
            &["DATE-6"],
            "that reads no offset without minutes",
            Unread(|parts| parts.offset.len() == 3),
        ),
        defect(
            "basic-offsets-refused",
            &["DATE-6"],
            "that reads no offset without a colon",
            Unread(|parts| parts.offset.len() == 5 && !parts.offset.contains(':')),
        ),
        defect(
            "mixed-forms-refused",
            &["DATE-6"],
            "that reads no basic date with an extended time",
            Unread(|parts| {
                parts.time.len() > 2 && parts.date.contains('-') != parts.time.contains(':')
            }),
        ),
        defect(
            "one-form-for-both-ends",
            &["DATE-6"],
            "that wants both ends of a range in one form",
            Answer(|outgoing, incoming, _| {
                let d = incoming.get("d").unwrap_or_default();
                if let Some((from, until)) = d.split_once(',')
                    && !d.contains("today")
                    && date(from).contains('-') != date(until).contains('-')
                    && outgoing.status == 200
                {
                    outgoing.refuse(400, "d: expected two dates of one form");
                }
            }),
        ),
        defect(
            "hour-24-refused",
            &["DATE-6"],
            "that reads no 24:00",
            Unread(|parts| parts.time.starts_with("24")),
        ),
        defect(
            "hour-24-is-0",
            &["DATE-6"],
            "that reads 24:00 as the start of the same day",
            Ask(|incoming, _| {
                incoming.dates(|text| {
                    let parts = parts(text);
                    let time = parts.time.strip_prefix("24")?;
                    time.bytes()
                        .all(|byte| b"0:.".contains(&byte))
                        .then(|| [parts.date, parts.between, "00", time, parts.offset].concat())
                });
            }),
        ),
        defect(
            "second-60-refused",
            &["DATE-6"],
            "that reads no second 60",
            Unread(|parts| parts.time.ends_with(":60")),
        ),
        defect(
            "second-60-is-59",
            &["DATE-6"],
            "that reads second 60 as 59",
            Ask(|incoming, _| {
                incoming.dates(|text| {
                    let parts = parts(text);
                    let time = parts.time.strip_suffix(":60").filter(|time| time.len() == 5)?;
                    Some([parts.date, parts.between, time, ":59", parts.offset].concat())
                });
            }),
        ),
        defect(
            "early-years-refused",
            &["DATE-6"],
            "that reads no year before 1000",
            Unread(|parts| parts.date.starts_with('0')),
        ),
        defect(
            "far-years-refused",
            &["DATE-6"],
            "that reads no year 9999",
            Unread(|parts| parts.date.starts_with("9999")),
        ),
        defect(
            "far-years-overflow",
            &["DATE-6", "STATUS-1a"],
            "that answers 500 to the last day of the calendar",
            Refuse(500, "internal error", |_, incoming, _| {
                incoming.get("d").is_some_and(|d| d.contains("9999"))
            }),
        ),
        defect(
            "raw-sign-refused",
            &["REQ-6b"],
            "that refuses an offset or a zone whose + was not encoded",
            Refuse(400, "d: expected an offset, found a space", |outgoing, incoming, _| {
                let query = incoming.query.as_deref().unwrap_or_default();
                let raw = query.split('&').any(|part| {
                    part.contains('+')
                        && ["d=", "start-date=", "finish-date=", "tz="]
                            .iter()
                            .any(|name| part.starts_with(name))
                });
                raw && outgoing.status == 200
            }),
        ),
    ],
};
