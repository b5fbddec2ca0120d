use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use vcc_query::{Selection, Zone, ZoneData};
use vcc_types::{Field, Order};

use crate::tenant_name::{self, NameProblem};
use crate::{
    BulkLoad, Export, KnownToken, Reach, Remains, Rest, StoreError, StoreErrorKind, StoredRecord,
    TokenHash, Upgrade, Vacuum, VacuumNeeds, Vacuumed,
};

/// Where recordings, tenants and tokens live.
///
/// Every engine gives the same answers: the records of a page are those, in that order, that
/// [`Selection::page`] picks from the tenant's records. A store holds no state beside the engine's
/// own that an answer needs, so any number of servers may share one.
///
/// The trait is object-safe, so that a store can be wrapped: by a cache, or by a test that breaks
/// something on purpose.
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use std::sync::Arc;
/// use vcc_query::{Context, Query, Zone};
/// use vcc_store::{Sqlite, Store, StoredRecord};
/// # use vcc_types::{Dialect, Field, Recording};
/// # let now = chrono::DateTime::from_timestamp(1_198_120_596, 0).unwrap();
/// # let context = Context { now, tenant_tz: Zone::UTC, dialect: Dialect::default() };
/// # let selection = Query::parse("").unwrap().resolve(&context).unwrap();
/// # let recording = |start| Recording::new().with(Field::StartDate, start);
/// # let record = |start| StoredRecord::new(&recording(start)).unwrap();
/// # let (early, late) = (record("2007-12-19T19:16:36Z"), record("2007-12-19T19:16:37Z"));
///
/// let store: Arc<dyn Store> = Arc::new(Sqlite::in_memory()?);
/// let acme = store.add_tenant("acme", Zone::UTC, now).await?;
/// let globex = store.add_tenant("globex", Zone::UTC, now).await?;
/// store.import(acme.id, vec![late.clone(), early.clone()].into()).await?;
///
/// // A page has the order of the selection, not that of the import.
/// let page = store.page(acme.id, &selection).await?;
/// assert_eq!(page.records, selection.page([early, late]).collect::<Vec<_>>());
/// // No tenant sees the records of another.
/// assert_eq!(store.page(globex.id, &selection).await?.records, []);
/// # Ok::<(), vcc_store::StoreError>(())
/// # }).unwrap();
/// ```
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// One page of a tenant's records (PAGE-1, PAGE-5), and whether there are more. It is whole,
    /// however long its texts are.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](crate::StoreErrorKind::Unavailable) and
    /// [`Deadline`](crate::StoreErrorKind::Deadline) pass; anything else is a defect.
    async fn page(&self, tenant: TenantId, selection: &Selection) -> Result<Page, StoreError>;

    /// [`page`](Self::page), but of the records no more than 256 KiB of text, or none: where there is
    /// more, [`Page::rest`] says what is left, and [`rest`](Self::rest) reads it. So nobody holds a
    /// page of the longest values in memory, which has some 500 MB.
    ///
    /// A store that does not read pages in pieces gives them whole.
    ///
    /// # Errors
    ///
    /// As [`page`](Self::page).
    async fn begin(&self, tenant: TenantId, selection: &Selection) -> Result<Page, StoreError> {
        self.page(tenant, selection).await
    }

    /// The next records of a page that has [begun](Self::begin): as many as have 256 KiB of text,
    /// and at least one. The selection is that of the page.
    ///
    /// Which records the page has, and their order, is what it was at the moment at which it
    /// began; what they hold is what they hold now. None comes twice, and none that is new.
    ///
    /// # Errors
    ///
    /// As [`page`](Self::page); [`Unavailable`](crate::StoreErrorKind::Unavailable) where a record has
    /// been deleted since, has another start, or does not match the selection any more: the page has
    /// to be begun again, for one that came short would be taken for the last;
    /// [`Refused`](crate::StoreErrorKind::Refused) by a store that gives pages whole.
    async fn rest(
        &self,
        _tenant: TenantId,
        _selection: &Selection,
        _rest: Rest,
    ) -> Result<Page, StoreError> {
        let message = "the store does not read pages in pieces";
        Err(StoreError::new(StoreErrorKind::Refused, message))
    }

    /// All records of a tenant that a selection matches, in its order, as they are at the moment at
    /// which this returns; where a standby of PostgreSQL answers, as far as it has come by then. The
    /// selection's first record and page size count for nothing.
    ///
    /// An export of SQLite holds a snapshot of the file. After ten minutes it ends in
    /// [`Deadline`](crate::StoreErrorKind::Deadline), if the log has more than 256 MiB by then, or as
    /// soon as it has: what others write meanwhile cannot be written back before. Without a writer it
    /// has no limit. It takes one of the four connections for long reads; in memory it is the only one there
    /// is, so that nothing else is answered until it ends. PostgreSQL reads in one transaction, without a
    /// limit, and its `VACUUM` leaves what was deleted since.
    ///
    /// # Errors
    ///
    /// As [`page`](Self::page); [`Refused`](crate::StoreErrorKind::Refused) by a store that gives
    /// nothing but pages.
    async fn export(
        &self,
        _tenant: TenantId,
        _selection: &Selection,
    ) -> Result<Export, StoreError> {
        let message = "the store does not export";
        Err(StoreError::new(StoreErrorKind::Refused, message))
    }

    /// What a request that names this tenant, with a token of this hash, is checked against; `None`
    /// where there is no such tenant. Names are compared byte for byte.
    ///
    /// It takes the same work however many tokens the tenant has, whether this is one of them, and
    /// whether there is such a tenant (AUTH-5).
    ///
    /// # Errors
    ///
    /// As [`page`](Self::page).
    async fn credentials(
        &self,
        tenant: &str,
        token: &TokenHash,
    ) -> Result<Option<Credentials>, StoreError>;

    /// What a request takes: [`credentials`](Self::credentials), and what
    /// [`begin`](Self::begin) gives of the page that it asks for, if it may. `decide` is called once
    /// with the former, and says which page; without a tenant or a selection there is none.
    ///
    /// A store may do both at one moment, for less than the two cost one after the other.
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # tokio::runtime::Runtime::new().unwrap().block_on(async {
    /// use chrono::DateTime;
    /// use vcc_query::{Context, Query};
    /// use vcc_store::{Credentials, Sqlite, Store as _, Token};
    ///
    /// let store = Sqlite::in_memory()?;
    /// let now = DateTime::from_timestamp(1_600_000_000, 0).unwrap();
    /// let tenant = store.add_tenant("acme", "America/Denver".parse().unwrap(), now).await?;
    /// let token = Token::generate()?;
    /// store.add_token(tenant.id, token.hash(), "first", now).await?;
    ///
    /// let mut decide = |credentials: Option<Credentials>| {
    ///     let credentials = credentials?;
    ///     token.hash().find_among(credentials.token.as_slice())?;
    ///     let tenant_tz = credentials.tenant.zone;
    ///     let context = Context { now, tenant_tz, dialect: Default::default() };
    ///     Query::parse("d=today").ok()?.resolve(&context).ok()
    /// };
    /// let page = store.answer("acme", &token.hash(), &mut decide).await?;
    /// assert!(page.is_some_and(|page| page.records.is_empty() && !page.more));
    /// assert!(store.answer("globex", &token.hash(), &mut decide).await?.is_none());
    /// # Ok::<(), vcc_store::StoreError>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// As [`page`](Self::page). `decide` may not have been called then.
    async fn answer(
        &self,
        tenant: &str,
        token: &TokenHash,
        decide: &mut Decide<'_>,
    ) -> Result<Option<Page>, StoreError> {
        one_by_one(self, tenant, token, decide).await
    }

    /// The tenant of this name as whoever writes must know it: also one that was added just now,
    /// elsewhere. [`credentials`](Self::credentials) may be answered by a copy that has not heard
    /// of it yet.
    ///
    /// # Errors
    ///
    /// As [`page`](Self::page).
    async fn tenant(&self, name: &str) -> Result<Option<Tenant>, StoreError> {
        Ok(self.credentials(name, &NO_TOKEN).await?.map(|credentials| credentials.tenant))
    }

    /// Whether a request would be answered now: a record is read by the way that a request takes, and
    /// the store is looked at anew. A file must still be the one that was opened, and be readable, and
    /// nothing may have found it damaged since it was opened; a server must still let this store's user
    /// in.
    ///
    /// It may open a connection, so whoever is asked by strangers asks seldom. It may take as long as
    /// a read: dropped earlier, it holds nothing up.
    ///
    /// # Errors
    ///
    /// It would not, for the reason that the error says.
    async fn ready(&self) -> Result<(), StoreError>;

    /// How many file descriptors the store may have open at the same time, in all.
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # fn main() -> Result<(), vcc_store::StoreError> {
    /// use vcc_store::{Sqlite, Store as _};
    ///
    /// // What a server may open beside them is the rest.
    /// assert!((1..128).contains(&Sqlite::in_memory()?.descriptors()));
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    fn descriptors(&self) -> usize {
        64
    }

    /// How many reads the store does beside each other at most, while others wait for a place: by
    /// default 16, as for SQLite, whose short reads hardly wait. A server leaves half of the places, or
    /// more, to clients whose tokens it knows.
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # fn main() -> Result<(), vcc_store::StoreError> {
    /// use vcc_store::{Sqlite, Store as _};
    ///
    /// assert_eq!(Sqlite::in_memory()?.readers(), 16);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    fn readers(&self) -> usize {
        16
    }

    /// Adds records to a tenant in one transaction: all of them or, on an error, none.
    ///
    /// A record that has a transactionID or a filename is known by the two together (both empty:
    /// every record is its own). What is there already with the same content is left alone, with
    /// other content it is a conflict or, under [`OnConflict::Update`], replaced.
    ///
    /// # Errors
    ///
    /// As [`page`](Self::page), [`NotFound`](crate::StoreErrorKind::NotFound) where the tenant is
    /// gone, and [`Refused`](crate::StoreErrorKind::Refused) where the import is not where its
    /// [`Checkpoint`] has it.
    async fn import(&self, tenant: TenantId, batch: Batch) -> Result<Imported, StoreError>;

    /// How many batches of one import this store gains from being given at once, of which each has a
    /// [`Checkpoint`] that follows the one before. They end in that order, with the same outcome as
    /// one after another; where one fails, those after it are refused. The first of them must have
    /// been polled first.
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # fn main() -> Result<(), vcc_store::StoreError> {
    /// use vcc_store::{Sqlite, Store as _};
    ///
    /// // A file has one writer.
    /// assert_eq!(Sqlite::in_memory()?.batches_at_once(), 1);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    fn batches_at_once(&self) -> usize {
        1
    }

    /// Begins the load of a source into a store that holds no recordings at all, of any tenant, or goes
    /// on with it. A load of another source that was broken off is forgotten.
    ///
    /// Loading is faster than [`import`](Self::import), because the indexes are built once, at the
    /// end. The result is the same.
    ///
    /// # Errors
    ///
    /// [`Refused`](crate::StoreErrorKind::Refused) where there are recordings, of whichever tenant, and
    /// by a store that has no such load; [`NotFound`](crate::StoreErrorKind::NotFound) for the tenant;
    /// and those of every write.
    async fn bulk(&self, _tenant: TenantId, _source: &str) -> Result<BulkLoad, StoreError> {
        let message = "the store has no bulk load";
        Err(StoreError::new(StoreErrorKind::Refused, message))
    }

    /// How many records of a source an import that was broken off has dealt with: the number in
    /// the last [`Checkpoint`] of that source, and 0 without one.
    ///
    /// # Errors
    ///
    /// As [`page`](Self::page).
    async fn checkpoint(&self, tenant: TenantId, source: &str) -> Result<u64, StoreError>;

    /// How many records a tenant has.
    ///
    /// # Errors
    ///
    /// As [`page`](Self::page).
    async fn count(&self, tenant: TenantId) -> Result<u64, StoreError>;

    /// How many records a deletion would delete, of how many, and when they start.
    ///
    /// # Errors
    ///
    /// As [`page`](Self::page); [`Refused`](crate::StoreErrorKind::Refused) by a store that does not
    /// say.
    async fn reach(&self, _tenant: TenantId, _deletion: &Deletion) -> Result<Reach, StoreError> {
        let message = "the store does not say what a deletion reaches";
        Err(StoreError::new(StoreErrorKind::Refused, message))
    }

    /// Deletes records of a tenant, and says how many there were. It works in steps of some
    /// thousands, so that it blocks nobody for long; broken off, it has deleted some. What it says is
    /// deleted stays so, also after a loss of power. In the files there are copies of it until
    /// [`vacuum`](Self::vacuum).
    ///
    /// # Errors
    ///
    /// As [`page`](Self::page).
    async fn delete(&self, tenant: TenantId, deletion: &Deletion) -> Result<u64, StoreError>;

    /// The fields that have been given an index by [`set_index`](Self::set_index), in the documented
    /// order. The agentID, the phoneNumber and the transactionID have one in every store.
    ///
    /// # Errors
    ///
    /// As [`page`](Self::page).
    async fn indexes(&self) -> Result<Vec<Field>, StoreError> {
        Ok(Vec::new())
    }

    /// Gives a field an index, for all tenants, or takes it away. Answers stay the same: a selection of
    /// a field without an index reads the recordings of its window one by one, in the order of the list,
    /// until the page is full or the deadline has come. Says whether anything has changed.
    ///
    /// It reads all recordings, and takes as long. Pages are answered meanwhile, by this instance and
    /// others, and they read the index as soon as it is there. SQLite lets nobody else write until then;
    /// PostgreSQL does, and waits for the transactions that had begun. Every import and deletion has one
    /// more index to write from then on.
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # tokio::runtime::Runtime::new().unwrap().block_on(async {
    /// use vcc_store::{Sqlite, Store as _, StoreErrorKind};
    /// use vcc_types::Field;
    ///
    /// let store = Sqlite::in_memory()?;
    /// assert!(store.set_index(Field::QueueId, true).await?);
    /// assert!(!store.set_index(Field::QueueId, true).await?);
    /// assert_eq!(store.indexes().await?, [Field::QueueId]);
    /// // What every store has is neither given nor taken away.
    /// let error = store.set_index(Field::AgentId, false).await.unwrap_err();
    /// assert_eq!(error.kind(), StoreErrorKind::Refused);
    /// # Ok::<(), vcc_store::StoreError>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// As [`page`](Self::page), and [`Refused`](crate::StoreErrorKind::Refused) for a field that has an
    /// index in every store, or by a store that gives none.
    async fn set_index(&self, _field: Field, _wanted: bool) -> Result<bool, StoreError> {
        let message = "the store gives fields no indexes";
        Err(StoreError::new(StoreErrorKind::Refused, message))
    }

    /// What is deleted, replaced, revoked or removed, and has copies in the files of the store until
    /// [`vacuum`](Self::vacuum). A store that keeps no such files, or leaves that to its server, knows
    /// of nothing.
    ///
    /// # Errors
    ///
    /// As [`page`](Self::page).
    async fn remains(&self) -> Result<Remains, StoreError> {
        Ok(Remains::default())
    }

    /// What [`vacuum`](Self::vacuum) takes; `None` where it writes no file.
    ///
    /// # Errors
    ///
    /// As [`page`](Self::page).
    async fn vacuum_needs(&self) -> Result<Option<VacuumNeeds>, StoreError> {
        Ok(None)
    }

    /// Rewrites the store, so that nothing is in its files but what it holds. Those who read go on
    /// meanwhile; those who write have to wait. Broken off, it has done nothing, and can be repeated.
    ///
    /// SQLite: the file is written anew, in one transaction, and its log is emptied; both are on the
    /// disk then. PostgreSQL: the room of deleted rows is freed for others, which take the place of
    /// their bytes in time; with [`Vacuum::full`] the tables are written anew. Its log, and what was
    /// archived and sent to standbys, is beyond this.
    ///
    /// # Errors
    ///
    /// As [`page`](Self::page); [`Unavailable`](crate::StoreErrorKind::Unavailable) too where others
    /// write for longer than is waited, or a disk is full.
    async fn vacuum(&self, _vacuum: Vacuum) -> Result<Vacuumed, StoreError> {
        Ok(Vacuumed::NO_FILES)
    }

    /// Adds a tenant.
    ///
    /// # Errors
    ///
    /// [`Exists`](crate::StoreErrorKind::Exists), or
    /// [`Refused`](crate::StoreErrorKind::Refused) for a name with a
    /// [`NameProblem`](crate::NameProblem) (AUTH-7), which the message says.
    async fn add_tenant(
        &self,
        name: &str,
        zone: Zone,
        now: DateTime<Utc>,
    ) -> Result<Tenant, StoreError>;

    /// Gives a tenant another zone, and says who it is. Requests that come after it have the new
    /// zone; where copies answer reads, as soon as they have heard of it. Records are kept as
    /// instants: none is written. The tenant is named, and not its number given, so that one whose
    /// zone is not in the zone data can be given one that is.
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # tokio::runtime::Runtime::new().unwrap().block_on(async {
    /// use vcc_store::{Sqlite, Store as _};
    /// # let now = chrono::DateTime::from_timestamp(1_198_120_596, 0).unwrap();
    ///
    /// let store = Sqlite::in_memory()?;
    /// let tenant = store.add_tenant("acme", "America/Denver".parse().unwrap(), now).await?;
    /// let moved = store.set_zone("acme", "America/New_York".parse().unwrap()).await?;
    /// assert_eq!((moved.id, moved.zone.name()), (tenant.id, "America/New_York"));
    /// # Ok::<(), vcc_store::StoreError>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// [`NotFound`](crate::StoreErrorKind::NotFound).
    async fn set_zone(&self, tenant: &str, zone: Zone) -> Result<Tenant, StoreError>;

    /// Every tenant, by name.
    ///
    /// # Errors
    ///
    /// As [`page`](Self::page).
    async fn tenants(&self) -> Result<Vec<Tenant>, StoreError>;

    /// Every tenant with what it has, by name.
    ///
    /// # Errors
    ///
    /// As [`page`](Self::page).
    async fn overview(&self) -> Result<Vec<Overview>, StoreError> {
        let mut counted = Vec::new();
        for tenant in self.tenants().await? {
            let recordings = self.count(tenant.id).await?;
            let tokens = self.tokens(tenant.id).await?.len() as u64;
            counted.push((tenant, recordings, tokens));
        }
        Ok(Overview::all(counted))
    }

    /// What opening the store has changed in it; `None` where it had this version's schema already.
    fn upgraded(&self) -> Option<Upgrade> {
        None
    }

    /// Removes a tenant with its tokens and its records, and says how many records there were. It
    /// stays removed, also after a loss of power; [`delete`](Self::delete) says what is in the files.
    ///
    /// # Errors
    ///
    /// [`NotFound`](crate::StoreErrorKind::NotFound).
    async fn remove_tenant(&self, tenant: TenantId) -> Result<u64, StoreError>;

    /// Adds a token to a tenant. The others stay valid (AUTH-5). The label is one line of at most 100
    /// characters, without control and format characters.
    ///
    /// # Errors
    ///
    /// [`NotFound`](crate::StoreErrorKind::NotFound), and [`Refused`](crate::StoreErrorKind::Refused)
    /// for another label.
    async fn add_token(
        &self,
        tenant: TenantId,
        hash: TokenHash,
        label: &str,
        now: DateTime<Utc>,
    ) -> Result<TokenInfo, StoreError>;

    /// A tenant's tokens, the oldest first.
    ///
    /// # Errors
    ///
    /// As [`page`](Self::page).
    async fn tokens(&self, tenant: TenantId) -> Result<Vec<TokenInfo>, StoreError>;

    /// Makes one token of a tenant invalid, from the next request on; where copies answer reads, as
    /// soon as they have heard of it. It stays revoked, also after a loss of power.
    ///
    /// # Errors
    ///
    /// [`NotFound`](crate::StoreErrorKind::NotFound).
    async fn revoke_token(&self, tenant: TenantId, token: i64) -> Result<(), StoreError>;
}

