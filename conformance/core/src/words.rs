//! Counts in words.

use std::fmt;

/// A number of things: `1 record`, `5 records`. The noun is a singular whose plural has an `s`.
#[must_use]
pub fn counted(number: impl fmt::Display, noun: &str) -> String {
    let number = number.to_string();
    let s = if number == "1" { "" } else { "s" };
    format!("{number} {noun}{s}")
}

#[cfg(test)]
mod tests {
    use super::counted;

    #[test]
    fn one_is_not_many() {
        for (number, text) in [(0, "0 cases"), (1, "1 case"), (11, "11 cases")] {
            assert_eq!(counted(number, "case"), text);
        }
    }
}
