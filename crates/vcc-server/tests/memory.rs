//! The memory of connections whose request is never completed.

#![cfg(target_os = "linux")]

mod common;

use std::io::{Read, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use common::command::{Folder, Serving};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore};

/// Connections that are measured, and others that are opened before: the first also cost what a process
/// takes only once.
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

/// What a connection may cost, in bytes.
const BOUND: usize = 64 * 1024;

/// The memory that each of many such connections takes for good. While the server reads it holds more, and
/// an allocator is slow to give memory back.
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
    let mut with_all = resident_with(OTHERS + CONNECTIONS);
    let patience = Instant::now() + Duration::from_secs(10);
    while with_all.saturating_sub(before) / CONNECTIONS >= BOUND && Instant::now() < patience {
        std::thread::sleep(Duration::from_millis(20));
        with_all = resident(serving);
    }
    with_all.saturating_sub(before) / CONNECTIONS
}

/// A way to leave a request incomplete.
struct Shape {
    name: &'static str,
    /// A request that is answered first.
    before: String,
    /// The beginning of a head, of the greatest length that the server waits for, and how much of it is written
    /// at once.
    begun: String,
    piece: usize,
    /// Whether a long TLS record follows, without its last byte.
    record: bool,
}

const SHAKING: [(&str, usize, usize); 3] = [
    ("a long record of a handshake, without its last byte", 16_380, 16_384),
    ("a message of a handshake in two records", 23_000, 12_000),
    ("a message of a handshake in many records", 23_000, 100),
];

fn shapes() -> Vec<Shape> {
    let request = "GET / HTTP/1.1\r\nHost: x\r\n";
    let header = |bytes: usize| format!("X: {}\r\n", "y".repeat(bytes));
    let kept = format!("{request}\r\n");
    let long_kept = format!("{request}{}\r\n", header(8_000));
    let target = format!("GET /{}\" HTTP/1.1\r\n{}", "x".repeat(16_000), header(4_400));
    let head = format!("{request}{}", header(20_440));
    let many = format!("{request}{}", "A:b\r\n".repeat(4_080));
    let pipelined = format!("{long_kept}{kept}{head}");
    let shape = |name, before: &str, begun: &str, piece, record| Shape {
        name,
        before: before.to_owned(),
        begun: begun.to_owned(),
        piece,
        record,
    };
    let whole = usize::MAX;
    vec![
        shape("a long target", "", &target, whole, false),
        shape("a long header", "", &head, whole, false),
        shape("many headers", "", &many, whole, false),
        shape("small pieces", "", &many, 64, false),
        shape("a long header on a kept connection", &kept, &head, whole, false),
        shape("a long header after one", &long_kept, &head, whole, false),
        shape("a long header that came with others", "", &pipelined, whole, false),
        shape("a long record", "", "", whole, true),
        shape("a long header and a long record", "", &head, whole, true),
        shape("both on a kept connection", &kept, &head, whole, true),
        shape("both after a long header", &long_kept, &head, whole, true),
        shape("both after others that came with them", "", &pipelined, whole, true),
    ]
}

/// Waits for the status of an answer.
fn answered(stream: &mut impl Read) {
    let mut status = [0; 12];
    stream.read_exact(&mut status).unwrap();
    assert_eq!(&status, b"HTTP/1.1 401");
}

#[test]
fn half_a_head_costs_at_most_64_kib() {
    let folder = Folder::new();
    for shape in shapes().iter().filter(|shape| !shape.record) {
        let arguments = ["serve", "--listen", "127.0.0.1:0", "--insecure-http", "--store"];
        let serving = Serving::start(&[&arguments[..], &[&folder.store]].concat());
        let cost = cost(&serving, || {
            let mut stream = TcpStream::connect(&serving.address).unwrap();
            if !shape.before.is_empty() {
                stream.write_all(shape.before.as_bytes()).unwrap();
                answered(&mut stream);
            }
            for piece in shape.begun.as_bytes().chunks(shape.piece) {
                stream.write_all(piece).unwrap();
            }
            stream
        });
        assert!(cost < BOUND, "{}: {cost} bytes a connection", shape.name);
    }
}

/// An HTTPS server, and a client configuration that trusts it.
fn encrypted(folder: &Folder) -> (Serving, Arc<ClientConfig>) {
    let file = folder.path("trial.pem");
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--store", &folder.store];
    let tls = ["--tls-self-signed", "--tls-self-signed-cert", file.to_str().unwrap()];
    let serving = Serving::start(&[&arguments[..], &tls].concat());
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(&file).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    (serving, Arc::new(config))
}

#[test]
fn half_a_head_over_tls_costs_at_most_64_kib() {
    let folder = Folder::new();
    for shape in shapes() {
        let (serving, config) = encrypted(&folder);
        let cost = cost(&serving, || {
            let mut stream = TcpStream::connect(&serving.address).unwrap();
            let name = ServerName::try_from("localhost").unwrap();
            let mut tls = ClientConnection::new(config.clone(), name).unwrap();
            tls.complete_io(&mut stream).unwrap();
            if !shape.before.is_empty() {
                tls.writer().write_all(shape.before.as_bytes()).unwrap();
                answered(&mut rustls::Stream::new(&mut tls, &mut stream));
            }
            for piece in shape.begun.as_bytes().chunks(shape.piece) {
                tls.writer().write_all(piece).unwrap();
                tls.complete_io(&mut stream).unwrap();
            }
            if shape.record {
                tls.writer().write_all(&[b'z'; 16 * 1024]).unwrap();
                let mut record = Vec::new();
                tls.write_tls(&mut record).unwrap();
                assert!(record.len() > 16 * 1024);
                stream.write_all(&record[..record.len() - 1]).unwrap();
            }
            (stream, tls)
        });
        assert!(cost < BOUND, "{}: {cost} bytes a connection", shape.name);
    }
}

#[test]
fn half_a_handshake_costs_at_most_64_kib() {
    let folder = Folder::new();
    for (name, length, piece) in SHAKING {
        // The beginning of a ClientHello, and zeros that end too early.
        let mut message = vec![1, 0, 0, 0, 3, 3];
        message[2..4].copy_from_slice(&u16::try_from(length).unwrap().to_be_bytes());
        message.resize(4 + length, 0);
        let mut records = Vec::new();
        for piece in message.chunks(piece) {
            records.extend([22, 3, 1]);
            records.extend(u16::try_from(piece.len()).unwrap().to_be_bytes());
            records.extend(piece);
        }
        let (serving, _) = encrypted(&folder);
        let cost = cost(&serving, || {
            let mut stream = TcpStream::connect(&serving.address).unwrap();
            stream.write_all(&records[..records.len() - 1]).unwrap();
            stream
        });
        assert!(cost < BOUND, "{name}: {cost} bytes a connection");
    }
}
