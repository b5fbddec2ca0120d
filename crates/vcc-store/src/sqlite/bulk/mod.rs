//! The first load of a store. The records go, batch by batch, into a table of their own that has no
//! indexes and that no query reads. At the end its indexes are built, each in its own transaction,
//! so that others write in between and the log is written back; the records with the same keys are
//! found; and one transaction puts the table in the place of the empty one, and counts.

mod stage;
#[cfg(all(test, unix))]
mod tests;
mod twins;

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior};

use self::stage::insert;
use self::twins::Twins;
use super::error::error;
use super::rows::rows;
use super::writer::Writer;
use super::{import, remains, statements as s};
use crate::bulk::{Engine, LeftOut};
use crate::counts::LEVELS;
use crate::{
    BulkLoad, BulkLoaded, Deletion, OnConflict, Remains, StoreError, StoredRecord, TenantId,
};

/// A load that has begun.
#[derive(Debug)]
struct Load {
    writer: Writer,
    tenant: TenantId,
    source: String,
}

/// Begins the load of a source, or continues it.
pub(super) async fn bulk(
    writer: Writer,
    tenant: TenantId,
    source: &str,
) -> Result<BulkLoad, StoreError> {
    let name = source.to_owned();
    let done = writer.run(move |connection| begin(connection, tenant, &name)).await?;
    Ok(BulkLoad::new(Box::new(Load { writer, tenant, source: source.to_owned() }), done))
}

#[async_trait]
impl Engine for Load {
    async fn load(
        &mut self,
        records: Vec<(u64, StoredRecord)>,
        before: u64,
        done: u64,
    ) -> Result<(), StoreError> {
        let (tenant, source) = (self.tenant, self.source.clone());
        let work = move |connection: &mut Connection| {
            let failed = error("cannot load records");
            let transaction = immediate(connection).map_err(&failed)?;
            advance(&transaction, tenant, &source, before, done)?;
            insert(&transaction, tenant, &records).map_err(&failed)?;
            transaction.commit().map_err(failed)?;
            import::give_back(connection, records.iter().map(|(_, record)| record));
            Ok(())
        };
        self.writer.run_batch(work).await
    }

    async fn finish(
        self: Box<Self>,
        done: u64,
        on_conflict: OnConflict,
        mut left_out: Box<LeftOut>,
    ) -> Result<BulkLoaded, StoreError> {
        let tenant = self.tenant;
        let known = |transaction: &Transaction<'_>| schema(transaction, "index", "recordings");
        let mut indexes = self.step(done, known).await?;
        // Twins are found by the index of keys, and are deleted before they get into the other
        // indexes.
        for index in indexes.iter().filter(|index| index.contains("recordings_transaction")) {
            self.index(done, index).await?;
        }
        let settle = move |transaction: &Transaction<'_>| {
            let mut loaded = BulkLoaded::default();
            let (left_out, loaded_so_far) = (&mut *left_out, &mut loaded);
            Twins { transaction, tenant, on_conflict, left_out, loaded: loaded_so_far }.settle()?;
            let BulkLoaded { conflicts: deleted, updated: replaced, .. } = loaded;
            remains::add(transaction, Remains { deleted, replaced, ..Remains::default() })?;
            Ok(loaded)
        };
        let mut loaded = self.step(done, settle).await?;
        loop {
            for index in &indexes {
                self.index(done, index).await?;
            }
            if let Some(added) =
                self.step(done, move |transaction| put(transaction, tenant, &indexes)).await?
            {
                loaded.added = added;
                return Ok(loaded);
            }
            // Meanwhile a field was given an index, or one was taken away.
            indexes = self.step(done, known).await?;
        }
    }
}

impl Load {
    /// Builds an index of the store for the loaded table.
    async fn index(&self, done: u64, index: &str) -> Result<(), StoreError> {
        // A load that was interrupted may have it already.
        let index = staged(index).replacen("CREATE INDEX", "CREATE INDEX IF NOT EXISTS", 1);
        self.step(done, move |transaction| transaction.execute_batch(&index)).await
    }

    /// Does one part of ending the load, in one transaction.
    async fn step<T: Send + 'static>(
        &self,
        done: u64,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (tenant, source) = (self.tenant, self.source.clone());
        let step = move |connection: &mut Connection| {
            let failed = error("cannot end the load");
            let transaction = immediate(connection).map_err(&failed)?;
            advance(&transaction, tenant, &source, done, done)?;
            refuse_recordings(&transaction)?;
            let outcome = work(&transaction).map_err(&failed)?;
            transaction.commit().map_err(failed)?;
            Ok(outcome)
        };
        self.writer.run_batch(step).await
    }
}

fn immediate(connection: &mut Connection) -> rusqlite::Result<Transaction<'_>> {
    connection.transaction_with_behavior(TransactionBehavior::Immediate)
}

fn begin(connection: &mut Connection, tenant: TenantId, source: &str) -> Result<u64, StoreError> {
    let failed = error("cannot begin a load");
    let transaction = immediate(connection).map_err(&failed)?;
    let known = transaction.prepare(s::TENANT.text).and_then(|mut known| known.exists([tenant.0]));
    if !known.map_err(&failed)? {
        return Err(StoreError::no_such_tenant());
    }
    refuse_recordings(&transaction)?;
    let done = resumed(&transaction, tenant, source).map_err(&failed)?;
    transaction.commit().map_err(failed)?;
    Ok(done)
}

fn refuse_recordings(transaction: &Transaction<'_>) -> Result<(), StoreError> {
    let any = transaction
        .prepare(s::ANY_RECORDING.text)
        .and_then(|mut any| any.exists([]))
        .map_err(error("cannot begin a load"))?;
    if any {
        return Err(StoreError::not_the_first_load());
    }
    Ok(())
}

