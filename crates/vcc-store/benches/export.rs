//! How fast `vcc-server export` writes a million recordings, and how much memory that needs: the real
//! program as a process of its own, from its start to its end. Builds it first.
//!
//! `cargo bench -p vcc-store --bench export`, with `-- postgres` or `-- sqlite` for one of the two. It
//! compares the CPU time of the process, user and system, since other programs may use the machine too. For
//! PostgreSQL that is only the client's part, so the elapsed time is printed beside it.

mod peak;
#[path = "../tests/postgres_server/mod.rs"]
mod postgres_server;
mod program;
mod subjects;

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use peak::watched;
use program::program;
use subjects::{fill, in_earnest, median};
use vcc_store::{Postgres, Sqlite, Store};

/// The goal: records a second, from SQLite to CSV.
const GOAL: f64 = 500_000.0;

const RECORDS: u64 = 1_000_000;

fn main() {
    if !in_earnest() {
        return;
    }
    let rounds = std::env::var("ROUNDS").map_or(5, |rounds| rounds.parse().unwrap());
    let program = program();
    let asked = |name: &str| {
        let mut some =
            std::env::args().filter(|argument| ["sqlite", "postgres"].contains(&&**argument));
        some.next().is_none_or(|first| first == name || some.any(|argument| argument == name))
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    if asked("sqlite") {
        let path = folder.path().join("recordings.db");
        let store: Box<dyn Store> = Box::new(Sqlite::create(&path).unwrap());
        runtime.block_on(fill(&*store, "acme", RECORDS));
        drop(store);
        measure("SQLite", &program, &format!("sqlite:{}", path.display()), rounds);
    }
    if asked("postgres")
        && let Some(url) = postgres_server::database()
    {
        let store = runtime.block_on(Postgres::open(&url)).unwrap();
        runtime.block_on(fill(&store, "acme", RECORDS));
        measure("PostgreSQL", &program, &url, rounds);
    }
}

fn measure(engine: &str, program: &Path, store: &str, rounds: usize) {
    let formats = ["csv", "xml", "jsonl"];
    // The formats take turns, so that other load on the machine falls on all of them.
    let runs: Vec<[Run; 3]> =
        (0..rounds).map(|_| formats.map(|format| export(program, store, format))).collect();
    let mut report = std::io::stdout().lock();
    for (index, format) in formats.iter().enumerate() {
        let of = |what: fn(&Run) -> f64| {
            median(&runs.iter().map(|runs| what(&runs[index])).collect::<Vec<_>>())
        };
        let a_second = |seconds: f64| RECORDS as f64 / seconds;
        let goal = match (engine, *format) {
            ("SQLite", "csv") => format!(" (goal: {GOAL})"),
            _ => String::new(),
        };
        writeln!(
            report,
            "{engine} to {format}: {:.0} records a second of CPU{goal}, {:.0} a second, peak RSS {:.1} MiB",
            a_second(of(|run| run.cpu)),
            a_second(of(|run| run.took)),
            of(|run| run.peak),
        )
        .unwrap();
    }
}

/// Seconds of CPU and of the clock, and the most memory that was resident, in MiB.
struct Run {
    cpu: f64,
    took: f64,
    peak: f64,
}

fn export(program: &Path, store: &str, format: &str) -> Run {
    let (before, started) = (cpu_of_children(), Instant::now());
    let mut child = Command::new(program)
        .args(["export", "--tenant", "acme", "--format", format, "--store", store])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (_, peak) = watched(&mut child);
    let took = started.elapsed().as_secs_f64();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.starts_with("exported 1,000,000 recordings"), "{said}");
    Run { cpu: cpu_of_children() - before, took, peak }
}

/// Seconds of CPU of the children that have ended, user and system, in steps of a hundredth.
fn cpu_of_children() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let after_name = stat.rsplit_once(')').unwrap().1;
    // The name is the second of them, and theirs are the sixteenth and the seventeenth.
    let ticks = after_name.split_whitespace().skip(13).take(2);
    ticks.map(|ticks| ticks.parse::<f64>().unwrap()).sum::<f64>() / 100.0
}
