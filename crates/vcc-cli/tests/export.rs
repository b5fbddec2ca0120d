//! `vcc export`: nothing is lost or doubled, whatever happens on the way.

mod common;

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::thread;
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use common::{Folder, Reference, Service, calls, page, run, vcc};
use vcc_format::{csv, jsonl, xml};
use vcc_types::{Field, Recording};

/// The document of a list, by the format of its file.
fn document(list: &[Recording], file: &str) -> String {
    fn all<W, E: std::fmt::Debug>(
        list: &[Recording],
        mut writer: W,
        write: impl Fn(&mut W, &Recording) -> Result<(), E>,
    ) -> W {
        for recording in list {
            write(&mut writer, recording).unwrap();
        }
        writer
    }
    let bytes = match file.rsplit_once('.').unwrap().1 {
        "csv" => all(list, csv::Writer::new(Vec::new()), csv::Writer::write).finish().unwrap(),
        "xml" => all(list, xml::Writer::new(Vec::new()), xml::Writer::write).finish().unwrap(),
        _ => all(list, jsonl::Writer::new(Vec::new()), jsonl::Writer::write).finish().unwrap(),
    };
    String::from_utf8(bytes).unwrap()
}

/// A recording as a server sends it, with every field present.
fn sent(list: &[Recording]) -> Vec<Recording> {
    let full = |recording: &Recording| {
        let fields = Field::ALL.into_iter();
        fields.fold(Recording::new(), |full, field| full.with(field, recording.text(field)))
    };
    list.iter().map(full).collect()
}

fn export(folder: &Folder, url: &str, out: &str) -> Command {
    let mut command = vcc(folder, url);
    command.args([
        "export",
        "--from",
        "2007-12-18",
        "--to",
        "2007-12-20",
        "--tz",
        "UTC",
        "--out",
        out,
    ]);
    command
}

#[test]
fn the_whole_of_a_range_is_exported_in_every_format() {
    // Ties, and starts on both ends of the range and of windows.
    let mut list = calls(2_000, 86);
    list.extend(
        calls(300, 0)
            .into_iter()
            .enumerate()
            .map(|(number, call)| call.with(Field::TransactionId, &format!("tie-{number:03}"))),
    );
    list.sort_by_key(|call| (call.start(), call.text(Field::TransactionId).to_owned()));
    let reference = Reference::start(&list, "UTC");
    let range = |call: &&Recording| call.start().unwrap().to_rfc3339().as_str() < "2007-12-20";
    let expected: Vec<_> = list.iter().filter(range).cloned().collect();
    let folder = Folder::new("whole");
    for out in ["a.csv", "a.xml", "a.jsonl"] {
        for pages in ["2", "40"] {
            let mut command = export(&folder, reference.url(), out);
            command.args(["--window-pages", pages, "--concurrency", "3", "--overwrite"]);
            let (code, stdout, stderr) = run(&mut command);
            assert_eq!((code, stdout.as_str()), (0, ""), "{stderr}");
            assert!(folder.read(out) == document(&sent(&expected), out), "{out}, {pages}");
        }
    }
    assert_eq!(
        folder.names(),
        [
            "a.csv",
            "a.csv.manifest.json",
            "a.jsonl",
            "a.jsonl.manifest.json",
            "a.xml",
            "a.xml.manifest.json"
        ]
    );
    let manifest: serde_json::Value =
        serde_json::from_str(&folder.read("a.csv.manifest.json")).unwrap();
    assert_eq!(manifest["records"], expected.len());
    assert_eq!(manifest["bytes"], folder.read("a.csv").len());
    assert_eq!((&manifest["settled"], &manifest["tenant"]), (&true.into(), &"acme".into()));
    assert!(!manifest.to_string().contains(common::TOKEN));
    // Each window records where it ends in the file, and the digest of the file up to there.
    let file = folder.read("a.csv");
    let windows = manifest["windows"].as_array().unwrap();
    for window in windows {
        let end = window["bytes"].as_u64().unwrap() as usize;
        let digest = Sha256::digest(&file.as_bytes()[..end]);
        let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(window["sha256"], digest);
    }
    assert_eq!(windows.last().unwrap()["sha256"], manifest["sha256"]);
}