/// How far a load of this source is; a new one gets its tables.
fn resumed(transaction: &Transaction<'_>, tenant: TenantId, source: &str) -> rusqlite::Result<u64> {
    if is_staged(transaction)? {
        let done: Option<i64> = transaction
            .query_row(s::LOADED.text, (tenant.0, source), |row| row.get(0))
            .optional()?;
        if let Some(done) = done {
            return Ok(done.cast_unsigned());
        }
        let deleted = drop_staged(transaction)?;
        remains::add(transaction, Remains { deleted, ..Remains::default() })?;
    }
    // The same columns, whatever the version of the schema.
    let recordings = schema(transaction, "table", "recordings")?.concat();
    let columns = recordings.find('(').map_or("", |at| &recordings[at..]);
    transaction.execute_batch(&format!(
        "CREATE TABLE staged {columns};
         CREATE TABLE load (tenant INTEGER NOT NULL, source TEXT NOT NULL, records INTEGER NOT NULL) STRICT"
    ))?;
    transaction.execute(s::BEGIN_LOAD.text, (tenant.0, source))?;
    Ok(0)
}

/// Whether there is a load that has begun and not ended.
pub(super) fn is_staged(connection: &Connection) -> rusqlite::Result<bool> {
    Ok(!schema(connection, "table", "load")?.is_empty())
}

/// Discards the load, and returns how many records it had.
fn drop_staged(connection: &Connection) -> rusqlite::Result<u64> {
    let records: i64 = connection.query_row(s::STAGED.text, [], |row| row.get(0))?;
    connection.execute_batch("DROP TABLE staged; DROP TABLE load")?;
    Ok(records.cast_unsigned())
}

/// Discards the load of a tenant that is removed, and returns how many records it had.
pub(super) fn forget(transaction: &Transaction<'_>, tenant: TenantId) -> rusqlite::Result<u64> {
    if is_staged(transaction)? && transaction.prepare(s::LOAD.text)?.exists([tenant.0])? {
        return drop_staged(transaction);
    }
    Ok(0)
}

/// Deletes records of a load that has not ended, so that what is erased is in no table.
pub(super) fn delete(
    transaction: &Transaction<'_>,
    tenant: TenantId,
    deletion: &Deletion,
) -> rusqlite::Result<u64> {
    if !is_staged(transaction)? {
        return Ok(0);
    }
    rows(transaction, &s::delete_staged(tenant, deletion), |_| Ok(()))?;
    Ok(transaction.changes())
}

/// The statements that made the tables or indexes of a table.
fn schema(connection: &Connection, kind: &str, table: &str) -> rusqlite::Result<Vec<String>> {
    connection.prepare(s::MAKING.text)?.query_map((kind, table), |row| row.get(0))?.collect()
}

/// Records how far the load is, if it is still the current one and was at `before`.
fn advance(
    transaction: &Transaction<'_>,
    tenant: TenantId,
    source: &str,
    before: u64,
    done: u64,
) -> Result<(), StoreError> {
    let failed = error("cannot load records");
    let is_there = is_staged(transaction).map_err(&failed)?;
    let advanced = if is_there {
        transaction
            .prepare_cached(s::ADVANCE.text)
            .and_then(|mut advance| {
                advance.execute((tenant.0, source, before.cast_signed(), done.cast_signed()))
            })
            .map_err(failed)?
    } else {
        0
    };
    if advanced == 0 {
        return Err(StoreError::another_load());
    }
    Ok(())
}

/// The statement that makes an index of the store for the loaded table.
fn staged(index: &str) -> String {
    // In its name, and in that of its table.
    index.replacen("recordings", "staged", 2)
}

/// The name of an index, by the statement that made it.
fn name(index: &str) -> &str {
    index.split_whitespace().nth(2).unwrap_or_default()
}

/// Makes the loaded records those of the store, and returns how many there are; `None` if the store
/// now has other indexes than these.
fn put(
    transaction: &Transaction<'_>,
    tenant: TenantId,
    indexes: &[String],
) -> rusqlite::Result<Option<u64>> {
    if schema(transaction, "index", "recordings")? != indexes {
        return Ok(None);
    }
    let kept: Vec<_> = indexes.iter().map(|index| staged(index)).collect();
    for index in schema(transaction, "index", "staged")? {
        if !kept.iter().any(|kept| name(kept) == name(&index)) {
            transaction.execute_batch(&format!("DROP INDEX {}", name(&index)))?;
        }
    }
    transaction.execute_batch(
        "DROP TABLE recordings; ALTER TABLE staged RENAME TO recordings; DROP TABLE load",
    )?;
    rename(transaction, indexes)?;
    transaction.execute(s::COUNT_FINEST.text, [tenant.0])?;
    for levels in LEVELS.windows(2) {
        transaction.execute(s::COUNT_COARSER.text, (tenant.0, levels[0], levels[1]))?;
    }
    transaction.query_row(s::RECORDS.text, [tenant.0], |row| {
        row.get::<_, i64>(0).map(|records| Some(records.cast_unsigned()))
    })
}

/// Gives the indexes of the loaded table the names that statements know. SQLite has no other
/// statement for it than this one, which is documented, and safe if the text still means the same:
/// after the changes of tables before it, every connection reads the schema again.
fn rename(transaction: &Transaction<'_>, indexes: &[String]) -> rusqlite::Result<()> {
    transaction.pragma_update(None, "writable_schema", true)?;
    let renamed = indexes.iter().try_for_each(|index| {
        let (index, staged) = ((name(index), index), staged(index));
        transaction.execute(s::RENAME_INDEX.text, (index.0, index.1, name(&staged))).map(drop)
    });
    // This also reads the schema again.
    transaction.pragma_update(None, "writable_schema", "RESET")?;
    renamed
}
