use vcc_types::Recording;

use crate::driver::{Core, CoreOf};
use crate::intake::Intake;
use crate::machine::{Format, Step};
use crate::{Error, Options, Record, Sink};

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
