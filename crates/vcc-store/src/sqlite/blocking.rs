//! Work that blocks and has no connection yet.

use crate::StoreError;

/// Runs it on a thread where it may block.
pub(super) async fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|ended| Err(StoreError::task(ended)))
}
