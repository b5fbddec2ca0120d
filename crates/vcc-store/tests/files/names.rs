//! Names of any bytes, and names that change.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;

use vcc_store::{Sqlite, Store as _, StoreErrorKind};

use crate::{beside, fill, folder, left_of_another, rows};

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
