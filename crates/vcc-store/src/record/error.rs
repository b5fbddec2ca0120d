//! Which records are not stored, and why.

use std::fmt;
use std::ops::Range;

use chrono::{DateTime, SecondsFormat, Timelike as _, Utc};
use vcc_types::{
    DurationError, Field, Recording, Row, StartDate, is_xml_character, parse_duration,
};

use super::texts::text_fields;

/// Why a record is not stored: the field and what is wrong with it.
///
/// ```
/// use vcc_store::{RecordErrorKind, StoredRecord};
/// use vcc_types::{Field, Recording};
///
/// let recording = Recording::new()
///     .with(Field::StartDate, "2007-12-19T19:16:36Z")
///     .with(Field::CaseId, "4711\u{b}");
/// let error = StoredRecord::new(&recording).unwrap_err();
/// assert_eq!(error.field(), Field::CaseId);
/// assert_eq!(error.kind(), RecordErrorKind::Character('\u{b}'));
/// assert_eq!(error.to_string(), "caseID: XML cannot carry U+000B");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordError {
    field: Field,
    kind: RecordErrorKind,
}

/// The reasons of a [`RecordError`].
///
/// ```
/// use vcc_store::{RecordErrorKind, StoredRecord};
/// use vcc_types::{Field, Recording};
///
/// let refused = |agent: &str| {
///     let recording = Recording::new()
///         .with(Field::StartDate, "2007-12-19T19:16:36Z")
///         .with(Field::AgentId, agent);
///     StoredRecord::new(&recording).err().map(|error| error.kind())
/// };
/// // The limit counts bytes, not characters, and is inclusive.
/// assert_eq!(refused(&"é".repeat(500)), None);
/// assert_eq!(refused(&"é".repeat(501)), Some(RecordErrorKind::TooLong { limit: 1_000 }));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecordErrorKind {
    /// The start is absent, cannot be read, or has no offset and no zone was given (QUIRK-14).
    NoUsableStart,
    /// The start is outside [`StartDate::RANGE`]: in some zone its year would not have four digits
    /// (OUT-3).
    StartOutOfRange,
    /// The start has a fraction finer than a microsecond.
    StartTooFine,
    /// The duration is a number beyond [`Recording::MAX_DURATION`] seconds (FIELD-4).
    DurationTooLarge,
    /// A character that XML 1.0 cannot carry, so that no response could either (OUT-6).
    Character(char),
    /// Longer than what is stored: 1,000 bytes for agentID, phoneNumber, filename and
    /// transactionID, which are in an index, and 1,048,576 for any other field.
    TooLong {
        /// How many bytes the field may have.
        limit: usize,
    },
}

impl RecordError {
    pub(super) fn new(field: Field, kind: RecordErrorKind) -> Self {
        Self { field, kind }
    }

    /// The field that is refused.
    #[must_use]
    pub fn field(&self) -> Field {
        self.field
    }

    /// What is wrong with it.
    #[must_use]
    pub fn kind(&self) -> RecordErrorKind {
        self.kind
    }
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let field = self.field;
        match self.kind {
            RecordErrorKind::NoUsableStart => {
                write!(f, "{field}: expected an instant such as 2008-02-14T10:12:13-08:00")
            }
            RecordErrorKind::StartOutOfRange => {
                let Range { start, end } = StartDate::RANGE;
                write!(
                    f,
                    "{field}: its year would not have four digits in every zone: expected a start \
                     from {} on and before {}",
                    instant(start),
                    instant(end)
                )
            }
            RecordErrorKind::DurationTooLarge => {
                let most = Recording::MAX_DURATION;
                write!(f, "{field}: too large: expected at most {most} seconds, which is 2^63-1")
            }
            RecordErrorKind::StartTooFine => {
                write!(f, "{field}: finer than a microsecond, which is what is stored")
            }
            RecordErrorKind::Character(character) => {
                write!(f, "{field}: XML cannot carry U+{:04X}", u32::from(character))
            }
            RecordErrorKind::TooLong { limit } => {
                write!(f, "{field}: longer than {limit} bytes, which is what is stored")
            }
        }
    }
}

impl std::error::Error for RecordError {}

fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// How many bytes of a field are stored. An index entry of PostgreSQL has room for some 2,700.
pub(crate) const fn limit(field: Field) -> usize {
    match field {
        Field::AgentId | Field::PhoneNumber | Field::Filename | Field::TransactionId => 1_000,
        _ => 1 << 20,
    }
}

