use super::*;

fn window(query: &str, zone: &str, dialect: &Dialect) -> Result<(Timestamp, Timestamp), String> {
    let zone = crate::zone::named(zone).unwrap();
    let now = "2007-08-07T06:59:59Z".parse().unwrap();
    let selection =
        query::read(query.as_bytes(), &Context { records: &[], zone: &zone, now, dialect })?;
    let window = selection.window.ok_or("no window")?;
    let stamp = |nanos| Timestamp::from_nanosecond(nanos).unwrap();
    Ok((stamp(window.from), stamp(window.until)))
}

#[test]
fn windows() {
    let dialect = Dialect::default();
    for (query, from, until) in [
        ("d=2007-08-05", "2007-08-05T07:00:00Z", "2007-08-06T07:00:00Z"),
        ("d=2007-08-05&tz=America/New_York", "2007-08-05T04:00:00Z", "2007-08-06T04:00:00Z"),
        ("d=2007-08-05,2007-08-07", "2007-08-05T07:00:00Z", "2007-08-07T07:00:00Z"),
        ("d=20070805T1315Z,20070807T1430Z", "2007-08-05T13:15:00Z", "2007-08-07T14:30:00Z"),
        (
            "d=2007-08-05%2013:15Z,2007-08-07%2014:30Z",
            "2007-08-05T13:15:00Z",
            "2007-08-07T14:30:00Z",
        ),
        (
            "d=2007-08-05T13:15:30.25%2B0530,2007-08-07T14-05",
            "2007-08-05T07:45:30.25Z",
            "2007-08-07T19:00:00Z",
        ),
        ("d=2007-03-11", "2007-03-11T08:00:00Z", "2007-03-12T07:00:00Z"),
        ("d=2007-11-04", "2007-11-04T07:00:00Z", "2007-11-05T08:00:00Z"),
        ("d=2007-11-04T01", "2007-11-04T08:00:00Z", "2007-11-04T10:00:00Z"),
        ("d=2007-03-11T02", "2007-03-11T10:00:00Z", "2007-03-11T10:00:00Z"),
        ("d=2007-10-14&tz=America/Sao_Paulo", "2007-10-14T03:00:00Z", "2007-10-15T02:00:00Z"),
        ("d=2006-10-29&tz=America/St_Johns", "2006-10-29T02:30:00Z", "2006-10-30T03:30:00Z"),
        ("d=2011-12-30&tz=Pacific/Apia", "2011-12-30T10:00:00Z", "2011-12-30T10:00:00Z"),
        ("d=2007", "2007-01-01T08:00:00Z", "2008-01-01T08:00:00Z"),
        ("d=2007-08", "2007-08-01T07:00:00Z", "2007-09-01T07:00:00Z"),
        ("d=2007-W31", "2007-07-30T07:00:00Z", "2007-08-06T07:00:00Z"),
        ("d=2007W317", "2007-08-05T07:00:00Z", "2007-08-06T07:00:00Z"),
        ("d=2007-217", "2007-08-05T07:00:00Z", "2007-08-06T07:00:00Z"),
        ("d=2009-W53-7", "2010-01-03T08:00:00Z", "2010-01-04T08:00:00Z"),
        ("d=2007-08-05T23:59:60,2007-08-06T24:00", "2007-08-06T07:00:00Z", "2007-08-07T07:00:00Z"),
        // 01:59:60 is the text 02:00:00, which no clock shows before the second pass is over.
        ("d=2007-11-04T01:59:60,2007-11-05", "2007-11-04T10:00:00Z", "2007-11-05T08:00:00Z"),
        ("d=2007-11-04T01:29:60,2007-11-05", "2007-11-04T08:30:00Z", "2007-11-05T08:00:00Z"),
        ("d=2007-03-11T01:59:60,2007-03-12", "2007-03-11T10:00:00Z", "2007-03-12T07:00:00Z"),
        // A + can only be a sign there; so can a space behind minutes.
        ("d=2007-08-05T13+15,2008", "2007-08-04T22:00:00Z", "2008-01-01T08:00:00Z"),
        ("d=2007-08-05+13:15+01:00,2008", "2007-08-05T12:15:00Z", "2008-01-01T08:00:00Z"),
        ("d=2007-08-05T13:15:30%2001:00,2008", "2007-08-05T12:15:30Z", "2008-01-01T08:00:00Z"),
        ("d=today", "2007-08-06T07:00:00Z", "2007-08-07T07:00:00Z"),
        ("d=today-1d,today&tz=UTC", "2007-08-06T00:00:00Z", "2007-08-07T00:00:00Z"),
        ("d=today+1d", "2007-08-07T07:00:00Z", "2007-08-08T07:00:00Z"),
        ("d=today-0000000000000000000001d", "2007-08-05T07:00:00Z", "2007-08-06T07:00:00Z"),
        (
            "d=2007-08-05T13:15:30.1234567890Z",
            "2007-08-05T13:15:30.123456789Z",
            "2007-08-05T13:15:30.12345679Z",
        ),
        (
            "d=2007-08-05T13:15:30.0000000001Z,2008",
            "2007-08-05T13:15:30.000000001Z",
            "2008-01-01T08:00:00Z",
        ),
        ("d=20210406,2021-04-06", "2021-04-06T07:00:00Z", "2021-04-07T07:00:00Z"),
        ("d=0001-01-01&tz=UTC", "0001-01-01T00:00:00Z", "0001-01-02T00:00:00Z"),
        ("d=2007-08-05&tz=Etc/GMT+8", "2007-08-05T08:00:00Z", "2007-08-06T08:00:00Z"),
        ("d=2007-08-05T13:15:30+01:00,2008\"", "2007-08-05T12:15:30Z", "2008-01-01T08:00:00Z"),
    ] {
        let expected = (from.parse().unwrap(), until.parse().unwrap());
        assert_eq!(window(query, "America/Los_Angeles", &dialect), Ok(expected), "{query}");
    }
}

