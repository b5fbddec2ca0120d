//! What selections can look like to an engine, with the index that answers each.

use chrono::DateTime;
use vcc_query::{Edge, Filter, Near, Selection, Wanted, Window};
use vcc_types::{Field, Order};

use crate::StoredRecord;
use crate::index::{EVERYWHERE, Index, searched};
use crate::selection::everything;

/// A selection, and how it must be answered.
pub(crate) struct Shape {
    pub(crate) selection: Selection,
    pub(crate) index: Index,
    /// The columns of the index, after the tenant, that find the rows: nothing else is read.
    pub(crate) found_by: Vec<&'static str>,
}

fn filter(field: Field) -> Filter {
    let wanted = match field {
        Field::Duration => Wanted::Seconds(27),
        _ => Wanted::Text("7".into()),
    };
    Filter { field, wanted }
}

/// A window, ±5 s on the start and on the finish, each field alone, a window with each field, and
/// ±5 s with each field: in both orders.
pub(crate) fn shapes() -> Vec<Shape> {
    let at = |seconds: i64| DateTime::from_timestamp(1_700_900_000 + seconds, 0).unwrap();
    let window = Some(Window { from: at(0), until: at(86_400) });
    let near = |edge| Some(Near { edge, at: at(0), tolerance: 5, from: at(-5), until: at(5) });
    let mut shapes = Vec::new();
    let mut add = |window, near, filters: &[Filter], index, found_by: &[&'static str]| {
        for order in [Order::StartAscending, Order::StartDescending] {
            let filters = filters.to_vec();
            let selection = Selection { window, near, filters, order, ..everything() };
            shapes.push(Shape { selection, index, found_by: found_by.to_vec() });
        }
    };
    add(None, None, &[], Index::Start, &[]);
    add(window, None, &[], Index::Start, &["start"]);
    add(None, near(Edge::Start), &[], Index::Start, &["start"]);
    add(None, near(Edge::Finish), &[], Index::Finish, &["finish"]);
    add(window, near(Edge::Start), &[], Index::Start, &["start"]);
    add(window, near(Edge::Finish), &[], Index::Finish, &["finish"]);
    for field in StoredRecord::text_fields() {
        let filters = &[filter(field)];
        let (index, alone, with_start) = match field {
            Field::TransactionId => (Index::Of(field), by(field, false), by(field, false)),
            _ if EVERYWHERE.contains(&field) => {
                (Index::Of(field), by(field, false), by(field, true))
            }
            // The tenant's rows by start, until the page is full or the deadline has come.
            _ => (Index::Start, Vec::new(), vec!["start"]),
        };
        let by_finish = match index {
            Index::Of(Field::TransactionId) => (index, &alone[..]),
            _ => (Index::Finish, &["finish"][..]),
        };
        add(None, None, filters, index, &alone);
        add(window, None, filters, index, &with_start);
        add(None, near(Edge::Start), filters, index, &with_start);
        add(None, near(Edge::Finish), filters, by_finish.0, by_finish.1);
        add(window, near(Edge::Finish), filters, by_finish.0, by_finish.1);
    }
    shapes
}

/// Deep pages of one field, alone and in a window, in both orders.
pub(crate) fn deep(field: Field) -> Vec<Shape> {
    let from = DateTime::from_timestamp(1_700_900_000, 0).unwrap();
    let window = Window { from, until: from + chrono::TimeDelta::days(30) };
    let mut shapes = Vec::new();
    for (window, found_by) in [(None, by(field, false)), (Some(window), by(field, true))] {
        for order in [Order::StartAscending, Order::StartDescending] {
            let filters = vec![filter(field)];
            let selection = Selection { window, filters, order, first: 1_001, ..everything() };
            let index = Index::Of(field);
            shapes.push(Shape { selection, index, found_by: found_by.clone() });
        }
    }
    shapes
}

/// The columns of a field's own index, without or with a window.
fn by(field: Field, window: bool) -> Vec<&'static str> {
    let start = window.then_some("start");
    std::iter::once(searched(field)).chain(start).collect()
}
