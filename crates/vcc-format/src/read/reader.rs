use std::ops::Range;

use vcc_types::Recording;

use super::stream::PIECE;
use crate::driver::{Core, CoreOf};
use crate::intake::{decode, decoder};
use crate::machine::{Format, Step};
use crate::{Error, ErrorKind, Options, Record, Sink};

/// Reads a document in memory. Its records borrow from it.
///
/// Use it as [`xml::Reader`](crate::xml::Reader) or [`csv::Reader`](crate::csv::Reader).
///
/// ```
/// use vcc_format::{ErrorKind, Reader, xml::Xml};
/// use vcc_types::Field;
///
/// let mut reader = Reader::<Xml>::new(b"<recordings><file><agentID>ann</agentID></file><file>");
/// let first = reader.read()?;
/// assert_eq!(reader.read().unwrap_err().kind(), ErrorKind::Truncated);
/// // Nothing follows an error, and what came before it outlives the reader.
/// assert!(reader.read()?.is_none());
/// drop(reader);
/// assert_eq!(first.as_ref().and_then(|record| record.get(Field::AgentId)), Some("ann"));
/// # Ok::<(), vcc_format::Error>(())
/// ```
#[derive(Debug)]
#[allow(private_bounds)]
pub struct Reader<'a, F: Format, S = ()> {
    input: &'a [u8],
    /// A part of the input that is valid UTF-8, and where it begins.
    valid: (usize, &'a str),
    core: CoreOf<F, S>,
    /// A document in UTF-16, from which no record can borrow.
    decoded: Option<Box<Decoded>>,
}

/// A document in UTF-16 that is being decoded.
#[derive(Debug)]
struct Decoded {
    decoder: encoding_rs::Decoder,
    /// Everything before this was decoded.
    pos: usize,
    buf: Vec<u8>,
}

impl<'a, F: Format> Reader<'a, F> {
    /// A tolerant reader that tells nobody what it repaired.
    #[must_use]
    pub fn new(input: &'a [u8]) -> Self {
        Self::with(input, Options::tolerant(), ())
    }
}

impl<'a, F: Format, S: Sink> Reader<'a, F, S> {
    /// A reader with options, and a sink for what it repairs.
    #[must_use]
    pub fn with(input: &'a [u8], options: Options, sink: S) -> Self {
        let mut core: CoreOf<F, S> = Core::new(options, sink);
        let decoded = decoder(input).map(|decoder| {
            core.set_utf_16();
            core.set_length(input.len() as u64);
            Box::new(Decoded { decoder, pos: 2, buf: Vec::new() })
        });
        Self { input, valid: (0, ""), core, decoded }
    }

