//! What is written and not read, or cannot be written: neither the log nor the audit log ever keeps an
//! answer, a health check or a signal waiting.

#![cfg(target_os = "linux")]

mod common;

use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use common::command::{Folder, Serving, command};
use common::{FILES, basic};

/// How long a test waits for what should come to be. Nothing takes so long but what has failed.
const DEADLINE: Duration = Duration::from_secs(60);

fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < DEADLINE, "in vain: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// `serve` with an operators' listener, and a token of its tenant.
struct Server {
    folder: Folder,
    token: String,
    serving: Serving,
    operators: String,
}

impl Server {
    fn start(arguments: &[&str], stderr: impl Into<Stdio>) -> Self {
        Self::start_in(Folder::new(), arguments, stderr)
    }

    fn start_in(folder: Folder, arguments: &[&str], stderr: impl Into<Stdio>) -> Self {
        let token = folder.run(&["token", "new", "acme"]).stdout.trim().to_owned();
        let serve = ["serve", "--insecure-http", "--store", &folder.store];
        let listen = ["--listen=127.0.0.1:0", "--admin=127.0.0.1:0"];
        let mut child = command(&[&serve[..], &listen, arguments].concat())
            .stdout(Stdio::piped())
            .stderr(stderr)
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let mut address = || said.next().unwrap().split('/').nth(2).unwrap().to_owned();
        let (address, operators) = (address(), address());
        Self { folder, token, serving: Serving { child, address, line: String::new() }, operators }
    }

    fn client(&self) -> Client {
        let stream = TcpStream::connect(&self.serving.address).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        Client { stream: BufReader::new(stream), credentials: basic("acme", &self.token) }
    }

    /// What the operators' listener answers.
    fn operators(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.operators).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn is_ready(&self) -> bool {
        self.operators("/readyz").starts_with("HTTP/1.1 200")
    }

    fn metric(&self, name: &str) -> u64 {
        let metrics = self.operators("/metrics");
        let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("no {name} in {metrics}")).parse().unwrap()
    }

    fn signal(&self, name: &str) {
        let pid = self.serving.child.id().to_string();
        assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
    }

    /// Asks it to stop, and waits until it has.
    fn stop(&mut self) {
        self.signal("-TERM");
        let child = &mut self.serving.child;
        let mut ended = None;
        until("SIGTERM ends the server", || {
            ended = child.try_wait().unwrap();
            ended.is_some()
        });
        assert_eq!(ended.unwrap().code(), Some(0));
    }
}

/// A connection that stays open.
struct Client {
    stream: BufReader<TcpStream>,
    credentials: String,
}

impl Client {
    /// The status of an answer, and its headers.
    fn get(&mut self) -> (u16, String) {
        let request = format!(
            "GET {FILES} HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\n\r\n",
            self.credentials
        );
        self.stream.get_mut().write_all(request.as_bytes()).unwrap();
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert_ne!(self.stream.read_line(&mut head).unwrap(), 0, "{head}");
        }
        let head = head.to_lowercase();
        let length = head.split("content-length: ").nth(1).unwrap().lines().next().unwrap();
        let mut body = vec![0; length.parse().unwrap()];
        self.stream.read_exact(&mut body).unwrap();
        (head[9..12].parse().unwrap(), head)
    }

    fn expect(&mut self, status: u16, times: usize) {
        for number in 0..times {
            let (got, head) = self.get();
            assert_eq!(got, status, "request {number}: {head}");
            assert!(status != 503 || head.contains("\r\nretry-after: "), "{head}");
        }
    }
}

fn fifo(folder: &Folder) -> PathBuf {
    let path = folder.path("fifo");
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    path
}

/// Opens a FIFO as its reader, without waiting for a writer.
fn reader(fifo: &Path) -> File {
    OpenOptions::new().read(true).write(true).open(fifo).unwrap()
}

/// The lines that gave records, and how many the others say are missing. All are whole.
fn lines(text: &str, gap: &str) -> (usize, u64) {
    assert!(text.is_empty() || text.ends_with('\n'), "{text}");
    let (mut records, mut missing) = (0, 0);
    for line in text.lines() {
        let line: serde_json::Value =
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        match line.get("tenant") {
            Some(tenant) => {
                assert_eq!(tenant, "acme");
                records += 1;
            }
            None => missing += line[gap].as_u64().unwrap(),
        }
    }
    (records, missing)
}

#[test]
fn a_log_that_nobody_reads_stops_nothing() {
    let logged = ["--log=info", "--log-format=json"];
    let mut server = Server::start(&logged, Stdio::piped());
    server.client().expect(200, 4_000);
    assert!(server.operators("/healthz").starts_with("HTTP/1.1 200"));
    assert!(server.is_ready());
    assert!(server.metric("vcc_log_lines_dropped_total") > 0);
    // Once it is read it goes on, and says what is missing.
    let stderr = BufReader::new(server.serving.child.stderr.take().unwrap());
    let mut client = server.client();
    let reader = std::thread::spawn(move || {
        let mut read = Vec::new();
        for line in stderr.lines() {
            let line: serde_json::Value = serde_json::from_str(&line.unwrap()).unwrap();
            read.push(line);
        }
        read
    });
    let dropped = server.metric("vcc_log_lines_dropped_total");
    client.expect(200, 1);
    drop(client);
    server.stop();
    let read = reader.join().unwrap();
    let said: u64 = read.iter().filter_map(|line| line["dropped"].as_u64()).sum();
    assert!(said >= dropped, "{said} of {dropped}");
    let requests = read.iter().filter(|line| line.get("request").is_some()).count() as u64;
    assert!(requests + said >= 4_001, "{requests} and {said}");
}

