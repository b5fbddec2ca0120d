use std::io;

use vcc_types::{Field, Recording};

use super::forms::before_names;
use crate::scan::{csv_block, csv_marks, forbidden_character, is_plain_row, needs_quotes};
use crate::{Record, WriteError};

/// How much is collected before it is written to the destination.
const FLUSH: usize = 32 << 10;

/// Writes a list of recordings as CSV (OUT-4): a header row, then a row for each record, as RFC
/// 4180 says: CR LF, quotes only where a value holds a comma, a quote, CR or LF, quotes doubled.
///
/// CSV cannot tell an absent value from an empty one: both are written as nothing, and read back as
/// empty. Values that a spreadsheet would take for a formula (`=1+1`, `+49…`, `@x`) stay as they are. To
/// open the file in a spreadsheet, import it as text.
///
/// Extra values are written where the header has a column for them; see
/// [`with_extra`](Self::with_extra).
///
/// ```
/// use vcc_format::csv;
/// use vcc_types::{Field, Recording};
///
/// let mut writer = csv::Writer::new(Vec::new());
/// writer.write(&Recording::new().with(Field::AgentId, "Smith, \"Bill\""))?;
/// let document = String::from_utf8(writer.finish()?).unwrap();
/// assert!(document.starts_with("startDate,agentID,phoneNumber,channel,"));
/// assert!(document.ends_with("\r\n,\"Smith, \"\"Bill\"\"\",,,,,,,,,,,,,\r\n"));
/// # Ok::<(), vcc_format::WriteError>(())
/// ```
#[derive(Debug)]
pub struct Writer<W> {
    destination: W,
    buf: Vec<u8>,
    records: u64,
    extra: Vec<String>,
}

impl<W: io::Write> Writer<W> {
    /// A writer of one document with the fifteen columns.
    #[must_use]
    pub fn new(destination: W) -> Self {
        let mut buf = Vec::with_capacity(FLUSH + 4096);
        for field in Field::ALL {
            separate(&mut buf, field.index());
            buf.extend_from_slice(field.wire_name().as_bytes());
        }
        buf.extend_from_slice(b"\r\n");
        Self { destination, buf, records: 0, extra: Vec::new() }
    }

    /// A writer with columns for extra values after the fifteen. A name that stands twice takes
    /// the first and the second value of that name.
    ///
    /// # Errors
    ///
    /// A name that is empty, or holds a character that XML cannot carry.
    pub fn with_extra<N: Into<String>>(
        destination: W,
        names: impl IntoIterator<Item = N>,
    ) -> Result<Self, WriteError> {
        let mut writer = Self::new(destination);
        writer.buf.truncate(writer.buf.len() - 2);
        for name in names {
            let name = name.into();
            let refused = |reason| WriteError::Name { record: 0, name: name.clone(), reason };
            if name.is_empty() {
                return Err(refused("a column needs a name"));
            }
            writer.buf.push(b',');
            cell(&mut writer.buf, &name, false)
                .map_err(|_| refused("it holds a character that XML 1.0 does not have"))?;
            writer.extra.push(name);
        }
        writer.buf.extend_from_slice(b"\r\n");
        Ok(writer)
    }

    /// Writes a record.
    ///
    /// # Errors
    ///
    /// A value that XML cannot carry (OUT-6: what one format refuses, so does the other), or an
    /// extra value without a column: the record is left out, and the next one may follow. A
    /// destination that fails.
    pub fn write(&mut self, recording: &Recording) -> Result<(), WriteError> {
        let extra = recording.extra();
        if !self.extra.is_empty() || !extra.is_empty() {
            let extra = extra.iter().map(|(name, value)| (name.as_str(), value.as_str()));
            return self.write_all(&Field::ALL.map(|field| recording.get(field)), extra);
        }
        let start = self.buf.len();
        self.buf.extend_from_slice(recording.joined().as_bytes());
        if !is_plain(&self.buf[start..]) {
            let values = Field::ALL.map(|field| recording.get(field));
            self.buf.truncate(start);
            if guarded(&values) != 0 || !self.write_parts(recording.joined(), &values) {
                self.buf.truncate(start);
                return self.write_all(&values, std::iter::empty());
            }
        }
        self.records += 1;
        self.end_row()
    }

