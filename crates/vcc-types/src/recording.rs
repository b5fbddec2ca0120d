use core::fmt;

use chrono::{DateTime, FixedOffset, TimeDelta, Utc};

use crate::{CallType, DurationError, Field, RecordingName, Row, StartDate, parse_duration};

/// One record: the fifteen fields of [`Field`], and whatever else a server sent beside them.
///
/// Every value is the text that was sent, never "corrected" (QUIRK-10): a start or a duration that
/// cannot be read stays here as text, and the typed access says `None`. A field that is **absent**
/// (`get` gives `None`) is told apart from one that is **empty** (`Some("")`), although both are
/// empty text to a filter (QUIRK-6).
///
/// The values of a record stand one after another in a single buffer, as in a row of CSV without
/// quotes, so that owning a record costs one allocation, and a row of CSV is copied whole.
///
/// ```
/// use vcc_types::{Field, Recording};
///
/// let recording = Recording::new()
///     .with(Field::StartDate, "soon")
///     .with(Field::Duration, "027")
///     .with(Field::WrapUpCode, "");
/// assert_eq!((recording.get(Field::StartDate), recording.start()), (Some("soon"), None));
/// assert_eq!((recording.get(Field::Duration), recording.duration()), (Some("027"), Some(27)));
/// assert_eq!(recording.get(Field::WrapUpCode), Some(""));
/// assert_eq!((recording.get(Field::CaseId), recording.text(Field::CaseId)), (None, ""));
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Recording {
    /// The values in the order of `Field::ALL`, with a comma between each and the next.
    text: String,
    /// Where each value ends in `text`; it begins a byte after the one before it ends.
    ends: [u32; Field::COUNT],
    /// Bit `i`: field `i` is present.
    present: u16,
    start: Option<DateTime<FixedOffset>>,
    /// Never more than `MAX_DURATION`.
    duration: Option<u64>,
    /// `None` where there are none.
    extra: Option<Box<Extra>>,
}

/// Every field is present.
const ALL: u16 = u16::MAX >> (u16::BITS as usize - Field::COUNT);

/// What was sent beside the fields.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Extra {
    values: Vec<(String, String)>,
}

impl Recording {
    /// The longest duration that a record can have, in seconds: 2^63−1 (FIELD-4).
    pub const MAX_DURATION: u64 = i64::MAX as u64;

    /// A record in which every field is absent.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A record in which every field is present: values in the order of [`Field::ALL`] that stand
    /// with commas between them, as in a row of CSV without quotes, and where each of them ends, in
    /// bytes. A value may itself hold commas. `None` where the ends do not fit: each but the last is
    /// the place of a comma after the one before it, and the last is the length of the text.
    ///
    /// One allocation, or none for a `String`, and one copy: the fastest way to own a row.
    ///
    /// ```
    /// use vcc_types::{Field, Recording};
    ///
    /// let mut ends = [0; 15];
    /// // Two values, and thirteen that are empty.
    /// ends[0] = 25;
    /// for index in 1..15 {
    ///     ends[index] = 29 + index as u32;
    /// }
    /// let text = "2007-12-19T19:16:36-08:00,bill,,,,,,,,,,,,,";
    /// let recording = Recording::from_joined(text, &ends).ok_or("the ends do not fit")?;
    /// assert_eq!(recording.get(Field::AgentId), Some("bill"));
    /// assert_eq!(recording.get(Field::WrapUpCode), Some(""));
    /// assert_eq!(Recording::from_joined("bill", &ends), None);
    /// # Ok::<(), &str>(())
    /// ```
    #[must_use]
    pub fn from_joined(joined: impl Into<String>, ends: &[u32; Field::COUNT]) -> Option<Self> {
        let text = joined.into();
        let bytes = text.as_bytes();
        let mut from = 0;
        for end in ends.map(|end| end as usize).iter().take(Field::COUNT - 1) {
            if *end < from || bytes.get(*end) != Some(&b',') {
                return None;
            }
            from = end + 1;
        }
        if ends[Field::COUNT - 1] as usize != text.len() {
            return None;
        }
        let mut record = Self { text, ends: *ends, present: ALL, ..Self::blank() };
        record.read_start();
        record.read_duration();
        Some(record)
    }

