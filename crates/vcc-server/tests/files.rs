//! The files that commands make: who may read them, whatever the umask; what is left when a backup or a restore
//! is killed, or runs at the same time as another; and names that are not UTF-8.

#![cfg(target_os = "linux")]

mod common;

use std::ffi::{OsStr, OsString};
use std::fs::Permissions;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use common::command::{Folder, Serving, command, run};
use rusqlite::{Connection, OpenFlags};

const HEADER: &str = "startDate,agentID,transactionID,filename,duration\n";

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o7777
}

/// A command under a umask.
fn under(umask: &str, arguments: &[&str]) -> Command {
    let program = command(arguments);
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("umask {umask}; exec \"$0\" \"$@\"")]);
    shell.arg(program.get_program()).args(program.get_args());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell
}

#[test]
fn files_are_for_their_owner_alone_whatever_the_umask() {
    for umask in ["000", "022", "077"] {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let text = |name: &str| path(name).to_str().unwrap().to_owned();
        let done = |arguments: &[&str], code: i32| {
            let ran = under(umask, arguments).output().unwrap();
            let said = String::from_utf8_lossy(&ran.stderr);
            assert_eq!(ran.status.code(), Some(code), "{arguments:?}: {said}");
        };
        let store = format!("sqlite:{}", text("recordings.db"));
        done(&["tenant", "add", "acme", "--tz", "UTC", "--store", &store], 0);
        std::fs::write(path("a.csv"), HEADER.to_owned() + "never,bill,1,a,1\n").unwrap();
        // A file that exists keeps its mode.
        for kept in ["kept.jsonl", "kept.pem"] {
            std::fs::write(path(kept), "").unwrap();
            std::fs::set_permissions(path(kept), Permissions::from_mode(0o644)).unwrap();
        }
        for rejects in ["rejects.jsonl", "kept.jsonl"] {
            let (file, rejects) = (text("a.csv"), text(rejects));
            let import = ["import", "--tenant", "acme", &file, "--reject", &rejects];
            done(&[&import[..], &["--store", &store]].concat(), 3);
        }
        done(&["backup", &text("backup.db"), "--store", &store], 0);
        let restored = format!("sqlite:{}", text("restored.db"));
        done(&["restore", &text("backup.db"), "--store", &restored], 0);
        for certificate in ["certificate.pem", "kept.pem"] {
            let serving = Serving::of(under(
                umask,
                &[
                    &["serve", "--listen", "127.0.0.1:0", "--store", &store][..],
                    &["--tls-self-signed", "--tls-self-signed-cert", &text(certificate)],
                    &["--audit", &text("audit.jsonl")],
                ]
                .concat(),
            ));
            for made in ["recordings.db", "recordings.db-wal", "recordings.db-shm"] {
                assert_eq!(mode(&path(made)), 0o600, "{made} under {umask}");
            }
            drop(serving);
        }
        for made in ["rejects.jsonl", "backup.db", "restored.db", "certificate.pem", "audit.jsonl"]
        {
            assert_eq!(mode(&path(made)), 0o600, "{made} under {umask}");
        }
        for kept in ["kept.jsonl", "kept.pem"] {
            assert_eq!(mode(&path(kept)), 0o644, "{kept} under {umask}");
        }
    }
}

/// A store that takes a moment to copy.
fn large() -> Folder {
    let folder = Folder::new();
    let rows = (0..10_000).map(|n| format!("2007-12-19T19:16:36Z,bill,{n},a.wav,27\n"));
    let file = folder.write("a.csv", &(HEADER.to_owned() + &rows.collect::<String>()));
    let imported = folder.import(&[&file]);
    assert_eq!(imported.code, 0, "{}", imported.stderr);
    folder
}

/// Whether a file is a store with all records.
fn is_whole(path: &Path) -> bool {
    // Opening it read-only would leave files beside it.
    let reader = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap();
    let found: String =
        reader.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap_or_default();
    let count = "SELECT count(*) FROM recordings";
    found == "ok" && reader.query_row(count, [], |row| row.get(0)) == Ok(10_000)
}

/// Removes a store and the files beside it: a process that is killed after it has named the store may leave a
/// journal.
fn remove(path: &Path) {
    for side in ["", "-journal", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(side);
        let _ = std::fs::remove_file(name);
    }
}

