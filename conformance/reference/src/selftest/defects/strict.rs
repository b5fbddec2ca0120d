use crate::selftest::defect::Hook::{Answer, Ask};
use crate::selftest::defect::{Family, defect};
use crate::selftest::incoming::Incoming;
use crate::selftest::outgoing::Outgoing;
use crate::selftest::texts::{Parts, Shape, date, parts};

/// Refuses a request one of whose dates is of a form that this server does not know.
fn refuse(outgoing: &mut Outgoing, incoming: &Incoming, unknown: impl Fn(&Parts<'_>) -> bool) {
    let found = ["d", "start-date", "finish-date"].iter().any(|name| {
        let value = incoming.get(name).unwrap_or_default();
        value.split(',').any(|end| unknown(&parts(end)))
    });
    if found && outgoing.status == 200 {
        outgoing.refuse(400, "d: expected a date such as 2007-08-05");
    }
}

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
            Answer(|outgoing, incoming, _| {
                refuse(outgoing, incoming, |parts| {
                    parts.date.len() == 8 && parts.date.bytes().all(|byte| byte.is_ascii_digit())
                });
            }),
        ),
        defect(
            "basic-times-refused",
            &["DATE-5"],
            "that does not read times without colons",
            Answer(|outgoing, incoming, _| {
                refuse(outgoing, incoming, |parts| {
                    parts.time.len() >= 4 && !parts.time.contains(':')
                });
            }),
        ),
        defect(
            "t-refused",
            &["DATE-5"],
            "that reads no T between date and time",
            Answer(|outgoing, incoming, _| {
                refuse(outgoing, incoming, |parts| parts.between == "T")
            }),
        ),
        defect(
            "space-refused",
            &["DATE-5", "REQ-5", "DATE-2a"],
            "that reads no space between date and time",
            Answer(|outgoing, incoming, _| {
                refuse(outgoing, incoming, |parts| parts.between == " ")
            }),
        ),
        defect(
            "offsets-refused",
            &["DATE-4", "DATE-5"],
            "that reads Z and no other offset",
            Answer(|outgoing, incoming, _| {
                refuse(outgoing, incoming, |parts| !["", "Z"].contains(&parts.offset));
            }),
        ),
        defect(
            "offsets-required",
            &["DATE-2a", "DATE-3a", "NEAR-1"],
            "that reads no time without an offset",
            Answer(|outgoing, incoming, _| {
                refuse(outgoing, incoming, |parts| {
                    !parts.time.is_empty() && parts.offset.is_empty()
                });
            }),
        ),
        defect(
            "seconds-refused",
            &["DATE-5", "DATE-6", "NEAR-1"],
            "that reads no seconds",
            Answer(|outgoing, incoming, _| {
                refuse(outgoing, incoming, |parts| {
                    parts.time.chars().filter(char::is_ascii_digit).count() > 4
                });
            }),
        ),
        defect(
            "seconds-required",
            &["DATE-5", "DATE-2a", "NEAR-3"],
            "that reads no time without seconds",
            Answer(|outgoing, incoming, _| {
                refuse(outgoing, incoming, |parts| {
                    (1..6).contains(&parts.time.chars().filter(char::is_ascii_digit).count())
                });
            }),
        ),
        defect(
            "look-ups-read-basic-form-not",
            &["NEAR-1", "DATE-5"],
            "whose start-date reads no basic form",
            Answer(|outgoing, incoming, _| {
                let text = incoming.get("start-date").unwrap_or_default();
                if !text.is_empty() && !date(&text).contains(['-', 't']) {
                    outgoing.refuse(400, "start-date: expected a date");
                }
            }),
        ),
        defect(
            "look-ups-read-no-offset",
            &["NEAR-1", "NEAR-2", "DATE-4", "DATE-5"],
            "whose start-date and finish-date read no offset but Z",
            Answer(|outgoing, incoming, _| {
                let offset = |name: &str| {
                    let text = incoming.get(name).unwrap_or_default();
                    !["", "Z"].contains(&parts(&text).offset)
                };
                if offset("start-date") || offset("finish-date") {
                    outgoing.refuse(400, "start-date: expected a date");
                }
            }),
        ),
        defect(
            "fractions-refused",
            &["DATE-6"],
            "that reads no fraction of a second",
            Answer(|outgoing, incoming, _| {
                refuse(outgoing, incoming, |parts| parts.time.contains('.'))
            }),
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
            Answer(|outgoing, incoming, _| {
                refuse(outgoing, incoming, |parts| shape(parts) == Shape::Ordinal);
            }),
        ),
        defect(
            "basic-ordinals-refused",
            &["DATE-6"],
            "that reads no days of a year in the basic form",
            Answer(|outgoing, incoming, _| {
                refuse(outgoing, incoming, |parts| {
                    shape(parts) == Shape::Ordinal && !parts.date.contains('-')
                });
            }),
        ),
        defect(
            "day-366-refused",
            &["DATE-6"],
            "that reads no day 366",
            Answer(|outgoing, incoming, _| {
                refuse(outgoing, incoming, |parts| parts.date.ends_with("-366"))
            }),
        ),
        defect(
            "weeks-refused",
            &["DATE-6", "DATE-7a"],
            "that reads no weeks",
            Answer(|outgoing, incoming, _| {
                refuse(outgoing, incoming, |parts| parts.date.contains('W'))
            }),
        ),
        defect(
            "basic-weeks-refused",
            &["DATE-6", "DATE-7a"],
            "that reads no weeks in the basic form",
            Answer(|outgoing, incoming, _| {
                refuse(outgoing, incoming, |parts| {
                    parts.date.contains('W') && !parts.date.contains('-')
                });
            }),
        ),
        defect(
            "week-53-refused",
            &["DATE-6"],
            "that reads no week 53",
            Answer(|outgoing, incoming, _| {
                refuse(outgoing, incoming, |parts| parts.date.contains("W53"))
            }),
        ),
        defect(
            "months-refused",
            &["DATE-6", "DATE-7a"],
            "that reads no month without a day",
            Answer(|outgoing, incoming, _| {
                refuse(outgoing, incoming, |parts| shape(parts) == Shape::Month)
            }),
        ),
        defect(
            "years-refused",
            &["DATE-6", "DATE-7a"],
            "that reads no year alone",
            Answer(|outgoing, incoming, _| {
                refuse(outgoing, incoming, |parts| shape(parts) == Shape::Year)
            }),
        ),
        defect(
            "reduced-ends-refused",
            &["DATE-7a", "DATE-6"],
            "that reads no reduced date in a range",
            Answer(|outgoing, incoming, _| {
                let d = incoming.get("d").unwrap_or_default();
                let reduced =
                    |end: &str| matches!(Shape::of(end), Shape::Year | Shape::Month | Shape::Week);
                if d.contains(',') && d.split(',').any(reduced) && outgoing.status == 200 {
                    outgoing.refuse(400, "d: expected a day");
                }
            }),
        ),
        defect(
            "reduced-look-ups-refused",
            &["NEAR-3", "DATE-6"],
            "whose start-date reads no reduced date",
            Answer(|outgoing, incoming, _| {
                let shape = Shape::of(&incoming.get("start-date").unwrap_or_default());
                if matches!(shape, Shape::Year | Shape::Month | Shape::Week) {
                    outgoing.refuse(400, "start-date: expected a day");
                }
            }),
        ),
        defect(
            "untimed-look-ups-refused",
            &["NEAR-3"],
            "whose start-date and finish-date need a time",
            Answer(|outgoing, incoming, _| {
                let untimed = |name: &str| {
                    incoming.get(name).is_some_and(|text| parts(&text).time.is_empty())
                };
                if (untimed("start-date") || untimed("finish-date")) && outgoing.status == 200 {
                    outgoing.refuse(400, "start-date: expected a time");
                }
            }),
        ),
        defect(
            "hours-alone-refused",
            &["DATE-6", "NEAR-3"],
            "that reads no hour without minutes",
            Answer(|outgoing, incoming, _| {
                refuse(outgoing, incoming, |parts| parts.time.len() == 2)
            }),
        ),
        defect(
            "short-offsets-refused",
            &["DATE-6"],
            "that reads no offset without minutes",
            Answer(|outgoing, incoming, _| {
                refuse(outgoing, incoming, |parts| parts.offset.len() == 3)
            }),
        ),
        defect(
            "basic-offsets-refused",
            &["DATE-6"],
            "that reads no offset without a colon",
            Answer(|outgoing, incoming, _| {
                refuse(outgoing, incoming, |parts| {
                    parts.offset.len() == 5 && !parts.offset.contains(':')
                });
            }),
        ),
        defect(
            "mixed-forms-refused",
            &["DATE-6"],
            "that reads no basic date with an extended time",
            Answer(|outgoing, incoming, _| {
                refuse(outgoing, incoming, |parts| {
                    parts.time.len() > 2 && parts.date.contains('-') != parts.time.contains(':')
                });
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
            Answer(|outgoing, incoming, _| {
                refuse(outgoing, incoming, |parts| parts.time.starts_with("24"))
            }),
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
            Answer(|outgoing, incoming, _| {
                refuse(outgoing, incoming, |parts| parts.time.ends_with(":60"))
            }),
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
            Answer(|outgoing, incoming, _| {
                refuse(outgoing, incoming, |parts| parts.date.starts_with('0'))
            }),
        ),
        defect(
            "far-years-refused",
            &["DATE-6"],
            "that reads no year 9999",
            Answer(|outgoing, incoming, _| {
                refuse(outgoing, incoming, |parts| parts.date.starts_with("9999"))
            }),
        ),
        defect(
            "far-years-overflow",
            &["DATE-6", "STATUS-1a"],
            "that answers 500 to the last day of the calendar",
            Answer(|outgoing, incoming, _| {
                if incoming.get("d").is_some_and(|d| d.contains("9999")) {
                    outgoing.refuse(500, "internal error");
                }
            }),
        ),
        defect(
            "raw-sign-refused",
            &["REQ-6b"],
            "that refuses an offset or a zone whose + was not encoded",
            Answer(|outgoing, incoming, _| {
                let query = incoming.query.as_deref().unwrap_or_default();
                let raw = query.split('&').any(|part| {
                    part.contains('+')
                        && ["d=", "start-date=", "finish-date=", "tz="]
                            .iter()
                            .any(|name| part.starts_with(name))
                });
                if raw && outgoing.status == 200 {
                    outgoing.refuse(400, "d: expected an offset, found a space");
                }
            }),
        ),
    ],
};
