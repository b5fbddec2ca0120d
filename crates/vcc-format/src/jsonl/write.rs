use std::io;

use vcc_types::{Field, Recording};

use crate::WriteError;
use crate::scan::forbidden_character;

/// Writes one recording per line.
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
    /// A writer. It writes each line to the destination at once.
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

    /// Writes fifteen values in the documented order; `None` is absent, and left out. Nothing is allocated
    /// for a record.
    ///
    /// ```
    /// use vcc_format::jsonl;
    ///
    /// let mut writer = jsonl::Writer::new(Vec::new());
    /// let mut values = [None; 15];
    /// (values[0], values[1]) = (Some("2007-12-19T19:16:36-08:00"), Some("\"Bill\""));
    /// writer.write_values(&values)?;
    /// let line = String::from_utf8(writer.finish()?).unwrap();
    /// assert_eq!(line, "{\"startDate\":\"2007-12-19T19:16:36-08:00\",\"agentID\":\"\\\"Bill\\\"\"}\n");
    /// # Ok::<(), vcc_format::WriteError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// A value that XML cannot carry (OUT-6): the record is left out, and the next one may follow. A
    /// destination that fails.
    pub fn write_values(
        &mut self,
        values: &[Option<&str>; Field::COUNT],
    ) -> Result<(), WriteError> {
        self.records += 1;
        self.line.clear();
        self.line.push(b'{');
        for (field, value) in Field::ALL.into_iter().zip(values) {
            let Some(text) = value else { continue };
            if let Some((position, character)) = forbidden_character(text) {
                let (record, field) = (self.records, field.wire_name().to_owned());
                return Err(WriteError::Value { record, field, character, position });
            }
            if self.line.len() > 1 {
                self.line.push(b',');
            }
            self.line.push(b'"');
            self.line.extend_from_slice(field.wire_name().as_bytes());
            self.line.extend_from_slice(b"\":");
            // A string into a `Vec`: neither can fail.
            serde_json::to_writer(&mut self.line, text).map_err(io::Error::from)?;
        }
        self.line.extend_from_slice(b"}\n");
        self.destination.write_all(&self.line)?;
        Ok(())
    }

    /// The destination, which has every record that was written.
    #[must_use]
    pub fn get_ref(&self) -> &W {
        &self.destination
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
    fn values_are_written_as_their_recording() {
        let texts =
            ["2007-12-19T19:16:36Z", "", "\"\\/\u{7f}\u{85}", "a\r\n\tb", "\u{1f600}\u{2028}"];
        for shift in 0..Field::COUNT {
            let value = |index: usize| texts.get((index + shift) % Field::COUNT).copied();
            let values: [Option<&str>; Field::COUNT] = std::array::from_fn(value);
            let (mut one, mut other) = (Writer::new(Vec::new()), Writer::new(Vec::new()));
            one.write_values(&values).unwrap();
            other.write(&Recording::from_values(&values)).unwrap();
            let (one, other) = (one.finish().unwrap(), other.finish().unwrap());
            assert_eq!(String::from_utf8(one), String::from_utf8(other));
        }
        let mut values = [None; Field::COUNT];
        values[2] = Some("a\u{1}");
        let mut writer = Writer::new(Vec::new());
        assert_eq!(
            writer.write_values(&values).unwrap_err().to_string(),
            "record 1, phoneNumber: U+0001 at byte 1 of the value cannot be written: \
             XML 1.0 has no such character (OUT-6)"
        );
        assert_eq!(writer.finish().unwrap(), b"");
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
