//! The order of batches of one import that run at the same time. The checkpoint of each says which
//! one it follows; what must come after that one waits for it here.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Mutex as Gate, OwnedMutexGuard};

use crate::{Checkpoint, TenantId};

/// The batches with a checkpoint that are being imported through this store.
#[derive(Clone, Debug, Default)]
pub(super) struct Turns(Arc<Mutex<Vec<RunningBatch>>>);

/// A batch that has begun and not ended.
#[derive(Debug)]
struct RunningBatch {
    tenant: TenantId,
    source: String,
    /// The number of its checkpoint; the next batch begins there.
    records: u64,
    /// Locked until its records have their numbers.
    numbered: Arc<Gate<()>>,
    /// Locked until it has ended, in whatever way.
    ended: Arc<Gate<()>>,
}

/// A batch, and those that it follows.
#[derive(Debug, Default)]
pub(super) struct Turn {
    /// The gates of those batches. A source that is imported twice at once may have several.
    numbered: Vec<Arc<Gate<()>>>,
    ended: Vec<Arc<Gate<()>>>,
    own_numbered: Option<OwnedMutexGuard<()>>,
    /// Leaves the list when dropped.
    _entry: Option<Entry>,
}

#[derive(Debug)]
struct Entry {
    turns: Turns,
    ended: OwnedMutexGuard<()>,
}

impl Turns {
    /// Registers a batch after those that have begun. Without a checkpoint it follows none.
    pub(super) fn begin(&self, tenant: TenantId, checkpoint: Option<&Checkpoint>) -> Turn {
        let Some(Checkpoint { source, after, records }) = checkpoint else {
            return Turn::default();
        };
        let mut running = self.lock();
        let before = running.iter().filter(|other| {
            (other.tenant, other.records) == (tenant, *after) && other.source == *source
        });
        let (numbered, ended) =
            before.map(|other| (other.numbered.clone(), other.ended.clone())).unzip();
        let (gate_numbered, gate_ended) = (Arc::new(Gate::new(())), Arc::new(Gate::new(())));
        // No other task has them yet.
        let own_numbered = gate_numbered.clone().try_lock_owned().ok();
        let own_ended = gate_ended.clone().try_lock_owned().ok();
        running.push(RunningBatch {
            tenant,
            source: source.clone(),
            records: *records,
            numbered: gate_numbered,
            ended: gate_ended,
        });
        let entry = own_ended.map(|ended| Entry { turns: self.clone(), ended });
        Turn { numbered, ended, own_numbered, _entry: entry }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<RunningBatch>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn {
    /// Whether it follows a batch that has not ended, as far as known here.
    pub(super) fn follows(&self) -> bool {
        self.ended.iter().any(|gate| gate.try_lock().is_err())
    }

    /// Waits until the batches before it have their numbers.
    pub(super) fn to_number(&self) -> impl Future<Output = ()> + Send + use<> {
        open(self.numbered.clone())
    }

    /// Lets the batches after it take theirs.
    pub(super) fn is_numbered(&mut self) {
        self.own_numbered = None;
    }

    /// Waits until the batches before it have ended.
    pub(super) fn to_end(&self) -> impl Future<Output = ()> + Send + use<> {
        open(self.ended.clone())
    }
}

async fn open(gates: Vec<Arc<Gate<()>>>) {
    for gate in gates {
        drop(gate.lock().await);
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let own = OwnedMutexGuard::mutex(&self.ended);
        self.turns.lock().retain(|running| !Arc::ptr_eq(&running.ended, own));
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    fn checkpoint(source: &str, after: u64, records: u64) -> Checkpoint {
        Checkpoint { source: source.into(), after, records }
    }

    #[test]
    fn a_batch_waits_for_the_one_that_it_follows_alone() {
        let turns = Turns::default();
        let begin = |tenant, of: &Checkpoint| turns.begin(TenantId(tenant), Some(of));
        let mut first = begin(1, &checkpoint("a", 0, 10));
        let others = [
            begin(1, &checkpoint("a", 0, 10)),
            begin(1, &checkpoint("a", 20, 30)),
            begin(1, &checkpoint("b", 10, 20)),
            begin(2, &checkpoint("a", 10, 20)),
            turns.begin(TenantId(1), None),
        ];
        assert!(others.iter().all(|other| !other.follows()));
        assert!(others.iter().all(|other| other.to_end().now_or_never().is_some()));
        drop(others);
        let second = begin(1, &checkpoint("a", 10, 20));
        let third = begin(1, &checkpoint("a", 20, 0));
        assert!(!first.follows() && second.follows() && third.follows());
        assert!(second.to_number().now_or_never().is_none());
        first.is_numbered();
        assert!(second.to_number().now_or_never().is_some());
        assert!(second.to_end().now_or_never().is_none());
        drop(first);
        assert!(second.to_end().now_or_never().is_some() && !second.follows());
        assert!(third.to_end().now_or_never().is_none());
        drop(second);
        assert!(third.to_end().now_or_never().is_some());
        drop(third);
        assert!(turns.lock().is_empty());
    }
}
