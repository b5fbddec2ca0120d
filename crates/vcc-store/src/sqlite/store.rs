//! The trait of stores, for SQLite.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use rusqlite::Connection;
use vcc_query::{Selection, Zone};
use vcc_types::Field;

use super::durable::synced;
use super::error::error;
use super::pool::Brief;
use super::snapshot::Snapshot;
use super::{Sqlite, bulk, delete, export, import, index, open, page, remains, tenants, vacuum};
use crate::selection::any_record;
use crate::store::one_by_one;
use crate::tenant::is_read;
use crate::{
    Batch, BulkLoad, Credentials, Decide, Deletion, Export, Imported, Overview, Page, Reach,
    Remains, Rest, Store, StoreError, StoreErrorKind, Tenant, TenantId, TokenHash, TokenInfo,
    Upgrade, Vacuum, VacuumNeeds, Vacuumed,
};

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
        let busy = match self.readers.run_here(|reader| page::begin(reader, tenant, selection)) {
            Brief::Done(page) => return page,
            Brief::Busy => true,
            Brief::Long => false,
        };
        let selection = selection.clone();
        let work = move |connection: &mut Connection| page::begin(connection, tenant, &selection);
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
                Some((id, selection)) => page::begin_in(&snapshot, *id, selection).map(Some),
                None => Ok(None),
            }
        });
        match (here, decided) {
            (Brief::Done(answer), _) => answer,
            (_, Some(None)) => Ok(None),
            (_, Some(Some((id, selection)))) => {
                let work = move |reader: &mut Connection| page::begin(reader, id, &selection);
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
        let turn =
            self.opened.one.clone().acquire_owned().await.map_err(|_| StoreError::closed())?;
        let opened = self.opened.clone();
        let look = tokio::task::spawn_blocking(move || {
            // Kept also if nobody waits for the result any more.
            let _turn = turn;
            opened.look()
        });
        let tenant = look.await.map_err(StoreError::task)??;
        // One record may be sound and others not: a damaged file does not repair itself.
        for pool in [&self.readers, self.scans.pool(), self.writer.pool()] {
            if let Some(damage) = pool.damage() {
                let message = format!("an earlier call has found damage: {damage}");
                return Err(StoreError::new(StoreErrorKind::Internal, message));
            }
        }
        // The connections that answer requests may be at fault too.
        let tenant = tenant.unwrap_or_default();
        let answer = self.answer(&tenant, &TokenHash::NONE, &mut |_| Some(any_record())).await;
        is_read(answer.map(drop))
    }

    fn descriptors(&self) -> usize {
        // For each connection, with those of `ready`, the file and its log; then the index of the
        // log, and what is sorted on the disk.
        2 * (open::readers() + open::SCANS + 3) + 16
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
        // Without a limit: the deletion reads as much again.
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
        // It waits for others again, however long the rewrite took.
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
        // A tenant that was added or removed between the two has nothing.
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
