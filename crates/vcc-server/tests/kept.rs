//! A request means the same whatever came before it on its connection (REQ-14): each answer is the one that a
//! new connection gives, or the connection was closed, as the answer before it announced.

mod common;

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use common::{FILES, TOKEN, basic, now, store};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use vcc_server::{Clock, Server, Tls};
use vcc_store::{Store as _, StoredRecord};
use vcc_types::Field;

trait Stream: Read + Write {}

impl<T: Read + Write> Stream for T {}

/// A server, and how to connect to it.
struct Target {
    address: SocketAddr,
    tls: Option<Arc<ClientConfig>>,
}

impl Target {
    fn connect(&self) -> Box<dyn Stream> {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let Some(config) = &self.tls else { return Box::new(stream) };
        let name = ServerName::try_from("localhost").unwrap();
        let session = ClientConnection::new(config.clone(), name).unwrap();
        Box::new(StreamOwned::new(session, stream))
    }

    /// The answers to requests that are sent one after another without waiting, in pieces of these lengths.
    fn ask(&self, requests: &[Asked], pieces: &[usize]) -> Vec<Answer> {
        let bytes: Vec<u8> = requests.iter().flat_map(|request| request.bytes.clone()).collect();
        let mut stream = self.connect();
        let mut rest = &bytes[..];
        for piece in pieces.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, after) = rest.split_at((*piece).min(rest.len()));
            // The server may have closed the connection, as it announced.
            if stream.write_all(piece).and_then(|()| stream.flush()).is_err() {
                break;
            }
            rest = after;
        }
        let mut answers: Vec<Answer> = Vec::new();
        for request in requests {
            let Some(answer) = Answer::read(&mut *stream, request.is_head()) else { break };
            let closes = answer.closes;
            answers.push(answer);
            if closes {
                let mut rest = Vec::new();
                let _ = stream.read_to_end(&mut rest);
                assert!(rest.is_empty(), "after the last answer: {}", rest.escape_ascii());
                break;
            }
        }
        answers
    }
}

/// A request, byte by byte.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Asked {
    bytes: Vec<u8>,
}

impl Asked {
    fn new(line: &[u8], headers: &str, body: &str) -> Self {
        let authorization = basic("acme", TOKEN);
        let mut bytes = line.to_vec();
        let head = format!("\r\nHost: x\r\nAuthorization: {authorization}\r\n{headers}\r\n{body}");
        bytes.extend(head.into_bytes());
        Self { bytes }
    }

    /// Whether the client asks to close the connection after it.
    fn is_last(&self) -> bool {
        let head = self.bytes.to_ascii_lowercase();
        let has = |text: &[u8]| head.windows(text.len()).any(|window| window == text);
        has(b" http/1.0\r\n") && !has(b"keep-alive")
    }

    fn is_head(&self) -> bool {
        self.bytes.starts_with(b"HEAD ")
    }
}

impl std::fmt::Debug for Asked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shown = self.bytes.escape_ascii().to_string();
        f.write_str(shown.get(..300).unwrap_or(&shown))
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Answer {
    status: u16,
    /// All headers except the date, sorted.
    headers: Vec<String>,
    body: String,
    closes: bool,
}

