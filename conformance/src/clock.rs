//! The one place that asks what time it is.

use jiff::Timestamp;

/// The current time.
#[must_use]
pub fn now() -> Timestamp {
    Timestamp::now()
}
