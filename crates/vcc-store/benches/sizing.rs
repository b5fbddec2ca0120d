//! How much room a store needs, and how long the usual work takes, by the number of recordings: the real
//! program as a process of its own, and pages through the library.
//!
//! `cargo bench -p vcc-store --bench sizing -- [sqlite] [postgres] [COUNT …]`; without counts, one
//! million. Ten million need 20 GB of disk. Builds the program first.

mod peak;
#[path = "../tests/postgres_server/mod.rs"]
mod postgres_server;
mod program;
mod subjects;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use tokio::runtime::Runtime;
use vcc_query::Selection;
use vcc_store::{Postgres, Sqlite, Store};
use vcc_types::{Field, Order};

use postgres_server::{Server, psql};
use program::program;
use subjects::{agent, everything, filter, in_earnest, median, window, write_csv};

const SETTINGS: &str =
    "shared_buffers = 1GB\nmax_wal_size = 8GB\nfsync = on\nfull_page_writes = on";

fn main() {
    if !in_earnest() {
        return;
    }
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let asked = |name: &str| {
        let named = arguments.iter().any(|argument| argument == name);
        named || !["sqlite", "postgres"].iter().any(|other| arguments.iter().any(|a| a == other))
    };
    let mut counts: Vec<u64> = arguments.iter().filter_map(|text| text.parse().ok()).collect();
    if counts.is_empty() {
        counts.push(1_000_000);
    }
    let program = program();
    let folder = tempfile::tempdir().unwrap();
    for count in counts {
        let file = folder.path().join(format!("{count}.csv"));
        write_csv(fs::File::create(&file).unwrap(), count).unwrap();
        say(format_args!("{count} recordings, a CSV file of {}", mb(size(&file))));
        if asked("sqlite") {
            SqliteStore { program: &program, folder: folder.path() }.measure(&file, count);
        }
        if asked("postgres") {
            let Some(server) = Server::start(SETTINGS) else { return };
            PostgresStore { program: &program, server }.measure(&file, count);
        }
        fs::remove_file(&file).unwrap();
    }
}

struct SqliteStore<'a> {
    program: &'a Path,
    folder: &'a Path,
}

impl SqliteStore<'_> {
    fn measure(&self, file: &Path, count: u64) {
        let path = self.folder.join("recordings.db");
        let store = format!("sqlite:{}", path.display());
        for (name, options) in [("bulk load", &["--bulk"][..]), ("import", &[])] {
            self.remove();
            add_tenant(self.program, &store);
            let done = self.run(&["import", "--tenant", "acme"], options, &store, Some(file));
            said("SQLite", name, count, &done);
        }
        say(format_args!("SQLite: {}", per_record(size(&path), count)));
        let runtime = Runtime::new().unwrap();
        let opened = Sqlite::create(&path).unwrap();
        pages("SQLite", &runtime, &opened, count);
        drop(opened);
        let backup = self.folder.join("backup.db");
        let done = self.run(&["backup"], &[], &store, Some(&backup));
        said("SQLite", "backup", count, &done);
        say(format_args!("SQLite: the backup is {}", mb(size(&backup))));
        fs::remove_file(&backup).unwrap();
        let one = ["erase", "--tenant", "acme", "--yes", "--agent", "agent007"];
        said("SQLite", "erase of one agent's", count, &self.run(&one, &[], &store, None));
        self.remove();
    }

    fn run(&self, command: &[&str], options: &[&str], store: &str, file: Option<&Path>) -> Done {
        run(self.program, command, options, store, file, || {
            let files = fs::read_dir(self.folder).unwrap().flatten();
            let of_store = files.filter(|file| file.path().extension() != Some("csv".as_ref()));
            of_store.filter_map(|file| Some(file.metadata().ok()?.len())).sum()
        })
    }

    fn remove(&self) {
        for end in ["", "-wal", "-shm", "-journal"] {
            let _ = fs::remove_file(self.folder.join(format!("recordings.db{end}")));
        }
    }
}

struct PostgresStore<'a> {
    program: &'a Path,
    server: Server,
}

