//! Batches: what fits one, and when it is handed on.

use std::sync::mpsc;

use super::broken_off::BrokenOff;
use super::maker::Maker;
use super::{BATCH_BYTES, Event, LOOKED_AT};

impl Maker<'_> {
    pub(super) fn is_full(&self) -> bool {
        let Event { records, refused, .. } = &self.event;
        records.len() + refused.len() >= self.batches.batch || self.bytes >= BATCH_BYTES
    }

    /// Counts a record that comes into the batch next. Where it does not fit, what is there goes first.
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

    /// Hands the batch on, or holds it back while names are looked for.
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
        // A store takes several times as much for such records.
        let until_done = event.is_fat().then(mpsc::channel);
        let until_done = until_done.map(|(done, until_done)| {
            event.done = Some(done);
            until_done
        });
        sender.blocking_send(event).map_err(|_| BrokenOff::Nothing)?;
        // Nothing is sent: it is dropped.
        let _ = until_done.map(|until_done| until_done.recv());
        Ok(())
    }
}
