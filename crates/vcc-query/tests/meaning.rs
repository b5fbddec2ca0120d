//! What queries mean: dates in zones, ±5 s, fields, pages. Tables of input → exact output.

use chrono::{DateTime, Utc};
use vcc_query::{Context, Dialect, Edge, Field, Filter, Note, Query, Selection, Wanted};
use vcc_types::Recording;

fn context(now: &str) -> Context {
    Context {
        now: now.parse().unwrap(),
        tenant_tz: "America/Los_Angeles".parse().unwrap(),
        dialect: Dialect::default(),
    }
}

fn ask_at(now: &str, raw: &str) -> Selection {
    let query = Query::parse(raw).unwrap_or_else(|error| panic!("{raw}: {error}"));
    query.resolve(&context(now)).unwrap_or_else(|error| panic!("{raw}: {error}"))
}

fn ask(raw: &str) -> Selection {
    ask_at("2007-12-19T20:00:00Z", raw)
}

fn text(instant: DateTime<Utc>) -> String {
    instant.format("%Y-%m-%dT%H:%M:%S%.f").to_string()
}

fn window(raw: &str) -> (String, String) {
    let window = ask(raw).window.unwrap();
    (text(window.from), text(window.until))
}

/// Seconds from the first instant of the window to its end.
fn length(raw: &str) -> i64 {
    let window = ask(raw).window.unwrap();
    (window.until - window.from).num_seconds()
}

