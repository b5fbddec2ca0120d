//! A record as a store holds it.

mod error;
mod texts;

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use vcc_types::{Field, Row, parse_duration};

#[cfg(feature = "postgres")]
pub(crate) use self::error::limit;
pub use self::error::{RecordError, RecordErrorKind};
use self::texts::{Span, Texts, text_fields};
pub(crate) use self::texts::{TEXTS, TextsBuilder};

/// A record as a store holds it: the start as microseconds, the other fourteen fields as text.
/// Duration and finish are computed from them.
///
/// Absent and empty are the same here, as in every filter and every response (QUIRK-6, FIELD-3).
/// Values of other fields than the fifteen are not stored.
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
/// // The start is not a text here, and its offset is not kept.
/// assert_eq!(record.text(Field::StartDate), "");
/// assert_eq!(record.start().unwrap().to_rfc3339(), "2007-12-20T03:16:36.250+00:00");
/// # Ok::<(), vcc_store::RecordError>(())
/// ```
#[derive(Clone)]
pub struct StoredRecord {
    texts: Arc<Texts>,
    /// Which of the records it is.
    index: usize,
}

impl StoredRecord {
    /// The fields that are stored as text, in the order of the documentation.
    pub fn text_fields() -> impl Iterator<Item = Field> {
        text_fields()
    }

    /// Takes a record that has a start.
    ///
    /// # Errors
    ///
    /// There is no start, or it is outside [`StartDate::RANGE`](vcc_types::StartDate::RANGE)
    /// (OUT-3) or finer than a microsecond; the duration has more than
    /// [`Recording::MAX_DURATION`](vcc_types::Recording::MAX_DURATION) seconds (FIELD-4); a value
    /// has a character that XML 1.0 cannot carry (OUT-6), or is longer than
    /// [`RecordErrorKind::TooLong`] says.
    pub fn new(record: &(impl Row + ?Sized)) -> Result<Self, RecordError> {
        let start = record
            .start()
            .ok_or_else(|| RecordError::new(Field::StartDate, RecordErrorKind::NoUsableStart))?;
        Self::with_start(record, start)
    }

    /// Takes a record with a start that the caller has worked out, such as a local time in some
    /// zone.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn with_start(
        record: &(impl Row + ?Sized),
        start: DateTime<Utc>,
    ) -> Result<Self, RecordError> {
        error::check(record, start)?;
        let text = |index| Ok::<_, Infallible>(record.text(Field::ALL[index + 1]).as_bytes());
        let Ok(new) = Self::from_texts(start.timestamp_micros(), text);
        // They are UTF-8, and `check` has bounded each of the fourteen to 1 MiB.
        Ok(new.expect("texts that can be stored"))
    }

    /// A record of fourteen texts, each by its position; `None` if one is not UTF-8.
    pub(crate) fn from_texts<'a, E>(
        start: i64,
        text: impl Fn(usize) -> Result<&'a [u8], E>,
    ) -> Result<Option<Self>, E> {
        let mut one = TextsBuilder::for_one();
        one.add(start, text)?;
        Ok(one.build().and_then(|texts| Self::all(texts).next()))
    }

    /// All records of these texts.
    pub(crate) fn all(texts: Texts) -> impl ExactSizeIterator<Item = Self> {
        let texts = Arc::new(texts);
        (0..texts.spans.len()).map(move |index| Self { texts: texts.clone(), index })
    }

    /// The texts of [`text_fields`](Self::text_fields), in that order.
    #[must_use]
    pub fn texts(&self) -> [&str; Field::COUNT - 1] {
        let span = self.span();
        let mut from = span.from as usize;
        span.ends.map(|end| {
            let text = &self.texts.joined[from..end as usize];
            from = end as usize + 1;
            text
        })
    }

    /// The texts of [`text_fields`](Self::text_fields) with commas between them: the rest of a row
    /// of CSV after the start, if no text needs quotes. The records of a page share the memory of
    /// their texts, which lives as long as any of them.
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
        &self.texts.joined[self.span().all()]
    }

    fn span(&self) -> &Span {
        &self.texts.spans[self.index]
    }

    /// The start in microseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn start_micros(&self) -> i64 {
        self.span().start
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
        parse_duration(self.text(Field::Duration)).ok()
    }

    #[inline]
    fn text(&self, field: Field) -> &str {
        // The start is the first of `Field::ALL`, and is kept as a number.
        let Some(index) = field.index().checked_sub(1) else { return "" };
        let span = self.span();
        let from = index.checked_sub(1).map_or(span.from, |before| span.ends[before] + 1);
        &self.texts.joined[from as usize..span.ends[index] as usize]
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

    /// FIELD-4: digits are a number however they are written, and nothing else is.
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
                (Err(error), Err(())) => {
                    assert_eq!(error.kind(), RecordErrorKind::DurationTooLarge, "{text}");
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