/// The names in a folder that begin with this.
fn names(folder: &Folder, start: &str) -> Vec<String> {
    let entries = folder.path("").read_dir().unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().to_str().unwrap().to_owned());
    let mut names: Vec<_> = names.filter(|name| name.starts_with(start)).collect();
    names.sort();
    names
}

fn quiet(arguments: &[&str]) -> Child {
    command(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

#[test]
fn what_is_killed_leaves_no_file_of_the_name_that_is_not_whole() {
    let folder = large();
    let backup = folder.path("backup.db");
    let made = folder.run(&["backup", backup.to_str().unwrap()]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    for (what, name) in [("backup", "copy.db"), ("restore", "restored.db")] {
        let path = folder.path(name);
        let (file, store) = (path.to_str().unwrap(), format!("sqlite:{}", path.display()));
        let arguments = match what {
            "backup" => ["backup", file, "--store", &folder.store],
            _ => ["restore", backup.to_str().unwrap(), "--store", &store],
        };
        let began = Instant::now();
        assert!(quiet(&arguments).wait().unwrap().success());
        let takes = began.elapsed();
        let (mut cut, mut whole) = (0, 0);
        const KILLS: u32 = 20;
        for kill in 0..KILLS {
            remove(&path);
            let mut child = quiet(&arguments);
            std::thread::sleep(takes * kill / KILLS);
            child.kill().unwrap();
            child.wait().unwrap();
            if path.exists() {
                assert!(is_whole(&path), "{what}, kill {kill}");
                whole += 1;
            } else {
                cut += 1;
                let partial = folder.path(&format!("{name}.partial"));
                assert!(!partial.exists() || mode(&partial) == 0o600, "{what}, kill {kill}");
            }
        }
        assert!(cut > 0, "{what}: {cut} were cut, {whole} were whole");
        // The next one removes what is left of them.
        remove(&path);
        let made = command(&arguments).output().unwrap();
        assert!(made.status.success(), "{what}: {}", made.stderr.escape_ascii());
        assert!(is_whole(&path));
        assert_eq!(names(&folder, name), [name]);
    }
}

#[test]
fn of_processes_that_copy_to_one_name_one_does() {
    let folder = large();
    for round in 0..3 {
        let name = format!("{round}.db");
        let path = folder.path(&name);
        let mut racing: Vec<_> = (0..5)
            .map(|_| {
                command(&["backup", path.to_str().unwrap(), "--store", &folder.store])
                    .stderr(Stdio::piped())
                    .spawn()
                    .unwrap()
            })
            .collect();
        let mut codes = Vec::new();
        for one in racing.drain(..) {
            let ended = one.wait_with_output().unwrap();
            let said = String::from_utf8(ended.stderr).unwrap();
            match ended.status.code() {
                Some(0) => {}
                _ => assert!(
                    said.contains("another process is making ") || said.contains(" exists already"),
                    "{said}"
                ),
            }
            codes.push(ended.status.code().unwrap());
        }
        codes.sort_unstable();
        assert_eq!(codes, [0, 1, 1, 1, 1]);
        assert!(is_whole(&path));
        assert_eq!(names(&folder, &name), [name]);
    }
}

/// The log of a killed server, whose store was removed.
#[test]
fn a_restore_beside_the_log_of_a_server_that_was_killed() {
    let folder = Folder::new();
    let backup = folder.path("backup.db").to_str().unwrap().to_owned();
    assert_eq!(folder.run(&["backup", &backup]).code, 0);
    let mut serving = Serving::start(&[
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--insecure-http",
        "--store",
        &folder.store,
    ]);
    let file = folder.write("a.csv", &(HEADER.to_owned() + "2007-12-19T19:16:36Z,bill,1,a,1\n"));
    assert_eq!(folder.import(&[&file]).code, 0);
    // An import moves the log to the file at its end; a small change stays in the log.
    assert_eq!(folder.run(&["token", "new", "acme"]).code, 0);
    serving.child.kill().unwrap();
    serving.child.wait().unwrap();
    let (path, log) = (folder.path("recordings.db"), folder.path("recordings.db-wal"));
    std::fs::remove_file(&path).unwrap();
    let left = std::fs::read(&log).unwrap();
    let refused = folder.run(&["restore", &backup]);
    assert_eq!(refused.code, 1);
    assert_eq!(
        refused.stderr,
        format!(
            "error: {} is left of a store that {} was, and would be read as part of a new one\n \
             hint: put the file of that store back beside them, or remove them if nobody wants what \
             they hold\n",
            log.display(),
            path.display()
        )
    );
    assert!(std::fs::read(&log).unwrap() == left && !path.exists());
    std::fs::remove_file(log).unwrap();
    let restored = folder.run(&["restore", &backup]);
    assert_eq!(restored.code, 0, "{}", restored.stderr);
    assert_eq!(names(&folder, "recordings.db"), ["recordings.db"]);
    assert_eq!(folder.run(&["tenant", "list"]).stdout, "acme  America/Los_Angeles  0  0\n");
}

#[test]
fn a_backup_on_a_medium_that_cannot_be_written() {
    let folder = Folder::new();
    let medium = folder.path("medium");
    std::fs::create_dir(&medium).unwrap();
    let backup = medium.join("backup.db").to_str().unwrap().to_owned();
    assert_eq!(folder.run(&["backup", &backup]).code, 0);
    let (program, to) = (folder.path("vcc-server"), folder.path("to"));
    std::fs::copy(env!("CARGO_BIN_EXE_vcc-server"), &program).unwrap();
    std::fs::create_dir(&to).unwrap();
    for (path, mode) in [
        (PathBuf::from(&backup), 0o444),
        (medium, 0o555),
        (folder.path(""), 0o755),
        (program.clone(), 0o755),
        (to.clone(), 0o777),
    ] {
        std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }
    let store = format!("sqlite:{}", to.join("recordings.db").display());
    let mut restore = Command::new(&program);
    restore.args(["restore", &backup, "--store", &store]).env_clear();
    // Root may write anywhere.
    if std::os::unix::fs::MetadataExt::uid(&std::fs::metadata("/proc/self").unwrap()) == 0 {
        std::os::unix::process::CommandExt::uid(&mut restore, 65_534);
    }
    let ended = restore.output().unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    assert_eq!(
        run(&["tenant", "list", "--store", &store]).stdout,
        "acme  America/Los_Angeles  0  0\n"
    );
}

#[test]
fn names_that_are_not_utf_8() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &[u8]| folder.path().join(OsStr::from_bytes(name));
    let url = |name: &[u8]| {
        let path = path(name).into_os_string().into_vec();
        OsString::from_vec([&b"sqlite:"[..], &path].concat())
    };
    let done = |arguments: &[&OsStr], variable: Option<&OsStr>| {
        let mut command = command(&[]);
        if let Some(url) = variable {
            command.env("VCC_STORE", url);
        }
        let ran = command.args(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&ran.stderr);
        assert!(ran.status.success(), "{arguments:?}: {said}");
        String::from_utf8(ran.stdout).unwrap()
    };
    let (store, restored) = (url(b"\xff\xfe.db"), url(b"restored\x80.db"));
    let backup = path(b"backup\xc0.db");
    let o = OsStr::new;
    done(&[o("tenant"), o("add"), o("acme"), o("--tz"), o("UTC"), o("--store"), &store], None);
    done(&[o("backup"), backup.as_os_str()], Some(&store));
    done(&[o("restore"), backup.as_os_str(), o("--store"), &restored], None);
    for store in [&store, &restored] {
        assert_eq!(done(&[o("tenant"), o("list")], Some(store)), "acme  UTC  0  0\n");
    }
    let mut names: Vec<_> =
        folder.path().read_dir().unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    let wanted = [&b"backup\xc0.db"[..], b"restored\x80.db", b"\xff\xfe.db"];
    assert_eq!(names, wanted.map(OsStr::from_bytes));
    let mut serve = command(&["serve", "--listen", "127.0.0.1:0", "--insecure-http"]);
    serve.env("VCC_STORE", &store);
    let serving = Serving::of(serve);
    assert!(serving.get(common::FILES, "acme", "wrong").starts_with("HTTP/1.1 403"));
}
