//! Lets requests in, and counts what each tenant uses of the server.

use std::collections::HashMap;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::Limits;
use crate::pending::Pending;

/// Counts the requests that are being answered, and the answers that are not read yet.
#[derive(Clone, Debug)]
pub(crate) struct Gate {
    all: Arc<Semaphore>,
    /// Idle tenants take no memory.
    tenants: Arc<Mutex<HashMap<Arc<str>, Weak<Share>>>>,
    per_tenant: usize,
    pending: Arc<Pending>,
    most_pending: usize,
}

/// What one tenant uses of a server. It exists while the tenant uses anything.
#[derive(Debug)]
pub(crate) struct Share {
    gate: Gate,
    tenant: Arc<str>,
    running: AtomicUsize,
    pending: Pending,
}

impl Gate {
    /// A gate that counts unread answers of the server in `pending`.
    pub(crate) fn new(limits: &Limits, pending: Arc<Pending>) -> Self {
        Self {
            all: Arc::new(Semaphore::new(limits.requests.min(Semaphore::MAX_PERMITS))),
            tenants: Arc::default(),
            per_tenant: limits.requests_per_tenant,
            pending,
            most_pending: limits.pending,
        }
    }

    /// Lets a request of a tenant in, or refuses it without waiting. The request must have proven its
    /// tenant, or its token must have been right recently (AUTH-6).
    pub(crate) fn admit(&self, tenant: &str) -> Option<Admitted> {
        Some(Admitted { _running: self.enter()?, theirs: self.enter_as(tenant)? })
    }

    /// Lets a request in, or refuses it.
    pub(crate) fn enter(&self) -> Option<OwnedSemaphorePermit> {
        self.all.clone().try_acquire_owned().ok()
    }

    /// Counts a request that has entered for its tenant, or refuses it.
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
    /// The unread answers of the tenant and those of the server, each with its limit.
    pub(crate) fn pending(&self) -> [(&Pending, usize); 2] {
        let Gate { pending, most_pending, .. } = &self.gate;
        [(&self.pending, most_pending / 4), (pending, *most_pending)]
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut tenants = self.gate.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        // The tenant may have got a new share meanwhile.
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
