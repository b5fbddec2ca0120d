use std::collections::HashMap;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension as _, Row, TransactionBehavior};
use vcc_query::{Zone, ZoneData};

use super::error::error;
use super::{bulk, remains, statements as s};
use crate::label;
use crate::micros::instant;
use crate::tenant::read_tenant;
use crate::tenant_name::{self, refused};
use crate::{Credentials, KnownToken, Remains, StoreError, Tenant, TenantId, TokenHash, TokenInfo};

pub(super) fn add(
    connection: &mut Connection,
    name: &str,
    zone: Zone,
    now: DateTime<Utc>,
) -> Result<Tenant, StoreError> {
    // AUTH-7
    tenant_name::check(name).map_err(|problem| refused(name, &problem))?;
    let folded = tenant_name::folded(name);
    let failed = error("cannot add a tenant");
    // Immediate: if two are added at once, the second sees the first.
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(&failed)?;
    let alike = transaction
        .prepare_cached(s::ALIKE.text)
        .and_then(|mut alike| {
            let names = alike.query_map((name, &folded), |row| row.get::<_, String>(0))?;
            names.collect::<rusqlite::Result<Vec<_>>>()
        })
        .map_err(&failed)?;
    tenant_name::differs(name, &folded, &alike)?;
    transaction
        .execute(s::ADD_TENANT.text, (name, zone.to_string(), now.timestamp_micros(), folded))
        .map_err(&failed)?;
    let id = TenantId(transaction.last_insert_rowid());
    transaction.commit().map_err(failed)?;
    Ok(Tenant { id, name: name.to_owned(), zone })
}

pub(super) fn set_zone(
    connection: &mut Connection,
    name: &str,
    zone: Zone,
) -> Result<Tenant, StoreError> {
    let id: Option<i64> = connection
        .query_row(s::SET_ZONE.text, (name, zone.name()), |row| row.get(0))
        .optional()
        .map_err(error("cannot set the zone of a tenant"))?;
    let id = TenantId(id.ok_or_else(StoreError::no_such_tenant)?);
    Ok(Tenant { id, name: name.to_owned(), zone })
}

pub(super) fn list(
    connection: &mut Connection,
    zones: &dyn ZoneData,
) -> Result<Vec<Tenant>, StoreError> {
    let failed = error("cannot list the tenants");
    let mut statement = connection.prepare_cached(s::TENANTS.text).map_err(&failed)?;
    let rows = statement.query_map([], tenant_columns).map_err(&failed)?;
    rows.map(|row| {
        let (id, name, zone) = row.map_err(&failed)?;
        read_tenant(id, name, &zone, zones)
    })
    .collect()
}

/// How many recordings and tokens each tenant has.
pub(super) fn holdings(
    connection: &mut Connection,
) -> Result<HashMap<TenantId, (u64, u64)>, StoreError> {
    let failed = error("cannot count what the tenants have");
    let mut statement = connection.prepare_cached(s::HOLDINGS.text).map_err(&failed)?;
    let columns = |row: &Row<'_>| {
        let count = |at| row.get::<_, i64>(at).map(i64::cast_unsigned);
        Ok((TenantId(row.get(0)?), (count(1)?, count(2)?)))
    };
    let rows = statement.query_map([], columns).map_err(&failed)?;
    rows.collect::<rusqlite::Result<_>>().map_err(failed)
}

pub(super) fn credentials(
    connection: &Connection,
    name: &str,
    token: &TokenHash,
    zones: &dyn ZoneData,
) -> Result<Option<Credentials>, StoreError> {
    let failed = error("cannot read the credentials of a tenant");
    let mut statement = connection.prepare_cached(s::CREDENTIALS.text).map_err(&failed)?;
    let mut rows = statement.query((name, token.as_bytes())).map_err(&failed)?;
    let Some(row) = rows.next().map_err(&failed)? else { return Ok(None) };
    let id: Option<i64> = row.get(0).map_err(&failed)?;
    let (name, zone): (String, String) =
        (row.get(1).map_err(&failed)?, row.get(2).map_err(&failed)?);
    let hash: Option<[u8; 32]> = row.get(3).map_err(&failed)?;
    let number: Option<i64> = row.get(4).map_err(&failed)?;
    let token =
        hash.zip(number).map(|(hash, id)| KnownToken { id, hash: TokenHash::from_bytes(hash) });
    let tenant = read_tenant(id.unwrap_or_default(), name, &zone, zones);
    id.map(|_| Ok(Credentials { tenant: tenant?, token })).transpose()
}

