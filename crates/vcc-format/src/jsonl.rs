//! JSON lines, for tools: one object of strings a line.
//!
//! A record is an object of its values by wire name, extra values after the fifteen; a value that
//! is absent is left out (or `null`, when read). This is what `serde` makes of a
//! [`Recording`].

use std::io::{self, BufRead};

use vcc_types::{Field, Recording};

use crate::locate::Place;
use crate::scan::forbidden_character;
use crate::{Error, ErrorKind, Limits, WriteError};

/// Reads a recording from each line. Blank lines are passed over.
///
/// ```
/// use vcc_format::jsonl;
/// use vcc_types::Field;
///
/// let mut reader = jsonl::Reader::new(&b"{\"agentID\":\"bill\"}\n{\"agentID\":\"ann\"}\n"[..]);
/// let agents: Result<Vec<_>, _> =
///     reader.map(|record| record.map(|record| record.text(Field::AgentId).to_owned())).collect();
/// assert_eq!(agents?, ["bill", "ann"]);
/// # Ok::<(), vcc_format::Error>(())
/// ```
#[derive(Debug)]
pub struct Reader<R> {
    source: R,
    line: Vec<u8>,
    limit: u32,
    place: Place,
    records: u64,
    done: bool,
}

impl<R: BufRead> Reader<R> {
    /// A reader with the default limits.
    #[must_use]
    pub fn new(source: R) -> Self {
        Self::with_limits(source, Limits::default())
    }

    /// A reader of lines up to [`Limits::record_bytes`]; the other limits do not apply.
    #[must_use]
    pub fn with_limits(source: R, limits: Limits) -> Self {
        let limit = limits.record_bytes;
        let (line, place) = (Vec::new(), Place::START);
        Self { source, line, limit, place, records: 0, done: false }
    }

    /// Reads the next recording; `None` after the last.
    ///
    /// # Errors
    ///
    /// A line that is no object of strings, holds a character that XML cannot carry (OUT-6), or is
    /// too long; a source that fails. After an error there is nothing more to read: `None`.
    pub fn read(&mut self) -> Result<Option<Recording>, Error> {
        while !self.done {
            self.place.advance(&self.line);
            self.line.clear();
            let limit = u64::from(self.limit) + 1;
            let result = io::Read::take(&mut self.source, limit).read_until(b'\n', &mut self.line);
            if let Err(error) = result {
                self.done = true;
                return Err(Error::io(error, self.place));
            }
            if self.line.len() > self.limit as usize && !self.line.ends_with(b"\n") {
                let message = format!("a line is longer than the limit of {} bytes", self.limit);
                return Err(self.fail(ErrorKind::RecordTooLong, 0, message));
            }
            self.done = self.line.is_empty();
            if !self.line.trim_ascii().is_empty() {
                self.records += 1;
                return self.recording().map(Some);
            }
        }
        Ok(None)
    }

    fn recording(&mut self) -> Result<Recording, Error> {
        let recording: Recording = match serde_json::from_slice(&self.line) {
            Ok(recording) => recording,
            Err(error) => {
                let kind =
                    if error.is_eof() { ErrorKind::Truncated } else { ErrorKind::NotRecordings };
                let message = error.to_string();
                // The place is given, and there it is that of the whole input.
                let message = message.rsplit_once(" at line").map_or(&*message, |(text, _)| text);
                let at = error.column().saturating_sub(1).min(self.line.len());
                let message = format!("expected an object of strings: {message}");
                return Err(self.fail(kind, at, message));
            }
        };
        let fields = recording.fields().map(|(field, text)| (field.wire_name(), text));
        let extra = recording.extra().iter().map(|(name, text)| (name.as_str(), text.as_str()));
        // OUT-6
        let found = fields.chain(extra).find_map(|(name, text)| {
            forbidden_character(text).map(|(_, character)| (name.to_owned(), character))
        });
        if let Some((name, character)) = found {
            let code = u32::from(character);
            let message = format!("{name} holds U+{code:04X}, which XML 1.0 does not have");
            return Err(self.fail(ErrorKind::Syntax, 0, message));
        }
        Ok(recording)
    }

    fn fail(&mut self, kind: ErrorKind, at: usize, message: String) -> Error {
        self.done = true;
        let mut place = self.place;
        place.advance(&self.line[..at]);
        Error::new(kind, place, message).context(Some(self.records), Vec::new(), None)
    }
}

impl<R: BufRead> Iterator for Reader<R> {
    type Item = Result<Recording, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}

