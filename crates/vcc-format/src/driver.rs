//! A machine with a place in the input, and the reporting around it.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::ops::Range;

use crate::encoding::Encoding;
use crate::locate::{Mark, Place};
use crate::machine::{Machine, Raw, Sealed, Step, Trouble};
use crate::{Deviation, DeviationKind, Error, ErrorKind, Mode, Options, Record, Sink};

/// The core of a reader of one format.
pub(crate) type CoreOf<F, S> = Core<<F as Sealed>::Machine, S>;

/// A machine with a sink and a place in the input.
#[derive(Debug)]
pub(crate) struct Core<M, S> {
    machine: M,
    pub(crate) sink: S,
    /// The offset of the first byte of the buffer.
    base: u64,
    /// A place at or before the item.
    mark: Mark,
    done: bool,
    /// Whether the end was reached, and the document was complete.
    whole: bool,
    /// The last byte that was cut off the buffer.
    last: Option<u8>,
    wide: Option<Box<Wide>>,
}

/// The state of a UTF-16 document.
#[derive(Debug, Default)]
struct Wide {
    /// Whether it was reported.
    said: bool,
    /// Where the buffer has U+FFFD for what was not UTF-16, in order.
    malformed: VecDeque<u64>,
}

impl<M: Machine, S: Sink> Core<M, S> {
    pub(crate) fn new(options: Options, sink: S) -> Self {
        let listening = options.mode == Mode::Strict || sink.is_listening();
        let mut machine = M::new(options);
        machine.listening(listening);
        Self {
            machine,
            sink,
            base: 0,
            mark: Mark::START,
            done: false,
            whole: false,
            last: None,
            wide: None,
        }
    }

    /// The input is UTF-16. Call this before anything is read.
    pub(crate) fn set_utf_16(&mut self) {
        self.wide = Some(Box::default());
        self.mark = Mark::UTF_16;
        self.machine.transcoded();
    }

    /// Places of the buffer at which the input was no UTF-16.
    pub(crate) fn add_malformed(&mut self, places: &[usize]) {
        if let Some(wide) = &mut self.wide {
            wide.malformed.extend(places.iter().map(|place| self.base + *place as u64));
        }
    }

    /// Sets the length of the input, once it is known.
    pub(crate) fn set_length(&mut self, length: u64) {
        self.mark.ends(length);
    }

    /// The longest allowed record.
    pub(crate) fn record_bytes(&self) -> usize {
        self.machine.options().limits.record_bytes as usize
    }

    /// Whether the document was read to its end, and the end was a proper one.
    pub(crate) fn is_whole(&self) -> bool {
        self.whole
    }

    pub(crate) fn lacks_start(&self) -> Option<&str> {
        self.machine.lacks_start()
    }

    /// Reads up to the next record, the end of the buffer or the end of the document.
    #[inline]
    pub(crate) fn advance(&mut self, buf: &[u8], ended: bool) -> Result<Step, Error> {
        if self.done {
            return Ok(Step::End);
        }
        if self.wide.is_some() {
            self.say_utf_16()?;
        }
        loop {
            let step = self.machine.step(buf, ended);
            if self.wide.is_some() {
                self.malformed();
            }
            match step {
                Ok(Step::Other) if self.machine.pending().is_empty() => {}
                Ok(Step::Other) => self.report(buf)?,
                Ok(step) => {
                    if step == Step::End {
                        self.done = true;
                        let last = buf.last().copied().or(self.last);
                        self.whole = self.machine.is_whole(last);
                    }
                    return Ok(step);
                }
                Err(trouble) => return Err(self.fail(buf, trouble)),
            }
        }
    }

    /// QUIRK-16: reported before everything else.
    #[cold]
    fn say_utf_16(&mut self) -> Result<(), Error> {
        let Some(wide) = &mut self.wide else { return Ok(()) };
        if std::mem::replace(&mut wide.said, true) {
            return Ok(());
        }
        let kind = DeviationKind::Utf16;
        let place = Mark::START.place;
        if self.machine.options().mode == Mode::Strict {
            self.done = true;
            let raw = Raw { kind, span: (0, 0), field: None, read_as: "UTF-16".into() };
            return Err(refusal(&raw, place));
        }
        self.sink.deviation(Deviation {
            kind,
            span: 0..2,
            line: place.line,
            column: place.column,
            record: None,
            field: None,
            read_as: "UTF-16".into(),
            found: "\u{FEFF}".into(),
        });
        Ok(())
    }

    /// Reports what was not UTF-16 in what was just read.
    #[cold]
    fn malformed(&mut self) {
        let range = self.machine.taken();
        let (item, end) = (self.base + range.start as u64, self.base + range.end as u64);
        let Some(wide) = &mut self.wide else { return };
        while let Some(place) = wide.malformed.front().filter(|place| **place < end) {
            let at = place.saturating_sub(item) as u32;
            let (kind, span) = (DeviationKind::InvalidEncoding, (at, at + 3));
            let read_as = "\u{FFFD}".into();
            self.machine.pending().push(Raw { kind, span, field: None, read_as });
            wide.malformed.pop_front();
        }
    }

