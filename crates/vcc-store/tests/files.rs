//! A store in a file and the files beside it: what happens to them when a copy or a store is made,
//! who may read them, and names that are not UTF-8.

#![cfg(unix)]

mod common;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{File, Permissions};
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use rusqlite::Connection;
use vcc_store::{FollowedSqlite, Sqlite, Store as _, StoreErrorKind, StoredRecord};
use vcc_types::{Field, Recording};

const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

/// A file beside a database, by its suffix.
fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

async fn fill(store: &Sqlite, tenant: &str, records: u32) {
    let tenant = store.add_tenant(tenant, "UTC".parse().unwrap(), NOW).await.unwrap().id;
    let record = |number: u32| {
        let recording = Recording::new()
            .with(Field::TransactionId, &number.to_string())
            .with(Field::AgentId, "bill");
        StoredRecord::with_start(&recording, NOW).unwrap()
    };
    store.import(tenant, (0..records).map(record).collect::<Vec<_>>().into()).await.unwrap();
}

/// Every row of every table.
fn rows(path: &Path) -> BTreeMap<String, Vec<String>> {
    let connection = Connection::open(path).unwrap();
    let names: Vec<String> = connection
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let rows = |name: &String| {
        let mut statement = connection.prepare(&format!("SELECT * FROM {name}")).unwrap();
        let columns = statement.column_count();
        let row = |row: &rusqlite::Row<'_>| {
            let values = (0..columns).map(|at| format!("{:?}", row.get_ref(at).unwrap()));
            Ok(values.collect::<Vec<_>>().join(","))
        };
        statement.query_map([], row).unwrap().map(Result::unwrap).collect()
    };
    names.iter().map(|name| (name.clone(), rows(name))).collect()
}

/// Every file of a folder, with its content.
fn folder(path: &Path) -> BTreeMap<OsString, Vec<u8>> {
    let entry = |entry: std::io::Result<std::fs::DirEntry>| {
        let entry = entry.unwrap();
        (entry.file_name(), std::fs::read(entry.path()).unwrap())
    };
    path.read_dir().unwrap().map(entry).collect()
}

/// What may be left of a store: its log with the index of it, and a journal, each with content.
async fn left_of_another(at: &Path) -> BTreeMap<&'static str, Vec<u8>> {
    let path = at.join("another.db");
    let store = Sqlite::create(&path).unwrap();
    fill(&store, "another", 100).await;
    let mut left = BTreeMap::new();
    for end in ["-wal", "-shm"] {
        left.insert(end, std::fs::read(beside(&path, end)).unwrap());
    }
    drop(store);
    let mut journaled = Connection::open(&path).unwrap();
    journaled.pragma_update(None, "journal_mode", "DELETE").unwrap();
    journaled.pragma_update(None, "cache_size", 1).unwrap();
    let transaction = journaled.transaction().unwrap();
    transaction.execute_batch("UPDATE recordings SET agent_id = 'mary'").unwrap();
    left.insert("-journal", std::fs::read(beside(&path, "-journal")).unwrap());
    left.insert(".partial", std::fs::read(&path).unwrap());
    drop(transaction);
    assert!(left.values().all(|bytes| bytes.len() > 512), "nothing is left");
    left
}

