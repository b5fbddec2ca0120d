//! What a selection is to an engine: ranges of whole microseconds, an index to read, conditions.

use std::ops::Range;

use vcc_query::{Edge, Filter, Selection, Wanted};
use vcc_types::{Field, Order, Recording};

use crate::TenantId;
use crate::index::{EVERYWHERE, Given, Index};
use crate::micros::ceil;
use crate::record::TEXTS;
use crate::sql::Sql;
use crate::sql::columns::column;

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
    pub(crate) order: Order,
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

/// No list is this long. An offset below it may be added to what comes before a list: the sum is still an
/// integer of the engines.
const UNREACHED: u64 = 1 << 62;

/// Of two fields with an index, the earlier one leaves fewer rows: first a key, a party or a case of the
/// call, then what many calls share. The finish and its ten seconds come after the first.
const NARROWEST: [Field; TEXTS] = [
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
    /// The plan of a selection; `None` if nothing can match.
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
            order: selection.order,
            skip,
            size: selection.page_size as usize,
        })
    }

    /// The plan of a whole list, as if it were one page. PostgreSQL gets its size as a value, so that it
    /// plans for a list of which little may be read: in the order of an index, and without a sort.
    pub(crate) fn all(tenant: TenantId, selection: &'a Selection) -> Option<Self> {
        let plan = Self::new(tenant, selection)?;
        Some(Self { size: (i64::MAX - 1) as usize, ..plan })
    }

    /// Whether the page begins far down a list that the start alone decides, so that the counts tell
    /// where.
    pub(crate) fn is_deep(&self) -> bool {
        self.skip >= DEEP && self.finish.is_none() && self.filters.is_empty()
    }

    /// The field that alone decides the page, besides the start, if it begins far down the list. An
    /// index of that field tells where, without a look at the records before: 20,000 of its entries are
    /// stepped over in less time than some 400 records are read.
    pub(crate) fn is_deep_in(&self) -> Option<Field> {
        let field = self.filters.first()?.field;
        let alone = self.finish.is_none() && self.filters.iter().all(|other| other.field == field);
        // A transaction has few records, and its index is not in the order of a list.
        (self.skip >= DEEP && alone && field != Field::TransactionId).then_some(field)
    }

    /// Leaves out of a list what comes before the records that start at an instant.
    #[cfg(feature = "sqlite")]
    pub(crate) fn begin_at(&mut self, start: i64) {
        match self.order {
            Order::StartAscending => self.start.start = start,
            Order::StartDescending => self.start.end = start + 1,
        }
    }

    /// Whether an index is of use that only some stores have.
    #[cfg(feature = "sqlite")]
    pub(crate) fn wants_given(&self) -> bool {
        self.finish.is_none()
            && crate::index::INDEXABLE.iter().any(|field| self.is_found_by(*field))
    }

    /// Whether the index of a field finds what is selected.
    fn is_found_by(&self, field: Field) -> bool {
        self.filters.iter().any(|filter| {
            // The index by duration is one of numbers.
            filter.field == field
                && (field != Field::Duration || matches!(filter.wanted, Wanted::Seconds(_)))
        })
    }

    /// The index that leaves the fewest rows to look at.
    pub(crate) fn index(&self) -> Index {
        let of = |field: &Field| {
            let is_there = EVERYWHERE.contains(field) || self.given.has(*field);
            is_there && self.is_found_by(*field)
        };
        match NARROWEST.into_iter().find(of) {
            Some(Field::TransactionId) => Index::Of(Field::TransactionId),
            _ if self.finish.is_some() => Index::Finish,
            Some(field) => Index::Of(field),
            None => Index::Start,
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
    pub(crate) fn order_by(&self, sql: &mut Sql) {
        sql.push(match self.order {
            Order::StartAscending => " ORDER BY start, transaction_id, filename, id",
            Order::StartDescending => {
                " ORDER BY start DESC, transaction_id DESC, filename DESC, id DESC"
            }
        });
    }

    /// `ORDER BY` the start alone.
    pub(crate) fn order_by_start(&self, sql: &mut Sql) {
        sql.push(match self.order {
            Order::StartAscending => " ORDER BY start",
            Order::StartDescending => " ORDER BY start DESC",
        });
    }
}

fn filter_condition(sql: &mut Sql, filter: &Filter) {
    match &filter.wanted {
        Wanted::Text(text) => {
            sql.push(" AND ").push(column(filter.field)).push(" = ").text(text);
        }
        // FIELD-4: as a number. `is_vain` has made sure that the engine has such a number.
        Wanted::Seconds(seconds) => {
            sql.push(" AND seconds = ").integer(seconds.cast_signed());
        }
        // `Plan::new` has no plan for it.
        Wanted::Never => {}
    }
}

/// Whether no record can hold what a filter wants. U+0000 is never stored (OUT-6), and PostgreSQL does not
/// even read it.
fn is_vain(filter: &Filter) -> bool {
    match &filter.wanted {
        Wanted::Never => true,
        Wanted::Text(text) => text.contains('\0'),
        // FIELD-4: no record is stored with more. A program of schema version 1 beside this one may still
        // write one that wraps around; no number is to find that.
        Wanted::Seconds(seconds) => *seconds > Recording::MAX_DURATION,
    }
}
