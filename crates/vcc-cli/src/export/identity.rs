use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::document_format::DocumentFormat;

/// What makes an export another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Identity {
    pub(crate) server: String,
    pub(crate) tenant: String,
    pub(crate) query: String,
    pub(crate) from: DateTime<Utc>,
    pub(crate) until: DateTime<Utc>,
    pub(crate) format: DocumentFormat,
    pub(crate) dialect: String,
    pub(crate) spreadsheet_safe: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) extra_columns: Vec<String>,
}

impl Identity {
    /// In which points two differ, in words.
    pub(crate) fn differences(&self, other: &Self) -> Vec<String> {
        let mut found = Vec::new();
        let mut compare = |what: &str, ours: String, theirs: String| {
            if ours != theirs {
                found.push(format!("{what} {theirs:?} there, {ours:?} now"));
            }
        };
        compare("server", self.server.clone(), other.server.clone());
        compare("tenant", self.tenant.clone(), other.tenant.clone());
        compare("query", self.query.clone(), other.query.clone());
        compare("from", super::instant(self.from), super::instant(other.from));
        compare("to", super::instant(self.until), super::instant(other.until));
        compare("format", format!("{:?}", self.format), format!("{:?}", other.format));
        compare("dialect", self.dialect.clone(), other.dialect.clone());
        compare(
            "spreadsheet-safe",
            self.spreadsheet_safe.to_string(),
            other.spreadsheet_safe.to_string(),
        );
        compare("extra-columns", self.extra_columns.join(","), other.extra_columns.join(","));
        found
    }
}
