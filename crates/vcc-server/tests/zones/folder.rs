//! A zoneinfo folder, read by the library.

use chrono::{DateTime, Utc};
use vcc_query::{BuiltIn, ZoneData};
use vcc_server::{ZoneFolder, ZoneSource};

use crate::common::zoneinfo::{Zoneinfo, nine, tzif};

const NOON: DateTime<Utc> = DateTime::from_timestamp(1_796_000_000, 0).unwrap();

fn offset(zones: &dyn ZoneData, name: &str) -> Option<i32> {
    Some(zones.zone(name)?.offset_at(NOON).local_minus_utc())
}

#[test]
fn a_folder_has_its_zones_and_the_bundled_ones_that_it_lacks() {
    let folder = Zoneinfo::of("2099z");
    let zones = ZoneFolder::read(folder.path()).unwrap();
    assert_eq!((zones.version(), zones.path()), (Some("2099z"), folder.path()));
    assert_eq!(offset(&zones, "America/Vancouver"), Some(32_400));
    assert_eq!(offset(&zones, "Company/Office"), Some(-5_400));
    assert_eq!(offset(&zones, "US/Pacific"), offset(&BuiltIn, "US/Pacific"));
    assert!(offset(&zones, "US/Pacific").is_some());
    // The zone has the name that the folder gives it, like the bundled one.
    assert_eq!(zones.zone("America/Vancouver").unwrap().name(), "America/Vancouver");
    assert_ne!(offset(&BuiltIn, "America/Vancouver"), Some(32_400));
}

#[test]
fn only_zones_are_names_byte_for_byte() {
    let folder = Zoneinfo::of("2099z");
    // Zones by their content, and not by their names.
    let misnamed = [
        "localtime",
        "posixrules",
        "Factory",
        "Etc/Unknown",
        "posix/America/Vancouver",
        "right/America/Vancouver",
        "Europe/London.dpkg-new",
        "Europe/.London.swp",
        "Europe/London~",
        "Europe/New London",
        "Europe/Zür",
        "4/UTC",
    ];
    let texts = ["leapseconds", "leap-seconds.list", "zone1970.tab", "SECURITY", "Europe/README"];
    for name in misnamed {
        folder.write(name, nine());
    }
    for name in texts {
        folder.write(name, "# text, and no zone");
    }
    folder.write("America/Much/Too/Deep/Down", nine());
    let zones = ZoneFolder::read(folder.path()).unwrap();
    let path = folder.path().join("America/Vancouver");
    let others = [
        "",
        "tzdata.zi",
        "America",
        "America/",
        "/America/Vancouver",
        "America//Vancouver",
        "America/./Vancouver",
        "./America/Vancouver",
        "Company/../America/Vancouver",
        "../America/Vancouver",
        "America/Vancouver/",
        "America/Vancouver\0",
        "America\\Vancouver",
        " America/Vancouver",
        "america/vancouver",
        "AMERICA/VANCOUVER",
        "Company/office",
        "America/Much/Too/Deep/Down",
        path.to_str().unwrap(),
    ];
    for name in misnamed.into_iter().chain(texts).chain(others) {
        assert!(zones.zone(name).is_none(), "{name:?}");
    }
}

#[cfg(unix)]
#[test]
fn links_lead_to_zones_and_nowhere_else() {
    use std::os::unix::fs::symlink;

    let folder = Zoneinfo::of("2099z");
    let elsewhere = Zoneinfo::empty();
    let other = elsewhere.write("other", tzif(3_600, "<+01>-1"));
    let link = |to: &str, name: &str| symlink(to, folder.path().join(name)).unwrap();
    link("Vancouver", "America/Alias");
    // Links into a package that is not installed: the bundled zone, or none.
    link("Gone", "America/Denver");
    link("Gone", "America/Unheard");
    // Links out of the folder, as some package managers make them.
    link(other.to_str().unwrap(), "Company/Linked");
    link("/nowhere/localtime", "localtime");
    link("America", "Amerika");
    // Reading ends, though the folders contain one another.
    link("..", "America/Up");
    link(".", "posix");
    let zones = ZoneFolder::read(folder.path()).unwrap();
    for (name, expected) in [
        ("America/Alias", Some(32_400)),
        ("America/Denver", offset(&BuiltIn, "America/Denver")),
        ("America/Unheard", None),
        ("Company/Linked", Some(3_600)),
        ("Amerika/Vancouver", Some(32_400)),
        ("localtime", None),
        ("posix/America/Vancouver", None),
    ] {
        assert_eq!(offset(&zones, name), expected, "{name}");
    }
    link("Itself", "America/Itself");
    let error = ZoneFolder::read(folder.path()).unwrap_err().to_string();
    assert!(error.contains(": America/Itself: "), "{error}");
}

#[test]
fn a_broken_file_is_named() {
    let folder = Zoneinfo::of("2099z");
    let whole = nine();
    for length in 0..whole.len() {
        folder.write("America/Vancouver", &whole[..length]);
        let error = ZoneFolder::read(folder.path()).unwrap_err().to_string();
        let said = format!("the zone data in {} is broken: America/Vancouver: ", folder.text());
        assert!(error.starts_with(&said), "{length}: {error}");
    }
    for (contents, said) in [
        (&b"TZif"[..], "expected a header of 44 bytes that begins with TZif at byte 0 of its data"),
        (b"TZif2", "it is cut short: its last line is missing"),
        (b"<html>", "it does not begin with TZif"),
        (&[b'x'; 1 << 21], "it does not begin with TZif"),
    ] {
        folder.write("America/Vancouver", contents);
        let error = ZoneFolder::read(folder.path()).unwrap_err().to_string();
        let folder = folder.text();
        let said = format!("the zone data in {folder} is broken: America/Vancouver: {said}");
        assert_eq!(error, said);
    }
    // A file that counts leap seconds, like those of the folder `right`.
    let mut leaps = whole.clone();
    let second = whole.len() - "\n<+09>-9\n".len() - 10 - 44;
    leaps[second + 31] = 1;
    leaps.splice(second + 54..second + 54, [0; 12]);
    folder.write("America/Vancouver", &leaps);
    let error = ZoneFolder::read(folder.path()).unwrap_err().to_string();
    assert!(error.contains("America/Vancouver") && error.contains("leap seconds"), "{error}");
}

#[test]
fn what_is_no_zoneinfo_folder_is_said() {
    let folder = Zoneinfo::empty();
    let file = folder.write("file", "x");
    let path = folder.text();
    let above = Zoneinfo::empty();
    above.write("zoneinfo/UTC", nine());
    for (source, said) in [
        (format!("{path}/gone"), format!("cannot read the zone data in {path}/gone: No such file")),
        (file.to_str().unwrap().to_owned(), format!("cannot read the zone data in {path}/file: ")),
        (
            path.to_owned(),
            format!("{path} is not a zoneinfo folder: it holds no known time zone, such as UTC"),
        ),
        (
            above.text().to_owned(),
            format!(
                "{} is not a zoneinfo folder: it holds no known time zone, such as UTC",
                above.text()
            ),
        ),
    ] {
        let source: ZoneSource = source.parse().unwrap();
        let error = source.read().unwrap_err().to_string();
        assert!(error.starts_with(&said), "{error}");
    }
    for number in 0..5_001 {
        std::fs::File::create(folder.path().join(number.to_string())).unwrap();
    }
    let error = ZoneFolder::read(folder.path()).unwrap_err().to_string();
    let said = format!("{path} is not a zoneinfo folder: it holds more than 5000 files");
    assert_eq!(error, said);
}
