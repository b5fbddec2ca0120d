//! The reference server with one defect at a time around it.

use std::sync::{Arc, RwLock};

use async_trait::async_trait;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{Method, Response, StatusCode, Uri};
use axum::middleware::Next;
use chrono::{DateTime, Utc};
use jiff::Timestamp;
use vcc_query::{Selection, Zone};
use vcc_server::{Clock, Limits, Server};
use vcc_store::{
    Batch, Credentials, Deletion, Imported, Page, Store, StoreError, StoredRecord, Tenant,
    TenantId, TokenHash, TokenInfo,
};
use vcc_types::{Field, Recording, Row as _};

use super::defect::Hook;
use super::incoming::Incoming;
use super::outgoing::Outgoing;
use super::shelf::Shelf;
use super::site::{Resident, Site};
use crate::in_process::InProcessReference;
use crate::reference::{ReferenceError, recording};
use vcc_conformance_core::dataset;
use vcc_conformance_core::http::Endpoint;

/// The longest answer of the reference, in bytes.
const LARGEST: usize = 16 << 20;

tokio::task_local! {
    /// The request that the store answers.
    static INCOMING: Incoming;
}

/// The defect that is on, and what it may know.
struct CurrentDefect {
    hook: RwLock<Option<Hook>>,
    site: Site,
}

impl CurrentDefect {
    fn hook(&self) -> Option<Hook> {
        self.hook.read().map_or(None, |hook| *hook)
    }
}

/// The reference server with a defect that can be switched, on connections without a socket: each
/// is served by the thread that asks.
pub(super) struct Faulty {
    server: Arc<InProcessReference>,
    current: Arc<CurrentDefect>,
}

impl Faulty {
    /// Starts it with these recordings, which are those of the tenants.
    pub(super) fn start(
        shelf: &Arc<Shelf>,
        tenants: &[dataset::Tenant],
        now: Timestamp,
    ) -> Result<Self, ReferenceError> {
        let now = DateTime::from_timestamp(now.as_second(), 0).unwrap_or_default();
        let residents = tenants.iter().map(resident).collect::<Result<_, _>>()?;
        let current =
            Arc::new(CurrentDefect { hook: RwLock::new(None), site: Site::new(residents, now) });
        let (of_store, of_api) = (current.clone(), current.clone());
        let store = FaultyStore { shelf: shelf.clone(), current: of_store };
        let mut limits = Limits::default();
        // Wrong tokens are answered as fast as right ones.
        limits.unproven_rate = u32::MAX;
        let builder = Server::builder(Arc::new(store)).clock(Clock::fixed(now)).limits(limits);
        let builder = builder.wrap(move |router| {
            let layer = move |request: Request, next: Next| {
                let current = of_api.clone();
                async move { answer(&current, request, next).await }
            };
            router.layer(axum::middleware::from_fn(layer))
        });
        let server = InProcessReference::new(builder)
            .map_err(|problem| ReferenceError::new("the runtime", &problem))?;
        Ok(Self { server: Arc::new(server), current })
    }

    /// Its address.
    pub(super) fn endpoint(&self) -> Endpoint {
        Endpoint::dialled(self.server.clone())
    }

    /// Switches a defect on, or off.
    pub(super) fn set(&self, hook: Option<Hook>) {
        if let Ok(mut current) = self.current.hook.write() {
            *current = hook;
        }
    }
}

fn resident(tenant: &dataset::Tenant) -> Result<Resident, ReferenceError> {
    let problem = |what: &dyn std::fmt::Display| ReferenceError::new(&tenant.name, what);
    let zone = tenant.tz.parse::<Zone>().map_err(|error| problem(&error))?;
    let rows: Result<Vec<_>, _> =
        tenant.records.iter().map(|record| StoredRecord::new(&recording(record))).collect();
    let mut rows = rows.map_err(|error| problem(&error))?;
    // PAGE-5b
    rows.sort_by(|a, b| {
        let key = |row: &StoredRecord| {
            let text = |field| row.text(field).to_owned();
            (row.start(), text(Field::TransactionId), text(Field::Filename))
        };
        key(a).cmp(&key(b))
    });
    Ok(Resident { name: tenant.name.clone(), token: tenant.token.clone(), zone, rows })
}

