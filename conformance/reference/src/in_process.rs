//! The reference server on connections within this process: each is served on the thread of the
//! client that waits for it.

use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio::runtime::Runtime;
use vcc_conformance_core::http::{Dial, Link};
use vcc_server::{InProcess, ServerBuilder};

/// A server that works while one of its clients waits.
pub(crate) struct InProcessReference {
    server: InProcess,
    runtime: Arc<Runtime>,
}

impl InProcessReference {
    pub(crate) fn new(builder: ServerBuilder) -> io::Result<Self> {
        // Nobody listens, so only the time can end the wait.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        Ok(Self { server: builder.in_process(), runtime: Arc::new(runtime) })
    }
}

impl Dial for InProcessReference {
    fn dial(&self) -> io::Result<Box<dyn Link>> {
        let _guard = self.runtime.enter();
        let stream = self.server.connect();
        Ok(Box::new(Connection { stream, timeout: Duration::MAX, runtime: self.runtime.clone() }))
    }
}

/// The client's end.
struct Connection {
    stream: DuplexStream,
    timeout: Duration,
    runtime: Arc<Runtime>,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").finish_non_exhaustive()
    }
}

impl Connection {
    fn wait(
        &mut self,
        what: impl AsyncFnOnce(&mut DuplexStream) -> io::Result<usize>,
    ) -> io::Result<usize> {
        let work = async { tokio::time::timeout(self.timeout, what(&mut self.stream)).await };
        self.runtime.block_on(work).unwrap_or_else(|_| Err(ErrorKind::TimedOut.into()))
    }
}

impl Read for Connection {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.wait(async |stream| stream.read(into).await)
    }
}

impl Write for Connection {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.wait(async |stream| stream.write(bytes).await)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Link for Connection {
    fn set_timeout(&mut self, timeout: Duration) {
        self.timeout = timeout;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;

    use vcc_conformance_core::http::{Body, Client, Endpoint, Limits, Trouble};
    use vcc_server::Server;
    use vcc_store::Sqlite;

    use super::*;

    fn client(deadline: Duration) -> Client {
        let store = Arc::new(Sqlite::in_memory().unwrap());
        let server = InProcessReference::new(Server::builder(store)).unwrap();
        let endpoint = Endpoint::dialled(Arc::new(server));
        assert_eq!((endpoint.base().as_str(), endpoint.https), ("http://localhost", false));
        let limits = Limits { deadline, ..Limits::default() };
        Client::new(Arc::new(endpoint), limits, Arc::new(AtomicBool::new(false)))
    }

    /// Answers, connections that are kept and that end, and a server that waits for more.
    #[test]
    fn a_client_finds_what_it_finds_on_a_socket() {
        let mut client = client(Duration::from_secs(60));
        let get = "GET /api/recordings/files HTTP/1.1\r\nHost: localhost\r\n\r\n";
        let last = get.replace("Host", "Connection: close\r\nHost");
        let (get, last) = (get.as_bytes(), last.as_bytes());
        for (requests, connections) in [(vec![get], 1), (vec![get, get, last], 1), (vec![get], 2)] {
            let requests: Vec<_> = requests.iter().map(|bytes| (*bytes, Body::AsSaid)).collect();
            for answer in client.exchange_all(&requests) {
                assert_eq!(answer.unwrap().status, 401);
            }
            assert_eq!(client.connections, connections);
        }
    }

    #[test]
    fn a_server_that_says_nothing_is_waited_for_no_longer_than_a_socket() {
        let mut client = client(Duration::from_millis(20));
        let answer = client.exchange(b"GET / HTTP/1.1\r\nHost: x\r\n", Body::AsSaid);
        assert!(matches!(answer, Err(Trouble::TimedOut(_))), "{answer:?}");
    }
}
