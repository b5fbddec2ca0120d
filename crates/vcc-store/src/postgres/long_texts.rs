//! Tenants with long texts.

use std::collections::HashSet;
use std::sync::{PoisonError, RwLock};

use crate::TenantId;

/// The tenants whose pages were too long to be read at one go, so that they are read carefully. It
/// is only a hint: it may be lost, and each server has its own.
#[derive(Debug, Default)]
pub(super) struct LongTexts(RwLock<HashSet<TenantId>>);

impl LongTexts {
    /// How many tenants are remembered. Beyond that it starts again.
    const MOST: usize = 10_000;

    pub(super) fn has(&self, tenant: TenantId) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).contains(&tenant)
    }

    pub(super) fn add(&self, tenant: TenantId) {
        let mut tenants = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if tenants.len() >= Self::MOST {
            tenants.clear();
        }
        tenants.insert(tenant);
    }
}
