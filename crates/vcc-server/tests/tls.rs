//! HTTPS: only HTTP/1.1, a certificate that is replaced, and clients that speak plain HTTP to it or TLS to
//! a plain port.

mod common;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::{Request, header};
use common::command::{Folder, Serving};
use common::{FILES, TOKEN, basic, store};
use http_body_util::BodyExt as _;
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use vcc_server::{Limits, Server, Tls};

fn localhost() -> (Tls, String) {
    Tls::self_signed(&["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap()
}

/// Connects as a client that trusts one certificate and offers these protocols.
async fn connect(
    address: SocketAddr,
    trusted: &str,
    protocols: &[&str],
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(trusted.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    let stream = TcpStream::connect(address).await?;
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, stream).await
}

fn request(address: SocketAddr) -> Request<Body> {
    Request::get(format!("https://{address}{FILES}?transactionID=today"))
        .header(header::HOST, "localhost")
        .header(header::AUTHORIZATION, basic("acme", TOKEN))
        .body(Body::empty())
        .unwrap()
}

#[tokio::test]
async fn http_1_1_alone_is_spoken() {
    let (tls, certificate) = localhost();
    let server = Server::builder(store().await).tls(tls).start("127.0.0.1:0").await.unwrap();
    let address = server.local_addr();
    // This protocol is chosen out of two, and when the client offers none.
    for protocols in [&["http/1.1"][..], &["h2", "http/1.1"], &[]] {
        let stream = connect(address, &certificate, protocols).await.unwrap();
        let chosen = (!protocols.is_empty()).then_some(&b"http/1.1"[..]);
        assert_eq!(stream.get_ref().1.alpn_protocol(), chosen, "{protocols:?}");
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let response = sender.send_request(request(address)).await.unwrap();
        assert_eq!(response.status(), 200, "{protocols:?}");
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert!(body.ends_with(b"</recordings>\n"), "{protocols:?}");
    }
    let error = connect(address, &certificate, &["h2"]).await.unwrap_err();
    let alert = rustls::AlertDescription::NoApplicationProtocol;
    let error = error.into_inner().and_then(|error| error.downcast::<rustls::Error>().ok());
    assert_eq!(error.as_deref(), Some(&rustls::Error::AlertReceived(alert)));
    server.shutdown().await;
}

/// RFC 9110, 7.8: a client that would rather speak another protocol is answered like any other. A connection
/// ends with a close_notify.
#[tokio::test]
async fn other_protocols_are_not_spoken() {
    let (tls, certificate) = localhost();
    let mut limits = Limits::default();
    limits.headers = Duration::from_secs(2);
    let builder = Server::builder(store().await).tls(tls).limits(limits);
    let server = builder.start("127.0.0.1:0").await.unwrap();
    let authorization = basic("acme", TOKEN);
    let request = |method: &str, target: &str, headers: &str| {
        format!(
            "{method} {target} HTTP/1.1\r\nHost: x\r\nAuthorization: {authorization}\r\n{headers}\r\n"
        )
    };
    let upgrade =
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n";
    let last = request("GET", FILES, "Connection: close\r\n");
    let with_body = format!("{upgrade}Content-Length: 5\r\n");
    for (name, bytes, statuses) in [
        ("upgrade", request("GET", FILES, upgrade) + &last, &["200", "200"][..]),
        ("websocket", request("GET", "/x", "Upgrade: websocket\r\n") + &last, &["404", "200"]),
        ("with a body", request("POST", FILES, &with_body) + "hello", &["405"]),
        ("connect", request("CONNECT", "x:443", "") + &last, &["404", "200"]),
        ("nothing else", request("GET", FILES, ""), &["200"]),
        ("nothing", String::new(), &[]),
    ] {
        let mut stream = connect(server.local_addr(), &certificate, &[]).await.unwrap();
        stream.write_all(bytes.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        // Without a close_notify this fails.
        stream.read_to_end(&mut answer).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        let text = String::from_utf8(answer).unwrap();
        let found: Vec<_> = text.split("HTTP/1.1 ").skip(1).map(|answer| &answer[..3]).collect();
        assert_eq!(found, statuses, "{name}: {text}");
    }
    server.shutdown().await;
}

/// What a client reads after it has sent these bytes.
async fn exchange(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn plain_http_to_a_port_of_https_is_told_so() {
    let server = Server::builder(store().await).tls(localhost().0).start("127.0.0.1:0");
    let server = server.await.unwrap();
    let authorization = basic("acme", TOKEN);
    let get = format!("GET {FILES} HTTP/1.1\r\nHost: x\r\nAuthorization: {authorization}\r\n\r\n");
    let post =
        format!("POST {FILES} HTTP/1.1\r\nContent-Length: 100000\r\n\r\n{}", "x".repeat(100_000));
    for bytes in [&*get, &get.repeat(20), &post, "\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "G"] {
        let answer = exchange(server.local_addr(), bytes.as_bytes()).await;
        let (head, text) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{head}");
        assert!(head.contains("\r\nConnection: close"), "{head}");
        assert!(head.contains(&format!("\r\nContent-Length: {}\r\n", text.len())), "{head}");
        assert_eq!(text, "This port speaks HTTPS: use https:// in the URL.\n");
    }
    server.shutdown().await;
}

#[tokio::test]
async fn tls_to_a_port_of_plain_http_is_told_from_a_disagreement() {
    let server = Server::builder(store().await).start("127.0.0.1:0").await.unwrap();
    let address = server.local_addr();
    // A TLS library reports that this is not TLS, instead of a missing version or cipher.
    let error = connect(address, &localhost().1, &["http/1.1"]).await.unwrap_err();
    let error = error.into_inner().and_then(|error| error.downcast::<rustls::Error>().ok());
    let not_tls = rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType);
    assert_eq!(error.as_deref(), Some(&not_tls));
    // Clients that look at the bytes can say more.
    let answer = exchange(address, b"\x16\x03\x01\x02\0\x01").await;
    let (head, text) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{head}");
    assert!(head.contains(&format!("\r\nContent-Length: {}\r\n", text.len())), "{head}");
    assert_eq!(text, "This port speaks plain HTTP: use http:// in the URL.\n");
    server.shutdown().await;
}

#[tokio::test]
async fn a_certificate_is_replaced_while_connections_stay() {
    let ((tls, old), (other, new)) = (localhost(), localhost());
    let server =
        Server::builder(store().await).tls(tls.clone()).start("127.0.0.1:0").await.unwrap();
    let address = server.local_addr();
    let stream = connect(address, &old, &["http/1.1"]).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    assert_eq!(sender.send_request(request(address)).await.unwrap().status(), 200);

    tls.replace(&other);
    assert!(connect(address, &old, &["http/1.1"]).await.is_err());
    assert!(connect(address, &new, &["http/1.1"]).await.is_ok());
    sender.ready().await.unwrap();
    assert_eq!(sender.send_request(request(address)).await.unwrap().status(), 200);
    drop(sender);
    server.shutdown().await;
}

#[tokio::test]
async fn files_that_change_are_taken_up_while_connections_stay() {
    let folder = Folder::new();
    let pem = || {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        (made.cert.pem(), made.signing_key.serialize_pem())
    };
    let ((old, old_key), (new, new_key)) = (pem(), pem());
    let certificate = folder.write("certificate.pem", &old);
    let key = folder.write("key.pem", &old_key);
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--store", &folder.store];
    let files = ["--tls-cert", &certificate, "--tls-key", &key];
    let serving = Serving::start(&[&arguments[..], &files[..]].concat());
    let address = serving.address.parse().unwrap();
    let stream = connect(address, &old, &["http/1.1"]).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    assert_eq!(sender.send_request(request(address)).await.unwrap().status(), 403);

    // For a moment, certificate and key do not match.
    folder.write("certificate.pem", &new);
    folder.write("key.pem", &new_key);
    let patience = Instant::now() + Duration::from_secs(60);
    while connect(address, &new, &["http/1.1"]).await.is_err() {
        assert!(Instant::now() < patience, "the new certificate was not taken up");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(connect(address, &old, &["http/1.1"]).await.is_err());
    sender.ready().await.unwrap();
    assert_eq!(sender.send_request(request(address)).await.unwrap().status(), 403);
}
