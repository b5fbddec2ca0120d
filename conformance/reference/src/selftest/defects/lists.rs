use vcc_types::{Field, Row as _};

use crate::selftest::defect::Hook::{Answer, List};
use crate::selftest::defect::{Family, defect};
use crate::selftest::site::{in_time, paged};

pub(super) const LISTS: Family = Family {
    name: "lists",
    defects: &[
        defect(
            "fields-after-paging",
            &["PAGE-1", "PAGE-2", "PAGE-5a", "FIELD-1a"],
            "that applies fields to the records of a page only",
            List(|s, incoming, site| {
                let rows =
                    site.resident(incoming).rows.iter().filter(|row| in_time(s, row)).cloned();
                let mut page = paged(rows.collect(), s);
                page.records.retain(|row| s.matches(row));
                page
            }),
        ),
        defect(
            "d-after-paging",
            &["PAGE-1", "PAGE-2", "PAGE-5a", "DATE-1", "DATE-2a"],
            "that applies dates to the records of a page only",
            List(|s, incoming, site| {
                let rows = site.resident(incoming).rows.iter();
                let found = rows.filter(|row| s.filters.iter().all(|filter| filter.matches(row)));
                let mut page = paged(found.cloned().collect(), s);
                page.records.retain(|row| s.matches(row));
                page
            }),
        ),
        defect(
            "ties-change",
            &["PAGE-5a"],
            "that orders records of the same start differently at each request",
            List(|s, incoming, site| {
                let rows = site.resident(incoming).rows.iter().filter(|row| s.matches(row));
                let mut rows: Vec<_> = rows.cloned().collect();
                let turn = site.next() as usize;
                for ties in rows.chunk_by_mut(|a, b| a.start_micros() == b.start_micros()) {
                    ties.rotate_left(turn % ties.len());
                }
                paged(rows, s)
            }),
        ),
        defect(
            "ties-by-page",
            &["PAGE-5a"],
            "that turns ties round on every other page",
            List(|s, incoming, site| {
                let rows = site.resident(incoming).rows.iter().filter(|row| s.matches(row));
                let mut rows: Vec<_> = rows.cloned().collect();
                if s.first / 50 % 2 == 1 {
                    for ties in rows.chunk_by_mut(|a, b| a.start_micros() == b.start_micros()) {
                        ties.reverse();
                    }
                }
                paged(rows, s)
            }),
        ),
        defect(
            "csv-sorts-otherwise",
            &["OUT-4a"],
            "whose CSV is in another order than its XML",
            Answer(|outgoing, _, _| {
                if outgoing.is_csv() {
                    let mut cells = outgoing.cells();
                    if cells.len() > 2 {
                        cells[1..].reverse();
                        let next = std::cell::RefCell::new(cells.into_iter().skip(1));
                        outgoing.rows(|_| next.borrow_mut().next());
                    }
                }
            }),
        ),
        defect(
            "one-a-transaction",
            &["FIELD-1a", "PAGE-5a", "PAGE-1", "PAGE-2"],
            "that lists one record a transactionID",
            List(|s, incoming, site| {
                let rows = site.resident(incoming).rows.iter().filter(|row| s.matches(row));
                let mut seen = std::collections::HashSet::new();
                let rows =
                    rows.filter(|row| seen.insert(row.text(Field::TransactionId).to_owned()));
                paged(rows.cloned().collect(), s)
            }),
        ),
        defect(
            "one-a-start",
            &["PAGE-5a", "PAGE-1", "PAGE-2", "FIELD-1a"],
            "that lists one record an instant",
            List(|s, incoming, site| {
                let rows = site.resident(incoming).rows.iter().filter(|row| s.matches(row));
                let mut rows: Vec<_> = rows.cloned().collect();
                rows.dedup_by_key(|row| row.start_micros());
                paged(rows, s)
            }),
        ),
        defect(
            "incomplete-dropped",
            &["FIELD-1a", "PAGE-5a", "FIELD-7"],
            "that drops records without a duration",
            List(|s, incoming, site| {
                site.page(s, incoming, |row| {
                    s.matches(row) && !row.text(Field::Duration).is_empty()
                })
            }),
        ),
        defect(
            "special-dropped",
            &["PAGE-5a", "FIELD-1a", "OUT-2", "OUT-1a"],
            "that drops records with a character that needs escaping",
            List(|s, incoming, site| {
                let plain = |row: &vcc_store::StoredRecord| {
                    Field::ALL.iter().all(|field| {
                        *field == Field::StartDate || !row.text(*field).contains(['&', '<', '"'])
                    })
                };
                site.page(s, incoming, |row| s.matches(row) && plain(row))
            }),
        ),
        defect(
            "non-ascii-dropped",
            &["PAGE-5a", "FIELD-1a", "OUT-2", "REQ-5"],
            "that drops records with a character beyond ASCII",
            List(|s, incoming, site| {
                let ascii = |row: &vcc_store::StoredRecord| {
                    let mut fields = Field::ALL.iter().filter(|field| **field != Field::StartDate);
                    fields.all(|field| row.text(*field).is_ascii())
                };
                site.page(s, incoming, |row| s.matches(row) && ascii(row))
            }),
        ),
        defect(
            "newest-dropped",
            &["PAGE-5a", "PAGE-2", "DATE-8a", "PAGE-1"],
            "that lists no record of the last hour, and none that is still to come",
            List(|s, incoming, site| {
                let until = site.now().timestamp_micros() - 3_600_000_000;
                site.page(s, incoming, |row| s.matches(row) && row.start_micros() < until)
            }),
        ),
    ],
};