#[test]
fn a_range_by_local_days_goes_across_a_gap_and_a_fold_of_the_clock() {
    let calls = |days: [&str; 2]| -> Vec<Recording> {
        let mut list = Vec::new();
        for day in days {
            let midnight = chrono::DateTime::parse_from_rfc3339(day).unwrap();
            for minute in (0..26 * 60).step_by(7) {
                let start = midnight + chrono::TimeDelta::minutes(minute);
                list.push(
                    Recording::new()
                        .with(Field::StartDate, &start.to_rfc3339())
                        .with(Field::TransactionId, &start.timestamp().to_string()),
                );
            }
        }
        list
    };
    let list = calls(["2007-03-11T00:00:00-05:00", "2007-11-04T00:00:00-04:00"]);
    let reference = Reference::start(&list, "America/New_York");
    let folder = Folder::new("clock");
    for (day, next, from, until) in [
        ("2007-03-11", "2007-03-12", "2007-03-11T05:00:00Z", "2007-03-12T04:00:00Z"),
        ("2007-11-04", "2007-11-05", "2007-11-04T04:00:00Z", "2007-11-05T05:00:00Z"),
    ] {
        let mut command = vcc(&folder, reference.url());
        command.args([
            "export",
            "--tz",
            "America/New_York",
            "--from",
            day,
            "--to",
            next,
            "--out",
            "a.csv",
        ]);
        command.args(["--overwrite"]);
        let (code, _, stderr) = run(&mut command);
        assert_eq!(code, 0, "{stderr}");
        let [from, until] =
            [from, until].map(|at| chrono::DateTime::parse_from_rfc3339(at).unwrap());
        let expected =
            list.iter().filter(|call| (from..until).contains(&call.start().unwrap())).count();
        assert_eq!(folder.read("a.csv").lines().count() - 1, expected, "{day}");
    }
}

#[test]
fn an_export_that_is_killed_at_any_point_goes_on_and_is_whole() {
    let list = calls(3_000, 50);
    let reference = Reference::start(&list, "UTC");
    let expected = document(&sent(&list), "a.csv");
    let folder = Folder::new("killed");
    let points = std::env::var("VCC_TEST_KILLS").map_or(6, |points| points.parse().unwrap());
    for point in 0..points {
        let mut kills = 0;
        loop {
            let mut command = export(&folder, reference.url(), "a.csv");
            command.args(["--window-pages", "2", "--concurrency", "2"]);
            let mut child = command.stderr(std::process::Stdio::null()).spawn().unwrap();
            // Any moment will do.
            thread::sleep(Duration::from_millis(3 + (point * 37 + kills * 53) % 200 + 10 * kills));
            child.kill().unwrap();
            let status = child.wait().unwrap();
            kills += 1;
            if status.success() || folder.join("a.csv").exists() {
                break;
            }
        }
        let (code, _, stderr) = run(&mut export(&folder, reference.url(), "a.csv"));
        // It was complete, or is now.
        assert!(code == 0 || stderr.contains("is there already"), "{stderr}");
        assert!(folder.read("a.csv") == expected, "{point}: {kills} kills");
        let _ = std::fs::remove_file(folder.join("a.csv.journal"));
        std::fs::remove_file(folder.join("a.csv")).unwrap();
    }
}

/// A proxy that closes every connection after a varying number of bytes. Some connections are slow, and some
/// stop sending and stay open.
fn bad_proxy(to: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let to = to.trim_start_matches("http://").to_owned();
    thread::spawn(move || {
        for (number, client) in listener.incoming().enumerate() {
            let (client, server) = (client.unwrap(), TcpStream::connect(&to).unwrap());
            let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            thread::spawn(move || std::io::copy(&mut from, &mut to));
            thread::spawn(move || badly(server, client, number));
        }
    });
    url
}

