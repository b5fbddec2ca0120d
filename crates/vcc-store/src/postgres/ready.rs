//! Whether the servers let this store in, and answer.

use super::{Postgres, statements as s};
use crate::selection::any_record;
use crate::tenant::is_read;
use crate::{Store as _, StoreError, TokenHash};

/// Whether a request would be answered now.
pub(super) async fn ready(store: &Postgres) -> Result<(), StoreError> {
    store.readers.log_in().await?;
    let read = store.readers.read("the store is not ready", &(), |session, ()| {
        Box::pin(async {
            let rows = session.query(s::READY, &[]).await?;
            rows.first().map(|row| row.try_get::<_, String>(0)).transpose()
        })
    });
    let tenant = read.await?.unwrap_or_default();
    let answer = store.answer(&tenant, &TokenHash::NONE, &mut |_| Some(any_record())).await;
    is_read(answer.map(drop))
}