#[test]
fn refusals() {
    let dialect = Dialect::default();
    for query in [
        "d=",
        "d=2007-8-5",
        "d=200708",
        "d=2007-0805",
        "d=200708-05",
        "d=07-08-05",
        "d=2007-02-29",
        "d=2007-13-01",
        "d=2007-08-32",
        "d=2007-366",
        "d=2007-W53",
        "d=2007-W31-8",
        "d=0000-01-01",
        "d=2007-08-05T25:00",
        "d=2007-08-05T13:60",
        "d=2007-08-05T13:1530",
        "d=2007-08-05T13:15:61",
        "d=2007-08-05t13",
        "d=2007-08-05T13%2015",
        "d=2007-08-05T13%201530",
        "d=2007-08-05%2013%2015:00,2008",
        "d=2007,2008-08-05T13%2015",
        "agentID=%1F",
        "d=2007-08-05T13z",
        "d=2007-08-05T13:15.5",
        "d=2007-08-05T13:15:30,5",
        "d=2007-08-05T13:15:30.",
        "d=2007-08-05Z",
        "d=2007-08T10",
        "d=2007-08-05T24:01",
        "d=2007-08-05T24:00",
        "d=,2007-08-05",
        "d=2007-08-05,",
        "d=2007,2008,2009",
        "d=2007/2008",
        "d=now",
        "d=yesterday",
        "d=today%2010:00",
        "d=todayZ",
        "d=today-d",
        "d=today-999999999999999999999d",
        "d=today-9999999d",
        "d=2007-08-07,2007-08-05",
        "tz=",
        "tz=Mars/Base",
        "tz=america/new_york",
        "tz=localtime",
        "tz=Factory",
        "n=-1",
        "n=",
        "n=1.5",
        "n=18446744073709551616",
        "n=%D9%A1",
        "agentID",
        "agentID=%4",
        "agentID=%zz",
        "agentID=%ff",
        "agentID=%00",
        "d=2007-08-05%0A",
        "foo=1",
        "Start-Date=2007-08-05",
        "startDate=2007-08-05",
        "d=2007&d=2007",
        "duration=abc",
        "start-date=2007-08-05,2007-08-06",
        "start-date=2007-08-05&finish-date=soon",
        "d=%D9%A2007",
    ] {
        let zone = TimeZone::UTC;
        let context =
            Context { records: &[], zone: &zone, now: Timestamp::UNIX_EPOCH, dialect: &dialect };
        assert!(matches!(evaluate(query.as_bytes(), &context), Evaluated::Refused(_)), "{query}");
    }
}

