//! Paths, formats, the builder, the pager, and plain data.

use chrono::{DateTime, FixedOffset, NaiveDate, Utc};
use vcc_query::{
    Context, Date, Dates, Dialect, Field, Filter, Near, Pages, Precision, Query, QueryErrorKind,
    Request, Resource, ResponseFormat, Selection, Text, Wanted, Window, Written, Zone,
};

fn context() -> Context {
    Context {
        now: "2007-12-19T20:00:00Z".parse().unwrap(),
        tenant_tz: "America/Los_Angeles".parse().unwrap(),
        dialect: Dialect::default(),
    }
}

#[test]
fn paths() {
    for (path, format) in [
        ("/api/recordings/files", ResponseFormat::Xml),
        ("/api/recordings/files/", ResponseFormat::Xml),
        ("/api/recordings/files.xml", ResponseFormat::Xml),
        ("/api/recordings/files.xml/", ResponseFormat::Xml),
        ("/api/recordings/files.csv", ResponseFormat::Csv),
        ("/api/recordings/files.csv/", ResponseFormat::Csv),
    ] {
        let request = Request::parse(path, "n=1").unwrap();
        assert_eq!((request.resource, request.format), (Resource::Files, format));
        assert_eq!(request.query, Query::parse("n=1").unwrap());
        assert!(path.starts_with(request.resource.path()));
    }
    // Escapes are decoded in each segment separately.
    for (path, format) in [
        ("/%61pi/recordings/files", ResponseFormat::Xml),
        ("/api/recordings/files%2Exml", ResponseFormat::Xml),
        ("/api/recordings/files%2ecsv/", ResponseFormat::Csv),
        ("/%61%70%69/%72ecordings/file%73.csv", ResponseFormat::Csv),
    ] {
        assert_eq!(Resource::parse(path).unwrap(), (Resource::Files, format), "{path}");
    }
    for path in [
        "*",
        "/api%2Frecordings/files",
        "%2Fapi/recordings/files",
        "/api/recordings/files%2F",
        "/api/recordings/files%2",
        "/api/recordings/files%",
        "/api/recordings/files%zz",
        "/api/recordings/files%00",
        "/api/recordings/files%252Exml",
        "/api/recordings/files;v=1",
        "/api/recordings/file\u{17f}",
        "/api/recordings/files\u{e9}",
        "/api/recordings/files%C3%A9",
        "/api/recordings//files",
        "/x/../api/recordings/files",
        "",
        "/",
        "/api/recordings",
        "/api/recordings/",
        "/api/recordings/calls",
        "/api/recordings/files.json",
        "/api/recordings/files.XML",
        "/api/recordings/files.csv.csv",
        "/api/recordings/files//",
        "//api/recordings/files",
        "/api/recordings/files./",
        "/api/recordings/filesx",
        "/api/recordings/Files",
        "/API/recordings/files",
        "api/recordings/files",
        "/api/recordings/files/1",
        "/api/recordings/files.csv?",
        "/api/recordings/files/.csv",
    ] {
        // REQ-3: this comes before any error in the query.
        let error = Request::parse(path, "n=x").unwrap_err();
        assert_eq!(
            (error.kind(), error.status(), error.clause()),
            (QueryErrorKind::Resource, 404, "REQ-3"),
            "{path}"
        );
    }
    assert_eq!(Request::parse("/api/recordings/files", "n=x").unwrap_err().status(), 400);
    assert_eq!(
        [ResponseFormat::Xml, ResponseFormat::Csv].map(ResponseFormat::extension),
        [".xml", ".csv"]
    );
    assert_eq!(
        [ResponseFormat::Xml, ResponseFormat::Csv].map(|format| format.to_string()),
        ["XML", "CSV"]
    );
}

#[test]
fn empty_segments_are_nothing() {
    for raw in ["", "&", "&&", "&n=51", "n=51&", "&&n=51&&&"] {
        let query = Query::parse(raw).unwrap();
        assert_eq!(query.n(), raw.contains('n').then_some(51));
    }
}

