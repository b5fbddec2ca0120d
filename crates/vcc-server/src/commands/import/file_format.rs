//! The formats of files to import.

use clap::ValueEnum;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::commands) enum FileFormat {
    /// Comma-separated values with a header row
    Csv,
    /// The service's XML; repairs are counted
    Xml,
    /// One JSON object a line
    Jsonl,
}

impl FileFormat {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xml => "xml",
            Self::Jsonl => "jsonl",
        }
    }
}
