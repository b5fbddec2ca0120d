//! `restore`: what it reads, what it refuses, and what it leaves alone.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use rusqlite::Connection;
use vcc_store::{Sqlite, StoreErrorKind};

use crate::{beside, fill, folder, left_of_another, rows};

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
