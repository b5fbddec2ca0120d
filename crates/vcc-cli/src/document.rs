//! Recordings as a document.

use std::io::{self, Write};

use vcc_format::{WriteError, csv, jsonl, xml};
use vcc_types::{Field, Recording};

use crate::document_format::DocumentFormat;
use crate::failure::Failure;
use crate::left_out::LeftOut;
use crate::text::counted;

/// A document that is being written.
pub(crate) struct Document<W: Write> {
    writer: Writer<W>,
    format: DocumentFormat,
    /// The names of the columns of CSV beside those of the fifteen fields.
    columns: Vec<String>,
    left_out: LeftOut,
}

enum Writer<W: Write> {
    Csv(csv::Writer<W>),
    Xml(xml::Writer<W>),
    Jsonl(jsonl::Writer<W>),
}

impl<W: Write> Writer<W> {
    fn new(destination: W, format: DocumentFormat, columns: &[String]) -> Result<Self, WriteError> {
        Ok(match format {
            DocumentFormat::Csv if columns.is_empty() => Self::Csv(csv::Writer::new(destination)),
            DocumentFormat::Csv => Self::Csv(csv::Writer::with_extra(destination, columns)?),
            DocumentFormat::Xml => Self::Xml(xml::Writer::new(destination)),
            DocumentFormat::Jsonl => Self::Jsonl(jsonl::Writer::new(destination)),
        })
    }

    fn write(&mut self, recording: &Recording) -> Result<(), WriteError> {
        match self {
            Self::Csv(writer) => writer.write(recording),
            Self::Xml(writer) => writer.write(recording),
            Self::Jsonl(writer) => writer.write(recording),
        }
    }

    fn finish(self) -> Result<W, WriteError> {
        match self {
            Self::Csv(writer) => writer.finish(),
            Self::Xml(writer) => writer.finish(),
            Self::Jsonl(writer) => writer.finish(),
        }
    }
}

impl<W: Write> Document<W> {
    /// A document; `columns` are those of CSV beside the fifteen fields.
    pub(crate) fn new(
        destination: W,
        format: DocumentFormat,
        columns: &[String],
    ) -> Result<Self, WriteError> {
        let writer = Writer::new(destination, format, columns)?;
        Ok(Self { writer, format, columns: columns.to_vec(), left_out: LeftOut::default() })
    }

    /// Writes a recording, with what was sent beside the fifteen fields (QUIRK-6) where the format has a
    /// place for it; what has none is counted.
    pub(crate) fn write(&mut self, recording: &Recording) -> Result<(), WriteError> {
        if recording.extra().is_empty() {
            return self.writer.write(recording);
        }
        let fitting = fitting(recording, self.format, &self.columns, &mut self.left_out);
        self.writer.write(&fitting)
    }

    /// What had no place so far.
    pub(crate) fn left_out(&self) -> &LeftOut {
        &self.left_out
    }

    /// The same, and forgets it.
    pub(crate) fn take_left_out(&mut self) -> LeftOut {
        std::mem::take(&mut self.left_out)
    }

    pub(crate) fn finish(self) -> Result<W, WriteError> {
        self.writer.finish()
    }
}

impl Document<Vec<u8>> {
    /// How long it is so far.
    pub(crate) fn length(&mut self) -> Result<usize, WriteError> {
        Ok(match &mut self.writer {
            Writer::Csv(writer) => {
                writer.flush()?;
                writer.get_ref().len()
            }
            Writer::Xml(writer) => {
                writer.flush()?;
                writer.get_ref().len()
            }
            Writer::Jsonl(writer) => writer.get_ref().len(),
        })
    }
}

/// Whether columns beside the fifteen fields can be had.
pub(crate) fn check_columns(format: DocumentFormat, columns: &[String]) -> Result<(), Failure> {
    let refused = |problem: &str| Err(Failure::usage(format!("--extra-columns: {problem}")));
    if format != DocumentFormat::Csv && !columns.is_empty() {
        return refused("only CSV has columns; the other formats keep values under their names");
    }
    match Writer::new(io::sink(), format, columns) {
        Ok(_) => Ok(()),
        Err(error) => refused(&error.to_string()),
    }
}

/// The same recording, with those values beside the fifteen fields alone for which a format has a place:
/// CSV a column, XML a name that an element can have, JSON a name that is no other value's.
pub(crate) fn fitting(
    recording: &Recording,
    format: DocumentFormat,
    columns: &[String],
    left_out: &mut LeftOut,
) -> Recording {
    let values = Field::ALL.map(|field| recording.get(field));
    let mut kept = Recording::from_values(&values);
    let mut free: Vec<_> = columns.iter().collect();
    for (name, value) in recording.extra() {
        let fits = if format == DocumentFormat::Csv {
            let place = free.iter().position(|column| *column == name);
            place.map(|place| free.swap_remove(place)).is_some()
        } else {
            let is_there = kept.extra().iter().any(|(other, _)| other == name);
            !(is_there && format == DocumentFormat::Jsonl) && has_place(&values, format, name)
        };
        if fits {
            kept.push_extra(name, value);
        } else {
            left_out.add(name);
        }
    }
    kept
}

/// Whether a record of a format can have a value of a name beside its fields.
fn has_place(values: &[Option<&str>; Field::COUNT], format: DocumentFormat, name: &str) -> bool {
    // Which fields are there counts, and not what they hold.
    let mut record = Recording::from_values(&values.map(|value| value.map(|_| "")));
    record.push_extra(name, "");
    let probe = Writer::new(io::sink(), format, &[]);
    !matches!(probe.and_then(|mut probe| probe.write(&record)), Err(WriteError::Name { .. }))
}

