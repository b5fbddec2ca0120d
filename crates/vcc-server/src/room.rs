//! Room for connections: how many may be open, and which one is closed for a new one.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::Metrics;

/// A number of connections. When all are taken, the one that has been idle longest is closed for a
/// new one, those that never proved a tenant first. A connection that is being answered is not idle.
///
/// Idle is counted from what was done last as a whole: the connection was accepted, its handshake
/// ended, an answer was sent. Bytes of a request that is not whole yet count for nothing, so that a
/// client that sends them slowly keeps no place.
pub(crate) struct Room {
    size: usize,
    metrics: Arc<Metrics>,
    seats: Mutex<Seats>,
    /// Told when a seat is looked at first or left. The listener alone waits for it.
    changed: Notify,
}

#[derive(Default)]
struct Seats {
    taken: usize,
    /// Of these, those whose connection was not looked at yet: it may hold a request.
    fresh: usize,
    /// Connections that were told to close and have not ended. Their seats are counted as those of
    /// the connections they made room for.
    closing: usize,
    /// Ordered by who is closed first.
    idle: BTreeMap<Rank, Arc<Place>>,
    /// How often a connection became idle.
    turns: u64,
}

/// The least is closed first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    is_proven: bool,
    since: u64,
}

/// What is known of a connection outside its own task.
#[derive(Debug, Default)]
struct Place {
    is_proven: AtomicBool,
    close: Notify,
}

/// The seat of a connection, until this is dropped.
pub(crate) struct Seat {
    room: Arc<Room>,
    place: Arc<Place>,
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
#[derive(Clone, Debug)]
pub(crate) struct Caller(Arc<Place>);

/// How many connections may be about to close for others: they still hold their sockets.
const MOST_CLOSING: usize = 64;

enum Found {
    Seat(Seat),
    /// It is known in a moment.
    Unknown,
    Nothing,
}

impl Room {
    pub(crate) fn new(size: usize, metrics: Arc<Metrics>) -> Arc<Self> {
        Arc::new(Self { size, metrics, seats: Mutex::default(), changed: Notify::new() })
    }

    /// A seat for a new connection. `None` if every other one is being answered.
    pub(crate) async fn enter(self: &Arc<Self>) -> Option<Seat> {
        loop {
            match self.find() {
                Found::Seat(seat) => return Some(seat),
                Found::Nothing => return None,
                // A connection that was just accepted may hold a request, or be idle. It is looked
                // at before another one is closed or turned away in its stead.
                Found::Unknown => self.changed.notified().await,
            }
        }
    }

    fn find(self: &Arc<Self>) -> Found {
        let mut seats = self.seats();
        if seats.taken < self.size {
            seats.taken += 1;
        } else if seats.fresh > 0 || seats.closing >= MOST_CLOSING {
            return Found::Unknown;
        } else if let Some((_, place)) = seats.idle.pop_first() {
            seats.closing += 1;
            place.close.notify_one();
            self.metrics.closed_for_room();
        } else {
            return Found::Nothing;
        }
        seats.fresh += 1;
        drop(seats);
        Found::Seat(Seat { room: self.clone(), place: Arc::default(), state: State::Fresh })
    }

    /// Completes once nobody is left. Nobody may enter meanwhile.
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
    /// Whether a connection in this state still has its seat, which is taken out of what it was
    /// counted as.
    fn take(&mut self, state: State) -> bool {
        match state {
            State::Fresh => self.fresh -= 1,
            State::Idle(rank) => return self.idle.remove(&rank).is_some(),
            State::Busy => {}
            State::Closing => return false,
        }
        true
    }

    /// The state after this one of a connection on which nothing is being answered any more.
    fn idle(&mut self, state: State, place: &Arc<Place>) -> State {
        if !self.take(state) {
            return State::Closing;
        }
        self.turns += 1;
        let is_proven = place.is_proven.load(Ordering::Relaxed);
        let rank = Rank { is_proven, since: self.turns };
        self.idle.insert(rank, place.clone());
        State::Idle(rank)
    }
}

impl Seat {
    /// Completes once the connection is to close for another one.
    pub(crate) fn closed(&self) -> impl Future<Output = ()> + use<> {
        let place = self.place.clone();
        async move { place.close.notified().await }
    }