/// The first character of a text that XML 1.0 cannot carry.
fn forbidden(text: &str) -> Option<char> {
    // The first bytes of such characters; most texts have none of them.
    let suspect = |byte: &u8| *byte < b' ' || *byte == 0xef;
    let from = text.as_bytes().iter().position(suspect)?;
    // Each is the first byte of a character.
    text[from..].chars().find(|character| !is_xml_character(*character))
}

/// Refuses a record that is not stored with this start.
pub(super) fn check(record: &(impl Row + ?Sized), start: DateTime<Utc>) -> Result<(), RecordError> {
    // OUT-3
    if !StartDate::RANGE.contains(&start) {
        return Err(RecordError::new(Field::StartDate, RecordErrorKind::StartOutOfRange));
    }
    // chrono writes a leap second as more than a second of nanoseconds. No text gives one, and it is
    // finer than what is stored.
    if !start.nanosecond().is_multiple_of(1_000) || start.nanosecond() >= 1_000_000_000 {
        return Err(RecordError::new(Field::StartDate, RecordErrorKind::StartTooFine));
    }
    for field in text_fields() {
        let value = record.text(field);
        if let Some(character) = forbidden(value) {
            return Err(RecordError::new(field, RecordErrorKind::Character(character)));
        }
        let limit = limit(field);
        if value.len() > limit {
            return Err(RecordError::new(field, RecordErrorKind::TooLong { limit }));
        }
    }
    // FIELD-4
    if parse_duration(record.text(Field::Duration)) == Err(DurationError::TooLong) {
        return Err(RecordError::new(Field::Duration, RecordErrorKind::DurationTooLarge));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use vcc_types::Recording;

    use super::*;
    use crate::StoredRecord;

    fn recording(start: &str) -> Recording {
        Recording::new().with(Field::StartDate, start)
    }

    #[test]
    fn what_is_refused_and_why() {
        let good = recording("2007-12-19T19:16:36Z");
        for (recording, message) in [
            (Recording::new(), "startDate: expected an instant such as 2008-02-14T10:12:13-08:00"),
            (
                recording("2007-12-19T19:16:36"),
                "startDate: expected an instant such as 2008-02-14T10:12:13-08:00",
            ),
            (
                recording("2007-12-19T19:16:36.0000001Z"),
                "startDate: finer than a microsecond, which is what is stored",
            ),
            (
                recording("0001-01-01T23:59:59.999999Z"),
                "startDate: its year would not have four digits in every zone: expected a start \
                 from 0001-01-02T00:00:00Z on and before 9999-12-31T00:00:00Z",
            ),
            (
                // In the year 10000, for UTC.
                recording("9999-12-31T23:59:59-08:00"),
                "startDate: its year would not have four digits in every zone: expected a start \
                 from 0001-01-02T00:00:00Z on and before 9999-12-31T00:00:00Z",
            ),
            (
                good.clone().with(Field::Duration, "9223372036854775808"),
                "duration: too large: expected at most 9223372036854775807 seconds, which is 2^63-1",
            ),
            (good.clone().with(Field::CaseId, "a\0"), "caseID: XML cannot carry U+0000"),
            (good.clone().with(Field::ExtVar1, "\u{1f}"), "extVar1: XML cannot carry U+001F"),
            (good.clone().with(Field::ExtVar2, "\u{ffff}"), "extVar2: XML cannot carry U+FFFF"),
            (
                good.with(Field::Filename, &"é".repeat(501)),
                "filename: longer than 1000 bytes, which is what is stored",
            ),
        ] {
            assert_eq!(StoredRecord::new(&recording).unwrap_err().to_string(), message);
        }
    }

    /// OUT-3: a day at either end of the calendar is the first or last of some zone.
    #[test]
    fn the_first_and_the_last_start_that_are_stored() {
        for (start, stored) in [
            ("0001-01-01T00:00:00Z", false),
            ("0001-01-01T23:59:59.999999Z", false),
            ("0001-01-02T00:00:00Z", true),
            ("0001-01-01T16:00:00-08:00", true),
            ("9999-12-30T23:59:59.999999Z", true),
            ("9999-12-31T08:59:59+09:00", true),
            ("9999-12-31T00:00:00Z", false),
            ("9999-12-31T23:59:59Z", false),
        ] {
            let refused = StoredRecord::new(&recording(start)).err().map(|error| error.kind());
            assert_eq!(refused, (!stored).then_some(RecordErrorKind::StartOutOfRange), "{start}");
        }
    }
}
