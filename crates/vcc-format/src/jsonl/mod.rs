//! JSON lines, for tools: one object of strings a line.
//!
//! A record is an object of its values by wire name, with extra values after the fifteen. An absent value
//! is left out (a reader also takes `null`). `serde` has the same form of a
//! [`Recording`](vcc_types::Recording). The readers also take an array of such objects, and values that
//! are no strings (QUIRK-19).

mod draft;
mod machine;
mod object;
mod step;
mod text;
mod write;

pub use write::Writer;

/// JSON lines, as a [`Format`](crate::Format).
///
/// ```
/// use vcc_format::{Reader, jsonl};
/// use vcc_types::Field;
///
/// let mut reader = Reader::<jsonl::JsonLines>::new(b"[{\"duration\":27}]");
/// let record = reader.read()?;
/// assert_eq!(record.as_ref().and_then(|record| record.get(Field::Duration)), Some("27"));
/// # Ok::<(), vcc_format::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub enum JsonLines {}

impl crate::Format for JsonLines {}
impl crate::machine::Sealed for JsonLines {
    type Machine = machine::Machine;
}

/// Reads JSON lines in memory.
///
/// ```
/// use vcc_format::jsonl;
/// use vcc_types::Field;
///
/// let reader = jsonl::Reader::new(b"{\"agentID\":\"bill\"}\n{\"agentID\":\"ann\"}\n");
/// let recordings: Result<Vec<_>, _> = reader.recordings().collect();
/// let recordings = recordings?;
/// let agents: Vec<_> = recordings.iter().map(|recording| recording.text(Field::AgentId)).collect();
/// assert_eq!(agents, ["bill", "ann"]);
/// # Ok::<(), vcc_format::Error>(())
/// ```
pub type Reader<'a, S = ()> = crate::Reader<'a, JsonLines, S>;

/// Reads JSON lines from a source, in constant memory.
///
/// ```
/// use vcc_format::{ErrorKind, jsonl};
///
/// let mut reader = jsonl::StreamReader::new(&b"{\"agentID\":\"bill\"}\n{\"agentID\":"[..]);
/// assert!(reader.read()?.is_some());
/// assert_eq!(reader.read().unwrap_err().kind(), ErrorKind::Truncated);
/// # Ok::<(), vcc_format::Error>(())
/// ```
pub type StreamReader<R, S = ()> = crate::StreamReader<R, JsonLines, S>;

/// Reads JSON lines piece by piece.
///
/// ```
/// use vcc_format::jsonl;
///
/// let mut decoder = jsonl::Decoder::new();
/// decoder.feed(b"{\"agentID\":\"b");
/// assert!(decoder.read()?.is_none());
/// decoder.feed(b"ill\"}");
/// assert!(decoder.read()?.is_some());
/// # Ok::<(), vcc_format::Error>(())
/// ```
pub type Decoder<S = ()> = crate::Decoder<JsonLines, S>;
