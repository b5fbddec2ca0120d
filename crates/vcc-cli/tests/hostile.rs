//! Hostile servers, and users who mistype: the command reports it, and ends.

mod common;

use std::fs;
use std::io::Write as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

use common::{Folder, Service, answering, calls, page, run, vcc};

/// A head with these lines, and then a body that goes on until the client closes.
fn endless(head: &'static str, piece: Vec<u8>) -> String {
    answering(move |_| {
        std::iter::once(head.as_bytes().to_vec()).chain(std::iter::repeat(piece.clone()))
    })
}

fn once(answer: Vec<u8>) -> String {
    answering(move |_| [answer.clone()])
}

/// It announces that it closes. Otherwise a redirect would be followed on a closed connection.
fn with_length(head: &str, body: &[u8]) -> String {
    let length = body.len();
    let head = format!("HTTP/1.1 {head}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n");
    once([head.as_bytes(), body].concat())
}

/// Zeros, compressed: four times the longest body.
fn bomb() -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..1 << 8 {
        packer.write_all(&[0; 1 << 20]).unwrap();
    }
    packer.finish().unwrap()
}

/// The peak memory of the command, in MiB, if the system tells it.
fn peak(child: &std::process::Child) -> f64 {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kib.unwrap_or_default() / 1024.0
}

