mod calendar;
mod clock;
mod digits;
mod error;
mod fast;
mod grammar;
mod hints;
mod spaces;

use vcc_types::Plus;

pub(crate) use self::error::DateError;
pub(crate) use self::spaces::Spaces;
use crate::written::Written;

/// Reads one date or constant.
#[inline]
pub(crate) fn written<'a>(text: &'a str, spaces: Spaces<'_>) -> Result<Written, DateError<'a>> {
    match fast::written(text.as_bytes(), fast::Coding::None) {
        Some(written) => Ok(written),
        None => grammar::written(text, spaces),
    }
}

/// Reads one date from raw text, if it has a form that needs no decoding. `None` means that the text
/// has to be decoded first.
#[inline]
pub(crate) fn written_raw(raw: &[u8], plus: Plus) -> Option<Written> {
    fast::written(raw, coding(plus))
}

/// Like [`written_raw`], for one date or for two with a comma between them; the second with the length
/// of its raw text.
#[inline]
pub(crate) fn one_or_two_raw(
    raw: &[u8],
    plus: Plus,
) -> Option<(Written, Option<(Written, usize)>)> {
    fast::one_or_two(raw, coding(plus))
}

fn coding(plus: Plus) -> fast::Coding {
    match plus {
        Plus::Space => fast::Coding::Form,
        Plus::Literal => fast::Coding::Percent,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Texts that are dates, almost dates, and less.
    fn text() -> impl Strategy<Value = String> {
        prop_oneof![
            "[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-2][0-9](:[0-6][0-9](:[0-6][0-9])?)?)?(Z|[+-][0-2][0-9]:?[0-6][0-9])?",
            "[0-9]{8}([T ][0-2][0-9]([0-6][0-9]([0-6][0-9])?)?)?(Z|[+-][0-2][0-9]:?[0-6][0-9])?",
            "[0-9TZ:+ .,W-]{0,26}",
        ]
    }

    fn spaces(are_signs: bool, raw: &str) -> Spaces<'_> {
        if are_signs { Spaces::Signs(raw.as_bytes()) } else { Spaces::Themselves }
    }

    proptest! {
        #[test]
        fn the_fast_path_is_the_grammar(text in text(), space_is_sign: bool) {
            if let Some(fast) = fast::written(text.as_bytes(), fast::Coding::None) {
                prop_assert_eq!(Ok(fast), grammar::written(&text, spaces(space_is_sign, &text)));
            }
        }

        #[test]
        fn a_range_is_two_dates(first in text(), last in text(), plus in prop_oneof![Just(Plus::Space), Just(Plus::Literal)]) {
            let read = one_or_two_raw(format!("{first},{last}").as_bytes(), plus);
            let each = (written_raw(first.as_bytes(), plus), written_raw(last.as_bytes(), plus));
            if !first.contains(',') && !last.contains(',') {
                let expected = match each {
                    (Some(one), Some(two)) => Some((one, Some((two, last.len())))),
                    _ => None,
                };
                prop_assert_eq!(read, expected);
            }
            prop_assert_eq!(one_or_two_raw(first.as_bytes(), plus).is_some_and(|(_, last)| last.is_none()), written_raw(first.as_bytes(), plus).is_some());
        }

        #[test]
        fn raw_is_decoded(text in text(), plus_for_space: bool, plus in prop_oneof![Just(Plus::Space), Just(Plus::Literal)]) {
            let raw = if plus_for_space { text.replace(' ', "+") } else { text.replace(' ', "%20").replace('+', "%2B") };
            let decoded = raw.replace("%20", " ").replace("%2B", "+");
            let decoded = if plus == Plus::Space && plus_for_space { decoded.replace('+', " ") } else { decoded };
            if let Some(fast) = written_raw(raw.as_bytes(), plus) {
                let spaces = match plus {
                    Plus::Space => Spaces::Signs(raw.as_bytes()),
                    Plus::Literal => Spaces::Themselves,
                };
                prop_assert_eq!(Ok(fast), grammar::written(&decoded, spaces));
            }
        }
    }
}