#[test]
fn names_and_values_are_decoded() {
    let same =
        Query::parse("start-date=2007-12-19T19:16:58Z&agentID=J\u{fc}rgen&extVar1=a b").unwrap();
    for raw in [
        "start-date=2007-12-19%2019:16:58Z&agentID=J%C3%BCrgen&extVar1=a%20b",
        "start%2Ddate=2007-12-19+19%3A16%3a58Z&agent%49D=J%c3%bcrgen&extVar1=a+b",
        "%73%74%61%72%74-date=%32007-12-19 19:16:58Z&agentID=J\u{fc}rgen&extVar1=%61 b",
    ] {
        assert_eq!(Query::parse(raw).unwrap(), same, "{raw}");
    }
    // A character with some of its bytes encoded.
    assert_eq!(
        Query::parse(b"agentID=J\xc3%BCrgen").unwrap().filters(),
        [Filter::text(Field::AgentId, "J\u{fc}rgen")]
    );
}

#[test]
fn the_canonical_form() {
    for (raw, canonical) in [
        ("", ""),
        ("n=0101&&agentID=bill&d=20070805", "d=2007-08-05&agentID=bill&n=101"),
        ("d=2007-W31-7 13:15+01,today 1d", "d=2007-08-05T13:15%2B01:00,today%2B1d"),
        ("d=2007-08-05T13:15:30.120-0000", "d=2007-08-05T13:15:30.120Z"),
        ("d=2007-08-05T13-23:59,2007-W31", "d=2007-08-05T13-23:59,2007-W31"),
        ("tz=Etc/GMT 8&d=today-007d", "d=today-7d&tz=Etc/GMT%2B8"),
        (
            "channel=#virtual_outbound#&queueID=fernandez~~queue~~phone~~102",
            "channel=%23virtual_outbound%23&queueID=fernandez~~queue~~phone~~102",
        ),
        (
            "wrapUpCode=&caseID=a+b%2B&duration=027&agentID=J\u{fc}\"&",
            "agentID=J%C3%BC%22&caseID=a%20b%2B&duration=27&wrapUpCode=",
        ),
        ("duration=99999999999999999999999", "duration=9223372036854775808"),
        ("finish-date=0001-001\"", "finish-date=0001-01-01"),
        ("extVar1=%0d%0a%09%26%3D%25", "extVar1=%0D%0A%09%26%3D%25"),
    ] {
        let query = Query::parse(raw).unwrap();
        assert_eq!(query.to_string(), canonical, "{raw}");
        assert_eq!(Query::parse(canonical).unwrap(), query);
        assert_eq!(Query::parse(canonical).unwrap().to_string(), canonical);
    }
}

#[test]
fn what_was_written_is_kept() {
    let query =
        Query::parse("d=2007-08,2007-08-05T13:15-08:00&tz=US/Pacific&finish-date=today%2B2d&n=0")
            .unwrap();
    let Some(Dates::Range(from, until)) = query.d() else { panic!() };
    assert_eq!(*from, Written::Date(Date::Month(2007, 8)));
    assert_eq!((until.precision(), until.offset()), (Precision::Minute, Some(-8 * 3600)));
    assert_eq!((from.precision(), from.offset()), (Precision::Month, None));
    assert_eq!(query.finish_date(), Some(&Written::Today(2)));
    assert_eq!((query.start_date(), query.n()), (None, Some(0)));
    assert_eq!(query.tz(), "US/Pacific".parse().ok());
    for (text, precision) in [
        ("2007", Precision::Year),
        ("2007-W31", Precision::Week),
        ("today", Precision::Day),
        ("2007217", Precision::Day),
        ("20070805T13", Precision::Hour),
        ("20070805T131530", Precision::Second),
        ("20070805T131530.5", Precision::Fraction),
    ] {
        assert_eq!(text.parse::<Written>().unwrap().precision(), precision, "{text}");
    }
    let Written::Timed(timed) = "2007-08-05T24:00".parse().unwrap() else { panic!() };
    assert!(timed.is_end_of_day());
    assert_eq!(timed.day(), NaiveDate::from_ymd_opt(2007, 8, 5).unwrap());
    assert_eq!(timed.to_string(), "2007-08-05T24:00");
}