#[tokio::test]
async fn a_restore_beside_whatever_is_left() {
    let workshop = tempfile::tempdir().unwrap();
    let left = left_of_another(workshop.path()).await;
    let backup = workshop.path().join("backup.db");
    let store = Sqlite::in_memory().unwrap();
    fill(&store, "acme", 300).await;
    store.backup(&backup).await.unwrap();
    let wanted = rows(&backup);
    let (mut restored, mut refused) = (0, 0);
    // Each of them is absent, empty, or has content; and the store exists or not.
    for case in 0..2 * 3_u32.pow(4) {
        let at = tempfile::tempdir().unwrap();
        let path = at.path().join("recordings.db");
        let mut digits = case;
        let mut is_filled = false;
        for (end, bytes) in &left {
            let state = digits % 3;
            digits /= 3;
            if state > 0 {
                let bytes = if state == 1 { &[][..] } else { bytes };
                std::fs::write(beside(&path, end), bytes).unwrap();
                is_filled |= state == 2 && ["-wal", "-journal"].contains(end);
            }
        }
        if digits == 1 {
            std::fs::write(&path, "a store").unwrap();
        }
        let before = folder(at.path());
        let what =
            format!("{:?}", before.iter().map(|(name, it)| (name, it.len())).collect::<Vec<_>>());
        match Sqlite::restore(&backup, &path).await {
            Ok(()) => {
                assert!(digits == 0 && !is_filled, "{what}");
                assert_eq!(folder(at.path()).len(), 1, "{what}: something is left");
                assert_eq!(rows(&path), wanted, "{what}");
                restored += 1;
            }
            Err(error) => {
                assert_eq!(folder(at.path()), before, "{what}: {error}");
                match error.kind() {
                    StoreErrorKind::Exists => assert_eq!(digits, 1, "{what}: {error}"),
                    StoreErrorKind::Refused => {
                        assert!(is_filled, "{what}: {error}");
                        for end in ["-wal", "-journal"] {
                            let filled = before
                                .get(beside(Path::new("recordings.db"), end).as_os_str())
                                .is_some_and(|bytes| !bytes.is_empty());
                            assert_eq!(error.to_string().contains(end), filled, "{what}: {error}");
                        }
                    }
                    _ => panic!("{what}: {error}"),
                }
                refused += 1;
            }
        }
    }
    // Logs and journals that are empty or absent, whatever else is left: 2 * 2 * 3 * 3.
    assert_eq!((restored, refused), (36, 126));
}

