//! CSV, as the service answers for `files.csv` (OUT-4).

mod cell;
mod delimiter;
mod fast;
mod finish;
mod forms;
mod header;
mod heading;
mod line;
#[cfg(test)]
mod linear;
mod machine;
mod names;
mod repair;
mod report;
mod row;
mod seam;
mod write;

pub use write::Writer;

/// CSV, as a [`Format`](crate::Format).
///
/// ```
/// use vcc_format::{Deviation, Options, Reader, csv::Csv};
///
/// // No bytes at all are no records, and a deviation; in XML they are an error.
/// let mut seen: Vec<Deviation> = Vec::new();
/// assert!(Reader::<Csv, _>::with(b"", Options::tolerant(), &mut seen).read()?.is_none());
/// assert_eq!(
///     seen[0].to_string(),
///     r#"line 1, column 1: no-header (QUIRK-9) read as "no records""#
/// );
/// # Ok::<(), vcc_format::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub enum Csv {}

impl crate::Format for Csv {}
impl crate::machine::Sealed for Csv {
    type Machine = machine::Machine;
}

/// Reads CSV in memory.
///
/// ```
/// use vcc_format::csv;
/// use vcc_types::{Field, Recording};
///
/// // Values go by column name, and a column that is missing makes its field absent.
/// let mut reader = csv::Reader::new(b"site,duration,agentID\r\n7,,bill\r\n");
/// let mut expected = Recording::new().with(Field::AgentId, "bill").with(Field::Duration, "");
/// expected.push_extra("site", "7");
/// assert_eq!(reader.read()?.map(|record| record.to_recording()), Some(expected));
/// # Ok::<(), vcc_format::Error>(())
/// ```
pub type Reader<'a, S = ()> = crate::Reader<'a, Csv, S>;

/// Reads CSV from a source, in constant memory.
///
/// ```
/// use vcc_format::{Deviation, DeviationKind, Options, csv};
///
/// let source = &b"agentID\nann\nbill\n"[..];
/// let seen: Vec<Deviation> = Vec::new();
/// let mut reader = csv::StreamReader::with(source, Options::tolerant(), seen);
/// while reader.read()?.is_some() {}
/// let seen = reader.into_sink();
/// // Once a document, however many rows end so.
/// let line_feeds = seen.iter().filter(|seen| seen.kind == DeviationKind::LineFeed);
/// assert_eq!(line_feeds.map(|seen| seen.line).collect::<Vec<_>>(), [1]);
/// # Ok::<(), vcc_format::Error>(())
/// ```
pub type StreamReader<R, S = ()> = crate::StreamReader<R, Csv, S>;

/// Reads CSV piece by piece.
///
/// ```
/// use vcc_format::csv;
///
/// let mut decoder = csv::Decoder::new();
/// decoder.feed(b"agentID\r\nann\r\nbi");
/// assert!(decoder.read()?.is_some());
/// // Whether `bi` is the whole row only the end can tell.
/// assert!(decoder.read()?.is_none());
/// decoder.finish();
/// assert_eq!(decoder.read()?.map(|record| record.values()[1] == Some("bi")), Some(true));
/// # Ok::<(), vcc_format::Error>(())
/// ```
pub type Decoder<S = ()> = crate::Decoder<Csv, S>;
