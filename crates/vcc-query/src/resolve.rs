use core::cell::Cell;
use core::cmp::Ordering;

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
use vcc_types::{
    Dialect, EmptyValue, EqualEnds, Field, IgnoredFinish, RangeEnd, RangeEndInstant, ResponseZone,
    ReversedRange,
};

use crate::nanosecond::Nanosecond;
use crate::selection::{Edge, Near, Note, Selection, Window};
use crate::span::Span;
use crate::written::{WallTime, day_seconds};
use crate::zone::{Walk, first_instant, local_seconds};
use crate::{Date, Dates, Query, QueryError, QueryErrorKind, Wanted, Written, Zone};

/// What the meaning of a query depends on, apart from its text.
///
/// ```
/// use vcc_query::{Context, Query};
/// use vcc_types::Dialect;
///
/// let mut context = Context {
///     now: "2007-12-19T04:00:00Z".parse().unwrap(),
///     tenant_tz: "America/Los_Angeles".parse()?,
///     dialect: Dialect::default(),
/// };
/// let today = Query::parse("d=today")?;
/// // In Los Angeles it is still the 18th.
/// let window = today.resolve(&context)?.window.unwrap();
/// assert_eq!(window.from.to_rfc3339(), "2007-12-18T08:00:00+00:00");
/// context.tenant_tz = "Europe/Berlin".parse()?;
/// let window = today.resolve(&context)?.window.unwrap();
/// assert_eq!(window.from.to_rfc3339(), "2007-12-18T23:00:00+00:00");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Context {
    /// The present, read once a request (DATE-8).
    pub now: DateTime<Utc>,
    /// The zone of dates without an offset in a query without `tz` (DATE-3).
    pub tenant_tz: Zone,
    /// How the points that the documentation leaves open are decided.
    pub dialect: Dialect,
}

/// The instants at which some place on earth may have a date from 0001 to 9999.
const CALENDAR: core::ops::Range<i64> = -62_135_596_800 - 86_400..253_402_300_800 + 86_400;

/// 2100-01-01T00:00:00Z. Zone data assumes that today's law holds for ever, although laws about time
/// change every few years, and lists what follows the moon (Gaza) for fewer years than that. A query
/// about a time so far ahead gets a note (DATE-13).
const FAR_AHEAD: i64 = 4_102_444_800;

/// How far off a `start-date` or `finish-date` may be, in seconds (NEAR-1).
const TOLERANCE: u32 = 5;

impl Query {
    /// Says what the query means.
    ///
    /// # Errors
    ///
    /// A range that ends before it starts (DATE-10), a constant beyond the years 0001 to 9999
    /// (DATE-8), and what the dialect refuses.
    pub fn resolve(&self, context: &Context) -> Result<Selection, QueryError> {
        let dialect = &context.dialect;
        self.obey(dialect)?;
        let zone = self.tz.unwrap_or(context.tenant_tz);
        let resolver = Resolver::new(zone, context);

        let window = match &self.d {
            None => None,
            Some(Dates::One(one)) => Some(resolver.period(one, self.origin.d[0])?),
            Some(Dates::Range(from, until)) => Some(resolver.range(from, until, self.origin.d)?),
        };
        let start = match &self.start_date {
            None => None,
            Some(date) => {
                let span = self.origin.start_date;
                Some(
                    resolver
                        .near(Edge::Start, date)
                        .map_err(|fault| fault.at(span, "start-date"))?,
                )
            }
        };
        let finish = match &self.finish_date {
            None => None,
            // NEAR-4: it is not used, and the dialect does not even check it.
            Some(_) if start.is_some() && dialect.ignored_finish == IgnoredFinish::Unchecked => {
                None
            }
            Some(date) => {
                let span = self.origin.finish_date;
                Some(
                    resolver
                        .near(Edge::Finish, date)
                        .map_err(|fault| fault.at(span, "finish-date"))?,
                )
            }
        };

        let mut notes = Vec::new();
        if self.start_date.is_some() && self.finish_date.is_some() {
            notes.push(Note::FinishIgnored);
        }
        if resolver.extrapolated.get() {
            notes.push(Note::RulesExtrapolated);
        }
        let mut filters = Vec::with_capacity(self.filters().len());
        for filter in self.filters() {
            // FIELD-3
            let is_empty =
                matches!(&filter.wanted, Wanted::Text(text) if text.as_bytes().is_empty());
            if is_empty && dialect.empty_value == EmptyValue::Ignored {
                notes.push(Note::EmptyIgnored(filter.field));
            } else {
                filters.push(filter.clone());
            }
        }
        if self.origin.plus != 0 {
            let spaced = |field: &Field| self.origin.plus & 1 << field.index() != 0;
            notes.extend(Field::ALL.into_iter().filter(spaced).map(Note::PlusAsSpace));
        }
        Ok(Selection {
            window: window.map(|[from, until]| {
                let (first, last) = match &self.d {
                    Some(Dates::Range(first, last)) => (first.day(), last.day()),
                    Some(Dates::One(one)) => (one.day(), one.day()),
                    None => (None, None),
                };
                Window { from: from.utc_near(first), until: until.utc_near(last) }
            }),
            // NEAR-4
            near: start.or(finish),
            filters,
            // PAGE-4: `n=0` is the first page.
            first: self.n.unwrap_or(1).max(1),
            page_size: Selection::PAGE_SIZE,
            order: dialect.order,
            // OUT-3
            response_zone: match dialect.response_zone {
                ResponseZone::Tenant => context.tenant_tz,
                ResponseZone::Query => zone,
                ResponseZone::Utc => Zone::UTC,
            },
            notes,
        })
    }
}

