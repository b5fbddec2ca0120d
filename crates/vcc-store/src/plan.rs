//! What a selection is to an engine: ranges of whole microseconds, an index to read, a statement.

use std::ops::Range;

use chrono::{DateTime, Utc};
use vcc_query::{Edge, Filter, Selection, Wanted};
use vcc_types::{Field, Order, Recording};

use crate::counts::Direction;
use crate::index::{Given, Index};
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
    pub(crate) filters: &'a [Filter],
    /// The fields that have an index here besides those of every store.
    pub(crate) given: Given,
    pub(crate) direction: Direction,
    /// How many records come before the first of the page.
    pub(crate) skip: u64,
    /// How many records the page has at most.
    pub(crate) size: usize,
}

/// From how many skipped records on it is looked up first where the page begins: in the counts, or in
/// the index of a field.
const DEEP: u64 = 200;

/// How many records before a page are looked at for those that start when its first one does.
pub(crate) const LOOK_BACK: u64 = 50;

/// No list is this long. What comes before a list may be added to an offset below it: the sum is
/// still an integer of the engines.
const UNREACHED: u64 = 1 << 62;

/// Of two fields with an index, that of the earlier leaves fewer rows: a key, a party or a case of the
/// call, then what many calls share. The finish and its ten seconds come after the first.
const NARROWEST: [Field; 14] = [
    Field::TransactionId,
    Field::Filename,
    Field::PhoneNumber,
    Field::CaseId,
    Field::AccountNumber,
    Field::AgentId,
    Field::ExtVar1,
    Field::ExtVar2,
    Field::Channel,
    Field::OutDialCode,
    Field::Duration,
    Field::WrapUpCode,
    Field::QueueId,
    Field::QueueName,
];

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
            given: Given::default(),
            direction: match selection.order {
                Order::StartAscending => Direction::Ascending,
                Order::StartDescending => Direction::Descending,
            },
            skip,
            size: selection.page_size as usize,
        })
    }

    /// The plan of all of a list, as if it were one page. In PostgreSQL its size is bound, so that the list
    /// is planned as one of which little may be read: in the order of an index, and without a sort.
    pub(crate) fn all(tenant: TenantId, selection: &'a Selection) -> Option<Self> {
        let plan = Self::new(tenant, selection)?;
        Some(Self { size: (i64::MAX - 1) as usize, ..plan })
    }

    /// Whether the page begins far down a list that the start alone decides, so that the counts
    /// tell where.
    pub(crate) fn is_deep(&self) -> bool {
        self.skip >= DEEP && self.finish.is_none() && self.filters.is_empty()
    }

    /// The field that alone decides the page, besides the start, if it begins far down the list. An
    /// index of that field tells where, without a look at the records before: 20,000 of its entries
    /// are stepped over in less time than some 400 records are read.
    pub(crate) fn is_deep_in(&self) -> Option<Field> {
        let field = self.filters.first()?.field;
        let alone = self.finish.is_none() && self.filters.iter().all(|other| other.field == field);
        // Of one transaction there are few, and their index is not in the order of a list.
        (self.skip >= DEEP && alone && field != Field::TransactionId).then_some(field)
    }

    /// Leaves out of a list what comes before those records that start then.
    #[cfg(feature = "sqlite")]
    pub(crate) fn begin_at(&mut self, start: i64) {
        match self.direction {
            Direction::Ascending => self.start.start = start,
            Direction::Descending => self.start.end = start + 1,
        }
    }

    /// Whether an index is of use that only some stores have.
    #[cfg(feature = "sqlite")]
    pub(crate) fn asks_for_given(&self) -> bool {
        self.finish.is_none()
            && crate::index::INDEXABLE.iter().any(|field| self.is_found_by(*field))
    }

    /// Whether the index of a field finds what is asked.
    fn is_found_by(&self, field: Field) -> bool {
        self.filters.iter().any(|filter| {
            // The index by duration is one of numbers.
            filter.field == field
                && (field != Field::Duration || matches!(filter.wanted, Wanted::Seconds(_)))
        })
    }

    /// The index that leaves the fewest rows to look at.
    pub(crate) fn index(&self) -> Index {
        let everywhere = [Field::TransactionId, Field::PhoneNumber, Field::AgentId];
        let of = |field: &Field| {
            let is_there = everywhere.contains(field) || self.given.has(*field);
            is_there && self.is_found_by(*field)
        };
        match NARROWEST.into_iter().find(of) {
            Some(Field::TransactionId) => Index::Of(Field::TransactionId),
            _ if self.finish.is_some() => Index::Finish,
            Some(field) => Index::Of(field),
            None => Index::Start,
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
        self.index_and_conditions(&mut sql);
        self.order(&mut sql);
        sql.push(" LIMIT ").integer(self.size as i64 + 1);
        if self.skip > 0 {
            sql.push(" OFFSET ").integer(self.skip.cast_signed());
        }
        sql
    }

    /// The statement that reads all of the list. By the index of the starts nothing is sorted; by another,
    /// what ties is, for which SQLite takes a file where it is much.
    #[cfg(feature = "sqlite")]
    pub(crate) fn all_for_sqlite(&self) -> Sql {
        let mut sql = Sql::default();
        sql.push("SELECT ").push(COLUMNS);
        self.index_and_conditions(&mut sql);
        self.order(&mut sql);
        sql
    }

    /// `FROM` the index of the plan, and the conditions.
    #[cfg(feature = "sqlite")]
    fn index_and_conditions(&self, sql: &mut Sql) {
        sql.push(" FROM recordings INDEXED BY ").push(self.index().name());
        self.conditions(sql);
    }

    /// The statement that reads, out of an index alone, the starts of the records up to the first of
    /// a deep page: that one, and before it [`LOOK_BACK`].
    #[cfg(feature = "sqlite")]
    pub(crate) fn starts_for_sqlite(&self) -> Sql {
        let mut sql = Sql::default();
        sql.push("SELECT start");
        self.index_and_conditions(&mut sql);
        self.order_by_start(&mut sql);
        sql.push(" LIMIT ").integer(LOOK_BACK.cast_signed() + 1);
        sql.push(" OFFSET ").integer((self.skip - LOOK_BACK).cast_signed());
        sql
    }

    /// The statement that counts what matches, out of an index alone.
    #[cfg(feature = "sqlite")]
    pub(crate) fn count_for_sqlite(&self) -> Sql {
        let mut sql = Sql::default();
        sql.push("SELECT count(*)");
        self.index_and_conditions(&mut sql);
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
        if matches!(deletion, Deletion::Before(_) | Deletion::All) {
            sql.push(" INDEXED BY recordings_start");
        }
        Self::doomed(&mut sql, tenant, deletion, limit);
        sql
    }

    /// The statement that says how many records are to be deleted, and when the first and the last of
    /// them start: from the index alone where there is one.
    #[cfg(feature = "sqlite")]
    pub(crate) fn reach_for_sqlite(tenant: TenantId, deletion: &Deletion) -> Sql {
        let mut sql = Sql::default();
        sql.push(REACH).push(" FROM recordings").push(match deletion {
            Deletion::Before(_) | Deletion::All => " INDEXED BY recordings_start",
            Deletion::Field(Field::PhoneNumber, _) => " INDEXED BY recordings_phone",
            Deletion::Field(Field::AgentId, _) => " INDEXED BY recordings_agent",
            Deletion::Field(..) => "",
        });
        Self::condemned(&mut sql, tenant, deletion);
        sql
    }

    /// The same of a bulk load that has not ended.
    pub(crate) fn reach_staged(tenant: TenantId, deletion: &Deletion) -> Sql {
        let mut sql = Sql::default();
        sql.push(REACH).push(" FROM staged");
        Self::condemned(&mut sql, tenant, deletion);
        sql
    }

    /// The same for PostgreSQL.
    #[cfg(feature = "postgres")]
    pub(crate) fn reach_for_postgres(tenant: TenantId, deletion: &Deletion) -> Sql {
        let mut sql = Sql::default();
        sql.push(REACH).push(" FROM recordings");
        Self::condemned(&mut sql, tenant, deletion);
        sql
    }

    /// The statement that deletes such records of a bulk load that has not ended.
    pub(crate) fn delete_staged(tenant: TenantId, deletion: &Deletion) -> Sql {
        let mut sql = Sql::default();
        sql.push("DELETE FROM staged");
        Self::condemned(&mut sql, tenant, deletion);
        sql
    }

    /// Which records are to be deleted next, from `WHERE` on.
    pub(crate) fn doomed(sql: &mut Sql, tenant: TenantId, deletion: &Deletion, limit: i64) {
        Self::condemned(sql, tenant, deletion);
        if matches!(deletion, Deletion::Before(_) | Deletion::All) {
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
            Deletion::All => {}
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

    /// `ORDER BY` the start alone.
    pub(crate) fn order_by_start(&self, sql: &mut Sql) {
        sql.push(match self.direction {
            Direction::Ascending => " ORDER BY start",
            Direction::Descending => " ORDER BY start DESC",
        });
    }
}

/// How many records there are, and the first and the last start of them.
const REACH: &str = "SELECT count(*), min(start), max(start)";

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
