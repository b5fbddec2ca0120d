use std::collections::HashMap;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::pending::Pending;

/// How much a server takes on at once, and for how long. What is beyond is turned away at once
/// with 503 (STATUS-1).
///
/// ```
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use axum::http::Request;
/// use std::time::Duration;
/// use tower::ServiceExt as _;
/// use vcc_server::{Api, Limits};
/// # use axum::body::Body;
/// # let store = std::sync::Arc::new(vcc_store::Sqlite::in_memory()?);
///
/// let mut limits = Limits::default();
/// assert_eq!(limits.deadline, Duration::from_secs(15));
/// // 0 is no request at all, not any number of them.
/// limits.requests = 0;
/// let router = Api::builder(store).limits(limits).build().router();
/// let response = router.oneshot(Request::new(Body::empty())).await?;
/// assert_eq!(response.status(), 503);
/// assert_eq!(response.headers()["retry-after"], "1");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Connections that are open: 4,096. One more, and the one that has been idle longest is closed,
    /// those that never proved a tenant first; a second after they were accepted, also while they are
    /// being answered.
    pub connections: usize,
    /// Requests of proven tenants that are answered at the same time: 256.
    pub requests: usize,
    /// Requests of one tenant that are answered at the same time: 32, so that no tenant takes all
    /// there is.
    pub requests_per_tenant: usize,
    /// Requests that name a tenant and have not proven it yet, which wait for their turn or are being
    /// checked: 1,024, and half of what is free those of one address. They count for nothing else, so
    /// that wrong tokens take nothing from the tenant that they name (AUTH-6). Beyond, a client that
    /// does not wait for the `Retry-After` on its connection is kept waiting for it.
    pub unproven: usize,
    /// How many of them are checked a second: 500. A token that was right lately is checked without a
    /// turn.
    pub unproven_rate: u32,
    /// How many bytes of memory answers hold that their clients have not taken yet: 64 MiB, and a
    /// quarter of it those of one tenant. Half of either is for answers that are made whole, which
    /// have up to 128 KiB of text, and half for those that are made while they are sent. An answer
    /// for which there is no room is 503 instead; one that nothing stands beside is sent however long
    /// it is.
    pub pending: usize,
    /// How long a request may take, until its answer begins: 15 seconds.
    pub deadline: Duration,
    /// How long a client may take for the headers of a request, or do nothing on a connection that
    /// stays open: 30 seconds.
    pub headers: Duration,
    /// How long a client may take nothing of a response that waits for it: 30 seconds.
    pub stall: Duration,
    /// How long a shutdown waits for requests that run, and for what they leave in the audit log: 10
    /// seconds.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4_096,
            requests: 256,
            requests_per_tenant: 32,
            unproven: 1_024,
            unproven_rate: 500,
            pending: 64 << 20,
            deadline: Duration::from_secs(15),
            headers: Duration::from_secs(30),
            stall: Duration::from_secs(30),
            grace: Duration::from_secs(10),
        }
    }
}

/// Counts the requests that are being answered, and what waits for their clients.
#[derive(Clone, Debug)]
pub(crate) struct Gate {
    all: Arc<Semaphore>,
    /// Tenants that ask nothing, and for which nothing waits, take no memory.
    tenants: Arc<Mutex<HashMap<Arc<str>, Weak<Share>>>>,
    per_tenant: usize,
    pending: Arc<Pending>,
    most_pending: usize,
}

/// What one tenant has of a server, as long as it has any of it.
#[derive(Debug)]
pub(crate) struct Share {
    gate: Gate,
    tenant: Arc<str>,
    running: AtomicUsize,
    pending: Pending,
}

impl Gate {
    /// A gate that counts what waits for the clients of the server there.
    pub(crate) fn new(limits: &Limits, pending: Arc<Pending>) -> Self {
        Self {
            all: Arc::new(Semaphore::new(limits.requests.min(Semaphore::MAX_PERMITS))),
            tenants: Arc::default(),
            per_tenant: limits.requests_per_tenant,
            pending,
            most_pending: limits.pending,
        }
    }

    /// Lets a request of a tenant in, or not: nobody waits. Of one that has proven to be the tenant's, or
    /// has done so lately (AUTH-6).
    pub(crate) fn admit(&self, tenant: &str) -> Option<Admitted> {
        Some(Admitted { _running: self.enter()?, theirs: self.enter_as(tenant)? })
    }

    /// Lets a request in, or not.
    pub(crate) fn enter(&self) -> Option<OwnedSemaphorePermit> {
        self.all.clone().try_acquire_owned().ok()
    }

    /// Lets a request of a tenant in that has entered already.
    pub(crate) fn enter_as(&self, tenant: &str) -> Option<TenantPermit> {
        let share = self.share(tenant);
        let enters = |running| (running < self.per_tenant).then_some(running + 1);
        share.running.try_update(Relaxed, Relaxed, enters).ok()?;
        Some(TenantPermit(share))
    }

    fn share(&self, tenant: &str) -> Arc<Share> {
        let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(share) = tenants.get(tenant).and_then(Weak::upgrade) {
            return share;
        }
        let tenant: Arc<str> = tenant.into();
        let (running, pending) = (AtomicUsize::new(0), Pending::default());
        let share = Arc::new(Share { gate: self.clone(), tenant, running, pending });
        tenants.insert(share.tenant.clone(), Arc::downgrade(&share));
        share
    }
}

impl Share {
    /// What waits for the tenant's clients and for those of the server, each with its limit.
    pub(crate) fn pending(&self) -> [(&Pending, usize); 2] {
        let Gate { pending, most_pending, .. } = &self.gate;
        [(&self.pending, most_pending / 4), (pending, *most_pending)]
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut tenants = self.gate.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        // The tenant may have got another meanwhile.
        if tenants.get(&self.tenant).is_some_and(|share| share.strong_count() == 0) {
            tenants.remove(&self.tenant);
        }
    }
}

/// A request of a tenant that is being answered, until this is dropped: it counts for the server and
/// for the tenant.
#[derive(Debug)]
pub(crate) struct Admitted {
    _running: OwnedSemaphorePermit,
    theirs: TenantPermit,
}

impl Admitted {
    /// What the tenant has of the server.
    pub(crate) fn share(&self) -> &Arc<Share> {
        self.theirs.share()
    }
}

/// A request of a tenant that is being answered, until this is dropped.
#[derive(Debug)]
pub(crate) struct TenantPermit(Arc<Share>);

impl TenantPermit {
    /// What the tenant has of the server.
    pub(crate) fn share(&self) -> &Arc<Share> {
        &self.0
    }
}

impl Drop for TenantPermit {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_tenant_cannot_take_all() {
        let limits = Limits { requests: 3, requests_per_tenant: 2, ..Limits::default() };
        let gate = Gate::new(&limits, Arc::default());
        let (one, other) = ("acme", "globex");
        let all: Vec<_> = (0..3).map(|_| gate.enter()).collect();
        assert!(all.iter().all(Option::is_some) && gate.enter().is_none());
        let first = gate.enter_as(one).unwrap();
        let _second = gate.enter_as(one).unwrap();
        assert!(gate.enter_as(one).is_none() && gate.enter_as(other).is_some());
        drop(first);
        let third = gate.enter_as(one);
        assert!(third.is_some());
        drop((third, _second));
        assert!(gate.tenants.lock().unwrap().is_empty());
        drop(all);
        assert!(gate.enter().is_some());
    }
}