#[test]
fn the_builder_writes_what_is_read() {
    let instant: DateTime<Utc> = "2007-08-05T13:15:30.25Z".parse().unwrap();
    let zoned: DateTime<FixedOffset> =
        DateTime::parse_from_rfc3339("2007-08-05T13:15:30+05:45").unwrap();
    let day = NaiveDate::from_ymd_opt(2007, 8, 5).unwrap();
    for (query, text) in [
        (Query::builder(), ""),
        (Query::builder().d(day), "d=2007-08-05"),
        (Query::builder().d(Written::Today(1)), "d=today%2B1d"),
        (Query::builder().d("2007-W31"), "d=2007-W31"),
        (Query::builder().range("today-1d", Written::Today(0)), "d=today-1d,today"),
        (Query::builder().range(day, instant), "d=2007-08-05,2007-08-05T13:15:30.250000000Z"),
        (Query::builder().start_date(zoned), "start-date=2007-08-05T13:15:30%2B05:45"),
        (
            Query::builder().finish_date(instant).n(51),
            "finish-date=2007-08-05T13:15:30.250000000Z&n=51",
        ),
        (Query::builder().tz("Etc/GMT+8").tz(Zone::UTC), "tz=UTC"),
        (
            Query::builder()
                .filter(Field::WrapUpCode, "")
                .filter(Field::AgentId, "a")
                .filter(Field::AgentId, "+ #&"),
            "agentID=%2B%20%23%26&wrapUpCode=",
        ),
        (Query::builder().filter(Field::Duration, "027"), "duration=27"),
    ] {
        let query = query.build().unwrap();
        assert_eq!(query.to_string(), text);
        assert_eq!(Query::parse(text).unwrap(), query);
    }
    let far = NaiveDate::from_ymd_opt(10_000, 1, 1).unwrap();
    for (query, message) in [
        (
            Query::builder().d("soon"),
            "d: expected a date such as 2007-08-05 or a constant such as today-1d, found \"soon\"",
        ),
        (Query::builder().d(far), "d: expected a year from 0001 to 9999, found 10000"),
        (
            Query::builder().range("today", "2007-02-29"),
            "d: expected a day of 2007-02 from 01 to 28, found \"29\"",
        ),
        (
            Query::builder().start_date("").finish_date("?"),
            "start-date: expected a date such as 2007-08-05 or a constant such as today-1d, found nothing",
        ),
        (
            Query::builder().tz("Nowhere"),
            "tz: expected a zone of the tz database, such as America/New_York, found \"Nowhere\"",
        ),
        (
            Query::builder().filter(Field::Duration, "long"),
            "duration: expected a number of whole seconds, such as 27, found \"long\"",
        ),
        (
            Query::builder().filter(Field::AgentId, "\0"),
            "agentID: expected no control character, found U+0000",
        ),
        (
            Query::builder().d(Written::Date(Date::Month(2007, 13))),
            "d: expected a month from 01 to 12, found \"13\"",
        ),
        (
            Query::builder().d(Written::Today(i32::MIN)),
            "d: expected a number of days that stays in the years 0001 to 9999, found \"2147483648d\"",
        ),
        (
            Query::builder().d("2007-08-05T24:00"),
            "d: expected a period, or a range of two dates, found the instant that ends a day",
        ),
        (
            Query::builder().filter(Field::AgentId, &"a".repeat(9000)),
            "expected a query of at most 8192 bytes, found 9008",
        ),
    ] {
        assert_eq!(query.build().unwrap_err().to_string(), message);
    }
    // FIELD-2
    let error = Query::builder().filter(Field::StartDate, "2007-08-05").build().unwrap_err();
    assert_eq!(
        error.to_string(),
        "startDate: expected a field that is compared, found \"startDate\""
    );
    assert_eq!(
        (error.clause(), error.hint()),
        ("FIELD-2", Some("a start is looked up with start_date"))
    );
}

