use crate::selftest::answered::Answered;
use crate::selftest::asked::Asked;
use crate::selftest::defect::Fault::{Answer, Ask};
use crate::selftest::defect::{Family, defect};
use crate::selftest::texts::{Parts, Shape, date, parts};

/// Refuses a request one of whose dates is of a form that this server does not know.
fn refuse(answered: &mut Answered, asked: &Asked, unknown: impl Fn(&Parts<'_>) -> bool) {
    let found = ["d", "start-date", "finish-date"].iter().any(|name| {
        let value = asked.get(name).unwrap_or_default();
        value.split(',').any(|end| unknown(&parts(end)))
    });
    if found && answered.status == 200 {
        answered.refuse(400, "d: expected a date such as 2007-08-05");
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
            Answer(|answered, asked, _| {
                refuse(answered, asked, |parts| {
                    parts.date.len() == 8 && parts.date.bytes().all(|byte| byte.is_ascii_digit())
                });
            }),
        ),
        defect(
            "basic-times-refused",
            &["DATE-5"],
            "that does not read times without colons",
            Answer(|answered, asked, _| {
                refuse(answered, asked, |parts| parts.time.len() >= 4 && !parts.time.contains(':'));
            }),
        ),
        defect(
            "t-refused",
            &["DATE-5"],
            "that reads no T between date and time",
            Answer(|answered, asked, _| refuse(answered, asked, |parts| parts.between == "T")),
        ),
        defect(
            "space-refused",
            &["DATE-5", "REQ-5", "DATE-2a"],
            "that reads no space between date and time",
            Answer(|answered, asked, _| refuse(answered, asked, |parts| parts.between == " ")),
        ),
        defect(
            "offsets-refused",
            &["DATE-4", "DATE-5"],
            "that reads Z and no other offset",
            Answer(|answered, asked, _| {
                refuse(answered, asked, |parts| !["", "Z"].contains(&parts.offset));
            }),
        ),
        defect(
            "offsets-required",
            &["DATE-2a", "DATE-3a", "NEAR-1"],
            "that reads no time without an offset",
            Answer(|answered, asked, _| {
                refuse(answered, asked, |parts| !parts.time.is_empty() && parts.offset.is_empty());
            }),
        ),
        defect(
            "seconds-refused",
            &["DATE-5", "DATE-6", "NEAR-1"],
            "that reads no seconds",
            Answer(|answered, asked, _| {
                refuse(answered, asked, |parts| {
                    parts.time.chars().filter(char::is_ascii_digit).count() > 4
                });
            }),
        ),
        defect(
            "seconds-required",
            &["DATE-5", "DATE-2a", "NEAR-3"],
            "that reads no time without seconds",
            Answer(|answered, asked, _| {
                refuse(answered, asked, |parts| {
                    (1..6).contains(&parts.time.chars().filter(char::is_ascii_digit).count())
                });
            }),
        ),
        defect(
            "look-ups-read-basic-form-not",
            &["NEAR-1", "DATE-5"],
            "whose start-date reads no basic form",
            Answer(|answered, asked, _| {
                let text = asked.get("start-date").unwrap_or_default();
                if !text.is_empty() && !date(&text).contains(['-', 't']) {
                    answered.refuse(400, "start-date: expected a date");
                }
            }),
        ),
        defect(
            "look-ups-read-no-offset",
            &["NEAR-1", "NEAR-2", "DATE-4", "DATE-5"],
            "whose start-date and finish-date read no offset but Z",
            Answer(|answered, asked, _| {
                let offset = |name: &str| {
                    let text = asked.get(name).unwrap_or_default();
                    !["", "Z"].contains(&parts(&text).offset)
                };
                if offset("start-date") || offset("finish-date") {
                    answered.refuse(400, "start-date: expected a date");
                }
            }),
        ),
        defect(
            "fractions-refused",
            &["DATE-6"],
            "that reads no fraction of a second",
            Answer(|answered, asked, _| refuse(answered, asked, |parts| parts.time.contains('.'))),
        ),
        defect(
            "fractions-dropped",
            &["DATE-6"],
            "that drops fractions of a second",
            Ask(|asked, _| {
                asked.dates(|text| {
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
            Ask(|asked, _| {
                asked.dates(|text| {
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
            Answer(|answered, asked, _| {
                refuse(answered, asked, |parts| shape(parts) == Shape::Ordinal);
            }),
        ),
        defect(
            "basic-ordinals-refused",
            &["DATE-6"],
            "that reads no days of a year in the basic form",
            Answer(|answered, asked, _| {
                refuse(answered, asked, |parts| {
                    shape(parts) == Shape::Ordinal && !parts.date.contains('-')
                });
            }),
        ),
        defect(
            "day-366-refused",
            &["DATE-6"],
            "that reads no day 366",
            Answer(|answered, asked, _| {
                refuse(answered, asked, |parts| parts.date.ends_with("-366"))
            }),
        ),
        defect(
            "weeks-refused",
            &["DATE-6", "DATE-7a"],
            "that reads no weeks",
            Answer(|answered, asked, _| refuse(answered, asked, |parts| parts.date.contains('W'))),
        ),
        defect(
            "basic-weeks-refused",
            &["DATE-6", "DATE-7a"],
            "that reads no weeks in the basic form",
            Answer(|answered, asked, _| {
                refuse(answered, asked, |parts| {
                    parts.date.contains('W') && !parts.date.contains('-')
                });
            }),
        ),
        defect(
            "week-53-refused",
            &["DATE-6"],
            "that reads no week 53",
            Answer(|answered, asked, _| {
                refuse(answered, asked, |parts| parts.date.contains("W53"))
            }),
        ),
        defect(
            "months-refused",
            &["DATE-6", "DATE-7a"],
            "that reads no month without a day",
            Answer(|answered, asked, _| {
                refuse(answered, asked, |parts| shape(parts) == Shape::Month)
            }),
        ),
        defect(
            "years-refused",
            &["DATE-6", "DATE-7a"],
            "that reads no year alone",
            Answer(|answered, asked, _| {
                refuse(answered, asked, |parts| shape(parts) == Shape::Year)
            }),
        ),
        defect(
            "reduced-ends-refused",
            &["DATE-7a", "DATE-6"],
            "that reads no reduced date in a range",
            Answer(|answered, asked, _| {
                let d = asked.get("d").unwrap_or_default();
                let reduced =
                    |end: &str| matches!(Shape::of(end), Shape::Year | Shape::Month | Shape::Week);
                if d.contains(',') && d.split(',').any(reduced) && answered.status == 200 {
                    answered.refuse(400, "d: expected a day");
                }
            }),
        ),
        defect(
            "reduced-look-ups-refused",
            &["NEAR-3", "DATE-6"],
            "whose start-date reads no reduced date",
            Answer(|answered, asked, _| {
                let shape = Shape::of(&asked.get("start-date").unwrap_or_default());
                if matches!(shape, Shape::Year | Shape::Month | Shape::Week) {
                    answered.refuse(400, "start-date: expected a day");
                }
            }),
        ),
        defect(
            "untimed-look-ups-refused",
            &["NEAR-3"],
            "whose start-date and finish-date need a time",
            Answer(|answered, asked, _| {
                let untimed =
                    |name: &str| asked.get(name).is_some_and(|text| parts(&text).time.is_empty());
                if (untimed("start-date") || untimed("finish-date")) && answered.status == 200 {
                    answered.refuse(400, "start-date: expected a time");
                }
            }),
        ),
        defect(
            "hours-alone-refused",
            &["DATE-6", "NEAR-3"],
            "that reads no hour without minutes",
            Answer(|answered, asked, _| refuse(answered, asked, |parts| parts.time.len() == 2)),
        ),
        defect(
            "short-offsets-refused",
            &["DATE-6"],
            "that reads no offset without minutes",
            Answer(|answered, asked, _| refuse(answered, asked, |parts| parts.offset.len() == 3)),
        ),
        defect(
            "basic-offsets-refused",
            &["DATE-6"],
            "that reads no offset without a colon",
            Answer(|answered, asked, _| {
                refuse(answered, asked, |parts| {
                    parts.offset.len() == 5 && !parts.offset.contains(':')
                });
            }),
        ),
        defect(
            "mixed-forms-refused",
            &["DATE-6"],
            "that reads no basic date with an extended time",
            Answer(|answered, asked, _| {
                refuse(answered, asked, |parts| {
                    parts.time.len() > 2 && parts.date.contains('-') != parts.time.contains(':')
                });
            }),
        ),
        defect(
            "one-form-for-both-ends",
            &["DATE-6"],
            "that wants both ends of a range in one form",
            Answer(|answered, asked, _| {
                let d = asked.get("d").unwrap_or_default();
                if let Some((from, until)) = d.split_once(',')
                    && !d.contains("today")
                    && date(from).contains('-') != date(until).contains('-')
                    && answered.status == 200
                {
                    answered.refuse(400, "d: expected two dates of one form");
                }
            }),
        ),
        defect(
            "hour-24-refused",
            &["DATE-6"],
            "that reads no 24:00",
            Answer(|answered, asked, _| {
                refuse(answered, asked, |parts| parts.time.starts_with("24"))
            }),
        ),
        defect(
            "hour-24-is-0",
            &["DATE-6"],
            "that reads 24:00 as the start of the same day",
            Ask(|asked, _| {
                asked.dates(|text| {
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
            Answer(|answered, asked, _| {
                refuse(answered, asked, |parts| parts.time.ends_with(":60"))
            }),
        ),
        defect(
            "second-60-is-59",
            &["DATE-6"],
            "that reads second 60 as 59",
            Ask(|asked, _| {
                asked.dates(|text| {
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
            Answer(|answered, asked, _| {
                refuse(answered, asked, |parts| parts.date.starts_with('0'))
            }),
        ),
        defect(
            "far-years-refused",
            &["DATE-6"],
            "that reads no year 9999",
            Answer(|answered, asked, _| {
                refuse(answered, asked, |parts| parts.date.starts_with("9999"))
            }),
        ),
        defect(
            "far-years-overflow",
            &["DATE-6", "STATUS-1a"],
            "that answers 500 to the last day of the calendar",
            Answer(|answered, asked, _| {
                if asked.get("d").is_some_and(|d| d.contains("9999")) {
                    answered.refuse(500, "internal error");
                }
            }),
        ),
        defect(
            "raw-sign-refused",
            &["REQ-6b"],
            "that refuses an offset or a zone whose + was not encoded",
            Answer(|answered, asked, _| {
                let query = asked.query.as_deref().unwrap_or_default();
                let raw = query.split('&').any(|part| {
                    part.contains('+')
                        && ["d=", "start-date=", "finish-date=", "tz="]
                            .iter()
                            .any(|name| part.starts_with(name))
                });
                if raw && answered.status == 200 {
                    answered.refuse(400, "d: expected an offset, found a space");
                }
            }),
        ),
    ],
};
