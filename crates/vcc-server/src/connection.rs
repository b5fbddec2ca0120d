//! Connections: accepted up to a number, encrypted, and closed when nothing moves on them.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::header::HOST;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Request, Response, Version};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tower::ServiceExt as _;

use crate::activity::{Activity, Answer, Quiet, Running};
use crate::downgrade::Downgrade;
use crate::refusal::Refusal;
use crate::request_line::RequestLines;
use crate::stall::Stall;
use crate::{Limits, Metrics, Tls};

/// What every connection of a listener shares.
#[derive(Clone)]
pub(crate) struct Connections {
    router: Router,
    limits: Limits,
    tls: Option<Tls>,
    metrics: Arc<Metrics>,
    http: Arc<auto::Builder<TokioExecutor>>,
    permits: Arc<Semaphore>,
    /// How many permits there are.
    size: u32,
    /// Where a connection came from, once it is one.
    peer: Option<SocketAddr>,
}

/// STATUS-1, to a client for whom there is no room at all.
const BUSY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\n\
    Content-Type: text/plain; charset=utf-8\r\nContent-Length: 49\r\nConnection: close\r\n\r\n\
    The server is overloaded. Try again in a moment.\n";

impl Connections {
    pub(crate) fn new(
        router: Router,
        limits: Limits,
        tls: Option<Tls>,
        metrics: Arc<Metrics>,
    ) -> Self {
        let mut http = auto::Builder::new(TokioExecutor::new());
        http.http1()
            .timer(TokioTimer::new())
            // A client may say that it is done before it is answered.
            .half_close(true)
            .header_read_timeout(limits.headers)
            // REQ-13: a target of up to 65,534 bytes is read, and judged by the API.
            .max_buf_size(256 * 1024);
        http.http2()
            .timer(TokioTimer::new())
            .max_header_list_size(64 * 1024)
            .max_concurrent_streams(100)
            .keep_alive_interval(limits.headers)
            .keep_alive_timeout(limits.headers);
        let size =
            u32::try_from(limits.connections.min(Semaphore::MAX_PERMITS)).unwrap_or(u32::MAX);
        let permits = Arc::new(Semaphore::new(size as usize));
        Self { router, limits, tls, metrics, http: Arc::new(http), permits, size, peer: None }
    }

