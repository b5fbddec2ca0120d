//! Which names a new tenant may have (AUTH-7). Existing tenants keep theirs, and requests are
//! compared with them byte for byte.

use std::collections::HashMap;
use std::fmt;

use caseless::default_case_fold_str;
use unicode_normalization::{UnicodeNormalization as _, is_nfc};
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory as _};

use crate::{StoreError, StoreErrorKind};

/// How many bytes a name has at most.
const LONGEST: usize = 255;

/// Why a new tenant may not have a name.
///
/// `Display` says what is wrong with the name, and what would be accepted.
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use vcc_store::{Sqlite, Store as _};
/// # let now = chrono::DateTime::from_timestamp(1_198_120_596, 0).unwrap();
///
/// let store = Sqlite::in_memory()?;
/// store.add_tenant("acme", vcc_query::Zone::UTC, now).await?;
/// let error = store.add_tenant("Acme", vcc_query::Zone::UTC, now).await.unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "the tenant name \"Acme\" looks like that of the tenant \"acme\": expected a name that \
///      differs by more than case, width, style or what cannot be seen"
/// );
/// # Ok::<(), vcc_store::StoreError>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NameProblem {
    /// It is empty.
    Empty,
    /// It has more than 255 bytes.
    TooLong,
    /// It has a `:`, which ends the name in Basic credentials (AUTH-1).
    Colon,
    /// It begins or ends with this white space.
    OuterSpace(char),
    /// It holds a control character, or one that ends a line.
    Control(char),
    /// It holds a format character: one that is invisible, or changes the direction of text.
    Format(char),
    /// It is not in NFC; this is the same name in NFC.
    NotComposed(String),
    /// Nothing of it is visible.
    Invisible,
    /// After NFKC and case folding it is the same as the name of this tenant.
    LooksLike(String),
}

impl NameProblem {
    /// What is wrong with a name for a new tenant, given the names of the others; `None` if it may
    /// be taken. A tenant of the very same name is not a problem of the name.
    ///
    /// ```
    /// use vcc_store::NameProblem;
    ///
    /// let others = ["acme", "globex"];
    /// assert_eq!(NameProblem::of("initech", others), None);
    /// assert_eq!(NameProblem::of("a:b", others), Some(NameProblem::Colon));
    /// assert_eq!(NameProblem::of("ACME", others), Some(NameProblem::LooksLike("acme".into())));
    /// ```
    #[must_use]
    pub fn of<'a>(name: &str, others: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        if let Err(problem) = check(name) {
            return Some(problem);
        }
        let key = folded(name);
        let mut others = others.into_iter().filter(|other| *other != name);
        let alike = others.find(|other| folded(other) == key)?;
        Some(Self::LooksLike(alike.to_owned()))
    }
}

impl fmt::Display for NameProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => write!(f, "is empty: expected 1 to {LONGEST} bytes"),
            Self::TooLong => {
                write!(f, "is too long: expected at most {LONGEST} bytes of UTF-8")
            }
            Self::Colon => f.write_str(
                "has a `:`, which ends the name in Basic credentials: expected a name without one",
            ),
            Self::OuterSpace(space) => write!(
                f,
                "begins or ends with white space, U+{:04X}: expected it without",
                u32::from(*space)
            ),
            Self::Control(character) => write!(
                f,
                "has the control character U+{:04X}: expected characters that can be seen, and \
                 spaces between them",
                u32::from(*character)
            ),
            Self::Format(character) => write!(
                f,
                "has the format character U+{:04X}, which cannot be seen: expected it without",
                u32::from(*character)
            ),
            // Escaped, because both look alike.
            Self::NotComposed(composed) => write!(
                f,
                "is not in Unicode's normal form NFC: expected \"{}\", that is {composed:?}",
                composed.escape_unicode()
            ),
            Self::Invisible => {
                f.write_str("has nothing that can be seen: expected a letter or a digit")
            }
            Self::LooksLike(other) => write!(
                f,
                "looks like that of the tenant {other:?}: expected a name that differs by more \
                 than case, width, style or what cannot be seen"
            ),
        }
    }
}

/// The error for a name that a new tenant may not have.
pub(crate) fn refused(name: &str, problem: &NameProblem) -> StoreError {
    StoreError::new(StoreErrorKind::Refused, format!("the tenant name {name:?} {problem}"))
}

/// The error for a name that a tenant has already.
pub(crate) fn exists(name: &str) -> StoreError {
    StoreError::new(StoreErrorKind::Exists, format!("there is a tenant {name:?} already"))
}

/// Checks that a name is not one of these, and does not look like one.
pub(crate) fn differs(name: &str, key: &str, others: &[String]) -> Result<(), StoreError> {
    if others.iter().any(|other| other == name) {
        return Err(exists(name));
    }
    match others.iter().find(|other| folded(other) == key) {
        Some(other) => Err(refused(name, &NameProblem::LooksLike(other.clone()))),
        None => Ok(()),
    }
}

/// What is wrong with a name, whatever the others are.
pub(crate) fn check(name: &str) -> Result<(), NameProblem> {
    if name.is_empty() {
        return Err(NameProblem::Empty);
    }
    if name.len() > LONGEST {
        return Err(NameProblem::TooLong);
    }
    for character in name.chars() {
        match character.general_category() {
            _ if character == ':' => return Err(NameProblem::Colon),
            GeneralCategory::Control
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator => return Err(NameProblem::Control(character)),
            // These include all that change the direction of text.
            GeneralCategory::Format => return Err(NameProblem::Format(character)),
            _ => {}
        }
    }
    let ends = [name.chars().next(), name.chars().next_back()];
    if let Some(space) = ends.into_iter().flatten().find(|end| end.is_whitespace()) {
        return Err(NameProblem::OuterSpace(space));
    }
    if !is_nfc(name) {
        return Err(NameProblem::NotComposed(name.nfc().collect()));
    }
    if folded(name).trim().is_empty() {
        return Err(NameProblem::Invisible);
    }
    Ok(())
}

