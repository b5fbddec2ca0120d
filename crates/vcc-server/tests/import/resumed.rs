//! An interrupted import, continued by the same command.

use std::process::Stdio;
use std::time::Duration;

use crate::postgres_server;
use crate::watched::{Watched, on_a_server};
use crate::{HEADER, said};

/// Records without keys, which a second import would add again.
fn keyless(count: usize) -> String {
    let rows =
        (0..count).map(|n| format!("2007-12-19T19:16:{:02}Z,agent{n},,,{}\n", n % 60, n % 9));
    HEADER.to_owned() + &rows.collect::<String>()
}

/// Kills an import as soon as `begun`, and imports the same file again.
fn killed_and_resumed(options: &[&str], count: usize, begun: impl Fn(&Watched) -> bool) {
    let folder = Watched::new();
    let file = folder.write("a.csv", &keyless(count));
    let mut child =
        folder.import(&file, options).stderr(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
    while child.try_wait().unwrap().is_none() && !begun(&folder) {
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    // Otherwise the kill came too late: everything was imported, and would be added again.
    if folder.count() < count as u64 {
        let again = folder.import(&file, options).output().unwrap();
        assert!(again.status.success(), "{}", said(&again));
        assert!(said(&again).contains("broken off after record"), "{}", said(&again));
    }
    assert_eq!(folder.count(), count as u64);
}

#[test]
fn an_import_that_is_killed_goes_on() {
    killed_and_resumed(&["--batch", "200"], 40_000, |folder| folder.count() > 0);
}

#[test]
fn a_bulk_load_that_is_killed_goes_on() {
    let begun = |folder: &Watched| {
        let wal = std::fs::metadata(folder.path("recordings.db-wal"));
        wal.is_ok_and(|wal| wal.len() > 200_000)
    };
    killed_and_resumed(&["--batch", "200", "--bulk"], 40_000, begun);
}

#[test]
fn a_file_that_was_changed_is_another() {
    let folder = Watched::new();
    // Of the same length, with the same beginning and end.
    let xml = |agent: &str| {
        let one = "<file><startDate>2007-12-19T19:16:36Z</startDate></file>";
        let other = format!(
            "<file><startDate>2007-12-19T19:16:36Z</startDate><agentID>{agent}</agentID></file>"
        );
        format!("<recordings>{}{other}{}<file><ag", one.repeat(4_000), one.repeat(4_000))
    };
    let file = folder.write("a.xml", &xml("bill"));
    let first = folder.import(&file, &["--batch", "2000"]).output().unwrap();
    assert_eq!(first.status.code(), Some(1), "{}", said(&first));
    folder.write("a.xml", &xml("anna"));
    let changed = folder.import(&file, &["--batch", "2000"]).output().unwrap();
    assert!(!said(&changed).contains("broken off"), "{}", said(&changed));
    assert_eq!(folder.count(), 2 * 8_001);
}

/// Even with two batches in the store at a time: none is lost, none comes twice, and the order is that of
/// the file.
#[test]
fn an_import_into_postgresql_that_is_killed_goes_on() {
    for (bulk, begun) in [
        (&[][..], "SELECT EXISTS (SELECT FROM recordings)"),
        (&["--bulk"], "SELECT to_regclass('staged') IS NOT NULL"),
    ] {
        let Some((folder, url)) = on_a_server() else { return };
        let file = folder.write("a.csv", &keyless(20_000));
        let options = [&["--batch", "150"], bulk].concat();
        // A run that finishes before the kill is no use.
        let mut is_whole = false;
        for _ in 0..3 {
            let mut child = folder.import(&file, &options).stderr(Stdio::null()).spawn().unwrap();
            while child.try_wait().unwrap().is_none()
                && postgres_server::psql(&url, begun).unwrap() != "t"
            {
                std::thread::sleep(Duration::from_millis(5));
            }
            child.kill().unwrap();
            is_whole = child.wait().unwrap().success();
            if is_whole {
                break;
            }
        }
        if !is_whole {
            let again = folder.import(&file, &options).output().unwrap();
            assert!(again.status.success(), "{}", said(&again));
        }
        let whole = "SELECT count(*), count(DISTINCT agent_id),
            (SELECT sum(records) FROM counts WHERE level = 10) FROM recordings";
        assert_eq!(postgres_server::psql(&url, whole).unwrap(), "20000|20000|20000");
        let order = "SELECT count(*) FROM (SELECT substr(agent_id, 6)::bigint
            > lead(substr(agent_id, 6)::bigint) OVER (ORDER BY id) AS wrong FROM recordings) AS r
            WHERE wrong";
        assert_eq!(postgres_server::psql(&url, order).unwrap(), "0");
    }
}