/// Writes a recording a line.
///
/// ```
/// use vcc_format::jsonl;
/// use vcc_types::{Field, Recording};
///
/// let mut writer = jsonl::Writer::new(Vec::new());
/// writer.write(&Recording::new().with(Field::AgentId, "bill"))?;
/// assert_eq!(writer.finish()?, b"{\"agentID\":\"bill\"}\n");
/// # Ok::<(), vcc_format::WriteError>(())
/// ```
#[derive(Debug)]
pub struct Writer<W> {
    destination: W,
    line: Vec<u8>,
    records: u64,
}

impl<W: io::Write> Writer<W> {
    /// A writer. It hands each line to the destination at once.
    #[must_use]
    pub fn new(destination: W) -> Self {
        Self { destination, line: Vec::new(), records: 0 }
    }

    /// Writes a recording.
    ///
    /// # Errors
    ///
    /// A value that XML cannot carry (OUT-6: what one format refuses, so does the other); an extra
    /// value with the name of a field or of another extra value, since an object has a name once;
    /// a destination that fails.
    pub fn write(&mut self, recording: &Recording) -> Result<(), WriteError> {
        self.records += 1;
        let record = self.records;
        let fields = recording.fields().map(|(field, text)| (field.wire_name(), text));
        let extra = recording.extra().iter().map(|(name, text)| (name.as_str(), text.as_str()));
        for (name, text) in fields.chain(extra) {
            if let Some((position, character)) = forbidden_character(text) {
                let field = name.to_owned();
                return Err(WriteError::Value { record, field, character, position });
            }
        }
        for (index, (name, _)) in recording.extra().iter().enumerate() {
            let again = recording.extra()[..index].iter().any(|(other, _)| other == name);
            if again || Field::from_wire_name(name).is_some() {
                let reason = "an object has a name once, and this is that of another value";
                return Err(WriteError::Name { record, name: name.clone(), reason });
            }
        }
        self.line.clear();
        // Strings into a `Vec`: neither can fail.
        serde_json::to_writer(&mut self.line, recording).map_err(io::Error::from)?;
        self.line.push(b'\n');
        self.destination.write_all(&self.line)?;
        Ok(())
    }

    /// Flushes the destination and gives it back.
    ///
    /// # Errors
    ///
    /// A destination that fails.
    pub fn finish(mut self) -> Result<W, WriteError> {
        self.destination.flush()?;
        Ok(self.destination)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_line_of_a_recording() {
        for (input, expected) in [
            (
                "{\"agentID\":\"a\"}\n\n[1]\n",
                "line 3, column 1 (byte 17): expected an object of strings: \
                 invalid type: sequence, expected an object whose values are strings",
            ),
            (
                "{\"agentID\":",
                "line 1, column 11 (byte 10): expected an object of strings: \
                 EOF while parsing a value (QUIRK-7)",
            ),
            (
                "{\"agentID\":\"a\\u0001\"}",
                "line 1, column 1 (byte 0): agentID holds U+0001, which XML 1.0 does not have",
            ),
            (
                "{\"agentID\":1}",
                "line 1, column 12 (byte 11): expected an object of strings: \
                 invalid type: integer `1`, expected a string",
            ),
        ] {
            let mut reader = Reader::new(input.as_bytes());
            let error = reader.find_map(Result::err).unwrap();
            assert_eq!(error.to_string(), expected);
            assert!(reader.read().unwrap().is_none());
        }
    }

    #[test]
    fn lines_have_a_limit() {
        let line = format!("{{\"agentID\":\"{}\"}}\n", "x".repeat(100));
        let limits = Limits::default().record_bytes(50);
        let error = Reader::with_limits(line.as_bytes(), limits).read().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::RecordTooLong);
        let limits = limits.record_bytes(line.len() as u32);
        assert!(Reader::with_limits(line.as_bytes(), limits).read().unwrap().is_some());
    }

    #[test]
    fn names_stand_once() {
        let mut record = Recording::new().with(Field::AgentId, "a");
        record.push_extra("site", "1");
        let mut writer = Writer::new(Vec::new());
        writer.write(&record).unwrap();
        record.push_extra("site", "2");
        let error = writer.write(&record).unwrap_err();
        assert_eq!(
            error.to_string(),
            "record 2: the extra value \"site\" cannot be written: \
             an object has a name once, and this is that of another value"
        );
        let error = writer.write(&Recording::new().with(Field::AgentId, "\u{1}")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "record 3, agentID: U+0001 at byte 0 of the value cannot be written: \
             XML 1.0 has no such character (OUT-6)"
        );
        assert_eq!(writer.finish().unwrap(), b"{\"agentID\":\"a\",\"site\":\"1\"}\n");
    }
}
