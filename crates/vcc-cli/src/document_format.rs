use std::path::Path;

use clap::ValueEnum;

/// How recordings are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum DocumentFormat {
    /// Comma-separated values with a header row
    Csv,
    /// The service's XML
    Xml,
    /// One JSON object a line
    Jsonl,
}

impl DocumentFormat {
    /// By the end of a file's name.
    pub(crate) fn of_file(file: &Path) -> Option<Self> {
        match file.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "csv" => Some(Self::Csv),
            "xml" => Some(Self::Xml),
            "jsonl" | "ndjson" => Some(Self::Jsonl),
            _ => None,
        }
    }
}
