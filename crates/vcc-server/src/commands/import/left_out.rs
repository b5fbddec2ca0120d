//! The records that an import leaves out: counted, and written to the file of `--reject`.

use std::path::Path;

use vcc_store::StoredRecord;

use super::Import;
use super::file_format::FileFormat;
use super::read::{Event, located};
use super::rejects::Rejects;
use crate::commands::failure::Failure;
use crate::commands::words::counted;

/// Why the store leaves a record out.
pub(super) const CONFLICT: &str =
    "a record with this transactionID and filename is there with other content";

impl Import {
    /// Finds the lines of the records that the store has left out.
    pub(super) fn locate(&mut self, path: &Path, format: Option<FileFormat>) {
        let unlocated = self.tally.unlocated();
        if !unlocated.is_empty() {
            self.tally.locate(&located::lines(path, format, unlocated));
        }
    }

    /// Whether all records are there.
    pub(super) fn verdict(&self, reject: Option<&Path>) -> Result<(), Failure> {
        let (records, texts) = (self.tally.left_out(), self.tally.texts());
        let message = match (records, texts) {
            (0, 0) => return Ok(()),
            (0, texts) => format!("{} between records was left out", counted(texts, "text")),
            (1, _) => "1 record was left out".to_owned(),
            (records, _) => format!("{} were left out", counted(records, "record")),
        };
        let failure = Failure::in_part(message);
        Err(match reject {
            Some(path) => failure.hint(format!(
                "{} says why: repair it, and import that file instead of this one",
                path.display()
            )),
            // Importing the whole file again would add records without keys twice.
            None => failure.hint(
                "--dry-run --reject FILE keeps what is left out with the reasons: repair that file, \
                 and import it instead of this one",
            ),
        })
    }

    /// Leaves out records that cannot be stored, before the batch is committed.
    pub(super) fn refuse(&mut self, event: &Event) -> Result<(), Failure> {
        for refused in &event.refused {
            let found = refused.found.as_ref().map_or_else(String::new, |f| format!(", found {f}"));
            let reason = format!("{}{found}", refused.reason);
            let line = Some(refused.line).filter(|line| *line > 0);
            self.leave_out(refused.number, line, reason, |rejects| {
                rejects.recording(refused.number, &refused.reason, &refused.recording)
            })?;
            self.tally.refused += 1;
        }
        self.flush()
    }

    /// Leaves out records with the keys of another.
    pub(super) fn conflict(
        &mut self,
        number: u64,
        record: Option<&StoredRecord>,
    ) -> Result<(), Failure> {
        self.leave_out(number, None, CONFLICT.to_owned(), |rejects| match record {
            Some(record) => rejects.stored(number, CONFLICT, record),
            None => Ok(()),
        })
    }

    pub(super) fn flush(&mut self) -> Result<(), Failure> {
        self.rejects.as_mut().map_or(Ok(()), Rejects::flush)
    }

    /// Keeps the first few to show them at the end, and writes all to the file of `--reject`.
    pub(super) fn leave_out(
        &mut self,
        number: u64,
        line: Option<u64>,
        reason: String,
        write: impl FnOnce(&mut Rejects) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        self.tally.leave_out(number, line, reason);
        self.rejects.as_mut().map_or(Ok(()), write)
    }
}
