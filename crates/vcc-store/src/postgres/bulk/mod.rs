//! The first load of a store. The records go, batch by batch, into a table of their own that has no
//! indexes and that no query reads. At the end one transaction builds the indexes there, finds the
//! records with the same keys, and puts that table in the place of the empty one. Only that last
//! step needs the table of recordings for itself, and it reads nothing.

mod swap;
mod twins;

use std::collections::BTreeMap;

use async_trait::async_trait;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Error, GenericClient, Row, Transaction};

use self::swap::{StagedIndex, change_places, refuse_recordings};
use self::twins::Twins;
use super::copy::copy;
use super::error::error;
use super::import;
use super::migrate::LOCK;
use super::pool::Pool;
use super::session::{Prepared, Session};
use super::statements as s;
use crate::bulk::{Engine, LeftOut};
use crate::{
    BulkLoad, BulkLoaded, Deletion, OnConflict, Reach, StoreError, StoreErrorKind, StoredRecord,
    TenantId,
};

/// A load that has begun.
#[derive(Debug)]
struct Load {
    writers: Pool,
    tenant: TenantId,
    source: String,
}

/// Begins the load of a source, or continues it.
pub(super) async fn bulk(
    writers: Pool,
    tenant: TenantId,
    source: &str,
) -> Result<BulkLoad, StoreError> {
    let mut lease = writers.get().await?;
    let done = begin(&mut lease, tenant, source).await;
    let done = lease.settle(done)?;
    Ok(BulkLoad::new(Box::new(Load { writers, tenant, source: source.to_owned() }), done))
}

#[async_trait]
impl Engine for Load {
    async fn load(
        &mut self,
        records: Vec<(u64, StoredRecord)>,
        before: u64,
        done: u64,
    ) -> Result<(), StoreError> {
        let mut lease = self.writers.get().await?;
        let loaded = self.take(&mut lease, &records, before, done).await;
        lease.settle(loaded)
    }

    async fn finish(
        self: Box<Self>,
        done: u64,
        on_conflict: OnConflict,
        left_out: Box<LeftOut>,
    ) -> Result<BulkLoaded, StoreError> {
        let mut lease = self.writers.get().await?;
        let loaded = self.end(&mut lease, done, on_conflict, left_out).await;
        lease.settle(loaded)
    }
}

async fn begin(session: &mut Session, tenant: TenantId, source: &str) -> Result<u64, StoreError> {
    let failed = error("cannot begin a load");
    let Session { client, prepared, .. } = session;
    let transaction = import::begin(client).await.map_err(&failed)?;
    // If two loads begin at once, one makes the tables.
    prepared.query(&transaction, s::LOCK_SCHEMA, &[&LOCK]).await.map_err(&failed)?;
    let known = prepared.query(&transaction, s::LOCK_TENANT, &[&tenant.0]).await;
    if known.map_err(&failed)?.is_empty() {
        return Err(StoreError::no_such_tenant());
    }
    let refused = |message: &str| Err(StoreError::new(StoreErrorKind::Refused, message.to_owned()));
    let row = transaction.query_one(s::HINDRANCES.text, &[]).await.map_err(&failed)?;
    let read = |at| row.try_get::<_, bool>(at);
    let found = read(0).and_then(|spread| Ok([spread, read(1)?, read(2)?, read(3)?]));
    let [spread, used, more, foreign] = found.map_err(&failed)?;
    if spread {
        return refused("the store is on Citus, and a bulk load is for one server");
    }
    if used {
        return Err(StoreError::not_the_first_load());
    }
    if more {
        return refused(
            "the table recordings has triggers, policies, publications or views, which a bulk load \
             would not keep",
        );
    }
    if foreign {
        return refused("a bulk load needs the rights of the owner of the table recordings");
    }
    let done = resumed(&transaction, prepared, tenant, source).await.map_err(&failed)?;
    transaction.commit().await.map_err(failed)?;
    Ok(done)
}