#[test]
fn hostile_servers_are_survived_in_bounded_memory_and_named() {
    const OK: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\n";
    let folder = Folder::new("hostile");
    let list = b"<recordings><file><agentID>bill</agentID></file></recordings>";
    let chunk = [b"100000\r\n".as_slice(), &vec![b' '; 1 << 20], b"\r\n"].concat();
    let nested = [b"<recordings><file>".to_vec(), b"<a>".repeat(200_000)].concat();
    let table: Vec<(&str, String, &str)> = vec![
        (
            "an endless body without a length",
            endless(
                "HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\n\r\n",
                vec![b' '; 1 << 20],
            ),
            "the body has more than 67108864 bytes, the limit",
        ),
        (
            "an endless body in chunks",
            endless(
                "HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nTransfer-Encoding: chunked\r\n\r\n",
                chunk,
            ),
            "the body has more than 67108864 bytes, the limit",
        ),
        (
            "one record without an end",
            endless(
                "HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\n\r\n<recordings><file><agentID>",
                vec![b'a'; 1 << 20],
            ),
            "the body has more than 67108864 bytes, the limit",
        ),
        (
            "a length of a gigabyte, and a few bytes",
            once(format!("{OK}Content-Length: 1000000000\r\n\r\n<recordings>").into_bytes()),
            "the answer broke off from http://",
        ),
        (
            "a length beyond all numbers",
            once(format!("{OK}Content-Length: 99999999999999999999\r\n\r\n").into_bytes()),
            "what came is no HTTP from http://",
        ),
        (
            "a flood of headers",
            endless(
                "HTTP/1.1 200 OK\r\n",
                b"X-Flood: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n".repeat(1000),
            ),
            "what came is no HTTP from http://",
        ),
        (
            "a header without an end",
            endless("HTTP/1.1 200 OK\r\nX-Long: ", vec![b'a'; 1 << 16]),
            "what came is no HTTP from http://",
        ),
        (
            "no HTTP",
            once(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n".to_vec()),
            "what came is no HTTP from http://",
        ),
        (
            "a bomb of gzip",
            with_length(
                "200 OK\r\nContent-Type: application/xml\r\nContent-Encoding: gzip",
                &bomb(),
            ),
            "the body has more than 67108864 bytes, the limit",
        ),
        (
            "gzip that is none",
            with_length("200 OK\r\nContent-Type: application/xml\r\nContent-Encoding: gzip", list),
            "the answer cannot be unpacked from http://",
        ),
        (
            "HTML with status 200",
            with_length(
                "200 OK\r\nContent-Type: text/html; charset=utf-8",
                b"<!doctype html><title>Log in</title>",
            ),
            "the answer is a page of HTML, no list of recordings; a proxy or a login may stand in between: \
             <!doctype html><title>Log in</title>",
        ),
        (
            "HTML that says that it is XML",
            with_length(
                "200 OK\r\nContent-Type: application/xml",
                b"<!DOCTYPE html>\n<html><body>Log in</body></html>",
            ),
            "the answer is a page of HTML",
        ),
        (
            "JSON",
            with_length("200 OK\r\nContent-Type: application/json", b"{\"error\": \"no\"}"),
            "the answer is application/json, no list of recordings: {\"error\": \"no\"}",
        ),
        (
            "a body that is empty",
            with_length("200 OK\r\nContent-Type: application/xml", b""),
            "the body of 0 bytes cannot be read",
        ),
        (
            "elements in elements",
            with_length("200 OK\r\nContent-Type: application/xml", &nested),
            "cannot be read",
        ),
        (
            "a redirection to itself",
            with_length("302 Found\r\nLocation: /api/recordings/files", b""),
            "the server redirects (302 Found) for the 6th time, now to /api/recordings/files: it may go on for ever",
        ),
        (
            "a redirection to another host",
            with_length("301 Moved\r\nLocation: http://other.example/x", b""),
            "the server redirects (301 Moved Permanently) to http://other.example/x; it is not followed",
        ),
        (
            "a redirection to nowhere",
            with_length("302 Found\r\nX: y", b""),
            "the server redirects (302 Found), and does not say to where",
        ),
        (
            "a status of no meaning here",
            with_length("418 I\r\nContent-Type: text/plain", b"a teapot\x1b[31m"),
            "the server answered with status 418: a teapot[31m",
        ),
        (
            "204",
            once(b"HTTP/1.1 204 No Content\r\n\r\n".to_vec()),
            "the server answered with status 204",
        ),
    ];
    // Four at a time, as the commands wait more than they work.
    std::thread::scope(|scope| {
        let folder = &folder;
        for part in table.chunks(table.len().div_ceil(4)) {
            scope.spawn(move || part.iter().for_each(|case| is_survived(folder, case)));
        }
    });
}

fn is_survived(folder: &Folder, (name, url, message): &(&str, String, &str)) {
    let began = Instant::now();
    let mut command = vcc(folder, url);
    command.args(["list", "", "--attempts", "2"]).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut highest: f64 = 0.0;
    while child.try_wait().unwrap().is_none() {
        highest = highest.max(peak(&child));
        std::thread::sleep(Duration::from_millis(2));
    }
    let ended = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(1), "{name}: {stderr}");
    assert!(stderr.contains(message), "{name}: {stderr}expected {message}");
    assert!(stderr.len() < 1_500, "{name}: {stderr}");
    // Twice the longest body, and what the command always needs.
    assert!(highest < 256.0, "{name}: {highest} MiB");
    assert!(began.elapsed() < Duration::from_secs(120), "{name}");
}

#[test]
fn a_server_that_says_nothing_is_given_up() {
    let silent = answering(|_| {
        std::iter::from_fn(|| {
            std::thread::sleep(Duration::from_secs(30));
            None
        })
    });
    let folder = Folder::new("silent");
    let mut command = vcc(&folder, &silent);
    let (code, _, stderr) = run(command.args(["list", "", "--attempts", "2", "--timeout", "1"]));
    assert_eq!(code, 1);
    assert!(stderr.contains("no answer in time from http://"), "{stderr}");
    assert!(stderr.contains("; asked 2 times in "), "{stderr}");
}

