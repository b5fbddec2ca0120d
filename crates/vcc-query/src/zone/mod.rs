mod built_in;
#[cfg(feature = "chrono-tz")]
mod chrono_tz;
mod first_instant;
mod posix;
mod rule;
mod table;
mod tail;
mod tzif;
mod years;

use core::fmt;
use core::hash::{Hash, Hasher};
use core::str::FromStr;

use chrono::{DateTime, FixedOffset, NaiveDateTime, Offset, Timelike as _, Utc};

pub use built_in::BuiltIn;
#[cfg(feature = "chrono-tz")]
pub use chrono_tz::ChronoTz;
pub(crate) use first_instant::{Walk, first_instant, local_seconds};
pub use table::{ZoneTable, ZoneTableError};

use crate::error::found;

/// The rules of one zone: the only thing that the two rules of dates ask of zone data.
///
/// Times are whole seconds since 1970-01-01T00:00:00Z, leap seconds not counted; offsets are
/// seconds east of UTC and less than a day.
///
/// ```
/// use vcc_query::{Stretch, Zone, ZoneRules};
///
/// /// An hour east of UTC, always.
/// #[derive(Debug)]
/// struct Fixed;
///
/// impl ZoneRules for Fixed {
///     fn name(&self) -> &str {
///         "Company/Fixed"
///     }
///
///     fn stretch(&self, at: i64) -> Stretch {
///         Stretch { offset: 3_600, until: at.saturating_add(86_400) }
///     }
/// }
///
/// let zone = Zone::from_rules(&Fixed);
/// assert_eq!(zone.offset_at("2007-08-05T12:00:00Z".parse()?).to_string(), "+01:00");
/// # Ok::<(), chrono::ParseError>(())
/// ```
pub trait ZoneRules: fmt::Debug + Sync {
    /// The name, as `tz=` writes it.
    fn name(&self) -> &str;

    /// The stretch of one offset that begins at `at` at the latest.
    fn stretch(&self, at: i64) -> Stretch;
}

/// A stretch of time in which a zone's offset does not change.
///
/// ```
/// use vcc_query::Zone;
///
/// // Walking from stretch to stretch meets every change of the offset.
/// let zone: Zone = "Europe/Berlin".parse()?;
/// let (mut at, mut offsets) = (1_167_609_600, Vec::new());
/// while at < 1_199_145_600 {
///     let stretch = zone.stretch(at);
///     offsets.push(stretch.offset);
///     at = stretch.until;
/// }
/// offsets.dedup();
/// assert_eq!(offsets, [3_600, 7_200, 3_600]);
/// # Ok::<(), vcc_query::UnknownZone>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Seconds east of UTC, between −86 399 and 86 399.
    pub offset: i32,
    /// The first second after the stretch. It is later than the second that was asked for. A stretch
    /// may end early: the next one may have the same offset. `i64::MAX` is the end of time.
    pub until: i64,
}

/// A database of zones: what `tz=` looks names up in.
///
/// ```
/// use vcc_query::{BuiltIn, Parser, Zone, ZoneData};
///
/// /// The zones that a company is in.
/// struct Offices;
///
/// impl ZoneData for Offices {
///     fn version(&self) -> Option<&str> {
///         BuiltIn.version()
///     }
///
///     fn zone(&self, name: &str) -> Option<Zone> {
///         ["America/Denver", "Europe/Kyiv"].contains(&name).then(|| BuiltIn.zone(name))?
///     }
/// }
///
/// let parser = Parser::builder().zones(&Offices).build();
/// assert!(parser.parse("tz=Europe/Kyiv").is_ok());
/// assert!(parser.parse("tz=Asia/Tokyo").is_err());
/// ```
pub trait ZoneData: Sync {
    /// The release of the tz database that the rules come from, such as `2026f`; `None` if it is not
    /// known (DATE-13).
    fn version(&self) -> Option<&str>;

