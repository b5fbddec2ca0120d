//! `--bulk`: the first load of a store in a file, with its indexes built at the end.

use std::path::Path;
use std::pin::pin;
use std::time::Instant;

use tokio::sync::mpsc;
use vcc_store::{BulkLoad, BulkLoaded, OnConflict, Sqlite, StoredRecord, TenantId};

use super::Import;
use crate::commands::failure::Failure;

/// Begins the load of a source, or goes on with it.
pub(super) async fn begin(
    path: &Path,
    tenant: TenantId,
    source: Option<&str>,
) -> Result<BulkLoad, Failure> {
    // What cannot be read twice is loaded from its beginning every time.
    let once = format!("stdin of process {}", std::process::id());
    let store = Sqlite::open(path)?;
    store.bulk(tenant, source.unwrap_or(&once)).await.map_err(|error| {
        let refused = error.kind() == vcc_store::StoreErrorKind::Refused;
        let failure = Failure::from(error);
        if refused {
            failure.hint("without --bulk the file is added to what is there")
        } else {
            failure
        }
    })
}

impl Import<'_> {
    /// Ends a load: the indexes are built, and what has the keys of an earlier record is settled.
    pub(super) async fn settle(
        &mut self,
        load: BulkLoad,
        on_conflict: OnConflict,
    ) -> Result<(), Failure> {
        let started = Instant::now();
        self.progress.indexes();
        let (sender, mut left_out) = mpsc::channel::<(u64, StoredRecord)>(64);
        let mut finish = pin!(load.finish(on_conflict, move |number, record| {
            let _ = sender.blocking_send((number, record.clone()));
        }));
        // The load is not undone for a reject file that cannot be written.
        let mut written = Ok(());
        let loaded: BulkLoaded = loop {
            tokio::select! {
                biased;
                Some((number, record)) = left_out.recv() => {
                    written = written.and(self.conflict(number, Some(&record)));
                }
                loaded = &mut finish => break loaded?,
            }
        };
        self.tally.bulk(&loaded, started.elapsed());
        written
    }
}
