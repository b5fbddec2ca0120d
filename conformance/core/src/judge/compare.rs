//! Compares the records of an answer with those of the dataset.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;
use vcc_types::Field;

use super::list::Record;
use crate::dataset::{Recording, Tenant};
use crate::setup::Setup;

/// How an answer differs from what was expected. Records are positions in the tenant's dataset.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Expected, but not there.
    pub missing: Vec<usize>,
    /// There, but not expected.
    pub unexpected: Vec<Unexpected>,
    /// There more than once.
    pub twice: Vec<usize>,
    /// There, with other values.
    pub altered: Vec<Altered>,
    /// All there, in another order: the positions as they came.
    pub order: Option<Vec<usize>>,
}

impl Difference {
    /// Whether nothing differs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether the right records came, even if with other values.
    #[must_use]
    pub fn only_values(&self) -> bool {
        Self { altered: Vec::new(), ..self.clone() }.is_empty() && !self.altered.is_empty()
    }
}

/// A record that was not expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unexpected {
    /// Its tenant and key, if the dataset has it.
    pub known: Option<(usize, usize)>,
    /// Whether it belongs to another tenant than the one asked for.
    pub foreign: bool,
    /// Its `transactionID` and `startDate`.
    pub shown: (String, String),
}

/// A value that differs from the dataset's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Altered {
    /// The record.
    pub record: usize,
    /// The field.
    pub field: Field,
    /// The value of the dataset.
    pub expected: String,
    /// The value that came.
    pub actual: String,
}

/// Compares `seen` with the `expected` records of a tenant.
#[must_use]
pub fn compare(
    setup: &Setup,
    tenant: usize,
    expected: &[usize],
    ordered: bool,
    seen: &[Record],
) -> Difference {
    let data = &setup.tenants[tenant].tenant;
    let mut difference = Difference::default();
    let mut came = Vec::new();
    for record in seen {
        let named = |same: fn(&Recording, &Record) -> bool| -> Vec<usize> {
            expected.iter().copied().filter(|index| same(&data.records[*index], record)).collect()
        };
        let mut candidates = named(same_transaction);
        if candidates.is_empty() {
            // Values with white space around them are altered, not other records.
            candidates = named(like_transaction);
        }
        // Of several with one transactionID, the one that is most like it and has not come yet.
        let best = candidates.into_iter().max_by_key(|index| {
            (
                likeness(&data.records[*index], record),
                !came.contains(index),
                std::cmp::Reverse(*index),
            )
        });
        match best {
            Some(index) if came.contains(&index) => difference.twice.push(index),
            Some(index) => {
                came.push(index);
                difference.altered.extend(altered(index, &data.records[index], record));
            }
            None => difference.unexpected.push(Unexpected {
                known: known(setup, tenant, record),
                foreign: known(setup, tenant, record).is_some_and(|(at, _)| at != tenant),
                shown: (
                    record.text(Field::TransactionId).to_owned(),
                    record.text(Field::StartDate).to_owned(),
                ),
            }),
        }
    }
    difference.missing = expected.iter().copied().filter(|index| !came.contains(index)).collect();
    if ordered
        && difference.missing.is_empty()
        && difference.unexpected.is_empty()
        && came != expected
    {
        difference.order = Some(came);
    }
    difference
}

/// Where the dataset has a record that came: this tenant first, then the others.
#[must_use]
pub fn known(setup: &Setup, tenant: usize, seen: &Record) -> Option<(usize, usize)> {
    let others = (0..setup.tenants.len()).filter(|other| *other != tenant);
    std::iter::once(tenant)
        .chain(others)
        .filter_map(|at| {
            let data: &Tenant = &setup.tenants[at].tenant;
            let alike = (0..data.records.len())
                .filter(|index| same_transaction(&data.records[*index], seen))
                .max_by_key(|index| likeness(&data.records[*index], seen))?;
            let score = likeness(&data.records[alike], seen);
            // At least half of its values: with fewer it is another record that has the same id.
            (score * 2 >= Field::COUNT).then_some(((at, alike), score + usize::from(at == tenant)))
        })
        .max_by_key(|(_, score)| *score)
        .map(|(found, _)| found)
}

fn same_transaction(record: &Recording, seen: &Record) -> bool {
    record.text(Field::TransactionId) == seen.text(Field::TransactionId)
}

/// The same apart from white space around it.
fn like_transaction(record: &Recording, seen: &Record) -> bool {
    record.text(Field::TransactionId).trim() == seen.text(Field::TransactionId).trim()
}

