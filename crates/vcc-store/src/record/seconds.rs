//! A duration as a number (FIELD-4).

/// What a duration says as a number (FIELD-4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seconds {
    Number(i64),
    /// A number beyond [`Recording::MAX_DURATION`].
    TooMany,
    /// No number.
    None,
}

/// ASCII digits, however many of them: leading zeros count for nothing.
pub(super) fn seconds(text: &str) -> Seconds {
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
