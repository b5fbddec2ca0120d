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
mod migrate;
mod page;
mod password_file;
mod pool;
#[cfg(test)]
#[path = "../../tests/postgres_server/mod.rs"]
mod postgres_server;
mod session;
mod settings;
mod statements;
mod tenants;
mod tls;
mod turns;
mod vacuum;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use vcc_query::{Selection, Zone, ZoneData};
use vcc_types::Field;

pub use self::builder::PostgresBuilder;
use self::hosts::{Hosts, Purpose};
use self::locks::Asked;
use self::pool::Pool;
use self::session::Session;
use self::settings::Settings;
use self::turns::Turns;
use crate::plan::Plan;
use crate::rest::{in_order, whole};
use crate::selection::any_record;
use crate::tenant::{Zones, is_read};
use crate::waiting::Teller;
use crate::{
    Batch, BulkLoad, Credentials, Deletion, Export, Imported, Overview, Page, Reach, Rest, Store,
    StoreError, StoreErrorKind, StoredRecord, Tenant, TenantId, TokenHash, TokenInfo, Upgrade,
    Vacuum, Vacuumed,
};

/// A store in a PostgreSQL database, on one server or on a primary with hot standbys.
///
/// It holds nothing but connections, so any number of servers share one database. What fails over
/// is found again without a restart; meanwhile calls end in
/// [`Unavailable`](StoreErrorKind::Unavailable).
///
/// ```no_run
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use std::time::Duration;
/// use vcc_store::{Postgres, Store as _};
///
/// // Reads go to the standbys that are at most 5 s behind, writes to the primary.
/// let url = "postgres://vcc:secret@db1,db2,db3/vcc?target_session_attrs=prefer-standby&max_lag=5";
/// let store = Postgres::open_with(url, Duration::from_secs(2)).await?;
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

impl std::fmt::Debug for Postgres {
    /// Says nothing of the hosts, whose URL may hold a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Postgres").field("wait", &self.wait).finish_non_exhaustive()
    }
}

/// The tenants whose pages were too long to be read at one go, so that they are asked for with care.
/// It is nothing but a hint: it may be lost, and each server has its own.
#[derive(Default)]
struct LongTexts(RwLock<HashSet<TenantId>>);

impl LongTexts {
    /// How many tenants are known. With more it begins anew.
    const MOST: usize = 10_000;

    fn has(&self, tenant: TenantId) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).contains(&tenant)
    }

    fn add(&self, tenant: TenantId) {
        let mut tenants = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if tenants.len() >= Self::MOST {
            tenants.clear();
        }
        tenants.insert(tenant);
    }
}

/// How many connections are kept for writes: imports of different tenants run beside each other.
const WRITERS: usize = 4;

impl Postgres {
    /// How long a read may take by default, until it ends in [`StoreErrorKind::Deadline`].
    pub const DEADLINE: Duration = Duration::from_secs(10);

