//! What a call recording of the Virtual Contact Center is.
//!
//! The Recordings API lists **metadata** about call recordings: who spoke with whom, when, for how
//! long, and the name of the audio file. This crate holds the nouns that every other crate of the
//! workspace shares and nothing that reads a query, XML or CSV:
//!
//! | item | says |
//! |---|---|
//! | [`Recording`] | one record: fifteen fields, plus whatever else a server sent |
//! | [`Field`] | the table of those fields: name in a response, name in a query, meaning |
//! | [`Row`] | the few questions that matching asks of a record, for row types of your own |
//! | [`CallType`] | inbound, outbound, direct agent access, or a kind not known yet |
//! | [`RecordingName`] | what the file name of a recording says about its start |
//! | [`StartDate`] | the `startDate` of a response, with its offset |
//! | [`Host`] | the hosts that the documentation names |
//! | [`TokenForm`] | whether a token is one of this project, and copied as it was made |
//! | [`Dialect`] | the points that the documentation leaves open, as switches |
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
//! # Features
//!
//! * `serde`: `Recording` as a JSON object of strings, `Dialect` as a table of switches.
//! * `arbitrary`: random values for fuzz targets.

mod call_type;
mod dialect;
mod field;
mod host;
mod recording;
mod recording_name;
mod row;
#[cfg(feature = "serde")]
mod serde;
mod start_date;
mod token_form;

pub use call_type::CallType;
pub use dialect::{
    BadCredentials, Dialect, DialectError, EmptyValue, EqualEnds, FutureConstants, IgnoredFinish,
    NoCredentials, Order, Plus, RangeEnd, RangeEndInstant, RepeatedVariable, ResponseZone,
    ReversedRange, Switch, TimedSingle, TrailingQuote, UnknownVariable, UtcOffset, ZeroOffset,
};
pub use field::{Field, UnknownField};
pub use host::Host;
pub use recording::Recording;
pub use recording_name::RecordingName;
pub use row::Row;
pub use start_date::{StartDate, StartDateError};
pub use token_form::TokenForm;
