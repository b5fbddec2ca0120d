//! The server on a real socket: the bytes that clients send, and shutdown.

mod common;

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use common::{FILES, TOKEN, basic, now, store};
use vcc_server::{Clock, Server};

async fn start() -> Server {
    Server::builder(store().await).clock(Clock::fixed(now())).start("127.0.0.1:0").await.unwrap()
}

/// Sends bytes, and reads until the server closes the connection.
async fn exchange(address: SocketAddr, bytes: Vec<u8>) -> String {
    let task = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        // The server may answer and close before it has received every byte.
        let _ = stream.write_all(&bytes);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8(answer).unwrap()
    });
    task.await.unwrap()
}

async fn request(address: SocketAddr, method: &str, target: &[u8], headers: &str) -> String {
    let mut bytes = format!("{method} ").into_bytes();
    bytes.extend_from_slice(target);
    let authorization = basic("acme", TOKEN);
    bytes.extend_from_slice(
        format!(
            " HTTP/1.1\r\nHost: x\r\nAuthorization: {authorization}\r\nConnection: close\r\n\
             {headers}\r\n"
        )
        .as_bytes(),
    );
    exchange(address, bytes).await
}

fn status(answer: &str) -> u16 {
    answer.get(9..12).and_then(|digits| digits.parse().ok()).unwrap_or_default()
}

#[tokio::test]
async fn targets_as_clients_write_them() {
    let server = start().await;
    let address = server.local_addr();
    for (target, expected) in [
        // REQ-11: the quote at the end of one of the documentation's URLs, as curl sends it.
        (&b"/api/recordings/files?finish-date=2007-12-20%2003:17:03Z\""[..], 200),
        (b"/api/recordings/files?queueName=a,\"b\"%20%26%20<c>", 200),
        (b"/api/recordings/files?channel=#virtual_outbound#", 200),
        (b"/api/recordings/files?agentID=\xc3\xa9", 200),
        (b"/api/recordings/files?agentID=\xff", 400),
        (b"/api/recordings/files?agentID=%ff", 400),
        (b"/api/recordings/files?agentID=%00", 400),
        (b"/api/recordings/files?agentID=\x01", 400),
        (b"/api/recordings/files?d=2007-08-05 13:15Z", 400),
        (b"/api/recordings/files?", 200),
        (b"http://example.com/api/recordings/files", 200),
        (b"//api/recordings/files", 404),
        (b"*", 404),
    ] {
        let answer = request(address, "GET", target, "").await;
        assert_eq!(status(&answer), expected, "{}: {answer}", target.escape_ascii());
    }
    let outbound = request(address, "GET", b"/api/recordings/files?channel=#x", "").await;
    assert!(!outbound.contains("<file>"), "a raw # must not widen the query: {outbound}");
    let quoted =
        request(address, "GET", b"/api/recordings/files?queueName=a,\"b\"%20%26%20<c>", "");
    assert!(quoted.await.contains("yesterday"));
    server.shutdown().await;
}

#[tokio::test]
async fn what_is_too_long_is_refused() {
    let server = start().await;
    let address = server.local_addr();
    for (size, expected) in [(10_000, 400), (20_000, 414), (60_000, 414), (100_000, 414)] {
        let target = format!("{FILES}?x={}", "y".repeat(size));
        assert_eq!(
            status(&request(address, "GET", target.as_bytes(), "").await),
            expected,
            "{size}"
        );
    }
    for size in [40_000, 100_000, 300_000] {
        let large = format!("X: {}\r\n", "y".repeat(size));
        assert_eq!(status(&request(address, "GET", FILES.as_bytes(), &large).await), 431);
    }
    let many = (0..200).map(|n| format!("X-{n}: y\r\n")).collect::<String>();
    assert_eq!(status(&request(address, "GET", FILES.as_bytes(), &many).await), 431);
    server.shutdown().await;
}

#[tokio::test]
async fn head_is_a_get_without_its_body() {
    let server = start().await;
    let get = request(server.local_addr(), "GET", FILES.as_bytes(), "").await;
    let head = request(server.local_addr(), "HEAD", FILES.as_bytes(), "").await;
    let (headers, body) = get.split_once("\r\n\r\n").unwrap();
    assert_eq!(head, format!("{headers}\r\n\r\n"));
    assert!(headers.contains(&format!("content-length: {}", body.len())));
    server.shutdown().await;
}

#[tokio::test]
async fn garbage_is_a_bad_request() {
    let server = start().await;
    for bytes in [&b"garbage\r\n\r\n"[..], b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", b"GET\r\n\r\n"]
    {
        let answer = exchange(server.local_addr(), bytes.to_vec()).await;
        assert_eq!(status(&answer), 400, "{}", bytes.escape_ascii());
    }
    server.shutdown().await;
}

#[tokio::test]
async fn a_body_on_a_get_is_nothing() {
    let server = start().await;
    let authorization = basic("acme", TOKEN);
    let bytes = format!(
        "GET {FILES}?transactionID=today HTTP/1.1\r\nHost: x\r\nAuthorization: {authorization}\r\n\
         Content-Length: 5\r\nConnection: close\r\n\r\nhello"
    );
    assert_eq!(status(&exchange(server.local_addr(), bytes.into_bytes()).await), 200);
    server.shutdown().await;
}

#[tokio::test]
async fn after_a_shutdown_nobody_listens() {
    let server = start().await;
    let address = server.local_addr();
    server.shutdown().await;
    assert!(TcpStream::connect(address).is_err());
}

#[tokio::test]
async fn a_request_names_its_host_once() {
    let server = start().await;
    let authorization = basic("acme", TOKEN);
    for (version, hosts, expected) in [
        ("1.1", "", 400),
        ("1.1", "Host: x\r\nHost: y\r\n", 400),
        ("1.1", "Host:\r\n", 400),
        ("1.1", "Host: x\r\n", 200),
        ("1.0", "", 200),
    ] {
        let bytes = format!(
            "GET {FILES} HTTP/{version}\r\n{hosts}Authorization: {authorization}\r\n\
             Connection: close\r\n\r\n"
        );
        let answer = exchange(server.local_addr(), bytes.into_bytes()).await;
        assert_eq!(status(&answer), expected, "{version} {hosts:?}");
    }
    server.shutdown().await;
}

#[tokio::test]
async fn a_client_may_close_its_half_early() {
    let server = start().await;
    let address = server.local_addr();
    let authorization = basic("acme", TOKEN);
    let answer = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        write!(stream, "GET {FILES} HTTP/1.1\r\nHost: x\r\nAuthorization: {authorization}\r\n\r\n")
            .unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    });
    assert_eq!(status(&answer.await.unwrap()), 200);
    server.shutdown().await;
}
