use tokio_postgres::{Error, Row};
use vcc_types::Field;

use super::deep::Before;
use super::session::Session;
use super::statements::{DEEP_ASCENDING, DEEP_DESCENDING};
use crate::counts::Direction;
use crate::plan::{Index, Plan};
use crate::record::Records;
use crate::sql::{COLUMNS, Sql};
use crate::{Page, StoredRecord};

/// Reads the page of a plan: one statement, so one round trip and one snapshot.
pub(super) async fn page(session: &Session, plan: &Plan<'_>) -> Result<Page, Error> {
    let rows = if plan.is_deep() {
        deep(session, plan).await?
    } else {
        session.query_built(&plan.page_for_postgres()).await?
    };
    let more = rows.len() > plan.size;
    let mut records = Records::default();
    for row in rows.iter().take(plan.size) {
        records.add(row.try_get(0)?, |index| text(row, index))?;
    }
    // More than can share one text is kept one by one.
    let records = match records.build() {
        Some(records) => records,
        None => rows.iter().take(plan.size).map(record).collect::<Result<_, _>>()?,
    };
    Ok(Page { records, more })
}

async fn deep(session: &Session, plan: &Plan<'_>) -> Result<Vec<Row>, Error> {
    let Before { records, levels: [ten, sixteen, twenty_two, twenty_eight] } =
        Before::new(&plan.start, plan.direction);
    let (statement, end) = match plan.direction {
        Direction::Ascending => (DEEP_ASCENDING, plan.start.end),
        Direction::Descending => (DEEP_DESCENDING, plan.start.start),
    };
    session
        .query(
            statement,
            &[
                &plan.tenant.0,
                &plan.skip.cast_signed(),
                &records.start,
                &records.end,
                &ten.start,
                &ten.end,
                &sixteen.start,
                &sixteen.end,
                &twenty_two.start,
                &twenty_two.end,
                &twenty_eight.start,
                &twenty_eight.end,
                &end,
                &(plan.size as i64 + 1),
            ],
        )
        .await
}

/// Reads a record from a row that begins with [`COLUMNS`].
pub(super) fn record(row: &Row) -> Result<StoredRecord, Error> {
    let record = StoredRecord::from_texts(row.try_get(0)?, |index| text(row, index))?;
    // What was read as text is UTF-8, and one record of texts that can be stored is short.
    Ok(record.expect("texts that can be stored"))
}

fn text(row: &Row, index: usize) -> Result<&[u8], Error> {
    row.try_get::<_, &str>(index + 1).map(str::as_bytes)
}

impl Plan<'_> {
    /// The statement that reads the page, and one record more to tell whether there is one.
    ///
    /// PostgreSQL takes no hints. Where an instant or a key leaves few rows, the order of the list
    /// could still tempt it to walk the list until it has met enough of them; so those rows are
    /// found first, in a part of the statement that the rest of it does not reach into.
    pub(super) fn page_for_postgres(&self) -> Sql {
        let mut sql = Sql::default();
        let index = self.index();
        if matches!(index, Index::Finish | Index::Transaction) {
            sql.push("WITH found AS MATERIALIZED (SELECT * FROM recordings WHERE tenant = ");
            sql.integer(self.tenant.0);
            match index {
                Index::Finish => self.finish_condition(&mut sql),
                _ => self.field_condition(&mut sql, Field::TransactionId),
            }
            sql.push(") SELECT ").push(COLUMNS).push(" FROM found");
        } else {
            sql.push("SELECT ").push(COLUMNS).push(" FROM recordings");
        }
        self.conditions(&mut sql);
        self.order(&mut sql);
        // A constant where it can be one, so that the plan is made for a short list.
        match self.size {
            50 => sql.push(" LIMIT 51"),
            size => sql.push(" LIMIT ").integer(size as i64 + 1),
        };
        if self.skip > 0 {
            sql.push(" OFFSET ").integer(self.skip.cast_signed());
        }
        sql
    }
}
