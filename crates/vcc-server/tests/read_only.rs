//! A store that cannot be written is served: one that is closed, one that another process writes at the same
//! time, and a backup. The file or its folder lacks permission, or the file system is read-only.

#![cfg(target_os = "linux")]

mod common;

use std::fs::Permissions;
use std::io::Read as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use common::FILES;
use common::command::{Folder, Serving, run};

/// A folder with a store and a token, and the program at a place where every user may run it.
struct Stage {
    folder: Folder,
    token: String,
}

/// Why the store cannot be written.
#[derive(Clone, Copy, Debug)]
enum Way {
    /// Another user owns it and its folder.
    Denied,
    /// Another user owns it; everyone may write to its folder.
    OpenFolder,
    /// Its file system is mounted read-only.
    Mounted,
}

impl Stage {
    fn new() -> Self {
        let folder = Folder::new();
        let made = folder.run(&["token", "new", "acme"]);
        let stage = Self { folder, token: made.stdout.trim().to_owned() };
        std::fs::copy(env!("CARGO_BIN_EXE_vcc-server"), stage.path("vcc-server")).unwrap();
        stage.chmod("", 0o755);
        stage.chmod("vcc-server", 0o755);
        std::fs::create_dir(stage.path("stores")).unwrap();
        for name in ["recordings.db", "backup.db"] {
            let stores = stage.path("stores").join(name);
            let backup = stores.to_str().unwrap().to_owned();
            assert_eq!(stage.folder.run(&["backup", &backup]).code, 0);
        }
        // A store in WAL mode, unlike a backup.
        stage.import("first");
        stage
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path(name)
    }

    fn store(&self) -> String {
        format!("sqlite:{}", self.path("stores/recordings.db").display())
    }

    fn chmod(&self, name: &str, mode: u32) {
        std::fs::set_permissions(self.path(name), Permissions::from_mode(mode)).unwrap();
    }

    /// Adds a recording, as a user who may write.
    fn import(&self, agent: &str) {
        let text =
            format!("startDate,agentID,transactionID\n2007-12-19T19:16:36Z,{agent},{agent}\n");
        let file = self.folder.write("a.csv", &text);
        let imported = run(&["import", "--tenant", "acme", &file, "--store", &self.store()]);
        assert_eq!(imported.code, 0, "{}", imported.stderr);
    }

    /// Adds a tenant, which stays in the log. An import would move it to the file at its end.
    fn fill_log(&self) {
        let added = run(&["tenant", "add", "globex", "--tz", "UTC", "--store", &self.store()]);
        assert_eq!(added.code, 0, "{}", added.stderr);
        assert!(log(self).metadata().unwrap().len() > 0, "nothing is in the log");
    }

    /// What is in the folder of the stores.
    fn names(&self) -> Vec<String> {
        let entries = self.path("stores").read_dir().unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().to_str().unwrap().to_owned()).collect();
        names.sort();
        names
    }

    /// The program, run as a user to whom the stores are read-only.
    fn command(&self, way: Way, arguments: &[&str]) -> Command {
        let (program, stores) = (self.path("vcc-server"), self.path("stores"));
        for name in self.names() {
            self.chmod(&format!("stores/{name}"), 0o644);
        }
        self.chmod("stores", if matches!(way, Way::OpenFolder) { 0o777 } else { 0o755 });
        let mut command = match way {
            Way::Mounted => {
                let mut command = Command::new("unshare");
                let mount =
                    "mount --bind \"$0\" \"$0\" && mount -o remount,bind,ro \"$0\" && exec \"$@\"";
                command.args(["-m", "sh", "-c", mount]).arg(stores).arg(program);
                command
            }
            _ => {
                let mut command = Command::new(program);
                command.uid(65_534).gid(65_534);
                command
            }
        };
        command.args(arguments).env_remove("VCC_STORE");
        command
    }

    fn serve(&self, way: Way, store: &str) -> Serving {
        let serve = ["serve", "--listen", "127.0.0.1:0", "--insecure-http", "--store", store];
        let mut command = self.command(way, &serve);
        command.stderr(Stdio::piped());
        Serving::of(command)
    }

    fn agents(&self, serving: &Serving) -> Vec<String> {
        let answer = serving.get(&format!("{FILES}.csv"), "acme", &self.token);
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        let (_, csv) = answer.split_once("\r\n\r\n").unwrap();
        csv.lines().skip(1).map(|line| line.split(',').nth(1).unwrap().to_owned()).collect()
    }
}

/// Everything that a server has written by its end.
fn said(mut serving: Serving) -> String {
    let mut stderr = serving.child.stderr.take().unwrap();
    serving.child.kill().unwrap();
    let mut said = String::new();
    stderr.read_to_string(&mut said).unwrap();
    said
}

/// The ways that this user can try. Only root can run as another user, or mount.
fn ways() -> Vec<Way> {
    if std::fs::metadata("/proc/self").unwrap().uid() != 0 {
        return Vec::new();
    }
    let mounts = ["-m", "mount", "--bind", "/tmp", "/tmp"];
    let mounted = Command::new("unshare").args(mounts).stderr(Stdio::null()).status();
    let mut ways = vec![Way::Denied, Way::OpenFolder];
    if mounted.is_ok_and(|status| status.success()) {
        ways.push(Way::Mounted);
    }
    ways
}

