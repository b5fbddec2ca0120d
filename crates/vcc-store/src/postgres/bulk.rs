//! A first load. The records go, batch by batch, into a table of their own that has no indexes and
//! that no query sees. At the end one transaction builds the indexes there, finds the records that have
//! the same keys, and puts that table in the place of the empty one. Only for that last step must nobody
//! use the table of recordings, and it reads nothing.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Error, GenericClient, Row, Transaction};
use vcc_types::Field;

use super::copy::copy;
use super::error::error;
use super::import;
use super::migrate::LOCK;
use super::pool::Pool;
use super::rows::record;
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

/// Begins the load of a source, or goes on with it.
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
    // Of two loads, one makes the tables.
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

/// How far a load of this source is; makes the tables of a new one.
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

/// Forgets a load of a tenant that goes.
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

/// Deletes records of a load that has not ended: what is erased is in no table.
pub(super) async fn delete(
    session: &mut Session,
    tenant: TenantId,
    deletion: &Deletion,
) -> Result<u64, StoreError> {
    // No record holds it (OUT-6), and PostgreSQL does not read it.
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
        // The load has ended meanwhile, and its records are the store's.
        Err(error) if error.code() == Some(&SqlState::UNDEFINED_TABLE) => Ok(0),
        Err(error) => Err(failed(error)),
    }
}

impl Load {
    /// Notes how far the load is, if it is still this one and where it was.
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
        // Their order in the source is that of their arrival.
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
        // Twins are found by the index of keys and go by their numbers, before the other indexes have
        // them.
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

/// Enough memory to sort some millions of keys, and none for groups, whose number nobody knows.
const SETTINGS: &str = "SET LOCAL maintenance_work_mem = '256MB'; SET LOCAL enable_hashagg = off";

async fn refuse_recordings(transaction: &Transaction<'_>) -> Result<(), StoreError> {
    let any = transaction.query_one(s::ANY_RECORDING.text, &[]).await;
    match any.and_then(|row| row.try_get(0)) {
        Ok(false) => Ok(()),
        Ok(true) => Err(StoreError::not_the_first_load()),
        Err(failed) => Err(error("cannot end the load")(failed)),
    }
}

/// An index of the recordings, and how the loaded table gets it.
#[derive(Debug)]
struct StagedIndex {
    build: String,
    rename: String,
}

impl StagedIndex {
    /// The key, then the index by which records are known again, then the others.
    async fn all(transaction: &Transaction<'_>) -> Result<Vec<Self>, Error> {
        let mut all = Vec::new();
        for (number, row) in transaction.query(s::MAKING.text, &[]).await?.iter().enumerate() {
            let (name, index): (&str, &str) = (row.try_get(0)?, row.try_get(1)?);
            let build = match (row.try_get::<_, Option<&str>>(2)?, index.split_once(" USING ")) {
                (Some(constraint), _) => {
                    format!("ALTER TABLE staged ADD CONSTRAINT staged_{number} {constraint}")
                }
                (None, Some((head, columns))) => {
                    let unique = if head.starts_with("CREATE UNIQUE") { "UNIQUE " } else { "" };
                    format!("CREATE {unique}INDEX staged_{number} ON staged USING {columns}")
                }
                // PostgreSQL always writes how an index is searched.
                (None, None) => continue,
            };
            let rename = format!("ALTER INDEX staged_{number} RENAME TO {name};");
            all.push(Self { build, rename });
        }
        Ok(all)
    }
}

/// Puts the loaded table in the place of the empty one, with its owner, its rights and its settings.
async fn change_places(
    transaction: &Transaction<'_>,
    indexes: &[StagedIndex],
    wait: Duration,
) -> Result<(), StoreError> {
    let failed = error("cannot end the load");
    alone(transaction, wait).await?;
    refuse_recordings(transaction).await?;
    let mut change = String::from(
        "DROP TABLE recordings; DROP TABLE load; ALTER TABLE staged RENAME TO recordings;",
    );
    for index in indexes {
        change.push_str(&index.rename);
    }
    let next = transaction.query_one(s::NEXT_NUMBER.text, &[]).await;
    let next: i64 = next.and_then(|row| row.try_get(0)).map_err(&failed)?;
    change.push_str(&format!(
        "ALTER TABLE recordings ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (START WITH {next});"
    ));
    for row in transaction.query(s::RIGHTS.text, &[]).await.map_err(&failed)? {
        change.push_str(row.try_get(0).map_err(&failed)?);
    }
    transaction.batch_execute(&change).await.map_err(failed)
}

/// Waits for a moment in which nobody uses the recordings. Those who come meanwhile wait behind it, so it
/// waits only shortly at a time.
async fn alone(transaction: &Transaction<'_>, wait: Duration) -> Result<(), StoreError> {
    const DOING: &str = "cannot end the load";
    let failed = error(DOING);
    let began = Instant::now();
    let lock = format!(
        "SAVEPOINT alone; SET LOCAL lock_timeout = {};
         LOCK TABLE recordings IN ACCESS EXCLUSIVE MODE; SET LOCAL lock_timeout = 0",
        ATTEMPT.as_millis()
    );
    loop {
        match transaction.batch_execute(&lock).await {
            Ok(()) => return Ok(()),
            Err(error) if error.code() != Some(&SqlState::LOCK_NOT_AVAILABLE) => {
                return Err(failed(error));
            }
            Err(_) if began.elapsed() < wait => {
                transaction.batch_execute("ROLLBACK TO alone").await.map_err(&failed)?;
                tokio::time::sleep(PAUSE).await;
            }
            Err(_) => {
                // The server does not say which table, nor what to do.
                let held = "a backup or an open transaction holds the table recordings: end it, and \
                            load the same file again";
                let error = StoreError::new(StoreErrorKind::Unavailable, DOING);
                return Err(error.with_source(held));
            }
        }
    }
}

/// How long each attempt takes, and how long those who waited behind it have until the next.
const ATTEMPT: Duration = Duration::from_millis(100);
const PAUSE: Duration = Duration::from_millis(700);

/// The records that have keys which an earlier one has: what an import would have done with them,
/// one after another.
struct Twins<'a> {
    transaction: &'a Transaction<'a>,
    prepared: &'a Prepared,
    tenant: TenantId,
    on_conflict: OnConflict,
    /// There but while it is called.
    left_out: Option<Box<LeftOut>>,
    loaded: BulkLoaded,
    known: Option<FirstOfKey>,
}

