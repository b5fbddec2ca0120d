//! The space and the bytes of deleted rows. A server keeps the bytes in its pages until other rows
//! overwrite them, and in its log as long as it keeps that.

use tokio_postgres::error::SqlState;

use super::bulk;
use super::error::error;
use super::session::Session;
use super::statements as s;
use crate::{StoreError, StoreErrorKind, Vacuum, Vacuumed};

/// Vacuums the tables, or rewrites them.
pub(super) async fn vacuum(session: &Session, vacuum: Vacuum) -> Result<Vacuumed, StoreError> {
    let failed = error("cannot vacuum the store");
    // The server skips tables of other roles without an error.
    let rows = session.query(s::OTHERS_TABLES, &[]).await.map_err(&failed)?;
    if let Some(row) = rows.first() {
        let table: String = row.try_get(0).map_err(&failed)?;
        let why = format!("the table {table} belongs to another role, which alone may do that");
        return Err(
            StoreError::new(StoreErrorKind::Refused, "cannot vacuum the store").with_source(why)
        );
    }
    let statement = if vacuum.full { s::VACUUM_FULL } else { s::VACUUM };
    session.client.batch_execute(statement.text).await.map_err(&failed)?;
    if bulk::is_staged(&session.client).await.map_err(&failed)? {
        let statement = if vacuum.full { s::VACUUM_STAGED_FULL } else { s::VACUUM_STAGED };
        match session.client.batch_execute(statement.text).await {
            // The load has ended meanwhile, and its table is now that of the recordings.
            Err(error) if error.code() == Some(&SqlState::UNDEFINED_TABLE) => {}
            vacuumed => vacuumed.map_err(failed)?,
        }
    }
    Ok(Vacuumed::NO_FILES)
}
