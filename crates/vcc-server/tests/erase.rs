//! `erase`, `purge`, `tenant remove` and `vacuum`: how they ask, and that no file has any of what they delete
//! afterwards.

mod common;

#[cfg(unix)]
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use common::command::{Folder, Ran, Serving, command};
use rusqlite::Connection;

/// The beginning of every value that must be gone afterwards.
const GHOST: &str = "ghost-";

/// A store with recordings that stay and recordings that go, and the folder for temporary files.
struct Kept {
    folder: Folder,
    temporary: PathBuf,
}

impl Kept {
    fn new() -> Self {
        let folder = Folder::new();
        let temporary = folder.path("temporary");
        std::fs::create_dir(&temporary).unwrap();
        Self { folder, temporary }
    }

    /// With this many recordings, one in ten of which is deleted later. The imported file is removed.
    fn filled(records: u32) -> Self {
        let kept = Self::new();
        let file = kept.file("a.csv", records, GHOST);
        assert_eq!(kept.run(&["import", "--tenant", "acme", &file]).code, 0);
        std::fs::remove_file(file).unwrap();
        kept
    }

    /// A file of recordings; one in ten has values that begin so.
    fn file(&self, name: &str, records: u32, prefix: &str) -> String {
        let mut text = "startDate,agentID,phoneNumber,queueName,transactionID\n".to_owned();
        for number in 0..records {
            let prefix = if number.is_multiple_of(10) { prefix } else { "plain-" };
            let year = if number.is_multiple_of(10) { 2007 } else { 2017 };
            // In no order, so that pages of the file are split.
            let key = number.wrapping_mul(2_654_435_761);
            text += &format!(
                "{year}-12-19T19:16:36-08:00,{prefix}agent,{prefix}phone,{prefix}{number},{key}\n"
            );
        }
        self.folder.write(name, &text)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = command(&[arguments, &["--store", &self.folder.store]].concat());
        command
            .env("SQLITE_TMPDIR", &self.temporary)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn begin(&self, arguments: &[&str]) -> Child {
        self.command(arguments).spawn().unwrap()
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let output = self.begin(arguments).wait_with_output().unwrap();
        Ran {
            code: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The store, opened by the test itself.
    fn beside(&self) -> Connection {
        Connection::open(self.folder.path("recordings.db")).unwrap()
    }

    fn count(&self) -> i64 {
        self.beside().query_row("SELECT count(*) FROM recordings", [], |row| row.get(0)).unwrap()
    }

    /// Waits until something is deleted, or the command has ended.
    fn wait_for_deletion(&self, child: &mut Child) {
        let beside = self.beside();
        let owes = "SELECT count(*) FROM sqlite_schema WHERE name = 'remains'";
        while child.try_wait().unwrap().is_none()
            && beside.query_row(owes, [], |row| row.get::<_, i64>(0)).unwrap() == 0
        {
            std::thread::yield_now();
        }
    }

    /// The files that still have a deleted value.
    fn copies(&self) -> Vec<String> {
        let mut found = Vec::new();
        for folder in [self.folder.path(""), self.temporary.clone()] {
            for file in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
                if file.file_type().unwrap().is_file() && has(&file.path(), GHOST) {
                    found.push(file.file_name().to_string_lossy().into_owned());
                }
            }
        }
        found.sort();
        found
    }
}

fn has(file: &Path, needle: &str) -> bool {
    let bytes = std::fs::read(file).unwrap();
    memchr::memmem::find(&bytes, needle.as_bytes()).is_some()
}

const PHONE: &[&str] = &["erase", "--tenant", "acme", "--phone-number", "ghost-phone"];
const AGENT: &[&str] = &["erase", "--tenant", "acme", "--agent", "ghost-agent"];
const PURGE: &[&str] = &["purge", "--tenant", "acme", "--before", "2010-01-01"];
const REMOVE: &[&str] = &["tenant", "remove", "acme"];

fn with<'a>(arguments: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    [arguments, more].concat()
}

#[test]
fn a_script_says_what_it_means() {
    let kept = Kept::filled(50);
    let started = "started 2007-12-19T19:16:36-08:00";
    for (arguments, what) in [
        (PHONE, format!("delete 5 of 50 recordings of acme, {started}")),
        (AGENT, format!("delete 5 of 50 recordings of acme, {started}")),
        (PURGE, format!("delete 5 of 50 recordings of acme, {started}")),
        (
            REMOVE,
            "remove acme with 0 tokens and 50 recordings, from 2007-12-19T19:16:36-08:00 to \
             2017-12-19T19:16:36-08:00"
                .to_owned(),
        ),
    ] {
        let verb = what.split(' ').next().unwrap();
        let dry = kept.run(&with(arguments, &["--dry-run"]));
        let (said, then) = dry.stderr.split_once('\n').unwrap();
        assert_eq!((dry.code, said), (0, format!("would {what}").as_str()));
        assert!(then.starts_with("afterwards the file is rewritten: "), "{then}");
        assert!(then.contains(" KB, some 1 s, with as much room in "), "{then}");
        assert!(then.ends_with("temporary meanwhile\n"), "{then}");
        let dry = kept.run(&with(arguments, &["--dry-run", "--defer"]));
        assert_eq!((dry.code, dry.stderr), (0, format!("would {what}\n")));
        let refused = kept.run(arguments);
        let expected = format!(
            "error: this would {what}\n hint: --yes {verb}s without asking; --dry-run says what it \
             would be\n"
        );
        assert_eq!((refused.code, refused.stderr), (2, expected));
        let both = kept.run(&with(arguments, &["--dry-run", "--yes"]));
        assert_eq!(both.code, 2, "{}", both.stderr);
        assert_eq!(kept.count(), 50);
    }
    let future = &["purge", "--tenant", "acme", "--before", "today+1d"];
    let refused = kept.run(future);
    let expected = "error: today+1d is in the future: all 50 recordings of acme started before it\n \
                    hint: --yes deletes them all the same\n";
    assert!(refused.code == 2 && refused.stderr.ends_with(expected), "{}", refused.stderr);
    let dry = kept.run(&with(future, &["--dry-run"]));
    let expected = "today+1d is in the future: all 50 recordings of acme started before it\n\
                    would delete 50 of 50 recordings of acme, from 2007-12-19T19:16:36-08:00 to \
                    2017-12-19T19:16:36-08:00\n";
    assert!(dry.code == 0 && dry.stderr.starts_with(expected), "{}", dry.stderr);
    assert_eq!(kept.count(), 50);
    // If there is nothing to delete, nothing is asked and nothing is rewritten.
    let nothing = kept.run(&["erase", "--tenant", "acme", "--agent", "nobody"]);
    assert_eq!((nothing.code, nothing.stderr.as_str()), (0, "deleted 0 recordings\n"));
    let all = kept.run(&with(future, &["--yes"]));
    assert_eq!((all.code, kept.count()), (0, 0), "{}", all.stderr);
}

/// A terminal, and what is typed into it.
#[cfg(unix)]
fn terminal() -> (std::fs::File, Stdio) {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&ours).unwrap();
    unlockpt(&ours).unwrap();
    let name = ptsname(&ours, Vec::new()).unwrap();
    let path = Path::new(name.to_str().unwrap()).to_owned();
    let theirs = std::fs::OpenOptions::new().read(true).write(true).open(path).unwrap();
    (ours.into(), theirs.into())
}