#[test]
fn what_a_field_may_hold_is_read() {
    let (zone, dialect) = (TimeZone::UTC, Dialect::default());
    let context =
        Context { records: &[], zone: &zone, now: Timestamp::UNIX_EPOCH, dialect: &dialect };
    for (query, value) in [
        ("agentID=a%7Fb", "a\u{7f}b"),
        ("agentID=%C2%80%C2%85%C2%9F", "\u{80}\u{85}\u{9f}"),
        ("agentID=#virtual#", "#virtual#"),
    ] {
        let selection = query::read(query.as_bytes(), &context).unwrap();
        assert_eq!(selection.fields, [(Field::AgentId, value.to_owned())], "{query}");
    }
}

#[test]
fn days_are_counted_from_1970() {
    for (date, expected) in
        [((1970, 1, 1), 0), ((1969, 12, 31), -1), ((2000, 3, 1), 11_017), ((1, 1, 1), -719_162)]
    {
        assert_eq!(date::days(date.0, date.1, date.2), expected);
    }
}

#[test]
fn the_open_points() {
    let read = |query: &str, switch: &str, value: &str| {
        let mut dialect = Dialect::default();
        dialect.set(switch, value).unwrap();
        window(query, "UTC", &dialect)
    };
    let until = |day: &str| Ok(format!("{day}T00:00:00Z").parse().unwrap());
    let end = |query, switch, value| read(query, switch, value).map(|window| window.1);
    assert_eq!(end("d=2007-08-05,2007-08-07", "range_end", "whole-period"), until("2007-08-08"));
    assert_eq!(end("d=2007-08-05,2007-09", "range_end", "whole-period"), until("2007-10-01"));
    assert_eq!(end("d=today-1d,today", "range_end", "whole-period"), until("2007-08-07"));
    assert_eq!(end("d=2007-08-05,2007-08-05", "equal_ends", "empty"), until("2007-08-05"));
    assert_eq!(end("d=2007-08-05,2007-08-04", "reversed_range", "empty"), until("2007-08-05"));
    assert_eq!(end("d=1979-04-05,1979", "range_end", "whole-period"), until("1980-01-01"));
    assert!(read("d=today%2B0d", "future_constants", "rejected").is_err());
    assert!(read("d=2007-08-05T13", "timed_single", "rejected").is_err());
    assert!(read("d=today%2B1d", "future_constants", "rejected").is_err());
    assert!(read("d=2007-08-05%22", "trailing_quote", "rejected").is_err());
    assert!(read("d=2007-08-05+13:15,2007-08-06", "plus", "literal").is_err());
    assert!(read("d=2007-08-05&x=1", "unknown_variable", "ignored").is_ok());
    assert_eq!(end("d=2007&d=2008", "repeated_variable", "first"), until("2008-01-01"));
    assert_eq!(end("d=2007&d=2008", "repeated_variable", "last"), until("2009-01-01"));
    assert!(read("d=2007&n=0", "zero_offset", "rejected").is_err());
    assert!(read("d=2007&start-date=2007&finish-date=x", "ignored_finish", "unchecked").is_ok());
}

#[test]
fn the_screen_pop_url() {
    // DATE-12: it parses, stray quote and all.
    let zone = crate::zone::named("America/Los_Angeles").unwrap();
    let dialect = Dialect::default();
    let now = Timestamp::UNIX_EPOCH;
    let context = Context { records: &[], zone: &zone, now, dialect: &dialect };
    let url = b"agentID=bill&channel=8005557780&phoneNumber=4155551234&finish-date=2007-12-19%2019:16:58Z\"";
    let selection = query::read(url, &context).unwrap();
    let instant: Timestamp = "2007-12-19T19:16:58Z".parse().unwrap();
    assert_eq!(selection.near_finish, Some(instant.as_nanosecond()));
    assert_eq!(selection.fields.len(), 3);
}
