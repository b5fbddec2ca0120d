//! Clients that only cause work, while the load of others is measured.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::process::Served;
use crate::wrk::basic;

/// Clients that request page after page and read a few bytes a second, until this is dropped.
pub(crate) struct SlowReaders {
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl SlowReaders {
    pub(crate) fn start(
        server: &Served,
        target: &str,
        credentials: (&str, &str),
        count: usize,
    ) -> Self {
        let request = format!("GET {target} HTTP/1.1\r\nHost: x\r\n{}\r\n\r\n", basic(credentials));
        let requests = request.repeat(100);
        let address = server.base.trim_start_matches("http://").to_owned();
        let connect = move || {
            let mut stream = TcpStream::connect(&address).expect("a connection");
            stream.set_nonblocking(true).expect("a socket");
            // As much as the buffer holds.
            let _ = stream.write(requests.as_bytes());
            stream
        };
        let over = Arc::new(AtomicBool::new(false));
        let mut streams: Vec<_> = (0..count).map(|_| connect()).collect();
        let ended = over.clone();
        let thread = std::thread::spawn(move || {
            while !ended.load(Ordering::Relaxed) {
                for stream in &mut streams {
                    // Replaces a connection that the server closed.
                    if matches!(stream.read(&mut [0; 64]), Ok(0)) {
                        *stream = connect();
                    }
                }
                std::thread::sleep(Duration::from_secs(1));
            }
        });
        Self { over, thread: Some(thread) }
    }
}

impl Drop for SlowReaders {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Clients that send requests with a wrong token, one after another, until this is dropped.
pub(crate) struct WrongTokens(Child);

impl WrongTokens {
    pub(crate) fn start(server: &Served, target: &str, tenant: &str, count: u32) -> Self {
        let mut wrk = Command::new("wrk");
        wrk.args(["-t1", "-c", &count.to_string(), "-d", "600s"]);
        wrk.args(["-H", &basic((tenant, "wrong-0000000000000"))]);
        wrk.arg(format!("{}{target}", server.base));
        Self(wrk.stdout(Stdio::null()).spawn().expect("wrk"))
    }
}

impl Drop for WrongTokens {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
