//! Which recordings a page has, and in which order.

use vcc_query::{Field, Selection};

use crate::{ask, record};

#[test]
fn pages() {
    let first = |raw: &str| ask(raw).first;
    assert_eq!(first(""), 1);
    for (raw, n) in [
        ("n=1", 1),
        ("n=101", 101),
        ("n=0101", 101),
        ("n=%31", 1),
        ("n=18446744073709551615", u64::MAX),
    ] {
        assert_eq!(first(raw), n);
    }
    assert_eq!(first(&format!("n={}7", "0".repeat(500))), 7);

    let rows: Vec<_> = (0..120)
        .map(|i| {
            record("2007-08-05T12:00:00Z", &i.to_string())
                .with(Field::TransactionId, &format!("{i:03}"))
        })
        .collect();
    for (n, count) in [
        (1, 50),
        (2, 50),
        (51, 50),
        (71, 50),
        (72, 49),
        (101, 20),
        (120, 1),
        (121, 0),
        (u64::MAX, 0),
    ] {
        let selection = ask(&format!("d=2007-08-05&n={n}"));
        let page: Vec<_> = selection.page(&rows).collect();
        assert_eq!(page.len(), count, "{n}");
        assert_eq!(page.first().copied(), rows.get((n - 1).min(1000) as usize), "{n}");
    }
    // What does not match is not counted.
    let page: Vec<_> = ask("duration=7&n=1").page(&rows).map(|row| row.duration()).collect();
    assert_eq!(page, [Some(7)]);
}

#[test]
fn the_order_of_a_list() {
    let row = |start: &str, transaction: &str, filename: &str| {
        record(start, "").with(Field::TransactionId, transaction).with(Field::Filename, filename)
    };
    let ordered = [
        row("", "9", ""),
        row("2007-08-05T11:00:00-08:00", "2", "b"),
        // By bytes: 10 before 9, upper case before lower, and the texts after the start.
        row("2007-08-05T20:00:00Z", "10", "b"),
        row("2007-08-05T20:00:00Z", "9", "B"),
        row("2007-08-05T20:00:00Z", "9", "a"),
        row("2007-08-05T20:00:00Z", "é", ""),
        row("2007-08-05T20:00:00.5Z", "0", ""),
    ];
    let ascending = ask("");
    let descending = Selection { order: vcc_query::Order::StartDescending, ..ascending.clone() };
    for (i, a) in ordered.iter().enumerate() {
        for (j, b) in ordered.iter().enumerate() {
            assert_eq!(ascending.compare(a, b), i.cmp(&j), "{a:?} {b:?}");
            assert_eq!(descending.compare(a, b), j.cmp(&i), "{a:?} {b:?}");
        }
    }
}
