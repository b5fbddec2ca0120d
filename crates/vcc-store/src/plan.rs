//! What a selection is to an engine: ranges of whole microseconds, an index to read, a statement.

use std::ops::Range;

use chrono::{DateTime, Utc};
use vcc_query::{Edge, Filter, Selection, Wanted};
use vcc_types::{Field, Order, Recording};

use crate::counts::Direction;
#[cfg(feature = "sqlite")]
use crate::sql::{BYTES, COLUMNS};
use crate::sql::{Sql, column};
use crate::{Deletion, TenantId};

/// A selection in the terms of the schema.
#[derive(Debug)]
pub(crate) struct Plan<'a> {
    pub(crate) tenant: TenantId,
    /// Half-open, in microseconds. Without an end, the least or greatest integer stands for it.
    pub(crate) start: Range<i64>,
    finish: Option<Range<i64>>,
    filters: &'a [Filter],
    pub(crate) direction: Direction,
    /// How many records come before the first of the page.
    pub(crate) skip: u64,
    /// How many records the page has at most.
    pub(crate) size: usize,
}

/// From how many skipped records on the counts are asked where the page begins.
const DEEP: u64 = 200;

/// No list is this long. What comes before a list may be added to an offset below it: the sum is
/// still an integer of the engines.
const UNREACHED: u64 = 1 << 62;

/// The five indexes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Index {
    Start,
    Finish,
    Agent,
    Phone,
    Transaction,
}

#[cfg(test)]
impl Index {
    /// What the index is called in both schemas.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Start => "recordings_start",
            Self::Finish => "recordings_finish",
            Self::Agent => "recordings_agent",
            Self::Phone => "recordings_phone",
            Self::Transaction => "recordings_transaction",
        }
    }
}

impl<'a> Plan<'a> {
    /// The plan of a selection; `None` where nothing can match.
    pub(crate) fn new(tenant: TenantId, selection: &'a Selection) -> Option<Self> {
        let mut start = i64::MIN..i64::MAX;
        let mut finish = None;
        if let Some(window) = &selection.window {
            start = ceil(window.from)..ceil(window.until);
        }
        if let Some(near) = &selection.near {
            // NEAR-1: closed at both ends.
            let range = ceil(near.from)..near.until.timestamp_micros() + 1;
            match near.edge {
                Edge::Start => start = start.start.max(range.start)..start.end.min(range.end),
                Edge::Finish => finish = Some(range),
            }
        }
        let nothing = start.is_empty()
            || finish.as_ref().is_some_and(Range::is_empty)
            || selection.filters.iter().any(is_vain)
            || selection.page_size == 0;
        // PAGE-4: a number that no list reaches.
        let skip = selection.first.saturating_sub(1);
        (!nothing && skip < UNREACHED).then_some(Self {
            tenant,
            start,
            finish,
            filters: &selection.filters,
            direction: match selection.order {
                Order::StartAscending => Direction::Ascending,
                Order::StartDescending => Direction::Descending,
            },
            skip,
            size: selection.page_size as usize,
        })
    }

    /// Whether the page begins far down a list that the start alone decides, so that the counts
    /// tell where.
    pub(crate) fn is_deep(&self) -> bool {
        self.skip >= DEEP && self.finish.is_none() && self.filters.is_empty()
    }

    /// The index that leaves the fewest rows to look at: a key, then ten seconds of finishes, then
    /// a party of the call, then the window.
    pub(crate) fn index(&self) -> Index {
        let filters = |field| self.filters.iter().any(|filter| filter.field == field);
        if filters(Field::TransactionId) {
            Index::Transaction
        } else if self.finish.is_some() {
            Index::Finish
        } else if filters(Field::PhoneNumber) {
            Index::Phone
        } else if filters(Field::AgentId) {
            Index::Agent
        } else {
            Index::Start
        }
    }

    /// The statement that reads the page, and one record more to tell whether there is one: places
    /// of records that it gathers, or the numbers, starts and lengths of records. It names the index
    /// that it reads: the plan needs no statistics and never changes.
    #[cfg(feature = "sqlite")]
    pub(crate) fn page_for_sqlite(&self, gathers: bool) -> Sql {
        let mut sql = Sql::default();
        match gathers {
            true => sql.push("SELECT gather(").push(COLUMNS).push(")"),
            false => sql.push("SELECT id, start, ").push(BYTES),
        };
        sql.push(" FROM recordings").push(match self.index() {
            Index::Start => " INDEXED BY recordings_start",
            Index::Finish => " INDEXED BY recordings_finish",
            Index::Agent => " INDEXED BY recordings_agent",
            Index::Phone => " INDEXED BY recordings_phone",
            Index::Transaction => " INDEXED BY recordings_transaction",
        });
        self.conditions(&mut sql);
        self.order(&mut sql);
        sql.push(" LIMIT ").integer(self.size as i64 + 1);
        if self.skip > 0 {
            sql.push(" OFFSET ").integer(self.skip.cast_signed());
        }
        sql
    }

    /// The statement that reads one record.
    #[cfg(feature = "sqlite")]
    pub(crate) fn record_for_sqlite(tenant: TenantId, id: i64) -> Sql {
        let mut sql = Sql::default();
        sql.push("SELECT ").push(COLUMNS).push(" FROM recordings WHERE tenant = ");
        sql.integer(tenant.0).push(" AND id = ").integer(id);
        sql
    }

    /// The statement that counts the records that start in a range, from the index alone.
    #[cfg(feature = "sqlite")]
    pub(crate) fn count(tenant: TenantId, start: Range<i64>) -> Sql {
        let mut sql = Sql::default();
        sql.push("SELECT count(*) FROM recordings WHERE tenant = ").integer(tenant.0);
        sql.push(" AND start >= ").integer(start.start);
        sql.push(" AND start < ").integer(start.end);
        sql
    }