#[test]
fn instants_are_written_and_read_back() {
    // A leap second of chrono is the second after :59; an offset with seconds becomes UTC.
    let leap = "2016-12-31T23:59:60.5Z".parse::<DateTime<Utc>>().unwrap();
    assert_eq!(Written::try_from(leap).unwrap().to_string(), "2016-12-31T23:59:60.500000000Z");
    let odd = FixedOffset::east_opt(-(7 * 3600 + 52 * 60 + 58)).unwrap();
    let instant = DateTime::<Utc>::UNIX_EPOCH.with_timezone(&odd);
    assert_eq!(Written::try_from(instant).unwrap().to_string(), "1970-01-01T00:00:00Z");
}

/// A server with this many records.
fn walk(records: u64, page: u64, mut pages: Pages) -> (Vec<u64>, Vec<u64>) {
    let (mut asked, mut got) = (vec![], vec![]);
    while let Some(query) = pages.next_query() {
        assert_eq!(pages.next_query().as_ref(), Some(&query), "a request can be repeated");
        let n = query.n().unwrap();
        asked.push(n);
        let page: Vec<_> = (n..=records).take(page as usize).collect();
        pages.held(page.len());
        got.extend(page);
        assert!(asked.len() < 100);
    }
    (asked, got)
}

#[test]
fn walking_a_list() {
    let query = || Query::parse("agentID=bill").unwrap();
    for (records, asked) in [
        (0, vec![1]),
        (1, vec![1]),
        (49, vec![1]),
        (50, vec![1, 51]),
        (51, vec![1, 51]),
        (100, vec![1, 51, 101]),
        (101, vec![1, 51, 101]),
    ] {
        assert_eq!(walk(records, 50, Pages::new(query())), (asked, (1..=records).collect()));
    }
    // A server with another page size.
    assert_eq!(
        walk(60, 25, Pages::new(query()).until_empty()),
        (vec![1, 26, 51, 61], (1..=60).collect())
    );
    assert_eq!(walk(120, 100, Pages::new(query())), (vec![1, 101], (1..=120).collect()));
    // From somewhere in the middle, and at the largest numbers.
    assert_eq!(walk(101, 50, Pages::new(query().with_n(100))).0, [100]);
    assert_eq!(walk(60, 50, Pages::new(query().with_n(0))).0, [1, 51]);
    let mut pages = Pages::new(query().with_n(u64::MAX));
    pages.held(50);
    assert_eq!(pages.next_query(), None);
}

#[test]
fn selections_are_plain_data() {
    for raw in [
        "",
        "d=9999-12-31&n=18446744073709551615",
        "d=0001-01-01T00:00%2B14:00",
        "start-date=2007-12-19T19:16:36.123456789-08:00&d=2007&tz=Etc/GMT%2B8&agentID=a+%22b&duration=27&outDialCode=",
        "finish-date=2150-01-01&duration=99999999999999999999&start-date=2150",
    ] {
        let query = Query::parse(raw).unwrap();
        let selection = query.resolve(&context()).unwrap();
        let json = serde_json::to_string(&selection).unwrap();
        assert_eq!(serde_json::from_str::<Selection>(&json).unwrap(), selection, "{json}");
        let json = serde_json::to_string(&query).unwrap();
        assert_eq!(serde_json::from_str::<Query>(&json).unwrap(), query, "{json}");
    }
    let selection = Query::parse("d=2007-08-05&start-date=2007-08-05&agentID=bill&duration=27")
        .unwrap()
        .resolve(&context())
        .unwrap();
    assert_eq!(
        serde_json::to_string(&selection).unwrap(),
        "{\"window\":{\"from\":\"2007-08-05T07:00:00Z\",\"until\":\"2007-08-06T07:00:00Z\"},\
          \"near\":{\"edge\":\"start\",\"at\":\"2007-08-05T07:00:00Z\",\"tolerance\":5,\
          \"from\":\"2007-08-05T06:59:55Z\",\"until\":\"2007-08-05T07:00:05Z\"},\
          \"filters\":[{\"field\":\"agentID\",\"wanted\":{\"text\":\"bill\"}},{\"field\":\"duration\",\"wanted\":{\"seconds\":27}}],\
          \"first\":1,\"page_size\":50,\"order\":\"start-ascending\",\"response_zone\":\"America/Los_Angeles\",\"notes\":[]}"
    );
    for json in ["\"Nowhere\"", "\"utc\"", "1"] {
        assert!(serde_json::from_str::<Zone>(json).is_err());
    }
    assert!(
        serde_json::from_str::<Filter>("{\"field\":\"startDate\",\"wanted\":\"never\"}").is_err()
    );
    assert!(serde_json::from_str::<Query>("\"d=soon\"").is_err());
}