async fn answer(current: &CurrentDefect, request: Request, next: Next) -> Response<Body> {
    let Some(hook) = current.hook() else { return next.run(request).await };
    let site = &current.site;
    let (parts, _) = request.into_parts();
    let mut incoming = Incoming {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().map(str::to_owned),
        headers: parts.headers.clone(),
    };
    let send = async |incoming: &Incoming| {
        let mut parts = parts.clone();
        parts.method = Method::from_bytes(incoming.method.as_bytes()).unwrap_or(parts.method);
        let target = match &incoming.query {
            Some(query) => format!("{}?{query}", incoming.path),
            None => incoming.path.clone(),
        };
        parts.uri = target.parse::<Uri>().unwrap_or(parts.uri);
        parts.headers = incoming.headers.clone();
        let request = Request::from_parts(parts, Body::empty());
        let response = INCOMING.scope(incoming.clone(), next.clone().run(request)).await;
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, LARGEST).await.unwrap_or_default().to_vec();
        Outgoing { status: parts.status.as_u16(), headers: parts.headers, body }
    };
    if let Hook::Ask(change) = hook {
        change(&mut incoming, site);
    }
    let mut outgoing = send(&incoming).await;
    match hook {
        Hook::Answer(change) => change(&mut outgoing, &incoming, site),
        Hook::Refuse(status, text, fits) if fits(&outgoing, &incoming, site) => {
            outgoing.refuse(status, text);
        }
        Hook::Unread(unread) if outgoing.status == 200 && incoming.has_date_like(unread) => {
            outgoing.refuse(400, "d: expected a date such as 2007-08-05");
        }
        Hook::Again(other) => {
            if let Some(incoming) = other(&outgoing, &incoming, site) {
                outgoing = send(&incoming).await;
            }
        }
        _ => {}
    }
    let mut response = Response::new(Body::from(outgoing.body));
    *response.status_mut() = StatusCode::from_u16(outgoing.status).unwrap_or_default();
    *response.headers_mut() = outgoing.headers;
    response
}

struct FaultyStore {
    shelf: Arc<Shelf>,
    current: Arc<CurrentDefect>,
}

/// The record with other values, or unchanged if a store could not hold them.
fn rewritten(record: &StoredRecord, change: fn(Field, &str) -> String) -> StoredRecord {
    let values = Field::ALL.map(|field| match field {
        Field::StartDate => None,
        field => Some(change(field, record.text(field))),
    });
    let values: [Option<&str>; Field::COUNT] =
        std::array::from_fn(|index| values[index].as_deref());
    let start = record.start().unwrap_or_default();
    StoredRecord::with_start(&Recording::from_values(&values), start)
        .unwrap_or_else(|_| record.clone())
}

#[async_trait]
impl Store for FaultyStore {
    async fn page(&self, tenant: TenantId, selection: &Selection) -> Result<Page, StoreError> {
        let (hook, site) = (self.current.hook(), &self.current.site);
        // Outside a request no defect acts.
        let Ok(incoming) = INCOMING.try_with(Clone::clone) else {
            return self.shelf.page(tenant, selection).await;
        };
        match hook {
            Some(Hook::Select(change)) => {
                let mut selection = selection.clone();
                change(&mut selection, &incoming, site);
                self.shelf.page(tenant, &selection).await
            }
            Some(Hook::List(list)) => Ok(list(selection, &incoming, site)),
            Some(Hook::Compare(equal)) => Ok(site.page_by(selection, &incoming, equal)),
            Some(Hook::Write(change)) => {
                let mut page = self.shelf.page(tenant, selection).await?;
                for record in &mut page.records {
                    *record = rewritten(record, change);
                }
                Ok(page)
            }
            _ => self.shelf.page(tenant, selection).await,
        }
    }

    async fn credentials(
        &self,
        tenant: &str,
        token: &TokenHash,
    ) -> Result<Option<Credentials>, StoreError> {
        self.shelf.credentials(tenant, token).await
    }

    async fn ready(&self) -> Result<(), StoreError> {
        self.shelf.store().ready().await
    }

    async fn import(&self, tenant: TenantId, batch: Batch) -> Result<Imported, StoreError> {
        self.shelf.store().import(tenant, batch).await
    }

    async fn checkpoint(&self, tenant: TenantId, source: &str) -> Result<u64, StoreError> {
        self.shelf.store().checkpoint(tenant, source).await
    }

    async fn count(&self, tenant: TenantId) -> Result<u64, StoreError> {
        self.shelf.store().count(tenant).await
    }

    async fn delete(&self, tenant: TenantId, deletion: &Deletion) -> Result<u64, StoreError> {
        self.shelf.store().delete(tenant, deletion).await
    }

    async fn add_tenant(
        &self,
        name: &str,
        zone: Zone,
        now: DateTime<Utc>,
    ) -> Result<Tenant, StoreError> {
        self.shelf.store().add_tenant(name, zone, now).await
    }

    async fn set_zone(&self, tenant: &str, zone: Zone) -> Result<Tenant, StoreError> {
        self.shelf.store().set_zone(tenant, zone).await
    }

    async fn tenants(&self) -> Result<Vec<Tenant>, StoreError> {
        self.shelf.store().tenants().await
    }

    async fn remove_tenant(&self, tenant: TenantId) -> Result<u64, StoreError> {
        self.shelf.store().remove_tenant(tenant).await
    }

    async fn add_token(
        &self,
        tenant: TenantId,
        hash: TokenHash,
        label: &str,
        now: DateTime<Utc>,
    ) -> Result<TokenInfo, StoreError> {
        self.shelf.store().add_token(tenant, hash, label, now).await
    }

    async fn tokens(&self, tenant: TenantId) -> Result<Vec<TokenInfo>, StoreError> {
        self.shelf.store().tokens(tenant).await
    }

    async fn revoke_token(&self, tenant: TenantId, token: i64) -> Result<(), StoreError> {
        self.shelf.store().revoke_token(tenant, token).await
    }
}
