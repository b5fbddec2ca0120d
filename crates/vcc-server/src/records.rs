//! How records are written: XML or CSV (OUT-1, OUT-4).

use std::fmt::Write as _;

use axum::http::HeaderValue;
use chrono::{DateTime, Datelike as _, FixedOffset, Timelike as _, Utc};
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
    let mut start = String::with_capacity(32);
    match format {
        Format::Xml => {
            let mut writer = xml::Writer::new(body);
            for record in records {
                let start = start_date(record, selection, dialect, &mut start);
                writer.write_values(&values(record, start))?;
            }
            writer.finish()
        }
        Format::Csv => {
            let mut writer = csv::Writer::new(body);
            for record in records {
                let start = start_date(record, selection, dialect, &mut start);
                writer.write_values(&values(record, start))?;
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

/// OUT-3: ISO 8601 with the offset that the response's zone has at that instant. As
/// [`StartDate`] prints it, and several times as fast: a page has fifty.
fn start_date<'a>(
    record: &StoredRecord,
    selection: &Selection,
    dialect: &Dialect,
    into: &'a mut String,
) -> &'a str {
    let start: DateTime<Utc> = record.start().unwrap_or_default();
    let local = start.with_timezone(&selection.response_zone.offset_at(start));
    into.clear();
    if !push_start_date(&local, into) {
        let _ = write!(into, "{}", StartDate::Instant(local));
    }
    if dialect.utc_offset == UtcOffset::Z && into.ends_with("+00:00") {
        into.truncate(into.len() - "+00:00".len());
        into.push('Z');
    }
    into
}

/// Writes a start of four-digit years, whole microseconds, and an offset of whole minutes; `false`
/// for any other.
fn push_start_date(local: &DateTime<FixedOffset>, into: &mut String) -> bool {
    let (Ok(year), offset) = (u32::try_from(local.year()), local.offset().local_minus_utc()) else {
        return false;
    };
    let nanos = local.nanosecond();
    if year > 9_999 || offset % 60 != 0 || !nanos.is_multiple_of(1_000) || nanos >= 1_000_000_000 {
        return false;
    }
    let mut two = |before: char, number: u32| {
        if before != '\0' {
            into.push(before);
        }
        into.push_str(&DIGITS[number as usize % 100 * 2..][..2]);
    };
    two('\0', year / 100);
    two('\0', year % 100);
    two('-', local.month());
    two('-', local.day());
    two('T', local.hour());
    two(':', local.minute());
    two(':', local.second());
    let micros = nanos / 1_000;
    if micros > 0 {
        let (milli, micro) = (micros / 1_000, micros % 1_000);
        let _ = write!(into, ".{milli:03}");
        if micro > 0 {
            let _ = write!(into, "{micro:03}");
        }
    }
    let minutes = offset.unsigned_abs() / 60;
    let sign = if offset < 0 { '-' } else { '+' };
    for (before, number) in [(sign, minutes / 60), (':', minutes % 60)] {
        into.push(before);
        into.push_str(&DIGITS[number as usize * 2..][..2]);
    }
    true
}

/// The numbers from 00 to 99.
const DIGITS: &str = "\
    00010203040506070809101112131415161718192021222324\
    25262728293031323334353637383940414243444546474849\
    50515253545556575859606162636465666768697071727374\
    75767778798081828384858687888990919293949596979899";

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn starts_are_written_as_they_print() {
        let mut quickly = 0;
        for step in 0..2_000_i64 {
            // All of the calendar and some of what lies beyond, and every kind of fraction.
            let micros = -62_135_596_800_000_000 + step * 159_001_234_567_891;
            let micros = micros - micros % [1, 1_000, 1_000_000][step as usize % 3];
            let start = DateTime::from_timestamp_micros(micros).unwrap();
            for seconds in [0, -28_800, 20_700, 45_900, -12_600, 3_600, -17_776] {
                let offset = FixedOffset::east_opt(seconds).unwrap();
                let local = start.with_timezone(&offset);
                let mut text = String::new();
                if push_start_date(&local, &mut text) {
                    quickly += 1;
                    assert_eq!(text, StartDate::Instant(local).to_string());
                }
            }
        }
        assert!(quickly > 10_000, "{quickly}");
        let fine = DateTime::from_timestamp(0, 1).unwrap() + TimeDelta::zero();
        assert!(!push_start_date(&fine.fixed_offset(), &mut String::new()));
    }
}
