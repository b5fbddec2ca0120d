use core::fmt;

use crate::filters::Filters;
use crate::span::Span;
use crate::{Filter, Written, Zone};

/// What a query says, and not yet what it means: [`resolve`](Query::resolve) gives it meaning.
///
/// ```
/// use vcc_query::{Dates, Query, Written};
///
/// let query = Query::parse("d=today-1d,today&tz=America/Denver")?;
/// assert_eq!(query.d(), Some(&Dates::Range(Written::Today(-1), Written::Today(0))));
/// assert_eq!(query.tz().unwrap().name(), "America/Denver");
/// assert_eq!(query.to_string(), "d=today-1d,today&tz=America/Denver");
/// # Ok::<(), vcc_query::QueryError>(())
/// ```
///
/// It prints as a canonical query string, which parses to an equal query. Two queries are equal if they
/// say the same, even if they were spelled differently.
#[derive(Clone)]
pub struct Query {
    pub(crate) d: Option<Dates>,
    pub(crate) tz: Option<Zone>,
    pub(crate) start_date: Option<Written>,
    pub(crate) finish_date: Option<Written>,
    pub(crate) n: Option<u64>,
    pub(crate) filters: Filters,
    pub(crate) origin: Origin,
}

/// The value of `d`.
///
/// ```
/// use vcc_query::{Dates, Query, Written};
///
/// let day = Query::parse("d=today")?;
/// assert_eq!(day.d(), Some(&Dates::One(Written::Today(0))));
/// let days = Query::parse("d=today-7d,today")?;
/// assert_eq!(days.d(), Some(&Dates::Range(Written::Today(-7), Written::Today(0))));
/// # Ok::<(), vcc_query::QueryError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Dates {
    /// `d=A`: the period that A names.
    One(Written),
    /// `d=A,B`: from A on, and before B.
    Range(Written, Written),
}

/// Where the parts of a query were read from, for errors and explanations. It is not part of what the
/// query says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Origin {
    /// The spans of both ends of `d`, of `start-date`, `finish-date` and `n` in the raw query.
    pub(crate) d: [Span; 2],
    pub(crate) start_date: Span,
    pub(crate) finish_date: Span,
    pub(crate) n: Span,
    /// Bit `i`: a `+` in the value of field `i` became a space (REQ-6).
    pub(crate) plus: u16,
}

impl Query {
    /// `d`: the day or range.
    #[must_use]
    pub fn d(&self) -> Option<&Dates> {
        self.d.as_ref()
    }

    /// `tz`: the zone of the dates without an offset.
    #[must_use]
    pub fn tz(&self) -> Option<Zone> {
        self.tz
    }

    /// `start-date`.
    #[must_use]
    pub fn start_date(&self) -> Option<&Written> {
        self.start_date.as_ref()
    }

    /// `finish-date`. With a `start-date` it is not used (NEAR-4).
    #[must_use]
    pub fn finish_date(&self) -> Option<&Written> {
        self.finish_date.as_ref()
    }

    /// `n` as it was written, which may be 0.
    #[must_use]
    pub fn n(&self) -> Option<u64> {
        self.n
    }

    /// The fields that are compared, at most once each, in the documented order of fields.
    #[must_use]
    pub fn filters(&self) -> &[Filter] {
        self.filters.as_slice()
    }

    /// The same query, beginning with another record.
    #[must_use]
    pub fn with_n(mut self, n: u64) -> Query {
        self.n = Some(n);
        self
    }
}

impl Default for Query {
    /// The empty query: every recording.
    fn default() -> Query {
        Query {
            d: None,
            tz: None,
            start_date: None,
            finish_date: None,
            n: None,
            filters: Filters::none(),
            // Written out field by field, which is faster: `default()` would be built elsewhere and copied.
            origin: Origin {
                d: [Span::NONE; 2],
                start_date: Span::NONE,
                finish_date: Span::NONE,
                n: Span::NONE,
                plus: 0,
            },
        }
    }
}

impl PartialEq for Query {
    fn eq(&self, other: &Query) -> bool {
        self.d == other.d
            && self.tz == other.tz
            && self.start_date == other.start_date
            && self.finish_date == other.finish_date
            && self.n == other.n
            && self.filters() == other.filters()
    }
}

impl Eq for Query {}

impl fmt::Debug for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Query")
            .field("d", &self.d)
            .field("tz", &self.tz)
            .field("start_date", &self.start_date)
            .field("finish_date", &self.finish_date)
            .field("n", &self.n)
            .field("filters", &self.filters())
            .finish()
    }
}
