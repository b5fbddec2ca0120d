use std::future::{Future as _, poll_fn};
use std::io;
use std::pin::pin;
use std::sync::PoisonError;
use std::task::Poll;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::Instant;

use super::{Connections, Stop};
use crate::encrypted::Encrypted;
use crate::room::Seat;
use crate::stall::Stall;

/// How often clients of the wrong protocol cause a warning. A port scan must not fill the log.
const WARN_EVERY: Duration = Duration::from_secs(60);

/// REQ-4, to a client that speaks plain HTTP to a port of HTTPS.
const SPEAK_HTTPS: &[u8] = b"HTTP/1.1 400 Bad Request\r\n\
    Content-Type: text/plain; charset=utf-8\r\nContent-Length: 49\r\nConnection: close\r\n\r\n\
    This port speaks HTTPS: use https:// in the URL.\n";

/// To a client that speaks TLS to a port of plain HTTP. No TLS library reads it, but most recognize
/// plain HTTP and say so. A TLS alert would look like a disagreement about versions or ciphers.
const SPEAK_HTTP: &[u8] = b"HTTP/1.1 400 Bad Request\r\n\
    Content-Type: text/plain; charset=utf-8\r\nContent-Length: 53\r\nConnection: close\r\n\r\n\
    This port speaks plain HTTP: use http:// in the URL.\n";

/// The type of the first TLS record of a client.
const HANDSHAKE: u8 = 22;

impl Connections {
    pub(super) async fn serve_socket(&self, stream: TcpStream, mut seat: Seat, mut stop: Stop) {
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
            return self.serve_http(stream, cut, seat, stop).await;
        };
        seat.idle();
        // The beginning of any method, or of an empty line before it.
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
                self.serve_http(stream, cut, seat, stop).await;
            }
            Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
            Err(_) => tracing::debug!("a TLS handshake took too long"),
        }
    }

    /// Logs why a client is not served, if an operator may have to fix something.
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
}

/// Waits for the first byte. The connection counts as idle once it is clear that no byte is there yet,
/// which takes a round of the runtime.
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