    /// Writes a record that borrows.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    pub fn write_record(&mut self, record: &Record<'_>) -> Result<(), WriteError> {
        self.write_all(&record.values(), record.extra())
    }

    /// Writes fifteen values in the documented order; `None` is absent, and written as nothing.
    /// Nothing is allocated for a record.
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

    /// Writes a record whose values are already joined by commas: `first` and then `others`. They are copied
    /// if no value needs quotes; otherwise `values` is called.
    ///
    /// ```
    /// use vcc_format::csv;
    ///
    /// let mut writer = csv::Writer::new(Vec::new());
    /// let mut values = [Some(""); 15];
    /// (values[0], values[1]) = (Some("2007-12-19T19:16:36-08:00"), Some("Smith, Bill"));
    /// writer.write_joined("2007-12-19T19:16:36-08:00", "bill,,,,27,,,,,,,,,", || values)?;
    /// writer.write_joined("2007-12-19T19:16:36-08:00", "Smith, Bill,,,,,,,,,,,,,", || values)?;
    /// let document = String::from_utf8(writer.finish()?).unwrap();
    /// let rows: Vec<_> = document.lines().skip(1).collect();
    /// assert_eq!(rows[0], "2007-12-19T19:16:36-08:00,bill,,,,27,,,,,,,,,");
    /// assert_eq!(rows[1], "2007-12-19T19:16:36-08:00,\"Smith, Bill\",,,,,,,,,,,,,");
    /// # Ok::<(), vcc_format::WriteError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`write_values`](Self::write_values).
    #[inline]
    pub fn write_joined<'v>(
        &mut self,
        first: &str,
        others: &str,
        values: impl FnOnce() -> [Option<&'v str>; Field::COUNT],
    ) -> Result<(), WriteError> {
        if !self.extra.is_empty() {
            return self.write_all(&values(), std::iter::empty());
        }
        let start = self.buf.len();
        self.buf.extend_from_slice(first.as_bytes());
        self.buf.push(b',');
        let after_first = self.buf.len();
        self.buf.extend_from_slice(others.as_bytes());
        if !is_plain(&self.buf[start..]) {
            let values = values();
            self.buf.truncate(after_first);
            if guarded(&values) != 0
                || needs_quotes(first.as_bytes())
                || !self.write_parts(others, &values[1..])
            {
                self.buf.truncate(start);
                return self.write_all(&values, std::iter::empty());
            }
        }
        self.records += 1;
        self.end_row()
    }

    /// Writes values from `joined`, where they are joined by commas: copied, except for those that need
    /// quotes. `false` if they are not there, or one of them may not be written.
    fn write_parts(&mut self, joined: &str, values: &[Option<&str>]) -> bool {
        let joined = joined.as_bytes();
        let mut marks = csv_marks(joined).peekable();
        let (mut from, mut copied) = (0, 0);
        for value in values {
            let text = value.unwrap_or_default();
            let end = from + text.len();
            if marks.next_if(|mark| *mark < end).is_some() {
                while marks.next_if(|mark| *mark < end).is_some() {}
                let Some(before) = joined.get(copied..from) else { return false };
                self.buf.extend_from_slice(before);
                if cell(&mut self.buf, text, false).is_err() {
                    return false;
                }
                copied = end;
            }
            // The comma that ends it, or nothing.
            if marks.next_if_eq(&end).is_none() != (end == joined.len()) {
                return false;
            }
            from = end + 1;
        }
        let Some(rest) = joined.get(copied..) else { return false };
        self.buf.extend_from_slice(rest);
        from == joined.len() + 1
    }

    #[inline]
    fn write_all<'v>(
        &mut self,
        values: &[Option<&str>; Field::COUNT],
        extra: impl Iterator<Item = (&'v str, &'v str)>,
    ) -> Result<(), WriteError> {
        self.records += 1;
        let start = self.buf.len();
        if let Err(error) = self.row(values, extra) {
            self.buf.truncate(start);
            return Err(error);
        }
        self.end_row()
    }

    #[inline]
    fn end_row(&mut self) -> Result<(), WriteError> {
        self.buf.extend_from_slice(b"\r\n");
        if self.buf.len() >= FLUSH {
            self.hand_over()?;
        }
        Ok(())
    }

    #[inline]
    fn row<'v>(
        &mut self,
        values: &[Option<&str>; Field::COUNT],
        extra: impl Iterator<Item = (&'v str, &'v str)>,
    ) -> Result<(), WriteError> {
        let record = self.records;
        self.cells(values).map_err(|(field, position, character)| {
            let field = field.wire_name().to_owned();
            WriteError::Value { record, field, character, position }
        })?;
        let mut extra: Vec<_> = extra.collect();
        for (index, name) in self.extra.iter().enumerate() {
            self.buf.push(b',');
            let Some(place) = extra.iter().position(|(other, _)| other == name) else { continue };
            let (_, text) = extra.remove(place);
            let is_last = index + 1 == self.extra.len();
            let needed = is_last && ends_as_a_header(text, &self.extra);
            cell(&mut self.buf, text, needed).map_err(|(position, character)| {
                WriteError::Value { record, field: name.clone(), character, position }
            })?;
        }
        if let Some((name, _)) = extra.first() {
            let (name, reason) = ((*name).to_owned(), "the header has no column for it");
            return Err(WriteError::Name { record, name, reason });
        }
        Ok(())
    }

    /// Writes the fifteen cells as they are if none of them needs quotes; otherwise again from the first one
    /// that does.
    #[inline]
    fn cells(&mut self, values: &[Option<&str>; Field::COUNT]) -> Result<(), (Field, usize, char)> {
        let start = self.buf.len();
        let texts = values.map(Option::unwrap_or_default);
        let length = texts.iter().map(|text| text.len()).sum::<usize>() + Field::COUNT - 1;
        // The commas are there before the values are put between them.
        self.buf.resize(start + length, b',');
        let mut rest = &mut self.buf[start..];
        for text in texts {
            let (cell, after) = rest.split_at_mut(text.len());
            cell.copy_from_slice(text.as_bytes());
            rest = after.get_mut(1..).unwrap_or_default();
        }
        if is_plain(&self.buf[start..]) {
            return Ok(());
        }
        let guarded = if self.extra.is_empty() { guarded(values) } else { guarded(values) & 1 };
        let mut suspects = suspects(&self.buf[start..], values) | guarded;
        if suspects == 0 {
            return Ok(());
        }
        let first = suspects.trailing_zeros() as usize;
        let before = values.iter().take(first).map(|value| value.unwrap_or_default().len() + 1);
        // But for the comma behind the last of them.
        self.buf.truncate(start + before.sum::<usize>().saturating_sub(1));
        for field in Field::ALL.into_iter().skip(first) {
            let text = values[field.index()].unwrap_or_default();
            separate(&mut self.buf, field.index());
            if suspects & 1 << field.index() == 0 {
                self.buf.extend_from_slice(text.as_bytes());
                continue;
            }
            suspects &= suspects - 1;
            cell(&mut self.buf, text, guarded & 1 << field.index() != 0)
                .map_err(|(position, character)| (field, position, character))?;
        }
        Ok(())
    }

    fn hand_over(&mut self) -> io::Result<()> {
        let result = self.destination.write_all(&self.buf);
        self.buf.clear();
        result
    }

    /// Writes what is collected to the destination, and flushes it.
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
        self.flush()?;
        Ok(self.destination)
    }

    /// The destination. Some of the output may not have been written to it yet.
    #[must_use]
    pub fn get_ref(&self) -> &W {
        &self.destination
    }

    /// The destination, such as a `Vec<u8>` to be emptied of what has been handed to it so far.
    pub fn get_mut(&mut self) -> &mut W {
        &mut self.destination
    }
}

