//! All records that a selection matches, in pieces.

use std::future::Future;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use vcc_query::Selection;

use crate::record::TextsBuilder;
use crate::rest::LIMIT;
use crate::{StoreError, StoreErrorKind, StoredRecord};

/// All records of a tenant that a selection matches, in its order, as they were at one moment: a
/// list without pages. [`Store::export`](crate::Store::export) begins it.
///
/// It is read while it is consumed, piece by piece, so a long export takes little memory. Dropping
/// it ends it.
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use vcc_query::Query;
/// use vcc_store::{Sqlite, Store as _, StoredRecord};
/// # use vcc_query::{Context, Zone};
/// # use vcc_types::{Dialect, Field, Recording};
/// # let now = chrono::DateTime::from_timestamp(1_198_120_596, 0).unwrap();
/// # let context = Context { now, tenant_tz: Zone::UTC, dialect: Dialect::default() };
/// # let store = Sqlite::in_memory()?;
/// # let tenant = store.add_tenant("acme", Zone::UTC, now).await?;
/// # let recording = Recording::new().with(Field::StartDate, "2007-12-19T19:16:36Z");
/// # let record = StoredRecord::new(&recording).unwrap();
/// store.import(tenant.id, vec![record; 10_000].into()).await?;
///
/// let selection = Query::parse("d=2007-12-19").unwrap().resolve(&context).unwrap();
/// let mut export = store.export(tenant.id, &selection).await?;
/// let mut records = 0;
/// while let Some(piece) = export.next().await? {
///     records += piece.len();
/// }
/// assert_eq!(records, 10_000);
/// # Ok::<(), vcc_store::StoreError>(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
pub struct Export {
    pieces: mpsc::Receiver<Vec<StoredRecord>>,
    /// `None` once it has ended.
    reading: Option<JoinHandle<Result<(), StoreError>>>,
}

/// How many pieces are read ahead.
const WAITING: usize = 4;

/// The most records of a piece. Its bytes are limited like those of a piece of a page.
const RECORDS: usize = 4_096;

/// The side of an export that an engine has: it tells when the snapshot is taken, and hands over the
/// pieces.
#[derive(Debug)]
pub(crate) struct ExportSender {
    pub(crate) begun: oneshot::Sender<()>,
    pub(crate) pieces: mpsc::Sender<Vec<StoredRecord>>,
}

impl Export {
    /// Begins to read, and waits until the snapshot is taken.
    pub(crate) async fn begin<F>(read: impl FnOnce(ExportSender) -> F) -> Result<Self, StoreError>
    where
        F: Future<Output = Result<(), StoreError>> + Send + 'static,
    {
        let (begun, begins) = oneshot::channel();
        let (sender, pieces) = mpsc::channel(WAITING);
        let reading = tokio::spawn(read(ExportSender { begun, pieces: sender }));
        let mut export = Self { pieces, reading: Some(reading) };
        if begins.await.is_err() {
            // There is nothing to read, or it failed.
            export.end().await?;
        }
        Ok(export)
    }

    /// The next records: some hundreds of usual size, or one very long one; `None` at the end.
    ///
    /// # Errors
    ///
    /// As [`Store::export`](crate::Store::export). The pieces before are then only a part of the
    /// list.
    pub async fn next(&mut self) -> Result<Option<Vec<StoredRecord>>, StoreError> {
        if let Some(piece) = self.pieces.recv().await {
            return Ok(Some(piece));
        }
        self.end().await.map(|()| None)
    }

    async fn end(&mut self) -> Result<(), StoreError> {
        let Some(reading) = self.reading.take() else { return Ok(()) };
        reading.await.unwrap_or_else(|ended| Err(StoreError::task(ended)))
    }
}

impl Drop for Export {
    fn drop(&mut self) {
        if let Some(reading) = &self.reading {
            reading.abort();
        }
    }
}

/// The selection of an export, which has no pages.
pub(crate) fn without_pages(selection: &Selection) -> Selection {
    Selection { first: 1, page_size: 50, ..selection.clone() }
}

/// Whether the records read so far make a piece.
pub(crate) fn is_full(records: &TextsBuilder) -> bool {
    records.size() >= LIMIT || records.len() >= RECORDS
}

/// Takes the records read so far as a piece.
pub(crate) fn piece(records: &mut TextsBuilder) -> Result<Vec<StoredRecord>, StoreError> {
    let piece = records.build().map(|texts| StoredRecord::all(texts).collect()).ok_or_else(|| {
        StoreError::new(StoreErrorKind::Internal, "cannot export records: a text is not UTF-8")
    });
    // Do not keep the memory of a very long record.
    match records.size() > 2 * LIMIT {
        true => *records = TextsBuilder::default(),
        false => records.clear(),
    }
    piece
}
