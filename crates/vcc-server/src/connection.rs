//! Connections: accepted up to a number, encrypted, and closed when nothing moves on them.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::header::HOST;
use axum::http::{Request, Response, Version};
use axum::middleware::Next;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

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
}

/// STATUS-1, to a client for whom there is no room at all.
const BUSY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\n\
    Content-Type: text/plain; charset=utf-8\r\nContent-Length: 49\r\nConnection: close\r\n\r\n\
    The server is overloaded. Try again in a moment.\n";

/// RFC 9112: a request of HTTP/1.1 names its host, once.
async fn host(request: Request<Body>, next: Next) -> Response<Body> {
    let mut hosts = request.headers().get_all(HOST).iter();
    let named = hosts.next().is_some_and(|host| !host.is_empty()) && hosts.next().is_none();
    if request.version() == Version::HTTP_11 && !named {
        return Refusal::host().into_response();
    }
    next.run(request).await
}

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
        let permits = Arc::new(Semaphore::new(limits.connections));
        let router = router.layer(axum::middleware::from_fn(host));
        Self { router, limits, tls, metrics, http: Arc::new(http), permits }
    }

    /// Accepts connections until it is told to stop, and waits for those that are busy then.
    pub(crate) async fn accept(self, listener: TcpListener, mut stopped: watch::Receiver<bool>) {
        let running = GracefulShutdown::new();
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
                // Also when the sender is gone, and with it the server.
                () = async { let _ = stopped.wait_for(|stop| *stop).await; } => break,
            };
            let _ = stream.set_nodelay(true);
            match self.permits.clone().try_acquire_owned() {
                Ok(permit) => {
                    tokio::spawn(self.clone().serve(stream, permit, running.watcher()));
                }
                Err(_) => {
                    tokio::spawn(self.clone().turn_away(stream));
                }
            }
        }
        drop(listener);
        if tokio::time::timeout(self.limits.grace, running.shutdown()).await.is_err() {
            tracing::warn!("requests were still running when the time for the shutdown was over");
        }
    }

    async fn serve(self, stream: TcpStream, permit: OwnedSemaphorePermit, watcher: Watcher) {
        let _permit = permit;
        let _open = self.metrics.connection();
        let stream = Stall::new(stream, self.limits.headers, self.limits.stall);
        let Some(tls) = &self.tls else {
            return self.speak(RequestLines::new(stream), watcher).await;
        };
        match tokio::time::timeout(self.limits.headers, tls.acceptor().accept(stream)).await {
            Ok(Ok(stream)) => self.speak(RequestLines::new(stream), watcher).await,
            Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
            Err(_) => tracing::debug!("a TLS handshake took too long"),
        }
    }

    async fn speak<Io>(&self, io: Io, watcher: Watcher)
    where
        Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let service = TowerToHyperService::new(self.router.clone());
        let connection = self.http.serve_connection(TokioIo::new(io), service);
        if let Err(error) = watcher.watch(connection).await {
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