    /// Connects to the store of a URL, and makes or updates its schema where need be:
    /// [`Store::upgraded`] says whether it was. Only for that must the primary be there. Programs of
    /// the version before that are connected go on.
    ///
    /// # Errors
    ///
    /// [`Refused`](StoreErrorKind::Refused) for a URL that cannot be read, for a database of
    /// another program or of a later version, and where the server does not let the user in;
    /// [`Unavailable`](StoreErrorKind::Unavailable) where no server answers, and where a backup or
    /// another long transaction keeps the tenants from being upgraded.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        Self::open_with(url, Self::DEADLINE).await
    }

    /// [`open`](Self::open) with another limit on how long a read may take.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub async fn open_with(url: &str, deadline: Duration) -> Result<Self, StoreError> {
        Self::builder().deadline(deadline).open(url).await
    }

    async fn connect(url: &str, how: PostgresBuilder) -> Result<Self, StoreError> {
        let PostgresBuilder { deadline, zones, wait, on_waiting } = how;
        let mut settings = Settings::parse(url)?;
        settings.complete()?;
        let connections = settings.connections;
        let hosts = Arc::new(Hosts::new(settings)?);
        let readers = Pool::new(hosts.clone(), Purpose::Read, connections, deadline, wait)?;
        let writers = Pool::new(hosts, Purpose::Write, WRITERS, deadline, wait)?;
        let (long, teller) = (LongTexts::default(), Teller::new(on_waiting));
        let turns = Turns::default();
        let mut store = Self { readers, writers, upgraded: None, long, turns, zones, wait, teller };
        let current = match store.readers.get().await {
            Ok(lease) => {
                let current = migrate::is_current(&lease).await;
                lease.settle(current)?
            }
            Err(error) if error.kind() == StoreErrorKind::Unavailable => false,
            Err(error) => return Err(error),
        };
        if !current {
            let mut lease = store.writers.get().await?;
            let migrated = store.told(Asked::of(&lease), migrate::migrate(&mut lease)).await;
            store.upgraded = lease.settle(migrated)?;
        }
        Ok(store)
    }

    /// Reads the zones of tenants in this zone data instead of the built-in one (DATE-13). A tenant
    /// whose zone it does not have cannot be read.
    #[must_use]
    pub fn with_zones(mut self, zones: Arc<dyn ZoneData + Send + Sync>) -> Self {
        self.zones = zones;
        self
    }

    async fn credentials_from(
        &self,
        pool: &Pool,
        name: &str,
        token: &TokenHash,
    ) -> Result<Option<Credentials>, StoreError> {
        // No tenant has such a name, and PostgreSQL does not read it.
        if name.contains('\0') {
            return Ok(None);
        }
        let who = (name, token);
        let read =
            pool.read("cannot read the credentials of a tenant", &who, |session, (name, token)| {
                Box::pin(tenants::credentials(session, name, token))
            });
        read.await?.map(|found| tenants::opened(found, &*self.zones)).transpose()
    }

    async fn pick(
        pool: &Pool,
        tenant: TenantId,
        ids: &[i64],
    ) -> Result<HashMap<i64, StoredRecord>, StoreError> {
        let read = pool.read("cannot read the rest of a page", &ids, |session, ids| {
            Box::pin(page::pick(session, tenant, ids))
        });
        read.await
    }
}

#[async_trait]
impl Store for Postgres {
    async fn page(&self, tenant: TenantId, selection: &Selection) -> Result<Page, StoreError> {
        let mut page = self.begin(tenant, selection).await?;
        while let Some(rest) = page.rest.take() {
            let next = self.rest(tenant, selection, rest).await?;
            page.records.extend(next.records);
            page.rest = next.rest;
        }
        Ok(page)
    }

    async fn begin(&self, tenant: TenantId, selection: &Selection) -> Result<Page, StoreError> {
        let Some(plan) = Plan::new(tenant, selection) else { return Ok(Page::default()) };
        let doing = "cannot read a page";
        if !self.long.has(tenant) {
            let read = self
                .readers
                .read(doing, &plan, |session, plan| Box::pin(page::page(session, plan)));
            if let Some(page) = read.await? {
                return Ok(page);
            }
            self.long.add(tenant);
        }
        let read = self
            .readers
            .read(doing, &plan, |session, plan| Box::pin(page::guarded_page(session, plan)));
        read.await
    }

    async fn rest(
        &self,
        tenant: TenantId,
        selection: &Selection,
        mut rest: Rest,
    ) -> Result<Page, StoreError> {
        let records = rest.records();
        let taken = rest.next(1);
        let ids: Vec<_> = taken.iter().map(|left| left.id).collect();
        let found = Self::pick(&self.readers, tenant, &ids).await?;
        let mut found = in_order(&taken, found, selection);
        if found.len() < taken.len() {
            // Gone, or not there yet: a standby may be asked that is behind the one before.
            let now = Self::pick(&self.writers, tenant, &ids).await?;
            found = in_order(&taken, now, selection);
        }
        let more = rest.more();
        whole(Page { records: found, more, rest: rest.left() }, records)
    }

