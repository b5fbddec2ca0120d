//! A duration as a number (FIELD-4).

/// The number of a duration (FIELD-4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seconds {
    Number(i64),
    /// A number beyond [`Recording::MAX_DURATION`].
    TooMany,
    /// Not a number.
    None,
}

/// Only ASCII digits are a number, however many: leading zeros do not matter.
pub(super) fn seconds(text: &str) -> Seconds {
    match text.parse::<i64>() {
        // `parse` takes a sign, which is not a digit.
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
