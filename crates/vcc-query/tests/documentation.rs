//! Every URL that the documentation prints, by name, with what its query means.

use chrono::{DateTime, Utc};
use vcc_query::{Context, Dialect, Edge, Field, Filter, Query, Request, ResponseFormat, Selection};

fn instant(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// What a URL of the documentation means to a tenant in Los Angeles, at noon of 2007-12-19 there.
fn ask(url: &str) -> (ResponseFormat, Selection) {
    let (_, path) = url.split_once("://").unwrap();
    let target = &path[path.find('/').unwrap()..];
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let request = Request::parse(path, query).unwrap();
    let context = Context {
        now: instant("2007-12-19T20:00:00Z"),
        tenant_tz: "America/Los_Angeles".parse().unwrap(),
        dialect: Dialect::default(),
    };
    (request.format, request.query.resolve(&context).unwrap())
}

fn window(url: &str) -> (DateTime<Utc>, DateTime<Utc>) {
    let (_, selection) = ask(url);
    let window = selection.window.unwrap();
    (window.from, window.until)
}

#[test]
fn all_files() {
    for url in [
        "http://mycontactual.com/api/recordings/files/",
        "https://na1.mycontactual.com/api/recordings/files",
        "https://na2.mycontactual.com/api/recordings/files",
        "https://na3.mycontactual.com/api/recordings/files",
        "https://na4.mycontactual.com/api/recordings/files",
        "https://vcc-na7.8x8.com/api/recordings/files",
        "https://www.mycontactual.ca/api/recordings/files",
        "https://www.mycontactual.co.uk/api/recordings/files",
    ] {
        let (format, selection) = ask(url);
        assert_eq!(format, ResponseFormat::Xml);
        assert_eq!((selection.window, selection.near), (None, None));
        assert_eq!((selection.filters.len(), selection.first, selection.page_size), (0, 1, 50));
    }
}

#[test]
fn all_files_as_csv() {
    assert_eq!(ask("http://mycontactual.com/api/recordings/files.csv").0, ResponseFormat::Csv);
}

/// In the documentation this URL is broken over two lines and ends in a stray quote.
#[test]
fn the_screen_pop() {
    let as_printed = "http://mycontactual/api/recordings/files?agentID=bill&channel=8005557780\
                      &phoneNumber=4155551234&finish-date=\n2007-12-19%2019:16:58Z\"";
    for url in [as_printed, &as_printed.replace('\n', "\r\n"), &as_printed.replace('\n', "")] {
        let (_, selection) = ask(url);
        let near = selection.near.unwrap();
        assert_eq!(near.edge, Edge::Finish);
        assert_eq!(near.at, instant("2007-12-19T19:16:58Z"));
        assert_eq!(near.from, instant("2007-12-19T19:16:53Z"));
        assert_eq!(near.until, instant("2007-12-19T19:17:03Z"));
        assert_eq!(
            selection.filters,
            [
                Filter::text(Field::AgentId, "bill"),
                Filter::text(Field::PhoneNumber, "4155551234"),
                Filter::text(Field::Channel, "8005557780"),
            ]
        );
    }
}

/// A line end anywhere else, a second one, or an encoded one is a control character like any other.
#[test]
fn a_line_is_broken_only_before_a_date() {
    assert_eq!(
        window("http://mycontactual.com/api/recordings/files?d=\n2007-08-05,2007-08-07"),
        (instant("2007-08-05T07:00:00Z"), instant("2007-08-07T07:00:00Z"))
    );
    for raw in [
        "d=\n",
        "d=\n\n2007-08-05",
        "d=\r2007-08-05",
        "d=\n\r2007-08-05",
        "d=\t2007-08-05",
        "d=%0A2007-08-05",
        "d=2007-08-05\n",
        "d=2007-08-05,\n2007-08-07",
        "d=2007-08-05\n13:15Z",
        "tz=\nUTC",
        "n=\n1",
        "\nn=1",
        "duration=\n27",
        "finish-date=2007-12-19%2019:16:58Z\n\"",
    ] {
        assert!(Query::parse(raw).is_err(), "{raw:?}");
    }
    let filters = [Filter::text(Field::AgentId, "\nbill")];
    assert_eq!(Query::parse("agentID=\nbill").unwrap().filters(), filters);
}

#[test]
fn a_day_in_a_named_zone() {
    assert_eq!(
        window("http://mycontactual.com/api/recordings/files?d=2007-08-05&tz=America/New_York"),
        (instant("2007-08-05T04:00:00Z"), instant("2007-08-06T04:00:00Z"))
    );
}

#[test]
fn a_range_of_days_in_the_zone_of_the_tenant() {
    assert_eq!(
        window("http://mycontactual.com/api/recordings/files?d=2007-08-05,2007-08-07"),
        (instant("2007-08-05T07:00:00Z"), instant("2007-08-07T07:00:00Z"))
    );
}

#[test]
fn a_range_with_times_in_utc() {
    let expected = (instant("2007-08-05T13:15:00Z"), instant("2007-08-07T14:30:00Z"));
    for query in [
        "d=2007-08-05 13:15Z,2007-08-07 14:30Z",
        "d=2007-08-05%2013:15Z,2007-08-07%2014:30Z",
        "d=20070805T1315Z,20070807T1430Z",
    ] {
        let url = format!("http://mycontactual.com/api/recordings/files?{query}");
        assert_eq!(window(&url), expected, "{url}");
    }
}

#[test]
fn yesterday() {
    assert_eq!(
        window("http://mycontactual.com/api/recordings/files?d=today-1d,today&tz=America/Denver"),
        (instant("2007-12-18T07:00:00Z"), instant("2007-12-19T07:00:00Z"))
    );
}

#[test]
fn the_constants() {
    let url = |query| format!("http://mycontactual.com/api/recordings/files?{query}");
    let day = |from, until| (instant(from), instant(until));
    assert_eq!(window(&url("d=today")), day("2007-12-19T08:00:00Z", "2007-12-20T08:00:00Z"));
    assert_eq!(window(&url("d=today-1d")), day("2007-12-18T08:00:00Z", "2007-12-19T08:00:00Z"));
    assert_eq!(window(&url("d=today-7d")), day("2007-12-12T08:00:00Z", "2007-12-13T08:00:00Z"));
}

#[test]
fn the_response_form() {
    let (_, selection) =
        ask("http://mycontactual.com/api/recordings/files?start-date=2008-02-14T10:12:13-08:00");
    assert_eq!(selection.near.unwrap().at, instant("2008-02-14T18:12:13Z"));
}

#[test]
fn no_time_is_midnight() {
    let (_, selection) = ask("http://mycontactual.com/api/recordings/files?start-date=2007-12-19");
    let near = selection.near.unwrap();
    assert_eq!(near.edge, Edge::Start);
    assert_eq!(near.from, instant("2007-12-19T07:59:55Z"));
    assert_eq!(near.until, instant("2007-12-19T08:00:05Z"));
}

#[test]
fn only_start_date_is_used() {
    let (_, selection) = ask(
        "http://mycontactual.com/api/recordings/files?finish-date=2007-12-20&start-date=2007-12-19",
    );
    assert_eq!(selection.near.unwrap().edge, Edge::Start);
    assert_eq!(selection.window, None);
}

#[test]
fn from_the_101st_record() {
    let (_, selection) = ask("http://mycontactual.com/api/recordings/files?n=101");
    assert_eq!(selection.first, 101);
}

#[test]
fn one_channel() {
    let (_, selection) = ask("http://mycontactual.com/api/recordings/files?channel=8005551234");
    assert_eq!(selection.filters, [Filter::text(Field::Channel, "8005551234")]);
}
