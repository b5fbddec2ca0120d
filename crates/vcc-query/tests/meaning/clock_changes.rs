//! Dates where a clock jumps: in a gap, in a fold, on a day that was skipped.

use vcc_query::Query;

use crate::{ask, length, text, window};

#[test]
fn days_where_clocks_change() {
    for (zone, day, from, seconds) in [
        // Midnight does not exist: the day begins at the end of the gap.
        ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00", 23 * 3600),
        ("Africa/Cairo", "2023-04-28", "2023-04-27T22:00:00", 23 * 3600),
        ("Asia/Beirut", "2021-03-28", "2021-03-27T22:00:00", 23 * 3600),
        ("America/Havana", "2023-03-12", "2023-03-12T05:00:00", 23 * 3600),
        // Midnight occurs twice: the day begins at the first.
        ("America/Havana", "2023-11-05", "2023-11-05T04:00:00", 25 * 3600),
        ("America/New_York", "2007-03-11", "2007-03-11T05:00:00", 23 * 3600),
        ("America/New_York", "2007-11-04", "2007-11-04T04:00:00", 25 * 3600),
        ("Australia/Lord_Howe", "2008-04-06", "2008-04-05T13:00:00", 24 * 3600 + 1800),
        ("Australia/Lord_Howe", "2008-10-05", "2008-10-04T13:30:00", 24 * 3600 - 1800),
        ("Antarctica/Troll", "2023-03-26", "2023-03-26T00:00:00", 22 * 3600),
        // Days that do not exist.
        ("Pacific/Apia", "2011-12-29", "2011-12-29T10:00:00", 24 * 3600),
        ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00", 0),
        ("Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00", 24 * 3600),
        ("Pacific/Kwajalein", "1993-08-21", "1993-08-21T12:00:00", 0),
        // A fold across midnight: the repeated minutes belong to the later day.
        ("America/St_Johns", "2006-10-28", "2006-10-28T02:30:00", 24 * 3600),
        ("America/St_Johns", "2006-10-29", "2006-10-29T02:30:00", 25 * 3600),
        // A gap across midnight.
        ("America/Toronto", "1919-03-30", "1919-03-30T05:00:00", 23 * 3600 + 1800),
        ("America/Toronto", "1919-03-31", "1919-03-31T04:30:00", 23 * 3600 + 1800),
    ] {
        let raw = format!("d={day}&tz={zone}");
        assert_eq!(window(&raw).0, from, "{raw}");
        assert_eq!(length(&raw), seconds, "{raw}");
    }
}

#[test]
fn times_where_clocks_change() {
    for (written, from, seconds) in [
        // America/New_York, in the gap and in the fold.
        ("2007-03-11T01", "2007-03-11T06:00:00", 3600),
        ("2007-03-11T02", "2007-03-11T07:00:00", 0),
        ("2007-03-11T02:30", "2007-03-11T07:00:00", 0),
        ("2007-03-11T02:30:59.999", "2007-03-11T07:00:00", 0),
        ("2007-03-11T03", "2007-03-11T07:00:00", 3600),
        ("2007-11-04T01", "2007-11-04T05:00:00", 2 * 3600),
        ("2007-11-04T01:30", "2007-11-04T05:30:00", 60),
        // The next text is after the second pass.
        ("2007-11-04T01:59", "2007-11-04T05:59:00", 3660),
        ("2007-11-04T02", "2007-11-04T07:00:00", 3600),
        // An offset says which of the two.
        ("2007-11-04T01:30-04:00", "2007-11-04T05:30:00", 60),
        ("2007-11-04T01:30-05:00", "2007-11-04T06:30:00", 60),
        ("2007-11-04T24:00,2007-11-05", "2007-11-05T05:00:00", 0),
    ] {
        let raw = format!("d={written}&tz=America/New_York");
        assert_eq!((window(&raw).0.as_str(), length(&raw)), (from, seconds), "{raw}");
    }
}

