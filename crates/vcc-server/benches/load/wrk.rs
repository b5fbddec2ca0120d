//! `wrk`, the tool that makes the load.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::process::Served;

/// What a run of `wrk` measured.
#[derive(Clone)]
pub(crate) struct Load {
    /// Requests a second.
    pub(crate) requests: f64,
    p50: String,
    p99: String,
    /// Of the server, in microseconds a request.
    pub(crate) cpu: f64,
    /// Of the server after the run, in MiB.
    resident: f64,
    /// The share of answers that are not a page.
    refused: f64,
}

pub(crate) fn is_there() -> bool {
    Command::new("wrk").arg("-v").output().is_ok()
}

type Credentials<'a> = Option<(&'a str, &'a str)>;

pub(crate) fn basic((tenant, token): (&str, &str)) -> String {
    format!("Authorization: Basic {}", BASE64_STANDARD.encode(format!("{tenant}:{token}")))
}

/// Writes a body to a file, and returns its length.
pub(crate) fn fetch(
    server: &Served,
    target: &str,
    credentials: Credentials<'_>,
    into: &Path,
) -> usize {
    let mut stream =
        TcpStream::connect(server.base.trim_start_matches("http://")).expect("a server");
    let authorization = credentials.map(basic).unwrap_or_default();
    write!(
        stream,
        "GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{authorization}\r\n\r\n"
    )
    .expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
    std::fs::write(into, body).expect("a file");
    body.len()
}

impl Load {
    pub(crate) fn run(
        server: &Served,
        target: &str,
        credentials: Credentials<'_>,
        connections: u32,
        seconds: u32,
    ) -> Self {
        let before = server.cpu();
        let mut wrk = Command::new("wrk");
        wrk.args(["-t1", "--latency", "-c", &connections.to_string()]);
        wrk.args(["-d", &format!("{seconds}s"), &format!("{}{target}", server.base)]);
        if let Some(credentials) = credentials {
            wrk.args(["-H", &basic(credentials)]);
        }
        let output = wrk.output().expect("wrk");
        let text = String::from_utf8(output.stdout).expect("text");
        let used = server.cpu() - before;
        let field = |name: &str| {
            let line = text.lines().find(|line| line.trim_start().starts_with(name));
            line.and_then(|line| line.split_whitespace().nth(1)).expect(name).to_owned()
        };
        let total = text.lines().find(|line| line.contains(" requests in ")).expect("a total");
        let total: f64 =
            total.split_whitespace().next().and_then(|total| total.parse().ok()).expect("a number");
        let refused = text
            .lines()
            .find_map(|line| line.trim_start().strip_prefix("Non-2xx or 3xx responses: "));
        let refused: f64 = refused.map_or(0.0, |count| count.trim().parse().expect("a number"));
        Self {
            refused: refused / total,
            requests: field("Requests/sec:").parse().expect("a number"),
            p50: field("50%"),
            p99: field("99%"),
            cpu: used * 1e6 / total,
            resident: server.resident(),
        }
    }

    /// The median run by requests a second, with the CPU of the median run by CPU.
    pub(crate) fn median(runs: &[Self]) -> Self {
        let mut runs = runs.to_vec();
        runs.sort_by(|one, other| one.cpu.total_cmp(&other.cpu));
        let cpu = runs[runs.len() / 2].cpu;
        runs.sort_by(|one, other| one.requests.total_cmp(&other.requests));
        Self { cpu, ..runs.swap_remove(runs.len() / 2) }
    }

    /// A row of the table.
    pub(crate) fn row(&self, name: &str) -> String {
        let Self { requests, p50, p99, cpu, resident, refused } = self;
        // Errors are answered at once, which would make the other figures look better than they are.
        let refused = match *refused {
            0.0 => String::new(),
            share => format!(" ({:.2} % refused)", share * 100.0),
        };
        format!(
            "| {name}{refused} | {requests:.0} | {p50} | {p99} | {cpu:.1} µs | {resident:.0} MiB |"
        )
    }
}
