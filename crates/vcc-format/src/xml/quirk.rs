use std::io;

use vcc_types::{Field, Recording};

use super::name::is_name_start_byte;
use super::reference::{Reference, reference};
use super::write::check_name;
use crate::encoding::to_windows_1252;
use crate::scan::{escape_in_xml, forbidden_character};
use crate::{DeviationKind, WriteError};

/// Writes XML with mistakes in it, for testing clients: each kind of malformation on request.
///
/// A tolerant reader reads the same recordings from it and reports the kinds that were asked for.
/// The documentation's sample has two of them:
///
/// ```
/// use vcc_format::{DeviationKind, xml};
/// use vcc_types::{Field, Recording};
///
/// let kinds = [DeviationKind::EmptyEndTag, DeviationKind::PercentReference];
/// let mut writer = xml::QuirkWriter::new(Vec::new(), kinds);
/// writer.write(&Recording::new().with(Field::QueueName, "phoneq1"))?;
/// assert_eq!(String::from_utf8(writer.finish()?).unwrap(), "\
/// <?xml version='1.0' encoding='UTF-8' ?>
/// <recordings>
/// <file>
/// <queueName>phoneq1</>
/// </file>
/// %lt;/recordings>
/// ");
/// # Ok::<(), vcc_format::WriteError>(())
/// ```
#[derive(Debug)]
pub struct QuirkWriter<W> {
    destination: W,
    kinds: Vec<DeviationKind>,
    buf: Vec<u8>,
    records: u64,
}

