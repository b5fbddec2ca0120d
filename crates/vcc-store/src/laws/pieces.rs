//! Long pages, read in pieces.

use chrono::{DateTime, TimeDelta};
use vcc_query::{Edge, Filter, Near, Selection, Wanted, Window};
use vcc_types::{Field, Order, Recording, Row as _};

use super::samples::{everything, expected};
use crate::{
    Batch, Deletion, OnConflict, Page, Store, StoreError, StoreErrorKind, StoredRecord, TenantId,
};

/// How much text is read at once, in bytes.
const LIMIT: usize = 256 * 1024;

const START: DateTime<chrono::Utc> = DateTime::UNIX_EPOCH;

/// A record that starts so many seconds after others, with so many bytes of text in one field.
fn record(number: usize, length: usize) -> StoredRecord {
    let fields = [Field::Channel, Field::ExtVar1, Field::WrapUpCode, Field::Duration];
    // "00…05" is a duration, and as long as it is written.
    let text = "0".repeat(length.saturating_sub(1)) + "5";
    let recording = Recording::new()
        .with(Field::AgentId, if number.is_multiple_of(3) { "bill" } else { "mary" })
        .with(Field::PhoneNumber, "7")
        .with(Field::TransactionId, "t")
        .with(Field::Filename, &format!("{number:04}"))
        .with(Field::Duration, "5")
        .with(fields[number % 4], &text);
    let start = START + TimeDelta::seconds(number as i64 / 7);
    StoredRecord::with_start(&recording, start).unwrap()
}

fn bytes(records: &[StoredRecord]) -> usize {
    records.iter().flat_map(StoredRecord::texts).map(str::len).sum()
}

/// The pieces in which a page is read.
async fn pieces(store: &dyn Store, tenant: TenantId, selection: &Selection) -> Vec<Page> {
    let mut pieces = vec![store.begin(tenant, selection).await.unwrap()];
    while let Some(rest) = pieces.last_mut().and_then(|page| page.rest.take()) {
        let left = rest.records();
        let next = store.rest(tenant, selection, rest).await.unwrap();
        let rest = next.rest.as_ref().map_or(0, |rest| rest.records());
        assert!(rest + next.records.len() == left && rest < left);
        pieces.push(next);
    }
    pieces
}

pub(super) async fn a_long_page_comes_in_pieces(store: &dyn Store) {
    let acme = store.add_tenant("acme", "UTC".parse().unwrap(), START).await.unwrap().id;
    // Short ones, ones of a tenth of the limit, and now and then one beyond it.
    let lengths = [10, 30_000, 9_000, 100, 700_000, 5, 20_000, 262_144, 8_000];
    let lengths = (0..400).map(|number| lengths[number % lengths.len()]);
    let records: Vec<_> = lengths.enumerate().map(|(n, length)| record(n, length)).collect();
    store.import(acme, records.clone().into()).await.unwrap();
    let rows = records;
    let text = |field, text: &str| Filter { field, wanted: Wanted::Text(text.into()) };
    let from = START + TimeDelta::seconds(20);
    let window = Some(Window { from, until: from + TimeDelta::seconds(30) });
    let near = |edge| {
        let (from, until) = (from - TimeDelta::seconds(5), from + TimeDelta::seconds(5));
        Some(Near { edge, at: from, tolerance: 5, from, until })
    };
    let all = everything();
    let mut selections = vec![
        Selection { first: 349, ..all.clone() },
        Selection { first: 399, ..all.clone() },
        Selection { first: 451, ..all.clone() },
        Selection { window, first: 13, ..all.clone() },
        Selection { near: near(Edge::Start), ..all.clone() },
        Selection { near: near(Edge::Finish), first: 3, ..all.clone() },
        Selection { window, near: near(Edge::Finish), ..all.clone() },
        Selection { page_size: 1, first: 5, ..all.clone() },
        Selection { page_size: 120, ..all.clone() },
    ];
    for filter in [
        text(Field::AgentId, "bill"),
        text(Field::PhoneNumber, "7"),
        text(Field::TransactionId, "t"),
        text(Field::Filename, "0004"),
        text(Field::CaseId, ""),
        Filter { field: Field::Duration, wanted: Wanted::Seconds(5) },
    ] {
        selections.push(Selection { filters: vec![filter], first: 51, ..all.clone() });
    }
    selections.push(all);
    let gives_pages_whole = store.begin(acme, &everything()).await.unwrap().rest.is_none();
    let mut many = 0;
    for selection in selections {
        for order in [Order::StartAscending, Order::StartDescending] {
            let selection = Selection { order, ..selection.clone() };
            let (records, more) = expected(&rows, &selection);
            let pieces = pieces(store, acme, &selection).await;
            for (index, piece) in pieces.iter().enumerate() {
                assert_eq!(piece.more, more, "{selection:#?}");
                let is_one = index > 0 && piece.records.len() == 1;
                let is_short = bytes(&piece.records) <= LIMIT || is_one;
                assert!(is_short || gives_pages_whole, "{selection:#?}");
            }
            // Nor is a page cut without need.
            assert!(bytes(&records) > LIMIT / 2 || pieces.len() <= 2, "{selection:#?}");
            many = many.max(pieces.len());
            let joined: Vec<_> = pieces.into_iter().flat_map(|piece| piece.records).collect();
            assert!(joined == records, "{selection:#?}");
            let page = store.page(acme, &selection).await.unwrap();
            assert!(page.records == records && page.more == more && page.rest.is_none());
        }
    }
    assert!(many > 20 || gives_pages_whole, "{many}");
}

