use core::cmp::Ordering;

use chrono::{DateTime, Utc};
use vcc_types::{Field, Order, Row};

use crate::{Text, Zone};

/// What a query means: plain data that can be logged, cached, sent to another process or turned
/// into SQL. All its parts must hold of a record at once.
///
/// ```
/// # use vcc_query::Context;
/// # let context = Context {
/// #     now: "2007-12-19T00:00:00Z".parse().unwrap(),
/// #     tenant_tz: "America/Los_Angeles".parse()?,
/// #     dialect: vcc_types::Dialect::default(),
/// # };
/// use vcc_query::Query;
///
/// let selection = Query::parse("d=2007-12-18&tz=UTC&duration=27&n=51")?.resolve(&context)?;
/// assert_eq!((selection.first, selection.page_size), (51, 50));
/// assert_eq!(
///     selection.explain().to_string(),
///     "recordings\n\
///      - that started at or after 2007-12-18T00:00:00Z and before 2007-12-19T00:00:00Z\n\
///      - whose duration is 27 s\n\
///      records 51 to 100 of the list, by start, the earliest first; \
///      startDate is written in America/Los_Angeles\n"
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Selection {
    /// `d`: when the recording started.
    pub window: Option<Window>,
    /// `start-date` or `finish-date`: when the recording started or finished, give or take 5 s.
    pub near: Option<Near>,
    /// What fields must hold, at most once each, in the documented order of fields.
    pub filters: Vec<Filter>,
    /// The number of the first record of the page, from 1 (PAGE-2).
    pub first: u64,
    /// How many records the page holds at most: 50 (PAGE-1).
    pub page_size: u32,
    /// The order of the list (PAGE-5).
    #[cfg_attr(feature = "serde", serde(with = "crate::serde::names::order"))]
    pub order: Order,
    /// The zone whose offset a response writes `startDate` with (OUT-3).
    pub response_zone: Zone,
    /// What may have been meant differently. Notes do not change what matches.
    #[cfg_attr(feature = "serde", serde(default))]
    pub notes: Vec<Note>,
}

/// `from <= start < until`: half-open, so that adjacent windows neither overlap nor leave a gap
/// (DATE-2). Empty if both are equal; `until` is never before `from`.
///
/// ```
/// use vcc_query::Window;
///
/// let (from, until) = ("2007-12-18T00:00:00Z".parse()?, "2007-12-19T00:00:00Z".parse()?);
/// let window = Window { from, until };
/// assert!(window.contains(from) && !window.contains(until));
/// assert!(Window { from, until: from }.is_empty());
/// # Ok::<(), chrono::ParseError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Window {
    /// The first instant.
    pub from: DateTime<Utc>,
    /// The first instant after.
    pub until: DateTime<Utc>,
}

/// `from <= edge <= until`: closed (NEAR-1, NEAR-2).
///
/// ```
/// # use vcc_query::Context;
/// # let context = Context {
/// #     now: "2007-12-19T00:00:00Z".parse().unwrap(),
/// #     tenant_tz: "America/Los_Angeles".parse()?,
/// #     dialect: vcc_types::Dialect::default(),
/// # };
/// use vcc_query::{Edge, Query};
///
/// let selection = Query::parse("finish-date=2007-12-18T19:17:03Z")?.resolve(&context)?;
/// let near = selection.near.unwrap();
/// assert_eq!((near.edge, near.tolerance), (Edge::Finish, 5));
/// assert!(near.contains("2007-12-18T19:17:08Z".parse().unwrap()));
/// assert!(!near.contains("2007-12-18T19:17:08.000001Z".parse().unwrap()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Near {
    /// Which end of the recording is looked up.
    pub edge: Edge,
    /// The instant asked for, rounded down to a nanosecond.
    pub at: DateTime<Utc>,
    /// How many seconds it may be off: 5.
    pub tolerance: u32,
    /// The first instant that matches.
    pub from: DateTime<Utc>,
    /// The last instant that matches.
    pub until: DateTime<Utc>,
}

/// An end of a recording.
///
/// ```
/// # use vcc_query::Context;
/// # let context = Context {
/// #     now: "2007-12-19T00:00:00Z".parse().unwrap(),
/// #     tenant_tz: "America/Los_Angeles".parse()?,
/// #     dialect: vcc_types::Dialect::default(),
/// # };
/// use vcc_query::{Edge, Note, Query};
///
/// // NEAR-4: of the two, start-date counts.
/// let both = "start-date=2007-12-18T19:16:36Z&finish-date=2007-12-18T19:17:03Z";
/// let selection = Query::parse(both)?.resolve(&context)?;
/// assert_eq!(selection.near.unwrap().edge, Edge::Start);
/// assert_eq!(selection.notes, [Note::FinishIgnored]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
pub enum Edge {
    /// When it started.
    Start,
    /// When it finished: start + duration. A record without a duration has none (FIELD-7).
    Finish,
}

/// What a field must hold.
///
/// ```
/// use vcc_query::Filter;
/// use vcc_types::{Field, Recording};
///
/// let filter = Filter::text(Field::AgentId, "bill");
/// assert!(filter.matches(&Recording::new().with(Field::AgentId, "bill")));
/// // FIELD-1: case counts, and there are no wildcards.
/// assert!(!filter.matches(&Recording::new().with(Field::AgentId, "Bill")));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Filter {
    /// The field; never [`Field::StartDate`].
    #[cfg_attr(feature = "serde", serde(with = "crate::serde::names::field"))]
    pub field: Field,
    /// What it must hold.
    pub wanted: Wanted,
}

