//! Connections: accepted up to a number, encrypted, and closed when nothing moves on them.

use std::convert::Infallible;
use std::future::{Future as _, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::ConnectInfo;
use axum::http::header::{CONNECTION, HOST};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, Request, Response, Version};
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::{HttpService, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;
use tower::ServiceExt as _;

use crate::encrypted::Encrypted;
use crate::error_response::ErrorResponse;
use crate::requests::{Answering, Requests, Verdict, Verdicts};
use crate::room::{Room, Seat};
use crate::stall::{Cut, Stall};
use crate::unproven::Backoff;
use crate::{Limits, Metrics, Tls};

/// What every connection of a listener shares.
#[derive(Clone)]
pub(crate) struct Connections {
    router: Router,
    limits: Limits,
    tls: Option<Tls>,
    metrics: Arc<Metrics>,
    http: http1::Builder,
    room: Arc<Room>,
    /// For those that are told that there is no room.
    door: Arc<Semaphore>,
    /// Where a connection came from, once it is one.
    peer: Option<SocketAddr>,
    /// When it was last said loudly that a client spoke the wrong protocol.
    warned: Arc<Mutex<Option<Instant>>>,
}

/// How often clients of the wrong protocol are told of as a warning: a scan of all ports does not
/// fill the log.
const WARN_EVERY: Duration = Duration::from_secs(60);

/// STATUS-1, to a client for whom there is no room at all.
const BUSY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\n\
    Content-Type: text/plain; charset=utf-8\r\nContent-Length: 49\r\nConnection: close\r\n\r\n\
    The server is overloaded. Try again in a moment.\n";

/// How many clients are told at once that there is no room, and for how long at most. Of others, a
/// client of HTTPS is told nothing.
const DOOR: usize = 64;
const AT_THE_DOOR: Duration = Duration::from_secs(5);

/// How long a client of HTTPS may take for its request once it has shaken hands, before it is told
/// that there is no room: some clients cannot read an answer that comes before they have asked.
const ASKING: Duration = Duration::from_secs(1);

/// REQ-4, to a client that speaks plain HTTP to a port of HTTPS.
const SPEAK_HTTPS: &[u8] = b"HTTP/1.1 400 Bad Request\r\n\
    Content-Type: text/plain; charset=utf-8\r\nContent-Length: 49\r\nConnection: close\r\n\r\n\
    This port speaks HTTPS: use https:// in the URL.\n";

/// To a client that speaks TLS to a port of plain HTTP. No TLS library reads it, but most tell an
/// answer in plain HTTP from one of another kind, and say so: a TLS alert would be taken for a
/// disagreement about versions or ciphers.
const SPEAK_HTTP: &[u8] = b"HTTP/1.1 400 Bad Request\r\n\
    Content-Type: text/plain; charset=utf-8\r\nContent-Length: 53\r\nConnection: close\r\n\r\n\
    This port speaks plain HTTP: use http:// in the URL.\n";

/// The type of the record that a TLS client begins with.
const HANDSHAKE: u8 = 22;

impl Connections {
    pub(crate) fn new(
        router: Router,
        limits: Limits,
        tls: Option<Tls>,
        metrics: Arc<Metrics>,
    ) -> Self {
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new())
            // A client may say that it is done before it is answered.
            .half_close(true)
            .header_read_timeout(limits.headers)
            // More than the longest head.
            .max_buf_size(256 * 1024);
        let room = Room::new(limits.connections, metrics.clone());
        let door = Arc::new(Semaphore::new(DOOR));
        let warned = Arc::default();
        Self { router, limits, tls, metrics, http, room, door, peer: None, warned }
    }

    /// Accepts connections until it is told to stop, and waits for those that are busy then.
    /// When this is done none of them is open: nothing is sent once the audit log has ended.
    pub(crate) async fn accept(self, listener: TcpListener, mut stop: Stop) {
        let (end, ended) = watch::channel(false);
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
            match self.room.enter().await {
                Some(seat) => {
                    let one = Self { peer: Some(peer), ..self.clone() };
                    tokio::spawn(one.serve(stream, seat, stop.clone(), Stop(ended.clone())));
                }
                None => {
                    tokio::spawn(self.clone().turn_away(stream));
                }
            }
        }
        drop(listener);
        if tokio::time::timeout(self.limits.grace, self.room.empty()).await.is_err() {
            tracing::warn!("requests were still running when the time for the shutdown was over");
            end.send_replace(true);
            self.room.empty().await;
        }
    }

    async fn serve(self, stream: TcpStream, seat: Seat, stop: Stop, mut end: Stop) {
        let _open = self.metrics.connection();
        tokio::select! {
            biased;
            () = seat.closed() => tracing::debug!("a connection was closed for a new one"),
            () = end.asked() => {}
            () = self.attend(stream, seat, stop) => {}
        }
    }

    async fn attend(&self, stream: TcpStream, mut seat: Seat, mut stop: Stop) {
        let mut first = [0];
        let peeked =
            tokio::time::timeout(self.limits.headers, peek(&stream, &mut first, &mut seat));
        let peeked = tokio::select! {
            peeked = peeked => peeked,
            // A request that has not begun yet need not be finished.
            () = stop.asked() => return,
        };
        if !matches!(peeked, Ok(Ok(1))) {
            return;
        }
        let stream = Stall::new(stream, self.limits.stall);
        let cut = stream.cut();
        let Some(tls) = &self.tls else {
            if first == [HANDSHAKE] {
                seat.idle();
                self.warn(
                    "a client spoke TLS to this port of plain HTTP: its URL should begin with http://",
                );
                return self.say(stream, SPEAK_HTTP, 400).await;
            }
            return self.speak(stream, cut, seat, stop).await;
        };
        seat.idle();
        // Any method, and the empty lines that may stand before it.
        if first[0].is_ascii_graphic() || matches!(first, [b'\r' | b'\n']) {
            self.warn(
                "a client spoke plain HTTP to this port of HTTPS: its URL should begin with https://",
            );
            return self.say(stream, SPEAK_HTTPS, 400).await;
        }
        let handshake = tokio::time::timeout(self.limits.headers, Encrypted::accept(tls, stream));
        let handshake = tokio::select! {
            handshake = handshake => handshake,
            () = stop.asked() => return,
        };
        match handshake {
            Ok(Ok(stream)) => {
                seat.idle();
                self.speak(stream, cut, seat, stop).await;
            }
            Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
            Err(_) => tracing::debug!("a TLS handshake took too long"),
        }
    }

    async fn speak<Io>(&self, io: Io, cut: Cut, seat: Seat, mut stop: Stop)
    where
        Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (verdicts, backoff) = (Verdicts::default(), Backoff::default());
        let caller = seat.caller();
        let mut requests = Requests::new(io, verdicts.clone(), cut.clone(), seat);
        // The stack is there for whole requests alone: without one it is put away, with its buffers.
        loop {
            let deadline = requests.since() + self.limits.headers;
            let is_there = {
                let mut first = pin!(tokio::time::timeout_at(deadline, requests.first()));
                tokio::select! {
                    // What has come already is read before the connection ends.
                    biased;
                    first = &mut first => matches!(first, Ok(Ok(()))),
                    () = stop.asked() => verdicts.is_begun() && matches!(first.await, Ok(Ok(()))),
                }
            };
            if !is_there {
                break;
            }
            let service = service_fn(|mut request: Request<Incoming>| {
                if let Some(peer) = self.peer {
                    request.extensions_mut().insert(ConnectInfo(peer));
                }
                request.extensions_mut().insert(caller.clone());
                request.extensions_mut().insert(backoff.clone());
                let (verdict, answering) = verdicts.next().unzip();
                let is_old = request.version() == Version::HTTP_10;
                let (answer, cut) = (self.answer(request, verdict), cut.clone());
                async move {
                    let response = answer.await;
                    if is_old && response.body().size_hint().exact().is_none() {
                        cut.is_the_end_of_the_answer();
                    }
                    Ok::<_, Infallible>(
                        response.map(|body| AnswerBody { body, _answering: answering }),
                    )
                }
            });
            let io = TokioIo::new(&mut requests);
            let connection = Box::pin(self.http.serve_connection(io, service));
            if let Err(error) = converse(connection, &verdicts, &mut stop).await {
                tracing::debug!(%error, "a connection ended early");
                // One whose answer breaks off must not take what it has for the whole.
                if !error.is_timeout() {
                    return;
                }
                break;
            }
            if !requests.is_put_away() {
                break;
            }
        }
        // The stack does not say goodbye to a client that was idle for too long, nor after CONNECT.
        if requests.rests() && !requests.is_shut() && !verdicts.is_begun() {
            let _ = requests.shutdown().await;
        }
    }

    /// Answers a request by what its head was found to be.
    async fn answer(&self, request: Request<Incoming>, verdict: Option<Verdict>) -> Response<Body> {
        let (mut response, is_last) = match verdict {
            Some(Verdict::Serve) => (self.route(request).await, false),
            Some(Verdict::ServeLast) => (self.route(request).await, true),
            Some(Verdict::Refuse(refusal)) => (self.refuse(refusal), true),
            // The stack sees a request where none was given to it: nobody knows whose it is.
            None => (self.refuse(ErrorResponse::request_line()), true),
        };
        if is_last {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }

    async fn route(&self, request: Request<Incoming>) -> Response<Body> {
        if request.version() == Version::HTTP_11 && !names_host(request.headers()) {
            return self.refuse(ErrorResponse::host());
        }
        let Ok(response) = self.router.clone().oneshot(request.map(Body::new)).await;
        response
    }

    /// Counts and logs what reaches no router. The text holds nothing that the client wrote.
    fn refuse(&self, refusal: ErrorResponse) -> Response<Body> {
        let (status, reason) = refusal.said();
        let peer = self.peer.map(tracing::field::display);
        tracing::info!(peer, status, reason, "a request was refused unread");
        self.metrics.answered(status, 0, Duration::ZERO);
        refusal.into_response()
    }

    /// Logs that nothing is served for a reason that an operator may have to mend.
    fn warn(&self, reason: &str) {
        let peer = self.peer.map(tracing::field::display);
        let mut warned = self.warned.lock().unwrap_or_else(PoisonError::into_inner);
        if warned.is_some_and(|at| at.elapsed() < WARN_EVERY) {
            drop(warned);
            tracing::info!(peer, "{reason}");
        } else {
            *warned = Some(Instant::now());
            drop(warned);
            tracing::warn!(peer, "{reason}");
        }
    }

    /// Says why nothing is served, and takes what the client is still sending.
    async fn say<Io>(&self, mut stream: Io, answer: &[u8], status: u16)
    where
        Io: AsyncWrite + Unpin,
    {
        self.metrics.answered(status, 0, Duration::ZERO);
        if stream.write_all(answer).await.is_ok() {
            let _ = stream.shutdown().await;
        }
    }

    /// Says that there is no room, as far as there is room for that.
    async fn turn_away(self, mut stream: TcpStream) {
        self.metrics.turned_away();
        match self.door.clone().try_acquire_owned() {
            Ok(_permit) => {
                let _ = tokio::time::timeout(AT_THE_DOOR, self.say_busy(stream)).await;
            }
            Err(_) if self.tls.is_none() => {
                self.metrics.answered(503, 0, Duration::ZERO);
                let answer = stream.write_all(BUSY);
                let _ = tokio::time::timeout(Duration::from_secs(1), answer).await;
            }
            Err(_) => {}
        }
    }

    async fn say_busy(&self, stream: TcpStream) {
        let stream = Stall::new(stream, self.limits.stall);
        // The request is not read, but for its beginning.
        stream.cut().set();
        let Some(tls) = &self.tls else { return self.say(stream, BUSY, 503).await };
        let Ok(mut stream) = Encrypted::accept(tls, stream).await else { return };
        let mut begin = [0; 1024];
        let _ = tokio::time::timeout(ASKING, stream.read(&mut begin)).await;
        self.say(stream, BUSY, 503).await;
    }
}