#[test]
fn a_selection_explains_itself() {
    let explain =
        |raw: &str| Query::parse(raw).unwrap().resolve(&context()).unwrap().explain().to_string();
    assert_eq!(
        explain(""),
        "every recording\n\
         records 1 to 50 of the list, by start, the earliest first; startDate is written in America/Los_Angeles\n"
    );
    assert_eq!(
        explain(
            "d=2007-08-05,2007-08-07&tz=America/New_York&agentID=a+b&duration=27&outDialCode=&n=101"
        ),
        "recordings\n\
         - that started at or after 2007-08-05T04:00:00Z and before 2007-08-07T04:00:00Z\n\
         - whose agentID is \"a b\"\n\
         - whose duration is 27 s\n\
         - whose outDialCode is empty or absent\n\
         records 101 to 150 of the list, by start, the earliest first; startDate is written in America/Los_Angeles\n\
         note: + in agentID was read as a space; a + is written %2B\n"
    );
    assert_eq!(
        explain(
            "start-date=2007-12-19T19:16:36.5-08:00&finish-date=today&d=2011-12-30&tz=Pacific/Apia&duration=99999999999999999999"
        ),
        "recordings\n\
         - that started in an empty window at 2011-12-30T10:00:00Z: none\n\
         - that started from 2007-12-20T03:16:31.500Z to 2007-12-20T03:16:41.500Z, both included: 2007-12-20T03:16:36.500Z ± 5 s\n\
         - whose duration is longer than any: none\n\
         records 1 to 50 of the list, by start, the earliest first; startDate is written in America/Los_Angeles\n\
         note: finish-date is not used, since start-date is given\n"
    );
    assert!(
        explain("finish-date=today")
            .contains("- that finished (start + duration) from 2007-12-19T07:59:55Z")
    );
    assert!(
        explain("n=18446744073709551615")
            .contains("records 18446744073709551615 to 18446744073709551615")
    );
}

#[test]
fn values_can_be_made_by_hand() {
    let instant = DateTime::<Utc>::UNIX_EPOCH;
    let window = Window { from: instant, until: instant };
    assert!(window.is_empty() && !window.contains(instant));
    let near = Near {
        edge: vcc_query::Edge::Start,
        at: instant,
        tolerance: 5,
        from: instant,
        until: instant,
    };
    assert!(near.contains(instant));
    let filter = Filter { field: Field::AgentId, wanted: Wanted::Text(Text::from("bill")) };
    assert_eq!(filter, Filter::text(Field::AgentId, "bill"));
}

/// What prints can be read by the standard trait too, and an error names what was wrong.
#[test]
fn what_prints_is_parsed_by_the_standard_trait() {
    let raw = "d=today-1d,today&tz=America/Denver&channel=%23virtual_outbound%23";
    let query: Query = raw.parse().unwrap();
    assert_eq!(query.to_string(), raw);
    assert_eq!("d=soon".parse::<Query>(), Query::parse("d=soon"));
    let unknown = "America/denver".parse::<Zone>().unwrap_err();
    assert_eq!(unknown.name(), "America/denver");
    assert_eq!(
        unknown.to_string(),
        "expected a zone of the tz database, such as America/New_York, found \"America/denver\""
    );
    let error = serde_json::from_str::<Zone>("\"utc\"").unwrap_err();
    assert!(error.to_string().starts_with(&"utc".parse::<Zone>().unwrap_err().to_string()));
}
