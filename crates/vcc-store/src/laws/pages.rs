//! Pages: what matches, in which order, and from where.

use chrono::{DateTime, TimeDelta};
use vcc_query::{Filter, Selection, Wanted, Window};
use vcc_types::{Field, Order, Recording, Row as _};

use super::random::Chance;
use super::samples::{NOW, acme, everything, expected, optional, record};
use crate::{Deletion, INDEXABLE, Store, StoredRecord, TokenHash};

/// FIELD-4: whatever a duration looks like, it compares as a number.
pub(super) async fn durations_compare_as_numbers(store: &dyn Store) {
    let acme = acme(store).await;
    let of = |(index, duration): (usize, &&str)| {
        let recording = Recording::new()
            .with(Field::TransactionId, &format!("{index:02}"))
            .with(Field::Duration, duration);
        StoredRecord::with_start(&recording, NOW).unwrap()
    };
    let zeros = format!("{}27", "0".repeat(2_000));
    let durations =
        ["27", "027", &zeros, "", "abc", "+27", "9223372036854775807", "09223372036854775807", "0"];
    let records: Vec<_> = durations.iter().enumerate().map(of).collect();
    store.import(acme.id, records.into()).await.unwrap();
    for (wanted, found) in [
        (Wanted::Seconds(27), &["27", "027", &zeros][..]),
        (Wanted::Seconds(0), &["0"]),
        (
            Wanted::Seconds(Recording::MAX_DURATION),
            &["9223372036854775807", "09223372036854775807"],
        ),
        (Wanted::Seconds(Recording::MAX_DURATION + 1), &[]),
        (Wanted::Seconds(u64::MAX), &[]),
        (Wanted::Never, &[]),
        (Wanted::Text("".into()), &[""]),
    ] {
        let filters = vec![Filter { field: Field::Duration, wanted: wanted.clone() }];
        let selection = Selection { filters, ..everything() };
        let page = store.page(acme.id, &selection).await.unwrap();
        let texts = page.records.iter().map(|record| record.text(Field::Duration));
        assert!(texts.eq(found.iter().copied()), "{wanted:?}: {:?}", page.records);
    }
}

pub(super) async fn what_no_record_can_hold_finds_nothing(store: &dyn Store) {
    let acme = acme(store).await;
    store.import(acme.id, vec![record("1", "a", "bill")].into()).await.unwrap();
    assert!(store.credentials("ac\0me", &TokenHash::of(b"x")).await.unwrap().is_none());
    for field in StoredRecord::text_fields().filter(|field| *field != Field::Duration) {
        let wanted = Wanted::Text("\0".into());
        let filters = vec![Filter { field, wanted }];
        let selection = Selection { filters, ..everything() };
        assert_eq!(store.page(acme.id, &selection).await.unwrap().records, []);
    }
    let nul = Deletion::Field(Field::AgentId, "\0".into());
    assert_eq!(store.delete(acme.id, &nul).await.unwrap(), 0);
}

/// PAGE-4: any number up to 2^64−1 is read, and finds nothing past the end.
pub(super) async fn a_number_that_no_list_reaches_finds_nothing(store: &dyn Store) {
    let acme = acme(store).await;
    store.import(acme.id, vec![record("1", "a", "bill")].into()).await.unwrap();
    let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
    // What is beside the window adds to the offset.
    let beside = [1_100_000_000, 1_189_999_999, 1_200_000_000, 1_300_000_000]
        .map(|seconds| StoredRecord::with_start(&Recording::new(), at(seconds)).unwrap());
    let beside = store.import(acme.id, beside.to_vec().into()).await.unwrap();
    assert_eq!(beside.added, 4);
    let window = Window { from: at(1_190_000_000), until: at(1_200_000_000) };
    let agent = Filter { field: Field::AgentId, wanted: Wanted::Text("bill".into()) };
    for order in [Order::StartAscending, Order::StartDescending] {
        for (window, filters, count) in
            [(None, vec![], 5), (Some(window), vec![], 1), (None, vec![agent.clone()], 1)]
        {
            let all = Selection { window, filters, order, ..everything() };
            assert_eq!(store.page(acme.id, &all).await.unwrap().records.len(), count);
            for power in 3..=64_u32 {
                let first = 1_u64.checked_shl(power).unwrap_or_default().wrapping_sub(1);
                for first in [first, first.saturating_add(1)] {
                    let selection = Selection { first, ..all.clone() };
                    let page = store.page(acme.id, &selection).await.unwrap();
                    assert!(page.records.is_empty() && !page.more, "{selection:?}");
                }
            }
        }
    }
}