/// Lets the stack answer requests until it is done with the connection, which ends after the requests that
/// have come once the server is to stop.
async fn converse<Io, Service>(
    mut connection: Pin<Box<http1::Connection<Io, Service>>>,
    verdicts: &Verdicts,
    stop: &mut Stop,
) -> hyper::Result<()>
where
    Io: hyper::rt::Read + hyper::rt::Write + Unpin,
    Service: HttpService<Incoming, ResBody = AnswerBody>,
    Service::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let mut stopping = pin!(stop.asked());
    let (mut is_asked, mut is_closing) = (false, false);
    poll_fn(|context| {
        loop {
            if let Poll::Ready(ended) = connection.as_mut().poll(context) {
                return Poll::Ready(ended);
            }
            is_asked = is_asked || stopping.as_mut().poll(context).is_ready();
            // A request that has come in part is waited for: the stack knows nothing of it, and
            // would close.
            if !is_asked || is_closing || verdicts.is_begun() {
                return Poll::Pending;
            }
            connection.as_mut().graceful_shutdown();
            is_closing = true;
        }
    })
    .await
}

/// Waits for the first byte. The connection is idle once it is known that none is there yet: the system
/// says so in the next round of the runtime at the earliest.
async fn peek(stream: &TcpStream, first: &mut [u8; 1], seat: &mut Seat) -> io::Result<usize> {
    let mut peeking = pin!(stream.peek(first));
    for round in 0..2 {
        let peeked = poll_fn(|context| Poll::Ready(peeking.as_mut().poll(context))).await;
        if let Poll::Ready(peeked) = peeked {
            return peeked;
        }
        if round == 0 {
            tokio::task::yield_now().await;
        }
    }
    seat.idle();
    peeking.await
}

