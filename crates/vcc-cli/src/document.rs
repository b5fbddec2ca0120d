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
    /// With the names of the columns beside those of the fifteen fields.
    Csv(csv::Writer<W>, Vec<String>),
    Xml(xml::Writer<W>),
    Jsonl(jsonl::Writer<W>),
}

impl<W: Write> Document<W> {
    pub(crate) fn new(destination: W, format: DocumentFormat) -> Self {
        match format {
            DocumentFormat::Csv => Self::Csv(csv::Writer::new(destination), Vec::new()),
            DocumentFormat::Xml => Self::Xml(xml::Writer::new(destination)),
            DocumentFormat::Jsonl => Self::Jsonl(jsonl::Writer::new(destination)),
        }
    }

    /// The same, where CSV has further columns.
    pub(crate) fn with_columns(
        destination: W,
        format: DocumentFormat,
        columns: &[String],
    ) -> Result<Self, WriteError> {
        if format != DocumentFormat::Csv || columns.is_empty() {
            return Ok(Self::new(destination, format));
        }
        let writer = csv::Writer::with_extra(destination, columns)?;
        Ok(Self::Csv(writer, columns.to_vec()))
    }

    /// Writes a recording, with what was sent beside the fifteen fields (QUIRK-6): in CSV where there is a
    /// column for it, in XML where its name is one of XML.
    pub(crate) fn write(&mut self, recording: &Recording) -> Result<(), WriteError> {
        match self {
            Self::Csv(writer, _) if recording.extra().is_empty() => writer.write(recording),
            Self::Csv(writer, columns) if columns.is_empty() => {
                writer.write_values(&values(recording))
            }
            Self::Csv(writer, columns) => writer.write(&with_extra(recording, columns)),
            Self::Xml(writer) => match writer.write(recording) {
                Err(WriteError::Name { .. }) => writer.write_values(&values(recording)),
                written => written,
            },
            Self::Jsonl(writer) => writer.write(recording),
        }
    }

    pub(crate) fn finish(self) -> Result<W, WriteError> {
        match self {
            Self::Csv(writer, _) => writer.finish(),
            Self::Xml(writer) => writer.finish(),
            Self::Jsonl(writer) => writer.finish(),
        }
    }
}

fn values(recording: &Recording) -> [Option<&str>; Field::COUNT] {
    Field::ALL.map(|field| recording.get(field))
}

/// The same recording, with those extra values alone for which there is a column.
fn with_extra(recording: &Recording, columns: &[String]) -> Recording {
    let mut kept = Recording::from_values(&values(recording));
    let mut free: Vec<_> = columns.iter().collect();
    for (name, value) in recording.extra() {
        if let Some(place) = free.iter().position(|column| *column == name) {
            free.swap_remove(place);
            kept.push_extra(name, value);
        }
    }
    kept
}

/// What a document begins and ends with, around its records.
pub(crate) fn ends(
    format: DocumentFormat,
    columns: &[String],
) -> Result<(Vec<u8>, Vec<u8>), WriteError> {
    let mut begun = Document::with_columns(Vec::new(), format, columns)?.finish()?;
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
            let (head, tail) = ends(format, &[]).unwrap();
            let mut document = Document::new(Vec::new(), format);
            document.write(&recording).unwrap();
            let whole = document.finish().unwrap();
            assert!(whole.starts_with(&head) && whole.ends_with(&tail), "{format:?}");
            assert!(whole.len() > head.len() + tail.len());
        }
    }

    #[test]
    fn what_stands_beside_the_fields_is_written_where_there_is_a_place_for_it() {
        let mut recording = Recording::new().with(Field::AgentId, "bill");
        for (name, value) in [("mood", "good"), ("two words", "x"), ("mood", "bad")] {
            recording.push_extra(name, value);
        }
        let written = |format, columns: &[&str]| {
            let columns: Vec<_> = columns.iter().map(|name| (*name).to_owned()).collect();
            let mut document = Document::with_columns(Vec::new(), format, &columns).unwrap();
            document.write(&recording).unwrap();
            String::from_utf8(document.finish().unwrap()).unwrap()
        };
        let csv = written(DocumentFormat::Csv, &["two words", "mood"]);
        assert!(csv.contains(",wrapUpCode,two words,mood\r\n"), "{csv}");
        assert!(csv.ends_with(",bill,,,,,,,,,,,,,,x,good\r\n"), "{csv}");
        let csv = written(DocumentFormat::Csv, &[]);
        assert!(csv.ends_with(",wrapUpCode\r\n,bill,,,,,,,,,,,,,\r\n"), "{csv}");
        // A name that XML does not have is not lost with its record.
        let xml = written(DocumentFormat::Xml, &[]);
        assert!(xml.contains("<agentID>bill</agentID>\n</file>"), "{xml}");
        recording = Recording::new().with(Field::AgentId, "bill");
        recording.push_extra("mood", "good");
        let mut document = Document::new(Vec::new(), DocumentFormat::Xml);
        document.write(&recording).unwrap();
        let xml = String::from_utf8(document.finish().unwrap()).unwrap();
        assert!(xml.contains("<agentID>bill</agentID>\n<mood>good</mood>\n</file>"), "{xml}");
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
