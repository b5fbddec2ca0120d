//! Exports.

use vcc_query::Selection;

use super::random::Chance;
use super::samples::{acme, everything, expected, optional};
use crate::Store;

pub(super) async fn an_export_is_the_list_without_pages(store: &dyn Store) {
    let acme = acme(store).await.id;
    let mut chance = Chance::new(2);
    let records: Vec<_> = (0..300).map(|number| chance.record(number)).collect();
    store.import(acme, records.clone().into()).await.unwrap();
    for number in 0..40 {
        // First of all records.
        let selection = if number == 0 { everything() } else { chance.selection() };
        let Some(mut export) = optional(store.export(acme, &selection).await) else { return };
        let mut exported = Vec::new();
        while let Some(piece) = export.next().await.unwrap() {
            assert!(!piece.is_empty());
            exported.extend(piece);
        }
        let whole = Selection { first: 1, page_size: u32::MAX, ..selection.clone() };
        assert!(exported == expected(&records, &whole).0, "{selection:#?}\n{exported:#?}");
    }
}
