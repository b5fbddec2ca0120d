//! Room for connections: how many may be open, and which one is closed for a new one.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::Metrics;

/// A number of connections. When all are taken, the one that has been idle longest is closed for a
/// new one, those that never proved a tenant first. A connection that is being answered is not idle.
///
/// AUTH-6: one that is being answered and never proved a tenant is closed after [`GRACE`], before an idle
/// one that did: wrong tokens keep a connection from being idle for as long as a client likes.
///
/// However fast connections without a proven tenant come, they cannot take the seats of all others. Once they
/// have three quarters of the seats, they close each other or are turned away.
///
/// Idle time counts from the last completed step: the connection was accepted, its handshake ended, or
/// an answer was sent. Bytes of an incomplete request do not count, so a client that sends them slowly
/// keeps no seat.
pub(crate) struct Room {
    size: usize,
    metrics: Arc<Metrics>,
    seats: Mutex<Seats>,
    /// Notified when a seat is first looked at or left. Only the listener waits for it.
    changed: Notify,
}

#[derive(Default)]
struct Seats {
    taken: usize,
    /// Of these, those whose connection proved a tenant.
    proven: usize,
    /// Of these, those whose connection was not looked at yet. It may hold a request.
    fresh: usize,
    /// Connections that were told to close and have not ended. Their seats are counted as those of
    /// the connections they made room for.
    closing: usize,
    /// Ordered by who is closed first.
    idle: BTreeMap<Rank, Arc<Occupant>>,
    /// Those that are being answered and never proved a tenant, by when they were accepted. An unproven
    /// one that is missing here was told to close.
    busy: BTreeMap<u64, Arc<Occupant>>,
    /// How often a connection was accepted or became idle.
    turns: u64,
}

/// The smallest is closed first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    is_proven: bool,
    since: u64,
}

/// What other tasks see of a connection.
#[derive(Debug)]
struct Occupant {
    /// When it was accepted: its number among all, and the time.
    turn: u64,
    accepted: Instant,
    is_proven: AtomicBool,
    close: Notify,
}

/// The seat of a connection, until this is dropped.
pub(crate) struct Seat {
    room: Arc<Room>,
    occupant: Arc<Occupant>,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Fresh,
    Idle(Rank),
    Busy,
    /// Told to close.
    Closing,
}

/// The connection that a request came on, in the extensions of the request.
#[derive(Clone)]
pub(crate) struct Caller {
    room: Arc<Room>,
    occupant: Arc<Occupant>,
}

/// How long a connection has, from when it was accepted, to prove a tenant before it may be closed while
/// it is being answered.
const GRACE: Duration = Duration::from_secs(1);

/// How many connections may be about to close for others: they still hold their sockets.
const MOST_CLOSING: usize = 64;

enum Found {
    Seat(Seat),
    /// Not known yet, but soon.
    Unknown,
    Nothing,
}

impl Room {
    pub(crate) fn new(size: usize, metrics: Arc<Metrics>) -> Arc<Self> {
        Arc::new(Self { size, metrics, seats: Mutex::default(), changed: Notify::new() })
    }

    /// A seat for a new connection. `None` if every other one is being answered, and may be.
    pub(crate) async fn enter(self: &Arc<Self>) -> Option<Seat> {
        loop {
            match self.find() {
                Found::Seat(seat) => return Some(seat),
                Found::Nothing => return None,
                // A connection that was just accepted may hold a request or be idle. Look at it before
                // another one is closed or turned away.
                Found::Unknown => self.changed.notified().await,
            }
        }
    }

    fn find(self: &Arc<Self>) -> Found {
        let now = Instant::now();
        let mut seats = self.seats();
        if seats.taken < self.size {
            seats.taken += 1;
        } else if seats.fresh > 0 || seats.closing >= MOST_CLOSING {
            return Found::Unknown;
        } else if let Some(occupant) = seats.give_up(self.size, now) {
            seats.closing += 1;
            occupant.close.notify_one();
            self.metrics.closed_for_room();
        } else {
            return Found::Nothing;
        }
        seats.fresh += 1;
        seats.turns += 1;
        let (turn, close) = (seats.turns, Notify::new());
        drop(seats);
        let occupant = Occupant { turn, accepted: now, is_proven: AtomicBool::new(false), close };
        Found::Seat(Seat { room: self.clone(), occupant: Arc::new(occupant), state: State::Fresh })
    }

