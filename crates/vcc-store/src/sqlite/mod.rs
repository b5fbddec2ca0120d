//! The store inside the program: SQLite, compiled in, in a file or in memory.

mod access;
mod backup;
mod builder;
mod bulk;
mod closed;
mod delete;
mod error;
#[cfg(test)]
mod explain;
mod export;
mod files;
mod followed;
mod gather;
mod held;
mod import;
mod index;
mod line;
mod log;
mod migrate;
mod page;
mod patience;
mod place;
mod places;
mod pool;
mod ready;
mod remains;
mod scans;
mod synced;
mod tenants;
mod vacuum;
mod walk;
mod writer;

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use rusqlite::Connection;
use vcc_query::{Selection, Zone, ZoneData};
use vcc_types::Field;

use self::access::Access;
pub use self::builder::SqliteBuilder;
use self::error::error;
pub use self::followed::FollowedSqlite;
use self::held::Held;
use self::log::Log;
use self::migrate::{is_current, migrate};
use self::page::Snapshot;
use self::patience::Patience;
use self::pool::{Brief, Location, Pool};
use self::ready::Opened;
use self::scans::Scans;
use self::synced::{SYNCHRONOUS, synced};
use self::writer::Writer;
use crate::selection::any_record;
use crate::store::one_by_one;
use crate::tenant::{Zones, is_read};
use crate::waiting::Teller;
use crate::{
    Batch, BulkLoad, Credentials, Decide, Deletion, Export, Imported, Overview, Page, Reach,
    Remains, Rest, Store, StoreError, StoreErrorKind, Tenant, TenantId, TokenHash, TokenInfo,
    Upgrade, Vacuum, VacuumNeeds, Vacuumed,
};

/// A store in one SQLite database.
///
/// A file is kept in WAL mode: readers do not wait for an import, nor an import for readers, also
/// from another process, as long as the log beside the file has no more than 256 MiB. Writers wait for
/// each other: see [`builder`](Self::builder). In memory there is one connection, for a database in memory belongs to
/// its connection.
///
/// ```
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use vcc_store::{Sqlite, Store as _, StoreErrorKind};
/// # let now = chrono::DateTime::from_timestamp(1_198_120_596, 0).unwrap();
///
/// let directory = tempfile::tempdir()?;
/// let path = directory.path().join("calls.db");
/// // `open` makes no file: `create` and `backup` do.
/// let error = Sqlite::open(&path).err().unwrap();
/// assert_eq!(error.kind(), StoreErrorKind::NotFound);
/// let store = Sqlite::in_memory()?;
/// store.add_tenant("acme", vcc_query::Zone::UTC, now).await?;
/// store.backup(&path).await?;
/// assert_eq!(Sqlite::open(&path)?.tenants().await?[0].name, "acme");
/// // A backup replaces nothing.
/// assert_eq!(store.backup(&path).await.unwrap_err().kind(), StoreErrorKind::Exists);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
pub struct Sqlite {
    readers: Pool,
    scans: Scans,
    writer: Writer,
    deadline: Duration,
    upgraded: Option<Upgrade>,
    zones: Zones,
    opened: Arc<Opened>,
    /// `None` in memory.
    file: Option<PathBuf>,
    /// Why it cannot be written.
    read_only: Option<String>,
}

impl std::fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { file, deadline, read_only, .. } = self;
        f.debug_struct("Sqlite")
            .field("file", file)
            .field("deadline", deadline)
            .field("read_only", read_only)
            .finish_non_exhaustive()
    }
}

/// Bytes to a page of a new file: an import is some percent faster than with 4,096.
const PAGE_SIZE: i64 = 8_192;

/// How many connections there are for long reads.
const SCANS: usize = 4;

/// How many connections there are for short reads.
fn readers() -> usize {
    std::thread::available_parallelism().map_or(2, |cores| cores.get()).clamp(2, 16)
}

impl Sqlite {
    /// How long a read may take by default, until it ends in
    /// [`StoreErrorKind::Deadline`].
    pub const DEADLINE: Duration = Duration::from_secs(10);

    /// An empty store in memory, gone when it is dropped.
    ///
    /// # Errors
    ///
    /// SQLite gives no memory.
    pub fn in_memory() -> Result<Self, StoreError> {
        let location = Location { path: None, create: true, read_only: false, is_alone: false };
        let pool = Pool::open_with(&location, 1, |connection| {
            migrate(connection, ":memory:", true).map(drop)
        })?;
        let (readers, scans) = (pool.clone(), Scans::new(pool.clone(), 1));
        let builder = Self::builder();
        let (patience, log) = sharing(&location, ":memory:", &builder);
        let writer = Writer::new(pool, patience, log);
        let SqliteBuilder { deadline, zones, .. } = builder;
        let opened = Arc::new(Opened::new(&location, Held::nothing()));
        let (upgraded, file, read_only) = (None, None, None);
        Ok(Self { readers, scans, writer, deadline, upgraded, zones, opened, file, read_only })
    }

