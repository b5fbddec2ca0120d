//! Bodies of responses. Short ones, which are nearly all, are made at once. Long ones are read and made
//! while they are sent, so that a page of the longest values is never in memory as a whole. Their memory
//! is counted until the client has taken it.

use std::future::Future;
use std::io::Write as _;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::BoxError;
use axum::body::{Body, Bytes, HttpBody};
use axum::http::HeaderMap;
use flate2::write::GzEncoder;
use hyper::body::Frame;
use vcc_format::WriteError;
use vcc_query::{ResponseFormat, Selection};
use vcc_store::{Page, Rest, Store, StoreError, StoreErrorKind, StoredRecord, TenantId};
use vcc_types::Dialect;

use crate::gate::Share;
use crate::gzip;
use crate::held::Held;
use crate::pending::{AnswerKind, counted};
use crate::pieces::{Pieces, TAGS};

/// A body is made at once if its records have at most this many bytes of text.
const WHOLE: usize = 128 * 1024;

/// The least number of bytes in a piece.
const PIECE: usize = 16 * 1024;

/// How many bytes of a body the HTTP stack takes before the client has room for them, and how many
/// compressing holds.
const BUFFERED: usize = 256 * 1024;
const COMPRESSING: usize = 256 * 1024;

/// After compressing this many pieces, other connections get a turn. A body that shrinks to nothing would
/// never wait for its client otherwise.
const TURN: usize = 32;

/// Whose page it is, and where the rest of it comes from.
pub(crate) struct Source<'a> {
    pub(crate) store: &'a Arc<dyn Store>,
    pub(crate) tenant: TenantId,
    pub(crate) selection: &'a Selection,
    pub(crate) share: &'a Arc<Share>,
}

/// Why there is no body.
#[derive(Debug)]
pub(crate) enum NoBody {
    /// Too much waits for the clients of the tenant, or of the server.
    Full,
    Write(WriteError),
}

/// A body, and whether it is compressed.
///
/// # Errors
///
/// There is no room for it, or [`Pieces::next`] fails and the body is short.
pub(crate) fn of(
    page: Page,
    source: &Source<'_>,
    format: ResponseFormat,
    dialect: &Dialect,
    headers: &HeaderMap,
) -> Result<(Body, bool), NoBody> {
    let Page { records, rest, .. } = page;
    let length = text(&records);
    if rest.is_some() || length > WHOLE {
        return long(records, rest, source, format, dialect, headers);
    }
    let capacity = length + TAGS * records.len() + TAGS;
    let mut pieces = Pieces::new(records, format, source.selection, dialect, capacity);
    let mut body = pieces.next(usize::MAX, false).map_err(NoBody::Write)?.unwrap_or_default();
    let zipped = gzip::is_wanted(headers, body.len());
    if zipped {
        body = gzip::compress(&body);
    }
    let held = Held::take(source.share, AnswerKind::Whole, body.capacity()).ok_or(NoBody::Full)?;
    Ok((counted(body, held).into(), zipped))
}

fn long(
    records: Vec<StoredRecord>,
    rest: Option<Rest>,
    source: &Source<'_>,
    format: ResponseFormat,
    dialect: &Dialect,
    headers: &HeaderMap,
) -> Result<(Body, bool), NoBody> {
    // The most that is held at any time until the answer ends: the piece that is read, a record while it is
    // written, and what waits in the HTTP stack. All of it is reserved now, so that a body can be completed
    // once it has begun.
    let read = text(&records).max(rest.as_ref().map_or(0, Rest::longest_piece));
    let record = records.iter().map(|record| record.joined().len()).max().unwrap_or_default();
    let written = record.max(rest.as_ref().map_or(0, Rest::longest)) + TAGS;
    // More than 128 KiB is worth compressing.
    let gzip = gzip::is_wanted(headers, WHOLE).then(gzip::encoder);
    let zipped = gzip.is_some();
    let bytes = read + written + BUFFERED + if zipped { COMPRESSING } else { 0 };
    let held = Arc::new(Held::take(source.share, AnswerKind::Streamed, bytes).ok_or(NoBody::Full)?);
    let long = Long {
        pieces: Pieces::new(records, format, source.selection, dialect, 0),
        rest,
        reading: None,
        store: source.store.clone(),
        tenant: source.tenant,
        selection: Arc::new(source.selection.clone()),
        gzip,
        plain: Bytes::new(),
        held,
        bytes,
        written,
    };
    Ok((Body::new(long), zipped))
}

fn text(records: &[StoredRecord]) -> usize {
    records.iter().map(|record| record.joined().len()).sum()
}