impl PostgresStore<'_> {
    fn measure(&self, file: &Path, count: u64) {
        let admin = self.server.url("postgres");
        let store = self.server.url("sizing");
        let bytes = || -> u64 {
            psql(&admin, "SELECT pg_database_size('sizing')").unwrap().parse().unwrap()
        };
        for (name, options) in [("bulk load", &["--bulk"][..]), ("import", &[])] {
            psql(&admin, "DROP DATABASE IF EXISTS sizing WITH (FORCE)").unwrap();
            psql(&admin, "CREATE DATABASE sizing").unwrap();
            psql(&admin, "CHECKPOINT").unwrap();
            add_tenant(self.program, &store);
            let import = ["import", "--tenant", "acme"];
            let done = run(self.program, &import, options, &store, Some(file), bytes);
            said("PostgreSQL", name, count, &done);
            say(format_args!("PostgreSQL: after the {name} {}", per_record(bytes(), count)));
        }
        psql(&store, "VACUUM ANALYZE").unwrap();
        let runtime = Runtime::new().unwrap();
        let opened = runtime.block_on(Postgres::open(&store)).unwrap();
        pages("PostgreSQL", &runtime, &opened, count);
        drop(opened);
        let one = ["erase", "--tenant", "acme", "--yes", "--agent", "agent007"];
        let done = run(self.program, &one, &[], &store, None, bytes);
        said("PostgreSQL", "erase of one agent's", count, &done);
    }
}

fn pages(engine: &str, runtime: &Runtime, store: &dyn Store, count: u64) {
    let tenant = runtime.block_on(store.tenant("acme")).unwrap().unwrap().id;
    let all = everything();
    let day = window(count / 2, count / 2 + 2_787);
    let agents = vec![filter(Field::AgentId, &agent(8))];
    for (name, selection) in [
        ("the first page", all.clone()),
        ("the last page", Selection { first: count - 49, ..all.clone() }),
        ("the newest", Selection { order: Order::StartDescending, ..all.clone() }),
        ("a window of a day", Selection { window: Some(day), ..all.clone() }),
        ("one agent's first page", Selection { filters: agents.clone(), ..all.clone() }),
        ("one agent's n=4,001", Selection { filters: agents, first: 4_001, ..all }),
    ] {
        let mut times = Vec::new();
        for _ in 0..101 {
            let started = Instant::now();
            let page = runtime.block_on(store.page(tenant, &selection)).unwrap();
            times.push(started.elapsed().as_secs_f64() * 1e6);
            assert_eq!(page.records.len(), 50, "{name}");
        }
        let (first, middle) = (times[0], median(&times));
        say(format_args!("{engine}: {name}: {middle:.0} µs, the first time {first:.0} µs"));
    }
}

struct Done {
    seconds: f64,
    /// The most memory that was resident, in MiB.
    memory: f64,
    /// The most bytes of disk.
    disk: u64,
}

fn run(
    program: &Path,
    command: &[&str],
    options: &[&str],
    store: &str,
    file: Option<&Path>,
    disk: impl Fn() -> u64 + Sync,
) -> Done {
    let started = Instant::now();
    let mut child = Command::new(program)
        .args(command)
        .args(options)
        .args(["--store", store])
        .args(file)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let ended = std::sync::atomic::AtomicBool::new(false);
    let (memory, disk, seconds) = std::thread::scope(|scope| {
        let watch = scope.spawn(|| {
            let mut most = 0;
            while !ended.load(std::sync::atomic::Ordering::Relaxed) {
                most = most.max(disk());
                std::thread::sleep(std::time::Duration::from_millis(100));
            }
            most
        });
        let (_, memory) = peak::watched(&mut child);
        let seconds = started.elapsed().as_secs_f64();
        ended.store(true, std::sync::atomic::Ordering::Relaxed);
        (memory, watch.join().unwrap(), seconds)
    });
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Done { seconds, memory, disk }
}

fn add_tenant(program: &Path, store: &str) {
    let added = Command::new(program)
        .args(["tenant", "add", "acme", "--tz", "UTC", "--store", store])
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(added.success());
}

fn said(engine: &str, name: &str, count: u64, done: &Done) {
    say(format_args!(
        "{engine}: {name}: {:.1} s, {:.0} recordings a second, peak RSS {:.0} MiB, at most {} of disk",
        done.seconds,
        count as f64 / done.seconds,
        done.memory,
        mb(done.disk),
    ));
}

fn per_record(bytes: u64, count: u64) -> String {
    format!("{}, {} bytes a recording", mb(bytes), bytes / count)
}

fn size(path: &PathBuf) -> u64 {
    fs::metadata(path).unwrap().len()
}

fn mb(bytes: u64) -> String {
    format!("{} MB", bytes / 1_000_000)
}

fn say(line: std::fmt::Arguments<'_>) {
    writeln!(std::io::stdout().lock(), "{line}").unwrap();
}