/// Decides what a request gets, once it is known whom it must prove to come from.
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use vcc_store::{Credentials, Decide, Sqlite, Store as _, TokenHash};
/// # let now = chrono::DateTime::from_timestamp(1_198_120_596, 0).unwrap();
///
/// let store = Sqlite::in_memory()?;
/// store.add_tenant("acme", vcc_query::Zone::UTC, now).await?;
/// let mut asked = Vec::new();
/// let mut nothing = |credentials: Option<Credentials>| {
///     asked.push(credentials.map(|credentials| credentials.tenant.name));
///     None
/// };
/// let decide: &mut Decide<'_> = &mut nothing;
/// let token = TokenHash::of(b"secret");
/// assert!(store.answer("acme", &token, decide).await?.is_none());
/// // An unknown tenant is decided on too, so that it takes the same work.
/// assert!(store.answer("nobody", &token, decide).await?.is_none());
/// assert_eq!(asked, [Some("acme".to_owned()), None]);
/// # Ok::<(), vcc_store::StoreError>(())
/// # }).unwrap();
/// ```
pub type Decide<'a> = dyn FnMut(Option<Credentials>) -> Option<Selection> + Send + 'a;

/// What [`Store::ready`] reads: any one record.
pub(crate) fn anything() -> Selection {
    Selection {
        window: None,
        near: None,
        filters: Vec::new(),
        first: 1,
        page_size: 1,
        order: Order::StartAscending,
        response_zone: Zone::UTC,
        notes: Vec::new(),
    }
}