fn badly(mut server: TcpStream, mut client: TcpStream, number: usize) {
    let mut left = (number * 7_919) % 150_000;
    let mut buffer = [0; 997];
    loop {
        let count = server.read(&mut buffer).unwrap_or(0).min(left);
        if count == 0 || client.write_all(&buffer[..count]).is_err() {
            break;
        }
        left -= count;
        if number % 5 == 1 {
            thread::sleep(Duration::from_millis(2));
        }
    }
    if number % 6 == 2 {
        // Until the client gives up.
        let _ = client.read(&mut buffer);
    }
    let _ = client.shutdown(std::net::Shutdown::Both);
    let _ = server.shutdown(std::net::Shutdown::Both);
}

#[test]
fn connections_that_break_stall_or_are_slow_lose_nothing() {
    let list = calls(2_000, 80);
    let reference = Reference::start(&list, "UTC");
    let folder = Folder::new("cut");
    let url = bad_proxy(reference.url());
    let mut command = export(&folder, &url, "a.csv");
    command.args(["--attempts", "30", "--timeout", "1"]);
    let (code, _, stderr) = run(&mut command);
    assert_eq!(code, 0, "{stderr}");
    assert!(folder.read("a.csv") == document(&sent(&list), "a.csv"));
}

#[test]
fn a_list_that_changes_while_it_is_read_is_read_until_it_settles() {
    let list = calls(170, 60);
    let folder = Folder::new("settles");
    // A record is inserted in front after the first page was read.
    let late = calls(1, 0)[0].clone().with(Field::TransactionId, "late");
    let mut after = list.clone();
    after.insert(0, late);
    let (before, now) = (list, after.clone());
    let service =
        Service::start(move |asked| page(if asked.number == 0 { &before } else { &now }, asked));
    let (code, _, stderr) = run(&mut export(&folder, service.url(), "a.csv"));
    assert_eq!(code, 0, "{stderr}");
    assert!(folder.read("a.csv") == document(&after, "a.csv"), "{stderr}");
}

#[test]
fn a_list_that_never_settles_is_said() {
    let list = calls(170, 60);
    let folder = Folder::new("unsettled");
    let service = Service::start(move |asked| {
        let mut now = list.clone();
        for late in 0..asked.number {
            now.insert(
                0,
                calls(1, 0)[0].clone().with(Field::TransactionId, &format!("late-{late}")),
            );
        }
        page(&now, asked)
    });
    let (code, _, stderr) = run(&mut export(&folder, service.url(), "a.csv"));
    assert_eq!(code, 4, "{stderr}");
    assert!(stderr.contains("changed each time that they were read"), "{stderr}");
    assert!(folder.read("a.csv.manifest.json").contains("\"settled\": false"));
}

#[test]
fn a_server_that_ignores_n_is_no_whole_export() {
    let list = calls(170, 60);
    let folder = Folder::new("ignored");
    let service = Service::start(move |asked| page(&list, &common::Asked { n: 1, ..*asked }));
    let (code, _, stderr) = run(&mut export(&folder, service.url(), "a.csv"));
    assert_eq!(code, 3, "{stderr}");
    assert!(stderr.contains("the server does not look at n"), "{stderr}");
    assert!(stderr.contains("is partial: 0 records are done"), "{stderr}");
    assert!(!folder.join("a.csv").exists());
}

#[test]
fn a_list_in_descending_order_gives_the_same_file() {
    let list = calls(1_000, 150);
    let expected = document(&list, "a.csv");
    let folder = Folder::new("descending");
    let descending: Vec<_> = list.into_iter().rev().collect();
    let service = Service::start(move |asked| page(&descending, asked));
    let mut command = export(&folder, service.url(), "a.csv");
    command.args(["--window-pages", "3"]);
    let (code, _, stderr) = run(&mut command);
    assert_eq!(code, 0, "{stderr}");
    assert!(folder.read("a.csv") == expected);
}