/// The key by which names are compared: names with the same key look alike. It is Unicode's
/// compatibility caseless matching (D146), composed at the end, and without invisible characters.
pub(crate) fn folded(name: &str) -> String {
    let visible = name.chars().filter(|character| !is_ignorable(*character));
    let once = default_case_fold_str(&visible.nfd().collect::<String>());
    let twice = default_case_fold_str(&once.nfkd().collect::<String>());
    twice.nfkc().filter(|character| !is_ignorable(*character)).collect()
}

/// Whether a character is invisible where it is not supported: Unicode's
/// `Default_Ignorable_Code_Point`.
fn is_ignorable(character: char) -> bool {
    matches!(character,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// What is wrong today with each of these names: those of all tenants, the oldest first.
pub(crate) fn problems(names: &[&str]) -> Vec<Option<NameProblem>> {
    let mut oldest: HashMap<String, &str> = HashMap::new();
    let mut problems = Vec::with_capacity(names.len());
    for name in names.iter().copied() {
        let older = *oldest.entry(folded(name)).or_insert(name);
        let alike = (older != name).then(|| NameProblem::LooksLike(older.to_owned()));
        problems.push(check(name).err().or(alike));
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_name() {
        for (name, said) in [
            ("", "is empty: expected 1 to 255 bytes"),
            (&"é".repeat(128), "is too long: expected at most 255 bytes of UTF-8"),
            (
                "a:b",
                "has a `:`, which ends the name in Basic credentials: expected a name without one",
            ),
            (" a", "begins or ends with white space, U+0020: expected it without"),
            ("a\u{3000}", "begins or ends with white space, U+3000: expected it without"),
            ("\u{a0}a", "begins or ends with white space, U+00A0: expected it without"),
            (
                "a\u{7f}b",
                "has the control character U+007F: expected characters that can be seen, and \
                 spaces between them",
            ),
            (
                "a\u{2028}b",
                "has the control character U+2028: expected characters that can be seen, and \
                 spaces between them",
            ),
            (
                "a\u{200b}b",
                "has the format character U+200B, which cannot be seen: expected it without",
            ),
            (
                "\u{2067}a",
                "has the format character U+2067, which cannot be seen: expected it without",
            ),
            (
                "cafe\u{301}",
                "is not in Unicode's normal form NFC: expected \"\\u{63}\\u{61}\\u{66}\\u{e9}\", \
                 that is \"café\"",
            ),
            ("\u{3164}", "has nothing that can be seen: expected a letter or a digit"),
        ] {
            assert_eq!(check(name).unwrap_err().to_string(), said, "{name:?}");
        }
    }

    #[test]
    fn names_that_are_taken() {
        let longest = "a".repeat(255);
        for name in
            ["acme", "Ünïcode & Söhne", "株式会社", "עברית", "a b", "a\u{a0}b", "🎧", &longest]
        {
            assert_eq!(check(name), Ok(()), "{name:?}");
        }
    }

    /// Every character of these kinds, in every position.
    #[test]
    fn no_control_or_format_character_is_taken() {
        let mut refused = 0;
        for character in ('\0'..=char::MAX).filter(|character| {
            character.is_control() || character.general_category() == GeneralCategory::Format
        }) {
            for name in [format!("a{character}b"), format!("{character}b"), format!("a{character}")]
            {
                assert!(check(&name).is_err(), "{name:?}");
            }
            refused += 1;
        }
        assert!(refused > 200, "{refused}");
        for space in ('\0'..=char::MAX).filter(|character| character.is_whitespace()) {
            assert!(check(&format!("{space}a")).is_err(), "{space:?}");
            assert!(check(&format!("a{space}")).is_err(), "{space:?}");
        }
    }

    #[test]
    fn what_looks_alike() {
        for (one, other) in [
            ("acme", "ACME"),
            ("acme", "\u{ff41}\u{ff43}\u{ff4d}\u{ff45}"),
            ("acme", "\u{1d400}cme"),
            ("straße", "STRASSE"),
            ("file", "\u{fb01}le"),
            ("café", "CAFE\u{301}"),
            ("a b", "a\u{a0}b"),
            ("ς", "Σ"),
            ("acme", "ac\u{fe0f}me"),
            ("acme", "ac\u{ad}me"),
            ("kelvin", "\u{212a}elvin"),
            ("x2", "x²"),
            ("\u{345}", "ι"),
        ] {
            assert_eq!(folded(one), folded(other), "{one:?} {other:?}");
        }
        for (one, other) in [("acme", "acmé"), ("acme", "acme1"), ("a b", "ab"), ("i", "ı")] {
            assert_ne!(folded(one), folded(other), "{one:?} {other:?}");
        }
        // Folding a folded name changes nothing.
        for character in '\0'..=char::MAX {
            let name = format!("a{character}");
            assert_eq!(folded(&folded(&name)), folded(&name), "{name:?}");
        }
    }

    #[test]
    fn of_names_that_look_alike_the_oldest_is_right() {
        let found = problems(&["Acme", " x", "acme", "b"]);
        let alike = Some(NameProblem::LooksLike("Acme".into()));
        assert_eq!(found, [None, Some(NameProblem::OuterSpace(' ')), alike, None]);
    }
}
