use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, Timelike as _, Utc};
use vcc_types::{Field, Recording, Row, StartDate};

/// A record as a store holds it: the start as microseconds, the other fourteen fields as text.
/// Duration and finish are computed from them.
///
/// Absent and empty are the same here, as they are to every filter and in every response (QUIRK-6,
/// FIELD-3). Values that are none of the fifteen fields are not stored.
///
/// ```
/// use vcc_store::StoredRecord;
/// use vcc_types::{Field, Recording, Row as _};
///
/// let recording = Recording::new()
///     .with(Field::StartDate, "2007-12-19T19:16:36.25-08:00")
///     .with(Field::Duration, "27");
/// let record = StoredRecord::new(&recording)?;
/// assert_eq!(record.start_micros(), 1_198_120_596_250_000);
/// assert_eq!(record.finish_micros(), Some(1_198_120_623_250_000));
/// // The start is no text here, and its offset is not kept.
/// assert_eq!(record.text(Field::StartDate), "");
/// assert_eq!(record.start().unwrap().to_rfc3339(), "2007-12-20T03:16:36.250+00:00");
/// # Ok::<(), vcc_store::Refusal>(())
/// ```
#[derive(Clone)]
pub struct StoredRecord {
    page: Arc<Texts>,
    /// Which of the page's records it is.
    index: usize,
}

/// The texts of several records.
struct Texts {
    /// Those of each record with commas between them, as a row of CSV has them.
    joined: Box<str>,
    places: Box<[Place]>,
}

/// The start of a record, and where its texts are among those of others.
#[derive(Clone, Copy)]
struct Place {
    start: i64,
    from: u32,
    /// Where each text ends.
    ends: [u32; TEXTS],
}

/// The fields that are stored as text: all but the start.
pub(crate) const TEXTS: usize = Field::COUNT - 1;

impl StoredRecord {
    /// The fields that are stored as text, in the order of the documentation.
    pub fn text_fields() -> impl Iterator<Item = Field> {
        Field::ALL.into_iter().filter(|field| *field != Field::StartDate)
    }

    /// Takes over a record that has a start.
    ///
    /// # Errors
    ///
    /// No start, a start outside [`StartDate::RANGE`] (OUT-3) or finer than a microsecond, a
    /// duration of more than [`Recording::MAX_DURATION`] seconds (FIELD-4), a character that XML 1.0
    /// cannot carry (OUT-6), or a value longer than [`RefusalKind::TooLong`] says.
    pub fn new(record: &(impl Row + ?Sized)) -> Result<Self, Refusal> {
        let start = record
            .start()
            .ok_or_else(|| Refusal::new(Field::StartDate, RefusalKind::NoUsableStart))?;
        Self::with_start(record, start)
    }