#[test]
fn what_a_user_mistypes_is_answered_with_what_helps() {
    let list = calls(10, 60);
    let service = Service::start(move |asked| page(&list, asked));
    let folder = Folder::new("mistyped");
    fs::create_dir(folder.join("folder")).unwrap();
    fs::write(folder.join("there.csv"), "mine").unwrap();
    let range = ["export", "--from", "2007", "--to", "2008", "--tz", "UTC", "--out"];
    let with = |out: &'static str| [&range[..], &[out]].concat();
    let unset: &[&str] = &["VCC_URL", "VCC_TENANT", "VCC_TOKEN", "VCC_PLAIN_HTTP"];
    let table: Vec<(Vec<&str>, &[&str], i32, &str)> = vec![
        (
            vec!["list"],
            unset,
            2,
            "error: which service? --url, VCC_URL or a profile says it\n \
             hint: vcc login keeps service, tenant and token as a profile",
        ),
        (vec!["list", "--url", "na3"], unset, 2, "error: which tenant? --tenant, VCC_TENANT"),
        (vec!["list", "--url", "na3", "--tenant", "acme"], unset, 2, "error: no token for acme"),
        (vec!["list", "--url", "htp://na3"], &[], 2, "error: --url: the scheme htp: is not spoken"),
        (vec!["list", "--url", "not a host"], &[], 2, "that is neither a URL nor a region"),
        (
            vec!["list", "--attempts", "1", "--url", "http://127.0.0.1:1"],
            &[],
            1,
            "error: no connection to http://127.0.0.1:1/: Connection refused",
        ),
        (
            vec!["list"],
            &["VCC_PLAIN_HTTP"],
            2,
            " is plain HTTP, which shows the token to everybody on the way; use https://, or allow plain HTTP\n \
             hint: --plain-http allows it",
        ),
        (vec!["list", "--rate", "0"], &[], 2, "expected a number above 0, such as 5 or 0.5"),
        (vec!["list", "--plain-http", "d=2007-12-18&tz=UTC"], &[], 0, ""),
        (vec!["list", "agent=bill"], &[], 2, "did you mean"),
        (
            vec!["list", "2007-12-18"],
            &[],
            2,
            " hint: a date is given as --day 2007-12-18, or as d=2007-12-18",
        ),
        (vec!["list", "--day", "yesterday"], &[], 2, "--day: "),
        (vec!["list", "--tz", "Denver"], &[], 2, "--tz Denver: "),
        (with("folder"), &[], 2, "error: --out folder: that is a folder"),
        (with("folder/"), &[], 2, "error: --out folder/: that is a folder"),
        (with("none/a.csv"), &[], 2, "error: --out none/a.csv: there is no folder none"),
        (
            with("there.csv"),
            &[],
            2,
            "error: there.csv is there already\n hint: --overwrite replaces it",
        ),
        (with("a.xls"), &[], 2, "error: --out a.xls: the name ends in none of .csv, .jsonl, .xml"),
        (
            [&with("a.xml")[..], &["--extra-columns", "mood"]].concat(),
            &[],
            2,
            "--extra-columns: only CSV has columns; the other formats keep values under their names",
        ),
        (vec!["decode", "missing.xml"], &[], 1, "error: missing.xml: No such file or directory"),
        (vec!["decode", "folder"], &[], 1, "error: folder: Is a directory"),
    ];
    for (args, without, code, message) in table {
        let mut command = vcc(&folder, service.url());
        for name in without {
            command.env_remove(name);
        }
        let (ended, stdout, stderr) = run(command.args(&args));
        assert_eq!(ended, code, "{args:?}: {stderr}");
        assert!(stderr.contains(message), "{args:?}: {stderr}");
        assert!(code == 0 || stdout.is_empty(), "{args:?}: {stdout}");
    }
    assert_eq!(folder.read("there.csv"), "mine");
    // Refused exports leave no files.
    assert_eq!(folder.names(), ["folder", "there.csv"]);
    // An export over an existing file, with `--overwrite`.
    let mut command = vcc(&folder, service.url());
    let (code, _, stderr) = run(command.args(with("there.csv")).arg("--overwrite"));
    assert_eq!(code, 0, "{stderr}");
    assert_eq!(folder.read("there.csv").lines().count(), 11);
}

