//! The indexes that fields are given.

use tokio_postgres::Error;
use vcc_types::Field;

use super::error::error;
use super::session::Session;
use super::statements as s;
use crate::index::{Given, INDEXABLE, Index, SHORT, has_short_texts_only, refused, searched};
use crate::{StoreError, StoreErrorKind};

/// The lock for making or dropping an index. It is not that of the schema: making an index
/// concurrently waits for transactions, also for those that wait for a lock.
const LOCK: i64 = super::migrate::LOCK + 1;

/// The fields that were given an index. One that is still being made does not count.
pub(super) async fn given(session: &Session) -> Result<Given, Error> {
    let rows = session.query(s::INDEXES, &[]).await?;
    let names = rows.iter().map(|row| row.try_get(0)).collect::<Result<Vec<&str>, Error>>()?;
    Ok(Given::named(names))
}

/// Gives a field an index, or takes it away; `false` if nothing changes.
pub(super) async fn set(session: &Session, field: Field, wanted: bool) -> Result<bool, StoreError> {
    if !INDEXABLE.contains(&field) {
        return Err(refused(field));
    }
    let doing = if wanted { "cannot make an index" } else { "cannot drop an index" };
    let failed = error(doing);
    let rows = session.query(s::TRY_LOCK, &[&LOCK]).await.map_err(&failed)?;
    if !rows.first().is_some_and(|row| row.try_get(0).unwrap_or(false)) {
        let held = "another makes or drops one: try again later";
        return Err(StoreError::new(StoreErrorKind::Unavailable, doing).with_source(held));
    }
    let changed = change(session, field, wanted).await;
    // A connection that has failed is closed, and holds no lock.
    let unlocked = session.query(s::UNLOCK, &[&LOCK]).await;
    changed.and_then(|changed| unlocked.map(|_| changed)).map_err(failed)
}

async fn change(session: &Session, field: Field, wanted: bool) -> Result<bool, Error> {
    let was = given(session).await?.has(field);
    if wanted && was {
        return Ok(false);
    }
    // Also the remains of an interrupted one: it slows writes down, and answers nothing.
    let name = Index::Of(field).name();
    session.client.batch_execute(&format!("DROP INDEX CONCURRENTLY IF EXISTS {name}")).await?;
    if wanted {
        session.client.batch_execute(&make(field)).await?;
    }
    Ok(wanted || was)
}

/// The statement that makes the index of a field while others write.
fn make(field: Field) -> String {
    let (name, column) = (Index::Of(field).name(), searched(field));
    let only = match has_short_texts_only(field) {
        true => format!(" WHERE octet_length({column}) <= {SHORT}"),
        false => String::new(),
    };
    format!(
        "CREATE INDEX CONCURRENTLY IF NOT EXISTS {name} ON recordings (tenant, {column}, start){only}"
    )
}
