use core::fmt;

use crate::Recording;

/// The whole seconds that the text of a `duration` says: ASCII digits, any number of them, up to
/// [`Recording::MAX_DURATION`] (FIELD-4).
///
/// # Errors
///
/// The text is empty or has something other than ASCII digits, or the number is too large.
///
/// ```
/// use vcc_types::{DurationError, parse_duration};
///
/// assert_eq!(parse_duration("027"), Ok(27));
/// assert_eq!(parse_duration("9223372036854775808"), Err(DurationError::TooLong));
/// for text in ["", "+27", "27.0", " 27", "a while"] {
///     assert_eq!(parse_duration(text), Err(DurationError::NotANumber));
/// }
/// ```
#[inline]
pub fn parse_duration(text: &str) -> Result<u64, DurationError> {
    match text.parse() {
        // `u64` itself would read a leading `+`.
        Ok(seconds @ 0..=Recording::MAX_DURATION) if !text.starts_with('+') => Ok(seconds),
        _ if text.is_empty() || text.bytes().any(|byte| !byte.is_ascii_digit()) => {
            Err(DurationError::NotANumber)
        }
        _ => Err(DurationError::TooLong),
    }
}

/// Why a text is no duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DurationError {
    /// It is empty, or has something other than ASCII digits.
    NotANumber,
    /// It is a number, and more than [`Recording::MAX_DURATION`].
    TooLong,
}

impl fmt::Display for DurationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotANumber => f.write_str("expected a number of whole seconds, such as 27"),
            Self::TooLong => {
                write!(f, "expected at most {} seconds, which is 2^63-1", Recording::MAX_DURATION)
            }
        }
    }
}

impl core::error::Error for DurationError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_a_duration() {
        use DurationError::{NotANumber, TooLong};
        let zeros = "0".repeat(5_000);
        let (long, too_long) = (format!("{zeros}27"), format!("{zeros}9223372036854775808"));
        for (text, seconds) in [
            ("0", Ok(0)),
            ("027", Ok(27)),
            (&long, Ok(27)),
            ("9223372036854775807", Ok(Recording::MAX_DURATION)),
            ("9223372036854775808", Err(TooLong)),
            ("18446744073709551615", Err(TooLong)),
            ("18446744073709551616", Err(TooLong)),
            (&too_long, Err(TooLong)),
            ("", Err(NotANumber)),
            ("+", Err(NotANumber)),
            ("+27", Err(NotANumber)),
            ("-27", Err(NotANumber)),
            ("+99999999999999999999", Err(NotANumber)),
            ("99999999999999999999s", Err(NotANumber)),
            ("27.0", Err(NotANumber)),
            ("2 7", Err(NotANumber)),
            ("\u{662}\u{667}", Err(NotANumber)),
        ] {
            assert_eq!(parse_duration(text), seconds, "{text:?}");
        }
    }

    #[test]
    fn errors_say_what_is_expected() {
        let said = |text| parse_duration(text).unwrap_err().to_string();
        assert_eq!(said("a while"), "expected a number of whole seconds, such as 27");
        assert_eq!(
            said("9223372036854775808"),
            "expected at most 9223372036854775807 seconds, which is 2^63-1"
        );
    }
}
