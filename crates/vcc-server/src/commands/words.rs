//! Texts of messages: counts, values, sizes, and words for a shell.

use std::str::FromStr;

/// A number of things: `1 recording`, `2,000 recordings`. The noun is a singular whose plural has an `s`.
pub(super) fn counted(number: u64, noun: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{} {noun}{s}", grouped(number))
}

/// A number with a comma after every three digits from the right.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A value in a message: in quotes, and shortened.
pub(super) fn shorten(value: &str) -> String {
    const SHOWN: usize = 60;
    match value.char_indices().nth(SHOWN) {
        None => format!("{value:?}"),
        Some((end, _)) => format!("{:?}…", &value[..end]),
    }
}

/// A size on a disk: `999 bytes`, `1.2 MB`, `12 GB`. A kilobyte is 1,000 bytes.
pub(super) fn bytes(number: u64) -> String {
    let mut size = number as f64;
    let mut units = ["KB", "MB", "GB", "TB"].into_iter();
    let Some(mut unit) = units.next().filter(|_| number >= 1_000) else {
        return counted(number, "byte");
    };
    size /= 1_000.0;
    // What would round to a thousand takes the next unit.
    while size >= 999.5 {
        let Some(next) = units.next() else { break };
        (size, unit) = (size / 1_000.0, next);
    }
    if size < 9.95 { format!("{size:.1} {unit}") } else { format!("{size:.0} {unit}") }
}

/// Reads a whole number; the error says that one is expected.
pub(super) fn whole<T: FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| "expected a whole number".to_owned())
}

/// A text as a word of a shell's command line.
pub(super) fn shell_word(text: &str) -> String {
    let is_plain = |at: char| at.is_ascii_alphanumeric() || "-_./:,+@%".contains(at);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        for (number, text) in
            [(0, "0"), (999, "999"), (1_000, "1,000"), (12_345, "12,345"), (1_234_567, "1,234,567")]
        {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn sizes_have_units() {
        for (number, text) in [
            (0, "0 bytes"),
            (1, "1 byte"),
            (999, "999 bytes"),
            (1_000, "1.0 KB"),
            (9_949, "9.9 KB"),
            (9_950, "10 KB"),
            (999_499, "999 KB"),
            (999_500, "1.0 MB"),
            (1_234_567_890, "1.2 GB"),
            (50_000_000_000_000_000, "50000 TB"),
        ] {
            assert_eq!(bytes(number), text);
        }
    }

    #[test]
    fn one_is_not_many() {
        for (number, text) in [(0, "0 records"), (1, "1 record"), (2_000, "2,000 records")] {
            assert_eq!(counted(number, "record"), text);
        }
    }

    #[test]
    fn a_word_is_quoted_where_a_shell_would_read_it() {
        for (text, word) in [
            ("acme", "acme"),
            ("", "''"),
            ("a b", "'a b'"),
            ("o'hara", "'o'\\''hara'"),
            ("$x", "'$x'"),
        ] {
            assert_eq!(shell_word(text), word);
        }
    }
}
