use std::future::Future as _;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::mpsc;
use vcc_query::Selection;

use super::error::error;
use super::index::given;
use super::pool::{Pool, SNAPSHOT, too_old};
use super::rows::bound;
use super::snapshot::Snapshot;
use super::statements as s;
use super::writer::Writer;
use crate::export::{ExportSender, is_full, piece, without_pages};
use crate::plan::Plan;
use crate::record::TextsBuilder;
use crate::{Export, StoreError, StoreErrorKind, StoredRecord, TenantId};

/// How often an export checks whether it may go on, while nobody takes its pieces.
const LOOK: Duration = Duration::from_secs(1);

const DOING: &str = "cannot export records";

/// Reads a list in one snapshot. It may take as long as it likes while the log is short, as a copy
/// may: what others write meanwhile stays in the log until it ends.
pub(super) async fn export(
    pool: &Pool,
    writer: &Writer,
    tenant: TenantId,
    selection: &Selection,
) -> Result<Export, StoreError> {
    let (pool, writer, selection) = (pool.clone(), writer.clone(), without_pages(selection));
    let read = |sender| async move {
        let (limit, began) = (writer.log_limit(), Instant::now());
        let is_too_old = move || began.elapsed() > SNAPSHOT && writer.log_length() > limit;
        let work = move |connection: &mut Connection| {
            read(connection, tenant, &selection, sender, is_too_old)
        };
        pool.run_while_fits(SNAPSHOT, limit, work).await
    };
    Export::begin(read).await
}

fn read(
    connection: &Connection,
    tenant: TenantId,
    selection: &Selection,
    sender: ExportSender,
    is_too_old: impl Fn() -> bool,
) -> Result<(), StoreError> {
    let failed = error(DOING);
    let Some(mut plan) = Plan::all(tenant, selection) else { return Ok(()) };
    let snapshot = Snapshot::new(connection).map_err(&failed)?;
    // The first read of a transaction takes the snapshot.
    plan.given = given(&snapshot).map_err(&failed)?;
    // If nobody waits any more, the next piece finds that out.
    let _ = sender.begun.send(());
    let sql = s::list(&plan);
    let mut statement = snapshot.prepare_cached(&sql.text).map_err(&failed)?;
    let mut rows = bound(&mut statement, &sql).map_err(&failed)?;
    let mut records = TextsBuilder::default();
    while let Some(row) = rows.next().map_err(&failed)? {
        let text = |index| Ok::<_, rusqlite::Error>(row.get_ref(index + 1)?.as_bytes()?);
        row.get(0).and_then(|start| records.add(start, text)).map_err(&failed)?;
        if is_full(&records) && !hand_over(&sender.pieces, piece(&mut records)?, &is_too_old)? {
            return Ok(());
        }
    }
    if records.len() > 0 {
        hand_over(&sender.pieces, piece(&mut records)?, &is_too_old)?;
    }
    Ok(())
}

/// Hands a piece over once there is room for it; `false` if the receiver is gone. A receiver that
/// takes nothing cannot hold the snapshot for ever.
fn hand_over(
    pieces: &mpsc::Sender<Vec<StoredRecord>>,
    piece: Vec<StoredRecord>,
    is_too_old: impl Fn() -> bool,
) -> Result<bool, StoreError> {
    // The runtime may have no timer, so this thread waits by itself.
    let waker = Waker::from(Arc::new(Unparked(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut room = pin!(pieces.reserve());
    loop {
        match room.as_mut().poll(&mut context) {
            Poll::Ready(Ok(room)) => {
                room.send(piece);
                return Ok(true);
            }
            Poll::Ready(Err(_)) => return Ok(false),
            Poll::Pending if is_too_old() => {
                let error = StoreError::new(StoreErrorKind::Deadline, DOING);
                return Err(error.with_source(too_old()));
            }
            Poll::Pending => std::thread::park_timeout(LOOK),
        }
    }
}

#[derive(Debug)]
struct Unparked(Thread);

impl Wake for Unparked {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A receiver that takes nothing does not hold the snapshot for longer than a read may last.
    #[test]
    fn what_nobody_takes_is_ended_when_it_is_old() {
        let (pieces, mut taken) = mpsc::channel(1);
        assert!(hand_over(&pieces, Vec::new(), || true).unwrap());
        let error = hand_over(&pieces, Vec::new(), || true).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Deadline);
        assert_eq!(
            error.to_string(),
            "cannot export records: it has read for 10 minutes, and a longer read would keep the log \
             from being written back"
        );
        // A receiver that is in time gets everything.
        std::thread::scope(|scope| {
            let given = scope.spawn(|| hand_over(&pieces, Vec::new(), || false));
            taken.blocking_recv().unwrap();
            assert!(given.join().unwrap().unwrap());
        });
        taken.close();
        assert!(!hand_over(&pieces, Vec::new(), || false).unwrap());
    }
}
