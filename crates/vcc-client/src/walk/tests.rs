use super::*;

/// A recording that started some minutes into 2007.
fn call(minute: usize) -> Recording {
    let (hour, minute_of) = (minute / 60, minute % 60);
    Recording::new().with(Field::TransactionId, &minute.to_string()).with(
        Field::StartDate,
        &format!("2007-01-{:02}T{:02}:{minute_of:02}:00Z", 1 + hour / 24, hour % 24),
    )
}

fn list(count: usize) -> Vec<Recording> {
    (0..count).map(call).collect()
}

/// What a walk gets from a server, what it warned of, and which n it asked for.
fn walk(
    walk: Walk,
    mut server: impl FnMut(u64) -> Vec<Recording>,
) -> (Result<Vec<Recording>, WalkError>, Vec<Warning>, Vec<u64>) {
    let mut walk = walk;
    let (mut got, mut asked) = (Vec::new(), Vec::new());
    while let Some(step) = walk.next() {
        let n = step.query.n().unwrap_or(1);
        asked.push(n);
        assert!(asked.len() < 1000, "an endless walk: {asked:?}");
        match walk.take(server(n)) {
            Ok(records) => got.extend(records),
            Err(error) => return (Err(error), walk.warnings, asked),
        }
    }
    (Ok(got), walk.warnings, asked)
}

fn page(list: &[Recording], n: u64, size: usize) -> Vec<Recording> {
    list.iter().skip(n as usize - 1).take(size).cloned().collect()
}

fn plain() -> Walk {
    Walk::new(&Query::default())
}

#[test]
fn every_length_is_walked_whole() {
    for overlapping in [false, true] {
        for count in [0, 1, 49, 50, 51, 99, 100, 101, 150, 1001] {
            let list = list(count);
            let (got, warnings, asked) =
                walk(plain().overlapping(overlapping), |n| page(&list, n, PAGE));
            assert_eq!(got.as_deref(), Ok(&*list), "{count}");
            assert_eq!(warnings, [], "{count}");
            assert!(asked.len() <= count / 49 + 3, "{count}: {asked:?}");
        }
    }
}

#[test]
fn shorter_and_longer_pages_are_walked_whole() {
    for size in [1, 7, 25, 49, 51, 100, 10_000] {
        let list = list(230);
        for overlapping in [false, true] {
            let (got, warnings, _) =
                walk(plain().overlapping(overlapping), |n| page(&list, n, size));
            assert_eq!(got.as_deref(), Ok(&*list), "{size}, {overlapping}");
            let long = warnings.iter().any(|warning| matches!(warning, Warning::LongPage { .. }));
            assert_eq!((warnings.len(), long), (usize::from(size > 50), size > 50), "{size}");
        }
    }
}

#[test]
fn a_server_that_ignores_n_is_found_out() {
    for count in [1, 3, 50, 80] {
        for overlapping in [false, true] {
            let (got, _, asked) =
                walk(plain().overlapping(overlapping), |_| page(&list(count), 1, PAGE));
            assert!(matches!(got, Err(WalkError::PageIgnored { .. })), "{count}: {got:?}");
            assert_eq!(asked.last(), Some(&BEYOND));
            assert!(asked.len() <= 4, "{asked:?}");
        }
    }
}

#[test]
fn a_server_that_rounds_n_down_to_a_page_is_walked_whole() {
    for count in [3, 50, 51, 120, 150] {
        let list = list(count);
        for overlapping in [false, true] {
            let (got, ..) = walk(plain().overlapping(overlapping), |n| {
                page(&list, (n - 1) / 50 * 50 + 1, PAGE)
            });
            assert_eq!(got.as_deref(), Ok(&*list), "{count}, {overlapping}");
        }
    }
}

#[test]
fn records_without_anything_are_walked_whole_even_where_pages_are_equal() {
    let list = vec![Recording::new().with(Field::AgentId, "bill"); 120];
    let (got, ..) = walk(plain(), |n| page(&list, n, PAGE));
    assert_eq!(got.map(|got| got.len()), Ok(120));
}

#[test]
fn a_list_that_grows_in_front_gives_each_record_once_and_says_so() {
    let before = list(120);
    for overlapping in [false, true] {
        let mut requests = 0;
        let (got, warnings, _) = walk(plain().overlapping(overlapping), |n| {
            requests += 1;
            let mut now = before.clone();
            if requests > 1 {
                now.insert(0, call(0).with(Field::TransactionId, "late"));
            }
            page(&now, n, PAGE)
        });
        assert_eq!(got.as_deref(), Ok(&*before));
        assert!(warnings.iter().all(Warning::is_change) && !warnings.is_empty(), "{warnings:?}");
    }
}

#[test]
fn a_list_that_shrinks_is_noticed_by_overlapping_pages() {
    let mut requests = 0;
    let (got, warnings, _) = walk(plain().overlapping(true), |n| {
        requests += 1;
        let mut now = list(120);
        if requests > 1 {
            now.remove(0);
        }
        page(&now, n, PAGE)
    });
    assert!(got.is_ok());
    assert!(matches!(&warnings[..], [Warning::Shifted { n: 50, .. }]), "{warnings:?}");
}

#[test]
fn descending_lists_are_walked_and_known() {
    let list: Vec<_> = list(120).into_iter().rev().collect();
    let mut descending = plain();
    let mut got = Vec::new();
    while let Some(step) = descending.next() {
        got.extend(descending.take(page(&list, step.query.n().unwrap_or(1), PAGE)).unwrap());
    }
    assert_eq!(got, list);
    assert!(descending.is_descending() && descending.warnings().is_empty());
}

#[test]
fn a_list_in_no_order_is_said_once() {
    let mut list = list(120);
    list.swap(10, 11);
    list.swap(70, 71);
    let (_, warnings, _) = walk(plain(), |n| page(&list, n, PAGE));
    assert!(matches!(&warnings[..], [Warning::Disordered { n: 1, .. }]), "{warnings:?}");
}

#[test]
fn a_walk_begins_where_the_query_does_and_ends_at_the_limit() {
    let list = list(120);
    let from = Walk::new(&Query::parse("n=101").unwrap());
    let (got, _, asked) = walk(from, |n| page(&list, n, PAGE));
    assert_eq!(got.as_deref(), Ok(&list[100..]));
    assert_eq!(asked, [101, 121]);
    let (got, ..) = walk(plain().max_pages(2), |n| page(&list, n, PAGE));
    assert_eq!(got, Err(WalkError::TooManyPages { limit: 2 }));
}

#[test]
fn records_whose_values_join_to_the_same_text_are_two() {
    let call = |agent: &str, phone: &str| {
        let key = Recording::new().with(Field::TransactionId, "1");
        key.with(Field::AgentId, agent).with(Field::PhoneNumber, phone)
    };
    let (one, other) = (call("a,b", "c"), call("a", "b,c"));
    assert_eq!(one.joined(), other.joined());
    assert_ne!(hash_of(&one), hash_of(&other));
}