#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_written_is_named_before_anything_is_asked() {
    use std::os::unix::fs::PermissionsExt as _;

    let list = calls(10, 60);
    let service = Service::start(move |asked| page(&list, asked));
    let folder = Folder::new("locked");
    let locked = folder.join("locked");
    fs::create_dir(&locked).unwrap();
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o500)).unwrap();
    // Root can write everywhere, except in folders of the kernel.
    let out = if fs::File::create(locked.join("probe")).is_ok() {
        fs::remove_file(locked.join("probe")).unwrap();
        "/proc/a.csv"
    } else {
        "locked/a.csv"
    };
    let mut command = vcc(&folder, service.url());
    command.args(["export", "--from", "2007", "--to", "2008", "--tz", "UTC", "--out", out]);
    let (code, _, stderr) = run(&mut command);
    assert_eq!(code, 1, "{stderr}");
    assert!(stderr.contains(&format!("error: {out}.journal: ")), "{stderr}");
    assert_eq!(service.requests(), 0);
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o700)).unwrap();
}

#[test]
fn what_stands_beside_the_fields_is_kept_or_said_and_what_cannot_be_written_is_kept_apart() {
    let mut list = calls(60, 60);
    list[3].push_extra("mood", "good");
    list[5].push_extra("rating", "4");
    let folder = Folder::new("extra");
    let records = list.clone();
    let service = Service::start(move |asked| page(&records, asked));
    let export = |out: &str, more: &[&str]| {
        let mut command = vcc(&folder, service.url());
        command.args(["export", "--from", "2007", "--to", "2008", "--tz", "UTC", "--out", out]);
        let (code, _, stderr) = run(command.args(more));
        assert_eq!(code, 0, "{stderr}");
        (folder.read(out), stderr)
    };
    let (csv, said) = export("a.csv", &[]);
    assert!(!csv.contains("good"));
    assert!(
        said.contains(
            "warning: values beside the fifteen fields are left out: mood (1), rating (1); --extra-columns NAMES \
             gives them columns, .jsonl and .xml keep them"
        ),
        "{said}"
    );
    let (csv, said) = export("b.csv", &["--extra-columns", "mood"]);
    assert!(csv.lines().next().unwrap().ends_with(",wrapUpCode,mood"));
    assert!(csv.lines().nth(4).unwrap().ends_with(",good") && csv.lines().count() == 61);
    assert!(said.contains("are left out: rating (1); "), "{said}");
    for out in ["a.xml", "a.jsonl"] {
        let (document, said) = export(out, &[]);
        assert!(document.contains("good") && document.contains("rating"), "{out}");
        assert!(!said.contains("are left out"), "{said}");
    }

    // A value that neither XML nor CSV can carry (OUT-6).
    let odd = "<file><startDate>2007-12-18T00:00:00Z</startDate><agentID>a\u{1}b</agentID></file>";
    let even = "<file><startDate>2007-12-18T00:00:01Z</startDate><agentID>bill</agentID></file>";
    let url = answering(move |head| {
        let records = match head.split_once("n=").map(|(_, n)| n.starts_with('2')) {
            None => format!("{odd}{odd}{even}"),
            Some(true) => format!("{odd}{even}"),
            Some(false) => even.to_owned(),
        };
        let last = head.contains("n=4").then(String::new);
        let body = format!("<recordings>{}</recordings>", last.unwrap_or(records));
        let length = body.len();
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nConnection: close\r\n";
        [format!("{head}Content-Length: {length}\r\n\r\n{body}").into_bytes()]
    });
    let mut command = vcc(&folder, &url);
    command.args(["export", "--from", "2007-12-18", "--to", "2007-12-19", "--tz", "UTC"]);
    let (code, _, stderr) = run(command.args(["--out", "c.csv", "--attempts", "2"]));
    assert_eq!(code, 0, "{stderr}");
    assert!(
        stderr.contains(
            "warning: 2 records that the format cannot carry are not in the file but in the one"
        ),
        "{stderr}"
    );
    assert!(stderr.contains("c.csv: 1 record of "), "{stderr}");
    assert_eq!(folder.read("c.csv").lines().count(), 2);
    assert_eq!(folder.read("c.csv.apart.jsonl").matches("a\\u0001b").count(), 2);
    assert!(folder.read("c.csv.manifest.json").contains("\"refused\": 2"));
}
