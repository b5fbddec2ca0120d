//! What a defect may know: who the tenants are, what they hold, and the time.

use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, Utc};
use vcc_query::{Context, Query, Selection, Wanted, Window, Zone};
use vcc_store::{Page, StoredRecord};
use vcc_types::{Dialect, Field, Row};

use super::incoming::{Incoming, encode};

/// A tenant with its records in the order of the list.
pub(super) struct Resident {
    pub(super) name: String,
    pub(super) token: String,
    pub(super) zone: Zone,
    pub(super) rows: Vec<StoredRecord>,
}

/// The server behind a defect.
pub(super) struct Site {
    pub(super) residents: Vec<Resident>,
    now: DateTime<Utc>,
    served: AtomicU64,
}

impl Site {
    pub(super) fn new(residents: Vec<Resident>, now: DateTime<Utc>) -> Self {
        Self { residents, now, served: AtomicU64::new(0) }
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// A number that grows with each call.
    pub(super) fn next(&self) -> u64 {
        self.served.fetch_add(1, Ordering::Relaxed)
    }

    /// The tenant that asks; the first one where the credentials name none.
    pub(super) fn resident(&self, incoming: &Incoming) -> &Resident {
        let name = incoming.credentials().map(|(name, _)| name);
        let found = self.residents.iter().find(|resident| Some(&resident.name) == name.as_ref());
        found.unwrap_or(&self.residents[0])
    }

    /// The zone of the dates of a request.
    pub(super) fn zone(&self, incoming: &Incoming) -> Zone {
        let named = incoming.get("tz").and_then(|name| name.parse().ok());
        named.unwrap_or_else(|| self.resident(incoming).zone)
    }

    /// What a request means if dates without a zone of their own are in `zone`.
    pub(super) fn resolve(&self, incoming: &Incoming, zone: Zone) -> Option<Selection> {
        self.selection(incoming.query.as_deref().unwrap_or_default(), zone)
    }

    fn selection(&self, query: &str, zone: Zone) -> Option<Selection> {
        let context = Context { now: self.now(), tenant_tz: zone, dialect: Dialect::default() };
        Query::parse(query).ok()?.resolve(&context).ok()
    }

    /// The window of a text as `d`.
    pub(super) fn window(&self, d: &str, zone: Zone) -> Option<Window> {
        self.selection(&format!("d={}", encode(d)), zone)?.window
    }

    /// The instant of a text in a zone.
    pub(super) fn instant(&self, text: &str, zone: Zone) -> Option<DateTime<Utc>> {
        Some(self.selection(&format!("start-date={}", encode(text)), zone)?.near?.at)
    }

    /// The page of those of the asking tenant's records that are wanted.
    pub(super) fn page(
        &self,
        selection: &Selection,
        incoming: &Incoming,
        wanted: impl Fn(&StoredRecord) -> bool,
    ) -> Page {
        let rows = self.resident(incoming).rows.iter().filter(|row| wanted(row));
        paged(rows.cloned().collect(), selection)
    }

    /// The page under another idea of equal texts: field, the record's value, the value asked for.
    pub(super) fn page_by(
        &self,
        selection: &Selection,
        incoming: &Incoming,
        equal: fn(Field, &str, &str) -> bool,
    ) -> Page {
        self.page(selection, incoming, |row| {
            in_time(selection, row)
                && selection.filters.iter().all(|filter| match &filter.wanted {
                    Wanted::Text(text) => {
                        equal(filter.field, row.text(filter.field), text.as_str())
                    }
                    _ => filter.matches(row),
                })
        })
    }
}

/// The page of a list.
pub(super) fn paged(rows: Vec<StoredRecord>, selection: &Selection) -> Page {
    let skip = usize::try_from(selection.first - 1).unwrap_or(usize::MAX);
    let mut records: Vec<_> =
        rows.into_iter().skip(skip).take(selection.page_size as usize + 1).collect();
    let more = records.len() > selection.page_size as usize;
    records.truncate(selection.page_size as usize);
    Page { records, more, rest: None }
}

/// Whether a record's start and finish match, whatever its fields hold.
pub(super) fn in_time(selection: &Selection, row: &StoredRecord) -> bool {
    let times = Selection { filters: Vec::new(), ..selection.clone() };
    times.matches(row)
}

/// A date in words that the reference reads: an instant in UTC.
pub(super) fn utc(instant: DateTime<Utc>) -> String {
    instant.format("%Y-%m-%dT%H:%M:%S%.fZ").to_string()
}

/// The finish of a record whose duration may be absent.
pub(super) fn finish_or_start(row: &StoredRecord) -> DateTime<Utc> {
    row.finish().or_else(|| row.start()).unwrap_or_default()
}
