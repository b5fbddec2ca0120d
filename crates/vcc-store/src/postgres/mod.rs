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
/// It holds only connections, so any number of servers share one database. After a failover it
/// works again without a restart; until then calls are
/// [`Unavailable`](crate::StoreErrorKind::Unavailable).
///
/// ```no_run
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use std::time::Duration;
/// use vcc_store::{Postgres, Store as _};
///
/// // Reads go to standbys that are at most 5 s behind, writes to the primary.
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
/// These parameters are the store's own:
///
/// | parameter | meaning |
/// |---|---|
/// | `target_session_attrs` | which servers answer reads: `any` (default), `primary`, `prefer-standby`, `standby` |
/// | `max_lag` | by how many seconds a standby that is asked may be behind: 30 |
/// | `connections` | how many connections are kept for reads: four a core |
/// | `passfile` | the file with the passwords that the URL leaves out; without it, the one of `PGPASSFILE`, else `~/.pgpass` |
/// | `sslmode`, `sslrootcert` | `verify-full` and the file of the authorities, as PEM; without them, no TLS |
///
/// A single host is asked nothing but the reads and writes themselves, so it may be a load balancer
/// or the coordinator of a cluster. Of several hosts, each is asked once a second where it stands.
/// Writes go to the primary; of two primaries, to the one that was promoted last. A standby answers
/// reads if it follows that primary, and if its data was current within the last `max_lag` seconds:
/// a standby that streams and has replayed all that it received is current now, any other is as
/// current as the last transaction that it replayed. The role that connects must be a member of
/// `pg_read_all_stats`, because otherwise a standby does not tell. If the primary's host vanishes
/// without closing its connections, a standby notices after its `wal_receiver_timeout`, which adds
/// to `max_lag`.
///
/// A write shows on a standby once it has been replayed there. So every reader sees records,
/// tenants and tokens that were added or revoked within `max_lag`, and at once with
/// `target_session_attrs=primary`. Reads that prepare a write, such as how far an import is, always
/// go to the primary. The operator must make sure that two primaries never take writes at the same
/// time, on both sides of a partition: a server that sees both uses the later one, until each host
/// has answered that it is back on an older timeline.
///
/// Dropping the future of a call holds nothing up: its statement is cancelled, its connection is
/// closed and replaced, and a write is rolled back unless it was already being committed.
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
