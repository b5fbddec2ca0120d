//! The versions of the schema, and the step from each to the next. A step only adds, so programs of
//! the version before keep working; what they write afterwards is read correctly. A step can be
//! repeated: if it is interrupted, or two programs begin it at once, it still ends well.

use std::collections::HashSet;
use std::time::Duration;

use tokio_postgres::error::SqlState;
use tokio_postgres::{Error, Transaction};

use super::error::error;
use super::session::{Prepared, Session};
use super::statements as s;
use crate::tenant_name::folded;
use crate::{StoreError, StoreErrorKind, Upgrade};

/// What makes version 1, and what Citus must be told.
const SCHEMA_1: [&str; 2] = [include_str!("schema_1.sql"), include_str!("citus_1.sql")];

/// What version 2 adds. Citus applies it everywhere by itself.
const SCHEMA_2: &str = include_str!("schema_2.sql");

/// The version of the schema that this program makes and knows.
const VERSION: usize = 2;

/// "VCCR": the holder of this lock may change the schema, or add a tenant.
pub(super) const LOCK: i64 = 0x5643_4352;

const UPGRADING: &str = "cannot upgrade the store from schema version 1 to 2";

/// Whether the schema is there and of this version. Any server can tell.
pub(super) async fn is_current(session: &Session) -> Result<bool, StoreError> {
    let failed = error("cannot look at the schema");
    let client = &session.client;
    Ok(version(client, &session.prepared).await.map_err(failed)?? == VERSION)
}

/// Brings a database to this version, and returns what an upgrade has done.
pub(super) async fn migrate(session: &mut Session) -> Result<Option<Upgrade>, StoreError> {
    let failed = error("cannot prepare the schema");
    let Session { client, prepared, .. } = session;
    let transaction = locked(client, prepared).await.map_err(&failed)?;
    let from = version(&transaction, prepared).await.map_err(&failed)??;
    if from == VERSION {
        return Ok(None);
    }
    if from == 0 {
        let rows = prepared.query(&transaction, s::CITUS, &[]).await.map_err(&failed)?;
        let citus = rows.first().is_some_and(|row| row.try_get(0).unwrap_or(false));
        let [schema, spread] = SCHEMA_1;
        transaction.batch_execute(schema).await.map_err(&failed)?;
        if citus {
            transaction.batch_execute(spread).await.map_err(&failed)?;
        }
        transaction.batch_execute(SCHEMA_2).await.map_err(&failed)?;
        set_version(&transaction, prepared).await.map_err(&failed)?;
        transaction.commit().await.map_err(failed)?;
        return Ok(None);
    }
    drop(transaction);
    let attempts = session.wait.as_millis() / (ATTEMPT + PAUSE).as_millis();
    upgrade(session, u32::try_from(attempts).unwrap_or(u32::MAX).max(1)).await
}

/// From version 1 to 2, in three transactions: none holds a lock that a running program of version
/// 1 waits for while it reads a whole table.
async fn upgrade(session: &mut Session, attempts: u32) -> Result<Option<Upgrade>, StoreError> {
    let failed = error(UPGRADING);
    let Session { client, prepared, .. } = session;
    add(client, prepared, attempts).await.map_err(|error| {
        if error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) {
            // The server says neither which table nor what to do.
            let held = "a backup or an open transaction holds the table tenants or tokens: end it, \
                        or start again later";
            return StoreError::new(StoreErrorKind::Unavailable, UPGRADING).with_source(held);
        }
        failed(error)
    })?;
    go_on(client, prepared).await.map_err(failed)
}

/// The two transactions after the first.
async fn go_on(
    client: &mut tokio_postgres::Client,
    prepared: &Prepared,
) -> Result<Option<Upgrade>, Error> {
    let transaction = locked(client, prepared).await?;
    fill(&transaction, prepared).await?;
    transaction.commit().await?;

    let starts = crate::micros::starts();
    let row = client.query_one(s::SURVEY.text, &[&starts.start, &starts.end]).await?;
    let (wrapped, durations): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
    let starts: i64 = row.try_get(2)?;

    let transaction = locked(client, prepared).await?;
    // Another program may have done it first.
    if let Ok(VERSION) = version(&transaction, prepared).await? {
        return Ok(None);
    }
    if wrapped > 0 {
        transaction.execute(s::UNWRAP.text, &[]).await?;
    }
    set_version(&transaction, prepared).await?;
    transaction.commit().await?;
    let (durations, starts) = (durations.cast_unsigned(), starts.cast_unsigned());
    Ok(Some(Upgrade { from: 1, to: VERSION as u32, durations, starts }))
}