/// A body that is made while it is sent. What fails then ends the connection.
struct Long {
    pieces: Pieces,
    /// What is not read yet.
    rest: Option<Rest>,
    reading: Option<ReadFuture>,
    store: Arc<dyn Store>,
    tenant: TenantId,
    selection: Arc<Selection>,
    gzip: Option<GzEncoder<Vec<u8>>>,
    /// What is written, and not compressed yet.
    plain: Bytes,
    held: Arc<Held>,
    /// Its length, and the expected length of a record in it.
    bytes: usize,
    written: usize,
}

type ReadFuture = Pin<Box<dyn Future<Output = Result<Page, StoreError>> + Send>>;

impl Long {
    /// The next piece before compression; `None` after the last record.
    fn write(&mut self) -> Result<Option<Bytes>, WriteError> {
        let Some(piece) = self.pieces.next(PIECE, self.rest.is_some())? else { return Ok(None) };
        // Characters that are escaped make a text longer.
        self.held.grow(self.bytes + piece.capacity().saturating_sub(self.written));
        Ok(Some(counted(piece, self.held.clone())))
    }

    /// The next piece as it is sent. `Pending`: other connections have their turn first.
    fn next(&mut self) -> Poll<Result<Option<Bytes>, WriteError>> {
        for _ in 0..TURN {
            if self.gzip.is_none() {
                return Poll::Ready(self.write());
            }
            if self.plain.is_empty() {
                match self.write()? {
                    Some(plain) => self.plain = plain,
                    None if self.rest.is_some() => return Poll::Ready(Ok(None)),
                    None => {
                        let end = self.gzip.take().map(GzEncoder::finish).transpose()?;
                        return Poll::Ready(Ok(end.map(|end| counted(end, self.held.clone()))));
                    }
                }
            }
            let Some(gzip) = &mut self.gzip else { continue };
            gzip.write_all(&self.plain.split_to(self.plain.len().min(2 * PIECE)))?;
            if !gzip.get_ref().is_empty() {
                let piece = std::mem::take(gzip.get_mut());
                return Poll::Ready(Ok(Some(counted(piece, self.held.clone()))));
            }
        }
        Poll::Pending
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Bytes>, BoxError>> {
        loop {
            if let Some(reading) = &mut self.reading {
                let page = ready!(reading.as_mut().poll(context));
                self.reading = None;
                let page = page?;
                self.rest = page.rest;
                self.pieces.go_on(page.records);
            }
            let Poll::Ready(piece) = self.next() else {
                context.waker().wake_by_ref();
                return Poll::Pending;
            };
            if let Some(piece) = piece? {
                return Poll::Ready(Ok(Some(piece)));
            }
            let Some(rest) = self.rest.take() else { return Poll::Ready(Ok(None)) };
            let (store, tenant, selection) =
                (self.store.clone(), self.tenant, self.selection.clone());
            let reading = async move { store.rest(tenant, &selection, rest).await };
            self.reading = Some(Box::pin(reading));
        }
    }
}

/// An answer that has begun breaks off if the store is busy or some of its records were deleted meanwhile. The
/// server did nothing wrong then, and the client sees that the answer is cut.
fn log_broken_off(error: &BoxError) {
    match error.downcast_ref().map(StoreError::kind) {
        Some(StoreErrorKind::Unavailable | StoreErrorKind::Deadline | StoreErrorKind::Refused) => {
            tracing::warn!(%error, "an answer broke off, and its client has to ask again");
        }
        _ => tracing::error!(%error, "an answer broke off"),
    }
}

impl HttpBody for Long {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        let next = ready!(this.poll(context));
        if let Err(error) = &next {
            log_broken_off(error);
            // So that no client takes this part for a whole document.
            this.pieces.stop();
            this.gzip = None;
        }
        Poll::Ready(next.transpose().map(|piece| piece.map(Frame::data)))
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use axum::http::header::ACCEPT_ENCODING;
    use chrono::DateTime;
    use vcc_query::{Context as Now, Query, Zone};
    use vcc_store::Sqlite;
    use vcc_types::{Field, Recording};

    use super::*;
    use crate::Limits;
    use crate::gate::Gate;
    use crate::pending::Pending;

