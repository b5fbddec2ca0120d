//! A new file: beside what is left of another, and who may read it.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use vcc_store::{Sqlite, StoreErrorKind};

use crate::{beside, fill, folder, left_of_another};

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
