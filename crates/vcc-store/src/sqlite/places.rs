//! Where deep pages of a field have begun, so that the next page of a walk goes on from there.
//!
//! A place says how many records of a list come before those of one start. It is right for as long as
//! nothing is written, of whichever tenant: SQLite has a number for a connection, `data_version`, that
//! is another one for each snapshot that somebody else's commit lies before. So each connection that
//! only reads remembers places of its own, with that number, and forgets them all when it changes. None
//! is ever needed: without one, the entries before a page are counted from the beginning of its list.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;
use vcc_query::Wanted;
use vcc_types::Field;

use crate::TenantId;
use crate::counts::Direction;
use crate::plan::Plan;

/// How many places a connection remembers, and how many bytes the text of a list has at most that it
/// remembers one of: some 70 KB in all.
const MOST: usize = 64;
const LONGEST: usize = 1_000;

/// What decides a list: a page is one by how much of it is skipped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct List {
    tenant: TenantId,
    field: Field,
    wanted: Wanted,
    start: Range<i64>,
    direction: Direction,
}

impl List {
    /// The list of a deep page of one field; `None` where no place in it is remembered.
    pub(super) fn of(plan: &Plan<'_>) -> Option<Self> {
        let field = plan.is_deep_in()?;
        let [filter] = plan.filters else { return None };
        let is_long = matches!(&filter.wanted, Wanted::Text(text) if text.len() > LONGEST);
        let (tenant, direction) = (plan.tenant, plan.direction);
        let (wanted, start) = (filter.wanted.clone(), plan.start.clone());
        (!is_long).then_some(Self { tenant, field, wanted, start, direction })
    }
}

/// A place in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// How many records of the list come before those that start then.
    pub(super) before: u64,
    pub(super) start: i64,
}

/// The places that a connection remembers, those that were of use last at the end.
#[derive(Debug, Default)]
pub(super) struct Places {
    version: i64,
    places: VecDeque<(List, Place)>,
}

thread_local! {
    /// What the connection has handed over that was asked last on this thread.
    static HANDED: RefCell<Option<Arc<Mutex<Places>>>> = const { RefCell::new(None) };
}

/// Gives a connection a memory, and the function `places` that hands it over: whatever else belongs to
/// a connection is SQLite's.
pub(super) fn register(connection: &Connection) -> rusqlite::Result<()> {
    let places = Arc::new(Mutex::new(Places::default()));
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DIRECTONLY;
    connection.create_scalar_function("places", 0, flags, move |_| {
        HANDED.set(Some(places.clone()));
        Ok(1)
    })
}

/// The places that are right in the snapshot that a connection reads; `None` for one that also writes,
/// for of its own commits it does not hear.
pub(super) fn of(snapshot: &Connection) -> rusqlite::Result<Option<Arc<Mutex<Places>>>> {
    if !snapshot.is_readonly("main")? {
        return Ok(None);
    }
    let ask = |sql| snapshot.prepare_cached(sql)?.query_row([], |row| row.get::<_, i64>(0));
    let version = ask("PRAGMA data_version")?;
    ask("SELECT places()")?;
    let places = HANDED.take();
    if let Some(places) = &places {
        lock(places).see(version);
    }
    Ok(places)
}

pub(super) fn lock(places: &Mutex<Places>) -> MutexGuard<'_, Places> {
    places.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Places {
    /// Forgets what was right in another version.
    fn see(&mut self, version: i64) {
        if self.version != version {
            self.places.clear();
            self.version = version;
        }
    }

    /// Takes out the last place that comes before so many records of a list. Whoever goes on from there
    /// leaves one further down.
    pub(super) fn take(&mut self, list: &List, skip: u64) -> Option<Place> {
        let those = self
            .places
            .iter()
            .enumerate()
            .filter(|(_, (of, place))| place.before <= skip && of == list);
        let (at, _) = those.max_by_key(|(_, (_, place))| place.before)?;
        self.places.remove(at).map(|(_, place)| place)
    }

    pub(super) fn add(&mut self, list: List, place: Place) {
        if self.places.len() == MOST {
            self.places.pop_front();
        }
        self.places.push_back((list, place));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(agent: &str) -> List {
        List {
            tenant: TenantId(1),
            field: Field::AgentId,
            wanted: Wanted::Text(agent.into()),
            start: 0..9,
            direction: Direction::Ascending,
        }
    }

    fn place(before: u64) -> Place {
        Place { before, start: before as i64 }
    }

    #[test]
    fn the_last_place_before_a_page_is_taken() {
        let mut places = Places::default();
        for before in [100, 300, 200] {
            places.add(list("bill"), place(before));
        }
        places.add(list("mary"), place(250));
        assert_eq!(places.take(&list("bill"), 99), None);
        assert_eq!(places.take(&list("bill"), 299), Some(place(200)));
        assert_eq!(places.take(&list("bill"), 299), Some(place(100)));
        assert_eq!(places.take(&list("bill"), 299), None);
        assert_eq!(places.take(&list("bill"), 300), Some(place(300)));
        assert_eq!(places.take(&list("mary"), 300), Some(place(250)));
    }

    #[test]
    fn whatever_decides_a_list_tells_it_from_others() {
        let mut places = Places::default();
        places.add(list("bill"), place(100));
        for other in [
            List { tenant: TenantId(2), ..list("bill") },
            List { field: Field::Channel, ..list("bill") },
            List { wanted: Wanted::Seconds(1), ..list("bill") },
            list("Bill"),
            List { start: 0..8, ..list("bill") },
            List { start: 1..9, ..list("bill") },
            List { direction: Direction::Descending, ..list("bill") },
        ] {
            assert_eq!(places.take(&other, 500), None, "{other:?}");
        }
        assert_eq!(places.take(&list("bill"), 500), Some(place(100)));
    }

    #[test]
    fn the_oldest_place_goes_and_all_of_them_with_their_version() {
        let mut places = Places::default();
        places.see(7);
        for number in 0..=MOST {
            places.add(list(&number.to_string()), place(100));
        }
        assert_eq!(places.places.len(), MOST);
        assert_eq!(places.take(&list("0"), 500), None);
        assert_eq!(places.take(&list("1"), 500), Some(place(100)));
        places.see(7);
        assert_eq!(places.take(&list("2"), 500), Some(place(100)));
        places.see(8);
        assert_eq!(places.take(&list("3"), 500), None);
    }
}
