//! One batch is one transaction. Most of its cost is the indexes, which one server process updates
//! alone: so the next batch is written by a second process at the same time.

use std::collections::{BTreeMap, HashMap};
use std::pin::pin;
use std::time::Duration;

use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Error, IsolationLevel, Row, Transaction};
use vcc_types::{Field, Row as _};

use super::copy::copy;
use super::error::error;
use super::rows::record;
use super::session::{Prepared, Session};
use super::statements as s;
use super::turns::Turn;
use crate::counts::{bucket, changes};
use crate::record::TEXTS;
use crate::sql::statement::Statement;
use crate::{Batch, Checkpoint, Imported, OnConflict, StoreError, StoredRecord, TenantId};

pub(super) async fn import(
    session: &mut Session,
    tenant: TenantId,
    batch: &Batch,
    mut turn: Turn,
) -> Result<Imported, StoreError> {
    // In the order of the turns, so that records that tie in everything else are listed in it.
    turn.to_number().await;
    let numbers = numbers(session, batch.records.len());
    let numbers = numbers.await.map_err(error("cannot import records"))?;
    turn.is_numbered();
    if let (Some(numbers), true) = (&numbers, turn.follows())
        && let Some(imported) = ahead(session, tenant, batch, numbers, &turn).await?
    {
        return Ok(imported);
    }
    turn.to_end().await;
    settled(session, tenant, batch, numbers.as_deref()).await
}

/// This many numbers for records, ascending; `None` if this role may not take numbers.
async fn numbers(session: &Session, count: usize) -> Result<Option<Vec<i64>>, Error> {
    if count == 0 {
        return Ok(Some(Vec::new()));
    }
    let rows = session.query(s::NUMBERS, &[&(count as i64)]).await?;
    rows.first().map_or(Ok(None), |row| row.try_get(0))
}

/// Imports a batch in its turn: what is stored does not change meanwhile.
async fn settled(
    session: &mut Session,
    tenant: TenantId,
    batch: &Batch,
    numbers: Option<&[i64]>,
) -> Result<Imported, StoreError> {
    let failed = error("cannot import records");
    let Session { client, prepared, .. } = session;
    let transaction = begin(client).await.map_err(&failed)?;
    lock(&transaction, prepared, tenant, batch.checkpoint.as_ref()).await?;
    let keys = Keys::new(&batch.records);
    let known = find(&transaction, prepared, tenant, &keys).await.map_err(&failed)?;
    let plan = Decided::new(batch, known);
    if batch.on_conflict == OnConflict::Undo && !plan.imported.conflicts.is_empty() {
        return Ok(Imported { conflicts: plan.imported.conflicts, ..Imported::default() });
    }
    write(&transaction, prepared, tenant, &plan, numbers).await.map_err(&failed)?;
    finish(transaction, prepared, tenant, batch, &plan.moved).await.map_err(failed)?;
    Ok(plan.imported)
}

/// Imports a batch that follows one which has not ended. None of its records seems to be stored, so
/// they are written before its turn: the indexes are most of the work, and two server processes
/// share it. In its turn it checks that no record with one of its keys has come meanwhile. `None`,
/// with nothing done, if a record is known: the batch has to be imported in its turn.
async fn ahead(
    session: &mut Session,
    tenant: TenantId,
    batch: &Batch,
    numbers: &[i64],
    turn: &Turn,
) -> Result<Option<Imported>, StoreError> {
    let plan = Decided::new(batch, Vec::new());
    if batch.on_conflict == OnConflict::Undo && !plan.imported.conflicts.is_empty() {
        return Ok(None);
    }
    let failed = error("cannot import records");
    let Session { client, prepared, .. } = session;
    let transaction = begin(client).await.map_err(&failed)?;
    let keys = Keys::new(&batch.records);
    if keys.are_there(&transaction, prepared, tenant, 0).await.map_err(&failed)? {
        transaction.rollback().await.map_err(failed)?;
        return Ok(None);
    }
    write(&transaction, prepared, tenant, &plan, Some(numbers)).await.map_err(&failed)?;
    wait(&transaction, turn).await.map_err(&failed)?;
    lock(&transaction, prepared, tenant, batch.checkpoint.as_ref()).await?;
    let own = keys.among(&plan.added);
    if keys.are_there(&transaction, prepared, tenant, own).await.map_err(&failed)? {
        transaction.rollback().await.map_err(failed)?;
        return Ok(None);
    }
    finish(transaction, prepared, tenant, batch, &plan.moved).await.map_err(failed)?;
    Ok(Some(plan.imported))
}

