//! XML: what the service answers by default (OUT-1, OUT-2).

mod ahead;
mod around;
mod attributes;
mod blank;
mod check;
mod declaration;
mod doctype;
mod draft;
mod ending;
mod excerpt;
mod fast;
mod field;
mod finish;
mod glance;
mod lead;
#[cfg(test)]
mod linear;
mod list;
mod lookup;
mod machine;
mod markup;
mod name;
mod nested;
mod notes;
mod outer;
mod pass;
mod quirk;
mod record;
mod reference;
mod scanner;
mod start;
mod step;
mod tag;
mod trial;
mod trouble;
mod unclosed;
mod value;
mod write;

pub use quirk::QuirkWriter;
pub use write::Writer;

#[cfg(feature = "serde")]
pub(crate) use blank::{Blank, blank};
pub(crate) use excerpt::shorten;
pub(crate) use start::other_unicode;
pub(crate) use value::forbidden;

/// XML, as a [`Format`](crate::Format).
///
/// ```
/// use vcc_format::{ErrorKind, Reader, xml};
///
/// // An empty list is a document; no bytes at all are none.
/// let mut reader: xml::Reader<'_> = Reader::<xml::Xml>::new(b"<recordings/>");
/// assert!(reader.read()?.is_none());
/// let error = xml::Reader::new(b"").read().unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::NotRecordings);
/// # Ok::<(), vcc_format::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub enum Xml {}

impl crate::Format for Xml {}
impl crate::machine::Sealed for Xml {
    type Machine = machine::Machine;
}

/// Reads XML that is in memory.
///
/// ```
/// use vcc_format::xml;
/// use vcc_types::{Field, Recording};
///
/// let input = b"<recordings><file><queueName><![CDATA[Q&A]]> &lt;1&gt;</queueName>\
///     <wrapUpCode /></file></recordings>";
/// let expected = Recording::new().with(Field::QueueName, "Q&A <1>").with(Field::WrapUpCode, "");
/// let record = xml::Reader::new(input).recordings().next().transpose()?;
/// assert_eq!(record, Some(expected));
/// # Ok::<(), vcc_format::Error>(())
/// ```
pub type Reader<'a, S = ()> = crate::Reader<'a, Xml, S>;

/// Reads a list whole or not at all: see [`read_page`](crate::read_page).
///
/// ```
/// use vcc_format::{Options, xml};
///
/// let page = xml::read_page(b"<recordings><file /></recordings>", Options::tolerant())?;
/// assert_eq!(page.recordings.len(), 1);
/// assert!(xml::read_page(b"<recordings><file />", Options::tolerant()).is_err());
/// # Ok::<(), vcc_format::Error>(())
/// ```
///
/// # Errors
///
/// As [`read_page`](crate::read_page).
pub fn read_page(document: &[u8], options: crate::Options) -> Result<crate::Page, crate::Error> {
    crate::read_page::<Xml>(document, options)
}

/// Reads XML from a source, in constant memory.
///
/// ```
/// use vcc_format::{ErrorKind, xml};
///
/// let source = &b"<recordings><file /></recordings><recordings><file /></recordings><files />"[..];
/// let mut reader = xml::StreamReader::new(source);
/// // Documents joined end to end are read on (QUIRK-17).
/// assert!(reader.read()?.is_some());
/// assert!(reader.read()?.is_some());
/// // Anything else behind the last one is an error.
/// let error = reader.read().unwrap_err();
/// assert_eq!((error.kind(), error.offset()), (ErrorKind::TrailingContent, 66));
/// # Ok::<(), vcc_format::Error>(())
/// ```
pub type StreamReader<R, S = ()> = crate::StreamReader<R, Xml, S>;

/// Reads XML that is handed over piece by piece.
///
/// ```
/// use vcc_format::{ErrorKind, xml};
///
/// let mut decoder = xml::Decoder::new();
/// decoder.feed(b"<recordings><file />");
/// assert!(decoder.read()?.is_some());
/// assert!(decoder.read()?.is_none());
/// // That the list has no end tag only the end can tell.
/// decoder.finish();
/// assert_eq!(decoder.read().unwrap_err().kind(), ErrorKind::Truncated);
/// # Ok::<(), vcc_format::Error>(())
/// ```
pub type Decoder<S = ()> = crate::Decoder<Xml, S>;
