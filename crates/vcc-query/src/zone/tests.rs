//! The two sources of rules as each other's oracle, and the first of the two rules of dates by
//! brute force.

use ::jiff::Timestamp;
use ::jiff::tz::{TimeZone, TimeZoneDatabase};
use proptest::prelude::*;

use super::*;

/// Where `chrono-tz` with 2025b and jiff with 2026f differ, and why. A zone that agrees again fails
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
        "rules before 1967, linked to places in jiff's build",
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

/// The seconds at which jiff says that something changes, from `from` to `until`.
fn changes(zone: &TimeZone, from: i64, until: i64) -> Vec<i64> {
    zone.following(Timestamp::from_second(from).unwrap())
        .map(|change| change.timestamp().as_second())
        .take_while(|at| *at < until)
        .collect()
}

fn offset_at(zone: &Zone, at: i64) -> i32 {
    zone.offset_at(DateTime::from_timestamp(at, 0).unwrap()).local_minus_utc()
}

#[test]
fn the_versions_can_be_read() {
    assert_eq!(BuiltIn.version(), Some("2025b"));
    assert_eq!(JiffZones::bundled().version(), Some("2026f"));
    assert_eq!(JiffZones::system().version(), None);
}

#[test]
fn both_sources_have_the_same_names() {
    let built_in: Vec<_> = BuiltIn::zones().map(|zone| zone.name().to_owned()).collect();
    let mut sorted = built_in.clone();
    sorted.sort();
    assert_eq!(sorted, JiffZones::bundled().names());
    assert!(built_in.len() > 590);
}

#[test]
fn names_are_compared_byte_for_byte() {
    let jiff = JiffZones::bundled();
    let sources: [&dyn ZoneData; 2] = [&BuiltIn, &jiff];
    for zones in sources {
        for name in ["UTC", "US/Pacific", "Etc/GMT+8", "America/Argentina/Buenos_Aires", "EST5EDT"]
        {
            let zone = zones.zone(name).unwrap();
            assert_eq!((zone.name(), zone.to_string().as_str()), (name, name));
            assert_eq!(format!("{zone:?}"), format!("Zone({name})"));
        }
        for name in [
            "",
            " UTC",
            "utc",
            "us/pacific",
            "America/new_york",
            "Factory",
            "localtime",
            "posixrules",
            "posix/UTC",
            "right/UTC",
            "Etc/Unknown",
            "../UTC",
            "/etc/passwd",
            "EST5EDT,M3.2.0,M11.1.0",
            "+01:00",
            "\0",
        ] {
            assert!(zones.zone(name).is_none(), "{name:?}");
        }
    }
}

#[test]
fn the_sources_are_equal_zones() {
    let jiff = JiffZones::bundled().zone("UTC").unwrap();
    assert_eq!(jiff, Zone::UTC);
    assert_ne!(jiff, "Etc/UTC".parse().unwrap());
}

/// Every offset before and after every change in any zone until 2100.
#[test]
fn the_sources_agree_until_the_end_of_the_table() {
    let mut different: Vec<&str> =
        DIFFERENT.iter().flat_map(|(_, names)| *names).copied().collect();
    for zone in BuiltIn::zones() {
        let oracle = jiff_zone(zone.name());
        let around = changes(&oracle, -6_000_000_000, TABLE_END);
        let edges = around.iter().flat_map(|at| [at - 1, *at]);
        let between = (-55..41).map(|i| i * 100_000_000);
        let differs =
            edges.chain(between).any(|at| offset_at(&zone, at) != jiff_offset(&oracle, at));
        if is_different(zone.name()) {
            assert!(
                differs || zone.name().ends_with("Havana") || zone.name() == "Cuba",
                "{zone} agrees now"
            );
            different.retain(|name| *name != zone.name());
        } else {
            assert!(!differs, "{zone}");
        }
    }
    assert_eq!(different, [""; 0], "no zones");
}

/// `chrono-tz` has no rules from 2100 on; jiff reads the rule that the database ends with.
#[test]
fn the_rules_of_the_last_years_stay() {
    const YEAR: i64 = 31_556_952;
    // A whole cycle of weekdays, the centuries that are no leap years, and the end of the calendar.
    let spans = [
        (TABLE_END, TABLE_END + 29 * YEAR),
        (TABLE_END + 96 * YEAR, TABLE_END + 105 * YEAR),
        (TABLE_END + 296 * YEAR, TABLE_END + 304 * YEAR),
        (253_360_000_000, 253_402_000_000),
    ];
    for zone in BuiltIn::zones().filter(|zone| !is_different(zone.name())) {
        let oracle = jiff_zone(zone.name());
        for (from, until) in spans {
            assert_eq!(offset_at(&zone, from), jiff_offset(&oracle, from), "{zone} at {from}");
            for at in changes(&oracle, from, until) {
                for at in [at - 1, at] {
                    assert_eq!(offset_at(&zone, at), jiff_offset(&oracle, at), "{zone} at {at}");
                }
            }
        }
    }
}

