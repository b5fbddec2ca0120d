//! The store on a server of its own, or on several: PostgreSQL.

mod builder;
mod bulk;
mod copy;
mod deep;
mod delete;
mod error;
#[cfg(test)]
mod explain;
mod export;
mod hosts;
mod import;
mod index;
mod locks;
mod long_texts;
mod migrate;
mod open;
mod page;
mod password_file;
mod pool;
#[cfg(test)]
#[path = "../../tests/postgres_server/mod.rs"]
mod postgres_server;
mod ready;
mod rows;
mod session;
mod settings;
mod statements;
mod store;
mod tenants;
mod tls;
mod turns;
mod vacuum;

use std::fmt;
use std::time::Duration;

pub use self::builder::PostgresBuilder;
use self::long_texts::LongTexts;
use self::pool::Pool;
use self::turns::Turns;
use crate::Upgrade;
use crate::tenant::Zones;
use crate::waiting::Teller;

/// A store in a PostgreSQL database, on one server or on a primary with hot standbys.
///
/// It holds nothing but connections, so any number of servers share one database. What fails over
/// is found again without a restart; meanwhile calls end in
/// [`Unavailable`](crate::StoreErrorKind::Unavailable).
///
/// ```no_run
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use std::time::Duration;
/// use vcc_store::{Postgres, Store as _};
///
/// // Reads go to the standbys that are at most 5 s behind, writes to the primary.
/// let url = "postgres://vcc:secret@db1,db2,db3/vcc?target_session_attrs=prefer-standby&max_lag=5";
/// let store = Postgres::builder().deadline(Duration::from_secs(2)).open(url).await?;
/// store.ready().await?;
/// # Ok::<(), vcc_store::StoreError>(())
/// # }).unwrap();
/// ```
///
/// A URL that cannot be read is refused before anything is connected:
///
/// ```
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use vcc_store::{Postgres, StoreErrorKind};
///
/// let error = Postgres::open("postgres://vcc@db1,db2/vcc?max_lag=0").await.err().unwrap();
/// assert_eq!(error.kind(), StoreErrorKind::Refused);
/// assert_eq!(error.to_string(), "max_lag: expected seconds");
/// # });
/// ```
///
/// # The URL
///
/// `postgres://USER:PASSWORD@HOST:PORT,HOST:PORT/DATABASE?PARAMETER=VALUE&…`, as libpq reads it.
/// Of the parameters these are the store's own:
///
/// | parameter | meaning |
/// |---|---|
/// | `target_session_attrs` | which servers answer reads: `any` (default), `primary`, `prefer-standby`, `standby` |
/// | `max_lag` | by how many seconds a standby that is asked may be behind: 30 |
/// | `connections` | how many connections are kept for reads: four a core |
/// | `passfile` | the file with the passwords that the URL leaves out; without it, the one of `PGPASSFILE`, else `~/.pgpass` |
/// | `sslmode`, `sslrootcert` | `verify-full` and the file of the authorities, as PEM; without them, no TLS |
///
/// With one host nothing is asked of it but the reads and writes themselves: it may be a balancer
/// or the coordinator of a cluster. With several, each is asked once a second where it stands. Writes
/// go to the primary; of two, to the one that was promoted last. A standby answers reads if it follows
/// that primary, and if what it holds was current within the last `max_lag` seconds: when it streams
/// and has replayed all that it received, it is current now, otherwise as of the last transaction that
/// it replayed. The role that connects must be a member of `pg_read_all_stats`, for otherwise a standby
/// does not tell. Where the primary's host vanishes without closing its connections, a standby learns
/// of it after its `wal_receiver_timeout`, which adds to `max_lag`.
///
/// What was written shows on a standby when it has replayed it. Records, tenants and tokens that are
/// added or revoked are therefore seen by every reader within `max_lag`, and at once with
/// `target_session_attrs=primary`. What precedes a write, such as the place where an import goes on,
/// is always read from the primary. That two primaries never take writes beside each other, a
/// partition between them, is up to whoever promotes: a server that sees both uses the later one,
/// until each host has answered that it is back on an older timeline.
///
/// A call whose future is dropped holds nothing up: its statement is cancelled, its connection
/// is closed and replaced, and a write is rolled back unless it was being committed already.
pub struct Postgres {
    readers: Pool,
    writers: Pool,
    upgraded: Option<Upgrade>,
    long: LongTexts,
    turns: Turns,
    zones: Zones,
    wait: Duration,
    teller: Teller,
}

impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { readers, wait, upgraded, .. } = self;
        f.debug_struct("Postgres")
            .field("readers", &readers.max_size())
            .field("wait", wait)
            .field("upgraded", upgraded)
            .finish_non_exhaustive()
    }
}