#[cfg(unix)]
#[test]
fn a_terminal_is_asked() {
    let kept = Kept::filled(50);
    let type_of = |arguments: &[&str], typed: &[u8]| {
        let (mut ours, theirs) = terminal();
        let mut command = kept.command(arguments);
        let child = command.stdin(theirs).spawn().unwrap();
        drop(command);
        ours.write_all(typed).unwrap();
        let output = child.wait_with_output().unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let asks = "\nDelete 5 of 50 recordings of acme, started 2007-12-19T19:16:36-08:00? [y/N] ";
    let (code, said) = type_of(PHONE, b"n\n");
    let expected = format!("{asks}error: nothing was deleted\n");
    assert!(code == 1 && said.ends_with(&expected), "{code} {said}");
    let future = &["purge", "--tenant", "acme", "--before", "today+1d"];
    let (code, said) = type_of(future, b"y\n");
    assert!(code == 2 && said.starts_with("error: today+1d is in the future: "), "{code} {said}");
    assert_eq!(kept.count(), 50);
    let (code, said) = type_of(PHONE, b"y\n");
    assert!(code == 0 && said.contains(&format!("{asks}deleted 5 recordings\n")), "{code} {said}");
    let (code, said) = type_of(REMOVE, b"y\n");
    let asks = "\nRemove acme with 0 tokens and 45 recordings, started 2017-12-19T19:16:36-08:00? \
                [y/N] removed tenant acme and its 45 recordings\n";
    assert!(code == 0 && said.contains(asks), "{code} {said}");
}

#[test]
fn what_is_deleted_is_in_no_file() {
    for (arguments, said, stays) in [
        (PHONE, "deleted 200 recordings\n", 1_800),
        (AGENT, "deleted 200 recordings\n", 1_800),
        (PURGE, "deleted 200 recordings that started before 2010-01-01 08:00:00 UTC\n", 1_800),
        (REMOVE, "removed tenant acme and its 2,000 recordings\n", 0),
    ] {
        let kept = Kept::filled(2_000);
        assert_eq!(kept.copies(), ["recordings.db"]);
        let erased = kept.run(&with(arguments, &["--yes"]));
        assert_eq!(erased.code, 0, "{}", erased.stderr);
        assert!(erased.stderr.contains(said), "{}", erased.stderr);
        assert!(erased.stderr.contains("\nrewrote the file: "), "{}", erased.stderr);
        let beyond = "not reached: backups, files of `import --reject`, audit logs with values\n";
        assert!(erased.stderr.ends_with(beyond), "{}", erased.stderr);
        assert_eq!((kept.copies(), kept.count()), (vec![], stays));
    }
}

#[test]
fn what_is_deferred_is_said_until_it_is_done() {
    let kept = Kept::filled(2_000);
    let deferred = kept.run(&with(PHONE, &["--yes", "--defer"]));
    let expected = "deleted 200 recordings\n\
                    erased from the answers; copies remain in the file until `vcc-server vacuum`: \
                    200 deleted recordings\n\
                    not reached: backups, files of `import --reject`, audit logs with values\n";
    assert_eq!((deferred.code, deferred.stderr.as_str()), (0, expected));
    assert_eq!((kept.copies(), kept.count()), (vec!["recordings.db".to_owned()], 1_800));

    // The file also has values that an update replaced, and a revoked token.
    let file = kept.file("b.csv", 2_000, "other-");
    let imported = kept.run(&["import", "--tenant", "acme", "--update", &file]);
    assert_eq!(imported.code, 0);
    assert!(!imported.stderr.contains("still in the file"), "{}", imported.stderr);
    let file = kept.file("b.csv", 2_000, GHOST);
    let imported = kept.run(&["import", "--tenant", "acme", "--update", &file]);
    assert_eq!(imported.code, 0);
    let remains = "still in the file, though in no answer: 200 deleted recordings and 200 replaced \
                   recordings; `vcc-server vacuum` rewrites it\n";
    assert!(imported.stderr.ends_with(remains), "{}", imported.stderr);
    let file = kept.file("b.csv", 2_000, "other-");
    assert_eq!(kept.run(&["import", "--tenant", "acme", "--update", &file]).code, 0);
    std::fs::remove_file(file).unwrap();
    assert_eq!(kept.run(&["token", "new", "acme", "--label", "ghost-label"]).code, 0);
    let revoked = kept.run(&["token", "revoke", "acme", "1"]);
    assert_eq!(revoked.code, 0);
    let remains = "200 deleted recordings, 400 replaced recordings and 1 revoked token";
    assert!(revoked.stderr.contains(remains), "{}", revoked.stderr);
    let listed = kept.run(&["tenant", "list"]);
    assert!(listed.stderr.contains(remains), "{}", listed.stderr);

    let rewritten = kept.run(&["vacuum"]);
    assert_eq!(rewritten.code, 0, "{}", rewritten.stderr);
    let begins =
        format!("still in the file, though in no answer: {remains}\nthe file is rewritten: ");
    assert!(rewritten.stderr.starts_with(&begins), "{}", rewritten.stderr);
    assert_eq!((kept.copies(), kept.count()), (vec![], 2_000));
    assert_eq!(kept.run(&["tenant", "list"]).stderr, "");
    // A store without leftovers is rewritten when `vacuum` is called.
    let again = kept.run(&["vacuum"]);
    assert!(again.code == 0 && again.stderr.starts_with("the file is rewritten: "));
}

#[test]
fn beside_those_who_read_and_write_it_is_done_in_part() {
    let kept = Kept::filled(2_000);
    let beside = kept.beside();
    beside.execute_batch("BEGIN; SELECT count(*) FROM recordings").unwrap();
    let erased = kept.run(&with(PHONE, &["--yes", "--wait", "0"]));
    let expected = "error: erased; the log is not yet clean: another process reads from it\n hint: \
                    `vcc-server vacuum` when that process is done, or with a longer --wait\n";
    assert!(erased.code == 3 && erased.stderr.ends_with(expected), "{}", erased.stderr);
    let listed = kept.run(&["tenant", "list"]);
    assert!(listed.stderr.contains(": 200 deleted recordings;"), "{}", listed.stderr);
    let waits = kept.begin(&["vacuum"]);
    beside.execute_batch("COMMIT").unwrap();
    assert!(waits.wait_with_output().unwrap().status.success());
    // Closing a file of a store drops the locks that this process holds on it.
    drop(beside);
    assert_eq!((kept.copies(), kept.count()), (vec![], 1_800));

    let beside = kept.beside();
    beside.execute_batch("BEGIN IMMEDIATE").unwrap();
    let locked = kept.run(&["vacuum", "--wait", "0"]);
    let expected = "cannot rewrite the store: another writer holds it\n hint: an import, a purge or \
                    another program that has the store open: end it, or wait for longer with --wait \
                    SECONDS\n";
    assert!(locked.code == 1 && locked.stderr.ends_with(expected), "{}", locked.stderr);
}

#[test]
fn beside_a_server_its_files_are_clean_too() {
    let kept = Kept::filled(2_000);
    let made = kept.run(&["token", "new", "acme"]);
    let token = made.stdout.trim();
    let store = &kept.folder.store;
    let server =
        Serving::start(&["serve", "--listen", "127.0.0.1:0", "--insecure-http", "--store", store]);
    let files = "/api/recordings/files.csv";
    assert!(server.get(files, "acme", token).contains(GHOST));
    // It keeps reading.
    let is_over = AtomicBool::new(false);
    let erased = std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    let answer = server.get(files, "acme", token);
                    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
                }
            });
        }
        let erased = kept.run(&with(PHONE, &["--yes"]));
        is_over.store(true, Ordering::Relaxed);
        erased
    });
    assert_eq!(erased.code, 0, "{}", erased.stderr);
    let answer = server.get(files, "acme", token);
    assert!(answer.contains("plain-") && !answer.contains(GHOST), "{answer}");
    assert_eq!(kept.copies(), [""; 0]);
}