    async fn export(&self, tenant: TenantId, selection: &Selection) -> Result<Export, StoreError> {
        export::export(&self.readers, tenant, selection).await
    }

    async fn credentials(
        &self,
        tenant: &str,
        token: &TokenHash,
    ) -> Result<Option<Credentials>, StoreError> {
        self.credentials_from(&self.readers, tenant, token).await
    }

    async fn tenant(&self, name: &str) -> Result<Option<Tenant>, StoreError> {
        let found = self.credentials_from(&self.writers, name, &TokenHash::NONE).await?;
        Ok(found.map(|credentials| credentials.tenant))
    }

    async fn ready(&self) -> Result<(), StoreError> {
        self.readers.log_in().await?;
        let read = self.readers.read("the store is not ready", &(), |session, ()| {
            Box::pin(async {
                let rows = session.query(statements::READY, &[]).await?;
                rows.first().map(|row| row.try_get::<_, String>(0)).transpose()
            })
        });
        let tenant = read.await?.unwrap_or_default();
        let answer = self.answer(&tenant, &TokenHash::NONE, &mut |_| Some(any_record())).await;
        is_read(answer.map(drop))
    }

    fn readers(&self) -> usize {
        self.readers.max_size()
    }

    fn descriptors(&self) -> usize {
        // Those that replace others, and those by which statements are cancelled, come on top.
        let connections = self.readers.max_size() + self.writers.max_size();
        connections.saturating_mul(2).saturating_add(16)
    }

    fn batches_at_once(&self) -> usize {
        // More than two keep the server busy with waiting for one another.
        2
    }

    async fn import(&self, tenant: TenantId, batch: Batch) -> Result<Imported, StoreError> {
        let turn = self.turns.begin(tenant, batch.checkpoint.as_ref());
        let mut lease = self.writers.get().await?;
        let asked = Asked::of(&lease);
        let result = self.told(asked, import::import(&mut lease, tenant, &batch, turn)).await;
        lease.settle(result)
    }

    async fn bulk(&self, tenant: TenantId, source: &str) -> Result<BulkLoad, StoreError> {
        bulk::bulk(self.writers.clone(), tenant, source).await
    }

    async fn checkpoint(&self, tenant: TenantId, source: &str) -> Result<u64, StoreError> {
        // From the primary: an import goes on where it was, not where a standby saw it.
        let what = (tenant, source);
        let read = self.writers.read(
            "cannot read how far an import is",
            &what,
            |session, (tenant, source)| Box::pin(import::checkpoint(session, *tenant, source)),
        );
        read.await
    }

    async fn count(&self, tenant: TenantId) -> Result<u64, StoreError> {
        // From the primary, as the tokens: whoever asks is about to change what there is.
        let read = self.writers.read(
            "cannot count the records of a tenant",
            &tenant,
            |session, tenant| Box::pin(delete::count(session, *tenant)),
        );
        read.await
    }

    async fn reach(&self, tenant: TenantId, deletion: &Deletion) -> Result<Reach, StoreError> {
        // From the primary, and as long as it takes: whoever deletes reads as much again.
        let lease = self.writers.get().await?;
        let reach = delete::reach(&lease, tenant, deletion).await;
        lease.settle(reach.map_err(error::error("cannot count what would be deleted")))
    }

    async fn vacuum(&self, vacuum: Vacuum) -> Result<Vacuumed, StoreError> {
        let lease = self.writers.get().await?;
        let vacuumed = self.told(Asked::of(&lease), vacuum::vacuum(&lease, vacuum)).await;
        lease.settle(vacuumed)
    }

