//! How long the whole suite takes, and what it needs: against the embedded server, as a user runs
//! it; and against one server in this process, beside the same requests sent by Hurl and by a
//! session of Python's `requests`, where they are found.
//!
//! `cargo bench -p vcc-conformance --bench speed`

#[path = "../../../crates/vcc-store/benches/peak/mod.rs"]
mod peak;

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use peak::watched;
use vcc_conformance_core::clock;
use vcc_conformance_core::dataset::{self, Tenant};
use vcc_conformance_core::fixture::{self, Case};
use vcc_conformance_core::http::{Endpoint, Limits, TlsOptions};
use vcc_conformance_core::run::{HttpTarget, Options, run};
use vcc_conformance_core::setup::Setup;
use vcc_conformance_core::spec::Spec;
use vcc_conformance_reference::Reference;

const ROUNDS: usize = 7;

fn main() {
    // `cargo test --benches` asks only whether this runs.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    whole("the suite against the embedded server", &[]);
    whole("one case, from the start to the end", &["--filter", "paging/n-1"]);

    let tenants = dataset::embedded(clock::now()).expect("a dataset");
    let reference = Reference::start(&tenants).expect("a server");
    let cases = fixture::embedded().expect("cases");
    let (sent, asked) = suite(&reference, &tenants, &cases, true);
    let requests: Vec<PlainRequest> =
        asked.iter().filter_map(|bytes| PlainRequest::read(bytes)).collect();
    say(format_args!("{sent} requests, of which others are asked to send {}", requests.len()));
    let folder = tempfile::tempdir().expect("a folder");
    let hurl = folder.path().join("requests.hurl");
    std::fs::write(&hurl, hurl_file(&requests, &reference.url())).expect("a file");
    let lines = json_lines(&requests, &reference.url());

    let (mut ours, mut others) = (vec![], [vec![], vec![]]);
    for _ in 0..ROUNDS {
        let started = Instant::now();
        suite(&reference, &tenants, &cases, false);
        ours.push(started.elapsed().as_secs_f64());
        others[0].extend(by_python(&lines));
        others[1].extend(by_hurl(&hurl));
    }
    let ours = median(&mut ours);
    say(format_args!("the suite, judged: {ours:.2} s"));
    for (name, mut times) in ["a session of Python requests", "Hurl"].into_iter().zip(others) {
        if times.is_empty() {
            say(format_args!("{name} IS NOT THERE: that row is missing"));
            continue;
        }
        let theirs = median(&mut times);
        let ratio = ours / theirs;
        say(format_args!("{name}: {theirs:.2} s; the suite {ratio:.2} of it (goal: 0.5)"));
    }
}

/// The program as a process of its own: its time and its memory.
fn whole(title: &str, arguments: &[&str]) {
    let (mut times, mut peak) = (vec![], 0.0_f64);
    for _ in 0..ROUNDS {
        let started = Instant::now();
        let mut child = Command::new(env!("CARGO_BIN_EXE_vcc-conformance"))
            .args(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program");
        let (code, most) = watched(&mut child);
        peak = peak.max(most);
        times.push(started.elapsed().as_secs_f64());
        assert!(code.success(), "{code}");
    }
    let time = median(&mut times) * 1e3;
    say(format_args!("{title}: {time:.0} ms, at most {peak:.0} MiB resident"));
}

/// A run of the suite, with what it sent if a file is named for that.
fn suite(
    reference: &Reference,
    tenants: &[Tenant],
    cases: &[Case],
    keep: bool,
) -> (u64, Vec<Vec<u8>>) {
    let endpoint = Endpoint::parse(&reference.url(), &TlsOptions::default()).expect("a URL");
    let mut setup = Setup::new(tenants.to_vec(), clock::now());
    setup.authority = endpoint.authority();
    let until = Instant::now() + Duration::from_secs(300);
    let stop = Arc::new(AtomicBool::new(false));
    let mut shared = HttpTarget::new(endpoint, Limits::default(), stop, until);
    let sent: Arc<Mutex<Vec<Vec<u8>>>> = Arc::default();
    if keep {
        let sent = sent.clone();
        shared.watch = Some(Box::new(move |_, exchange| {
            sent.lock().expect("no panic").push(exchange.planned.bytes.clone());
        }));
    }
    let options = Options { strict: true, ..Options::default() };
    let report = run(cases, &mut setup, &Spec::embedded(), &shared, &options, &|_| {});
    assert_eq!(report.exit_code(), 0);
    let sent = std::mem::take(&mut *sent.lock().expect("no panic"));
    (report.requests, sent)
}

/// A request that other clients can be asked to send.
struct PlainRequest {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
}

impl PlainRequest {
    fn read(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let (head, body) = text.split_once("\r\n\r\n")?;
        let mut lines = head.split("\r\n");
        let mut words = lines.next()?.split(' ');
        let (method, target, version) = (words.next()?, words.next()?, words.next()?);
        let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
        let known = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"].contains(&method);
        if !known || version != "HTTP/1.1" || !body.is_empty() || !plain(target) {
            return None;
        }
        let headers = lines
            .map(|line| line.split_once(':').map(|(name, value)| (name, value.trim())))
            .collect::<Option<Vec<_>>>()?;
        let theirs = ["host", "connection", "content-length"];
        let headers = headers
            .into_iter()
            .filter(|(name, value)| {
                !theirs.contains(&name.to_ascii_lowercase().as_str())
                    && plain(&value.replace(' ', ""))
            })
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        Some(Self { method: method.to_owned(), target: target.to_owned(), headers })
    }
}

fn json_lines(requests: &[PlainRequest], base: &str) -> String {
    let line = |asked: &PlainRequest| {
        let headers: std::collections::BTreeMap<_, _> = asked.headers.iter().cloned().collect();
        let url = format!("{base}{}", asked.target);
        serde_json::json!([asked.method, url, headers]).to_string() + "\n"
    };
    requests.iter().map(line).collect()
}

fn hurl_file(requests: &[PlainRequest], base: &str) -> String {
    let entry = |asked: &PlainRequest| {
        // What Hurl reads as templates, escapes and comments.
        let escaped = |text: &str| {
            text.replace('\\', "\\\\").replace('#', "\\#").replace("{{", "\\u{7b}\\u{7b}")
        };
        let mut entry = format!("{} {base}{}\n", asked.method, escaped(&asked.target));
        for (name, value) in &asked.headers {
            entry += &format!("{name}: {}\n", escaped(value));
        }
        entry + "HTTP *\n\n"
    };
    requests.iter().map(entry).collect()
}

/// The seconds that Python reports.
fn by_python(lines: &str) -> Option<f64> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/speed.py");
    let mut child = Command::new("python3")
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    child.stdin.take()?.write_all(lines.as_bytes()).ok()?;
    let output = child.wait_with_output().ok()?;
    let said = String::from_utf8(output.stdout).ok()?;
    said.split_whitespace().next()?.parse().ok()
}

/// The seconds of the whole process: it starts at once.
fn by_hurl(file: &Path) -> Option<f64> {
    let started = Instant::now();
    let status = Command::new("hurl")
        .args(["--output", "/dev/null"])
        .arg(file)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .ok()?;
    status.success().then(|| started.elapsed().as_secs_f64())
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

#[allow(clippy::print_stdout, reason = "a benchmark prints")]
fn say(line: std::fmt::Arguments<'_>) {
    println!("{line}");
    let _ = std::io::stdout().flush();
}