#[tokio::test]
async fn a_store_is_not_made_beside_what_is_left_of_another() {
    let at = tempfile::tempdir().unwrap();
    let left = left_of_another(at.path()).await;
    let path = at.path().join("recordings.db");
    for end in ["-wal", "-journal"] {
        let log = beside(&path, end);
        std::fs::write(&log, &left[end]).unwrap();
        let error = Sqlite::create(&path).err().unwrap();
        assert_eq!(error.kind(), StoreErrorKind::Refused, "{error}");
        let said = format!(
            "{} is left of a store that {} was, and would be read as part of a new one",
            log.display(),
            path.display()
        );
        assert_eq!(error.to_string(), said);
        assert!(!path.exists() && std::fs::read(&log).unwrap() == left[end]);
        std::fs::write(&log, "").unwrap();
    }
    std::fs::write(beside(&path, "-shm"), &left["-shm"]).unwrap();
    drop(Sqlite::create(&path).unwrap());
    assert_eq!(folder(at.path()).len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_copies_to_one_name_one_is_made() {
    let at = tempfile::tempdir().unwrap();
    let store = Sqlite::in_memory().unwrap();
    fill(&store, "acme", 1_000).await;
    let backup = at.path().join("backup.db");
    store.backup(&backup).await.unwrap();
    let wanted = rows(&backup);
    for round in 0..20 {
        let path = at.path().join(format!("{round}.db"));
        // What a killed process has left.
        std::fs::write(beside(&path, ".partial"), "half a copy").unwrap();
        let racing: Vec<_> = (0..6)
            .map(|_| {
                let (backup, path) = (backup.clone(), path.clone());
                tokio::spawn(async move { Sqlite::restore(backup, path).await })
            })
            .collect();
        let mut made = 0;
        for one in racing {
            match one.await.unwrap() {
                Ok(()) => made += 1,
                Err(error) => assert_eq!(error.kind(), StoreErrorKind::Exists, "{error}"),
            }
        }
        assert_eq!(made, 1, "round {round}");
        assert_eq!(rows(&path), wanted);
        std::fs::remove_file(&path).unwrap();
        assert_eq!(folder(at.path()).len(), 1, "round {round}: something is left");
    }
}

#[tokio::test]
async fn a_copy_that_another_process_is_making_is_left_to_it() {
    let at = tempfile::tempdir().unwrap();
    let store = Sqlite::in_memory().unwrap();
    let path = at.path().join("backup.db");
    let theirs = File::create_new(beside(&path, ".partial")).unwrap();
    theirs.try_lock().unwrap();
    let error = store.backup(&path).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Exists);
    let name = path.display();
    assert_eq!(
        error.to_string(),
        format!("another process is making {name}: it has {name}.partial open")
    );
    assert_eq!(folder(at.path()).len(), 1);
    // Once it has ended, what it left belongs to nobody.
    drop(theirs);
    store.backup(&path).await.unwrap();
    assert_eq!(folder(at.path()).len(), 1);
}

/// A process may be killed when its copy has the new name and still the old one.
#[tokio::test]
async fn a_copy_with_two_names_keeps_one() {
    let at = tempfile::tempdir().unwrap();
    let store = Sqlite::in_memory().unwrap();
    fill(&store, "acme", 100).await;
    let (first, second) = (at.path().join("first.db"), at.path().join("second.db"));
    store.backup(&first).await.unwrap();
    let wanted = rows(&first);
    std::fs::hard_link(&first, beside(&first, ".partial")).unwrap();
    assert_eq!(store.backup(&first).await.unwrap_err().kind(), StoreErrorKind::Exists);
    std::fs::rename(beside(&first, ".partial"), beside(&second, ".partial")).unwrap();
    store.backup(&second).await.unwrap();
    for path in [first, second] {
        assert_eq!(rows(&path), wanted);
        assert_eq!(path.metadata().unwrap().nlink(), 1);
    }
}

#[tokio::test]
async fn a_restore_reads_a_backup_and_nothing_else() {
    let workshop = tempfile::tempdir().unwrap();
    let left = left_of_another(workshop.path()).await;
    let at = tempfile::tempdir().unwrap();
    let backup = at.path().join("backup.db");
    let store = Sqlite::create(&backup).unwrap();
    fill(&store, "acme", 100).await;
    drop(store);
    let wanted = rows(&backup);
    // Also a copy that is read with a log, as of a store that was copied when nobody had it open.
    let mut restored = 0;
    for journal_mode in ["WAL", "DELETE"] {
        let connection = Connection::open(&backup).unwrap();
        connection.pragma_update(None, "journal_mode", journal_mode).unwrap();
        drop(connection);
        for mode in [0o600, 0o400] {
            std::fs::set_permissions(&backup, Permissions::from_mode(mode)).unwrap();
            for (end, bytes) in [("-wal", &[][..]), ("-shm", &left["-shm"]), ("-journal", &[])] {
                std::fs::write(beside(&backup, end), bytes).unwrap();
                let before = (folder(at.path()), backup.metadata().unwrap().modified().unwrap());
                restored += 1;
                let path = workshop.path().join(format!("{restored}.db"));
                Sqlite::restore(&backup, &path).await.unwrap();
                assert_eq!(rows(&path), wanted);
                let after = (folder(at.path()), backup.metadata().unwrap().modified().unwrap());
                assert!(after == before, "{journal_mode}, {mode:o}, {end}");
                std::fs::remove_file(beside(&backup, end)).unwrap();
            }
        }
    }
    // A log or a journal with content is a part of it, and reading that means writing.
    for end in ["-wal", "-journal"] {
        let log = beside(&backup, end);
        std::fs::write(&log, &left[end]).unwrap();
        let before = folder(at.path());
        let path = workshop.path().join("not.db");
        let error = Sqlite::restore(&backup, &path).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Refused);
        let said = format!(
            "{} is not alone: {} holds a part of it, so it is in use, or was not written by `backup`",
            backup.display(),
            log.display()
        );
        assert_eq!(error.to_string(), said);
        assert!(folder(at.path()) == before && !path.exists());
        std::fs::remove_file(log).unwrap();
    }
}

