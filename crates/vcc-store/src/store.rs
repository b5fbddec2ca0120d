use async_trait::async_trait;
use chrono::{DateTime, Utc};
use vcc_query::{Selection, Zone};
use vcc_types::Field;

use crate::{StoreError, StoredRecord, TokenHash};

/// Where recordings, tenants and tokens live.
///
/// Every engine gives the same answers: the records of a page are those, in that order, that
/// [`Selection::page`] picks from the tenant's records. A store holds no state beside the engine's
/// own, so any number of servers may share one.
///
/// The trait is object-safe, so that a store can be wrapped: by a cache, or by a test that breaks
/// something on purpose.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// One page of a tenant's records (PAGE-1, PAGE-5), and whether there are more.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](crate::StoreErrorKind::Unavailable) and
    /// [`Deadline`](crate::StoreErrorKind::Deadline) pass; anything else is a defect.
    async fn page(&self, tenant: TenantId, selection: &Selection) -> Result<Page, StoreError>;

    /// What a request that names this tenant is checked against; `None` where there is no such
    /// tenant. Names are compared byte for byte.
    ///
    /// # Errors
    ///
    /// As [`page`](Self::page).
    async fn credentials(&self, tenant: &str) -> Result<Option<Credentials>, StoreError>;

    /// What a request takes: [`credentials`](Self::credentials), and the
    /// [`page`](Self::page) that it asks for, if it may. `decide` is called once with the former,
    /// and says which page; without a tenant or a selection there is none.
    ///
    /// A store may do both at one moment, for less than the two cost one after the other.
    ///
    /// ```
    /// use chrono::DateTime;
    /// use vcc_query::{Context, Query};
    /// use vcc_store::{Credentials, Sqlite, Store as _, Token};
    ///
    /// # tokio::runtime::Runtime::new().unwrap().block_on(async {
    /// let store = Sqlite::in_memory()?;
    /// let now = DateTime::from_timestamp(1_600_000_000, 0).unwrap();
    /// let tenant = store.add_tenant("acme", "America/Denver".parse().unwrap(), now).await?;
    /// let token = Token::generate()?;
    /// store.add_token(tenant.id, token.hash(), "first", now).await?;
    ///
    /// let mut decide = |credentials: Option<Credentials>| {
    ///     let credentials = credentials?;
    ///     token.hash().is_among(&credentials.tokens).then_some(())?;
    ///     let tenant_tz = credentials.tenant.zone;
    ///     let context = Context { now, tenant_tz, dialect: Default::default() };
    ///     Query::parse("d=today").ok()?.resolve(&context).ok()
    /// };
    /// let page = store.answer("acme", &mut decide).await?;
    /// assert!(page.is_some_and(|page| page.records.is_empty() && !page.more));
    /// assert!(store.answer("globex", &mut decide).await?.is_none());
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
        decide: &mut Decide<'_>,
    ) -> Result<Option<Page>, StoreError> {
        one_by_one(self, tenant, decide).await
    }

    /// The tenant of this name as whoever writes must know it: also one that was added just now,
    /// elsewhere. [`credentials`](Self::credentials) may be answered by a copy that has not heard
    /// of it yet.
    ///
    /// # Errors
    ///
    /// As [`page`](Self::page).
    async fn tenant(&self, name: &str) -> Result<Option<Tenant>, StoreError> {
        Ok(self.credentials(name).await?.map(|credentials| credentials.tenant))
    }

    /// Whether the store answers.
    ///
    /// # Errors
    ///
    /// It does not.
    async fn ready(&self) -> Result<(), StoreError>;

    /// Adds records to a tenant in one transaction: all of them or, on an error, none.
    ///
    /// A record that has a transactionID or a filename is known by the two together (both empty:
    /// every record is its own). What is there already with the same content is left alone, with
    /// other content it is a conflict or, under [`OnConflict::Update`], replaced.
    ///
    /// # Errors
    ///
    /// As [`page`](Self::page), and [`NotFound`](crate::StoreErrorKind::NotFound) where the tenant
    /// is gone.
    async fn import(&self, tenant: TenantId, batch: Batch) -> Result<Imported, StoreError>;

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

    /// Deletes records of a tenant, and says how many there were. It works in steps of some
    /// thousands, so that it blocks nobody for long; broken off, it has deleted some.
    ///
    /// # Errors
    ///
    /// As [`page`](Self::page).
    async fn delete(&self, tenant: TenantId, deletion: &Deletion) -> Result<u64, StoreError>;

    /// Adds a tenant.
    ///
    /// # Errors
    ///
    /// [`Exists`](crate::StoreErrorKind::Exists), or
    /// [`Refused`](crate::StoreErrorKind::Refused) for a name that is empty, longer than 255 bytes,
    /// or has a `:` or a control character, which Basic credentials cannot carry (AUTH-1).
    async fn add_tenant(
        &self,
        name: &str,
        zone: Zone,
        now: DateTime<Utc>,
    ) -> Result<Tenant, StoreError>;

    /// Every tenant, by name.
    ///
    /// # Errors
    ///
    /// As [`page`](Self::page).
    async fn tenants(&self) -> Result<Vec<Tenant>, StoreError>;

    /// Removes a tenant with its tokens and its records, and says how many records there were.
    ///
    /// # Errors
    ///
    /// [`NotFound`](crate::StoreErrorKind::NotFound).
    async fn remove_tenant(&self, tenant: TenantId) -> Result<u64, StoreError>;

    /// Adds a token to a tenant. The others stay valid (AUTH-5).
    ///
    /// # Errors
    ///
    /// [`NotFound`](crate::StoreErrorKind::NotFound).
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
    /// soon as they have heard of it.
    ///
    /// # Errors
    ///
    /// [`NotFound`](crate::StoreErrorKind::NotFound).
    async fn revoke_token(&self, tenant: TenantId, token: i64) -> Result<(), StoreError>;
}

