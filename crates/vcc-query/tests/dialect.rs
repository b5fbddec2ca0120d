//! Each switch that a query depends on, in each of its values. The switches of other crates (`no_credentials`,
//! `bad_credentials`, `utc_offset`) change nothing here.

use chrono::{DateTime, TimeDelta, Utc};
use vcc_query::{
    Context, Dialect, Edge, Field, Filter, Note, Order, Query, QueryError, Selection, Wanted,
};

/// Noon of 2021-04-07 in Los Angeles.
fn context(dialect: Dialect) -> Context {
    Context {
        now: "2021-04-07T19:00:00Z".parse().unwrap(),
        tenant_tz: "America/Los_Angeles".parse().unwrap(),
        dialect,
    }
}

fn dialect(fingerprint: &str) -> Dialect {
    fingerprint.parse().unwrap()
}

fn ask(fingerprint: &str, raw: &str) -> Result<Selection, QueryError> {
    let dialect = dialect(fingerprint);
    let selection = Query::parse_with(raw, &dialect)?.resolve(&context(dialect))?;
    // What parses in this dialect also resolves in it when the default dialect parsed it.
    if let Ok(query) = Query::parse(raw)
        && Query::parse_with(raw, &dialect).as_ref() == Ok(&query)
    {
        assert_eq!(query.resolve(&context(dialect)).unwrap().window, selection.window, "{raw}");
    }
    Ok(selection)
}

/// The window of `d` as `from/until` in UTC, `=` if it is empty.
fn window(fingerprint: &str, raw: &str) -> String {
    match ask(fingerprint, raw) {
        Err(error) => format!("{}: {error}", error.clause()),
        Ok(selection) => {
            let window = selection.window.unwrap();
            let text = |instant: DateTime<Utc>| instant.format("%m-%dT%H:%M:%S%.f").to_string();
            match window.is_empty() {
                true => "=".to_owned(),
                false => format!("{}/{}", text(window.from), text(window.until)),
            }
        }
    }
}

fn rejected(fingerprint: &str, raw: &str) -> String {
    let error = ask(fingerprint, raw).unwrap_err();
    format!("{}: {error}", error.clause())
}

#[test]
fn plus() {
    let text = |value| Filter::text(Field::AgentId, value);
    assert_eq!(ask("", "agentID=a+b%2B").unwrap().filters, [text("a b+")]);
    assert_eq!(ask("plus = literal", "agentID=a+b%2B").unwrap().filters, [text("a+b+")]);
    assert_eq!(ask("", "agentID=a+b").unwrap().notes, [Note::PlusAsSpace(Field::AgentId)]);
    assert_eq!(ask("plus = literal", "agentID=a+b").unwrap().notes, []);

    // REQ-6: where only a sign can stand, a space is one.
    for raw in [
        "start-date=2008-02-14T10:12:13+01:00",
        "start-date=2008-02-14T10:12:13%2B01:00",
        "start-date=2008-02-14T10:12:13%2b01",
        "start-date=20080214+101213+0100",
        "start-date=2008-02-14%20101213%200100",
        "start-date=2008-02-14 10:12:13 01:00",
    ] {
        let near = ask("", raw).unwrap().near.unwrap();
        assert_eq!(near.at.to_rfc3339(), "2008-02-14T09:12:13+00:00", "{raw}");
    }
    for raw in ["start-date=2008-02-14T10:12:13+01:00", "start-date=2008-02-14T10:12:13%2B01:00"] {
        let near = ask("plus = literal", raw).unwrap().near.unwrap();
        assert_eq!(near.at.to_rfc3339(), "2008-02-14T09:12:13+00:00", "{raw}");
    }
    assert!(ask("plus = literal", "start-date=2008-02-14+10:12:13").is_err());
    assert!(ask("plus = literal", "start-date=2008-02-14T10:12:13%2001:00").is_err());

    for raw in ["d=today+1d", "d=today%2B1d", "d=today 1d", "d=today%201d"] {
        assert_eq!(window("", raw), "04-08T07:00:00/04-09T07:00:00", "{raw}");
    }
    assert_eq!(window("plus = literal", "d=today+1d"), "04-08T07:00:00/04-09T07:00:00");
    assert!(ask("plus = literal", "d=today%201d").is_err());

    for raw in ["d=today&tz=Etc/GMT+8", "d=today&tz=Etc/GMT%2B8", "d=today&tz=Etc%2FGMT%208"] {
        assert_eq!(window("", raw), "04-07T08:00:00/04-08T08:00:00", "{raw}");
    }
    assert_eq!(window("plus = literal", "d=today&tz=Etc/GMT+8"), "04-07T08:00:00/04-08T08:00:00");
    assert!(ask("plus = literal", "tz=Etc/GMT%208").is_err());
}