impl Answer {
    /// `None` where the connection ends instead.
    fn read(stream: &mut dyn Stream, is_head: bool) -> Option<Self> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            if !matches!(stream.read(&mut byte), Ok(1)) {
                assert!(head.is_empty(), "cut off: {}", head.escape_ascii());
                return None;
            }
            head.push(byte[0]);
        }
        let head = String::from_utf8(head).unwrap();
        let (line, headers) = head.trim_end().split_once("\r\n").unwrap();
        let mut headers: Vec<_> = headers.lines().map(str::to_ascii_lowercase).collect();
        headers.retain(|header| !header.starts_with("date:"));
        headers.sort();
        let value = |name: &str| headers.iter().find_map(|header| header.strip_prefix(name));
        let length: usize = value("content-length: ").unwrap().parse().unwrap();
        let closes = value("connection: ") == Some("close")
            || (line.starts_with("HTTP/1.0") && value("connection: ") != Some("keep-alive"));
        let mut body = vec![0; if is_head { 0 } else { length }];
        stream.read_exact(&mut body).unwrap();
        let body = String::from_utf8(body).unwrap();
        Some(Self { status: line[9..12].parse().unwrap(), headers, body, closes })
    }

    fn transactions(&self) -> Vec<String> {
        vcc_format::xml::Reader::new(self.body.as_bytes())
            .map(|record| record.unwrap().to_recording().text(Field::TransactionId).to_owned())
            .collect()
    }
}

/// The tenant's records, and two that are found only if the whole target is read.
async fn start(tls: Option<Tls>) -> Server {
    let store = store().await;
    let acme = store.tenant("acme").await.unwrap().unwrap().id;
    let outbound = common::record("2024-03-10T12:00:00Z", "outbound")
        .with(Field::AgentId, "x#")
        .with(Field::Channel, "#virtual_outbound#");
    let inbound = common::record("2024-03-11T12:00:00Z", "inbound").with(Field::AgentId, "x");
    let records = [outbound, inbound].map(|record| StoredRecord::new(&record).unwrap());
    store.import(acme, records.to_vec().into()).await.unwrap();
    let mut builder = Server::builder(store).clock(Clock::fixed(now()));
    if let Some(tls) = tls {
        builder = builder.tls(tls);
    }
    builder.start("127.0.0.1:0").await.unwrap()
}

/// A server over plain HTTP and one over HTTPS.
async fn both() -> [(Server, Target); 2] {
    let (tls, certificate) = Tls::self_signed(&["localhost".to_owned()]).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let (plain, secure) = (start(None).await, start(Some(tls)).await);
    let targets = [(plain.local_addr(), None), (secure.local_addr(), Some(Arc::new(config)))]
        .map(|(address, tls)| Target { address, tls });
    let [one, other] = targets;
    [(plain, one), (secure, other)]
}

/// Runs on another thread than the servers, and stops them afterwards.
async fn against_both(test: impl Fn(&Target) + Send + Sync + 'static) {
    let test = Arc::new(test);
    for (server, target) in both().await {
        let test = test.clone();
        tokio::task::spawn_blocking(move || test(&target)).await.unwrap();
        server.shutdown().await;
    }
}

/// What comes before a request on its connection, and whether the connection stays open after it.
const BEFORE: [(&str, &str, &str, bool); 16] = [
    ("GET /x HTTP/1.1", "", "", true),
    ("GET /x HTTP/1.1", "Content-Length: 0\r\n", "", true),
    ("POST /x HTTP/1.1", "Content-Length: 00\r\n", "", true),
    ("HEAD /x HTTP/1.1", "cOnTeNt-LeNgTh:\t 0 \t\r\n", "", true),
    ("GET /x HTTP/1.0", "Connection: keep-alive\r\nContent-Length: 0\r\n", "", true),
    ("GET /x HTTP/1.1", "Content-Lengt: 5\r\nTransfer-Encodin: chunked\r\n", "", true),
    ("GET /x HTTP/1.1", "X: Content-Length: 5\r\n", "", true),
    ("GET /x HTTP/1.1", "Content-Length: 0\r\nContent-Length: 0\r\n", "", false),
    ("GET /x HTTP/1.1", "Content-Length: 0\r\nExpect: 100-continue\r\n", "", false),
    ("GET /x HTTP/1.1", "Content-Length: 5\r\n", "hello", false),
    ("POST /x HTTP/1.1", "Content-Length: 5\r\n", "hello", false),
    ("HEAD /x HTTP/1.1", "Content-Length: 5\r\n", "hello", false),
    ("POST /x HTTP/1.1", "Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n", false),
    ("POST /x HTTP/1.1", "Transfer-Encoding: chunked\r\n", "0\r\n\r\n", false),
    ("POST /x HTTP/1.1", "Content-Length: 0, 0\r\n", "", false),
    ("GET /x HTTP/1.1", "X: a\r\n b\r\n", "", false),
];

