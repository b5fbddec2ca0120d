use std::collections::BTreeMap;

use crate::document_format::DocumentFormat;
use crate::text::printable;

/// Names of values beside the fifteen fields for which a document has no place, and how often they came.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub(crate) struct LeftOut(BTreeMap<String, u64>);

/// How many names are counted: a server may send another one each time.
const NAMES: usize = 50;
/// How many names are listed.
const SHOWN: usize = 10;

/// Counts a name, up to so many of them.
pub(crate) fn count(names: &mut BTreeMap<String, u64>, name: &str) {
    if let Some(count) = names.get_mut(name) {
        *count += 1;
    } else if names.len() < NAMES {
        names.insert(name.to_owned(), 1);
    }
}

impl LeftOut {
    pub(crate) fn add(&mut self, name: &str) {
        count(&mut self.0, name);
    }

    /// Adds what another document counted.
    pub(crate) fn extend(&mut self, other: &Self) {
        for (name, count) in &other.0 {
            *self.0.entry(name.clone()).or_default() += count;
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is to be said about it; `others` are ways that keep the values.
    pub(crate) fn warning(&self, format: DocumentFormat, others: &str) -> Option<String> {
        if self.is_empty() {
            return None;
        }
        let shown = self.0.iter().take(SHOWN);
        let counts: Vec<_> =
            shown.map(|(name, count)| format!("{} ({count})", printable(name))).collect();
        let more = if self.0.len() > SHOWN { " and others" } else { "" };
        let way = match format {
            DocumentFormat::Csv => "--extra-columns NAMES gives them columns",
            DocumentFormat::Xml => "no element of XML can have such a name there",
            DocumentFormat::Jsonl => "an object has a name once",
        };
        Some(format!(
            "values beside the fifteen fields are left out: {}{more}; {way}, {others}",
            counts.join(", ")
        ))
    }
}