    /// The statement that reads the counts of a range of buckets.
    #[cfg(feature = "sqlite")]
    pub(crate) fn counts(
        tenant: TenantId,
        level: i64,
        buckets: Range<i64>,
        direction: Direction,
    ) -> Sql {
        let mut sql = Sql::default();
        sql.push("SELECT bucket, records FROM counts WHERE tenant = ").integer(tenant.0);
        sql.push(" AND level = ").integer(level);
        sql.push(" AND bucket >= ").integer(buckets.start);
        sql.push(" AND bucket < ").integer(buckets.end);
        sql.push(match direction {
            Direction::Ascending => " ORDER BY bucket",
            Direction::Descending => " ORDER BY bucket DESC",
        });
        sql
    }

    /// The statement that finds some records to be deleted: their numbers and starts.
    #[cfg(feature = "sqlite")]
    pub(crate) fn doomed_for_sqlite(tenant: TenantId, deletion: &Deletion, limit: i64) -> Sql {
        let mut sql = Sql::default();
        sql.push("SELECT id, start FROM recordings");
        if matches!(deletion, Deletion::Before(_)) {
            sql.push(" INDEXED BY recordings_start");
        }
        Self::doomed(&mut sql, tenant, deletion, limit);
        sql
    }

    /// The statement that deletes such records of a bulk load that has not ended.
    #[cfg(feature = "sqlite")]
    pub(crate) fn delete_staged(tenant: TenantId, deletion: &Deletion) -> Sql {
        let mut sql = Sql::default();
        sql.push("DELETE FROM staged");
        Self::condemned(&mut sql, tenant, deletion);
        sql
    }

    /// Which records are to be deleted next, from `WHERE` on.
    pub(crate) fn doomed(sql: &mut Sql, tenant: TenantId, deletion: &Deletion, limit: i64) {
        Self::condemned(sql, tenant, deletion);
        if matches!(deletion, Deletion::Before(_)) {
            sql.push(" ORDER BY start");
        }
        sql.push(" LIMIT ").integer(limit);
    }

    /// Which records are to be deleted, from `WHERE` on.
    fn condemned(sql: &mut Sql, tenant: TenantId, deletion: &Deletion) {
        sql.push(" WHERE tenant = ").integer(tenant.0);
        match deletion {
            Deletion::Before(instant) => {
                sql.push(" AND start < ").integer(ceil(*instant));
            }
            Deletion::Field(Field::StartDate, _) => {
                sql.push(" AND start IS NULL");
            }
            Deletion::Field(field, value) => {
                sql.push(" AND ").push(column(*field)).push(" = ").text(value);
            }
        }
    }

    /// What a record must meet, from `WHERE` on.
    pub(crate) fn conditions(&self, sql: &mut Sql) {
        // AUTH-4: every statement is led by the tenant.
        sql.push(" WHERE tenant = ").integer(self.tenant.0);
        if self.start.start > i64::MIN {
            sql.push(" AND start >= ").integer(self.start.start);
        }
        if self.start.end < i64::MAX {
            sql.push(" AND start < ").integer(self.start.end);
        }
        self.finish_condition(sql);
        for filter in self.filters {
            filter_condition(sql, filter);
        }
    }

    /// The part of the conditions that is on the finish.
    pub(crate) fn finish_condition(&self, sql: &mut Sql) {
        if let Some(finish) = &self.finish {
            sql.push(" AND finish >= ").integer(finish.start);
            sql.push(" AND finish < ").integer(finish.end);
        }
    }

    /// The part of the conditions that is on a field.
    #[cfg(feature = "postgres")]
    pub(crate) fn field_condition(&self, sql: &mut Sql, field: Field) {
        self.filters
            .iter()
            .filter(|filter| filter.field == field)
            .for_each(|filter| filter_condition(sql, filter));
    }

    /// `ORDER BY`. PAGE-5: the last key is the order of arrival.
    pub(crate) fn order(&self, sql: &mut Sql) {
        sql.push(match self.direction {
            Direction::Ascending => " ORDER BY start, transaction_id, filename, id",
            Direction::Descending => {
                " ORDER BY start DESC, transaction_id DESC, filename DESC, id DESC"
            }
        });
    }
}

fn filter_condition(sql: &mut Sql, filter: &Filter) {
    match &filter.wanted {
        Wanted::Text(text) => {
            sql.push(" AND ").push(column(filter.field)).push(" = ").text(text);
        }
        // FIELD-4: as a number. `is_vain` has seen to it that it is one of the engine's.
        Wanted::Seconds(seconds) => {
            sql.push(" AND seconds = ").integer(seconds.cast_signed());
        }
        // `Plan::new` has seen to it.
        Wanted::Never => {}
    }
}

/// Whether no record can hold what a filter wants. U+0000 never gets in (OUT-6), and PostgreSQL
/// does not even read it.
fn is_vain(filter: &Filter) -> bool {
    match &filter.wanted {
        Wanted::Never => true,
        Wanted::Text(text) => text.contains('\0'),
        // FIELD-4: what no record is stored with. A program of schema version 1 beside this one may
        // still write one that wraps around, which is to be found by no number.
        Wanted::Seconds(seconds) => *seconds > Recording::MAX_DURATION,
    }
}

/// The first whole microsecond that is not before an instant. Starts are whole microseconds, so
/// `start >= instant` and `start < instant` mean the same of it.
fn ceil(instant: DateTime<Utc>) -> i64 {
    let micros = instant.timestamp_micros();
    micros + i64::from(!instant.timestamp_subsec_nanos().is_multiple_of(1_000))
}