    /// Completes once all have left. Nobody may enter while this runs.
    pub(crate) async fn empty(&self) {
        while !self.is_empty() {
            self.changed.notified().await;
        }
    }

    fn is_empty(&self) -> bool {
        let seats = self.seats();
        seats.taken == 0 && seats.closing == 0
    }

    fn seats(&self) -> MutexGuard<'_, Seats> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seats {
    /// The connection that is closed for a new one: an idle one without a tenant, one that is busy
    /// without one for too long, an idle one with a tenant unless those without have their share.
    fn give_up(&mut self, size: usize, now: Instant) -> Option<Arc<Occupant>> {
        let is_unproven = |rank: &Rank| !rank.is_proven;
        if !self.idle.keys().next().is_some_and(is_unproven) {
            if let Some(oldest) = self.busy.first_entry()
                && now.duration_since(oldest.get().accepted) >= GRACE
            {
                return Some(oldest.remove());
            }
            if self.taken - self.proven >= size - size / 4 {
                return None;
            }
        }
        let (rank, occupant) = self.idle.pop_first()?;
        self.proven -= usize::from(rank.is_proven);
        Some(occupant)
    }

    /// Whether a connection in this state still has its seat. If so, it is removed from the counts of
    /// its state.
    fn take(&mut self, state: State, occupant: &Occupant) -> bool {
        match state {
            State::Fresh => self.fresh -= 1,
            State::Idle(rank) => return self.idle.remove(&rank).is_some(),
            State::Busy => {
                return occupant.is_proven.load(Ordering::Relaxed)
                    || self.busy.remove(&occupant.turn).is_some();
            }
            State::Closing => return false,
        }
        true
    }

    /// The state after this one of a connection on which nothing is being answered any more.
    fn idle(&mut self, state: State, occupant: &Arc<Occupant>) -> State {
        if !self.take(state, occupant) {
            return State::Closing;
        }
        self.turns += 1;
        let is_proven = occupant.is_proven.load(Ordering::Relaxed);
        let rank = Rank { is_proven, since: self.turns };
        self.idle.insert(rank, occupant.clone());
        State::Idle(rank)
    }

    /// The state after this one of a connection on which a request is being answered.
    fn busy(&mut self, state: State, occupant: &Arc<Occupant>) -> State {
        if !self.take(state, occupant) {
            return State::Closing;
        }
        if !occupant.is_proven.load(Ordering::Relaxed) {
            self.busy.insert(occupant.turn, occupant.clone());
        }
        State::Busy
    }
}

impl Seat {
    /// Completes once the connection is to close for another one.
    pub(crate) fn closed(&self) -> impl Future<Output = ()> + use<> {
        let occupant = self.occupant.clone();
        async move { occupant.close.notified().await }
    }

    /// A handle for the requests on this connection.
    pub(crate) fn caller(&self) -> Caller {
        Caller { room: self.room.clone(), occupant: self.occupant.clone() }
    }

    /// Nothing is being answered from now on, and nothing waits for the client.
    pub(crate) fn idle(&mut self) {
        let state = self.room.seats().idle(self.state, &self.occupant);
        self.set(state);
    }

    /// A request is being answered from now on. False if the connection is to close instead.
    pub(crate) fn busy(&mut self) -> bool {
        if self.state == State::Busy {
            return true;
        }
        let state = self.room.seats().busy(self.state, &self.occupant);
        self.set(state);
        state == State::Busy
    }

    pub(crate) fn is_idle(&self) -> bool {
        matches!(self.state, State::Idle(_))
    }

    fn set(&mut self, state: State) {
        if std::mem::replace(&mut self.state, state) == State::Fresh {
            self.room.changed.notify_one();
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut seats = self.room.seats();
        if seats.take(self.state, &self.occupant) {
            seats.taken -= 1;
            seats.proven -= usize::from(self.occupant.is_proven.load(Ordering::Relaxed));
        } else {
            seats.closing -= 1;
        }
        drop(seats);
        self.room.changed.notify_one();
    }
}

impl Caller {
    /// A tenant was proven on this connection.
    pub(crate) fn proved(&self) {
        if self.occupant.is_proven.load(Ordering::Relaxed) {
            return;
        }
        let mut seats = self.room.seats();
        // One that was told to close stays unproven: its seat belongs to another.
        if seats.busy.remove(&self.occupant.turn).is_some() {
            self.occupant.is_proven.store(true, Ordering::Relaxed);
            seats.proven += 1;
        }
    }
}

#[cfg(test)]
mod tests;
