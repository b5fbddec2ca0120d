//! After `kill -9` at any point and the same command again, a store has exactly the records of the file, each
//! once.

#![cfg(unix)]

mod common;
#[path = "../../vcc-store/tests/postgres_server/mod.rs"]
mod postgres_server;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

use common::command::{Ran, command, run};
use tempfile::TempDir;

/// At how many points each kind of import is killed. Long runs set more.
fn points() -> u32 {
    let named = std::env::var("VCC_TEST_KILLS").ok();
    named.map_or(5, |text| text.parse().expect("VCC_TEST_KILLS is a number"))
}

/// Records with keys and without; some come twice, some are in conflict, some cannot be stored.
fn mixed(count: usize) -> String {
    let mut text = "startDate,agentID,transactionID,filename,duration\n".to_owned();
    for n in 0..count {
        let (second, minute) = (n % 60, n / 60 % 60);
        let _ = match n % 10 {
            0..=4 => writeln!(text, "2007-12-19T19:{minute:02}:{second:02}Z,agent{n},,,{}", n % 9),
            5..=6 => writeln!(text, "2007-12-19T19:{minute:02}:{second:02}Z,agent,{n},{n}.wav,27"),
            7 => writeln!(text, "2007-12-19T19:16:36Z,twice,{},,27", n / 30),
            8 => writeln!(text, "2007-12-19T19:16:36Z,agent{n},{},,27", n / 100),
            _ => writeln!(text, "soon,agent{n},,,27"),
        };
    }
    text
}

/// A tenant of a store, with a file to import.
struct Import<'a> {
    store: &'a str,
    tenant: String,
    folder: &'a TempDir,
    options: &'a [&'a str],
}

impl Import<'_> {
    fn arguments(&self) -> Vec<String> {
        let file = self.folder.path().join("a.csv").display().to_string();
        let rejects = self.rejects();
        let own = ["import", "--tenant", &self.tenant, &file, "--reject", &rejects];
        let rest = ["--batch", "300", "--store", self.store];
        [&own[..], &rest, self.options].concat().iter().map(|word| (*word).to_owned()).collect()
    }

    fn rejects(&self) -> String {
        self.folder.path().join(format!("rejects-{}", self.tenant)).display().to_string()
    }

    fn run(&self) -> Ran {
        let arguments = self.arguments();
        run(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// Starts it, and kills it after this time.
    fn killed_after(&self, time: Duration) {
        let arguments = self.arguments();
        let mut command = command(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        let mut child = command.stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(time);
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// What the store has, and what was left out; a reject that was written twice counts once.
    fn outcome(&self) -> (String, BTreeSet<String>) {
        let ran = run(&["export", "--tenant", &self.tenant, "--store", self.store]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let rejects = std::fs::read_to_string(self.rejects()).unwrap();
        // The last line may be cut off, and is then written again.
        let whole = rejects.lines().filter(|line| line.ends_with('}'));
        (ran.stdout, whole.map(str::to_owned).collect())
    }
}

/// Kills one kind of import at many points. Each has a tenant of its own, and a store of its own where it has
/// to be the first.
fn kill(options: &[&str], fresh: impl Fn() -> String) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.csv"), mixed(6_000)).unwrap();
    let add = |store: &str, tenant: &str| {
        let added = run(&["tenant", "add", tenant, "--tz", "UTC", "--store", store]);
        assert_eq!(added.code, 0, "{}", added.stderr);
    };
    let is_first = options.contains(&"--bulk");
    let first = fresh();
    add(&first, "whole");
    let whole = Import { store: &first, tenant: "whole".to_owned(), folder: &folder, options };
    let begun = Instant::now();
    let ran = whole.run();
    let took = begun.elapsed();
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    let expected = whole.outcome();
    assert!(expected.0.lines().count() > 4_000, "{}", ran.stderr);
    let (mut went_on, mut late, mut early) = (0, 0, 0);
    for point in 0..points() {
        let store = if is_first { fresh() } else { first.clone() };
        let tenant = format!("killed-{point}");
        add(&store, &tenant);
        let import = Import { store: &store, tenant, folder: &folder, options };
        import.killed_after(took * (2 * point + 1) / (2 * points()));
        let again = import.run();
        match (again.code, again.stderr.contains("was imported to its end")) {
            (1, true) => late += 1,
            (0 | 3, false) if again.stderr.contains("broken off") => went_on += 1,
            (3, false) => early += 1,
            _ => panic!("point {point}: {}", again.stderr),
        }
        let outcome = import.outcome();
        assert!(outcome.0 == expected.0, "point {point}: {}", again.stderr);
        let differ: Vec<_> = outcome.1.symmetric_difference(&expected.1).take(4).collect();
        assert!(differ.is_empty(), "point {point}: {differ:#?} {}", again.stderr);
        // A completed import is not started again.
        let ran = import.run();
        assert!(ran.code == 1 && ran.stderr.contains("was imported to its end"), "{}", ran.stderr);
        assert!(import.outcome().0 == expected.0, "point {point}");
    }
    let _ = writeln!(
        std::io::stderr().lock(),
        "{options:?}: killed at {} points of {took:?}: {early} before anything was stored, {went_on} in \
         the middle, {late} behind the last record",
        points()
    );
}

const KINDS: [&[&str]; 3] = [&[], &["--update"], &["--bulk"]];

#[test]
fn killed_at_any_point_sqlite() {
    for options in KINDS {
        let folder = tempfile::tempdir().unwrap();
        let number = std::cell::Cell::new(0);
        kill(options, || {
            number.set(number.get() + 1);
            format!("sqlite:{}/{}.db", folder.path().display(), number.get())
        });
    }
}

#[test]
fn killed_at_any_point_postgresql() {
    if postgres_server::database().is_none() {
        return;
    }
    for options in KINDS {
        kill(options, || postgres_server::database().unwrap());
    }
}
