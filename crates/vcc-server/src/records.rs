//! How records are written: XML or CSV (OUT-1, OUT-4).

use axum::http::HeaderValue;
use vcc_format::{WriteError, csv, xml};
use vcc_query::{Format, Selection};
use vcc_store::StoredRecord;
use vcc_types::{Dialect, Field};

use crate::starts::Starts;

/// OUT-5: the media type of a format.
pub(crate) fn content_type(format: Format) -> HeaderValue {
    HeaderValue::from_static(match format {
        Format::Xml => "application/xml; charset=utf-8",
        Format::Csv => "text/csv; charset=utf-8",
    })
}

/// The body of a response.
///
/// # Errors
///
/// A value that XML cannot carry. None is stored, so none should be met here (OUT-6).
pub(crate) fn encode(
    records: &[StoredRecord],
    format: Format,
    selection: &Selection,
    dialect: &Dialect,
) -> Result<Vec<u8>, WriteError> {
    let body = Vec::with_capacity(512 + 640 * records.len());
    let mut starts = Starts::new(selection.response_zone, dialect.utc_offset);
    match format {
        Format::Xml => {
            let mut writer = xml::Writer::new(body);
            for record in records {
                writer.write_values(&values(record, starts.text(record.start_micros())))?;
            }
            writer.finish()
        }
        Format::Csv => {
            let mut writer = csv::Writer::new(body);
            for record in records {
                let start = starts.text(record.start_micros());
                writer.write_joined(start, record.joined(), || values(record, start))?;
            }
            writer.finish()
        }
    }
}

/// OUT-1: all fifteen fields, whether a value is there or not. The start is the first of them.
fn values<'a>(record: &'a StoredRecord, start: &'a str) -> [Option<&'a str>; Field::COUNT] {
    let mut values = [Some(start); Field::COUNT];
    for (value, text) in values[1..].iter_mut().zip(record.texts()) {
        *value = Some(text);
    }
    values
}
