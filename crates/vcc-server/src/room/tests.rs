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
    let is_busy = state == State::Busy
        && (seat.occupant.is_proven.load(Ordering::Relaxed)
            || seats.busy.contains_key(&seat.occupant.turn));
    !is_idle && !is_busy
}

#[tokio::test(start_paused = true)]
async fn who_is_closed_first() {
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
        new.caller().proved();
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
    let counts = [seats.taken, seats.proven, seats.fresh, seats.idle.len(), seats.busy.len()];
    assert_eq!(counts, [0; 5]);
}

/// AUTH-6
#[tokio::test(start_paused = true)]
async fn who_is_busy_without_a_tenant_for_long_goes_before_the_idle_with_one() {
    let room = Room::new(5, Arc::default());
    let mut seats: Vec<_> = (0..5).map(|_| seat(&room)).collect();
    for busy in &mut seats[..4] {
        assert!(busy.busy());
    }
    // The first is being answered and the third is idle, each with a tenant; the fifth is idle
    // without one.
    seats[0].caller().proved();
    seats[2].caller().proved();
    seats[2].idle();
    let mut entered = Vec::new();
    let mut enter = |expected: Option<usize>| {
        let found = room.find();
        let closed = match found {
            Found::Seat(mut new) => {
                assert!(new.busy());
                new.caller().proved();
                entered.push(new);
                true
            }
            _ => false,
        };
        assert_eq!(closed, expected.is_some());
        let closing: Vec<_> = (0..5).filter(|seat| is_closing(&seats[*seat])).collect();
        assert_eq!(closing.len(), entered.len(), "{closing:?}");
        assert!(expected.is_none_or(|expected| closing.contains(&expected)), "{closing:?}");
    };
    tokio::time::advance(GRACE - Duration::from_nanos(1)).await;
    enter(Some(4));
    tokio::time::advance(Duration::from_nanos(1)).await;
    for expected in [Some(1), Some(3), Some(2), None] {
        enter(expected);
    }
    // A token that is found right too late does not give the seat back.
    seats[1].caller().proved();
    seats[1].idle();
    assert_eq!((count(&room), seats[1].state), ((5, 4), State::Closing));
    assert!(!seats[1].busy());
    drop(seats);
    assert_eq!(count(&room), (4, 0));
    drop(entered);
    room.empty().await;
}

/// AUTH-6: new connections with wrong tokens close each other, not all that proved a tenant.
#[tokio::test(start_paused = true)]
async fn a_flood_leaves_a_quarter_to_those_with_a_tenant() {
    for (size, stay) in [(1, 0), (3, 0), (4, 1), (8, 2), (100, 25)] {
        let room = Room::new(size, Arc::default());
        let mut proven: Vec<_> = (0..size).map(|_| seat(&room)).collect();
        for seat in &mut proven {
            assert!(seat.busy());
            seat.caller().proved();
            seat.idle();
        }
        let flood = || {
            let Found::Seat(mut seat) = room.find() else { return None };
            assert!(seat.busy());
            Some(seat)
        };
        let mut old = Vec::new();
        // Connections that were told to close end at once here.
        while let Some(new) = flood() {
            old.push(new);
            proven.retain(|seat| !is_closing(seat));
        }
        assert_eq!((old.len(), proven.len()), (size - stay, stay));
        for _ in 0..2 {
            tokio::time::advance(GRACE).await;
            let mut new = Vec::new();
            while let Some(seat) = flood() {
                new.push(seat);
                old.retain(|seat| !is_closing(seat));
            }
            assert_eq!((old.len(), new.len()), (0, size - stay));
            assert!(!proven.iter().any(is_closing));
            old = new;
        }
        drop((old, proven));
        room.empty().await;
    }
}

#[tokio::test(start_paused = true)]
async fn who_is_busy_without_a_tenant_has_a_moment() {
    let room = Room::new(2, Arc::default());
    let (mut busy, mut idle) = (seat(&room), seat(&room));
    assert!(busy.busy() && idle.busy());
    idle.caller().proved();
    idle.idle();
    assert!(matches!(room.find(), Found::Seat(_)));
    assert!(is_closing(&idle) && !is_closing(&busy));
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