/// A file gets the name of a store once it is a whole store.
#[tokio::test]
async fn a_damaged_backup_is_no_store() {
    let at = tempfile::tempdir().unwrap();
    let backup = at.path().join("backup.db");
    let store = Sqlite::in_memory().unwrap();
    fill(&store, "acme", 2_000).await;
    store.backup(&backup).await.unwrap();
    let (wanted, whole) = (rows(&backup), std::fs::read(&backup).unwrap());
    let path = at.path().join("recordings.db");
    let mut refused = 0;
    let cut = [whole.len() - 1, whole.len() / 2, 8_192, 100, 0].map(|to| whole[..to].to_vec());
    let pages = whole.len() / 4_096;
    let rubbish = (0..pages).step_by(3).map(|page| {
        let mut bytes = whole.clone();
        bytes[page * 4_096..][..4_096].fill(0xa5);
        bytes
    });
    for bytes in cut.into_iter().chain(rubbish) {
        std::fs::write(&backup, bytes).unwrap();
        match Sqlite::restore(&backup, &path).await {
            // If the damage is in an index, which is made again, or in something that no row needs.
            Ok(()) => {
                assert_eq!(rows(&path), wanted);
                std::fs::remove_file(&path).unwrap();
            }
            Err(error) => {
                let kinds = [StoreErrorKind::Internal, StoreErrorKind::Refused];
                assert!(kinds.contains(&error.kind()), "{error}");
                refused += 1;
            }
        }
        assert_eq!(folder(at.path()).len(), 1, "something is left");
    }
    assert!(refused > 10, "{refused} were refused");
}

#[tokio::test]
async fn names_that_are_not_utf_8() {
    let at = tempfile::tempdir().unwrap();
    for bytes in [&b"\xff\xfe.db"[..], b"a'b\"\x80?#%41 \n.db", "büro.db".as_bytes()] {
        let name = |end: &[u8]| at.path().join(OsString::from_vec([bytes, end].concat()));
        let (path, backup, restored) = (name(b""), name(b".copy"), name(b".restored"));
        let store = Sqlite::create(&path).unwrap();
        fill(&store, "acme", 10).await;
        store.backup(&backup).await.unwrap();
        store.ready().await.unwrap();
        drop(store);
        Sqlite::restore(&backup, &restored).await.unwrap();
        let wanted = rows(&path);
        assert_eq!(rows(&backup), wanted);
        assert_eq!(rows(&restored), wanted);
        // Files of exactly these names.
        assert_eq!(folder(at.path()).len(), 3);
        for path in [path, backup, restored] {
            std::fs::remove_file(path).unwrap();
        }
    }
}

#[tokio::test]
async fn files_are_for_their_owner_alone() {
    let at = tempfile::tempdir().unwrap();
    let path = at.path().join("recordings.db");
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o7777;
    let store = Sqlite::create(&path).unwrap();
    fill(&store, "acme", 10).await;
    let backup = at.path().join("backup.db");
    store.backup(&backup).await.unwrap();
    let restored = at.path().join("restored.db");
    Sqlite::restore(&backup, &restored).await.unwrap();
    for path in [&path, &beside(&path, "-wal"), &beside(&path, "-shm"), &backup, &restored] {
        assert_eq!(mode(path), 0o600, "{}", path.display());
    }
    drop(store);
    // Others who could read it before still can.
    std::fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
    let store = Sqlite::open(&path).unwrap();
    fill(&store, "globex", 10).await;
    for path in [&path, &beside(&path, "-wal"), &beside(&path, "-shm")] {
        assert_eq!(mode(path), 0o640, "{}", path.display());
    }
}

/// The pieces of a page come from one file.
#[tokio::test]
async fn the_rest_of_a_page_is_not_read_in_another_file() {
    let at = tempfile::tempdir().unwrap();
    let (path, other) = (at.path().join("recordings.db"), at.path().join("other.db"));
    for path in [&path, &other] {
        let store = Sqlite::create(path).unwrap();
        let tenant = store.add_tenant("acme", "UTC".parse().unwrap(), NOW).await.unwrap().id;
        let recording = Recording::new().with(Field::ExtVar1, &"x".repeat(100_000));
        let record = StoredRecord::with_start(&recording, NOW).unwrap();
        store.import(tenant, vec![record; 9].into()).await.unwrap();
    }
    let store = FollowedSqlite::open(&path, |path| Sqlite::open(path)).unwrap();
    let tenant = store.tenants().await.unwrap()[0].id;
    let everything = common::everything();
    let mut page = store.begin(tenant, &everything).await.unwrap();
    let rest = page.rest.take().unwrap();
    page = store.rest(tenant, &everything, rest).await.unwrap();
    let rest = page.rest.take().unwrap();
    std::fs::rename(&other, &path).unwrap();
    let error = store.rest(tenant, &everything, rest).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    let said = "the store was replaced while the page was read in pieces: ask for it again";
    assert_eq!(error.to_string(), said);
    assert_eq!(store.page(tenant, &everything).await.unwrap().records.len(), 9);
}

