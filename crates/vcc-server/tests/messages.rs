//! What the commands say where something is wrong: `messages.txt` has command lines, everything that each
//! prints, and its exit code.

#![cfg(target_os = "linux")]

mod common;

use std::fmt::Write as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use common::command::command;
use rusqlite::Connection;
use tempfile::TempDir;

/// A folder with a store, and with files that are not stores.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let added =
        in_folder(command(&[]), folder.path(), "tenant add acme --tz UTC --store sqlite:rec.db");
    assert!(added.ends_with("[0]\n"), "{added}");
    for (name, text) in [
        ("text.db", "This is a text, and it is longer than the head of a database is.".repeat(9)),
        ("empty.db", String::new()),
        ("left.db-wal", "x".to_owned()),
        ("used.db-wal", "x".to_owned()),
        ("a.csv", "startDate\n2007-12-19T19:16:36Z\n".to_owned()),
        ("typo.toml", "lisen = \"postgres://vcc:sesame@db\"\n".to_owned()),
        ("type.toml", "store = \"sqlite:rec.db\"\ndeadline = \"x\"\n".to_owned()),
        ("quote.toml", "store = \"postgres://vcc:sesame@db\n".to_owned()),
        ("silent.toml", "log = \"info\"\n".to_owned()),
        ("wrong.toml", "store = \"mysql://vcc:sesame@db\"\n".to_owned()),
        ("good.toml", "store = \"sqlite:rec.db\"\n".to_owned()),
    ] {
        std::fs::write(path(name), text).unwrap();
    }
    Connection::open(path("other.db")).unwrap().execute_batch("CREATE TABLE t (c)").unwrap();
    for name in ["newer.db", "locked.db", "damaged.db", "used.db"] {
        std::fs::copy(path("rec.db"), path(name)).unwrap();
    }
    let newer = Connection::open(path("newer.db")).unwrap();
    newer.pragma_update(None, "user_version", 99).unwrap();
    let mut bytes = std::fs::read(path("damaged.db")).unwrap();
    bytes[100..4_000].fill(7);
    std::fs::write(path("damaged.db"), bytes).unwrap();
    folder
}

/// Runs a command line, and returns what it prints and its exit code.
fn in_folder(mut command: Command, folder: &Path, line: &str) -> String {
    let words = line.split_whitespace().map(|word| if word == "''" { "" } else { word });
    let ran = command
        .args(words)
        .current_dir(folder)
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    let mut said = String::from_utf8(ran.stdout).unwrap();
    said += &String::from_utf8(ran.stderr).unwrap();
    let _ = writeln!(said, "[{}]", ran.status.code().unwrap());
    said
}

/// The commands of a table, and what each should print.
fn cases(table: &str) -> impl Iterator<Item = (&str, &str)> {
    table.split("$ vcc-server ").skip(1).map(|case| case.split_once('\n').unwrap())
}

#[test]
fn every_message_is_one_that_helps() {
    let folder = folder();
    // A transaction that writes, and does not end.
    let locked = Connection::open(folder.path().join("locked.db")).unwrap();
    locked.execute_batch("BEGIN IMMEDIATE").unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let busy = listener.local_addr().unwrap().to_string();
    let mut all = String::new();
    for (line, _) in cases(include_str!("messages.txt")) {
        let said = in_folder(command(&[]), folder.path(), &line.replace("BUSY", &busy));
        let _ = write!(all, "$ vcc-server {line}\n{}", said.replace(&busy, "BUSY"));
        assert!(!said.contains("sesame"), "a password in: {said}");
    }
    if std::env::var_os("VCC_PRINT_MESSAGES").is_some() {
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/messages.txt"), &all).unwrap();
    }
    for ((line, said), (_, expected)) in cases(&all).zip(cases(include_str!("messages.txt"))) {
        assert_eq!(said, expected, "{line}");
    }
}

/// Root may write everywhere: then the table runs as another user.
#[test]
fn what_may_not_be_touched_is_said() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    let is_root = std::fs::metadata("/proc/self").unwrap().uid() == 0;
    let program = path("vcc-server");
    std::fs::copy(env!("CARGO_BIN_EXE_vcc-server"), &program).unwrap();
    std::fs::copy(path("rec.db"), path("secret.db")).unwrap();
    std::fs::copy(path("rec.db"), path("mine.db")).unwrap();
    for (name, mode) in
        [("rec.db", 0o444), ("mine.db", 0o666), ("secret.db", 0o000), ("vcc-server", 0o755)]
    {
        std::fs::set_permissions(path(name), PermissionsExt::from_mode(mode)).unwrap();
    }
    std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o555)).unwrap();
    for (line, said) in [
        (
            "tenant list --store sqlite:secret.db",
            "error: secret.db: cannot open the store: Permission denied (os error 13)\n \
             hint: run this as a user that may\n[1]\n",
        ),
        // Commands that only read work without permission to write.
        ("tenant list --store sqlite:rec.db", "acme  UTC  0  0\n[0]\n"),
        (
            "tenant add b --tz UTC --store sqlite:rec.db",
            "error: rec.db is read-only: this user may not write it\n \
             hint: run this as a user that may write both\n[1]\n",
        ),
        (
            "import --tenant acme a.csv --store sqlite:rec.db",
            "error: rec.db is read-only: this user may not write it\n \
             hint: run this as a user that may write both\n[1]\n",
        ),
        (
            "tenant add b --tz UTC --store sqlite:mine.db",
            "error: mine.db is read-only: this user may not write its folder\n \
             hint: run this as a user that may write both\n[1]\n",
        ),
        (
            "tenant add acme --tz UTC --store sqlite:new.db",
            "error: new.db: cannot open the store: the folder . cannot be written\n \
             hint: run this as a user that may write it\n[1]\n",
        ),
        (
            "serve --tls-cert secret.db --tls-key secret.db",
            "error: cannot read secret.db: Permission denied (os error 13)\n[1]\n",
        ),
    ] {
        let mut command = Command::new(&program);
        if is_root {
            command.uid(65_534).gid(65_534);
        }
        command.env_clear();
        assert_eq!(in_folder(command, folder.path(), line), said, "{line}");
    }
    std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
}
