//! Hostile clients, byte by byte: whatever they send gets a 4xx or nothing, each request gets one answer, and
//! the server keeps running.

mod common;

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use common::{FILES, TOKEN, basic, store};
use vcc_server::{Limits, Server, Tls};
use vcc_store::{Store as _, StoredRecord};
use vcc_types::Field;

async fn start(limits: Limits) -> Server {
    Server::builder(store().await).limits(limits).start("127.0.0.1:0").await.unwrap()
}

/// Sends these bytes, and reads until the server closes.
fn exchange(address: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    // The server may answer and close before it has received every byte.
    let _ = stream.write_all(bytes);
    let _ = stream.shutdown(Shutdown::Write);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    answer
}

/// The statuses of the HTTP/1 answers in some bytes.
fn statuses(answer: &[u8]) -> Vec<u16> {
    let answer = String::from_utf8_lossy(answer);
    let line = |at: usize| answer[at + 9..at + 12].parse().unwrap();
    answer.match_indices("HTTP/1.1 ").map(|(at, _)| line(at)).collect()
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}

/// A complete request, apart from the lines that the caller adds.
fn request(line: &str, headers: &str, body: &str) -> Vec<u8> {
    let authorization = basic("acme", TOKEN);
    format!("{line}\r\nHost: x\r\nAuthorization: {authorization}\r\n{headers}\r\n{body}").into()
}

/// A page so long that it is written while it is sent: to clients that read it, to one that does not know
/// chunks, to one that wants no body, and to one that leaves half-way.
#[tokio::test]
async fn a_long_answer_arrives_whole() {
    let store = store().await;
    let acme = store.tenant("acme").await.unwrap().unwrap().id;
    let record = |number: u32| {
        let recording = common::record("2008-01-01T00:00:00Z", &format!("long-{number}"))
            .with(Field::CaseId, "long")
            .with(Field::ExtVar1, &"a, b & c ".repeat(2_000));
        StoredRecord::new(&recording).unwrap()
    };
    store.import(acme, (0..50).map(record).collect::<Vec<_>>().into()).await.unwrap();
    let server = Server::builder(store).start("127.0.0.1:0").await.unwrap();
    let address = server.local_addr();
    let ask = move |method: &str, version: &str| {
        let line = format!("{method} {FILES}.csv?caseID=long HTTP/{version}");
        request(&line, "Connection: close\r\n", "")
    };
    let split = |answer: Vec<u8>| {
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.to_ascii_lowercase(), body.to_owned())
    };
    for _ in 0..3 {
        let leave = move || {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.write_all(&ask("GET", "1.1")).unwrap();
            stream.read_exact(&mut [0; 1_000]).unwrap();
        };
        blocking(leave).await;
        let (head, plain) = split(blocking(move || exchange(address, &ask("GET", "1.0"))).await);
        assert!(!head.contains("chunked") && !head.contains("content-length"), "{head}");
        assert_eq!(plain.matches("long-").count(), 50);
        assert!(plain.len() > 900_000 && plain.ends_with("\r\n"));
        let (head, body) = split(blocking(move || exchange(address, &ask("GET", "1.1"))).await);
        assert!(head.contains("transfer-encoding: chunked"), "{head}");
        assert!(body.ends_with("\r\n0\r\n\r\n") && body.len() > plain.len());
        assert_eq!(body.matches("long-").count(), 50);
        let (head, body) = split(blocking(move || exchange(address, &ask("HEAD", "1.1"))).await);
        assert!(head.starts_with("http/1.1 200") && body.is_empty(), "{head}");
    }
    server.shutdown().await;
}

