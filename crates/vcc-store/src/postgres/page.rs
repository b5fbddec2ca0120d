//! Pages, and the rest of a page.

use std::collections::HashMap;
use std::pin::pin;

use futures_util::TryStreamExt as _;
use tokio_postgres::Error;
use vcc_types::Field;

use super::deep::deep;
use super::rows::{record, text};
use super::session::Session;
use super::statements as s;
use crate::plan::Plan;
use crate::record::TextsBuilder;
use crate::rest::{LIMIT, Pending};
use crate::{Page, Rest, StoredRecord, TenantId};

/// The columns after those of the fields.
const ID: usize = Field::COUNT;
const BYTES: usize = Field::COUNT + 1;

/// Reads the page of a plan with one statement: one round trip, and one snapshot. `None` if it is
/// longer than what is read at once; the rest of its rows is not read.
pub(super) async fn page(session: &Session, plan: &Plan<'_>) -> Result<Option<Page>, Error> {
    let mut rows = pin!(if plan.is_deep() {
        deep(session, plan, false).await?
    } else {
        session.stream_built(&s::page(plan, false)).await?
    });
    let (mut records, mut count) = (TextsBuilder::default(), 0);
    while let Some(row) = rows.try_next().await? {
        count += 1;
        // Of the record after the page only its existence matters.
        if count <= plan.size {
            records.add(row.try_get(0)?, |index| text(&row, index))?;
        }
        if records.size() > LIMIT {
            session.leave();
            return Ok(None);
        }
    }
    Ok(Some(Page { records: built(&records), more: count > plan.size, rest: None }))
}

/// [`page`] for texts that may be long: the server sends only what is read at once.
pub(super) async fn guarded_page(session: &Session, plan: &Plan<'_>) -> Result<Page, Error> {
    let rows = if plan.is_deep() {
        deep(session, plan, true).await?
    } else {
        session.stream_built(&s::page(plan, true)).await?
    };
    let rows: Vec<_> = rows.try_collect().await?;
    let more = rows.len() > plan.size;
    let (mut records, mut long) = (TextsBuilder::default(), false);
    let mut left = Vec::new();
    for row in rows.iter().take(plan.size) {
        let bytes = usize::try_from(row.try_get::<_, i32>(BYTES)?).unwrap_or(usize::MAX);
        // From the first record that is too much, all are left for later.
        long |= bytes > s::SHORT || records.size() + bytes > LIMIT;
        if long {
            left.push(Pending { id: row.try_get(ID)?, start: row.try_get(0)?, bytes });
        } else {
            records.add(row.try_get(0)?, |index| text(row, index))?;
        }
    }
    Ok(Page { records: built(&records), more, rest: Rest::new(left, more).left() })
}

fn built(records: &TextsBuilder) -> Vec<StoredRecord> {
    // Text that PostgreSQL sent is UTF-8, and its length was limited above.
    let texts = records.build().expect("texts that can be stored");
    StoredRecord::all(texts).collect()
}

/// Reads records of a page by their numbers.
pub(super) async fn pick(
    session: &Session,
    tenant: TenantId,
    ids: &[i64],
) -> Result<HashMap<i64, StoredRecord>, Error> {
    let rows = session.query(s::PICK, &[&tenant.0, &ids]).await?;
    rows.iter().map(|row| Ok((row.try_get(ID)?, record(row)?))).collect()
}
