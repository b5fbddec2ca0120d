//! The audit log, written to a FIFO without a reader, or to a full disk.

use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::common::FILES;
use crate::common::command::Folder;
use crate::server::Server;
use crate::{lines, until};

fn fifo(folder: &Folder) -> PathBuf {
    let path = folder.path("fifo");
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    path
}

/// Opens a FIFO as its reader, without waiting for a writer.
fn reader(fifo: &Path) -> File {
    OpenOptions::new().read(true).write(true).open(fifo).unwrap()
}

#[test]
fn an_audit_that_nobody_reads_keeps_no_answer_waiting() {
    let folder = Folder::new();
    let fifo = fifo(&folder);
    let reader = reader(&fifo);
    let audit = format!("--audit={}", fifo.display());
    let log = File::create(folder.path("log")).unwrap();
    let mut server = Server::start_in(folder, &[&audit], log);
    assert!(server.is_ready());
    server.client().expect(200, 3_000);
    assert!(server.operators("/healthz").starts_with("HTTP/1.1 200"));
    until("/readyz is red", || !server.is_ready());
    let log = || std::fs::read_to_string(server.folder.path("log")).unwrap();
    until("the log is loud", || log().contains("ERROR the audit log cannot be written: "));
    let red = server.operators("/readyz");
    assert!(red.ends_with("\r\n\r\nthe audit log cannot be written\n"), "{red}");
    assert!(red.contains("\r\nretry-after: 1\r\n"), "{red}");
    assert_eq!(server.metric("vcc_audit_failing"), 1);
    assert!(server.metric("vcc_audit_lines_waiting") > 0);
    assert_eq!(server.metric("vcc_audit_lines_dropped_total"), 0);
    // The waiting lines are written once there is a reader.
    let mut read = String::new();
    let mut reader = BufReader::new(reader);
    for _ in 0..3_000 {
        reader.read_line(&mut read).unwrap();
    }
    assert_eq!(lines(&read, "lost"), (3_000, 0));
    until("/readyz is green", || server.is_ready());
    assert_eq!(server.metric("vcc_audit_lines_total"), 3_000);
    assert_eq!(server.metric("vcc_audit_lines_waiting"), 0);
    server.stop();
    let log = std::fs::read_to_string(server.folder.path("log")).unwrap();
    assert!(log.contains("WARN the audit log is written again"), "{log}");
}

#[test]
fn an_audit_that_nobody_reads_refuses_what_it_cannot_keep() {
    let folder = Folder::new();
    let fifo = fifo(&folder);
    let reader = reader(&fifo);
    let audit = format!("--audit={}", fifo.display());
    let mut server = Server::start_in(folder, &[&audit, "--audit-failure=refuse"], Stdio::null());
    let mut client = server.client();
    let mut answered = 0;
    let refused = loop {
        let (status, head) = client.get();
        match status {
            200 => answered += 1,
            _ => break head,
        }
    };
    assert!(refused.starts_with("http/1.1 503") && refused.contains("\r\nretry-after: "));
    assert!(answered > 100, "{answered}");
    client.expect(503, 20);
    assert!(!server.is_ready());
    // Requests that fail before that are told their own reason.
    assert!(server.serving.get(FILES, "acme", "x").starts_with("HTTP/1.1 403"));
    let reading = std::thread::spawn(move || {
        let (mut read, mut reader) = (String::new(), BufReader::new(reader));
        // An answer, a gap, an answer.
        while !read.contains("refused") || lines(&read, "refused").0 <= answered {
            reader.read_line(&mut read).unwrap();
        }
        (read, reader)
    });
    until("/readyz is green", || server.is_ready());
    client.expect(200, 1);
    let (read, _reader) = reading.join().unwrap();
    // Every answer has its line, and a refused request has none.
    assert_eq!(lines(&read, "refused"), (answered + 1, 21));
    assert_eq!(server.metric("vcc_audit_refused_total"), 21);
    assert_eq!(server.metric("vcc_requests_total{status=\"503\"}"), 21);
    server.stop();
}

#[test]
fn a_fifo_without_a_reader_does_not_hold_up_the_start() {
    for failure in ["serve", "refuse"] {
        let folder = Folder::new();
        let fifo = fifo(&folder);
        let audit = format!("--audit={}", fifo.display());
        let failure_flag = format!("--audit-failure={failure}");
        let mut server = Server::start_in(folder, &[&audit, &failure_flag], Stdio::null());
        assert!(!server.is_ready());
        let is_served = failure == "serve";
        // A reader comes, leaves, and comes back.
        for asked in [30, 3] {
            server.client().expect(if is_served { 200 } else { 503 }, asked);
            until("/readyz is red", || !server.is_ready());
            let mut reader = BufReader::new(reader(&fifo));
            until("/readyz is green", || server.is_ready());
            server.client().expect(200, 2);
            let expected = if is_served { (asked + 2, 0) } else { (2, asked as u64) };
            let mut read = String::new();
            while lines(&read, "refused") != expected {
                assert_ne!(reader.read_line(&mut read).unwrap(), 0);
                let (records, missing) = lines(&read, "refused");
                assert!(records <= expected.0 && missing <= expected.1, "{failure}: {read}");
            }
        }
        server.stop();
    }
}

#[test]
fn who_asks_twice_does_not_wait_for_the_audit() {
    let folder = Folder::new();
    let audit = format!("--audit={}", fifo(&folder).display());
    let log = File::create(folder.path("log")).unwrap();
    let mut server = Server::start_in(folder, &[&audit, "--grace=86400"], log);
    server.client().expect(200, 10);
    server.signal("-TERM");
    until("no more connections are taken", || TcpStream::connect(&server.operators).is_err());
    server.stop();
    let log = std::fs::read_to_string(server.folder.path("log")).unwrap();
    assert!(
        log.ends_with("the audit log ends without lines that should be in it lines=10\n"),
        "{log}"
    );
}

#[test]
fn a_full_disk_is_loud() {
    for (failure, status) in [("serve", 200), ("refuse", 503)] {
        let folder = Folder::new();
        let log = File::create(folder.path("log")).unwrap();
        let failure = format!("--audit-failure={failure}");
        let mut server =
            Server::start_in(folder, &["--audit=/dev/full", "--grace=1", &failure], log);
        server.client().expect(status, 50);
        until("/readyz is red", || !server.is_ready());
        assert!(server.metric("vcc_audit_errors_total") > 0);
        assert_eq!(server.metric("vcc_audit_lines_total"), 0);
        server.stop();
        let log = std::fs::read_to_string(server.folder.path("log")).unwrap();
        let said =
            "the audit log cannot be written: /dev/full: No space left on device (os error 28)";
        assert!(log.contains(said), "{log}");
        // The number of lines that are missing at the end is logged.
        let left = "the audit log ends without lines that should be in it lines=50";
        assert_eq!(log.contains(left), status == 200, "{log}");
    }
}
