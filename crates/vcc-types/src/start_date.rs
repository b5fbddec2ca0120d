use core::fmt;
use core::ops::Range;
use core::str::FromStr;

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveDateTime, TimeDelta, Timelike, Utc};

/// The `startDate` of a response (OUT-3): `2008-02-14T10:12:13-08:00`.
///
/// Read are the extended forms that responses use: a four-digit year from 0001 to 9999, `T` or a
/// space, seconds, a decimal fraction of up to nine digits, then `Z`, `±hh:mm`, `±hhmm` or nothing.
///
/// ```
/// use vcc_types::StartDate;
///
/// let printed = |text| StartDate::parse(text).map(|start| start.to_string());
/// assert_eq!(printed("2008-02-14 10:12:13.5Z")?, "2008-02-14T10:12:13.500+00:00");
/// // A leap second is the instant after it.
/// assert_eq!(printed("2008-12-31T23:59:60Z")?, "2009-01-01T00:00:00+00:00");
/// // Without an offset there is no instant.
/// assert_eq!(StartDate::parse("2008-02-14T10:12:13")?.instant(), None);
/// # Ok::<(), vcc_types::StartDateError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartDate {
    /// With an offset: an instant.
    Instant(DateTime<FixedOffset>),
    /// Without an offset: a local time. It is an instant only in a zone, which the text does not name
    /// (QUIRK-14).
    Local(NaiveDateTime),
}

/// A text that is not a `startDate`.
///
/// ```
/// use vcc_types::StartDate;
///
/// let position = |text| StartDate::parse(text).map_err(|error| error.position());
/// // No such day; no time; a fraction of ten digits.
/// assert_eq!(position("2007-02-29T10:12:13Z"), Err(8));
/// assert_eq!(position("2008-02-14"), Err(10));
/// assert_eq!(position("2008-02-14T10:12:13.1234567890Z"), Err(29));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StartDateError {
    position: usize,
}

impl StartDateError {
    /// The byte of the text at which it stops being a `startDate`.
    #[must_use]
    pub fn position(&self) -> usize {
        self.position
    }
}

impl fmt::Display for StartDateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "expected a date such as 2008-02-14T10:12:13-08:00, found something else at byte {}",
            self.position
        )
    }
}

impl core::error::Error for StartDateError {}

impl StartDate {
    /// The starts that a store accepts: from 0001-01-02T00:00:00Z on, and before 9999-12-31T00:00:00Z.
    /// One day is left out at either end, so that the year of a `startDate` has four digits in every
    /// zone (OUT-3).
    ///
    /// ```
    /// use vcc_types::StartDate;
    ///
    /// let start: chrono::DateTime<chrono::Utc> = "9999-12-30T23:59:59.999999Z".parse()?;
    /// assert!(StartDate::RANGE.contains(&start));
    /// assert_eq!(StartDate::RANGE.end.to_rfc3339(), "9999-12-31T00:00:00+00:00");
    /// # Ok::<(), chrono::ParseError>(())
    /// ```
    pub const RANGE: Range<DateTime<Utc>> = midnight(1, 1, 2)..midnight(9999, 12, 31);

    /// Reads a `startDate`.
    ///
    /// # Errors
    ///
    /// Any other form, and dates, times or offsets that do not exist. A second of 60 is the instant
    /// after :59 (DATE-6).
    pub fn parse(text: &str) -> Result<StartDate, StartDateError> {
        if let Some(instant) = <&[u8; 25]>::try_from(text.as_bytes()).ok().and_then(response_form) {
            return Ok(StartDate::Instant(instant));
        }
        Self::parse_any(text)
    }

