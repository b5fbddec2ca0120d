//! Whether the store can answer requests. Concurrent callers share one check.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, timeout};
use vcc_store::Store;

/// Asks a store whether it is ready.
pub(crate) struct Readiness {
    store: Arc<dyn Store>,
    /// The last question; its answer may still be awaited.
    last: Mutex<Option<Question>>,
}

type Question = watch::Receiver<Option<Finding>>;

#[derive(Clone)]
struct Finding {
    at: Instant,
    /// Why not.
    ready: Result<(), String>,
}

/// How long a store may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long an answer is reused.
const FRESH: Duration = Duration::from_secs(1);

impl Readiness {
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        Self { store, last: Mutex::default() }
    }

    /// Whether the store is ready, or the reason why it is not, within two seconds.
    pub(crate) async fn ask(&self) -> Result<(), String> {
        let mut question = self.question();
        let answer = question.wait_for(Option::is_some).await;
        match answer.as_deref() {
            Ok(Some(answer)) => answer.ready.clone(),
            // Its task ended without an answer: the next caller asks again.
            Ok(None) | Err(_) => Err("the question whether the store is ready was lost".to_owned()),
        }
    }

    fn question(&self) -> Question {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let known = last.as_ref().filter(|question| {
            let is_lost = question.has_changed().is_err();
            match &*question.borrow() {
                Some(answer) => answer.at.elapsed() < FRESH,
                None => !is_lost,
            }
        });
        if let Some(question) = known {
            return question.clone();
        }
        let (say, question) = watch::channel(None);
        let store = self.store.clone();
        // The caller may leave; others wait for the same answer.
        tokio::spawn(async move {
            let ready = match timeout(PATIENCE, store.ready()).await {
                Ok(ready) => ready.map_err(|error| error.to_string()),
                Err(_) => Err(format!("the store gave no answer within {} s", PATIENCE.as_secs())),
            };
            if let Err(reason) = &ready {
                tracing::warn!(%reason, "the store is not ready");
            }
            let _ = say.send(Some(Finding { at: Instant::now(), ready }));
        });
        *last = Some(question.clone());
        question
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use async_trait::async_trait;
    use chrono::{DateTime, Utc};
    use vcc_query::{Selection, Zone};
    use vcc_store::{
        Batch, Credentials, Deletion, Imported, Page, StoreError, StoreErrorKind, Tenant, TenantId,
        TokenHash, TokenInfo,
    };

    use super::*;

    /// A store that counts how often it is asked.
    #[derive(Default)]
    struct Counting {
        asked: AtomicUsize,
        hangs: bool,
        panics: bool,
    }

    fn unused<T>() -> Result<T, StoreError> {
        Err(StoreError::new(StoreErrorKind::Internal, "nobody asks for this"))
    }

    #[async_trait]
    impl Store for Counting {
        async fn ready(&self) -> Result<(), StoreError> {
            self.asked.fetch_add(1, Ordering::SeqCst);
            assert!(!self.panics, "a defect");
            if self.hangs {
                std::future::pending::<()>().await;
            }
            Ok(())
        }

        async fn page(&self, _: TenantId, _: &Selection) -> Result<Page, StoreError> {
            unused()
        }

        async fn credentials(
            &self,
            _: &str,
            _: &TokenHash,
        ) -> Result<Option<Credentials>, StoreError> {
            unused()
        }

        async fn import(&self, _: TenantId, _: Batch) -> Result<Imported, StoreError> {
            unused()
        }

        async fn checkpoint(&self, _: TenantId, _: &str) -> Result<u64, StoreError> {
            unused()
        }

        async fn count(&self, _: TenantId) -> Result<u64, StoreError> {
            unused()
        }

        async fn delete(&self, _: TenantId, _: &Deletion) -> Result<u64, StoreError> {
            unused()
        }

        async fn add_tenant(
            &self,
            _: &str,
            _: Zone,
            _: DateTime<Utc>,
        ) -> Result<Tenant, StoreError> {
            unused()
        }

        async fn set_zone(&self, _: &str, _: Zone) -> Result<Tenant, StoreError> {
            unused()
        }

        async fn tenants(&self) -> Result<Vec<Tenant>, StoreError> {
            unused()
        }

        async fn remove_tenant(&self, _: TenantId) -> Result<u64, StoreError> {
            unused()
        }

        async fn add_token(
            &self,
            _: TenantId,
            _: TokenHash,
            _: &str,
            _: DateTime<Utc>,
        ) -> Result<TokenInfo, StoreError> {
            unused()
        }

        async fn tokens(&self, _: TenantId) -> Result<Vec<TokenInfo>, StoreError> {
            unused()
        }

        async fn revoke_token(&self, _: TenantId, _: i64) -> Result<(), StoreError> {
            unused()
        }
    }

    fn readiness(store: Counting) -> (Arc<Counting>, Arc<Readiness>) {
        let store = Arc::new(store);
        (store.clone(), Arc::new(Readiness::new(store)))
    }

    // The clock of these tests is paused, and moves on when every task waits.

    #[tokio::test(start_paused = true)]
    async fn a_store_that_hangs_is_red_within_two_seconds_for_everybody() {
        let (store, readiness) = readiness(Counting { hangs: true, ..Counting::default() });
        for round in 1..=2 {
            let began = Instant::now();
            let one = readiness.clone();
            let first = tokio::spawn(async move { one.ask().await });
            tokio::time::sleep(Duration::from_millis(1_900)).await;
            // A late caller waits no longer than that, even if the first one has left.
            first.abort();
            let red = readiness.ask().await.unwrap_err();
            assert_eq!(red, "the store gave no answer within 2 s");
            assert_eq!(began.elapsed(), PATIENCE);
            assert_eq!(store.asked.load(Ordering::SeqCst), round);
            tokio::time::sleep(FRESH).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn many_who_ask_are_one_question() {
        let (store, readiness) = readiness(Counting::default());
        for round in 1..=3 {
            let all = (0..100).map(|_| {
                let readiness = readiness.clone();
                tokio::spawn(async move { readiness.ask().await })
            });
            for one in all.collect::<Vec<_>>() {
                assert_eq!(one.await.unwrap(), Ok(()));
            }
            tokio::time::sleep(FRESH / 2).await;
            assert_eq!(readiness.ask().await, Ok(()));
            assert_eq!(store.asked.load(Ordering::SeqCst), round);
            tokio::time::sleep(FRESH / 2).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_question_that_is_lost_is_asked_anew() {
        let (store, readiness) = readiness(Counting { panics: true, ..Counting::default() });
        for round in 1..=2 {
            assert!(readiness.ask().await.unwrap_err().ends_with("was lost"));
            assert_eq!(store.asked.load(Ordering::SeqCst), round);
        }
    }
}
