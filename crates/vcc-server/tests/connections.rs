//! More connections than there is room for: the one that was idle longest is closed for a new one.

mod common;

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::routing::get;
use common::{FILES, TOKEN, basic, store};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use tokio::sync::Semaphore;
use vcc_server::{Limits, Server, Tls};

/// A server with room for this many connections, which answers `/wait` only once a test lets it through.
struct Full {
    server: Server,
    /// How many requests are waiting.
    entered: Arc<AtomicUsize>,
    through: Arc<Semaphore>,
    config: Option<Arc<ClientConfig>>,
}

/// How a client connects to it.
#[derive(Clone)]
struct Way {
    address: SocketAddr,
    admin: SocketAddr,
    config: Option<Arc<ClientConfig>>,
}

trait Stream: Read + Write + Send {}
impl<T: Read + Write + Send> Stream for T {}

impl Full {
    async fn new(connections: usize, is_tls: bool) -> Self {
        let mut limits = Limits::default();
        limits.connections = connections;
        let through = Arc::new(Semaphore::new(0));
        let entered = Arc::new(AtomicUsize::new(0));
        let (waiting, entering) = (through.clone(), entered.clone());
        let wait = move || async move {
            entering.fetch_add(1, Ordering::Relaxed);
            let _permit = waiting.acquire().await;
            "waited\n"
        };
        let mut builder = Server::builder(store().await)
            .limits(limits)
            .admin("127.0.0.1:0".parse().unwrap())
            .wrap(|api| api.route("/wait", get(wait)));
        let mut config = None;
        if is_tls {
            let (tls, certificate) = Tls::self_signed(&["localhost".to_owned()]).unwrap();
            builder = builder.tls(tls);
            config = Some(trusting(&certificate));
        }
        Self { server: builder.start("127.0.0.1:0").await.unwrap(), entered, through, config }
    }

    fn way(&self) -> Way {
        let (address, admin) = (self.server.local_addr(), self.server.admin_addr().unwrap());
        Way { address, admin, config: self.config.clone() }
    }
}

fn trusting(certificate: &str) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config)
}

impl Way {
    fn socket(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        // Shorter than the server waits for a client.
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream
    }

    fn connect(&self) -> Box<dyn Stream> {
        let Some(config) = &self.config else { return Box::new(self.socket()) };
        let name = ServerName::try_from("localhost").unwrap();
        let tls = ClientConnection::new(config.clone(), name).unwrap();
        let mut stream = StreamOwned::new(tls, self.socket());
        stream.conn.complete_io(&mut stream.sock).unwrap();
        Box::new(stream)
    }

