use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Nanos, SECOND};

/// No wall clock has ever been farther from UTC than this.
const FARTHEST: Nanos = 27 * 3600 * SECOND;

/// The zone of this name: case-sensitive (DATE-3b), and not a file that a system keeps beside the
/// zones.
pub(super) fn named(name: &str) -> Result<TimeZone, String> {
    let zone = crate::zone::named(name).map_err(|_| format!("{name:?} is not a zone"))?;
    if zone.iana_name() != Some(name) || name == "Factory" || name == "Etc/Unknown" {
        return Err(format!("{name:?} is not a zone"));
    }
    Ok(zone)
}

/// The first instant at which the zone's wall clock reads `local` or later: stretch by stretch of
/// constant offset, from long before to long after.
pub(super) fn first_instant(local: Nanos, zone: &TimeZone) -> Nanos {
    let mut from = local - FARTHEST;
    loop {
        let here = timestamp(from);
        let offset = Nanos::from(zone.to_offset(here).seconds()) * SECOND;
        let until = zone.following(here).next().map(|next| next.timestamp().as_nanosecond());
        let reads = (local - offset).max(from);
        match until {
            Some(until) if reads >= until => from = until,
            _ => return reads,
        }
    }
}

/// Clamped to what the zone data can be asked for; the offset there goes on beyond.
fn timestamp(nanos: Nanos) -> Timestamp {
    let nanos = nanos.clamp(Timestamp::MIN.as_nanosecond(), Timestamp::MAX.as_nanosecond());
    Timestamp::from_nanosecond(nanos).unwrap_or(Timestamp::MAX)
}