/// DATE-14: a text like any other, for both rules.
#[test]
fn a_second_of_sixty() {
    for (zone, written, from, until) in [
        // In a fold: after the second pass.
        ("America/New_York", "2007-11-04T01:59:60", "2007-11-04T07:00:00", "2007-11-04T07:00:01"),
        ("America/New_York", "20071104T015960", "2007-11-04T07:00:00", "2007-11-04T07:00:01"),
        (
            "America/New_York",
            "2007-11-04T01:59:60.5",
            "2007-11-04T07:00:00.500",
            "2007-11-04T07:00:00.600",
        ),
        (
            "America/New_York",
            "2007-11-04T01:59:60.9",
            "2007-11-04T07:00:00.900",
            "2007-11-04T07:00:01",
        ),
        ("America/New_York", "2007-11-04T01:59:59", "2007-11-04T05:59:59", "2007-11-04T07:00:00"),
        // Within it, and where it begins: the first pass.
        ("America/New_York", "2007-11-04T01:29:60", "2007-11-04T05:30:00", "2007-11-04T05:30:01"),
        ("America/New_York", "2007-11-04T00:59:60", "2007-11-04T05:00:00", "2007-11-04T05:00:01"),
        // With an offset, just that instant.
        (
            "America/New_York",
            "2007-11-04T01:59:60-04:00",
            "2007-11-04T06:00:00",
            "2007-11-04T06:00:01",
        ),
        (
            "America/New_York",
            "2007-11-04T01:59:60-05:00",
            "2007-11-04T07:00:00",
            "2007-11-04T07:00:01",
        ),
        (
            "America/New_York",
            "2007-11-04T05:59:60.25Z",
            "2007-11-04T06:00:00.250",
            "2007-11-04T06:00:00.260",
        ),
        // Into a gap and out of it: its end.
        ("America/New_York", "2007-03-11T01:59:60", "2007-03-11T07:00:00", "2007-03-11T07:00:00"),
        ("America/New_York", "2007-03-11T01:59:60.5", "2007-03-11T07:00:00", "2007-03-11T07:00:00"),
        ("America/New_York", "2007-03-11T02:59:60", "2007-03-11T07:00:00", "2007-03-11T07:00:01"),
        (
            "America/New_York",
            "2007-03-11T02:59:60.5",
            "2007-03-11T07:00:00.500",
            "2007-03-11T07:00:00.600",
        ),
        // Across midnight: a gap, a fold, a day that is skipped, the end of a year.
        ("America/Sao_Paulo", "2018-11-03T23:59:60", "2018-11-04T03:00:00", "2018-11-04T03:00:00"),
        ("America/St_Johns", "2006-10-28T23:59:60", "2006-10-29T02:30:00", "2006-10-29T02:30:01"),
        ("America/Havana", "2023-11-05T00:59:60", "2023-11-05T06:00:00", "2023-11-05T06:00:01"),
        ("Pacific/Apia", "2011-12-29T23:59:60", "2011-12-30T10:00:00", "2011-12-30T10:00:00"),
        ("UTC", "2016-12-31T23:59:60", "2017-01-01T00:00:00", "2017-01-01T00:00:01"),
    ] {
        let raw = format!("d={written}&tz={zone}");
        assert_eq!(window(&raw), (from.to_owned(), until.to_owned()), "{raw}");
        let near = ask(&format!("start-date={written}&tz={zone}")).near.unwrap();
        assert_eq!(text(near.at), from, "{raw}");
        // In a range the start of its period.
        let raw = format!("d={written},{written}&tz={zone}");
        assert_eq!(window(&raw), (from.to_owned(), from.to_owned()), "{raw}");
    }
    // The day ends once.
    for raw in
        ["d=2007-08-05T24:00:60,2007-08-07", "d=2007-08-05T23:60:60", "d=2007-08-05T23:59:61"]
    {
        assert_eq!(Query::parse(raw).unwrap_err().clause(), "DATE-6b", "{raw}");
    }
}
