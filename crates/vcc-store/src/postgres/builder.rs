use std::sync::Arc;
use std::time::Duration;

use vcc_query::{BuiltIn, ZoneData};

use crate::tenant::Zones;
use crate::waiting::{OnWaiting, Waiting};
use crate::{Postgres, StoreError};

/// How a store on PostgreSQL is opened, and how it is used then.
///
/// ```no_run
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use std::time::Duration;
/// use vcc_store::Postgres;
///
/// let store = Postgres::builder()
///     .deadline(Duration::from_secs(2))
///     // A write that needs what another one holds waits for up to 5 minutes.
///     .wait(Duration::from_secs(300))
///     .on_waiting(|waiting| eprintln!("{waiting}"))
///     .open("postgres://vcc:secret@db1/vcc")
///     .await?;
/// # Ok::<(), vcc_store::StoreError>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct PostgresBuilder {
    pub(super) deadline: Duration,
    pub(super) zones: Zones,
    pub(super) wait: Duration,
    pub(super) on_waiting: OnWaiting,
}

impl Postgres {
    /// How long a write waits for another one by default, at each lock that it needs.
    pub const WAIT: Duration = Duration::from_secs(60);

    /// Begins with the defaults.
    #[must_use]
    pub fn builder() -> PostgresBuilder {
        PostgresBuilder {
            deadline: Self::DEADLINE,
            zones: Arc::new(BuiltIn),
            wait: Self::WAIT,
            on_waiting: Arc::new(|_| ()),
        }
    }
}

impl PostgresBuilder {
    /// Sets how long a read may take: [`Postgres::DEADLINE`] by default.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Sets the zone data, as [`Postgres::with_zones`] does.
    #[must_use]
    pub fn zones(mut self, zones: Arc<dyn ZoneData + Send + Sync>) -> Self {
        self.zones = zones;
        self
    }

    /// Sets how long a write waits for another one, at each lock that it needs (the server's
    /// `lock_timeout`): [`Postgres::WAIT`] by default, and a millisecond for zero. That it may not be
    /// done by then is [`Unavailable`](crate::StoreErrorKind::Unavailable).
    #[must_use]
    pub fn wait(mut self, wait: Duration) -> Self {
        self.wait = wait;
        self
    }

    /// Has somebody told what a write waits for, when it has waited for a second; not more often than
    /// once a minute.
    #[must_use]
    pub fn on_waiting(mut self, tell: impl Fn(&Waiting) + Send + Sync + 'static) -> Self {
        self.on_waiting = Arc::new(tell);
        self
    }

    /// Connects to the store of a URL, as [`Postgres::open`] does.
    ///
    /// # Errors
    ///
    /// As [`Postgres::open`].
    pub async fn open(self, url: &str) -> Result<Postgres, StoreError> {
        Postgres::connect(url, self).await
    }
}

impl std::fmt::Debug for PostgresBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { deadline, wait, .. } = self;
        f.debug_struct("PostgresBuilder")
            .field("deadline", deadline)
            .field("wait", wait)
            .finish_non_exhaustive()
    }
}