/// What a search for one change within two days rests on.
#[test]
fn changes_are_days_apart() {
    for zone in BuiltIn::zones() {
        let oracle = jiff_zone(zone.name());
        let mut last = i64::MIN / 2;
        let mut offset = jiff_offset(&oracle, -6_000_000_000);
        for at in changes(&oracle, -6_000_000_000, TABLE_END) {
            if jiff_offset(&oracle, at) != offset {
                assert!(at - last > 4 * 86_400, "{zone}: {last} and {at}");
                (last, offset) = (at, jiff_offset(&oracle, at));
            }
        }
    }
}

/// A stretch holds to its end, in both sources, also at the end of the table and of jiff's calendar.
#[test]
fn a_stretch_is_of_one_offset() {
    let jiff = JiffZones::bundled();
    for zone in BuiltIn::zones().chain(BuiltIn::zones().filter_map(|zone| jiff.zone(zone.name()))) {
        for at in [
            -62_135_596_800,
            -2_000_000_000,
            0,
            1_173_500_000,
            1_194_100_000,
            TABLE_END - 1,
            TABLE_END,
            253_369_999_999,
            253_370_000_000,
            253_402_300_799,
        ] {
            let stretch = zone.stretch(at);
            assert!(stretch.until > at, "{zone} at {at}");
            assert_eq!(stretch.offset, offset_at(&zone, at));
            assert_eq!(
                stretch.offset,
                offset_at(&zone, stretch.until.min(at + 1_000_000_000) - 1),
                "{zone} at {at}"
            );
        }
    }
}

/// Zones with the strangest clocks.
const NASTY: &[&str] = &[
    "America/Sao_Paulo",
    "Africa/Cairo",
    "Asia/Beirut",
    "America/Havana",
    "Pacific/Apia",
    "Pacific/Kwajalein",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "America/Toronto",
    "Antarctica/Troll",
    "Africa/Casablanca",
    "America/Juneau",
    "Asia/Manila",
];

/// Second by second around every change of every nasty zone: what the clock reads at each instant
/// says which instant is the first for each text.
#[test]
fn the_first_instant_by_brute_force() {
    let jiff = JiffZones::bundled();
    for name in NASTY {
        let mut list = changes(&jiff_zone(name), -6_000_000_000, 2_240_000_000);
        list.extend(changes(&jiff_zone(name), TABLE_END, TABLE_END + 40_000_000));
        for zone in [BuiltIn.zone(name).unwrap(), jiff.zone(name).unwrap()] {
            for at in &list {
                around(&zone, *at);
            }
        }
    }
}

fn around(zone: &Zone, change: i64) {
    let (before, after) = (offset_at(zone, change - 1), offset_at(zone, change));
    // A change of the name only, or of the other source only.
    if before == after {
        return;
    }
    let jump = i64::from((after - before).abs());
    let low = change + i64::from(before.min(after));
    // Every text beside the edges, and one a minute between them.
    let (edge, end) = ((jump + 7).min(130), low + jump + 4);
    let texts = (low - 3..low - 3 + edge).chain((low - 3..end).step_by(61)).chain(end - edge..end);
    // first[i]: the first instant at which the clock reads `low - 3 + i` or later.
    let mut first = vec![None; jump as usize + 7];
    let mut highest = low - 4;
    for at in change - jump - 10..change + jump + 10 {
        let reads = at + i64::from(offset_at(zone, at));
        while highest < reads {
            highest += 1;
            if let Some(place) =
                usize::try_from(highest - (low - 3)).ok().and_then(|i| first.get_mut(i))
            {
                *place = Some(at);
            }
        }
    }
    for text in texts {
        let found = first_instant(zone, text);
        let expected = first[(text - (low - 3)) as usize].unwrap();
        let reads = expected + i64::from(offset_at(zone, expected));
        assert_eq!(found, (expected, reads == text), "{zone}, change at {change}, text {text}");
    }
}

proptest! {
    /// Later texts never mean earlier instants, in any zone, in either source.
    #[test]
    fn later_texts_mean_later_instants(
        index in 0..597_usize,
        text in -62_135_596_800..253_402_300_800_i64,
        later in prop_oneof![0..200_000_i64, 0..10_000_000_000_i64],
    ) {
        let zone = BuiltIn::zones().nth(index).unwrap();
        for zone in [zone, JiffZones::bundled().zone(zone.name()).unwrap()] {
            let (one, exact) = first_instant(&zone, text);
            let (other, _) = first_instant(&zone, text + later);
            prop_assert!(one <= other, "{zone}");
            // At the instant found the clock reads the text, or is beyond it for the first time.
            let reads = local_seconds(&zone, one);
            prop_assert_eq!(exact, reads == text);
            prop_assert!(reads >= text);
            prop_assert!(local_seconds(&zone, one - 1) < text);
        }
    }
}
