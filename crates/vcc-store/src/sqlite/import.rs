use std::collections::{BTreeMap, HashSet};
use std::fmt;

use rusqlite::{CachedStatement, Connection, OptionalExtension as _, Statement, Transaction};
use rusqlite::{TransactionBehavior, params};
use vcc_types::{Field, Row as _};

use super::error::error;
use super::rows::record as record_of;
use super::{remains, statements as s};
use crate::counts::{bucket, changes};
use crate::sql::columns::WRITTEN;
use crate::{Batch, Checkpoint, Imported, OnConflict, Remains, StoreError, StoredRecord, TenantId};

/// Adds the records of a batch, in one transaction.
pub(super) fn import(
    connection: &mut Connection,
    tenant: TenantId,
    batch: &Batch,
) -> Result<Imported, StoreError> {
    let failed = error("cannot import records");
    // Immediate, so that nothing changes between the lookup and the write.
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(&failed)?;
    let exists = transaction
        .prepare_cached(s::TENANT.text)
        .and_then(|mut statement| statement.exists([tenant.0]))
        .map_err(&failed)?;
    if !exists {
        return Err(StoreError::no_such_tenant());
    }
    if let Some(checkpoint) = &batch.checkpoint {
        let there = self::checkpoint(&transaction, tenant, &checkpoint.source)?;
        checkpoint.follows(there)?;
    }
    let imported = Import::new(&transaction, tenant, &batch.records)
        .and_then(|mut import| {
            for (position, record) in batch.records.iter().enumerate() {
                import.record(position, record, batch.on_conflict)?;
            }
            import.flush()?;
            Ok((import.imported, import.moved))
        })
        .and_then(|(imported, moved)| count(&transaction, tenant, &moved).map(|()| imported))
        .map_err(&failed)?;
    if batch.on_conflict == OnConflict::Undo && !imported.conflicts.is_empty() {
        return Ok(Imported { conflicts: imported.conflicts, ..Imported::default() });
    }
    if let Some(checkpoint) = &batch.checkpoint {
        keep(&transaction, tenant, checkpoint).map_err(&failed)?;
    }
    let replaced = Remains { replaced: imported.updated, ..Remains::default() };
    remains::add(&transaction, replaced).map_err(&failed)?;
    transaction.commit().map_err(failed)?;
    give_back(connection, batch.records.iter());
    Ok(imported)
}

/// Gives back the memory that pages of long records take: nobody asks for them again soon, and the cache
/// keeps as many as it may.
pub(super) fn give_back<'a>(
    connection: &Connection,
    mut records: impl Iterator<Item = &'a StoredRecord>,
) {
    const LONG: usize = 1 << 20;
    if records.any(|record| record.joined().len() >= LONG) {
        let _ = connection.execute_batch("PRAGMA shrink_memory");
    }
}

fn keep(
    transaction: &Transaction<'_>,
    tenant: TenantId,
    checkpoint: &Checkpoint,
) -> rusqlite::Result<()> {
    let Checkpoint { source, records, .. } = checkpoint;
    if *records == 0 {
        transaction.prepare_cached(s::FORGET_CHECKPOINT.text)?.execute((tenant.0, source))?;
    } else {
        transaction.prepare_cached(s::KEEP_CHECKPOINT.text)?.execute((
            tenant.0,
            source,
            records.cast_signed(),
        ))?;
    }
    Ok(())
}

pub(super) fn checkpoint(
    connection: &Connection,
    tenant: TenantId,
    source: &str,
) -> Result<u64, StoreError> {
    connection
        .query_row(s::CHECKPOINT.text, (tenant.0, source), |row| row.get::<_, i64>(0))
        .optional()
        .map(|records| records.unwrap_or_default().cast_unsigned())
        .map_err(error("cannot read how far an import is"))
}

/// One batch, and what it has done so far.
struct Import<'a> {
    transaction: &'a Transaction<'a>,
    tenant: TenantId,
    find: CachedStatement<'a>,
    insert: CachedStatement<'a>,
    insert_together: CachedStatement<'a>,
    /// Whether the store may have a record with one of the keys of the batch.
    some_known: bool,
    /// The keys of the batch so far.
    seen: HashSet<(&'a str, &'a str)>,
    /// Records that are still to be written.
    pending: Vec<&'a StoredRecord>,
    imported: Imported,
    /// By how much each finest bucket has changed.
    moved: BTreeMap<i64, i64>,
}

impl fmt::Debug for Import<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Import")
            .field("tenant", &self.tenant)
            .field("imported", &self.imported)
            .finish_non_exhaustive()
    }
}