const DROP_STAGED: &str = "DROP TABLE staged; DROP TABLE load";

/// Whether there is a load that has begun and not ended.
pub(super) async fn is_staged(client: &impl GenericClient) -> Result<bool, Error> {
    client.query_one(s::HAS_LOAD.text, &[]).await?.try_get(0)
}

/// How far a load of this source is; a new one gets its tables.
async fn resumed(
    transaction: &Transaction<'_>,
    prepared: &Prepared,
    tenant: TenantId,
    source: &str,
) -> Result<u64, Error> {
    if is_staged(transaction).await? {
        let rows = prepared.query(transaction, s::LOADED, &[&tenant.0, &source]).await?;
        if let Some(row) = rows.first() {
            return row.try_get(0).map(i64::cast_unsigned);
        }
        transaction.batch_execute(DROP_STAGED).await?;
    }
    // The same columns, whatever the version of the schema.
    let make = "CREATE TABLE staged (LIKE recordings);
        CREATE TABLE load (tenant bigint NOT NULL, source text NOT NULL, records bigint NOT NULL)";
    transaction.batch_execute(make).await?;
    prepared.execute(transaction, s::BEGIN_LOAD, &[&tenant.0, &source]).await?;
    Ok(0)
}

/// Discards the load of a tenant that is removed.
pub(super) async fn forget(
    transaction: &Transaction<'_>,
    prepared: &Prepared,
    tenant: TenantId,
) -> Result<(), Error> {
    if is_staged(transaction).await?
        && prepared.execute(transaction, s::FORGET_LOAD, &[&tenant.0]).await? > 0
    {
        transaction.batch_execute(DROP_STAGED).await?;
    }
    Ok(())
}

/// What a deletion reaches of a load that has not ended.
pub(super) async fn reach(
    session: &Session,
    tenant: TenantId,
    deletion: &Deletion,
) -> Result<Reach, Error> {
    if !is_staged(&session.client).await? {
        return Ok(Reach::default());
    }
    let read = async |deletion: &Deletion, of| {
        let sql = s::reach_staged(tenant, deletion);
        let rows = session.prepared.query_built(&session.client, &sql).await?;
        let Some(row) = rows.first() else { return Ok(Reach::default()) };
        Ok::<_, Error>(Reach::new(row.try_get(0)?, of, row.try_get(1)?, row.try_get(2)?))
    };
    let both = async { read(deletion, read(&Deletion::All, 0).await?.records).await };
    match both.await {
        // The load has ended meanwhile.
        Err(error) if error.code() == Some(&SqlState::UNDEFINED_TABLE) => Ok(Reach::default()),
        reach => reach,
    }
}

/// Deletes records of a load that has not ended, so that what is erased is in no table.
pub(super) async fn delete(
    session: &mut Session,
    tenant: TenantId,
    deletion: &Deletion,
) -> Result<u64, StoreError> {
    // No record has such a text (OUT-6), and PostgreSQL cannot read it.
    if matches!(deletion, Deletion::Field(_, text) if text.contains('\0')) {
        return Ok(0);
    }
    let failed = error("cannot delete records");
    let Session { client, prepared, .. } = session;
    let transaction = import::begin(client).await.map_err(&failed)?;
    if !is_staged(&transaction).await.map_err(&failed)? {
        return Ok(0);
    }
    let sql = s::delete_staged(tenant, deletion);
    match prepared.execute_built(&transaction, &sql).await {
        Ok(records) => {
            transaction.commit().await.map_err(failed)?;
            Ok(records)
        }
        // The load has ended meanwhile, and its records are now in the other table.
        Err(error) if error.code() == Some(&SqlState::UNDEFINED_TABLE) => Ok(0),
        Err(error) => Err(failed(error)),
    }
}

