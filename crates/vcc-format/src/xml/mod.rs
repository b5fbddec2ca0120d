//! XML: what the service answers by default (OUT-1, OUT-2).

mod declaration;
mod fast;
mod field;
mod finish;
mod list;
mod machine;
mod markup;
mod quirk;
mod record;
mod start;
mod tag;
mod value;
mod write;

pub use quirk::QuirkWriter;
pub use write::Writer;

pub(crate) use start::{other_unicode, shorten};
pub(crate) use value::forbidden;

/// XML, as a [`Format`](crate::Format).
#[derive(Clone, Copy, Debug)]
pub enum Xml {}

impl crate::Format for Xml {}
impl crate::machine::Sealed for Xml {
    type Machine = machine::Machine;
}

/// Reads XML that is in memory.
pub type Reader<'a, S = ()> = crate::Reader<'a, Xml, S>;

/// Reads XML from a source, in constant memory.
pub type StreamReader<R, S = ()> = crate::StreamReader<R, Xml, S>;

/// Reads XML that is handed over piece by piece.
pub type Decoder<S = ()> = crate::Decoder<Xml, S>;