    /// Opens the store in a file, and brings its schema up to date: [`Store::upgraded`] says whether
    /// that was needed. Programs of the version before that have it open go on.
    ///
    /// # Errors
    ///
    /// There is no such file, it cannot be read or written, or it is no store of this program or
    /// one of a later version.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        Self::builder().open(path)
    }

    /// [`open`](Self::open), making the file where there is none.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open), but for a missing file.
    pub fn create(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        Self::builder().create(path)
    }

    /// [`open`](Self::open), or where the file, its folder or the file system cannot be written, opens the
    /// store to be read: [`read_only`](Self::read_only) says why. Every call that writes is
    /// [`Refused`](StoreErrorKind::Refused) then.
    ///
    /// A store that somebody else has open is read beside them. One that nobody has open is read as a
    /// file that does not change: [`FollowedSqlite`] sees when it does, and opens it anew.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open), and [`Refused`](StoreErrorKind::Refused) for what cannot be read without
    /// writing: a store of an earlier version, one with a journal of a write that was broken off, and
    /// one with a log in a folder in which its index cannot be made.
    pub fn open_to_read(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        Self::builder().open_to_read(path)
    }

    /// Why the store can be read and not written; `None` where it can be.
    #[must_use]
    pub fn read_only(&self) -> Option<&str> {
        self.read_only.as_deref()
    }

    /// Sets how long a read may take.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Reads the zones of tenants in this zone data instead of the built-in one (DATE-13). A tenant
    /// whose zone it does not have cannot be read.
    #[must_use]
    pub fn with_zones(mut self, zones: Arc<dyn ZoneData + Send + Sync>) -> Self {
        self.zones = zones;
        self
    }

    /// Copies the store to a file that does not exist yet, as it is at one moment, while it is used.
    ///
    /// The file has its name once it is whole, was checked, and is on the disk. Until then it is
    /// `NAME.partial`, which is locked: of two copies to one name the second is refused, and what a
    /// process that was killed has left there is removed. Its owner alone can read it.
    ///
    /// # Errors
    ///
    /// [`Exists`](StoreErrorKind::Exists) where the file exists, or is being made;
    /// [`Refused`](StoreErrorKind::Refused) where a log or a journal is left of a store that had this
    /// name; and those of every write.
    pub async fn backup(&self, path: impl AsRef<Path>) -> Result<(), StoreError> {
        let path = path.as_ref().to_owned();
        self.writer.copy(move |connection| backup::write(connection, &path)).await
    }

    fn open_with(path: &Path, create: bool, how: SqliteBuilder) -> Result<Self, StoreError> {
        let name = path.display().to_string();
        if !create && !path.exists() {
            let message = format!("there is no store at {name}");
            return Err(StoreError::new(StoreErrorKind::NotFound, message));
        }
        if path.is_dir() {
            let message = format!("{name} is a folder, and no store");
            return Err(StoreError::new(StoreErrorKind::Refused, message));
        }
        if path.is_file() {
            access::to_write(path)?;
        }
        let mut location =
            Location { path: Some(path.to_owned()), create, read_only: false, is_alone: false };
        let held = Held::take(path)?;
        let upgraded = Cell::new(None);
        let (patience, log) = sharing(&location, &name, &how);
        let open = |connection: &mut Connection| {
            let patience = patience.clone();
            connection
                .busy_handler(Some(move |_| patience.again()))
                .map_err(error("cannot open the store"))?;
            // Of a new file; one that is there keeps its own.
            connection
                .pragma_update(None, "page_size", PAGE_SIZE)
                .map_err(error("cannot open the store"))?;
            upgraded.set(migrate(connection, &name, create)?);
            connection
                .pragma_update(None, "journal_mode", "WAL")
                .and_then(|()| connection.pragma_update(None, "synchronous", SYNCHRONOUS))
                // An import touches pages all over the indexes: they are kept in memory, and go to
                // the file in larger pieces.
                .and_then(|()| connection.pragma_update(None, "cache_size", -65_536))
                // It is written back by those who have written much: who revokes a token is not kept.
                .and_then(|()| connection.pragma_update(None, "wal_autocheckpoint", 0))
                // What it was larger is given back when it begins anew.
                .and_then(|()| connection.pragma_update(None, "journal_size_limit", 128 << 20))
                // From the first read on the log is there, and others see that somebody has the store
                // open.
                .and_then(|()| connection.pragma_query_value(None, "schema_version", |_| Ok(())))
                .map_err(error("cannot open the store"))
        };
        let writer =
            Pool::open_with(&location, 1, |connection| patience.during(|| open(connection)))?;
        let writer = Writer::new(writer, patience, log);
        location.read_only = true;
        location.create = false;
        let readers = Pool::open_with(&location, readers(), |_| Ok(()))?;
        let scans = Scans::new(Pool::open_with(&location, SCANS, |_| Ok(()))?, SCANS / 2);
        let SqliteBuilder { deadline, zones, .. } = how;
        let (upgraded, opened) = (upgraded.into_inner(), Arc::new(Opened::new(&location, held)));
        let (file, read_only) = (location.path, None);
        Ok(Self { readers, scans, writer, deadline, upgraded, zones, opened, file, read_only })
    }

    fn read_with(path: &Path, how: SqliteBuilder) -> Result<Self, StoreError> {
        if !path.is_file() {
            return Self::open_with(path, false, how);
        }
        let Access::Read { is_alone, why } = access::of(path)? else {
            return Self::open_with(path, false, how);
        };
        let (name, held) = (path.display().to_string(), Held::take(path)?);
        let path = Some(path.to_owned());
        let location = Location { path, create: false, read_only: true, is_alone };
        let (patience, log) = sharing(&location, &name, &how);
        // What is written fails there, and says why.
        let writer = Pool::open_with(&location, 1, |connection| is_current(connection, &name))?;
        let writer = Writer::new(writer, patience, log);
        let readers = Pool::open_with(&location, readers(), |_| Ok(()))?;
        let scans = Scans::new(Pool::open_with(&location, SCANS, |_| Ok(()))?, SCANS / 2);
        let SqliteBuilder { deadline, zones, .. } = how;
        let (opened, read_only) = (Arc::new(Opened::new(&location, held)), Some(why));
        let (upgraded, file) = (None, location.path);
        Ok(Self { readers, scans, writer, deadline, upgraded, zones, opened, file, read_only })
    }
}