/// The hash of no token that is known.
pub(crate) const NO_TOKEN: TokenHash = TokenHash::from_bytes([0; 32]);

/// [`Store::answer`] of a store for which it is two questions.
pub(crate) async fn one_by_one(
    store: &(impl Store + ?Sized),
    tenant: &str,
    token: &TokenHash,
    decide: &mut Decide<'_>,
) -> Result<Option<Page>, StoreError> {
    let credentials = store.credentials(tenant, token).await?;
    let id = credentials.as_ref().map(|credentials| credentials.tenant.id);
    let (Some(selection), Some(id)) = (decide(credentials), id) else { return Ok(None) };
    store.begin(id, &selection).await.map(Some)
}

/// The zone data that a store reads the zones of tenants in (DATE-13).
pub(crate) type Zones = Arc<dyn ZoneData + Send + Sync>;

/// The tenant of a row: its zone is a text, which other zone data may know.
pub(crate) fn read_tenant(
    id: i64,
    name: String,
    zone: &str,
    zones: &dyn ZoneData,
) -> Result<Tenant, StoreError> {
    let zone = zones.zone(zone).ok_or_else(|| {
        let message = format!(
            "the tenant {name:?} has the zone {zone:?}, which the zone data{} does not have",
            zones.version().map_or_else(String::new, |version| format!(" {version}")),
        );
        StoreError::new(StoreErrorKind::UnknownZone, message)
    })?;
    Ok(Tenant { id: TenantId(id), name, zone })
}