#[test]
fn every_form_of_a_date_names_its_period() {
    for (written, from, until) in [
        ("2007", "2007-01-01T00:00:00", "2008-01-01T00:00:00"),
        ("2007-08", "2007-08-01T00:00:00", "2007-09-01T00:00:00"),
        ("2007-12", "2007-12-01T00:00:00", "2008-01-01T00:00:00"),
        ("2007-W31", "2007-07-30T00:00:00", "2007-08-06T00:00:00"),
        ("2007W31", "2007-07-30T00:00:00", "2007-08-06T00:00:00"),
        ("2009-W53", "2009-12-28T00:00:00", "2010-01-04T00:00:00"),
        ("2010-W01", "2010-01-04T00:00:00", "2010-01-11T00:00:00"),
        ("2005-W01-1", "2005-01-03T00:00:00", "2005-01-04T00:00:00"),
        ("2007-08-05", "2007-08-05T00:00:00", "2007-08-06T00:00:00"),
        ("20070805", "2007-08-05T00:00:00", "2007-08-06T00:00:00"),
        ("2007-217", "2007-08-05T00:00:00", "2007-08-06T00:00:00"),
        ("2007217", "2007-08-05T00:00:00", "2007-08-06T00:00:00"),
        ("2007-W31-7", "2007-08-05T00:00:00", "2007-08-06T00:00:00"),
        ("2007W317", "2007-08-05T00:00:00", "2007-08-06T00:00:00"),
        ("2008-366", "2008-12-31T00:00:00", "2009-01-01T00:00:00"),
        ("2007-08-05T13", "2007-08-05T13:00:00", "2007-08-05T14:00:00"),
        ("2007-08-05 23", "2007-08-05T23:00:00", "2007-08-06T00:00:00"),
        ("2007-08-05T13:15", "2007-08-05T13:15:00", "2007-08-05T13:16:00"),
        ("2007-08-05 1315", "2007-08-05T13:15:00", "2007-08-05T13:16:00"),
        ("20070805T13:15", "2007-08-05T13:15:00", "2007-08-05T13:16:00"),
        ("20070805T131530", "2007-08-05T13:15:30", "2007-08-05T13:15:31"),
        ("2007-W31-7T13:15:30", "2007-08-05T13:15:30", "2007-08-05T13:15:31"),
        ("2007-217T13:15:30Z", "2007-08-05T13:15:30", "2007-08-05T13:15:31"),
        ("2007-08-05T13:15:60", "2007-08-05T13:16:00", "2007-08-05T13:16:01"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00", "2017-01-01T00:00:01"),
        ("2007-08-05T13:15:30.5", "2007-08-05T13:15:30.500", "2007-08-05T13:15:30.600"),
        ("2007-08-05T13:15:30.9", "2007-08-05T13:15:30.900", "2007-08-05T13:15:31"),
        ("2007-08-05T13:15:30.50", "2007-08-05T13:15:30.500", "2007-08-05T13:15:30.510"),
        (
            "2007-08-05T13:15:30.123456789",
            "2007-08-05T13:15:30.123456789",
            "2007-08-05T13:15:30.123456790",
        ),
        ("2007-08-05T13:15:30.0000000000", "2007-08-05T13:15:30", "2007-08-05T13:15:30.000000001"),
        ("2007-08-05T13:15:30.9999999999", "2007-08-05T13:15:31", "2007-08-05T13:15:31"),
        ("2007-08-05T13:15:30.9999999990", "2007-08-05T13:15:30.999999999", "2007-08-05T13:15:31"),
        ("2007-08-05T13:15Z", "2007-08-05T13:15:00", "2007-08-05T13:16:00"),
        ("2007-08-05T13:15-08", "2007-08-05T21:15:00", "2007-08-05T21:16:00"),
        ("2007-08-05T13:15-0800", "2007-08-05T21:15:00", "2007-08-05T21:16:00"),
        ("2007-08-05T13:15-08:00", "2007-08-05T21:15:00", "2007-08-05T21:16:00"),
        ("20070805T1315%2B05:45", "2007-08-05T07:30:00", "2007-08-05T07:31:00"),
        ("2007-08-05T13-00:00", "2007-08-05T13:00:00", "2007-08-05T14:00:00"),
        ("2007-08-05T13:15-23:59", "2007-08-06T13:14:00", "2007-08-06T13:15:00"),
    ] {
        let expected = (from.to_owned(), until.to_owned());
        assert_eq!(window(&format!("d={written}&tz=UTC")), expected, "{written}");
    }
}

#[test]
fn the_edges_of_the_calendar() {
    for (written, from, until) in [
        ("0001", "0001-01-01T00:00:00", "0002-01-01T00:00:00"),
        ("0001-W01-1", "0001-01-01T00:00:00", "0001-01-02T00:00:00"),
        ("0001-01-01T00:00%2B23:59", "0000-12-31T00:01:00", "0000-12-31T00:02:00"),
        ("9999", "9999-01-01T00:00:00", "+10000-01-01T00:00:00"),
        ("9999-12", "9999-12-01T00:00:00", "+10000-01-01T00:00:00"),
        ("9999-W52", "9999-12-27T00:00:00", "+10000-01-03T00:00:00"),
        ("9999-W52-5", "9999-12-31T00:00:00", "+10000-01-01T00:00:00"),
        ("9999-365", "9999-12-31T00:00:00", "+10000-01-01T00:00:00"),
        ("9999-12-31T23:59:60", "+10000-01-01T00:00:00", "+10000-01-01T00:00:01"),
        ("9999-12-31T23:59-23:59", "+10000-01-01T23:58:00", "+10000-01-01T23:59:00"),
        (
            "9999-12-31T23:59:59.99,9999-12-31T24:00",
            "9999-12-31T23:59:59.990",
            "+10000-01-01T00:00:00",
        ),
    ] {
        let expected = (from.to_owned(), until.to_owned());
        assert_eq!(window(&format!("d={written}&tz=UTC")), expected, "{written}");
    }
    for (written, from, until) in [
        ("0001-01-01", "0000-12-31T23:59:55", "0001-01-01T00:00:05"),
        ("9999-12-31T23:59:59", "9999-12-31T23:59:54", "+10000-01-01T00:00:04"),
        ("9999-12-31T24", "9999-12-31T23:59:55", "+10000-01-01T00:00:05"),
    ] {
        for name in ["start-date", "finish-date"] {
            let near = ask(&format!("{name}={written}&tz=UTC")).near.unwrap();
            assert_eq!((text(near.from), text(near.until)), (from.to_owned(), until.to_owned()));
        }
    }
    // The present at either end: what can be named is, the rest is an error.
    for now in ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"] {
        for (raw, days) in
            [("d=today-1d", -1), ("d=today%2B1d", 1), ("d=today", 0), ("d=today-0d", 0)]
        {
            let resolved = Query::parse(&format!("{raw}&tz=UTC")).unwrap().resolve(&context(now));
            let beyond = (days < 0) == now.starts_with('0') && days != 0;
            assert_eq!(resolved.is_err(), beyond, "{now} {raw}");
        }
    }
    for now in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
        let context = Context { now, ..context("2007-12-19T20:00:00Z") };
        assert_eq!(
            Query::parse("d=today").unwrap().resolve(&context).unwrap_err().clause(),
            "DATE-8"
        );
        assert!(Query::parse("d=2007").unwrap().resolve(&context).is_ok());
    }
}

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

