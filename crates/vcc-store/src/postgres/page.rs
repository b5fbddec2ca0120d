use std::collections::HashMap;
use std::pin::pin;

use futures_util::TryStreamExt as _;
use tokio_postgres::{Error, Row, RowStream};
use vcc_query::Wanted;
use vcc_types::Field;

use super::deep::Before;
use super::session::Session;
use super::statements::{
    DEEP_ASCENDING, DEEP_DESCENDING, GUARDED_DEEP_ASCENDING, GUARDED_DEEP_DESCENDING, PICK,
    Statement,
};
use crate::counts::Direction;
use crate::index::{Index, SHORT as SHORT_TEXT, is_short};
use crate::plan::{LOOK_BACK, Plan};
use crate::record::TextsBuilder;
use crate::rest::{LIMIT, Left};
use crate::sql::{COLUMNS, Sql};
use crate::{Page, Rest, StoredRecord, TenantId};

/// How many bytes a record has at most that comes with a guarded page. What is longer comes by itself,
/// so that it is read once it is sent.
const SHORT: usize = 8 * 1024;

/// What is read of a guarded page: the columns of each record, its number and how many bytes its texts
/// have, around what gives the records. The long texts are left out where that is more than
/// [`SHORT`].
///
/// `OFFSET 0`: the bytes are counted once, and after the page has been cut out of its list. No text is
/// read to be counted; still it takes PostgreSQL half as long again as the page by itself.
macro_rules! guarded {
    (from) => {
        concat!(
            "SELECT start, agent_id, phone_number, ",
            guarded!("channel"),
            guarded!("case_id"),
            guarded!("duration"),
            "filename, ",
            guarded!("queue_id"),
            guarded!("queue_name"),
            guarded!("account_number"),
            "transaction_id, ",
            guarded!("ext_var1"),
            guarded!("ext_var2"),
            guarded!("out_dial_code"),
            guarded!("wrap_up_code"),
            "id, bytes FROM (SELECT *, octet_length(agent_id) + octet_length(phone_number)
             + octet_length(channel) + octet_length(case_id) + octet_length(duration)
             + octet_length(filename) + octet_length(queue_id) + octet_length(queue_name)
             + octet_length(account_number) + octet_length(transaction_id)
             + octet_length(ext_var1) + octet_length(ext_var2)
             + octet_length(out_dial_code) + octet_length(wrap_up_code) AS bytes FROM (",
        )
    };
    (to) => {
        ") AS page OFFSET 0) AS page"
    };
    ($column:literal) => {
        concat!("CASE WHEN bytes <= 8192 THEN ", $column, " END, ")
    };
}
pub(super) use guarded;

/// Reads the page of a plan: one statement, so one round trip and one snapshot. `None`: it is longer
/// than what is read at one go, and has been left.
pub(super) async fn page(session: &Session, plan: &Plan<'_>) -> Result<Option<Page>, Error> {
    let mut rows = pin!(if plan.is_deep() {
        deep(session, plan, [DEEP_ASCENDING, DEEP_DESCENDING]).await?
    } else {
        session.stream_built(&plan.page_for_postgres(false)).await?
    });
    let (mut records, mut count) = (TextsBuilder::default(), 0);
    while let Some(row) = rows.try_next().await? {
        count += 1;
        // Of the record after the page nothing matters but that it is there.
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

/// [`page`] where its texts may be long: nothing that is not read at one go leaves the server.
pub(super) async fn guarded_page(session: &Session, plan: &Plan<'_>) -> Result<Page, Error> {
    let rows = if plan.is_deep() {
        deep(session, plan, [GUARDED_DEEP_ASCENDING, GUARDED_DEEP_DESCENDING]).await?
    } else {
        session.stream_built(&plan.page_for_postgres(true)).await?
    };
    let rows: Vec<_> = rows.try_collect().await?;
    let more = rows.len() > plan.size;
    let (mut records, mut long) = (TextsBuilder::default(), false);
    let mut left = Vec::new();
    for row in rows.iter().take(plan.size) {
        let bytes = usize::try_from(row.try_get::<_, i32>(BYTES)?).unwrap_or(usize::MAX);
        // From the first record on that is too much, all are left.
        long |= bytes > SHORT || records.size() + bytes > LIMIT;
        if long {
            left.push(Left { id: row.try_get(ID)?, start: row.try_get(0)?, bytes });
        } else {
            records.add(row.try_get(0)?, |index| text(row, index))?;
        }
    }
    Ok(Page { records: built(&records), more, rest: Rest::new(left, more).left() })
}

fn built(records: &TextsBuilder) -> Vec<StoredRecord> {
    // What was read as text is UTF-8, and not longer than can be counted.
    let texts = records.build().expect("texts that can be stored");
    StoredRecord::all(texts).collect()
}

/// The columns after those of the fields.
const ID: usize = Field::COUNT;
const BYTES: usize = Field::COUNT + 1;

/// Reads records of a page by their numbers.
pub(super) async fn pick(
    session: &Session,
    tenant: TenantId,
    ids: &[i64],
) -> Result<HashMap<i64, StoredRecord>, Error> {
    let rows = session.query(PICK, &[&tenant.0, &ids]).await?;
    rows.iter().map(|row| Ok((row.try_get(ID)?, record(row)?))).collect()
}

/// Runs the statement for the plan's direction, of those for ascending and for descending lists.
async fn deep(
    session: &Session,
    plan: &Plan<'_>,
    [ascending, descending]: [Statement; 2],
) -> Result<RowStream, Error> {
    let Before { records, levels: [ten, sixteen, twenty_two, twenty_eight] } =
        Before::new(&plan.start, plan.direction);
    let (statement, end) = match plan.direction {
        Direction::Ascending => (ascending, plan.start.end),
        Direction::Descending => (descending, plan.start.start),
    };
    session
        .stream(
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

/// Reads a record from a row that begins with [`COLUMNS`](crate::sql::COLUMNS).
pub(super) fn record(row: &Row) -> Result<StoredRecord, Error> {
    let record = StoredRecord::from_texts(row.try_get(0)?, |index| text(row, index))?;
    // What was read as text is UTF-8, and one record of texts that can be stored is short.
    Ok(record.expect("texts that can be stored"))
}

/// A text of such a row, by its position among them.
pub(super) fn text(row: &Row, index: usize) -> Result<&[u8], Error> {
    row.try_get::<_, &str>(index + 1).map(str::as_bytes)
}

impl Plan<'_> {
    /// The statement that reads the page, and one record more to tell whether there is one.
    ///
    /// PostgreSQL takes no hints. Where an instant or a key leaves few rows, the order of the list
    /// could still tempt it to walk the list until it has met enough of them; so those rows are
    /// found first, in a part of the statement that the rest of it does not reach into.
    pub(super) fn page_for_postgres(&self, guarded: bool) -> Sql {
        let mut sql = Sql::default();
        let index = self.index();
        let found = matches!(index, Index::Finish | Index::Of(Field::TransactionId));
        let leaps = self.is_deep_in().is_some();
        if found {
            sql.push("WITH found AS MATERIALIZED (SELECT * FROM recordings WHERE tenant = ");
            sql.integer(self.tenant.0);
            match index {
                Index::Finish => self.finish_condition(&mut sql),
                _ => self.field_condition(&mut sql, Field::TransactionId),
            }
            sql.push(") ");
        } else if leaps {
            self.place(&mut sql);
        }
        match guarded {
            true => sql.push(guarded!(from)).push("SELECT *"),
            false => sql.push("SELECT ").push(COLUMNS),
        };
        sql.push(if found { " FROM found" } else { " FROM recordings" });
        self.conditions(&mut sql);
        if !found {
            self.short_conditions(&mut sql);
        }
        if leaps {
            sql.push(match self.direction {
                Direction::Ascending => " AND start >= (SELECT start FROM place)",
                Direction::Descending => " AND start <= (SELECT start FROM place)",
            });
        }
        self.order(&mut sql);
        // A constant where it can be one, so that the plan is made for a short list.
        match self.size {
            50 => sql.push(" LIMIT 51"),
            size => sql.push(" LIMIT ").integer(size as i64 + 1),
        };
        if leaps {
            self.ties(&mut sql);
        } else if self.skip > 0 {
            sql.push(" OFFSET ").integer(self.skip.cast_signed());
        }
        if guarded {
            sql.push(guarded!(to));
        }
        sql
    }

    /// `WITH` the place of a deep page by one field: when its first record starts, and how many of the
    /// [`LOOK_BACK`] before it start then, too. An index of the field tells it without a look at the
    /// records before; without one this takes as long as an `OFFSET`. Where the list ends before, there
    /// is no place, and nothing is on the right side of NULL.
    fn place(&self, sql: &mut Sql) {
        sql.push("WITH edge AS MATERIALIZED (SELECT start FROM recordings");
        self.conditions(sql);
        self.short_conditions(sql);
        self.order_by_start(sql);
        sql.push(" LIMIT 51 OFFSET ").integer((self.skip - LOOK_BACK).cast_signed());
        sql.push(match self.direction {
            Direction::Ascending => "), last AS MATERIALIZED (SELECT max(start) AS start",
            Direction::Descending => "), last AS MATERIALIZED (SELECT min(start) AS start",
        });
        sql.push(
            " FROM edge HAVING count(*) = 51), place AS MATERIALIZED (SELECT last.start,
            (SELECT count(*) - 1 FROM edge WHERE edge.start = last.start) AS ties FROM last) ",
        );
    }

    /// `OFFSET`, from what starts at the place on. Where all that was looked at starts then, there may
    /// be more of it: how many come before is known from how many do not.
    fn ties(&self, sql: &mut Sql) {
        sql.push(" OFFSET (SELECT CASE WHEN ties < 50 THEN ties ELSE ");
        sql.integer(self.skip.cast_signed()).push(" - (SELECT count(*) FROM recordings");
        self.conditions(sql);
        self.short_conditions(sql);
        sql.push(match self.direction {
            Direction::Ascending => " AND start < (SELECT start FROM place)) END FROM place)",
            Direction::Descending => " AND start > (SELECT start FROM place)) END FROM place)",
        });
    }

    /// What an index says that a field may be given: that the texts of its entries are short. It follows
    /// from the conditions, but PostgreSQL does not see it.
    fn short_conditions(&self, sql: &mut Sql) {
        for filter in self.filters {
            let Wanted::Text(text) = &filter.wanted else { continue };
            if let Some(condition) = is_short(filter.field).filter(|_| text.len() <= SHORT_TEXT) {
                sql.push(" AND").push(condition);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::BYTES;

    #[test]
    fn what_is_guarded_is_every_text_that_can_be_long() {
        let text = guarded!(from);
        let guard = format!("CASE WHEN bytes <= {SHORT} THEN ");
        let (columns, bytes) = text.split_once(", id, bytes FROM (SELECT *, ").unwrap();
        let columns = columns.replace(&guard, "").replace(" END", "");
        assert_eq!(columns, format!("SELECT {COLUMNS}"));
        // Those that stand in an index have at most 1,000 bytes, and decide where a record stands.
        assert_eq!(text.matches(&guard).count(), Field::COUNT - 5);
        let bytes = bytes.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(bytes, format!("{BYTES} AS bytes FROM ("));
    }
}