/// Whether a tenant was read: one whose zone is unknown is in trouble alone.
pub(crate) fn is_read(answer: Result<(), StoreError>) -> Result<(), StoreError> {
    match answer {
        Err(error) if error.kind() == StoreErrorKind::UnknownZone => Ok(()),
        answer => answer,
    }
}

/// The number that leads every key of a tenant's data.
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use vcc_store::{Batch, Deletion, Sqlite, Store as _, StoreErrorKind, TenantId};
/// use vcc_types::Field;
///
/// let store = Sqlite::in_memory()?;
/// let nobody = TenantId(7);
/// // The number of no tenant is that of no records. Nothing can be added to it.
/// assert_eq!(store.count(nobody).await?, 0);
/// let theirs = Deletion::Field(Field::AgentId, "bill".into());
/// assert_eq!(store.delete(nobody, &theirs).await?, 0);
/// let error = store.import(nobody, Batch::default()).await.unwrap_err();
/// assert_eq!(error.kind(), StoreErrorKind::NotFound);
/// # Ok::<(), vcc_store::StoreError>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TenantId(pub i64);

/// A tenant: whose recordings they are, and where its midnight is.
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use vcc_store::{Sqlite, Store as _, StoreErrorKind};
/// # let now = chrono::DateTime::from_timestamp(1_198_120_596, 0).unwrap();
///
/// let store = Sqlite::in_memory()?;
/// let zone: vcc_query::Zone = "America/Denver".parse().unwrap();
/// let tenant = store.add_tenant("acme", zone, now).await?;
/// assert_eq!(tenant.zone.to_string(), "America/Denver");
/// for (name, kind) in [
///     ("acme", StoreErrorKind::Exists),
///     ("Acme", StoreErrorKind::Refused),
///     ("a:b", StoreErrorKind::Refused),
///     (&"é".repeat(128), StoreErrorKind::Refused),
/// ] {
///     assert_eq!(store.add_tenant(name, zone, now).await.unwrap_err().kind(), kind);
/// }
/// # Ok::<(), vcc_store::StoreError>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct Tenant {
    /// The number that leads every key.
    pub id: TenantId,
    /// The user name of requests (AUTH-1).
    pub name: String,
    /// The zone of dates without one, and of the offsets in responses.
    pub zone: Zone,
}