/// Decides what a request gets, once it is known whom it must prove to come from.
pub type Decide<'a> = dyn FnMut(Option<Credentials>) -> Option<Selection> + Send + 'a;

/// [`Store::answer`] of a store for which it is two questions.
pub(crate) async fn one_by_one(
    store: &(impl Store + ?Sized),
    tenant: &str,
    decide: &mut Decide<'_>,
) -> Result<Option<Page>, StoreError> {
    let credentials = store.credentials(tenant).await?;
    let id = credentials.as_ref().map(|credentials| credentials.tenant.id);
    let (Some(selection), Some(id)) = (decide(credentials), id) else { return Ok(None) };
    store.page(id, &selection).await.map(Some)
}

/// The number that leads every key of a tenant's data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TenantId(pub i64);

/// A tenant: whose recordings they are, and where its midnight is.
#[derive(Clone, Debug)]
pub struct Tenant {
    /// The number that leads every key.
    pub id: TenantId,
    /// The user name of requests (AUTH-1).
    pub name: String,
    /// The zone of dates without one, and of the offsets in responses.
    pub zone: Zone,
}

/// A tenant and the hashes of its tokens.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The tenant.
    pub tenant: Tenant,
    /// The tokens that open it, as hashes.
    pub tokens: Vec<TokenHash>,
}

/// What is known of a token once it has been shown.
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
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// The records, in the order of the selection.
    pub records: Vec<StoredRecord>,
    /// Whether there is a record after the last one.
    pub more: bool,
}

/// Records to be added together.
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

/// How far an import is, kept in the transaction of its batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// What is imported, such as the hash of a file.
    pub source: String,
    /// How many of its records have been dealt with. 0 forgets the source: it has ended.
    pub records: u64,
}

/// Which records of a tenant are deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deletion {
    /// Those that started before an instant.
    Before(DateTime<Utc>),
    /// Those in which a field holds just this text. The start has none: nothing is deleted.
    Field(Field, String),
}

/// What happens to a record whose keys are there with other content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnConflict {
    /// It is left out and counted.
    #[default]
    Reject,
    /// It takes the place of what was there.
    Update,
}

/// What became of a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// How many records are new.
    pub added: u64,
    /// How many were there with the same content.
    pub unchanged: u64,
    /// How many replaced what was there.
    pub updated: u64,
    /// The positions in the batch, from 0, of those that were left out because their keys are
    /// there with other content.
    pub conflicts: Vec<usize>,
}

/// Whether a text can be a tenant's name: not empty, at most 255 bytes, and nothing that Basic
/// credentials cannot carry (AUTH-1).
pub(crate) fn is_tenant_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 255
        && !name.chars().any(|character| character == ':' || character.is_control())
}
