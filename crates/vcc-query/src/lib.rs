//! The query language of the Recordings API, in three pure steps.
//!
//! 1. **Parse** says what was written: [`Query::parse`].
//! 2. **Resolve** says what it means: [`Query::resolve`] gives a [`Selection`], plain data in
//!    absolute times.
//! 3. **Evaluate** says what it matches: [`Selection::matches`], [`Selection::page`].
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
//! Neither a clock is read nor any I/O done.

mod builder;
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
mod split;
mod text;
mod variable;
mod written;
mod zone;

pub use builder::QueryBuilder;
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
