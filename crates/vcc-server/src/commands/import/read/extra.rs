//! Values beside the fifteen fields of a record.

use vcc_types::Field;

use super::broken_off::BrokenOff;
use super::maker::Maker;
use crate::commands::import::ambiguous::ambiguity;
use crate::commands::import::file_format::FileFormat;
use crate::commands::import::names::{self, Meaning};
use crate::commands::import::records::Readable;
use crate::commands::words::shorten;

impl Maker<'_> {
    /// Handles the values beside the fields of a record: those that `--map` makes fields, those that a
    /// reject keeps, and the reason to leave the record out, if there is one.
    #[allow(clippy::type_complexity, reason = "three things, each of them plain")]
    pub(super) fn beside<'r, R: Readable>(
        &mut self,
        record: &'r R,
        extras: &[(&'r str, &'r str)],
    ) -> Result<(Vec<(Field, &'r str)>, Vec<(String, String)>, Option<String>), BrokenOff> {
        let noted = self.noted.clone();
        let noted = noted.borrow();
        let mut mapped: Vec<(Field, &'r str)> = Vec::new();
        let (mut left, mut because) = (Vec::new(), None);
        let named = extras.len().saturating_sub(noted.surplus);
        let of_rejects = self.of_rejects
            || names::are_of_rejects(extras.iter().map(|(name, value)| (*name, Some(*value))));
        self.reasons += u64::from(of_rejects);
        let mut unknown = Vec::new();
        for (index, (name, value)) in extras.iter().enumerate() {
            if index >= named || noted.nameless.iter().any(|nameless| nameless == name) {
                if !value.trim().is_empty() {
                    because.get_or_insert_with(|| {
                        format!("more cells than columns: {}", shorten(value))
                    });
                }
                continue;
            }
            let names = &self.batches.names;
            if names.lists(name) && !self.met.iter().any(|met| met == name) {
                self.met.push((*name).to_owned());
            }
            if of_rejects && names::REJECTED.contains(name) {
                let is_row = *name == names::ROW && !value.is_empty();
                if is_row {
                    because = Some(format!(
                        "its cells could not be told apart: repair the fields, and remove the key \
                         {name}"
                    ));
                }
                if is_row || *name == names::LINE {
                    left.push((name.to_string(), value.to_string()));
                }
                continue;
            }
            match names.meaning(name) {
                Meaning::Field(field) => {
                    let own = record.text(field);
                    let before = mapped.iter().find(|(mapped, _)| *mapped == field);
                    let before = before.map_or(own, |(_, value)| *value);
                    if before.is_empty() {
                        mapped.push((field, *value));
                    } else if before != *value && !value.is_empty() {
                        because = Some(format!("{field}: two values, the other in {name:?}"));
                    }
                }
                Meaning::Ignored => self.ignored += u64::from(!value.is_empty()),
                Meaning::Unknown if self.unknown.len() >= names::MOST => {}
                Meaning::Unknown if self.unknown.iter().any(|known| known == name) => {}
                Meaning::Unknown => unknown.push(name.to_string()),
            }
        }
        if !unknown.is_empty() {
            self.unknown.append(&mut unknown);
            if self.held.is_none() {
                return Err(BrokenOff::Names(Box::new(self.unknown_names())));
            }
        }
        if self.format == Some(FileFormat::Csv) {
            let own = Field::ALL.into_iter().map(|field| record.text(field));
            let values: Vec<&str> = own.chain(extras.iter().map(|(_, value)| *value)).collect();
            if because.is_none()
                && let Some(doubt) =
                    ambiguity(&values, noted.short || noted.surplus > 0, noted.bare)
            {
                because = Some(format!("its cells cannot be told apart: {doubt}"));
            }
            if because.is_some() {
                let row = serde_json::to_string(&values).unwrap_or_default();
                left.push((names::ROW.to_owned(), row));
            }
        }
        Ok((mapped, left, because))
    }
}
