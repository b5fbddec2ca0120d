use chrono::{DateTime, TimeDelta, Utc};

use crate::Field;

/// What matching asks of a record. Implement it for the row type of your store, and selections match
/// its rows without building a [`Recording`](crate::Recording).
///
/// A field that is absent and a field that is empty are the same to a filter (QUIRK-6).
///
/// ```
/// use chrono::{DateTime, Utc};
/// use vcc_types::{Field, Row};
///
/// struct Call(Option<u64>);
/// impl Row for Call {
///     fn start(&self) -> Option<DateTime<Utc>> { Some(DateTime::UNIX_EPOCH) }
///     fn duration(&self) -> Option<u64> { self.0 }
///     fn text(&self, _: Field) -> &str { "" }
/// }
/// assert_eq!(Call(Some(27)).finish(), DateTime::from_timestamp(27, 0));
/// assert_eq!(Call(None).finish(), None);
/// ```
pub trait Row {
    /// The instant at which the recording started; `None` where it is not known.
    fn start(&self) -> Option<DateTime<Utc>>;

    /// The whole seconds from start to finish, at most
    /// [`Recording::MAX_DURATION`](crate::Recording::MAX_DURATION) (FIELD-4); `None` where they are
    /// not known.
    fn duration(&self) -> Option<u64>;

    /// The text of a field, empty if the field is absent. It is never called with
    /// [`Field::StartDate`].
    fn text(&self, field: Field) -> &str;

    /// The instant at which the recording finished: start + duration. A record without a duration
    /// has none (FIELD-7).
    #[inline]
    fn finish(&self) -> Option<DateTime<Utc>> {
        let seconds = i64::try_from(self.duration()?).ok()?;
        self.start()?.checked_add_signed(TimeDelta::try_seconds(seconds)?)
    }
}

impl<R: Row + ?Sized> Row for &R {
    #[inline]
    fn start(&self) -> Option<DateTime<Utc>> {
        (**self).start()
    }

    #[inline]
    fn duration(&self) -> Option<u64> {
        (**self).duration()
    }

    #[inline]
    fn text(&self, field: Field) -> &str {
        (**self).text(field)
    }

    #[inline]
    fn finish(&self) -> Option<DateTime<Utc>> {
        (**self).finish()
    }
}
