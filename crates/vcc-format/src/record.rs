use core::fmt;
use std::borrow::Cow;
use std::sync::OnceLock;

use chrono::{DateTime, Utc};
use vcc_types::{Field, Recording, Row, StartDate, parse_duration};

use crate::parts::{Parts, Piece, Span, slice};
use crate::scan::unquote;

/// One record that borrows from the input.
///
/// A value that stands in the input as it is meant is a slice of it. The others (with references, CDATA,
/// doubled quotes, another encoding) share one buffer, which is allocated only if there are any. For
/// doubled quotes in an otherwise usual row of CSV it is allocated when one of them is asked for.
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
///
/// A record is no larger than 128 bytes, because moving one costs about as much as reading a value.
#[derive(Clone)]
pub struct Record<'a> {
    text: &'a str,
    scratch: String,
    /// If it is there, the spans are in it and not in `short`.
    rest: OnceLock<Box<Rest>>,
    short: Short,
    /// Bit `i`: field `i` is present.
    present: u16,
    /// Bit `i`: the span of field `i` is one of `scratch`, not of `text`.
    decoded: u16,
    /// Bit `i`: there are doubled quotes in field `i`. In `rest` its span is one of `unquoted`.
    doubled: u16,
}

/// What few records need.
#[derive(Clone)]
struct Rest {
    /// For a record that is too long for short spans, has extra values, or whose quotes were asked for.
    spans: [Span; Field::COUNT],
    unquoted: String,
    extra: Vec<(Piece, Piece)>,
}

/// Where values begin and end. It has one place more than there are fields, because whole registers move
/// faster.
pub(crate) type Short = [[u16; 16]; 2];

/// Room for values with quotes, most of which are short.
const UNQUOTED: usize = 64;

const LAST: usize = Field::COUNT - 1;

/// Every field: one bit for each.
pub(crate) const ALL: u16 = u16::MAX >> (u16::BITS as usize - Field::COUNT);

/// How long a text may be for the short spans.
pub(crate) const SHORT: usize = u16::MAX as usize;

impl<'a> Record<'a> {
    /// Values that stand in the text, which is no longer than [`SHORT`], some with doubled quotes.
    #[inline(always)]
    pub(crate) fn short(text: &'a str, short: Short, present: u16, doubled: u16) -> Self {
        let (scratch, rest) = (String::new(), OnceLock::new());
        Record { text, scratch, rest, short, present, decoded: 0, doubled }
    }

    /// Values that stand where their spans say.
    #[inline(always)]
    pub(crate) fn plain(text: &'a str, spans: &[Span; Field::COUNT], present: u16) -> Self {
        if text.len() > SHORT {
            return Parts::new(text, *spans, present).into_record();
        }
        Record::short(text, shorten(spans), present, 0)
    }

    fn pack(parts: Parts<'a>) -> Self {
        let Parts { text, spans, present, decoded, scratch, extra } = parts;
        let long = text.len().max(scratch.len()) > SHORT;
        let short = shorten(&spans);
        let rest = OnceLock::new();
        if long || !extra.is_empty() {
            let _ = rest.set(Box::new(Rest { spans, unquoted: String::new(), extra }));
        }
        Record { text, scratch, rest, short, present, decoded, doubled: 0 }
    }

