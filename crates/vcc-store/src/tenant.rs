//! Tenants, and what is known of them.

use std::sync::Arc;

use vcc_query::{Zone, ZoneData};

use crate::tenant_name::{self, NameProblem};
use crate::{KnownToken, StoreError, StoreErrorKind};

/// The number that leads every key of a tenant's data.
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use vcc_store::{Batch, Deletion, Sqlite, Store as _, StoreErrorKind, TenantId};
/// use vcc_types::Field;
///
/// let store = Sqlite::in_memory()?;
/// let nobody = TenantId(7);
/// // No records have the number of no tenant, and none can be added to it.
/// assert_eq!(store.count(nobody).await?, 0);
/// let theirs = Deletion::Field(Field::AgentId, "bill".into());
/// assert_eq!(store.delete(nobody, &theirs).await?, 0);
/// let error = store.import(nobody, Batch::default()).await.unwrap_err();
/// assert_eq!(error.kind(), StoreErrorKind::NotFound);
/// # Ok::<(), vcc_store::StoreError>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TenantId(pub i64);

/// A tenant: whose recordings they are, and where its midnight is.
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use vcc_store::{Sqlite, Store as _, StoreErrorKind};
/// # let now = chrono::DateTime::from_timestamp(1_198_120_596, 0).unwrap();
///
/// let store = Sqlite::in_memory()?;
/// let zone: vcc_query::Zone = "America/Denver".parse().unwrap();
/// let tenant = store.add_tenant("acme", zone, now).await?;
/// assert_eq!(tenant.zone.to_string(), "America/Denver");
/// for (name, kind) in [
///     ("acme", StoreErrorKind::Exists),
///     ("Acme", StoreErrorKind::Refused),
///     ("a:b", StoreErrorKind::Refused),
///     (&"é".repeat(128), StoreErrorKind::Refused),
/// ] {
///     assert_eq!(store.add_tenant(name, zone, now).await.unwrap_err().kind(), kind);
/// }
/// # Ok::<(), vcc_store::StoreError>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct Tenant {
    /// The number that leads every key.
    pub id: TenantId,
    /// The user name of requests (AUTH-1).
    pub name: String,
    /// The zone of dates without one, and of the offsets in responses.
    pub zone: Zone,
}

/// A tenant, the numbers of its recordings and tokens, and whether its name would be accepted
/// today.
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use vcc_store::{Sqlite, Store as _, StoredRecord, TokenHash};
/// # use vcc_types::Recording;
/// # let now = chrono::DateTime::from_timestamp(1_198_120_596, 0).unwrap();
/// # let store = Sqlite::in_memory()?;
///
/// let acme = store.add_tenant("acme", vcc_query::Zone::UTC, now).await?;
/// store.add_token(acme.id, TokenHash::of(b"one"), "first", now).await?;
/// let record = StoredRecord::with_start(&Recording::new(), now).unwrap();
/// store.import(acme.id, vec![record.clone(), record].into()).await?;
/// let overview = &store.overview().await?[0];
/// assert_eq!((overview.tenant.name.as_str(), overview.recordings, overview.tokens), ("acme", 2, 1));
/// assert_eq!(overview.problem, None);
/// # Ok::<(), vcc_store::StoreError>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Overview {
    /// The tenant.
    pub tenant: Tenant,
    /// How many recordings it has.
    pub recordings: u64,
    /// How many tokens open it.
    pub tokens: u64,
    /// Why its name would be refused today, if it would be (AUTH-7). It stays valid.
    pub problem: Option<NameProblem>,
}

impl Overview {
    /// The overviews of all tenants, each with the numbers of its recordings and tokens, in the
    /// given order.
    pub(crate) fn all(counted: Vec<(Tenant, u64, u64)>) -> Vec<Self> {
        let mut by_age: Vec<_> = (0..counted.len()).collect();
        by_age.sort_by_key(|place| counted[*place].0.id);
        let names: Vec<_> = by_age.iter().map(|place| counted[*place].0.name.as_str()).collect();
        let mut problems = vec![None; counted.len()];
        for (place, problem) in by_age.iter().zip(tenant_name::problems(&names)) {
            problems[*place] = problem;
        }
        let overview =
            |((tenant, recordings, tokens), problem)| Self { tenant, recordings, tokens, problem };
        counted.into_iter().zip(problems).map(overview).collect()
    }
}

/// A tenant, and the token that a request has shown.
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use vcc_store::{Sqlite, Store as _, Token};
/// # let now = chrono::DateTime::from_timestamp(1_198_120_596, 0).unwrap();
/// # let store = Sqlite::in_memory()?;
/// # let tenant = store.add_tenant("acme", vcc_query::Zone::UTC, now).await?;
///
/// // While a token is replaced by another, both are valid.
/// let (old, new) = (Token::from_secret("old"), Token::from_secret("new"));
/// store.add_token(tenant.id, old.hash(), "2007", now).await?;
/// store.add_token(tenant.id, new.hash(), "2008", now).await?;
/// for (token, number) in [(&old, 1), (&new, 2)] {
///     let credentials = store.credentials("acme", &token.hash()).await?.unwrap();
///     assert_eq!(token.hash().find_among(credentials.token.as_slice()), Some(number));
/// }
/// let other = Token::from_secret("other").hash();
/// assert!(store.credentials("acme", &other).await?.unwrap().token.is_none());
/// // Names are case-sensitive.
/// assert!(store.credentials("Acme", &old.hash()).await?.is_none());
/// # Ok::<(), vcc_store::StoreError>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The tenant.
    pub tenant: Tenant,
    /// The token with the hash that was asked for, if the tenant has it. The caller must still
    /// compare the whole hash, in constant time (AUTH-5).
    pub token: Option<KnownToken>,
}

/// The zone data in which a store looks up the zones of tenants (DATE-13).
pub(crate) type Zones = Arc<dyn ZoneData + Send + Sync>;

/// The tenant of a row. Its zone is stored as a name, which only other zone data may have.
pub(crate) fn read_tenant(
    id: i64,
    name: String,
    zone: &str,
    zones: &dyn ZoneData,
) -> Result<Tenant, StoreError> {
    let zone = zones.zone(zone).ok_or_else(|| {
        let message = format!(
            "the tenant {name:?} has the zone {zone:?}, which the zone data{} does not have",
            zones.version().map_or_else(String::new, |version| format!(" {version}")),
        );
        StoreError::new(StoreErrorKind::UnknownZone, message)
    })?;
    Ok(Tenant { id: TenantId(id), name, zone })
}

/// Forgives an answer that failed only because the tenant's zone is unknown: the store itself can be
/// read.
pub(crate) fn is_read(answer: Result<(), StoreError>) -> Result<(), StoreError> {
    match answer {
        Err(error) if error.kind() == StoreErrorKind::UnknownZone => Ok(()),
        answer => answer,
    }
}