/// Adds what version 2 has. It needs a moment in which nobody uses the tenants, and others queue
/// behind it while it waits for one: so it waits only briefly at a time, because a batch of an
/// import may take long.
async fn add(
    client: &mut tokio_postgres::Client,
    prepared: &Prepared,
    attempts: u32,
) -> Result<(), Error> {
    for attempt in 1..=attempts {
        let transaction = locked(client, prepared).await?;
        let shortly = format!("SET LOCAL lock_timeout = {}", ATTEMPT.as_millis());
        transaction.batch_execute(&shortly).await?;
        match transaction.batch_execute(SCHEMA_2).await {
            Ok(()) => return transaction.commit().await,
            Err(error)
                if attempt < attempts && error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) =>
            {
                transaction.rollback().await?;
                tokio::time::sleep(PAUSE).await;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// How long each attempt takes, and how long those who queued behind it have until the next: most
/// of the time nobody waits.
const ATTEMPT: Duration = Duration::from_millis(100);
const PAUSE: Duration = Duration::from_millis(1_500);

/// A transaction in which nobody else changes the schema or adds a tenant.
async fn locked<'a>(
    client: &'a mut tokio_postgres::Client,
    prepared: &Prepared,
) -> Result<Transaction<'a>, Error> {
    let transaction = client.transaction().await?;
    prepared.query(&transaction, s::LOCK_SCHEMA, &[&LOCK]).await?;
    Ok(transaction)
}

/// AUTH-7: gives every name its key; of those that look alike, the oldest has it.
async fn fill(transaction: &Transaction<'_>, prepared: &Prepared) -> Result<(), Error> {
    let rows = prepared.query(transaction, s::NAMES, &[]).await?;
    let (mut keys, mut without) = (HashSet::new(), Vec::new());
    for row in &rows {
        let (tenant, name): (i64, &str) = (row.try_get(0)?, row.try_get(1)?);
        match row.try_get::<_, Option<String>>(2)? {
            Some(key) => {
                keys.insert(key);
            }
            None => without.push((tenant, folded(name))),
        }
    }
    for (tenant, key) in without {
        if !keys.contains(&key) {
            prepared.execute(transaction, s::KEEP_FOLDED, &[&tenant, &key]).await?;
            keys.insert(key);
        }
    }
    Ok(())
}

async fn set_version(transaction: &Transaction<'_>, prepared: &Prepared) -> Result<(), Error> {
    prepared.execute(transaction, s::SET_SCHEMA_VERSION, &[&(VERSION as i64)]).await.map(drop)
}

/// The version of the schema that is there; 0 is none.
async fn version(
    client: &(impl tokio_postgres::GenericClient + Sync),
    prepared: &Prepared,
) -> Result<Result<usize, StoreError>, Error> {
    // As a cause, so that the host comes first in the message.
    let refused = |why: String| {
        let error = StoreError::new(StoreErrorKind::Refused, "cannot use the database");
        Ok(Err(error.with_source(why)))
    };
    let rows = prepared.query(client, s::SCHEMA, &[]).await?;
    let Some(row) = rows.first() else { return Ok(Ok(0)) };
    let (ours, others): (bool, bool) = (row.try_get(0)?, row.try_get(1)?);
    if !ours && others {
        return refused("it is one of another program".to_owned());
    }
    if !ours {
        return Ok(Ok(0));
    }
    let rows = prepared.query(client, s::SCHEMA_VERSION, &[]).await?;
    let version: i64 = rows.first().map(|row| row.try_get(0)).transpose()?.unwrap_or_default();
    match usize::try_from(version) {
        Ok(version) if version <= VERSION => Ok(Ok(version)),
        _ => refused(StoreError::later_schema("it", version, VERSION)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Postgres;
    use super::super::postgres_server::{database, psql};
    use super::*;

    #[tokio::test]
    async fn what_holds_the_tenants_for_long_is_said() {
        let Some(url) = database() else { return };
        let store = Postgres::open(&url).await.unwrap();
        psql(&url, "UPDATE vcc_schema SET version = 1; ALTER TABLE tenants DROP COLUMN folded")
            .unwrap();
        let (holder, connection) =
            tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        // As pg_dump does.
        holder.batch_execute("BEGIN; LOCK tenants IN ACCESS SHARE MODE").await.unwrap();
        let mut lease = store.writers.get().await.unwrap();
        let error = upgrade(&mut lease, 2).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Unavailable);
        let said = "cannot upgrade the store from schema version 1 to 2: a backup or an open \
                    transaction holds the table tenants or tokens: end it, or start again later";
        assert_eq!(error.to_string(), said);
        holder.batch_execute("COMMIT").await.unwrap();
        assert!(upgrade(&mut lease, 1).await.unwrap().is_some());
        // A lock timeout elsewhere may be retried too.
        holder.batch_execute("BEGIN; LOCK tenants").await.unwrap();
        let slow = "SET lock_timeout = '1ms'; SELECT count(*) FROM tenants";
        let failed = lease.client.batch_execute(slow).await.unwrap_err();
        assert_eq!(super::super::error::kind(&failed), StoreErrorKind::Unavailable);
    }
}
