use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use vcc_store::{Postgres, Sqlite, Store, StoreErrorKind, Tenant};

use super::failure::Failure;

/// Where the recordings are kept.
#[derive(clap::Args)]
pub(super) struct StoreArgs {
    /// Where the recordings are kept: `sqlite:PATH` or `postgres://USER:PASSWORD@HOST/DATABASE`
    // The URL may hold a password, which the help must not show.
    #[arg(long, value_name = "URL", env = "VCC_STORE", hide_env_values = true)]
    store: StoreUrl,
}

/// The text that names a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum StoreUrl {
    Sqlite(PathBuf),
    Postgres(String),
}

impl FromStr for StoreUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(text.to_owned()));
        }
        match text.strip_prefix("sqlite:") {
            Some("") => Err("expected a path after sqlite:, such as sqlite:recordings.db".into()),
            Some(path) => Ok(Self::Sqlite(Path::new(path).to_owned())),
            None => {
                Err("expected sqlite:PATH, such as sqlite:recordings.db, or postgres://…".into())
            }
        }
    }
}

impl StoreArgs {
    /// The store of this name.
    pub(super) fn named(name: &str) -> Result<Self, Failure> {
        let store = name.parse().map_err(|error| Failure::usage(format!("--store: {error}")))?;
        Ok(Self { store })
    }

    /// Opens a store that exists.
    pub(super) async fn open(&self) -> Result<Arc<dyn Store>, Failure> {
        match &self.store {
            StoreUrl::Sqlite(path) => {
                let store = Sqlite::open(path).map_err(|error| {
                    let missing = error.kind() == StoreErrorKind::NotFound;
                    let failure = Failure::from(error);
                    if missing {
                        failure.hint("`vcc-server tenant add` makes one")
                    } else {
                        failure
                    }
                })?;
                Ok(Arc::new(store))
            }
            StoreUrl::Postgres(url) => Ok(Arc::new(Postgres::open(url).await?)),
        }
    }

    /// The file of a store that is one.
    pub(super) fn path(&self) -> Result<&Path, Failure> {
        match &self.store {
            StoreUrl::Sqlite(path) => Ok(path),
            StoreUrl::Postgres(_) => Err(Failure::usage("only a store in a file is copied")
                .hint("PostgreSQL has pg_basebackup and pg_dump")),
        }
    }

    /// Opens a store, making it where there is none.
    pub(super) async fn create(&self) -> Result<Arc<dyn Store>, Failure> {
        match &self.store {
            StoreUrl::Sqlite(path) => Ok(Arc::new(Sqlite::create(path)?)),
            StoreUrl::Postgres(_) => self.open().await,
        }
    }
}

/// The tenant of this name, as the primary knows it: a standby may not have heard of it yet.
pub(super) async fn tenant(store: &dyn Store, name: &str) -> Result<Tenant, Failure> {
    store.tenant(name).await?.ok_or_else(|| {
        Failure::new(format!("there is no tenant {name:?}"))
            .hint("`vcc-server tenant list` shows those there are")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_stores() {
        assert_eq!("sqlite:a/b.db".parse(), Ok(StoreUrl::Sqlite("a/b.db".into())));
        let url = "postgres://u@h/db".to_owned();
        assert_eq!(url.parse(), Ok(StoreUrl::Postgres(url)));
        for text in ["", "a.db", "sqlite:", "mysql://x"] {
            assert!(text.parse::<StoreUrl>().is_err(), "{text}");
        }
    }
}
