//! Connections: accepted up to a number, encrypted, and closed when nothing moves on them.

mod answer;
mod http;
mod socket;
mod stop;
#[cfg(test)]
mod tests;
mod turn_away;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::TokioTimer;
use tokio::io::DuplexStream;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;

pub(crate) use self::stop::Stop;

use self::turn_away::DOOR;
use crate::room::{Room, Seat};
use crate::stall::Stall;
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
    /// Bounds how many clients are told at once that there is no room.
    door: Arc<Semaphore>,
    /// The address of the client, once there is a connection.
    peer: Option<SocketAddr>,
    /// When the log last warned that a client spoke the wrong protocol.
    warned: Arc<Mutex<Option<Instant>>>,
}

impl Connections {
    pub(crate) fn new(
        router: Router,
        limits: Limits,
        tls: Option<Tls>,
        metrics: Arc<Metrics>,
    ) -> Self {
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new())
            // A client may close its side before it is answered.
            .half_close(true)
            .header_read_timeout(limits.headers)
            // More than the longest head.
            .max_buf_size(256 * 1024);
        let room = Room::new(limits.connections, metrics.clone());
        let door = Arc::new(Semaphore::new(DOOR));
        let warned = Arc::default();
        Self { router, limits, tls, metrics, http, room, door, peer: None, warned }
    }

    /// Accepts connections until it is told to stop, then waits for the busy ones. Afterwards none is
    /// open, so nothing is sent once the audit log has ended.
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
            () = self.serve_socket(stream, seat, stop) => {}
        }
    }

    /// Serves a client that is no socket until it ends, or its server is gone. Nothing is said to one for
    /// whom there is no room.
    pub(crate) async fn serve_in_process(self, io: DuplexStream, stop: Stop) {
        let Some(seat) = self.room.enter().await else { return self.metrics.turned_away() };
        let _open = self.metrics.connection();
        let (io, closed) = (Stall::new(io, self.limits.stall), seat.closed());
        let cut = io.cut();
        tokio::select! {
            biased;
            () = closed => {}
            () = self.serve_http(io, cut, seat, stop) => {}
        }
    }
}
