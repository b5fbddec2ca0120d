//! Files that were imported to their end and have records without keys, which another import of the same
//! file would add a second time.

use chrono::{DateTime, SecondsFormat, Utc};
use vcc_server::Clock;
use vcc_store::{Batch, Checkpoint, Store, StoreError, TenantId};

/// Identifies such a file. Its mark is a checkpoint whose number is the second at which the import ended.
fn source(digest: &str) -> String {
    format!("ended {digest}")
}

/// When the import of a file ended, if it did.
pub(super) async fn when(
    store: &dyn Store,
    tenant: TenantId,
    digest: &str,
) -> Result<Option<DateTime<Utc>>, StoreError> {
    let seconds = store.checkpoint(tenant, &source(digest)).await?;
    Ok(DateTime::from_timestamp(seconds.cast_signed(), 0).filter(|_| seconds > 0))
}

/// Records that the import of a file has ended now.
pub(super) async fn note(
    store: &dyn Store,
    tenant: TenantId,
    digest: &str,
) -> Result<(), StoreError> {
    let now = Clock::system().now().timestamp().max(1).cast_unsigned();
    mark(store, tenant, digest, now).await
}

/// Forgets it, because the file is imported again.
pub(super) async fn forget(
    store: &dyn Store,
    tenant: TenantId,
    digest: &str,
) -> Result<(), StoreError> {
    mark(store, tenant, digest, 0).await
}

async fn mark(
    store: &dyn Store,
    tenant: TenantId,
    digest: &str,
    records: u64,
) -> Result<(), StoreError> {
    let source = source(digest);
    let after = store.checkpoint(tenant, &source).await?;
    let checkpoint = Some(Checkpoint { source, after, records });
    store.import(tenant, Batch { checkpoint, ..Batch::default() }).await?;
    Ok(())
}

pub(super) fn written(when: DateTime<Utc>) -> String {
    when.to_rfc3339_opts(SecondsFormat::Secs, true)
}