/// Queries with a byte at which HTTP stacks cut a target, or which they refuse, and what each asks for.
const RAW: [(&str, &[&str]); 7] = [
    ("channel=#virtual_outbound#", &["outbound"]),
    ("agentID=x#&d=2024-03-10", &["outbound"]),
    ("agentID=x#&d=2024-03-11", &[]),
    ("agentID=x&d=2024-03-11&n=1", &["inbound"]),
    ("queueName=a,\"b\"%20%26%20<c>", &["yesterday"]),
    ("d=2024-03-11\"", &["inbound"]),
    ("caseID=`{|}\\^~\u{e9}", &[]),
];

#[tokio::test]
async fn a_raw_byte_is_read_like_any_other_whatever_came_before() {
    against_both(|target| {
        for (line, headers, body, goes_on) in BEFORE {
            let before = Asked::new(line.as_bytes(), headers, body);
            for (query, transactions) in RAW {
                let asked = Asked::new(format!("GET {FILES}?{query} HTTP/1.1").as_bytes(), "", "");
                for pieces in [&[usize::MAX][..], &[1, 400]] {
                    let asked = [before.clone(), asked.clone(), asked.clone()];
                    let answers = target.ask(&asked, pieces);
                    let said = format!("{query} after {before:?}: {answers:?}");
                    assert_eq!(answers.len(), if goes_on { 3 } else { 1 }, "{said}");
                    assert_eq!(answers[0].closes, !goes_on, "{said}");
                    for answer in &answers[1..] {
                        assert_eq!((answer.status, answer.closes), (200, false), "{said}");
                        assert_eq!(answer.transactions(), transactions, "{said}");
                    }
                }
            }
            let fragment = format!("GET {FILES}?#agentID=x HTTP/1.1");
            let answers = target.ask(&[before, Asked::new(fragment.as_bytes(), "", "")], &[7]);
            assert!(answers[1..].iter().all(|answer| answer.status == 400), "{answers:?}");
        }
    })
    .await;
}

/// A client that says that its request is the last, and then sends another.
#[tokio::test]
async fn nothing_after_the_last_request_is_answered() {
    against_both(|target| {
        for (version, headers) in [("1.0", ""), ("1.1", "Connection: close\r\n")] {
            let last = Asked::new(format!("GET /x HTTP/{version}").as_bytes(), headers, "");
            let after = Asked::new(format!("GET {FILES}?channel=# HTTP/1.1").as_bytes(), "", "");
            let answers = target.ask(&[last, after.clone(), after], &[usize::MAX]);
            assert_eq!(answers.len(), 1, "{answers:?}");
            assert_eq!((answers[0].status, answers[0].closes), (404, true), "{answers:?}");
        }
    })
    .await;
}

