//! The same into PostgreSQL, on servers of its own, beside a bare `COPY` of the rows in the server's own
//! format into a table without indexes.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::peak::watched;
use crate::postgres_server::{Server, psql};
use crate::subjects::median;

const SERVERS: [(&str, &str); 2] = [
    ("fsync off", "shared_buffers = 1GB\nmax_wal_size = 8GB"),
    ("fsync on", "shared_buffers = 1GB\nmax_wal_size = 8GB\nfsync = on\nfull_page_writes = on"),
];

const COLUMNS: &str =
    "tenant, id, start, finish, seconds, agent_id, phone_number, channel, case_id,
    duration, filename, queue_id, queue_name, account_number, transaction_id, ext_var1, ext_var2,
    out_dial_code, wrap_up_code";

pub(crate) fn measure(program: &Path, rounds: usize, count: u64, file: &Path) {
    let base = std::env::var_os("BASE").map(PathBuf::from);
    let mut report = std::io::stdout().lock();
    for (settings, more) in SERVERS {
        let Some(server) = Server::start(more) else { return };
        let server = Running::new(server);
        let mut ways =
            vec![("with all indexes", program, &[][..]), ("--bulk", program, &["--bulk"])];
        if let Some(base) = &base {
            ways.insert(0, ("BASE, with all indexes", base, &[][..]));
        }
        // In turns, so that other load on the machine falls on all alike.
        let mut runs: Vec<Vec<Run>> = ways.iter().map(|_| Vec::new()).collect();
        let mut copies = Vec::new();
        for _ in 0..rounds {
            for ((_, program, options), runs) in ways.iter().zip(&mut runs) {
                runs.push(server.import(program, file, options));
            }
            copies.push(server.bare_copy());
        }
        let each = |figures: &[f64]| median(figures) * 1e6 / count as f64;
        let seconds = |took: &Duration| took.as_secs_f64();
        let bare: Vec<_> = copies.iter().map(seconds).collect();
        writeln!(
            report,
            "PostgreSQL, {settings}, a bare COPY of these rows without indexes: {:.0} a second",
            count as f64 / median(&bare),
        )
        .unwrap();
        for ((title, _, _), mut runs) in ways.into_iter().zip(runs) {
            let took: Vec<_> = runs.iter().map(|run| seconds(&run.took)).collect();
            let rates: Vec<_> = took.iter().map(|took| count as f64 / took).collect();
            let ratios: Vec<_> = bare.iter().zip(&took).map(|(bare, took)| bare / took).collect();
            let of = |figure: fn(&Run) -> f64| runs.iter().map(figure).collect::<Vec<_>>();
            let (client, backend) = (of(|run| run.client), of(|run| run.server));
            writeln!(
                report,
                "PostgreSQL, {settings}, {title}: {count} records, {:.0} a second (from {:.0} to {:.0}), \
                 {:.3} of the bare COPY, CPU a record {:.1} us client and {:.1} us server, peak RSS \
                 {:.1} MiB, {}",
                median(&rates),
                rates.iter().copied().fold(f64::INFINITY, f64::min),
                rates.iter().copied().fold(0.0, f64::max),
                median(&ratios),
                each(&client),
                each(&backend),
                median(&of(|run| run.peak)),
                runs.pop().unwrap().said,
            )
            .unwrap();
        }
    }
}

struct Run {
    took: Duration,
    /// CPU seconds of the program, and of the server's processes.
    client: f64,
    server: f64,
    peak: f64,
    said: String,
}

struct Running {
    server: Server,
    /// The server's main process, the parent of all others.
    process: u32,
    folder: tempfile::TempDir,
}

impl Running {
    fn new(server: Server) -> Self {
        let file = psql(&server.url("postgres"), "SELECT pg_read_file('postmaster.pid')").unwrap();
        let process = file.lines().next().unwrap().trim().parse().unwrap();
        Self { server, process, folder: tempfile::tempdir().unwrap() }
    }

    fn import(&self, program: &Path, file: &Path, options: &[&str]) -> Run {
        let admin = self.server.url("postgres");
        psql(&admin, "DROP DATABASE IF EXISTS ingest WITH (FORCE)").unwrap();
        psql(&admin, "CREATE DATABASE ingest").unwrap();
        psql(&admin, "CHECKPOINT").unwrap();
        let store = self.server.url("ingest");
        let added = Command::new(program)
            .args(["tenant", "add", "acme", "--tz", "UTC", "--store", &store])
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert!(added.success());
        let (client, server) = (children(), self.processors());
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
        let (client, server) = (children() - client, self.processors() - server);
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let said = String::from_utf8_lossy(&output.stderr).trim().replace('\n', "; ");
        Run { took, client, server, peak, said }
    }

    /// The rows that the last import left, into a table without indexes.
    fn bare_copy(&self) -> Duration {
        let url = self.server.url("ingest");
        let rows = self.folder.path().join("rows");
        let rows = rows.display();
        let columns = COLUMNS.replace('\n', " ");
        psql(&url, &format!("\\copy recordings ({columns}) TO '{rows}' (FORMAT binary)")).unwrap();
        psql(&url, "DROP TABLE IF EXISTS bare").unwrap();
        psql(&url, "CREATE TABLE bare (LIKE recordings)").unwrap();
        psql(&url, "CHECKPOINT").unwrap();
        let started = Instant::now();
        psql(&url, &format!("\\copy bare ({columns}) FROM '{rows}' (FORMAT binary)")).unwrap();
        started.elapsed()
    }

    /// CPU seconds of all the server's processes so far.
    fn processors(&self) -> f64 {
        let mut sum = ticks(self.process).map_or(0, |ticks| ticks.ended);
        for entry in std::fs::read_dir("/proc").unwrap().flatten() {
            let process = entry.file_name().to_str().and_then(|name| name.parse().ok());
            let process = process.and_then(ticks).filter(|of| of.parent == self.process);
            sum += process.map_or(0, |of| of.own);
        }
        sum as f64 / TICKS
    }
}

/// CPU seconds of the child processes that have ended.
fn children() -> f64 {
    ticks(std::process::id()).map_or(0, |ticks| ticks.ended) as f64 / TICKS
}

/// Ticks in a second, on every Linux.
const TICKS: f64 = 100.0;

struct Ticks {
    parent: u32,
    own: u64,
    /// Those of its processes that have ended.
    ended: u64,
}

fn ticks(process: u32) -> Option<Ticks> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name of the program may hold spaces.
    let fields: Vec<_> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |at: usize| fields.get(at)?.parse::<u64>().ok();
    Some(Ticks {
        parent: number(1)? as u32,
        own: number(11)? + number(12)?,
        ended: number(13)? + number(14)?,
    })
}