/// Begins a transaction in which each statement sees what was committed before it, whatever the
/// database's default is: the lookup comes after a lock that was waited for.
pub(super) async fn begin(client: &mut Client) -> Result<Transaction<'_>, Error> {
    client.build_transaction().isolation_level(IsolationLevel::ReadCommitted).start().await
}

/// Allows one import a tenant at a time: what is looked up from now on does not change before the
/// end of the transaction.
async fn lock(
    transaction: &Transaction<'_>,
    prepared: &Prepared,
    tenant: TenantId,
    checkpoint: Option<&Checkpoint>,
) -> Result<(), StoreError> {
    let failed = error("cannot import records");
    let known = prepared.query(transaction, s::LOCK_TENANT, &[&tenant.0]).await;
    if known.map_err(&failed)?.is_empty() {
        return Err(StoreError::no_such_tenant());
    }
    if let Some(checkpoint) = checkpoint {
        let values: [&(dyn ToSql + Sync); 2] = [&tenant.0, &checkpoint.source];
        let rows = prepared.query(transaction, s::CHECKPOINT, &values).await;
        let there = rows.and_then(|rows| dealt_with(&rows)).map_err(failed)?;
        checkpoint.follows(there)?;
    }
    Ok(())
}

/// Waits for the turn. The server ends a transaction that is idle for a minute.
async fn wait(transaction: &Transaction<'_>, turn: &Turn) -> Result<(), Error> {
    let mut end = pin!(turn.to_end());
    while tokio::time::timeout(ALIVE, &mut end).await.is_err() {
        transaction.batch_execute("").await?;
    }
    Ok(())
}

const ALIVE: Duration = Duration::from_secs(15);

/// Writes what ends a batch: its counts and its checkpoint.
async fn finish(
    transaction: Transaction<'_>,
    prepared: &Prepared,
    tenant: TenantId,
    batch: &Batch,
    moved: &BTreeMap<i64, i64>,
) -> Result<(), Error> {
    count(&transaction, prepared, tenant, moved).await?;
    if let Some(checkpoint) = &batch.checkpoint {
        let (source, records) = (&checkpoint.source, checkpoint.records.cast_signed());
        if records == 0 {
            let values: [&(dyn ToSql + Sync); 2] = [&tenant.0, source];
            prepared.execute(&transaction, s::FORGET_CHECKPOINT, &values).await?;
        } else {
            let values: [&(dyn ToSql + Sync); 3] = [&tenant.0, source, &records];
            prepared.execute(&transaction, s::KEEP_CHECKPOINT, &values).await?;
        }
    }
    transaction.commit().await
}

pub(super) async fn checkpoint(
    session: &Session,
    tenant: TenantId,
    source: &str,
) -> Result<u64, Error> {
    dealt_with(&session.query(s::CHECKPOINT, &[&tenant.0, &source]).await?)
}

/// The number in a checkpoint; 0 if there is none.
fn dealt_with(rows: &[Row]) -> Result<u64, Error> {
    let records: Option<i64> = rows.first().map(|row| row.try_get(0)).transpose()?;
    Ok(records.unwrap_or_default().cast_unsigned())
}

/// The transactionID and the filename, by which a record is recognised; `None` if both are empty.
pub(super) type Key<'a> = (&'a str, &'a str);

pub(super) fn key(record: &StoredRecord) -> Option<Key<'_>> {
    let key = (record.text(Field::TransactionId), record.text(Field::Filename));
    (key != ("", "")).then_some(key)
}

/// The keys of a batch.
#[derive(Debug)]
struct Keys<'a> {
    transactions: Vec<&'a str>,
    filenames: Vec<&'a str>,
    /// The least and the greatest transactionID.
    range: Option<(&'a str, &'a str)>,
}

impl<'a> Keys<'a> {
    fn new(records: &'a [StoredRecord]) -> Self {
        let (transactions, filenames): (Vec<_>, Vec<_>) = records.iter().filter_map(key).unzip();
        let first = transactions.iter().min();
        let range = first.zip(transactions.iter().max()).map(|(first, last)| (*first, *last));
        Self { transactions, filenames, range }
    }

