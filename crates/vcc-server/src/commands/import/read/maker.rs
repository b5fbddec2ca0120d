//! Fills one batch after another.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use vcc_types::Field;

use super::broken_off::BrokenOff;
use super::{Batches, Event};
use crate::commands::failure::Failure;
use crate::commands::import::file_format::FileFormat;
use crate::commands::import::records::{Mapped, Readable, is_keyless};
use crate::commands::import::report::Noted;

pub(super) struct Maker<'a> {
    pub(super) batches: &'a Batches,
    pub(super) name: String,
    pub(super) noted: Rc<RefCell<Noted>>,
    pub(super) format: Option<FileFormat>,
    pub(super) event: Event,
    pub(super) bytes: usize,
    pub(super) number: u64,
    /// Batches that are held back while names are still being searched.
    pub(super) held: Option<Vec<Event>>,
    /// The unknown names so far, and how many bytes were read.
    pub(super) unknown: Vec<String>,
    pub(super) read: Rc<Cell<u64>>,
    /// Whether the first row was taken to be a record.
    pub(super) headless: bool,
    pub(super) keyless: bool,
    pub(super) ignored: u64,
    pub(super) reasons: u64,
    /// Whether the CSV header is that of a file of rejects.
    pub(super) of_rejects: bool,
    pub(super) absent: Vec<Field>,
    pub(super) met: Vec<String>,
    /// Whether the file cannot be read twice.
    pub(super) once: bool,
    /// Whether the line of the last record is wanted.
    pub(super) unlocated: bool,
    /// The records whose lines are wanted, and those lines.
    pub(super) wanted: Vec<u64>,
    pub(super) lines: BTreeMap<u64, u64>,
}

impl<'a> Maker<'a> {
    pub(super) fn new(batches: &'a Batches, name: String, noted: Rc<RefCell<Noted>>) -> Self {
        Self {
            batches,
            name,
            noted,
            format: None,
            event: Event::default(),
            bytes: 0,
            number: 0,
            held: None,
            unknown: Vec::new(),
            read: Rc::default(),
            headless: false,
            keyless: false,
            ignored: 0,
            reasons: 0,
            of_rejects: false,
            absent: Vec::new(),
            met: Vec::new(),
            once: false,
            unlocated: false,
            wanted: Vec::new(),
            lines: BTreeMap::new(),
        }
    }

    /// Reads records until the end, or until the import ends.
    pub(super) fn all(
        &mut self,
        mut next: impl FnMut(&mut Self) -> Result<bool, BrokenOff>,
    ) -> Result<(), BrokenOff> {
        let outcome = loop {
            match next(self) {
                Err(error) => {
                    // The record at which it stops is not done.
                    self.number -=
                        u64::from(matches!(error, BrokenOff::Stop(_) | BrokenOff::Names(_)));
                    break Err(error);
                }
                Ok(false) => break self.header().and_then(|()| self.check()),
                Ok(true) if self.batches.most.is_some_and(|most| self.number >= most) => {
                    break Ok(());
                }
                Ok(true) if self.is_full() => self.send()?,
                Ok(true) => {}
            }
        };
        // Unknown names come first: records before an error are complete, but would lose values.
        self.release()?;
        self.send()?;
        outcome
    }

    pub(super) fn take<R: Readable>(&mut self, record: &R) -> Result<(), BrokenOff> {
        self.number += 1;
        if self.number <= self.batches.skip {
            self.header()?;
            self.keyless |= is_keyless(record);
            self.noted.borrow_mut().dealt_with(false);
            self.unlocated = self.wanted.contains(&self.number);
            return Ok(());
        }
        if self.noted.borrow().is_plain() && !record.has_extras() {
            // A deviation before it, such as a blank row.
            self.check()?;
            return self.keep(record, Vec::new(), None);
        }
        self.header()?;
        self.check()?;
        let extras = record.extras();
        let (mapped, left, because) = self.beside(record, &extras)?;
        if mapped.is_empty() {
            self.keep(record, left, because)
        } else {
            self.keep(&Mapped { record, values: mapped }, left, because)
        }
    }

    /// `--strict`: fails at the first deviation.
    pub(super) fn check(&self) -> Result<(), BrokenOff> {
        match &self.noted.borrow().fault {
            Some(fault) if self.batches.strict => {
                let failure = Failure::new(format!("{}, {fault}", self.name));
                Err(failure.hint("without --strict it is repaired, or kept as it is").into())
            }
            _ => Ok(()),
        }
    }

    /// Records the line of the last record, if that is wanted.
    pub(super) fn locate(&mut self, line: impl FnOnce() -> u64) {
        if !std::mem::take(&mut self.unlocated) {
            return;
        }
        if self.wanted.is_empty() {
            if let Some(refused) = self.event.refused.last_mut() {
                refused.line = line();
            }
        } else {
            self.lines.insert(self.number, line());
        }
    }
}
