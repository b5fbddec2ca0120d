//! What operators see: health, metrics, the audit log, explanations, compression.

mod common;

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use common::{FILES, TOKEN, basic, get, now, store};
use tower::ServiceExt as _;
use vcc_server::{Api, Audit, Clock, Server};

async fn ask(address: SocketAddr, path: &'static str) -> String {
    let asked = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    });
    asked.await.unwrap()
}

#[tokio::test]
async fn operators_have_a_listener_of_their_own() {
    let server = Server::builder(store().await)
        .admin("127.0.0.1:0".parse().unwrap())
        .start("127.0.0.1:0")
        .await
        .unwrap();
    let (address, admin) = (server.local_addr(), server.admin_addr().unwrap());
    assert!(ask(admin, "/healthz").await.ends_with("\r\n\r\nok\n"));
    assert!(ask(admin, "/readyz").await.ends_with("\r\n\r\nready\nzone data 2026f\n"));
    assert!(ask(address, FILES).await.starts_with("HTTP/1.1 401"));
    let metrics = ask(admin, "/metrics").await;
    assert!(metrics.contains("\nvcc_requests_total{status=\"401\"} 1\n"), "{metrics}");
    // Each listener has its own paths only.
    assert!(ask(address, "/metrics").await.starts_with("HTTP/1.1 401"));
    assert!(ask(admin, FILES).await.starts_with("HTTP/1.1 404"));
    server.shutdown().await;
}

/// RFC 9112, like every request that is refused before it reaches the API.
#[tokio::test]
async fn a_request_without_a_host_is_counted() {
    let builder = Server::builder(store().await).admin("127.0.0.1:0".parse().unwrap());
    let server = builder.start("127.0.0.1:0").await.unwrap();
    let (address, admin) = (server.local_addr(), server.admin_addr().unwrap());
    let asked = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        // The first answer leaves the connection open.
        stream.write_all(b"GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n").unwrap();
        stream.write_all(b"Connection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    });
    let answer = asked.await.unwrap();
    assert_eq!(answer.matches("Host: expected the name of the server, once.\n").count(), 2);
    let metrics = ask(admin, "/metrics").await;
    assert!(metrics.contains("\nvcc_requests_total{status=\"400\"} 2\n"), "{metrics}");
    server.shutdown().await;
}

#[tokio::test]
async fn the_audit_log_has_names_and_values_on_request() {
    let folder = tempfile::tempdir().unwrap();
    let target = format!("{FILES}?agentID=bill&d=2007-01-01&tz=UTC");
    for (values, said) in [
        (false, r#""tenant":"acme","token":1,"asked":"d,tz,agentID","records":50}"#),
        (true, r#""records":50,"query":"d=2007-01-01&tz=UTC&agentID=bill"}"#),
    ] {
        let path = folder.path().join(values.to_string());
        let audit = Audit::append(&path).unwrap();
        let audit = if values { audit.with_values() } else { audit };
        let api = Api::builder(store().await).clock(Clock::fixed(now())).audit(audit.clone());
        let router = api.build().router();
        assert_eq!(get(&router, &target).await.status, 200);
        // Requests that get no recordings are not in it.
        assert_eq!(get(&router, "/x").await.status, 404);
        assert_eq!(audit.flush(Duration::from_secs(60)).await, 0);
        let kept = std::fs::read_to_string(&path).unwrap();
        assert_eq!(kept.lines().count(), 1);
        assert!(kept.contains(said) && kept.starts_with(r#"{"at":"2007-12-20T"#), "{kept}");
        assert!(values || !kept.contains("bill"), "{kept}");
    }
}

#[tokio::test]
async fn an_explanation_is_given_on_request() {
    let target = format!("{FILES}?d=today&agentID=bill");
    let explained = Api::builder(store().await).explain(true).build().router();
    let header = get(&explained, &target).await.headers["x-vcc-explain"].clone();
    assert!(header.to_str().unwrap().contains("agentID"), "{header:?}");
    // DATE-13
    assert!(header.to_str().unwrap().ends_with("; zone data 2026f"), "{header:?}");
    let router = common::router().await;
    assert!(!get(&router, &target).await.headers.contains_key("x-vcc-explain"));
}

#[tokio::test]
async fn a_body_is_compressed_for_who_asks() {
    let router = common::router().await;
    let request = Request::get(FILES)
        .header(header::AUTHORIZATION, basic("acme", TOKEN))
        .header(header::ACCEPT_ENCODING, "gzip, br")
        .body(Body::empty())
        .unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    let headers = response.headers().clone();
    assert_eq!(headers[header::CONTENT_ENCODING], "gzip");
    let zipped = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    let mut body = String::new();
    flate2::read::GzDecoder::new(&zipped[..]).read_to_string(&mut body).unwrap();
    let plain = get(&router, FILES).await;
    assert_eq!(body, plain.body);
    // A cache must know that it depends on the header, in either case.
    for headers in [&headers, &plain.headers] {
        assert_eq!(headers[header::VARY], "Accept-Encoding");
    }
}
