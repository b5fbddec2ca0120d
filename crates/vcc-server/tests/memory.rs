//! What a connection costs on which a request never becomes whole.

#![cfg(target_os = "linux")]

mod common;

use std::io::Write as _;
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use common::command::{Folder, Serving};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore};

/// Connections that are measured, and others that are there before: the first ones also cost what a
/// process takes once.
const CONNECTIONS: usize = 300;
const OTHERS: usize = 100;

/// The memory that a process has, in bytes.
fn resident(serving: &Serving) -> usize {
    let path = format!("/proc/{}/status", serving.child.id());
    let status = std::fs::read_to_string(path).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().trim().parse::<usize>().unwrap() * 1024
}

/// How many of the server's connections are open, and how many bytes it has not read from them.
fn unread(serving: &Serving) -> (usize, usize) {
    let port: u16 = serving.address.rsplit(':').next().unwrap().parse().unwrap();
    let mut sum = (0, 0);
    for line in std::fs::read_to_string("/proc/net/tcp").unwrap().lines().skip(1) {
        let fields: Vec<_> = line.split_whitespace().collect();
        let (local, state, queues) = (fields[1], fields[3], fields[4]);
        if local.ends_with(&format!(":{port:04X}")) && state == "01" {
            let unread = queues.split(':').nth(1).unwrap();
            sum = (sum.0 + 1, sum.1 + usize::from_str_radix(unread, 16).unwrap());
        }
    }
    sum
}

/// What each of many connections costs the server that are begun like this.
fn cost<T>(serving: &Serving, begin: impl Fn() -> T) -> usize {
    let mut open = Vec::new();
    let mut resident_with = |connections| {
        open.extend((open.len()..connections).map(|_| begin()));
        let patience = Instant::now() + Duration::from_secs(60);
        while unread(serving) != (connections, 0) {
            assert!(Instant::now() < patience, "{:?}", unread(serving));
            std::thread::sleep(Duration::from_millis(5));
        }
        resident(serving)
    };
    let before = resident_with(OTHERS);
    resident_with(OTHERS + CONNECTIONS).saturating_sub(before) / CONNECTIONS
}

/// The beginnings of heads, as long as one can be that is waited for, and what may come before.
fn heads() -> [String; 3] {
    let first = "GET / HTTP/1.1\r\nHost: x\r\n";
    let header = |bytes: usize| format!("X: {}\r\n", "y".repeat(bytes));
    let target = "x".repeat(16_000);
    [
        format!("GET /{target}\" HTTP/1.1\r\n{}", header(4_400)),
        format!("{first}\r\n{first}{}", header(20_400)),
        format!("{first}{}\r\n{first}{}", header(8_000), header(20_400)),
    ]
}

#[test]
fn half_a_head_costs_at_most_64_kib() {
    let folder = Folder::new();
    for begun in heads() {
        let arguments = ["serve", "--listen", "127.0.0.1:0", "--insecure-http", "--store"];
        let serving = Serving::start(&[&arguments[..], &[&folder.store]].concat());
        let cost = cost(&serving, || {
            let mut stream = TcpStream::connect(&serving.address).unwrap();
            stream.write_all(begun.as_bytes()).unwrap();
            stream
        });
        assert!(cost < 64 * 1024, "{cost} bytes a connection");
    }
}

#[test]
fn half_a_head_over_tls_costs_at_most_64_kib() {
    let folder = Folder::new();
    let file = folder.path("trial.pem");
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--store", &folder.store];
    let tls = ["--tls-self-signed", "--tls-self-signed-cert", file.to_str().unwrap()];
    for begun in heads() {
        let serving = Serving::start(&[&arguments[..], &tls].concat());
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(&file).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let config = Arc::new(config);
        let cost = cost(&serving, || {
            let mut stream = TcpStream::connect(&serving.address).unwrap();
            let name = ServerName::try_from("localhost").unwrap();
            let mut tls = ClientConnection::new(config.clone(), name).unwrap();
            tls.complete_io(&mut stream).unwrap();
            tls.writer().write_all(begun.as_bytes()).unwrap();
            tls.complete_io(&mut stream).unwrap();
            (stream, tls)
        });
        assert!(cost < 64 * 1024, "{cost} bytes a connection");
    }
}