impl<'a> Import<'a> {
    fn new(
        transaction: &'a Transaction<'_>,
        tenant: TenantId,
        records: &[StoredRecord],
    ) -> rusqlite::Result<Self> {
        let transactions = || {
            records
                .iter()
                .filter(|record| key(record).is_some())
                .map(|record| record.text(Field::TransactionId))
        };
        let some_known = match (transactions().min(), transactions().max()) {
            (Some(first), Some(last)) => {
                transaction.prepare_cached(s::IN_RANGE.text)?.exists((tenant.0, first, last))?
            }
            _ => false,
        };
        Ok(Self {
            transaction,
            tenant,
            find: transaction.prepare_cached(s::FIND.text)?,
            insert: transaction.prepare_cached(s::ADD.text)?,
            insert_together: transaction.prepare_cached(&s::ADD_TOGETHER)?,
            some_known,
            seen: HashSet::with_capacity(records.len()),
            pending: Vec::with_capacity(s::TOGETHER),
            imported: Imported::default(),
            moved: BTreeMap::new(),
        })
    }

    fn record(
        &mut self,
        position: usize,
        record: &'a StoredRecord,
        on_conflict: OnConflict,
    ) -> rusqlite::Result<()> {
        match self.known(record)? {
            None => {
                self.add(record)?;
                *self.moved.entry(bucket(0, record.start_micros())).or_default() += 1;
                self.imported.added += 1;
            }
            Some((_, known)) if known == *record => self.imported.unchanged += 1,
            Some((id, known)) if on_conflict == OnConflict::Update => {
                update(self.transaction, self.tenant, id, record)?;
                *self.moved.entry(bucket(0, known.start_micros())).or_default() -= 1;
                *self.moved.entry(bucket(0, record.start_micros())).or_default() += 1;
                self.imported.updated += 1;
            }
            Some(_) => self.imported.conflicts.push(position),
        }
        Ok(())
    }

    /// The record with the same keys, if it has any.
    fn known(&mut self, record: &'a StoredRecord) -> rusqlite::Result<Option<(i64, StoredRecord)>> {
        let Some(key) = key(record) else { return Ok(None) };
        if !self.seen.insert(key) {
            self.flush()?;
        } else if !self.some_known {
            return Ok(None);
        }
        self.find
            .query_row(params![self.tenant.0, key.0, key.1], |row| {
                Ok((row.get(Field::COUNT)?, record_of(row)?))
            })
            .optional()
    }

    fn add(&mut self, record: &'a StoredRecord) -> rusqlite::Result<()> {
        self.pending.push(record);
        if self.pending.len() == s::TOGETHER {
            let insert = &mut self.insert_together;
            insert.raw_bind_parameter(1, self.tenant.0)?;
            for (index, record) in self.pending.drain(..).enumerate() {
                bind_values(insert, 2 + index * WRITTEN.len(), record)?;
            }
            insert.raw_execute()?;
        }
        Ok(())
    }

    /// Writes the records that are still to be written.
    fn flush(&mut self) -> rusqlite::Result<()> {
        for record in self.pending.drain(..) {
            bind(&mut self.insert, self.tenant, record)?;
            self.insert.raw_execute()?;
        }
        Ok(())
    }
}

/// The transactionID and the filename, by which a record is recognised; `None` if both are empty.
fn key(record: &StoredRecord) -> Option<(&str, &str)> {
    let key = (record.text(Field::TransactionId), record.text(Field::Filename));
    (key != ("", "")).then_some(key)
}

/// Binds a tenant and a record, from the first parameter on.
pub(super) fn bind(
    statement: &mut Statement<'_>,
    tenant: TenantId,
    record: &StoredRecord,
) -> rusqlite::Result<()> {
    statement.raw_bind_parameter(1, tenant.0)?;
    bind_values(statement, 2, record)
}

/// Binds a record, from this parameter on.
fn bind_values(
    statement: &mut Statement<'_>,
    from: usize,
    record: &StoredRecord,
) -> rusqlite::Result<()> {
    statement.raw_bind_parameter(from, record.start_micros())?;
    statement.raw_bind_parameter(from + 1, record.finish_micros())?;
    statement.raw_bind_parameter(from + 2, record.duration().map(u64::cast_signed))?;
    for (index, field) in StoredRecord::text_fields().enumerate() {
        statement.raw_bind_parameter(from + 3 + index, record.text(field))?;
    }
    Ok(())
}

/// Replaces a record.
fn update(
    transaction: &Transaction<'_>,
    tenant: TenantId,
    id: i64,
    record: &StoredRecord,
) -> rusqlite::Result<()> {
    let mut update = transaction.prepare_cached(s::UPDATE.text)?;
    bind(&mut update, tenant, record)?;
    update.raw_bind_parameter(2 + WRITTEN.len(), id)?;
    update.raw_execute().map(drop)
}

/// Adds to the counts of every level what has changed in the finest buckets.
pub(super) fn count(
    transaction: &Transaction<'_>,
    tenant: TenantId,
    moved: &BTreeMap<i64, i64>,
) -> rusqlite::Result<()> {
    let mut add = transaction.prepare_cached(s::COUNT.text)?;
    let mut drop = transaction.prepare_cached(s::DROP_EMPTY_COUNT.text)?;
    for (level, bucket, by) in changes(moved) {
        add.execute((tenant.0, level, bucket, by))?;
        if by < 0 {
            drop.execute((tenant.0, level, bucket))?;
        }
    }
    Ok(())
}
