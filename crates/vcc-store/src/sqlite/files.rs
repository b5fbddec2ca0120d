//! A store in a file is more than that file: SQLite puts a log with its index, or a journal, beside
//! it. If they are left behind without the file, they would become part of the next file of that
//! name.

use std::ffi::OsString;
use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::{StoreError, StoreErrorKind};

/// The suffixes of the files that SQLite puts beside a database: a log, the index of the log, and a
/// journal.
pub(super) const BESIDE: [&str; 3] = ["-wal", "-shm", "-journal"];

/// The suffix of a copy that is not whole yet.
const PARTIAL: &str = ".partial";

/// The file beside a database with this suffix.
pub(super) fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(end);
    name.into()
}

/// The name of a copy until it is whole.
pub(super) fn partial(path: &Path) -> PathBuf {
    beside(path, PARTIAL)
}

/// The file of a database, if its name may be a link: the log is beside that file. It need not
/// exist.
pub(super) fn real(path: &Path) -> PathBuf {
    let mut real = path.to_owned();
    // Linux follows as many links.
    for _ in 0..40 {
        match real.read_link() {
            Ok(to) => real = real.parent().unwrap_or(Path::new("")).join(to),
            Err(_) => break,
        }
    }
    real
}

/// The device and the number of a file, where the system has them.
pub(super) type Identity = Option<(u64, u64)>;

#[cfg(unix)]
pub(super) fn identity(about: &Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt as _;

    Some((about.dev(), about.ino()))
}

#[cfg(not(unix))]
pub(super) fn identity(_: &Metadata) -> Identity {
    None
}

/// The URL by which SQLite reads a file alone: without its log, without locks, and without writing
/// anything beside it. Nobody may write the file meanwhile.
#[cfg(unix)]
pub(super) fn alone(path: &Path) -> Option<OsString> {
    use std::fmt::Write as _;
    use std::os::unix::ffi::OsStrExt as _;

    // It must be absolute: what comes before a `/` would be a host.
    let path = std::path::absolute(path).ok()?;
    let mut url = "file:".to_owned();
    for byte in path.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || b"/._-".contains(byte) {
            url.push(char::from(*byte));
        } else {
            let _ = write!(url, "%{byte:02X}");
        }
    }
    url.push_str("?immutable=1");
    Some(url.into())
}

#[cfg(not(unix))]
pub(super) fn alone(_: &Path) -> Option<OsString> {
    None
}

/// The files beside a database that have content: a log or a journal that is not empty. The index
/// of a log has only what the log has.
pub(super) fn filled(path: &Path) -> io::Result<Vec<PathBuf>> {
    let mut filled = Vec::new();
    for end in ["-wal", "-journal"] {
        let name = beside(path, end);
        match name.symlink_metadata() {
            Ok(about) if about.is_file() && about.len() == 0 => {}
            Ok(_) => filled.push(name),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Refuses a new name if something with content is left beside it: it is the end of a store that
/// somebody may want back, and a new file of this name would be read together with it.
pub(super) fn is_clear(path: &Path) -> Result<(), StoreError> {
    let filled = filled(path).map_err(|error| left(path, error))?;
    if !filled.is_empty() {
        let names: Vec<_> = filled.iter().map(|name| name.display().to_string()).collect();
        let are = if names.len() == 1 { "is" } else { "are" };
        let message = format!(
            "{} {are} left of a store that {} was, and would be read as part of a new one",
            names.join(" and "),
            path.display(),
        );
        return Err(StoreError::new(StoreErrorKind::Refused, message));
    }
    Ok(())
}

/// [`is_clear`], and removes what is left without content.
pub(super) fn clear(path: &Path) -> Result<(), StoreError> {
    is_clear(path)?;
    remove_beside(path).map_err(|error| left(path, error))
}

fn left(path: &Path, error: io::Error) -> StoreError {
    StoreError::new(StoreErrorKind::Unavailable, "cannot clear what is left beside it")
        .with_source(error)
        .at(path.display())
}

/// Removes the files that SQLite has put beside a file.
pub(super) fn remove_beside(path: &Path) -> io::Result<()> {
    for end in BESIDE {
        remove(&beside(path, end))?;
    }
    Ok(())
}

/// Removes a file that may not exist.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// What tells that a store was written to, from its files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen([Option<(Identity, u64, Option<SystemTime>)>; 4]);

impl Seen {
    pub(super) fn of(path: &Path) -> Self {
        let look = |end| {
            let about = beside(path, end).metadata().ok()?;
            Some((identity(&about), about.len(), about.modified().ok()))
        };
        let [log, index, journal] = BESIDE;
        Self(["", log, index, journal].map(look))
    }
}
