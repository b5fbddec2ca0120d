//! One moment of the database.

use std::ops::Deref;

use rusqlite::Connection;

/// One moment of the database, for several statements, until this is dropped.
#[derive(Debug)]
pub(super) struct Snapshot<'a>(&'a Connection);

impl<'a> Snapshot<'a> {
    pub(super) fn new(connection: &'a Connection) -> rusqlite::Result<Self> {
        // First, because a statement that is interrupted may have begun all the same.
        let snapshot = Self(connection);
        // Prepared once, unlike those of a transaction of rusqlite's.
        connection.prepare_cached("BEGIN")?.execute([])?;
        Ok(snapshot)
    }
}

impl Drop for Snapshot<'_> {
    fn drop(&mut self) {
        let end = |word| self.0.prepare_cached(word).and_then(|mut end| end.execute([]));
        // Nothing was written, so both mean the same; if one fails, the other succeeds.
        if !self.0.is_autocommit() && end("COMMIT").is_err() {
            let _ = end("ROLLBACK");
        }
    }
}

impl Deref for Snapshot<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::ErrorCode;

    use super::*;

    #[test]
    fn a_snapshot_that_is_interrupted_as_it_begins_leaves_none_open() {
        let mut connection = Connection::open_in_memory().unwrap();
        // A statement that is prepared already cannot be interrupted while it is prepared.
        drop(Snapshot::new(&connection).unwrap());
        let mut interrupted = 0;
        for steps in 1..=8 {
            let mut once = true;
            connection.progress_handler(steps, Some(move || std::mem::take(&mut once))).unwrap();
            if let Err(error) = Snapshot::new(&connection) {
                assert_eq!(error.sqlite_error_code(), Some(ErrorCode::OperationInterrupted));
                interrupted += 1;
            }
            assert!(connection.is_autocommit(), "after {steps} steps");
        }
        assert!(interrupted > 0);
    }
}