pub(super) fn remove(connection: &mut Connection, tenant: TenantId) -> Result<u64, StoreError> {
    let failed = error("cannot remove a tenant");
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(&failed)?;
    let records = transaction.execute(s::REMOVE_RECORDINGS.text, [tenant.0]).map_err(&failed)?;
    transaction.execute(s::REMOVE_COUNTS.text, [tenant.0]).map_err(&failed)?;
    transaction.execute(s::REMOVE_IMPORTS.text, [tenant.0]).map_err(&failed)?;
    let tokens = transaction.execute(s::REMOVE_TOKENS.text, [tenant.0]).map_err(&failed)?;
    let tenants = transaction.execute(s::REMOVE_TENANT.text, [tenant.0]).map_err(&failed)?;
    if tenants == 0 {
        return Err(StoreError::no_such_tenant());
    }
    let staged = bulk::forget(&transaction, tenant).map_err(&failed)?;
    let records = records as u64;
    let left = Remains {
        deleted: records + staged,
        tokens: tokens as u64,
        tenants: 1,
        ..Remains::default()
    };
    remains::add(&transaction, left).map_err(&failed)?;
    transaction.commit().map_err(failed)?;
    Ok(records)
}

pub(super) fn add_token(
    connection: &mut Connection,
    tenant: TenantId,
    hash: TokenHash,
    label: &str,
    now: DateTime<Utc>,
) -> Result<TokenInfo, StoreError> {
    label::check(label)?;
    let failed = error("cannot add a token");
    let created = now.timestamp_micros();
    let transaction = connection.transaction().map_err(&failed)?;
    // A number is never given twice, so an old note cannot revoke a new token.
    let id: i64 = transaction
        .query_row(s::NEXT_TOKEN.text, [tenant.0], |row| row.get(0))
        .optional()
        .map_err(&failed)?
        .ok_or_else(StoreError::no_such_tenant)?;
    transaction
        .execute(s::ADD_TOKEN.text, (tenant.0, id, hash.as_bytes(), label, created))
        .map_err(&failed)?;
    transaction.commit().map_err(failed)?;
    Ok(TokenInfo { id, label: label.to_owned(), created: instant(created) })
}

pub(super) fn tokens(
    connection: &mut Connection,
    tenant: TenantId,
) -> Result<Vec<TokenInfo>, StoreError> {
    let failed = error("cannot list the tokens of a tenant");
    let mut statement = connection.prepare_cached(s::TOKENS.text).map_err(&failed)?;
    statement
        .query_map([tenant.0], |row| {
            Ok(TokenInfo { id: row.get(0)?, label: row.get(1)?, created: instant(row.get(2)?) })
        })
        .and_then(Iterator::collect)
        .map_err(failed)
}

pub(super) fn revoke(
    connection: &mut Connection,
    tenant: TenantId,
    token: i64,
) -> Result<(), StoreError> {
    let failed = error("cannot revoke a token");
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(&failed)?;
    let revoked = transaction.execute(s::REVOKE_TOKEN.text, [tenant.0, token]).map_err(&failed)?;
    if revoked == 0 {
        return Err(StoreError::no_such_token(token));
    }
    remains::add(&transaction, Remains { tokens: 1, ..Remains::default() }).map_err(&failed)?;
    transaction.commit().map_err(failed)
}

type TenantRow = (i64, String, String);

fn tenant_columns(row: &Row<'_>) -> rusqlite::Result<TenantRow> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
}
