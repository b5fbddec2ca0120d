use core::cell::Cell;

use super::{Stretch, Zone};

/// No zone's clock is a day or more away from UTC.
const DAY: i64 = 86_400;

/// The first of the two rules: *a local date-time means the first instant at which the zone's wall
/// clock reads that text or later* (DATE-1).
///
/// `local` is the text as seconds since 1970-01-01 00:00:00 on the wall clock. The second value says
/// whether the clock reads exactly that text at the instant. If it is false, the text is in a gap and
/// the instant is the end of the gap; a fraction of a second in the text does not count then.
///
/// Walks the stretches of constant offset from a day before the text, when the wall clock cannot
/// have reached it yet. In each stretch the clock runs on evenly, so the first stretch in which the
/// text is reached holds the answer: at its beginning if the clock jumped past the text there.
#[inline]
pub(crate) fn first_instant(zone: &Zone, local: i64) -> (i64, bool) {
    Walk::default().first_instant(zone, local)
}

/// The stretch in which the last walk began, for the next one.
pub(crate) struct Walk(Cell<(i64, Stretch)>);

impl Default for Walk {
    fn default() -> Walk {
        // An empty stretch.
        Walk(Cell::new((i64::MAX, Stretch { offset: 0, until: i64::MIN })))
    }
}

impl Walk {
    /// Like [`first_instant`]; the zone must be the same each time.
    #[inline]
    pub(crate) fn first_instant(&self, zone: &Zone, local: i64) -> (i64, bool) {
        let day_before = local - DAY;
        let (mut from, mut stretch) = self.0.get();
        if !(from..stretch.until).contains(&day_before) {
            (from, stretch) = (day_before, zone.stretch(day_before));
            self.0.set((from, stretch));
        }
        loop {
            let reads = local - i64::from(stretch.offset);
            if reads < stretch.until {
                return (reads.max(from), reads >= from);
            }
            // Always go on, even if the rules of a caller say otherwise.
            from = stretch.until.max(from + 1);
            stretch = zone.stretch(from);
        }
    }
}

/// What the zone's wall clock reads at an instant, as seconds since 1970-01-01 00:00:00 on it.
pub(crate) fn local_seconds(zone: &Zone, at: i64) -> i64 {
    at + i64::from(zone.stretch(at).offset)
}
