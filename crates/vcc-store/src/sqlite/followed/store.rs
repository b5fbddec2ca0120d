//! The trait of stores: each call goes to the file that the path names now.

use std::sync::atomic::Ordering;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use vcc_query::{Selection, Zone};
use vcc_types::Field;

use super::{FollowedSqlite, REPLACED};
use crate::{
    Batch, BulkLoad, Credentials, Decide, Deletion, Export, Imported, Overview, Page, Reach,
    Remains, Rest, Store, StoreError, StoreErrorKind, Tenant, TenantId, TokenHash, TokenInfo,
    Upgrade, Vacuum, VacuumNeeds, Vacuumed,
};

#[async_trait]
impl Store for FollowedSqlite {
    async fn page(&self, tenant: TenantId, selection: &Selection) -> Result<Page, StoreError> {
        self.store().await?.page(tenant, selection).await
    }

    async fn begin(&self, tenant: TenantId, selection: &Selection) -> Result<Page, StoreError> {
        let current = self.current().await?;
        Ok(current.of(current.store.begin(tenant, selection).await?))
    }

    async fn rest(
        &self,
        tenant: TenantId,
        selection: &Selection,
        rest: Rest,
    ) -> Result<Page, StoreError> {
        let current = self.current().await?;
        if rest.file() != current.number {
            let message =
                "the store was replaced while the page was read in pieces: ask for it again";
            return Err(StoreError::new(StoreErrorKind::Unavailable, message));
        }
        Ok(current.of(current.store.rest(tenant, selection, rest).await?))
    }

    async fn export(&self, tenant: TenantId, selection: &Selection) -> Result<Export, StoreError> {
        self.store().await?.export(tenant, selection).await
    }

    async fn answer(
        &self,
        tenant: &str,
        token: &TokenHash,
        decide: &mut Decide<'_>,
    ) -> Result<Option<Page>, StoreError> {
        let current = self.current().await?;
        let page = current.store.answer(tenant, token, decide).await?;
        Ok(page.map(|page| current.of(page)))
    }

    async fn credentials(
        &self,
        tenant: &str,
        token: &TokenHash,
    ) -> Result<Option<Credentials>, StoreError> {
        self.store().await?.credentials(tenant, token).await
    }

    async fn tenant(&self, name: &str) -> Result<Option<Tenant>, StoreError> {
        self.store().await?.tenant(name).await
    }

    async fn ready(&self) -> Result<(), StoreError> {
        let store = self.store().await?;
        // Only once, so that a monitor has seen it.
        if self.shared.was_replaced.swap(false, Ordering::Relaxed) {
            let name = self.shared.path.display();
            let message = format!("{name} {REPLACED}: the new file is open now");
            return Err(StoreError::new(StoreErrorKind::Unavailable, message));
        }
        store.ready().await
    }

    fn descriptors(&self) -> usize {
        // For a moment the old file is open beside the new one.
        2 * self.shared.current().store.descriptors()
    }

    fn readers(&self) -> usize {
        self.shared.current().store.readers()
    }

    async fn import(&self, tenant: TenantId, batch: Batch) -> Result<Imported, StoreError> {
        self.store().await?.import(tenant, batch).await
    }

    fn batches_at_once(&self) -> usize {
        self.shared.current().store.batches_at_once()
    }

    async fn bulk(&self, tenant: TenantId, source: &str) -> Result<BulkLoad, StoreError> {
        self.store().await?.bulk(tenant, source).await
    }

    async fn checkpoint(&self, tenant: TenantId, source: &str) -> Result<u64, StoreError> {
        self.store().await?.checkpoint(tenant, source).await
    }

    async fn count(&self, tenant: TenantId) -> Result<u64, StoreError> {
        self.store().await?.count(tenant).await
    }

    async fn delete(&self, tenant: TenantId, deletion: &Deletion) -> Result<u64, StoreError> {
        self.store().await?.delete(tenant, deletion).await
    }

    async fn reach(&self, tenant: TenantId, deletion: &Deletion) -> Result<Reach, StoreError> {
        self.store().await?.reach(tenant, deletion).await
    }

    async fn indexes(&self) -> Result<Vec<Field>, StoreError> {
        self.store().await?.indexes().await
    }

    async fn set_index(&self, field: Field, wanted: bool) -> Result<bool, StoreError> {
        self.store().await?.set_index(field, wanted).await
    }

    async fn remains(&self) -> Result<Remains, StoreError> {
        self.store().await?.remains().await
    }

    async fn vacuum_needs(&self) -> Result<Option<VacuumNeeds>, StoreError> {
        self.store().await?.vacuum_needs().await
    }

    async fn vacuum(&self, vacuum: Vacuum) -> Result<Vacuumed, StoreError> {
        self.store().await?.vacuum(vacuum).await
    }

    async fn add_tenant(
        &self,
        name: &str,
        zone: Zone,
        now: DateTime<Utc>,
    ) -> Result<Tenant, StoreError> {
        self.store().await?.add_tenant(name, zone, now).await
    }

    async fn set_zone(&self, tenant: &str, zone: Zone) -> Result<Tenant, StoreError> {
        self.store().await?.set_zone(tenant, zone).await
    }

    async fn tenants(&self) -> Result<Vec<Tenant>, StoreError> {
        self.store().await?.tenants().await
    }

    async fn overview(&self) -> Result<Vec<Overview>, StoreError> {
        self.store().await?.overview().await
    }

    fn upgraded(&self) -> Option<Upgrade> {
        self.shared.current().store.upgraded()
    }

    async fn remove_tenant(&self, tenant: TenantId) -> Result<u64, StoreError> {
        self.store().await?.remove_tenant(tenant).await
    }

    async fn add_token(
        &self,
        tenant: TenantId,
        hash: TokenHash,
        label: &str,
        now: DateTime<Utc>,
    ) -> Result<TokenInfo, StoreError> {
        self.store().await?.add_token(tenant, hash, label, now).await
    }

    async fn tokens(&self, tenant: TenantId) -> Result<Vec<TokenInfo>, StoreError> {
        self.store().await?.tokens(tenant).await
    }

    async fn revoke_token(&self, tenant: TenantId, token: i64) -> Result<(), StoreError> {
        self.store().await?.revoke_token(tenant, token).await
    }
}
