use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Span, Timestamp};
use vcc_types::Field;

use super::{SAMPLES, day, samples, utc, whole_second};
use crate::live::lab::{Lab, Rec, encode};

/// Whether an instant lies within ±5 s of another.
pub(super) fn close(at: Option<Timestamp>, asked: Timestamp) -> bool {
    at.is_some_and(|at| (at.as_nanosecond() - asked.as_nanosecond()).abs() <= 5_000_000_000)
}

pub(super) fn near(lab: &mut Lab<'_>, finish: bool) {
    let (name, id, clause) = if finish {
        ("finish-date", "finish", "NEAR-2")
    } else {
        ("start-date", "start", "NEAR-1")
    };
    let mut law = lab.law(
        &format!("near-{id}"),
        clause,
        &format!("{name}=T finds what lies within five seconds of T"),
    );
    let mut spelled = lab.law(
        &format!("near-{id}-spellings"),
        "DATE-5",
        &format!("Spellings of T in {name} agree"),
    );
    let mut and = lab.law(
        &format!("near-{id}-and"),
        "NEAR-5a",
        &format!("{name} is ANDed with d and fields"),
    );
    let of = move |rec: &Rec| if finish { rec.finish() } else { Some(rec.start) };
    let mut midnight = lab.law(
        &format!("near-{id}-minute"),
        "NEAR-3",
        &format!("{name} without seconds is the start of its minute, without a time midnight"),
    );
    let mut period = lab.law(
        &format!("near-{id}-period"),
        "DATE-6",
        &format!("{name} with an hour alone, or a month, is its beginning"),
    );
    for at in samples(lab, SAMPLES) {
        let Some(edge) = of(&lab.records[at]).filter(|edge| whole_second(*edge)) else { continue };
        for seconds in [0, 5, -5, 6, -6] {
            let Ok(asked) = edge.checked_add(SignedDuration::from_secs(seconds)) else { continue };
            lab.finds(&mut law, &format!("{name}={}", utc(asked)), &|rec| {
                Some(close(of(rec), asked))
            });
            if seconds.abs() == 6 {
                law.evidence += 1;
            }
        }
        let basic = utc(edge).replace(['-', ':'], "");
        let spaced = utc(edge).replace('T', "%20");
        let kolkata = crate::zone::named("Asia/Kolkata").unwrap_or(TimeZone::UTC);
        let local = kolkata.to_datetime(edge).strftime("%Y-%m-%dT%H:%M:%S").to_string();
        for text in [basic, spaced, format!("{local}%2B05:30"), format!("{local}&tz=Asia/Kolkata")]
        {
            lab.finds(&mut spelled, &format!("{name}={text}"), &|rec| Some(close(of(rec), edge)));
        }
        let agent = lab.records[at].text(Field::AgentId).to_owned();
        if !agent.is_empty() {
            let query = format!("{name}={}&agentID={}", utc(edge), encode(&agent));
            lab.finds(&mut and, &query, &|rec| {
                Some(close(of(rec), edge) && rec.text(Field::AgentId) == agent)
            });
            let query =
                format!("{name}={}&agentID={}", utc(edge), encode(&format!("{agent}-nobody")));
            lab.finds(&mut and, &query, &|_| Some(false));
        }
        let date = TimeZone::UTC.to_datetime(lab.records[at].start).date();
        if let Ok(other) = date.checked_add(Span::new().days(2)) {
            let query = format!("{name}={}&d={other}&tz=UTC", utc(edge));
            if let Some((from, to)) = day(other, &TimeZone::UTC) {
                lab.finds(&mut and, &query, &|rec| {
                    Some(close(of(rec), edge) && rec.start >= from && rec.start < to)
                });
            }
        }
        let minute = edge.as_second().div_euclid(60) * 60;
        if let Ok(minute) = Timestamp::from_second(minute) {
            let text = Offset::UTC.to_datetime(minute).strftime("%Y-%m-%dT%H:%MZ").to_string();
            lab.finds(&mut midnight, &format!("{name}={text}"), &|rec| {
                Some(close(of(rec), minute))
            });
        }
        if let Some((from, _)) = day(TimeZone::UTC.to_datetime(edge).date(), &TimeZone::UTC) {
            let date = TimeZone::UTC.to_datetime(edge).date();
            lab.finds(&mut midnight, &format!("{name}={date}&tz=UTC"), &|rec| {
                Some(close(of(rec), from))
            });
        }
        let hour = edge.as_second().div_euclid(3_600) * 3_600;
        if let Ok(hour) = Timestamp::from_second(hour) {
            let text = Offset::UTC.to_datetime(hour).strftime("%Y-%m-%dT%HZ").to_string();
            lab.finds(&mut period, &format!("{name}={text}"), &|rec| Some(close(of(rec), hour)));
            period.evidence += 1;
        }
        midnight.evidence += 1;
    }
    let today = |lab: &Lab<'_>| TimeZone::UTC.to_datetime(lab.now()).date();
    let (date, known) = (today(lab), midnight.outcome.problems.len());
    let month = date.first_of_month();
    if let (Some((from, _)), Some((first, _))) =
        (day(date, &TimeZone::UTC), day(month, &TimeZone::UTC))
        && midnight.evidence > 0
    {
        let query = format!("{name}={}&tz=UTC", month.strftime("%Y-%m"));
        lab.finds(&mut period, &query, &|rec| Some(close(of(rec), first)));
        lab.finds(&mut midnight, &format!("{name}=today&tz=UTC"), &|rec| {
            Some(close(of(rec), from))
        });
        if today(lab) != date {
            // Nothing was learned where the day changed meanwhile.
            midnight.outcome.problems.truncate(known);
        }
    }
    lab.end(law);
    lab.end(spelled);
    lab.end(and);
    lab.end(midnight);
    lab.end(period);
}

pub(super) fn both(lab: &mut Lab<'_>) {
    let mut law =
        lab.law("both", "NEAR-4a", "With start-date and finish-date only start-date is used");
    let mut strangers = samples(lab, SAMPLES);
    strangers.reverse();
    for (at, other) in samples(lab, SAMPLES).into_iter().zip(strangers) {
        let start = lab.records[at].start;
        let Some(finish) = lab.records[other].finish().filter(|at| whole_second(*at)) else {
            continue;
        };
        if !whole_second(start) {
            continue;
        }
        for query in [
            format!("start-date={}&finish-date={}", utc(start), utc(finish)),
            format!("finish-date={}&start-date={}", utc(finish), utc(start)),
        ] {
            lab.finds(&mut law, &query, &|rec| Some(close(Some(rec.start), start)));
        }
    }
    lab.end(law);
}
