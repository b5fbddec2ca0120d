//! Requests that have not proven a tenant yet (AUTH-6). They use nothing of the tenant that they name: they
//! have slots of their own, and take turns at the store. A token that was right recently does not wait, so
//! no number of wrong tokens can block it.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep_until};
use vcc_store::TokenHash;

use crate::Limits;

/// The most unproven requests at the store at the same time. It is also at most half of the reads that the
/// store does in parallel, so that proven tenants find free readers and connections.
const TURNS: usize = 8;

/// After a pause, the turns of this much time may be taken at once.
const BURST: Duration = Duration::from_millis(100);

/// The `Retry-After` of a refusal. Within it, a connection is not refused again.
const BACKOFF: Duration = Duration::from_secs(1);

/// How many tokens are remembered in either of two generations.
const REMEMBERED: usize = 32_768;

/// The unproven requests of a server.
#[derive(Debug)]
pub(crate) struct Unproven {
    slots: Mutex<Slots>,
    turns: Semaphore,
    /// When the next turn begins. Requests wait in order, and one that leaves uses no turn.
    next: tokio::sync::Mutex<Instant>,
    interval: Duration,
    proven: Mutex<Proven>,
}

/// The slots, and which address has how many.
#[derive(Debug)]
struct Slots {
    most: usize,
    taken: usize,
    /// Each has at least one slot, which bounds the map.
    peers: HashMap<Option<IpAddr>, usize>,
}

/// A slot, until this is dropped.
#[derive(Debug)]
pub(crate) struct Slot<'a> {
    unproven: &'a Unproven,
    peer: Option<IpAddr>,
    turn: Option<SemaphorePermit<'a>>,
}

/// Tokens that were right recently, by a hash of the tenant's name and the token's hash. It only says who
/// need not wait; every request is still checked. An entry is removed when the token is wrong.
#[derive(Debug, Default)]
struct Proven {
    new: HashSet<[u8; 32]>,
    old: HashSet<[u8; 32]>,
}

impl Unproven {
    /// For a store that does this many reads at the same time.
    pub(crate) fn new(limits: &Limits, readers: usize) -> Self {
        let now = Instant::now();
        let slots = Slots { most: limits.unproven, taken: 0, peers: HashMap::new() };
        Self {
            slots: Mutex::new(slots),
            turns: Semaphore::new((readers / 2).clamp(1, TURNS)),
            next: tokio::sync::Mutex::new(now.checked_sub(BURST).unwrap_or(now)),
            interval: Duration::from_secs(1) / limits.unproven_rate.max(1),
            proven: Mutex::default(),
        }
    }

    /// Lets a request in, or not. One address gets half of all slots at most, two a third each, and so
    /// on, so that another address still finds a slot.
    pub(crate) fn enter(&self, peer: Option<IpAddr>) -> Option<Slot<'_>> {
        let peer = peer.map(network);
        let mut slots = self.slots();
        let theirs = slots.peers.get(&peer).copied().unwrap_or_default();
        if theirs >= slots.most - slots.taken {
            return None;
        }
        slots.taken += 1;
        slots.peers.insert(peer, theirs + 1);
        Some(Slot { unproven: self, peer, turn: None })
    }

    /// Whether a token of this tenant was right recently.
    pub(crate) fn was_proven(&self, tenant: &str, token: &TokenHash) -> bool {
        let key = key(tenant, token);
        let mut proven = self.proven();
        if proven.new.contains(&key) {
            return true;
        }
        let was = proven.old.contains(&key);
        if was {
            proven.add(key);
        }
        was
    }

    /// Remembers that a token was right.
    pub(crate) fn proved(&self, tenant: &str, token: &TokenHash) {
        self.proven().add(key(tenant, token));
    }

    /// Forgets a token that was not right, such as one that was revoked.
    pub(crate) fn failed(&self, tenant: &str, token: &TokenHash) {
        let key = key(tenant, token);
        let mut proven = self.proven();
        proven.new.remove(&key);
        proven.old.remove(&key);
    }

    fn slots(&self) -> MutexGuard<'_, Slots> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn proven(&self) -> MutexGuard<'_, Proven> {
        self.proven.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot<'_> {
    /// Waits for its turn at the store, which lasts as long as the slot.
    pub(crate) async fn turn(mut self) -> Self {
        // The semaphore is never closed.
        self.turn = self.unproven.turns.acquire().await.ok();
        let mut next = self.unproven.next.lock().await;
        if Instant::now() < *next {
            sleep_until(*next).await;
        }
        let now = Instant::now();
        *next = now.checked_sub(BURST).map_or(*next, |earliest| earliest.max(*next))
            + self.unproven.interval;
        drop(next);
        self
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        let mut slots = self.unproven.slots();
        slots.taken -= 1;
        if let Some(theirs) = slots.peers.get_mut(&self.peer) {
            *theirs -= 1;
            if *theirs == 0 {
                slots.peers.remove(&self.peer);
            }
        }
    }
}

impl Proven {
    fn add(&mut self, key: [u8; 32]) {
        if self.new.len() >= REMEMBERED && !self.new.contains(&key) {
            self.old = std::mem::take(&mut self.new);
        }
        self.new.insert(key);
    }
}

/// No tenant's name has a `:`. All keys have one length and are found by a secret hash, so that timing tells
/// nothing about them.
fn key(tenant: &str, token: &TokenHash) -> [u8; 32] {
    *TokenHash::of(&[tenant.as_bytes(), b":", token.as_bytes()].concat()).as_bytes()
}

/// The network of one client: an address, or a /64 of IPv6.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() & (u128::MAX << 64)).into()),
    }
}

