//! Keeps a record, or leaves it out.

use vcc_store::RecordErrorKind;
use vcc_types::{Recording, Row};

use super::broken_off::BrokenOff;
use super::maker::Maker;
use super::{LONGEST, OF_A_RECORD, Refused};
use crate::commands::failure::Failure;
use crate::commands::import::names;
use crate::commands::import::records::{fields, is_keyless, local, reason, stored};
use crate::commands::words::shorten;

impl Maker<'_> {
    /// Adds a record to the batch, or leaves it out. `left`: the other values that a reject keeps.
    pub(super) fn keep(
        &mut self,
        row: &impl Row,
        left: Vec<(String, String)>,
        because: Option<String>,
    ) -> Result<(), BrokenOff> {
        let zone = self.batches.zone;
        let outcome = match because {
            Some(because) => Err((because, None)),
            None => stored(row, zone).map_err(|error| {
                let found = row.text(error.field());
                let start = error.kind() == RecordErrorKind::NoUsableStart && local(row).is_none();
                (reason(row, &error, zone), Some((shorten(found), start)))
            }),
        };
        let (because, found) = match outcome {
            Ok(stored) => {
                self.noted.borrow_mut().dealt_with(true);
                let keyless = is_keyless(&stored);
                self.keyless |= keyless;
                self.make_room(stored.joined().len() + OF_A_RECORD)?;
                self.event.keyless |= keyless;
                self.event.records.push(stored);
                self.event.numbers.push(self.number);
                return Ok(());
            }
            Err(refused) => refused,
        };
        if self.number == 1 && self.headless && found.as_ref().is_some_and(|(_, start)| *start) {
            let message = format!(
                "{}: the first row is no header with startDate among its names, and no record that \
                 begins with a startDate",
                self.name
            );
            let hint = "a header row names the columns; --map startDate='Call Start' reads another \
                        column as startDate";
            return Err(Failure::new(message).hint(hint).into());
        }
        let mut recording = fields(row);
        for (name, value) in left {
            recording.push_extra(name, value);
        }
        self.refuse(because, found.map(|(found, _)| found), recording)
    }

    pub(super) fn refuse(
        &mut self,
        reason: String,
        found: Option<String>,
        mut recording: Recording,
    ) -> Result<(), BrokenOff> {
        self.noted.borrow_mut().dealt_with(false);
        if self.batches.strict {
            let found = found.map_or_else(String::new, |found| format!(", found {found}"));
            let (name, number) = (&self.name, self.number);
            let failure = Failure::new(format!("{name}, record {number}: {reason}{found}"));
            return Err(failure.hint("without --strict it is left out").into());
        }
        let mut bytes = bytes_of(&recording);
        if bytes > 2 * LONGEST {
            // No store accepts it, and no batch has room for it.
            recording = shortened(&recording);
            bytes = bytes_of(&recording);
        }
        self.make_room(bytes + reason.len() + 2 * OF_A_RECORD)?;
        let (number, line) = (self.number, 0);
        self.event.refused.push(Refused { number, line, reason, found, recording });
        self.unlocated = true;
        Ok(())
    }

    /// Leaves out a line that is not a record.
    pub(super) fn leave_out(&mut self, line: &[u8], reason: String) -> Result<(), BrokenOff> {
        self.number += 1;
        if self.number <= self.batches.skip {
            self.noted.borrow_mut().dealt_with(false);
            self.unlocated = self.wanted.contains(&self.number);
            return Ok(());
        }
        let mut recording = Recording::new();
        recording.push_extra(names::LINE, String::from_utf8_lossy(line).trim_end());
        self.refuse(reason, None, recording)
    }
}

pub(super) fn bytes_of(recording: &Recording) -> usize {
    let texts = recording.fields().map(|(_, text)| text.len());
    let extra = recording.extra().iter().map(|(_, value)| value.len());
    texts.chain(extra).sum()
}

/// A record with only the beginnings of its longest values. They are still too long to be stored, so that
/// none is taken for a whole value.
fn shortened(recording: &Recording) -> Recording {
    let mut short = Recording::new();
    for (field, text) in recording.fields() {
        short.set(field, beginning(text));
    }
    for (name, value) in recording.extra() {
        short.push_extra(name.clone(), beginning(value));
    }
    short
}

fn beginning(text: &str) -> &str {
    &text[..text.floor_char_boundary((1 << 20) + 4)]
}
