//! Searches for unknown names before anything is passed on.

use vcc_types::Field;

use super::Event;
use super::broken_off::BrokenOff;
use super::maker::Maker;
use crate::commands::failure::Failure;
use crate::commands::import::file_format::FileFormat;
use crate::commands::import::names::{self, Meaning};
use crate::commands::import::report::Columns;

impl Maker<'_> {
    /// Checks the CSV header before any record after it is read.
    pub(super) fn header(&mut self) -> Result<(), BrokenOff> {
        let Some(header) = self.noted.borrow_mut().header.take() else { return Ok(()) };
        if !self.wanted.is_empty() {
            return Ok(());
        }
        let Columns { line, unknown, missing, no_header } = header;
        self.headless |= no_header;
        let names = &self.batches.names;
        let place = format!("{}, line {line}", self.name);
        if missing.contains(&Field::StartDate) && !names.maps(Field::StartDate, &unknown) {
            let failure = Failure::new(format!("{place}: the header has no column startDate"));
            let nearest = unknown.iter().find(|n| names::nearest(n) == Some(Field::StartDate));
            let example = nearest.or(unknown.first()).map_or("Call Start", String::as_str);
            let hint = format!(
                "--map startDate={} reads another column as it",
                crate::commands::words::shell_word(example)
            );
            return Err(failure.hint(hint).into());
        }
        self.of_rejects = names::are_of_rejects(unknown.iter().map(|name| (&**name, None)));
        let is_unknown = |name: &&String| {
            let is_own = self.of_rejects && names::REJECTED.contains(&name.as_str());
            !is_own && names.meaning(name) == Meaning::Unknown
        };
        let dropped: Vec<String> = unknown.iter().filter(is_unknown).cloned().collect();
        if !dropped.is_empty() {
            let late = (self.number > 1).then(|| self.goes_on());
            let failure = names::unknown(&place, "column", &dropped, late);
            return Err(BrokenOff::Names(Box::new(failure)));
        }
        if self.number <= 1 {
            let is_absent = |field: &Field| !names.maps(*field, &unknown);
            self.absent = missing.into_iter().filter(is_absent).collect();
        }
        Ok(())
    }

    /// Passes on the batches that were held back, if all names are known.
    pub(super) fn release(&mut self) -> Result<(), BrokenOff> {
        let Some(held) = self.held.take() else { return Ok(()) };
        if !self.unknown.is_empty() {
            self.event = Event::default();
            self.held = Some(Vec::new());
            return Err(BrokenOff::Names(Box::new(self.unknown_names())));
        }
        held.into_iter().try_for_each(|event| self.hand_on(event))
    }

    pub(super) fn unknown_names(&self) -> Failure {
        let what = match self.format {
            Some(FileFormat::Xml) => "element",
            Some(FileFormat::Jsonl) => "key",
            _ => "column",
        };
        names::unknown(&self.name, what, &self.unknown, self.held.is_none().then(|| self.goes_on()))
    }

    /// What to say of the records before the one at which it stops.
    pub(super) fn goes_on(&self) -> &'static str {
        match (self.batches.stores, self.once) {
            (false, _) => "what came before could be read",
            (true, false) => {
                "what came before is imported, and the same command with one of these goes on there"
            }
            (true, true) => {
                "what came before is imported; a pipe begins again with its first record, so that \
                 records without transactionID and filename are there twice then: keep it in a file"
            }
        }
    }
}
