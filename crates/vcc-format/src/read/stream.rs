use std::io::{self, BufRead};

use vcc_types::Recording;

use crate::driver::{Core, CoreOf};
use crate::intake::Intake;
use crate::machine::{Format, Step};
use crate::{Error, Options, Record, Sink};

/// How many bytes a [`StreamReader`] copies at a time.
pub(super) const PIECE: usize = 64 << 10;

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

    /// Whether the document was whole: see [`Reader::is_whole`](crate::xml::Reader::is_whole).
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.core.is_whole()
    }

    /// What is wrong with a CSV header that has no column `startDate`: see
    /// [`Reader::lacks_start`](crate::csv::Reader::lacks_start).
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