#[test]
fn the_zone_applies_to_every_date_without_an_offset() {
    for (raw, from, until) in [
        ("d=2007-08-05", "2007-08-05T07:00:00", "2007-08-06T07:00:00"),
        ("d=2007-08-05&tz=Asia/Kathmandu", "2007-08-04T18:15:00", "2007-08-05T18:15:00"),
        (
            "tz=Asia/Kathmandu&d=2007-08-05T12Z,2007-08-06",
            "2007-08-05T12:00:00",
            "2007-08-05T18:15:00",
        ),
        (
            "d=2007-08-05T00:00,2007-08-05T12:00%2B09:00&tz=Asia/Tokyo",
            "2007-08-04T15:00:00",
            "2007-08-05T03:00:00",
        ),
        ("d=today&tz=Pacific/Kiritimati", "2007-12-19T10:00:00", "2007-12-20T10:00:00"),
        ("d=today&tz=Etc/GMT%2B12", "2007-12-19T12:00:00", "2007-12-20T12:00:00"),
        ("d=2007&tz=America/Denver", "2007-01-01T07:00:00", "2008-01-01T07:00:00"),
    ] {
        assert_eq!(window(raw), (from.to_owned(), until.to_owned()), "{raw}");
    }
    let near = ask("start-date=2007-08-05T12:00&tz=Asia/Tokyo").near.unwrap();
    assert_eq!(text(near.at), "2007-08-05T03:00:00");
}

#[test]
fn today_is_the_day_that_the_present_is_in() {
    let today = |now: &str, zone: &str| {
        let now_instant: DateTime<Utc> = now.parse().unwrap();
        let window = ask_at(now, &format!("d=today&tz={zone}")).window.unwrap();
        assert!(window.contains(now_instant), "{now} {zone}");
        text(window.from)
    };
    // Either side of midnight.
    assert_eq!(
        today("2007-12-20T07:59:59.999999999Z", "America/Los_Angeles"),
        "2007-12-19T08:00:00"
    );
    assert_eq!(today("2007-12-20T08:00:00Z", "America/Los_Angeles"), "2007-12-20T08:00:00");
    // The clock reads 23:30 of the 28th again, in the window of the 29th.
    assert_eq!(today("2006-10-29T02:15:00Z", "America/St_Johns"), "2006-10-28T02:30:00");
    assert_eq!(today("2006-10-29T02:45:00Z", "America/St_Johns"), "2006-10-29T02:30:00");
    // The first instant after a day that was skipped.
    assert_eq!(today("2011-12-30T10:00:00Z", "Pacific/Apia"), "2011-12-30T10:00:00");
    let yesterday = ask_at("2011-12-30T10:00:00Z", "d=today-1d&tz=Pacific/Apia").window.unwrap();
    assert!(yesterday.is_empty());
    // Seven days with a change of clocks are not 168 hours.
    let week =
        ask_at("2007-11-06T12:00:00Z", "d=today-7d,today&tz=America/New_York").window.unwrap();
    assert_eq!((week.until - week.from).num_hours(), 169);
}