    fn parse_any(text: &str) -> Result<StartDate, StartDateError> {
        let bytes = text.as_bytes();
        let error = |position| StartDateError { position };
        let number = |from: usize, digits: usize| -> Result<u32, StartDateError> {
            let mut value = 0;
            for position in from..from + digits {
                let digit = bytes.get(position).map_or(10, |byte| byte.wrapping_sub(b'0'));
                if digit > 9 {
                    return Err(error(position));
                }
                value = value * 10 + u32::from(digit);
            }
            Ok(value)
        };
        let expect = |position: usize, allowed: &[u8]| match bytes.get(position) {
            Some(byte) if allowed.contains(byte) => Ok(()),
            _ => Err(error(position)),
        };

        let year = number(0, 4)?;
        expect(4, b"-")?;
        let month = number(5, 2)?;
        expect(7, b"-")?;
        let day = number(8, 2)?;
        if year == 0 {
            return Err(error(0));
        }
        let date = NaiveDate::from_ymd_opt(year as i32, month, day)
            .ok_or(error(if (1..=12).contains(&month) { 8 } else { 5 }))?;

        expect(10, b"T ")?;
        let hour = number(11, 2)?;
        expect(13, b":")?;
        let minute = number(14, 2)?;
        expect(16, b":")?;
        let second = number(17, 2)?;
        let (second, carry) = if second == 60 { (59, 1) } else { (second, 0) };
        let mut at = 19;
        let mut nano = 0;
        if bytes.get(at) == Some(&b'.') {
            at += 1;
            let digits = bytes[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
            if digits == 0 || digits > 9 {
                return Err(error(at + digits.min(9)));
            }
            nano = number(at, digits)? * 10_u32.pow(9 - digits as u32);
            at += digits;
        }
        let local =
            date.and_hms_nano_opt(hour, minute, second, nano).ok_or(error(if hour > 23 {
                11
            } else if minute > 59 {
                14
            } else {
                17
            }))? + TimeDelta::seconds(carry);
        if local.year() > 9999 {
            return Err(error(0));
        }

        let sign = match bytes.get(at) {
            None => return Ok(StartDate::Local(local)),
            Some(b'Z') if bytes.len() == at + 1 => 0,
            Some(b'+') => 1,
            Some(b'-') => -1,
            Some(_) => return Err(error(at)),
        };
        let mut offset = 0;
        if sign != 0 {
            let hours = number(at + 1, 2)?;
            let colon = usize::from(bytes.get(at + 3) == Some(&b':'));
            let minutes = number(at + 3 + colon, 2)?;
            if hours > 23 || minutes > 59 {
                return Err(error(at + 1));
            }
            if bytes.len() > at + 5 + colon {
                return Err(error(at + 5 + colon));
            }
            offset = sign * (hours * 3600 + minutes * 60) as i32;
        }
        FixedOffset::east_opt(offset)
            .and_then(|offset| local.and_local_timezone(offset).single())
            .map(StartDate::Instant)
            .ok_or(error(at))
    }

    /// The instant, where the text had an offset.
    #[must_use]
    pub fn instant(self) -> Option<DateTime<FixedOffset>> {
        match self {
            StartDate::Instant(instant) => Some(instant),
            StartDate::Local(_) => None,
        }
    }
}

/// A fast path for the usual form, `2008-02-14T10:12:13-08:00`. `None` for other forms, and for dates
/// and times that do not exist.
fn response_form(text: &[u8; 25]) -> Option<DateTime<FixedOffset>> {
    let mut all_digits = true;
    let mut two = |at: usize| {
        let (tens, ones) = (text[at].wrapping_sub(b'0'), text[at + 1].wrapping_sub(b'0'));
        all_digits &= tens <= 9 && ones <= 9;
        u32::from(tens) * 10 + u32::from(ones)
    };
    let (year, month, day) = (two(0) * 100 + two(2), two(5), two(8));
    let (hour, minute, second) = (two(11), two(14), two(17));
    let (hours, minutes) = (two(20), two(23));
    let marks = [text[4], text[7], text[10], text[13], text[16], text[22]];
    let east = match text[19] {
        b'+' => true,
        b'-' => false,
        _ => return None,
    };
    if !all_digits || marks != *b"--T:::" || year == 0 || hours > 23 || minutes > 59 {
        return None;
    }
    let local =
        NaiveDate::from_ymd_opt(year as i32, month, day)?.and_hms_opt(hour, minute, second)?;
    let offset = (hours * 3600 + minutes * 60) as i32;
    let offset = FixedOffset::east_opt(if east { offset } else { -offset })?;
    Some(DateTime::from_naive_utc_and_offset(local.checked_sub_offset(offset)?, offset))
}

impl fmt::Display for StartDate {
    /// Writes the response form. A fraction is written where there is one, with 3, 6 or 9 digits;
    /// an offset is written as `±hh:mm`, also `+00:00`. An offset with seconds, as zones had before
    /// about 1920, is rounded down to whole minutes. The local time is changed with it, so that the
    /// instant stays the same.
    ///
    /// The year has four digits, 0001 to 9999 (OUT-3). An instant whose local year would be outside is
    /// written in UTC. If it is outside in UTC too, the first or last instant that can be written
    /// takes its place.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (local, offset) = match self {
            StartDate::Instant(instant) => {
                let (local, offset) = in_four_digits(*instant);
                (local, Some(offset))
            }
            StartDate::Local(local) => (clamped(without_leap(*local)), None),
        };
        write!(f, "{:04}-{:02}-{:02}T", local.year(), local.month(), local.day())?;
        write!(f, "{:02}:{:02}:{:02}", local.hour(), local.minute(), local.second())?;
        match local.nanosecond() {
            0 => {}
            nano if nano % 1_000_000 == 0 => write!(f, ".{:03}", nano / 1_000_000)?,
            nano if nano % 1_000 == 0 => write!(f, ".{:06}", nano / 1_000)?,
            nano => write!(f, ".{nano:09}")?,
        }
        match offset {
            None => Ok(()),
            Some(offset) => {
                let sign = if offset < 0 { '-' } else { '+' };
                let minutes = offset.unsigned_abs() / 60;
                write!(f, "{sign}{:02}:{:02}", minutes / 60, minutes % 60)
            }
        }
    }
}