/// What a document begins and ends with, around its records.
pub(crate) fn ends(
    format: DocumentFormat,
    columns: &[String],
) -> Result<(Vec<u8>, Vec<u8>), WriteError> {
    let mut begun = Writer::new(Vec::new(), format, columns)?.finish()?;
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
    let is_formula = |value: &str| value.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let guarded =
        |value: &str| if is_formula(value) { format!("'{value}") } else { value.to_owned() };
    let mut safe = Recording::from_values(&Field::ALL.map(|field| recording.get(field)));
    for (field, value) in recording.fields().filter(|(_, value)| is_formula(value)) {
        safe.set(field, &guarded(value));
    }
    for (name, value) in recording.extra() {
        safe.push_extra(name, guarded(value));
    }
    safe
}

/// Records that a document cannot carry (OUT-6), while the others are written.
#[derive(Default)]
pub(crate) struct Refused {
    count: u64,
    first: Option<WriteError>,
}

impl Refused {
    /// Counts a record that was refused; every other trouble stays one.
    pub(crate) fn count(&mut self, written: Result<(), WriteError>) -> Result<(), Failure> {
        match written {
            Err(error @ WriteError::Value { .. }) => {
                self.count += 1;
                self.first.get_or_insert(error);
                Ok(())
            }
            written => written.map_err(Failure::from),
        }
    }

    /// That there were any.
    pub(crate) fn failure(self) -> Option<Failure> {
        let first = self.first?;
        let (records, are) =
            (counted(self.count, "record"), if self.count == 1 { "is" } else { "are" });
        Some(Failure::in_part(format!(
            "{records} that the format cannot carry {are} left out: {first}"
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_of_a_document_stand_around_its_records() {
        let recording = Recording::new().with(Field::AgentId, "bill");
        for format in [DocumentFormat::Csv, DocumentFormat::Xml, DocumentFormat::Jsonl] {
            let (head, tail) = ends(format, &[]).unwrap();
            let mut document = Document::new(Vec::new(), format, &[]).unwrap();
            document.write(&recording).unwrap();
            let whole = document.finish().unwrap();
            assert!(whole.starts_with(&head) && whole.ends_with(&tail), "{format:?}");
            assert!(whole.len() > head.len() + tail.len());
        }
    }

    #[test]
    fn what_stands_beside_the_fields_is_written_where_there_is_a_place_for_it() {
        let mut recording = Recording::new().with(Field::AgentId, "bill");
        let extra = [
            ("mood", "good"),
            ("two words", "x"),
            ("mood", "bad"),
            ("agentID", "ann"),
            ("caseID", "7"),
        ];
        for (name, value) in extra {
            recording.push_extra(name, value);
        }
        let fields = ",bill,,,,,,,,,,,,,";
        let object = r#"{"agentID":"bill","mood":"good","two words":"x"}"#;
        let element = "<agentID>bill</agentID>\n<mood>good</mood>\n<mood>bad</mood>\n<agentID>ann</agentID>\n</file>";
        // The format, its further columns, what the record is in it, and what is left out of it.
        type Row<'r> = (DocumentFormat, &'r [&'r str], String, &'r str);
        let table: [Row<'_>; 5] = [
            (
                DocumentFormat::Csv,
                &[],
                format!(",wrapUpCode\r\n{fields}\r\n"),
                "agentID (1), caseID (1), mood (2), two words (1)",
            ),
            (
                DocumentFormat::Csv,
                &["two words", "mood"],
                format!(",wrapUpCode,two words,mood\r\n{fields},x,good\r\n"),
                "agentID (1), caseID (1), mood (1)",
            ),
            (
                DocumentFormat::Csv,
                &["mood", "mood", "two words", "agentID", "caseID"],
                format!("{fields},good,bad,x,ann,7\r\n"),
                "",
            ),
            (DocumentFormat::Xml, &[], element.to_owned(), "caseID (1), two words (1)"),
            (DocumentFormat::Jsonl, &[], object.to_owned(), "agentID (1), caseID (1), mood (1)"),
        ];
        for (format, columns, expected, left) in table {
            let columns: Vec<_> = columns.iter().map(|name| (*name).to_owned()).collect();
            let mut document = Document::new(Vec::new(), format, &columns).unwrap();
            document.write(&recording).unwrap();
            let said = document.left_out().warning(format, "others").unwrap_or_default();
            let said = said.trim_start_matches("values beside the fifteen fields are left out: ");
            assert_eq!(said.split(';').next(), Some(left), "{format:?} {columns:?}");
            let written = String::from_utf8(document.finish().unwrap()).unwrap();
            assert!(written.contains(&expected), "{written}");
        }
    }

    #[test]
    fn formulas_become_text() {
        let mut recording =
            Recording::new().with(Field::AgentId, "=1+1").with(Field::CaseId, "007");
        recording.push_extra("mood", "@good");
        recording.push_extra("case", "8");
        let safe = spreadsheet_safe(&recording);
        assert_eq!(
            (safe.get(Field::AgentId), safe.get(Field::CaseId)),
            (Some("'=1+1"), Some("007"))
        );
        assert_eq!(safe.extra(), [("mood".into(), "'@good".into()), ("case".into(), "8".into())]);
    }
}