/// If a link leads elsewhere now, the file that it led to keeps its log.
#[tokio::test]
async fn a_link_that_leads_elsewhere_leaves_the_log_of_its_file() {
    let at = tempfile::tempdir().unwrap();
    let (first, second, link) =
        (at.path().join("1.db"), at.path().join("2.db"), at.path().join("current.db"));
    for (path, tenant) in [(&first, "first"), (&second, "second")] {
        fill(&Sqlite::create(path).unwrap(), tenant, 10).await;
    }
    std::os::unix::fs::symlink(&first, &link).unwrap();
    let writer = Sqlite::open(&first).unwrap();
    let store = FollowedSqlite::open(&link, |path| Sqlite::open(path)).unwrap();
    writer.add_tenant("third", "UTC".parse().unwrap(), NOW).await.unwrap();
    let names = async || -> Vec<String> {
        store.tenants().await.unwrap().into_iter().map(|tenant| tenant.name).collect()
    };
    assert_eq!(names().await, ["first", "third"]);
    let log = std::fs::read(beside(&first, "-wal")).unwrap();
    let new = at.path().join("new");
    std::os::unix::fs::symlink(&second, &new).unwrap();
    std::fs::rename(&new, &link).unwrap();
    assert_eq!(names().await, ["second"]);
    assert!(!log.is_empty() && std::fs::read(beside(&first, "-wal")).unwrap() == log);
}

#[tokio::test]
async fn a_store_is_renamed_and_removed_with_all_that_belongs_to_it() {
    let workshop = tempfile::tempdir().unwrap();
    let left = left_of_another(workshop.path()).await;
    let at = tempfile::tempdir().unwrap();
    let (from, to) = (at.path().join("from.db"), at.path().join("to.db"));
    // As a killed process leaves it: everything is in the log.
    let original = workshop.path().join("original.db");
    let store = Sqlite::create(&original).unwrap();
    fill(&store, "acme", 100).await;
    for end in ["", "-wal", "-shm"] {
        std::fs::copy(beside(&original, end), beside(&from, end)).unwrap();
    }
    drop(store);
    let wanted = rows(&original);

    let opened = Sqlite::open(&from).unwrap();
    for error in [Sqlite::rename(&from, &to).await, Sqlite::remove(&from).await] {
        let error = error.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Unavailable);
        assert_eq!(error.to_string(), format!("another process has {} open", from.display()));
    }
    assert_eq!(opened.tenants().await.unwrap().len(), 1);
    drop(opened);
    // Nothing is replaced, or mixed with what is left of another store.
    std::fs::write(beside(&to, "-wal"), &left["-wal"]).unwrap();
    assert_eq!(Sqlite::rename(&from, &to).await.unwrap_err().kind(), StoreErrorKind::Refused);
    std::fs::write(beside(&to, "-wal"), "").unwrap();
    std::fs::write(&to, "").unwrap();
    assert_eq!(Sqlite::rename(&from, &to).await.unwrap_err().kind(), StoreErrorKind::Exists);
    std::fs::remove_file(&to).unwrap();
    Sqlite::rename(&from, &to).await.unwrap();
    assert_eq!(folder(at.path()).len(), 1);
    assert_eq!(rows(&to), wanted);
    // Also by a link, which is kept.
    let link = at.path().join("link.db");
    std::os::unix::fs::symlink(&to, &link).unwrap();
    Sqlite::remove(&link).await.unwrap();
    assert!(!to.exists() && link.is_symlink());
    assert_eq!(Sqlite::remove(&to).await.unwrap_err().kind(), StoreErrorKind::NotFound);
    std::fs::remove_file(link).unwrap();
    assert_eq!(folder(at.path()).len(), 0);
}
