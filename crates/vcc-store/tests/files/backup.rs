//! `backup`: one copy to a name, whoever else is making one.

use std::fs::File;
use std::os::unix::fs::MetadataExt as _;

use vcc_store::{Sqlite, StoreErrorKind};

use crate::{beside, fill, folder, rows};

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
