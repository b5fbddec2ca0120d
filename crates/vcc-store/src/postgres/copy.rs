//! Records in the binary format of `COPY`, written here: giving the driver one value after another
//! takes longer than the rest of an import on this side.

use std::io::Cursor;
use std::pin::pin;

use futures_util::SinkExt as _;
use tokio_postgres::{Error, Transaction};
use vcc_types::Row as _;

use super::session::Prepared;
use crate::record::TEXTS;
use crate::sql::statement::Statement;
use crate::{StoredRecord, TenantId};

/// The beginning of the format: its signature, no flags, and no further header.
const HEADER: &[u8; 19] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

/// The end of the format, in the place of a row's number of columns.
const TRAILER: [u8; 2] = (-1_i16).to_be_bytes();

/// Tenant, start, finish, seconds and the texts; the number may be one more.
const COLUMNS: i16 = 4 + TEXTS as i16;

/// The usual size of a message. One record may be longer.
const MESSAGE: usize = 1 << 16;

/// Copies records of a tenant into the table of a statement. Its columns include the number if
/// numbers are given.
pub(super) async fn copy(
    transaction: &Transaction<'_>,
    prepared: &Prepared,
    statement: Statement,
    tenant: TenantId,
    numbers: Option<&[i64]>,
    records: &[&StoredRecord],
) -> Result<(), Error> {
    let statement = prepared.get(transaction, statement.text).await?;
    let mut sink = pin!(transaction.copy_in(&statement).await?);
    let mut message = HEADER.to_vec();
    for (position, record) in records.iter().enumerate() {
        let number = numbers.and_then(|numbers| numbers.get(position));
        encode(&mut message, tenant, number.copied(), record);
        if message.len() >= MESSAGE {
            let next = Vec::with_capacity(MESSAGE + MESSAGE / 8);
            sink.feed(Cursor::new(std::mem::replace(&mut message, next))).await?;
        }
    }
    message.extend_from_slice(&TRAILER);
    sink.feed(Cursor::new(message)).await?;
    sink.finish().await.map(drop)
}

/// Adds a row.
fn encode(message: &mut Vec<u8>, tenant: TenantId, number: Option<i64>, record: &StoredRecord) {
    let columns = COLUMNS + i16::from(number.is_some());
    message.extend_from_slice(&columns.to_be_bytes());
    integer(message, Some(tenant.0));
    if number.is_some() {
        integer(message, number);
    }
    integer(message, Some(record.start_micros()));
    integer(message, record.finish_micros());
    integer(message, record.duration().map(u64::cast_signed));
    for text in record.texts() {
        // A text has at most 1 MiB.
        message.extend_from_slice(&(text.len() as u32).to_be_bytes());
        message.extend_from_slice(text.as_bytes());
    }
}

fn integer(message: &mut Vec<u8>, value: Option<i64>) {
    match value {
        Some(value) => {
            message.extend_from_slice(&8_u32.to_be_bytes());
            message.extend_from_slice(&value.to_be_bytes());
        }
        // NULL has a length of -1 and no bytes.
        None => message.extend_from_slice(&(-1_i32).to_be_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use vcc_types::{Field, Recording};

    use super::*;

    #[test]
    fn a_row_byte_by_byte() {
        let recording = Recording::new()
            .with(Field::AgentId, "bill")
            .with(Field::Duration, "2")
            .with(Field::WrapUpCode, "\u{e9}");
        let start = DateTime::from_timestamp_micros(-1).unwrap();
        let record = StoredRecord::with_start(&recording, start).unwrap();
        let mut message = Vec::new();
        encode(&mut message, TenantId(7), Some(258), &record);
        let integer = |value: i64| [&8_u32.to_be_bytes()[..], &value.to_be_bytes()].concat();
        let mut expected = vec![0, 19];
        for value in [7, 258, -1, 1_999_999, 2] {
            expected.extend(integer(value));
        }
        expected.extend(*b"\0\0\0\x04bill");
        expected.extend([0; 4 * 3]);
        expected.extend(*b"\0\0\0\x012");
        expected.extend([0; 4 * 8]);
        expected.extend(*b"\0\0\0\x02\xc3\xa9");
        assert_eq!(message, expected);

        // Without a duration there is neither finish nor seconds.
        let record = StoredRecord::with_start(&Recording::new(), start).unwrap();
        message.clear();
        encode(&mut message, TenantId(7), None, &record);
        let rest = [&[0xff; 8][..], &[0; 4 * 14]].concat();
        assert_eq!(message, [&[0, 18][..], &integer(7), &integer(-1), &rest].concat());
    }
}
