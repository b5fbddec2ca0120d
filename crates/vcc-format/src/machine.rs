//! What the formats have in common: a machine that reads a buffer.

use std::borrow::Cow;
use std::ops::Range;

use vcc_types::{Field, Recording};

use crate::{DeviationKind, ErrorKind, Options, Record};

/// A format: [`xml::Xml`](crate::xml::Xml), [`csv::Csv`](crate::csv::Csv), or JSON lines. Sealed.
///
/// ```
/// use vcc_format::{Error, Format, Reader, csv::Csv, xml::Xml};
///
/// fn count<F: Format>(input: &[u8]) -> Result<usize, Error> {
///     Reader::<F>::new(input).try_fold(0, |count, record| record.map(|_| count + 1))
/// }
/// assert_eq!(count::<Xml>(b"<recordings><file /></recordings>")?, 1);
/// assert_eq!(count::<Csv>(b"agentID\r\nbill\r\nann\r\n")?, 2);
/// # Ok::<(), Error>(())
/// ```
#[allow(private_bounds)]
pub trait Format: Sealed {}

pub(crate) trait Sealed {
    type Machine: Machine;
}

/// The result of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// A record was read; `take` gives it.
    Record,
    /// Something else was read.
    Other,
    /// The buffer ends in the middle of something.
    More,
    /// The document was read to its end.
    End,
}

/// A deviation before it is located. Its span counts from the start of the item.
#[derive(Debug)]
pub(crate) struct Raw {
    pub(crate) kind: DeviationKind,
    pub(crate) span: (u32, u32),
    pub(crate) field: Option<Field>,
    pub(crate) read_as: Cow<'static, str>,
}

/// The reports about an item, up to a limit.
#[derive(Debug)]
pub(crate) struct Pending {
    list: Vec<Raw>,
    most: usize,
}

impl Pending {
    pub(crate) fn new(options: &Options) -> Self {
        Self { list: Vec::new(), most: options.limits.deviations }
    }

    /// Adds one, unless the limit is reached.
    pub(crate) fn push(&mut self, raw: Raw) {
        if self.list.len() < self.most {
            self.list.push(raw);
        }
    }
}

impl core::ops::Deref for Pending {
    type Target = Vec<Raw>;

    fn deref(&self) -> &Vec<Raw> {
        &self.list
    }
}

impl core::ops::DerefMut for Pending {
    fn deref_mut(&mut self) -> &mut Vec<Raw> {
        &mut self.list
    }
}

/// An error before it is located.
#[derive(Debug)]
pub(crate) struct Trouble {
    pub(crate) kind: ErrorKind,
    /// Where, in the buffer.
    pub(crate) at: usize,
    pub(crate) message: String,
}

/// A reader of one format. It reads a buffer that grows at its end and is cut at its start. An *item* is
/// a record, or whatever stands between records. All offsets in an unfinished item count from the item's
/// start, so it does not matter how the input was cut into pieces.
pub(crate) trait Machine: std::fmt::Debug {
    fn new(options: Options) -> Self;

    /// Goes on reading. `ended`: nothing follows the buffer.
    fn step(&mut self, buf: &[u8], ended: bool) -> Result<Step, Trouble>;

    /// The place of the record that was just read.
    fn taken(&self) -> Range<usize>;

    /// Whether there is nothing to report about the record that was just read, and almost nothing to
    /// decode. `text` as in [`take`](Self::take).
    fn is_plain(&self, raw: &[u8], text: &str) -> bool;

    /// Gives such a record.
    fn plain<'b>(&mut self, text: &'b str) -> Record<'b>;

    /// Gives the record that was just read, and adds the reports about its values. `raw` is the bytes of
    /// the record, and `text` the same as text if it is UTF-8.
    fn take<'b>(&mut self, raw: &'b [u8], text: Option<&'b str>) -> Record<'b>;

    /// Gives the complete values of an unfinished record.
    fn partial(&mut self, buf: &[u8]) -> Option<Recording>;

    /// The reports about the item.
    fn pending(&mut self) -> &mut Pending;

    fn options(&self) -> &Options;

    /// Where the item begins in the buffer; nothing before it is needed any more.
    fn item(&self) -> usize;

    /// Call this after the first bytes of the buffer were removed, at most up to the item.
    fn discarded(&mut self, bytes: usize);

    /// The record that is being read or was just read, from 1.
    fn record(&self) -> Option<u64>;

    /// The open elements, the outermost first.
    fn open(&self, buf: &[u8]) -> Vec<String>;

    /// Sets whether anybody uses the reports. Nothing else may depend on it.
    fn listening(&mut self, _: bool) {}

    /// The message about a header without `startDate`, once one was read.
    fn lacks_start(&self) -> Option<&str> {
        None
    }

    /// The buffer holds UTF-8 whatever the document declares, because the input was UTF-16.
    fn transcoded(&mut self) {}

    /// Whether the document was complete, once it was read to its end. `last` is its last byte.
    fn is_whole(&self, last: Option<u8>) -> bool {
        matches!(last, Some(b'\n' | b'\r'))
    }
}
