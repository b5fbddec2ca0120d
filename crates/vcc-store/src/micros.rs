//! Instants as whole microseconds since 1970-01-01T00:00:00Z, as they are stored.

use std::ops::Range;

use chrono::{DateTime, Utc};
use vcc_types::StartDate;

/// The first whole microsecond that is not before an instant. Starts are whole microseconds, so comparing
/// them with `ceil(instant)` by `>=` or `<` means the same as comparing them with the instant.
pub(crate) fn ceil(instant: DateTime<Utc>) -> i64 {
    let micros = instant.timestamp_micros();
    micros + i64::from(!instant.timestamp_subsec_nanos().is_multiple_of(1_000))
}

/// The instant of a number that was stored.
pub(crate) fn instant(micros: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(micros).unwrap_or_default()
}

/// The starts that are stored (OUT-3).
pub(crate) fn starts() -> Range<i64> {
    let Range { start, end } = StartDate::RANGE;
    start.timestamp_micros()..end.timestamp_micros()
}
