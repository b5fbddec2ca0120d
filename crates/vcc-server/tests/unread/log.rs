//! The log, written to a pipe that nobody reads.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::process::Stdio;

use crate::common::command::{Folder, Serving, command};
use crate::server::Server;
use crate::until;

#[test]
fn a_log_that_nobody_reads_stops_nothing() {
    let logged = ["--log=info", "--log-format=json"];
    let mut server = Server::start(&logged, Stdio::piped());
    server.client().expect(200, 4_000);
    assert!(server.operators("/healthz").starts_with("HTTP/1.1 200"));
    assert!(server.is_ready());
    assert!(server.metric("vcc_log_lines_dropped_total") > 0);
    // Once it is read, logging continues, and says how much is missing.
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
        // The capacity of a pipe on Linux.
        writer.write_all(&[b'\n'; 65_536]).unwrap();
        (reader, writer)
    };
    // A server that cannot start still ends.
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
    // It cannot say which port it has, so the test chooses one, on an address that no other test uses.
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
