//! The recordings behind all defects: a store that is loaded once and remembers its answers.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::sync::{PoisonError, RwLock};

use vcc_conformance_core::dataset;
use vcc_query::Selection;
use vcc_store::{Credentials, Page, Sqlite, Store, StoreError, TenantId, TokenHash};

use crate::reference::{ReferenceError, load};

/// How many answers of either kind are remembered: the suite needs some thousands.
const REMEMBERED: usize = 16_384;

/// A store that nobody writes to any more: it would give the same answer again.
pub(super) struct Shelf {
    store: Sqlite,
    pages: RwLock<HashMap<Asked, Page>>,
    credentials: RwLock<HashMap<SignIn, Option<Credentials>>>,
}

/// The name of a tenant, and the hash of a token.
type SignIn = (String, [u8; 32]);

#[derive(PartialEq, Eq)]
struct Asked(TenantId, Selection);

impl Hash for Asked {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // The rest of a selection rarely differs.
        let Selection { window, near, filters, first, .. } = &self.1;
        (self.0, window, near, filters, first).hash(state);
    }
}

impl Shelf {
    pub(super) fn load(tenants: &[dataset::Tenant]) -> Result<Self, ReferenceError> {
        let error = |problem: &dyn std::fmt::Display| ReferenceError::new("store", problem);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        let runtime = runtime.map_err(|problem| error(&problem))?;
        let store = Sqlite::in_memory().map_err(|problem| error(&problem))?;
        runtime.block_on(load(&store, tenants))?;
        Ok(Self { store, pages: RwLock::default(), credentials: RwLock::default() })
    }

    pub(super) fn store(&self) -> &dyn Store {
        &self.store
    }

    pub(super) async fn page(
        &self,
        tenant: TenantId,
        selection: &Selection,
    ) -> Result<Page, StoreError> {
        let asked = Asked(tenant, selection.clone());
        if let Some(page) = remembered(&self.pages, &asked) {
            return Ok(page);
        }
        let page = self.store.page(tenant, selection).await?;
        remember(&self.pages, asked, page.clone());
        Ok(page)
    }

    pub(super) async fn credentials(
        &self,
        tenant: &str,
        token: &TokenHash,
    ) -> Result<Option<Credentials>, StoreError> {
        let asked = (tenant.to_owned(), *token.as_bytes());
        if let Some(credentials) = remembered(&self.credentials, &asked) {
            return Ok(credentials);
        }
        let credentials = self.store.credentials(tenant, token).await?;
        remember(&self.credentials, asked, credentials.clone());
        Ok(credentials)
    }
}

fn remembered<K: Eq + Hash, V: Clone>(all: &RwLock<HashMap<K, V>>, asked: &K) -> Option<V> {
    all.read().unwrap_or_else(PoisonError::into_inner).get(asked).cloned()
}

fn remember<K: Eq + Hash, V>(all: &RwLock<HashMap<K, V>>, asked: K, answer: V) {
    let mut all = all.write().unwrap_or_else(PoisonError::into_inner);
    if all.len() < REMEMBERED {
        all.insert(asked, answer);
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use vcc_query::{Context, Query};
    use vcc_store::Token;

    use super::*;
    use crate::selftest::matrix::now;

    /// However often it is asked, and by whichever token.
    #[tokio::test]
    async fn it_says_what_the_store_says() {
        let tenants = dataset::embedded(now().unwrap()).unwrap();
        let shelf = tokio::task::spawn_blocking(move || {
            let shelf = Shelf::load(&tenants).unwrap();
            (shelf, tenants)
        });
        let (shelf, tenants) = shelf.await.unwrap();
        for (tenant, _) in tenants.iter().zip(0..4) {
            let (right, wrong) = (Token::from_secret(tenant.token.clone()), TokenHash::of(b"no"));
            for _ in 0..2 {
                let known = shelf.credentials(&tenant.name, &right.hash()).await.unwrap().unwrap();
                assert!(known.token.is_some(), "{}", tenant.name);
                let id = known.tenant.id;
                let known = shelf.credentials(&tenant.name, &wrong).await.unwrap().unwrap();
                assert!(known.token.is_none() && known.tenant.id == id, "{}", tenant.name);
                for query in ["", "n=51", "agentID=bill", "d=2007", "tz=UTC", "agentID=bill&n=2"] {
                    let now = DateTime::UNIX_EPOCH;
                    let context =
                        Context { now, tenant_tz: known.tenant.zone, dialect: Default::default() };
                    let selection = Query::parse(query).unwrap().resolve(&context).unwrap();
                    let page = shelf.page(id, &selection).await.unwrap();
                    let stored = shelf.store().page(id, &selection).await.unwrap();
                    assert_eq!((page.records, page.more), (stored.records, stored.more), "{query}");
                }
            }
        }
        assert!(shelf.credentials("nobody", &TokenHash::of(b"no")).await.unwrap().is_none());
    }
}
