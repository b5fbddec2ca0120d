//! The query language of the Recordings API.
//!
//! A client asks for a list of recordings with a query: what follows the `?` of a URL. `d` names a day
//! or a range in which the recordings started, `start-date` and `finish-date` look one up by its time,
//! give or take five seconds, fields such as `agentID` must hold a value, and `n` is the number of the
//! first record of the page. All that is given must hold at once.
//!
//! ```text
//! d=2007-08-05&tz=America/New_York&agentID=bill
//! d=today-1d,today&channel=%23virtual_outbound%23&n=51
//! start-date=2007-12-19T19:16:36-08:00
//! ```
//!
//! What it means depends on three things that are not in it: what time it is, which zone the tenant is
//! in, and how the server reads the points that the documentation leaves open. Hence three pure steps:
//!
//! 1. **Parse** says what was written: [`Query::parse`] gives a [`Query`], which keeps `today-1d` as
//!    it is, prints back, and is also what a client [builds](Query::builder).
//! 2. **Resolve** says what it means: [`Query::resolve`] takes a [`Context`] and gives a
//!    [`Selection`], plain data in absolute times.
//! 3. **Evaluate** says what it matches: [`Selection::matches`] asks one record, and
//!    [`Selection::page`] takes a page out of many.
//!
//! ```
//! use vcc_query::{Context, Query, Zone};
//! use vcc_types::{Dialect, Field, Recording};
//!
//! let query = Query::parse("d=2007-08-05&tz=America/New_York&agentID=bill")?;
//! let selection = query.resolve(&Context {
//!     now: "2007-12-19T00:00:00Z".parse().unwrap(),
//!     tenant_tz: "America/Los_Angeles".parse()?,
//!     dialect: Dialect::default(),
//! })?;
//! let window = selection.window.unwrap();
//! assert_eq!(window.from.to_rfc3339(), "2007-08-05T04:00:00+00:00");
//! assert_eq!(window.until.to_rfc3339(), "2007-08-06T04:00:00+00:00");
//!
//! let recording = Recording::new()
//!     .with(Field::StartDate, "2007-08-05T23:59:59-04:00")
//!     .with(Field::AgentId, "bill");
//! assert!(selection.matches(&recording));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Dates
//!
//! Two rules carry all of them.
//!
//! * A local date-time means **the first instant at which the zone's wall clock reads that text or
//!   later**. So midnight in a gap is the end of the gap, a time that occurs twice is the first, and
//!   a skipped day is empty.
//! * A text written to some precision names the period from its own instant to the instant of **the
//!   next text of the same precision**: `2007` that year, `2007-08-05 13` that hour.
//!
//! A [`Written`] is a date as it was written, with its [`Precision`]; [`Dates`] is the value of `d`.
//!
//! # Zones
//!
//! A [`Zone`] is a name of the tz database and its rules. [`BuiltIn`] has all of them, from the newest
//! release when this was built; [`ZoneTable`] reads a compiled file of your own, and [`ZoneData`] and
//! [`ZoneRules`] are for anything else.
//!
//! # Servers
//!
//! * [`Request`] reads a path and a query; [`QueryError::status`] is the HTTP status of a refusal.
//! * [`Parser`] reads by another [`Dialect`], with other zones or within other limits.
//! * [`QueryError`] says in one line what would have been accepted, and
//!   [points](QueryError::render) at the place. [`render_redacted`](QueryError::render_redacted) shows
//!   no other value.
//! * [`Selection::explain`] says in words and absolute times what a query matches, and
//!   [`Selection::notes`] what may have been meant otherwise. [`Window::changes`] has the jumps of the
//!   clock in it, and [`Window::length`] its length: a day may have 23 or 25 hours.
//! * [`Row`] lets your own row type be matched.
//!
//! # Clients
//!
//! * [`QueryBuilder`] makes queries that are encoded as every server reads them.
//! * [`Pages`] says what to ask next, page after page, and when to stop. A list of `today` stays the
//!   same list also across midnight, by [`Query::pinned`].
//!
//! Neither a clock is read nor any I/O done.
//!
//! # Features
//!
//! * `serde`: [`Selection`], [`Query`], [`Zone`] and their parts as plain data.
//! * `chrono-tz`: `ChronoTz`, a second source of zone rules.

mod builder;
mod changes;
mod date;
mod decode;
mod error;
mod explain;
mod filters;
mod nanosecond;
mod pages;
mod parser;
mod pin;
mod print;
mod query;
mod read;
mod render;
mod request;
mod resolve;
mod scan;
mod selection;
#[cfg(feature = "serde")]
mod serde;
mod span;
mod split;
mod text;
mod variable;
mod written;
mod zone;

pub use builder::QueryBuilder;
pub use changes::{Change, Length};
pub use error::{QueryError, QueryErrorKind};
pub use pages::Pages;
pub use parser::{Parser, ParserBuilder};
pub use query::{Dates, Query};
pub use request::{Request, Resource, ResponseFormat};
pub use resolve::Context;
pub use selection::{Edge, Filter, Near, Note, Selection, Wanted, Window};
pub use text::Text;
pub use written::{Date, Precision, Timed, Written};
#[cfg(feature = "chrono-tz")]
pub use zone::ChronoTz;
pub use zone::{
    BuiltIn, Stretch, UnknownZone, Zone, ZoneData, ZoneRules, ZoneTable, ZoneTableError,
};

#[doc(no_inline)]
pub use vcc_types::{Dialect, Field, Order, Row};

/// The README's Rust is run with the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
