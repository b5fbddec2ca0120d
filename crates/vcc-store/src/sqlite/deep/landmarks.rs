//! Where deep pages of a field have begun, so that the next page of the same list goes on from there.
//!
//! A landmark says how many records of a list come before those that start at one instant. It is right as
//! long as nothing is written, for any tenant: SQLite gives a connection a number, `data_version`, that
//! changes when somebody else has committed before its snapshot. So each connection that only reads keeps
//! landmarks of its own, with that number, and forgets them all when it changes. They are never needed:
//! without one, the entries before a page are counted from the beginning of its list.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;
use vcc_query::Wanted;
use vcc_types::{Field, Order};

use super::super::statements as s;
use crate::TenantId;
use crate::plan::Plan;

/// How many landmarks a connection keeps, and how long in bytes the text of their lists may be: some
/// 70 KB in all.
const MOST: usize = 64;
const LONGEST: usize = 1_000;

/// What decides a list. A page of it is decided by how many records are skipped as well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct List {
    tenant: TenantId,
    field: Field,
    wanted: Wanted,
    start: Range<i64>,
    order: Order,
}

impl List {
    /// The list of a deep page of one field; `None` if no landmark in it is kept.
    pub(super) fn of(plan: &Plan<'_>) -> Option<Self> {
        let field = plan.is_deep_in()?;
        let [filter] = plan.filters else { return None };
        let is_long = matches!(&filter.wanted, Wanted::Text(text) if text.len() > LONGEST);
        let (tenant, order) = (plan.tenant, plan.order);
        let (wanted, start) = (filter.wanted.clone(), plan.start.clone());
        (!is_long).then_some(Self { tenant, field, wanted, start, order })
    }
}

/// A place in a list, by what starts there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Landmark {
    /// How many records of the list come before those with this start.
    pub(super) before: u64,
    pub(super) start: i64,
}

/// The landmarks that a connection keeps, the last used at the end.
#[derive(Debug, Default)]
pub(super) struct Landmarks {
    version: i64,
    landmarks: VecDeque<(List, Landmark)>,
}

thread_local! {
    /// The memory that the last connection on this thread has handed over.
    static HANDED: RefCell<Option<Arc<Mutex<Landmarks>>>> = const { RefCell::new(None) };
}

/// Gives a connection a memory, and the SQL function `landmarks` that hands it over: SQLite has no other
/// way to keep something of ours with a connection.
pub(in super::super) fn register(connection: &Connection) -> rusqlite::Result<()> {
    let landmarks = Arc::new(Mutex::new(Landmarks::default()));
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DIRECTONLY;
    connection.create_scalar_function("landmarks", 0, flags, move |_| {
        HANDED.set(Some(landmarks.clone()));
        Ok(1)
    })
}

/// The landmarks that are right in the snapshot that a connection reads; `None` for a connection that also
/// writes, because its own commits do not change its number.
pub(super) fn of(snapshot: &Connection) -> rusqlite::Result<Option<Arc<Mutex<Landmarks>>>> {
    if !snapshot.is_readonly("main")? {
        return Ok(None);
    }
    let ask = |sql| snapshot.prepare_cached(sql)?.query_row([], |row| row.get::<_, i64>(0));
    let version = ask("PRAGMA data_version")?;
    ask(s::LANDMARKS.text)?;
    let landmarks = HANDED.take();
    if let Some(landmarks) = &landmarks {
        lock(landmarks).see(version);
    }
    Ok(landmarks)
}

pub(super) fn lock(landmarks: &Mutex<Landmarks>) -> MutexGuard<'_, Landmarks> {
    landmarks.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Landmarks {
    /// Forgets what was right in another version.
    fn see(&mut self, version: i64) {
        if self.version != version {
            self.landmarks.clear();
            self.version = version;
        }
    }

    /// Takes out the last landmark before an offset of a list. The caller goes on from there, and adds one
    /// further down.
    pub(super) fn take(&mut self, list: &List, skip: u64) -> Option<Landmark> {
        let those = self
            .landmarks
            .iter()
            .enumerate()
            .filter(|(_, (of, landmark))| landmark.before <= skip && of == list);
        let (at, _) = those.max_by_key(|(_, (_, landmark))| landmark.before)?;
        self.landmarks.remove(at).map(|(_, landmark)| landmark)
    }

    pub(super) fn add(&mut self, list: List, landmark: Landmark) {
        if self.landmarks.len() == MOST {
            self.landmarks.pop_front();
        }
        self.landmarks.push_back((list, landmark));
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
            order: Order::StartAscending,
        }
    }

    fn landmark(before: u64) -> Landmark {
        Landmark { before, start: before as i64 }
    }

    #[test]
    fn the_last_place_before_a_page_is_taken() {
        let mut landmarks = Landmarks::default();
        for before in [100, 300, 200] {
            landmarks.add(list("bill"), landmark(before));
        }
        landmarks.add(list("mary"), landmark(250));
        assert_eq!(landmarks.take(&list("bill"), 99), None);
        assert_eq!(landmarks.take(&list("bill"), 299), Some(landmark(200)));
        assert_eq!(landmarks.take(&list("bill"), 299), Some(landmark(100)));
        assert_eq!(landmarks.take(&list("bill"), 299), None);
        assert_eq!(landmarks.take(&list("bill"), 300), Some(landmark(300)));
        assert_eq!(landmarks.take(&list("mary"), 300), Some(landmark(250)));
    }

    #[test]
    fn whatever_decides_a_list_tells_it_from_others() {
        let mut landmarks = Landmarks::default();
        landmarks.add(list("bill"), landmark(100));
        for other in [
            List { tenant: TenantId(2), ..list("bill") },
            List { field: Field::Channel, ..list("bill") },
            List { wanted: Wanted::Seconds(1), ..list("bill") },
            list("Bill"),
            List { start: 0..8, ..list("bill") },
            List { start: 1..9, ..list("bill") },
            List { order: Order::StartDescending, ..list("bill") },
        ] {
            assert_eq!(landmarks.take(&other, 500), None, "{other:?}");
        }
        assert_eq!(landmarks.take(&list("bill"), 500), Some(landmark(100)));
    }

    #[test]
    fn the_oldest_place_goes_and_all_of_them_with_their_version() {
        let mut landmarks = Landmarks::default();
        landmarks.see(7);
        for number in 0..=MOST {
            landmarks.add(list(&number.to_string()), landmark(100));
        }
        assert_eq!(landmarks.landmarks.len(), MOST);
        assert_eq!(landmarks.take(&list("0"), 500), None);
        assert_eq!(landmarks.take(&list("1"), 500), Some(landmark(100)));
        landmarks.see(7);
        assert_eq!(landmarks.take(&list("2"), 500), Some(landmark(100)));
        landmarks.see(8);
        assert_eq!(landmarks.take(&list("3"), 500), None);
    }
}
