use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use vcc_query::Zone;
use vcc_server::Zones;
use vcc_store::{
    FollowedSqlite, Postgres, Sqlite, SqliteBuilder, Store, StoreError, StoreErrorKind, Tenant,
    Waiting,
};

use super::failure::Failure;
use super::note;
use super::origins::Origins;
use super::password;
use super::settings::Settings;
use super::store_text::StoreText;
use super::zones::{self, ZoneArgs};

/// Where the recordings are kept, for every command but `serve`: from `--store`, else from `VCC_STORE`, else
/// from the settings of `serve`.
#[derive(clap::Args)]
pub(super) struct StoreArgs {
    #[command(flatten)]
    origins: Origins,
    /// Where the recordings are kept: `sqlite:PATH` or `postgres://USER:PASSWORD@HOST/DATABASE`
    // The URL may hold a password, which the help must not show, nor an error: it is read later.
    #[arg(long, value_name = "URL", env = "VCC_STORE", hide_env_values = true,
          value_parser = StoreText::parser())]
    store: Option<StoreText>,
    /// A file with the settings of `serve`: its `store` is used where --store and VCC_STORE name none
    #[arg(long, value_name = "FILE", env = "VCC_CONFIG")]
    config: Option<PathBuf>,
    /// How many seconds a command that writes waits for another writer; 0 does not wait
    #[arg(long, value_name = "SECONDS", default_value_t = Sqlite::WAIT.as_secs(), value_parser = seconds)]
    wait: u64,
    #[command(flatten)]
    zones: ZoneArgs,
}

fn seconds(text: &str) -> Result<u64, String> {
    let expected = || "expected a number of seconds from 0 to 86400".to_owned();
    text.parse().ok().filter(|seconds| *seconds <= 86_400).ok_or_else(expected)
}

/// The text that names a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum StoreUrl {
    Sqlite(PathBuf),
    /// In memory: gone when the process ends.
    Memory,
    Postgres(String),
}

impl FromStr for StoreUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(text.to_owned()));
        }
        let Some(path) = text.strip_prefix("sqlite:") else {
            // Anything but a path may hold a password.
            return Err(if text.is_empty() || text.contains([':', '@']) {
                "expected sqlite:PATH, such as sqlite:recordings.db, or postgres://…".into()
            } else {
                format!("expected sqlite:{text} for a file, or postgres://…")
            });
        };
        if path == ":memory:" {
            return Ok(Self::Memory);
        }
        if path.is_empty() {
            return Err("expected a path after sqlite:, such as sqlite:recordings.db".into());
        }
        // Anything else would become the name of a file that nobody meant.
        if path.starts_with("file:") {
            return Err(
                "expected a path after sqlite:, such as sqlite:recordings.db; SQLite's own \
                        file: URLs are not read"
                    .into(),
            );
        }
        if path.split_once('?').is_some_and(|(_, parameters)| parameters.contains('=')) {
            return Err("expected a path after sqlite:, such as sqlite:recordings.db; parameters \
                        after ? are not read"
                .into());
        }
        if let Some(rest) = path.strip_prefix("//").filter(|rest| !rest.starts_with('/')) {
            return Err(format!("expected sqlite:{rest}, or sqlite:/{rest} from the root on"));
        }
        Ok(Self::Sqlite(Path::new(path).to_owned()))
    }
}

/// Why a store is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum To {
    /// To read it, even if it cannot be written.
    Read,
    Write,
    /// To read it as long as the process runs, even when another file takes its place.
    Serve,
}

/// Reads the URL of a store.
pub(super) fn read_url(url: &StoreText, origin: &dyn Display) -> Result<StoreUrl, Failure> {
    match url.parse().map_err(|error| Failure::usage(format!("{origin}: {error}")))? {
        // The part that was looked at is the part that may be shown.
        StoreUrl::Sqlite(shown) => {
            let path = url.after("sqlite:").map_or(shown, PathBuf::from);
            Ok(StoreUrl::Sqlite(path))
        }
        url => Ok(url),
    }
}