#[tokio::test]
async fn no_request_hides_in_another() {
    let server = start(Limits::default()).await;
    let address = server.local_addr();
    let get = format!("GET {FILES}?transactionID=today HTTP/1.1");
    let hidden = String::from_utf8(request("GET /hidden HTTP/1.1", "", "")).unwrap();
    for (line, headers, body, expected) in [
        (&*get, "", "", &[200, 404][..]),
        (&get, "Content-Length: 0\r\n", "", &[200, 404]),
        // The bytes of a body are not read as a request.
        (&get, "Content-Length: 5\r\n", "hello", &[200]),
        (&get, "Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n", &[200]),
        // Two lengths contradict each other: whatever follows is ignored.
        (&get, "Content-Length: 9\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n", &[200]),
        (&get, "Transfer-Encoding: chunked\r\nContent-Length: 9\r\n", "0\r\n\r\n", &[200]),
        (&get, "Content-Length: 0\r\nContent-Length: 5\r\n", "", &[400]),
        (&get, "Content-Length: 0, 0\r\n", "", &[400]),
        (&get, "Content-Length: +0\r\n", "", &[400]),
        (&get, "Content-Length: -1\r\n", "", &[400]),
        (&get, "Content-Length: 0x0\r\n", "", &[400]),
        (&get, "Content-Length: 99999999999999999999\r\n", "", &[400]),
        (&get, "Transfer-Encoding: xchunked\r\n", "0\r\n\r\n", &[400]),
        (&get, "Transfer-Encoding: identity\r\n", "", &[400]),
        (&get, "Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n", &[400]),
        (&get, "Transfer-Encoding: \u{b}chunked\r\n", "0\r\n\r\n", &[400]),
        (&get, "Transfer-Encoding : chunked\r\n", "0\r\n\r\n", &[400]),
        (&get, "X: a\r\n b\r\n", "", &[400]),
        // A malformed chunk ends the connection.
        (&get, "Transfer-Encoding: chunked\r\n", "zz\r\nhello\r\n0\r\n\r\n", &[200]),
        (&format!("GET {FILES} HTTP/1.0"), "Transfer-Encoding: chunked\r\n", "0\r\n\r\n", &[400]),
    ] {
        let bytes = [request(line, headers, body), hidden.clone().into()].concat();
        let answer = blocking(move || exchange(address, &bytes)).await;
        assert_eq!(statuses(&answer), expected, "{line} {headers:?} {body:?}");
    }
    server.shutdown().await;
}

#[tokio::test]
async fn odd_requests_are_refused() {
    let server = start(Limits::default()).await;
    let address = server.local_addr();
    for (line, headers, expected) in [
        ("GET /api/recordings/files?a=\0 HTTP/1.1", "", &[400][..]),
        ("GET /api/recordings/files HTTP/1.1", "X: a\0b\r\n", &[400]),
        ("GET http://elsewhere/api/recordings/files HTTP/1.1", "", &[200]),
        ("GET * HTTP/1.1", "", &[404]),
        ("OPTIONS * HTTP/1.1", "", &[404]),
        ("CONNECT x:443 HTTP/1.1", "", &[404]),
        ("CONNECT /api/recordings/files HTTP/1.1", "", &[405]),
        ("PRI /api/recordings/files HTTP/1.1", "", &[405]),
        ("GET /api/recordings/files HTTP/1.2", "", &[400]),
        ("GET /api/recordings/files HTTP/2.0", "", &[400]),
        ("PRI * HTTP/2.0", "", &[400]),
        ("get /api/recordings/files HTTP/1.1", "", &[405]),
        ("GET api/recordings/files HTTP/1.1", "", &[400]),
        ("GET /api/recordings/files?d=2007-08-05 13:15 HTTP/1.1", "", &[400]),
        ("GET http://elsewhere/api/recordings/files?channel=# HTTP/1.1", "", &[200]),
        ("GET http://elsewhere/api/recordings/files#?channel=x HTTP/1.1", "", &[404]),
        ("GET /api/recordings/files HTTP/1.1 ", "", &[400]),
        ("GET  /api/recordings/files HTTP/1.1", "", &[400]),
        // The client leaves before its request is complete.
        ("GET /api/recordings/files", "", &[400]),
        // The server does not upgrade; it answers the request as it is.
        ("GET /api/recordings/files HTTP/1.1", "Connection: Upgrade\r\nUpgrade: h2c\r\n", &[200]),
        ("GET /api/recordings/files HTTP/1.1", "Expect: 100-continue\r\n", &[200]),
    ] {
        let bytes = request(line, headers, "");
        let answer = blocking(move || exchange(address, &bytes)).await;
        assert_eq!(statuses(&answer), expected, "{line} {headers:?}");
        assert!(answer.ends_with(b".\n") || expected == [200], "{line}: no text");
    }
    for host in ["x y", "x/y", "u@x", "[::1", "\u{e9}"] {
        let line = format!("GET {FILES} HTTP/1.1\r\nHost: {host}\r\n\r\n");
        let answer = blocking(move || exchange(address, line.as_bytes())).await;
        assert_eq!(statuses(&answer), [400], "{host}");
    }
    // HTTP/0.9 has no headers, and gets no recordings.
    let bare = format!("GET {FILES}\r\n");
    let answer = blocking(move || exchange(address, bare.as_bytes())).await;
    assert!(!answer.windows(6).any(|window| window == b"<file>"));
    // A line may end in LF alone (RFC 9112, 2.2).
    let lines = String::from_utf8(request(&format!("GET {FILES} HTTP/1.1"), "", "")).unwrap();
    let lines = lines.replace("\r\n", "\n");
    let answer = blocking(move || exchange(address, lines.as_bytes())).await;
    assert_eq!(statuses(&answer), [200]);
    server.shutdown().await;
}

