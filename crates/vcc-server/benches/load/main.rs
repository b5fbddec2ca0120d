//! `vcc-server serve` under load, from a second process, beside its peers in one run:
//!
//! * a bare axum handler that returns the same bytes from memory, in a process of its own;
//! * bare SQL through the same driver, with encoding, in this process, on one thread;
//! * Datasette on the same file, if it is installed.
//!
//! Then alone: quiet, and beside clients that only cause work (slow readers, wrong tokens), with audit log
//! and log on.
//!
//! `cargo bench -p vcc-server --bench load [-- million]`, with `wrk` on the path, and `datasette` for
//! that row. Each round measures every subject in turn, so that other load on the machine falls on all of
//! them; medians are printed. `million` adds a run of a million requests, for the memory. The store of
//! a million records is made once, in the folder that `VCC_BENCH_FOLDER` names, or in a temporary one.

mod bare;
mod crowd;
mod data;
mod process;
mod wrk;

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crowd::{SlowReaders, WrongTokens};
use data::{TENANT, TOKEN, WINDOW, WINDOW_MICROS};
use process::Served;
use wrk::Load;

const ROUNDS: usize = 7;
const SECONDS: u32 = 4;
const CONNECTIONS: u32 = 16;

fn main() {
    let arguments: Vec<_> = std::env::args().collect();
    if let [_, role, file, kind] = &arguments[..]
        && role == "bare-axum"
    {
        return bare::axum(Path::new(file), kind);
    }
    // `cargo test --benches` asks only whether this runs.
    let measured = arguments.iter().any(|argument| argument == "--bench");
    let folder = data::Folder::new();
    let store = folder.store(if measured { 1_000_000 } else { 1_000 });
    if !measured {
        return say("run with `cargo bench`: nothing was measured");
    }
    if !wrk::is_there() {
        return say("`wrk` IS NOT ON THE PATH: NOTHING WAS MEASURED");
    }
    let million = arguments.iter().any(|argument| argument == "million");
    say(&format!("{ROUNDS} rounds of {SECONDS} s, {CONNECTIONS} connections, one thread of wrk\n"));
    say("| page of 50 of 1,000,000 | requests/s | p50 | p99 | server CPU a request | resident |");
    say("|---|---|---|---|---|---|");

    let server = Served::start(
        Command::new(env!("CARGO_BIN_EXE_vcc-server"))
            .args(["serve", "--insecure-http", "--listen", "127.0.0.1:0", "--store"])
            .arg(format!("sqlite:{}", store.display())),
    );
    let datasette = process::datasette(&store);
    if datasette.is_none() {
        say("`datasette` IS NOT ON THE PATH: that row is missing");
    }
    for (format, kind) in [("csv", "text/csv"), ("xml", "application/xml")] {
        let target = format!("/api/recordings/files.{format}?{WINDOW}");
        let credentials = Some((TENANT, TOKEN));
        let body = folder.path(&format!("body.{format}"));
        let length = wrk::fetch(&server, &target, credentials, &body);
        let memory = Served::start(
            Command::new(std::env::current_exe().expect("this program has a path"))
                .arg("bare-axum")
                .arg(&body)
                .arg(kind),
        );
        let other = (format == "csv").then_some(datasette.as_ref()).flatten();
        let (mut ours, mut bare, mut peer, mut cpu) = (vec![], vec![], vec![], vec![]);
        for _ in 0..ROUNDS {
            ours.push(Load::run(&server, &target, credentials, CONNECTIONS, SECONDS));
            cpu.push(bare::sql(&store, format, WINDOW_MICROS));
            bare.push(Load::run(&memory, "/", None, CONNECTIONS, SECONDS));
            if let Some(datasette) = other {
                peer.push(Load::run(
                    datasette,
                    &data::datasette_query(),
                    None,
                    CONNECTIONS,
                    SECONDS,
                ));
            }
        }
        let ours = Load::median(&ours);
        let bare = Load::median(&bare);
        cpu.sort_by(f64::total_cmp);
        let cpu = cpu[cpu.len() / 2];
        say(&ours.row(&format!("vcc-server, {format}, {length} bytes")));
        say(&bare.row(&format!("bare axum, the same bytes, {format}")));
        say(&format!("| bare SQL and encoding, {format} | | | | {cpu:.1} µs | |"));
        say(&format!(
            "| ratios, {format} (goal) | {:.2} of bare axum (0.25) | | | {:.2} of bare SQL (2) | |",
            ours.requests / bare.requests,
            ours.cpu / cpu
        ));
        if !peer.is_empty() {
            let peer = Load::median(&peer);
            say(&peer.row(&format!("Datasette, {format}")));
            let ratio = ours.requests / peer.requests;
            say(&format!("| ratio to Datasette, {format} (goal) | {ratio:.0} (25) | | | | |"));
        }
    }
    crowded(&folder, &store, &server);
    if million {
        let target = format!("/api/recordings/files.csv?{WINDOW}");
        let mut asked = 0.0;
        while asked < 1e6 {
            let load = Load::run(&server, &target, Some((TENANT, TOKEN)), CONNECTIONS, 20);
            asked += load.requests * 20.0;
            say(&load.row(&format!("vcc-server after {:.1} million more", asked / 1e6)));
        }
    }
}

/// The same page beside clients that only cause work, and with both logs on. Each is measured in turn with
/// the quiet server.
fn crowded(folder: &data::Folder, store: &Path, server: &Served) {
    let target = format!("/api/recordings/files.csv?{WINDOW}");
    let credentials = (TENANT, TOKEN);
    let audited = Served::start(
        Command::new(env!("CARGO_BIN_EXE_vcc-server"))
            .args(["serve", "--insecure-http", "--listen", "127.0.0.1:0", "--log", "info"])
            .arg("--audit")
            .arg(folder.path("audit.jsonl"))
            .arg("--store")
            .arg(format!("sqlite:{}", store.display()))
            .stderr(Stdio::null()),
    );
    let run = |server| Load::run(server, &target, Some(credentials), CONNECTIONS, SECONDS);
    let [mut quiet, mut slow, mut wrong, mut written] = [vec![], vec![], vec![], vec![]];
    for _ in 0..ROUNDS {
        quiet.push(run(server));
        let readers = SlowReaders::start(server, &target, credentials, 200);
        slow.push(run(server));
        drop(readers);
        let flood = WrongTokens::start(server, &target, TENANT, 400);
        wrong.push(run(server));
        drop(flood);
        written.push(run(&audited));
    }
    for (name, runs) in [
        ("vcc-server, csv, quiet", &quiet),
        ("beside 200 slow readers", &slow),
        ("beside 400 connections with wrong tokens", &wrong),
        ("with the audit and a log of each request", &written),
    ] {
        say(&Load::median(runs).row(name));
    }
}

#[allow(clippy::print_stdout, reason = "a benchmark prints")]
fn say(line: &str) {
    println!("{line}");
    let _ = std::io::stdout().flush();
}
