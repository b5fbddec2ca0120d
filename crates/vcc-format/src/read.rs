use std::io::{self, BufRead};
use std::ops::Range;

use vcc_types::Recording;

use crate::intake::{Intake, decode, decoder};
use crate::machine::{Core, Format, Sealed, Step};
use crate::{Error, ErrorKind, Options, Record, Sink};

/// How many bytes a [`StreamReader`] copies at a time.
const PIECE: usize = 64 << 10;

type CoreOf<F, S> = Core<<F as Sealed>::Machine, S>;

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

/// How much the buffer grows for a long record, in bytes.
const AT_ONCE: usize = 64 << 20;

/// Makes room for this many more bytes. A long record gets all the room that it may need at once: doubling
/// again and again would take three times as much, and unused room takes no memory.
fn make_room(buf: &mut Vec<u8>, more: usize, limit: usize) {
    const LONG: usize = 1 << 20;
    let needed = buf.len() + more;
    if needed > buf.capacity() && needed > LONG && limit <= AT_ONCE {
        buf.reserve_exact((limit + 2 * PIECE).max(needed) - buf.len());
    }
}

/// Reads a document of any size from a source, with memory for one record (and what the source buffers).
///
/// Use it as [`xml::StreamReader`](crate::xml::StreamReader) or
/// [`csv::StreamReader`](crate::csv::StreamReader).
///
/// ```
/// use vcc_format::{StreamReader, csv::Csv};
/// use vcc_types::Field;
///
/// let source = std::io::BufReader::with_capacity(1, &b"agentID\r\n\"a\r\nb\"\r\nc\r\n"[..]);
/// let mut agents = Vec::new();
/// for recording in StreamReader::<_, Csv>::new(source).recordings() {
///     agents.push(recording?.text(Field::AgentId).to_owned());
/// }
/// // How the source cuts its bytes up does not matter.
/// assert_eq!(agents, ["a\r\nb", "c"]);
/// # Ok::<(), vcc_format::Error>(())
/// ```
#[derive(Debug)]
#[allow(private_bounds)]
pub struct StreamReader<R, F: Format, S = ()> {
    source: R,
    intake: Intake,
    buf: Vec<u8>,
    ended: bool,
    core: CoreOf<F, S>,
}

impl<R: BufRead, F: Format> StreamReader<R, F> {
    /// A tolerant reader that tells nobody what it repaired.
    #[must_use]
    pub fn new(source: R) -> Self {
        Self::with(source, Options::tolerant(), ())
    }
}

impl<R: BufRead, F: Format, S: Sink> StreamReader<R, F, S> {
    /// A reader with options, and a sink for what it repairs.
    #[must_use]
    pub fn with(source: R, options: Options, sink: S) -> Self {
        let (intake, core) = (Intake::new(), Core::new(options, sink));
        Self { source, intake, buf: Vec::new(), ended: false, core }
    }

    /// Reads the next record, which lives until the one after it is read; `None` after the last.
    ///
    /// # Errors
    ///
    /// See [`ErrorKind`](crate::ErrorKind). After an error there is nothing more to read: `None`.
    pub fn read(&mut self) -> Result<Option<Record<'_>>, Error> {
        loop {
            match self.core.advance(&self.buf, self.ended)? {
                Step::Record => break,
                Step::More => self.fill()?,
                _ => return Ok(None),
            }
        }
        let buf = &self.buf;
        self.core.take(buf, |range| core::str::from_utf8(&buf[range]).ok())
    }

    /// The rest of the document, each record on its own.
    pub fn recordings(mut self) -> impl Iterator<Item = Result<Recording, Error>> {
        std::iter::from_fn(move || {
            self.read().map(|record| record.map(|record| record.to_recording())).transpose()
        })
    }

    fn fill(&mut self) -> Result<(), Error> {
        self.core.discard(&mut self.buf);
        loop {
            match self.source.fill_buf() {
                Ok(bytes) => {
                    let piece = &bytes[..bytes.len().min(PIECE)];
                    let taken = piece.len();
                    self.ended = piece.is_empty();
                    make_room(&mut self.buf, taken, self.core.record_bytes());
                    self.intake.take(piece, self.ended, &mut self.core, &mut self.buf);
                    self.source.consume(taken);
                    return Ok(());
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.core.io_error(&self.buf, error)),
            }
        }
    }

    /// The line in which the last record begins, from 1. A line ends with LF.
    ///
    /// ```
    /// use vcc_format::csv;
    ///
    /// let mut reader = csv::StreamReader::new(&b"agentID\r\n\"a\r\nb\"\r\n\r\nc\r\n"[..]);
    /// let mut lines = Vec::new();
    /// while reader.read()?.is_some() {
    ///     lines.push(reader.line());
    /// }
    /// assert_eq!(lines, [2, 5]);
    /// # Ok::<(), vcc_format::Error>(())
    /// ```
    pub fn line(&mut self) -> u64 {
        self.core.line(&self.buf)
    }

    /// Whether the document was whole: see [`Reader::is_whole`].
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.core.is_whole()
    }

    /// What is wrong with a CSV header that has no column `startDate`: see
    /// [`Reader::lacks_start`].
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

