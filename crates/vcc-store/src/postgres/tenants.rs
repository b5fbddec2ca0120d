//! Tenants and their tokens.

use chrono::{DateTime, Utc};
use tokio_postgres::{Error, Row};
use vcc_query::{Zone, ZoneData};

use super::bulk;
use super::error::error;
use super::migrate::LOCK;
use super::session::Session;
use super::statements as s;
use crate::label;
use crate::micros::instant;
use crate::tenant::read_tenant;
use crate::tenant_name::{self, refused};
use crate::{Credentials, KnownToken, StoreError, Tenant, TenantId, TokenHash, TokenInfo};

pub(super) async fn add(
    session: &mut Session,
    name: &str,
    zone: Zone,
    now: DateTime<Utc>,
) -> Result<Tenant, StoreError> {
    // AUTH-7
    tenant_name::check(name).map_err(|problem| refused(name, &problem))?;
    let folded = tenant_name::folded(name);
    let failed = error("cannot add a tenant");
    let Session { client, prepared, .. } = session;
    let transaction = client.transaction().await.map_err(&failed)?;
    // If two are added at once, the second sees the first.
    prepared.query(&transaction, s::LOCK_SCHEMA, &[&LOCK]).await.map_err(&failed)?;
    let rows = prepared.query(&transaction, s::ALIKE, &[&name, &folded]).await.map_err(&failed)?;
    let alike: Vec<String> =
        rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>().map_err(&failed)?;
    tenant_name::differs(name, &folded, &alike)?;
    let values: &super::session::Values<'_> =
        &[&name, &zone.name(), &now.timestamp_micros(), &folded];
    let rows = prepared.query(&transaction, s::ADD_TENANT, values).await.map_err(&failed)?;
    let Some(row) = rows.first() else {
        // A program of version 1 takes no lock.
        return Err(tenant_name::exists(name));
    };
    let id = TenantId(row.try_get(0).map_err(&failed)?);
    transaction.commit().await.map_err(failed)?;
    Ok(Tenant { id, name: name.to_owned(), zone })
}

pub(super) async fn set_zone(
    session: &Session,
    name: &str,
    zone: Zone,
) -> Result<Tenant, StoreError> {
    // No tenant has such a name, and PostgreSQL cannot read it.
    if name.contains('\0') {
        return Err(StoreError::no_such_tenant());
    }
    let failed = error("cannot set the zone of a tenant");
    let rows = session.query(s::SET_ZONE, &[&name, &zone.name()]).await.map_err(&failed)?;
    let row = rows.first().ok_or_else(StoreError::no_such_tenant)?;
    let id = TenantId(row.try_get(0).map_err(failed)?);
    Ok(Tenant { id, name: name.to_owned(), zone })
}

/// The row of a tenant.
#[derive(Debug)]
pub(super) struct TenantRow(i64, String, String);

impl TenantRow {
    fn new(row: &Row) -> Result<Self, Error> {
        Ok(Self(row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))
    }

    pub(super) fn tenant(self, zones: &dyn ZoneData) -> Result<Tenant, StoreError> {
        let Self(id, name, zone) = self;
        read_tenant(id, name, &zone, zones)
    }
}

pub(super) async fn list(session: &Session) -> Result<Vec<TenantRow>, Error> {
    session.query(s::TENANTS, &[]).await?.iter().map(TenantRow::new).collect()
}

/// How many recordings and tokens a tenant has; the recordings come from the coarsest counts, which
/// are few.
pub(super) async fn holdings(session: &Session, tenant: TenantId) -> Result<(u64, u64), Error> {
    let rows = session.query(s::HOLDINGS, &[&tenant.0]).await?;
    let count = |at| {
        let count: Option<i64> = rows.first().map(|row| row.try_get(at)).transpose()?;
        Ok::<_, Error>(count.unwrap_or_default().cast_unsigned())
    };
    Ok((count(0)?, count(1)?))
}

