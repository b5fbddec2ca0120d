use vcc_store::StoredRecord;
use vcc_types::{Field, Row as _};

use crate::selftest::defect::Hook::List;
use crate::selftest::defect::{Family, defect};
use crate::selftest::site::{Site, in_time, paged};

/// The records of all tenants for which `wanted` is true, by their start.
fn everybody(site: &Site, wanted: impl Fn(&StoredRecord) -> bool) -> Vec<StoredRecord> {
    let all = site.residents.iter().flat_map(|resident| &resident.rows);
    let mut rows: Vec<_> = all.filter(|row| wanted(row)).cloned().collect();
    rows.sort_by_key(StoredRecord::start_micros);
    rows
}

/// Whether a request asks for something in a record.
fn has_filters(selection: &vcc_query::Selection) -> bool {
    !selection.filters.is_empty()
}

pub(super) const TENANTS: Family = Family {
    name: "other tenants' recordings",
    defects: &[
        defect(
            "all-see-all",
            &["AUTH-4"],
            "that lists the recordings of all tenants",
            List(|s, _, site| paged(everybody(site, |row| s.matches(row)), s)),
        ),
        defect(
            "the-others",
            &["AUTH-4"],
            "that adds the recordings of another tenant at the end",
            List(|s, incoming, site| {
                let mine = site.resident(incoming);
                let other = site.residents.iter().find(|resident| resident.name != mine.name);
                let rows = mine.rows.iter().chain(other.iter().flat_map(|other| &other.rows));
                paged(rows.filter(|row| s.matches(row)).cloned().collect(), s)
            }),
        ),
        defect(
            "leak-by-field",
            &["AUTH-4"],
            "that forgets the tenant where fields are given",
            List(|s, incoming, site| {
                if has_filters(s) {
                    paged(everybody(site, |row| s.matches(row)), s)
                } else {
                    site.page(s, incoming, |row| s.matches(row))
                }
            }),
        ),
        defect(
            "leak-by-transaction",
            &["AUTH-4"],
            "that forgets the tenant where a transactionID is given",
            List(|s, incoming, site| {
                if s.filters.iter().any(|filter| filter.field == Field::TransactionId) {
                    paged(everybody(site, |row| s.matches(row)), s)
                } else {
                    site.page(s, incoming, |row| s.matches(row))
                }
            }),
        ),
        defect(
            "leak-by-file-name",
            &["AUTH-4"],
            "that forgets the tenant where a file name is given",
            List(|s, incoming, site| {
                if s.filters.iter().any(|filter| filter.field == Field::Filename) {
                    paged(everybody(site, |row| s.matches(row)), s)
                } else {
                    site.page(s, incoming, |row| s.matches(row))
                }
            }),
        ),
        defect(
            "leak-by-date",
            &["AUTH-4"],
            "that forgets the tenant where d is given",
            List(|s, incoming, site| {
                if s.window.is_some() {
                    paged(everybody(site, |row| s.matches(row)), s)
                } else {
                    site.page(s, incoming, |row| s.matches(row))
                }
            }),
        ),
        defect(
            "leak-by-look-up",
            &["AUTH-4"],
            "that forgets the tenant in look-ups",
            List(|s, incoming, site| {
                if s.near.is_some() {
                    paged(everybody(site, |row| s.matches(row)), s)
                } else {
                    site.page(s, incoming, |row| s.matches(row))
                }
            }),
        ),
        defect(
            "leak-by-page",
            &["AUTH-4", "PAGE-3a", "PAGE-5a"],
            "that goes on with the recordings of others past the end",
            List(|s, incoming, site| {
                let mine = site.resident(incoming).rows.iter().filter(|row| s.matches(row));
                let mut rows: Vec<_> = mine.cloned().collect();
                if s.first > 1 {
                    rows.extend(everybody(site, |row| s.matches(row)));
                }
                paged(rows, s)
            }),
        ),
        defect(
            "leak-in-csv",
            &["AUTH-4", "OUT-4a"],
            "that forgets the tenant in CSV",
            List(|s, incoming, site| {
                if incoming.is_csv() {
                    paged(everybody(site, |row| s.matches(row)), s)
                } else {
                    site.page(s, incoming, |row| s.matches(row))
                }
            }),
        ),
        defect(
            "fields-of-another",
            &["AUTH-4", "FIELD-1a"],
            "that looks at the first tenant for everybody",
            List(|s, _, site| {
                let rows = site.residents[0].rows.iter().filter(|row| s.matches(row));
                paged(rows.cloned().collect(), s)
            }),
        ),
        defect(
            "collisions-merged",
            &["AUTH-4", "FIELD-1a", "PAGE-5a"],
            "that hides a recording whose transactionID another tenant has too",
            List(|s, incoming, site| {
                let mine = site.resident(incoming);
                let others = site.residents.iter().filter(|resident| resident.name != mine.name);
                let taken: Vec<&str> = others
                    .flat_map(|resident| &resident.rows)
                    .map(|row| row.text(Field::TransactionId))
                    .collect();
                site.page(s, incoming, |row| {
                    in_time(s, row)
                        && s.matches(row)
                        && !taken.contains(&row.text(Field::TransactionId))
                })
            }),
        ),
    ],
};
