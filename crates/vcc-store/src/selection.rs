//! Selections that a store makes itself, and that its tests begin with.

use vcc_query::{Selection, Zone};
use vcc_types::Order;

/// The first page of all records of a tenant.
pub(crate) fn everything() -> Selection {
    Selection {
        window: None,
        near: None,
        filters: Vec::new(),
        first: 1,
        page_size: 50,
        order: Order::StartAscending,
        response_zone: Zone::UTC,
        notes: Vec::new(),
    }
}

/// One record of a tenant, whichever comes first: what [`Store::ready`](crate::Store::ready) reads.
pub(crate) fn any_record() -> Selection {
    Selection { page_size: 1, ..everything() }
}
