//! The table of a load takes the place of the empty one.

use std::time::{Duration, Instant};

use tokio_postgres::error::SqlState;
use tokio_postgres::{Error, Transaction};

use crate::postgres::error::error;
use crate::postgres::statements as s;
use crate::{StoreError, StoreErrorKind};

/// An index of the recordings, and how to make it for the loaded table.
#[derive(Debug)]
pub(super) struct StagedIndex {
    pub(super) build: String,
    rename: String,
}

impl StagedIndex {
    /// The primary key, then the index by which records are recognised, then the others.
    pub(super) async fn all(transaction: &Transaction<'_>) -> Result<Vec<Self>, Error> {
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
                // PostgreSQL always writes the kind of an index.
                (None, None) => continue,
            };
            let rename = format!("ALTER INDEX staged_{number} RENAME TO {name};");
            all.push(Self { build, rename });
        }
        Ok(all)
    }
}

/// Puts the loaded table in the place of the empty one, with the same owner, rights and settings.
pub(super) async fn change_places(
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

/// Waits for a moment in which nobody uses the recordings. Others queue behind it, so it waits only
/// briefly at a time.
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
                // The server says neither which table nor what to do.
                let held = "a backup or an open transaction holds the table recordings: end it, and \
                            load the same file again";
                let error = StoreError::new(StoreErrorKind::Unavailable, DOING);
                return Err(error.with_source(held));
            }
        }
    }
}

/// How long each attempt takes, and how long those who queued behind it have until the next.
const ATTEMPT: Duration = Duration::from_millis(100);
const PAUSE: Duration = Duration::from_millis(700);

/// Refuses to end a load if recordings were added in another way.
pub(super) async fn refuse_recordings(transaction: &Transaction<'_>) -> Result<(), StoreError> {
    let any = transaction.query_one(s::ANY_RECORDING.text, &[]).await;
    match any.and_then(|row| row.try_get(0)) {
        Ok(false) => Ok(()),
        Ok(true) => Err(StoreError::not_the_first_load()),
        Err(failed) => Err(error("cannot end the load")(failed)),
    }
}
