use core::fmt;
use std::borrow::Cow;

use chrono::{DateTime, Utc};
use vcc_types::{Field, Recording, Row, StartDate};

/// A part of a text, in bytes.
pub(crate) type Span = (u32, u32);

/// One record that borrows from the input.
///
/// Values that stand in the input as they are meant are slices of it; the others (with references,
/// CDATA, doubled quotes, another encoding) share one buffer, which is only allocated when there
/// are any.
///
/// ```
/// use std::borrow::Cow;
/// use vcc_format::xml;
/// use vcc_types::Field;
///
/// let input = b"<recordings><file><caseID>A&amp;B</caseID><caseID>C</caseID></file></recordings>";
/// let record = xml::Reader::new(input).read()?.ok_or("no record")?;
/// let text = record.value(Field::CaseId);
/// assert!(matches!(text, Some(Cow::Owned(text)) if text == "A&B"));
/// // A field that stands twice keeps its first value; the second is not lost.
/// assert_eq!(record.extra().next(), Some(("caseID", "C")));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Record<'a> {
    pub(crate) text: &'a str,
    pub(crate) spans: [Span; Field::COUNT],
    /// Bit `i`: field `i` is present.
    pub(crate) present: u16,
    /// Bit `i`: the span of field `i` is one of `scratch`, not of `text`.
    pub(crate) decoded: u16,
    pub(crate) scratch: String,
    pub(crate) extra: Vec<(Piece, Piece)>,
}

/// A span that says of which text it is one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece {
    pub(crate) span: Span,
    pub(crate) decoded: bool,
}

impl<'a> Record<'a> {
    /// The value of a field; `None` where it is absent, `Some("")` where it is empty (QUIRK-6).
    #[must_use]
    #[inline]
    pub fn get(&self, field: Field) -> Option<&str> {
        let bit = 1 << field.index();
        if self.present & bit == 0 {
            return None;
        }
        let text = if self.decoded & bit == 0 { self.text } else { &self.scratch };
        Some(slice(text, self.spans[field.index()]))
    }

    /// The value of a field for as long as the input lives: borrowed where it stands there as it
    /// is meant.
    #[must_use]
    pub fn value(&self, field: Field) -> Option<Cow<'a, str>> {
        let bit = 1 << field.index();
        if self.present & bit == 0 {
            return None;
        }
        let span = self.spans[field.index()];
        Some(if self.decoded & bit == 0 {
            Cow::Borrowed(slice(self.text, span))
        } else {
            Cow::Owned(slice(&self.scratch, span).to_owned())
        })
    }

    /// All fifteen values in the documented order; `None` is absent.
    #[must_use]
    #[inline]
    pub fn values(&self) -> [Option<&str>; Field::COUNT] {
        Field::ALL.map(|field| self.get(field))
    }

    /// What was sent beside the fifteen fields: names and values in the order they came, a name as
    /// often as it came (QUIRK-6).
    pub fn extra(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.extra.iter().map(|(name, value)| (self.piece(*name), self.piece(*value)))
    }

    /// A record of its own: one allocation, and two for each extra value.
    #[must_use]
    pub fn to_owned(&self) -> Recording {
        let mut recording = Recording::from_values(&self.values());
        for (name, value) in self.extra() {
            recording.push_extra(name, value);
        }
        recording
    }

    /// The same record, with all of its text in its own buffer.
    pub(crate) fn into_owned_text<'b>(mut self) -> Record<'b> {
        let start = self.scratch.len() as u32;
        self.scratch.push_str(self.text);
        let moved = |span: Span| (span.0 + start, span.1 + start);
        for field in Field::ALL {
            if self.decoded & (1 << field.index()) == 0 {
                self.spans[field.index()] = moved(self.spans[field.index()]);
            }
        }
        let piece = |piece: Piece| match piece.decoded {
            true => piece,
            false => Piece { span: moved(piece.span), decoded: true },
        };
        let extra = self.extra.into_iter();
        Record {
            text: "",
            spans: self.spans,
            present: self.present,
            decoded: (1 << Field::COUNT) - 1,
            scratch: self.scratch,
            extra: extra.map(|(name, value)| (piece(name), piece(value))).collect(),
        }
    }

    /// Gives a field another value.
    pub(crate) fn replace(&mut self, field: Field, text: &str) {
        let start = self.scratch.len() as u32;
        self.scratch.push_str(text);
        self.spans[field.index()] = (start, self.scratch.len() as u32);
        self.decoded |= 1 << field.index();
    }

    fn piece(&self, piece: Piece) -> &str {
        slice(if piece.decoded { &self.scratch } else { self.text }, piece.span)
    }
}

/// The part of a text; spans come from the readers, which cut at character boundaries only.
#[inline(always)]
pub(crate) fn slice(text: &str, (from, to): Span) -> &str {
    text.get(from as usize..to as usize).unwrap_or_default()
}

impl Row for Record<'_> {
    /// The start, read from the text each time it is asked for.
    fn start(&self) -> Option<DateTime<Utc>> {
        let start = StartDate::parse(self.text(Field::StartDate)).ok()?.instant()?;
        Some(start.to_utc())
    }

    fn duration(&self) -> Option<u64> {
        seconds(self.text(Field::Duration))
    }

    #[inline]
    fn text(&self, field: Field) -> &str {
        self.get(field).unwrap_or_default()
    }
}

/// The number of seconds that a duration says: ASCII digits, up to 2^64−1.
pub(crate) fn seconds(text: &str) -> Option<u64> {
    // `u64` itself would read a leading `+`.
    if text.starts_with('+') { None } else { text.parse().ok() }
}

impl PartialEq<Recording> for Record<'_> {
    fn eq(&self, other: &Recording) -> bool {
        let extra = other.extra().iter().map(|(name, value)| (name.as_str(), value.as_str()));
        Field::ALL.into_iter().all(|field| self.get(field) == other.get(field))
            && self.extra().eq(extra)
    }
}

impl fmt::Debug for Record<'_> {
    /// Writes what is present, by wire name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields = Field::ALL.into_iter();
        let fields = fields.filter_map(|field| Some((field.wire_name(), self.get(field)?)));
        f.write_str("Record ")?;
        f.debug_map().entries(fields.chain(self.extra())).finish()
    }
}
