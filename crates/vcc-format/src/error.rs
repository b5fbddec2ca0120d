use core::fmt;
use std::io;

use vcc_types::Recording;

use crate::DeviationKind;
use crate::locate::Place;

/// Why a reader stopped. All records before were delivered; the reader gives no more.
///
/// ```
/// use vcc_format::xml;
/// use vcc_types::{Field, Recording};
///
/// let input = b"<recordings><file><agentID>bill</agentID><queueName>Sal";
/// let error = xml::Reader::new(input).read().unwrap_err();
/// assert_eq!((error.clause(), error.offset()), (Some("QUIRK-7"), 55));
/// assert_eq!(error.open(), ["recordings", "file", "queueName"]);
/// // Only finished values are given.
/// assert_eq!(error.partial(), Some(&Recording::new().with(Field::AgentId, "bill")));
/// ```
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    place: Place,
    message: String,
    record: Option<u64>,
    open: Vec<String>,
    partial: Option<Recording>,
    source: Option<io::Error>,
}

/// The kinds of [`Error`].
///
/// ```
/// use vcc_format::{DeviationKind, ErrorKind, Options, xml};
///
/// let kind = |input: &'static [u8]| {
///     let mut reader = xml::Reader::with(input, Options::strict(), ());
///     reader.find_map(Result::err).map(|error| error.kind())
/// };
/// assert_eq!(kind(b"<recordings/>"), None);
/// assert_eq!(kind(b"<recordings></>"), Some(ErrorKind::Deviation(DeviationKind::EmptyEndTag)));
/// assert_eq!(kind(b"<recordings>"), Some(ErrorKind::Truncated));
/// assert_eq!(kind(b"<html>"), Some(ErrorKind::NotRecordings));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Strict mode met what tolerant mode would have repaired.
    Deviation(DeviationKind),
    /// The input ended before the document did (QUIRK-7).
    Truncated,
    /// The input is something else: empty, plain text, a page of HTML, a list of other things.
    NotRecordings,
    /// This cannot stand here, and no quirk covers it.
    Syntax,
    /// The document declares an encoding that is not supported.
    Encoding,
    /// Something follows the end of the document.
    TrailingContent,
    /// A record, or a piece of markup between records, is longer than the limit.
    RecordTooLong,
    /// A record has more values than the limit.
    TooManyFields,
    /// A record or a header has more extra values than the limit.
    TooManyExtra,
    /// More elements are open than the limit.
    TooDeep,
    /// The source could not be read.
    Io,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, place: Place, message: String) -> Self {
        Self(Box::new(Inner {
            kind,
            place,
            message,
            record: None,
            open: Vec::new(),
            partial: None,
            source: None,
        }))
    }

    pub(crate) fn io(source: io::Error, place: Place) -> Self {
        let mut error = Self::new(ErrorKind::Io, place, source.to_string());
        error.0.source = Some(source);
        error
    }

    pub(crate) fn context(
        mut self,
        record: Option<u64>,
        open: Vec<String>,
        partial: Option<Recording>,
    ) -> Self {
        self.0.record = record;
        self.0.open = open;
        self.0.partial = partial;
        self
    }

    /// The kind.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The clause about it, if there is one.
    #[must_use]
    pub fn clause(&self) -> Option<&'static str> {
        match self.0.kind {
            ErrorKind::Deviation(kind) => Some(kind.clause()),
            ErrorKind::Truncated => Some("QUIRK-7"),
            ErrorKind::Encoding => Some("QUIRK-13"),
            _ => None,
        }
    }

    /// The byte at which it was noticed, from 0.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.0.place.offset
    }

    /// The line of that byte, from 1.
    #[must_use]
    pub fn line(&self) -> u64 {
        self.0.place.line
    }

    /// The character of that line, from 1.
    #[must_use]
    pub fn column(&self) -> u64 {
        self.0.place.column
    }

    /// The record that was being read, from 1; `None` between records.
    #[must_use]
    pub fn record(&self) -> Option<u64> {
        self.0.record
    }

    /// The elements that were open, the outermost first. For CSV, the column of an open quote.
    #[must_use]
    pub fn open(&self) -> &[String] {
        &self.0.open
    }

    /// The complete values of the record that was being read (QUIRK-7).
    #[must_use]
    pub fn partial(&self) -> Option<&Recording> {
        self.0.partial.as_ref()
    }

    /// What was expected and what was found, without the place.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }
}

impl fmt::Display for Error {
    /// One line: place, message, and the open elements (the first and the last of many).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { place, message, open, .. } = &*self.0;
        write!(f, "line {}, column {} (byte {})", place.line, place.column, place.offset)?;
        write!(f, ": {message}")?;
        if !open.is_empty() {
            let (first, last) = match open.len() {
                0..=6 => (&open[..], &[][..]),
                length => (&open[..3], &open[length - 2..]),
            };
            write!(f, "; open: {}", first.join(" > "))?;
            if !last.is_empty() {
                write!(f, " > … > {}", last.join(" > "))?;
            }
        }
        match self.clause() {
            Some(clause) => write!(f, " ({clause})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_ref().map(|source| source as _)
    }
}

/// Why a writer stopped. A refused record leaves nothing in the document, so the next one may follow.
///
/// ```
/// use vcc_format::{WriteError, xml};
/// use vcc_types::{Field, Recording};
///
/// let mut writer = xml::Writer::new(Vec::new());
/// let error = writer.write(&Recording::new().with(Field::CaseId, "é\0")).unwrap_err();
/// assert!(matches!(error, WriteError::Value { record: 1, character: '\0', position: 2, .. }));
/// writer.write(&Recording::new().with(Field::CaseId, "7"))?;
/// let list = writer.finish()?;
/// assert!(list.ends_with(b"<recordings>\n<file>\n<caseID>7</caseID>\n</file>\n</recordings>\n"));
/// # Ok::<(), WriteError>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum WriteError {
    /// A value holds a character that XML 1.0 cannot carry (OUT-6).
    Value {
        /// The record, from 1.
        record: u64,
        /// The field, or the name of the extra value.
        field: String,
        /// The character.
        character: char,
        /// Its byte offset in the value.
        position: usize,
    },
    /// An extra value could not be read back under its name.
    Name {
        /// The record, from 1.
        record: u64,
        /// The name.
        name: String,
        /// Why not.
        reason: &'static str,
    },
    /// The destination failed.
    Io(io::Error),
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WriteError::Value { record, field, character, position } => {
                let code = u32::from(*character);
                write!(
                    f,
                    "record {record}, {field}: U+{code:04X} at byte {position} of the value "
                )?;
                f.write_str("cannot be written: XML 1.0 has no such character (OUT-6)")
            }
            WriteError::Name { record, name, reason } => {
                write!(f, "record {record}: the extra value {name:?} cannot be written: {reason}")
            }
            WriteError::Io(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for WriteError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            WriteError::Io(error) => Some(error),
            _ => None,
        }
    }
}

impl From<io::Error> for WriteError {
    fn from(error: io::Error) -> Self {
        WriteError::Io(error)
    }
}
