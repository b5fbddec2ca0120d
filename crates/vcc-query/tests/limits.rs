//! Sizes: the stated limits, hostile inputs, and how often the heap is asked for memory.

use vcc_query::{Context, Dialect, Parser, Query, QueryErrorKind, Zone};
use vcc_types::UnknownVariable;

#[test]
fn the_stated_limits() {
    assert_eq!((Parser::MAX_LENGTH, Parser::MAX_VARIABLES), (8192, 64));
    let of_length = |length: usize| format!("agentID={}", "a".repeat(length - 8));
    assert!(Query::parse(&of_length(8192)).is_ok());
    let error = Query::parse(&of_length(8193)).unwrap_err();
    assert_eq!(error.to_string(), "expected a query of at most 8192 bytes, found 8193");
    assert_eq!(
        (error.kind(), error.clause(), error.span()),
        (QueryErrorKind::TooLong, "REQ-13", 8192..8193)
    );
    assert!(Parser::builder().max_length(1 << 20).build().parse(&of_length(1 << 20)).is_ok());

    let ignoring = Dialect { unknown_variable: UnknownVariable::Ignored, ..Dialect::default() };
    let builder = Parser::builder().dialect(ignoring);
    let parser = builder.build();
    assert!(parser.parse(&"x=1&".repeat(64)).is_ok());
    let error = parser.parse(&"x=1&".repeat(65)).unwrap_err();
    assert_eq!(error.to_string(), "expected at most 64 variables, found more");
    assert_eq!((error.kind(), error.span().start), (QueryErrorKind::TooManyVariables, 256));
    assert!(builder.max_variables(65).build().parse(&"x=1&".repeat(65)).is_ok());
    // Empty segments are no variables.
    assert!(Query::parse(&"&".repeat(8192)).is_ok());
}

/// Ten megabytes under raised limits, and a tenth of a megabyte of everything else: each byte is read a few
/// times at most.
#[test]
fn hostile_inputs_are_read_in_one_go() {
    const MEGABYTES: usize = 10 << 20;
    let builder = Parser::builder().max_length(2 * MEGABYTES).max_variables(2 * MEGABYTES);
    let dialect = "unknown_variable = ignored\nrepeated_variable = last".parse().unwrap();
    let (parser, lenient) = (builder.build(), builder.dialect(dialect).build());
    let check = |raw: &str| {
        for parser in [parser, lenient] {
            if let Err(error) = parser.parse(raw) {
                assert!(error.to_string().len() < 600);
                assert!(error.render(raw).to_string().len() < 2000);
                assert!(error.span().end <= raw.len());
            }
        }
    };
    for unit in ["%", "&", "today-9"] {
        check(&unit.repeat(MEGABYTES / unit.len()));
    }
    check(&format!("d=today-{}d", "9".repeat(MEGABYTES)));
    for prefix in
        ["", "d=", "d=2007-08-05T13:15:30.", "d=today-", "n=", "duration=", "tz=", "agentID="]
    {
        for unit in [
            "%", "&", "=", "a", "0", "9", "%00", "%41", "%C0%AF", "+", ",", "%2C", "\"", "x=&",
            "d=&",
        ] {
            check(&format!("{prefix}{}", unit.repeat(100_000 / unit.len())));
        }
    }
}

#[test]
fn hostile_bytes() {
    for raw in [
        &b"\0"[..],
        b"\0=\0",
        b"d=\0",
        b"agentID=\0",
        b"\xff",
        b"\xff=\xff",
        b"agentID=\xc0\xaf",
        b"agentID=\xed\xa0\x80",
        b"agentID=\xf4\x90\x80\x80",
        b"d=\xe2\x80\x8e2007",
        b"d=2007-08-05T13:15:30+99:99",
        b"d=0000-00-00",
        b"d=10000",
        b"d=today-999999999999d",
        b"d=today+99999999999999999999999999d",
        b"tz=\xff",
        b"n=-0",
        b"n=\xd9\xa1",
        b"%",
        b"d=2007-08-05T13:15:30-24:00",
        b"d=99999999999999999999",
        b"d=2007-08-05T99:99:99.",
        b"\xef\xbb\xbfd=today",
    ] {
        let error = Query::parse(raw).unwrap_err();
        assert!(!error.render(raw).to_string().is_empty());
    }
}

/// An ordinary query costs at most two allocations until it is a selection: the list of the query's filters,
/// if there is more than one, and that of the selection. Dates, numbers and short texts cost none, a
/// fraction of a second costs one, and zones none once they have been read.
#[test]
fn allocations() {
    let context = Context {
        now: "2007-12-19T20:00:00Z".parse().unwrap(),
        tenant_tz: "America/Los_Angeles".parse::<Zone>().unwrap(),
        dialect: Dialect::default(),
    };
    let count = |raw: &str| {
        Query::parse(raw).unwrap();
        let mut selection = None;
        let counted = allocation_counter::measure(|| {
            selection = Query::parse(raw).unwrap().resolve(&context).ok();
        });
        assert!(selection.is_some());
        counted.count_total
    };
    for (raw, most) in [
        ("", 0),
        ("n=101", 0),
        ("d=2007-08-05&tz=America/New_York", 0),
        ("d=2025-08-05,2025-08-07&tz=Africa/Casablanca&agentID=bill&n=101", 1),
        ("d=2050-08-05,2050-08-07&tz=America/New_York&agentID=bill&n=101", 1),
        ("d=today-1d,today&tz=America/Denver", 0),
        ("d=2007-W31-7%2013:15Z,2007-08-07T14:30%2B01:00", 0),
        ("start-date=2007-08-05&tz=Etc/GMT%2B8", 0),
        ("start-date=2007-08-05T13:15:30.1234567890123456789012Z", 1),
        ("d=2007-08-05%2013:15Z,2007-08-07%2014:30Z&tz=America/New_York&agentID=bill&n=101", 1),
        (
            "agentID=bill&channel=8005557780&phoneNumber=4155551234&finish-date=2007-12-19%2019:16:58Z\"",
            2,
        ),
    ] {
        assert!(count(raw) <= most, "{raw}: {}", count(raw));
    }
}
