//! A store whose file is replaced while a server runs: nothing is answered from the old file any more.

#![cfg(unix)]

mod common;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use common::FILES;
use common::command::{Folder, Serving, command, run};
use rusqlite::Connection;

/// How long to wait for a change to be seen; far more than it takes.
const PATIENCE: Duration = Duration::from_secs(120);

fn wait_until(what: &str, mut done: impl FnMut() -> Result<(), String>) {
    let until = Instant::now() + PATIENCE;
    while let Err(last) = done() {
        assert!(Instant::now() < until, "not within {PATIENCE:?}: {what}; last: {last}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A whole answer of the operators' listener.
fn ask(address: &str, target: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// A server and its log.
struct Served {
    serving: Serving,
    admin: String,
    log: Arc<Mutex<String>>,
}

impl Served {
    fn start(store: &str) -> Self {
        // The free port is reserved until the last moment, so that no other test takes it.
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let admin = free.local_addr().unwrap().to_string();
        let mut serve = command(&[
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--insecure-http",
            "--admin",
            &admin,
            "--store",
            store,
        ]);
        serve.stderr(Stdio::piped());
        drop(free);
        let mut serving = Serving::of(serve);
        let log = Arc::new(Mutex::new(String::new()));
        let (said, stderr) = (log.clone(), serving.child.stderr.take().unwrap());
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                *said.lock().unwrap() += &(line + "\n");
            }
        });
        Self { serving, admin, log }
    }

    /// The status of an answer, and the answer.
    fn get(&self, token: &str) -> (u16, String) {
        let answer = self.serving.get(FILES, "acme", token);
        (answer[9..12].parse().unwrap(), answer)
    }

    fn is_logged(&self, said: &str) {
        wait_until(said, || match self.log.lock().unwrap() {
            log if log.contains(said) => Ok(()),
            log => Err(log.clone()),
        });
    }

    fn is_red(&self, said: &str) {
        wait_until(said, || match ask(&self.admin, "/readyz") {
            red if red.starts_with("HTTP/1.1 503") && red.contains(said) => Ok(()),
            other => Err(other),
        });
    }

    fn is_green(&self) {
        wait_until("it is ready", || match ask(&self.admin, "/readyz") {
            green if green.starts_with("HTTP/1.1 200") => Ok(()),
            red => Err(red),
        });
    }
}

fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

/// Makes a token of a store.
fn token(store: &str) -> String {
    let made = run(&["token", "new", "acme", "--store", store]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    made.stdout.trim().to_owned()
}

/// Writes something that stays in the log. An import would move it to the file at its end.
fn fill_log(folder: &Folder) {
    let set = folder.run(&["tenant", "set", "acme", "--tz", "Europe/Berlin"]);
    assert_eq!(set.code, 0, "{}", set.stderr);
    let set = folder.run(&["tenant", "set", "acme", "--tz", "America/Los_Angeles"]);
    assert_eq!(set.code, 0, "{}", set.stderr);
    let log = folder.path("recordings.db-wal").metadata().unwrap();
    assert!(log.len() > 0, "nothing is in the log");
}

fn import(folder: &Folder, store: &str, agent: &str) {
    let text = format!("startDate,agentID,transactionID\n2007-12-19T19:16:36Z,{agent},{agent}\n");
    let file = folder.write(&format!("{agent}.csv"), &text);
    let imported = run(&["import", "--tenant", "acme", &file, "--store", store]);
    assert_eq!(imported.code, 0, "{}", imported.stderr);
}

#[test]
fn a_token_that_is_revoked_in_the_new_store_is_refused_from_then_on() {
    let folder = Folder::new();
    let path = folder.path("recordings.db");
    let (kept, revoked) = (token(&folder.store), token(&folder.store));
    import(&folder, &folder.store, "old");
    let (backup, other) = (folder.path("backup.db"), folder.path("other.db"));
    assert_eq!(folder.run(&["backup", backup.to_str().unwrap()]).code, 0);
    let others = format!("sqlite:{}", other.display());

    let served = Served::start(&folder.store);
    // Records that are in the log alone belong to the old file too.
    import(&folder, &folder.store, "older");
    for token in [&kept, &revoked] {
        let (status, answer) = served.get(token);
        assert!(status == 200 && answer.contains("older"), "{answer}");
    }
    served.is_green();
    for round in 0..3 {
        let restored = run(&["restore", backup.to_str().unwrap(), "--store", &others]);
        assert_eq!(restored.code, 0, "{}", restored.stderr);
        assert_eq!(run(&["token", "revoke", "acme", "2", "--store", &others]).code, 0);
        import(&folder, &others, &format!("new{round}"));
        fill_log(&folder);
        std::fs::rename(&other, &path).unwrap();
        // The very next request.
        let (status, answer) = served.get(&revoked);
        assert_eq!(status, 403, "{answer}");
        let (status, answer) = served.get(&kept);
        assert!(status == 200 && answer.contains(&format!("new{round}")), "{answer}");
        assert!(answer.contains("<agentID>old</agentID>") && !answer.contains("older"), "{answer}");
        served.is_red("recordings.db was replaced: the new file is open now");
        served.is_green();
        // Records that are written to the new file are seen, and stay.
        import(&folder, &folder.store, &format!("later{round}"));
        assert!(served.get(&kept).1.contains(&format!("later{round}")));
    }
    served.is_logged("recordings.db was replaced: the new file is open now");
    served.is_logged("recordings.db-wal: it was of the file that was replaced");
    drop(served);
    let reader = Connection::open(&path).unwrap();
    let found: String = reader.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    let count = reader.query_row("SELECT count(*) FROM recordings", [], |row| row.get::<_, i64>(0));
    assert_eq!((found.as_str(), count), ("ok", Ok(3)));
}

#[test]
fn a_server_is_unready_until_the_file_is_a_store_again() {
    let folder = Folder::new();
    let path = folder.path("recordings.db");
    let token = token(&folder.store);
    import(&folder, &folder.store, "old");
    let backup = folder.path("backup.db").to_str().unwrap().to_owned();
    assert_eq!(folder.run(&["backup", &backup]).code, 0);
    let served = Served::start(&folder.store);
    assert_eq!(served.get(&token).0, 200);

    // The file is moved away, and comes back.
    let away = folder.path("away.db");
    std::fs::rename(&path, &away).unwrap();
    let (status, answer) = served.get(&token);
    assert!(status == 503 && answer.to_lowercase().contains("\r\nretry-after: "), "{answer}");
    served.is_red("recordings.db is gone");
    served.is_logged("recordings.db is gone");
    std::fs::rename(&away, &path).unwrap();
    assert_eq!(served.get(&token).0, 200);
    served.is_green();
    served.is_logged("recordings.db is back");

    // The file is moved back, together with the files beside it.
    for end in ["", "-wal", "-shm"] {
        std::fs::remove_file(beside(&path, end)).unwrap();
    }
    assert_eq!(served.get(&token).0, 503);
    let restored = folder.run(&["restore", &backup]);
    assert_eq!(restored.code, 0, "{}", restored.stderr);
    assert_eq!(served.get(&token).0, 200);
    served.is_green();

    // It is replaced by files that are not stores, then by a store.
    let whole = std::fs::read(&backup).unwrap();
    std::fs::write(&away, &whole[..whole.len() / 2]).unwrap();
    std::fs::rename(&away, &path).unwrap();
    assert_eq!(served.get(&token).0, 503);
    served.is_red("recordings.db was replaced, and cannot be opened: ");
    served.is_logged("recordings.db was replaced, and cannot be opened: ");
    std::fs::write(&path, &whole).unwrap();
    wait_until("it is a store", || match served.get(&token) {
        (200, _) => Ok(()),
        (status, answer) => {
            assert_eq!(status, 503, "{answer}");
            Err(answer)
        }
    });
    served.is_green();
}

/// A thread checks, so that the log says so even without requests.
#[test]
fn a_server_that_nobody_asks_notices_too() {
    let folder = Folder::new();
    let (path, other) = (folder.path("recordings.db"), folder.path("other.db"));
    assert_eq!(folder.run(&["backup", other.to_str().unwrap()]).code, 0);
    let served = Served::start(&folder.store);
    std::fs::rename(&other, &path).unwrap();
    served.is_logged("recordings.db was replaced: the new file is open now");
}

/// Until the server has noticed, the log and its index beside the new file are those of the old one.
#[test]
fn a_command_on_the_new_file_does_not_meet_the_log_of_the_old_one() {
    let folder = Folder::new();
    let (path, other) = (folder.path("recordings.db"), folder.path("other.db"));
    let (kept, revoked) = (token(&folder.store), token(&folder.store));
    let backup = folder.path("backup.db").to_str().unwrap().to_owned();
    assert_eq!(folder.run(&["backup", &backup]).code, 0);
    let others = format!("sqlite:{}", other.display());
    let served = Served::start(&folder.store);
    for round in 0..5 {
        import(&folder, &folder.store, &format!("old{round}"));
        fill_log(&folder);
        assert_eq!(run(&["restore", &backup, "--store", &others]).code, 0);
        import(&folder, &others, &format!("new{round}"));
        std::fs::rename(&other, &path).unwrap();
        let revoking = folder.run(&["token", "revoke", "acme", "2"]);
        assert_eq!(revoking.code, 0, "{}", revoking.stderr);
        assert_eq!(served.get(&revoked).0, 403);
        let (status, answer) = served.get(&kept);
        assert!(status == 200 && answer.contains(&format!("new{round}")), "{answer}");
        assert!(!answer.contains("old"), "{answer}");
    }
    drop(served);
    let reader = Connection::open(&path).unwrap();
    let found: String = reader.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    let count = reader.query_row("SELECT count(*) FROM recordings", [], |row| row.get::<_, i64>(0));
    assert_eq!((found.as_str(), count), ("ok", Ok(1)));
}

/// A command does not switch to another file, which may have other tenants.
#[test]
fn who_does_not_notice_keeps_others_from_the_new_file() {
    let folder = Folder::new();
    let (path, other) = (folder.path("recordings.db"), folder.path("other.db"));
    assert_eq!(folder.run(&["backup", other.to_str().unwrap()]).code, 0);
    let mut importing = command(&["import", "--tenant", "acme", "-", "--store", &folder.store])
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    wait_until("it is open", || match beside(&path, "-shm").exists() {
        true => Ok(()),
        false => Err("no".to_owned()),
    });
    std::fs::rename(&other, &path).unwrap();
    let refused = folder.run(&["tenant", "list"]);
    assert_eq!(refused.code, 1);
    let name = path.display();
    assert_eq!(
        refused.stderr,
        format!(
            "error: the log beside {name} is that of another file, which {name} was and a process \
             still has open\n hint: end that process: it reads a store that was replaced\n"
        )
    );
    importing.kill().unwrap();
    importing.wait().unwrap();
}
