use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::Connections;
use crate::encrypted::Encrypted;
use crate::stall::Stall;

/// STATUS-1: the answer to a client for which there is no connection left.
const BUSY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\n\
    Content-Type: text/plain; charset=utf-8\r\nContent-Length: 49\r\nConnection: close\r\n\r\n\
    The server is overloaded. Try again in a moment.\n";

/// How many clients are told at once that there is no room, and how long that may take. Beyond that, a
/// client of HTTPS is just closed.
pub(super) const DOOR: usize = 64;
const AT_THE_DOOR: Duration = Duration::from_secs(5);

/// How long to wait for the request of an HTTPS client after its handshake before it is told that there
/// is no room. Some clients cannot read an answer that comes before they have asked.
const ASKING: Duration = Duration::from_secs(1);

impl Connections {
    /// Says that there is no room, if few enough clients are being told so.
    pub(super) async fn turn_away(self, mut stream: TcpStream) {
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
        // Only the beginning of the request is read.
        stream.cut().set();
        let Some(tls) = &self.tls else { return self.say(stream, BUSY, 503).await };
        let Ok(mut stream) = Encrypted::accept(tls, stream).await else { return };
        let mut begin = [0; 1024];
        let _ = tokio::time::timeout(ASKING, stream.read(&mut begin)).await;
        self.say(stream, BUSY, 503).await;
    }

    /// Says why nothing is served, and reads what the client is still sending.
    pub(super) async fn say<Io>(&self, mut stream: Io, answer: &[u8], status: u16)
    where
        Io: AsyncWrite + Unpin,
    {
        self.metrics.answered(status, 0, Duration::ZERO);
        if stream.write_all(answer).await.is_ok() {
            let _ = stream.shutdown().await;
        }
    }
}
