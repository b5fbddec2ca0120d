//! All records that a selection matches.

use std::pin::pin;

use futures_util::TryStreamExt as _;
use vcc_query::Selection;

use super::error::error;
use super::pool::Pool;
use super::rows::text;
use super::session::Session;
use super::statements as s;
use crate::export::{ExportSender, is_full, piece, without_pages};
use crate::plan::Plan;
use crate::record::TextsBuilder;
use crate::{Export, StoreError, TenantId};

const DOING: &str = "cannot export records";

/// One snapshot for all statements, and no time limit: that of the connection is for pages.
const BEGIN: &str =
    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = 0";

/// Reads a list in one transaction. The server sends rows only as fast as they are consumed here.
pub(super) async fn export(
    pool: &Pool,
    tenant: TenantId,
    selection: &Selection,
) -> Result<Export, StoreError> {
    let (pool, selection) = (pool.clone(), without_pages(selection));
    Export::begin(|sender| async move {
        let Some(plan) = Plan::all(tenant, &selection) else { return Ok(()) };
        let lease = pool.get().await?;
        match read(&lease, &plan, sender).await {
            Ok(true) => lease.give_back(),
            // Dropping the lease cancels the statement.
            Ok(false) => {}
            Err(error) => return Err(lease.at(error)),
        }
        Ok(())
    })
    .await
}

/// Reads and sends the records; `false` if the receiver stopped before the end.
async fn read(
    session: &Session,
    plan: &Plan<'_>,
    sender: ExportSender,
) -> Result<bool, StoreError> {
    let failed = error(DOING);
    session.client.batch_execute(BEGIN).await.map_err(&failed)?;
    // The server has taken its snapshot once it begins to send rows.
    let rows = session.stream_built(&s::page(plan, false)).await.map_err(&failed)?;
    let _ = sender.begun.send(());
    let (mut rows, mut records) = (pin!(rows), TextsBuilder::default());
    while let Some(row) = rows.try_next().await.map_err(&failed)? {
        let start = row.try_get(0).map_err(&failed)?;
        records.add(start, |index| text(&row, index)).map_err(&failed)?;
        if is_full(&records) && sender.pieces.send(piece(&mut records)?).await.is_err() {
            return Ok(false);
        }
    }
    session.client.batch_execute("COMMIT").await.map_err(&failed)?;
    let is_taken = records.len() == 0 || sender.pieces.send(piece(&mut records)?).await.is_ok();
    Ok(is_taken)
}