/// The body of an answer: its request is being answered until this is dropped.
struct AnswerBody {
    body: Body,
    _answering: Option<Answering>,
}

impl HttpBody for AnswerBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// RFC 9112: a request of HTTP/1.1 names its host, once.
fn names_host(headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(HOST).iter();
    let Some(host) = hosts.next() else { return false };
    let authority = host.to_str().ok().and_then(|host| host.parse::<Authority>().ok());
    authority.is_some_and(|authority| !authority.as_str().contains('@')) && hosts.next().is_none()
}

/// Completes once a server is to stop, or to end what it still does.
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
    use tokio::time::{Sleep, sleep};

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
            let began = Instant::now();
            let io = Stall::new(io, limits.stall);
            let (cut, seat) = (io.cut(), connections.room.enter().await.unwrap());
            connections.speak(io, cut, seat, Stop(stopped)).await;
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
        for last in
            ["GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"]
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

    /// Bytes of a head that is not whole do not keep a connection from being the first to go.
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
            let (connections, seat, stop) =
                (connections.clone(), seat.unwrap(), Stop(stopped.clone()));
            tokio::spawn(async move {
                let cut = io.cut();
                tokio::select! {
                    () = seat.closed() => {}
                    () = connections.speak(io, cut, seat, stop) => {}
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
}