#[test]
fn trailing_quote() {
    let screen_pop = "agentID=bill&finish-date=2007-12-19%2019:16:58Z\"";
    assert_eq!(ask("", screen_pop).unwrap().near.unwrap().edge, Edge::Finish);
    assert_eq!(
        rejected("trailing_quote = rejected", screen_pop),
        "REQ-11: finish-date: expected the end of the date, found \"\\\"\""
    );
    for raw in ["d=today\"", "d=today%22", "start-date=today%22", "n=1&d=today,today%22"] {
        assert!(ask("", raw).is_ok(), "{raw}");
        assert!(ask("trailing_quote = rejected", raw).is_err(), "{raw}");
    }
    // Exactly one, at the very end, after a date.
    for raw in [
        "d=today\"\"",
        "d=today%22%22",
        "d=today\"%22",
        "d=today\"&",
        "d=today\"&n=1",
        "n=1\"",
        "d=today&n=1\"",
        "tz=UTC\"",
        "d=today&tz=UTC%22",
        "d=\"",
        "d=\"today\"",
        "foo=1\"",
    ] {
        assert!(ask("", raw).is_err(), "{raw}");
    }
    // In the value of a field it is kept.
    assert_eq!(
        ask("", "d=today&agentID=a\"").unwrap().filters,
        [Filter::text(Field::AgentId, "a\"")]
    );
    // An ignored variable is not the last one.
    assert!(ask("unknown_variable = ignored", "d=today&foo=1%22").is_ok());
    assert!(ask("unknown_variable = ignored", "d=today\"&foo=1").is_err());
}

#[test]
fn unknown_variable() {
    assert_eq!(
        rejected("", "foo=1"),
        "REQ-9: foo: expected one of d, tz, start-date, finish-date, n, agentID, phoneNumber, channel, \
         caseID, duration, filename, queueID, queueName, accountNumber, transactionID, extVar1, \
         extVar2, outDialCode, wrapUpCode, found \"foo\""
    );
    let ignored = "unknown_variable = ignored";
    // REQ-7: a wrongly-cased name never filters.
    for raw in
        ["foo=1", "Start-Date=2007-08-05", "startDate=soon", "AGENTID=bill", "=1", "foo=1&foo=2"]
    {
        let selection = ask(ignored, raw).unwrap();
        assert_eq!((selection.near, selection.filters), (None, vec![]), "{raw}");
    }
    // REQ-8 also applies to ignored variables.
    for raw in ["foo", "foo=%", "foo=%ff", "foo=%00", "%zz=1", "f%0Ao=1"] {
        assert!(rejected(ignored, raw).starts_with("REQ-8"), "{raw}");
    }
}

#[test]
fn repeated_variable() {
    assert!(rejected("", "n=1&n=1").starts_with("REQ-10: n: "));
    let first = |raw| ask("repeated_variable = first", raw).unwrap();
    let last = |raw| ask("repeated_variable = last", raw).unwrap();
    assert_eq!((first("n=1&n=51").first, last("n=1&n=51").first), (1, 51));
    let filters = |text| [Filter::text(Field::AgentId, text)];
    let raw = "agentID=a&caseID=%31&agentID=b&agentID=c";
    assert_eq!(first(raw).filters[0], filters("a")[0]);
    assert_eq!(last(raw).filters[0], filters("c")[0]);
    assert_eq!((first(raw).filters.len(), last(raw).filters.len()), (2, 2));
    // A name is the same however it is encoded.
    assert_eq!(last("n=1&%6e=51").first, 51);
    assert!(ask("", "n=1&%6E=51").is_err());
    // A value that does not count is not read, but must be well-formed.
    assert_eq!(first("d=2021-04-06&d=soon").window, first("d=2021-04-06").window);
    assert_eq!(last("d=soon&d=2021-04-06").window, first("d=2021-04-06").window);
    assert!(ask("repeated_variable = first", "n=1&n=%").is_err());
    assert!(ask("repeated_variable = last", "n=%&n=1").is_err());
    assert!(ask("repeated_variable = last", "d=2021-04-06&d=soon").is_err());
    // REQ-11: the quote after a date that does not count is not dropped for it.
    assert_eq!(last("d=soon&d=2021-04-06\"").window, first("d=2021-04-06").window);
    assert_eq!(first("d=2021-04-06&d=soon\"").window, first("d=2021-04-06").window);
}