    /// For the requests that come on the connection.
    pub(crate) fn caller(&self) -> Caller {
        Caller(self.place.clone())
    }

    /// Nothing is being answered from now on, and nothing waits for the client.
    pub(crate) fn idle(&mut self) {
        let state = self.room.seats().idle(self.state, &self.place);
        self.set(state);
    }

    /// A request is being answered from now on. False if the connection is to close instead.
    pub(crate) fn busy(&mut self) -> bool {
        if self.state == State::Busy {
            return true;
        }
        let is_seated = self.room.seats().take(self.state);
        self.set(if is_seated { State::Busy } else { State::Closing });
        is_seated
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
        if seats.take(self.state) {
            seats.taken -= 1;
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
        self.0.is_proven.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seat(room: &Arc<Room>) -> Seat {
        let Found::Seat(mut seat) = room.find() else { panic!("no seat") };
        seat.idle();
        seat
    }

    /// Seats that are taken, and connections that are about to close.
    fn count(room: &Room) -> (usize, usize) {
        let seats = room.seats();
        (seats.taken, seats.closing)
    }

    fn is_closing(seat: &Seat) -> bool {
        let state = seat.state;
        let seats = seat.room.seats();
        let is_idle = matches!(state, State::Idle(rank) if seats.idle.contains_key(&rank));
        !is_idle && state != State::Busy
    }

    #[test]
    fn who_is_closed_first() {
        let room = Room::new(5, Arc::default());
        let mut seats: Vec<_> = (0..5).map(|_| seat(&room)).collect();
        // The first proves a tenant, the second was answered last, the third is being answered.
        assert!(seats[0].busy());
        seats[0].caller().proved();
        seats[0].idle();
        assert!(seats[1].busy());
        seats[1].idle();
        assert!(seats[2].busy());
        let mut entered = Vec::new();
        for expected in [3, 4, 1, 0] {
            let Found::Seat(mut new) = room.find() else { panic!("no seat for {expected}") };
            assert!(new.busy());
            entered.push(new);
            let closing: Vec<_> = (0..5).map(|seat| is_closing(&seats[seat])).collect();
            assert!(closing[expected], "{expected}: {closing:?}");
            assert_eq!(closing.iter().filter(|closing| **closing).count(), entered.len());
        }
        assert!(matches!(room.find(), Found::Nothing));
        // One that was told to close is not answered any more, and leaves no seat.
        assert!(!seats[3].busy());
        assert_eq!(count(&room), (5, 4));
        drop(seats);
        assert_eq!(count(&room), (4, 0));
        assert!(matches!(room.find(), Found::Seat(_)));
        drop(entered);
        let seats = room.seats();
        assert_eq!((seats.taken, seats.fresh, seats.idle.len()), (0, 0, 0));
    }

    /// A connection is not closed before anybody looked whether it holds a request.
    #[tokio::test]
    async fn a_new_connection_is_looked_at_first() {
        let room = Room::new(1, Arc::default());
        let mut first = room.enter().await.unwrap();
        assert!(matches!(room.find(), Found::Unknown));
        let entering = tokio::spawn({
            let room = room.clone();
            async move { room.enter().await.is_some() }
        });
        tokio::task::yield_now().await;
        assert!(first.busy());
        assert!(!entering.await.unwrap());
        first.idle();
        let closed = first.closed();
        let second = room.enter().await;
        closed.await;
        drop((first, second));
        room.empty().await;
    }

    #[tokio::test]
    async fn those_that_close_are_bounded() {
        let room = Room::new(MOST_CLOSING + 1, Arc::default());
        let mut old: Vec<_> = (0..=MOST_CLOSING).map(|_| seat(&room)).collect();
        let new: Vec<_> = (0..MOST_CLOSING).map(|_| seat(&room)).collect();
        assert!(matches!(room.find(), Found::Unknown));
        old.remove(0);
        assert!(matches!(room.find(), Found::Seat(_)));
        drop((old, new));
        room.empty().await;
    }
}