    /// Takes over a record with a start that the caller has found, such as a local time read in a
    /// zone.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn with_start(record: &(impl Row + ?Sized), start: DateTime<Utc>) -> Result<Self, Refusal> {
        // OUT-3
        if !StartDate::RANGE.contains(&start) {
            return Err(Refusal::new(Field::StartDate, RefusalKind::StartOutOfRange));
        }
        // A leap second of chrono's would be a nanosecond field beyond a second; none gets here
        // from a text, and both are finer than what is stored.
        if !start.nanosecond().is_multiple_of(1_000) || start.nanosecond() >= 1_000_000_000 {
            return Err(Refusal::new(Field::StartDate, RefusalKind::StartTooFine));
        }
        for field in Self::text_fields() {
            let value = record.text(field);
            if let Some(character) = forbidden(value) {
                return Err(Refusal::new(field, RefusalKind::Character(character)));
            }
            let limit = limit(field);
            if value.len() > limit {
                return Err(Refusal::new(field, RefusalKind::TooLong { limit }));
            }
        }
        // FIELD-4
        if seconds(record.text(Field::Duration)) == Seconds::TooMany {
            return Err(Refusal::new(Field::Duration, RefusalKind::DurationTooLarge));
        }
        let texts = |index| Ok::<_, Refusal>(record.text(Field::ALL[index + 1]).as_bytes());
        let new = Self::from_texts(start.timestamp_micros(), texts)?;
        // Texts are UTF-8, and fourteen of 1 MiB at most.
        Ok(new.expect("texts that can be stored"))
    }

    /// A record of fourteen texts, each by its position; `None` where one of them is no UTF-8.
    pub(crate) fn from_texts<'a, E>(
        start: i64,
        text: impl Fn(usize) -> Result<&'a [u8], E>,
    ) -> Result<Option<Self>, E> {
        // Of the usual length.
        let mut one = Records { texts: Vec::with_capacity(256), ..Records::default() };
        one.add(start, text)?;
        Ok(one.build().and_then(|mut records| records.pop()))
    }

    /// The texts of [`text_fields`](Self::text_fields), in that order.
    #[must_use]
    pub fn texts(&self) -> [&str; Field::COUNT - 1] {
        let place = self.place();
        let mut from = place.from as usize;
        place.ends.map(|end| {
            let text = &self.page.joined[from..end as usize];
            from = end as usize + 1;
            text
        })
    }

    /// The texts of [`text_fields`](Self::text_fields) with commas between them: what a row of CSV
    /// says after the start, if no text needs quotes. The records of a page share one text, which
    /// is there as long as any of them.
    ///
    /// ```
    /// use vcc_store::StoredRecord;
    /// use vcc_types::{Field, Recording};
    ///
    /// let recording = Recording::new()
    ///     .with(Field::StartDate, "2007-12-19T19:16:36-08:00")
    ///     .with(Field::AgentId, "bill");
    /// let record = StoredRecord::new(&recording).unwrap();
    /// assert_eq!(record.joined(), "bill,,,,,,,,,,,,,");
    /// assert_eq!(record.texts()[0], "bill");
    /// ```
    #[must_use]
    pub fn joined(&self) -> &str {
        &self.page.joined[self.place().all()]
    }

    fn place(&self) -> &Place {
        &self.page.places[self.index]
    }

    /// The start in microseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn start_micros(&self) -> i64 {
        self.place().start
    }

    /// The finish in microseconds since 1970-01-01T00:00:00Z; `None` without a duration (FIELD-7)
    /// and beyond the calendar.
    #[must_use]
    pub fn finish_micros(&self) -> Option<i64> {
        self.finish().map(|finish| finish.timestamp_micros())
    }
}

impl Row for StoredRecord {
    #[inline]
    fn start(&self) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp_micros(self.start_micros())
    }

    #[inline]
    fn duration(&self) -> Option<u64> {
        match seconds(self.text(Field::Duration)) {
            Seconds::Number(seconds) => Some(seconds.cast_unsigned()),
            Seconds::TooMany | Seconds::None => None,
        }
    }

    #[inline]
    fn text(&self, field: Field) -> &str {
        // The start is the first of `Field::ALL`; it is kept as a number.
        let Some(index) = field.index().checked_sub(1) else { return "" };
        let place = self.place();
        let from = index.checked_sub(1).map_or(place.from, |before| place.ends[before] + 1);
        &self.page.joined[from as usize..place.ends[index] as usize]
    }
}

impl PartialEq for StoredRecord {
    fn eq(&self, other: &Self) -> bool {
        self.start_micros() == other.start_micros() && self.texts() == other.texts()
    }
}

impl Eq for StoredRecord {}

impl fmt::Debug for StoredRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (start, texts) = (self.start_micros(), self.texts());
        f.debug_struct("StoredRecord").field("start", &start).field("texts", &texts).finish()
    }
}

/// Makes records, one after another, out of what a store read: their texts lie together.
#[derive(Default)]
pub(crate) struct Records {
    texts: Vec<u8>,
    places: Vec<Place>,
}

impl Place {
    /// Where all texts are.
    fn all(&self) -> Range<usize> {
        self.from as usize..self.ends[TEXTS - 1] as usize
    }
}

