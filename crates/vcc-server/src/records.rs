//! How records are written: XML or CSV (OUT-1, OUT-4).

use axum::http::HeaderValue;
use chrono::{DateTime, Utc};
use vcc_format::{WriteError, csv, xml};
use vcc_query::{Format, Selection};
use vcc_store::StoredRecord;
use vcc_types::{Dialect, Field, Row as _, StartDate, UtcOffset};

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
    match format {
        Format::Xml => {
            let mut writer = xml::Writer::new(body);
            for record in records {
                let start = start_date(record, selection, dialect);
                writer.write_values(&values(record, &start))?;
            }
            writer.finish()
        }
        Format::Csv => {
            let mut writer = csv::Writer::new(body);
            for record in records {
                let start = start_date(record, selection, dialect);
                writer.write_values(&values(record, &start))?;
            }
            writer.finish()
        }
    }
}

/// OUT-1: all fifteen fields, whether a value is there or not.
fn values<'a>(record: &'a StoredRecord, start: &'a str) -> [Option<&'a str>; Field::COUNT] {
    Field::ALL.map(|field| match field {
        Field::StartDate => Some(start),
        field => Some(record.text(field)),
    })
}

/// OUT-3: ISO 8601 with the offset that the response's zone has at that instant.
fn start_date(record: &StoredRecord, selection: &Selection, dialect: &Dialect) -> String {
    let start: DateTime<Utc> = record.start().unwrap_or_default();
    let local = start.with_timezone(&selection.response_zone.offset_at(start));
    let mut text = StartDate::Instant(local).to_string();
    if dialect.utc_offset == UtcOffset::Z
        && let Some(without) = text.strip_suffix("+00:00")
    {
        text = format!("{without}Z");
    }
    text
}
