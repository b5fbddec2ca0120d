//! Whether the log beside a file belongs to it. If a file was replaced under a process that has it
//! open, the log and its index at that name belong to the old file until that process notices:
//! anybody who opened the new file would read them as a part of it, and write into them.
//!
//! Each process that has a log open has a lock on the index of the log, and one on the database. So
//! a log belongs to another file if somebody has the first lock and nobody the second.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::files::{self, Identity, identity};
use crate::{StoreError, StoreErrorKind};

/// The files that this process has open, and how often. They are not examined: closing a file drops
/// all locks of the process on it, also SQLite's.
static OPEN: Mutex<BTreeMap<(u64, u64), usize>> = Mutex::new(BTreeMap::new());

/// A file that is open until this is dropped.
#[derive(Debug)]
pub(super) struct Held(Identity);

/// How often to look whether the other process has noticed that its file was replaced. A server
/// notices within half a second.
const LOOKS: u32 = 40;

const PAUSE: Duration = Duration::from_millis(50);

impl Held {
    /// A database without a file.
    pub(super) fn nothing() -> Self {
        Self(None)
    }

    /// Takes a file before it is opened, once the log beside it is its own.
    pub(super) fn take(path: &Path) -> Result<Self, StoreError> {
        let real = files::real(path);
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        let file = real.metadata().ok().and_then(|about| identity(&about));
        let Some(file) = file else { return Ok(Self(None)) };
        if !open.contains_key(&file) {
            wait_for(&real, path)?;
        }
        *open.entry(file).or_default() += 1;
        Ok(Self(Some(file)))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let Some(file) = self.0 else { return };
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(times) = open.get_mut(&file) {
            *times -= 1;
            if *times == 0 {
                open.remove(&file);
            }
        }
    }
}

fn wait_for(real: &Path, path: &Path) -> Result<(), StoreError> {
    for _ in 0..LOOKS {
        if !is_of_another(real) {
            return Ok(());
        }
        std::thread::sleep(PAUSE);
    }
    let name = path.display();
    let message = format!(
        "the log beside {name} is that of another file, which {name} was and a process still has open"
    );
    Err(StoreError::new(StoreErrorKind::Unavailable, message))
}

/// Whether a process has the log of a file open, but not the file.
#[cfg(unix)]
fn is_of_another(path: &Path) -> bool {
    // Where SQLite has its locks in either file.
    const LOG_IS_OPEN: (u64, u64) = (128, 1);
    const IS_READ: (u64, u64) = (0x4000_0002, 510);

    // In this order: a process that closes both gives up the log first.
    is_locked(&files::beside(path, "-shm"), LOG_IS_OPEN) == Some(true)
        && is_locked(path, IS_READ) == Some(false)
}

/// Whether another process has a lock on these bytes; `None` if that cannot be found out.
#[cfg(unix)]
fn is_locked(path: &Path, (start, length): (u64, u64)) -> Option<bool> {
    use rustix::process::{Flock, FlockOffsetType, FlockType, fcntl_getlk};

    let offset_type = FlockOffsetType::Set;
    let any = Flock { start, length, pid: None, typ: FlockType::WriteLock, offset_type };
    let found = fcntl_getlk(std::fs::File::open(path).ok()?, &any).ok()?;
    Some(found.is_some())
}

#[cfg(not(unix))]
fn is_of_another(_: &Path) -> bool {
    false
}