/// A record of a long text, and what is another in it.
fn longer(number: usize, change: &dyn Fn(Recording) -> Recording, seconds: i64) -> StoredRecord {
    let recording = Recording::new()
        .with(Field::AgentId, "bill")
        .with(Field::Filename, &format!("{number:04}"))
        .with(Field::ExtVar1, &"x".repeat(100_000));
    let start = START + TimeDelta::seconds(seconds);
    StoredRecord::with_start(&change(recording), start).unwrap()
}

/// The first piece of the page of bill's, which has two records.
async fn first(store: &dyn Store, tenant: TenantId, selection: &Selection) -> Page {
    let mut page = store.begin(tenant, selection).await.unwrap();
    if page.records.is_empty() {
        // An engine may find out first which records there are.
        page = store.rest(tenant, selection, page.rest.unwrap()).await.unwrap();
    }
    assert_eq!((page.records.len(), page.more), (2, false));
    page
}

/// All that is left of a page.
async fn others(
    store: &dyn Store,
    tenant: TenantId,
    selection: &Selection,
    page: Page,
) -> Result<Vec<StoredRecord>, StoreError> {
    let (mut records, mut rest) = (Vec::new(), page.rest);
    while let Some(left) = rest {
        let page = store.rest(tenant, selection, left).await?;
        records.extend(page.records);
        rest = page.rest;
    }
    Ok(records)
}

/// What changes between two pieces is neither doubled nor left out: what cannot be shown any more ends
/// the page in an error, for a client takes a page with fewer records for the last one.
pub(super) async fn a_page_in_pieces_stays_the_page_that_it_was(store: &dyn Store) {
    let acme = store.add_tenant("acme", "UTC".parse().unwrap(), START).await.unwrap().id;
    let same = |recording| recording;
    let records: Vec<_> = (0..20).map(|number| longer(number, &same, 10 * number as i64)).collect();
    store.import(acme, records.clone().into()).await.unwrap();
    let filters = vec![Filter { field: Field::AgentId, wanted: Wanted::Text("bill".into()) }];
    let selection = Selection { filters, ..everything() };
    let update = async |record: StoredRecord| {
        let on_conflict = OnConflict::Update;
        let batch = Batch { records: vec![record], on_conflict, checkpoint: None };
        assert_eq!(store.import(acme, batch).await.unwrap().updated, 1);
    };
    if store.begin(acme, &selection).await.unwrap().rest.is_none() {
        return;
    }
    let page = first(store, acme, &selection).await;
    assert!(page.records == records[..2]);

    // One that was sent moves to the end, one says something else, and one is new.
    update(longer(0, &same, 1_000)).await;
    update(longer(6, &|recording| recording.with(Field::ExtVar2, "seen"), 60)).await;
    store.import(acme, vec![longer(99, &same, 45)].into()).await.unwrap();
    let next = others(store, acme, &selection, page).await.unwrap();
    let names: Vec<_> = next.iter().map(|record| record.text(Field::Filename)).collect();
    assert_eq!(names, (2..20).map(|number| format!("{number:04}")).collect::<Vec<_>>());
    assert_eq!(next[4].text(Field::ExtVar2), "seen");

    // One that was not sent is deleted, moves, or is another agent's now; or the tenant goes.
    for change in ["deleted", "moved", "another's", "no tenant"] {
        let page = first(store, acme, &selection).await;
        match change {
            "deleted" => {
                let gone = Deletion::Field(Field::Filename, "0007".into());
                assert_eq!(store.delete(acme, &gone).await.unwrap(), 1);
            }
            "moved" => update(longer(10, &same, 1)).await,
            "another's" => {
                update(longer(5, &|recording| recording.with(Field::AgentId, "mary"), 50)).await;
            }
            _ => drop(store.remove_tenant(acme).await.unwrap()),
        }
        let Err(error) = others(store, acme, &selection, page).await else { panic!("{change}") };
        assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{change}");
    }
}

/// The same numbers in another tenant are other records (AUTH-4).
pub(super) async fn the_rest_of_a_page_is_its_tenants(store: &dyn Store) {
    let zone = "UTC".parse().unwrap();
    let acme = store.add_tenant("acme", zone, START).await.unwrap().id;
    let globex = store.add_tenant("globex", zone, START).await.unwrap().id;
    let records: Vec<_> = (0..5).map(|number| record(number, 200_000)).collect();
    store.import(acme, records.into()).await.unwrap();
    let rest = store.begin(acme, &everything()).await.unwrap().rest;
    let Some(rest) = rest else { return };
    let error = store.rest(globex, &everything(), rest).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
}
