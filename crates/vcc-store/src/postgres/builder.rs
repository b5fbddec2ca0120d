//! How a store is opened, as its user says.

use std::sync::Arc;
use std::time::Duration;

use vcc_query::{BuiltIn, ZoneData};

use super::open::{self, Options};
use crate::waiting::Waiting;
use crate::{Postgres, StoreError};

/// How a store on PostgreSQL is opened and used.
///
/// ```no_run
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use std::time::Duration;
/// use vcc_store::Postgres;
///
/// let store = Postgres::builder()
///     .deadline(Duration::from_secs(2))
///     // A write waits up to 5 minutes for what another one has locked.
///     .wait(Duration::from_secs(300))
///     .on_waiting(|waiting| eprintln!("{waiting}"))
///     .open("postgres://vcc:secret@db1/vcc")
///     .await?;
/// # Ok::<(), vcc_store::StoreError>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct PostgresBuilder {
    options: Options,
}

impl Postgres {
    /// How long a read may take by default, until it ends with
    /// [`Deadline`](crate::StoreErrorKind::Deadline).
    pub const DEADLINE: Duration = Duration::from_secs(10);

    /// How long a write waits for another one by default, at each lock that it needs.
    pub const WAIT: Duration = Duration::from_secs(60);

    /// Begins with the defaults.
    #[must_use]
    pub fn builder() -> PostgresBuilder {
        let options = Options {
            deadline: Self::DEADLINE,
            zones: Arc::new(BuiltIn),
            wait: Self::WAIT,
            on_waiting: Arc::new(|_| ()),
        };
        PostgresBuilder { options }
    }

    /// Connects to the store of a URL, and makes or upgrades its schema if needed:
    /// [`Store::upgraded`](crate::Store::upgraded) tells whether it did. Only that needs the
    /// primary. Programs of the version before that are connected are not disturbed.
    ///
    /// # Errors
    ///
    /// [`Refused`](crate::StoreErrorKind::Refused) for a URL that cannot be read, for a database of
    /// another program or of a later version, and if the server does not let the user in;
    /// [`Unavailable`](crate::StoreErrorKind::Unavailable) if no server answers, and if a backup or
    /// another long transaction keeps the tenants from being upgraded.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        Self::builder().open(url).await
    }
}

impl PostgresBuilder {
    /// Sets how long a read may take: [`Postgres::DEADLINE`] by default.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.options.deadline = deadline;
        self
    }

    /// Sets the zone data in which the zones of tenants are looked up, instead of the built-in one
    /// (DATE-13). A tenant whose zone it does not have cannot be read.
    #[must_use]
    pub fn zones(mut self, zones: Arc<dyn ZoneData + Send + Sync>) -> Self {
        self.options.zones = zones;
        self
    }

    /// Sets how long a write waits for another one, at each lock that it needs (the server's
    /// `lock_timeout`): [`Postgres::WAIT`] by default, and a millisecond for zero. A write that has
    /// waited in vain is [`Unavailable`](crate::StoreErrorKind::Unavailable).
    #[must_use]
    pub fn wait(mut self, wait: Duration) -> Self {
        self.options.wait = wait;
        self
    }

    /// Sets who is told what a write waits for, once it has waited for a second; at most once a
    /// minute.
    #[must_use]
    pub fn on_waiting(mut self, tell: impl Fn(&Waiting) + Send + Sync + 'static) -> Self {
        self.options.on_waiting = Arc::new(tell);
        self
    }

    /// Connects to the store of a URL, as [`Postgres::open`] does.
    ///
    /// # Errors
    ///
    /// As [`Postgres::open`].
    pub async fn open(self, url: &str) -> Result<Postgres, StoreError> {
        open::connect(url, self.options).await
    }
}