/// How a store's writer gets on with others.
fn sharing(location: &Location, name: &str, how: &SqliteBuilder) -> (Arc<Patience>, Log) {
    let teller = || Teller::new(how.on_waiting.clone());
    let patience = Patience::new(how.wait, teller(), name.to_owned(), location.log());
    (Arc::new(patience), Log::new(location.log(), name.to_owned(), how.log, teller()))
}

#[async_trait]
impl Store for Sqlite {
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
        let busy = match self.readers.run_here(|reader| begin(reader, tenant, selection)) {
            Brief::Done(page) => return page,
            Brief::Busy => true,
            Brief::Long => false,
        };
        let selection = selection.clone();
        let work = move |connection: &mut Connection| begin(connection, tenant, &selection);
        if busy && let Some(page) = self.readers.run_brief(work.clone()).await? {
            return Ok(page);
        }
        self.scans.run(tenant, self.deadline, work).await
    }

    async fn rest(
        &self,
        tenant: TenantId,
        selection: &Selection,
        rest: Rest,
    ) -> Result<Page, StoreError> {
        let selection = selection.clone();
        // On a thread where it may block: a record can have megabytes.
        let work = move |reader: &mut Connection| {
            let snapshot = Snapshot::new(reader).map_err(error("cannot read a page"))?;
            page::rest(&snapshot, tenant, &selection, rest)
        };
        self.readers.run(Some(self.deadline), work).await
    }

    async fn export(&self, tenant: TenantId, selection: &Selection) -> Result<Export, StoreError> {
        export::export(self.scans.pool(), &self.writer, tenant, selection).await
    }

    async fn answer(
        &self,
        tenant: &str,
        token: &TokenHash,
        decide: &mut Decide<'_>,
    ) -> Result<Option<Page>, StoreError> {
        let mut decided = None;
        let here = self.readers.run_here(|reader| {
            let snapshot = Snapshot::new(reader).map_err(error("cannot read a page"))?;
            let credentials = tenants::credentials(&snapshot, tenant, token, &*self.zones)?;
            let id = credentials.as_ref().map(|credentials| credentials.tenant.id);
            let selection = decide(credentials);
            match decided.insert(id.zip(selection)) {
                Some((id, selection)) => page::begin(&snapshot, *id, selection).map(Some),
                None => Ok(None),
            }
        });
        match (here, decided) {
            (Brief::Done(answer), _) => answer,
            (_, Some(None)) => Ok(None),
            (_, Some(Some((id, selection)))) => {
                let work = move |reader: &mut Connection| begin(reader, id, &selection);
                self.scans.run(id, self.deadline, work).await.map(Some)
            }
            (_, None) => one_by_one(self, tenant, token, decide).await,
        }
    }

    async fn credentials(
        &self,
        tenant: &str,
        token: &TokenHash,
    ) -> Result<Option<Credentials>, StoreError> {
        let here = self
            .readers
            .run_here(|reader| tenants::credentials(reader, tenant, token, &*self.zones));
        if let Brief::Done(credentials) = here {
            return credentials;
        }
        let (name, token, zones) = (tenant.to_owned(), *token, self.zones.clone());
        let work = move |connection: &mut Connection| {
            tenants::credentials(connection, &name, &token, &*zones)
        };
        self.readers.run(Some(self.deadline), work).await
    }

    async fn ready(&self) -> Result<(), StoreError> {
        let closed = |_| StoreError::new(StoreErrorKind::Unavailable, "the store is closed");
        let turn = self.opened.one.clone().acquire_owned().await.map_err(closed)?;
        let opened = self.opened.clone();
        let look = tokio::task::spawn_blocking(move || {
            // Also when nobody waits for it any more.
            let _turn = turn;
            opened.look()
        });
        let tenant = look.await.map_err(|joined| {
            StoreError::new(StoreErrorKind::Internal, "a task of the store ended early")
                .with_source(joined)
        })??;
        // What one record does not show, others may have: a damaged file does not mend itself.
        for pool in [&self.readers, self.scans.pool(), self.writer.pool()] {
            if let Some(damage) = pool.damage() {
                let message = format!("an earlier call has found damage: {damage}");
                return Err(StoreError::new(StoreErrorKind::Internal, message));
            }
        }
        // The connections that answer requests may be at fault as well.
        let tenant = tenant.unwrap_or_default();
        let answer = self.answer(&tenant, &TokenHash::NONE, &mut |_| Some(any_record())).await;
        is_read(answer.map(drop))
    }

    fn descriptors(&self) -> usize {
        // For each connection the file and its log, with those of `ready`; the index of the log, and
        // what is sorted on the disk.
        2 * (readers() + SCANS + 3) + 16
    }

    async fn import(&self, tenant: TenantId, batch: Batch) -> Result<Imported, StoreError> {
        let work = move |connection: &mut Connection| import::import(connection, tenant, &batch);
        self.writer.run_batch(work).await
    }

    async fn bulk(&self, tenant: TenantId, source: &str) -> Result<BulkLoad, StoreError> {
        bulk::bulk(self.writer.clone(), tenant, source).await
    }

    async fn checkpoint(&self, tenant: TenantId, source: &str) -> Result<u64, StoreError> {
        let source = source.to_owned();
        let work =
            move |connection: &mut Connection| import::checkpoint(connection, tenant, &source);
        self.readers.run(Some(self.deadline), work).await
    }

    async fn count(&self, tenant: TenantId) -> Result<u64, StoreError> {
        let work = move |connection: &mut Connection| delete::count(connection, tenant);
        self.readers.run(Some(self.deadline), work).await
    }

    async fn reach(&self, tenant: TenantId, deletion: &Deletion) -> Result<Reach, StoreError> {
        let deletion = deletion.clone();
        let work = move |connection: &mut Connection| delete::reach(connection, tenant, &deletion);
        // As long as it takes: whoever deletes reads as much again.
        self.scans.pool().run(None, work).await
    }

    async fn remains(&self) -> Result<Remains, StoreError> {
        if self.file.is_none() {
            return Ok(Remains::default());
        }
        let work = |connection: &mut Connection| {
            remains::read(connection).map_err(error("cannot read what is to be rewritten"))
        };
        self.readers.run(Some(self.deadline), work).await
    }

    async fn vacuum_needs(&self) -> Result<Option<VacuumNeeds>, StoreError> {
        let Some(file) = self.file.clone() else { return Ok(None) };
        let work = move |connection: &mut Connection| vacuum::needs(connection, &file);
        self.readers.run(Some(self.deadline), work).await
    }

    async fn vacuum(&self, _: Vacuum) -> Result<Vacuumed, StoreError> {
        let Some(file) = self.file.clone() else { return Ok(Vacuumed::NO_FILES) };
        let rewritten = self.writer.run(|connection| synced(connection, vacuum::rewrite)).await?;
        // It waits for others anew, however long the rewrite took.
        let wait = self.writer.wait();
        let end = move |connection: &mut Connection| {
            let work = |connection: &mut _| vacuum::empty_log(connection, &file, wait, &rewritten);
            synced(connection, work)
        };
        self.writer.run_after_reads(end).await
    }

    async fn delete(&self, tenant: TenantId, deletion: &Deletion) -> Result<u64, StoreError> {
        let mut deleted = 0;
        loop {
            let deletion = deletion.clone();
            let step = move |connection: &mut Connection| {
                synced(connection, |connection| delete::step(connection, tenant, &deletion))
            };
            match self.writer.run_batch(step).await? {
                0 => return Ok(deleted),
                records => deleted += records,
            }
        }
    }

    async fn indexes(&self) -> Result<Vec<Field>, StoreError> {
        let work = |connection: &mut Connection| {
            index::given(connection).map_err(error("cannot list the indexes"))
        };
        Ok(self.readers.run(Some(self.deadline), work).await?.fields().collect())
    }

    async fn set_index(&self, field: Field, wanted: bool) -> Result<bool, StoreError> {
        self.writer.run_batch(move |connection| index::set(connection, field, wanted)).await
    }

    async fn add_tenant(
        &self,
        name: &str,
        zone: Zone,
        now: DateTime<Utc>,
    ) -> Result<Tenant, StoreError> {
        let name = name.to_owned();
        let work = move |connection: &mut Connection| tenants::add(connection, &name, zone, now);
        self.writer.run(work).await
    }

    async fn set_zone(&self, tenant: &str, zone: Zone) -> Result<Tenant, StoreError> {
        let name = tenant.to_owned();
        let work = move |connection: &mut Connection| tenants::set_zone(connection, &name, zone);
        self.writer.run(work).await
    }

    async fn tenants(&self) -> Result<Vec<Tenant>, StoreError> {
        let zones = self.zones.clone();
        let work = move |connection: &mut Connection| tenants::list(connection, &*zones);
        self.readers.run(Some(self.deadline), work).await
    }

    async fn overview(&self) -> Result<Vec<Overview>, StoreError> {
        let tenants = self.tenants().await?;
        let holdings = self.readers.run(Some(self.deadline), tenants::holdings).await?;
        // One that was added or removed between the two has nothing.
        let counted = tenants.into_iter().map(|tenant| {
            let (recordings, tokens) = holdings.get(&tenant.id).copied().unwrap_or_default();
            (tenant, recordings, tokens)
        });
        Ok(Overview::all(counted.collect()))
    }

    fn upgraded(&self) -> Option<Upgrade> {
        self.upgraded
    }

    async fn remove_tenant(&self, tenant: TenantId) -> Result<u64, StoreError> {
        let work = move |connection: &mut Connection| {
            synced(connection, |connection| tenants::remove(connection, tenant))
        };
        self.writer.run_batch(work).await
    }

    async fn add_token(
        &self,
        tenant: TenantId,
        hash: TokenHash,
        label: &str,
        now: DateTime<Utc>,
    ) -> Result<TokenInfo, StoreError> {
        let label = label.to_owned();
        let work = move |connection: &mut Connection| {
            tenants::add_token(connection, tenant, hash, &label, now)
        };
        self.writer.run(work).await
    }

    async fn tokens(&self, tenant: TenantId) -> Result<Vec<TokenInfo>, StoreError> {
        let work = move |connection: &mut Connection| tenants::tokens(connection, tenant);
        self.readers.run(Some(self.deadline), work).await
    }

    async fn revoke_token(&self, tenant: TenantId, token: i64) -> Result<(), StoreError> {
        let work = move |connection: &mut Connection| {
            synced(connection, |connection| tenants::revoke(connection, tenant, token))
        };
        self.writer.run(work).await
    }
}

/// Runs what blocks, and has no connection yet, on a thread where it may.
async fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|joined| {
        Err(StoreError::new(StoreErrorKind::Internal, "a task of the store ended early")
            .with_source(joined))
    })
}

/// The beginning of a page out of a snapshot of its own.
fn begin(
    reader: &mut Connection,
    tenant: TenantId,
    selection: &Selection,
) -> Result<Page, StoreError> {
    let snapshot = Snapshot::new(reader).map_err(error("cannot read a page"))?;
    page::begin(&snapshot, tenant, selection)
}
