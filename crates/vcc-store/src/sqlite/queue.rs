//! The queue of writers. SQLite gives its lock to the process that happens to ask at the right
//! moment, so an import that begins its next batch at once would keep all others out. A process
//! that finds the store locked stands in line, and one that wants to write lets those in line go
//! first.

use std::fs::File;
use std::path::Path;

/// A view of the queue: a lock on the log. SQLite itself locks other files, so it does not
/// interfere, and the system drops the lock of a process that ends.
#[derive(Debug)]
pub(super) struct Queue(File);

impl Queue {
    /// The queue of the store with this log. There is none on systems where a lock keeps others from
    /// reading a file.
    pub(super) fn at(log: &Path) -> Option<Self> {
        if cfg!(unix) { File::open(log).ok().map(Self) } else { None }
    }

    /// Takes the only place in the queue, and returns whether this process has it now.
    pub(super) fn stand(&self) -> bool {
        self.0.try_lock().is_ok()
    }

    /// Leaves the queue. Only the process that has the place may call this.
    pub(super) fn leave(&self) {
        let _ = self.0.unlock();
    }

    /// Whether nobody stands in line.
    pub(super) fn is_free(&self) -> bool {
        let is_held = matches!(self.0.try_lock_shared(), Err(std::fs::TryLockError::WouldBlock));
        if !is_held {
            self.leave();
        }
        !is_held
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn one_stands_in_line_and_the_others_see_it() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("s.db-wal");
        assert!(Queue::at(&log).is_none());
        std::fs::write(&log, "").unwrap();
        let [one, other] = [Queue::at(&log).unwrap(), Queue::at(&log).unwrap()];
        assert!(one.is_free() && other.is_free());
        assert!(one.stand());
        assert!(!other.is_free() && !other.stand());
        one.leave();
        assert!(other.is_free() && other.stand());
        // A process that ends leaves the line.
        drop(other);
        assert!(one.is_free());
    }
}
