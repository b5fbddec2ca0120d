use chrono::{DateTime, FixedOffset, TimeDelta};

use crate::selftest::defect::Hook::Answer;
use crate::selftest::defect::{Family, defect};
use crate::selftest::outgoing::Outgoing;

fn instant(text: &str) -> Option<DateTime<FixedOffset>> {
    DateTime::parse_from_rfc3339(text).ok()
}

/// Other texts for starts that are instants; the others stay.
fn instants(outgoing: &mut Outgoing, change: impl Fn(DateTime<FixedOffset>) -> String) {
    outgoing.starts(|text| instant(text).map_or_else(|| text.to_owned(), &change));
}

const FORM: &str = "%Y-%m-%dT%H:%M:%S";

pub(super) const STARTS: Family = Family {
    name: "startDate",
    defects: &[
        defect(
            "start-without-offset",
            &["OUT-3a"],
            "whose startDate has no offset",
            Answer(|outgoing, _, _| instants(outgoing, |at| at.format(FORM).to_string())),
        ),
        defect(
            "start-in-utc-without-offset",
            &["OUT-3a"],
            "whose startDate is in UTC and does not say so",
            Answer(|outgoing, _, _| instants(outgoing, |at| at.to_utc().format(FORM).to_string())),
        ),
        defect(
            "start-as-z",
            &["OUT-3a"],
            "whose startDate is local time with a Z",
            Answer(|outgoing, _, _| instants(outgoing, |at| format!("{}Z", at.format(FORM)))),
        ),
        defect(
            "start-without-colon",
            &["OUT-3a"],
            "whose startDate has an offset without a colon",
            Answer(|outgoing, _, _| {
                instants(outgoing, |at| at.format("%Y-%m-%dT%H:%M:%S%z").to_string())
            }),
        ),
        defect(
            "start-with-a-space",
            &["OUT-3a"],
            "whose startDate has a space for T",
            Answer(|outgoing, _, _| instants(outgoing, |at| at.to_rfc3339().replace('T', " "))),
        ),
        defect(
            "start-without-seconds",
            &["OUT-3a"],
            "whose startDate has no seconds",
            Answer(|outgoing, _, _| {
                instants(outgoing, |at| at.format("%Y-%m-%dT%H:%M%:z").to_string())
            }),
        ),
        defect(
            "start-in-basic-form",
            &["OUT-3a"],
            "whose startDate is in the basic form",
            Answer(|outgoing, _, _| {
                instants(outgoing, |at| at.format("%Y%m%dT%H%M%S%z").to_string())
            }),
        ),
        defect(
            "start-of-1970",
            &["OUT-3a"],
            "whose startDate counts seconds since 1970",
            Answer(|outgoing, _, _| instants(outgoing, |at| at.timestamp().to_string())),
        ),
        defect(
            "start-of-mail",
            &["OUT-3a"],
            "whose startDate is in the form of mail",
            Answer(|outgoing, _, _| instants(outgoing, |at| at.to_rfc2822())),
        ),
        defect(
            "start-with-12-hours",
            &["OUT-3a"],
            "whose startDate counts twelve hours",
            Answer(|outgoing, _, _| {
                instants(outgoing, |at| at.format("%Y-%m-%dT%I:%M:%S%:z").to_string())
            }),
        ),
        defect(
            "start-sign-turned",
            &["OUT-3a"],
            "whose startDate has the sign of its offset turned round",
            Answer(|outgoing, _, _| {
                instants(outgoing, |at| {
                    let text = at.to_rfc3339();
                    let (time, offset) = text.split_at(text.len() - 6);
                    let sign = if offset.starts_with('-') { "+" } else { "-" };
                    format!("{time}{sign}{}", &offset[1..])
                })
            }),
        ),
        defect(
            "start-in-winter",
            &["OUT-3a"],
            "whose startDate has the offset of winter all year",
            Answer(|outgoing, _, _| {
                instants(outgoing, |at| {
                    let summer = at.offset().local_minus_utc() == -7 * 3600;
                    if summer { format!("{}-08:00", at.format(FORM)) } else { at.to_rfc3339() }
                })
            }),
        ),
        defect(
            "start-an-hour-off",
            &["OUT-3a"],
            "whose startDate is an hour late in summer",
            Answer(|outgoing, _, _| {
                instants(outgoing, |at| {
                    let summer = at.offset().local_minus_utc() == -7 * 3600;
                    let hours = if summer { TimeDelta::hours(1) } else { TimeDelta::zero() };
                    (at + hours).to_rfc3339()
                })
            }),
        ),
        defect(
            "start-cut-to-minutes",
            &["OUT-3a"],
            "whose startDate is cut to whole minutes",
            Answer(|outgoing, _, _| {
                instants(outgoing, |at| at.format("%Y-%m-%dT%H:%M:00%:z").to_string())
            }),
        ),
        defect(
            "start-is-the-finish",
            &["OUT-3a"],
            "whose startDate is a minute late",
            Answer(|outgoing, _, _| {
                instants(outgoing, |at| (at + TimeDelta::minutes(1)).to_rfc3339())
            }),
        ),
        defect(
            "start-month-first",
            &["OUT-3a"],
            "whose startDate has the month first",
            Answer(|outgoing, _, _| {
                instants(outgoing, |at| at.format("%m/%d/%Y %H:%M:%S %:z").to_string())
            }),
        ),
        defect(
            "years-without-zeros",
            &["OUT-3a"],
            "that writes a year before 1000 without its zeros",
            Answer(|outgoing, _, _| {
                outgoing.starts(|text| text.trim_start_matches('0').to_owned());
            }),
        ),
        defect(
            "starts-in-nanoseconds",
            &["OUT-3a"],
            "that keeps starts as nanoseconds in 64 bits, which end in the year 2262",
            Answer(|outgoing, _, _| {
                instants(outgoing, |at| {
                    let nanos = i128::from(at.timestamp()) * 1_000_000_000;
                    let kept = DateTime::from_timestamp_nanos(nanos as i64);
                    kept.with_timezone(at.offset()).to_rfc3339()
                })
            }),
        ),
        defect(
            "years-of-five-digits",
            &["OUT-3a"],
            "that writes a year of five digits on the last day of the calendar",
            Answer(|outgoing, _, _| {
                outgoing.starts(|text| text.replace("9999-12-3", "+10000-01-0"))
            }),
        ),
    ],
};
