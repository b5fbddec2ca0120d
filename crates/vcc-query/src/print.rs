use core::fmt::{self, Display, Formatter, Write};

use chrono::Datelike;
use vcc_types::Recording;

use crate::written::{Date, Time, Timed};
use crate::{Dates, Query, Wanted, Written};

impl Display for Query {
    /// Writes the canonical query string: `d`, `tz`, `start-date`, `finish-date`, the fields in the
    /// documented order, `n`. Dates are extended with a `T`; everything that means something else
    /// to a URL, a form or a dialect is percent-encoded (`%23`, `%2B`, `%20`).
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        let mut next = |f: &mut Formatter<'_>, name: &str| {
            write!(f, "{separator}{name}=")?;
            separator = "&";
            Ok(())
        };
        if let Some(dates) = &self.d {
            next(f, "d")?;
            match dates {
                Dates::One(one) => write!(f, "{}", Encoded(one))?,
                Dates::Range(from, until) => {
                    write!(f, "{},{}", Encoded(from), Encoded(until))?;
                }
            }
        }
        if let Some(zone) = &self.tz {
            next(f, "tz")?;
            write!(f, "{}", Encoded(zone))?;
        }
        for (name, date) in [("start-date", &self.start_date), ("finish-date", &self.finish_date)] {
            if let Some(date) = date {
                next(f, name)?;
                write!(f, "{}", Encoded(date))?;
            }
        }
        for filter in self.filters() {
            next(f, filter.field.query_name())?;
            match &filter.wanted {
                Wanted::Text(text) => write!(f, "{}", Encoded(text))?,
                Wanted::Seconds(seconds) => write!(f, "{seconds}")?,
                // FIELD-4: the first number that no record can have.
                Wanted::Never => write!(f, "{}", Recording::MAX_DURATION + 1)?,
            }
        }
        if let Some(n) = self.n {
            next(f, "n")?;
            write!(f, "{n}")?;
        }
        Ok(())
    }
}

/// Percent-encodes what it displays, except the unreserved characters of RFC 3986 and `:` and `/`,
/// which are allowed in a query and keep dates and zones readable.
struct Encoded<T>(T);

impl<T: Display> Display for Encoded<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(Encoder(f), "{}", self.0)
    }
}

struct Encoder<'a, 'b>(&'a mut Formatter<'b>);

impl fmt::Write for Encoder<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let is_plain = |byte: u8| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b':' | b'/')
        };
        for byte in text.bytes() {
            if is_plain(byte) {
                self.0.write_char(byte as char)?;
            } else {
                write!(self.0, "%{byte:02X}")?;
            }
        }
        Ok(())
    }
}

impl Display for Written {
    /// Writes the extended form of ISO 8601, or the constant.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Written::Today(0) => f.write_str("today"),
            Written::Today(days) => write!(f, "today{days:+}d"),
            Written::Date(date) => date.fmt(f),
            Written::Timed(timed) => timed.fmt(f),
        }
    }
}

impl Display for Date {
    /// Writes the extended form of ISO 8601.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Date::Year(year) => write!(f, "{year:04}"),
            Date::Month(year, month) => write!(f, "{year:04}-{month:02}"),
            Date::Week(year, week) => write!(f, "{year:04}-W{week:02}"),
            Date::Day(day) => {
                write!(f, "{:04}-{:02}-{:02}", day.year(), day.month(), day.day())
            }
        }
    }
}

impl Display for Timed {
    /// Writes the extended form of ISO 8601 with a `T`, and `Z` for UTC.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Timed { day, time: Time { hour, minute, second, fraction }, offset_minutes } = self;
        write!(f, "{}T{hour:02}", Date::Day(*day))?;
        if let Some(minute) = minute {
            write!(f, ":{minute:02}")?;
        }
        if let Some(second) = second {
            write!(f, ":{second:02}")?;
        }
        if let Some(fraction) = fraction {
            write!(f, ".{fraction}")?;
        }
        match offset_minutes {
            None => Ok(()),
            Some(0) => f.write_char('Z'),
            Some(offset) => {
                let sign = if *offset < 0 { '-' } else { '+' };
                let minutes = offset.unsigned_abs();
                write!(f, "{sign}{:02}:{:02}", minutes / 60, minutes % 60)
            }
        }
    }
}