    /// The value of a metric.
    fn metric(&self, name: &str) -> u64 {
        let mut stream = TcpStream::connect(self.admin).unwrap();
        stream.write_all(b"GET /metrics HTTP/1.0\r\n\r\n").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("no {name} in {text}")).parse().unwrap()
    }

    fn until(&self, name: &str, value: u64) {
        let patience = Instant::now() + Duration::from_secs(60);
        while self.metric(name) != value {
            assert!(Instant::now() < patience, "{name} is not {value}, but {}", self.metric(name));
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

fn ask(stream: &mut dyn Stream, target: &str, token: &str) {
    let authorization = basic("acme", token);
    let request =
        format!("GET {target} HTTP/1.1\r\nHost: x\r\nAuthorization: {authorization}\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
}

/// The status of an answer, and its head.
fn head(stream: &mut dyn Stream) -> io::Result<(u16, String)> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    Ok((head[9..12].parse().unwrap(), head))
}

/// Sends a request, and reads the whole answer.
fn answer(stream: &mut dyn Stream, target: &str, token: &str) -> io::Result<u16> {
    ask(stream, target, token);
    let (status, head) = head(stream)?;
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    stream.read_exact(&mut vec![0; length.unwrap().parse().unwrap()])?;
    Ok(status)
}

fn is_closed(stream: &mut dyn Stream) -> bool {
    match stream.read(&mut [0]) {
        Ok(read) => read == 0,
        Err(error) => !matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut),
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}

const OPEN: &str = "vcc_connections_open";
const CLOSED: &str = "vcc_connections_closed_for_room_total";

#[tokio::test]
async fn a_new_client_is_answered_whatever_the_others_are_idle_in() {
    const ROOM: usize = 20;
    type Fill = fn(&Way) -> Box<dyn Stream>;
    let silent: Fill = |way| Box::new(way.socket());
    let handshake: Fill = |way| {
        let mut stream = way.socket();
        stream.write_all(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03").unwrap();
        Box::new(stream)
    };
    let shaken: Fill = |way| way.connect();
    let head: Fill = |way| {
        let mut stream = way.connect();
        stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nX").unwrap();
        stream
    };
    let lines: Fill = |way| {
        let mut stream = way.connect();
        stream.write_all(b"\r\n\r\n").unwrap();
        stream
    };
    let wrong: Fill = |way| {
        let mut stream = way.connect();
        assert_eq!(answer(&mut stream, FILES, "wrong").unwrap(), 403);
        stream
    };
    let proven: Fill = |way| {
        let mut stream = way.connect();
        assert_eq!(answer(&mut stream, FILES, TOKEN).unwrap(), 200);
        stream
    };
    for (name, fill, is_tls) in [
        ("silent", silent, false),
        ("head", head, false),
        ("lines", lines, false),
        ("wrong", wrong, false),
        ("proven", proven, false),
        ("silent", silent, true),
        ("handshake", handshake, true),
        ("shaken", shaken, true),
        ("head", head, true),
        ("proven", proven, true),
    ] {
        let full = Full::new(ROOM, is_tls).await;
        let way = full.way();
        blocking(move || {
            let filled: Vec<_> = (0..ROOM).map(|_| fill(&way)).collect();
            way.until(OPEN, ROOM as u64);
            let mut new = Vec::new();
            for _ in 0..ROOM {
                let mut stream = way.connect();
                assert_eq!(answer(&mut stream, FILES, TOKEN).unwrap(), 200, "{name} {is_tls}");
                new.push(stream);
            }
            assert_eq!(way.metric(CLOSED), ROOM as u64, "{name} {is_tls}");
            for mut stream in filled {
                assert!(is_closed(&mut stream), "{name} {is_tls}");
            }
        })
        .await;
        full.server.shutdown().await;
    }
}

#[tokio::test]
async fn those_that_proved_no_tenant_go_first_and_of_these_the_longest_idle() {
    for is_tls in [false, true] {
        let full = Full::new(4, is_tls).await;
        let way = full.way();
        blocking(move || {
            let open = |token| {
                let mut stream = way.connect();
                let status = answer(&mut stream, FILES, token).unwrap();
                assert_eq!(status, if token == TOKEN { 200 } else { 403 });
                stream
            };
            let mut proven = [open(TOKEN), open(TOKEN)];
            let mut others = [open("wrong"), open("wrong")];
            // The first of each pair is used again, so that the second has been idle longer.
            assert_eq!(answer(&mut others[0], FILES, "wrong").unwrap(), 403);
            assert_eq!(answer(&mut proven[0], "/x", "wrong").unwrap(), 403);
            let mut new = Vec::new();
            let [first, second] = &mut others;
            let [third, last] = &mut proven;
            for gone in [second, first, last] {
                new.push(open(TOKEN));
                assert!(is_closed(gone));
            }
            assert_eq!(answer(third, FILES, TOKEN).unwrap(), 200);
            for stream in &mut new {
                assert_eq!(answer(stream, FILES, TOKEN).unwrap(), 200);
            }
            assert_eq!(way.metric(CLOSED), 3);
        })
        .await;
        full.server.shutdown().await;
    }
}

#[tokio::test]
async fn a_connection_that_is_being_answered_is_not_closed() {
    for is_tls in [false, true] {
        let full = Full::new(3, is_tls).await;
        let (way, entered, through) = (full.way(), full.entered.clone(), full.through.clone());
        blocking(move || {
            let mut waiting: Vec<_> = (0..3).map(|_| way.connect()).collect();
            for stream in &mut waiting {
                assert_eq!(answer(stream, FILES, TOKEN).unwrap(), 200);
                ask(stream, "/wait", TOKEN);
            }
            let patience = Instant::now() + Duration::from_secs(60);
            while entered.load(Ordering::Relaxed) < 3 {
                assert!(Instant::now() < patience);
                std::thread::sleep(Duration::from_millis(1));
            }
            for asks in [true, false, true] {
                let mut new = way.connect();
                if asks {
                    ask(&mut new, FILES, TOKEN);
                }
                let (status, head) = head(&mut new).unwrap();
                assert_eq!(status, 503, "{head}");
                assert!(head.contains("\r\nRetry-After: 1\r\n"), "{head}");
                let mut text = String::new();
                new.read_to_string(&mut text).unwrap();
                assert_eq!(text, "The server is overloaded. Try again in a moment.\n");
            }
            through.add_permits(3);
            for stream in &mut waiting {
                assert_eq!(head(stream).unwrap().0, 200);
            }
            assert_eq!(way.metric(CLOSED), 0);
            assert_eq!(way.metric("vcc_connections_turned_away_total"), 3);
            // There is room again.
            assert_eq!(answer(&mut way.connect(), FILES, TOKEN).unwrap(), 200);
        })
        .await;
        full.server.shutdown().await;
    }
}

/// A client that does not read its answer still counts as being answered.
#[tokio::test]
async fn a_connection_whose_answer_waits_is_not_closed() {
    let mut limits = Limits::default();
    limits.connections = 1;
    let large = || async { vec![b'x'; 50_000_000] };
    let builder = Server::builder(store().await).limits(limits);
    let builder = builder.wrap(move |api| api.route("/large", get(large)));
    let server = builder.start("127.0.0.1:0").await.unwrap();
    let way = Way { address: server.local_addr(), admin: server.local_addr(), config: None };
    blocking(move || {
        let mut slow = way.connect();
        assert_eq!(answer(&mut slow, FILES, TOKEN).unwrap(), 200);
        ask(&mut slow, "/large", TOKEN);
        let (status, _) = head(&mut slow).unwrap();
        assert_eq!(status, 200);
        assert_eq!(head(&mut way.connect()).unwrap().0, 503);
        let mut rest = vec![0; 50_000_000];
        slow.read_exact(&mut rest).unwrap();
        assert!(rest.iter().all(|byte| *byte == b'x'));
        // The whole answer was read.
        let patience = Instant::now() + Duration::from_secs(60);
        loop {
            let mut new = way.connect();
            if answer(&mut new, FILES, TOKEN).is_ok_and(|status| status == 200) {
                break;
            }
            assert!(Instant::now() < patience);
        }
        assert!(is_closed(&mut slow));
    })
    .await;
    server.shutdown().await;
}

/// AUTH-6: wrong tokens do not keep a client with a right one from connecting.
#[tokio::test]
async fn who_never_proves_a_tenant_keeps_nobody_out() {
    const ROOM: usize = 6;
    let mut limits = Limits::default();
    limits.connections = ROOM;
    // The attackers keep sending requests for longer than the test runs, and are never idle.
    limits.unproven_rate = 1;
    let builder = Server::builder(store().await).limits(limits);
    let server = builder.admin("127.0.0.1:0".parse().unwrap()).start("127.0.0.1:0").await.unwrap();
    let (address, admin) = (server.local_addr(), server.admin_addr().unwrap());
    let way = Way { address, admin, config: None };
    blocking(move || {
        let mut proven = way.connect();
        assert_eq!(answer(&mut proven, FILES, TOKEN).unwrap(), 200);
        let mut attackers: Vec<_> = (1..ROOM).map(|_| way.connect()).collect();
        for stream in &mut attackers {
            for _ in 0..100 {
                ask(stream, FILES, "wrong");
            }
        }
        way.until(OPEN, ROOM as u64);
        // They have had time to prove a tenant.
        let accepted = Instant::now();
        while accepted.elapsed() < Duration::from_millis(1_100) {
            std::thread::sleep(Duration::from_millis(10));
        }
        let mut new = Vec::new();
        for _ in 1..ROOM {
            let mut stream = way.connect();
            assert_eq!(answer(&mut stream, FILES, TOKEN).unwrap(), 200);
            new.push(stream);
        }
        assert_eq!(way.metric(CLOSED), ROOM as u64 - 1);
        for stream in new.iter_mut().chain([&mut proven]) {
            assert_eq!(answer(stream, FILES, TOKEN).unwrap(), 200);
        }
    })
    .await;
    server.shutdown().await;
}

/// In HTTP/1.0 only the end of the connection marks the end of a long answer. An answer that breaks off must
/// not look complete.
#[tokio::test]
async fn an_answer_without_a_length_that_breaks_off_is_reset() {
    const PIECES: usize = 20;
    let long = |breaks_off: bool| {
        let pieces = (0..PIECES).map(|_| Ok(Bytes::from(vec![b'x'; 50_000])));
        let end = breaks_off.then(|| Err(io::Error::other("the store is gone")));
        std::future::ready(Body::from_stream(futures_util::stream::iter(pieces.chain(end))))
    };
    let (whole, short) = (move || long(false), move || long(true));
    let builder = Server::builder(store().await);
    let builder =
        builder.wrap(move |api| api.route("/whole", get(whole)).route("/short", get(short)));
    let server = builder.start("127.0.0.1:0").await.unwrap();
    let way = Way { address: server.local_addr(), admin: server.local_addr(), config: None };
    blocking(move || {
        for (target, is_whole) in [("/whole", true), ("/short", false), ("/whole", true)] {
            let mut stream = way.connect();
            write!(stream, "GET {target} HTTP/1.0\r\n\r\n").unwrap();
            let (status, head) = head(&mut stream).unwrap();
            assert!(status == 200 && !head.contains("content-length"), "{head}");
            let mut body = Vec::new();
            let ended = stream.read_to_end(&mut body).map_err(|error| error.kind());
            if is_whole {
                assert_eq!(ended, Ok(PIECES * 50_000));
            } else {
                assert_eq!(ended, Err(io::ErrorKind::ConnectionReset));
            }
        }
    })
    .await;
    server.shutdown().await;
}
