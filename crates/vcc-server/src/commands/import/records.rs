//! Makes records of a store from those of a file.

use chrono::{DateTime, NaiveDateTime, Utc};
use vcc_format::Record;
use vcc_query::Zone;
use vcc_store::{RecordError, RecordErrorKind, StoredRecord};
use vcc_types::{Field, Recording, Row, StartDate};

/// The common part of the records of all formats.
pub(super) trait Readable: Row {
    fn has_extras(&self) -> bool;

    /// The values beside the fifteen fields.
    fn extras(&self) -> Vec<(&str, &str)>;
}

impl Readable for Record<'_> {
    fn has_extras(&self) -> bool {
        self.extra().len() > 0
    }

    fn extras(&self) -> Vec<(&str, &str)> {
        self.extra().collect()
    }
}

impl Readable for Recording {
    fn has_extras(&self) -> bool {
        !self.extra().is_empty()
    }

    fn extras(&self) -> Vec<(&str, &str)> {
        self.extra().iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }
}

/// A record with fields that `--map` renames.
pub(super) struct Mapped<'a, R> {
    pub(super) record: &'a R,
    pub(super) values: Vec<(Field, &'a str)>,
}

impl<R: Row> Row for Mapped<'_, R> {
    fn start(&self) -> Option<DateTime<Utc>> {
        let start = StartDate::parse(self.text(Field::StartDate)).ok()?.instant()?;
        Some(start.to_utc())
    }

    fn duration(&self) -> Option<u64> {
        self.text(Field::Duration).parse().ok()
    }

    fn text(&self, field: Field) -> &str {
        let own = self.record.text(field);
        if !own.is_empty() {
            return own;
        }
        let mapped = self.values.iter().find(|(mapped, _)| *mapped == field);
        let value = mapped.map_or("", |(_, value)| value);
        // QUIRK-14
        let is_trimmed = matches!(field, Field::StartDate | Field::Duration);
        if is_trimmed { value.trim() } else { value }
    }
}

/// The fields of a record, without the values beside them.
pub(super) fn fields(record: &impl Row) -> Recording {
    let mut recording = Recording::new();
    for field in Field::ALL {
        let text = record.text(field);
        if !text.is_empty() {
            recording.set(field, text);
        }
    }
    recording
}

/// Whether a record has no keys.
pub(super) fn is_keyless(record: &impl Row) -> bool {
    record.text(Field::TransactionId).is_empty() && record.text(Field::Filename).is_empty()
}

pub(super) fn stored(record: &impl Row, zone: Option<Zone>) -> Result<StoredRecord, RecordError> {
    StoredRecord::new(record).or_else(|error| match (error.kind(), local(record)) {
        // QUIRK-14: a start without an offset is in the zone of `--zone`.
        (RecordErrorKind::NoUsableStart, Some(local)) => match zone {
            Some(zone) => StoredRecord::with_start(record, zone.first_instant(local)),
            None => Err(error),
        },
        _ => Err(error),
    })
}

/// Why a record is left out.
pub(super) fn reason(record: &impl Row, error: &RecordError, zone: Option<Zone>) -> String {
    if error.kind() == RecordErrorKind::NoUsableStart && zone.is_none() && local(record).is_some() {
        return "startDate: no offset, and no --zone that would tell one".to_owned();
    }
    error.to_string()
}

/// The message for a start without an offset.
pub(super) fn local(record: &impl Row) -> Option<NaiveDateTime> {
    match StartDate::parse(record.text(Field::StartDate)) {
        Ok(StartDate::Local(local)) => Some(local),
        _ => None,
    }
}
