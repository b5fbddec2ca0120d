//! Servers as processes, and what the system says of them. Linux only.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A server that is stopped when this is dropped.
pub(crate) struct Served {
    child: Child,
    /// Such as `http://127.0.0.1:8080`.
    pub(crate) base: String,
}

impl Served {
    /// Starts a server that says on stdout where it listens.
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("a server");
        let mut lines = BufReader::new(child.stdout.take().expect("its stdout")).lines();
        let line = lines.next().expect("a line").expect("text");
        let from = line.find("http://").expect("a URL");
        let end = line[from + 7..].find('/').map_or(line.len(), |end| from + 7 + end);
        Self { child, base: line[from..end].to_owned() }
    }

    /// Seconds of CPU so far.
    pub(crate) fn cpu(&self) -> f64 {
        cpu(&self.child.id().to_string())
    }

    /// Resident memory, in MiB.
    pub(crate) fn resident(&self) -> f64 {
        let status = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(status).expect("Linux");
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("a size");
        let kib: f64 =
            line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).expect("KiB");
        kib / 1024.0
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Seconds of CPU that a process has used, in user mode and in the system, with all its threads.
pub(crate) fn cpu(process: &str) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).expect("Linux");
    // The program's name, in parentheses, may contain spaces.
    let fields = stat.rsplit(')').next().expect("fields").split_whitespace();
    let ticks: f64 = fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum();
    ticks / 100.0
}

/// Datasette on the store, if it is installed.
pub(crate) fn datasette(store: &Path) -> Option<Served> {
    let port = std::net::TcpListener::bind("127.0.0.1:0").ok()?.local_addr().ok()?.port();
    let child = Command::new("datasette")
        .arg("serve")
        .arg(store)
        .args(["--host", "127.0.0.1", "--setting", "force_https_urls", "off"])
        .args(["--port", &port.to_string()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let served = Served { child, base: format!("http://127.0.0.1:{port}") };
    let patience = Instant::now() + Duration::from_secs(60);
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        if Instant::now() > patience {
            return None;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Some(served)
}