#[test]
fn range_end() {
    let whole = "range_end = whole-period";
    for (raw, midnight, period) in [
        (
            "d=2021-04-05,2021-04-06",
            "04-05T07:00:00/04-06T07:00:00",
            "04-05T07:00:00/04-07T07:00:00",
        ),
        ("d=2021-03,2021-04", "03-01T08:00:00/04-01T07:00:00", "03-01T08:00:00/05-01T07:00:00"),
        ("d=2021-W13,2021-W14", "03-29T07:00:00/04-05T07:00:00", "03-29T07:00:00/04-12T07:00:00"),
        // In both, a constant is its midnight, and a time is an instant.
        ("d=2021-04-05,today", "04-05T07:00:00/04-07T07:00:00", "04-05T07:00:00/04-07T07:00:00"),
        ("d=today-2d,today-1d", "04-05T07:00:00/04-06T07:00:00", "04-05T07:00:00/04-06T07:00:00"),
        (
            "d=2021-04-05,2021-04-06T12Z",
            "04-05T07:00:00/04-06T12:00:00",
            "04-05T07:00:00/04-06T12:00:00",
        ),
        (
            "d=2021-04-05,2021-04-06T24:00Z",
            "04-05T07:00:00/04-07T00:00:00",
            "04-05T07:00:00/04-07T00:00:00",
        ),
    ] {
        assert_eq!(window("", raw), midnight, "{raw}");
        assert_eq!(window(whole, raw), period, "{raw}");
    }
    // The period is what is compared with the start.
    assert!(window("", "d=2021-04-06T12:00,2021-04-06").starts_with("DATE-10"));
    assert_eq!(window(whole, "d=2021-04-06T12:00,2021-04-06"), "04-06T19:00:00/04-07T07:00:00");
}

#[test]
fn range_end_instant() {
    let included = "range_end_instant = included";
    for (raw, without, with) in [
        (
            "d=2021-04-05T12Z,2021-04-05T13Z",
            "04-05T12:00:00/04-05T13:00:00",
            "04-05T12:00:00/04-05T13:00:00.000000001",
        ),
        (
            "d=2021-04-05T12:00Z,2021-04-05T12:00:00.5Z",
            "04-05T12:00:00/04-05T12:00:00.500",
            "04-05T12:00:00/04-05T12:00:00.500000001",
        ),
        // Between two nanoseconds there is no record.
        (
            "d=2021-04-05T12Z,2021-04-05T12:00:00.0000000005Z",
            "04-05T12:00:00/04-05T12:00:00.000000001",
            "04-05T12:00:00/04-05T12:00:00.000000001",
        ),
        ("d=2021-04-05T12Z,2021-04-05T12Z", "=", "04-05T12:00:00/04-05T12:00:00.000000001"),
        // An untimed end is not an instant.
        (
            "d=2021-04-05,2021-04-06",
            "04-05T07:00:00/04-06T07:00:00",
            "04-05T07:00:00/04-06T07:00:00",
        ),
        ("d=today-2d,today-1d", "04-05T07:00:00/04-06T07:00:00", "04-05T07:00:00/04-06T07:00:00"),
    ] {
        assert_eq!(window("", raw), without, "{raw}");
        assert_eq!(window(included, raw), with, "{raw}");
    }
}

