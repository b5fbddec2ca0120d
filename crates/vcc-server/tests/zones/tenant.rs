//! The zone of a tenant: changed while a server runs, or missing in the zone data.

use crate::common::command::{Folder, Serving};
use crate::common::zoneinfo::Zoneinfo;

/// The tenant was added on a machine with newer data.
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
    // The way out, while the server runs.
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

/// A tenant whose zone only newer data has: every other command names it, and `tenant set` repairs it.
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