    /// A record of these values, in the order of [`Field::ALL`]; `None` is absent. One allocation.
    ///
    /// # Panics
    ///
    /// As [`set`](Self::set).
    #[must_use]
    pub fn from_values(values: &[Option<&str>; Field::COUNT]) -> Self {
        let texts = values.map(Option::unwrap_or_default);
        let mut record = Self { text: texts.join(","), ..Self::blank() };
        check_length(record.text.len());
        let mut place = 0;
        for (index, value) in values.iter().enumerate() {
            place += texts[index].len() as u32;
            record.ends[index] = place;
            record.present |= u16::from(value.is_some()) << index;
            place += 1;
        }
        record.read_start();
        record.read_duration();
        record
    }

    /// The value of a field; `None` where it is absent.
    #[must_use]
    #[inline]
    pub fn get(&self, field: Field) -> Option<&str> {
        (self.present & 1 << field.index() != 0).then(|| self.text(field))
    }

    /// The value of a field; empty where it is absent.
    #[must_use]
    #[inline]
    pub fn text(&self, field: Field) -> &str {
        let (from, to) = self.span(field);
        &self.text[from..to]
    }

    /// All fifteen values in the documented order with a comma between each and the next, as they
    /// are: a value that holds commas or quotes is not put in quotes, and an absent one is empty.
    ///
    /// ```
    /// use vcc_types::{Field, Recording};
    ///
    /// let recording = Recording::new().with(Field::AgentId, "bill").with(Field::Duration, "27");
    /// assert_eq!(recording.joined(), ",bill,,,,27,,,,,,,,,");
    /// ```
    #[must_use]
    #[inline]
    pub fn joined(&self) -> &str {
        &self.text
    }

    /// Every field that is present, with its value, in the documented order.
    pub fn fields(&self) -> impl Iterator<Item = (Field, &str)> {
        Field::ALL.into_iter().filter_map(|field| Some((field, self.get(field)?)))
    }

    /// Gives a field a value.
    ///
    /// # Panics
    ///
    /// Where the values of the record together would be longer than 4 GiB (2^32−1 bytes). The
    /// readers of `vcc-format` stop at 512 KiB, unless they are told otherwise.
    pub fn set(&mut self, field: Field, value: &str) {
        self.replace(field, value);
        self.present |= 1 << field.index();
        self.reread(field);
    }

    /// Makes a field absent.
    pub fn remove(&mut self, field: Field) {
        self.replace(field, "");
        self.present &= !(1 << field.index());
        self.reread(field);
    }

    /// [`set`](Self::set), for chains.
    ///
    /// # Panics
    ///
    /// As [`set`](Self::set).
    #[must_use]
    pub fn with(mut self, field: Field, value: &str) -> Self {
        self.set(field, value);
        self
    }

    /// Sets the start, and `startDate` to its response form (OUT-3).
    pub fn set_start(&mut self, start: DateTime<FixedOffset>) {
        self.set(Field::StartDate, &StartDate::Instant(start).to_string());
    }

    /// The instant at which the recording started, with the offset it was written in. `None` where
    /// `startDate` is absent, cannot be read, or has no offset (QUIRK-14).
    #[must_use]
    #[inline]
    pub fn start(&self) -> Option<DateTime<FixedOffset>> {
        self.start
    }

    /// Whole seconds from start to finish. `None` where `duration` is absent, is not all ASCII
    /// digits, or exceeds [`MAX_DURATION`](Self::MAX_DURATION) (FIELD-4, QUIRK-14). Leading zeros
    /// are read, in any number: `027` is 27.
    #[must_use]
    #[inline]
    pub fn duration(&self) -> Option<u64> {
        self.duration
    }

    /// Whether `duration` is a number, and too large a one: more than
    /// [`MAX_DURATION`](Self::MAX_DURATION) seconds (FIELD-4). The text is kept, the record has no
    /// [`duration`](Self::duration), and ingest refuses it.
    ///
    /// ```
    /// use vcc_types::{Field, Recording};
    ///
    /// let of = |text| Recording::new().with(Field::Duration, text);
    /// assert!(of("9223372036854775808").is_too_long());
    /// assert!(!of("9223372036854775807").is_too_long());
    /// // No number.
    /// assert!(!of("a while").is_too_long());
    /// ```
    #[must_use]
    pub fn is_too_long(&self) -> bool {
        parse_duration(self.text(Field::Duration)) == Err(DurationError::TooLong)
    }