    async fn delete(&self, tenant: TenantId, deletion: &Deletion) -> Result<u64, StoreError> {
        let mut lease = self.writers.get().await?;
        let loading = bulk::delete(&mut lease, tenant, deletion).await;
        let mut deleted = lease.settle(loading)?;
        loop {
            let mut lease = self.writers.get().await?;
            let step =
                self.told(Asked::of(&lease), delete::step(&mut lease, tenant, deletion)).await;
            match lease.settle(step)? {
                0 => return Ok(deleted),
                records => deleted += records,
            }
        }
    }

    async fn indexes(&self) -> Result<Vec<Field>, StoreError> {
        // From the primary, as whoever asks is about to change them.
        let read = self
            .writers
            .read("cannot list the indexes", &(), |session, ()| Box::pin(index::given(session)));
        Ok(read.await?.fields().collect())
    }

    async fn set_index(&self, field: Field, wanted: bool) -> Result<bool, StoreError> {
        let lease = self.writers.get().await?;
        let result = self.told(Asked::of(&lease), index::set(&lease, field, wanted)).await;
        lease.settle(result)
    }

    async fn add_tenant(
        &self,
        name: &str,
        zone: Zone,
        now: DateTime<Utc>,
    ) -> Result<Tenant, StoreError> {
        let mut lease = self.writers.get().await?;
        let result = self.told(Asked::of(&lease), tenants::add(&mut lease, name, zone, now)).await;
        lease.settle(result)
    }

    async fn set_zone(&self, tenant: &str, zone: Zone) -> Result<Tenant, StoreError> {
        let lease = self.writers.get().await?;
        let result = self.told(Asked::of(&lease), tenants::set_zone(&lease, tenant, zone)).await;
        lease.settle(result)
    }

    async fn tenants(&self) -> Result<Vec<Tenant>, StoreError> {
        let read = self
            .readers
            .read("cannot list the tenants", &(), |session, ()| Box::pin(tenants::list(session)));
        read.await?.into_iter().map(|found| found.tenant(&*self.zones)).collect()
    }

    async fn overview(&self) -> Result<Vec<Overview>, StoreError> {
        let tenants = self.tenants().await?;
        let mut counted = Vec::with_capacity(tenants.len());
        for tenant in tenants {
            let read =
                self.readers.read("cannot list the tenants", &tenant.id, |session, tenant| {
                    Box::pin(tenants::holdings(session, *tenant))
                });
            let (recordings, tokens) = read.await?;
            counted.push((tenant, recordings, tokens));
        }
        Ok(Overview::all(counted))
    }

    fn upgraded(&self) -> Option<Upgrade> {
        self.upgraded
    }

    async fn remove_tenant(&self, tenant: TenantId) -> Result<u64, StoreError> {
        let mut lease = self.writers.get().await?;
        let result = self.told(Asked::of(&lease), tenants::remove(&mut lease, tenant)).await;
        lease.settle(result)
    }

    async fn add_token(
        &self,
        tenant: TenantId,
        hash: TokenHash,
        label: &str,
        now: DateTime<Utc>,
    ) -> Result<TokenInfo, StoreError> {
        let mut lease = self.writers.get().await?;
        let result = self
            .told(Asked::of(&lease), tenants::add_token(&mut lease, tenant, hash, label, now))
            .await;
        lease.settle(result)
    }

    async fn tokens(&self, tenant: TenantId) -> Result<Vec<TokenInfo>, StoreError> {
        let read =
            self.writers.read("cannot list the tokens of a tenant", &tenant, |session, tenant| {
                Box::pin(tenants::tokens(session, *tenant))
            });
        read.await
    }

    async fn revoke_token(&self, tenant: TenantId, token: i64) -> Result<(), StoreError> {
        let lease = self.writers.get().await?;
        let result = self.told(Asked::of(&lease), tenants::revoke(&lease, tenant, token)).await;
        lease.settle(result)
    }
}
