//! The versions of the schema, and the step from each to the next. A step only adds, so programs of
//! the version before keep working; what they write afterwards is read correctly.

use std::collections::HashSet;

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::error::error;
use super::statements as s;
use crate::tenant_name::folded;
use crate::{StoreError, StoreErrorKind, Upgrade};

/// Marks a database as one of ours: "VCCR".
pub(super) const APPLICATION_ID: i64 = 0x5643_4352;

/// What each version of the schema adds to the one before.
const MIGRATIONS: [&str; 2] = [include_str!("schema_1.sql"), include_str!("schema_2.sql")];

/// Applies the migrations that a database lacks, in one transaction. An empty database becomes a
/// store if `create` says so. Returns what an upgrade has done.
pub(super) fn migrate(
    connection: &mut Connection,
    name: &str,
    create: bool,
) -> Result<Option<Upgrade>, StoreError> {
    let failed = error("cannot open the store");
    // In one snapshot: another process may be making the store.
    let moment = connection.transaction().map_err(&failed)?;
    let from = version(&moment, name, create)?;
    if from == MIGRATIONS.len() {
        return Ok(None);
    }
    // Before anybody has to wait: there are many recordings.
    let survey = match from {
        0 => Survey::default(),
        _ => survey(&moment).map_err(error(doing(from)))?,
    };
    drop(moment);
    // Another process may do it at the same time: the second finds nothing to do.
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(error(doing(from)))?;
    if version(&transaction, name, create)? != from {
        return Ok(None);
    }
    for (at, migration) in MIGRATIONS.iter().enumerate().skip(from) {
        transaction
            .execute_batch(migration)
            .and_then(|()| if at == 1 { fill(&transaction, &survey) } else { Ok(()) })
            .map_err(error(doing(from)))?;
    }
    transaction
        .pragma_update(None, "user_version", MIGRATIONS.len() as i64)
        .and_then(|()| transaction.pragma_update(None, "application_id", APPLICATION_ID))
        .and_then(|()| transaction.commit())
        .map_err(error(doing(from)))?;
    let Survey { durations, starts, .. } = survey;
    let upgrade = Upgrade { from: from as u32, to: MIGRATIONS.len() as u32, durations, starts };
    Ok((from > 0).then_some(upgrade))
}

/// Whether a database that cannot be written has this version's schema.
pub(super) fn is_current(connection: &Connection, name: &str) -> Result<(), StoreError> {
    let from = version(connection, name, false)?;
    if from == MIGRATIONS.len() {
        return Ok(());
    }
    let message = format!(
        "{name} has schema version {from}, is read-only, and must be upgraded to {} to be read",
        MIGRATIONS.len()
    );
    Err(StoreError::new(StoreErrorKind::Refused, message))
}

/// What is being done, for an error such as that of a read-only file.
fn doing(from: usize) -> &'static str {
    match from {
        0 => "cannot make the store",
        _ => "cannot upgrade the store from schema version 1 to 2",
    }
}

/// The version of a database's schema; 0 is none yet.
pub(super) fn version(
    connection: &Connection,
    name: &str,
    create: bool,
) -> Result<usize, StoreError> {
    let failed = error("cannot open the store");
    let number = |pragma: &str| {
        connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0)).map_err(&failed)
    };
    let refused = |message: String| Err(StoreError::new(StoreErrorKind::Refused, message));
    let (application, version) = (number("application_id")?, number("user_version")?);
    let tables =
        connection.query_row(s::OBJECTS.text, [], |row| row.get::<_, i64>(0)).map_err(&failed)?;
    if application != APPLICATION_ID && tables > 0 {
        return refused(format!("{name} is a database of another program"));
    }
    // An incomplete copy, for example, is not a store without tenants.
    if application != APPLICATION_ID && !create {
        return refused(format!("{name} is empty, and no store"));
    }
    match usize::try_from(version) {
        Ok(version) if version <= MIGRATIONS.len() => Ok(version),
        _ => refused(StoreError::later_schema(name, version, MIGRATIONS.len())),
    }
}

/// The recordings of a store of version 1 that would be refused today.
#[derive(Debug, Default)]
struct Survey {
    durations: u64,
    starts: u64,
    /// Whether the number of a duration has wrapped around.
    wrapped: bool,
}

fn survey(connection: &Connection) -> rusqlite::Result<Survey> {
    let starts = crate::micros::starts();
    connection.query_row(s::SURVEY.text, (starts.start, starts.end), |row| {
        let count = |at| row.get::<_, i64>(at).map(i64::cast_unsigned);
        Ok(Survey { durations: count(0)?, starts: count(1)?, wrapped: count(2)? > 0 })
    })
}

/// What version 2 has besides the schema.
fn fill(transaction: &Transaction<'_>, survey: &Survey) -> rusqlite::Result<()> {
    if survey.wrapped {
        transaction.execute(s::UNWRAP.text, [])?;
    }
    // AUTH-7: of names that look alike, the oldest has the key.
    let names = transaction
        .prepare(s::NAMES.text)?
        .query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)))?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    let mut keys = HashSet::new();
    let mut keep = transaction.prepare(s::KEEP_FOLDED.text)?;
    for (tenant, name) in names {
        let key = folded(&name);
        if !keys.contains(&key) {
            keep.execute((tenant, &key))?;
            keys.insert(key);
        }
    }
    Ok(())
}
