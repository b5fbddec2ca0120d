use std::collections::{BTreeMap, HashMap};
use std::pin::pin;

use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Error, Row, Transaction};
use vcc_types::{Field, Row as _};

use super::error::error;
use super::page;
use super::session::{Prepared, Session};
use super::statements as s;
use super::tenants::no_such_tenant;
use crate::counts::{bucket, changes};
use crate::{Batch, Imported, OnConflict, StoreError, StoredRecord, TenantId};

pub(super) async fn import(
    session: &mut Session,
    tenant: TenantId,
    batch: &Batch,
) -> Result<Imported, StoreError> {
    let failed = error("cannot import records");
    let Session { client, prepared, .. } = session;
    let transaction = client.transaction().await.map_err(&failed)?;
    // One import a tenant at a time: what is looked up must not change before it is written.
    let known = prepared.query(&transaction, s::LOCK_TENANT, &[&tenant.0]).await;
    if known.map_err(&failed)?.is_empty() {
        return Err(no_such_tenant());
    }
    if let Some(checkpoint) = &batch.checkpoint {
        let values: [&(dyn ToSql + Sync); 2] = [&tenant.0, &checkpoint.source];
        let rows = prepared.query(&transaction, s::CHECKPOINT, &values).await;
        let there = rows.and_then(|rows| dealt_with(&rows)).map_err(&failed)?;
        checkpoint.follows(there)?;
    }
    let known = find(&transaction, prepared, tenant, &batch.records).await.map_err(&failed)?;
    let plan = Decided::new(batch, known);
    if batch.on_conflict == OnConflict::Undo && !plan.imported.conflicts.is_empty() {
        return Ok(Imported { conflicts: plan.imported.conflicts, ..Imported::default() });
    }
    write(&transaction, prepared, tenant, &plan).await.map_err(&failed)?;
    if let Some(checkpoint) = &batch.checkpoint {
        let (source, records) = (&checkpoint.source, checkpoint.records.cast_signed());
        let kept = if records == 0 {
            let values: [&(dyn ToSql + Sync); 2] = [&tenant.0, source];
            prepared.execute(&transaction, s::FORGET_CHECKPOINT, &values).await
        } else {
            let values: [&(dyn ToSql + Sync); 3] = [&tenant.0, source, &records];
            prepared.execute(&transaction, s::KEEP_CHECKPOINT, &values).await
        };
        kept.map_err(&failed)?;
    }
    transaction.commit().await.map_err(failed)?;
    Ok(plan.imported)
}

pub(super) async fn checkpoint(
    session: &Session,
    tenant: TenantId,
    source: &str,
) -> Result<u64, Error> {
    dealt_with(&session.query(s::CHECKPOINT, &[&tenant.0, &source]).await?)
}

/// The number in a checkpoint; 0 without one.
fn dealt_with(rows: &[Row]) -> Result<u64, Error> {
    let records: Option<i64> = rows.first().map(|row| row.try_get(0)).transpose()?;
    Ok(records.unwrap_or_default().cast_unsigned())
}

/// The transactionID and the filename, by which a record is known again; `None` if both are empty.
type Key<'a> = (&'a str, &'a str);

fn key(record: &StoredRecord) -> Option<Key<'_>> {
    let key = (record.text(Field::TransactionId), record.text(Field::Filename));
    (key != ("", "")).then_some(key)
}

/// The records that are there with keys of a batch, with their numbers, the first of each key last.
async fn find(
    transaction: &Transaction<'_>,
    prepared: &Prepared,
    tenant: TenantId,
    records: &[StoredRecord],
) -> Result<Vec<(i64, StoredRecord)>, Error> {
    let (transactions, filenames): (Vec<_>, Vec<_>) = records.iter().filter_map(key).unzip();
    let rows =
        prepared.query(transaction, s::FIND, &[&tenant.0, &transactions, &filenames]).await?;
    let mut found = rows
        .iter()
        .map(|row| Ok((row.try_get(Field::COUNT)?, page::record(row)?)))
        .collect::<Result<Vec<_>, Error>>()?;
    found.sort_unstable_by_key(|(id, _)| std::cmp::Reverse(*id));
    Ok(found)
}