/// Requests of many kinds, most of which leave their connection open.
fn requests() -> impl Strategy<Value = Asked> {
    let method = prop::sample::select(vec!["GET", "GET", "GET", "HEAD", "POST", "PUT", "get"]);
    let path = prop::sample::select(vec![FILES, "/api/recordings/files.csv", "/%61pi/x", "/x#y"]);
    let query = prop_oneof![
        prop::sample::select(RAW.map(|(query, _)| query.as_bytes().to_vec()).to_vec()),
        prop::sample::select(vec!["d=soon&agentID=x", "n=51", "#agentID=x", "foo=1", ""])
            .prop_map(|query| query.as_bytes().to_vec()),
        prop::collection::vec(prop_oneof![4 => 0x21..0x7f_u8, 1 => 0x80..=0xff_u8], 0..12)
            .prop_map(|value| [&b"caseID="[..], &value].concat()),
    ];
    let version = prop::sample::select(vec!["1.1", "1.1", "1.1", "1.1", "1.0", "1.2"]);
    let extra = prop_oneof![
        3 => Just(("", "")),
        5 => prop::sample::select(BEFORE.map(|(_, headers, body, _)| (headers, body)).to_vec()),
    ];
    let ordinary =
        (method, path, query, version, extra).prop_map(|(method, path, query, version, extra)| {
            let mut line = format!("{method} {path}?").into_bytes();
            line.extend(query);
            line.extend(format!(" HTTP/{version}").into_bytes());
            Asked::new(&line, extra.0, extra.1)
        });
    let odd = prop::sample::select(vec![
        format!("GET {FILES}?d=2007-08-05 13:15 HTTP/1.1"),
        format!("GET {FILES}?a=\0 HTTP/1.1"),
        format!("GET {FILES}?channel={} HTTP/1.1", "#".repeat(17_000)),
        format!("GET {FILES}?channel={} HTTP/1.1", "x".repeat(70_000)),
        format!("GET http://elsewhere{FILES}?channel=#virtual_outbound# HTTP/1.1"),
        "GET * HTTP/1.1".to_owned(),
        "OPTIONS * HTTP/1.1".to_owned(),
        "GET x HTTP/1.1".to_owned(),
        "GET /x".to_owned(),
        "PRI * HTTP/2.0".to_owned(),
        "G\u{e9}T /x HTTP/1.1".to_owned(),
        format!("GET /x HTTP/1.1\r\nX: {}", "y".repeat(40_000)),
        format!("GET /x HTTP/1.1{}", "\r\nX: y".repeat(100)),
        "GET /x HTTP/1.1\r\nHost: y".to_owned(),
        "\r\n\r\nGET /x HTTP/1.1".to_owned(),
        "\nGET /x HTTP/1.1\nX:y".to_owned(),
    ])
    .prop_map(|line| Asked::new(line.as_bytes(), "", ""));
    prop_oneof![8 => ordinary, 1 => odd]
}

#[tokio::test]
async fn an_answer_is_that_of_a_fresh_connection() {
    against_both(|target| {
        let mut fresh = HashMap::new();
        let cases = if target.tls.is_some() { 96 } else { 192 };
        let mut runner = TestRunner::new(ProptestConfig {
            cases,
            failure_persistence: None,
            ..ProptestConfig::default()
        });
        let asked = prop::collection::vec(requests(), 1..7);
        let pieces = prop::collection::vec(prop_oneof![1..40_usize, 40..2_000_usize], 1..6);
        let fresh = std::cell::RefCell::new(&mut fresh);
        runner
            .run(&(asked, pieces), |(mut asked, pieces)| {
                // A client that asked for that sends nothing more.
                let last = asked.iter().position(Asked::is_last);
                asked.truncate(last.map_or(asked.len(), |last| last + 1));
                let answers = target.ask(&asked, &pieces);
                for (request, answer) in asked.iter().zip(&answers) {
                    let mut fresh = fresh.borrow_mut();
                    let alone = fresh.entry(request.clone()).or_insert_with(|| {
                        let [answer] = target
                            .ask(std::slice::from_ref(request), &[usize::MAX])
                            .try_into()
                            .unwrap_or_else(|answers| panic!("{request:?}: {answers:?}"));
                        answer
                    });
                    prop_assert_eq!(&*alone, answer, "{:?} of {:?}", request, asked);
                    if answer.status >= 400 && !request.is_head() {
                        prop_assert!(answer.body.len() > 10, "{:?}: no text", request);
                    }
                }
                let closed = answers.last().is_some_and(|answer| answer.closes);
                prop_assert!(closed || answers.len() == asked.len(), "{:?}: {:?}", asked, answers);
                Ok(())
            })
            .unwrap();
    })
    .await;
}
