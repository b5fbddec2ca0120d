use std::io;

use vcc_types::{Field, Recording};

use super::name::is_name;
use crate::scan::{escape_in_xml, forbidden_character, needs_escape_in_xml};
use crate::{Record, WriteError};

/// How much is collected before it goes to the destination.
const FLUSH: usize = 32 << 10;

/// Writes a list of recordings as XML (OUT-1, OUT-2).
///
/// The fields come in the documented order; one that is absent is left out, one that is empty is
/// written `<x />`, so that the two are still told apart when it is read back. Extra values follow
/// the fifteen fields.
///
/// What is written is collected and handed to the destination in larger pieces: call
/// [`finish`](Self::finish) at the end. A writer that is dropped without it leaves a document that
/// breaks off, which readers notice.
///
/// ```
/// use vcc_format::xml;
/// use vcc_types::{Field, Recording};
///
/// let mut writer = xml::Writer::new(Vec::new());
/// writer.write(&Recording::new().with(Field::AgentId, "AT&T").with(Field::WrapUpCode, ""))?;
/// let document = String::from_utf8(writer.finish()?).unwrap();
/// assert_eq!(document, "\
/// <?xml version=\"1.0\" encoding=\"UTF-8\"?>
/// <recordings>
/// <file>
/// <agentID>AT&amp;T</agentID>
/// <wrapUpCode />
/// </file>
/// </recordings>
/// ");
/// # Ok::<(), vcc_format::WriteError>(())
/// ```
#[derive(Debug)]
pub struct Writer<W> {
    destination: W,
    buf: Vec<u8>,
    records: u64,
}

pub(super) const HEAD: &[u8] = b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<recordings>\n";

impl<W: io::Write> Writer<W> {
    /// A writer of one document.
    #[must_use]
    pub fn new(destination: W) -> Self {
        Self { destination, buf: HEAD.to_vec(), records: 0 }
    }

    /// Writes a record.
    ///
    /// # Errors
    ///
    /// A value that XML cannot carry (OUT-6) or an extra value under a name that could not be read
    /// back: the record is left out, and the next one may follow. A destination that fails.
    pub fn write(&mut self, recording: &Recording) -> Result<(), WriteError> {
        let values = Field::ALL.map(|field| recording.get(field));
        let extra = recording.extra().iter().map(|(name, value)| (name.as_str(), value.as_str()));
        self.write_all(&values, extra)
    }

    /// Writes a record that borrows.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    pub fn write_record(&mut self, record: &Record<'_>) -> Result<(), WriteError> {
        self.write_all(&record.values(), record.extra())
    }

    /// Writes fifteen values in the documented order; `None` is absent. Nothing is allocated for
    /// a record.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write). With a `Vec<u8>` as the destination, only OUT-6.
    pub fn write_values(
        &mut self,
        values: &[Option<&str>; Field::COUNT],
    ) -> Result<(), WriteError> {
        self.write_all(values, std::iter::empty())
    }

    #[inline]
    fn write_all<'v>(
        &mut self,
        values: &[Option<&str>; Field::COUNT],
        extra: impl Iterator<Item = (&'v str, &'v str)>,
    ) -> Result<(), WriteError> {
        self.records += 1;
        let start = self.buf.len();
        if let Err(error) = record(&mut self.buf, self.records, values, extra) {
            self.buf.truncate(start);
            return Err(error);
        }
        if self.buf.len() >= FLUSH {
            self.hand_over()?;
        }
        Ok(())
    }

    fn hand_over(&mut self) -> io::Result<()> {
        let result = self.destination.write_all(&self.buf);
        self.buf.clear();
        result
    }

    /// Hands what is collected to the destination, and flushes that.
    ///
    /// # Errors
    ///
    /// A destination that fails.
    pub fn flush(&mut self) -> io::Result<()> {
        self.hand_over()?;
        self.destination.flush()
    }

    /// Ends the document and gives the destination back.
    ///
    /// # Errors
    ///
    /// A destination that fails.
    pub fn finish(mut self) -> Result<W, WriteError> {
        self.buf.extend_from_slice(b"</recordings>\n");
        self.flush()?;
        Ok(self.destination)
    }

    /// The destination, to which not everything may have been handed yet.
    #[must_use]
    pub fn get_ref(&self) -> &W {
        &self.destination
    }

    /// The destination, such as a `Vec<u8>` to be emptied of what has been handed to it so far.
    pub fn get_mut(&mut self) -> &mut W {
        &mut self.destination
    }
}

