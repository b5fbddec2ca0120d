#![doc = include_str!("../README.md")]

mod check;
pub mod csv;
mod deviation;
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
/// How much work a reader does, for the fuzz target that weighs it against the input.
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
