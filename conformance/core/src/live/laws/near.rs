use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Span, Timestamp};
use vcc_types::Field;

use super::{SAMPLES, day, samples, utc, whole_second};
use crate::escapes::encode;
use crate::live::lab::{Lab, ListedRecording};

/// Whether an instant lies within ±5 s of another.
pub(super) fn close(at: Option<Timestamp>, asked: Timestamp) -> bool {
    at.is_some_and(|at| (at.as_nanosecond() - asked.as_nanosecond()).abs() <= 5_000_000_000)
}

/// A look-up by one end of a recording.
#[derive(Clone, Copy)]
pub(super) struct LookUp {
    /// The variable.
    name: &'static str,
    /// The part of its laws' names.
    id: &'static str,
    /// The clause of its window.
    clause: &'static str,
    /// The end.
    of: fn(&ListedRecording) -> Option<Timestamp>,
}

const START: LookUp =
    LookUp { name: "start-date", id: "start", clause: "NEAR-1", of: |rec| Some(rec.start) };
const FINISH: LookUp =
    LookUp { name: "finish-date", id: "finish", clause: "NEAR-2", of: ListedRecording::finish };

pub(super) fn near(lab: &mut Lab<'_>) {
    for look_up in [START, FINISH] {
        within_five_seconds(lab, look_up);
        spellings(lab, look_up);
        with_others(lab, look_up);
        minute(lab, look_up);
        period(lab, look_up);
    }
}

impl LookUp {
    /// Some records whose end is a whole second, each with that instant.
    fn samples(self, lab: &Lab<'_>) -> Vec<(usize, Timestamp)> {
        let end = |at| Some((at, (self.of)(&lab.records[at]).filter(|end| whole_second(*end))?));
        samples(lab, SAMPLES).into_iter().filter_map(end).collect()
    }

    /// Whether a record's end lies within ±5 s of an instant.
    fn finds(self, rec: &ListedRecording, at: Timestamp) -> bool {
        close((self.of)(rec), at)
    }
}

fn within_five_seconds(lab: &mut Lab<'_>, look_up: LookUp) {
    let LookUp { name, id, clause, .. } = look_up;
    let title = format!("{name}=T finds what lies within five seconds of T");
    let mut law = lab.law(&format!("near-{id}"), clause, &title);
    for (_, end) in look_up.samples(lab) {
        for seconds in [0, 5, -5, 6, -6] {
            let Ok(asked) = end.checked_add(SignedDuration::from_secs(seconds)) else { continue };
            lab.finds(&mut law, &format!("{name}={}", utc(asked)), &|rec| {
                Some(look_up.finds(rec, asked))
            });
            if seconds.abs() == 6 {
                law.evidence += 1;
            }
        }
    }
    lab.end(law);
}

fn spellings(lab: &mut Lab<'_>, look_up: LookUp) {
    let LookUp { name, id, .. } = look_up;
    let title = format!("Spellings of T in {name} agree");
    let mut law = lab.law(&format!("near-{id}-spellings"), "DATE-5", &title);
    let kolkata = crate::zone::named("Asia/Kolkata").unwrap_or(TimeZone::UTC);
    for (_, end) in look_up.samples(lab) {
        let basic = utc(end).replace(['-', ':'], "");
        let spaced = utc(end).replace('T', "%20");
        let local = kolkata.to_datetime(end).strftime("%Y-%m-%dT%H:%M:%S").to_string();
        for text in [basic, spaced, format!("{local}%2B05:30"), format!("{local}&tz=Asia/Kolkata")]
        {
            lab.finds(&mut law, &format!("{name}={text}"), &|rec| Some(look_up.finds(rec, end)));
        }
    }
    lab.end(law);
}