    fn unpack(mut self) -> Parts<'a> {
        let quotes = Field::ALL.into_iter().filter(|field| self.doubled & 1 << field.index() != 0);
        let quotes: Vec<_> = quotes.filter_map(|field| Some((field, self.value(field)?))).collect();
        let mut parts = Parts::new(self.text, self.spans(), self.present);
        (parts.decoded, parts.scratch) = (self.decoded, self.scratch);
        parts.extra = self.rest.take().map(|rest| rest.extra).unwrap_or_default();
        for (field, text) in quotes {
            parts.replace(field, &text);
        }
        parts
    }

    #[inline(always)]
    fn span(&self, field: Field) -> Span {
        let index = field.index();
        match self.rest.get() {
            None => (u32::from(self.short[0][index]), u32::from(self.short[1][index])),
            Some(rest) => rest.spans[index],
        }
    }

    /// The value of a field; `None` where it is absent, `Some("")` where it is empty (QUIRK-6).
    #[must_use]
    #[inline]
    pub fn get(&self, field: Field) -> Option<&str> {
        let bit = 1 << field.index();
        if self.present & bit == 0 {
            return None;
        }
        if self.doubled & bit != 0 {
            return Some(self.unquoted(field));
        }
        let text = if self.decoded & bit == 0 { self.text } else { &self.scratch };
        Some(slice(text, self.span(field)))
    }

    /// A value with each doubled quote as one.
    #[inline(never)]
    fn unquoted(&self, field: Field) -> &str {
        let rest = self.rest.get_or_init(|| {
            let (mut unquoted, mut spans) = (String::with_capacity(UNQUOTED), self.spans());
            self.unquote(&mut spans, &mut unquoted);
            Box::new(Rest { spans, unquoted, extra: Vec::new() })
        });
        slice(&rest.unquoted, rest.spans[field.index()])
    }

    /// Appends the values with doubled quotes to `out`, unquoted. Their spans point there afterwards.
    fn unquote(&self, spans: &mut [Span; Field::COUNT], out: &mut String) {
        let mut left = self.doubled;
        while left != 0 {
            let span = &mut spans[left.trailing_zeros() as usize];
            left &= left - 1;
            let start = out.len() as u32;
            unquote(slice(self.text, *span), out);
            *span = (start, out.len() as u32);
        }
    }

    fn spans(&self) -> [Span; Field::COUNT] {
        Field::ALL.map(|field| self.span(field))
    }

    /// The value of a field with the lifetime of the input. It is borrowed if it stands there as it is meant.
    #[must_use]
    pub fn value(&self, field: Field) -> Option<Cow<'a, str>> {
        let bit = 1 << field.index();
        if (self.decoded | self.doubled) & bit != 0 {
            return self.get(field).map(|text| Cow::Owned(text.to_owned()));
        }
        (self.present & bit != 0).then(|| Cow::Borrowed(slice(self.text, self.span(field))))
    }

    /// All fifteen values in the documented order; `None` is absent.
    #[must_use]
    #[inline]
    pub fn values(&self) -> [Option<&str>; Field::COUNT] {
        Field::ALL.map(|field| self.get(field))
    }

    /// Values beside the fifteen fields: names and values in the order of the input. A name may repeat
    /// (QUIRK-6).
    pub fn extra(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        let extra: &[_] = self.rest.get().map_or(&[], |rest| &rest.extra);
        extra.iter().map(|(name, value)| (self.piece(*name), self.piece(*value)))
    }

    /// An owned recording. One allocation, and two for each extra value.
    #[must_use]
    pub fn to_recording(&self) -> Recording {
        let joined = self.joined().and_then(|(text, ends)| Recording::from_joined(text, &ends));
        let mut recording = joined.unwrap_or_else(|| Recording::from_values(&self.values()));
        for (name, value) in self.extra() {
            recording.push_extra(name, value);
        }
        recording
    }

    /// The values with commas between them, and where they end. In a row of CSV, many values are copied at
    /// once. `None` if copying each is as fast.
    #[inline]
    fn joined(&self) -> Option<(String, [u32; Field::COUNT])> {
        if self.present & !self.decoded != ALL || self.rest.get().is_some() {
            return None;
        }
        let [starts, ends] = &self.short;
        // Bit `i`: between value `i` and the next is more than a byte.
        let mut apart = 0;
        for index in 0..LAST {
            apart |= u16::from(starts[index + 1] != ends[index].wrapping_add(1)) << index;
        }
        let comma = ends[apart.trailing_ones() as usize];
        if self.text.as_bytes().get(comma as usize) != Some(&b',') {
            return None;
        }
        if apart | self.doubled == 0 {
            let first = starts[0];
            let text = self.text.get(first as usize..ends[LAST] as usize)?;
            return Some((text.to_owned(), core::array::from_fn(|i| u32::from(ends[i] - first))));
        }
        self.join(apart)
    }

    /// The same for a row with quoted values.
    fn join(&self, apart: u16) -> Option<(String, [u32; Field::COUNT])> {
        let [starts, ends] = &self.short;
        let (mut joined, mut places) = (String::with_capacity(self.text.len()), [0; Field::COUNT]);
        let mut index = 0;
        while index <= LAST {
            if index > 0 {
                joined.push(',');
            }
            let last = LAST.min(index + (apart >> index).trailing_zeros() as usize);
            let text = self.text.get(starts[index] as usize..ends[last] as usize)?;
            let moved = (joined.len() as u32).wrapping_sub(u32::from(starts[index]));
            for (place, end) in places[index..=last].iter_mut().zip(&ends[index..]) {
                *place = u32::from(*end).wrapping_add(moved);
            }
            if self.doubled >> index & 1 == 0 {
                joined.push_str(text);
            } else {
                unquote(text, &mut joined);
                places[last] = joined.len() as u32;
            }
            index = last + 1;
        }
        Some((joined, places))
    }

    /// The same record, with its text in its own buffer.
    pub(crate) fn into_owned_text<'b>(self) -> Record<'b> {
        let Parts { text, mut spans, present, decoded, mut scratch, extra } = self.unpack();
        let start = scratch.len() as u32;
        scratch.push_str(text);
        let moved = |span: Span| (span.0 + start, span.1 + start);
        for field in Field::ALL {
            if decoded & (1 << field.index()) == 0 {
                spans[field.index()] = moved(spans[field.index()]);
            }
        }
        let piece = |piece: Piece| match piece.decoded {
            true => piece,
            false => Piece { span: moved(piece.span), decoded: true },
        };
        let extra = extra.into_iter().map(|(name, value)| (piece(name), piece(value))).collect();
        Parts { text: "", spans, present, decoded: ALL, scratch, extra }.into_record()
    }

    fn piece(&self, piece: Piece) -> &str {
        slice(if piece.decoded { &self.scratch } else { self.text }, piece.span)
    }
}

