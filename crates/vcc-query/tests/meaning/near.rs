//! The ten seconds around a `start-date` or a `finish-date`.

use vcc_query::Edge;

use crate::{ask, text};

#[test]
fn within_five_seconds() {
    for (raw, edge, from, until) in [
        (
            "start-date=2007-12-19T19:16:36-08:00",
            Edge::Start,
            "2007-12-20T03:16:31",
            "2007-12-20T03:16:41",
        ),
        (
            "finish-date=2007-12-19T19:17:03-08:00",
            Edge::Finish,
            "2007-12-20T03:16:58",
            "2007-12-20T03:17:08",
        ),
        ("start-date=2007-12-19", Edge::Start, "2007-12-19T07:59:55", "2007-12-19T08:00:05"),
        ("start-date=2007-12&tz=UTC", Edge::Start, "2007-11-30T23:59:55", "2007-12-01T00:00:05"),
        ("start-date=2007-W51&tz=UTC", Edge::Start, "2007-12-16T23:59:55", "2007-12-17T00:00:05"),
        ("finish-date=2007&tz=UTC", Edge::Finish, "2006-12-31T23:59:55", "2007-01-01T00:00:05"),
        ("start-date=2007-12-19T13Z", Edge::Start, "2007-12-19T12:59:55", "2007-12-19T13:00:05"),
        ("start-date=2007-12-19T24:00Z", Edge::Start, "2007-12-19T23:59:55", "2007-12-20T00:00:05"),
        ("start-date=today", Edge::Start, "2007-12-19T07:59:55", "2007-12-19T08:00:05"),
        ("finish-date=today-1d", Edge::Finish, "2007-12-18T07:59:55", "2007-12-18T08:00:05"),
        ("start-date=today%2B1d", Edge::Start, "2007-12-20T07:59:55", "2007-12-20T08:00:05"),
        // In a gap: the end of the gap.
        (
            "start-date=2007-03-11T02:30&tz=America/New_York",
            Edge::Start,
            "2007-03-11T06:59:55",
            "2007-03-11T07:00:05",
        ),
        (
            "start-date=2007-12-19T13:00:00.5Z",
            Edge::Start,
            "2007-12-19T12:59:55.500",
            "2007-12-19T13:00:05.500",
        ),
        // Between two nanoseconds: both ends inward.
        (
            "start-date=2007-12-19T13:00:00.0000000001Z",
            Edge::Start,
            "2007-12-19T12:59:55.000000001",
            "2007-12-19T13:00:05",
        ),
        (
            "start-date=2007-12-19T13:00:00.00000000010Z&finish-date=2008",
            Edge::Start,
            "2007-12-19T12:59:55.000000001",
            "2007-12-19T13:00:05",
        ),
    ] {
        let near = ask(raw).near.unwrap();
        assert_eq!((near.edge, near.tolerance), (edge, 5), "{raw}");
        assert_eq!(
            (text(near.from), text(near.until)),
            (from.to_owned(), until.to_owned()),
            "{raw}"
        );
    }
}