    /// The instant at which the recording finished: start + duration (NEAR-2). A record without a
    /// duration has none (FIELD-7).
    #[must_use]
    pub fn finish(&self) -> Option<DateTime<FixedOffset>> {
        let seconds = i64::try_from(self.duration?).ok()?;
        self.start?.checked_add_signed(TimeDelta::try_seconds(seconds)?)
    }

    /// The kind of call, read from the channel. An absent channel is an empty one.
    #[must_use]
    pub fn call_type(&self) -> CallType {
        CallType::from_channel(self.text(Field::Channel))
    }

    /// What the file name says about the start, where it carries a time (CALL-4).
    #[must_use]
    pub fn recording_name(&self) -> Option<RecordingName<'_>> {
        RecordingName::parse(self.text(Field::Filename))
    }

    /// What a server sent beside the fifteen fields: names and values in the order they came,
    /// a name as often as it came (QUIRK-6).
    #[must_use]
    pub fn extra(&self) -> &[(String, String)] {
        self.extra.as_ref().map_or(&[], |extra| &extra.values)
    }

    /// Adds a value beside the fifteen fields.
    pub fn push_extra(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.extra.get_or_insert_default().values.push((name.into(), value.into()));
    }

    /// What a record is before it has its text.
    fn blank() -> Self {
        let ends = core::array::from_fn(|index| index as u32);
        let text = String::new();
        Self { text, ends, present: 0, start: None, duration: None, extra: None }
    }

    fn span(&self, field: Field) -> (usize, usize) {
        let index = field.index();
        let from = if index == 0 { 0 } else { self.ends[index - 1] + 1 };
        (from as usize, self.ends[index] as usize)
    }

    fn replace(&mut self, field: Field, value: &str) {
        let (from, to) = self.span(field);
        check_length(self.text.len() - (to - from) + value.len());
        self.text.replace_range(from..to, value);
        for end in &mut self.ends[field.index()..] {
            *end = *end - (to - from) as u32 + value.len() as u32;
        }
    }

    fn reread(&mut self, field: Field) {
        match field {
            Field::StartDate => self.read_start(),
            Field::Duration => self.read_duration(),
            _ => {}
        }
    }

    fn read_start(&mut self) {
        self.start =
            StartDate::parse(self.text(Field::StartDate)).ok().and_then(StartDate::instant);
    }

    fn read_duration(&mut self) {
        self.duration = parse_duration(self.text(Field::Duration)).ok();
    }
}

impl Default for Recording {
    fn default() -> Self {
        Self { text: ",".repeat(Field::COUNT - 1), ..Self::blank() }
    }
}

/// Each end is then a number of 32 bits.
#[inline]
fn check_length(length: usize) {
    assert!(length <= u32::MAX as usize, "a record holds at most 4 GiB of text");
}

impl Row for Recording {
    #[inline]
    fn start(&self) -> Option<DateTime<Utc>> {
        self.start.map(|start| start.to_utc())
    }

    #[inline]
    fn duration(&self) -> Option<u64> {
        self.duration
    }

    #[inline]
    fn text(&self, field: Field) -> &str {
        Recording::text(self, field)
    }
}

impl fmt::Debug for Recording {
    /// Writes what is present, by wire name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let extra = self.extra().iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let fields = self.fields().map(|(field, value)| (field.wire_name(), value));
        f.write_str("Recording ")?;
        f.debug_map().entries(fields.chain(extra)).finish()
    }
}

#[cfg(feature = "arbitrary")]
impl<'a> arbitrary::Arbitrary<'a> for Recording {
    fn arbitrary(u: &mut arbitrary::Unstructured<'a>) -> arbitrary::Result<Self> {
        let mut record = Recording::new();
        for field in Field::ALL {
            if let Some(value) = u.arbitrary::<Option<&str>>()? {
                record.set(field, value);
            }
        }
        Ok(record)
    }
}

#[cfg(test)]
mod tests;