    /// How many of these records have a transactionID in the range, with or without a key.
    fn among(&self, records: &[&StoredRecord]) -> usize {
        let Some((first, last)) = self.range else { return 0 };
        let transactions = records.iter().map(|record| record.text(Field::TransactionId));
        transactions.filter(|transaction| (first..=last).contains(transaction)).count()
    }

    /// Whether more than `own` records have a transactionID in the range. Usually no record of a
    /// batch is known, and this one question tells so for all of them. It reads no more than it
    /// needs.
    async fn is_range_taken(
        &self,
        transaction: &Transaction<'_>,
        prepared: &Prepared,
        tenant: TenantId,
        own: usize,
    ) -> Result<bool, Error> {
        let Some((first, last)) = self.range else { return Ok(false) };
        let values: [&(dyn ToSql + Sync); 4] = [&tenant.0, &first, &last, &(own as i64 + 1)];
        let rows = prepared.query(transaction, s::IN_RANGE, &values).await?;
        let count: Option<i64> = rows.first().map(|row| row.try_get(0)).transpose()?;
        Ok(count.unwrap_or_default() > own as i64)
    }

    /// Whether any record has one of the keys, apart from the batch's own records, of which `own`
    /// have a transactionID in the range and no two the same key.
    async fn are_there(
        &self,
        transaction: &Transaction<'_>,
        prepared: &Prepared,
        tenant: TenantId,
        own: usize,
    ) -> Result<bool, Error> {
        if !self.is_range_taken(transaction, prepared, tenant, own).await? {
            return Ok(false);
        }
        let each = i64::from(own > 0);
        let values: [&(dyn ToSql + Sync); 4] =
            [&tenant.0, &self.transactions, &self.filenames, &each];
        Ok(!prepared.query(transaction, s::ANY_KNOWN, &values).await?.is_empty())
    }
}

/// The stored records with keys of a batch, with their numbers; the first of each key comes last.
async fn find(
    transaction: &Transaction<'_>,
    prepared: &Prepared,
    tenant: TenantId,
    keys: &Keys<'_>,
) -> Result<Vec<(i64, StoredRecord)>, Error> {
    if !keys.is_range_taken(transaction, prepared, tenant, 0).await? {
        return Ok(Vec::new());
    }
    let values: [&(dyn ToSql + Sync); 3] = [&tenant.0, &keys.transactions, &keys.filenames];
    let rows = prepared.query(transaction, s::FIND, &values).await?;
    let mut found = rows
        .iter()
        .map(|row| Ok((row.try_get(Field::COUNT)?, record(row)?)))
        .collect::<Result<Vec<_>, Error>>()?;
    found.sort_unstable_by_key(|(id, _)| std::cmp::Reverse(*id));
    Ok(found)
}

/// What to do with the records of a batch.
#[derive(Debug)]
struct Decided<'a> {
    added: Vec<&'a StoredRecord>,
    replaced: BTreeMap<i64, &'a StoredRecord>,
    imported: Imported,
    /// By how much each finest bucket changes.
    moved: BTreeMap<i64, i64>,
}

/// The record that has a key.
#[derive(Debug)]
enum Holder<'a> {
    Stored(i64, &'a StoredRecord),
    /// One of those to be added, at this position.
    Added(usize),
}

impl<'a> Decided<'a> {
    fn new(batch: &'a Batch, known: Vec<(i64, StoredRecord)>) -> Self {
        let mut decided = Self {
            added: Vec::with_capacity(batch.records.len()),
            replaced: BTreeMap::new(),
            imported: Imported::default(),
            moved: BTreeMap::new(),
        };
        let mut holders: HashMap<Key<'_>, Holder<'_>> = known
            .iter()
            .filter_map(|(id, record)| Some((key(record)?, Holder::Stored(*id, record))))
            .collect();
        for (position, record) in batch.records.iter().enumerate() {
            let Some(key) = key(record) else {
                decided.add(record);
                continue;
            };
            let Some(holder) = holders.get_mut(&key) else {
                holders.insert(key, Holder::Added(decided.add(record)));
                continue;
            };
            let there = match holder {
                Holder::Stored(_, there) => *there,
                Holder::Added(at) => decided.added[*at],
            };
            if there == record {
                decided.imported.unchanged += 1;
            } else if batch.on_conflict != OnConflict::Update {
                decided.imported.conflicts.push(position);
            } else {
                decided.imported.updated += 1;
                decided.count(there, -1);
                decided.count(record, 1);
                match holder {
                    Holder::Stored(id, there) => {
                        decided.replaced.insert(*id, record);
                        *there = record;
                    }
                    Holder::Added(at) => decided.added[*at] = record,
                }
            }
        }
        decided
    }