#[test]
fn a_log_that_is_never_read_does_not_hold_up_the_end() {
    let mut server = Server::start(&["--log=info"], Stdio::piped());
    server.client().expect(200, 4_000);
    server.stop();
}

#[test]
fn pipes_that_are_full_from_the_start_stop_nothing() {
    let folder = Folder::new();
    let full = || {
        let (reader, mut writer) = std::io::pipe().unwrap();
        // As much as Linux gives a pipe.
        writer.write_all(&[b'\n'; 65_536]).unwrap();
        (reader, writer)
    };
    // One that cannot start ends all the same.
    let (_err, stderr) = full();
    let serve = ["serve", "--insecure-http", "--listen=127.0.0.1:0"];
    let mut child = command(&serve).stderr(stderr).spawn().unwrap();
    let mut ended = None;
    until("a failure ends the server", || {
        ended = child.try_wait().unwrap();
        ended.is_some()
    });
    assert_eq!(ended.unwrap().code(), Some(2));
    let ((_out, stdout), (_err, stderr)) = (full(), full());
    // It cannot say which port it takes. On an address of this test's own, nobody else takes it.
    let [.., high, middle, low] = std::process::id().to_be_bytes();
    let free =
        std::net::TcpListener::bind((Ipv4Addr::from([127, high | 0x80, middle, low]), 0)).unwrap();
    let address = free.local_addr().unwrap().to_string();
    drop(free);
    let serve = ["serve", "--insecure-http", "--listen", &address, "--store", "sqlite::memory:"];
    let child = command(&serve).stdout(stdout).stderr(stderr).spawn().unwrap();
    let serving = Serving { child, address: address.clone(), line: String::new() };
    until("the server listens", || TcpStream::connect(&address).is_ok());
    assert!(serving.get("/", "acme", "x").starts_with("HTTP/1.1 403"));
    let token = String::new();
    Server { folder, token, serving, operators: address }.stop();
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
    // What waited is written once somebody reads.
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
    // Who is turned away before is told why.
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
    // No answer is without a line, and no line of a request that was refused is kept.
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
        // A reader comes, goes, and comes again.
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
        // What is not written at the end is said with its number.
        let left = "the audit log ends without lines that should be in it lines=50";
        assert_eq!(log.contains(left), status == 200, "{log}");
    }
}

#[test]
fn a_file_that_is_removed_is_made_again() {
    let folder = Folder::new();
    let audits = folder.path("audits");
    std::fs::create_dir(&audits).unwrap();
    let audit = format!("--audit={}", audits.join("audit").display());
    let mut server = Server::start_in(folder, &[&audit], Stdio::null());
    let mut client = server.client();
    client.expect(200, 5);
    until("the lines are written", || server.metric("vcc_audit_lines_waiting") == 0);
    std::fs::remove_dir_all(&audits).unwrap();
    client.expect(200, 7);
    until("/readyz is red", || !server.is_ready());
    std::fs::create_dir(&audits).unwrap();
    until("/readyz is green", || server.is_ready());
    client.expect(200, 1);
    server.stop();
    let read = std::fs::read_to_string(audits.join("audit")).unwrap();
    assert_eq!(lines(&read, "lost"), (8, 0));
}

#[test]
fn a_file_that_is_renamed_is_opened_anew_at_sighup() {
    for failure in ["serve", "refuse"] {
        let folder = Folder::new();
        let path = folder.path("audit");
        let audit = format!("--audit={}", path.display());
        let failure = format!("--audit-failure={failure}");
        let mut server = Server::start_in(folder, &[&audit, &failure], Stdio::null());
        let is_over = AtomicBool::new(false);
        let statuses: Vec<u16> = std::thread::scope(|scope| {
            let asking: Vec<_> = (0..2)
                .map(|_| {
                    let mut client = server.client();
                    let is_over = &is_over;
                    scope.spawn(move || {
                        let mut statuses = Vec::new();
                        while !is_over.load(Ordering::Relaxed) {
                            statuses.push(client.get().0);
                        }
                        statuses
                    })
                })
                .collect();
            let is_written = || std::fs::metadata(&path).is_ok_and(|file| file.len() > 10_000);
            for number in 1..=3 {
                until("there are lines in the file", is_written);
                std::fs::rename(&path, path.with_extension(number.to_string())).unwrap();
                server.signal("-HUP");
            }
            until("there are lines in the new file", is_written);
            is_over.store(true, Ordering::Relaxed);
            asking.into_iter().flat_map(|asking| asking.join().unwrap()).collect()
        });
        server.stop();
        let files = (1..=3).map(|number| path.with_extension(number.to_string()));
        let written: usize = files
            .chain([path.clone()])
            .map(|file| lines(&std::fs::read_to_string(file).unwrap(), "lost").0)
            .sum();
        let answered = statuses.iter().filter(|status| **status == 200).count();
        // A machine that is very busy may refuse some, and have the lines of some of those.
        let refused = statuses.iter().filter(|status| **status == 503).count();
        assert_eq!(answered + refused, statuses.len());
        assert!(refused == 0 || failure.ends_with("refuse"));
        assert!((answered..=answered + refused).contains(&written), "{written} of {answered}");
    }
}

#[test]
fn sighup_ends_nothing_where_there_is_no_audit() {
    let mut server = Server::start(&[], Stdio::null());
    server.signal("-HUP");
    server.client().expect(200, 1);
    server.stop();
}
