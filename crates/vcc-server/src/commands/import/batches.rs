//! Batches on their way into a store. Some stores take the next batch while they still work on one, but
//! all end in their order.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::mpsc::Sender;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesOrdered;
use tokio::sync::mpsc;
use vcc_store::{Batch, Checkpoint, Imported, OnConflict, Store, StoreError, StoredRecord};

use super::Import;
use super::left_out::CONFLICT;
use super::read::Event;
use crate::commands::failure::Failure;
use crate::commands::words::grouped;

/// A batch that the store is working on.
struct Given {
    /// Kept, in case it has to be given to the store again.
    records: Option<Vec<StoredRecord>>,
    numbers: Vec<u64>,
    /// How many records of the source are done before it, and after it.
    after: u64,
    until: u64,
    /// Tells the reader, if it waits for the end of the batch.
    done: Option<Sender<()>>,
}

type Running<'a> =
    FuturesOrdered<Pin<Box<dyn Future<Output = Result<Imported, StoreError>> + Send + 'a>>>;

impl Import {
    /// Stores all batches. The rejects of a batch are written before the batch is committed. If the import
    /// is killed between the two, the next one finds them again.
    pub(super) async fn store(
        &mut self,
        store: &dyn Store,
        events: &mut mpsc::Receiver<Event>,
    ) -> Result<(), Failure> {
        // In the order of their checkpoints.
        let at_once = if self.identity.is_some() { store.batches_at_once() } else { 1 };
        let mut given: VecDeque<Given> = VecDeque::new();
        let mut running = Running::new();
        // Something has to be noted before this batch, while no other is running.
        let mut waiting: Option<Event> = None;
        loop {
            if let Some(event) = waiting.take_if(|_| given.is_empty()) {
                let begun = self.beginning(event.keyless);
                self.note_begun(store, begun).await?;
                self.take(store, event, &mut given, &mut running)?;
            }
            tokio::select! {
                biased;
                Some(imported) = running.next() => {
                    let Some(first) = given.pop_front() else { continue };
                    let imported = imported?;
                    if let Some(again) = self.ended(first, &imported)? {
                        // The batches after it have to be given again too.
                        running = Running::new();
                        given.push_front(again);
                        for batch in &given {
                            running.push_back(self.give(store, batch, batch.records.clone()));
                        }
                    }
                }
                Some(event) = events.recv(), if given.len() < at_once && waiting.is_none() => {
                    if self.beginning(event.keyless).is_some() {
                        waiting = Some(event);
                    } else {
                        self.take(store, event, &mut given, &mut running)?;
                    }
                }
                else => return Ok(()),
            }
        }
    }

    /// Gives a batch to the store.
    fn take<'a>(
        &mut self,
        store: &'a dyn Store,
        event: Event,
        given: &mut VecDeque<Given>,
        running: &mut Running<'a>,
    ) -> Result<(), Failure> {
        self.refuse(&event)?;
        let Event { records, numbers, until, done, .. } = event;
        let after = given.back().map_or(self.done, |last| last.until);
        let kept = self.may_be_undone().then(|| records.clone());
        let batch = Given { records: kept, numbers, after, until, done };
        running.push_back(self.give(store, &batch, Some(records)));
        given.push_back(batch);
        Ok(())
    }

    /// Whether to undo a batch because of its rejects: they have to be written first, or are too many.
    fn may_be_undone(&self) -> bool {
        self.on_conflict == OnConflict::Reject && (self.rejects.is_some() || self.strict)
    }

    fn give<'a>(
        &self,
        store: &'a dyn Store,
        given: &Given,
        records: Option<Vec<StoredRecord>>,
    ) -> Pin<Box<dyn Future<Output = Result<Imported, StoreError>> + Send + 'a>> {
        let on_conflict = if self.may_be_undone() { OnConflict::Undo } else { self.on_conflict };
        let checkpoint = self.identity.clone().map(|identity| Checkpoint {
            source: identity.import,
            after: given.after,
            records: given.until,
        });
        let batch = Batch { records: records.unwrap_or_default(), on_conflict, checkpoint };
        let tenant = self.tenant;
        Box::pin(async move { store.import(tenant, batch).await })
    }

    /// Records the result of the first batch. If it was undone, it is given again, without the rejects.
    fn ended(&mut self, given: Given, imported: &Imported) -> Result<Option<Given>, Failure> {
        if let Some(position) = imported.conflicts.first().filter(|_| self.strict) {
            let number = grouped(given.numbers[*position]);
            let failure = Failure::new(format!("record {number}: {CONFLICT}"));
            return Err(failure.hint("without --strict it is left out"));
        }
        for position in &imported.conflicts {
            let record = given.records.as_ref().and_then(|kept| kept.get(*position));
            self.conflict(given.numbers[*position], record)?;
        }
        self.flush()?;
        self.tally.add(imported);
        let Given { records, numbers, after, until, done } = given;
        let Some(kept) = records.filter(|_| !imported.conflicts.is_empty()) else {
            self.dealt_with(until);
            return Ok(None);
        };
        let (numbers, records) = std::iter::zip(numbers, kept)
            .enumerate()
            .filter(|(position, _)| imported.conflicts.binary_search(position).is_err())
            .map(|(_, numbered)| numbered)
            .unzip();
        Ok(Some(Given { records: Some(records), numbers, after, until, done }))
    }
}
