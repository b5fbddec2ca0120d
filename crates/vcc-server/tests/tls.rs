//! HTTPS: both versions of HTTP, and a certificate that is replaced.

mod common;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::{Request, header};
use common::command::{Folder, Serving};
use common::{FILES, TOKEN, basic, store};
use http_body_util::BodyExt as _;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use vcc_server::{Server, Tls};

fn localhost() -> (Tls, String) {
    Tls::self_signed(&["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap()
}

/// Connects as a client that trusts one certificate and speaks one protocol.
async fn connect(
    address: SocketAddr,
    trusted: &str,
    protocol: &str,
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(trusted.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
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
async fn both_versions_of_http_are_spoken() {
    let (tls, certificate) = localhost();
    let server = Server::builder(store().await).tls(tls).start("127.0.0.1:0").await.unwrap();
    let address = server.local_addr();
    for protocol in ["http/1.1", "h2"] {
        let stream = connect(address, &certificate, protocol).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(protocol.as_bytes()));
        let io = TokioIo::new(stream);
        let response = if protocol == "h2" {
            let (mut sender, connection) =
                hyper::client::conn::http2::handshake(TokioExecutor::new(), io).await.unwrap();
            tokio::spawn(connection);
            sender.send_request(request(address)).await.unwrap()
        } else {
            let (mut sender, connection) = hyper::client::conn::http1::handshake(io).await.unwrap();
            tokio::spawn(connection);
            sender.send_request(request(address)).await.unwrap()
        };
        assert_eq!(response.status(), 200, "{protocol}");
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert!(body.ends_with(b"</recordings>\n"), "{protocol}");
    }
    server.shutdown().await;
}

#[tokio::test]
async fn plain_http_gets_nothing_from_a_tls_listener() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    let server = Server::builder(store().await).tls(localhost().0).start("127.0.0.1:0");
    let server = server.await.unwrap();
    let mut stream = TcpStream::connect(server.local_addr()).await.unwrap();
    let authorization = basic("acme", TOKEN);
    let request =
        format!("GET {FILES} HTTP/1.1\r\nHost: x\r\nAuthorization: {authorization}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    assert!(!answer.windows(6).any(|window| window == b"<file>"));
    server.shutdown().await;
}

#[tokio::test]
async fn a_certificate_is_replaced_while_connections_stay() {
    let ((tls, old), (other, new)) = (localhost(), localhost());
    let server =
        Server::builder(store().await).tls(tls.clone()).start("127.0.0.1:0").await.unwrap();
    let address = server.local_addr();
    let stream = connect(address, &old, "http/1.1").await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    assert_eq!(sender.send_request(request(address)).await.unwrap().status(), 200);

    tls.replace(&other);
    assert!(connect(address, &old, "http/1.1").await.is_err());
    assert!(connect(address, &new, "http/1.1").await.is_ok());
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
    let stream = connect(address, &old, "http/1.1").await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    assert_eq!(sender.send_request(request(address)).await.unwrap().status(), 403);

    // For a moment the two do not belong together.
    folder.write("certificate.pem", &new);
    folder.write("key.pem", &new_key);
    let patience = Instant::now() + Duration::from_secs(60);
    while connect(address, &new, "http/1.1").await.is_err() {
        assert!(Instant::now() < patience, "the new certificate was not taken up");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(connect(address, &old, "http/1.1").await.is_err());
    sender.ready().await.unwrap();
    assert_eq!(sender.send_request(request(address)).await.unwrap().status(), 403);
}

#[tokio::test]
async fn what_http2_cannot_carry_is_sent_to_http1() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    let (tls, certificate) = localhost();
    let server = Server::builder(store().await).tls(tls).start("127.0.0.1:0").await.unwrap();
    let mut stream = connect(server.local_addr(), &certificate, "h2").await.unwrap();
    // REQ-11: the documentation's own quote, in a path as a client writes it.
    let path = b"/?finish-date=2007-12-19\"";
    // GET, https, the path, and x as the server's name.
    let headers = [&[0x82, 0x87, 0x04, path.len() as u8], &path[..], &[0x01, 0x01, b'x']].concat();
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec();
    bytes.extend([0, 0, headers.len() as u8, 1, 5, 0, 0, 0, 1]);
    bytes.extend(headers);
    stream.write_all(&bytes).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(&[0, 0, 4, 3, 0, 0, 0, 0, 1, 0, 0, 0, 0xd]) {
        let mut byte = [0];
        stream.read_exact(&mut byte).await.expect("HTTP_1_1_REQUIRED");
        answer.extend(byte);
    }
    drop(stream);
    server.shutdown().await;
}