    fn add(&mut self, record: &'a StoredRecord) -> usize {
        self.imported.added += 1;
        self.count(record, 1);
        self.added.push(record);
        self.added.len() - 1
    }

    fn count(&mut self, record: &StoredRecord, by: i64) {
        *self.moved.entry(bucket(0, record.start_micros())).or_default() += by;
    }
}

/// Writes what was decided; new records get these numbers, or numbers of the server.
async fn write(
    transaction: &Transaction<'_>,
    prepared: &Prepared,
    tenant: TenantId,
    decided: &Decided<'_>,
    numbers: Option<&[i64]>,
) -> Result<(), Error> {
    if !decided.added.is_empty() {
        let statement = if numbers.is_some() { s::ADD } else { s::ADD_WITHOUT_NUMBERS };
        copy(transaction, prepared, statement, tenant, numbers, &decided.added).await?;
    }
    let replaced: Vec<_> = decided.replaced.iter().map(|(id, record)| (*id, *record)).collect();
    update(transaction, prepared, s::UPDATE, tenant, &replaced).await
}

/// Replaces records, many at a time.
pub(super) async fn update(
    transaction: &Transaction<'_>,
    prepared: &Prepared,
    statement: Statement,
    tenant: TenantId,
    mut records: &[(i64, &StoredRecord)],
) -> Result<(), Error> {
    while !records.is_empty() {
        // As many as have texts of a limited length.
        let mut bytes = 0;
        let count = records.iter().take(TOGETHER).take_while(|(_, record)| {
            let fits = bytes == 0 || bytes + record.joined().len() <= LONGEST;
            bytes += record.joined().len().max(1);
            fits
        });
        let (now, later) = records.split_at(count.count());
        let ids: Vec<_> = now.iter().map(|(id, _)| *id).collect();
        let starts: Vec<_> = now.iter().map(|(_, record)| record.start_micros()).collect();
        let finishes: Vec<_> = now.iter().map(|(_, record)| record.finish_micros()).collect();
        let seconds: Vec<_> =
            now.iter().map(|(_, record)| record.duration().map(u64::cast_signed)).collect();
        let mut texts = [const { Vec::new() }; TEXTS];
        for (_, record) in now {
            for (column, text) in texts.iter_mut().zip(record.texts()) {
                column.push(text);
            }
        }
        let mut values: Vec<&(dyn ToSql + Sync)> =
            vec![&tenant.0, &ids, &starts, &finishes, &seconds];
        values.extend(texts.iter().map(|column| column as &(dyn ToSql + Sync)));
        prepared.execute(transaction, statement, &values).await?;
        records = later;
    }
    Ok(())
}

/// How many records one statement replaces, and how much text it carries unless one record has more.
const TOGETHER: usize = 2_000;
const LONGEST: usize = 1 << 22;

/// Adds to the counts of every level what has changed in the finest buckets.
pub(super) async fn count(
    transaction: &Transaction<'_>,
    prepared: &Prepared,
    tenant: TenantId,
    moved: &BTreeMap<i64, i64>,
) -> Result<(), Error> {
    let changes = changes(moved);
    if changes.is_empty() {
        return Ok(());
    }
    let levels: Vec<_> = changes.iter().map(|(level, _, _)| *level).collect();
    let buckets: Vec<_> = changes.iter().map(|(_, bucket, _)| *bucket).collect();
    let records: Vec<_> = changes.iter().map(|(_, _, records)| *records).collect();
    let values: [&(dyn ToSql + Sync); 4] = [&tenant.0, &levels, &buckets, &records];
    prepared.execute(transaction, s::COUNT, &values).await?;
    if records.iter().any(|records| *records < 0) {
        prepared.execute(transaction, s::DROP_EMPTY_COUNTS, &values[..3]).await?;
    }
    Ok(())
}