/// The local time of an instant and the offset, in seconds of whole minutes, chosen so that the year
/// has four digits.
fn in_four_digits(instant: DateTime<FixedOffset>) -> (NaiveDateTime, i32) {
    let seconds = instant.offset().local_minus_utc();
    let offset = seconds.div_euclid(60) * 60;
    let utc = without_leap(instant.naive_utc());
    match utc.checked_add_signed(TimeDelta::seconds(i64::from(offset))) {
        Some(local) if (1..=9999).contains(&local.year()) => (local, offset),
        // OUT-3
        _ => (clamped(utc), 0),
    }
}

/// chrono writes a leap second as a fraction beyond the second; it is the instant after it (DATE-6).
fn without_leap(local: NaiveDateTime) -> NaiveDateTime {
    match local.nanosecond().checked_sub(1_000_000_000) {
        None => local,
        Some(nano) => {
            let second = local.with_nanosecond(nano).unwrap_or(local);
            second.checked_add_signed(TimeDelta::seconds(1)).unwrap_or(second)
        }
    }
}

/// The nearest local time whose year has four digits (OUT-3).
fn clamped(local: NaiveDateTime) -> NaiveDateTime {
    let first = midnight(1, 1, 1).naive_utc();
    let end = midnight(9999, 12, 31).naive_utc() + TimeDelta::days(1);
    local.clamp(first, end - TimeDelta::nanoseconds(1))
}

/// The beginning of a day in UTC, which must exist.
const fn midnight(year: i32, month: u32, day: u32) -> DateTime<Utc> {
    let day = NaiveDate::from_ymd_opt(year, month, day).expect("a day of the calendar");
    day.and_hms_opt(0, 0, 0).expect("every day has a midnight").and_utc()
}

impl FromStr for StartDate {
    type Err = StartDateError;

    /// Reads a `startDate`, as [`StartDate::parse`] does.
    fn from_str(text: &str) -> Result<StartDate, StartDateError> {
        StartDate::parse(text)
    }
}