    /// The zone with this name or alias, compared byte for byte (DATE-3).
    fn zone(&self, name: &str) -> Option<Zone>;
}

/// Where a parser looks zones up.
#[derive(Clone, Copy)]
pub(crate) enum Source<'z> {
    BuiltIn,
    Other(&'z dyn ZoneData),
}

impl fmt::Debug for Source<'_> {
    /// Prints the release; a whole database would be too long.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::BuiltIn => f.write_str("built in"),
            Source::Other(zones) => {
                write!(f, "zones of {}", zones.version().unwrap_or("no release"))
            }
        }
    }
}

impl Source<'_> {
    /// The zone with this name or alias.
    #[inline]
    pub(crate) fn zone(self, name: &[u8]) -> Option<Zone> {
        match self {
            Source::BuiltIn => BuiltIn::zone_of(name),
            Source::Other(zones) => zones.zone(core::str::from_utf8(name).ok()?),
        }
    }
}

/// A time zone of the tz database.
///
/// ```
/// use vcc_query::Zone;
///
/// let zone: Zone = "America/New_York".parse()?;
/// let noon = "2007-08-05T12:00:00Z".parse().unwrap();
/// assert_eq!(zone.offset_at(noon).to_string(), "-04:00");
/// assert_eq!(zone.to_string(), "America/New_York");
/// assert!("america/new_york".parse::<Zone>().is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Two zones are equal if their names are, whichever database they came from.
#[derive(Clone, Copy)]
pub struct Zone(Rules);