/// A tenant, what it has, and whether its name would be taken today.
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use vcc_store::{Sqlite, Store as _, StoredRecord, TokenHash};
/// # use vcc_types::Recording;
/// # let now = chrono::DateTime::from_timestamp(1_198_120_596, 0).unwrap();
/// # let store = Sqlite::in_memory()?;
///
/// let acme = store.add_tenant("acme", vcc_query::Zone::UTC, now).await?;
/// store.add_token(acme.id, TokenHash::of(b"one"), "first", now).await?;
/// let record = StoredRecord::with_start(&Recording::new(), now).unwrap();
/// store.import(acme.id, vec![record.clone(), record].into()).await?;
/// let overview = &store.overview().await?[0];
/// assert_eq!((overview.tenant.name.as_str(), overview.recordings, overview.tokens), ("acme", 2, 1));
/// assert_eq!(overview.problem, None);
/// # Ok::<(), vcc_store::StoreError>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Overview {
    /// The tenant.
    pub tenant: Tenant,
    /// How many recordings it has.
    pub recordings: u64,
    /// How many tokens open it.
    pub tokens: u64,
    /// Why its name would be refused today, if it would (AUTH-7). It stays valid.
    pub problem: Option<NameProblem>,
}

impl Overview {
    /// Of all tenants, each with the numbers of its recordings and tokens, in the order given.
    pub(crate) fn all(counted: Vec<(Tenant, u64, u64)>) -> Vec<Self> {
        let mut by_age: Vec<_> = (0..counted.len()).collect();
        by_age.sort_by_key(|place| counted[*place].0.id);
        let names: Vec<_> = by_age.iter().map(|place| counted[*place].0.name.as_str()).collect();
        let mut problems = vec![None; counted.len()];
        for (place, problem) in by_age.iter().zip(tenant_name::problems(&names)) {
            problems[*place] = problem;
        }
        let overview =
            |((tenant, recordings, tokens), problem)| Self { tenant, recordings, tokens, problem };
        counted.into_iter().zip(problems).map(overview).collect()
    }
}