impl<W: io::Write> QuirkWriter<W> {
    /// The kinds that can be asked for. The others are about CSV, or about what values say: for
    /// those, write such values.
    pub const KINDS: &'static [DeviationKind] = &[
        DeviationKind::EmptyEndTag,
        DeviationKind::PercentReference,
        DeviationKind::BareAmpersand,
        DeviationKind::UnknownReference,
        DeviationKind::MismatchedEndTag,
        DeviationKind::UnclosedElement,
        DeviationKind::StrayEndTag,
        DeviationKind::StrayText,
        DeviationKind::UnknownElement,
        DeviationKind::SpaceBeforeDeclaration,
        DeviationKind::InvalidEncoding,
        DeviationKind::RawLessThan,
        DeviationKind::RawCdataEnd,
        DeviationKind::MissingRecordEnd,
        DeviationKind::ControlCharacter,
        DeviationKind::CommentDashes,
    ];

    /// A writer that makes these mistakes wherever there is an occasion. Other kinds than those of
    /// [`KINDS`](Self::KINDS) do nothing.
    #[must_use]
    pub fn new(destination: W, kinds: impl IntoIterator<Item = DeviationKind>) -> Self {
        let kinds = kinds.into_iter().collect();
        let mut writer = Self { destination, kinds, buf: Vec::new(), records: 0 };
        if writer.makes(DeviationKind::SpaceBeforeDeclaration) {
            writer.buf.extend_from_slice(b"\n \n");
        }
        // QUIRK-3
        writer.line("<?xml version='1.0' encoding='UTF-8' ?>");
        writer.line("<recordings>");
        if writer.makes(DeviationKind::UnknownElement) {
            writer.line("<page number='1' />");
        }
        if writer.makes(DeviationKind::CommentDashes) {
            writer.line("<!-- list -- of recordings -->");
        }
        writer
    }

    fn makes(&self, kind: DeviationKind) -> bool {
        self.kinds.contains(&kind)
    }

    fn line(&mut self, text: &str) {
        self.buf.extend_from_slice(text.as_bytes());
        self.buf.push(b'\n');
    }

    /// Writes a record.
    ///
    /// # Errors
    ///
    /// As [`Writer::write`](super::Writer::write), but for values with control characters where
    /// those are asked for.
    pub fn write(&mut self, recording: &Recording) -> Result<(), WriteError> {
        self.records += 1;
        let start = self.buf.len();
        let result = self.record(recording);
        if result.is_err() {
            self.buf.truncate(start);
        } else {
            self.destination.write_all(&self.buf)?;
            self.buf.clear();
        }
        result
    }

    fn record(&mut self, recording: &Recording) -> Result<(), WriteError> {
        let values = Field::ALL.map(|field| recording.get(field));
        let fields = recording.fields().map(|(field, text)| (field.wire_name(), text));
        let extra = recording.extra().iter().map(|(name, text)| (name.as_str(), text.as_str()));
        let all: Vec<(&str, &str)> = fields.chain(extra).collect();
        for (name, _) in recording.extra() {
            check_name(self.records, name, &values)?;
        }
        self.line("<file>");
        for (index, (name, text)) in all.iter().enumerate() {
            if text.is_empty() {
                self.line(&format!("<{name} />"));
                continue;
            }
            self.buf.extend_from_slice(format!("<{name}>").as_bytes());
            self.text(name, text)?;
            let end = self.end_tag(name, index + 1 == all.len());
            self.buf.extend_from_slice(end.as_bytes());
            // After a field without an end tag, white space would be part of its value.
            if !end.is_empty() {
                self.buf.push(b'\n');
            }
        }
        if self.makes(DeviationKind::StrayEndTag) {
            self.line("</finishDate>");
        }
        if self.makes(DeviationKind::StrayText) {
            self.line(";");
        }
        if !self.makes(DeviationKind::MissingRecordEnd) {
            self.line("</file>");
        }
        Ok(())
    }

    /// The end tag of a field: `</>` for `queueName`, another name for `agentID`, none for the last
    /// field, each where it is asked for.
    fn end_tag(&self, name: &str, last: bool) -> String {
        if name == "queueName" && self.makes(DeviationKind::EmptyEndTag) {
            "</>".to_owned()
        } else if last && self.makes(DeviationKind::UnclosedElement) {
            String::new()
        } else if name == "agentID" && self.makes(DeviationKind::MismatchedEndTag) {
            "</agent>".to_owned()
        } else {
            format!("</{name}>")
        }
    }

    fn text(&mut self, name: &str, text: &str) -> Result<(), WriteError> {
        if !self.makes(DeviationKind::ControlCharacter)
            && let Some((position, character)) = forbidden_character(text)
        {
            let (record, field) = (self.records, name.to_owned());
            return Err(WriteError::Value { record, field, character, position });
        }
        let mut out = Vec::new();
        for (at, character) in text.char_indices() {
            let rest = &text.as_bytes()[at..];
            let raw = match character {
                '&' => match reference(rest) {
                    Reference::Bare => self.makes(DeviationKind::BareAmpersand),
                    Reference::Unknown(_) => self.makes(DeviationKind::UnknownReference),
                    Reference::Is(..) | Reference::Pair(..) => false,
                },
                '<' => {
                    let next = rest.get(1).copied().unwrap_or(b'/');
                    let text = !is_name_start_byte(next) && !matches!(next, b'/' | b'!' | b'?');
                    text && self.makes(DeviationKind::RawLessThan)
                }
                '>' => text[..at].ends_with("]]") && self.makes(DeviationKind::RawCdataEnd),
                _ => false,
            };
            if raw {
                out.push(character as u8);
            } else {
                escape_in_xml(&text[at..at + character.len_utf8()], &mut out);
            }
        }
        // QUIRK-8: the value in windows-1252, if that is then no UTF-8 by chance.
        if self.makes(DeviationKind::InvalidEncoding)
            && let Some(bytes) = core::str::from_utf8(&out).ok().and_then(to_windows_1252)
            && core::str::from_utf8(&bytes).is_err()
        {
            out = bytes;
        }
        self.buf.append(&mut out);
        Ok(())
    }

    /// Ends the document and gives the destination back.
    ///
    /// # Errors
    ///
    /// A destination that fails.
    pub fn finish(mut self) -> Result<W, WriteError> {
        let percent = self.makes(DeviationKind::PercentReference);
        self.line(if percent { "%lt;/recordings>" } else { "</recordings>" });
        self.break_off()
    }

    /// Gives the destination back without ending the document: it breaks off after the last
    /// record (QUIRK-7).
    ///
    /// # Errors
    ///
    /// A destination that fails.
    pub fn break_off(mut self) -> Result<W, WriteError> {
        self.destination.write_all(&self.buf)?;
        self.destination.flush()?;
        Ok(self.destination)
    }
}