#[tokio::test]
async fn requests_in_a_row_are_answered_in_order() {
    let server = start(Limits::default()).await;
    let address = server.local_addr();
    let one = request(&format!("GET {FILES}?transactionID=today HTTP/1.1"), "", "");
    let other = request("GET /x HTTP/1.1", "", "");
    let answer = blocking(move || exchange(address, &[one, other].concat().repeat(200))).await;
    assert_eq!(statuses(&answer), [200, 404].repeat(200));
    server.shutdown().await;
}

#[tokio::test]
async fn a_body_is_not_waited_for_and_not_read_to_its_end() {
    let server = start(Limits::default()).await;
    let address = server.local_addr();
    let line = format!("GET {FILES}?transactionID=today HTTP/1.1");
    for (headers, body) in [
        // A body that comes slowly, or never.
        ("Content-Length: 1000000\r\n", "x".to_owned()),
        ("Transfer-Encoding: chunked\r\n", "5\r\nhel".to_owned()),
        // A large body that comes at once.
        ("Content-Length: 1000000\r\n", "x".repeat(1_000_000)),
        ("Transfer-Encoding: chunked\r\n", format!("5;{}\r\nhello", "x".repeat(900_000))),
    ] {
        let bytes = request(&line, headers, &body);
        let answer = blocking(move || {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
            // The connection may be closed after the answer, before a slow client has sent everything.
            let _ = stream.write_all(&bytes);
            let mut answer = Vec::new();
            let ended = stream.read_to_end(&mut answer).err().map(|error| error.kind());
            (answer, ended)
        });
        let (answer, ended) = answer.await;
        assert!(matches!(ended, None | Some(ErrorKind::ConnectionReset)), "{headers}: {ended:?}");
        assert_eq!(statuses(&answer), [200], "{headers}");
    }
    server.shutdown().await;
}