impl Records {
    /// Adds a record of fourteen texts, each by its position.
    #[inline]
    pub(crate) fn add<'a, E>(
        &mut self,
        start: i64,
        text: impl Fn(usize) -> Result<&'a [u8], E>,
    ) -> Result<(), E> {
        let (from, mut ends) = (position(self.texts.len()), [0; TEXTS]);
        for (index, end) in ends.iter_mut().enumerate() {
            if index > 0 {
                self.texts.push(b',');
            }
            self.texts.extend_from_slice(text(index)?);
            *end = position(self.texts.len());
        }
        self.places.push(Place { start, from, ends });
        Ok(())
    }

    /// How many bytes the texts have.
    pub(crate) fn size(&self) -> usize {
        self.texts.len()
    }

    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    pub(crate) fn clear(&mut self) {
        self.texts.clear();
        self.places.clear();
    }

    /// The records; `None` where a text is no UTF-8, or all of them are too much.
    pub(crate) fn build(&self) -> Option<Vec<StoredRecord>> {
        // Checked at once, for short texts take longer to begin with than to check.
        let joined = str::from_utf8(&self.texts).ok()?;
        // A comma follows every other text, so those end where a character does.
        let whole = |place: &Place| joined.is_char_boundary(place.all().end);
        if !self.places.iter().all(whole) {
            return None;
        }
        let page = Arc::new(Texts { joined: joined.into(), places: self.places.as_slice().into() });
        let record = |index| StoredRecord { page: page.clone(), index };
        Some((0..self.places.len()).map(record).collect())
    }
}

/// What gathering takes.
#[cfg(feature = "sqlite")]
impl Records {
    /// Some of the records, in another order: what is left out takes no memory.
    pub(crate) fn pick(&self, places: &[usize]) -> Self {
        let mut picked = Self::default();
        for place in places.iter().filter_map(|place| self.places.get(*place)) {
            let from = position(picked.texts.len());
            picked.texts.extend_from_slice(&self.texts[place.all()]);
            let ends = place.ends.map(|end| end - place.from + from);
            picked.places.push(Place { start: place.start, from, ends });
        }
        picked
    }
}

/// The starts that are stored, in microseconds (OUT-3).
pub(crate) fn starts() -> Range<i64> {
    let Range { start, end } = StartDate::RANGE;
    start.timestamp_micros()..end.timestamp_micros()
}

/// What a duration says as a number (FIELD-4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seconds {
    Number(i64),
    /// A number beyond [`Recording::MAX_DURATION`].
    TooMany,
    /// No number.
    None,
}

/// ASCII digits, however many of them: leading zeros count for nothing.
fn seconds(text: &str) -> Seconds {
    match text.parse::<i64>() {
        // A sign is none of the digits.
        Ok(seconds) if text.starts_with(|first: char| first.is_ascii_digit()) => {
            Seconds::Number(seconds)
        }
        Ok(_) => Seconds::None,
        Err(_) if text.is_empty() || text.bytes().any(|byte| !byte.is_ascii_digit()) => {
            Seconds::None
        }
        Err(_) => Seconds::TooMany,
    }
}

/// Beyond what can be counted, it is the end of no text.
fn position(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// Why a record is not stored: the field and what is wrong with it.
///
/// ```
/// use vcc_store::{RefusalKind, StoredRecord};
/// use vcc_types::{Field, Recording};
///
/// let recording = Recording::new()
///     .with(Field::StartDate, "2007-12-19T19:16:36Z")
///     .with(Field::CaseId, "4711\u{b}");
/// let refusal = StoredRecord::new(&recording).unwrap_err();
/// assert_eq!(refusal.field(), Field::CaseId);
/// assert_eq!(refusal.kind(), RefusalKind::Character('\u{b}'));
/// assert_eq!(refusal.to_string(), "caseID: U+000B cannot stand in XML");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    field: Field,
    kind: RefusalKind,
}

/// The reasons of a [`Refusal`].
///
/// ```
/// use vcc_store::{RefusalKind, StoredRecord};
/// use vcc_types::{Field, Recording};
///
/// let refused = |agent: &str| {
///     let recording = Recording::new()
///         .with(Field::StartDate, "2007-12-19T19:16:36Z")
///         .with(Field::AgentId, agent);
///     StoredRecord::new(&recording).err().map(|refusal| refusal.kind())
/// };
/// // Bytes are counted, not characters. The limit itself is stored.
/// assert_eq!(refused(&"é".repeat(500)), None);
/// assert_eq!(refused(&"é".repeat(501)), Some(RefusalKind::TooLong { limit: 1_000 }));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RefusalKind {
    /// The start is absent, cannot be read, or has no offset and no zone was given (QUIRK-14).
    NoUsableStart,
    /// The start is outside [`StartDate::RANGE`]: in some zone its year would not have four digits
    /// (OUT-3).
    StartOutOfRange,
    /// The start has a fraction finer than a microsecond.
    StartTooFine,
    /// The duration is a number beyond [`Recording::MAX_DURATION`] seconds (FIELD-4).
    DurationTooLarge,
    /// A character that XML 1.0 cannot carry, so that no response could either (OUT-6).
    Character(char),
    /// More bytes than are stored: 1,000 in agentID, phoneNumber, filename and transactionID,
    /// which stand in an index, and 1,048,576 in any other field.
    TooLong {
        /// How many bytes the field may have.
        limit: usize,
    },
}