/// The number of fields that are equal to the dataset's.
fn likeness(record: &Recording, seen: &Record) -> usize {
    Field::ALL.into_iter().filter(|field| same(record, *field, seen)).count()
}

fn altered(index: usize, record: &Recording, seen: &Record) -> Vec<Altered> {
    let differs = Field::ALL.into_iter().filter(|field| !same(record, *field, seen));
    differs
        .map(|field| Altered {
            record: index,
            field,
            expected: record.text(field).to_owned(),
            actual: seen.text(field).to_owned(),
        })
        .collect()
}

fn same(record: &Recording, field: Field, seen: &Record) -> bool {
    let (expected, actual) = (record.text(field), seen.text(field));
    match field {
        // OUT-3b, OUT-3c: the zone of the offset and the form of UTC are the target's choice.
        Field::StartDate => start(actual).is_some_and(|start| start.instant == record.start),
        // FIELD-4: a duration is a number.
        Field::Duration => {
            expected == actual || number(expected).is_some_and(|n| Some(n) == number(actual))
        }
        _ => expected == actual,
    }
}

fn number(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// A `startDate` in the form of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    /// The instant.
    pub instant: Timestamp,
    /// Seconds east of UTC.
    pub offset: i32,
    /// Whether it ends in `Z`.
    pub z: bool,
}

/// Reads `2008-02-14T10:12:13-08:00`, with a fraction or `Z` too (OUT-3a).
#[must_use]
pub fn start(text: &str) -> Option<Start> {
    let local = text.get(..19)?;
    let shape = local.bytes().enumerate().all(|(at, byte)| match at {
        4 | 7 => byte == b'-',
        10 => byte == b'T',
        13 | 16 => byte == b':',
        _ => byte.is_ascii_digit(),
    });
    let rest = &text[19..];
    let (fraction, zone) = match rest.strip_prefix('.') {
        None => ("", rest),
        Some(digits) => {
            let end = digits.find(|c: char| !c.is_ascii_digit())?;
            (&rest[..=end], &digits[end..])
        }
    };
    if !shape || fraction == "." || fraction.len() > 10 {
        return None;
    }
    let (offset, z) = if zone == "Z" {
        (0, true)
    } else {
        let bytes = zone.as_bytes();
        if bytes.len() != 6
            || bytes[3] != b':'
            || !zone[1..].replacen(':', "", 1).bytes().all(|b| b.is_ascii_digit())
        {
            return None;
        }
        let sign = match bytes[0] {
            b'+' => 1,
            b'-' => -1,
            _ => return None,
        };
        // ISO 8601 has one zero, and it is positive.
        if zone == "-00:00" {
            return None;
        }
        let (hours, minutes) = (zone[1..3].parse::<i32>().ok()?, zone[4..].parse::<i32>().ok()?);
        (minutes < 60).then_some((sign * (hours * 3600 + minutes * 60), false))?
    };
    let local: DateTime = format!("{local}{fraction}").parse().ok()?;
    // Together with the offset: on the last day of the calendar the local time alone may be out of
    // range.
    let instant = Offset::from_seconds(offset).ok()?.to_timestamp(local).ok()?;
    Some(Start { instant, offset, z })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_of_responses() {
        for (text, instant, offset, z) in [
            ("2008-02-14T10:12:13-08:00", "2008-02-14T18:12:13Z", -28800, false),
            ("2008-02-14T10:12:13Z", "2008-02-14T10:12:13Z", 0, true),
            ("9999-12-31T11:59:59+14:00", "9999-12-30T21:59:59Z", 50400, false),
            ("0001-01-01T16:07:00-07:53", "0001-01-02T00:00:00Z", -28380, false),
            ("2008-02-14T10:12:13.25+05:45", "2008-02-14T04:27:13.25Z", 20700, false),
        ] {
            let instant = instant.parse().unwrap();
            assert_eq!(start(text), Some(Start { instant, offset, z }), "{text}");
        }
        for text in [
            "",
            "2008-02-14 10:12:13Z",
            "2008-02-14T10:12:13",
            "2008-02-14T10:12:13-0800",
            "2008-02-30T10:12:13Z",
            "2008-02-14T10:12:13.Z",
            "2008-02-14T10:12:13+8:00x",
            "2008-02-14T10:12:13Zulu",
            "2008-02-14T10:12:13-00:00",
            "２008-02-14T10:12:13Z",
        ] {
            assert_eq!(start(text), None, "{text}");
        }
    }
}