/// As many connections as there is room for are answered, and always the last one. The others are closed to
/// make room, or told that there is none.
#[tokio::test]
async fn more_connections_than_there_is_room_for() {
    let mut limits = Limits::default();
    limits.connections = 50;
    let server = start(limits).await;
    let address = server.local_addr();
    blocking(move || {
        let asked = request("GET /x HTTP/1.1", "", "");
        let open: Vec<_> = (0..500).map(|_| TcpStream::connect(address).unwrap()).collect();
        let mut answers = Vec::new();
        for mut stream in open.iter() {
            // These may have been closed to make room.
            let _ = stream.write_all(&asked);
            let mut status = [0; 12];
            let status = stream.read_exact(&mut status).map(|()| status[9..].to_vec());
            answers.push(status.unwrap_or_default());
        }
        assert!(
            answers.iter().all(|said| matches!(&said[..], b"404" | b"503" | b"")),
            "{answers:?}"
        );
        let answered = answers.iter().filter(|said| *said == b"404").count();
        assert!(answered >= 50 && answers.last().unwrap() == b"404", "{answers:?}");
        assert_eq!(statuses(&exchange(address, &asked)), [404]);
        drop(open);
    })
    .await;
    server.shutdown().await;
}

#[tokio::test]
async fn a_handshake_that_does_not_go_on_does_not_hold_up_a_shutdown() {
    let (tls, _) = Tls::self_signed(&["localhost".to_owned()]).unwrap();
    let mut limits = Limits::default();
    (limits.grace, limits.headers) = (Duration::from_secs(60), Duration::from_secs(60));
    let builder = Server::builder(store().await).limits(limits).tls(tls);
    let server = builder.start("127.0.0.1:0").await.unwrap();
    let address = server.local_addr();
    let mut begun = blocking(move || TcpStream::connect(address).unwrap()).await;
    begun.write_all(b"\x16\x03\x01").unwrap();
    let stopped = tokio::time::timeout(Duration::from_secs(20), server.shutdown()).await;
    assert!(stopped.is_ok());
}

/// Random numbers from a fixed seed.
struct Lcg(u64);

impl Lcg {
    fn below(&mut self, n: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % n
    }

    /// A request with a few bytes changed, doubled or left out, or with its end cut off.
    fn broken(&mut self, from: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = from[self.below(from.len())].clone();
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len().max(1));
            match self.below(6) {
                _ if bytes.is_empty() => {}
                0 => bytes[at] = u8::try_from(self.below(256)).unwrap(),
                1 => bytes.insert(at, b"\0\r\n \t%\"#:\x80\xff"[self.below(11)]),
                2 => drop(bytes.remove(at)),
                3 => bytes.truncate(at),
                4 => bytes.extend_from_within(..at),
                _ => bytes.extend_from_within(at..),
            }
        }
        bytes
    }
}

#[tokio::test]
async fn broken_requests_are_no_defect() {
    static PANICS: AtomicUsize = AtomicUsize::new(0);
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        PANICS.fetch_add(1, Ordering::Relaxed);
        before(panic);
    }));
    let server = start(Limits::default()).await;
    let address = server.local_addr();
    blocking(move || {
        let query =
            "d=2007-12-19,2007-12-20&tz=America/New_York&queueName=a,%22b%22%20%26%20%3Cc%3E";
        let requests = [
            request(&format!("GET {FILES}?{query} HTTP/1.1"), "", ""),
            request(&format!("GET {FILES}.csv?d=today HTTP/1.1"), "Accept-Encoding: gzip\r\n", ""),
            request(&format!("POST {FILES} HTTP/1.1"), "Content-Length: 5\r\n", "hello"),
            request("GET / HTTP/1.0", "Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n"),
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec(),
        ];
        let mut lcg = Lcg(7);
        for _ in 0..3_000 {
            let bytes = lcg.broken(&requests);
            let answer = exchange(address, &bytes);
            let fine = statuses(&answer).into_iter().all(|status| status < 500);
            assert!(fine, "{}: {}", bytes.escape_ascii(), answer.escape_ascii());
        }
        let asked = request("GET /x HTTP/1.1", "", "");
        assert_eq!(statuses(&exchange(address, &asked)), [404]);
    })
    .await;
    server.shutdown().await;
    assert_eq!(PANICS.load(Ordering::Relaxed), 0);
}