    /// Reads the next record; `None` after the last.
    ///
    /// # Errors
    ///
    /// See [`ErrorKind`](crate::ErrorKind). After an error there is nothing more to read: `None`.
    #[inline(always)]
    pub fn read(&mut self) -> Result<Option<Record<'a>>, Error> {
        if self.decoded.is_some() {
            return self.read_decoded();
        }
        match self.core.advance(self.input, true)? {
            Step::Record => {
                let (input, valid) = (self.input, &mut self.valid);
                self.core.take(input, |range| text(input, valid, range))
            }
            _ => Ok(None),
        }
    }

    /// The rest of the document, as owned recordings. The reader itself is an iterator of records that
    /// borrow from the input.
    ///
    /// ```
    /// use vcc_format::{Error, csv};
    /// use vcc_types::{Field, Recording};
    ///
    /// let reader = csv::Reader::new(b"agentID\r\nbill\r\nann\r\n");
    /// let recordings = reader.recordings().collect::<Result<Vec<Recording>, Error>>()?;
    /// assert_eq!(recordings[1].text(Field::AgentId), "ann");
    /// # Ok::<(), vcc_format::Error>(())
    /// ```
    pub fn recordings(self) -> impl Iterator<Item = Result<Recording, Error>> + use<'a, F, S> {
        self.map(|record| record.map(|record| record.to_recording()))
    }

    /// An error at the end of the document.
    pub(crate) fn error_at_end(&self, kind: ErrorKind, message: String) -> Error {
        match &self.decoded {
            None => self.core.error_at_end(self.input, kind, message),
            Some(decoded) => self.core.error_at_end(&decoded.buf, kind, message),
        }
    }

    /// A document in UTF-16: its records own their text.
    #[cold]
    fn read_decoded(&mut self) -> Result<Option<Record<'a>>, Error> {
        let Some(decoded) = &mut self.decoded else { return Ok(None) };
        loop {
            let ended = decoded.pos == self.input.len();
            match self.core.advance(&decoded.buf, ended)? {
                Step::Record => break,
                Step::More => {
                    self.core.discard(&mut decoded.buf);
                    let piece = &self.input[decoded.pos..];
                    let piece = &piece[..piece.len().min(PIECE)];
                    decoded.pos += piece.len();
                    let last = decoded.pos == self.input.len();
                    decode(&mut decoded.decoder, piece, last, &mut self.core, &mut decoded.buf);
                }
                _ => return Ok(None),
            }
        }
        let buf = &decoded.buf;
        let record = self.core.take(buf, |range| core::str::from_utf8(&buf[range]).ok())?;
        Ok(record.map(Record::into_owned_text))
    }

    /// Whether the document was complete: it was read to its end without an error, and the end was a
    /// proper one. For XML and JSON that means that the list was closed; for CSV, that the last row has a
    /// line end. `false` until then.
    ///
    /// ```
    /// use vcc_format::{csv, xml};
    ///
    /// let mut reader = xml::Reader::new(b"<recordings></recordings>");
    /// assert!(reader.read()?.is_none() && reader.is_whole());
    /// // Perhaps there was a caseID of 12.
    /// let mut reader = csv::Reader::new(b"agentID,caseID\r\nann,1");
    /// while reader.read()?.is_some() {}
    /// assert!(!reader.is_whole());
    /// # Ok::<(), vcc_format::Error>(())
    /// ```
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.core.is_whole()
    }

    /// A message about a CSV header that has no column `startDate` in any spelling. `None` if it has one, if
    /// the document has no header, and for other formats. It is known from the first record on, or at the
    /// end of a document without records. None of the records has a start then, so a store can refuse all
    /// at once (QUIRK-15).
    ///
    /// ```
    /// use vcc_format::csv;
    ///
    /// let mut reader = csv::Reader::new(b"start,agentID\r\n2008-02-14T10:12:13-08:00,bill\r\n");
    /// assert!(reader.read()?.is_some());
    /// assert_eq!(
    ///     reader.lacks_start(),
    ///     Some("expected a column startDate in the header; the nearest name is \"start\"")
    /// );
    /// # Ok::<(), vcc_format::Error>(())
    /// ```
    #[must_use]
    pub fn lacks_start(&self) -> Option<&str> {
        self.core.lacks_start()
    }

    /// The sink.
    #[must_use]
    pub fn sink(&self) -> &S {
        &self.core.sink
    }

    /// Gives the sink back.
    #[must_use]
    pub fn into_sink(self) -> S {
        self.core.sink
    }
}

/// The text of a part of the input, if it is valid UTF-8. Validating a long piece at once is much cheaper
/// than record by record; `valid` is the current piece.
#[inline]
fn text<'a>(input: &'a [u8], valid: &mut (usize, &'a str), range: Range<usize>) -> Option<&'a str> {
    let from = range.start.wrapping_sub(valid.0);
    if let Some(text) = valid.1.get(from..from.wrapping_add(range.len())) {
        return Some(text);
    }
    let piece = &input[range.start..];
    let piece = &piece[..piece.len().min(PIECE.max(range.len()))];
    let text = match simdutf8::compat::from_utf8(piece) {
        Ok(text) => text,
        Err(error) => simdutf8::basic::from_utf8(&piece[..error.valid_up_to()]).unwrap_or_default(),
    };
    *valid = (range.start, text);
    valid.1.get(..range.len())
}

impl<'a, F: Format, S: Sink> Iterator for Reader<'a, F, S> {
    type Item = Result<Record<'a>, Error>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}