/// DATE-13: what changed in the releases 2025c to 2026f, as Python's `zoneinfo` reads them.
#[test]
fn the_zones_of_today() {
    for (zone, written, from) in [
        ("America/Vancouver", "2026-12-15", "2026-12-15T07:00:00"),
        ("Canada/Pacific", "2126-12-15", "2126-12-15T07:00:00"),
        ("America/Edmonton", "2026-11-02", "2026-11-02T06:00:00"),
        ("America/Winnipeg", "2043-02-03", "2043-02-03T05:00:00"),
        ("America/Rainy_River", "2059-12-31", "2059-12-31T05:00:00"),
        ("America/Inuvik", "2026-12-15", "2026-12-15T06:00:00"),
        ("Africa/Casablanca", "2026-09-21", "2026-09-21T00:00:00"),
        ("Africa/El_Aaiun", "2043-05-09", "2043-05-09T00:00:00"),
        ("America/Havana", "2026-11-02", "2026-11-02T04:00:00"),
        ("America/Havana", "2027-03-14", "2027-03-14T04:00:00"),
        ("America/Havana", "2028-01-15", "2028-01-15T05:00:00"),
        ("Europe/Chisinau", "2026-10-25T03", "2026-10-25T00:00:00"),
        ("Europe/Chisinau", "2022-03-27T03", "2022-03-27T01:00:00"),
        ("America/Tijuana", "1953-04-27", "1953-04-27T07:00:00"),
        ("America/Tijuana", "1975-10-26", "1975-10-26T07:00:00"),
        ("America/Sao_Paulo", "1966-03-01", "1966-03-01T02:00:00"),
        ("America/Noronha", "1965-03-31", "1965-03-31T01:00:00"),
        ("America/Rio_Branco", "1966-03-01", "1966-03-01T04:00:00"),
        ("America/Bogota", "1992-05-03", "1992-05-03T04:00:00"),
        ("Europe/Dublin", "1925-09-28", "1925-09-28T00:00:00"),
        ("Asia/Tehran", "1979-05-27", "1979-05-26T19:30:00"),
    ] {
        let raw = format!("d={written}&tz={zone}");
        assert_eq!(window(&raw).0, from, "{raw}");
    }
}

#[test]
fn far_future_dates_follow_the_last_rules_and_say_so() {
    let summer = ask("d=2107-07-01&tz=America/New_York");
    assert_eq!(text(summer.window.unwrap().from), "2107-07-01T04:00:00");
    assert_eq!(summer.notes, [Note::RulesExtrapolated]);
    let winter = ask("d=2107-01-01&tz=America/New_York");
    assert_eq!(text(winter.window.unwrap().from), "2107-01-01T05:00:00");
    assert!(
        winter
            .explain()
            .to_string()
            .contains("from 2100 on, the zone's rules of today are assumed to stay")
    );
    assert_eq!(ask("d=2099-07-01&tz=America/New_York").notes, []);
    assert_eq!(ask("d=2107-07-01T12Z").notes, []);
}

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

fn record(start: &str, duration: &str) -> Recording {
    Recording::new().with(Field::StartDate, start).with(Field::Duration, duration)
}

#[test]
fn edges_of_windows_and_tolerances() {
    let matches =
        |raw: &str, start: &str, duration: &str| ask(raw).matches(&record(start, duration));
    for (start, inside) in [
        ("2007-08-04T23:59:59.999999999-07:00", false),
        ("2007-08-05T00:00:00-07:00", true),
        ("2007-08-05T23:59:59.999999999-07:00", true),
        ("2007-08-06T00:00:00-07:00", false),
    ] {
        assert_eq!(matches("d=2007-08-05", start, "27"), inside, "{start}");
    }
    for (start, near) in [
        ("2007-08-05T11:59:54.999999999Z", false),
        ("2007-08-05T11:59:55Z", true),
        ("2007-08-05T12:00:05Z", true),
        ("2007-08-05T12:00:05.000000001Z", false),
        ("2007-08-05T12:00:06Z", false),
    ] {
        assert_eq!(matches("start-date=2007-08-05T12:00Z", start, ""), near, "{start}");
        // The same as a finish, 27 s later.
        assert_eq!(matches("finish-date=2007-08-05T12:00:27Z", start, "027"), near, "{start}");
    }
    // FIELD-7: without a duration there is no finish, without a start neither.
    assert!(!matches("finish-date=2007-08-05T12:00Z", "2007-08-05T12:00:00Z", ""));
    assert!(!matches("finish-date=2007-08-05T12:00Z", "2007-08-05T12:00:00Z", "soon"));
    assert!(!matches("d=2007", "soon", "1"));
    assert!(!matches("start-date=2007-08-05T12:00Z", "", "1"));
    assert!(matches("", "", ""));
    // NEAR-5: all at once.
    let raw = "d=2007-08-05&start-date=2007-08-05T00:00:00&agentID=bill";
    let bill = |start| record(start, "1").with(Field::AgentId, "bill");
    assert!(ask(raw).matches(&bill("2007-08-05T00:00:05-07:00")));
    assert!(!ask(raw).matches(&bill("2007-08-04T23:59:59-07:00")));
    assert!(!ask(raw).matches(&record("2007-08-05T00:00:05-07:00", "1")));
}