#[test]
fn equal_ends() {
    let empty = "equal_ends = empty";
    for raw in [
        "d=20210406,20210406",
        "d=2021-04-06,20210406",
        "d=2021-096,2021-W14-2",
        "d=today-1d,today-1d",
        "d=2021-04-06,today-1d",
        "d=today-1d,2021-04-06",
    ] {
        for range_end in ["", "\nrange_end = whole-period"] {
            assert_eq!(window(range_end, raw), "04-06T07:00:00/04-07T07:00:00", "{raw}");
            assert_eq!(window(&format!("{empty}{range_end}"), raw), "=", "{raw}");
        }
    }
    assert_eq!(window("", "d=2021-04,2021-04"), "04-01T07:00:00/05-01T07:00:00");
    // Equal instants that are not one untimed period.
    for raw in [
        "d=2021-04-06T12Z,2021-04-06T12Z",
        "d=2021-04-06T00:00,2021-04-06",
        "d=2021-04,2021-04-01",
        "d=2021-04-06T00,2021-04-06T00:00",
        "d=2021-04-05T24:00,2021-04-06T00:00",
    ] {
        assert_eq!(window("", raw), "=", "{raw}");
        assert_eq!(window(empty, raw), "=", "{raw}");
    }
}

#[test]
fn reversed_range() {
    let empty = "reversed_range = empty";
    for raw in [
        "d=2021-04-06,2021-04-05",
        "d=today,today-1d",
        "d=2021-04-06T12:01Z,2021-04-06T12:00Z",
        "d=2021-04-06T12:00:00.00000000002Z,2021-04-06T12:00:00.00000000001Z",
        "d=2021-04-06,2021-04",
    ] {
        assert!(
            window("", raw)
                .starts_with("DATE-10: d: expected an end that is not before the start, "),
            "{raw}"
        );
        assert_eq!(window(empty, raw), "=", "{raw}");
    }
}

#[test]
fn timed_single() {
    let none = "timed_single = rejected";
    for (raw, period) in [
        ("d=2021-04-06T13", "04-06T20:00:00/04-06T21:00:00"),
        ("d=2021-04-06T13:15Z", "04-06T13:15:00/04-06T13:16:00"),
        ("d=2021-04-06T13:15:30-08", "04-06T21:15:30/04-06T21:15:31"),
        ("d=2021-04-06T13:15:30.5Z", "04-06T13:15:30.500/04-06T13:15:30.600"),
    ] {
        assert_eq!(window("", raw), period, "{raw}");
        assert_eq!(
            window(none, raw),
            "DATE-7: d: expected a day, or a range of two dates, found a time"
        );
    }
    assert_eq!(window(none, "d=2021-04-06"), "04-06T07:00:00/04-07T07:00:00");
    assert_eq!(window(none, "d=2021-04-06T13Z,2021-04-06T14Z"), "04-06T13:00:00/04-06T14:00:00");
}

#[test]
fn future_constants() {
    let none = "future_constants = rejected";
    assert_eq!(window("", "d=today,today%2B2d"), "04-07T07:00:00/04-09T07:00:00");
    for raw in [
        "d=today%2B1d",
        "d=today+1d",
        "d=today%2B0d",
        "d=today,today%2B2d",
        "start-date=today%2B1d",
        "finish-date=today%2B1d",
    ] {
        assert!(ask("", raw).is_ok(), "{raw}");
        let message = rejected(none, raw);
        assert!(
            message.starts_with("DATE-8: ") && message.ends_with("found a day after it"),
            "{message}"
        );
    }
    for raw in ["d=today", "d=today-0d", "d=today-1d,today"] {
        assert_eq!(window("", raw), window(none, raw));
    }
    // A query that the default dialect read is refused when it is resolved.
    let query = Query::parse("d=today%2B1d").unwrap();
    assert_eq!(query.resolve(&context(dialect(none))).unwrap_err().span(), 2..12);
}

