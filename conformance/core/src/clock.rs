//! The one place that asks what time it is.

use std::time::{Duration, Instant};

use jiff::Timestamp;

/// The current time.
#[must_use]
pub fn now() -> Timestamp {
    Timestamp::now()
}

/// The end of a wait that begins at an instant. A wait too long for the clock is cut to a year.
#[must_use]
pub fn after(begin: Instant, wait: Duration) -> Instant {
    const YEAR: Duration = Duration::from_secs(365 * 86_400);
    begin.checked_add(wait).unwrap_or(begin + YEAR)
}