/// The failure if no store is named: it says how to name one.
pub(super) fn no_store() -> Failure {
    Failure::usage("no store is named").hint(
        "--store sqlite:recordings.db, or VCC_STORE=sqlite:recordings.db, or in the file of \
         --config: store = \"sqlite:recordings.db\"",
    )
}

impl StoreUrl {
    /// The file of a store that is one.
    fn file(self) -> Option<PathBuf> {
        match self {
            Self::Sqlite(path) => Some(path),
            Self::Memory | Self::Postgres(_) => None,
        }
    }

    /// Opens a store that exists. Writes wait for other writers for this long.
    pub(super) async fn open(
        &self,
        to: To,
        zones: &Arc<Zones>,
        wait: Duration,
    ) -> Result<Arc<dyn Store>, Failure> {
        let zones = zones.clone();
        let opened: Result<Arc<dyn Store>, StoreError> = match (self, to) {
            (Self::Sqlite(path), To::Serve) => {
                let how = sqlite(wait).zones(zones);
                let open = move |path: &Path| how.clone().open_to_read(path);
                FollowedSqlite::open(path, open).map(|store| Arc::new(store) as _)
            }
            (Self::Sqlite(path), To::Read) => {
                sqlite(wait).zones(zones).open_to_read(path).map(|store| Arc::new(store) as _)
            }
            (Self::Sqlite(path), To::Write) => {
                sqlite(wait).zones(zones).open(path).map(|store| Arc::new(store) as _)
            }
            (Self::Memory, _) => {
                Sqlite::builder().zones(zones).in_memory().map(|store| Arc::new(store) as _)
            }
            (Self::Postgres(url), _) => {
                let how = Postgres::builder().wait(wait).on_waiting(tell).zones(zones);
                how.open(url).await.map(|store| Arc::new(store) as _)
            }
        };
        opened.map(told).map_err(|error| match (self, error.kind()) {
            (Self::Sqlite(_), StoreErrorKind::NotFound) => {
                Failure::from(error).hint("`vcc-server tenant add` makes one")
            }
            _ => error.into(),
        })
    }
}

impl StoreArgs {
    /// The zone data: from `--zone-data`, else from its variable, else from the settings of `serve`.
    fn zones(&self) -> Result<Arc<Zones>, Failure> {
        self.zones.read_or(|| match &self.config {
            Some(path) => Ok(Settings::read(path)?.zone_data),
            None => Ok(None),
        })
    }

    /// The file with the settings of `serve`, if one is named.
    pub(super) fn config(&self) -> Option<&Path> {
        self.config.as_deref()
    }

    /// The zone of a name.
    pub(super) fn zone(&self, name: &str) -> Result<Zone, Failure> {
        zones::zone(&*self.zones()?, name)
    }

    fn url(&self) -> Result<StoreUrl, Failure> {
        let url = match (&self.store, &self.config) {
            (Some(url), _) => {
                let origin = self.origins.of("store").unwrap_or_else(|| "--store".to_owned());
                password::of_command_line(url, &origin).into_iter().for_each(note);
                read_url(url, &origin)?
            }
            (None, Some(path)) => {
                let settings = Settings::read(path)?;
                let Some(url) = settings.store else {
                    return Err(Failure::usage(format!("{}: there is no store", path.display()))
                        .hint("store = \"sqlite:recordings.db\""));
                };
                password::of_file(path, &url).into_iter().for_each(note);
                read_url(&url, &format_args!("{}: store", path.display()))?
            }
            (None, None) => return Err(no_store()),
        };
        if url == StoreUrl::Memory {
            return Err(Failure::usage("a store in memory is gone when this command ends")
                .hint("sqlite:recordings.db keeps it; `vcc-server demo` serves samples"));
        }
        Ok(url)
    }

