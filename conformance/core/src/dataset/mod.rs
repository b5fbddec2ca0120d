//! The recordings that a target must hold, by tenant. `FORMAT.md` describes the TOML form.

mod export;
mod read;
mod select;
mod start;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use vcc_types::Field;

pub use export::{ExportFormat, export, text};
pub use read::{embedded, read};
pub use select::{SelectError, select};
pub use start::{StartError, WrittenStart};
pub(crate) use start::{first_instant, response_form};

/// A tenant with its recordings.
#[derive(Clone, Debug)]
pub struct Tenant {
    /// The name, which is the user name of its requests.
    pub name: String,
    /// The token, which is the password.
    pub token: String,
    /// The name of its zone.
    pub tz: String,
    /// Its zone.
    pub zone: TimeZone,
    /// Its recordings in the order of the file.
    pub records: Vec<Recording>,
}

impl Tenant {
    /// The position of the record with this key.
    #[must_use]
    pub fn find(&self, key: &str) -> Option<usize> {
        self.records.iter().position(|record| record.key == key)
    }

    /// Stamps the relative records with the day of `now`.
    pub fn stamp(&mut self, now: Timestamp) {
        for (index, record) in self.records.iter_mut().enumerate() {
            if record.written.is_relative() {
                // The forms were resolved once already, when the file was read.
                if let Ok(start) = record.written.resolve(&self.zone, now) {
                    record.set_start(start, &self.zone, index);
                }
            }
        }
    }
}

/// One recording of a dataset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    /// What cases call it; unique in its tenant.
    pub key: String,
    /// The group that it was written in.
    pub group: String,
    /// Its start.
    pub start: Timestamp,
    /// Its values in the order of [`Field::ALL`]; `None` is absent.
    pub values: [Option<String>; Field::COUNT],
    /// Its start as it was written.
    pub written: WrittenStart,
    /// Whether its file name follows its start.
    pub(crate) named_by_start: bool,
}

impl Recording {
    /// The value of a field; empty where it is absent.
    #[must_use]
    pub fn text(&self, field: Field) -> &str {
        self.values[field.index()].as_deref().unwrap_or_default()
    }

    /// Whole seconds from start to finish, where the record has a number of them.
    #[must_use]
    pub fn duration(&self) -> Option<u64> {
        let text = self.text(Field::Duration);
        text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
    }

    /// Start + duration.
    #[must_use]
    pub fn finish(&self) -> Option<Timestamp> {
        let seconds = i64::try_from(self.duration()?).ok()?;
        self.start.checked_add(SignedDuration::from_secs(seconds)).ok()
    }

    pub(crate) fn set_start(&mut self, start: Timestamp, zone: &TimeZone, index: usize) {
        self.start = start;
        self.values[Field::StartDate.index()] = Some(start::response_form(start, zone));
        if self.named_by_start {
            let utc = start.to_zoned_datetime(TimeZone::UTC);
            let name = format!(
                "S{}/R{}{:05}.wav",
                utc.strftime("%Y%m%d"),
                utc.strftime("%Y%m%d%H%M%S"),
                index + 1
            );
            self.values[Field::Filename.index()] = Some(name);
        }
    }
}