impl Load {
    /// Records how far the load is, if it is still the current one and was at `before`.
    async fn advance(
        &self,
        transaction: &Transaction<'_>,
        prepared: &Prepared,
        before: u64,
        done: u64,
    ) -> Result<(), StoreError> {
        let (before, done) = (before.cast_signed(), done.cast_signed());
        let values: &super::session::Values<'_> = &[&self.tenant.0, &self.source, &before, &done];
        match prepared.execute(transaction, s::ADVANCE, values).await {
            Ok(0) => Err(StoreError::another_load()),
            Ok(_) => Ok(()),
            Err(error) if error.code() == Some(&SqlState::UNDEFINED_TABLE) => {
                Err(StoreError::another_load())
            }
            Err(failed) => Err(error("cannot load records")(failed)),
        }
    }

    async fn take(
        &self,
        session: &mut Session,
        records: &[(u64, StoredRecord)],
        before: u64,
        done: u64,
    ) -> Result<(), StoreError> {
        let failed = error("cannot load records");
        let Session { client, prepared, .. } = session;
        let transaction = import::begin(client).await.map_err(&failed)?;
        self.advance(&transaction, prepared, before, done).await?;
        // The order in the source is the order of arrival.
        let numbers: Vec<_> = records.iter().map(|(number, _)| number.cast_signed()).collect();
        let records: Vec<_> = records.iter().map(|(_, record)| record).collect();
        copy(&transaction, prepared, s::STAGE, self.tenant, Some(&numbers), &records)
            .await
            .map_err(&failed)?;
        transaction.commit().await.map_err(failed)
    }

    async fn end(
        &self,
        session: &mut Session,
        done: u64,
        on_conflict: OnConflict,
        left_out: Box<LeftOut>,
    ) -> Result<BulkLoaded, StoreError> {
        let failed = error("cannot end the load");
        let Session { client, prepared, wait, .. } = session;
        let transaction = import::begin(client).await.map_err(&failed)?;
        // The row stays locked: no other load begins or ends meanwhile.
        self.advance(&transaction, prepared, done, done).await?;
        refuse_recordings(&transaction).await?;
        transaction.batch_execute(SETTINGS).await.map_err(&failed)?;
        let indexes = StagedIndex::all(&transaction).await.map_err(&failed)?;
        // Twins are found by the index of keys and deleted by their numbers, before they get into
        // the other indexes.
        let (first, others) = indexes.split_at(indexes.len().min(2));
        for index in first {
            transaction.batch_execute(&index.build).await.map_err(&failed)?;
        }
        let twins = Twins {
            transaction: &transaction,
            prepared,
            tenant: self.tenant,
            on_conflict,
            left_out: Some(left_out),
            loaded: BulkLoaded::default(),
            known: None,
        };
        let mut loaded = twins.settle().await.map_err(&failed)?;
        for index in others {
            transaction.batch_execute(&index.build).await.map_err(&failed)?;
        }
        transaction.batch_execute("SET LOCAL enable_seqscan = on").await.map_err(&failed)?;
        let rows = prepared.query(&transaction, s::STAGED_BUCKETS, &[&self.tenant.0]).await;
        let bucket = |row: &Row| Ok::<(i64, i64), Error>((row.try_get(0)?, row.try_get(1)?));
        let counted: Result<BTreeMap<_, _>, _> =
            rows.map_err(&failed)?.iter().map(bucket).collect();
        let counted = counted.map_err(&failed)?;
        loaded.added = counted.values().sum::<i64>().cast_unsigned();
        change_places(&transaction, &indexes, *wait).await?;
        import::count(&transaction, prepared, self.tenant, &counted).await.map_err(&failed)?;
        transaction.commit().await.map_err(failed)?;
        Ok(loaded)
    }
}

/// Enough memory to sort some millions of keys. Groups get none, because nobody knows their number.
const SETTINGS: &str = "SET LOCAL maintenance_work_mem = '256MB'; SET LOCAL enable_hashagg = off";
