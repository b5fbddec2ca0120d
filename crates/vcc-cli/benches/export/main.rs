//! `vcc export` of a million records, compared in one run with:
//!
//! * a Python session of `requests` and `csv` that walks the same days, one page after the other;
//! * the CPU of decoding the same pages and encoding their records alone, in one thread;
//! * the CPU of taking the same pages from sockets alone, without HTTP.
//!
//! `cargo bench -p vcc-cli`. The server is this workspace's on SQLite, in a process of its own on the same
//! machine, with plain HTTP on loopback. Its store is made once, in the folder that `VCC_BENCH_FOLDER` names,
//! or in a temporary one. Python is `VCC_BENCH_PYTHON`, or a virtual environment in that folder with
//! `requests` from PyPI.

#[allow(dead_code, reason = "the bench of the server takes more")]
#[path = "../../../vcc-server/benches/load/data.rs"]
mod data;
mod pages;
#[allow(dead_code, reason = "the bench of the server takes more")]
#[path = "../../../vcc-server/benches/load/process.rs"]
mod process;
mod python;
mod spent;

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use data::{TENANT, TOKEN};
use process::Served;
use spent::Spent;
use vcc_server::Server;
use vcc_store::Sqlite;

/// The first second of the records, and how many days they cover.
const FIRST: &str = "2023-07-22T00:00:00";
const LAST: &str = "2024-09-25T00:00:00";
const DAYS: u32 = 431;
const RECORDS: u64 = 1_000_000;
const ROUNDS: usize = 3;
const CONCURRENCY: usize = 4;
/// How many pages are decoded repeatedly, to measure decoding alone.
const PAGES: usize = 2_000;

fn main() {
    let arguments: Vec<_> = std::env::args().collect();
    match &arguments[..] {
        [_, role, store] if role == "serve" => return serve(Path::new(store)),
        [_, role, base, rounds] if role == "receive" => {
            return pages::receive(base, rounds.parse().expect("a number"));
        }
        _ => {}
    }
    // `cargo test --benches` asks only whether this runs.
    if !arguments.iter().any(|argument| argument == "--bench") {
        return say("run with `cargo bench`: nothing was measured");
    }
    let folder = data::Folder::new();
    let store = folder.store(RECORDS);
    let program = std::env::current_exe().expect("this program has a path");
    let server = Served::start(Command::new(&program).arg("serve").arg(&store));
    let python = python::find(&folder.path("python"));

    let mut whole = Vec::new();
    let mut walked = Vec::new();
    let mut received = Vec::new();
    let out = folder.path("export.csv");
    for round in 0..ROUNDS {
        let before = server.cpu();
        let spent = Spent::by(&mut export(&server, &out));
        let cpu = server.cpu() - before;
        let rows = lines(&out) - 1;
        assert_eq!(rows, RECORDS, "the export is whole");
        say(&format!(
            "round {}: {:.2} s, CPU {:.2} s of the client and {cpu:.2} s of the server, {:.1} MiB",
            round + 1,
            spent.wall,
            spent.cpu,
            spent.peak
        ));
        whole.push(spent);
        received.push(Spent::by(
            Command::new(&program).args(["receive", &server.base]).arg(whole_pages().to_string()),
        ));
        if let Some(python) = &python {
            walked.push(python::walk(python, &server.base, &folder.path("walk.csv")));
        }
    }
    let (whole, received) = (Spent::median(whole), Spent::median(received));
    let rate = RECORDS as f64 / whole.wall;
    let alone = pages::alone(&server.base);
    say("");
    say("| vcc export of 1,000,000 records to CSV, concurrency 4 | | goal |");
    say("|---|---|---|");
    say(&format!("| records a second | {rate:.0} | 150,000 |"));
    if walked.is_empty() {
        say("| ratio to Python | NOT MEASURED: SEE ABOVE | 3 |");
    } else {
        let walked = Spent::median(walked);
        say(&format!(
            "| ratio to requests and csv ({:.0} a second) | {:.1} | 3 |",
            RECORDS as f64 / walked.wall,
            walked.wall / whole.wall
        ));
    }
    let both = alone.decode + alone.encode;
    say(&format!(
        "| client CPU to that of decoding and encoding alone | {:.2} | 3 |",
        whole.cpu / both
    ));
    say(&format!("| peak memory, MiB | {:.1} | 64 |", whole.peak));
    say("");
    say("| client CPU of the whole, s | |");
    say("|---|---|");
    say(&format!("| export | {:.2} |", whole.cpu));
    say(&format!("| decoding the same pages alone | {:.2} |", alone.decode));
    say(&format!("| encoding the same records alone | {:.2} |", alone.encode));
    say(&format!("| SHA-256 of the file | {:.2} |", alone.digest));
    say(&format!("| taking the pages from sockets alone | {:.2} |", received.cpu));
    let rest = whole.cpu - both - alone.digest - received.cpu;
    say(&format!("| the rest: HTTP, the walk, the file, the runtime | {rest:.2} |"));
}

/// How many pages a walk over all records has, without windows.
fn whole_pages() -> u64 {
    RECORDS / 50
}

fn export(server: &Served, out: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vcc"));
    command
        .args(["export", "--tz", "UTC", "--from", FIRST, "--to", LAST, "--overwrite", "--restart"])
        .args(["--progress", "none", "--plain-http", "--url", &server.base, "--tenant", TENANT])
        .args(["--concurrency", &CONCURRENCY.to_string(), "--out"])
        .arg(out)
        .env("VCC_TOKEN", TOKEN)
        .env("VCC_PROFILES", "/nowhere/profiles.toml")
        .stderr(Stdio::null());
    command
}

/// Serves a store until this process is killed.
fn serve(store: &Path) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let store = Sqlite::open(store).expect("a store");
        let server = Server::builder(Arc::new(store)).start("127.0.0.1:0").await.expect("a port");
        say(&format!("http://{}/", server.local_addr()));
        std::future::pending::<()>().await;
    });
}

fn lines(file: &Path) -> u64 {
    let bytes = std::fs::read(file).expect("the file that was made");
    bytes.iter().filter(|byte| **byte == b'\n').count() as u64
}

fn say(line: &str) {
    let mut stdout = std::io::stdout().lock();
    // Perhaps nobody reads it.
    let _ = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
}
