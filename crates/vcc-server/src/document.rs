//! A list of records as one document: what an export writes.

use std::io::{BufWriter, Write};

use vcc_format::{WriteError, csv, jsonl, xml};
use vcc_query::Zone;
use vcc_store::StoredRecord;
use vcc_types::Dialect;

use crate::pieces::values;
use crate::starts::Starts;

/// How records are written in a [`Document`].
///
/// ```
/// use vcc_server::DocumentFormat;
///
/// assert_ne!(DocumentFormat::Csv, DocumentFormat::JsonLines);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DocumentFormat {
    /// As in a response: a header, and one row for each record (OUT-4).
    Csv,
    /// As in a response (OUT-1).
    Xml,
    /// One line for each record: an object of all fifteen fields.
    JsonLines,
}

/// Writes any number of records as one document, as the API writes those of a page: all fifteen fields, and
/// `startDate` with the offset of a zone (OUT-3). Nothing is allocated for a record.
///
/// ```
/// use std::io::Write;
/// use vcc_server::{Document, DocumentFormat};
/// use vcc_store::StoredRecord;
/// use vcc_types::{Dialect, Field, Recording};
///
/// let recording = Recording::new()
///     .with(Field::StartDate, "2007-12-20T03:16:36Z")
///     .with(Field::AgentId, "bill");
/// let record = StoredRecord::new(&recording).unwrap();
/// let zone = "America/Los_Angeles".parse().unwrap();
/// let mut document = Document::new(Vec::new(), DocumentFormat::Csv, zone, &Dialect::default());
/// document.write(&[record])?;
/// let text = String::from_utf8(document.finish()?).unwrap();
/// assert!(text.ends_with("\r\n2007-12-19T19:16:36-08:00,bill,,,,,,,,,,,,,\r\n"));
/// # Ok::<(), vcc_format::WriteError>(())
/// ```
#[derive(Debug)]
pub struct Document<W: Write> {
    starts: Starts,
    writer: Writer<W>,
}

#[derive(Debug)]
enum Writer<W: Write> {
    Csv(csv::Writer<W>),
    Xml(xml::Writer<W>),
    JsonLines(jsonl::Writer<BufWriter<W>>),
}

/// How many bytes go to the destination at once, as in the other writers.
const PIECE: usize = 32 * 1024;

impl<W: Write> Document<W> {
    /// Begins a document. `zone` is that of the starts: [`response_zone`](vcc_query::Selection) of the
    /// selection.
    #[must_use]
    pub fn new(destination: W, format: DocumentFormat, zone: Zone, dialect: &Dialect) -> Self {
        let writer = match format {
            DocumentFormat::Csv => Writer::Csv(csv::Writer::new(destination)),
            DocumentFormat::Xml => Writer::Xml(xml::Writer::new(destination)),
            DocumentFormat::JsonLines => {
                let destination = BufWriter::with_capacity(PIECE, destination);
                Writer::JsonLines(jsonl::Writer::new(destination))
            }
        };
        Self { starts: Starts::new(zone, dialect.utc_offset), writer }
    }

    /// Writes records, in pieces of 32 KiB: not everything may have been handed to the destination.
    ///
    /// # Errors
    ///
    /// A destination that fails. A value that XML cannot carry; a store holds none (OUT-6).
    pub fn write(&mut self, records: &[StoredRecord]) -> Result<(), WriteError> {
        for record in records {
            let start = self.starts.text(record.start_micros());
            match &mut self.writer {
                Writer::Csv(writer) => {
                    writer.write_joined(start, record.joined(), || values(record, start))?;
                }
                Writer::Xml(writer) => writer.write_values(&values(record, start))?,
                Writer::JsonLines(writer) => writer.write_values(&values(record, start))?,
            }
        }
        Ok(())
    }

    /// Ends the document, writes the rest of it, and returns the destination.
    ///
    /// # Errors
    ///
    /// A destination that fails.
    pub fn finish(self) -> Result<W, WriteError> {
        match self.writer {
            Writer::Csv(writer) => writer.finish(),
            Writer::Xml(writer) => writer.finish(),
            Writer::JsonLines(writer) => {
                let destination = writer.finish()?;
                destination.into_inner().map_err(|failed| failed.into_error().into())
            }
        }
    }
}
