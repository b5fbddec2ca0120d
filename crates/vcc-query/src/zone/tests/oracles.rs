//! All zones beside jiff, which reads the same data, and beside chrono-tz, which has its own.

use ::jiff::Timestamp;
use ::jiff::tz::{TimeZone, TimeZoneDatabase};

use super::*;

/// Where `chrono-tz` with 2025b and the built-in data of 2026f differ, and why. A zone that agrees again fails
/// the test, so that the list stays true.
const DIFFERENT: &[(&str, &[&str])] = &[
    (
        "Brazil's changes of 1965 and 1966 move",
        &[
            "America/Araguaina",
            "America/Bahia",
            "America/Belem",
            "America/Boa_Vista",
            "America/Campo_Grande",
            "America/Cuiaba",
            "America/Eirunepe",
            "America/Fortaleza",
            "America/Maceio",
            "America/Manaus",
            "America/Noronha",
            "America/Porto_Acre",
            "America/Porto_Velho",
            "America/Recife",
            "America/Rio_Branco",
            "America/Santarem",
            "America/Sao_Paulo",
            "Brazil/Acre",
            "Brazil/DeNoronha",
            "Brazil/East",
            "Brazil/West",
        ],
    ),
    (
        "Tijuana from 1953 to 1975",
        &["America/Ensenada", "America/Santa_Isabel", "America/Tijuana", "Mexico/BajaNorte"],
    ),
    ("Ireland in 1925", &["Eire", "Europe/Dublin"]),
    ("Colombia in 1992", &["America/Bogota"]),
    ("Iran in 1979", &["Asia/Tehran", "Iran"]),
    ("Moldova from 2022 on", &["Europe/Chisinau", "Europe/Tiraspol"]),
    ("Morocco from 2026 on", &["Africa/Casablanca", "Africa/El_Aaiun"]),
    (
        "Canadian provinces that stay on summer time from 2026 on",
        &[
            "America/Edmonton",
            "America/Inuvik",
            "America/Rainy_River",
            "America/Vancouver",
            "America/Winnipeg",
            "America/Yellowknife",
            "Canada/Central",
            "Canada/Mountain",
            "Canada/Pacific",
        ],
    ),
    ("Cuba in the winter of 2026", &["America/Havana", "Cuba"]),
    (
        "rules before 1967, linked to places in the built-in data",
        &["CST6CDT", "EST5EDT", "MST7MDT", "PST8PDT"],
    ),
];

fn is_different(name: &str) -> bool {
    DIFFERENT.iter().any(|(_, names)| names.contains(&name))
}

fn jiff_zone(name: &str) -> TimeZone {
    TimeZoneDatabase::bundled().get(name).unwrap()
}

fn jiff_offset(zone: &TimeZone, at: i64) -> i32 {
    zone.to_offset(Timestamp::from_second(at).unwrap()).seconds()
}

/// What jiff says that changes, and to which offset: not only the name.
pub(super) fn jiff_changes(zone: &TimeZone, from: i64, until: i64) -> Vec<(i64, i32)> {
    let mut offset = jiff_offset(zone, from);
    zone.following(Timestamp::from_second(from).unwrap())
        .map(|change| (change.timestamp().as_second(), change.offset().seconds()))
        .take_while(|(at, _)| *at < until)
        .filter(|(_, to)| core::mem::replace(&mut offset, *to) != *to)
        .collect()
}

/// From before the first clock until a whole cycle of the calendar after 2037, where compiled data
/// leaves the rest to a rule, and the end of the calendar.
#[test]
fn jiff_has_the_same_changes() {
    for zone in BuiltIn::zones() {
        let oracle = jiff_zone(zone.name());
        for (from, until) in [(-62_000_000_000, 15_000_000_000), (253_000_000_000, 253_402_200_000)]
        {
            assert_eq!(offset_at(&zone, from), jiff_offset(&oracle, from), "{zone}");
            assert_eq!(changes(&zone, from, until), jiff_changes(&oracle, from, until), "{zone}");
        }
    }
}

#[test]
fn jiff_has_the_same_names() {
    let mut names: Vec<_> = BuiltIn::names().map(str::to_ascii_lowercase).collect();
    names.push("factory".to_owned());
    names.sort();
    let mut oracle: Vec<_> = TimeZoneDatabase::bundled()
        .available()
        .map(|name| name.as_str().to_ascii_lowercase())
        .collect();
    oracle.sort();
    assert_eq!(names, oracle);
}

#[test]
fn chrono_tz_has_the_same_names() {
    let mut names: Vec<_> = BuiltIn::names().collect();
    names.sort_unstable();
    let mut oracle: Vec<_> = ::chrono_tz::TZ_VARIANTS.iter().map(|tz| tz.name()).collect();
    oracle.sort_unstable();
    assert_eq!(names, oracle);
}

/// Each side of every change of any zone, and halfway to the next: until 2100, where the table of
/// chrono-tz ends, and then as its last rules go on, to the end of the calendar.
#[test]
fn chrono_tz_differs_where_the_release_does() {
    const YEAR: i64 = 31_556_952;
    let mut different: Vec<&str> =
        DIFFERENT.iter().flat_map(|(_, names)| *names).copied().collect();
    for zone in BuiltIn::zones() {
        let other = ChronoTz.zone(zone.name()).unwrap();
        let differs = [
            (-6_000_000_000, TABLE_END + 29 * YEAR),
            (TABLE_END + 96 * YEAR, TABLE_END + 105 * YEAR),
            (TABLE_END + 296 * YEAR, TABLE_END + 304 * YEAR),
            (253_360_000_000, 253_402_000_000),
        ]
        .into_iter()
        .any(|(from, until)| {
            let mut edges = vec![from];
            edges.extend(changes(&zone, from, until).into_iter().map(|(at, _)| at));
            edges.push(until);
            let between = edges.windows(2).map(|pair| pair[0].midpoint(pair[1]));
            let spots = edges.iter().flat_map(|at| [at - 1, *at]).chain(between);
            { spots }.any(|at| offset_at(&zone, at) != offset_at(&other, at))
        });
        assert_eq!(differs, is_different(zone.name()), "{zone}");
        different.retain(|name| *name != zone.name());
    }
    assert_eq!(different, [""; 0], "no zones");
}

/// What the search of `ChronoTz` for one change within two days rests on.
#[test]
fn changes_are_days_apart() {
    for zone in BuiltIn::zones() {
        let changes = changes(&zone, -6_000_000_000, TABLE_END);
        for pair in changes.windows(2) {
            assert!(pair[1].0 - pair[0].0 > 4 * 86_400, "{zone}: {pair:?}");
        }
    }
}
