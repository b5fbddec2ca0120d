use super::error::error;
use super::session::{Prepared, Session};
use super::statements as s;
use crate::{StoreError, StoreErrorKind};

/// What each version of the schema adds to the one before, and what Citus is told of it.
const MIGRATIONS: &[Migration] =
    &[Migration { schema: include_str!("schema.sql"), citus: include_str!("citus.sql") }];

struct Migration {
    schema: &'static str,
    citus: &'static str,
}

/// "VCCR": whoever holds it may change the schema.
const LOCK: i64 = 0x5643_4352;

/// Whether the schema is there and of this version, as any server can tell.
pub(super) async fn is_current(session: &Session) -> Result<bool, StoreError> {
    let failed = error("cannot look at the schema");
    let client = &session.client;
    Ok(version(client, &session.prepared).await.map_err(failed)?? == MIGRATIONS.len())
}

/// Applies the migrations that a database lacks, in one transaction.
pub(super) async fn migrate(session: &mut Session) -> Result<(), StoreError> {
    let failed = error("cannot prepare the schema");
    let Session { client, prepared, .. } = session;
    let transaction = client.transaction().await.map_err(&failed)?;
    prepared.query(&transaction, s::LOCK_SCHEMA, &[&LOCK]).await.map_err(&failed)?;
    let from = version(&transaction, prepared).await.map_err(&failed)??;
    let rows = prepared.query(&transaction, s::CITUS, &[]).await.map_err(&failed)?;
    let citus = rows.first().is_some_and(|row| row.try_get(0).unwrap_or(false));
    for migration in MIGRATIONS.get(from..).unwrap_or_default() {
        transaction.batch_execute(migration.schema).await.map_err(&failed)?;
        if citus {
            transaction.batch_execute(migration.citus).await.map_err(&failed)?;
        }
    }
    let current = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    prepared.execute(&transaction, s::SET_SCHEMA_VERSION, &[&current]).await.map_err(&failed)?;
    transaction.commit().await.map_err(failed)
}

/// The version of the schema that is there; 0 is none.
async fn version(
    client: &(impl tokio_postgres::GenericClient + Sync),
    prepared: &Prepared,
) -> Result<Result<usize, StoreError>, tokio_postgres::Error> {
    // As a cause, so that the host is named before it.
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
    let known = MIGRATIONS.len();
    match usize::try_from(version) {
        Ok(version) if version <= known => Ok(Ok(version)),
        _ => refused(format!(
            "it has schema version {version}, and this program knows up to {known}"
        )),
    }
}