/// A tenant, and the token that was asked for if it has that. An unknown tenant is `None`, after
/// the same work.
pub(super) async fn credentials(
    session: &Session,
    name: &str,
    token: &TokenHash,
) -> Result<Option<(TenantRow, Option<KnownToken>)>, Error> {
    let rows = session.query(s::CREDENTIALS, &[&name, &&token.as_bytes()[..]]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let id: Option<i64> = row.try_get(0)?;
    let found = TenantRow(id.unwrap_or_default(), row.try_get(1)?, row.try_get(2)?);
    let (hash, number): (Option<Vec<u8>>, Option<i64>) = (row.try_get(3)?, row.try_get(4)?);
    // Anything but a hash of ours opens nothing.
    let hash = hash.and_then(|hash| hash.try_into().ok()).map(TokenHash::from_bytes);
    let token = hash.zip(number).map(|(hash, id)| KnownToken { id, hash });
    Ok(id.map(|_| (found, token)))
}

pub(super) fn opened(
    found: (TenantRow, Option<KnownToken>),
    zones: &dyn ZoneData,
) -> Result<Credentials, StoreError> {
    Ok(Credentials { tenant: found.0.tenant(zones)?, token: found.1 })
}

pub(super) async fn remove(session: &mut Session, tenant: TenantId) -> Result<u64, StoreError> {
    let failed = error("cannot remove a tenant");
    let Session { client, prepared, .. } = session;
    let transaction = client.transaction().await.map_err(&failed)?;
    let known = prepared.query(&transaction, s::LOCK_TENANT, &[&tenant.0]).await;
    if known.map_err(&failed)?.is_empty() {
        return Err(StoreError::no_such_tenant());
    }
    bulk::forget(&transaction, prepared, tenant).await.map_err(&failed)?;
    let mut records = 0;
    for statement in [s::REMOVE_COUNTS, s::REMOVE_IMPORTS, s::REMOVE_TOKENS, s::REMOVE_TENANT] {
        prepared.execute(&transaction, statement, &[&tenant.0]).await.map_err(&failed)?;
    }
    records += prepared
        .execute(&transaction, s::REMOVE_RECORDINGS, &[&tenant.0])
        .await
        .map_err(&failed)?;
    transaction.commit().await.map_err(failed)?;
    Ok(records)
}

pub(super) async fn add_token(
    session: &mut Session,
    tenant: TenantId,
    hash: TokenHash,
    label: &str,
    now: DateTime<Utc>,
) -> Result<TokenInfo, StoreError> {
    label::check(label)?;
    let failed = error("cannot add a token");
    let created = now.timestamp_micros();
    let Session { client, prepared, .. } = session;
    let transaction = client.transaction().await.map_err(&failed)?;
    let rows = prepared.query(&transaction, s::NEXT_TOKEN, &[&tenant.0]).await.map_err(&failed)?;
    let id: i64 =
        rows.first().ok_or_else(StoreError::no_such_tenant)?.try_get(0).map_err(&failed)?;
    let values: &super::session::Values<'_> =
        &[&tenant.0, &id, &&hash.as_bytes()[..], &label, &created];
    prepared.execute(&transaction, s::ADD_TOKEN, values).await.map_err(&failed)?;
    transaction.commit().await.map_err(failed)?;
    Ok(TokenInfo { id, label: label.to_owned(), created: instant(created) })
}

pub(super) async fn tokens(session: &Session, tenant: TenantId) -> Result<Vec<TokenInfo>, Error> {
    let rows = session.query(s::TOKENS, &[&tenant.0]).await?;
    let token = |row: &Row| {
        let (id, label, created) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        Ok(TokenInfo { id, label, created: instant(created) })
    };
    rows.iter().map(token).collect()
}

pub(super) async fn revoke(
    session: &Session,
    tenant: TenantId,
    token: i64,
) -> Result<(), StoreError> {
    let revoked = session
        .prepared
        .execute(&session.client, s::REVOKE_TOKEN, &[&tenant.0, &token])
        .await
        .map_err(error("cannot revoke a token"))?;
    if revoked == 0 {
        return Err(StoreError::no_such_token(token));
    }
    Ok(())
}