/// A tenant, and the token of it that was asked for.
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use vcc_store::{Sqlite, Store as _, Token};
/// # let now = chrono::DateTime::from_timestamp(1_198_120_596, 0).unwrap();
/// # let store = Sqlite::in_memory()?;
/// # let tenant = store.add_tenant("acme", vcc_query::Zone::UTC, now).await?;
///
/// // While a token is changed for another, both open the tenant.
/// let (old, new) = (Token::from_secret("old"), Token::from_secret("new"));
/// store.add_token(tenant.id, old.hash(), "2007", now).await?;
/// store.add_token(tenant.id, new.hash(), "2008", now).await?;
/// for (token, number) in [(&old, 1), (&new, 2)] {
///     let credentials = store.credentials("acme", &token.hash()).await?.unwrap();
///     assert_eq!(token.hash().find_among(credentials.token.as_slice()), Some(number));
/// }
/// let other = Token::from_secret("other").hash();
/// assert!(store.credentials("acme", &other).await?.unwrap().token.is_none());
/// // The case of a name counts.
/// assert!(store.credentials("Acme", &old.hash()).await?.is_none());
/// # Ok::<(), vcc_store::StoreError>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The tenant.
    pub tenant: Tenant,
    /// The token of the hash that was asked for, if it opens the tenant. It is still to be compared as
    /// a whole, in constant time (AUTH-5).
    pub token: Option<KnownToken>,
}

/// What is known of a token once it has been shown.
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use vcc_store::{Sqlite, Store as _, TokenHash};
/// # let now = chrono::DateTime::from_timestamp(1_198_120_596, 0).unwrap();
/// # let store = Sqlite::in_memory()?;
/// # let tenant = store.add_tenant("acme", vcc_query::Zone::UTC, now).await?;
///
/// let first = store.add_token(tenant.id, TokenHash::of(b"one"), "night shift", now).await?;
/// assert_eq!((first.id, first.label.as_str(), first.created), (1, "night shift", now));
/// store.revoke_token(tenant.id, first.id).await?;
/// // The number of a revoked token is not given again.
/// let second = store.add_token(tenant.id, TokenHash::of(b"two"), "", now).await?;
/// assert_eq!(second.id, 2);
/// assert_eq!(store.tokens(tenant.id).await?, [second]);
/// # Ok::<(), vcc_store::StoreError>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenInfo {
    /// The number by which it is revoked.
    pub id: i64,
    /// What its maker called it.
    pub label: String,
    /// When it was made.
    pub created: DateTime<Utc>,
}

