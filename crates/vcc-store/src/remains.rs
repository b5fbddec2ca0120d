//! What was deleted and still has copies in the files of a store.

use std::fmt;

/// What no answer contains any more, but has copies in the files of a store until
/// [`vacuum`](crate::Store::vacuum) has rewritten them.
///
/// `Display` is a list of it: `2 deleted recordings and 1 revoked token`.
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use vcc_store::{Deletion, Remains, Sqlite, Store as _, StoredRecord, Vacuum};
/// # let start = chrono::DateTime::from_timestamp(1_198_120_596, 0).unwrap();
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("recordings.db");
///
/// let store = Sqlite::create(&path)?;
/// let tenant = store.add_tenant("acme", vcc_query::Zone::UTC, start).await?;
/// let record = StoredRecord::with_start(&vcc_types::Recording::new(), start).unwrap();
/// store.import(tenant.id, vec![record].into()).await?;
/// store.delete(tenant.id, &Deletion::All).await?;
/// assert_eq!(store.remains().await?.to_string(), "1 deleted recording");
/// assert!(store.vacuum(Vacuum::default()).await?.log_is_clean);
/// assert_eq!(store.remains().await?, Remains::default());
/// # Ok::<(), vcc_store::StoreError>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Remains {
    /// Recordings that were deleted, or left out by a bulk load.
    pub deleted: u64,
    /// Recordings as they were before an import updated them.
    pub replaced: u64,
    /// Tokens that were revoked: their hashes and labels.
    pub tokens: u64,
    /// Tenants that were removed: their names.
    pub tenants: u64,
}

impl Remains {
    /// Whether there is nothing to be rewritten.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl fmt::Display for Remains {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds = [
            (self.deleted, "deleted recording"),
            (self.replaced, "replaced recording"),
            (self.tokens, "revoked token"),
            (self.tenants, "removed tenant"),
        ];
        let there: Vec<_> = kinds.into_iter().filter(|(count, _)| *count > 0).collect();
        for (at, (count, noun)) in there.iter().enumerate() {
            let between = match at {
                0 => "",
                at if at + 1 == there.len() => " and ",
                _ => ", ",
            };
            let s = if *count == 1 { "" } else { "s" };
            write!(f, "{between}{count} {noun}{s}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_remains_is_a_list() {
        let remains = |deleted, replaced, tokens, tenants| {
            Remains { deleted, replaced, tokens, tenants }.to_string()
        };
        assert_eq!(remains(0, 0, 0, 0), "");
        assert_eq!(remains(1, 0, 0, 0), "1 deleted recording");
        assert_eq!(remains(0, 2, 1, 0), "2 replaced recordings and 1 revoked token");
        assert_eq!(
            remains(7, 1, 2, 1),
            "7 deleted recordings, 1 replaced recording, 2 revoked tokens and 1 removed tenant"
        );
    }
}