    /// Accepts connections until it is told to stop, and waits for those that are busy then.
    pub(crate) async fn accept(self, listener: TcpListener, mut stop: Stop) {
        loop {
            let (stream, peer) = tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok(accepted) => accepted,
                    Err(error) => {
                        // Such as too many open files: what runs will free some.
                        tracing::warn!(%error, "cannot accept a connection");
                        tokio::time::sleep(Duration::from_millis(50)).await;
                        continue;
                    }
                },
                () = stop.asked() => break,
            };
            let _ = stream.set_nodelay(true);
            match self.permits.clone().try_acquire_owned() {
                Ok(permit) => {
                    let one = Self { peer: Some(peer), ..self.clone() };
                    tokio::spawn(one.serve(stream, permit, stop.clone()));
                }
                Err(_) => {
                    tokio::spawn(self.clone().turn_away(stream));
                }
            }
        }
        drop(listener);
        // Every connection gives its permit back when it ends.
        let all = self.permits.acquire_many(self.size);
        if tokio::time::timeout(self.limits.grace, all).await.is_err() {
            tracing::warn!("requests were still running when the time for the shutdown was over");
        }
    }

    async fn serve(self, stream: TcpStream, permit: OwnedSemaphorePermit, mut stop: Stop) {
        let _permit = permit;
        let _open = self.metrics.connection();
        let activity = Arc::new(Activity::default());
        let Limits { headers, stall, .. } = self.limits;
        let stream = Stall::new(stream, activity.clone(), headers, stall);
        let Some(tls) = &self.tls else {
            return self.speak(RequestLines::new(stream), activity, stop).await;
        };
        let handshake = tokio::time::timeout(self.limits.headers, tls.acceptor().accept(stream));
        let handshake = tokio::select! {
            handshake = handshake => handshake,
            // A request that has not begun yet need not be finished.
            () = stop.asked() => return,
        };
        match handshake {
            Ok(Ok(stream)) if stream.get_ref().1.alpn_protocol() == Some(b"h2") => {
                self.speak(Downgrade::new(stream), activity, stop).await;
            }
            Ok(Ok(stream)) => self.speak(RequestLines::new(stream), activity, stop).await,
            Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
            Err(_) => tracing::debug!("a TLS handshake took too long"),
        }
    }

    async fn speak<Io>(&self, io: Io, activity: Arc<Activity>, mut stop: Stop)
    where
        Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let service = service_fn(|mut request: Request<Incoming>| {
            if let Some(peer) = self.peer {
                request.extensions_mut().insert(ConnectInfo(peer));
            }
            let (router, activity) = (self.router.clone(), activity.clone());
            async move {
                let running = Running::begin(&activity);
                let response = answer(router, request.map(Body::new)).await?;
                drop(running);
                Ok::<_, Infallible>(response.map(|body| Answer::new(body, activity)))
            }
        });
        let mut connection = pin!(self.http.serve_connection(TokioIo::new(io), service));
        let Limits { headers, stall, .. } = self.limits;
        let mut quiet = Quiet::new(&activity);
        let mut closing = false;
        loop {
            tokio::select! {
                biased;
                ended = connection.as_mut() => {
                    if let Err(error) = ended {
                        tracing::debug!(%error, "a connection ended early");
                    }
                    return;
                }
                () = stop.asked(), if !closing => {}
                // HTTP/1 closes what is idle by itself; HTTP/2 keeps what still answers its pings,
                // also when it gives no room for what is to be sent.
                () = tokio::time::sleep(headers.min(stall)) => {
                    let stalled = activity.is_unsent();
                    if quiet.time() < if stalled { stall } else { headers } {
                        continue;
                    }
                    if stalled || closing {
                        tracing::debug!("a connection was dropped: nothing moves on it");
                        return;
                    }
                }
            }
            connection.as_mut().graceful_shutdown();
            closing = true;
            quiet = Quiet::new(&activity);
        }
    }

    /// Says that there is no room; over TLS that would take a handshake, so there it only closes.
    async fn turn_away(self, mut stream: TcpStream) {
        self.metrics.answered(503, 0, Duration::ZERO);
        if self.tls.is_none() {
            let answer = stream.write_all(BUSY);
            let _ = tokio::time::timeout(Duration::from_secs(1), answer).await;
        }
    }
}

async fn answer(router: Router, request: Request<Body>) -> Result<Response<Body>, Infallible> {
    if request.version() == Version::HTTP_11 && !names_host(request.headers()) {
        return Ok(Refusal::host().into_response());
    }
    router.oneshot(request).await
}

/// RFC 9112: a request of HTTP/1.1 names its host, once.
fn names_host(headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(HOST).iter();
    let Some(host) = hosts.next() else { return false };
    let authority = host.to_str().ok().and_then(|host| host.parse::<Authority>().ok());
    authority.is_some_and(|authority| !authority.as_str().contains('@')) && hosts.next().is_none()
}

/// Completes once a server is to stop.
#[derive(Clone)]
pub(crate) struct Stop(pub(crate) watch::Receiver<bool>);

impl Stop {
    async fn asked(&mut self) {
        // Also when the sender is gone, and with it the server.
        let _ = self.0.wait_for(|stop| *stop).await;
    }
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;
    use std::task::{Context, Poll, ready};

    use axum::body::{Bytes, HttpBody};
    use axum::routing::get;
    use hyper::body::Frame;
    use tokio::io::{AsyncReadExt as _, DuplexStream};
    use tokio::task::JoinHandle;
    use tokio::time::{Instant, Sleep, sleep};

    use super::*;

    const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";

    /// Less than what a client may take for something, and more than half of it.
    const SLOW: Duration = Duration::from_secs(25);