impl Refusal {
    fn new(field: Field, kind: RefusalKind) -> Self {
        Self { field, kind }
    }

    /// The field that is refused.
    #[must_use]
    pub fn field(&self) -> Field {
        self.field
    }

    /// What is wrong with it.
    #[must_use]
    pub fn kind(&self) -> RefusalKind {
        self.kind
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let field = self.field;
        match self.kind {
            RefusalKind::NoUsableStart => {
                write!(f, "{field}: expected an instant such as 2008-02-14T10:12:13-08:00")
            }
            RefusalKind::StartOutOfRange => {
                let Range { start, end } = StartDate::RANGE;
                write!(
                    f,
                    "{field}: its year would not have four digits in every zone: expected a start \
                     from {} on and before {}",
                    instant(start),
                    instant(end)
                )
            }
            RefusalKind::DurationTooLarge => {
                let most = Recording::MAX_DURATION;
                write!(f, "{field}: too large: expected at most {most} seconds, which is 2^63-1")
            }
            RefusalKind::StartTooFine => {
                write!(f, "{field}: finer than a microsecond, which is what is stored")
            }
            RefusalKind::Character(character) => {
                write!(f, "{field}: U+{:04X} cannot stand in XML", u32::from(character))
            }
            RefusalKind::TooLong { limit } => {
                write!(f, "{field}: longer than {limit} bytes, which is what is stored")
            }
        }
    }
}

impl std::error::Error for Refusal {}

fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// How many bytes of a field are stored. An index entry of PostgreSQL holds some 2,700.
fn limit(field: Field) -> usize {
    match field {
        Field::AgentId | Field::PhoneNumber | Field::Filename | Field::TransactionId => 1_000,
        _ => 1 << 20,
    }
}

/// The first character of a text that XML 1.0 cannot carry.
fn forbidden(text: &str) -> Option<char> {
    // The bytes that such characters begin with; most texts have none of them.
    let suspect = |byte: &u8| *byte < b' ' || *byte == 0xef;
    let from = text.as_bytes().iter().position(suspect)?;
    // Both stand at the beginning of a character.
    text[from..].chars().find(|character| !is_xml_character(*character))
}