/// When a connection may be refused again because no slot is free. A client that does not wait is not
/// answered earlier, or the server would be busy with nothing but refusals.
#[derive(Clone, Debug, Default)]
pub(crate) struct Backoff(Arc<Mutex<Option<Instant>>>);

impl Backoff {
    /// Waits until the time of the last refusal is over.
    pub(crate) async fn wait(&self) {
        let until = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(until) = until {
            sleep_until(until).await;
        }
    }

    /// The client is told to come back later.
    pub(crate) fn begin(&self) {
        let until = Instant::now() + BACKOFF;
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(until);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_store_of(readers: usize, slots: usize, rate: u32) -> Unproven {
        let limits = Limits { unproven: slots, unproven_rate: rate, ..Limits::default() };
        Unproven::new(&limits, readers)
    }

    fn unproven(slots: usize, rate: u32) -> Unproven {
        at_store_of(100, slots, rate)
    }

    fn peer(number: u32) -> Option<IpAddr> {
        Some(IpAddr::from((0xc000_0200 + number).to_be_bytes()))
    }

    #[tokio::test]
    async fn no_address_takes_all_places() {
        let unproven = unproven(100, 1);
        let enter = |peer| std::iter::from_fn(|| unproven.enter(peer)).collect::<Vec<_>>();
        let first = enter(peer(1));
        assert_eq!(first.len(), 50);
        let second = enter(peer(2));
        assert_eq!(second.len(), 25);
        // What is left is only for addresses that have fewer.
        assert!(unproven.enter(peer(1)).is_none() && unproven.enter(peer(2)).is_none());
        assert!(unproven.enter(None).is_some() && unproven.enter(peer(3)).is_some());
        let others: Vec<_> = (10..).map_while(|number| unproven.enter(peer(number))).collect();
        assert_eq!(others.len(), 25);
        assert!(unproven.enter(None).is_none());
        drop((first, second, others));
        assert!(unproven.slots().peers.is_empty() && unproven.slots().taken == 0);
        assert_eq!(enter(None).len(), 50);
        assert!(self::unproven(0, 1).enter(None).is_none());
        assert!(self::unproven(1, 1).enter(None).is_some());
    }

    #[test]
    fn a_network_of_ipv6_is_one_client() {
        let parse = |text: &str| text.parse::<IpAddr>().unwrap();
        assert_eq!(network(parse("2001:db8::1")), network(parse("2001:db8::ffff:0:0:1")));
        assert_ne!(network(parse("2001:db8::1")), network(parse("2001:db8:0:1::1")));
        assert_ne!(network(parse("192.0.2.1")), network(parse("192.0.2.2")));
    }

    #[tokio::test(start_paused = true)]
    async fn turns_are_paced_and_in_order() {
        let unproven = unproven(1_000, 100);
        let began = Instant::now();
        // Some at once after a pause, then one every ten milliseconds.
        for _ in 0..111 {
            unproven.enter(None).unwrap().turn().await;
        }
        let took = began.elapsed();
        assert!(took >= Duration::from_millis(1_000), "{took:?}");
        assert!(took <= Duration::from_millis(1_200), "{took:?}");
        // Those who leave while they wait take no turn.
        for _ in 0..200 {
            let slot = unproven.enter(None).unwrap();
            let left = tokio::time::timeout(Duration::from_millis(1), slot.turn()).await;
            drop(left);
        }
        let began = Instant::now();
        unproven.enter(None).unwrap().turn().await;
        assert!(began.elapsed() <= Duration::from_millis(20), "{:?}", began.elapsed());
        assert_eq!(unproven.slots().taken, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn few_are_at_the_store_at_once() {
        for (readers, most) in [(0, 1), (1, 1), (2, 1), (3, 1), (4, 2), (15, 7), (16, 8), (100, 8)]
        {
            let unproven = at_store_of(readers, 100, 1_000_000);
            let mut turns = Vec::new();
            for _ in 0..most {
                turns.push(unproven.enter(None).unwrap().turn().await);
            }
            let mut next = Box::pin(unproven.enter(None).unwrap().turn());
            let waits = tokio::time::timeout(Duration::from_secs(60), &mut next).await;
            assert!(waits.is_err(), "{readers}");
            turns.pop();
            next.await;
        }
    }

    #[tokio::test]
    async fn a_token_that_was_right_is_remembered() {
        let unproven = unproven(1, 1);
        let (one, other) = (TokenHash::of(b"one"), TokenHash::of(b"other"));
        unproven.proved("acme", &one);
        assert!(unproven.was_proven("acme", &one));
        assert!(!unproven.was_proven("acme", &other) && !unproven.was_proven("globex", &one));
        unproven.failed("acme", &other);
        assert!(unproven.was_proven("acme", &one));
        unproven.failed("acme", &one);
        assert!(!unproven.was_proven("acme", &one));
        // Entries in use stay, others are forgotten, and their number is bounded.
        unproven.proved("acme", &one);
        unproven.proved("acme", &other);
        for number in 0..3 * REMEMBERED {
            unproven.proved(&number.to_string(), &one);
            if number.is_multiple_of(REMEMBERED / 2) {
                assert!(unproven.was_proven("acme", &one));
            }
        }
        assert!(!unproven.was_proven("acme", &other));
        let proven = unproven.proven();
        assert!(proven.new.len() <= REMEMBERED && proven.old.len() <= REMEMBERED);
    }

    #[tokio::test(start_paused = true)]
    async fn a_refused_connection_is_refused_once_a_second() {
        let backoff = Backoff::default();
        let began = Instant::now();
        backoff.wait().await;
        assert_eq!(began.elapsed(), Duration::ZERO);
        backoff.begin();
        backoff.clone().wait().await;
        assert!(began.elapsed() >= BACKOFF);
        let waited = began.elapsed();
        backoff.wait().await;
        assert_eq!(began.elapsed(), waited);
    }
}