/// What a field must hold.
///
/// ```
/// use vcc_query::{Query, Wanted};
///
/// let query = Query::parse("agentID=027&duration=027")?;
/// let wanted: Vec<_> = query.filters().iter().map(|filter| &filter.wanted).collect();
/// assert_eq!(wanted, [&Wanted::Text("027".into()), &Wanted::Seconds(27)]);
/// # Ok::<(), vcc_query::QueryError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
pub enum Wanted {
    /// Exactly these bytes; there are no wildcards (FIELD-1, FIELD-6). The empty text matches an empty
    /// and an absent field (FIELD-3). For `duration` it is always the empty text.
    Text(Text),
    /// A duration of this many whole seconds, at most 2^63−1, with or without leading zeros (FIELD-4).
    Seconds(u64),
    /// A duration of more than 2^63−1 seconds, which no record has.
    Never,
}

/// Something that may have been meant differently, or that rests on an assumption.
///
/// ```
/// # use vcc_query::Context;
/// # let context = Context {
/// #     now: "2007-12-19T00:00:00Z".parse().unwrap(),
/// #     tenant_tz: "America/Los_Angeles".parse()?,
/// #     dialect: vcc_types::Dialect::default(),
/// # };
/// use vcc_query::{Note, Query};
/// use vcc_types::Field;
///
/// let selection = Query::parse("queueName=Sales+1")?.resolve(&context)?;
/// assert_eq!(selection.notes, [Note::PlusAsSpace(Field::QueueName)]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Note {
    /// A `+` in the value of this field became a space (REQ-6).
    PlusAsSpace(#[cfg_attr(feature = "serde", serde(with = "crate::serde::names::field"))] Field),
    /// `finish-date` was given and not used, since `start-date` was given too (NEAR-4).
    FinishIgnored,
    /// An empty value of this field was not used, as the dialect says (FIELD-3).
    EmptyIgnored(#[cfg_attr(feature = "serde", serde(with = "crate::serde::names::field"))] Field),
    /// A local date lies in 2100 or later. The zone data assumes that today's rules still hold then
    /// (DATE-13).
    RulesExtrapolated,
}

impl Window {
    /// Whether an instant is in the window.
    #[must_use]
    #[inline]
    pub fn contains(&self, instant: DateTime<Utc>) -> bool {
        self.from <= instant && instant < self.until
    }

    /// Whether no instant is in the window.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.from >= self.until
    }
}

impl Near {
    /// Whether an instant is near enough.
    #[must_use]
    #[inline]
    pub fn contains(&self, instant: DateTime<Utc>) -> bool {
        self.from <= instant && instant <= self.until
    }
}

impl Filter {
    /// The field equals a text, byte for byte. For `duration` see [`Wanted`].
    #[must_use]
    pub fn text(field: Field, value: &str) -> Filter {
        Filter { field, wanted: Wanted::Text(value.into()) }
    }

    /// Whether a record's field holds what is wanted.
    #[must_use]
    #[inline]
    pub fn matches(&self, row: &(impl Row + ?Sized)) -> bool {
        match &self.wanted {
            Wanted::Text(text) => row.text(self.field).as_bytes() == text.as_bytes(),
            Wanted::Seconds(seconds) => row.duration() == Some(*seconds),
            Wanted::Never => false,
        }
    }
}

impl Selection {
    /// How many records a page holds at most (PAGE-1).
    pub const PAGE_SIZE: u32 = 50;

    /// Whether a record is in the list. Instants are compared before any text.
    #[must_use]
    #[inline]
    pub fn matches(&self, row: &(impl Row + ?Sized)) -> bool {
        // A record without a start matches no window and no look-up.
        if let Some(window) = &self.window
            && !row.start().is_some_and(|start| window.contains(start))
        {
            return false;
        }
        if let Some(near) = &self.near {
            let instant = match near.edge {
                Edge::Start => row.start(),
                Edge::Finish => row.finish(),
            };
            if !instant.is_some_and(|instant| near.contains(instant)) {
                return false;
            }
        }
        self.filters.iter().all(|filter| filter.matches(row))
    }

    /// The records of the page. The rows must be in the order of the list already
    /// ([`compare`](Selection::compare)). Those that match are taken, from number `first` on, at most
    /// `page_size` of them (PAGE-1 to PAGE-3).
    pub fn page<'a, I>(&'a self, rows: I) -> impl Iterator<Item = I::Item> + 'a
    where
        I: IntoIterator<Item: Row>,
        I::IntoIter: 'a,
    {
        // A number that no list reaches: nothing.
        let skipped = usize::try_from(self.first.saturating_sub(1)).unwrap_or(usize::MAX);
        rows.into_iter().filter(|row| self.matches(row)).skip(skipped).take(self.page_size as usize)
    }

    /// The order of the list (PAGE-5): by start, then `transactionID`, then `filename`, the texts
    /// by their bytes; a record without a start comes before all others. In descending order the
    /// whole order is reversed.
    #[must_use]
    pub fn compare(&self, a: &(impl Row + ?Sized), b: &(impl Row + ?Sized)) -> Ordering {
        let ascending = a.start().cmp(&b.start()).then_with(|| {
            let text = |field| a.text(field).as_bytes().cmp(b.text(field).as_bytes());
            text(Field::TransactionId).then_with(|| text(Field::Filename))
        });
        match self.order {
            Order::StartAscending => ascending,
            Order::StartDescending => ascending.reverse(),
        }
    }
}