impl From<DateTime<FixedOffset>> for StartDate {
    fn from(instant: DateTime<FixedOffset>) -> Self {
        StartDate::Instant(instant)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With any byte at any place.
    #[test]
    fn the_response_form_is_read_as_any_other() {
        let usual = [
            "2007-12-19T19:16:36-08:00",
            "0001-01-01T00:00:00+23:59",
            "9999-12-31T23:59:59-23:59",
            "2008-02-29T10:12:13+00:00",
            "1900-02-28T23:59:00-00:30",
        ];
        for usual in usual {
            assert!(response_form(usual.as_bytes().try_into().unwrap()).is_some(), "{usual}");
            for at in 0..usual.len() {
                for byte in 0..=127 {
                    let mut bytes: [u8; 25] = usual.as_bytes().try_into().unwrap();
                    bytes[at] = byte;
                    let text = core::str::from_utf8(&bytes).unwrap();
                    let any = StartDate::parse_any(text);
                    assert_eq!(StartDate::parse(text), any, "{text}");
                    // A leap second and `Z` are left to the other.
                    let usual = any.is_ok() && text[17..19] != *"60" && text[10..11] == *"T";
                    assert_eq!(response_form(&bytes).is_some(), usual, "{text}");
                }
            }
        }
    }

    #[test]
    fn forms_and_how_they_print() {
        for (text, printed) in [
            ("2008-02-14T10:12:13-08:00", "2008-02-14T10:12:13-08:00"),
            ("2008-02-14 10:12:13-08:00", "2008-02-14T10:12:13-08:00"),
            ("2008-02-14T10:12:13Z", "2008-02-14T10:12:13+00:00"),
            ("2008-02-14T10:12:13+0545", "2008-02-14T10:12:13+05:45"),
            ("2008-02-14T10:12:13.5+00:00", "2008-02-14T10:12:13.500+00:00"),
            ("2008-02-14T10:12:13.000001Z", "2008-02-14T10:12:13.000001+00:00"),
            ("2008-02-14T10:12:13.123456789", "2008-02-14T10:12:13.123456789"),
            ("2008-12-31T23:59:60Z", "2009-01-01T00:00:00+00:00"),
            ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00+00:00"),
            ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59+00:00"),
        ] {
            let date = StartDate::parse(text).unwrap();
            assert_eq!(date.to_string(), printed, "{text}");
            assert_eq!(printed.parse(), Ok(date), "{text}");
        }
    }

    #[test]
    fn what_is_no_start_and_where() {
        for (text, position) in [
            ("", 0),
            ("yesterday", 0),
            ("0000-01-01T00:00:00Z", 0),
            ("2008-2-14T10:12:13Z", 6),
            ("2008-13-14T10:12:13Z", 5),
            ("2007-02-29T10:12:13Z", 8),
            ("2008-02-14", 10),
            ("2008-02-14t10:12:13Z", 10),
            ("2008-02-14T24:12:13Z", 11),
            ("2008-02-14T10:60:13Z", 14),
            ("2008-02-14T10:12", 16),
            ("2008-02-14T10:12:61Z", 17),
            ("2008-02-14T10:12:13.Z", 20),
            ("2008-02-14T10:12:13.1234567890Z", 29),
            ("2008-02-14T10:12:13z", 19),
            ("2008-02-14T10:12:13Z ", 19),
            ("2008-02-14T10:12:13+24:00", 20),
            ("2008-02-14T10:12:13+01:00x", 25),
            ("2008-02-14T10:12:13+0１00", 21),
            ("9999-12-31T23:59:60Z", 0),
        ] {
            let error = StartDate::parse(text).unwrap_err();
            assert_eq!(error.position(), position, "{text:?}");
        }
        assert_eq!(
            StartDate::parse("soon").unwrap_err().to_string(),
            "expected a date such as 2008-02-14T10:12:13-08:00, found something else at byte 0"
        );
    }

    /// OUT-3: what is printed can be read, for any instant and any offset.
    #[test]
    fn the_year_has_four_digits() {
        let tokyo = FixedOffset::east_opt(9 * 3600).unwrap();
        let denver = FixedOffset::west_opt(7 * 3600).unwrap();
        let odd = FixedOffset::east_opt(30).unwrap();
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        for (instant, offset, printed) in [
            (at("9999-12-31T23:59:59.5Z"), tokyo, "9999-12-31T23:59:59.500+00:00"),
            (at("9999-12-31T14:59:59Z"), tokyo, "9999-12-31T23:59:59+09:00"),
            (at("0001-01-01T06:59:59Z"), denver, "0001-01-01T06:59:59+00:00"),
            (at("0001-01-01T07:00:00Z"), denver, "0001-01-01T00:00:00-07:00"),
            (at("+10000-01-01T06:59:59Z"), denver, "9999-12-31T23:59:59-07:00"),
            (at("0000-12-31T23:59:50Z"), odd, "0001-01-01T00:00:00+00:00"),
            (DateTime::<Utc>::MAX_UTC, tokyo, "9999-12-31T23:59:59.999999999+00:00"),
            (DateTime::<Utc>::MIN_UTC, denver, "0001-01-01T00:00:00+00:00"),
            (at("9999-12-31T23:59:60Z"), denver, "9999-12-31T17:00:00-07:00"),
            (at("2016-12-31T23:59:60.25Z"), tokyo, "2017-01-01T09:00:00.250+09:00"),
        ] {
            let start = StartDate::Instant(instant.with_timezone(&offset));
            assert_eq!(start.to_string(), printed, "{instant:?} {offset}");
            assert!(matches!(StartDate::parse(printed), Ok(StartDate::Instant(_))), "{printed}");
        }
        assert_eq!(
            StartDate::Local(NaiveDateTime::MAX).to_string(),
            "9999-12-31T23:59:59.999999999"
        );
        assert_eq!(StartDate::Local(NaiveDateTime::MIN).to_string(), "0001-01-01T00:00:00");
    }

    /// OUT-3: a start that a store accepts has a year of four digits in every zone.
    #[test]
    fn a_start_that_a_store_takes_in_keeps_every_offset() {
        let Range { start, end } = StartDate::RANGE;
        for instant in [start, end - TimeDelta::nanoseconds(1)] {
            for seconds in -86_399..=86_399 {
                let offset = FixedOffset::east_opt(seconds).unwrap();
                let instant = instant.with_timezone(&offset);
                let (_, printed) = in_four_digits(instant);
                assert_eq!(printed, seconds.div_euclid(60) * 60);
            }
        }
    }

    #[test]
    fn an_offset_with_seconds_keeps_its_instant() {
        let offset = FixedOffset::east_opt(-(7 * 3600 + 52 * 60 + 58)).unwrap();
        let start = DateTime::from_timestamp(-3_000_000_000, 0).unwrap().with_timezone(&offset);
        let printed = StartDate::Instant(start).to_string();
        assert!(printed.ends_with("-07:53"), "{printed}");
        assert_eq!(StartDate::parse(&printed).unwrap().instant().unwrap(), start);
    }
}
