use chrono::{DateTime, FixedOffset, NaiveDate};
use vcc_types::{Dialect, IgnoredFinish, RangeEnd, RangeEndInstant};

use crate::resolve::{Beyond, Resolver};
use crate::written::Date;
use crate::{Context, Dates, Query, Written};

impl Query {
    /// The same query with each constant replaced by the day that it means now, and with the zone that
    /// decides it. A walk over several pages asks with this query, so that it sees one list also
    /// across midnight (PAGE-6). A query without constants stays as it is.
    ///
    /// It always means what this query means in `context`, also later and after a change of the
    /// tenant's zone. `None` if the dialect has no way to write that: for a range that ends in a
    /// constant, where `range_end` is `whole-period` and `range_end_instant` is `included`. `None`
    /// also for a constant beyond the calendar, which [`resolve`](Query::resolve) refuses.
    ///
    /// ```
    /// use vcc_query::{Context, Query};
    /// use vcc_types::Dialect;
    ///
    /// let context = Context {
    ///     now: "2007-12-19T07:59:59Z".parse().unwrap(),
    ///     tenant_tz: "America/Los_Angeles".parse()?,
    ///     dialect: Dialect::default(),
    /// };
    /// let query = Query::parse("d=today-1d,today&n=51")?;
    /// assert_eq!(
    ///     query.pinned(&context).unwrap().to_string(),
    ///     "d=2007-12-17,2007-12-18&tz=America/Los_Angeles&n=51"
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn pinned(&self, context: &Context) -> Option<Query> {
        let mut pinned = self.clone();
        if !self.has_constants(&context.dialect) {
            return Some(pinned);
        }
        let zone = self.tz.unwrap_or(context.tenant_tz);
        let pinner = Pinner { resolver: Resolver::new(zone, context) };
        pinned.d = match &self.d {
            None => None,
            Some(dates) => Some(pinner.dates(dates)?),
        };
        if let Some(date) = &self.start_date {
            pinned.start_date = Some(pinner.day(date)?);
        }
        if let Some(date) = self.counting_finish(&context.dialect) {
            pinned.finish_date = Some(pinner.day(date)?);
        }
        pinned.tz = Some(zone);
        Some(pinned)
    }

    /// Whether a constant (`today`) decides what the query means, so that it means something else on
    /// another day.
    ///
    /// ```
    /// use vcc_query::Query;
    /// use vcc_types::Dialect;
    ///
    /// let moves = |text| Query::parse(text).map(|query| query.has_constants(&Dialect::default()));
    /// assert_eq!((moves("d=today-1d,today")?, moves("d=2007-12-18")?), (true, false));
    /// # Ok::<(), vcc_query::QueryError>(())
    /// ```
    #[must_use]
    pub fn has_constants(&self, dialect: &Dialect) -> bool {
        let is_constant = |date: &Written| matches!(date, Written::Today(_));
        let in_d = match &self.d {
            None => false,
            Some(Dates::One(one)) => is_constant(one),
            Some(Dates::Range(from, until)) => is_constant(from) || is_constant(until),
        };
        in_d || self.start_date.as_ref().is_some_and(is_constant)
            || self.counting_finish(dialect).is_some_and(is_constant)
    }

    /// The `finish-date`, unless it is not even looked at (NEAR-4).
    fn counting_finish(&self, dialect: &Dialect) -> Option<&Written> {
        let unused =
            self.start_date.is_some() && dialect.ignored_finish == IgnoredFinish::Unchecked;
        self.finish_date.as_ref().filter(|_| !unused)
    }
}

struct Pinner<'a> {
    resolver: Resolver<'a>,
}

impl Pinner<'_> {
    fn dates(&self, dates: &Dates) -> Option<Dates> {
        Some(match dates {
            Dates::One(one) => Dates::One(self.day(one)?),
            Dates::Range(from, until) => Dates::Range(self.day(from)?, self.end(from, until)?),
        })
    }

    /// The end of a range. Written as a day, it would mean the whole day where `range_end` says so; a
    /// constant does not (DATE-2).
    fn end(&self, from: &Written, until: &Written) -> Option<Written> {
        let dialect = self.resolver.dialect;
        let is_whole =
            matches!(until, Written::Today(_)) && dialect.range_end == RangeEnd::WholePeriod;
        // DATE-10: equal ends mean the same in every way of writing them.
        if !is_whole || self.days(from)? == self.days(until)? {
            return self.day(until);
        }
        if dialect.range_end_instant == RangeEndInstant::Included {
            return None;
        }
        let instant = self.resolver.instant(until).ok()?.floor().utc();
        // It is a day of the years 0001 to 9999 in some zone, so it has one in UTC or at this offset.
        let utc = instant.fixed_offset();
        let at_the_edge = FixedOffset::east_opt(EDGE).map(|offset| utc.with_timezone(&offset));
        [Some(utc), at_the_edge]
            .into_iter()
            .flatten()
            .find_map(|instant: DateTime<FixedOffset>| Written::try_from(instant).ok())
    }

    /// The day that a constant means; anything else stays as it is.
    fn day(&self, date: &Written) -> Option<Written> {
        Some(match date {
            Written::Today(_) => Written::Date(Date::Day(self.days(date)??[0])),
            other => other.clone(),
        })
    }

    fn days(&self, date: &Written) -> Option<Option<[NaiveDate; 2]>> {
        self.resolver.days(date).map_err(|Beyond| ()).ok()
    }
}

/// 23:59, the largest offset that a date is written with.
const EDGE: i32 = 86_340;