    /// A body that is made in so long.
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
        /// How long it took.
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
            let (began, activity) = (Instant::now(), Arc::new(Activity::default()));
            let io = Stall::new(io, activity.clone(), limits.headers, limits.stall);
            connections.speak(RequestLines::new(io), activity.clone(), Stop(stopped)).await;
            let took = began.elapsed();
            // The clock goes on when all tasks have done what they can.
            sleep(SLOW).await;
            assert!(!activity.is_unsent(), "an answer is still in memory");
            took
        });
        Serving { client, stop, served }
    }

    /// A client of HTTP/2 with no room for an answer but what it grants.
    async fn http2(client: &mut DuplexStream, path: &[u8]) {
        let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
        // SETTINGS_INITIAL_WINDOW_SIZE is 0.
        bytes.extend([0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0]);
        // :method GET, :scheme http, the path, :authority x.
        let length = u8::try_from(path.len()).unwrap();
        let headers = [&[0x82, 0x86, 0x04, length], path, &[0x01, 0x01, b'x']].concat();
        bytes.extend([0, 0, 7 + length, 1, 5, 0, 0, 0, 1]);
        bytes.extend(headers);
        client.write_all(&bytes).await.unwrap();
    }

    /// The next frame but pings, which are answered: kind, flags and payload.
    async fn frame(client: &mut DuplexStream) -> Option<(u8, u8, Vec<u8>)> {
        loop {
            let mut head = [0; 9];
            client.read_exact(&mut head).await.ok()?;
            let mut payload = vec![0; usize::from(head[1]) << 8 | usize::from(head[2])];
            client.read_exact(&mut payload).await.ok()?;
            if (head[3], head[4]) != (6, 0) {
                return Some((head[3], head[4], payload));
            }
            head[4] = 1;
            // The server may have closed by now.
            let _ = client.write_all(&[&head[..], &payload].concat()).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_client_of_http2_is_served_on() {
        for stopping in [false, true] {
            let Serving { mut client, stop, served } = serve(64 * 1024);
            http2(&mut client, b"/").await;
            let (mut taken, mut ended) = (0, false);
            while let Some((kind, flags, payload)) = frame(&mut client).await {
                match kind {
                    0 => taken += payload.len(),
                    1 => drop(stop.send_replace(stopping)),
                    // It is not idle while there is something for it.
                    7 => assert!(stopping || ended),
                    _ => continue,
                }
                ended |= kind == 0 && flags & 1 == 1;
                if kind <= 1 && !ended {
                    sleep(SLOW).await;
                    client.write_all(&[0, 0, 4, 8, 0, 0, 0, 0, 1, 0, 0, 0, 100]).await.unwrap();
                }
            }
            assert_eq!((taken, ended), (2_000, true));
            assert!(served.await.unwrap() >= 20 * SLOW);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_client_of_http1_is_served_on() {
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
            http2(&mut client, b"/l").await;
            client.write_all(&[0, 0, 4, 8, 0, 0, 0, 0, 1, 0, 0, 0, 100]).await.unwrap();
            let mut taken = Vec::new();
            while let Some((kind, _, payload)) = frame(&mut client).await {
                stop.send_replace(stopping);
                if kind == 0 {
                    taken.extend(payload);
                }
            }
            assert_eq!(taken, b"late");
            assert!(served.await.unwrap() >= Duration::from_secs(1_000));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_of_http2_that_takes_nothing_is_dropped() {
        for (room, stopping) in [(0, false), (1, false), (0, true), (1, true)] {
            let Serving { mut client, stop, served } = serve(64 * 1024);
            http2(&mut client, b"/").await;
            if room > 0 {
                client.write_all(&[0, 0, 4, 8, 0, 0, 0, 0, 1, 0, 0, 0, room]).await.unwrap();
            }
            let mut taken = 0;
            while let Some((kind, _, payload)) = frame(&mut client).await {
                stop.send_replace(stopping);
                taken += if kind == 0 { payload.len() } else { 0 };
            }
            assert_eq!(taken, usize::from(room));
            let took = served.await.unwrap();
            assert!((30..=61).contains(&took.as_secs()), "{took:?}");
        }
    }
}
