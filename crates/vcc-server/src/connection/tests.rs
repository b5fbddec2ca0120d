use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::routing::get;
use hyper::body::Frame;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, Sleep, sleep};

use super::{Connections, Stop};
use crate::Limits;
use crate::stall::Stall;

const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";

/// Less than a client's limit, and more than half of it.
const SLOW: Duration = Duration::from_secs(25);

/// A body that takes this long.
struct Late(Option<Pin<Box<Sleep>>>);

impl HttpBody for Late {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let Some(sleep) = &mut self.0 else { return Poll::Ready(None) };
        ready!(sleep.as_mut().poll(context));
        self.0 = None;
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"late")))))
    }
}

struct Serving {
    client: DuplexStream,
    stop: watch::Sender<bool>,
    /// How long the connection was served.
    served: JoinHandle<Duration>,
}

/// A connection on which `/` is 2,000 bytes, and `/l` is late.
fn serve(buffer: usize) -> Serving {
    let late = || async { Body::new(Late(Some(Box::pin(sleep(Duration::from_secs(1_000)))))) };
    let router =
        Router::new().route("/", get(|| async { "x".repeat(2_000) })).route("/l", get(late));
    let limits = Limits::default();
    let connections = Connections::new(router, limits, None, Arc::default());
    let (client, io) = tokio::io::duplex(buffer);
    let (stop, stopped) = watch::channel(false);
    let served = tokio::spawn(async move {
        let began = Instant::now();
        let io = Stall::new(io, limits.stall);
        let (cut, seat) = (io.cut(), connections.room.enter().await.unwrap());
        connections.serve_http(io, cut, seat, Stop(stopped)).await;
        began.elapsed()
    });
    Serving { client, stop, served }
}

#[tokio::test(start_paused = true)]
async fn a_slow_client_is_served_on() {
    for stopping in [false, true] {
        let Serving { mut client, stop, served } = serve(64);
        client.write_all(GET).await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(&[b'x'; 2_000]) {
            let mut piece = [0; 64];
            let length = client.read(&mut piece).await.unwrap();
            assert!(length > 0, "{}", answer.escape_ascii());
            answer.extend(&piece[..length]);
            stop.send_replace(stopping);
            sleep(SLOW).await;
        }
        assert!(answer.windows(22).any(|line| line == b"content-length: 2000\r\n"));
        let mut rest = Vec::new();
        client.read_to_end(&mut rest).await.unwrap();
        assert!(served.await.unwrap() >= 30 * SLOW);
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_stays_while_it_is_used() {
    let Serving { mut client, stop: _stop, served } = serve(64 * 1024);
    for _ in 0..10 {
        client.write_all(GET).await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(&[b'x'; 2_000]) {
            client.read_buf(&mut answer).await.unwrap();
        }
        sleep(SLOW).await;
    }
    assert_eq!(client.read(&mut [0]).await.unwrap(), 0);
    assert!(served.await.unwrap() >= 10 * SLOW);
}

#[tokio::test(start_paused = true)]
async fn a_client_is_not_to_blame_for_a_late_answer() {
    for stopping in [false, true] {
        let Serving { mut client, stop, served } = serve(64 * 1024);
        client.write_all(b"GET /l HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"late\r\n0\r\n\r\n") {
            assert!(client.read_buf(&mut answer).await.unwrap() > 0);
            stop.send_replace(stopping);
        }
        drop(client);
        assert!(served.await.unwrap() >= Duration::from_secs(1_000));
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_nothing_is_dropped() {
    for (taken, stopping) in [(0, false), (64, false), (0, true), (64, true)] {
        let Serving { mut client, stop, served } = serve(64);
        client.write_all(GET).await.unwrap();
        client.read_exact(&mut vec![0; taken]).await.unwrap();
        stop.send_replace(stopping);
        let took = served.await.unwrap();
        assert!((30..=61).contains(&took.as_secs()), "{took:?}");
        drop(client);
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_says_nothing_is_dropped() {
    for bytes in [&b""[..], b"\r\n", b"GET / HTTP/1.1\r\nHos"] {
        let Serving { mut client, stop: _stop, served } = serve(64);
        client.write_all(bytes).await.unwrap();
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).await.unwrap();
        assert_eq!((&*answer, served.await.unwrap().as_secs()), (&b""[..], 30));
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_that_has_come_in_part_is_waited_for_at_a_shutdown() {
    for begun in [&b""[..], GET] {
        let Serving { mut client, stop, served } = serve(64 * 1024);
        let mut answer = Vec::new();
        client.write_all(begun).await.unwrap();
        while !begun.is_empty() && !answer.ends_with(&[b'x'; 2_000]) {
            client.read_buf(&mut answer).await.unwrap();
        }
        let (part, rest) = GET.split_at(9);
        client.write_all(part).await.unwrap();
        sleep(SLOW / 5).await;
        stop.send_replace(true);
        sleep(SLOW / 5).await;
        client.write_all(rest).await.unwrap();
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).await.unwrap();
        assert!(answer.ends_with(&[b'x'; 2_000]), "{}", answer.escape_ascii());
        drop(client);
        assert!(served.await.unwrap() <= SLOW);
    }
}

/// A client that was answered for the last time and still sends is not reset at once.
#[tokio::test(start_paused = true)]
async fn the_last_request_is_followed_by_silence() {
    for last in ["GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"]
    {
        let Serving { mut client, stop: _stop, served } = serve(64 * 1024);
        client.write_all(last.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).await.unwrap();
        assert!(answer.ends_with(&[b'x'; 2_000]), "{}", answer.escape_ascii());
        client.write_all(&[b'y'; 1_000]).await.unwrap();
        drop(client);
        assert_eq!(served.await.unwrap(), Duration::ZERO);
    }
}

/// Bytes of an incomplete head do not save a connection from being closed first.
#[tokio::test(start_paused = true)]
async fn a_slow_head_keeps_no_place() {
    let limits = Limits { connections: 2, ..Limits::default() };
    let router = Router::new().route("/", get(|| async { "x" }));
    let connections = Connections::new(router, limits, None, Arc::default());
    let (_stop, stopped) = watch::channel(false);
    let mut clients = Vec::new();
    for _ in 0..2 {
        let (mut client, io) = tokio::io::duplex(64);
        let (io, seat) = (Stall::new(io, limits.stall), connections.room.enter().await);
        let (connections, seat, stop) = (connections.clone(), seat.unwrap(), Stop(stopped.clone()));
        tokio::spawn(async move {
            let cut = io.cut();
            tokio::select! {
                () = seat.closed() => {}
                () = connections.serve_http(io, cut, seat, stop) => {}
            }
        });
        client.write_all(b"GET / ").await.unwrap();
        sleep(Duration::from_millis(1)).await;
        clients.push(client);
    }
    for byte in b"HTTP" {
        clients[0].write_all(&[*byte]).await.unwrap();
        sleep(Duration::from_secs(1)).await;
    }
    let _seat = connections.room.enter().await.unwrap();
    assert_eq!(clients[0].read(&mut [0]).await.unwrap(), 0);
    clients[1].write_all(b"HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    assert_eq!(clients[1].read(&mut [0]).await.unwrap(), 1);
}
