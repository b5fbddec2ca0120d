//! A copy of the store. It is written beside its place and then put there, so that whoever finds it finds
//! all of it.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::error;
use crate::{StoreError, StoreErrorKind};

/// Writes a copy to a path where nothing is.
pub(super) fn write(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let unfinished = Unfinished::beside(path);
    let failed = |error: io::Error| {
        StoreError::new(StoreErrorKind::Unavailable, "cannot write the copy")
            .with_source(error)
            .at(path.display())
    };
    // Made here, so that the system says why it cannot be: SQLite would not.
    File::create_new(&unfinished.0).map_err(failed)?;
    connection
        .execute("VACUUM INTO $1", [unfinished.0.display().to_string()])
        .map_err(error("cannot copy the store"))?;
    put(&unfinished.0, path).map_err(failed)
}

fn put(unfinished: &Path, path: &Path) -> io::Result<()> {
    File::open(unfinished)?.sync_all()?;
    std::fs::rename(unfinished, path)?;
    // The name is in the directory, where directories can be opened.
    match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) if cfg!(unix) => File::open(folder)?.sync_all(),
        _ => Ok(()),
    }
}

/// A copy that is not whole yet, and goes when this is dropped.
struct Unfinished(PathBuf);

impl Unfinished {
    fn beside(path: &Path) -> Self {
        let mut name = path.file_name().map_or_else(OsString::new, ToOwned::to_owned);
        name.push(format!(".{}.partial", std::process::id()));
        Self(path.with_file_name(name))
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
        let mut journal = self.0.clone().into_os_string();
        journal.push("-journal");
        let _ = std::fs::remove_file(journal);
    }
}
