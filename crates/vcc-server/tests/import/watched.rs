//! A store that a test reads and changes while a process imports into it.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;
use vcc_store::{Sqlite, Store as _, TenantId};

use crate::postgres_server;
use crate::said;

/// A folder with a store in it, and a tenant `acme` in UTC.
pub(crate) struct Watched {
    pub(crate) folder: TempDir,
    pub(crate) store: String,
}

impl Watched {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = format!("sqlite:{}", folder.path().join("recordings.db").display());
        let this = Self { folder, store };
        let added = this.command(&["tenant", "add", "acme", "--tz", "UTC"]).output().unwrap();
        assert!(added.status.success(), "{}", said(&added));
        this
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vcc-server"));
        // Independent of the caller's environment.
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("VCC_")) {
            command.env_remove(name);
        }
        command.args(arguments).args(["--store", &self.store]);
        command
    }

    pub(crate) fn import(&self, file: &Path, options: &[&str]) -> Command {
        let mut command = self.command(&["import", "--tenant", "acme"]);
        command.args(options).arg(file);
        command
    }

    /// How many records `acme` has.
    pub(crate) fn count(&self) -> u64 {
        self.with(async |store, acme| store.count(acme).await.unwrap())
    }

    /// Reads or changes the store itself, even while a process has it open.
    pub(crate) fn with<T>(&self, work: impl AsyncFnOnce(&Sqlite, TenantId) -> T) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let store = Sqlite::open(self.path("recordings.db")).unwrap();
            let acme = store.tenant("acme").await.unwrap().unwrap();
            work(&store, acme.id).await
        })
    }
}

/// A store in PostgreSQL with a tenant `acme` in UTC, if there is a server.
pub(crate) fn on_a_server() -> Option<(Watched, String)> {
    let url = postgres_server::database()?;
    let folder = Watched { folder: tempfile::tempdir().unwrap(), store: url.clone() };
    let added = folder.command(&["tenant", "add", "acme", "--tz", "UTC"]).output().unwrap();
    assert!(added.status.success(), "{}", said(&added));
    Some((folder, url))
}