/// One page of records.
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use vcc_query::Query;
/// use vcc_store::{Sqlite, Store as _, StoredRecord};
/// # use vcc_query::{Context, Zone};
/// # use vcc_types::{Dialect, Field, Recording};
/// # let now = chrono::DateTime::from_timestamp(1_198_120_596, 0).unwrap();
/// # let context = Context { now, tenant_tz: Zone::UTC, dialect: Dialect::default() };
/// # let store = Sqlite::in_memory()?;
/// # let tenant = store.add_tenant("acme", Zone::UTC, now).await?;
/// # let recording = Recording::new().with(Field::StartDate, "2007-12-19T19:16:36Z");
/// # let record = StoredRecord::new(&recording).unwrap();
///
/// store.import(tenant.id, vec![record; 100].into()).await?;
/// // A page has 50 records, and `n` counts from 1. A full last page has none after it.
/// for (query, records, more) in [("n=50", 50, true), ("n=51", 50, false), ("n=101", 0, false)] {
///     let selection = Query::parse(query).unwrap().resolve(&context).unwrap();
///     let page = store.page(tenant.id, &selection).await?;
///     assert_eq!((page.records.len(), page.more), (records, more), "{query}");
/// }
/// # Ok::<(), vcc_store::StoreError>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// The records, in the order of the selection.
    pub records: Vec<StoredRecord>,
    /// Whether there is a record after the last one of the page.
    pub more: bool,
    /// What is left of the page, where only its [beginning](Store::begin) was read.
    pub rest: Option<Rest>,
}

/// Records to be added together.
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use vcc_store::{Batch, OnConflict, Sqlite, Store as _, StoredRecord};
/// use vcc_types::{Field, Recording};
/// # let now = chrono::DateTime::from_timestamp(1_198_120_596, 0).unwrap();
/// # let store = Sqlite::in_memory()?;
/// # let tenant = store.add_tenant("acme", vcc_query::Zone::UTC, now).await?;
///
/// let recording = Recording::new().with(Field::StartDate, "2007-12-19T19:16:36Z");
/// let batch = Batch::from(vec![StoredRecord::new(&recording).unwrap()]);
/// assert_eq!((batch.on_conflict, &batch.checkpoint), (OnConflict::Reject, &None));
/// // A record without transactionID and filename is not known again: it is there twice.
/// store.import(tenant.id, batch.clone()).await?;
/// store.import(tenant.id, batch).await?;
/// assert_eq!(store.count(tenant.id).await?, 2);
/// # Ok::<(), vcc_store::StoreError>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// The records.
    pub records: Vec<StoredRecord>,
    /// What happens to a record whose keys are there with other content.
    pub on_conflict: OnConflict,
    /// How far the import is after this batch, for an import that may be broken off.
    pub checkpoint: Option<Checkpoint>,
}

impl From<Vec<StoredRecord>> for Batch {
    /// A batch that leaves out conflicts and keeps no checkpoint.
    fn from(records: Vec<StoredRecord>) -> Self {
        Self { records, ..Self::default() }
    }
}

/// How far an import is, kept in the transaction of its batch. Of two imports of one source at
/// once, one goes on and the other is refused, so that no record comes in twice. One that has ended
/// is forgotten: another may begin.
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use vcc_store::{Batch, Checkpoint, Sqlite, Store as _, StoreErrorKind};
/// # let now = chrono::DateTime::from_timestamp(1_198_120_596, 0).unwrap();
/// # let store = Sqlite::in_memory()?;
/// # let tenant = store.add_tenant("acme", vcc_query::Zone::UTC, now).await?;
///
/// let step = |after, records| {
///     let checkpoint = Some(Checkpoint { source: "calls.csv".into(), after, records });
///     store.import(tenant.id, Batch { checkpoint, ..Batch::default() })
/// };
/// // It need not grow by the records of its batch: others were refused. 0 is as without one.
/// for (after, records) in [(0, 5_000), (5_000, 7_000), (7_000, 0)] {
///     step(after, records).await?;
///     assert_eq!(store.checkpoint(tenant.id, "calls.csv").await?, records);
///     assert_eq!(store.checkpoint(tenant.id, "other.csv").await?, 0);
/// }
/// // Another import of it would do what is done already.
/// step(0, 5_000).await?;
/// assert_eq!(step(0, 5_000).await.unwrap_err().kind(), StoreErrorKind::Refused);
/// # Ok::<(), vcc_store::StoreError>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// What is imported, such as the hash of a file.
    pub source: String,
    /// How many of its records were dealt with before the batch: the number in the checkpoint that
    /// is there, and 0 without one. Where another is there, the batch is refused.
    pub after: u64,
    /// How many of its records have been dealt with. 0 forgets the source: it has ended.
    pub records: u64,
}