/// The cells of a row that may need quotes. `row` is the values with commas between them.
fn suspects(row: &[u8], values: &[Option<&str>; Field::COUNT]) -> u16 {
    let length = |value: &Option<&str>| value.unwrap_or_default().len();
    // The commas between the cells, 64 bytes a number.
    let mut between = [0_u64; 8];
    if row.len() > 64 * between.len() {
        let needing = values
            .iter()
            .enumerate()
            .filter(|(_, value)| value.is_some_and(|text| needs_quotes(text.as_bytes())));
        return needing.fold(0, |suspects, (index, _)| suspects | 1 << index);
    }
    let mut end = 0;
    for value in &values[..Field::COUNT - 1] {
        end += length(value);
        between[end / 64 % 8] |= 1 << (end % 64);
        end += 1;
    }
    let (mut suspects, mut cells) = (0, 0);
    for (index, between) in between.iter().enumerate().take(row.len().div_ceil(64)) {
        let block = csv_block(row, index * 64, b',');
        let mut left = (block.commas & !between) | block.others;
        while left != 0 {
            let below = (left & left.wrapping_neg()) - 1;
            suspects |= 1 << (cells + (between & below).count_ones());
            left &= left - 1;
        }
        cells += between.count_ones();
    }
    suspects
}

/// Whether a row can be written as it is, decided from the whole row: no commas but those between the cells,
/// nothing that needs quotes, and no name of a column at its end.
#[inline(always)]
fn is_plain(row: &[u8]) -> bool {
    is_plain_row(row, Field::COUNT - 1) && !row.ends_with(LAST_NAME.as_bytes())
}

