//! How fast `vcc-server import` loads a CSV file into SQLite and into PostgreSQL, and how much memory
//! that needs: the real program as a process of its own, from its start to its end. Builds it first.
//!
//! `cargo bench -p vcc-store --bench ingest`, and with `-- postgres` or `-- sqlite` one of the two. `BASE`
//! may name another build of the program, which then takes turns with this one on PostgreSQL.

mod into_postgres;
mod peak;
#[path = "../tests/postgres_server/mod.rs"]
mod postgres_server;
mod program;
mod subjects;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use peak::watched;
use program::program;
use subjects::{in_earnest, median, write_csv};

fn main() {
    if !in_earnest() {
        return;
    }
    let rounds = std::env::var("ROUNDS").map_or(3, |rounds| rounds.parse().unwrap());
    let program = program();
    let folder = tempfile::tempdir().unwrap();
    let [small, large] = [100_000, 1_000_000].map(|count| {
        let path = folder.path().join(format!("{count}.csv"));
        write_csv(std::fs::File::create(&path).unwrap(), count).unwrap();
        (count, path)
    });
    let asked = |name: &str| {
        let names = ["sqlite", "postgres"];
        let some = std::env::args().any(|argument| names.contains(&argument.as_str()));
        !some || std::env::args().any(|argument| argument == name)
    };
    if asked("sqlite") {
        into_sqlite(&program, rounds, [&small, &large]);
    }
    if asked("postgres") {
        into_postgres::measure(&program, rounds, large.0, &large.1);
    }
}

fn into_sqlite(program: &Path, rounds: usize, files: [&(u64, PathBuf); 2]) {
    let mut report = std::io::stdout().lock();
    for (title, options) in [("with all indexes", &[][..]), ("--bulk", &["--bulk"])] {
        for (count, file) in files {
            let mut runs: Vec<_> = (0..rounds).map(|_| import(program, file, options)).collect();
            let rates: Vec<_> =
                runs.iter().map(|run| *count as f64 / run.took.as_secs_f64()).collect();
            let peaks: Vec<_> = runs.iter().map(|run| run.peak).collect();
            writeln!(
                report,
                "{title}: {count} records, {:.0} a second (from {:.0} to {:.0}), peak RSS {:.1} MiB, {}",
                median(&rates),
                rates.iter().copied().fold(f64::INFINITY, f64::min),
                rates.iter().copied().fold(0.0, f64::max),
                median(&peaks),
                runs.pop().unwrap().said,
            )
            .unwrap();
        }
    }
}

struct Run {
    took: Duration,
    /// The most memory that was resident, in MiB.
    peak: f64,
    said: String,
}

fn import(program: &Path, file: &Path, options: &[&str]) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let store = format!("sqlite:{}", folder.path().join("recordings.db").display());
    let added = Command::new(program)
        .args(["tenant", "add", "acme", "--tz", "UTC", "--store", &store])
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(added.success());
    let started = Instant::now();
    let mut child = Command::new(program)
        .args(["import", "--tenant", "acme", "--store", &store])
        .args(options)
        .arg(file)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (_, peak) = watched(&mut child);
    let took = started.elapsed();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8_lossy(&output.stderr).trim().replace('\n', "; ");
    Run { took, peak, said }
}
