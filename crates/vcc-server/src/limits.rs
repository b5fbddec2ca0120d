use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

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
/// let router = Api::new(store).with_limits(limits).router();
/// let response = router.oneshot(Request::new(Body::empty())).await?;
/// assert_eq!(response.status(), 503);
/// assert_eq!(response.headers()["retry-after"], "1");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Connections that are open: 4,096.
    pub connections: usize,
    /// Requests that are answered at the same time: 256.
    pub requests: usize,
    /// Requests of one tenant that are answered at the same time: 32, so that no tenant takes all
    /// there is.
    pub requests_per_tenant: usize,
    /// How long a request may take: 15 seconds.
    pub deadline: Duration,
    /// How long a client may take for the headers of a request, or do nothing on a connection that
    /// stays open: 30 seconds.
    pub headers: Duration,
    /// How long a client may take nothing of a response that waits for it: 30 seconds.
    pub stall: Duration,
    /// How long a shutdown waits for requests that run: 10 seconds.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4_096,
            requests: 256,
            requests_per_tenant: 32,
            deadline: Duration::from_secs(15),
            headers: Duration::from_secs(30),
            stall: Duration::from_secs(30),
            grace: Duration::from_secs(10),
        }
    }
}

/// Counts the requests that are being answered.
#[derive(Clone, Debug)]
pub(crate) struct Gate {
    all: Arc<Semaphore>,
    tenants: Arc<Mutex<HashMap<Box<str>, usize>>>,
    per_tenant: usize,
}

impl Gate {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            all: Arc::new(Semaphore::new(limits.requests.min(Semaphore::MAX_PERMITS))),
            tenants: Arc::default(),
            per_tenant: limits.requests_per_tenant,
        }
    }

    /// Lets a request in, or not: nobody waits.
    pub(crate) fn enter(&self) -> Option<OwnedSemaphorePermit> {
        self.all.clone().try_acquire_owned().ok()
    }

    /// Lets a request of a tenant in that has entered already: by the name that it gives itself,
    /// before it is looked up, so that many of them do not even wait for that.
    pub(crate) fn enter_as(&self, tenant: &str) -> Option<TenantPermit> {
        let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        match tenants.get_mut(tenant) {
            Some(running) if *running >= self.per_tenant => return None,
            Some(running) => *running += 1,
            None => drop(tenants.insert(tenant.into(), 1)),
        }
        Some(TenantPermit { gate: self.clone(), tenant: tenant.into() })
    }
}

/// A request of a tenant that is being answered, until this is dropped.
#[derive(Debug)]
pub(crate) struct TenantPermit {
    gate: Gate,
    tenant: Box<str>,
}

impl Drop for TenantPermit {
    fn drop(&mut self) {
        let mut tenants = self.gate.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = tenants.get_mut(&self.tenant) {
            *running -= 1;
            // Tenants that ask nothing take no memory.
            if *running == 0 {
                tenants.remove(&self.tenant);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_tenant_cannot_take_all() {
        let gate = Gate::new(&Limits { requests: 3, requests_per_tenant: 2, ..Limits::default() });
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
