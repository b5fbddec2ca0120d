//! The sources of rules beside others that read the same data, and the first of the two rules of
//! dates by brute force.

mod oracles;
mod posix;
mod tzif;

use proptest::prelude::*;

use super::*;

/// 2100-01-01T00:00:00Z: from here on `chrono-tz` has no changes.
const TABLE_END: i64 = 4_102_444_800;

fn offset_at(zone: &Zone, at: i64) -> i32 {
    zone.offset_at(DateTime::from_timestamp(at, 0).unwrap()).local_minus_utc()
}

/// Every change of a zone's offset between two instants, and to what.
fn changes(zone: &Zone, from: i64, until: i64) -> Vec<(i64, i32)> {
    let mut list = Vec::new();
    let Stretch { mut offset, until: mut at } = zone.stretch(from);
    while at < until {
        let stretch = zone.stretch(at);
        assert!(stretch.until > at, "{zone} at {at}");
        if stretch.offset != offset {
            list.push((at, stretch.offset));
        }
        (offset, at) = (stretch.offset, stretch.until);
    }
    list
}

#[test]
fn the_versions_can_be_read() {
    assert_eq!(BuiltIn.version(), Some("2026f"));
    assert_eq!(ChronoTz.version(), Some("2025b"));
}

#[test]
fn names_are_compared_byte_for_byte() {
    let sources: [&dyn ZoneData; 2] = [&BuiltIn, &ChronoTz];
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
    let utc = ChronoTz.zone("UTC").unwrap();
    assert_eq!(utc, Zone::UTC);
    assert_eq!(utc, BuiltIn.zone("UTC").unwrap());
    assert_ne!(utc, "Etc/UTC".parse().unwrap());
}

/// Each name leads to the zone of that name; also the index of the names is right.
#[test]
fn every_zone_is_readable() {
    let names: Vec<_> = BuiltIn::names().collect();
    assert!(names.len() > 590);
    assert!(BuiltIn::zones().map(|zone| zone.name().to_owned()).eq(names.iter().copied()));
    for name in &names {
        assert_eq!(BuiltIn.zone(name).unwrap().name(), *name);
        assert_eq!(BuiltIn::respelled(&name.to_ascii_lowercase()), Some(*name));
        assert!(BuiltIn.zone(&format!("{name}x")).is_none());
    }
    assert!(BuiltIn::respelled("factory").is_none());
}

/// A stretch holds to its end, in both sources, also at the end of a table and of the calendar.
#[test]
fn a_stretch_is_of_one_offset() {
    for zone in BuiltIn::zones().chain(BuiltIn::names().filter_map(|name| ChronoTz.zone(name))) {
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
    for name in NASTY {
        let zone = BuiltIn.zone(name).unwrap();
        let mut list = changes(&zone, -6_000_000_000, 2_240_000_000);
        list.extend(changes(&zone, TABLE_END, TABLE_END + 40_000_000));
        assert!(list.len() > 5);
        for zone in [zone, ChronoTz.zone(name).unwrap()] {
            for (at, _) in &list {
                around(&zone, *at);
            }
        }
    }
}

fn around(zone: &Zone, change: i64) {
    let (before, after) = (offset_at(zone, change - 1), offset_at(zone, change));
    // A change of the other source only.
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
        let name = BuiltIn::names().nth(index).unwrap();
        for zone in [BuiltIn.zone(name).unwrap(), ChronoTz.zone(name).unwrap()] {
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