impl Checkpoint {
    /// Whether it comes after the number of the checkpoint that is there.
    pub(crate) fn follows(&self, there: u64) -> Result<(), StoreError> {
        if self.after == there {
            return Ok(());
        }
        let message = "another import of the same source has gone on or ended meanwhile";
        Err(StoreError::new(StoreErrorKind::Refused, message))
    }
}

/// Which records of a tenant are deleted.
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use chrono::{DateTime, TimeDelta};
/// use vcc_store::{Deletion, Sqlite, Store as _, StoredRecord};
/// # use vcc_types::{Field, Recording};
/// # let start = DateTime::from_timestamp(1_198_120_596, 0).unwrap();
/// # let store = Sqlite::in_memory()?;
/// # let tenant = store.add_tenant("acme", vcc_query::Zone::UTC, start).await?;
///
/// let record = StoredRecord::with_start(&Recording::new(), start).unwrap();
/// store.import(tenant.id, vec![record].into()).await?;
/// // What started at the instant itself stays.
/// assert_eq!(store.delete(tenant.id, &Deletion::Before(start)).await?, 0);
/// let after = start + TimeDelta::microseconds(1);
/// assert_eq!(store.delete(tenant.id, &Deletion::Before(after)).await?, 1);
/// # Ok::<(), vcc_store::StoreError>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deletion {
    /// Those that started before an instant.
    Before(DateTime<Utc>),
    /// All of them.
    All,
    /// Those in which a field holds just this text. The start has none: nothing is deleted.
    Field(Field, String),
}

/// What happens to a record whose keys are there with other content.
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use vcc_store::{Batch, OnConflict, Sqlite, Store as _, StoredRecord};
/// use vcc_types::{Field, Recording};
/// # let now = chrono::DateTime::from_timestamp(1_198_120_596, 0).unwrap();
/// # let store = Sqlite::in_memory()?;
/// # let tenant = store.add_tenant("acme", vcc_query::Zone::UTC, now).await?;
///
/// let record = |agent: &str| {
///     let recording =
///         Recording::new().with(Field::TransactionId, "t1").with(Field::AgentId, agent);
///     StoredRecord::with_start(&recording, now).unwrap()
/// };
/// // Within a batch too, a later record takes the place of an earlier one.
/// let records = vec![record("bill"), record("mary")];
/// let batch = Batch { records, on_conflict: OnConflict::Update, checkpoint: None };
/// let imported = store.import(tenant.id, batch).await?;
/// assert_eq!((imported.added, imported.updated), (1, 1));
/// assert_eq!(store.count(tenant.id).await?, 1);
///
/// // What would be left out is told before anything is done.
/// let records = vec![StoredRecord::with_start(&Recording::new(), now).unwrap(), record("bill")];
/// let batch = Batch { records, on_conflict: OnConflict::Undo, checkpoint: None };
/// let imported = store.import(tenant.id, batch).await?;
/// assert_eq!((imported.added, imported.conflicts), (0, vec![1]));
/// assert_eq!(store.count(tenant.id).await?, 1);
/// # Ok::<(), vcc_store::StoreError>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnConflict {
    /// It is left out and counted.
    #[default]
    Reject,
    /// It takes the place of what was there.
    Update,
    /// Nothing of the batch is done, nor is its checkpoint kept: [`Imported::conflicts`] says which
    /// records are in the way. They can be noted where that must come first, and the batch be given
    /// again without them. A bulk load takes it as [`Reject`](Self::Reject).
    Undo,
}

/// What became of a batch.
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use vcc_store::{Imported, Sqlite, Store as _, StoredRecord};
/// use vcc_types::{Field, Recording};
/// # let now = chrono::DateTime::from_timestamp(1_198_120_596, 0).unwrap();
/// # let store = Sqlite::in_memory()?;
/// # let tenant = store.add_tenant("acme", vcc_query::Zone::UTC, now).await?;
///
/// let record = |filename: &str, agent: &str| {
///     let recording =
///         Recording::new().with(Field::Filename, filename).with(Field::AgentId, agent);
///     StoredRecord::with_start(&recording, now).unwrap()
/// };
/// let records = vec![record("a.wav", "bill"), record("a.wav", "bill"), record("a.wav", "mary")];
/// let imported = store.import(tenant.id, records.into()).await?;
/// assert_eq!(imported, Imported { added: 1, unchanged: 1, updated: 0, conflicts: vec![2] });
/// # Ok::<(), vcc_store::StoreError>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// How many records are new.
    pub added: u64,
    /// How many were there with the same content.
    pub unchanged: u64,
    /// How many replaced what was there.
    pub updated: u64,
    /// The positions in the batch, ascending from 0, of those that were left out because their keys
    /// are there with other content. Under [`OnConflict::Undo`] all others were left out too.
    pub conflicts: Vec<usize>,
}