#[test]
fn fields_are_compared_whole_byte_by_byte() {
    for field in
        Field::ALL.into_iter().filter(|field| !matches!(field, Field::StartDate | Field::Duration))
    {
        let matches = |asked: &str, held: &str| {
            let raw = Query::builder().filter(field, asked).build().unwrap().to_string();
            ask(&raw).matches(&Recording::new().with(field, held))
        };
        for value in [
            "bill",
            "",
            " bill ",
            "00",
            "*",
            "%",
            "_",
            "\\",
            "?",
            "b.*",
            "a+b",
            "#virtual_outbound#",
            "fernandez~~queue~~phone~~102",
            "a\tb\r\nc",
            "Jürgen 🙂",
            "a=b&c",
            // FIELD-8
            "a\u{7f}b",
            "\u{7f}",
            "\u{80}\u{85}\u{9f}",
            "'; --",
            "0123456789012345678901234567890",
        ] {
            assert!(matches(value, value), "{field}={value:?}");
            for other in [
                "Bill",
                "bil",
                "bill ",
                "0",
                "abc",
                "J\u{75}\u{308}rgen 🙂",
                "01234567890123456789012345678901",
            ] {
                assert!(!matches(value, other), "{field}={value:?} {other:?}");
            }
        }
        // FIELD-3: absent is empty.
        assert!(ask(&format!("{field}=")).matches(&Recording::new()));
        assert!(!ask(&format!("{field}=")).matches(&Recording::new().with(field, "0")));
    }
    // Not normalised, not trimmed, and `+` is a space.
    assert_eq!(ask("agentID=+bill%20").filters, [Filter::text(Field::AgentId, " bill ")]);
    assert_eq!(ask("accountNumber=a=1=").filters, [Filter::text(Field::AccountNumber, "a=1=")]);
    assert_eq!(ask("channel=#x#&caseID=J\u{fc}").filters[0], Filter::text(Field::Channel, "#x#"));
}

#[test]
fn durations_are_numbers() {
    let matches =
        |asked: &str, held: &str| ask(&format!("duration={asked}")).matches(&record("", held));
    for asked in ["27", "027", "00000000000000000000000000000027"] {
        for (held, same) in
            [("27", true), ("027", true), ("28", false), ("2", false), ("", false), ("27.0", false)]
        {
            assert_eq!(matches(asked, held), same, "{asked} {held}");
        }
    }
    assert!(matches("", "") && !matches("", "0") && !matches("0", "") && matches("0", "00"));
    // FIELD-4: the largest that a record can have, and what no record has, however it is written.
    assert!(matches("9223372036854775807", "9223372036854775807"));
    assert!(matches(&format!("{}9223372036854775807", "0".repeat(1000)), "09223372036854775807"));
    for beyond in ["9223372036854775808", "18446744073709551615", "18446744073709551616"] {
        for zeros in [0, 1, 1000] {
            let asked = format!("{}{beyond}", "0".repeat(zeros));
            assert_eq!(ask(&format!("duration={asked}")).filters[0].wanted, Wanted::Never);
            assert!(!matches(&asked, beyond) && !matches(&asked, "") && !matches("", beyond));
        }
    }
    // Nor does it match what a number of 64 bits wraps to.
    assert!(!matches("18446744073709551643", "27") && !matches("27", "18446744073709551643"));
    assert_eq!(ask(&format!("duration={}", "9".repeat(1000))).filters[0].wanted, Wanted::Never);
    for (value, wanted) in [
        ("9223372036854775807", Wanted::Seconds(Recording::MAX_DURATION)),
        ("9223372036854775808", Wanted::Never),
        ("00027", Wanted::Seconds(27)),
    ] {
        let query = Query::builder().filter(Field::Duration, value).build().unwrap();
        assert_eq!(query.filters()[0].wanted, wanted);
        assert_eq!(Query::parse(&query.to_string()), Ok(query));
    }
    for value in ["+5", " 5", "5 ", "5.0", "٥", "-5", "0x5"] {
        assert!(Query::builder().filter(Field::Duration, value).build().is_err(), "{value}");
    }
}

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
