//! Clients that leave or do nothing, and a server that stops.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use vcc_server::{Api, Limits, Server};

use crate::common::{self, FILES, get, store};
use crate::gated::Gated;
use crate::log::Log;

#[tokio::test]
async fn a_client_that_left_is_counted_and_logged() {
    let log = Log::default();
    // The log of all threads: what is registered by a thread without a log is switched off for every thread.
    // The other tests write to it as well.
    tracing_subscriber::fmt().with_ansi(false).with_writer(log.clone()).init();
    // Includes what another thread registered just before this line.
    tracing::callsite::rebuild_interest_cache();
    let store = Gated::new(0).await;
    let api = Api::new(store.clone());
    let metrics = api.metrics();
    let router = api.router();
    // A server drops a request whose client has left; this test does the same.
    let asked = tokio::spawn(async move { get(&router, &format!("{FILES}?extVar2=here")).await });
    store.entered.acquire().await.unwrap().forget();
    asked.abort();
    assert!(asked.await.is_err_and(|ended| ended.is_cancelled()));
    let said = metrics.render();
    for line in ["vcc_requests_total{status=\"499\"} 1", "vcc_requests_running 0"] {
        assert!(said.lines().any(|other| other == line), "{line}\n{said}");
    }
    let said = log.text();
    let said: Vec<_> = said.lines().filter(|line| line.contains("extVar2")).collect();
    assert_eq!(said.len(), 1, "{said:?}");
    let line = "tenant=\"acme\" asked=\"extVar2\" status=499 records=0 micros=";
    assert!(said[0].contains(line), "{said:?}");
}

#[tokio::test]
async fn a_shutdown_finishes_what_runs() {
    let store = Gated::new(0).await;
    let server = Server::builder(store.clone()).start("127.0.0.1:0").await.unwrap();
    let address = server.local_addr();
    let asked = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        let authorization = common::basic("acme", common::TOKEN);
        write!(stream, "GET {FILES} HTTP/1.1\r\nHost: x\r\nAuthorization: {authorization}\r\n\r\n")
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    });
    store.entered.acquire().await.unwrap().forget();
    let shutdown = tokio::spawn(server.shutdown());
    store.through.add_permits(1);
    shutdown.await.unwrap();
    let answer = asked.await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("</recordings>\n"), "{answer}");
}

/// Once the grace period is over, a request that still runs gets no answer: the audit log has ended, so
/// its line would be missing.
#[tokio::test]
async fn nothing_is_answered_after_a_shutdown() {
    let store = Gated::new(0).await;
    let mut limits = Limits::default();
    limits.grace = Duration::ZERO;
    let server = Server::builder(store.clone()).limits(limits).start("127.0.0.1:0").await.unwrap();
    let address = server.local_addr();
    let asked = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        let authorization = common::basic("acme", common::TOKEN);
        write!(stream, "GET {FILES} HTTP/1.1\r\nHost: x\r\nAuthorization: {authorization}\r\n\r\n")
            .unwrap();
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        answer
    });
    store.entered.acquire().await.unwrap().forget();
    server.shutdown().await;
    store.through.add_permits(1);
    assert_eq!(asked.await.unwrap(), "");
}

#[tokio::test]
async fn clients_that_do_nothing_are_let_go() {
    let mut limits = Limits::default();
    limits.headers = Duration::from_millis(50);
    let server = Server::builder(store().await).limits(limits).start("127.0.0.1:0").await.unwrap();
    for begun in [
        "",
        "PRI * HT",
        "GET ",
        "GET / HTTP/1.1\r\nHost: x\r\nX",
        // One that is answered, and then sends nothing more.
        "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    ] {
        let address = server.local_addr();
        let closed = tokio::task::spawn_blocking(move || {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.write_all(begun.as_bytes()).unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
            // This ends when the server closes; otherwise the client gives up.
            let closed = stream.read_to_end(&mut Vec::new());
            closed.map_err(|error| error.kind())
        });
        let closed = closed.await.unwrap();
        let closed = closed.is_ok() || closed == Err(std::io::ErrorKind::ConnectionReset);
        assert!(closed, "still open after {begun:?}");
    }
    server.shutdown().await;
}