/// What is to be done with the records of a batch, one after another.
struct Decided<'a> {
    added: Vec<&'a StoredRecord>,
    replaced: BTreeMap<i64, &'a StoredRecord>,
    imported: Imported,
    /// By how much each finest bucket changes.
    moved: BTreeMap<i64, i64>,
}

/// Where the record with a key is.
enum Place<'a> {
    There(i64, &'a StoredRecord),
    /// Among those to be added, at this position.
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
        let mut places: HashMap<Key<'_>, Place<'_>> = known
            .iter()
            .filter_map(|(id, record)| Some((key(record)?, Place::There(*id, record))))
            .collect();
        for (position, record) in batch.records.iter().enumerate() {
            let Some(key) = key(record) else {
                decided.add(record);
                continue;
            };
            let Some(place) = places.get_mut(&key) else {
                places.insert(key, Place::Added(decided.add(record)));
                continue;
            };
            let there = match place {
                Place::There(_, there) => *there,
                Place::Added(at) => decided.added[*at],
            };
            if there == record {
                decided.imported.unchanged += 1;
            } else if batch.on_conflict != OnConflict::Update {
                decided.imported.conflicts.push(position);
            } else {
                decided.imported.updated += 1;
                decided.count(there, -1);
                decided.count(record, 1);
                match place {
                    Place::There(id, there) => {
                        decided.replaced.insert(*id, record);
                        *there = record;
                    }
                    Place::Added(at) => decided.added[*at] = record,
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

async fn write(
    transaction: &Transaction<'_>,
    prepared: &Prepared,
    tenant: TenantId,
    decided: &Decided<'_>,
) -> Result<(), Error> {
    if !decided.added.is_empty() {
        let copy = prepared.get(transaction, s::COPY.text).await?;
        let mut types = [const { Type::TEXT }; TEXTS + 4];
        types[..4].fill(Type::INT8);
        let mut writer = pin!(BinaryCopyInWriter::new(transaction.copy_in(&copy).await?, &types));
        for record in &decided.added {
            let columns = Columns::new(tenant, record);
            writer.as_mut().write(&columns.values()).await?;
        }
        writer.finish().await?;
    }
    for (id, record) in &decided.replaced {
        let columns = Columns::new(tenant, record);
        let mut values = columns.values().to_vec();
        values.push(id);
        prepared.execute(transaction, s::UPDATE, &values).await?;
    }
    count(transaction, prepared, tenant, &decided.moved).await
}

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

/// What is written of a record.
struct Columns<'a> {
    tenant: i64,
    start: i64,
    finish: Option<i64>,
    seconds: Option<i64>,
    texts: [&'a str; TEXTS],
}

const TEXTS: usize = Field::COUNT - 1;

impl<'a> Columns<'a> {
    fn new(tenant: TenantId, record: &'a StoredRecord) -> Self {
        let mut texts = [""; TEXTS];
        for (text, field) in texts.iter_mut().zip(StoredRecord::text_fields()) {
            *text = record.text(field);
        }
        Self {
            tenant: tenant.0,
            start: record.start_micros(),
            finish: record.finish_micros(),
            seconds: record.duration().map(u64::cast_signed),
            texts,
        }
    }

    fn values(&self) -> [&(dyn ToSql + Sync); TEXTS + 4] {
        let mut values: [&(dyn ToSql + Sync); TEXTS + 4] = [&self.tenant; TEXTS + 4];
        values[1] = &self.start;
        values[2] = &self.finish;
        values[3] = &self.seconds;
        for (value, text) in values[4..].iter_mut().zip(&self.texts) {
            *value = text;
        }
        values
    }
}