impl<'a> Parts<'a> {
    /// The record that they are.
    pub(crate) fn into_record(self) -> Record<'a> {
        Record::pack(self)
    }
}

/// Spans of a text no longer than [`SHORT`].
#[inline(always)]
fn shorten(spans: &[Span; Field::COUNT]) -> Short {
    let mut short = [[0; 16]; 2];
    for (index, (start, end)) in spans.iter().enumerate() {
        (short[0][index], short[1][index]) = (*start as u16, *end as u16);
    }
    short
}

impl Row for Record<'_> {
    /// The start. It is read from the text at each call.
    fn start(&self) -> Option<DateTime<Utc>> {
        let start = StartDate::parse(self.text(Field::StartDate)).ok()?.instant()?;
        Some(start.to_utc())
    }

    fn duration(&self) -> Option<u64> {
        parse_duration(self.text(Field::Duration)).ok()
    }

    #[inline]
    fn text(&self, field: Field) -> &str {
        self.get(field).unwrap_or_default()
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{csv, xml};

    #[test]
    fn a_record_is_small() {
        assert!(size_of::<Record<'_>>() <= 128, "{}", size_of::<Record<'_>>());
    }

    /// FIELD-4: also around the longest duration that there is.
    #[test]
    fn a_record_and_what_is_made_of_it_last_as_long() {
        let longest = Recording::MAX_DURATION;
        for (text, seconds) in [
            ("027", Some(27)),
            ("9223372036854775807", Some(longest)),
            ("9223372036854775808", None),
            ("18446744073709551615", None),
            ("18446744073709551616", None),
            ("+27", None),
            ("", None),
        ] {
            let document = format!("duration,caseID\r\n{text},4711\r\n");
            let record = csv::Reader::new(document.as_bytes()).read().unwrap().unwrap();
            let made = record.to_recording();
            assert_eq!((Row::duration(&record), made.duration()), (seconds, seconds), "{text}");
        }
    }

    /// On both sides of the length up to which spans are short.
    #[test]
    fn records_of_every_length() {
        for length in (SHORT - 120..SHORT + 20).chain([2 * SHORT, 5 * SHORT]) {
            let long = "x".repeat(length);
            let row =
                format!("2007-12-19T19:16:36-08:00,{long},,\"a \"\"b\"\"\",,27,,,,,,,,,c\r\n");
            let document = format!("{}\r\n{row}", Field::ALL.map(Field::wire_name).join(","));
            let record = csv::Reader::new(document.as_bytes()).read().unwrap().unwrap();
            let read = |field| record.get(field).unwrap();
            assert!(read(Field::AgentId) == long, "{length}");
            assert_eq!((read(Field::Channel), read(Field::WrapUpCode)), ("a \"b\"", "c"));
            assert!(record == record.to_recording() && record.clone() == record.to_recording());

            let document = format!(
                "<recordings><file><agentID>{long}</agentID><caseID>a&amp;b</caseID>\
                 <wrapUpCode>c</wrapUpCode><x>y</x></file></recordings>"
            );
            let record = xml::Reader::new(document.as_bytes()).read().unwrap().unwrap();
            let read = |field| record.get(field).unwrap();
            assert!(read(Field::AgentId) == long, "{length}");
            assert_eq!((read(Field::CaseId), read(Field::WrapUpCode)), ("a&b", "c"));
            assert_eq!(record.extra().next(), Some(("x", "y")));
        }
    }

    /// Also where nothing was asked for before, in whatever order, and of a record that owns.
    #[test]
    fn doubled_quotes_are_one() {
        let row =
            "2007-12-19T19:16:36-08:00,\"\"\"\",é,\"a \"\"b\"\"\",,27,,,,,,,,,\"\"\"\"\"\"\r\n";
        let document = format!("{}\r\n{row}", Field::ALL.map(Field::wire_name).join(","));
        let wide: Vec<u8> =
            format!("\u{FEFF}{document}").encode_utf16().flat_map(u16::to_le_bytes).collect();
        for input in [document.as_bytes(), &wide] {
            let record = || csv::Reader::new(input).read().unwrap().unwrap();
            let expected = [
                (Field::WrapUpCode, "\"\""),
                (Field::PhoneNumber, "é"),
                (Field::AgentId, "\""),
                (Field::Channel, "a \"b\""),
                (Field::Duration, "27"),
                (Field::CaseId, ""),
            ];
            let (owned, asked) = (record().to_recording(), record());
            for (field, text) in expected {
                assert_eq!(owned.get(field), Some(text));
                assert_eq!(asked.get(field), Some(text));
                assert_eq!(record().get(field), Some(text));
                assert_eq!(record().value(field).as_deref(), Some(text));
            }
            let text = record().value(Field::Channel);
            assert!(matches!(text, Some(Cow::Owned(_))));
            assert!(asked == owned && asked.clone() == owned && asked.to_recording() == owned);
        }
    }

    /// Whether the row is copied whole, in parts or value by value.
    #[test]
    fn to_own_a_row_changes_no_value() {
        let header = Field::ALL.map(Field::wire_name);
        let cells = ["b", "", "\"\"", "\"c, d\"", "\"\"\"e\"\"\"", "\"f\r\ng\"", "é"];
        for delimiter in [",", ";"] {
            for (one, other) in cells.iter().flat_map(|one| cells.map(|other| (*one, other))) {
                for (at, step) in
                    [(0, 15), (1, 14), (7, 7), (7, 2), (3, 1), (13, 1), (14, 14), (0, 1)]
                {
                    let mut row = [other; Field::COUNT];
                    row.iter_mut().skip(at).step_by(step).for_each(|cell| *cell = one);
                    let (head, row) = (header.join(delimiter), row.join(delimiter));
                    let document = format!("{head}\r\n{row}\r\n");
                    let mut reader = csv::Reader::new(document.as_bytes());
                    let record = reader.read().unwrap().unwrap();
                    let owned = record.to_recording();
                    assert_eq!(owned, Recording::from_values(&record.values()), "{document:?}");
                }
            }
        }
    }
}
