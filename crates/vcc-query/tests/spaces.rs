//! REQ-6: what a `+`, a `%20` and a space in the raw query mean, at every place where a sign can
//! stand, in both values of the switch `plus`.

use vcc_query::{Context, Dialect, Query};
use vcc_types::Plus;

/// What a query means: its window or look-up in UTC, or the clause that refuses it.
fn meaning(raw: &str, plus: Plus) -> String {
    let dialect = Dialect { plus, ..Dialect::default() };
    let context = Context {
        now: "2007-12-19T20:00:00Z".parse().unwrap(),
        tenant_tz: "UTC".parse().unwrap(),
        dialect,
    };
    let short = |instant: chrono::DateTime<chrono::Utc>| instant.format("%dT%H:%M:%S").to_string();
    match Query::parse_with(raw, &dialect).and_then(|query| query.resolve(&context)) {
        Err(error) => error.clause().to_owned(),
        Ok(selection) => match (selection.window, selection.near) {
            (Some(window), None) => format!("{}/{}", short(window.from), short(window.until)),
            (None, Some(near)) => short(near.at),
            other => panic!("{raw}: {other:?}"),
        },
    }
}

#[test]
fn a_sign_and_a_space() {
    for (raw, by_form, literal) in [
        // After minutes or seconds only a sign can stand.
        ("start-date=2008-02-14T10:12:13+01:00", "14T09:12:13", "14T09:12:13"),
        ("start-date=2008-02-14T10:12:13%2B01:00", "14T09:12:13", "14T09:12:13"),
        ("start-date=2008-02-14T10:12:13%2b01:00", "14T09:12:13", "14T09:12:13"),
        ("start-date=2008-02-14T10:12:13 01:00", "14T09:12:13", "DATE-6"),
        ("start-date=2008-02-14T10:12:13%2001:00", "14T09:12:13", "DATE-6"),
        ("start-date=2008-02-14T10:12+01", "14T09:12:00", "14T09:12:00"),
        ("start-date=2008-02-14T10:12%2001", "14T09:12:00", "DATE-6"),
        ("start-date=20080214T1012%200100", "14T09:12:00", "DATE-6"),
        ("start-date=20080214T101213.5+0100", "14T09:12:13", "14T09:12:13"),
        // After an hour, a space was written before the minutes.
        ("d=2008-02-14T13+01", "14T12:00:00/14T13:00:00", "14T12:00:00/14T13:00:00"),
        ("d=2008-02-14T13%2B01", "14T12:00:00/14T13:00:00", "14T12:00:00/14T13:00:00"),
        ("d=2008-02-14T13+15", "13T22:00:00/13T23:00:00", "13T22:00:00/13T23:00:00"),
        ("d=2008-02-14T13+1530", "13T21:30:00/13T22:30:00", "13T21:30:00/13T22:30:00"),
        ("d=2008-02-14T13+15:30", "13T21:30:00/13T22:30:00", "13T21:30:00/13T22:30:00"),
        ("d=2008-02-14+13+15", "13T22:00:00/13T23:00:00", "DATE-6"),
        ("d=2008-02-14%2013+15", "13T22:00:00/13T23:00:00", "13T22:00:00/13T23:00:00"),
        ("d=2008-02-14T13%2015", "REQ-6", "REQ-6"),
        ("d=2008-02-14T13 15", "REQ-6", "REQ-6"),
        ("d=2008-02-14T13%201530", "REQ-6", "REQ-6"),
        ("d=2008-02-14T13%2015:30", "REQ-6", "REQ-6"),
        ("d=2008-02-14T13%2000:00", "REQ-6", "REQ-6"),
        ("d=2008-02-14%2013%2015", "REQ-6", "REQ-6"),
        ("d=2008-02-14 13 15", "REQ-6", "REQ-6"),
        ("d=2008-02-14+13%2015", "REQ-6", "DATE-6"),
        ("d=20080214T13%2015", "REQ-6", "REQ-6"),
        ("d=%32008-02-14T13%2015", "REQ-6", "REQ-6"),
        // The raw `+` is found after encoded characters.
        ("d=%32%3008-02-14%54%313+15", "13T22:00:00/13T23:00:00", "13T22:00:00/13T23:00:00"),
        ("d=2008-W07-4T13%2015", "REQ-6", "REQ-6"),
        ("d=2008-045 13 15", "REQ-6", "REQ-6"),
        ("start-date=2008-02-14T13%2015", "REQ-6", "REQ-6"),
        ("finish-date=2008-02-14T13+15", "13T22:00:00", "13T22:00:00"),
        // Each end of a range by itself.
        (
            "d=2008-02-14T13+15,2008-02-14T13+14",
            "13T22:00:00/13T23:00:00",
            "13T22:00:00/13T23:00:00",
        ),
        ("d=2008-02-14T13+15,2008-02-14T13%2014", "REQ-6", "REQ-6"),
        ("d=2008-02-14T13%2015,2008-02-14T13+14", "REQ-6", "REQ-6"),
        // Between date and time: a space, and a `+` that stands for one.
        ("d=2008-02-14%2013:15", "14T13:15:00/14T13:16:00", "14T13:15:00/14T13:16:00"),
        ("d=2008-02-14 13:15", "14T13:15:00/14T13:16:00", "14T13:15:00/14T13:16:00"),
        ("d=2008-02-14+13:15", "14T13:15:00/14T13:16:00", "DATE-6"),
        ("d=2008-02-14%2B13:15", "DATE-6", "DATE-6"),
        ("d=20080214+1315", "14T13:15:00/14T13:16:00", "DATE-6"),
        // Constants.
        ("d=today+1d", "20T00:00:00/21T00:00:00", "20T00:00:00/21T00:00:00"),
        ("d=today%2B1d", "20T00:00:00/21T00:00:00", "20T00:00:00/21T00:00:00"),
        ("d=today%201d", "20T00:00:00/21T00:00:00", "DATE-8"),
        ("d=today 1d", "20T00:00:00/21T00:00:00", "DATE-8"),
        ("d=today%2010", "DATE-8", "DATE-8"),
        // Zones: an hour of the 19th in that zone.
        ("d=today&tz=Etc/GMT+8", "19T08:00:00/20T08:00:00", "19T08:00:00/20T08:00:00"),
        ("d=today&tz=Etc/GMT%2B8", "19T08:00:00/20T08:00:00", "19T08:00:00/20T08:00:00"),
        ("d=today&tz=Etc/GMT%208", "19T08:00:00/20T08:00:00", "DATE-3"),
        ("d=today&tz=Etc/GMT 8", "19T08:00:00/20T08:00:00", "DATE-3"),
    ] {
        assert_eq!(meaning(raw, Plus::Space), by_form, "{raw}");
        assert_eq!(meaning(raw, Plus::Literal), literal, "{raw}, literal");
    }
    // REQ-5: a raw space is `%20`.
    for raw in
        ["d=2008-02-14 13 15", "d=2008-02-14 13:15 01:00", "d=today 1d", "tz=Etc/GMT 8&d=2008"]
    {
        for plus in [Plus::Space, Plus::Literal] {
            assert_eq!(meaning(raw, plus), meaning(&raw.replace(' ', "%20"), plus), "{raw}");
        }
    }
}
