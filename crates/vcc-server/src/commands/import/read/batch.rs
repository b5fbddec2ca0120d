//! Batches: what fits into one, and when it is passed on.

use std::sync::mpsc;

use super::broken_off::BrokenOff;
use super::maker::Maker;
use super::{BATCH_BYTES, Event, LOOKED_AT};

impl Maker<'_> {
    pub(super) fn is_full(&self) -> bool {
        let Event { records, refused, .. } = &self.event;
        records.len() + refused.len() >= self.batches.batch || self.bytes >= BATCH_BYTES
    }

    /// Counts the next record of the batch. If it does not fit, the batch is passed on first.
    pub(super) fn make_room(&mut self, bytes: usize) -> Result<(), BrokenOff> {
        if self.bytes > 0 && self.bytes + bytes > BATCH_BYTES {
            self.send_until(self.number - 1)?;
        }
        self.bytes += bytes;
        Ok(())
    }

    pub(super) fn send(&mut self) -> Result<(), BrokenOff> {
        self.send_until(self.number)
    }

    /// Passes the batch on, or holds it back while names are being searched.
    pub(super) fn send_until(&mut self, until: u64) -> Result<(), BrokenOff> {
        let event = Event { until, ..std::mem::take(&mut self.event) };
        self.bytes = 0;
        if let Some(held) = &mut self.held {
            held.push(event);
            return if self.read.get() < LOOKED_AT { Ok(()) } else { self.release() };
        }
        self.hand_on(event)
    }

    pub(super) fn hand_on(&self, mut event: Event) -> Result<(), BrokenOff> {
        let sender = &self.batches.sender;
        if event.is_empty() {
            return if sender.is_closed() { Err(BrokenOff::Nothing) } else { Ok(()) };
        }
        // A store needs several times as much memory for such records.
        let until_done = event.is_fat().then(mpsc::channel);
        let until_done = until_done.map(|(done, until_done)| {
            event.done = Some(done);
            until_done
        });
        sender.blocking_send(event).map_err(|_| BrokenOff::Nothing)?;
        // This sends nothing; dropping it is the signal.
        let _ = until_done.map(|until_done| until_done.recv());
        Ok(())
    }
}