pub(crate) struct Resolver<'a> {
    now: DateTime<Utc>,
    zone: Zone,
    pub(crate) dialect: &'a Dialect,
    /// Both ends of most ranges lie in one stretch of the zone.
    walk: Walk,
    /// Whether a local date was so far ahead that the zone's rules are only assumed.
    extrapolated: Cell<bool>,
}

/// A date that means nothing: beyond the calendar.
pub(crate) struct Beyond;

impl Beyond {
    fn at(self, span: Span, variable: &'static str) -> QueryError {
        QueryError::new(
            QueryErrorKind::Calendar,
            span.range(),
            "DATE-8",
            "a day from 0001-01-01 to 9999-12-31",
            "one beyond",
        )
        .of(variable)
    }
}

/// An instant, exactly: a fraction may have any number of digits.
#[derive(Clone, Copy)]
pub(crate) struct Instant<'a>(WallTime<'a>);

impl Instant<'_> {
    fn cmp(&self, other: &Instant<'_>) -> Ordering {
        self.0.cmp_exactly(&other.0)
    }

    /// The last nanosecond that is not after it.
    #[inline]
    pub(crate) fn floor(&self) -> Nanosecond {
        let WallTime { seconds, nanos, .. } = self.0;
        Nanosecond::new(seconds, nanos)
    }

    /// The first nanosecond that is not before it.
    #[inline]
    fn ceil(&self) -> Nanosecond {
        let WallTime { seconds, nanos, more } = self.0;
        Nanosecond::new(seconds, nanos + u32::from(more.bytes().any(|digit| digit != b'0')))
    }
}

