//! Which zone a date is in, and what its rules say, in the past and far ahead.

use vcc_query::Note;

use crate::{ask, text, window};

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
