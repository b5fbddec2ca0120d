//! Where those stand who wait to write. SQLite gives the lock to whoever asks at the right moment, so an
//! import that begins its next batch at once keeps all others out. Whoever finds the store locked stands
//! in line, and whoever wants to write lets those in line go first.

use std::fs::File;
use std::path::Path;

/// One's eye on the line: a lock on the log. SQLite itself locks other files, so nobody else sees it, and
/// the system takes it back from a process that ends.
#[derive(Debug)]
pub(super) struct Line(File);

impl Line {
    /// The line of the store with this log. There is none where locks keep others from reading a file.
    pub(super) fn at(log: &Path) -> Option<Self> {
        if cfg!(unix) { File::open(log).ok().map(Self) } else { None }
    }

    /// Whether this one stands in line from now on. There is one place, and the others wait for it.
    pub(super) fn stand(&self) -> bool {
        self.0.try_lock().is_ok()
    }

    /// To be called by who stands in line, and by nobody else.
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
        assert!(Line::at(&log).is_none());
        std::fs::write(&log, "").unwrap();
        let [one, other] = [Line::at(&log).unwrap(), Line::at(&log).unwrap()];
        assert!(one.is_free() && other.is_free());
        assert!(one.stand());
        assert!(!other.is_free() && !other.stand());
        one.leave();
        assert!(other.is_free() && other.stand());
        // Who ends leaves.
        drop(other);
        assert!(one.is_free());
    }
}
