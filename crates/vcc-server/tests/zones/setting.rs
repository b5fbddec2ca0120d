//! Which zone data a command reads, and how it names that data.

use vcc_query::BuiltIn;

use crate::common::command::{Folder, Ran, Serving, command};
use crate::common::zoneinfo::Zoneinfo;
use vcc_query::ZoneData as _;

/// Runs the command with this folder as the system's.
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

/// Vancouver's midnight shows which zone data was read: for the zone of a new tenant, and for records without
/// an offset.
#[test]
fn every_command_reads_the_chosen_zone_data() {
    let bundled = BuiltIn.version().unwrap();
    let (newer, older) = (Zoneinfo::of("2099z"), Zoneinfo::of("2020a"));
    // The choice comes from the environment, from a flag, or from neither.
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
        // The tenant's zone, of a date and of the offset in the answer.
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
    // When it is named, it is used or the command fails.
    for choice in ["system", system.text()] {
        let ran = on(system.text(), &[&list[..], &["--zone-data", choice]].concat());
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{}", ran.stderr);
        assert!(ran.stderr.contains("error: --zone-data: the zone data in"), "{}", ran.stderr);
        assert!(ran.stderr.contains("hint: auto, bundled, system, or a folder"), "{}", ran.stderr);
    }
    // A misspelt choice.
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
    // Broken data is reported before the server starts.
    let ran = on(
        "/nowhere",
        &["serve", "--insecure-http", "--zone-data", "/nowhere", "--store", &folder.store],
    );
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{}", ran.stderr);
}