impl fmt::Debug for Twins<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Twins")
            .field("tenant", &self.tenant)
            .field("loaded", &self.loaded)
            .finish_non_exhaustive()
    }
}

/// The first record of a key, as it is after those that were settled.
#[derive(Debug)]
struct FirstOfKey {
    id: i64,
    record: StoredRecord,
    is_replaced: bool,
}

/// What is done about some twins.
#[derive(Debug, Default)]
struct Settled {
    deleted: Vec<i64>,
    replaced: Vec<(i64, StoredRecord)>,
    left_out: Vec<(u64, StoredRecord)>,
}

/// How many are read at a time.
const CHUNK: i32 = 1_000;

impl Twins<'_> {
    async fn settle(mut self) -> Result<BulkLoaded, Error> {
        let (transaction, prepared, tenant) = (self.transaction, self.prepared, self.tenant);
        if prepared.query(transaction, s::ANY_TWIN, &[&tenant.0]).await?.is_empty() {
            return Ok(self.loaded);
        }
        let statement = prepared.get(transaction, s::TWINS.text).await?;
        let twins = transaction.bind(&statement, &[&tenant.0]).await?;
        loop {
            let rows = transaction.query_portal(&twins, CHUNK).await?;
            let mut settled = Settled::default();
            for row in &rows {
                self.next(row.try_get(Field::COUNT)?, record(row)?, &mut settled);
            }
            if rows.is_empty() {
                self.other(&mut settled);
            }
            prepared.execute(transaction, s::DROP_STAGED, &[&tenant.0, &settled.deleted]).await?;
            let replaced: Vec<_> =
                settled.replaced.iter().map(|(id, record)| (*id, record)).collect();
            import::update(transaction, prepared, s::UPDATE_STAGED, tenant, &replaced).await?;
            self.tell(settled.left_out).await;
            if rows.is_empty() {
                return Ok(self.loaded);
            }
        }
    }

    /// Takes the next record, in the order of the keys and of the arrival.
    fn next(&mut self, id: i64, record: StoredRecord, settled: &mut Settled) {
        let known =
            self.known.as_mut().filter(|known| import::key(&known.record) == import::key(&record));
        let Some(known) = known else {
            self.other(settled);
            self.known = Some(FirstOfKey { id, record, is_replaced: false });
            return;
        };
        settled.deleted.push(id);
        if record == known.record {
            self.loaded.unchanged += 1;
        } else if self.on_conflict == OnConflict::Update {
            self.loaded.updated += 1;
            (known.record, known.is_replaced) = (record, true);
        } else {
            self.loaded.conflicts += 1;
            settled.left_out.push((id.cast_unsigned(), record));
        }
    }

    /// Is done with a key.
    fn other(&mut self, settled: &mut Settled) {
        if let Some(known) = self.known.take().filter(|known| known.is_replaced) {
            settled.replaced.push((known.id, known.record));
        }
    }

    /// Tells of what is left out, where it may block.
    async fn tell(&mut self, records: Vec<(u64, StoredRecord)>) {
        let Some(mut left_out) = self.left_out.take_if(|_| !records.is_empty()) else { return };
        let told = tokio::task::spawn_blocking(move || {
            for (number, record) in &records {
                left_out(*number, record);
            }
            left_out
        });
        match told.await {
            Ok(left_out) => self.left_out = Some(left_out),
            // As if it had been called here.
            Err(ended) => {
                if let Ok(panic) = ended.try_into_panic() {
                    std::panic::resume_unwind(panic);
                }
            }
        }
    }
}