#[test]
fn equal_records_without_a_key_are_all_kept_and_unreadable_starts_are_kept_apart() {
    let twin = Recording::new()
        .with(Field::StartDate, "2007-12-18T12:00:00Z")
        .with(Field::AgentId, "bill");
    let list = vec![twin; 120];
    let expected = document(&list, "a.csv");
    let odd = Recording::new().with(Field::StartDate, "soon").with(Field::AgentId, "ann");
    let folder = Folder::new("twins");
    let service = Service::start(move |asked| {
        let mut page = page(&list, asked);
        if asked.n == 1 {
            page.pop();
            page.push(odd.clone());
            return page;
        }
        // The extra record takes a place, so the list continues one record earlier.
        let mut shifted = vec![odd.clone()];
        shifted.splice(0..0, list.clone());
        let mut all = list[..49].to_vec();
        all.push(odd.clone());
        all.extend_from_slice(&list[49..]);
        let is_in = asked
            .window
            .as_ref()
            .is_some_and(|window| window.contains(list[0].start().unwrap().to_utc()));
        if is_in {
            all.into_iter().skip(asked.n as usize - 1).take(50).collect()
        } else {
            Vec::new()
        }
    });
    let (code, _, stderr) = run(&mut export(&folder, service.url(), "a.csv"));
    assert_eq!(code, 0, "{stderr}");
    assert!(folder.read("a.csv") == expected, "{stderr}");
    assert_eq!(folder.read("a.csv.apart.jsonl").lines().count(), 1, "{stderr}");
    assert!(stderr.contains("whose start cannot be read are not in the file"), "{stderr}");
}

#[test]
fn another_export_does_not_go_on_with_this_one() {
    let list = calls(170, 60);
    let folder = Folder::new("another");
    let service = Service::start(move |asked| page(&list, &common::Asked { n: 1, ..*asked }));
    assert_eq!(run(&mut export(&folder, service.url(), "a.csv")).0, 3);
    let mut command = export(&folder, service.url(), "a.csv");
    command.args(["--agent", "bill"]);
    let (code, _, stderr) = run(&mut command);
    assert_eq!(code, 2);
    assert!(stderr.contains("a.csv.journal is of another export that was broken off: query \"\" there, \"agentID=bill\" now"), "{stderr}");
    let (code, _, stderr) = run(command.arg("--restart"));
    assert_eq!(code, 3, "{stderr}");
}

#[test]
fn what_cannot_be_exported_is_refused_with_the_reason() {
    let folder = Folder::new("refused");
    let table: [(&[&str], &str); 6] = [
        (
            &["--from", "2007", "--to", "2008", "--out", "a.csv"],
            "in which zone are --from and --to?",
        ),
        (
            &["--from", "2007", "--to", "2007", "--tz", "UTC", "--out", "a.csv"],
            "the range is empty",
        ),
        (&["--from", "2008", "--to", "2007", "--tz", "UTC", "--out", "a.csv"], "d: "),
        (&["--from", "soon", "--to", "2007", "--tz", "UTC", "--out", "a.csv"], "--from: "),
        (
            &["--from", "2007", "--to", "2008", "--tz", "UTC", "--out", "a.txt"],
            "the name ends in none of .csv, .jsonl, .xml",
        ),
        (
            &["--from", "2007", "--to", "2008", "--tz", "UTC", "--out", "a.csv", "--query", "n=51"],
            "--query: an export has its range",
        ),
    ];
    for (args, message) in table {
        let (code, stdout, stderr) =
            run(vcc(&folder, "http://127.0.0.1:1").arg("export").args(args));
        assert_eq!((code, stdout.as_str()), (2, ""), "{stderr}");
        assert!(stderr.contains(message), "{args:?}: {stderr}");
    }
    assert_eq!(folder.names(), [""; 0]);
}
