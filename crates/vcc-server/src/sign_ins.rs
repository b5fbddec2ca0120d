//! Refused sign-ins. The default log level leaves the single events out, so a burst of them is summed up in a
//! warning.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long refusals are gathered before they are summed up.
const WINDOW: Duration = Duration::from_secs(10);

/// This many in a window are a burst. A person who mistypes a token makes fewer.
const BURST: u64 = 5;

/// How many addresses are told apart.
const PEERS: usize = 64;

/// The refused sign-ins of a server.
#[derive(Clone, Default)]
pub(crate) struct SignIns(Arc<Gathering>);

#[derive(Default)]
struct Gathering(Mutex<Refusals>);

/// What was refused since a window began. It begins with a refusal.
#[derive(Debug, Default, PartialEq, Eq)]
struct Refusals {
    refused: u64,
    /// How many of them have been reported.
    told: u64,
    /// The addresses with the most refusals, each with a lower bound of their number.
    peers: Vec<(IpAddr, u64)>,
    /// Whether there were more addresses than are told apart.
    is_cut: bool,
    /// Whether the window before was a burst that was reported.
    goes_on: bool,
}

impl SignIns {
    /// Counts a refusal. Call it within a runtime.
    pub(crate) fn refused(&self, peer: Option<IpAddr>) {
        let (is_first, summary) = {
            let mut window = self.0.lock();
            window.count(peer);
            (window.refused == 1, window.begins_a_burst().then(|| window.summary()))
        };
        tell(summary);
        if is_first {
            // A weak reference, so that the timer does not keep it alive.
            let gathering = Arc::downgrade(&self.0);
            tokio::spawn(async move {
                tokio::time::sleep(WINDOW).await;
                if let Some(gathering) = gathering.upgrade() {
                    let summary = gathering.lock().end();
                    tell(summary);
                }
            });
        }
    }
}

impl Gathering {
    fn lock(&self) -> std::sync::MutexGuard<'_, Refusals> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Gathering {
    /// The server stops before its last window ends.
    fn drop(&mut self) {
        let summary = self.lock().end();
        tell(summary);
    }
}

fn tell(summary: Option<String>) {
    if let Some(summary) = summary {
        tracing::warn!("{summary}");
    }
}

impl Refusals {
    /// Counts by the algorithm of Misra and Gries. Memory is bounded, and an address with more than one in
    /// [`PEERS`] of all refusals is always among those that are kept.
    fn count(&mut self, peer: Option<IpAddr>) {
        self.refused += 1;
        let Some(peer) = peer else { return };
        if let Some((_, count)) = self.peers.iter_mut().find(|(known, _)| *known == peer) {
            *count += 1;
        } else if self.peers.len() < PEERS {
            self.peers.push((peer, 1));
        } else {
            self.is_cut = true;
            self.peers.retain_mut(|(_, count)| {
                *count -= 1;
                *count > 0
            });
        }
    }

    /// Whether this refusal makes a burst. A burst is reported at once.
    fn begins_a_burst(&mut self) -> bool {
        let begins = self.refused == BURST && !self.goes_on;
        if begins {
            self.told = self.refused;
        }
        begins
    }

    /// Ends the window; the next refusal begins another. Gives a summary of what is new in a burst.
    fn end(&mut self) -> Option<String> {
        let is_burst = self.refused >= BURST;
        let summary = (is_burst && self.refused > self.told).then(|| self.summary());
        *self = Self { goes_on: is_burst, ..Self::default() };
        summary
    }

    fn summary(&self) -> String {
        let mut said =
            format!("{} refused sign-ins in the last {} s", self.refused, WINDOW.as_secs());
        if let Some((peer, count)) = self.peers.iter().max_by_key(|(_, count)| *count) {
            let _ = match (*count == self.refused, self.is_cut) {
                (true, _) => write!(said, ", all from {peer}"),
                (false, false) => write!(said, ", most from {peer} ({count})"),
                (false, true) => write!(said, ", most from {peer} (at least {count})"),
            };
        }
        said
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(number: u32) -> Option<IpAddr> {
        Some(IpAddr::from((0xc000_0200 + number).to_be_bytes()))
    }

    #[test]
    fn a_burst_is_summed_up_and_a_few_are_not() {
        let mut window = Refusals::default();
        for _ in 0..4 {
            window.count(peer(7));
            assert!(!window.begins_a_burst());
        }
        assert_eq!(window.end(), None);
        let mut begun = 0;
        for number in 0..37 {
            window.count(peer(if number % 18 == 0 { 9 } else { 7 }));
            begun += u32::from(window.begins_a_burst());
        }
        assert_eq!(begun, 1);
        let said = "37 refused sign-ins in the last 10 s, most from 192.0.2.7 (34)";
        assert_eq!(window.end().as_deref(), Some(said));
        // While a burst goes on, only the ends of its windows are reported.
        for _ in 0..6 {
            window.count(peer(7));
            assert!(!window.begins_a_burst());
        }
        let said = "6 refused sign-ins in the last 10 s, all from 192.0.2.7";
        assert_eq!(window.end().as_deref(), Some(said));
        assert_eq!(window.end(), None);
        assert_eq!(window, Refusals::default());
    }

    #[test]
    fn what_was_told_at_once_is_not_told_again() {
        let mut window = Refusals::default();
        for _ in 0..BURST {
            window.count(None);
        }
        assert!(window.begins_a_burst());
        assert_eq!(window.summary(), "5 refused sign-ins in the last 10 s");
        assert_eq!(window.end(), None);
    }

    #[test]
    fn memory_is_bounded_and_the_worst_is_found_all_the_same() {
        let mut window = Refusals::default();
        for number in 0..100_000 {
            window.count(peer(if number % 4 == 0 { 1 } else { 1_000 + number }));
        }
        assert!(window.peers.len() <= PEERS && window.peers.capacity() <= PEERS);
        let said = window.end().unwrap();
        let start = "100000 refused sign-ins in the last 10 s, most from 192.0.2.1 (at least ";
        assert!(said.starts_with(start), "{said}");
    }
}
