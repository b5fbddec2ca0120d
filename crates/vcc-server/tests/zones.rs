//! DATE-13: zone data of the system and of a folder, in the library and as a process.

mod common;

use chrono::{DateTime, Utc};
use vcc_query::{BuiltIn, ZoneData};
use vcc_server::{ZoneFolder, ZoneSource};

use common::command::{Folder, Ran, Serving, command};
use common::zoneinfo::{Zoneinfo, nine, tzif};

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
    // The name is that of the folder, which the zone of the bundled data has too.
    assert_eq!(zones.zone("America/Vancouver").unwrap().name(), "America/Vancouver");
    assert_ne!(offset(&BuiltIn, "America/Vancouver"), Some(32_400));
}

#[test]
fn only_zones_are_names_byte_for_byte() {
    let folder = Zoneinfo::of("2099z");
    for name in [
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
    ] {
        folder.write(name, nine());
    }
    for name in ["leapseconds", "leap-seconds.list", "zone1970.tab", "SECURITY", "Europe/README"] {
        folder.write(name, "# text, and no zone");
    }
    folder.write("America/Much/Too/Deep/Down", nine());
    let zones = ZoneFolder::read(folder.path()).unwrap();
    for name in [
        "",
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
        "leapseconds",
        "leap-seconds.list",
        "zone1970.tab",
        "tzdata.zi",
        "SECURITY",
        "Europe/README",
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
        folder.path().join("America/Vancouver").to_str().unwrap(),
    ] {
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
    // As in a package that is not installed: the bundled zone, or none.
    link("Gone", "America/Denver");
    link("Gone", "America/Unheard");
    // As stores of packages have them.
    link(other.to_str().unwrap(), "Company/Linked");
    link("/nowhere/localtime", "localtime");
    link("America", "Amerika");
    // It ends, though the folders do not.
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
    // What counts leap seconds, as the folder "right" does.
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
            format!("{path} is no zoneinfo folder: it holds no known time zone, such as UTC"),
        ),
        (
            above.text().to_owned(),
            format!(
                "{} is no zoneinfo folder: it holds no known time zone, such as UTC",
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
    let said = format!("{path} is no zoneinfo folder: it holds more than 5000 files");
    assert_eq!(error, said);
}

/// The command with this folder as the system's.
fn on(system: &str, arguments: &[&str]) -> Ran {
    let output = command(arguments).env("TZDIR", system).output().unwrap();
    Ran {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

#[test]
fn the_version_names_the_zone_data() {
    let bundled = BuiltIn.version().unwrap();
    let (newer, older) = (Zoneinfo::of("2099z"), Zoneinfo::of("2020a"));
    let unknown = Zoneinfo::of("unknown");
    let (of_newer, of_older) = (newer.text(), older.text());
    for (system, said) in [
        (of_newer, format!("2099z, {of_newer}; bundled: {bundled}")),
        (of_older, format!("{bundled}, bundled; system: 2020a")),
        (unknown.text(), format!("{bundled}, bundled; system: of unknown release")),
    ] {
        let ran = on(system, &["--version"]);
        let version = env!("CARGO_PKG_VERSION");
        assert_eq!(ran.stdout, format!("vcc-server {version} (zone data {said})\n"));
    }
    for (chosen, said) in [
        ("bundled", format!("(zone data {bundled}, bundled)")),
        ("system", format!("(zone data 2099z, {of_newer}; bundled: {bundled})")),
        (of_older, format!("(zone data 2020a, {of_older}; bundled: {bundled})")),
    ] {
        let mut command = command(&["--version"]);
        let output = command.env("TZDIR", of_newer).env("VCC_ZONE_DATA", chosen).output().unwrap();
        let stdout = String::from_utf8(output.stdout).unwrap();
        assert!(stdout.contains(&said), "{stdout}");
    }
}

/// Whether Vancouver's midnight is that of the made-up folder, by the zone of a tenant that is added
/// and of records without an offset.
#[test]
fn every_command_reads_the_chosen_zone_data() {
    let bundled = BuiltIn.version().unwrap();
    let (newer, older) = (Zoneinfo::of("2099z"), Zoneinfo::of("2020a"));
    // What counts is in the environment, in a flag, or in neither.
    let (of_newer, of_older) =
        (format!("2099z, {}", newer.text()), format!("2020a, {}", older.text()));
    let of_bundled = format!("{bundled}, bundled");
    for (system, choice, zone_data) in [
        (newer.text(), None, &of_newer),
        (older.text(), None, &of_bundled),
        (newer.text(), Some("bundled"), &of_bundled),
        (older.text(), Some("system"), &of_older),
        ("/nowhere", Some(older.text()), &of_older),
        ("/nowhere", None, &of_bundled),
    ] {
        let made_up = *zone_data != of_bundled;
        let folder = Folder::new();
        let choice: Vec<_> =
            choice.map(|choice| ["--zone-data", choice]).iter().flatten().copied().collect();
        let run = |arguments: &[&str]| {
            on(system, &[arguments, &["--store", &folder.store], &choice].concat())
        };
        let added = run(&["tenant", "add", "north", "--tz", "America/Vancouver"]);
        assert_eq!(added.code, 0, "{}", added.stderr);
        let token = run(&["token", "new", "north"]).stdout;
        let file = folder.write("a.csv", "startDate,agentID\n2026-12-15T00:00:00,bill\n");
        let import = ["import", "--tenant", "north", "--zone", "America/Vancouver", &file];
        let imported = run(&import);
        assert_eq!(imported.code, 0, "{}", imported.stderr);
        let office = run(&["tenant", "add", "office", "--tz", "Company/Office"]);
        assert_eq!(office.code, if made_up { 0 } else { 2 }, "{}", office.stderr);

        let serve = ["serve", "--listen", "127.0.0.1:0", "--insecure-http", "--explain", "--store"];
        let mut serve = command(&[&serve[..], &[&folder.store], &choice].concat());
        serve.env("TZDIR", system);
        let server = Serving::of(serve);
        assert!(
            server.line.ends_with(&format!("/files (zone data {zone_data})")),
            "{}",
            server.line
        );
        let release = zone_data.split(',').next().unwrap();
        // The tenant's zone: of a date, and of the offset in the answer.
        let (start, instant) = match made_up {
            true => ("2026-12-15T00:00:00+09:00", "2026-12-14T15:00:00Z"),
            false => ("2026-12-15T00:00:00-07:00", "2026-12-15T07:00:00Z"),
        };
        let files = "/api/recordings/files.csv";
        for query in [
            "d=2026-12-15".to_owned(),
            format!("start-date={instant}"),
            "start-date=2026-12-15&tz=America/Vancouver".into(),
            "d=2026-12-15,2026-12-16&tz=America/Vancouver".into(),
        ] {
            let answer = server.get(&format!("{files}?{query}"), "north", token.trim());
            assert!(answer.contains(&format!("\n{start},bill")), "{query}: {answer}");
            let explained = format!("; zone data {release}\r\n");
            assert!(answer.contains(&explained), "{query}: {answer}");
        }
        let answer = server.get(&format!("{files}?tz=Company/Office"), "north", token.trim());
        let status = if made_up { "HTTP/1.1 200" } else { "HTTP/1.1 400" };
        assert!(answer.starts_with(status), "{answer}");
        // `purge` reads its date in the tenant's zone.
        let purged = run(&["purge", "--tenant", "north", "--before", "2026-12-15"]);
        assert!(purged.stderr.contains("deleted 0"), "{}", purged.stderr);
    }
}

#[test]
fn newer_zone_data_of_the_system_that_is_broken_is_passed_over_with_a_warning() {
    let system = Zoneinfo::of("2099z");
    system.write("America/Toronto", b"TZif2");
    let folder = Folder::new();
    let list = ["tenant", "list", "--store", &folder.store];
    let ran = on(system.text(), &list);
    assert!(ran.code == 0 && ran.stdout.starts_with("acme  America/Los_Angeles"), "{}", ran.stdout);
    let warning =
        format!("warning: the zone data in {} is broken: America/Toronto: ", system.text());
    assert!(ran.stderr.starts_with(&warning), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("; the bundled zone data is used (2026f, bundled)"),
        "{}",
        ran.stderr
    );
    // Who asks for it by name gets it or nothing.
    for choice in ["system", system.text()] {
        let ran = on(system.text(), &[&list[..], &["--zone-data", choice]].concat());
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{}", ran.stderr);
        assert!(ran.stderr.contains("error: --zone-data: the zone data in"), "{}", ran.stderr);
        assert!(ran.stderr.contains("hint: auto, bundled, system, or a folder"), "{}", ran.stderr);
    }
    // A name that was meant to be another.
    let ran = on("/nowhere", &[&list[..], &["--zone-data", "bundeld"]].concat());
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("zone data in bundeld: No such file"), "{}", ran.stderr);
    let ran = on("/nowhere", &[&list[..], &["--zone-data", "system"]].concat());
    assert!(ran.stderr.contains("zone data in /nowhere: No such file"), "{}", ran.stderr);
}

#[test]
fn zone_data_is_a_setting_as_others_are() {
    let folder = Folder::new();
    let print = |arguments: &[&str]| {
        let ran = on("/nowhere", &[&["serve", "--print-config"], arguments].concat());
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        ran.stdout
    };
    let printed = print(&[]);
    assert!(printed.contains("zone-data = \"auto\"  # default\n"), "{printed}");
    let config = folder.write("c.toml", "zone-data = \"bundled\"\ninsecure-http = true\n");
    assert!(print(&["--config", &config]).contains("zone-data = \"bundled\"  # "));
    let printed = print(&["--config", &config, "--zone-data", "/srv/zoneinfo"]);
    assert!(printed.contains("zone-data = \"/srv/zoneinfo\"  # "), "{printed}");
    // Other commands read the settings of `serve` too.
    let zoneinfo = Zoneinfo::of("2020a");
    let path = zoneinfo.text();
    let config = folder.write("d.toml", &format!("zone-data = \"{path}\"\n"));
    let add = ["tenant", "add", "office", "--tz", "Company/Office"];
    assert_eq!(folder.run(&add).code, 2);
    assert_eq!(folder.run(&[&add[..], &["--config", &config]].concat()).code, 0);
    // What is wrong with it is said before anything is served.
    let ran = on(
        "/nowhere",
        &["serve", "--insecure-http", "--zone-data", "/nowhere", "--store", &folder.store],
    );
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{}", ran.stderr);
}

/// It was added on a machine with newer data.
#[test]
fn a_tenant_with_a_zone_that_is_not_known_is_in_trouble_alone() {
    let folder = Folder::new();
    let token = folder.run(&["token", "new", "acme"]).stdout;
    let zoneinfo = Zoneinfo::of("2099z");
    let add = ["tenant", "add", "office", "--tz", "Company/Office", "--zone-data"];
    assert_eq!(folder.run(&[&add[..], &[zoneinfo.text()]].concat()).code, 0);
    let theirs = folder.run(&["token", "new", "office", "--zone-data", zoneinfo.text()]).stdout;
    let serve = ["serve", "--listen", "127.0.0.1:0", "--insecure-http", "--store", &folder.store];
    let server = Serving::start(&serve);
    let get = |tenant, token: &str| server.get("/api/recordings/files", tenant, token.trim());
    assert!(get("acme", &token).starts_with("HTTP/1.1 200 "));
    assert!(get("office", &theirs).starts_with("HTTP/1.1 500 "));
    // The way out, while it runs.
    assert_eq!(folder.run(&["tenant", "set", "office", "--tz", "UTC"]).code, 0);
    assert!(get("office", &theirs).starts_with("HTTP/1.1 200 "));
}

#[test]
fn the_zone_of_a_tenant_is_set_at_a_server_that_runs() {
    let folder = Folder::new();
    let token = folder.run(&["token", "new", "acme"]).stdout;
    let file = folder.write(
        "a.csv",
        "startDate,transactionID\n2026-03-01T06:30:00Z,1\n2026-03-01T08:30:00Z,2\n",
    );
    assert_eq!(folder.import(&[&file]).code, 0);
    let serve = ["serve", "--listen", "127.0.0.1:0", "--insecure-http", "--store", &folder.store];
    let server = Serving::start(&serve);
    let day = || server.get("/api/recordings/files.csv?d=2026-03-01", "acme", token.trim());
    let before = day();
    assert!(
        before.contains("\n2026-03-01T00:30:00-08:00") && !before.contains("T06:30"),
        "{before}"
    );

    let dry = folder.run(&["tenant", "set", "acme", "--tz", "America/New_York", "--dry-run"]);
    assert_eq!((dry.code, dry.stdout.as_str()), (0, ""), "{}", dry.stderr);
    let said = "the zone of acme would be America/New_York instead of America/Los_Angeles\n";
    assert!(dry.stderr.starts_with(said) && !dry.stderr.contains("back:"), "{}", dry.stderr);
    assert!(folder.run(&["tenant", "list"]).stdout.starts_with("acme  America/Los_Angeles"));

    let set = folder.run(&["tenant", "set", "acme", "--tz", "America/New_York"]);
    assert_eq!((set.code, set.stdout.as_str()), (0, ""), "{}", set.stderr);
    for said in [
        "the zone of acme is America/New_York instead of America/Los_Angeles\n",
        "\nfrom the next request on, of every client of the tenant",
        "00 instead of -0",
        ": 3 h earlier (20",
        "\nunchanged: its 2 recordings' instants",
        "\nback: `vcc-server tenant set acme --tz America/Los_Angeles`\n",
    ] {
        assert!(set.stderr.contains(said), "{said}: {}", set.stderr);
    }
    let after = day();
    assert!(after.contains("\n2026-03-01T01:30:00-05:00"), "{after}");
    assert!(after.contains("\n2026-03-01T03:30:00-05:00"), "{after}");
    let again = folder.run(&["tenant", "set", "acme", "--tz", "America/New_York"]);
    assert_eq!(again.stderr, "the zone of acme is America/New_York already: nothing changes\n");

    for (arguments, code, said) in [
        (&["tenant", "set", "nobody", "--tz", "UTC"][..], 1, "there is no tenant \"nobody\""),
        (&["tenant", "set", "acme", "--tz", "utc"], 2, "names are case-sensitive: UTC"),
        (&["tenant", "set", "acme"], 2, "--tz <ZONE>"),
    ] {
        let ran = folder.run(arguments);
        assert_eq!(ran.code, code, "{}", ran.stderr);
        assert!(ran.stderr.contains(said), "{arguments:?}: {}", ran.stderr);
    }
}

/// A tenant whose zone newer data had: every other command names it, and `tenant set` mends it.
#[test]
fn a_zone_that_is_not_in_the_zone_data_is_named_and_can_be_changed() {
    let zoneinfo = Zoneinfo::of("2099z");
    let folder = Folder::new();
    let add = ["tenant", "add", "office", "--tz", "Company/Office", "--zone-data", zoneinfo.text()];
    assert_eq!(folder.run(&add).code, 0);
    let lacking =
        "the tenant \"office\" has the zone \"Company/Office\", which the zone data 2026f";
    let token = folder.run(&["token", "new", "office"]);
    assert_eq!(token.code, 1);
    assert!(token.stderr.contains(lacking), "{}", token.stderr);
    let set = folder.run(&["tenant", "set", "office", "--tz", "Asia/Tokyo"]);
    assert_eq!(set.code, 0, "{}", set.stderr);
    assert!(set.stderr.starts_with(&format!("note: {lacking}")), "{}", set.stderr);
    assert!(set.stderr.contains("\nthe zone of office is Asia/Tokyo\n"), "{}", set.stderr);
    assert_eq!(folder.run(&["token", "new", "office"]).code, 0);
}
