//! Connections: accepted up to a number, encrypted, and closed when nothing moves on them.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicU64, AtomicUsize};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
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
}

/// STATUS-1, to a client for whom there is no room at all.
const BUSY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\n\
    Content-Type: text/plain; charset=utf-8\r\nContent-Length: 49\r\nConnection: close\r\n\r\n\
    The server is overloaded. Try again in a moment.\n";

/// What a connection is doing.
#[derive(Default)]
struct Activity {
    /// Requests that have begun on it.
    begun: AtomicU64,
    /// Requests that are being answered.
    running: AtomicUsize,
}

/// A request that is being answered, until this is dropped.
struct Busy<'a>(&'a Activity);

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
        Self { router, limits, tls, metrics, http: Arc::new(http), permits, size }
    }

    /// Accepts connections until it is told to stop, and waits for those that are busy then.
    pub(crate) async fn accept(self, listener: TcpListener, mut stop: Stop) {
        loop {
            let stream = tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => stream,
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
                    tokio::spawn(self.clone().serve(stream, permit, stop.clone()));
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
        let stream = Stall::new(stream, self.limits.headers, self.limits.stall);
        let Some(tls) = &self.tls else {
            return self.speak(RequestLines::new(stream), stop).await;
        };
        let handshake = tokio::time::timeout(self.limits.headers, tls.acceptor().accept(stream));
        let handshake = tokio::select! {
            handshake = handshake => handshake,
            // A request that has not begun yet need not be finished.
            () = stop.asked() => return,
        };
        match handshake {
            Ok(Ok(stream)) if stream.get_ref().1.alpn_protocol() == Some(b"h2") => {
                self.speak(Downgrade::new(stream), stop).await;
            }
            Ok(Ok(stream)) => self.speak(RequestLines::new(stream), stop).await,
            Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
            Err(_) => tracing::debug!("a TLS handshake took too long"),
        }
    }

    async fn speak<Io>(&self, io: Io, mut stop: Stop)
    where
        Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let activity = Arc::new(Activity::default());
        let service = service_fn(|request: Request<Incoming>| {
            let (router, activity) = (self.router.clone(), activity.clone());
            async move {
                let _busy = activity.begin();
                answer(router, request.map(Body::new)).await
            }
        });
        let mut connection = pin!(self.http.serve_connection(TokioIo::new(io), service));
        let mut seen = 0;
        let ended = loop {
            tokio::select! {
                biased;
                ended = connection.as_mut() => break ended,
                () = stop.asked() => {}
                // HTTP/1 closes what is idle by itself; HTTP/2 keeps what still answers its pings.
                () = tokio::time::sleep(self.limits.headers) => {
                    if !activity.is_idle(&mut seen) {
                        continue;
                    }
                }
            }
            connection.as_mut().graceful_shutdown();
            break connection.await;
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "a connection ended early");
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

async fn answer(
    router: Router,
    request: Request<Body>,
) -> Result<Response<Body>, std::convert::Infallible> {
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

impl Activity {
    fn begin(&self) -> Busy<'_> {
        self.begun.fetch_add(1, Relaxed);
        self.running.fetch_add(1, Relaxed);
        Busy(self)
    }

    /// Whether nothing has run since the last time that this was asked.
    fn is_idle(&self, seen: &mut u64) -> bool {
        let begun = self.begun.load(Relaxed);
        std::mem::replace(seen, begun) == begun && self.running.load(Relaxed) == 0
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Relaxed);
    }
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