#[derive(Clone, Copy)]
enum Rules {
    Table(&'static ZoneTable),
    Other(&'static dyn ZoneRules),
}

static UTC: ZoneTable = ZoneTable::fixed("UTC", 0);

impl Zone {
    /// UTC.
    pub const UTC: Zone = Zone(Rules::Table(&UTC));

    /// A zone with rules of your own. For a [`ZoneTable`], `Zone::from` makes a faster one.
    #[must_use]
    pub const fn from_rules(rules: &'static dyn ZoneRules) -> Zone {
        Zone(Rules::Other(rules))
    }

    /// The name by which it was looked up: an alias stays an alias.
    #[must_use]
    pub fn name(&self) -> &str {
        match self.0 {
            Rules::Table(table) => table.name(),
            Rules::Other(rules) => rules.name(),
        }
    }

    /// The offset that the zone's clocks have at an instant.
    #[must_use]
    pub fn offset_at(&self, instant: DateTime<Utc>) -> FixedOffset {
        let Stretch { offset, .. } = self.stretch(instant.timestamp());
        FixedOffset::east_opt(offset).unwrap_or(Utc.fix())
    }

    /// An instant on the zone's clocks.
    ///
    /// ```
    /// use vcc_query::Zone;
    ///
    /// let zone: Zone = "America/Denver".parse()?;
    /// let local = zone.local("2007-12-20T03:16:36Z".parse()?);
    /// assert_eq!(local.to_rfc3339(), "2007-12-19T20:16:36-07:00");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn local(&self, instant: DateTime<Utc>) -> DateTime<FixedOffset> {
        instant.with_timezone(&self.offset_at(instant))
    }

    /// The first instant at which the zone's clocks read a local date-time or later (DATE-1): what a
    /// query means by it. In a gap it is the gap's end, in a fold the first of the two, and on a day that was
    /// skipped the beginning of the next one. An instant beyond what [`DateTime`] holds is its nearest end.
    ///
    /// ```
    /// use chrono::NaiveDate;
    /// use vcc_query::Zone;
    ///
    /// let zone: Zone = "America/New_York".parse()?;
    /// let at = |month, day, hour| {
    ///     let local = NaiveDate::from_ymd_opt(2007, month, day).unwrap().and_hms_opt(hour, 30, 0).unwrap();
    ///     zone.first_instant(local).to_rfc3339()
    /// };
    /// assert_eq!(at(8, 5, 12), "2007-08-05T16:30:00+00:00");
    /// // 02:30 is skipped on 11 March, and 01:30 occurs twice on 4 November.
    /// assert_eq!(at(3, 11, 2), "2007-03-11T07:00:00+00:00");
    /// assert_eq!(at(11, 4, 1), "2007-11-04T05:30:00+00:00");
    /// # Ok::<(), vcc_query::UnknownZone>(())
    /// ```
    #[must_use]
    pub fn first_instant(&self, local: NaiveDateTime) -> DateTime<Utc> {
        let (seconds, exact) = first_instant(self, local.and_utc().timestamp());
        // In a gap a fraction does not count: every text in it means the gap's end.
        let nanosecond = if exact { local.nanosecond() % 1_000_000_000 } else { 0 };
        DateTime::from_timestamp(seconds, nanosecond).unwrap_or(if seconds < 0 {
            DateTime::<Utc>::MIN_UTC
        } else {
            DateTime::<Utc>::MAX_UTC
        })
    }

    /// The stretch of one offset around a second since 1970-01-01T00:00:00Z. It covers the time from
    /// `at` on, so that a caller with many instants need not ask for each.
    ///
    /// ```
    /// use vcc_query::{Stretch, Zone};
    ///
    /// let zone: Zone = "America/New_York".parse()?;
    /// // 2007-11-04T05:00:00Z, an hour before the clocks go back.
    /// let stretch = zone.stretch(1_194_152_400);
    /// assert_eq!(stretch, Stretch { offset: -14_400, until: 1_194_156_000 });
    /// # Ok::<(), vcc_query::UnknownZone>(())
    /// ```
    #[inline]
    #[must_use]
    pub fn stretch(&self, at: i64) -> Stretch {
        match self.0 {
            Rules::Table(table) => table.stretch_at(at),
            Rules::Other(rules) => {
                let stretch = rules.stretch(at);
                // No zone is a day or more away from UTC; rules that say so are read as UTC.
                let offset = FixedOffset::east_opt(stretch.offset).map_or(0, |_| stretch.offset);
                Stretch { offset, ..stretch }
            }
        }
    }
}

/// A name that is not in the database of zones.
///
/// ```
/// use vcc_query::{UnknownZone, Zone};
///
/// // DATE-3: byte for byte.
/// let unknown: UnknownZone = "utc".parse::<Zone>().unwrap_err();
/// assert_eq!(
///     unknown.to_string(),
///     "expected a zone of the tz database, such as America/New_York, found \"utc\""
/// );
/// assert_eq!(unknown.name(), "utc");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownZone {
    name: Box<str>,
}

impl UnknownZone {
    pub(crate) const EXPECTED: &'static str = "a zone of the tz database, such as America/New_York";

    /// The name that was looked for.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for UnknownZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}, found {}", Self::EXPECTED, found(&self.name))
    }
}

impl core::error::Error for UnknownZone {}

impl FromStr for Zone {
    type Err = UnknownZone;

    /// Looks a name or alias up in the built-in database, byte for byte (DATE-3). It does not have the
    /// names of files that only a system has (`localtime`, `posixrules`, `Factory`).
    fn from_str(name: &str) -> Result<Zone, UnknownZone> {
        BuiltIn.zone(name).ok_or_else(|| UnknownZone { name: name.into() })
    }
}

/// A zone read from zone data of your own.
impl From<&'static ZoneTable> for Zone {
    #[inline]
    fn from(table: &'static ZoneTable) -> Zone {
        Zone(Rules::Table(table))
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Zone({})", self.name())
    }
}

impl PartialEq for Zone {
    fn eq(&self, other: &Zone) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Zone {}

impl Hash for Zone {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name().hash(state);
    }
}

impl TryFrom<&str> for Zone {
    type Error = UnknownZone;

    fn try_from(name: &str) -> Result<Zone, UnknownZone> {
        name.parse()
    }
}

#[cfg(test)]
mod tests;
