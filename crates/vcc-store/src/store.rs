//! The trait of every store.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use vcc_query::{Selection, Zone};
use vcc_types::Field;

use crate::{
    Batch, BulkLoad, Credentials, Decide, Deletion, Export, Imported, Overview, Page, Reach,
    Remains, Rest, StoreError, StoreErrorKind, Tenant, TenantId, TokenHash, TokenInfo, Upgrade,
    Vacuum, VacuumNeeds, Vacuumed,
};

/// Where recordings, tenants and tokens live.
///
/// Every engine gives the same answers: a page has the records that [`Selection::page`] picks from
/// all records of the tenant, in the same order. An answer needs no state but the engine's own, so
/// any number of servers may share one database.
///
/// The trait is object-safe, so a store can be wrapped: by a cache, or by a test that breaks something
/// on purpose. Another engine can be held to what is promised here by `vcc_store::laws`, which the feature
/// `laws` adds.
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
/// // A page has the order of the selection, not of the import.
/// let page = store.page(acme.id, &selection).await?;
/// assert_eq!(page.records, selection.page([early, late]).collect::<Vec<_>>());
/// // No tenant sees the records of another.
/// assert_eq!(store.page(globex.id, &selection).await?.records, []);
/// # Ok::<(), vcc_store::StoreError>(())
/// # }).unwrap();
/// ```
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// One page of a tenant's records (PAGE-1, PAGE-5), and whether there are more. The page is whole,
    /// however long its texts are.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](StoreErrorKind::Unavailable) and [`Deadline`](StoreErrorKind::Deadline) pass;
    /// anything else is a defect.
    async fn page(&self, tenant: TenantId, selection: &Selection) -> Result<Page, StoreError>;

    /// [`page`](Self::page), but with at most 256 KiB of text, or no records at all: if there is more,
    /// [`Page::rest`] says what is left, and [`rest`](Self::rest) reads it. A page of the longest
    /// values, some 500 MB, is therefore never in memory as a whole.
    ///
    /// A store that cannot read a page in pieces gives it whole.
    ///
    /// # Errors
    ///
    /// As [`page`](Self::page).
    async fn begin(&self, tenant: TenantId, selection: &Selection) -> Result<Page, StoreError> {
        self.page(tenant, selection).await
    }

    /// The next records of a page that has [begun](Self::begin): at most 256 KiB of text, but at least
    /// one record. The selection is the one that the page began with.
    ///
    /// Which records the page has, and their order, was decided when it began; what they hold is read
    /// now. No record comes twice, and none that was added since.
    ///
    /// # Errors
    ///
    /// As [`page`](Self::page). [`Unavailable`](StoreErrorKind::Unavailable) if a record has been
    /// deleted since, has another start, or no longer matches the selection: the page has to begin
    /// again, because a client would take a short page for the last one.
    /// [`Refused`](StoreErrorKind::Refused) by a store that gives pages whole.
    async fn rest(
        &self,
        _tenant: TenantId,
        _selection: &Selection,
        _rest: Rest,
    ) -> Result<Page, StoreError> {
        Err(StoreError::new(StoreErrorKind::Refused, "the store does not read pages in pieces"))
    }

    /// All records of a tenant that a selection matches, in its order, as they are when this returns;
    /// or, on a standby of PostgreSQL, as far as it has replayed by then. The first record and the page
    /// size of the selection are ignored.
    ///
    /// In SQLite an export holds a snapshot of the file, so what others write meanwhile cannot be
    /// written back from the log. If the log has more than 256 MiB after ten minutes, or at any time
    /// later, the export ends with [`Deadline`](StoreErrorKind::Deadline); without a writer it has no
    /// limit. It uses one of the four connections for long reads; a store in memory has only one
    /// connection, and answers nothing else until the export ends. PostgreSQL reads in one transaction,
    /// without a limit; its `VACUUM` keeps what was deleted since.
    ///
    /// # Errors
    ///
    /// As [`page`](Self::page); [`Refused`](StoreErrorKind::Refused) by a store that gives only pages.
    async fn export(
        &self,
        _tenant: TenantId,
        _selection: &Selection,
    ) -> Result<Export, StoreError> {
        Err(StoreError::new(StoreErrorKind::Refused, "the store does not export"))
    }

    /// The tenant that a request names, and its token of this hash; `None` if there is no such tenant.
    /// Names are compared byte for byte.
    ///
    /// The work is the same however many tokens the tenant has, whether this is one of them, and
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

    /// All that one request needs: [`credentials`](Self::credentials), and then the page that `decide`
    /// picks, as [`begin`](Self::begin) gives it. `decide` is called once, with the credentials.
    /// Without a tenant, or if it picks no page, the answer is `None`. See [`Decide`] for an example.
    ///
    /// A store may do both at one moment, which costs less than one after the other.
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

    /// The tenant of this name, for a call that is going to write: one that was added a moment ago, by
    /// another server, is found too. [`credentials`](Self::credentials) may be answered by a copy that
    /// has not heard of it yet.
    ///
    /// # Errors
    ///
    /// As [`page`](Self::page).
    async fn tenant(&self, name: &str) -> Result<Option<Tenant>, StoreError> {
        Ok(self.credentials(name, &TokenHash::NONE).await?.map(|credentials| credentials.tenant))
    }

    /// Whether a request would be answered now: a record is read in the way of a request, and the store
    /// is looked at anew. A file must still be the one that was opened, be readable, and not have been
    /// found damaged; a server must still let this store's user in.
    ///
    /// It may open a connection, so do not let strangers trigger it often. It may take as long as a
    /// read; dropping the future early holds nothing up.
    ///
    /// # Errors
    ///
    /// The request would fail; the error says why.
    async fn ready(&self) -> Result<(), StoreError>;

    /// The most file descriptors that the store has open at the same time. A server may open the rest of
    /// what its limit allows.
    fn descriptors(&self) -> usize {
        64
    }

    /// The most reads that the store does at the same time; others wait. The default of 16 is that of
    /// SQLite, whose short reads hardly wait. A server keeps half of the places or more for clients
    /// whose tokens it knows.
    fn readers(&self) -> usize {
        16
    }

    /// Adds records to a tenant in one transaction: all of them or, on an error, none.
    ///
    /// A record that has a transactionID or a filename is identified by the two together; one that has
    /// neither is never the same as another. A record that is stored already with the same content is
    /// left alone. With other content it is a conflict, or is replaced under [`OnConflict::Update`].
    ///
    /// [`OnConflict::Update`]: crate::OnConflict::Update
    ///
    /// # Errors
    ///
    /// As [`page`](Self::page); [`NotFound`](StoreErrorKind::NotFound) if there is no such tenant, and
    /// [`Refused`](StoreErrorKind::Refused) if the import is not where its
    /// [`Checkpoint`](crate::Checkpoint) says.
    async fn import(&self, tenant: TenantId, batch: Batch) -> Result<Imported, StoreError>;

    /// How many batches of one import are worth giving at once, if each has a
    /// [`Checkpoint`](crate::Checkpoint) that follows the one before. They end in that order, with the
    /// same outcome as one after another; if one fails, the later ones are refused. The first must be
    /// polled first. A file has one writer, so for SQLite this is 1.
    fn batches_at_once(&self) -> usize {
        1
    }

    /// Begins a bulk load of a source into a store that has no recordings at all, of any tenant, or
    /// continues it. A load of another source that was interrupted is discarded.
    ///
    /// A bulk load is faster than [`import`](Self::import) because the indexes are built once, at the
    /// end. The result is the same.
    ///
    /// # Errors
    ///
    /// [`Refused`](StoreErrorKind::Refused) if there are recordings of any tenant, and by a store that
    /// has no bulk load; [`NotFound`](StoreErrorKind::NotFound) for the tenant; and those of any write.
    async fn bulk(&self, _tenant: TenantId, _source: &str) -> Result<BulkLoad, StoreError> {
        Err(StoreError::new(StoreErrorKind::Refused, "the store has no bulk load"))
    }

    /// How many records of a source an interrupted import has dealt with: the number in the last
    /// [`Checkpoint`](crate::Checkpoint) of that source, or 0 if there is none.
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
    /// As [`page`](Self::page); [`Refused`](StoreErrorKind::Refused) by a store that cannot tell.
    async fn reach(&self, _tenant: TenantId, _deletion: &Deletion) -> Result<Reach, StoreError> {
        let message = "the store does not say what a deletion reaches";
        Err(StoreError::new(StoreErrorKind::Refused, message))
    }

    /// Deletes records of a tenant, and returns how many. It works in steps of some thousands, so that
    /// it blocks nobody for long; if it is interrupted, some are deleted. What it has reported as
    /// deleted stays deleted, also after a loss of power. Copies remain in the files until
    /// [`vacuum`](Self::vacuum).
    ///
    /// # Errors
    ///
    /// As [`page`](Self::page).
    async fn delete(&self, tenant: TenantId, deletion: &Deletion) -> Result<u64, StoreError>;

    /// The fields that were given an index by [`set_index`](Self::set_index), in the documented order.
    /// The agentID, the phoneNumber and the transactionID have one in every store.
    ///
    /// # Errors
    ///
    /// As [`page`](Self::page).
    async fn indexes(&self) -> Result<Vec<Field>, StoreError> {
        Ok(Vec::new())
    }

    /// Gives a field an index, for all tenants, or takes it away, and returns whether anything has
    /// changed. Answers stay the same: without an index, a selection by the field reads the recordings
    /// of its window one by one until the page is full or the deadline has come.
    ///
    /// It reads all recordings, and takes as long as that. Pages are answered meanwhile, and use the
    /// index as soon as it is there. In SQLite nobody else can write until then; PostgreSQL lets others
    /// write, and waits for the transactions that began earlier. From then on every import and deletion
    /// has one more index to write.
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
    /// // The indexes of every store cannot be changed.
    /// let error = store.set_index(Field::AgentId, false).await.unwrap_err();
    /// assert_eq!(error.kind(), StoreErrorKind::Refused);
    /// # Ok::<(), vcc_store::StoreError>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// As [`page`](Self::page); [`Refused`](StoreErrorKind::Refused) for a field that has an index in
    /// every store, and by a store that gives none.
    async fn set_index(&self, _field: Field, _wanted: bool) -> Result<bool, StoreError> {
        Err(StoreError::new(StoreErrorKind::Refused, "the store gives fields no indexes"))
    }

    /// What was deleted, replaced, revoked or removed, and has copies in the files of the store until
    /// [`vacuum`](Self::vacuum). Empty for a store that has no files, or leaves that to its server.
    ///
    /// # Errors
    ///
    /// As [`page`](Self::page).
    async fn remains(&self) -> Result<Remains, StoreError> {
        Ok(Remains::default())
    }

    /// What [`vacuum`](Self::vacuum) needs; `None` if it writes no file.
    ///
    /// # Errors
    ///
    /// As [`page`](Self::page).
    async fn vacuum_needs(&self) -> Result<Option<VacuumNeeds>, StoreError> {
        Ok(None)
    }

    /// Rewrites the store, so that its files hold only what the store holds. Readers go on meanwhile;
    /// writers wait. If it is interrupted, it has done nothing, and can be repeated.
    ///
    /// SQLite: the file is rewritten in one transaction, its log is emptied, and both are on the disk
    /// then. PostgreSQL: the space of deleted rows is freed for others, which overwrite them in time;
    /// with [`Vacuum::full`] the tables are rewritten. Its log, its archive and its standbys are out of
    /// reach.
    ///
    /// # Errors
    ///
    /// As [`page`](Self::page); also [`Unavailable`](StoreErrorKind::Unavailable) if another writer
    /// takes longer than the store waits, or a disk is full.
    async fn vacuum(&self, _vacuum: Vacuum) -> Result<Vacuumed, StoreError> {
        Ok(Vacuumed::NO_FILES)
    }

    /// Adds a tenant.
    ///
    /// # Errors
    ///
    /// [`Exists`](StoreErrorKind::Exists), or [`Refused`](StoreErrorKind::Refused) for a name with a
    /// [`NameProblem`](crate::NameProblem) (AUTH-7), which the message tells.
    async fn add_tenant(
        &self,
        name: &str,
        zone: Zone,
        now: DateTime<Utc>,
    ) -> Result<Tenant, StoreError>;

    /// Gives a tenant another zone, and returns the tenant. Later requests use the new zone; if copies
    /// answer reads, as soon as they know of it. Records are stored as instants, so none is written.
    /// The tenant is given by its name, so that one whose zone is missing from the zone data can be
    /// given another.
    ///
    /// # Errors
    ///
    /// [`NotFound`](StoreErrorKind::NotFound).
    async fn set_zone(&self, tenant: &str, zone: Zone) -> Result<Tenant, StoreError>;

    /// Every tenant, by name.
    ///
    /// # Errors
    ///
    /// As [`page`](Self::page).
    async fn tenants(&self) -> Result<Vec<Tenant>, StoreError>;

    /// Every tenant, by name, with the numbers of its recordings and tokens.
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

    /// What opening the store has changed in it; `None` if its schema was up to date.
    fn upgraded(&self) -> Option<Upgrade> {
        None
    }

    /// Removes a tenant with its tokens and records, and returns how many records there were. It stays
    /// removed, also after a loss of power; for what remains in the files see [`delete`](Self::delete).
    ///
    /// # Errors
    ///
    /// [`NotFound`](StoreErrorKind::NotFound).
    async fn remove_tenant(&self, tenant: TenantId) -> Result<u64, StoreError>;

    /// Adds a token to a tenant; its other tokens stay valid (AUTH-5). The label is one line of at most
    /// 100 characters, without control and format characters.
    ///
    /// # Errors
    ///
    /// [`NotFound`](StoreErrorKind::NotFound), and [`Refused`](StoreErrorKind::Refused) for another
    /// kind of label.
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

    /// Makes one token of a tenant invalid from the next request on; if copies answer reads, as soon as
    /// they know of it. It stays revoked, also after a loss of power.
    ///
    /// # Errors
    ///
    /// [`NotFound`](StoreErrorKind::NotFound).
    async fn revoke_token(&self, tenant: TenantId, token: i64) -> Result<(), StoreError>;
}

/// [`Store::answer`] in two steps.
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
