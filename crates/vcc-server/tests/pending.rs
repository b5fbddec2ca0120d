//! Clients that do not read long answers: the memory for them is bounded, others are served at the same time,
//! and all of it is freed again.

mod common;

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use std::time::{Duration, Instant};

use common::{FILES, TOKEN, basic, store};
use vcc_server::{Limits, Server};
use vcc_store::{Store as _, StoredRecord};
use vcc_types::Field;

/// How many records the long page has, and the length of one of their fields.
const RECORDS: usize = 20;
const LENGTH: usize = 1_000_000;

/// More than a socket buffers, and a page that is longer than any budget.
const LONG: &str = "/api/recordings/files.csv?caseID=long";
const SHORT: &str = "/api/recordings/files?transactionID=today";

async fn start(limits: Limits) -> Server {
    let store = store().await;
    let acme = store.tenant("acme").await.unwrap().unwrap().id;
    let record = |number: usize| {
        let recording = common::record("2008-01-01T00:00:00Z", &format!("long-{number:02}"))
            .with(Field::CaseId, "long")
            .with(Field::ExtVar1, &"x".repeat(LENGTH));
        StoredRecord::new(&recording).unwrap()
    };
    store.import(acme, (0..RECORDS).map(record).collect::<Vec<_>>().into()).await.unwrap();
    let builder = Server::builder(store).limits(limits).admin("127.0.0.1:0".parse().unwrap());
    builder.start("127.0.0.1:0").await.unwrap()
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}

fn request(method: &str, target: &str, tenant: &str, token: &str) -> String {
    let authorization = basic(tenant, token);
    format!("{method} {target} HTTP/1.1\r\nHost: x\r\nAuthorization: {authorization}\r\n")
}

/// Sends a request of acme, and reads nothing.
fn begin(address: SocketAddr, target: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    stream.write_all((request("GET", target, "acme", TOKEN) + "\r\n").as_bytes()).unwrap();
    stream
}

/// Sends a request, and reads the whole answer.
fn ask(address: SocketAddr, method: &str, target: &str, tenant: &str, token: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let request = request(method, target, tenant, token) + "Connection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// The value of a metric.
fn metric(admin: SocketAddr, name: &str) -> usize {
    let text = ask(admin, "GET", "/metrics", "", "");
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {name}: {text}")).parse().unwrap()
}

fn pending(admin: SocketAddr) -> usize {
    metric(admin, "vcc_pending_bytes")
}

/// Waits until something is so.
fn until(what: impl Fn() -> bool) {
    let began = Instant::now();
    while !what() {
        assert!(began.elapsed() < Duration::from_secs(60), "it does not come");
        std::thread::yield_now();
    }
}

/// The resident memory of this process, in bytes.
fn resident() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    text.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or(0) * 4_096
}

fn records(answer: &str) -> usize {
    answer.matches("long-").count()
}

#[tokio::test]
async fn fifty_slow_readers_of_long_pages_take_no_more_than_their_tenant_may() {
    let mut limits = Limits::default();
    limits.stall = Duration::from_secs(5);
    let server = start(limits).await;
    let (address, admin) = (server.local_addr(), server.admin_addr().unwrap());
    blocking(move || {
        let before = resident();
        let slow: Vec<_> = (0..50).map(|_| begin(address, LONG)).collect();
        let answered =
            |status: u16| metric(admin, &format!("vcc_requests_total{{status=\"{status}\"}}"));
        until(|| answered(200) + answered(503) == 50);
        // A tenant has a quarter of 64 MiB; this is half of that.
        let held = pending(admin);
        assert!((1..=8 << 20).contains(&held), "{held}");
        assert!(answered(200) >= 2 && answered(503) >= 40);
        // Together they asked for a thousand megabytes.
        let grown = resident().saturating_sub(before);
        assert!(grown < 200_000_000, "{grown}");
        // Another tenant is served, and so are short answers of this one.
        assert!(ask(address, "GET", FILES, "globex", "other").starts_with("HTTP/1.1 200"));
        assert!(ask(address, "GET", SHORT, "acme", TOKEN).starts_with("HTTP/1.1 200"));
        assert!(ask(address, "GET", FILES, "acme", TOKEN).starts_with("HTTP/1.1 200"));
        // Clients that read nothing are disconnected, and their memory is freed.
        until(|| pending(admin) == 0);
        drop(slow);
        let answer = ask(address, "GET", LONG, "acme", TOKEN);
        assert!(answer.starts_with("HTTP/1.1 200") && records(&answer) == RECORDS);
    })
    .await;
    server.shutdown().await;
}

