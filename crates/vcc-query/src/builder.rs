use core::convert::Infallible;

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, Timelike, Utc};
use vcc_types::Field;

use crate::date::{self, Spaces};
use crate::error::found;
use crate::written::{Date, Time, Timed};
use crate::zone::UnknownZone;
use crate::{Dates, Filter, Query, QueryError, QueryErrorKind, Wanted, Written, Zone};

/// Builds a [`Query`] to send. Its text form is encoded so that every server reads the same.
///
/// ```
/// use vcc_query::{Field, Query, Written};
///
/// let query = Query::builder()
///     .range(Written::Today(-1), "2007-08-07 14:30+01:00")
///     .tz("America/Denver")
///     .filter(Field::Channel, "#virtual_outbound#")
///     .build()?;
/// assert_eq!(
///     query.to_string(),
///     "d=today-1d,2007-08-07T14:30%2B01:00&tz=America/Denver&channel=%23virtual_outbound%23"
/// );
/// # Ok::<(), vcc_query::QueryError>(())
/// ```
///
/// A date is given as text in any form that a query has, as a [`Written`], or as one of chrono's types:
/// `NaiveDate`, `DateTime<Utc>` or `DateTime<FixedOffset>`.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct QueryBuilder {
    query: Query,
    /// The first thing that went wrong.
    error: Option<QueryError>,
}

impl Query {
    /// Begins a query, for clients.
    pub fn builder() -> QueryBuilder {
        QueryBuilder::new()
    }
}

impl QueryBuilder {
    pub(crate) fn new() -> QueryBuilder {
        QueryBuilder::default()
    }

    /// `d=A`: the recordings that started in the period that A names.
    pub fn d<W: TryInto<Written, Error: Into<QueryError>>>(mut self, date: W) -> Self {
        self.query.d = self.take(date, "d").map(Dates::One);
        self
    }

    /// `d=A,B`: the recordings that started at A or later, and before B.
    pub fn range<A, B>(mut self, from: A, until: B) -> Self
    where
        A: TryInto<Written, Error: Into<QueryError>>,
        B: TryInto<Written, Error: Into<QueryError>>,
    {
        let ends = self.take(from, "d").zip(self.take(until, "d"));
        self.query.d = ends.map(|(from, until)| Dates::Range(from, until));
        self
    }

    /// `tz`: the zone of dates without an offset; a [`Zone`] or its name.
    pub fn tz<Z: TryInto<Zone, Error: Into<QueryError>>>(mut self, zone: Z) -> Self {
        self.query.tz = self.take(zone, "tz");
        self
    }

    /// `start-date`: the recordings that started within 5 s of a date.
    pub fn start_date<W: TryInto<Written, Error: Into<QueryError>>>(mut self, date: W) -> Self {
        self.query.start_date = self.take(date, "start-date");
        self
    }

    /// `finish-date`: the recordings that finished within 5 s of a date.
    pub fn finish_date<W: TryInto<Written, Error: Into<QueryError>>>(mut self, date: W) -> Self {
        self.query.finish_date = self.take(date, "finish-date");
        self
    }

    /// The recordings in which a field has exactly this value. If a field is given twice, the later
    /// value counts. [`Field::StartDate`] is an error: look up a start with
    /// [`start_date`](Self::start_date).
    pub fn filter(mut self, field: Field, value: &str) -> Self {
        // FIELD-2
        if field == Field::StartDate {
            let (kind, name) = (QueryErrorKind::UnknownVariable, field.wire_name());
            let expected = "a field that is compared";
            let error = QueryError::new(kind, 0..0, "FIELD-2", expected, found(name)).of(name);
            let hint = Some("a start is looked up with start_date");
            self.error.get_or_insert_with(|| error.hinting(hint));
            return self;
        }
        self.query.filters.put(Filter { field, wanted: Wanted::Text(value.into()) });
        self
    }

    /// `n`: the number of the first record, from 1.
    pub fn n(mut self, n: u64) -> Self {
        self.query.n = Some(n);
        self
    }

    /// The query.
    ///
    /// # Errors
    ///
    /// What [`Query::parse`] would refuse. The span is one of the text that was given, or of the
    /// query's text form.
    pub fn build(self) -> Result<Query, QueryError> {
        match self.error {
            Some(error) => Err(error),
            // What is built is what a server reads.
            None => Query::parse(&self.query.to_string()),
        }
    }

    fn take<T, V>(&mut self, value: V, variable: &'static str) -> Option<T>
    where
        V: TryInto<T, Error: Into<QueryError>>,
    {
        value
            .try_into()
            .map_err(|error| {
                self.error.get_or_insert_with(|| error.into().of(variable));
            })
            .ok()
    }
}

impl From<Infallible> for QueryError {
    fn from(never: Infallible) -> QueryError {
        match never {}
    }
}

impl From<UnknownZone> for QueryError {
    fn from(unknown: UnknownZone) -> QueryError {
        let found = found(unknown.name());
        QueryError::new(QueryErrorKind::Zone, 0..0, "DATE-3", UnknownZone::EXPECTED, found)
    }
}

impl core::str::FromStr for Written {
    type Err = QueryError;

    /// Reads one date or constant that is not percent-encoded. A space is not read as a `+`.
    fn from_str(text: &str) -> Result<Written, QueryError> {
        date::written(text, Spaces::Themselves).map_err(|error| error.into_error(text.len()))
    }
}

impl TryFrom<&str> for Written {
    type Error = QueryError;

    fn try_from(text: &str) -> Result<Written, QueryError> {
        text.parse()
    }
}

impl TryFrom<NaiveDate> for Written {
    type Error = QueryError;

    /// The day. Years are 1 to 9999.
    fn try_from(day: NaiveDate) -> Result<Written, QueryError> {
        in_calendar(day).map(|day| Written::Date(Date::Day(day)))
    }
}

impl TryFrom<DateTime<Utc>> for Written {
    type Error = QueryError;

    /// The instant, in UTC. Years are 1 to 9999.
    fn try_from(instant: DateTime<Utc>) -> Result<Written, QueryError> {
        instant.fixed_offset().try_into()
    }
}

impl TryFrom<DateTime<FixedOffset>> for Written {
    type Error = QueryError;

    /// The instant, in its offset; in UTC if the offset has seconds. Years are 1 to 9999.
    fn try_from(instant: DateTime<FixedOffset>) -> Result<Written, QueryError> {
        let offset = instant.offset().local_minus_utc();
        if offset % 60 != 0 {
            return instant.to_utc().try_into();
        }
        let local = instant.naive_local();
        // chrono writes a leap second as a fraction beyond the second.
        let (leap, nanos) =
            (local.nanosecond() / 1_000_000_000, local.nanosecond() % 1_000_000_000);
        let time = Time {
            hour: local.hour() as u8,
            minute: Some(local.minute() as u8),
            second: Some((local.second() + leap) as u8),
            fraction: (nanos != 0).then(|| Box::new(format!("{nanos:09}").into())),
        };
        let offset_minutes = Some((offset / 60) as i16);
        in_calendar(local.date()).map(|day| Written::Timed(Timed { day, time, offset_minutes }))
    }
}

fn in_calendar(day: NaiveDate) -> Result<NaiveDate, QueryError> {
    if (1..=9999).contains(&day.year()) {
        return Ok(day);
    }
    let expected = "a year from 0001 to 9999";
    let found = day.year().to_string();
    Err(QueryError::new(QueryErrorKind::Calendar, 0..0, "DATE-6", expected, found))
}
