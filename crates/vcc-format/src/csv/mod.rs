//! CSV: what the service answers when asked for `files.csv` (OUT-4).

mod fast;
mod finish;
mod header;
mod machine;
mod repair;
mod row;
mod write;

pub use write::Writer;

/// CSV, as a [`Format`](crate::Format).
#[derive(Clone, Copy, Debug)]
pub enum Csv {}

impl crate::Format for Csv {}
impl crate::machine::Sealed for Csv {
    type Machine = machine::Machine;
}

/// Reads CSV that is in memory.
pub type Reader<'a, S = ()> = crate::Reader<'a, Csv, S>;

/// Reads CSV from a source, in constant memory.
pub type StreamReader<R, S = ()> = crate::StreamReader<R, Csv, S>;

/// Reads CSV that is handed over piece by piece.
pub type Decoder<S = ()> = crate::Decoder<Csv, S>;