#[test]
fn a_store_that_cannot_be_written_is_served() {
    for way in ways() {
        let stage = Stage::new();
        for name in ["recordings.db", "backup.db"] {
            let store = format!("sqlite:{}", stage.path("stores").join(name).display());
            let before = stage.names();
            let serving = stage.serve(way, &store);
            let wanted = if name == "backup.db" { &[][..] } else { &["first"] };
            assert_eq!(stage.agents(&serving), wanted, "{way:?}, {name}");
            // No file appears beside it: that would be in the way of those who may write.
            assert_eq!(stage.names(), before, "{way:?}, {name}");
            let why = match way {
                Way::Mounted => "it is in a file system that is read-only",
                _ => "this user may not write it",
            };
            let warning = format!("{name} is open read-only: {why}\n");
            let said = said(serving);
            assert!(said.contains(&warning), "{way:?}: {said}");
        }
    }
}

#[test]
fn a_store_that_somebody_else_writes_is_served_as_it_is() {
    for way in ways() {
        let stage = Stage::new();
        // Another process has it open, so that new records stay in the log.
        let writer = Serving::start(&[
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--insecure-http",
            "--store",
            &stage.store(),
        ]);
        stage.import("second");
        let made = run(&["token", "new", "acme", "--store", &stage.store()]);
        stage.fill_log();
        let stage = Stage { token: made.stdout.trim().to_owned(), ..stage };
        let serving = stage.serve(way, &stage.store());
        assert_eq!(stage.agents(&serving), ["first", "second"], "{way:?}");
        stage.import("third");
        assert_eq!(stage.agents(&serving), ["first", "second", "third"], "{way:?}");
        drop(writer);
        assert_eq!(stage.agents(&serving), ["first", "second", "third"], "{way:?}");
    }
}

#[test]
fn a_store_that_somebody_begins_to_write_is_opened_anew() {
    for way in ways() {
        let stage = Stage::new();
        let serving = stage.serve(way, &stage.store());
        assert_eq!(stage.agents(&serving), ["first"], "{way:?}");
        let mut all = vec!["first".to_owned()];
        for agent in ["second", "third", "fourth"] {
            stage.import(agent);
            all.push(agent.to_owned());
            all.sort();
            assert_eq!(stage.agents(&serving), all, "{way:?}");
        }
        let revoked = run(&["token", "revoke", "acme", "1", "--store", &stage.store()]);
        assert_eq!(revoked.code, 0, "{}", revoked.stderr);
        assert!(serving.get(FILES, "acme", &stage.token).starts_with("HTTP/1.1 403"), "{way:?}");
    }
}

#[test]
fn what_cannot_be_read_without_writing_is_refused() {
    for way in ways() {
        let stage = Stage::new();
        let mut writer = Serving::start(&[
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--insecure-http",
            "--store",
            &stage.store(),
        ]);
        stage.fill_log();
        writer.child.kill().unwrap();
        writer.child.wait().unwrap();
        std::fs::remove_file(stage.path("stores/recordings.db-shm")).unwrap();
        // The server can create the log's index in a folder that everyone may write to.
        if matches!(way, Way::OpenFolder) {
            continue;
        }
        let list = ["tenant", "list", "--store", &stage.store()];
        let ended = stage.command(way, &list).output().unwrap();
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert!(!ended.status.success());
        let reason = "recordings.db cannot be read: its log holds a part of it, and the index of the \
                      log cannot be made in a folder that is read-only";
        assert!(said.contains(reason), "{way:?}: {said}");
    }
}

#[test]
fn what_writes_says_that_it_may_not() {
    for way in ways() {
        let stage = Stage::new();
        let store = stage.store();
        let file = stage.folder.write("a.csv", "startDate\n2007-12-19T19:16:36Z\n");
        stage.chmod("a.csv", 0o644);
        for arguments in [
            &["import", "--tenant", "acme", &file][..],
            &["tenant", "add", "globex", "--tz", "UTC"],
            &["tenant", "set", "acme", "--tz", "UTC"],
            &["tenant", "remove", "acme", "--yes"],
            &["token", "new", "acme"],
            &["token", "revoke", "acme", "1"],
            &["purge", "--tenant", "acme", "--before", "2001-01-01"],
            &["erase", "--tenant", "acme", "--agent", "nobody"],
        ] {
            let arguments = [arguments, &["--store", &store]].concat();
            let ended = stage.command(way, &arguments).output().unwrap();
            let said = String::from_utf8_lossy(&ended.stderr).into_owned();
            assert_eq!(ended.status.code(), Some(1), "{arguments:?}: {said}");
            assert!(
                said.contains("recordings.db is read-only: "),
                "{way:?}, {arguments:?}: {said}"
            );
        }
        // Commands that only read work.
        for arguments in [&["tenant", "list"][..], &["token", "list", "acme"]] {
            let arguments = [arguments, &["--store", &store]].concat();
            let ended = stage.command(way, &arguments).output().unwrap();
            assert!(ended.status.success() && !ended.stdout.is_empty(), "{way:?}, {arguments:?}");
        }
        let backup = Path::new("/tmp").join(format!("{}.{way:?}.db", std::process::id()));
        let arguments = ["backup", backup.to_str().unwrap(), "--store", &stage.store()];
        let ended = stage.command(way, &arguments).output().unwrap();
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        let copied = std::fs::remove_file(&backup);
        assert!(ended.status.success() && copied.is_ok(), "{way:?}: {said}");
    }
}

fn log(stage: &Stage) -> PathBuf {
    stage.path("stores/recordings.db-wal")
}
