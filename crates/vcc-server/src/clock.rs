use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};

/// The current time: from the system's clock, or from one that a test sets.
///
/// ```
/// use std::sync::atomic::{AtomicI64, Ordering};
/// use chrono::DateTime;
/// use vcc_server::Clock;
///
/// // A clock that is a second later each time it is read. Its clones share it.
/// let seconds = AtomicI64::new(1_198_120_596);
/// let clock = Clock::from_fn(move || {
///     DateTime::from_timestamp(seconds.fetch_add(1, Ordering::Relaxed), 0).unwrap()
/// });
/// assert_eq!(clock.now().to_rfc3339(), "2007-12-20T03:16:36+00:00");
/// assert_eq!(clock.clone().now().to_rfc3339(), "2007-12-20T03:16:37+00:00");
/// assert_eq!(format!("{:?}", Clock::default()), "Clock::system()");
/// ```
#[derive(Clone)]
pub struct Clock(Option<Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>>);

impl Clock {
    /// The clock of the system.
    #[must_use]
    pub const fn system() -> Self {
        Self(None)
    }

    /// A clock that stands still.
    #[must_use]
    pub fn fixed(now: DateTime<Utc>) -> Self {
        Self::from_fn(move || now)
    }

    /// A clock that calls a function.
    #[must_use]
    pub fn from_fn(now: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(now)))
    }

    /// The time.
    #[must_use]
    #[allow(clippy::disallowed_methods, reason = "the server is the shell that reads the clock")]
    pub fn now(&self) -> DateTime<Utc> {
        self.0.as_ref().map_or_else(|| std::time::SystemTime::now().into(), |now| now())
    }

    /// Whether this is the system's clock, which the HTTP stack dates responses by.
    pub(crate) fn is_system(&self) -> bool {
        self.0.is_none()
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::system()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_system() { "Clock::system()" } else { "Clock::from_fn(…)" })
    }
}