#[test]
fn ignored_finish() {
    let unchecked = "ignored_finish = unchecked";
    for finish in ["soon", "", "2021-13-01", "2021,2022", "today-99999999d", "today-900000d"] {
        for raw in [
            format!("start-date=2021-04-06&finish-date={finish}"),
            format!("finish-date={finish}&start-date=2021-04-06"),
        ] {
            assert_eq!(ask("", &raw).unwrap_err().variable(), Some("finish-date"), "{raw}");
            let near = ask(unchecked, &raw).unwrap().near.unwrap();
            assert_eq!(
                (near.edge, near.at.to_rfc3339().as_str()),
                (Edge::Start, "2021-04-06T07:00:00+00:00")
            );
        }
        // Alone it counts, and a malformed start-date is refused in any case.
        assert!(ask(unchecked, &format!("finish-date={finish}")).is_err());
        assert!(ask(unchecked, &format!("finish-date={finish}&start-date=soon")).is_err());
    }
    let both = ask("", "start-date=2021-04-06&finish-date=2021-04-07").unwrap();
    assert_eq!(both.notes, [Note::FinishIgnored]);
    // Bytes that a URL cannot carry are refused in any case.
    for finish in ["%", "%ff", "%00"] {
        assert!(
            rejected(unchecked, &format!("start-date=2021-04-06&finish-date={finish}"))
                .starts_with("REQ-8")
        );
    }
}

#[test]
fn empty_value() {
    let selection = ask("", "outDialCode=&duration=&agentID=bill").unwrap();
    let empty = |field| Filter { field, wanted: Wanted::Text("".into()) };
    let bill = Filter::text(Field::AgentId, "bill");
    assert_eq!(
        selection.filters,
        [bill.clone(), empty(Field::Duration), empty(Field::OutDialCode)]
    );
    assert_eq!(selection.notes, []);
    let selection = ask("empty_value = ignored", "outDialCode=&duration=&agentID=bill").unwrap();
    assert_eq!(selection.filters, [bill]);
    assert_eq!(
        selection.notes,
        [Note::EmptyIgnored(Field::Duration), Note::EmptyIgnored(Field::OutDialCode)]
    );
    // No other variable may be empty.
    for raw in ["d=", "tz=", "n=", "start-date=", "finish-date="] {
        assert!(ask("empty_value = ignored", raw).is_err(), "{raw}");
    }
}

#[test]
fn zero_offset() {
    assert_eq!(ask("", "n=0").unwrap().first, 1);
    assert_eq!(ask("", "n=000").unwrap().first, 1);
    assert_eq!(
        rejected("zero_offset = rejected", "n=0"),
        "PAGE-4: n: expected a number from 1, found 0"
    );
    assert_eq!(ask("zero_offset = rejected", "n=1").unwrap().first, 1);
    assert_eq!(ask("zero_offset = rejected", "").unwrap().first, 1);
}

#[test]
fn order() {
    assert_eq!(ask("", "").unwrap().order, Order::StartAscending);
    assert_eq!(ask("order = start-descending", "").unwrap().order, Order::StartDescending);
}

#[test]
fn response_zone() {
    for (fingerprint, without, with) in [
        ("", "America/Los_Angeles", "America/Los_Angeles"),
        ("response_zone = tenant", "America/Los_Angeles", "America/Los_Angeles"),
        ("response_zone = query", "America/Los_Angeles", "Asia/Tokyo"),
        ("response_zone = utc", "UTC", "UTC"),
    ] {
        assert_eq!(ask(fingerprint, "").unwrap().response_zone.name(), without);
        assert_eq!(ask(fingerprint, "tz=Asia/Tokyo").unwrap().response_zone.name(), with);
    }
}

#[test]
fn the_other_switches_change_nothing() {
    let raw = "d=today-1d,today&tz=Asia/Tokyo&agentID=a+b&outDialCode=&n=0";
    for fingerprint in ["no_credentials = 403", "bad_credentials = 401", "utc_offset = Z"] {
        assert_eq!(ask(fingerprint, raw), ask("", raw));
    }
}

#[test]
fn a_window_is_never_reversed() {
    let selection = ask(
        "range_end_instant = included",
        "d=2021-04-05T12:00:00.0000000001Z,2021-04-05T12:00:00.0000000002Z",
    );
    let window = selection.unwrap().window.unwrap();
    assert_eq!(window.until - window.from, TimeDelta::zero());
}
