//! Recordings as a document.

use std::io::Write;
use std::path::Path;

use clap::ValueEnum;
use vcc_format::{WriteError, csv, jsonl, xml};
use vcc_types::{Field, Recording};

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

/// A document that is being written.
pub(crate) enum Document<W: Write> {
    Csv(csv::Writer<W>),
    Xml(xml::Writer<W>),
    Jsonl(jsonl::Writer<W>),
}

impl<W: Write> Document<W> {
    pub(crate) fn new(destination: W, format: DocumentFormat) -> Self {
        match format {
            DocumentFormat::Csv => Self::Csv(csv::Writer::new(destination)),
            DocumentFormat::Xml => Self::Xml(xml::Writer::new(destination)),
            DocumentFormat::Jsonl => Self::Jsonl(jsonl::Writer::new(destination)),
        }
    }

    /// Writes a recording. CSV and XML have the fifteen fields; JSON lines the extra values too.
    pub(crate) fn write(&mut self, recording: &Recording) -> Result<(), WriteError> {
        match self {
            Self::Csv(writer) => writer.write_values(&values(recording)),
            Self::Xml(writer) => writer.write_values(&values(recording)),
            Self::Jsonl(writer) => writer.write(recording),
        }
    }

    pub(crate) fn finish(self) -> Result<W, WriteError> {
        match self {
            Self::Csv(writer) => writer.finish(),
            Self::Xml(writer) => writer.finish(),
            Self::Jsonl(writer) => writer.finish(),
        }
    }
}

fn values(recording: &Recording) -> [Option<&str>; Field::COUNT] {
    Field::ALL.map(|field| recording.get(field))
}

/// What a document begins and ends with, around its records.
pub(crate) fn ends(format: DocumentFormat) -> Result<(Vec<u8>, Vec<u8>), WriteError> {
    let mut begun = Document::new(Vec::new(), format).finish()?;
    let end = match format {
        DocumentFormat::Xml => {
            // `</recordings>` and its line end.
            let at = begun.windows(2).rposition(|pair| pair == b"</").unwrap_or(begun.len());
            begun.split_off(at)
        }
        DocumentFormat::Csv | DocumentFormat::Jsonl => Vec::new(),
    };
    Ok((begun, end))
}

/// With `'` before what a spreadsheet would run as a formula.
pub(crate) fn spreadsheet_safe(recording: &Recording) -> Recording {
    let mut safe = recording.clone();
    for field in Field::ALL {
        if let Some(value) = recording.get(field)
            && value.starts_with(['=', '+', '-', '@', '\t', '\r'])
        {
            safe.set(field, &format!("'{value}"));
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_of_a_document_stand_around_its_records() {
        let recording = Recording::new().with(Field::AgentId, "bill");
        for format in [DocumentFormat::Csv, DocumentFormat::Xml, DocumentFormat::Jsonl] {
            let (head, tail) = ends(format).unwrap();
            let mut document = Document::new(Vec::new(), format);
            document.write(&recording).unwrap();
            let whole = document.finish().unwrap();
            assert!(whole.starts_with(&head) && whole.ends_with(&tail), "{format:?}");
            assert!(whole.len() > head.len() + tail.len());
        }
    }

    #[test]
    fn formulas_become_text() {
        let recording = Recording::new().with(Field::AgentId, "=1+1").with(Field::CaseId, "007");
        let safe = spreadsheet_safe(&recording);
        assert_eq!(
            (safe.get(Field::AgentId), safe.get(Field::CaseId)),
            (Some("'=1+1"), Some("007"))
        );
    }
}
