//! What was deleted and has copies in the file until it is rewritten: a table that exists only as
//! long as there is something to note, so that programs of other versions need not know it.

use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior};

use super::error::error;
use super::statements as s;
use crate::{Remains, StoreError};

const MAKE: &str = "CREATE TABLE IF NOT EXISTS remains (mark BLOB NOT NULL, \
    deleted INTEGER NOT NULL, replaced INTEGER NOT NULL, tokens INTEGER NOT NULL, \
    tenants INTEGER NOT NULL) STRICT";

/// Notes what the transaction leaves in the file.
pub(super) fn add(transaction: &Transaction<'_>, more: Remains) -> rusqlite::Result<()> {
    if more.is_empty() {
        return Ok(());
    }
    if !exist(transaction)? {
        transaction.execute_batch(MAKE)?;
        transaction.execute(s::BEGIN_REMAINS.text, [])?;
    }
    let Remains { deleted, replaced, tokens, tenants } = more;
    let counts = [deleted, replaced, tokens, tenants].map(u64::cast_signed);
    transaction.prepare_cached(s::ADD_REMAINS.text)?.execute(counts).map(drop)
}

/// What is noted.
pub(super) fn read(connection: &Connection) -> rusqlite::Result<Remains> {
    Ok(marked(connection)?.map_or_else(Remains::default, |(_, remains)| remains))
}

/// What is noted, with its mark.
pub(super) fn marked(connection: &Connection) -> rusqlite::Result<Option<(Vec<u8>, Remains)>> {
    if !exist(connection)? {
        return Ok(None);
    }
    let row = connection.query_row(s::REMAINS.text, [], |row| {
        let count = |at| row.get::<_, i64>(at).map(i64::cast_unsigned);
        let (deleted, replaced, tokens, tenants) = (count(1)?, count(2)?, count(3)?, count(4)?);
        Ok((row.get(0)?, Remains { deleted, replaced, tokens, tenants }))
    });
    row.optional()
}

/// Forgets the note with this mark. If something was deleted since, the mark is another one.
pub(super) fn forget(connection: &mut Connection, mark: &[u8]) -> Result<(), StoreError> {
    let failed = error("cannot note that the store is rewritten");
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(&failed)?;
    if marked(&transaction).map_err(&failed)?.is_some_and(|(now, _)| now == mark) {
        transaction.execute_batch("DROP TABLE remains").map_err(&failed)?;
    }
    transaction.commit().map_err(failed)
}

fn exist(connection: &Connection) -> rusqlite::Result<bool> {
    connection.prepare_cached(s::HAS_REMAINS.text)?.exists([])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_deleted_since_is_not_forgotten() {
        let mut connection = Connection::open_in_memory().unwrap();
        let more = |connection: &mut Connection, deleted| {
            let transaction = connection.transaction().unwrap();
            add(&transaction, Remains { deleted, ..Remains::default() }).unwrap();
            transaction.commit().unwrap();
        };
        more(&mut connection, 0);
        assert_eq!(marked(&connection).unwrap(), None);
        more(&mut connection, 2);
        let (mark, _) = marked(&connection).unwrap().unwrap();
        more(&mut connection, 3);
        forget(&mut connection, &mark).unwrap();
        assert_eq!(read(&connection).unwrap().deleted, 5);
        let (mark, _) = marked(&connection).unwrap().unwrap();
        forget(&mut connection, &mark).unwrap();
        assert_eq!(read(&connection).unwrap(), Remains::default());
        // Another rewrite has forgotten it, and a new note has begun.
        more(&mut connection, 1);
        forget(&mut connection, &mark).unwrap();
        assert_eq!(read(&connection).unwrap().deleted, 1);
    }
}