/// More records of one start than an engine may want to hold before it has sorted them.
pub(super) async fn many_records_of_one_moment_are_pages_too(store: &dyn Store) {
    let acme = acme(store).await;
    // Every second one is another agent's; texts come in another order than they were added.
    let number = |index: u32| format!("{:05}", index * 7_919 % 5_003);
    let agent = |index: u32| if index.is_multiple_of(2) { "bill" } else { "mary" };
    let records: Vec<_> =
        (0..5_003).map(|index| record(&number(index), "a", agent(index))).collect();
    let mut numbers: Vec<_> = (0..5_003).step_by(2).map(number).collect();
    numbers.sort_unstable();
    store.import(acme.id, records.into()).await.unwrap();
    let bill = Filter { field: Field::AgentId, wanted: Wanted::Text("bill".into()) };
    for order in [Order::StartAscending, Order::StartDescending] {
        for first in [1, 2, 1_951, 2_001, 2_480, 2_502] {
            let filters = vec![bill.clone()];
            let selection = Selection { filters, order, first, ..everything() };
            let page = store.page(acme.id, &selection).await.unwrap();
            let answer = store
                .answer("acme", &TokenHash::of(b""), &mut |_| Some(selection.clone()))
                .await
                .unwrap();
            assert_eq!(answer.map(|answer| answer.records), Some(page.records.clone()));
            let found = page.records.iter().map(|record| record.text(Field::TransactionId));
            let size = selection.page_size as usize;
            let place = first as usize - 1;
            let expected: Vec<_> = match order {
                Order::StartAscending => numbers.iter().skip(place).take(size).collect(),
                Order::StartDescending => numbers.iter().rev().skip(place).take(size).collect(),
            };
            assert!(found.eq(expected.iter().copied()), "{order:?} {first}");
            assert_eq!(page.more, place + size < numbers.len(), "{order:?} {first}");
        }
    }
}

/// Where a page of one agent begins, for every number of records that start at once around there.
pub(super) async fn pages_begin_among_what_starts_at_once(store: &dyn Store) {
    let zone = "UTC".parse().unwrap();
    let agent = Filter { field: Field::AgentId, wanted: Wanted::Text("bill".into()) };
    for ties in [1_u32, 2, 49, 50, 51, 52, 101, 400] {
        let tenant = store.add_tenant(&format!("ties-{ties}"), zone, DateTime::UNIX_EPOCH).await;
        let tenant = tenant.unwrap().id;
        // 230 apart, then those at once in an order of their own, then 230 apart.
        let record = |number: u32| {
            let at = i64::from(number.min(230) + number.saturating_sub(230 + ties));
            let start = DateTime::from_timestamp_micros(1_198_120_596_000_000).unwrap()
                + TimeDelta::seconds(at);
            let recording = Recording::new()
                .with(Field::AgentId, "bill")
                .with(Field::TransactionId, &format!("{:05}", number * 7_919 % 10_007));
            StoredRecord::with_start(&recording, start).unwrap()
        };
        let records: Vec<_> = (0..460 + ties).map(record).collect();
        store.import(tenant, records.clone().into()).await.unwrap();
        for order in [Order::StartAscending, Order::StartDescending] {
            for first in
                (195..250 + u64::from(ties)).chain([459, 460].map(|at| at + u64::from(ties)))
            {
                let filters = vec![agent.clone()];
                let page_size = 3;
                let selection = Selection { filters, order, first, page_size, ..everything() };
                let page = store.page(tenant, &selection).await.unwrap();
                let (records, more) = expected(&records, &selection);
                assert!(page.records == records, "{ties} {selection:#?}\n{:#?}", page.records);
                assert_eq!(page.more, more, "{ties} {selection:#?}");
            }
        }
    }
}

/// Many selections over several hundred records, once more when every field that may have an index has one.
pub(super) async fn pages_are_what_matching_in_memory_gives(store: &dyn Store) {
    let acme = acme(store).await.id;
    let mut chance = Chance::new(1);
    let records: Vec<_> = (0..400).map(|number| chance.record(number)).collect();
    let (early, late) = records.split_at(300);
    for records in [early, late] {
        store.import(acme, records.to_vec().into()).await.unwrap();
    }
    for has_indexes in [false, true] {
        for field in INDEXABLE.iter().filter(|_| has_indexes) {
            optional(store.set_index(*field, true).await);
        }
        for _ in 0..150 {
            let selection = chance.selection();
            let page = store.page(acme, &selection).await.unwrap();
            let (records, more) = expected(&records, &selection);
            assert!(page.records == records, "{selection:#?}\n{:#?}\n{records:#?}", page.records);
            assert_eq!(page.more, more, "{selection:#?}");
        }
    }
}

pub(super) async fn no_tenant_sees_the_records_of_another(store: &dyn Store) {
    let acme = acme(store).await.id;
    let globex = store.add_tenant("globex", "UTC".parse().unwrap(), NOW).await.unwrap().id;
    let mut chance = Chance::new(3);
    let records: Vec<_> = (0..300).map(|number| chance.record(number)).collect();
    let (ours, theirs) = records.split_at(150);
    store.import(acme, ours.to_vec().into()).await.unwrap();
    store.import(globex, theirs.to_vec().into()).await.unwrap();
    // The same keys are other records.
    store.import(globex, ours[..50].to_vec().into()).await.unwrap();
    let theirs = [theirs, &ours[..50]].concat();
    for _ in 0..60 {
        let selection = chance.selection();
        for (tenant, records) in [(acme, ours), (globex, &theirs[..])] {
            let page = store.page(tenant, &selection).await.unwrap();
            assert!(page.records == expected(records, &selection).0, "{selection:#?}");
        }
    }
    assert_eq!(store.count(acme).await.unwrap(), 150);
    assert_eq!(store.count(globex).await.unwrap(), 200);
}