fn with_others(lab: &mut Lab<'_>, look_up: LookUp) {
    let LookUp { name, id, .. } = look_up;
    let title = format!("{name} is ANDed with d and fields");
    let mut law = lab.law(&format!("near-{id}-and"), "NEAR-5a", &title);
    for (at, end) in look_up.samples(lab) {
        let agent = lab.records[at].text(Field::AgentId).to_owned();
        if !agent.is_empty() {
            let query = format!("{name}={}&agentID={}", utc(end), encode(&agent));
            lab.finds(&mut law, &query, &|rec| {
                Some(look_up.finds(rec, end) && rec.text(Field::AgentId) == agent)
            });
            let nobody = encode(&format!("{agent}-nobody"));
            let query = format!("{name}={}&agentID={nobody}", utc(end));
            lab.finds(&mut law, &query, &|_| Some(false));
        }
        let date = TimeZone::UTC.to_datetime(lab.records[at].start).date();
        if let Ok(other) = date.checked_add(Span::new().days(2))
            && let Some((from, to)) = day(other, &TimeZone::UTC)
        {
            let query = format!("{name}={}&d={other}&tz=UTC", utc(end));
            lab.finds(&mut law, &query, &|rec| {
                Some(look_up.finds(rec, end) && rec.start >= from && rec.start < to)
            });
        }
    }
    lab.end(law);
}

fn minute(lab: &mut Lab<'_>, look_up: LookUp) {
    let LookUp { name, id, .. } = look_up;
    let title =
        format!("{name} without seconds is the start of its minute, without a time midnight");
    let mut law = lab.law(&format!("near-{id}-minute"), "NEAR-3", &title);
    let ends = look_up.samples(lab);
    for (_, end) in &ends {
        if let Some(minute) = floor(*end, 60) {
            let text = Offset::UTC.to_datetime(minute).strftime("%Y-%m-%dT%H:%MZ").to_string();
            lab.finds(&mut law, &format!("{name}={text}"), &|rec| Some(look_up.finds(rec, minute)));
        }
        let date = TimeZone::UTC.to_datetime(*end).date();
        if let Some((midnight, _)) = day(date, &TimeZone::UTC) {
            lab.finds(&mut law, &format!("{name}={date}&tz=UTC"), &|rec| {
                Some(look_up.finds(rec, midnight))
            });
        }
        law.evidence += 1;
    }
    let (date, known) = (today(lab), law.outcome.problems.len());
    if let Some((midnight, _)) = day(date, &TimeZone::UTC)
        && !ends.is_empty()
    {
        lab.finds(&mut law, &format!("{name}=today&tz=UTC"), &|rec| {
            Some(look_up.finds(rec, midnight))
        });
        if today(lab) != date {
            // If the day changed meanwhile, this proves nothing.
            law.outcome.problems.truncate(known);
        }
    }
    lab.end(law);
}

fn period(lab: &mut Lab<'_>, look_up: LookUp) {
    let LookUp { name, id, .. } = look_up;
    let title = format!("{name} with an hour alone, or a month, is its beginning");
    let mut law = lab.law(&format!("near-{id}-period"), "DATE-6", &title);
    let ends = look_up.samples(lab);
    for (_, end) in &ends {
        if let Some(hour) = floor(*end, 3_600) {
            let text = Offset::UTC.to_datetime(hour).strftime("%Y-%m-%dT%HZ").to_string();
            lab.finds(&mut law, &format!("{name}={text}"), &|rec| Some(look_up.finds(rec, hour)));
            law.evidence += 1;
        }
    }
    let month = today(lab).first_of_month();
    if let Some((first, _)) = day(month, &TimeZone::UTC)
        && !ends.is_empty()
    {
        let query = format!("{name}={}&tz=UTC", month.strftime("%Y-%m"));
        lab.finds(&mut law, &query, &|rec| Some(look_up.finds(rec, first)));
    }
    lab.end(law);
}

/// The whole minute or hour that an instant lies in, in seconds.
fn floor(at: Timestamp, seconds: i64) -> Option<Timestamp> {
    Timestamp::from_second(at.as_second().div_euclid(seconds) * seconds).ok()
}

fn today(lab: &Lab<'_>) -> Date {
    TimeZone::UTC.to_datetime(lab.now()).date()
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
