//! Recordings as documents: XML, CSV and JSON lines.
//!
//! A server of the Recordings API answers with a list of recordings, as XML or as CSV. In theory
//! any parser reads them. In practice the documentation's own sample is not well-formed, servers leave
//! out end tags, spreadsheets save CSV with `;` between the values, and pages are joined end to end.
//! The readers here get every record out of what is really sent. They make only the repairs that a
//! clause allows, and report each one. The writers produce what every parser accepts.
//!
//! ```
//! use vcc_format::{Deviation, Options, xml};
//! use vcc_types::Field;
//!
//! let input = b"<recordings><file><agentID>bill</><queueName>Sales & Service</queueName></file></recordings>";
//! let mut deviations: Vec<Deviation> = Vec::new();
//! let mut reader = xml::Reader::with(input, Options::tolerant(), &mut deviations);
//! let record = reader.read()?.unwrap();
//! assert_eq!(record.get(Field::QueueName), Some("Sales & Service"));
//! drop(reader);
//! assert_eq!(
//!     deviations[0].to_string(),
//!     r#"line 1, column 32: empty-end-tag (QUIRK-1) read as "</agentID>""#
//! );
//! # Ok::<(), vcc_format::Error>(())
//! ```
//!
//! # Reading
//!
//! The formats are the modules [`xml`], [`csv`] and `jsonl` (feature `serde`). Each has the same three
//! readers; they differ in where the bytes come from:
//!
//! * [`Reader`]: a document in memory. Its [`Record`]s borrow from it.
//! * [`StreamReader`]: a source of any size, with memory for one record.
//! * [`Decoder`]: pieces that you feed, for code that does its own I/O.
//!
//! All give the same records, repairs and errors for the same bytes, wherever those are cut into pieces. To
//! keep a record, make it a [`Recording`](vcc_types::Recording) by [`Record::to_recording`], or read by
//! `recordings()` of each reader. [`read_page`] reads a document whole or not at all, for clients that
//! must not take the records before a cut for all of them.
//!
//! # Tolerant or strict
//!
//! [`Options`] choose a [`Mode`]. A tolerant reader hands each repair to a [`Sink`] as a
//! [`Deviation`]: which of the [kinds](DeviationKind), where, what stood there and what it was read
//! as. A strict reader refuses it with an [`Error`] of the same name. There is no general leniency: both
//! refuse what has no kind. [`Limits`] bound one record. No entity is expanded, nothing recurses, and
//! the time is linear in the input.
//!
//! The [README](_documentation::readme) says how the readers decide where the clauses leave room.
//!
//! # Writing
//!
//! [`xml::Writer`], [`csv::Writer`] and `jsonl::Writer` write any number of recordings as one document.
//! What XML cannot carry is refused with a [`WriteError`] that names the record and the field.
//! [`xml::QuirkWriter`] writes malformed documents on request, for tests of readers.
//!
//! # Features
//!
//! `serde`: `jsonl`, one JSON object a line.

mod check;
pub mod csv;
mod deviation;
mod driver;
mod encoding;
mod error;
mod intake;
#[cfg(feature = "serde")]
pub mod jsonl;
mod locate;
mod machine;
mod options;
mod page;
mod parts;
mod read;
mod record;
mod scan;
#[cfg(not(fuzzing))]
mod steps;
/// Counts the work of a reader, for the fuzz target that compares it with the input.
#[cfg(fuzzing)]
pub mod steps;
pub mod xml;

pub use deviation::{Deviation, DeviationKind, Sink, UnknownDeviation};
pub use error::{Error, ErrorKind, WriteError};
pub use machine::Format;
pub use options::{Limits, Mode, Options, OptionsBuilder};
pub use page::{Page, read_page};
pub use read::{Decoder, Reader, StreamReader};
pub use record::Record;

/// Pages to read, and no code.
pub mod _documentation {
    #[doc = include_str!("../README.md")]
    pub mod readme {}
}
