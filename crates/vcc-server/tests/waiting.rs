//! Commands that write wait for other writers: a process that holds the lock, an import, a bulk load.

mod common;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStderr, ChildStdin, Stdio};

use common::command::{Folder, command};
use rusqlite::Connection;

/// A command that runs while others do.
struct Running {
    child: Child,
    said: BufReader<ChildStderr>,
}

impl Running {
    fn start(folder: &Folder, arguments: &[&str]) -> Self {
        let mut child = command(&[arguments, &["--store", &folder.store]].concat())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(child.stderr.take().unwrap());
        Self { child, said }
    }

    fn stdin(&mut self) -> ChildStdin {
        self.child.stdin.take().unwrap()
    }

    /// The next line that it prints.
    fn line(&mut self) -> String {
        let mut line = String::new();
        self.said.read_line(&mut line).unwrap();
        line
    }

    /// The exit code, and what is printed until then.
    fn end(mut self) -> (i32, String) {
        let mut rest = String::new();
        self.said.read_to_string(&mut rest).unwrap();
        (self.child.wait().unwrap().code().unwrap(), rest)
    }
}

const HEADER: &str = "startDate,agentID\n";
const ROWS: &str = "2007-12-19T19:16:36Z,bill\n";

/// Each waits, and says so; all succeed once the lock is free.
#[test]
fn every_command_that_writes_waits_for_another_writer() {
    let folder = Folder::new();
    let tokens = ["token", "new", "acme"];
    for _ in 0..2 {
        assert_eq!(folder.run(&tokens).code, 0);
    }
    for name in ["globex", "initech"] {
        assert_eq!(folder.run(&["tenant", "add", name, "--tz", "UTC"]).code, 0);
    }
    let file = folder.write("a.csv", &format!("{HEADER}{ROWS}"));
    let holder = Connection::open(folder.path("recordings.db")).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut commands: Vec<_> = [
        &["token", "revoke", "acme", "1"][..],
        &tokens,
        &["tenant", "add", "hooli", "--tz", "UTC"],
        &["tenant", "set", "acme", "--tz", "UTC"],
        &["tenant", "remove", "globex", "--yes"],
        &["import", "--tenant", "acme", &file],
        &["purge", "--tenant", "acme", "--before", "2000-01-01"],
        &["erase", "--tenant", "acme", "--agent", "mary"],
    ]
    .iter()
    .map(|arguments| Running::start(&folder, arguments))
    .collect();
    let path = folder.path("recordings.db");
    let waiting = format!("waiting for another writer of {}, for up to 60 s …\n", path.display());
    for running in &mut commands {
        let mut line = running.line();
        if line.starts_with("afterwards the file is rewritten: ") {
            line = running.line();
        }
        assert_eq!(line, waiting);
    }
    holder.execute_batch("COMMIT").unwrap();
    for running in commands {
        let (code, said) = running.end();
        assert_eq!(code, 0, "{said}");
        assert!(!said.contains("waiting"), "{said}");
    }
    let left = folder.run(&["token", "list", "acme"]).stdout;
    let numbers: Vec<_> = left.lines().map(|line| line.trim().split(' ').next().unwrap()).collect();
    assert_eq!(numbers, ["2", "3"]);
}

/// A bulk load needs an empty store, so it waits alone.
#[test]
fn a_bulk_load_waits_for_another_writer() {
    let folder = Folder::new();
    let file = folder.write("a.csv", &format!("{HEADER}{ROWS}"));
    let holder = Connection::open(folder.path("recordings.db")).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut load = Running::start(&folder, &["import", "--tenant", "acme", "--bulk", &file]);
    assert!(load.line().starts_with("waiting for another writer of "));
    holder.execute_batch("COMMIT").unwrap();
    let (code, said) = load.end();
    assert_eq!(code, 0, "{said}");
}

/// The file never ends, so the import does not either, until the token is revoked.
fn revoked_during(options: &[&str]) {
    let folder = Folder::new();
    assert_eq!(folder.run(&["token", "new", "acme"]).code, 0);
    let arguments = ["import", "--tenant", "acme", "--batch", "2000", "-"];
    let mut import = Running::start(&folder, &[&arguments, options].concat());
    let mut source = import.stdin();
    let (done, is_done) = std::sync::mpsc::channel::<()>();
    let (began, has_begun) = std::sync::mpsc::channel();
    let feeding = std::thread::spawn(move || {
        source.write_all(HEADER.as_bytes()).unwrap();
        let rows = ROWS.repeat(2_000);
        let mut batches = 0_u64;
        while is_done.try_recv() == Err(std::sync::mpsc::TryRecvError::Empty) {
            source.write_all(rows.as_bytes()).unwrap();
            batches += 1;
            // One batch is stored, one waits, one is being made, and one is in the pipe.
            if batches == 6 {
                began.send(()).unwrap();
            }
        }
        batches
    });
    has_begun.recv().unwrap();
    let revoked = folder.run(&["token", "revoke", "acme", "1"]);
    drop(done);
    let batches = feeding.join().unwrap();
    // A message about waiting would come first.
    assert!(revoked.stderr.starts_with("revoked token 1 of acme\n"), "{}", revoked.stderr);
    assert_eq!(revoked.code, 0);
    let (code, said) = import.end();
    assert_eq!(code, 0, "{said}");
    let tenants = folder.run(&["tenant", "list"]).stdout;
    let records = (batches * 2_000).to_string();
    assert!(tenants.replace(',', "").contains(&records), "{records}: {tenants}");
}

#[test]
fn a_token_is_revoked_between_the_batches_of_an_import() {
    revoked_during(&[]);
}

#[test]
fn a_token_is_revoked_between_the_batches_of_a_bulk_load() {
    revoked_during(&["--bulk"]);
}