#[tokio::test]
async fn a_page_beyond_every_limit_is_sent_when_nothing_stands_beside_it() {
    let mut limits = Limits::default();
    limits.pending = 1 << 20;
    let server = start(limits).await;
    let (address, admin) = (server.local_addr(), server.admin_addr().unwrap());
    blocking(move || {
        let mut slow = begin(address, LONG);
        until(|| pending(admin) > 0);
        for method in ["GET", "HEAD"] {
            let refused = ask(address, method, LONG, "acme", TOKEN).to_ascii_lowercase();
            assert!(
                refused.starts_with("http/1.1 503") && refused.contains("\r\nretry-after: 1\r\n")
            );
            let short = ask(address, method, SHORT, "acme", TOKEN);
            assert!(short.starts_with("HTTP/1.1 200"), "{short}");
        }
        let mut answer = String::new();
        while !answer.ends_with("\r\n0\r\n\r\n") {
            let mut piece = vec![0; 100_000];
            let length = slow.read(&mut piece).unwrap();
            assert!(length > 0);
            answer.push_str(std::str::from_utf8(&piece[..length]).unwrap());
        }
        assert_eq!(records(&answer), RECORDS);
        // The answer is done, though its connection stays open.
        until(|| pending(admin) == 0);
        let head = ask(address, "HEAD", LONG, "acme", TOKEN);
        assert!(head.starts_with("HTTP/1.1 200") && head.ends_with("\r\n\r\n"));
        until(|| pending(admin) == 0);
    })
    .await;
    server.shutdown().await;
}

#[tokio::test]
async fn who_leaves_gives_back_what_waited_for_him() {
    let server = start(Limits::default()).await;
    let (address, admin) = (server.local_addr(), server.admin_addr().unwrap());
    blocking(move || {
        for read in [0, 100, 3_000_000] {
            let mut slow = begin(address, LONG);
            slow.read_exact(&mut vec![0; read]).unwrap();
            until(|| pending(admin) > 0);
            drop(slow);
            until(|| pending(admin) == 0);
        }
    })
    .await;
    server.shutdown().await;
}

#[tokio::test]
async fn requests_in_a_row_wait_for_one_another() {
    let server = start(Limits::default()).await;
    let (address, admin) = (server.local_addr(), server.admin_addr().unwrap());
    blocking(move || {
        let one = request("GET", LONG, "acme", TOKEN) + "\r\n";
        let last = request("GET", LONG, "acme", TOKEN) + "Connection: close\r\n\r\n";
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stream.write_all((one.repeat(9) + &last).as_bytes()).unwrap();
        until(|| pending(admin) > 0);
        assert!(pending(admin) < 3_000_000);
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert_eq!(answer.matches("HTTP/1.1 200").count(), 10);
        assert_eq!(records(&answer), 10 * RECORDS);
        until(|| pending(admin) == 0);
    })
    .await;
    server.shutdown().await;
}

/// Short answers that are not read are bounded too: first they fill the sockets, then the tenant's half.
#[tokio::test]
async fn short_answers_that_nobody_reads_are_counted_too() {
    let mut limits = Limits::default();
    limits.pending = 1 << 20;
    let api = vcc_server::Api::builder(store().await).limits(limits).build();
    let metrics = api.metrics();
    let router = api.router();
    let held = || {
        let text = metrics.render();
        let line = text.lines().find_map(|line| line.strip_prefix("vcc_pending_bytes "));
        line.unwrap().parse::<usize>().unwrap()
    };
    let ask = |tenant: &str, token: &str| {
        let request = axum::http::Request::get(FILES)
            .header("authorization", basic(tenant, token))
            .body(axum::body::Body::empty());
        tower::ServiceExt::oneshot(router.clone(), request.unwrap())
    };
    let mut answers = Vec::new();
    let refused = loop {
        let answer = ask("acme", TOKEN).await.unwrap();
        if answer.status() != 200 {
            break answer;
        }
        answers.push(answer);
        assert!(answers.len() < 100);
    };
    assert_eq!(
        (refused.status().as_u16(), &refused.headers()["retry-after"]),
        (503, &"1".parse().unwrap())
    );
    assert!(answers.len() > 2 && held() <= 128 * 1024, "{} {}", answers.len(), held());
    assert_eq!(ask("globex", "other").await.unwrap().status(), 200);
    // One is read, so there is room for another.
    let body = answers.pop().unwrap().into_body();
    drop(axum::body::to_bytes(body, usize::MAX).await.unwrap());
    assert_eq!(ask("acme", TOKEN).await.unwrap().status(), 200);
    drop(answers);
    assert_eq!(held(), 0);
}