#[test]
fn of_those_who_rewrite_at_once_each_waits_for_the_others() {
    let kept = Kept::filled(500);
    assert_eq!(kept.run(&with(PHONE, &["--yes", "--defer"])).code, 0);
    let rewriting: Vec<_> = (0..8).map(|_| kept.begin(&["vacuum"])).collect();
    for child in rewriting {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    assert_eq!(kept.copies(), [""; 0]);
    assert_eq!(kept.run(&["tenant", "list"]).stderr, "");
}

#[test]
fn beside_an_import_both_come_to_their_end() {
    let kept = Kept::filled(2_000);
    let rows = (0..40_000).map(|number| format!("2017-12-19T19:16:36Z,plain-agent,new-{number}\n"));
    let text = "startDate,agentID,transactionID\n".to_owned() + &rows.collect::<String>();
    let file = kept.folder.write("b.csv", &text);
    let mut import = kept.begin(&["import", "--tenant", "acme", "--batch", "500", &file]);
    let erased = kept.run(&with(PHONE, &["--yes"]));
    assert_eq!((erased.code, kept.copies()), (0, vec![]), "{}", erased.stderr);
    assert!(import.wait().unwrap().success());
    assert_eq!((kept.count(), kept.copies()), (41_800, vec![]));
    assert_eq!(kept.run(&["tenant", "list"]).stderr, "");
}

/// Whenever it is killed, the store knows what was deleted, and `vacuum` or the same command again removes
/// it for good.
#[test]
fn a_command_that_is_killed_leaves_nothing_that_the_next_does_not_find() {
    const RECORDINGS: u32 = 6_000;
    const PIECES: u32 = 6;
    let phone = with(PHONE, &["--yes"]);
    for (arguments, again, stay) in [
        (phone.clone(), phone, 5_400),
        (with(AGENT, &["--yes"]), vec!["vacuum"], 5_400),
        (with(PURGE, &["--yes"]), vec!["vacuum"], 5_400),
        (with(REMOVE, &["--yes"]), vec!["vacuum"], 0),
        (with(PHONE, &["--yes", "--defer"]), vec!["vacuum"], 5_400),
    ] {
        // Killed at evenly spaced times of a whole run, and once right after it has deleted.
        let whole = Kept::filled(RECORDINGS);
        let began = Instant::now();
        assert_eq!(whole.run(&arguments).code, 0);
        let took = began.elapsed();
        for moment in (0..PIECES).map(Some).chain([None]) {
            let kept = Kept::filled(RECORDINGS);
            let mut child = kept.begin(&arguments);
            match moment {
                Some(piece) => std::thread::sleep(took * piece / PIECES),
                None => kept.wait_for_deletion(&mut child),
            }
            child.kill().unwrap();
            child.wait().unwrap();

            // Whatever is deleted is noted, or the file is rewritten already.
            let stayed = kept.count();
            let said = kept.run(&["tenant", "list"]).stderr;
            let is_known = said.contains("deleted recordings; `vcc-server vacuum`")
                || said.contains("deleted recordings and 1 removed tenant; `vcc-server vacuum`");
            let is_whole = stayed == i64::from(RECORDINGS);
            assert!(is_whole || is_known || kept.copies().is_empty(), "{moment:?}: {said}");
            assert!(!(is_whole && is_known), "{moment:?}: {said}");

            let mended = kept.run(&again);
            assert_eq!(mended.code, 0, "{}", mended.stderr);
            if is_whole && again == ["vacuum"] {
                // It was killed before it began.
                assert_eq!(kept.count(), stayed);
                continue;
            }
            assert_eq!((kept.copies(), kept.count()), (vec![], stay), "{moment:?}");
            assert!(!kept.run(&["tenant", "list"]).stderr.contains("still in the file"));
        }
    }
}
