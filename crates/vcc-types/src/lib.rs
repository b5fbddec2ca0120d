//! What a call recording of the Virtual Contact Center is.
//!
//! A contact center answers and makes calls for its customers: a caller reaches a *channel* (the
//! number called), waits in a *queue*, and talks to an *agent*. Each of these calls may be recorded. The
//! Recordings API lists **metadata** about the recordings: who spoke with whom, when, for how long,
//! and the name of the audio file. It serves no audio.
//!
//! A [`Recording`] is one entry of such a list. It has fifteen fields, each a text; [`Field`] is the
//! table of them. Two of them also have a typed reading:
//!
//! * `startDate` says when the recording started, as ISO 8601 with the offset of a zone
//!   ([`StartDate`]). A start without an offset is kept, but is no instant.
//! * `duration` says how many whole seconds it lasted. Start and duration give the *finish*, which
//!   is not a field of its own ([`Recording::finish`]).
//!
//! A value is never corrected: what cannot be read stays as the text that was sent, and the typed
//! reading is `None`. A field may be absent or empty; queries make no difference between the two.
//!
//! ```
//! use vcc_types::{CallType, Field, Recording};
//!
//! let recording = Recording::new()
//!     .with(Field::StartDate, "2007-12-19T19:16:36-08:00")
//!     .with(Field::Channel, "#virtual_outbound#")
//!     .with(Field::Duration, "27");
//!
//! assert_eq!(recording.call_type(), CallType::Outbound);
//! assert_eq!(recording.finish().unwrap().to_rfc3339(), "2007-12-19T19:17:03-08:00");
//! assert_eq!(recording.get(Field::AgentId), None);
//! ```
//!
//! # Who called whom
//!
//! [`CallType`] reads from the channel whether a call was inbound, outbound or made to an agent
//! directly. The other fields depend on it: `phoneNumber` is the caller's, or the number that the
//! agent dialled. The type is open, since servers may send further kinds.
//!
//! [`RecordingName`] reads what the name of an audio file says about the start, in UTC.
//!
//! # Where servers differ
//!
//! The documentation of the API leaves points open, and contradicts itself in some. Each of them is a
//! switch of a [`Dialect`]; its defaults are what this project does. The conformance suite finds out
//! how a server behaves and prints its dialect; queries, documents and the reference server then do
//! as that server does.
//!
//! # What else is here
//!
//! * [`Row`]: the few questions that matching asks of a record, to implement for row types of your own.
//! * [`parse_duration`]: the number that a duration is.
//! * [`Host`]: the hosts that the documentation names.
//! * [`TokenForm`]: whether a token is one of this project, and was copied whole.
//!
//! This is the leaf of the workspace: no I/O, no clock, and nothing that reads a query, XML or CSV. For
//! those see `vcc-query` and `vcc-format`.
//!
//! # Clauses
//!
//! Ids such as `DATE-6` or `FIELD-4` name clauses of the project's specification, `SPEC.md`, which
//! quotes the sentence of the documentation that each rests on.
//!
//! # Features
//!
//! * `serde`: `Recording` as a JSON object of strings, `Dialect` as a table of switches.
//! * `arbitrary`: random values for fuzz targets.

mod call_type;
mod dialect;
mod duration;
mod field;
mod host;
mod recording;
mod recording_name;
mod row;
#[cfg(feature = "serde")]
mod serde;
mod start_date;
mod token_form;
mod xml_character;

pub use call_type::CallType;
pub use dialect::{
    BadCredentials, Dialect, DialectError, EmptyValue, EqualEnds, FutureConstants, IgnoredFinish,
    NoCredentials, Order, Plus, RangeEnd, RangeEndInstant, RepeatedVariable, ResponseZone,
    ReversedRange, Switch, TimedSingle, TrailingQuote, UnknownVariable, UtcOffset, ZeroOffset,
};
pub use duration::{DurationError, parse_duration};
pub use field::{Field, UnknownField};
pub use host::Host;
pub use recording::Recording;
pub use recording_name::RecordingName;
pub use row::Row;
pub use start_date::{StartDate, StartDateError};
pub use token_form::TokenForm;
pub use xml_character::is_xml_character;

/// The README's Rust is run with the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
