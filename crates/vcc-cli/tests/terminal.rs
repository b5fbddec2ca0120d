//! Where the command runs: pipes that close, cron, containers, terminals of any width.
#![cfg(unix)]

mod common;

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};

use common::{Folder, Service, TENANT, TOKEN, calls, page, run, vcc};

fn service(count: usize) -> Service {
    let list = calls(count, 10);
    Service::start(move |asked| page(&list, asked))
}

#[test]
fn a_pipe_that_closes_ends_a_command_quietly() {
    let service = service(4_000);
    let folder = Folder::new("pipe");
    let (code, stdout, _) =
        run(vcc(&folder, service.url()).args(["list", "--all", "", "--format", "xml"]));
    assert_eq!(code, 0);
    fs::write(folder.join("list.xml"), stdout).unwrap();
    let table: [&[&str]; 12] = [
        &["list", "--all", ""],
        &["list", "--all", "", "--format", "csv"],
        &["list", "--all", "", "--format", "xml"],
        &["list", "--all", "", "--format", "jsonl"],
        &["list", "--all", "", "--format", "json"],
        &["decode", "list.xml", "--quiet"],
        &["decode", "list.xml", "--quiet", "--to", "jsonl"],
        &["explain", "d=2007-11-04&tz=America/New_York"],
        &["url", "d=today"],
        &["completions", "bash"],
        &["man"],
        &["--help"],
    ];
    for args in table {
        // A reader that reads one byte, and one that never existed.
        for taken in [1, 0] {
            let mut command = vcc(&folder, service.url());
            let mut child =
                command.args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
            let mut stdout = child.stdout.take().unwrap();
            stdout.read_exact(&mut vec![0; taken]).unwrap();
            drop(stdout);
            let ended = child.wait_with_output().unwrap();
            let stderr = String::from_utf8(ended.stderr).unwrap();
            assert_eq!((ended.status.code(), stderr.as_str()), (Some(0), ""), "{args:?}");
        }
    }
}

#[test]
fn a_disk_that_is_full_is_an_error() {
    let Ok(full) = fs::OpenOptions::new().write(true).open("/dev/full") else { return };
    let service = service(400);
    let folder = Folder::new("full");
    for args in [
        ["list", "--all", "", "--format", "csv"].as_slice(),
        &["list", "--all", ""],
        &["explain", "d=today"],
        &["url", "d=today"],
    ] {
        let mut command = vcc(&folder, service.url());
        let stdout = full.try_clone().unwrap();
        let ended = command.args(args).stdout(stdout).stderr(Stdio::piped()).output().unwrap();
        let stderr = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(1), "{args:?}: {stderr}");
        assert!(stderr.contains("cannot write: No space left on device"), "{args:?}: {stderr}");
    }
}

/// As cron and containers run it: without a terminal, without a home, with a minimal environment.
fn alone(folder: &Folder, service: &Service) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vcc"));
    command
        .env_clear()
        .env("VCC_URL", service.url())
        .env("VCC_TENANT", TENANT)
        .env("VCC_TOKEN", TOKEN)
        .env("VCC_PLAIN_HTTP", "true")
        .current_dir(&**folder)
        .stdin(Stdio::null());
    command
}

#[test]
fn it_runs_without_a_terminal_and_without_a_home() {
    let service = service(120);
    let folder = Folder::new("cron");
    fs::create_dir(folder.join("locked")).unwrap();
    fs::write(folder.join("file"), "").unwrap();
    fs::set_permissions(folder.join("locked"), fs::Permissions::from_mode(0o000)).unwrap();
    // Another user's home, a file as home, no home.
    let locked = folder.join("locked");
    let file = folder.join("file");
    for home in [None, Some(locked.as_path()), Some(file.as_path()), Some("/dev/null".as_ref())] {
        let command = || {
            let mut command = alone(&folder, &service);
            home.map(|home| command.env("HOME", home));
            command
        };
        let (code, stdout, stderr) = run(command().args(["list", "--all", "", "--format", "csv"]));
        assert_eq!((code, stderr.as_str()), (0, ""), "{home:?}");
        assert_eq!(stdout.lines().count(), 121);
        let export = ["export", "--from", "2007", "--to", "2008", "--tz", "UTC", "--out"];
        let (code, stdout, stderr) = run(command().args(export).args(["a.csv", "--overwrite"]));
        assert_eq!((code, stdout.as_str()), (0, ""), "{stderr}");
        let said: Vec<_> = stderr.lines().collect();
        assert_eq!(said.len(), 1, "{stderr}");
        assert!(said[0].starts_with("a.csv: 120 records of 2007-01-01T00:00:00Z to "), "{stderr}");
        let (code, stdout, stderr) = run(command().args(["explain", "d=2007"]));
        assert_eq!((code, stderr.as_str()), (0, ""));
        assert!(!stdout.contains('\u{1b}'));
        // There is no terminal to ask on.
        let (code, _, stderr) = run(command().args(["list"]).env_remove("VCC_TOKEN"));
        assert_eq!(code, 2);
        assert!(stderr.contains("no token for acme"), "{stderr}");
    }
    fs::set_permissions(folder.join("locked"), fs::Permissions::from_mode(0o700)).unwrap();
    let mut login = alone(&folder, &service);
    let (code, _, stderr) = run(login.arg("login").env("HOME", "/dev/null"));
    assert_eq!(code, 2);
    assert!(stderr.contains("/dev/null/.config/vcc/profiles.toml: Not a directory"), "{stderr}");
    let mut login = alone(&folder, &service);
    login.arg("login").env("VCC_PROFILES", "new.toml").env_remove("VCC_URL");
    let (code, _, stderr) = run(&mut login);
    assert_eq!(code, 2);
    assert!(stderr.contains("--url is missing, and there is no terminal to ask at"), "{stderr}");
    // A file that is named has to exist.
    let mut named = alone(&folder, &service);
    let (code, _, stderr) = run(named.arg("list").env("VCC_PROFILES", "file/profiles.toml"));
    assert_eq!(code, 2);
    assert!(stderr.contains("file/profiles.toml: Not a directory"), "{stderr}");
}

#[test]
fn a_terminal_gets_a_table_that_fits_and_colours_unless_it_says_no() {
    let service = service(3);
    let folder = Folder::new("terminal");
    let shown = |columns, variables: &[(&str, &str)]| {
        let mut command = vcc(&folder, service.url());
        for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"] {
            command.env_remove(name);
        }
        command.args(["list", ""]).env("TERM", "xterm").envs(variables.iter().copied());
        common::at_a_terminal(&command, columns, |_| {})
    };
    for columns in [200, 80, 60, 47] {
        let Some(coloured) = shown(columns, &[]) else { return };
        assert!(coloured.contains("\u{1b}["), "{coloured:?}");
        let plain = shown(columns, &[("NO_COLOR", "1")]).unwrap();
        assert!(!plain.contains('\u{1b}'), "{plain:?}");
        for text in plain.lines().map(|line| line.trim_end_matches('\r')) {
            assert!(text.chars().count() <= usize::from(columns), "{columns}: {text}");
        }
        assert_eq!(plain.lines().count(), 4, "{plain}");
        assert_eq!(plain.contains('…'), columns < 100, "{plain}");
    }
    // Narrower than its columns can be: no panic, and no endless loop.
    for columns in [0, 1, 10] {
        assert_eq!(shown(columns, &[("TERM", "dumb")]).unwrap().lines().count(), 4);
    }
}
