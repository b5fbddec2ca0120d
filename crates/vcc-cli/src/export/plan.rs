use chrono::{DateTime, TimeDelta, Utc};
use vcc_query::Window;

/// Cuts a range into windows that hold about half as much as is read before a window is split: by how
/// dense the windows before were.
pub(crate) struct Plan {
    at: DateTime<Utc>,
    until: DateTime<Utc>,
    step: TimeDelta,
    /// How many records a window is to hold.
    wanted: f64,
}

/// The first window.
const FIRST: TimeDelta = TimeDelta::days(1);
/// The longest: of a range that holds nothing, a request a window.
const LONGEST: TimeDelta = TimeDelta::days(400);
/// The shortest.
const SHORTEST: TimeDelta = TimeDelta::seconds(1);

impl Plan {
    pub(crate) fn new(range: Window, pages: u32) -> Self {
        Self { at: range.from, until: range.until, step: FIRST, wanted: f64::from(pages) * 25.0 }
    }

    /// The next window.
    pub(crate) fn next(&mut self) -> Option<Window> {
        if self.at >= self.until {
            return None;
        }
        let from = self.at;
        // Bounds lie on whole seconds, which every server reads.
        let until = (from + self.step).min(self.until);
        self.at = until;
        Some(Window { from, until })
    }

    /// So many records lay between two instants.
    pub(crate) fn learn(&mut self, from: DateTime<Utc>, until: DateTime<Utc>, records: u64) {
        let seconds = (until - from).num_seconds().max(1) as f64;
        let best = seconds * self.wanted / (records.max(1) as f64);
        // Not in leaps: what follows may be denser.
        let most = self.step.num_seconds() as f64 * 4.0;
        let seconds = best.min(most).max(1.0) as i64;
        self.step = TimeDelta::seconds(seconds).clamp(SHORTEST, LONGEST);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    #[test]
    fn windows_join_without_a_gap_and_end_with_the_range() {
        let range = Window { from: at(0), until: at(1_000_000_000) };
        let mut plan = Plan::new(range, 40);
        let (mut before, mut count) = (range.from, 0);
        while let Some(window) = plan.next() {
            assert_eq!(window.from, before);
            assert!(window.until > window.from);
            before = window.until;
            count += 1;
            // A record each ten seconds, then none.
            let records = if window.from < at(500_000_000) {
                (window.until - window.from).num_seconds() / 10
            } else {
                0
            };
            plan.learn(window.from, window.until, records.unsigned_abs());
        }
        assert_eq!(before, range.until);
        // 50 million records by some 1,000 a window, and the empty half in long steps.
        assert!((40_000..70_000).contains(&count), "{count}");
    }
}
