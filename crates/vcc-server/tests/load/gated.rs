//! A store that a test can hold up, let through, or make fail.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::Semaphore;
use vcc_query::{Selection, Zone};
use vcc_store::{
    Batch, Credentials, Deletion, Imported, Page, Rest, Sqlite, Store, StoreError, StoreErrorKind,
    Tenant, TenantId, TokenHash, TokenInfo,
};

use crate::common::store;
use async_trait::async_trait;

/// A store whose pages wait until a test lets them through, or fail, and whose sign-ins may take long.
pub(crate) struct Gated {
    inner: Arc<Sqlite>,
    /// How many sign-ins may run at once.
    readers: Semaphore,
    sign_in: Duration,
    pub(crate) sign_ins: AtomicUsize,
    pub(crate) entered: Semaphore,
    pub(crate) through: Semaphore,
    pub(crate) failing: AtomicU8,
}

impl Gated {
    pub(crate) async fn new(through: usize) -> Arc<Self> {
        Self::slow(through, Duration::ZERO).await
    }

    /// Eight sign-ins at a time, each of which takes this long.
    pub(crate) async fn slow(through: usize, sign_in: Duration) -> Arc<Self> {
        Arc::new(Self {
            inner: store().await,
            readers: Semaphore::new(8),
            sign_in,
            sign_ins: AtomicUsize::new(0),
            entered: Semaphore::new(0),
            through: Semaphore::new(through),
            failing: AtomicU8::new(0),
        })
    }
}

#[async_trait]
impl Store for Gated {
    async fn page(&self, tenant: TenantId, selection: &Selection) -> Result<Page, StoreError> {
        self.inner.page(tenant, selection).await
    }

    async fn rest(
        &self,
        tenant: TenantId,
        selection: &Selection,
        rest: Rest,
    ) -> Result<Page, StoreError> {
        match self.failing.load(Ordering::Relaxed) {
            0 => self.inner.rest(tenant, selection, rest).await,
            _ => Err(StoreError::new(StoreErrorKind::Unavailable, "secret internals")),
        }
    }

    async fn begin(&self, tenant: TenantId, selection: &Selection) -> Result<Page, StoreError> {
        self.entered.add_permits(1);
        self.through.acquire().await.unwrap().forget();
        let failure = |kind| Err(StoreError::new(kind, "secret internals"));
        match self.failing.load(Ordering::Relaxed) {
            1 => failure(StoreErrorKind::Unavailable),
            2 => failure(StoreErrorKind::Deadline),
            3 => failure(StoreErrorKind::Internal),
            4 => failure(StoreErrorKind::Refused),
            _ => self.inner.begin(tenant, selection).await,
        }
    }

    async fn credentials(
        &self,
        tenant: &str,
        token: &TokenHash,
    ) -> Result<Option<Credentials>, StoreError> {
        if !self.sign_in.is_zero() {
            self.sign_ins.fetch_add(1, Ordering::Relaxed);
            let _reader = self.readers.acquire().await.unwrap();
            tokio::time::sleep(self.sign_in).await;
        }
        self.inner.credentials(tenant, token).await
    }

    async fn ready(&self) -> Result<(), StoreError> {
        match self.failing.load(Ordering::Relaxed) {
            0 => self.inner.ready().await,
            _ => Err(StoreError::new(StoreErrorKind::Unavailable, "secret internals")),
        }
    }

    async fn import(&self, tenant: TenantId, batch: Batch) -> Result<Imported, StoreError> {
        self.inner.import(tenant, batch).await
    }

    async fn checkpoint(&self, tenant: TenantId, source: &str) -> Result<u64, StoreError> {
        self.inner.checkpoint(tenant, source).await
    }

    async fn count(&self, tenant: TenantId) -> Result<u64, StoreError> {
        self.inner.count(tenant).await
    }

    async fn delete(&self, tenant: TenantId, deletion: &Deletion) -> Result<u64, StoreError> {
        self.inner.delete(tenant, deletion).await
    }

    async fn add_tenant(
        &self,
        name: &str,
        zone: Zone,
        now: DateTime<Utc>,
    ) -> Result<Tenant, StoreError> {
        self.inner.add_tenant(name, zone, now).await
    }

    async fn set_zone(&self, tenant: &str, zone: Zone) -> Result<Tenant, StoreError> {
        self.inner.set_zone(tenant, zone).await
    }

    async fn tenants(&self) -> Result<Vec<Tenant>, StoreError> {
        self.inner.tenants().await
    }

    async fn remove_tenant(&self, tenant: TenantId) -> Result<u64, StoreError> {
        self.inner.remove_tenant(tenant).await
    }

    async fn add_token(
        &self,
        tenant: TenantId,
        hash: TokenHash,
        label: &str,
        now: DateTime<Utc>,
    ) -> Result<TokenInfo, StoreError> {
        self.inner.add_token(tenant, hash, label, now).await
    }

    async fn tokens(&self, tenant: TenantId) -> Result<Vec<TokenInfo>, StoreError> {
        self.inner.tokens(tenant).await
    }

    async fn revoke_token(&self, tenant: TenantId, token: i64) -> Result<(), StoreError> {
        self.inner.revoke_token(tenant, token).await
    }
}