/// Reads a document piece by piece, for code that does its own I/O. It does not matter where the pieces
/// begin and end.
///
/// Use it as [`xml::Decoder`](crate::xml::Decoder) or [`csv::Decoder`](crate::csv::Decoder).
///
/// ```
/// use vcc_format::{Decoder, xml::Xml};
/// use vcc_types::Field;
///
/// let mut decoder = Decoder::<Xml>::new();
/// // The piece ends within the two bytes of an `é`.
/// decoder.feed(b"<recordings><file><agentID>\xC3");
/// assert!(decoder.read()?.is_none());
/// decoder.feed(b"\xA9</agentID></file></recordings>");
/// let record = decoder.read()?;
/// assert_eq!(record.as_ref().and_then(|record| record.get(Field::AgentId)), Some("é"));
/// # Ok::<(), vcc_format::Error>(())
/// ```
#[derive(Debug)]
#[allow(private_bounds)]
pub struct Decoder<F: Format, S = ()> {
    intake: Intake,
    buf: Vec<u8>,
    ended: bool,
    core: CoreOf<F, S>,
}

impl<F: Format> Decoder<F> {
    /// A tolerant decoder that tells nobody what it repaired.
    #[must_use]
    pub fn new() -> Self {
        Self::with(Options::tolerant(), ())
    }
}

impl<F: Format> Default for Decoder<F> {
    fn default() -> Self {
        Self::new()
    }
}

impl<F: Format, S: Sink> Decoder<F, S> {
    /// A decoder with options, and a sink for what it repairs.
    #[must_use]
    pub fn with(options: Options, sink: S) -> Self {
        let (intake, core) = (Intake::new(), Core::new(options, sink));
        Self { intake, buf: Vec::new(), ended: false, core }
    }

    /// Takes a piece of the input. Then [`read`](Self::read) until it gives `None`, because unread input
    /// stays in memory.
    pub fn feed(&mut self, piece: &[u8]) {
        self.core.discard(&mut self.buf);
        // Nothing is read after an end or an error.
        if !self.core.is_done() && !self.ended {
            self.intake.take(piece, false, &mut self.core, &mut self.buf);
        }
    }

    /// Ends the input. Then `read` the last records. Only after that it is known whether the document was
    /// complete.
    pub fn finish(&mut self) {
        if !self.ended && !self.core.is_done() {
            self.intake.take(&[], true, &mut self.core, &mut self.buf);
        }
        self.ended = true;
    }

    /// Owned recordings from the input so far. Call it again after the next piece, and after
    /// [`finish`](Self::finish).
    ///
    /// ```
    /// use vcc_format::{Error, xml};
    /// use vcc_types::{Field, Recording};
    ///
    /// let mut decoder = xml::Decoder::new();
    /// let mut recordings: Vec<Recording> = Vec::new();
    /// for piece in ["<recordings><file><agentID>bi", "ll</agentID></file></recordings>"] {
    ///     decoder.feed(piece.as_bytes());
    ///     recordings.extend(decoder.recordings().collect::<Result<Vec<_>, Error>>()?);
    /// }
    /// assert_eq!(recordings[0].text(Field::AgentId), "bill");
    /// # Ok::<(), vcc_format::Error>(())
    /// ```
    pub fn recordings(&mut self) -> impl Iterator<Item = Result<Recording, Error>> {
        std::iter::from_fn(|| {
            self.read().map(|record| record.map(|record| record.to_recording())).transpose()
        })
    }

    /// Reads the next record of the input so far; `None` if more is needed or the document has ended.
    ///
    /// # Errors
    ///
    /// See [`ErrorKind`](crate::ErrorKind). After an error there is nothing more to read: `None`.
    pub fn read(&mut self) -> Result<Option<Record<'_>>, Error> {
        match self.core.advance(&self.buf, self.ended)? {
            Step::Record => {
                let buf = &self.buf;
                self.core.take(buf, |range| core::str::from_utf8(&buf[range]).ok())
            }
            _ => Ok(None),
        }
    }

    /// Whether the document was whole: see [`Reader::is_whole`].
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.core.is_whole()
    }

    /// What is wrong with a CSV header that has no column `startDate`: see
    /// [`Reader::lacks_start`].
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