impl<'a> Resolver<'a> {
    pub(crate) fn new(zone: Zone, context: &'a Context) -> Resolver<'a> {
        let Context { now, dialect, .. } = context;
        let (walk, extrapolated) = (Walk::default(), Cell::new(false));
        Resolver { now: *now, zone, dialect, walk, extrapolated }
    }

    /// `d=A`: the period that the text names (DATE-7).
    fn period(&self, date: &Written, span: Span) -> Result<[Nanosecond; 2], QueryError> {
        let ends = self.both(date).map_err(|fault| fault.at(span, "d"))?;
        Ok(ends.map(|end| end.ceil()))
    }

    /// `d=A,B` (DATE-2).
    #[inline]
    fn range(
        &self,
        first: &Written,
        last: &Written,
        spans: [Span; 2],
    ) -> Result<[Nanosecond; 2], QueryError> {
        let from = self.instant(first).map_err(|fault| fault.at(spans[0], "d"))?;
        let until = self.instant(last).map_err(|fault| fault.at(spans[1], "d"))?;
        let start = from.ceil();
        let empty = [start; 2];
        let is_timed = matches!(last, Written::Timed(_));
        let until = if is_timed {
            until
        } else {
            // DATE-10: both ends the same untimed period.
            if self.are_same(first, last).map_err(|fault| fault.at(spans[1], "d"))? {
                return match self.dialect.equal_ends {
                    EqualEnds::Period => self.period(first, spans[0]),
                    EqualEnds::Empty => Ok(empty),
                };
            }
            match (self.dialect.range_end, last) {
                // DATE-2
                (RangeEnd::WholePeriod, Written::Date(_)) => {
                    self.both(last).map_err(|fault| fault.at(spans[1], "d"))?[1]
                }
                _ => until,
            }
        };
        // DATE-10
        if until.cmp(&from) == Ordering::Less {
            return match self.dialect.reversed_range {
                ReversedRange::Empty => Ok(empty),
                ReversedRange::Rejected => Err(self.reversed(&from, &until, spans)),
            };
        }
        let until = match self.dialect.range_end_instant {
            // The nanosecond with the one instant in it.
            RangeEndInstant::Included if is_timed => until.floor().next(),
            _ => until.ceil(),
        };
        // The end is included, and lies in the nanosecond before a start that was rounded up.
        Ok([start, until.max(start)])
    }

    fn reversed(&self, from: &Instant<'_>, until: &Instant<'_>, spans: [Span; 2]) -> QueryError {
        let (from, until) = (from.floor().utc(), until.floor().utc());
        QueryError::new(
            QueryErrorKind::ReversedRange,
            spans[1].range(),
            "DATE-10",
            format!("an end that is not before the start, {}", crate::explain::instant(from)),
            crate::explain::instant(until).to_string(),
        )
        .of("d")
        .hinting(Some("the earlier date comes first: d=FROM,UNTIL"))
    }

    /// The closed interval around a date (NEAR-1, NEAR-3).
    fn near(&self, edge: Edge, date: &Written) -> Result<Near, Beyond> {
        let instant = self.instant(date)?;
        let (floor, ceil) = (instant.floor().utc(), instant.ceil().utc());
        let tolerance = TimeDelta::seconds(i64::from(TOLERANCE));
        Ok(Near {
            edge,
            at: floor,
            tolerance: TOLERANCE,
            from: ceil - tolerance,
            until: floor + tolerance,
        })
    }

    /// The instant that a date means.
    #[inline]
    pub(crate) fn instant<'t>(&self, date: &'t Written) -> Result<Instant<'t>, Beyond> {
        match date {
            Written::Timed(timed) => Ok(self.locate(timed.wall_time(), timed.offset())),
            Written::Date(date) => Ok(self.locate(midnight(date.first_day()), None)),
            Written::Today(days) => Ok(self.locate(midnight(self.constant(*days)?), None)),
        }
    }

    /// The instant that a date means, and that of the next text of the same precision (DATE-7).
    fn both<'t>(&self, date: &'t Written) -> Result<[Instant<'t>; 2], Beyond> {
        match (self.days(date)?, date) {
            (Some(days), _) => Ok(days.map(|day| self.locate(midnight(day), None))),
            (None, Written::Timed(timed)) => Ok([timed.wall_time(), timed.next_wall_time()]
                .map(|reading| self.locate(reading, timed.offset()))),
            (None, _) => Err(Beyond),
        }
    }

    /// The first day of an untimed date, and the first day after it.
    pub(crate) fn days(&self, date: &Written) -> Result<Option<[NaiveDate; 2]>, Beyond> {
        match date {
            Written::Timed(_) => Ok(None),
            Written::Date(date) => Ok(Some([date.first_day(), date.next_first_day()])),
            Written::Today(days) => {
                let day = self.constant(*days)?;
                Ok(Some([day, day.succ_opt().ok_or(Beyond)?]))
            }
        }
    }

    /// Whether two dates are the same untimed period, however they are written.
    #[inline]
    fn are_same(&self, one: &Written, other: &Written) -> Result<bool, Beyond> {
        match (one, other) {
            (Written::Date(Date::Day(one)), Written::Date(Date::Day(other))) => Ok(one == other),
            _ => Ok(self.days(one)? == self.days(other)?),
        }
    }

    /// The day that is this many days after the current one.
    fn constant(&self, days: i32) -> Result<NaiveDate, Beyond> {
        let day = self.today()?.checked_add_signed(TimeDelta::days(i64::from(days)));
        day.filter(|day| (1..=9999).contains(&day.year())).ok_or(Beyond)
    }

    /// The current local day (DATE-8): the day whose window holds the present. If the clock was set
    /// back across midnight, that is the later day, although the clock reads the earlier one again
    /// (DATE-1).
    fn today(&self) -> Result<NaiveDate, Beyond> {
        let now = self.now.timestamp();
        if !CALENDAR.contains(&now) {
            return Err(Beyond);
        }
        let reads = local_seconds(&self.zone, now);
        let mut day = DateTime::from_timestamp(reads, 0).ok_or(Beyond)?.date_naive();
        while let Some(next) = day.succ_opt()
            && first_instant(&self.zone, day_seconds(next)).0 <= now
        {
            day = next;
        }
        Ok(day)
    }

    /// The instant at which the clock reads this time (the first rule; DATE-1), or, if there is an
    /// offset, the instant that the two say (DATE-4).
    #[inline]
    fn locate<'t>(&self, wall_time: WallTime<'t>, offset: Option<i32>) -> Instant<'t> {
        let (seconds, exact) = match offset {
            Some(offset) => (wall_time.seconds - i64::from(offset), true),
            None => {
                let found = self.walk.first_instant(&self.zone, wall_time.seconds);
                // DATE-13
                if found.0 >= FAR_AHEAD {
                    self.extrapolated.set(true);
                }
                found
            }
        };
        Instant(match exact {
            true => WallTime { seconds, ..wall_time },
            false => WallTime { seconds, nanos: 0, more: "" },
        })
    }
}

fn midnight(day: NaiveDate) -> WallTime<'static> {
    WallTime { seconds: day_seconds(day), nanos: 0, more: "" }
}
