//! The trait of stores, for PostgreSQL.

use std::collections::HashMap;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use vcc_query::{Selection, Zone};
use vcc_types::Field;

use super::error::error;
use super::locks::Backend;
use super::pool::Pool;
use super::{Postgres, bulk, delete, export, import, index, page, ready, tenants, vacuum};
use crate::plan::Plan;
use crate::rest::in_order;
use crate::{
    Batch, BulkLoad, Credentials, Deletion, Export, Imported, Overview, Page, Reach, Rest, Store,
    StoreError, StoredRecord, Tenant, TenantId, TokenHash, TokenInfo, Upgrade, Vacuum, Vacuumed,
};

impl Postgres {
    async fn credentials_from(
        &self,
        pool: &Pool,
        name: &str,
        token: &TokenHash,
    ) -> Result<Option<Credentials>, StoreError> {
        // No tenant has such a name, and PostgreSQL cannot read it.
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
            // They are gone, or not there yet: this standby may be behind the one before.
            let now = Self::pick(&self.writers, tenant, &ids).await?;
            found = in_order(&taken, now, selection);
        }
        let more = rest.more();
        Page { records: found, more, rest: rest.left() }.complete(records)
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
        ready::ready(self).await
    }

    fn readers(&self) -> usize {
        self.readers.max_size()
    }

    fn descriptors(&self) -> usize {
        // Connections that replace others, and those that cancel statements, come on top.
        let connections = self.readers.max_size() + self.writers.max_size();
        connections.saturating_mul(2).saturating_add(16)
    }

    fn batches_at_once(&self) -> usize {
        // With more than two, the server is busy with batches that wait for each other.
        2
    }

    async fn import(&self, tenant: TenantId, batch: Batch) -> Result<Imported, StoreError> {
        let turn = self.turns.begin(tenant, batch.checkpoint.as_ref());
        let mut lease = self.writers.get().await?;
        let asked = Backend::of(&lease);
        let result =
            self.await_write(asked, import::import(&mut lease, tenant, &batch, turn)).await;
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
        // From the primary, as the tokens are: the caller is about to change something.
        let read = self.writers.read(
            "cannot count the records of a tenant",
            &tenant,
            |session, tenant| Box::pin(delete::count(session, *tenant)),
        );
        read.await
    }

    async fn reach(&self, tenant: TenantId, deletion: &Deletion) -> Result<Reach, StoreError> {
        // From the primary, and without a limit: the deletion reads as much again.
        let lease = self.writers.get().await?;
        let reach = delete::reach(&lease, tenant, deletion).await;
        lease.settle(reach.map_err(error("cannot count what would be deleted")))
    }

    async fn vacuum(&self, vacuum: Vacuum) -> Result<Vacuumed, StoreError> {
        let lease = self.writers.get().await?;
        let vacuumed = self.await_write(Backend::of(&lease), vacuum::vacuum(&lease, vacuum)).await;
        lease.settle(vacuumed)
    }

    async fn delete(&self, tenant: TenantId, deletion: &Deletion) -> Result<u64, StoreError> {
        let mut lease = self.writers.get().await?;
        let loading = bulk::delete(&mut lease, tenant, deletion).await;
        let mut deleted = lease.settle(loading)?;
        loop {
            let mut lease = self.writers.get().await?;
            let step = self
                .await_write(Backend::of(&lease), delete::step(&mut lease, tenant, deletion))
                .await;
            match lease.settle(step)? {
                0 => return Ok(deleted),
                records => deleted += records,
            }
        }
    }

    async fn indexes(&self) -> Result<Vec<Field>, StoreError> {
        // From the primary: the caller is about to change them.
        let read = self
            .writers
            .read("cannot list the indexes", &(), |session, ()| Box::pin(index::given(session)));
        Ok(read.await?.fields().collect())
    }

    async fn set_index(&self, field: Field, wanted: bool) -> Result<bool, StoreError> {
        let lease = self.writers.get().await?;
        let result = self.await_write(Backend::of(&lease), index::set(&lease, field, wanted)).await;
        lease.settle(result)
    }

    async fn add_tenant(
        &self,
        name: &str,
        zone: Zone,
        now: DateTime<Utc>,
    ) -> Result<Tenant, StoreError> {
        let mut lease = self.writers.get().await?;
        let result =
            self.await_write(Backend::of(&lease), tenants::add(&mut lease, name, zone, now)).await;
        lease.settle(result)
    }

    async fn set_zone(&self, tenant: &str, zone: Zone) -> Result<Tenant, StoreError> {
        let lease = self.writers.get().await?;
        let result =
            self.await_write(Backend::of(&lease), tenants::set_zone(&lease, tenant, zone)).await;
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
        let result =
            self.await_write(Backend::of(&lease), tenants::remove(&mut lease, tenant)).await;
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
            .await_write(
                Backend::of(&lease),
                tenants::add_token(&mut lease, tenant, hash, label, now),
            )
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
        let result =
            self.await_write(Backend::of(&lease), tenants::revoke(&lease, tenant, token)).await;
        lease.settle(result)
    }
}