    /// Takes the record that `advance` stopped at.
    #[inline(always)]
    pub(crate) fn take<'b>(
        &mut self,
        buf: &'b [u8],
        text: impl FnOnce(Range<usize>) -> Option<&'b str>,
    ) -> Result<Option<Record<'b>>, Error> {
        let range = self.machine.taken();
        let (raw, text) = (&buf[range.clone()], text(range));
        // Most records are built in place, because moving one costs as much as reading it.
        if let Some(text) = text
            && self.machine.pending().is_empty()
            && self.machine.is_plain(raw, text)
        {
            return Ok(Some(self.machine.plain(text)));
        }
        self.take_slowly(buf, raw, text)
    }

    #[inline(never)]
    fn take_slowly<'b>(
        &mut self,
        buf: &'b [u8],
        raw: &'b [u8],
        text: Option<&'b str>,
    ) -> Result<Option<Record<'b>>, Error> {
        let record = self.machine.take(raw, text);
        if !self.machine.pending().is_empty() {
            self.report(buf)?;
        }
        Ok(Some(record))
    }

    /// Cuts what is no longer needed off the front of the buffer.
    pub(crate) fn discard(&mut self, buf: &mut Vec<u8>) {
        let bytes = self.machine.item();
        if bytes == 0 {
            return;
        }
        let kept = self.base + bytes as u64;
        if self.mark.at < kept {
            self.mark = self.mark.to(buf, self.base, kept);
        }
        self.last = buf.get(bytes - 1).copied();
        buf.drain(..bytes);
        self.base = kept;
        self.machine.discarded(bytes);
    }

    pub(crate) fn io_error(&mut self, buf: &[u8], error: std::io::Error) -> Error {
        self.done = true;
        Error::io(error, self.mark.to(buf, self.base, self.base + buf.len() as u64).place)
    }

    pub(crate) fn error_at_end(&self, buf: &[u8], kind: ErrorKind, message: String) -> Error {
        let end = self.mark.to(buf, self.base, self.base + buf.len() as u64);
        Error::new(kind, end.place, message)
    }

    pub(crate) fn is_done(&self) -> bool {
        self.done
    }

    /// The line in which the item begins.
    pub(crate) fn line(&mut self, buf: &[u8]) -> u64 {
        self.mark = self.mark.to(buf, self.base, self.base + self.machine.item() as u64);
        self.mark.place.line
    }

    /// Hands the pending deviations to the sink, in order, or refuses the first in strict mode.
    fn report(&mut self, buf: &[u8]) -> Result<(), Error> {
        let mode = self.machine.options().mode;
        let item = self.base + self.machine.item() as u64;
        let record = self.machine.record();
        let mut pending = std::mem::take(&mut **self.machine.pending());
        // What was not UTF-16 is added at the end of a step, so its order depends on how the input was cut.
        let is_later =
            |raw: &Raw| self.wide.is_some() && raw.kind != DeviationKind::InvalidEncoding;
        pending.sort_by_key(|raw| (raw.span, is_later(raw)));
        if mode == Mode::Strict
            && let Some(first) = pending.first()
        {
            self.done = true;
            let place = self.mark.to(buf, self.base, item + u64::from(first.span.0)).place;
            return Err(refusal(first, place).context(record, self.machine.open(buf), None));
        }
        if !pending.is_empty() && self.sink.is_listening() {
            self.mark = self.mark.to(buf, self.base, item);
            let mut mark = self.mark;
            for raw in pending.drain(..) {
                let (start, end) = (item + u64::from(raw.span.0), item + u64::from(raw.span.1));
                mark = mark.to(buf, self.base, start);
                let from = usize::try_from(start - self.base).unwrap_or(buf.len()).min(buf.len());
                let to = usize::try_from(end - self.base).unwrap_or(buf.len()).min(buf.len());
                self.sink.deviation(Deviation {
                    kind: raw.kind,
                    span: mark.place.offset..mark.to(buf, self.base, end).place.offset,
                    line: mark.place.line,
                    column: mark.place.column,
                    record,
                    field: raw.field,
                    read_as: raw.read_as,
                    found: excerpt(&buf[from..to.max(from)]),
                });
            }
        }
        pending.clear();
        // Gives the allocation back.
        **self.machine.pending() = pending;
        Ok(())
    }

    #[cold]
    fn fail(&mut self, buf: &[u8], trouble: Trouble) -> Error {
        self.done = true;
        let partial = self.machine.partial(buf);
        let (record, open) = (self.machine.record(), self.machine.open(buf));
        // Repairs before the error come first; in strict mode the first of them is the error.
        if let Err(error) = self.report(buf) {
            return error.context(record, open, partial);
        }
        let place = self.mark.to(buf, self.base, self.base + trouble.at as u64).place;
        Error::new(trouble.kind, place, trouble.message).context(record, open, partial)
    }
}

/// How much of the found text a deviation carries, in bytes.
const EXCERPT: usize = 256;

/// Some bytes as text, shortened.
fn excerpt(bytes: &[u8]) -> Cow<'static, str> {
    let mut end = bytes.len();
    if end > EXCERPT {
        // Cut between characters, none of which is longer than four bytes.
        let continues = |at: &usize| bytes[*at] & 0xC0 == 0x80;
        end = (EXCERPT - 3..=EXCERPT).rev().find(|at| !continues(at)).unwrap_or(EXCERPT);
    }
    let mut text = Encoding::Utf8.text(&bytes[..end]).into_owned();
    if end < bytes.len() {
        text.push('…');
    }
    text.into()
}

fn refusal(raw: &Raw, place: Place) -> Error {
    let doc = raw.kind.doc();
    let message = match &*raw.read_as {
        "" => format!("{}: {doc}", raw.kind),
        text => format!("{} (read as {text:?} in tolerant mode): {doc}", raw.kind),
    };
    Error::new(ErrorKind::Deviation(raw.kind), place, message)
}
