//! Which files belong to a store, so that nothing else is written to them.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The suffixes of files that SQLite keeps beside a store, and of unfinished copies and rewrites.
const BESIDE: [&str; 4] = ["-wal", "-shm", "-journal", ".partial"];

/// Whether a path is a file of the store, or would become one.
pub(super) fn is_of_store(path: &Path, store: &Path) -> bool {
    // The other files are beside the target of a link.
    let real = store.canonicalize().unwrap_or_else(|_| store.to_owned());
    let beside = BESIDE.map(|end| {
        let mut name = OsString::from(&real);
        name.push(end);
        PathBuf::from(name)
    });
    is_same_file(path, store) || beside.iter().any(|beside| is_same_file(path, beside))
}

/// Whether two paths are the same file, through any links, or would be if it were created.
pub(super) fn is_same_file(one: &Path, other: &Path) -> bool {
    #[cfg(unix)]
    if let (Ok(one), Ok(other)) = (one.metadata(), other.metadata()) {
        use std::os::unix::fs::MetadataExt as _;
        return one.is_file() && (one.dev(), one.ino()) == (other.dev(), other.ino());
    }
    matches!((real(one), real(other)), (Some(one), Some(other)) if one == other)
}

/// The target of a path, even if the file does not exist.
fn real(path: &Path) -> Option<PathBuf> {
    let mut path = path.to_owned();
    // As many links as Linux follows.
    for _ in 0..40 {
        match path.read_link() {
            Ok(to) => path = path.parent().unwrap_or(Path::new("")).join(to),
            Err(_) => break,
        }
    }
    if let Ok(real) = path.canonicalize() {
        return Some(real);
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    Some(folder.unwrap_or(Path::new(".")).canonicalize().ok()?.join(path.file_name()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_many_names() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["recordings.db", "recordings.db-wal", "other"] {
            std::fs::write(at(name), "").unwrap();
        }
        std::fs::create_dir(at("sub")).unwrap();
        let store = at("recordings.db");
        let mut own = vec!["recordings.db", "sub/../recordings.db", "recordings.db-wal"];
        // It does not exist yet; a write would create it.
        own.extend(["recordings.db-shm", "sub/../recordings.db-journal", "recordings.db.partial"]);
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("recordings.db", at("link")).unwrap();
            std::os::unix::fs::symlink("../recordings.db-shm", at("sub/link")).unwrap();
            std::fs::hard_link(at("recordings.db-wal"), at("hard")).unwrap();
            own.extend(["link", "sub/link", "hard"]);
            assert!(is_of_store(&at("recordings.db-shm"), &at("link")));
        }
        for name in own {
            assert!(is_of_store(&at(name), &store), "{name}");
        }
        for name in
            ["other", "none", "sub/recordings.db", "sub/recordings.db-wal", "recordings.db-"]
        {
            assert!(!is_of_store(&at(name), &store), "{name}");
        }
    }
}
