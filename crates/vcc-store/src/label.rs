//! Which labels a new token may have. Older labels stay valid.

use unicode_properties::{GeneralCategory, UnicodeGeneralCategory as _};

use crate::{StoreError, StoreErrorKind};

/// How many characters a label has at most.
const LONGEST: usize = 100;

/// Refuses a label that is not one readable line.
pub(crate) fn check(label: &str) -> Result<(), StoreError> {
    let unseen = |character: &char| {
        use GeneralCategory::{Control, Format, LineSeparator, ParagraphSeparator};
        let category = character.general_category();
        [Control, Format, LineSeparator, ParagraphSeparator].contains(&category)
    };
    let length = label.chars().count();
    let wrong = if length > LONGEST {
        format!("the label has {length} characters")
    } else if let Some(character) = label.chars().find(unseen) {
        format!("the label {label:?} holds U+{:04X}", u32::from(character))
    } else {
        return Ok(());
    };
    let expected = "one line of at most 100 characters, without control and format characters";
    Err(StoreError::new(StoreErrorKind::Refused, format!("{wrong}: expected {expected}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_one_line() {
        for label in ["", "night shift", "Nachtschicht – Büro 7", &"é".repeat(100), "a\\b \"c\""]
        {
            assert!(check(label).is_ok(), "{label}");
        }
        let expected =
            ": expected one line of at most 100 characters, without control and format characters";
        for (label, said) in [
            ("a\nb", "the label \"a\\nb\" holds U+000A"),
            ("a\0", "the label \"a\\0\" holds U+0000"),
            ("\u{1b}[2J", "the label \"\\u{1b}[2J\" holds U+001B"),
            ("a\u{85}b", "the label \"a\\u{85}b\" holds U+0085"),
            ("a\u{2028}b", "the label \"a\\u{2028}b\" holds U+2028"),
            ("a\u{2029}b", "the label \"a\\u{2029}b\" holds U+2029"),
            ("\u{202e}abc", "the label \"\\u{202e}abc\" holds U+202E"),
            (&"é".repeat(101), "the label has 101 characters"),
            (&"\n".repeat(5_000), "the label has 5000 characters"),
        ] {
            let error = check(label).unwrap_err();
            assert_eq!(error.kind(), StoreErrorKind::Refused);
            assert_eq!(error.to_string(), format!("{said}{expected}"));
        }
    }
}