    /// Opens a store that exists, to write it.
    pub(super) async fn open(&self) -> Result<Arc<dyn Store>, Failure> {
        self.url()?.open(To::Write, &self.zones()?, self.wait()).await
    }

    /// Opens a store that exists, to read it.
    pub(super) async fn open_to_read(&self) -> Result<Arc<dyn Store>, Failure> {
        self.url()?.open(To::Read, &self.zones()?, self.wait()).await
    }

    /// [`open`](Self::open), and its file if it is one.
    pub(super) async fn open_with_file(
        &self,
    ) -> Result<(Arc<dyn Store>, Option<PathBuf>), Failure> {
        let url = self.url()?;
        let store = url.open(To::Write, &self.zones()?, self.wait()).await?;
        Ok((store, url.file()))
    }

    /// [`open_to_read`](Self::open_to_read), and its file if it is one.
    pub(super) async fn open_to_read_with_file(
        &self,
    ) -> Result<(Arc<dyn Store>, Option<PathBuf>), Failure> {
        let url = self.url()?;
        let store = url.open(To::Read, &self.zones()?, self.wait()).await?;
        Ok((store, url.file()))
    }

    /// How long a write waits for other writers.
    pub(super) fn wait(&self) -> Duration {
        Duration::from_secs(self.wait)
    }

    /// The file of a store that is one; `None` for a store on a server.
    pub(super) fn path(&self) -> Result<Option<PathBuf>, Failure> {
        Ok(self.url()?.file())
    }

    /// Opens a store, or makes it if there is none.
    pub(super) async fn create(&self) -> Result<Arc<dyn Store>, Failure> {
        match self.url()? {
            StoreUrl::Sqlite(path) => {
                Ok(told(Arc::new(sqlite(self.wait()).zones(self.zones()?).create(path)?)))
            }
            url => url.open(To::Write, &self.zones()?, self.wait()).await,
        }
    }
}

/// A store in a file. It says which writer it waits for.
pub(super) fn sqlite(wait: Duration) -> SqliteBuilder {
    Sqlite::builder().wait(wait).on_waiting(tell)
}

fn tell(waiting: &Waiting) {
    note(format_args!("{waiting} …"));
}

/// Says what opening the store has changed in it.
pub(super) fn told<S: Store + ?Sized>(store: Arc<S>) -> Arc<S> {
    if let Some(upgrade) = store.upgraded() {
        note(upgrade);
    }
    store
}

/// The tenant of this name, from the primary: a standby may not have it yet.
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
        assert_eq!("sqlite:///a/b.db".parse(), Ok(StoreUrl::Sqlite("///a/b.db".into())));
        assert_eq!("sqlite:what?.db".parse(), Ok(StoreUrl::Sqlite("what?.db".into())));
        assert_eq!("sqlite::memory:".parse(), Ok(StoreUrl::Memory));
        let url = "postgres://u@h/db".to_owned();
        assert_eq!(url.parse(), Ok(StoreUrl::Postgres(url)));
        for (text, said) in [
            ("", "expected sqlite:PATH, such as sqlite:recordings.db, or postgres://…"),
            ("a.db", "expected sqlite:a.db for a file, or postgres://…"),
            ("mysql://u:sesame@h", "expected sqlite:PATH, such as sqlite:recordings.db, or"),
            ("sqlite:", "expected a path after sqlite:"),
            ("sqlite:file:a.db", "SQLite's own file: URLs are not read"),
            ("sqlite:file:a.db?mode=ro", "SQLite's own file: URLs are not read"),
            ("sqlite:a.db?mode=ro", "parameters after ? are not read"),
            ("sqlite://a.db", "expected sqlite:a.db, or sqlite:/a.db from the root on"),
        ] {
            let refused = text.parse::<StoreUrl>().unwrap_err();
            assert!(refused.contains(said) && !refused.contains("sesame"), "{text}: {refused}");
        }
    }
}