/// The cells of a row that have quotes for what they would be taken for without any (QUIRK-17): the
/// first, whose byte order mark would be one before the row, and the last, which would be one with
/// the header of another page behind it.
fn guarded(values: &[Option<&str>; Field::COUNT]) -> u16 {
    const LAST: usize = Field::COUNT - 1;
    // A row with such a character is never plain: its first byte is looked for already.
    let mark = values[0].is_some_and(|text| text.starts_with('\u{FEFF}'));
    let header = values[LAST].is_some_and(|text| ends_as_a_header(text, &[]));
    u16::from(mark) | u16::from(header) << LAST
}

/// The name of the last of the fifteen columns.
const LAST_NAME: &str = Field::ALL[Field::COUNT - 1].wire_name();

/// Whether a value ends with the names of all columns, with another delimiter than a comma between
/// them. Most are told by their end.
fn ends_as_a_header(text: &str, extra: &[String]) -> bool {
    text.ends_with(extra.last().map_or(LAST_NAME, String::as_str)) && {
        let mut names: Vec<&str> = Field::ALL.map(Field::wire_name).to_vec();
        names.extend(extra.iter().map(String::as_str));
        before_names(text.as_bytes(), &names, false, b',').is_some()
    }
}

fn separate(buf: &mut Vec<u8>, index: usize) {
    if index > 0 {
        buf.push(b',');
    }
}

/// Writes a value, in quotes if they are needed for what is in it, or anyhow.
#[inline]
fn cell(buf: &mut Vec<u8>, text: &str, mut needed: bool) -> Result<(), (usize, char)> {
    if !needed && !needs_quotes(text.as_bytes()) {
        buf.extend_from_slice(text.as_bytes());
        return Ok(());
    }
    // OUT-6
    if let Some(found) = forbidden_character(text) {
        return Err(found);
    }
    let bytes = text.as_bytes();
    let start = buf.len();
    buf.push(b'"');
    let mut plain = 0;
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'"' => {
                buf.extend_from_slice(&bytes[plain..=at]);
                (plain, needed) = (at, true);
            }
            b',' | b'\r' | b'\n' => needed = true,
            _ => {}
        }
    }
    buf.extend_from_slice(&bytes[plain..]);
    if needed {
        buf.push(b'"');
    } else {
        buf.truncate(start);
        buf.extend_from_slice(bytes);
    }
    Ok(())
}
