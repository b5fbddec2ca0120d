//! Bodies of responses: whole where they are short, as nearly all are, and otherwise made while they
//! are sent, so that a page of the longest values neither stands in memory three times nor is written
//! at one go.

use std::io::Write as _;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::http::HeaderMap;
use flate2::write::GzEncoder;
use hyper::body::Frame;
use vcc_format::WriteError;
use vcc_query::{Format, Selection};
use vcc_store::StoredRecord;
use vcc_types::Dialect;

use crate::gzip;
use crate::records::Pieces;

/// How many bytes of text the records of a body have that is made at once.
const WHOLE: usize = 128 * 1024;

/// How many bytes a piece has, at least.
const PIECE: usize = 16 * 1024;

/// A body, and whether it is compressed.
///
/// # Errors
///
/// As [`Pieces::next`], if the body is short.
pub(crate) fn of(
    records: Vec<StoredRecord>,
    format: Format,
    selection: &Selection,
    dialect: &Dialect,
    headers: &HeaderMap,
) -> Result<(Body, bool), WriteError> {
    let length: usize = records.iter().map(|record| record.joined().len()).sum();
    // Tags take some 400 bytes a record.
    let capacity = if length <= WHOLE { length + 512 * records.len() + 512 } else { 2 * PIECE };
    let mut pieces = Pieces::new(records, format, selection, dialect, capacity);
    if length > WHOLE {
        let gzip = gzip::is_wanted(headers, length).then(gzip::encoder);
        let zipped = gzip.is_some();
        return Ok((Body::new(Long { pieces, gzip }), zipped));
    }
    let body = pieces.next(usize::MAX)?.unwrap_or_default();
    if gzip::is_wanted(headers, body.len()) {
        return Ok((gzip::compress(&body).into(), true));
    }
    Ok((body.into(), false))
}

/// A body that is made while it is sent. What fails then ends the connection.
struct Long {
    pieces: Pieces,
    gzip: Option<GzEncoder<Vec<u8>>>,
}

impl Long {
    fn next(&mut self) -> Result<Option<Vec<u8>>, WriteError> {
        while let Some(piece) = self.pieces.next(PIECE)? {
            let Some(gzip) = &mut self.gzip else { return Ok(Some(piece)) };
            gzip.write_all(&piece)?;
            if !gzip.get_ref().is_empty() {
                return Ok(Some(std::mem::take(gzip.get_mut())));
            }
        }
        Ok(self.gzip.take().map(GzEncoder::finish).transpose()?)
    }
}

impl HttpBody for Long {
    type Data = Bytes;
    type Error = WriteError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, WriteError>>> {
        let next = self.next();
        if let Err(error) = &next {
            tracing::error!(%error, "cannot write the rest of an answer");
        }
        Poll::Ready(next.transpose().map(|piece| piece.map(|piece| Frame::data(piece.into()))))
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use axum::http::header::ACCEPT_ENCODING;
    use chrono::DateTime;
    use vcc_query::{Context as Now, Query};
    use vcc_types::{Field, Recording};

    use super::*;

    /// So many records of so many bytes each, with all that a writer has to look at.
    fn records(count: usize, length: usize) -> Vec<StoredRecord> {
        let record = |index: usize| {
            let text = "a, \"b\" & <c> ".repeat(length / 13);
            let recording = Recording::new()
                .with(Field::StartDate, "2007-12-19T19:16:36-08:00")
                .with(Field::TransactionId, &index.to_string())
                .with(Field::ExtVar1, if index.is_multiple_of(3) { &text } else { "plain" })
                .with(Field::ExtVar2, &"x".repeat(length));
            StoredRecord::new(&recording).unwrap()
        };
        (0..count).map(record).collect()
    }

    fn selection() -> Selection {
        let now = DateTime::from_timestamp(1_200_000_000, 0).unwrap();
        let tenant_tz = "America/Denver".parse().unwrap();
        let context = Now { now, tenant_tz, dialect: Dialect::default() };
        Query::parse("").unwrap().resolve(&context).unwrap()
    }

    async fn read(
        records: &[StoredRecord],
        format: Format,
        headers: &HeaderMap,
    ) -> (Vec<u8>, bool) {
        let (selection, dialect) = (selection(), Dialect::default());
        let (body, zipped) = of(records.to_vec(), format, &selection, &dialect, headers).unwrap();
        let exact = body.size_hint().exact();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        let long = records.iter().map(|record| record.joined().len()).sum::<usize>() > WHOLE;
        assert_eq!(exact, (!long).then_some(bytes.len() as u64));
        (bytes.into(), zipped)
    }

    #[tokio::test]
    async fn long_bodies_are_what_short_ones_are() {
        let mut gzip = HeaderMap::new();
        gzip.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        for format in [Format::Xml, Format::Csv] {
            for (count, length) in [(0, 0), (3, 100), (50, 200), (50, 5_000), (3, 300_000)] {
                let records = records(count, length);
                let (selection, dialect) = (selection(), Dialect::default());
                let mut pieces = Pieces::new(records.clone(), format, &selection, &dialect, 0);
                let whole = pieces.next(usize::MAX).unwrap().unwrap();
                assert!(pieces.next(1).unwrap().is_none());
                let (plain, zipped) = read(&records, format, &HeaderMap::new()).await;
                assert!(plain == whole && !zipped, "{format:?} {count} {length}");
                let (packed, zipped) = read(&records, format, &gzip).await;
                assert_eq!(zipped, whole.len() >= 1_024, "{format:?} {count} {length}");
                let mut unpacked = packed.clone();
                if zipped {
                    unpacked.clear();
                    let mut decoder = flate2::read::GzDecoder::new(&packed[..]);
                    std::io::Read::read_to_end(&mut decoder, &mut unpacked).unwrap();
                }
                assert!(unpacked == whole, "{format:?} {count} {length}");
            }
        }
    }

    #[test]
    fn a_long_body_comes_in_pieces() {
        let records = records(50, 20_000);
        let (selection, dialect) = (selection(), Dialect::default());
        let mut pieces = Pieces::new(records, Format::Csv, &selection, &dialect, 0);
        let mut lengths = Vec::new();
        while let Some(piece) = pieces.next(PIECE).unwrap() {
            lengths.push(piece.len());
        }
        let longest = lengths.iter().max().unwrap();
        assert!(lengths.len() > 20 && *longest < 6 * PIECE, "{lengths:?}");
    }
}
