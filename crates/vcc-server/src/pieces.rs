//! Writes records as XML or CSV (OUT-1, OUT-4).

use axum::http::HeaderValue;
use vcc_format::{WriteError, csv, xml};
use vcc_query::{ResponseFormat, Selection};
use vcc_store::StoredRecord;
use vcc_types::{Dialect, Field};

use crate::starts::Starts;

/// OUT-5: the media type of a format.
pub(crate) fn content_type(format: ResponseFormat) -> HeaderValue {
    HeaderValue::from_static(match format {
        ResponseFormat::Xml => "application/xml; charset=utf-8",
        ResponseFormat::Csv => "text/csv; charset=utf-8",
    })
}

/// About how many bytes the tags of a record take.
pub(crate) const TAGS: usize = 512;

/// Records that are written piece by piece, as they are asked for.
pub(crate) struct Pieces {
    records: std::vec::IntoIter<StoredRecord>,
    starts: Starts,
    /// `None` once the document has ended.
    writer: Option<Writer>,
}

enum Writer {
    Xml(xml::Writer<Vec<u8>>),
    Csv(csv::Writer<Vec<u8>>),
}

impl Pieces {
    pub(crate) fn new(
        records: Vec<StoredRecord>,
        format: ResponseFormat,
        selection: &Selection,
        dialect: &Dialect,
        capacity: usize,
    ) -> Self {
        let destination = Vec::with_capacity(capacity);
        let writer = match format {
            ResponseFormat::Xml => Writer::Xml(xml::Writer::new(destination)),
            ResponseFormat::Csv => Writer::Csv(csv::Writer::new(destination)),
        };
        let starts = Starts::new(selection.response_zone, dialect.utc_offset);
        Self { records: records.into_iter(), starts, writer: Some(writer) }
    }

    /// Continues with more records, after the pieces of those before are finished.
    pub(crate) fn go_on(&mut self, records: Vec<StoredRecord>) {
        self.records = records.into_iter();
    }

    /// Stops here, although the document is not complete.
    pub(crate) fn stop(&mut self) {
        self.writer = None;
    }

    /// The next piece, of at least this many bytes unless it is the last one. `None` after the last piece,
    /// or when the records are used up and [more](Self::go_on) will come.
    ///
    /// # Errors
    ///
    /// A value that XML cannot carry. A store has no such values (OUT-6).
    pub(crate) fn next(
        &mut self,
        enough: usize,
        more: bool,
    ) -> Result<Option<Vec<u8>>, WriteError> {
        let Some(writer) = &mut self.writer else { return Ok(None) };
        for record in self.records.by_ref() {
            let start = self.starts.text(record.start_micros());
            if enough < usize::MAX {
                // Growing step by step would take up to twice as much.
                let text = match writer {
                    Writer::Xml(writer) => writer.get_mut(),
                    Writer::Csv(writer) => writer.get_mut(),
                };
                text.reserve(record.joined().len() + TAGS);
            }
            let written = match writer {
                Writer::Xml(writer) => {
                    writer.write_values(&values(&record, start))?;
                    writer.get_mut()
                }
                Writer::Csv(writer) => {
                    writer.write_joined(start, record.joined(), || values(&record, start))?;
                    writer.get_mut()
                }
            };
            if written.len() >= enough {
                return Ok(Some(std::mem::take(written)));
            }
        }
        if more {
            return Ok(None);
        }
        match self.writer.take() {
            Some(Writer::Xml(writer)) => writer.finish().map(Some),
            Some(Writer::Csv(writer)) => writer.finish().map(Some),
            None => Ok(None),
        }
    }
}

/// OUT-1: all fifteen fields, also the empty ones. The start is the first.
pub(crate) fn values<'a>(
    record: &'a StoredRecord,
    start: &'a str,
) -> [Option<&'a str>; Field::COUNT] {
    let mut values = [Some(start); Field::COUNT];
    for (value, text) in values[1..].iter_mut().zip(record.texts()) {
        *value = Some(text);
    }
    values
}