/// A tag of a field, padded so that copying it is a matter of a few words.
#[derive(Clone, Copy)]
struct Tag {
    bytes: [u8; 24],
    length: usize,
}

const fn tags(before: &[u8], after: &[u8]) -> [Tag; Field::COUNT] {
    let mut tags = [Tag { bytes: [0; 24], length: 0 }; Field::COUNT];
    let mut index = 0;
    while index < Field::COUNT {
        let parts = [before, Field::ALL[index].wire_name().as_bytes(), after];
        let mut part = 0;
        while part < parts.len() {
            let mut at = 0;
            while at < parts[part].len() {
                tags[index].bytes[tags[index].length] = parts[part][at];
                tags[index].length += 1;
                at += 1;
            }
            part += 1;
        }
        index += 1;
    }
    tags
}

static OPEN: [Tag; Field::COUNT] = tags(b"<", b">");
static CLOSE: [Tag; Field::COUNT] = tags(b"</", b">\n");
// QUIRK-3: as the documentation writes it.
static EMPTY: [Tag; Field::COUNT] = tags(b"<", b" />\n");

#[inline(always)]
fn put(buf: &mut Vec<u8>, tag: &Tag) {
    let length = buf.len() + tag.length;
    buf.extend_from_slice(&tag.bytes);
    buf.truncate(length);
}

#[inline]
fn record<'v>(
    buf: &mut Vec<u8>,
    number: u64,
    values: &[Option<&str>; Field::COUNT],
    extra: impl Iterator<Item = (&'v str, &'v str)>,
) -> Result<(), WriteError> {
    buf.extend_from_slice(b"<file>\n");
    for (index, text) in values.iter().enumerate() {
        match text {
            None => {}
            Some("") => put(buf, &EMPTY[index]),
            Some(value) => {
                put(buf, &OPEN[index]);
                text_of(buf, value)
                    .map_err(|found| refused(number, Field::ALL[index].wire_name(), found))?;
                put(buf, &CLOSE[index]);
            }
        }
    }
    for (name, value) in extra {
        check_name(number, name, values)?;
        let (name_bytes, empty) = (name.as_bytes(), value.is_empty());
        buf.push(b'<');
        buf.extend_from_slice(name_bytes);
        buf.extend_from_slice(if empty { b" />\n" } else { b">" });
        if !empty {
            text_of(buf, value).map_err(|found| refused(number, name, found))?;
            buf.extend_from_slice(b"</");
            buf.extend_from_slice(name_bytes);
            buf.extend_from_slice(b">\n");
        }
    }
    buf.extend_from_slice(b"</file>\n");
    Ok(())
}

#[cold]
fn refused(record: u64, field: &str, (position, character): (usize, char)) -> WriteError {
    WriteError::Value { record, field: field.to_owned(), character, position }
}

/// Refuses names that would be read back as something else.
pub(super) fn check_name(
    record: u64,
    name: &str,
    values: &[Option<&str>; Field::COUNT],
) -> Result<(), WriteError> {
    let reason = match Field::from_wire_name(name) {
        // A second value of a field that is there is read back as an extra one.
        Some(field) if values[field.index()].is_none() => "it is the name of a field",
        Some(_) => return Ok(()),
        None if matches!(name, "file" | "recordings") => "the list itself uses that name",
        None if !is_name(name) => "an XML element cannot have that name",
        None => return Ok(()),
    };
    Err(WriteError::Name { record, name: name.to_owned(), reason })
}

/// Writes a value, or says which character of it XML cannot carry.
#[inline]
fn text_of(buf: &mut Vec<u8>, text: &str) -> Result<(), (usize, char)> {
    if !needs_escape_in_xml(text.as_bytes()) {
        buf.extend_from_slice(text.as_bytes());
        return Ok(());
    }
    // OUT-6
    if let Some(found) = forbidden_character(text) {
        return Err(found);
    }
    escape_in_xml(text, buf);
    Ok(())
}
