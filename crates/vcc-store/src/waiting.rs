//! What a store waits for, and who is told.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What a store has been waiting for, for at least a second. It explains a command that seems to
/// hang.
///
/// ```
/// use std::time::Duration;
/// use vcc_store::Waiting;
///
/// let waiting = Waiting::writer("calls.db", Duration::from_secs(60));
/// let said = "waiting for another writer of calls.db, for up to 60 s";
/// assert_eq!(waiting.to_string(), said);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Waiting {
    /// Another program writes to the store.
    Writer {
        /// The store's file, or its host.
        store: String,
        /// How long the store waits in all.
        limit: Duration,
    },
    /// A long read of the store keeps its log from being written back.
    Reader {
        /// The store's file.
        store: String,
        /// How many bytes the log has.
        log: u64,
        /// How long the store waits in all.
        limit: Duration,
    },
}

impl Waiting {
    /// Waiting up to `limit` for another program that writes to the store of this name.
    pub fn writer(store: impl Into<String>, limit: Duration) -> Self {
        Self::Writer { store: store.into(), limit }
    }
}

impl fmt::Display for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Writer { store, limit } => {
                let seconds = limit.as_secs();
                write!(f, "waiting for another writer of {store}, for up to {seconds} s")
            }
            Self::Reader { store, log, limit } => {
                let (megabytes, seconds) = (log / 1_000_000, limit.as_secs());
                write!(
                    f,
                    "waiting for a long read of {store} to end, for up to {seconds} s: its log has \
                     {megabytes} MB, and cannot be written back before"
                )
            }
        }
    }
}

/// The callback that is told.
pub(crate) type OnWaiting = Arc<dyn Fn(&Waiting) + Send + Sync>;

/// How long the store waits before it tells.
pub(crate) const SILENCE: Duration = Duration::from_secs(1);

/// How long it does not tell again: an import may wait at every batch.
const ONCE_IN: Duration = Duration::from_secs(60);

/// Tells what the store waits for, but not again and again.
pub(crate) struct Teller {
    tell: OnWaiting,
    told: Mutex<Option<Instant>>,
}

impl fmt::Debug for Teller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Teller").field("told", &self.told).finish_non_exhaustive()
    }
}

impl Teller {
    pub(crate) fn new(tell: OnWaiting) -> Self {
        Self { tell, told: Mutex::new(None) }
    }

    /// Tells what the store has waited for, if that was long enough.
    pub(crate) fn tell(&self, waited: Duration, what: impl FnOnce() -> Waiting) {
        if waited < SILENCE {
            return;
        }
        {
            let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
            if told.is_some_and(|told| told.elapsed() < ONCE_IN) {
                return;
            }
            *told = Some(Instant::now());
        }
        (self.tell)(&what());
    }
}

/// The reason of a write that has waited in vain for others.
#[derive(Debug)]
pub(crate) struct HeldFor(pub(crate) Duration);

impl fmt::Display for HeldFor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Duration::ZERO => f.write_str("another writer holds it"),
            waited => write!(f, "another writer has held it for {} s", waited.as_secs_f64()),
        }
    }
}

impl std::error::Error for HeldFor {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_waited_for_is_told_once_and_not_at_once() {
        let told = Arc::new(Mutex::new(Vec::new()));
        let into = told.clone();
        let teller =
            Teller::new(Arc::new(move |what: &Waiting| into.lock().unwrap().push(what.clone())));
        let reader = Waiting::Reader {
            store: "calls.db".to_owned(),
            log: 268_435_456,
            limit: Duration::from_secs(610),
        };
        for seconds in [0.0, 0.9, 1.0, 1.1, 5.0] {
            teller.tell(Duration::from_secs_f64(seconds), || reader.clone());
        }
        assert_eq!(*told.lock().unwrap(), std::slice::from_ref(&reader));
        assert_eq!(
            reader.to_string(),
            "waiting for a long read of calls.db to end, for up to 610 s: its log has 268 MB, and \
             cannot be written back before"
        );
    }

    #[test]
    fn who_has_waited_says_for_how_long() {
        for (waited, said) in [
            (Duration::ZERO, "another writer holds it"),
            (Duration::from_secs(60), "another writer has held it for 60 s"),
            (Duration::from_millis(1_500), "another writer has held it for 1.5 s"),
        ] {
            assert_eq!(HeldFor(waited).to_string(), said);
        }
    }
}