/// Whether XML 1.0 can carry a character (OUT-6).
fn is_xml_character(character: char) -> bool {
    !matches!(character, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
}

#[cfg(test)]
mod tests {
    use vcc_types::Recording;

    use super::*;

    fn recording(start: &str) -> Recording {
        Recording::new().with(Field::StartDate, start)
    }

    #[test]
    fn a_record_keeps_what_it_was_given() {
        let recording = recording("2007-12-19T19:16:36.000001-08:00")
            .with(Field::AgentId, "bill")
            .with(Field::Duration, "027")
            .with(Field::WrapUpCode, "é\t\r\n");
        let stored = StoredRecord::new(&recording).unwrap();
        assert_eq!(stored.start(), Row::start(&recording));
        assert_eq!(stored.duration(), Some(27));
        assert_eq!(stored.finish_micros(), Some(stored.start_micros() + 27_000_000));
        for field in StoredRecord::text_fields() {
            assert_eq!(stored.text(field), recording.text(field), "{field}");
        }
        let texts = StoredRecord::text_fields().map(|field| recording.text(field));
        assert!(stored.texts().into_iter().eq(texts));
    }

    #[test]
    fn what_is_refused_and_why() {
        let good = recording("2007-12-19T19:16:36Z");
        for (recording, message) in [
            (Recording::new(), "startDate: expected an instant such as 2008-02-14T10:12:13-08:00"),
            (
                recording("2007-12-19T19:16:36"),
                "startDate: expected an instant such as 2008-02-14T10:12:13-08:00",
            ),
            (
                recording("2007-12-19T19:16:36.0000001Z"),
                "startDate: finer than a microsecond, which is what is stored",
            ),
            (
                recording("0001-01-01T23:59:59.999999Z"),
                "startDate: its year would not have four digits in every zone: expected a start \
                 from 0001-01-02T00:00:00Z on and before 9999-12-31T00:00:00Z",
            ),
            (
                // In the year 10000, for UTC.
                recording("9999-12-31T23:59:59-08:00"),
                "startDate: its year would not have four digits in every zone: expected a start \
                 from 0001-01-02T00:00:00Z on and before 9999-12-31T00:00:00Z",
            ),
            (
                good.clone().with(Field::Duration, "9223372036854775808"),
                "duration: too large: expected at most 9223372036854775807 seconds, which is 2^63-1",
            ),
            (good.clone().with(Field::CaseId, "a\0"), "caseID: U+0000 cannot stand in XML"),
            (good.clone().with(Field::ExtVar1, "\u{1f}"), "extVar1: U+001F cannot stand in XML"),
            (good.clone().with(Field::ExtVar2, "\u{ffff}"), "extVar2: U+FFFF cannot stand in XML"),
            (
                good.with(Field::Filename, &"é".repeat(501)),
                "filename: longer than 1000 bytes, which is what is stored",
            ),
        ] {
            assert_eq!(StoredRecord::new(&recording).unwrap_err().to_string(), message);
        }
    }

    /// OUT-3: a day at either end of the calendar is some zone's first or last.
    #[test]
    fn the_first_and_the_last_start_that_are_stored() {
        for (start, stored) in [
            ("0001-01-01T00:00:00Z", false),
            ("0001-01-01T23:59:59.999999Z", false),
            ("0001-01-02T00:00:00Z", true),
            ("0001-01-01T16:00:00-08:00", true),
            ("9999-12-30T23:59:59.999999Z", true),
            ("9999-12-31T08:59:59+09:00", true),
            ("9999-12-31T00:00:00Z", false),
            ("9999-12-31T23:59:59Z", false),
        ] {
            let refused = StoredRecord::new(&recording(start)).err().map(|refusal| refusal.kind());
            assert_eq!(refused, (!stored).then_some(RefusalKind::StartOutOfRange), "{start}");
        }
    }

    /// FIELD-4: a number however it is written, and no number otherwise.
    #[test]
    fn durations_as_numbers() {
        let many = |digits: &str| format!("{}{digits}", "0".repeat(5_000));
        let (long, too_long) = (many("27"), many("9223372036854775808"));
        for (text, seconds) in [
            ("0", Ok(Some(0))),
            ("27", Ok(Some(27))),
            ("027", Ok(Some(27))),
            (&long, Ok(Some(27))),
            ("9223372036854775807", Ok(Some(Recording::MAX_DURATION))),
            ("9223372036854775808", Err(())),
            ("18446744073709551615", Err(())),
            ("18446744073709551616", Err(())),
            ("99999999999999999999999999", Err(())),
            (&too_long, Err(())),
            ("", Ok(None)),
            ("+27", Ok(None)),
            ("-27", Ok(None)),
            ("-9223372036854775808", Ok(None)),
            ("+99999999999999999999999999", Ok(None)),
            ("99999999999999999999999999s", Ok(None)),
            ("27.0", Ok(None)),
            (" 27", Ok(None)),
            ("1e9", Ok(None)),
            ("\u{662}\u{667}", Ok(None)),
        ] {
            let recording = recording("2007-12-19T19:16:36Z").with(Field::Duration, text);
            match (StoredRecord::new(&recording), seconds) {
                (Ok(stored), Ok(seconds)) => {
                    assert_eq!((stored.duration(), stored.text(Field::Duration)), (seconds, text));
                }
                (Err(refusal), Err(())) => {
                    assert_eq!(refusal.kind(), RefusalKind::DurationTooLarge, "{text}");
                }
                (stored, _) => panic!("{text}: {stored:?}"),
            }
        }
    }

    #[test]
    fn a_finish_beyond_the_calendar_is_none() {
        let recording =
            recording("9999-12-30T23:59:59Z").with(Field::Duration, "9223372036854775807");
        let stored = StoredRecord::new(&recording).unwrap();
        assert_eq!(stored.duration(), Some(Recording::MAX_DURATION));
        assert_eq!((stored.finish(), stored.finish_micros()), (None, None));
    }
}
