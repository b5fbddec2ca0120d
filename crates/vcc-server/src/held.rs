use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;

use crate::gate::Share;
use crate::pending::AnswerKind;

/// Memory of an answer, counted until this is dropped.
#[derive(Debug)]
pub(crate) struct Held {
    share: Arc<Share>,
    kind: AnswerKind,
    bytes: AtomicUsize,
}

impl Held {
    /// Counts this many bytes, if there is room for them.
    pub(crate) fn take(share: &Arc<Share>, kind: AnswerKind, bytes: usize) -> Option<Self> {
        let [theirs, all] = share.pending();
        if !theirs.0.take(kind, bytes, theirs.1) {
            return None;
        }
        if !all.0.take(kind, bytes, all.1) {
            theirs.0.give_back(kind, bytes);
            return None;
        }
        Some(Self { share: share.clone(), kind, bytes: AtomicUsize::new(bytes) })
    }

    /// Counts more bytes, if there turned out to be more.
    pub(crate) fn grow(&self, bytes: usize) {
        let before = self.bytes.fetch_max(bytes, Relaxed);
        if let Some(more) = bytes.checked_sub(before) {
            self.share.pending().into_iter().for_each(|(pending, _)| pending.add(self.kind, more));
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let bytes = *self.bytes.get_mut();
        self.share.pending().into_iter().for_each(|(pending, _)| {
            pending.give_back(self.kind, bytes);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;
    use crate::gate::Gate;
    use crate::pending::{Pending, counted};

    fn gate(pending: usize) -> (Gate, Arc<Pending>) {
        let waiting = Arc::new(Pending::default());
        (Gate::new(&Limits { pending, ..Limits::default() }, waiting.clone()), waiting)
    }

    #[test]
    fn a_tenant_has_a_quarter_and_each_kind_half() {
        let (gate, all) = gate(800);
        let permits = ["acme", "b", "c", "d", "e"].map(|tenant| gate.enter_as(tenant).unwrap());
        let take = |tenant: usize, kind, bytes| Held::take(permits[tenant].share(), kind, bytes);
        let held = take(0, AnswerKind::Streamed, 60).unwrap();
        assert!(take(0, AnswerKind::Streamed, 41).is_none());
        let more = take(0, AnswerKind::Streamed, 40).unwrap();
        // Streamed answers take nothing of the share of short ones.
        let short = take(0, AnswerKind::Whole, 100).unwrap();
        assert!(take(0, AnswerKind::Whole, 1).is_none());
        let others: Vec<_> =
            (1..4).map(|other| take(other, AnswerKind::Streamed, 100).unwrap()).collect();
        // The server has no more room, though this tenant has, and nothing of the attempt remains.
        assert!(
            take(4, AnswerKind::Streamed, 101).is_none()
                && take(4, AnswerKind::Streamed, 1).is_none()
        );
        assert_eq!(all.bytes(), 500);
        drop((held, others));
        assert_eq!(all.bytes(), 140);
        assert!(
            take(0, AnswerKind::Streamed, 60).is_some()
                && take(4, AnswerKind::Streamed, 100).is_some()
        );
        drop((more, short));
        assert_eq!(all.bytes(), 0);
    }

    #[test]
    fn what_is_too_long_for_any_limit_has_it_alone() {
        for pending in [0, 800] {
            let (gate, all) = gate(pending);
            let permit = gate.enter_as("acme").unwrap();
            let take = |bytes| Held::take(permit.share(), AnswerKind::Streamed, bytes);
            let held = take(10_000).unwrap();
            assert!(take(1).is_none());
            held.grow(12_000);
            held.grow(11_000);
            assert_eq!(all.bytes(), 12_000);
            drop(held);
            assert_eq!(all.bytes(), 0);
            assert!(take(1).is_some());
        }
    }

    #[test]
    fn bytes_are_counted_until_the_last_part_of_them_is_dropped() {
        let (gate, all) = gate(800);
        let permit = gate.enter_as("acme").unwrap();
        let held = Held::take(permit.share(), AnswerKind::Whole, 5).unwrap();
        let mut bytes = counted(b"hello".to_vec(), held);
        drop(permit);
        let part = bytes.split_to(2);
        drop(bytes);
        assert_eq!((&part[..], all.bytes()), (&b"he"[..], 5));
        drop(part);
        assert_eq!(all.bytes(), 0);
    }
}
