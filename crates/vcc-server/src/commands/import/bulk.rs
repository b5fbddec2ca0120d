//! `--bulk`: the first load of a store, with its indexes built at the end.

use std::future::Future;
use std::pin::pin;
use std::time::Instant;

use tokio::sync::mpsc;
use vcc_store::{BulkLoad, BulkLoaded, OnConflict, Store, TenantId};

use super::left_out::CONFLICT;
use super::read::Event;
use super::{Import, Target};
use crate::commands::failure::Failure;

/// Begins the load of a source, or resumes it.
pub(super) async fn begin(
    store: &dyn Store,
    tenant: TenantId,
    source: Option<&str>,
) -> Result<BulkLoad, Failure> {
    // A pipe cannot be read twice, so it is always loaded from its beginning.
    let once = format!("stdin of process {}", std::process::id());
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

impl Import {
    /// Loads a batch.
    pub(super) async fn load(&mut self, event: Event) -> Result<(), Failure> {
        self.refuse(&event)?;
        let Event { records, numbers, until, done: _done, .. } = event;
        if let Some(Target::Bulk(load)) = &mut self.target {
            let count = records.len() as u64;
            load.load(numbers.into_iter().zip(records).collect(), until).await?;
            self.tally.loaded += count;
        }
        self.dealt_with(until);
        Ok(())
    }

    /// Ends a load: builds the indexes, and decides about records with the keys of an earlier one.
    pub(super) async fn settle(
        &mut self,
        load: BulkLoad,
        on_conflict: OnConflict,
    ) -> Result<(), Failure> {
        let started = Instant::now();
        self.progress.indexes();
        let (sender, left_out) = mpsc::channel(64);
        // Rejects are written before the store deletes them, because a load that is killed would not find
        // them again.
        let mut rejects = self.rejects.take();
        let finish = load.finish(on_conflict, move |number, record| {
            let written = rejects.as_mut().map_or(Ok(()), |rejects| {
                rejects.stored(number, CONFLICT, record).and_then(|()| rejects.flush())
            });
            let _ = sender.blocking_send((number, written));
        });
        // A reject file that cannot be written does not undo the load.
        let mut all_written = Ok(());
        let loaded: BulkLoaded = hear(left_out, finish, |(number, written)| {
            self.tally.leave_out(number, None, CONFLICT.to_owned());
            if all_written.is_ok() {
                all_written = written;
            }
        })
        .await?;
        self.tally.bulk(&loaded, started.elapsed());
        all_written.map_err(|failure| {
            failure.hint("the records are loaded, but not all that were left out are in that file")
        })
    }
}

/// Waits for `work`, and passes on everything that it sends meanwhile, to the last item.
async fn hear<T, R>(
    mut sent: mpsc::Receiver<T>,
    work: impl Future<Output = R>,
    mut hand_on: impl FnMut(T),
) -> R {
    let mut work = pin!(work);
    let ended = loop {
        tokio::select! {
            Some(item) = sent.recv() => hand_on(item),
            ended = &mut work => break ended,
        }
    };
    // Items that arrived between the last check and the end.
    while let Ok(item) = sent.try_recv() {
        hand_on(item);
    }
    ended
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_sent_last_is_heard() {
        let (sender, sent) = mpsc::channel(4);
        let work = async move {
            for item in 1..=3 {
                sender.send(item).await.unwrap();
            }
            "done"
        };
        let mut heard = Vec::new();
        assert_eq!(hear(sent, work, |item| heard.push(item)).await, "done");
        assert_eq!(heard, [1, 2, 3]);
    }
}
