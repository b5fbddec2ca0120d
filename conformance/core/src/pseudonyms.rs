//! Turns a server's list into a dataset that can be shown to others: people, numbers, queues and
//! accounts get consistent pseudonyms, and dates move by whole weeks.

use std::collections::HashMap;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use vcc_types::{Field, RecordingName};

use crate::dataset::{Recording, Tenant, WrittenStart};
use crate::judge::compare::start;
use crate::judge::list::Record;

/// Replaces values; the same value gets the same pseudonym.
#[derive(Debug, Default)]
struct Pseudonyms {
    known: HashMap<(&'static str, String), String>,
    counts: HashMap<&'static str, usize>,
}

impl Pseudonyms {
    fn of(&mut self, kind: &'static str, value: &str) -> String {
        if value.is_empty() {
            return String::new();
        }
        if let Some(known) = self.known.get(&(kind, value.to_owned())) {
            return known.clone();
        }
        let count = self.counts.entry(kind).or_default();
        *count += 1;
        let name = match kind {
            "number" => format!("415555{count:04}"),
            "account" => format!("{}", 9_000_000 + *count),
            "transaction" | "case" => count.to_string(),
            _ => format!("{kind}-{count:03}"),
        };
        self.known.insert((kind, value.to_owned()), name.clone());
        name
    }
}

/// A tenant with pseudonyms for what was seen. `weeks` are added to every start; the offsets are
/// those of the zone on the new day, and file names of the documented form carry the new time. A
/// record without a start that can be read is left out.
#[must_use]
pub fn pseudonymous(
    seen: &[Record],
    name: &str,
    token: &str,
    tz: &str,
    zone: TimeZone,
    weeks: i64,
) -> Tenant {
    let mut pseudonyms = Pseudonyms::default();
    let mut tenant =
        Tenant { name: name.into(), token: token.into(), tz: tz.into(), zone, records: Vec::new() };
    for seen in seen {
        let Some(was) = start(seen.text(Field::StartDate)) else { continue };
        let Ok(at) = was.instant.checked_add(SignedDuration::from_hours(weeks * 7 * 24)) else {
            continue;
        };
        let index = tenant.records.len();
        let mut values: [Option<String>; Field::COUNT] = Default::default();
        for field in Field::ALL {
            let text = seen.text(field);
            let kept = seen.values[field.index()].is_some();
            values[field.index()] = kept.then(|| match field {
                Field::StartDate | Field::Filename => String::new(),
                Field::AgentId => pseudonyms.of("agent", text),
                Field::PhoneNumber => pseudonyms.of("number", text),
                // The markers of calls that are not inbound are not numbers of people.
                Field::Channel if text.starts_with('#') => text.to_owned(),
                Field::Channel => pseudonyms.of("number", text),
                Field::QueueId | Field::QueueName if text.starts_with("QUEUE_") => text.to_owned(),
                Field::QueueId => pseudonyms.of("queue", text),
                Field::QueueName => pseudonyms.of("queue-name", text),
                Field::AccountNumber => pseudonyms.of("account", text),
                Field::CaseId => pseudonyms.of("case", text),
                Field::TransactionId => pseudonyms.of("transaction", text),
                Field::ExtVar1 | Field::ExtVar2 => pseudonyms.of("ext", text),
                Field::Duration | Field::OutDialCode | Field::WrapUpCode => text.to_owned(),
            });
        }
        let Ok(written) = WrittenStart::parse(&format!("{}", at.strftime("%Y-%m-%dT%H:%M:%S%.fZ")))
        else {
            continue;
        };
        let mut record = Recording {
            key: format!("r{:06}", index + 1),
            group: "recorded".into(),
            start: at,
            values,
            written,
            named_by_start: false,
        };
        record.set_start(at, &tenant.zone, index);
        record.values[Field::Filename.index()] = seen.values[Field::Filename.index()]
            .as_deref()
            .map(|file| file_name(file, was.instant, at, index));
        tenant.records.push(record);
    }
    tenant
}

/// A documented file name with its time moved as the start was; any other name becomes a numbered
/// one.
fn file_name(name: &str, was: Timestamp, at: Timestamp, index: usize) -> String {
    if name.is_empty() {
        return String::new();
    }
    let Some(parsed) = RecordingName::parse(name) else {
        return format!("recording-{:06}.wav", index + 1);
    };
    // A name that did not carry its record's start still does not.
    let shift = at.duration_since(was);
    let carried = Timestamp::from_second(parsed.start().timestamp()).ok();
    let Some(carried) = carried.and_then(|carried| carried.checked_add(shift).ok()) else {
        return format!("recording-{:06}.wav", index + 1);
    };
    let utc = carried.to_zoned_datetime(TimeZone::UTC);
    format!("S{}/R{}{:05}.wav", utc.strftime("%Y%m%d"), utc.strftime("%Y%m%d%H%M%S"), index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(pairs: &[(Field, &str)]) -> Record {
        let mut seen = Record::default();
        for (field, value) in pairs {
            seen.values[field.index()] = Some((*value).to_owned());
        }
        seen
    }

    #[test]
    fn nothing_of_a_person_is_left_and_nothing_else_is_lost() {
        let record = |agent, channel, start, file| {
            seen(&[
                (Field::StartDate, start),
                (Field::AgentId, agent),
                (Field::Channel, channel),
                (Field::PhoneNumber, "4151112222"),
                (Field::Filename, file),
                (Field::Duration, "027"),
                (Field::OutDialCode, ""),
            ])
        };
        let all = [
            record(
                "bill",
                "#virtual_outbound#",
                "2007-12-19T19:16:36-08:00",
                "S20071220/R2007122003163601000.wav",
            ),
            record("anna", "4151112222", "2007-12-19T19:16:40-08:00", "holiday of anna.wav"),
            record("bill", "8005551234", "no date", "x.wav"),
            record("bill", "8005551234", "2007-12-20T00:00:00-08:00", ""),
        ];
        let zone = crate::zone::named("America/Los_Angeles").unwrap();
        let tenant = pseudonymous(&all, "acme", "t", "America/Los_Angeles", zone, 26);
        let rows: Vec<Vec<&str>> = tenant
            .records
            .iter()
            .map(|record| {
                [
                    Field::StartDate,
                    Field::AgentId,
                    Field::PhoneNumber,
                    Field::Channel,
                    Field::Filename,
                    Field::Duration,
                ]
                .map(|field| record.text(field))
                .to_vec()
            })
            .collect();
        // Half a year later clocks are an hour ahead.
        assert_eq!(
            rows,
            [
                [
                    "2008-06-18T20:16:36-07:00",
                    "agent-001",
                    "4155550001",
                    "#virtual_outbound#",
                    "S20080619/R2008061903163600001.wav",
                    "027"
                ],
                [
                    "2008-06-18T20:16:40-07:00",
                    "agent-002",
                    "4155550001",
                    "4155550001",
                    "recording-000002.wav",
                    "027"
                ],
                ["2008-06-19T01:00:00-07:00", "agent-001", "4155550001", "4155550002", "", "027"],
            ]
        );
        assert_eq!(tenant.records[0].values[Field::OutDialCode.index()].as_deref(), Some(""));
        assert_eq!(tenant.records[0].values[Field::WrapUpCode.index()], None);
    }
}
