//! Connections within one process.

use std::fmt;

use tokio::io::DuplexStream;
use tokio::sync::watch;

use crate::connection::{Connections, Stop};

/// How many bytes may wait in either direction.
const ON_THE_WAY: usize = 64 * 1024;

/// The API on connections within this process, without sockets. They give the same bytes as a socket would.
/// A test or a simulation with many requests saves the way through the operating system.
///
/// It has the limits of a [`Server`](crate::Server), also for connections. Dropping it closes open
/// connections once they are idle.
///
/// ```
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use std::sync::Arc;
/// use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
/// use vcc_server::Server;
/// use vcc_store::Sqlite;
///
/// let server = Server::builder(Arc::new(Sqlite::in_memory()?)).in_process();
/// let mut connection = server.connect();
/// connection.write_all(b"GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await?;
/// let mut answer = String::new();
/// connection.read_to_string(&mut answer).await?;
/// assert!(answer.starts_with("HTTP/1.1 401 Unauthorized\r\n"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
pub struct InProcess {
    connections: Connections,
    /// Dropping it ends the connections.
    stop: watch::Sender<bool>,
}

impl InProcess {
    pub(crate) fn new(connections: Connections) -> Self {
        Self { connections, stop: watch::Sender::new(false) }
    }

    /// Opens a connection, which a task of the current runtime serves. If there is no room for it, it is
    /// closed at once.
    ///
    /// # Panics
    ///
    /// Outside of a runtime of tokio with a timer.
    #[must_use]
    pub fn connect(&self) -> DuplexStream {
        let (client, io) = tokio::io::duplex(ON_THE_WAY);
        tokio::spawn(self.connections.clone().serve_in_process(io, Stop(self.stop.subscribe())));
        client
    }
}

impl fmt::Debug for InProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InProcess(…)")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use chrono::DateTime;
    use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
    use tokio::net::TcpStream;
    use vcc_store::Sqlite;

    use crate::{Clock, Limits, Server, ServerBuilder};

    fn builder() -> ServerBuilder {
        let store = Arc::new(Sqlite::in_memory().unwrap());
        Server::builder(store).clock(Clock::fixed(DateTime::UNIX_EPOCH))
    }

    /// The answer up to its end, without its date.
    async fn said(mut io: impl AsyncRead + AsyncWrite + Unpin, bytes: &[u8]) -> String {
        // A server may be done before it has all of it.
        let _ = io.write_all(bytes).await;
        let mut said = Vec::new();
        let _ = io.read_to_end(&mut said).await;
        let said = String::from_utf8(said).unwrap();
        let lines = said.split("\r\n").filter(|line| !line.starts_with("date: "));
        lines.collect::<Vec<_>>().join("\r\n")
    }

    #[tokio::test]
    async fn it_says_what_a_socket_gives() {
        let (there, here) = (builder().start("127.0.0.1:0").await.unwrap(), builder().in_process());
        let get = "GET /api/recordings/files HTTP/1.1\r\nHost: x\r\n\r\n";
        let last = get.replace("Host", "Connection: close\r\nHost");
        let long = format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "x".repeat(100_000));
        for (bytes, answers) in [
            (last.clone(), 1),
            (format!("{get}{get}{last}"), 3),
            (last.replace("GET", "HEAD"), 1),
            (last.replace("1.1", "1.0"), 1),
            (last.replace("Host: x", "X: y"), 1),
            ("no request\r\n\r\n".to_owned(), 1),
            (long, 1),
        ] {
            let socket = TcpStream::connect(there.local_addr()).await.unwrap();
            let there = said(socket, bytes.as_bytes()).await;
            assert_eq!(there.matches("content-length: ").count(), answers, "{there}");
            assert_eq!(said(here.connect(), bytes.as_bytes()).await, there);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn it_has_the_limits_of_a_server() {
        let limits = Limits { connections: 1, ..Limits::default() };
        let server = builder().limits(limits).in_process();
        let mut idle = server.connect();
        // By now the server has seen that it is idle.
        tokio::time::sleep(Duration::from_millis(1)).await;
        let mut other = server.connect();
        assert_eq!(idle.read(&mut [0]).await.unwrap(), 0);
        // It waits for a request no longer than a socket would, and no longer than the server exists.
        let began = tokio::time::Instant::now();
        assert_eq!(other.read(&mut [0]).await.unwrap(), 0);
        assert_eq!(began.elapsed().as_secs(), limits.headers.as_secs());
        let mut last = server.connect();
        tokio::time::sleep(Duration::from_millis(1)).await;
        drop(server);
        let began = tokio::time::Instant::now();
        assert_eq!(last.read(&mut [0]).await.unwrap(), 0);
        assert_eq!(began.elapsed(), Duration::ZERO);
    }
}