    /// This many records of this many bytes each, with characters that a writer has to escape.
    fn records(count: usize, length: usize) -> Vec<StoredRecord> {
        let record = |index: usize| {
            let text = "a, \"b\" & <c> ".repeat(length / 13);
            let recording = Recording::new()
                .with(Field::StartDate, "2007-12-19T19:16:36-08:00")
                .with(Field::TransactionId, &format!("{index:02}"))
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

    /// A store with these records, and their tenant.
    async fn store(records: &[StoredRecord]) -> (Arc<dyn Store>, TenantId) {
        let store = Sqlite::in_memory().unwrap();
        let tenant = store.add_tenant("acme", Zone::UTC, DateTime::UNIX_EPOCH).await.unwrap();
        store.import(tenant.id, records.to_vec().into()).await.unwrap();
        (Arc::new(store), tenant.id)
    }

    fn gate() -> (Gate, Arc<Pending>) {
        let pending = Arc::<Pending>::default();
        (Gate::new(&Limits::default(), pending.clone()), pending)
    }

    /// A body whose page came from the store as a whole, or in pieces.
    async fn read(
        records: &[StoredRecord],
        begun: bool,
        format: ResponseFormat,
        headers: &HeaderMap,
    ) -> (Vec<u8>, bool) {
        let (selection, dialect, (gate, pending)) = (selection(), Dialect::default(), gate());
        let (store, tenant) = store(records).await;
        let permit = gate.enter_as("acme").unwrap();
        let share = permit.share();
        let source = Source { store: &store, tenant, selection: &selection, share };
        let page = match begun {
            true => store.begin(tenant, &selection).await.unwrap(),
            false => store.page(tenant, &selection).await.unwrap(),
        };
        let (body, zipped) = of(page, &source, format, &dialect, headers).unwrap();
        assert!(pending.bytes() > 0);
        let exact = body.size_hint().exact();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        // A body in one piece is those bytes themselves, not a copy.
        let bytes = Vec::from(bytes);
        assert_eq!(pending.bytes(), 0);
        let long = records.iter().map(|record| record.joined().len()).sum::<usize>() > WHOLE;
        assert_eq!(exact, (!long).then_some(bytes.len() as u64));
        (bytes, zipped)
    }

    #[tokio::test]
    async fn long_bodies_are_what_short_ones_are() {
        let mut gzip = HeaderMap::new();
        gzip.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        for format in [ResponseFormat::Xml, ResponseFormat::Csv] {
            for (count, length) in
                [(0, 0), (3, 100), (50, 200), (50, 5_000), (3, 300_000), (25, 20_000)]
            {
                let records = records(count, length);
                let (selection, dialect) = (selection(), Dialect::default());
                let mut pieces = Pieces::new(records.clone(), format, &selection, &dialect, 0);
                let whole = pieces.next(usize::MAX, false).unwrap().unwrap();
                assert!(pieces.next(1, false).unwrap().is_none());
                for begun in [false, true] {
                    let (plain, zipped) = read(&records, begun, format, &HeaderMap::new()).await;
                    assert!(plain == whole && !zipped, "{format:?} {count} {length} {begun}");
                    let (packed, zipped) = read(&records, begun, format, &gzip).await;
                    assert_eq!(zipped, whole.len() >= 1_024, "{format:?} {count} {length}");
                    let mut unpacked = packed.clone();
                    if zipped {
                        unpacked.clear();
                        let mut decoder = flate2::read::GzDecoder::new(&packed[..]);
                        std::io::Read::read_to_end(&mut decoder, &mut unpacked).unwrap();
                    }
                    assert!(unpacked == whole, "{format:?} {count} {length} {begun}");
                }
            }
        }
    }

    #[test]
    fn a_long_body_comes_in_pieces() {
        let records = records(50, 20_000);
        let (selection, dialect) = (selection(), Dialect::default());
        let mut pieces = Pieces::new(records, ResponseFormat::Csv, &selection, &dialect, 0);
        let mut lengths = Vec::new();
        while let Some(piece) = pieces.next(PIECE, false).unwrap() {
            lengths.push(piece.len());
        }
        let longest = lengths.iter().max().unwrap();
        assert!(lengths.len() > 20 && *longest < 6 * PIECE, "{lengths:?}");
    }

    /// The memory that is counted for a body is the most that it can take at any time.
    #[tokio::test]
    async fn a_long_body_holds_no_more_than_it_counts() {
        let mut gzip = HeaderMap::new();
        gzip.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        for headers in [HeaderMap::new(), gzip] {
            let records = records(12, 1_000_000);
            let (selection, dialect, (gate, pending)) = (selection(), Dialect::default(), gate());
            let (store, tenant) = store(&records).await;
            let permit = gate.enter_as("acme").unwrap();
            let share = permit.share();
            let source = Source { store: &store, tenant, selection: &selection, share };
            let page = store.begin(tenant, &selection).await.unwrap();
            assert!(page.records.is_empty());
            let (body, _) = of(page, &source, ResponseFormat::Csv, &dialect, &headers).unwrap();
            let mut body = std::pin::pin!(body);
            let (mut pieces, mut most) = (0, 0);
            while let Some(frame) =
                std::future::poll_fn(|context| body.as_mut().poll_frame(context)).await
            {
                most = most.max(pending.bytes());
                pieces += usize::from(frame.unwrap().is_data());
            }
            // Every third record has a field that is escaped.
            assert!(pieces > 3 && (4_000_000..7_000_000).contains(&most), "{pieces} {most}");
            assert!(pending.bytes() > 0);
        }
    }
}
